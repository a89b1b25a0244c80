package import PlauditCore

extension Bandit {
  /// Learns from rewards of arms that were played, row by row.
  ///
  /// - Parameters:
  ///   - contexts: those of the decisions, `[count, features]`, for linear policies only.
  /// - Throws: `invalidData` with the row for an arm that is not there, or a reward that is none;
  ///   `notFinite`, `outOfRange` with the row; `shape`; `outOfMemory`.
  package func learn(
    arms numbers: UnsafeBufferPointer<Int32>, contexts: UnsafeBufferPointer<Double>?,
    rewards values: UnsafeBufferPointer<Double>
  ) throws(PlauditError) {
    guard numbers.count == values.count else {
      throw PlauditError(
        .shape, "there are \(numbers.count) arms and \(values.count) rewards")
    }
    let contexts = try settings.checked(contexts, rows: numbers.count)
    try check(values)
    for row in 0..<numbers.count {
      try checkLive(numbers[row], row)
    }
    try claimFactors()
    if settings.policy.isLinear, let contexts {
      let features = settings.features
      try absorb(
        numbers.count, arm: { Int(numbers[$0]) }, reward: { values[$0] },
        context: { contexts + $0 * features })
    } else {
      let isWorker = settings.worker > 0
      arms.withUnsafeMutableBufferPointer { arms in
        for row in 0..<numbers.count {
          let arm = Int(numbers[row])
          arms[arm].tally.add(values[row])
          if isWorker { arms[arm].fresh.add(values[row]) }
        }
      }
    }
    rewards &+= Int64(numbers.count)
    learnt()
  }

  /// Learns from rewards of decisions that wait for one, by their numbers; each has one.
  ///
  /// - Parameter skippingUnknown: leaves out, and counts, rewards of decisions that do not wait:
  ///   rewarded before, forgotten, of an arm that was removed, or never made.
  /// - Returns: how many were left out.
  /// - Throws: `invalidState` when decisions are not remembered; `invalidData` with the row for such
  ///   a decision; as ``learn(arms:contexts:rewards:)`` for rewards.
  package func reward(
    decisions ids: UnsafeBufferPointer<Int64>, rewards values: UnsafeBufferPointer<Double>,
    skippingUnknown: Bool
  ) throws(PlauditError) -> Int {
    guard let pending else {
      throw PlauditError(
        .invalidState, "decisions are not remembered: set pending_limit, or learn by arm")
    }
    guard ids.count == values.count else {
      throw PlauditError(
        .shape, "there are \(ids.count) decisions and \(values.count) rewards")
    }
    try check(values)
    try claimFactors()
    // The slots of decisions, and the rewards of those that are known.
    let room = try Bytes(count: ids.count * 16)
    let found = UnsafeMutableRawBufferPointer(rebasing: room.mutable[..<(ids.count * 8)])
      .bindMemory(to: Int.self)
    let kept = UnsafeMutableRawBufferPointer(rebasing: room.mutable[(ids.count * 8)...])
      .bindMemory(to: Double.self)
    defer { withExtendedLifetime(room) {} }
    var skipped = 0
    for row in 0..<ids.count {
      if let slot = pending.find(ids[row]), pending[slot].arm >= 0 {
        pending.mark(slot)
        found[row] = slot
        continue
      }
      found[row] = -1
      if skippingUnknown {
        skipped += 1
        continue
      }
      for before in 0..<row where found[before] >= 0 { pending.mark(found[before]) }
      throw PlauditError(
        .invalidData, "decision \(ids[row]) does not wait for a reward", index: Int64(row))
    }
    if settings.policy.isLinear {
      var rows = 0
      for row in 0..<ids.count where found[row] >= 0 {
        (found[rows], kept[rows]) = (found[row], values[row])
        rows += 1
      }
      do throws(PlauditError) {
        try absorb(
          rows, arm: { Int(~pending[found[$0]].arm) }, reward: { kept[$0] },
          context: { pending.context(found[$0]) })
      } catch {
        for row in 0..<rows { pending.mark(found[row]) }
        throw error
      }
    } else {
      let isWorker = settings.worker > 0
      for row in 0..<ids.count where found[row] >= 0 {
        let arm = Int(~pending[found[row]].arm)
        arms[arm].tally.add(values[row])
        if isWorker { arms[arm].fresh.add(values[row]) }
      }
    }
    for row in 0..<ids.count { pending.removeMarked(ids[row]) }
    rewards &+= Int64(ids.count - skipped)
    learnt()
    return skipped
  }

