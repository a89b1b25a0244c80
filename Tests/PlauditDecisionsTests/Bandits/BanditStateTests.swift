import PlauditCore
import PlauditDecisions
import Testing

struct BanditStateTests {
  /// A bandit in the middle of its work.
  private func busy(_ policy: BanditSettings.Policy, worker: Int = 0) throws -> Bandit {
    let bandit = try Bandit.make(policy, arms: 4) {
      $0.features = policy.isLinear ? 3 : 0
      $0.pendingLimit = 20
      $0.worker = worker
      $0.seed = 11
      $0.floor = 0.02
    }
    for round in 0..<5 {
      let decisions = try bandit.decide(9, contexts: context(9, policy))
      let ids = (0..<6).map { decisions.first + Int64($0) }
      try bandit.reward(ids, ids.map { Double(($0 + Int64(round)) % 2) })
    }
    try bandit.remove(arm: 1)
    try bandit.add(arm: "naïve ☕")
    return bandit
  }

  private func context(_ rows: Int, _ policy: BanditSettings.Policy) -> [Double]? {
    policy.isLinear ? (0..<rows * 3).map { Double($0 % 5) - 2 } : nil
  }

  @Test func `the frame is as documented`() throws {
    let bytes = try Bandit.make(.thompson, arms: 0).stateBytes()
    #expect(Array(bytes[..<8]) == Array("PLBANDIT".utf8))
    #expect(Array(bytes[8..<16]) == [1, 0, 0, 0, 1, 0, 0, 0])
    #expect(Int(bytes[16]) | Int(bytes[17]) << 8 == bytes.count - 32)
  }

  @Test(arguments: BanditSettings.Policy.allCases)
  func `a loaded bandit goes on as the saved one`(_ policy: BanditSettings.Policy) throws {
    for worker in [0, 7] {
      let bandit = try busy(policy, worker: worker)
      let bytes = try bandit.stateBytes()
      let loaded = try Bandit.load(bytes)
      #expect(try loaded.stateBytes() == bytes)
      #expect(loaded.pendingCount == bandit.pendingCount)
      for _ in 0..<4 {
        let one = try bandit.decide(8, contexts: context(8, policy))
        #expect(try loaded.decide(8, contexts: context(8, policy)) == one)
        let ids = [one.first - 3, one.first + 1]
        try bandit.reward(ids, [1, 0], skipping: true)
        try loaded.reward(ids, [1, 0], skipping: true)
      }
      #expect(try loaded.stateBytes() == bandit.stateBytes())
    }
  }

  @Test func `a worker that begins with a hub's state keeps none of its own things`() throws {
    let worker = try Bandit.load(busy(.thompson).stateBytes(), worker: 3)
    #expect(worker.pendingCount == 0 && worker.nextDecision == 3 << 40)
    let hub = try busy(.thompson)
    #expect(worker.tally(of: 0).plays == hub.tally(of: 0).plays)
  }

  @Test(arguments: [BanditSettings.Policy.thompson, .linUCB])
  func `every cut and every flipped bit is noticed`(_ policy: BanditSettings.Policy) throws {
    let bytes = try busy(policy, worker: 2).stateBytes()
    for count in 0..<bytes.count {
      #expect(failure { _ = try Bandit.load(Array(bytes[..<count])) }?.kind == .corrupt)
    }
    #expect(failure { _ = try Bandit.load(bytes + [0]) }?.kind == .corrupt)
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8(place % 8)
      let error = failure { _ = try Bandit.load(damaged) }
      #expect(error?.kind == ((8..<12).contains(place) ? .unsupported : .corrupt), "\(place)")
    }
  }

  /// Whoever can compute the checksum may still not crash a reader.
  @Test(arguments: [BanditSettings.Policy.topTwo, .linTS])
  func `forged states are refused or load`(_ policy: BanditSettings.Policy) throws {
    let bytes = try busy(policy, worker: 2).stateBytes()
    var random = RandomSource(seed: 4)
    var loaded = 0
    for _ in 0..<600 {
      var forged = bytes
      for _ in 0..<1 + Int(random.next(below: 3)) {
        let place = 24 + Int(random.next(below: UInt64(bytes.count - 32)))
        let width = Int(random.next(below: 8))
        for offset in place..<min(place + 1 + width, bytes.count - 8) {
          forged[offset] =
            [0, 1, 127, 255, UInt8(truncatingIfNeeded: random.next())][
              Int(random.next(below: 5))]
        }
      }
      guard let bandit = try? Bandit.load(sealed(forged)) else { continue }
      loaded += 1
      _ = try? bandit.decide(20, contexts: context(20, policy))
      _ = try? bandit.stateBytes()
    }
    #expect(loaded > 0)
  }

  @Test func `another version and another kind are refused by name`() throws {
    let worker = try busy(.thompson, worker: 1)
    var bytes = try worker.stateBytes()
    bytes[8] = 2
    let error = failure { _ = try Bandit.load(sealed(bytes)) }
    #expect(error?.kind == .unsupported && error?.message.contains("version 2") == true)
    let delta = try worker.deltaBytes()
    let kind = failure { _ = try Bandit.load(delta) }
    #expect(kind?.kind == .invalidArgument && kind?.message.contains("delta") == true)
    #expect(failure { try worker.merge(worker.stateBytes()) }?.kind == .invalidArgument)
  }

  private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes.dropLast(8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return bytes.dropLast(8) + (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * $0)) }
  }
}
