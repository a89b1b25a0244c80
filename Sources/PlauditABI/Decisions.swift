public import CPlaudit
import PlauditCore
import PlauditDecisions
import PlauditStats
import PlauditText

// The decisions section of plaudit.h.

let bandits = Handle<Bandit>(kind: .bandit, name: "plaudit_bandit", exclusive: true)
let banditSnapshots = Handle<BanditSnapshot>(
  kind: .banditSnapshot, name: "plaudit_bandit_snapshot", exclusive: false)

/// The contexts of some rows; what the policy makes of their absence is its own.
private func contexts(
  _ pointer: UnsafePointer<Double>?, _ rows: Int, _ settings: BanditSettings
) throws(PlauditError) -> UnsafeBufferPointer<Double>? {
  guard let pointer else { return nil }
  return UnsafeBufferPointer(start: pointer, count: try cells(rows, settings.features))
}

// MARK: Making

/// A real option: 0 is the default, −1 is 0.
private func real(_ value: Double, _ standard: Double) -> Double {
  value == 0 ? standard : value == -1 ? 0 : value
}

private func banditSettings(_ given: plaudit_bandit_options) throws(PlauditError) -> BanditSettings
{
  var settings = BanditSettings()
  if given.policy != 0 {
    guard let policy = BanditSettings.Policy(rawValue: given.policy) else {
      let known = BanditSettings.Policy.allCases.map { String($0.rawValue) }
      throw PlauditError(
        .outOfRange, "policy is \(given.policy), known are \(known.joined(separator: ", "))")
    }
    settings.policy = policy
  }
  guard let reward = BanditSettings.Reward(rawValue: given.reward) else {
    throw PlauditError(.outOfRange, "reward is \(given.reward), allowed are 0 and 1")
  }
  settings.reward = reward
  settings.lowerIsBetter = try flag(given.lower_is_better, "lower_is_better")
  settings.seed = given.seed
  settings.epsilon = real(given.epsilon, settings.epsilon)
  settings.epsilonDecay = given.epsilon_decay
  if given.temperature != 0 { settings.temperature = given.temperature }
  settings.exploration = real(given.exploration, settings.exploration)
  if given.prior_successes != 0 { settings.priorSuccesses = given.prior_successes }
  if given.prior_failures != 0 { settings.priorFailures = given.prior_failures }
  settings.noiseVariance = given.noise_variance
  settings.priorMean = given.prior_mean
  settings.priorVariance = given.prior_variance
  settings.topTwoShare = real(given.top_two_share, settings.topTwoShare)
  if given.ridge != 0 { settings.ridge = given.ridge }
  settings.floor = given.floor
  settings.features = try counted(given.feature_count, "options", field: "feature_count")
  if given.first_plays == -1 {
    settings.firstPlays = 0
  } else if given.first_plays != 0 {
    settings.firstPlays = try counted(given.first_plays, "options", field: "first_plays")
  }
  settings.pendingLimit = try counted(given.pending_limit, "options", field: "pending_limit")
  settings.worker = try counted(given.worker, "options", field: "worker")
  return settings
}

@implementation @_cdecl("plaudit_bandit_create")
public func plaudit_bandit_create(
  _ arms: UnsafePointer<plaudit_text_batch>?, _ options: UnsafePointer<plaudit_bandit_options>?,
  _ out_bandit: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_bandit?.pointee = nil
  return call(error) {
    let slot = try required(out_bandit, "out_bandit")
    let settings = try banditSettings(
      try PlauditABI.options(options, zero: plaudit_bandit_options(), "options"))
    guard let arms else {
      slot.pointee = try bandits.make(try Bandit(settings))
      return
    }
    try withTexts(arms, "arms") { arms in
      slot.pointee = try bandits.make(try Bandit(settings, arms: try armNames(arms)))
    }
  }
}

