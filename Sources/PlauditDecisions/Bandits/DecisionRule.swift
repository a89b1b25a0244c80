import PlauditCore

/// Decisions to be made from one state: consecutive numbers, and a context each where the policy
/// looks at one.
struct DecisionBatch {
  let first: Int64
  let count: Int
  /// `[count, features]`
  let contexts: UnsafePointer<Double>?
}

/// What a policy does in one state. Places number the arms it may play, all live ones that it has an
/// opinion of, from 0.
protocol DecisionRule {
  /// The places that are played.
  func pick(_ batch: DecisionBatch, into picks: UnsafeMutableBufferPointer<Int32>)

  /// The probability of each place where it is the same for every context, else nil.
  func weights() throws(PlauditError) -> [Double]?

  /// Whether decisions are made by ``weights()`` rather than ``pick(_:into:)``: a matter of the state
  /// alone, so that a decision is the same in every batch.
  var isPickedByWeights: Bool { get }

  /// The probability of each place in one context.
  func weights(in context: UnsafePointer<Double>) throws(PlauditError) -> [Double]

  /// Whether one context has one pick, so that the pick's probability is 1.
  var isCertain: Bool { get }

  /// What the policy thinks of each place, higher being better.
  func scores(_ context: UnsafePointer<Double>?) -> [Double]
}

extension DecisionRule {
  var isCertain: Bool { false }
  var isPickedByWeights: Bool { false }

  func weights(in context: UnsafePointer<Double>) throws(PlauditError) -> [Double] {
    try weights() ?? []
  }
}
