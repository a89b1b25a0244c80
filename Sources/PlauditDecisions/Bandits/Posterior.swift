/// What is believed about an arm's mean, turned so that higher is better.
protocol Posterior: Sendable {
  var mean: Double { get }
  /// A draw for one decision, on any scale that rises with the mean and is common to all arms.
  func draw(_ id: Int64, arm: Int32, words: DecisionWords) -> Double
  /// Density curves of several arms on one common scale.
  static func curves(_ posteriors: [Self]) -> [PosteriorCurve]
}

/// Up to so many arms a state's probabilities are computed and decided by; more are drawn, each
/// decision by its own draws, which is quicker one at a time.
let mostArmsByWeights = 32
