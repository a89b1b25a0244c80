/// An arm that a policy may judge, its mean turned so that higher is better.
struct JudgedArm {
  let mean: Double
  let plays: Double
}

/// A policy of arms without context that gives each a probability at once.
protocol ArmPolicy: Sendable {
  /// What it thinks of each arm; higher is better.
  ///
  /// - Parameter rewards: of all arms together.
  func scores(_ arms: [JudgedArm], rewards: Double) -> [Double]

  /// The probability of each arm, given its scores.
  func weights(_ scores: [Double], rewards: Double) -> [Double]
}

extension ArmPolicy {
  /// All for the highest score, the first of equals.
  func weights(_ scores: [Double], rewards: Double) -> [Double] { onlyBest(scores) }
}

func onlyBest(_ scores: [Double]) -> [Double] {
  var weights = [Double](repeating: 0, count: scores.count)
  if let best = firstHighest(scores) { weights[best] = 1 }
  return weights
}

func firstHighest(_ scores: [Double]) -> Int? {
  var best: Int?
  var highest = -Double.infinity
  for (arm, score) in scores.enumerated() where best == nil || score > highest {
    (best, highest) = (arm, score)
  }
  return best
}
