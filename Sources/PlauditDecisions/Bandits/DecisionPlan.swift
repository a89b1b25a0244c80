import PlauditCore
import Synchronization

/// All that decisions of one state are made from; never changes, so any number of threads use it.
///
/// Each live arm has a share of its own, of the minimum traffic and while it waits for the rewards
/// that its policy needs; the policy has the rest. An arm that waits has the share of one of K.
package final class DecisionPlan {
  package let settings: BanditSettings
  /// The numbers of the live arms.
  let arms: [Int32]
  /// How many numbers of arms there are, removed ones included.
  package let armCount: Int
  /// The live arms that the rule's places stand for.
  private let judged: [Int]
  private let own: ChoiceTable
  private let ownTotal: Double
  private let policyShare: Double
  private let rule: (any DecisionRule)?
  /// Everything, where the policy's probabilities need no work.
  private let table: ChoiceTable?
  private let words: DecisionWords
  /// Everything, once it was asked for, where no context matters: a retained ``Found``.
  private let known = Atomic<UInt>(0)

  private final class Found {
    let table: ChoiceTable
    init(_ table: ChoiceTable) { self.table = table }
  }

  /// - Parameters:
  ///   - judged: places among `arms`, rising.
  ///   - fixedWeights: the policy's probability of each judged arm, where its rule need not be asked.
  init(
    settings: BanditSettings, arms: [Int32], armCount: Int, judged: [Int],
    rule: (any DecisionRule)?, fixedWeights: [Double]?
  ) {
    self.settings = settings
    self.arms = arms
    self.armCount = armCount
    self.judged = judged
    self.rule = rule
    words = DecisionWords(seed: settings.seed)
    let count = Double(arms.count)
    let reserved = count * settings.floor
    var shares = [Double](repeating: reserved >= 1 ? 1 / count : settings.floor, count: arms.count)
    var left = max(0, 1 - reserved)
    if judged.count < arms.count {
      let fair = left / count
      var waits = [Bool](repeating: true, count: arms.count)
      for place in judged { waits[place] = false }
      for place in arms.indices where waits[place] { shares[place] += fair }
      left = judged.isEmpty ? 0 : left * Double(judged.count) / count
    }
    policyShare = left
    ownTotal = 1 - left
    own = ChoiceTable(shares)
    if left == 0 {
      table = own
    } else if let fixedWeights {
      for (place, arm) in judged.enumerated() { shares[arm] += left * fixedWeights[place] }
      table = ChoiceTable(shares)
    } else {
      table = nil
    }
  }

  deinit {
    if let pointer = UnsafeRawPointer(bitPattern: known.load(ordering: .acquiring)) {
      Unmanaged<Found>.fromOpaque(pointer).release()
    }
  }

  /// Makes decisions `first`, `first + 1`, ….
  ///
  /// - Throws: `invalidState` without a live arm; `outOfMemory`.
  func decide(
    _ batch: DecisionBatch, arms out: UnsafeMutableBufferPointer<Int32>,
    propensities: UnsafeMutableBufferPointer<Double>?
  ) throws(PlauditError) {
    try checkArms()
    if let table {
      table.pick(batch, words: words, arms: arms, into: out, propensities: propensities)
      return
    }
    guard let rule else { return }
    if rule.isPickedByWeights, let table = try commonTable(rule) {
      table.pick(batch, words: words, arms: arms, into: out, propensities: propensities)
      return
    }
    rule.pick(batch, into: out)
    if propensities == nil, ownTotal == 0 {
      for row in 0..<batch.count { out[row] = arms[judged[Int(out[row])]] }
      return
    }
    let common = propensities == nil || rule.isCertain ? nil : try commonTable(rule)
    for row in 0..<batch.count {
      let pick = judged[Int(out[row])]
      var chosen = pick
      if ownTotal > 0 {
        let point = words.word(batch.first &+ Int64(row)).unit
        if point < ownTotal { chosen = own.place(of: point) }
      }
      out[row] = arms[chosen]
      guard let propensities else { continue }
      if let common {
        propensities[row] = common.shares[chosen]
        continue
      }
      var likelihood = chosen == pick ? 1.0 : 0
      if !rule.isCertain {
        likelihood = try likelihoods(rule, in: context(batch.contexts, row))[chosen]
      }
      propensities[row] = own.shares[chosen] + policyShare * likelihood
    }
  }

  /// The probability of each arm number in one context; 0 for removed ones.
  func probabilities(_ context: UnsafePointer<Double>?) throws(PlauditError) -> [Double] {
    try checkArms()
    var shares = own.shares
    if let table {
      shares = table.shares
    } else if let rule {
      if let common = try commonTable(rule) {
        shares = common.shares
      } else {
        let likelihoods = try likelihoods(rule, in: context)
        for place in shares.indices { shares[place] += policyShare * likelihoods[place] }
      }
    }
    return spread(shares, empty: 0)
  }

  /// What the policy thinks of each arm number, in the reward's orientation: a mean or a confidence
  /// bound. NaN for removed arms and for those of which it has no opinion, except that bounds are
  /// infinite there.
  func scores(_ context: UnsafePointer<Double>?) -> [Double] {
    let isBound = settings.policy == .ucb1 || settings.policy == .klUCB
    var scores = [Double](repeating: isBound ? .infinity : .nan, count: arms.count)
    for (place, score) in (rule?.scores(context) ?? []).enumerated() {
      scores[judged[place]] = score
    }
    if settings.lowerIsBetter {
      // Rates are turned by counting the other outcome, numbers by their sign.
      let isRate = settings.countsOutcomes
      scores = scores.map { isRate && $0.isFinite ? 1 - $0 : -$0 }
    }
    return spread(scores, empty: .nan)
  }

  func checkArms() throws(PlauditError) {
    guard !arms.isEmpty else {
      throw PlauditError(.invalidState, "the bandit has no arms; add some before it decides")
    }
  }

  private func context(
    _ contexts: UnsafePointer<Double>?, _ row: Int
  ) -> UnsafePointer<Double>? { contexts.map { $0 + row * settings.features } }

  private func spread(_ values: [Double], empty: Double) -> [Double] {
    var all = [Double](repeating: empty, count: armCount)
    for (place, arm) in arms.enumerated() { all[Int(arm)] = values[place] }
    return all
  }

  /// The probability of each live arm, nil where it depends on the context.
  private func commonTable(_ rule: any DecisionRule) throws(PlauditError) -> ChoiceTable? {
    if let pointer = UnsafeRawPointer(bitPattern: known.load(ordering: .acquiring)) {
      return Unmanaged<Found>.fromOpaque(pointer).takeUnretainedValue().table
    }
    guard let weights = try rule.weights() else { return nil }
    var shares = own.shares
    for (place, arm) in judged.enumerated() { shares[arm] += policyShare * weights[place] }
    let table = ChoiceTable(shares)
    let made = Unmanaged.passRetained(Found(table))
    let (isFirst, _) = known.compareExchange(
      expected: 0, desired: UInt(bitPattern: made.toOpaque()), ordering: .acquiringAndReleasing)
    if !isFirst { made.release() }
    return table
  }

  private func likelihoods(
    _ rule: any DecisionRule, in context: UnsafePointer<Double>?
  ) throws(PlauditError) -> [Double] {
    guard let context else { return own.shares.map { _ in 0 } }
    return onLiveArms(try rule.weights(in: context))
  }

  private func onLiveArms(_ weights: [Double]) -> [Double] {
    var all = [Double](repeating: 0, count: arms.count)
    for (place, arm) in judged.enumerated() { all[arm] = weights[place] }
    return all
  }
}
