import PlauditCore

/// Draws a mean from each arm's posterior and plays the highest draw; of few arms, plays each with
/// the probability that its draw is the highest, which is the same.
///
/// - Source: Thompson 1933, doi:10.1093/biomet/25.3-4.285.
struct ThompsonSampling<Belief: Posterior>: DecisionRule {
  let arms: [Int32]
  let posteriors: [Belief]
  let words: DecisionWords

  func pick(_ batch: DecisionBatch, into picks: UnsafeMutableBufferPointer<Int32>) {
    posteriors.withUnsafeBufferPointer { posteriors in
      arms.withUnsafeBufferPointer { arms in
        for row in 0..<batch.count {
          let id = batch.first &+ Int64(row)
          var (highest, best) = (-Double.infinity, 0)
          for place in 0..<arms.count {
            let draw = posteriors[place].draw(id, arm: arms[place], words: words)
            if draw > highest { (highest, best) = (draw, place) }
          }
          picks[row] = Int32(truncatingIfNeeded: best)
        }
      }
    }
  }

  var isPickedByWeights: Bool { arms.count <= mostArmsByWeights }

  func weights() throws(PlauditError) -> [Double]? {
    try BestOfPosteriors(Belief.curves(posteriors)).best
  }

  func scores(_ context: UnsafePointer<Double>?) -> [Double] { posteriors.map(\.mean) }
}