private func armNames(_ arms: TextBatch) throws(PlauditError) -> [String] {
  guard arms.count <= BanditSettings.maximumArms else {
    throw PlauditError(
      .limit, "\(arms.count) arms are more than \(BanditSettings.maximumArms)")
  }
  var names: [String] = []
  for row in 0..<arms.count {
    guard let name = String(validating: arms.text(row), as: UTF8.self) else {
      throw PlauditError(.invalidUTF8, "an arm's name is not valid UTF-8", index: Int64(row))
    }
    names.append(name)
  }
  return names
}

@implementation @_cdecl("plaudit_bandit_free")
public func plaudit_bandit_free(_ bandit: UnsafeMutablePointer<OpaquePointer?>?) {
  bandits.free(bandit)
}

@implementation @_cdecl("plaudit_bandit_add_arm")
public func plaudit_bandit_add_arm(
  _ bandit: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ name_length: Int64,
  _ out_arm: UnsafeMutablePointer<Int32>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_arm?.pointee = 0
  return call(error) {
    try bandits.use(bandit, "bandit") { bandit in
      let arm = try bandit.add(arm: try string(name, name_length, "name"))
      out_arm?.pointee = arm
    }
  }
}

@implementation @_cdecl("plaudit_bandit_remove_arm")
public func plaudit_bandit_remove_arm(
  _ bandit: OpaquePointer?, _ arm: Int32, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) { try bandits.use(bandit, "bandit") { try $0.remove(arm: arm) } }
}

// MARK: Looking

@implementation @_cdecl("plaudit_bandit_get_info")
public func plaudit_bandit_get_info(
  _ bandit: OpaquePointer?, _ out_info: UnsafeMutablePointer<plaudit_bandit_info>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_info, "out_info")
    try bandits.use(bandit, "bandit") { bandit in
      let settings = bandit.settings
      slot.pointee = plaudit_bandit_info(
        struct_size: slot.pointee.struct_size, arm_count: Int64(bandit.armCount),
        live_arm_count: Int64(bandit.liveArmCount), feature_count: Int64(settings.features),
        reward_count: bandit.rewards, next_decision: bandit.nextDecision,
        pending_count: Int64(bandit.pendingCount), forgotten_count: bandit.forgotten,
        worker: Int64(settings.worker), policy: settings.policy.rawValue,
        reward: settings.reward.rawValue, lower_is_better: settings.lowerIsBetter ? 1 : 0,
        reserved: 0)
    }
  }
}

@implementation @_cdecl("plaudit_bandit_arms")
public func plaudit_bandit_arms(
  _ bandit: OpaquePointer?, _ out_arms: UnsafeMutablePointer<plaudit_bandit_arm>?,
  _ capacity: Int64, _ out_count: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_count?.pointee = 0
  return call(error) {
    let slot = try required(out_count, "out_count")
    try bandits.use(bandit, "bandit") { bandit in
      let rows = try buffer(
        out_arms, capacity: capacity, needed: bandit.armCount, "out_arms")
      for arm in 0..<bandit.armCount {
        let tally = bandit.tally(of: arm)
        rows[arm] = plaudit_bandit_arm(
          decisions: bandit.decisions(for: arm), plays: tally.plays, sum: tally.sum,
          mean: tally.mean, variance: tally.variance, is_live: bandit.isLive(arm) ? 1 : 0,
          reserved: 0)
      }
      slot.pointee = Int64(bandit.armCount)
    }
  }
}

@implementation @_cdecl("plaudit_bandit_arm_name")
public func plaudit_bandit_arm_name(
  _ bandit: OpaquePointer?, _ arm: Int32, _ out_name: UnsafeMutablePointer<CChar>?,
  _ capacity: Int64, _ out_length: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_length?.pointee = 0
  return call(error) {
    let slot = try required(out_length, "out_length")
    try bandits.use(bandit, "bandit") { bandit in
      guard arm >= 0, arm < bandit.armCount else {
        throw PlauditError(
          .invalidArgument, "there is no arm \(arm); there are \(bandit.armCount)")
      }
      let name = bandit.name(of: Int(arm))
      if out_name != nil {
        let room = try buffer(
          out_name, capacity: capacity, needed: name.utf8.count, "out_name")
        for (index, byte) in name.utf8.enumerated() { room[index] = CChar(bitPattern: byte) }
      }
      slot.pointee = Int64(name.utf8.count)
    }
  }
}

