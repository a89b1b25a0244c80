package import PlauditCore

// Several workers, one hub: workers send what they learnt since they last sent it, the hub adds it
// up, and workers take over the hub's state.

extension Bandit {
  /// What this worker learnt since the last delta, for ``merge(delta:)`` of the hub. Deltas are
  /// numbered; the hub takes each once and in order.
  ///
  /// - Throws: `invalidState` for a bandit that is no worker.
  package func delta() throws(PlauditError) -> Bytes {
    let bytes = try Bytes(count: writeDelta(to: nil))
    _ = try writeDelta(to: bytes.mutable.baseAddress)
    deltaIsSent()
    return bytes
  }

  /// What is learnt from now on goes into the next delta.
  package func deltaIsSent() {
    sentDeltas += 1
    for number in arms.indices {
      arms[number].fresh = ArmTally()
      arms[number].freshSums?.clear()
    }
  }

  /// Writes the next delta where there is room for it, without counting it as sent; the number of
  /// bytes, in any case.
  package func writeDelta(to target: UnsafeMutableRawPointer?) throws(PlauditError) -> Int {
    guard settings.worker > 0 else {
      throw PlauditError(
        .invalidState, "this bandit is no worker: give it a worker number above 0")
    }
    var writer = StateWriter(.delta, into: target)
    writer.put(settings.reward.rawValue)
    writer.put(Int64(settings.features))
    writer.put(Int64(settings.worker))
    writer.put(sentDeltas + 1)
    let live = arms.filter(\.isLive)
    writer.put(Int64(live.count))
    for arm in live {
      writer.put(arm.name)
      writer.put(arm.fresh)
      if let base = arm.freshSums?.values.baseAddress {
        writer.put(base, count: RidgeFactor.size(settings.features))
      }
    }
    return writer.finish()
  }

  /// Adds a worker's delta. Arms are matched by name: one that is not here is added, and what was
  /// learnt of one that was removed here is dropped.
  ///
  /// - Throws: `invalidState` when the delta was merged before or an earlier one is missing;
  ///   `invalidArgument` for a delta of another kind of bandit, or a whole state; `corrupt`,
  ///   `unsupported` as for a state; `limit`; `outOfMemory`. The bandit is then as it was.
  package func merge(delta bytes: UnsafeRawBufferPointer) throws(PlauditError) {
    var reader = try StateReader(bytes, kind: .delta)
    let reward: Int32 = try reader.integer()
    let features: Int64 = try reader.integer()
    let worker: Int64 = try reader.integer()
    let number: Int64 = try reader.integer()
    guard reward == settings.reward.rawValue, features == Int64(settings.features) else {
      throw PlauditError(
        .invalidArgument,
        "the delta has rewards of kind \(reward) and \(features) features, this bandit of kind "
          + "\(settings.reward.rawValue) and \(settings.features)")
    }
    let last = mergedDeltas[worker] ?? 0
    guard number == last + 1 else {
      throw PlauditError(
        .invalidState,
        number <= last
          ? "delta \(number) of worker \(worker) was merged before"
          : "delta \(number) of worker \(worker) came before its delta \(last + 1)")
    }
    var parts: [LearntPart] = []
    let count = try reader.count(
      "count of arms", limit: BanditSettings.maximumArms, bytesEach: 32)
    for _ in 0..<count {
      var part = LearntPart(name: try reader.string(), tally: try reader.tally(settings))
      if settings.policy.isLinear {
        let sums = try RidgeSums(features: settings.features)
        try reader.doubles(into: sums.values)
        guard sums.isSound else { throw reader.broken("model") }
        part.sums = sums
      }
      parts.append(part)
    }
    try reader.finish()
    try take(parts)
    mergedDeltas[worker] = number
    stateChanged()
  }

  /// Adds to the arms, all or nothing.
  private func take(_ parts: [LearntPart]) throws(PlauditError) {
    var factors: [RidgeFactor?] = []
    let room = try RidgeSums(features: settings.features)
    for part in parts {
      guard let sums = part.sums, part.tally.plays > 0 else {
        factors.append(nil)
        continue
      }
      let factor: RidgeFactor
      if let known = names[part.name].flatMap({ arms[Int($0)].factor }) {
        factor = try RidgeFactor(copying: known)
      } else {
        factor = try RidgeFactor(features: settings.features, ridge: settings.ridge)
      }
      factor.merge(sums, ridge: settings.ridge, room: room)
      factors.append(factor)
    }
    let everNamed = Set(arms.map(\.name))
    let newcomers = parts.count(where: { !everNamed.contains($0.name) })
    guard arms.count + newcomers <= BanditSettings.maximumArms else {
      throw PlauditError(.limit, "a bandit has at most \(BanditSettings.maximumArms) arms")
    }
    for (part, factor) in zip(parts, factors) {
      if names[part.name] == nil {
        guard !everNamed.contains(part.name) else { continue }
        try add(arm: part.name)
      }
      guard let number = names[part.name] else { continue }
      arms[Int(number)].tally.merge(part.tally)
      if let factor { arms[Int(number)].factor = factor }
      rewards &+= part.tally.plays
    }
  }

  /// Takes over the hub's state, and adds what this worker has learnt since its last delta. What it
  /// sent and the hub had not merged then is missing until the next time. Numbers of arms, decisions
  /// that wait and settings stay this worker's own; arms that the hub removed are removed.
  ///
  /// - Throws: `invalidArgument` for a state of another kind of bandit; as ``init(state:worker:)``.
  package func refresh(state bytes: UnsafeRawBufferPointer) throws(PlauditError) {
    let hub = try Bandit(state: bytes)
    guard hub.settings.reward == settings.reward, hub.settings.features == settings.features,
      hub.settings.ridge == settings.ridge
    else {
      throw PlauditError(
        .invalidArgument, "the state is of a bandit with other rewards, features or ridge")
    }
    let room = try RidgeSums(features: settings.features)
    var fresh: [(number: Int, tally: ArmTally, factor: RidgeFactor?)] = []
    var unknown: [(name: String, tally: ArmTally, factor: RidgeFactor?)] = []
    var gone: [Int] = []
    for arm in hub.arms where arm.isLive {
      guard let number = names[arm.name] else {
        unknown.append((arm.name, arm.tally, arm.factor))
        continue
      }
      let mine = arms[Int(number)]
      var tally = arm.tally
      tally.merge(mine.fresh)
      if let sums = mine.freshSums {
        arm.factor?.merge(sums, ridge: settings.ridge, room: room)
      }
      fresh.append((Int(number), tally, arm.factor))
    }
    for arm in hub.arms where !arm.isLive && hub.names[arm.name] == nil {
      if let number = names[arm.name] { gone.append(Int(number)) }
    }
    guard arms.count + unknown.count <= BanditSettings.maximumArms else {
      throw PlauditError(.limit, "a bandit has at most \(BanditSettings.maximumArms) arms")
    }
    for part in unknown {
      let number = Int(try add(arm: part.name))
      fresh.append((number, part.tally, part.factor))
    }
    for part in fresh {
      arms[part.number].tally = part.tally
      if part.factor != nil { arms[part.number].factor = part.factor }
    }
    for number in gone { retire(number) }
    rewards = arms.reduce(0) { $0 &+ $1.tally.plays }
    stateChanged()
  }
}

/// What a worker learnt of one arm.
private struct LearntPart {
  let name: String
  let tally: ArmTally
  var sums: RidgeSums?
}
