package import PlauditCore

/// One arm of a bandit with what it has earned.
struct BanditArm {
  let name: String
  var isLive = true
  var tally = ArmTally()
  /// How often it was decided for.
  var decisions: Int64 = 0
  /// Of linear policies.
  var factor: RidgeFactor?
  /// Of workers: what was learnt since the last delta.
  var fresh = ArmTally()
  var freshSums: RidgeSums?
}

/// Chooses among arms, learns from their rewards, and keeps its choices reproducible: decision `i`
/// is a function of seed, state and `i`.
///
/// Arms have numbers in the order in which they were added; a removed arm's number is not used again.
/// Batches are all or nothing: an error with its row leaves the bandit as it was. Not for two threads
/// at once; ``snapshot()`` is.
package final class Bandit {
  package let settings: BanditSettings
  var arms: [BanditArm] = []
  /// Numbers of the live arms by name.
  var names: [String: Int32] = [:]
  package internal(set) var nextDecision: Int64
  package internal(set) var rewards: Int64 = 0
  var pending: PendingDecisions?
  /// Deltas this worker has sent, and the last one merged of each worker.
  var sentDeltas: Int64 = 0
  var mergedDeltas: [Int64: Int64] = [:]

  private var plan: DecisionPlan?
  /// Arms that are played first, one decision each, from decision `turnsFrom` on.
  private var turns: [Int32] = []
  private var turnsFrom: Int64

  /// - Throws: what ``BanditSettings/check()`` and ``add(arm:)`` throw; `outOfMemory`.
  package init(_ settings: BanditSettings, arms names: [String] = []) throws(PlauditError) {
    try settings.check()
    self.settings = settings
    nextDecision = settings.firstDecision
    turnsFrom = nextDecision
    if settings.pendingLimit > 0 {
      pending = try PendingDecisions(
        capacity: settings.pendingLimit, features: settings.features)
    }
    for (index, name) in names.enumerated() {
      do throws(PlauditError) {
        try add(arm: name)
      } catch {
        throw error.at(index: Int64(index))
      }
    }
  }

  // MARK: Arms

  package var armCount: Int { arms.count }
  package var liveArmCount: Int { names.count }
  package var pendingCount: Int { pending?.count ?? 0 }
  package var forgotten: Int64 { pending?.forgotten ?? 0 }

  package func name(of arm: Int) -> String { arms[arm].name }
  package func isLive(_ arm: Int) -> Bool { arms[arm].isLive }
  package func tally(of arm: Int) -> ArmTally { arms[arm].tally }
  package func decisions(for arm: Int) -> Int64 { arms[arm].decisions }

  /// Adds an arm without rewards, which is then played first. A removed arm's name may come back, as
  /// another arm.
  ///
  /// - Throws: `invalidArgument` for an empty name or one that a live arm has; `limit`; `outOfMemory`.
  @discardableResult
  package func add(arm name: String) throws(PlauditError) -> Int32 {
    guard !name.isEmpty else { throw PlauditError(.invalidArgument, "an arm's name is empty") }
    guard names[name] == nil else {
      throw PlauditError(.invalidArgument, "there is an arm \(name) already")
    }
    guard arms.count < BanditSettings.maximumArms else {
      throw PlauditError(.limit, "a bandit has at most \(BanditSettings.maximumArms) arms")
    }
    var arm = BanditArm(name: name)
    try prepare(&arm)
    let number = Int32(truncatingIfNeeded: arms.count)
    arms.append(arm)
    names[name] = number
    stateChanged()
    return number
  }

  /// The memory of linear policies.
  func prepare(_ arm: inout BanditArm) throws(PlauditError) {
    guard settings.policy.isLinear else { return }
    arm.factor = try RidgeFactor(features: settings.features, ridge: settings.ridge)
    if settings.worker > 0 { arm.freshSums = try RidgeSums(features: settings.features) }
  }

  /// Plays an arm no more. Decisions for it that wait for a reward are forgotten.
  ///
  /// - Throws: `invalidArgument` when there is no such live arm.
  package func remove(arm: Int32) throws(PlauditError) {
    guard arm >= 0, arm < arms.count, arms[Int(arm)].isLive else {
      throw PlauditError(.invalidArgument, unknown(arm))
    }
    retire(Int(arm))
    stateChanged()
  }

  func retire(_ arm: Int) {
    arms[arm].isLive = false
    arms[arm].factor = nil
    arms[arm].freshSums = nil
    arms[arm].fresh = ArmTally()
    names[arms[arm].name] = nil
    pending?.removeAll(of: Int32(truncatingIfNeeded: arm))
  }

  func unknown(_ arm: Int32) -> String {
    guard arm >= 0, arm < arms.count else {
      return "there is no arm \(arm); there are \(arms.count)"
    }
    return "arm \(arm), \(arms[Int(arm)].name), was removed"
  }

  // MARK: Deciding

  /// Forgets what was made of the old state.
  func stateChanged() {
    plan = nil
    planTurns()
  }

  private func planTurns() {
    turnsFrom = nextDecision
    turns.removeAll(keepingCapacity: true)
    let wanted = settings.plannedFirstPlays
    guard wanted > 0 else { return }
    for (number, arm) in arms.enumerated()
    where arm.isLive && max(arm.tally.plays, arm.decisions) < wanted {
      turns.append(Int32(truncatingIfNeeded: number))
    }
  }

  /// After rewards. Turns change only while there are some.
  func learnt() {
    plan = nil
    if !turns.isEmpty { planTurns() }
  }

  func dropPlan() { plan = nil }

  private func currentPlan() -> DecisionPlan {
    if let plan { return plan }
    let made = makePlan()
    plan = made
    return made
  }

  /// Decides for each context, or `arms.count` times without, and counts the decisions.
  ///
  /// Arms that were played too seldom come first, in turn, with propensity 1. All other decisions
  /// of a call are made from the same state.
  ///
  /// - Parameters:
  ///   - contexts: `[count, features]`, for linear policies only.
  ///   - propensities: the probability with which each was made.
  /// - Returns: the number of the first decision; they are consecutive.
  /// - Throws: `invalidState` without a live arm; `shape` for contexts of another size; `notFinite`
  ///   with the row; `limit` when the numbers run out; `outOfMemory`.
  package func decide(
    contexts: UnsafeBufferPointer<Double>?, arms out: UnsafeMutableBufferPointer<Int32>,
    propensities: UnsafeMutableBufferPointer<Double>?
  ) throws(PlauditError) -> Int64 {
    let contexts = try settings.checked(contexts, rows: out.count)
    let first = nextDecision
    let end = settings.worker == 0 ? Int64.max : settings.firstDecision + 1 << 40
    guard Int64(out.count) <= end - first else {
      throw PlauditError(.limit, "there are no numbers for \(out.count) more decisions")
    }
    try currentPlan().checkArms()
    var done = 0
    while done < out.count {
      let taken = Int(nextDecision - turnsFrom)
      if taken < turns.count {
        let count = min(turns.count - taken, out.count - done)
        for place in 0..<count {
          out[done + place] = turns[taken + place]
          propensities?[done + place] = 1
          arms[Int(turns[taken + place])].decisions &+= 1
        }
        done += count
        nextDecision += Int64(count)
        if taken + count == turns.count { planTurns() }
        continue
      }
      let rest = UnsafeMutableBufferPointer(rebasing: out[done...])
      try currentPlan().decide(
        DecisionBatch(
          first: nextDecision, count: rest.count,
          contexts: contexts.map { $0 + done * settings.features }), arms: rest,
        propensities: propensities.map { UnsafeMutableBufferPointer(rebasing: $0[done...]) })
      countDecisions(rest)
      nextDecision += Int64(rest.count)
      done = out.count
    }
    if let pending {
      for row in 0..<out.count {
        let id = first + Int64(row)
        if pending.hasForeign { pending.remove(id) }
        pending.insert(
          PendingDecisions.Entry(id: id, arm: out[row]),
          context: contexts.map { $0 + row * settings.features })
      }
    }
    return first
  }

  private func countDecisions(_ chosen: UnsafeMutableBufferPointer<Int32>) {
    arms.withUnsafeMutableBufferPointer { arms in
      // Runs of one arm are counted together: deterministic policies have nothing else.
      var row = 0
      while row < chosen.count {
        let arm = chosen[row]
        var end = row + 1
        while end < chosen.count, chosen[end] == arm { end += 1 }
        arms[Int(arm)].decisions &+= Int64(end - row)
        row = end
      }
    }
  }

  /// The next decision alone, not yet counted; ``settle(_:isPlayed:)`` must follow.
  func preview(_ context: UnsafeBufferPointer<Double>?) throws(PlauditError) -> Int32 {
    let plan = currentPlan()
    try plan.checkArms()
    let taken = Int(nextDecision - turnsFrom)
    if taken < turns.count { return turns[taken] }
    var arm: Int32 = 0
    let batch = DecisionBatch(first: nextDecision, count: 1, contexts: context?.baseAddress)
    try withUnsafeMutablePointer(to: &arm) { pointer throws(PlauditError) in
      try plan.decide(
        batch, arms: UnsafeMutableBufferPointer(start: pointer, count: 1), propensities: nil)
    }
    return arm
  }

  /// Counts the decision that was previewed, or leaves its arm as if it had not been chosen. The
  /// number is used up.
  func settle(_ arm: Int32, isPlayed: Bool) {
    let isTurn = Int(nextDecision - turnsFrom) < turns.count
    if isPlayed { arms[Int(arm)].decisions &+= 1 }
    nextDecision += 1
    if isTurn { planTurns() }
  }

  /// What the next decision is made from, in each context or without: scores of the policy and
  /// probabilities, `[count, armCount]`. See ``DecisionPlan``.
  ///
  /// - Throws: as ``decide(contexts:arms:propensities:)``.
  package func judge(
    contexts: UnsafeBufferPointer<Double>?, rows: Int,
    scores: UnsafeMutableBufferPointer<Double>?,
    probabilities: UnsafeMutableBufferPointer<Double>?
  ) throws(PlauditError) {
    let contexts = try settings.checked(contexts, rows: rows)
    let plan = currentPlan()
    if probabilities != nil { try plan.checkArms() }
    let turn = nextDecision - turnsFrom < turns.count ? turns[Int(nextDecision - turnsFrom)] : nil
    for row in 0..<rows {
      let context = contexts.map { $0 + row * settings.features }
      if let scores {
        for (arm, score) in plan.scores(context).enumerated() {
          scores[row * armCount + arm] = score
        }
      }
      guard let probabilities else { continue }
      var shares = [Double](repeating: 0, count: armCount)
      if let turn { shares[Int(turn)] = 1 } else { shares = try plan.probabilities(context) }
      for (arm, share) in shares.enumerated() { probabilities[row * armCount + arm] = share }
    }
  }

  /// The coefficients of an arm's linear model.
  ///
  /// - Throws: `unsupported` for other policies; `invalidArgument` without such a live arm.
  package func coefficients(of arm: Int32) throws(PlauditError) -> [Double] {
    guard settings.policy.isLinear else {
      throw PlauditError(.unsupported, "only LinUCB and LinTS have coefficients")
    }
    guard arm >= 0, arm < arms.count, let factor = arms[Int(arm)].factor else {
      throw PlauditError(.invalidArgument, unknown(arm))
    }
    return factor.coefficients()
  }

  /// The state as it is now, for decisions on any number of threads.
  package func snapshot() -> BanditSnapshot { BanditSnapshot(currentPlan()) }
}