@implementation @_cdecl("plaudit_bandit_scores")
public func plaudit_bandit_scores(
  _ bandit: OpaquePointer?, _ contexts: UnsafePointer<Double>?, _ count: Int64,
  _ out_scores: UnsafeMutablePointer<Double>?, _ out_probabilities: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    try bandits.use(bandit, "bandit") { bandit in
      let cells = try cells(rows, bandit.armCount)
      try bandit.judge(
        contexts: try PlauditABI.contexts(contexts, rows, bandit.settings), rows: rows,
        scores: optionalArray(out_scores, cells),
        probabilities: optionalArray(out_probabilities, cells))
    }
  }
}

@implementation @_cdecl("plaudit_bandit_coefficients")
public func plaudit_bandit_coefficients(
  _ bandit: OpaquePointer?, _ arm: Int32, _ out_coefficients: UnsafeMutablePointer<Double>?,
  _ capacity: Int64, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try bandits.use(bandit, "bandit") { bandit in
      let values = try bandit.coefficients(of: arm)
      let room = try buffer(
        out_coefficients, capacity: capacity, needed: values.count, "out_coefficients")
      for (index, value) in values.enumerated() { room[index] = value }
    }
  }
}

// MARK: Deciding and learning

@implementation @_cdecl("plaudit_bandit_decide")
public func plaudit_bandit_decide(
  _ bandit: OpaquePointer?, _ contexts: UnsafePointer<Double>?, _ count: Int64,
  _ out_arms: UnsafeMutablePointer<Int32>?, _ out_propensities: UnsafeMutablePointer<Double>?,
  _ out_first: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_first?.pointee = 0
  return call(error) {
    let rows = try counted(count, "count")
    let arms = try array(out_arms, rows, "out_arms")
    try bandits.use(bandit, "bandit") { bandit in
      let first = try bandit.decide(
        contexts: try PlauditABI.contexts(contexts, rows, bandit.settings), arms: arms,
        propensities: optionalArray(out_propensities, rows))
      out_first?.pointee = first
    }
  }
}

@implementation @_cdecl("plaudit_bandit_learn")
public func plaudit_bandit_learn(
  _ bandit: OpaquePointer?, _ arms: UnsafePointer<Int32>?, _ contexts: UnsafePointer<Double>?,
  _ rewards: UnsafePointer<Double>?, _ count: Int64, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    let arms = try array(arms, rows, "arms")
    let rewards = try array(rewards, rows, "rewards")
    try bandits.use(bandit, "bandit") { bandit in
      try bandit.learn(
        arms: arms, contexts: try PlauditABI.contexts(contexts, rows, bandit.settings),
        rewards: rewards)
    }
  }
}

@implementation @_cdecl("plaudit_bandit_reward")
public func plaudit_bandit_reward(
  _ bandit: OpaquePointer?, _ decisions: UnsafePointer<Int64>?, _ rewards: UnsafePointer<Double>?,
  _ count: Int64, _ skip_unknown: Int32, _ out_skipped: UnsafeMutablePointer<Int64>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_skipped?.pointee = 0
  return call(error) {
    let rows = try counted(count, "count")
    let decisions = try array(decisions, rows, "decisions")
    let rewards = try array(rewards, rows, "rewards")
    let skips = try flag(skip_unknown, "skip_unknown")
    try bandits.use(bandit, "bandit") { bandit in
      let skipped = try bandit.reward(
        decisions: decisions, rewards: rewards, skippingUnknown: skips)
      out_skipped?.pointee = Int64(skipped)
    }
  }
}

