import Glibc

/// Plays the highest `q` with `n KL(mean, q) ≤ c ln N`, KL being that of coins: tighter than UCB1
/// for rewards between 0 and 1. An arm without rewards stands above every other.
///
/// - Source: Garivier & Cappé 2011, "The KL-UCB algorithm for bounded stochastic bandits and
///   beyond", with their c = 0 and a factor of `ln N`, by default 1.
package struct KLUCB: ArmPolicy {
  let exploration: Double

  func scores(_ arms: [JudgedArm], rewards: Double) -> [Double] {
    arms.map { arm in
      arm.plays == 0
        ? .infinity : KLUCB.bound(arm.mean, limit: exploration * log(rewards) / arm.plays)
    }
  }

  /// The largest `q` in `mean...1` with `KL(mean, q) ≤ limit`.
  package static func bound(_ mean: Double, limit: Double) -> Double {
    guard mean < 1, limit > 0 else { return min(mean, 1) }
    if mean <= 0 { return -expm1(-limit) }
    // The divergence rises with the distance: Newton's steps, halved where they leave the bracket.
    var (low, high) = (0.0, 1 - mean)
    var distance = min(high / 2, (mean * (1 - mean) * limit * 2).squareRoot())
    for _ in 0..<200 {
      let excess = divergence(mean, distance) - limit
      if excess > 0 { high = distance } else { low = distance }
      let q = mean + distance
      let slope = distance / (q * (1 - mean - distance))
      var next = distance - excess / slope
      if !(next > low && next < high) { next = low + (high - low) / 2 }
      if next == distance || next == low || next == high { break }
      let isClose = (next - distance).magnitude <= 1e-16 * distance
      distance = next
      if isClose { break }
    }
    return mean + distance
  }

  /// `KL(p, p + distance)`.
  private static func divergence(_ p: Double, _ distance: Double) -> Double {
    -p * log1p(distance / p) - (1 - p) * log1p(-distance / (1 - p))
  }
}
