import Glibc
package import PlauditCore
package import PlauditStats

/// A bandit run over decisions that were logged with propensities: where it would have played the
/// logged arm, the reward counts and is learnt from; other rows are as if they had not been.
///
/// Of logs that were not uniformly random a matching row is kept with probability smallest
/// propensity / its own, so that what is kept is as if they had been. The rows must be in their
/// order and the logged choice must not depend on what the bandit does not see.
///
/// - Source: Li, Chu, Langford & Wang 2011, doi:10.1145/1935826.1935878.
package struct Replay: Sendable {
  package struct Options: Sendable {
    package var confidence = 0.95
    /// So many rewards are learnt at once, as when they come late.
    package var batch = 1

    package init() {}
  }

  package let rows: Int
  package let matches: Int
  /// The mean reward of the rows that counted; NaN without.
  package let value: Double
  /// That of independent rows, which learning makes an approximation.
  package let standardError: Double
  package let interval: Interval

  /// Runs over the log; the bandit has learnt from it afterwards.
  ///
  /// - Parameters:
  ///   - actions: numbers of the bandit's arms.
  ///   - propensities: nil for uniformly random logs.
  ///   - chosen: what the bandit would have played in each row.
  ///   - counted: 1 where the reward counted.
  /// - Throws: as ``Bandit/decide(contexts:arms:propensities:)`` and
  ///   ``Bandit/learn(arms:contexts:rewards:)``; `cancelled`, `timeout`, after which it has learnt
  ///   from some rows.
  package init(
    _ bandit: Bandit, actions: UnsafeBufferPointer<Int32>,
    contexts: UnsafeBufferPointer<Double>?, rewards: UnsafeBufferPointer<Double>,
    propensities: UnsafeBufferPointer<Double>?, options: Options = Options(),
    chosen: UnsafeMutableBufferPointer<Int32>?, counted: UnsafeMutableBufferPointer<UInt8>?,
    control: RunControl
  ) throws(PlauditError) {
    let z = try Normal.criticalValue(confidence: options.confidence)
    let count = actions.count
    guard options.batch >= 1 else {
      throw PlauditError(.outOfRange, "batch is \(options.batch), allowed are 1 and more")
    }
    guard rewards.count == count, (propensities?.count ?? count) == count else {
      throw PlauditError(
        .shape,
        "there are \(count) arms, \(rewards.count) rewards and "
          + "\(propensities?.count ?? count) propensities")
    }
    let features = bandit.settings.features
    _ = try bandit.settings.checked(contexts, rows: count)
    try bandit.check(rewards)
    for row in 0..<count { try bandit.checkLive(actions[row], row) }
    let rarest = try Replay.rarest(propensities)
    var random = RandomSource(seed: bandit.settings.seed, stream: .max)
    var waiting: [Int] = []
    var (matches, sum, squares) = (0, 0.0, 0.0)
    for row in 0..<count {
      if row & 255 == 0 {
        try control.check()
        control.report(.replaying, done: row, total: count)
      }
      let pick = try bandit.preview(contexts.map { Replay.part($0, row, features) })
      let isKept = propensities.map { random.uniform() * $0[row] < rarest } ?? true
      let isMatch = pick == actions[row] && isKept
      chosen?[row] = pick
      counted?[row] = isMatch ? 1 : 0
      bandit.settle(pick, isPlayed: isMatch)
      guard isMatch else { continue }
      matches += 1
      let gap = rewards[row] - sum / Double(max(1, matches - 1))
      if matches > 1 { squares += gap * gap * Double(matches - 1) / Double(matches) }
      sum += rewards[row]
      waiting.append(row)
      if waiting.count == options.batch {
        try Replay.learn(bandit, waiting, actions, contexts, rewards)
        waiting.removeAll(keepingCapacity: true)
      }
    }
    try Replay.learn(bandit, waiting, actions, contexts, rewards)
    control.report(.replaying, done: count, total: count, force: true)
    rows = count
    self.matches = matches
    value = matches > 0 ? sum / Double(matches) : .nan
    standardError =
      matches > 1 ? (squares / Double(matches - 1) / Double(matches)).squareRoot() : .nan
    interval = Interval(lower: value - z * standardError, upper: value + z * standardError)
  }

  private static func part(
    _ contexts: UnsafeBufferPointer<Double>, _ row: Int, _ features: Int
  ) -> UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(rebasing: contexts[row * features..<(row + 1) * features])
  }

  private static func rarest(
    _ propensities: UnsafeBufferPointer<Double>?
  ) throws(PlauditError) -> Double {
    var rarest = 1.0
    guard let propensities else { return rarest }
    for row in 0..<propensities.count {
      let propensity = propensities[row]
      guard propensity > 0, propensity <= 1 else {
        throw PlauditError(
          propensity.isNaN ? .notFinite : .invalidData,
          "the propensity is \(propensity), allowed are above 0 to 1", index: Int64(row))
      }
      rarest = min(rarest, propensity)
    }
    return rarest
  }

  private static func learn(
    _ bandit: Bandit, _ rows: [Int], _ actions: UnsafeBufferPointer<Int32>,
    _ contexts: UnsafeBufferPointer<Double>?, _ rewards: UnsafeBufferPointer<Double>
  ) throws(PlauditError) {
    let features = bandit.settings.features
    for row in rows {
      try bandit.learn(
        arms: UnsafeBufferPointer(rebasing: actions[row...row]),
        contexts: contexts.map { part($0, row, features) },
        rewards: UnsafeBufferPointer(rebasing: rewards[row...row]))
    }
  }
}
