import Glibc

/// A rate after successes and failures: `Beta(successes, failures)`, prior included.
///
/// Draws are logits, `log(θ / (1 − θ))`, which keep their digits near 0 and near 1.
///
/// - Source: Cheng 1978, "Generating beta variates with nonintegral shape parameters",
///   doi:10.1145/359460.359482, algorithms BB and BC.
struct BetaPosterior: Posterior {
  let successes: Double
  let failures: Double
  private let small: Double
  private let large: Double
  private let sum: Double
  /// `log(large / small)`
  private let spread: Double
  private let power: Double
  /// BB: gamma; BC: the two bounds of the quick tests.
  private let first: Double
  private let second: Double
  private let isSwapped: Bool

  init(successes: Double, failures: Double) {
    self.successes = successes
    self.failures = failures
    (small, large) = successes <= failures ? (successes, failures) : (failures, successes)
    isSwapped = successes > failures
    sum = successes + failures
    spread = log(large / small)
    if small > 1 {
      power = ((sum - 2) / (2 * small * large - sum)).squareRoot()
      first = small + 1 / power
      second = 0
    } else {
      power = 1 / small
      let delta = 1 + large - small
      first = delta * (1.0 / 72 + small / 24) / (large * power - 7.0 / 9)
      second = 0.25 + (0.5 + 0.25 / delta) * small
    }
  }

  var mean: Double { successes / sum }

  @inline(__always)
  func draw(_ id: Int64, arm: Int32, words: DecisionWords) -> Double {
    // BB makes the logit of the smaller parameter's part, BC that of the larger one's.
    if small > 1 {
      let logit = exponentBB(id, arm, words) - spread
      return isSwapped ? -logit : logit
    }
    let logit = exponentBC(id, arm, words) + spread
    return isSwapped ? logit : -logit
  }

  private static let log4 = 1.3862943611198906
  private static let log5Plus1 = 2.6094379124341003

  /// The two numbers of a trial.
  @inline(__always)
  private func numbers(
    _ id: Int64, _ arm: Int32, _ trial: UInt32, _ words: DecisionWords
  ) -> (Double, Double) {
    let bits = words.draws(id, arm: arm, trial: trial)
    return (bits.0.openUnit, bits.1.openUnit)
  }

  @inline(__always)
  private func exponentBB(_ id: Int64, _ arm: Int32, _ words: DecisionWords) -> Double {
    var trial: UInt32 = 0
    while true {
      let (u1, u2) = numbers(id, arm, trial, words)
      let v = power * log(u1 / (1 - u1))
      let w = small * exp(v)
      let z = u1 * u1 * u2
      let r = first * v - Self.log4
      if small + r - w + Self.log5Plus1 >= 5 * z { return v }
      if r + sum * log(sum / (large + w)) >= log(z) { return v }
      trial &+= 1
    }
  }

  private func exponentBC(_ id: Int64, _ arm: Int32, _ words: DecisionWords) -> Double {
    var trial: UInt32 = 0
    while true {
      let (u1, u2) = numbers(id, arm, trial, words)
      trial &+= 1
      let z = u1 * u1 * u2
      if u1 < 0.5 {
        let y = u1 * u2
        if 0.25 * u2 + z - y >= first { continue }
      } else if z > 0.25, z >= second {
        continue
      }
      let v = power * log(u1 / (1 - u1))
      if u1 >= 0.5, z <= 0.25 { return v }
      // log(sum / (small + large eᵛ)) + v, without overflow.
      let share =
        v < 0 ? log(sum / (small + large * exp(v))) + v : log(sum / (small * exp(-v) + large))
      if sum * share - Self.log4 >= log(z) { return v }
    }
  }

  static func curves(_ posteriors: [BetaPosterior]) -> [PosteriorCurve] {
    posteriors.map { .beta(successes: $0.successes, failures: $0.failures) }
  }
}
