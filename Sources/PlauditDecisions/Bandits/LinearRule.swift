import Glibc
import PlauditCore

/// A policy of linear models, one an arm.
protocol LinearPolicy {
  /// Whether the bonus is a random number.
  static var draws: Bool { get }
  var exploration: Double { get }
  /// What multiplies the standard error `√(x'A⁻¹x)`.
  func bonus(_ id: Int64, arm: Int32, words: DecisionWords) -> Double
}

/// Decisions of a linear policy: eight contexts at once, one a lane, in the same operations as one
/// alone, so that bits do not depend on the batch.
struct LinearRule<Policy: LinearPolicy>: DecisionRule {
  let policy: Policy
  let arms: [Int32]
  let factors: [RidgeFactor]
  let features: Int
  let lowerIsBetter: Bool
  let words: DecisionWords

  private typealias Lanes = SIMD8<Double>
  private let kernels = ridgeKernels

  func pick(_ batch: DecisionBatch, into picks: UnsafeMutableBufferPointer<Int32>) {
    guard let contexts = batch.contexts else { return }
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: features) { room in
      guard let x = room.baseAddress else { return }
      let cells = UnsafeMutableRawPointer(x).assumingMemoryBound(to: Double.self)
      var row = 0
      while row < batch.count {
        let lanes = min(8, batch.count - row)
        if lanes < 8 { x.initialize(repeating: .zero, count: features) }
        for lane in 0..<lanes {
          let context = contexts + (row + lane) * features
          for k in 0..<features { cells[8 * k + lane] = context[k] }
        }
        var highest = Lanes(repeating: -.infinity)
        var best = SIMD8<Int64>.zero
        for place in 0..<factors.count {
          let (mean, spread) = judge(factors[place], x)
          var bonus = Lanes(repeating: policy.exploration)
          if Policy.draws {
            for lane in 0..<lanes {
              bonus[lane] = policy.bonus(
                batch.first &+ Int64(row + lane), arm: arms[place], words: words)
            }
          }
          let score = (lowerIsBetter ? -mean : mean) + bonus * spread.squareRoot()
          let isBetter = score .> highest
          highest.replace(with: score, where: isBetter)
          best.replace(with: SIMD8(repeating: Int64(place)), where: isBetter)
        }
        for lane in 0..<lanes { picks[row + lane] = Int32(truncatingIfNeeded: best[lane]) }
        row += lanes
      }
    }
  }

  /// `x'θ` and `x'A⁻¹x` of eight contexts.
  @inline(__always)
  private func judge(
    _ factor: RidgeFactor, _ x: UnsafePointer<Lanes>
  ) -> (mean: Lanes, spread: Lanes) {
    var found = (Lanes.zero, Lanes.zero)
    guard let inverse = factor.inverse.baseAddress else { return found }
    withUnsafeMutableBytes(of: &found) { found in
      guard let mean = found.baseAddress else { return }
      kernels.pointee.judge(
        inverse, UnsafeRawPointer(x).assumingMemoryBound(to: Double.self), Int64(features),
        mean.assumingMemoryBound(to: Double.self),
        (mean + MemoryLayout<Lanes>.stride).assumingMemoryBound(to: Double.self))
    }
    return found
  }

  /// Mean and standard error of each place in one context, in the orientation of the reward.
  private func judge(_ context: UnsafePointer<Double>) -> [(mean: Double, error: Double)] {
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: features) { room in
      guard let x = room.baseAddress else { return [] }
      for k in 0..<features { x[k] = Lanes(repeating: context[k]) }
      return factors.map { factor in
        let (mean, spread) = judge(factor, x)
        return (mean[0], spread[0].squareRoot())
      }
    }
  }

  var isCertain: Bool { !Policy.draws }

  func weights() throws(PlauditError) -> [Double]? { nil }

  func weights(in context: UnsafePointer<Double>) throws(PlauditError) -> [Double] {
    guard Policy.draws else { return onlyBest(scores(context)) }
    let sign = lowerIsBetter ? -1.0 : 1.0
    return try BestOfPosteriors(
      judge(context).map {
        .normal(mean: sign * $0.mean, scale: policy.exploration * $0.error)
      }
    ).best
  }

  func scores(_ context: UnsafePointer<Double>?) -> [Double] {
    guard let context else { return [] }
    let bonus = Policy.draws ? 0 : policy.exploration
    let sign = lowerIsBetter ? -1.0 : 1.0
    return judge(context).map { sign * $0.mean + bonus * $0.error }
  }
}
