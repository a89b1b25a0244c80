package import PlauditCore

/// How a bandit decides and what it learns from; fixed for its life and kept in its state.
package struct BanditSettings: Equatable, Sendable {
  /// Raw values are the `PLAUDIT_BANDIT_…` numbers.
  package enum Policy: Int32, CaseIterable, Sendable {
    case epsilonGreedy = 10
    case softmax = 20
    case ucb1 = 30
    case klUCB = 31
    case thompson = 40
    case topTwo = 41
    case linUCB = 50
    case linTS = 51

    /// Whether it looks at a context.
    package var isLinear: Bool { self == .linUCB || self == .linTS }
  }

  /// Raw values are the `PLAUDIT_REWARD_…` numbers.
  package enum Reward: Int32, Sendable {
    /// 0 or 1: a click, a bounce.
    case bernoulli = 0
    /// Any finite number: revenue, time.
    case real = 1
  }

  package var policy = Policy.thompson
  package var reward = Reward.bernoulli
  /// The reward is a cost: the lowest mean is the best.
  package var lowerIsBetter = false
  /// Epsilon-greedy's share of exploration, and how it falls: `epsilon / (1 + decay × rewards)`.
  package var epsilon = 0.1
  package var epsilonDecay = 0.0
  /// Softmax's, in units of the reward.
  package var temperature = 0.1
  /// The factor of the bonus of UCB1 and LinUCB, of the deviation of LinTS, of `ln t` of KL-UCB.
  package var exploration = 1.0
  /// Thompson's Beta prior, in successes and failures of the reward as it is given.
  package var priorSuccesses = 1.0
  package var priorFailures = 1.0
  /// Thompson's Gaussian model: the variance of a reward around its arm's mean, 0 to estimate it,
  /// and the normal prior of means, flat with variance 0.
  package var noiseVariance = 0.0
  package var priorMean = 0.0
  package var priorVariance = 0.0
  /// How often top-two plays the best of a draw; else it plays the second.
  package var topTwoShare = 0.5
  /// The penalty λ of the linear models.
  package var ridge = 1.0
  package var features = 0
  /// The least probability of every arm.
  package var floor = 0.0
  /// How often each arm is played before the policy rules; nil for what the policy needs.
  package var firstPlays: Int?
  /// How many decisions wait for their reward at most; 0 remembers none.
  package var pendingLimit = 0
  /// Above 0 numbers one of several workers, whose rewards a hub merges.
  package var worker = 0
  package var seed: UInt64 = 0

  package init() {}

  package static let maximumFeatures = 1024
  package static let maximumArms = 65_536
  package static let maximumPending = 1 << 24
  package static let maximumWorker = (1 << 20) - 1
  package static let maximumFirstPlays = 1_000_000

  /// Whether Thompson and top-two see Beta posteriors.
  var isBeta: Bool { reward == .bernoulli }

  /// Whether a cost is turned into a reward by counting the other outcome, `1 − r`, and not by its
  /// sign.
  var countsOutcomes: Bool {
    switch policy {
    case .klUCB: true
    case .thompson, .topTwo: isBeta
    default: false
    }
  }

  /// Rewards of an arm without which the policy has no opinion of it.
  var neededPlays: Int64 {
    switch policy {
    case .epsilonGreedy, .softmax, .ucb1, .klUCB: return 1
    case .linUCB, .linTS: return 0
    case .thompson, .topTwo:
      if isBeta { return 0 }
      if noiseVariance == 0 { return 2 }
      return priorVariance == 0 ? 1 : 0
    }
  }

  /// How often each arm is played first, in turn.
  var plannedFirstPlays: Int64 {
    if let firstPlays { return Int64(firstPlays) }
    return policy.isLinear ? 1 : neededPlays
  }

  /// The first decision's number: workers' ranges do not meet.
  var firstDecision: Int64 { Int64(worker) << 40 }

  /// - Throws: `outOfRange` or `invalidArgument`, naming the setting.
  package func check() throws(PlauditError) {
    func range(
      _ value: Double, _ name: StaticString, _ low: Double, _ high: Double
    ) throws(PlauditError) {
      guard value >= low, value <= high else {
        throw PlauditError(
          .outOfRange, "\(name) is \(value), allowed are \(low) to \(high)")
      }
    }
    try range(epsilon, "epsilon", 0, 1)
    try range(epsilonDecay, "epsilon_decay", 0, 1e100)
    try range(temperature, "temperature", 1e-100, 1e100)
    try range(exploration, "exploration", 0, 1e100)
    try range(priorSuccesses, "prior_successes", 0.01, 1e12)
    try range(priorFailures, "prior_failures", 0.01, 1e12)
    try range(priorMean, "prior_mean", -1e100, 1e100)
    if priorVariance != 0 { try range(priorVariance, "prior_variance", 1e-100, 1e100) }
    if noiseVariance != 0 { try range(noiseVariance, "noise_variance", 1e-100, 1e100) }
    try range(topTwoShare, "top_two_share", 0, 1)
    try range(ridge, "ridge", 1e-100, 1e100)
    try range(floor, "floor", 0, 1)
    if noiseVariance == 0, priorVariance != 0 || priorMean != 0 {
      throw PlauditError(
        .invalidArgument, "prior_mean and prior_variance need a noise_variance above 0")
    }
    guard policy.isLinear ? features >= 1 : features == 0, features <= Self.maximumFeatures
    else {
      throw PlauditError(
        .outOfRange,
        policy.isLinear
          ? "feature_count is \(features), allowed are 1 to \(Self.maximumFeatures)"
          : "feature_count is \(features), but only LinUCB and LinTS look at features")
    }
    if let firstPlays, firstPlays < 0 || firstPlays > Self.maximumFirstPlays {
      throw PlauditError(
        .outOfRange, "first_plays is \(firstPlays), allowed are 0 to \(Self.maximumFirstPlays)")
    }
    guard pendingLimit >= 0, pendingLimit <= Self.maximumPending else {
      throw PlauditError(
        .outOfRange,
        "pending_limit is \(pendingLimit), allowed are 0 to \(Self.maximumPending)")
    }
    guard worker >= 0, worker <= Self.maximumWorker else {
      throw PlauditError(
        .outOfRange, "worker is \(worker), allowed are 0 to \(Self.maximumWorker)")
    }
  }
}