@implementation @_cdecl("plaudit_bandit_remember")
public func plaudit_bandit_remember(
  _ bandit: OpaquePointer?, _ decisions: UnsafePointer<Int64>?, _ arms: UnsafePointer<Int32>?,
  _ contexts: UnsafePointer<Double>?, _ count: Int64, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    let decisions = try array(decisions, rows, "decisions")
    let arms = try array(arms, rows, "arms")
    try bandits.use(bandit, "bandit") { bandit in
      try bandit.remember(
        decisions: decisions, arms: arms,
        contexts: try PlauditABI.contexts(contexts, rows, bandit.settings))
    }
  }
}

// MARK: Snapshots

@implementation @_cdecl("plaudit_bandit_snapshot_create")
public func plaudit_bandit_snapshot_create(
  _ bandit: OpaquePointer?, _ out_snapshot: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_snapshot?.pointee = nil
  return call(error) {
    let slot = try required(out_snapshot, "out_snapshot")
    try bandits.use(bandit, "bandit") { bandit in
      slot.pointee = try banditSnapshots.make(bandit.snapshot())
    }
  }
}

@implementation @_cdecl("plaudit_bandit_snapshot_decide")
public func plaudit_bandit_snapshot_decide(
  _ snapshot: OpaquePointer?, _ first: Int64, _ contexts: UnsafePointer<Double>?, _ count: Int64,
  _ out_arms: UnsafeMutablePointer<Int32>?, _ out_propensities: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    let arms = try array(out_arms, rows, "out_arms")
    try banditSnapshots.use(snapshot, "snapshot") { snapshot in
      try snapshot.decide(
        first: first, contexts: try PlauditABI.contexts(contexts, rows, snapshot.settings),
        arms: arms, propensities: optionalArray(out_propensities, rows))
    }
  }
}

@implementation @_cdecl("plaudit_bandit_snapshot_free")
public func plaudit_bandit_snapshot_free(_ snapshot: UnsafeMutablePointer<OpaquePointer?>?) {
  banditSnapshots.free(snapshot)
}

// MARK: States

/// Runs `write` for the size alone, or into a buffer that has room.
private func store(
  _ out_bytes: UnsafeMutablePointer<UInt8>?, _ capacity: Int64,
  _ write: (UnsafeMutableRawPointer?) throws -> Int
) throws -> Int {
  let size = try write(nil)
  guard out_bytes != nil else { return size }
  let room = try buffer(out_bytes, capacity: capacity, needed: size, "out_bytes")
  return try write(UnsafeMutableRawPointer(room.baseAddress))
}

private func stateBytes(
  _ bytes: UnsafePointer<UInt8>?, _ size: Int64
) throws(PlauditError) -> UnsafeRawBufferPointer {
  UnsafeRawBufferPointer(try array(bytes, try counted(size, "size"), "bytes"))
}

@implementation @_cdecl("plaudit_bandit_save")
public func plaudit_bandit_save(
  _ bandit: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ path_length: Int64,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let path = try string(path, path_length, "path")
    try bandits.use(bandit, "bandit") { bandit in
      let bytes = try bandit.state()
      try withExtendedLifetime(bytes) { try File.write([bytes.readable], to: path) }
    }
  }
}

@implementation @_cdecl("plaudit_bandit_load")
public func plaudit_bandit_load(
  _ path: UnsafePointer<CChar>?, _ path_length: Int64,
  _ out_bandit: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_bandit?.pointee = nil
  return call(error) {
    let slot = try required(out_bandit, "out_bandit")
    let bytes = try File.bytes(
      of: try string(path, path_length, "path"), limit: Bandit.maximumStateBytes)
    try withExtendedLifetime(bytes) {
      slot.pointee = try bandits.make(try Bandit(state: bytes.readable))
    }
  }
}

