import PlauditCore

/// Draws a mean from each arm's posterior and plays the highest draw.
///
/// - Source: Thompson 1933, doi:10.1093/biomet/25.3-4.285.
struct ThompsonSampling<Belief: Posterior>: DecisionRule {
  let arms: [Int32]
  let posteriors: [Belief]
  let words: DecisionWords

  func pick(_ batch: DecisionBatch, into picks: UnsafeMutableBufferPointer<Int32>) {
    if batch.count >= manyDecisions, let rates = posteriors as? [BetaPosterior] {
      pick(batch, BetaDrawTable(rates), into: picks)
      return
    }
    let heads = DrawHeads(arms, words: words, isNeeded: Belief.hasHeads)
    posteriors.withUnsafeBufferPointer { posteriors in
      arms.withUnsafeBufferPointer { arms in
        for row in 0..<batch.count {
          let id = batch.first &+ Int64(row)
          heads.begin(id)
          var (highest, best) = (-Double.infinity, 0)
          for place in 0..<arms.count {
            let arm = arms[place]
            let draw = posteriors[place].draw(id, arm: arm, head: heads[arm], words: words)
            if draw > highest { (highest, best) = (draw, place) }
          }
          picks[row] = Int32(truncatingIfNeeded: best)
        }
      }
    }
  }

  /// The same picks, quicker.
  private func pick(
    _ batch: DecisionBatch, _ table: BetaDrawTable,
    into picks: UnsafeMutableBufferPointer<Int32>
  ) {
    let heads = DrawHeads(arms, words: words, isNeeded: true)
    table.order.withUnsafeBufferPointer { order in
      arms.withUnsafeBufferPointer { arms in
        for row in 0..<batch.count {
          let id = batch.first &+ Int64(row)
          heads.begin(id)
          var (highest, best) = (-Double.infinity, 0)
          for place in order {
            let arm = arms[place]
            let draw = table.draw(
              id, place, arm: arm, head: heads[arm], above: highest, words: words)
            if draw > highest || (draw == highest && place < best) {
              (highest, best) = (draw, place)
            }
          }
          picks[row] = Int32(truncatingIfNeeded: best)
        }
      }
    }
  }

  func weights() throws(PlauditError) -> [Double]? {
    try BestOfPosteriors(Belief.curves(posteriors)).best
  }

  func scores(_ context: UnsafePointer<Double>?) -> [Double] { posteriors.map(\.mean) }
}

/// From so many decisions on a table of draws pays.
let manyDecisions = 2048