  /// Remembers decisions made elsewhere, as on a snapshot, so that their rewards may come by number,
  /// and counts them.
  ///
  /// - Throws: `invalidState` when decisions are not remembered; `invalidData` with the row for an arm
  ///   that is not there or a number that waits already or is named twice; `shape`, `notFinite`.
  package func remember(
    decisions ids: UnsafeBufferPointer<Int64>, arms numbers: UnsafeBufferPointer<Int32>,
    contexts: UnsafeBufferPointer<Double>?
  ) throws(PlauditError) {
    guard let pending else {
      throw PlauditError(.invalidState, "decisions are not remembered: set pending_limit")
    }
    let contexts = try settings.checked(contexts, rows: ids.count)
    var seen = Set<Int64>()
    for row in 0..<ids.count {
      try checkLive(numbers[row], row)
      guard ids[row] >= 0, pending.find(ids[row]) == nil, seen.insert(ids[row]).inserted else {
        throw PlauditError(
          .invalidData, "decision \(ids[row]) waits for a reward already, or is negative",
          index: Int64(row))
      }
    }
    for row in 0..<ids.count {
      pending.insert(
        PendingDecisions.Entry(id: ids[row], arm: numbers[row]),
        context: contexts.map { $0 + row * settings.features })
      arms[Int(numbers[row])].decisions &+= 1
    }
    if !ids.isEmpty { pending.hasForeign = true }
    learnt()
  }

  /// - Throws: with the row, for an arm that cannot have been played.
  func checkLive(_ arm: Int32, _ row: Int) throws(PlauditError) {
    guard arm >= 0, arm < arms.count, arms[Int(arm)].isLive else {
      throw PlauditError(.invalidData, unknown(arm), index: Int64(row))
    }
  }

  /// - Throws: with the row, for what is no reward.
  func check(_ values: UnsafeBufferPointer<Double>) throws(PlauditError) {
    let isOutcome = settings.reward == .bernoulli
    let isShare = settings.policy == .klUCB
    // Eight at once, up to the first eight with one that is none.
    var row = 0
    if let base = values.baseAddress {
      let raw = UnsafeRawPointer(base)
      let (low, high): (SIMD8<Double>, SIMD8<Double>) =
        isShare ? (.zero, .one) : (.init(repeating: -1e100), .init(repeating: 1e100))
      while row + 8 <= values.count {
        let eight = raw.loadUnaligned(fromByteOffset: row * 8, as: SIMD8<Double>.self)
        let are =
          isOutcome
          ? (eight .== .zero) .| (eight .== .one) : (eight .>= low) .& (eight .<= high)
        guard all(are) else { break }
        row += 8
      }
    }
    for row in row..<values.count {
      let value = values[row]
      if isOutcome ? value == 0 || value == 1 : value.magnitude <= 1e100 {
        if !isShare || (value >= 0 && value <= 1) { continue }
      }
      guard value.isFinite else {
        throw PlauditError(.notFinite, "the reward is \(value)", index: Int64(row))
      }
      let allowed = isOutcome ? "are 0 and 1" : isShare ? "are 0 to 1" : "are numbers up to 1e100"
      throw PlauditError(
        isOutcome ? .invalidData : .outOfRange, "the reward is \(value), allowed \(allowed)",
        index: Int64(row))
    }
  }

  /// Makes copies of the models that a snapshot still looks at.
  private func claimFactors() throws(PlauditError) {
    guard settings.policy.isLinear else { return }
    dropPlan()
    for number in arms.indices where arms[number].isLive {
      if !isKnownUniquelyReferenced(&arms[number].factor), let shared = arms[number].factor {
        arms[number].factor = try RidgeFactor(copying: shared)
      }
    }
  }

  /// Learns some rows of linear models. An arm with many of them takes them at once, which differs
  /// from one at a time in the last digits only.
  @inline(__always)
  private func absorb(
    _ count: Int, arm: (Int) -> Int, reward: (Int) -> Double,
    context: (Int) -> UnsafePointer<Double>?
  ) throws(PlauditError) {
    let features = settings.features
    let scratch = try Bytes(count: (features + 1) * 8)
    defer { withExtendedLifetime(scratch) {} }
    guard let room = scratch.mutable.bindMemory(to: Double.self).baseAddress else { return }
    var counts: [Int] = []
    if RidgeBatches.pays(count, features: features) {
      counts = [Int](repeating: 0, count: arms.count)
      for row in 0..<count { counts[arm(row)] += 1 }
    }
    let memory = try RidgeBatches.memory(counts: counts, features: features)
    defer { withExtendedLifetime(memory) {} }
    let batches = RidgeBatches(counts: counts, features: features, in: memory)
    let packed = try batches.map { _ throws(PlauditError) in try RidgeSums(features: features) }
    let full = try batches.map { _ throws(PlauditError) in try RidgeSums(features: features) }
    let isWorker = settings.worker > 0
    arms.withUnsafeMutableBufferPointer { arms in
      for row in 0..<count {
        let number = arm(row)
        let value = reward(row)
        arms[number].tally.add(value)
        if isWorker { arms[number].fresh.add(value) }
        guard let x = context(row) else { continue }
        if let batches, batches.add(number, x, reward: value) { continue }
        arms[number].factor?.absorb(x, reward: value, scratch: room)
        arms[number].freshSums?.absorb(x, reward: value)
      }
    }
    guard let batches, let packed, let full else { return }
    for (number, arm) in arms.enumerated() {
      guard let factor = arm.factor else { continue }
      batches.finish(
        number, factor, arm.freshSums, ridge: settings.ridge, packed: packed, room: full)
    }
  }
}