@implementation @_cdecl("plaudit_bandit_state")
public func plaudit_bandit_state(
  _ bandit: OpaquePointer?, _ out_bytes: UnsafeMutablePointer<UInt8>?, _ capacity: Int64,
  _ out_size: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_size?.pointee = 0
  return call(error) {
    let slot = try required(out_size, "out_size")
    try bandits.use(bandit, "bandit") { bandit in
      slot.pointee = Int64(
        try store(out_bytes, capacity) { bandit.writeState(to: $0) })
    }
  }
}

@implementation @_cdecl("plaudit_bandit_restore")
public func plaudit_bandit_restore(
  _ bytes: UnsafePointer<UInt8>?, _ size: Int64, _ worker: Int64,
  _ out_bandit: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_bandit?.pointee = nil
  return call(error) {
    let slot = try required(out_bandit, "out_bandit")
    let number = worker == -1 ? nil : try counted(worker, "worker")
    slot.pointee = try bandits.make(
      try Bandit(state: try stateBytes(bytes, size), worker: number))
  }
}

@implementation @_cdecl("plaudit_bandit_delta")
public func plaudit_bandit_delta(
  _ bandit: OpaquePointer?, _ out_bytes: UnsafeMutablePointer<UInt8>?, _ capacity: Int64,
  _ out_size: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_size?.pointee = 0
  return call(error) {
    let slot = try required(out_size, "out_size")
    try bandits.use(bandit, "bandit") { bandit in
      let size = try store(out_bytes, capacity) { try bandit.writeDelta(to: $0) }
      if out_bytes != nil { bandit.deltaIsSent() }
      slot.pointee = Int64(size)
    }
  }
}

@implementation @_cdecl("plaudit_bandit_merge")
public func plaudit_bandit_merge(
  _ bandit: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ size: Int64, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let bytes = try stateBytes(bytes, size)
    try bandits.use(bandit, "bandit") { try $0.merge(delta: bytes) }
  }
}

@implementation @_cdecl("plaudit_bandit_refresh")
public func plaudit_bandit_refresh(
  _ bandit: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ size: Int64, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let bytes = try stateBytes(bytes, size)
    try bandits.use(bandit, "bandit") { try $0.refresh(state: bytes) }
  }
}

// MARK: Weights

@implementation @_cdecl("plaudit_decisions_minimum_traffic")
public func plaudit_decisions_minimum_traffic(
  _ weights: UnsafePointer<Double>?, _ arm_count: Int64, _ floor: Double,
  _ out_probabilities: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let arms = try counted(arm_count, "arm_count")
    let room = try array(out_probabilities, arms, "out_probabilities")
    let shares = try withMinimumTraffic(
      Array(try array(weights, arms, "weights")), floor: floor)
    for (arm, share) in shares.enumerated() { room[arm] = share }
  }
}

@implementation @_cdecl("plaudit_decisions_top_two_weights")
public func plaudit_decisions_top_two_weights(
  _ draws: UnsafePointer<Double>?, _ count: Int64, _ arm_count: Int64, _ lower_is_better: Int32,
  _ out_weights: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let (rows, arms) = (try counted(count, "count"), try counted(arm_count, "arm_count"))
    let draws = try array(draws, try cells(rows, arms), "draws")
    let room = try array(out_weights, arms, "out_weights")
    let weights = try topTwoWeights(
      draws, arms: arms, lowerIsBetter: try flag(lower_is_better, "lower_is_better"))
    for (arm, weight) in weights.enumerated() { room[arm] = weight }
  }
}

// MARK: Logs

extension plaudit_policy_value {
  fileprivate init(_ value: OffPolicyEstimate.Value) {
    self.init(
      value: value.value, standard_error: value.standardError,
      interval: plaudit_interval(lower: value.interval.lower, upper: value.interval.upper))
  }
}

