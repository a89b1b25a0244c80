package import PlauditCore

// The state as bytes: the same state gives the same bytes, on any machine, and a bandit that is
// loaded decides and learns on as the saved one would.

extension Bandit {
  package static let maximumStateBytes = 1 << 34

  /// Settings, arms, and the decisions that wait.
  ///
  /// - Throws: `outOfMemory`.
  package func state() throws(PlauditError) -> Bytes {
    let bytes = try Bytes(count: writeState(to: nil))
    _ = writeState(to: bytes.mutable.baseAddress)
    return bytes
  }

  /// Writes the state where there is room for it; the number of bytes, in any case.
  package func writeState(to target: UnsafeMutableRawPointer?) -> Int {
    var writer = StateWriter(.state, into: target)
    writer.put(settings)
    writer.put(nextDecision)
    writer.put(rewards)
    writer.put(sentDeltas)
    writer.put(Int64(mergedDeltas.count))
    for (worker, delta) in mergedDeltas.sorted(by: { $0.key < $1.key }) {
      writer.put(worker)
      writer.put(delta)
    }
    writer.put(Int64(arms.count))
    for arm in arms {
      writer.put(arm.name)
      writer.put(UInt8(arm.isLive ? 1 : 0))
      writer.put(arm.decisions)
      writer.put(arm.tally)
      writer.put(arm.fresh)
      guard arm.isLive else { continue }
      if let base = arm.factor?.values.baseAddress {
        writer.put(base, count: RidgeFactor.size(settings.features))
      }
      if let base = arm.freshSums?.values.baseAddress {
        writer.put(base, count: RidgeFactor.size(settings.features))
      }
    }
    if let pending {
      writer.put(Int64(pending.made))
      writer.put(pending.forgotten)
      writer.put(UInt8(pending.hasForeign ? 1 : 0))
      writer.put(Int64(pending.count))
      pending.forEach { entry, context, number in
        writer.put(entry.id)
        writer.put(entry.arm)
        writer.put(Int64(number))
        if let context { writer.put(context, count: settings.features) }
      }
    }
    return writer.finish()
  }

  /// A bandit from what ``state()`` gave.
  ///
  /// - Parameter worker: another number, as for a worker that begins with a hub's state: what is its
  ///   own, decisions' numbers, waiting decisions, deltas, then begins anew.
  /// - Throws: `corrupt` with the byte; `unsupported` for another version; `invalidArgument` for a
  ///   delta; `outOfMemory`.
  package convenience init(
    state bytes: UnsafeRawBufferPointer, worker: Int? = nil
  ) throws(PlauditError) {
    var reader = try StateReader(bytes, kind: .state)
    var settings = try reader.settings()
    do throws(PlauditError) {
      try settings.check()
    } catch {
      throw reader.broken("settings")
    }
    let saved = settings.worker
    if let worker { settings.worker = worker }
    let stays = settings.worker == saved
    try self.init(settings)
    let next: Int64 = try reader.integer()
    rewards = try reader.integer()
    let sent: Int64 = try reader.integer()
    guard next >= 0, rewards >= 0, sent >= 0 else { throw reader.broken("count") }
    var merged: [Int64: Int64] = [:]
    for _ in 0..<(try reader.count("count of workers", limit: 1 << 20, bytesEach: 16)) {
      let key: Int64 = try reader.integer()
      merged[key] = try reader.integer()
    }
    mergedDeltas = merged
    if stays { (nextDecision, sentDeltas) = (next, sent) }
    let count = try reader.count(
      "count of arms", limit: BanditSettings.maximumArms, bytesEach: 65)
    for number in 0..<count {
      try arms.append(readArm(&reader, savedWorker: saved, stays: stays))
      let arm = arms[number]
      guard !arm.name.isEmpty, !arm.isLive || names[arm.name] == nil else {
        throw reader.broken("arm's name")
      }
      if arm.isLive { names[arm.name] = Int32(truncatingIfNeeded: number) }
    }
    try readPending(&reader, stays: stays)
    try reader.finish()
    stateChanged()
  }

  private func readArm(
    _ reader: inout StateReader, savedWorker: Int, stays: Bool
  ) throws(PlauditError) -> BanditArm {
    var arm = BanditArm(name: try reader.string())
    arm.isLive = try reader.flag()
    let decisions: Int64 = try reader.integer()
    guard decisions >= 0 else { throw reader.broken("count") }
    arm.decisions = stays ? decisions : 0
    arm.tally = try reader.tally(settings)
    let fresh = try reader.tally(settings)
    if stays { arm.fresh = fresh }
    guard arm.isLive else { return arm }
    try prepare(&arm)
    guard let factor = arm.factor else { return arm }
    try reader.doubles(into: factor.values)
    guard factor.isSound else { throw reader.broken("model") }
    if savedWorker > 0 {
      let sums = try RidgeSums(features: settings.features)
      try reader.doubles(into: sums.values)
      guard sums.isSound else { throw reader.broken("model") }
      if stays { arm.freshSums = sums }
    }
    return arm
  }