extension BanditSettings {
  /// Whether all numbers are finite and at most 1e100, asked of eight at once.
  private static func areModest(_ values: UnsafeBufferPointer<Double>) -> Bool {
    guard let base = values.baseAddress else { return true }
    let raw = UnsafeRawPointer(base)
    var isModest = SIMDMask<SIMD8<Int64>>(repeating: true)
    let whole = values.count & ~7
    let (low, high) = (SIMD8<Double>(repeating: -1e100), SIMD8<Double>(repeating: 1e100))
    for cell in stride(from: 0, to: whole, by: 8) {
      let numbers = raw.loadUnaligned(fromByteOffset: cell * 8, as: SIMD8<Double>.self)
      isModest .&= (numbers .>= low) .& (numbers .<= high)
    }
    return all(isModest) && values[whole...].allSatisfy { $0.magnitude <= 1e100 }
  }

  /// The contexts of some rows, checked; nil where the policy wants none.
  func checked(
    _ contexts: UnsafeBufferPointer<Double>?, rows: Int
  ) throws(PlauditError) -> UnsafePointer<Double>? {
    guard policy.isLinear else {
      guard contexts == nil else {
        throw PlauditError(
          .shape, "this policy looks at no context; LinUCB and LinTS do")
      }
      return nil
    }
    guard let contexts else {
      if rows == 0 { return nil }
      throw PlauditError(.shape, "contexts of \(features) features are needed, there are none")
    }
    let (cells, overflow) = rows.multipliedReportingOverflow(by: features)
    guard !overflow, contexts.count == cells else {
      throw PlauditError(
        .shape, "contexts have \(contexts.count) numbers, \(rows) rows of \(features) are needed")
    }
    if BanditSettings.areModest(contexts) { return contexts.baseAddress }
    for cell in 0..<contexts.count where !(contexts[cell].magnitude <= 1e100) {
      let (row, feature) = cell.quotientAndRemainder(dividingBy: features)
      throw PlauditError(
        contexts[cell].isFinite ? .outOfRange : .notFinite,
        "feature \(feature) is \(contexts[cell]), allowed are numbers up to 1e100",
        index: Int64(row))
    }
    return contexts.baseAddress
  }
}