@implementation @_cdecl("plaudit_decisions_off_policy")
public func plaudit_decisions_off_policy(
  _ log: UnsafePointer<plaudit_decision_log>?, _ target: UnsafePointer<Double>?,
  _ predicted: UnsafePointer<Double>?, _ arm_count: Int64,
  _ options: UnsafePointer<plaudit_off_policy_options>?,
  _ out_value: UnsafeMutablePointer<plaudit_off_policy>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_value, "out_value")
    let given = try PlauditABI.options(
      try required(log, "log"), zero: plaudit_decision_log(), "log")
    let wanted = try PlauditABI.options(options, zero: plaudit_off_policy_options(), "options")
    let rows = try counted(given.count, "log", field: "count")
    let arms = try counted(arm_count, "arm_count")
    let table = try cells(rows, arms)
    var chosen = OffPolicyEstimate.Options()
    if wanted.confidence != 0 { chosen.confidence = wanted.confidence }
    if wanted.weight_cap != 0 { chosen.weightCap = wanted.weight_cap }
    let found = try OffPolicyEstimate(
      actions: try array(given.arms, rows, "log->arms"),
      rewards: try array(given.rewards, rows, "log->rewards"),
      propensities: try array(given.propensities, rows, "log->propensities"),
      target: try array(target, table, "target"),
      predicted: predicted.map { UnsafeBufferPointer(start: $0, count: table) }, arms: arms,
      options: chosen)
    slot.pointee = plaudit_off_policy(
      struct_size: slot.pointee.struct_size,
      inverse_propensity: plaudit_policy_value(found.inversePropensity),
      self_normalised: plaudit_policy_value(found.selfNormalised),
      direct_method: plaudit_policy_value(found.directMethod),
      doubly_robust: plaudit_policy_value(found.doublyRobust),
      logged: plaudit_policy_value(found.logged),
      effective_sample_size: found.effectiveSampleSize, mean_weight: found.meanWeight,
      maximum_weight: found.maximumWeight, capped_count: Int64(found.cappedRows))
  }
}

@implementation @_cdecl("plaudit_bandit_replay")
public func plaudit_bandit_replay(
  _ bandit: OpaquePointer?, _ log: UnsafePointer<plaudit_decision_log>?,
  _ options: UnsafePointer<plaudit_replay_options>?, _ run: UnsafePointer<plaudit_run_options>?,
  _ out_replay: UnsafeMutablePointer<plaudit_replay>?, _ out_arms: UnsafeMutablePointer<Int32>?,
  _ out_counted: UnsafeMutablePointer<UInt8>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_replay, "out_replay")
    let given = try PlauditABI.options(
      try required(log, "log"), zero: plaudit_decision_log(), "log")
    let wanted = try PlauditABI.options(options, zero: plaudit_replay_options(), "options")
    let rows = try counted(given.count, "log", field: "count")
    var chosen = Replay.Options()
    if wanted.confidence != 0 { chosen.confidence = wanted.confidence }
    if wanted.batch != 0 { chosen.batch = try counted(wanted.batch, "options", field: "batch") }
    let arms = try array(given.arms, rows, "log->arms")
    let rewards = try array(given.rewards, rows, "log->rewards")
    try bandits.use(bandit, "bandit") { bandit in
      try withRun(run) { control, _ in
        let found = try Replay(
          bandit, actions: arms,
          contexts: try contexts(given.contexts, rows, bandit.settings), rewards: rewards,
          propensities: given.propensities.map { UnsafeBufferPointer(start: $0, count: rows) },
          options: chosen, chosen: optionalArray(out_arms, rows),
          counted: optionalArray(out_counted, rows), control: control)
        slot.pointee = plaudit_replay(
          struct_size: slot.pointee.struct_size, match_count: Int64(found.matches),
          value: plaudit_policy_value(
            value: found.value, standard_error: found.standardError,
            interval: plaudit_interval(
              lower: found.interval.lower, upper: found.interval.upper)))
      }
    }
  }
}
