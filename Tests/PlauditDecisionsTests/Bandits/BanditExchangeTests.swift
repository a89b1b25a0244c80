import PlauditCore
import PlauditDecisions
import Testing

struct BanditExchangeTests {
  private func make(
    _ policy: BanditSettings.Policy, worker: Int, arms: [String] = ["a", "b", "c"]
  ) throws -> Bandit {
    var settings = BanditSettings()
    settings.policy = policy
    settings.features = policy.isLinear ? 4 : 0
    settings.reward = .real
    settings.ridge = 0.5
    settings.worker = worker
    return try Bandit(settings, arms: arms)
  }

  private func rows(_ seed: UInt64, _ count: Int) -> ([Int32], [Double], [Double]) {
    var random = RandomSource(seed: seed)
    return (
      (0..<count).map { _ in Int32(random.next(below: 3)) },
      (0..<count).map { _ in random.normal() + 100 },
      (0..<count * 4).map { _ in random.normal() }
    )
  }

  @Test(arguments: [BanditSettings.Policy.thompson, .linUCB])
  func `what workers learnt adds up to the whole`(_ policy: BanditSettings.Policy) throws {
    let (hub, whole) = (try make(policy, worker: 0), try make(policy, worker: 0))
    let workers = try (1...3).map { try make(policy, worker: $0) }
    for round in 0..<4 {
      for (index, worker) in workers.enumerated() {
        let (arms, rewards, contexts) = rows(UInt64(round * 3 + index), 50)
        try worker.learn(arms, rewards, contexts: policy.isLinear ? contexts : nil)
        try whole.learn(arms, rewards, contexts: policy.isLinear ? contexts : nil)
        try hub.merge(worker.deltaBytes())
      }
      for worker in workers { try worker.refresh(hub.stateBytes()) }
    }
    #expect(hub.rewards == 600 && workers[0].rewards == 600)
    for bandit in [hub, workers[1]] {
      for arm in 0..<3 {
        let (one, other) = (bandit.tally(of: arm), whole.tally(of: arm))
        #expect(one.plays == other.plays)
        #expect(isClose(one.mean, other.mean, rtol: 1e-13))
        #expect(isClose(one.variance, other.variance, rtol: 1e-11))
        guard policy.isLinear else { continue }
        let (got, wanted) = (
          try bandit.coefficients(of: Int32(arm)), try whole.coefficients(of: Int32(arm))
        )
        #expect(isClose(got, wanted, rtol: 1e-9, atol: 1e-10))
      }
    }
  }

  @Test func `no delta counts twice, none is left out`() throws {
    let (hub, worker) = (try make(.thompson, worker: 0), try make(.thompson, worker: 5))
    var deltas: [[UInt8]] = []
    for _ in 0..<3 {
      try worker.learn([0, 1], [1, 2])
      deltas.append(try worker.deltaBytes())
    }
    try hub.merge(deltas[0])
    let before = try hub.stateBytes()
    let again = failure { try hub.merge(deltas[0]) }
    #expect(again?.kind == .invalidState && again?.message.contains("before") == true)
    #expect(failure { try hub.merge(deltas[2]) }?.kind == .invalidState)
    #expect(try hub.stateBytes() == before)
    // The hub remembers across a restart.
    let restarted = try Bandit.load(before)
    #expect(failure { try restarted.merge(deltas[0]) }?.kind == .invalidState)
    try restarted.merge(deltas[1])
    try restarted.merge(deltas[2])
    #expect(restarted.tally(of: 0).plays == 3 && restarted.rewards == 6)
  }

  @Test func `what is learnt between sending and refreshing is kept`() throws {
    let (hub, worker) = (try make(.linUCB, worker: 0), try make(.linUCB, worker: 1))
    let (arms, rewards, contexts) = rows(1, 30)
    try worker.learn(arms, rewards, contexts: contexts)
    try hub.merge(worker.deltaBytes())
    let (more, theirs, where_) = rows(2, 10)
    try worker.learn(more, theirs, contexts: where_)
    let before = (try worker.coefficients(of: 0), worker.tally(of: 0).plays)
    try worker.refresh(hub.stateBytes())
    #expect(worker.tally(of: 0).plays == before.1)
    #expect(isClose(try worker.coefficients(of: 0), before.0, rtol: 1e-9, atol: 1e-10))
  }

  @Test func `arms are matched by name`() throws {
    let hub = try make(.ucb1, worker: 0, arms: ["a", "b", "old"])
    let worker = try make(.ucb1, worker: 1, arms: ["b", "a", "old", "new"])
    try hub.remove(arm: 2)
    try worker.learn([0, 0, 1, 2, 3], [1, 1, 5, 9, 7])
    try hub.merge(worker.deltaBytes())
    #expect(hub.tally(of: 1).sum == 2 && hub.tally(of: 0).sum == 5)
    #expect(hub.armCount == 4 && hub.name(of: 3) == "new" && hub.tally(of: 3).sum == 7)
    #expect(hub.rewards == 4)
    try worker.refresh(hub.stateBytes())
    #expect(!worker.isLive(2) && worker.tally(of: 0).sum == 2 && worker.armCount == 4)
  }

  @Test func `decisions of workers have numbers and bits of their own`() throws {
    let workers = try (1...3).map { try make(.thompson, worker: $0) }
    let decisions = try workers.map { worker in
      try worker.learn([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 1, 2])
      return try worker.decide(40)
    }
    #expect(decisions.map(\.first) == [1 << 40, 2 << 40, 3 << 40])
    #expect(Set(decisions.map(\.arms)).count == 3)
  }

  @Test func `what does not fit is refused`() throws {
    let (hub, worker) = (try make(.thompson, worker: 0), try make(.linUCB, worker: 1))
    #expect(failure { _ = try hub.delta() }?.kind == .invalidState)
    #expect(failure { try hub.merge(worker.deltaBytes()) }?.kind == .invalidArgument)
    #expect(failure { try worker.refresh(hub.stateBytes()) }?.kind == .invalidArgument)
    #expect(failure { try hub.merge([1, 2, 3]) }?.kind == .corrupt)
    let bytes = try worker.deltaBytes()
    for count in stride(from: 0, to: bytes.count, by: 7) {
      #expect(failure { try hub.merge(Array(bytes[..<count])) }?.kind == .corrupt)
    }
  }
}