  private func readPending(
    _ reader: inout StateReader, stays: Bool
  ) throws(PlauditError) {
    guard let pending else { return }
    let made: Int64 = try reader.integer()
    let forgotten: Int64 = try reader.integer()
    let hasForeign = try reader.flag()
    guard made >= 0, forgotten >= 0 else { throw reader.broken("count") }
    let count = try reader.count(
      "count of waiting decisions", limit: pending.capacity, bytesEach: 20 + 8 * settings.features)
    pending.restore(made: Int(made))
    let context = try Bytes(count: settings.features * 8)
    let numbers = context.mutable.bindMemory(to: Double.self)
    for _ in 0..<count {
      let id: Int64 = try reader.integer()
      let arm: Int32 = try reader.integer()
      let number: Int64 = try reader.integer()
      try reader.doubles(into: numbers)
      guard id >= 0, arm >= 0, arm < arms.count, arms[Int(arm)].isLive,
        numbers.allSatisfy({ $0.magnitude <= 1e100 }),
        pending.restore(
          PendingDecisions.Entry(id: id, arm: arm),
          context: UnsafePointer(numbers.baseAddress), number: Int(number))
      else { throw reader.broken("waiting decision") }
    }
    if stays {
      pending.forgotten = forgotten
      pending.hasForeign = hasForeign
    } else {
      self.pending = try PendingDecisions(
        capacity: settings.pendingLimit, features: settings.features)
    }
  }
}

extension StateWriter {
  mutating func put(_ tally: ArmTally) {
    put(tally.plays)
    put(tally.sum)
    put(tally.deviations)
  }

  mutating func put(_ settings: BanditSettings) {
    put(settings.policy.rawValue)
    put(settings.reward.rawValue)
    put(UInt8(settings.lowerIsBetter ? 1 : 0))
    for value in settings.reals { put(value) }
    put(Int64(settings.features))
    put(Int64(settings.firstPlays ?? -1))
    put(Int64(settings.pendingLimit))
    put(Int64(settings.worker))
    put(settings.seed)
  }
}

extension StateReader {
  mutating func tally(_ settings: BanditSettings) throws(PlauditError) -> ArmTally {
    let plays: Int64 = try integer()
    let (sum, deviations) = (try double(), try double())
    guard let tally = ArmTally(plays: plays, sum: sum, deviations: deviations),
      settings.reward == .real || (sum >= 0 && sum <= Double(plays))
    else { throw broken("arm") }
    return tally
  }

  mutating func settings() throws(PlauditError) -> BanditSettings {
    var settings = BanditSettings()
    guard let policy = BanditSettings.Policy(rawValue: try integer()),
      let reward = BanditSettings.Reward(rawValue: try integer())
    else { throw broken("policy") }
    settings.policy = policy
    settings.reward = reward
    settings.lowerIsBetter = try flag()
    var reals = settings.reals
    for index in reals.indices { reals[index] = try double() }
    settings.reals = reals
    settings.features = try count("count of features", limit: BanditSettings.maximumFeatures)
    let firstPlays: Int64 = try integer()
    settings.firstPlays = firstPlays < 0 ? nil : Int(firstPlays)
    settings.pendingLimit = Int(try integer(Int64.self))
    settings.worker = Int(try integer(Int64.self))
    settings.seed = try integer()
    return settings
  }
}

extension BanditSettings {
  /// Every real setting, in the order of the state.
  fileprivate var reals: [Double] {
    get {
      [
        epsilon, epsilonDecay, temperature, exploration, priorSuccesses, priorFailures,
        noiseVariance, priorMean, priorVariance, topTwoShare, ridge, floor,
      ]
    }
    set {
      guard newValue.count == 12 else { return }
      epsilon = newValue[0]
      epsilonDecay = newValue[1]
      temperature = newValue[2]
      exploration = newValue[3]
      priorSuccesses = newValue[4]
      priorFailures = newValue[5]
      noiseVariance = newValue[6]
      priorMean = newValue[7]
      priorVariance = newValue[8]
      topTwoShare = newValue[9]
      ridge = newValue[10]
      floor = newValue[11]
    }
  }
}
