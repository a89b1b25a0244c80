package import PlauditCore

/// Draws a mean from each arm's posterior and plays the highest draw with probability `share`, else
/// the second highest, so that the runner-up is measured as well as the leader; of few arms, plays
/// each with the probability that this has.
///
/// - Source: Russo 2020, doi:10.1287/opre.2019.1911 (top-two sampling), with the runner-up of the
///   same draw, as in growthbook's bandits.
struct TopTwo<Belief: Posterior>: DecisionRule {
  let arms: [Int32]
  let posteriors: [Belief]
  let share: Double
  let words: DecisionWords

  func pick(_ batch: DecisionBatch, into picks: UnsafeMutableBufferPointer<Int32>) {
    posteriors.withUnsafeBufferPointer { posteriors in
      for row in 0..<batch.count {
        let id = batch.first &+ Int64(row)
        var (best, runnerUp) = (-1, -1)
        var (highest, next) = (-Double.infinity, -Double.infinity)
        for place in posteriors.indices {
          let draw = posteriors[place].draw(id, arm: arms[place], words: words)
          if best < 0 || draw > highest {
            (runnerUp, next) = (best, highest)
            (best, highest) = (place, draw)
          } else if runnerUp < 0 || draw > next {
            (runnerUp, next) = (place, draw)
          }
        }
        let isSecond = runnerUp >= 0 && words.coin(id).unit >= share
        picks[row] = Int32(truncatingIfNeeded: isSecond ? runnerUp : max(best, 0))
      }
    }
  }

  var isPickedByWeights: Bool { arms.count <= mostArmsByWeights }

  func weights() throws(PlauditError) -> [Double]? {
    let places = try BestOfPosteriors(Belief.curves(posteriors))
    if places.best.count == 1 { return places.best }
    return zip(places.best, places.second).map { share * $0 + (1 - share) * $1 }
  }

  func scores(_ context: UnsafePointer<Double>?) -> [Double] { posteriors.map(\.mean) }
}

/// How often each arm is among the best two of a draw, over all draws, divided by two: weights that
/// add up to 1.
///
/// - Parameters:
///   - draws: `[draws, arms]`, such as from posteriors of a model of one's own.
///   - lowerIsBetter: the best two are the lowest two.
/// - Throws: `notFinite` with the row for NaN; `undefined` without draws or with one arm.
package func topTwoWeights(
  _ draws: UnsafeBufferPointer<Double>, arms: Int, lowerIsBetter: Bool
) throws(PlauditError) -> [Double] {
  guard arms >= 2, draws.count >= arms else {
    throw PlauditError(.undefined, "top-two weights need a draw of at least two arms")
  }
  let rows = draws.count / arms
  var counts = [Int](repeating: 0, count: arms)
  for row in 0..<rows {
    var (best, second) = (-1, -1)
    var (highest, next) = (-Double.infinity, -Double.infinity)
    for arm in 0..<arms {
      let draw = lowerIsBetter ? -draws[row * arms + arm] : draws[row * arms + arm]
      guard !draw.isNaN else {
        throw PlauditError(.notFinite, "the draw of arm \(arm) is NaN", index: Int64(row))
      }
      if best < 0 || draw > highest {
        (second, next) = (best, highest)
        (best, highest) = (arm, draw)
      } else if second < 0 || draw > next {
        (second, next) = (arm, draw)
      }
    }
    counts[best] += 1
    counts[second] += 1
  }
  return counts.map { Double($0) / Double(2 * rows) }
}
