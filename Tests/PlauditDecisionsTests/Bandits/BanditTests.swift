import PlauditCore
import PlauditDecisions
import Testing

struct BanditTests {
  typealias Policy = BanditSettings.Policy
  static let plainPolicies = Policy.allCases.filter { !$0.isLinear }

  // MARK: By hand

  @Test func `epsilon-greedy explores with epsilon, which falls`() throws {
    let constant = try Bandit.make(.epsilonGreedy, arms: 4) { $0.epsilon = 0.2 }
    try constant.learn([0, 1, 2, 3], [0, 1, 0, 0])
    #expect(isClose(try constant.judge().probabilities, [0.05, 0.85, 0.05, 0.05], rtol: 1e-15))
    let falling = try Bandit.make(.epsilonGreedy, arms: 4) {
      $0.epsilon = 0.2
      $0.epsilonDecay = 0.25
    }
    try falling.learn([0, 1, 2, 3], [0, 1, 0, 0])
    #expect(isClose(try falling.judge().probabilities, [0.025, 0.925, 0.025, 0.025], rtol: 1e-15))
  }

  @Test func `arms are first played in turn`() throws {
    let bandit = try Bandit.make(.ucb1) { $0.firstPlays = 2 }
    let decisions = try bandit.decide(6)
    #expect(decisions.arms == [0, 1, 2, 0, 1, 2])
    #expect(decisions.propensities == [1, 1, 1, 1, 1, 1])
    #expect(decisions.first == 0)
  }

  /// Not all of the traffic: an arm whose rewards come late, or never, would take it for ever.
  @Test func `an arm that waits for its first reward has a fair share`() throws {
    let bandit = try Bandit.make(.ucb1, arms: 4)
    try bandit.learn([0, 1, 2], [1, 0, 0])
    #expect(try bandit.decide(1).arms == [3])
    #expect(isClose(try bandit.judge().probabilities, [0.75, 0, 0, 0.25], rtol: 1e-15))
    let rest = try bandit.decide(4000)
    #expect((900...1100).contains(rest.arms.count { $0 == 3 }))
    #expect(Set(rest.propensities) == [0.75, 0.25])
  }

  @Test func `the floor is mixed in`() throws {
    let bandit = try Bandit.make(.ucb1, arms: 4) { $0.floor = 0.05 }
    try bandit.learn([0, 1, 2, 3], [1, 0, 0, 0])
    #expect(isClose(try bandit.judge().probabilities, [0.85, 0.05, 0.05, 0.05], rtol: 1e-15))
    let all = try Bandit.make(.thompson, arms: 4) { $0.floor = 0.3 }
    #expect(try all.judge().probabilities == [0.25, 0.25, 0.25, 0.25])
  }

  @Test func `tallies keep their digits far from zero`() throws {
    let bandit = try Bandit.make(.thompson) { $0.reward = .real }
    try bandit.learn([0, 0, 0, 0], [4, 7, 13, 16].map { $0 + 1e9 })
    #expect(bandit.tally(of: 0).variance == 30)
    #expect(bandit.tally(of: 0).mean == 1e9 + 10)
  }

  // MARK: Laws

  private func learnt(
    _ policy: Policy, _ change: (inout BanditSettings) -> Void = { _ in }
  ) throws -> Bandit {
    let bandit = try Bandit.make(policy, arms: 5) {
      $0.seed = 77
      change(&$0)
    }
    var random = RandomSource(seed: 3)
    let arms = (0..<60).map { Int32($0 % 5) }
    try bandit.learn(
      arms, arms.map { random.uniform() < 0.2 + 0.1 * Double($0) ? 1 : 0 })
    return bandit
  }

  @Test(arguments: plainPolicies, [BanditSettings.Reward.bernoulli, .real])
  func `arms are played as often as propensities say`(
    _ policy: Policy, _ reward: BanditSettings.Reward
  ) throws {
    let bandit = try learnt(policy) {
      $0.reward = reward
      $0.floor = 0.02
    }
    let shares = try bandit.judge().probabilities
    #expect(isClose(shares.reduce(0, +), 1, rtol: 1e-12))
    let count = 30_000
    let decisions = try bandit.decide(count)
    var seen = [Int](repeating: 0, count: 5)
    for arm in decisions.arms { seen[Int(arm)] += 1 }
    #expect(decisions.propensities == decisions.arms.map { shares[Int($0)] })
    for arm in 0..<5 {
      let found = Double(seen[arm]) / Double(count)
      let error = (shares[arm] * (1 - shares[arm]) / Double(count)).squareRoot()
      #expect((found - shares[arm]).magnitude < 4.5 * error, "\(arm): \(found), \(shares[arm])")
    }
  }

  @Test(arguments: plainPolicies)
  func `a batch decides as single calls do, from the first decision on`(
    _ policy: Policy
  ) throws {
    let (whole, single) = (
      try Bandit.make(policy) { $0.seed = 9 }, try Bandit.make(policy) { $0.seed = 9 }
    )
    for round in 0..<20 {
      let all = try whole.decide(7)
      let each = try (0..<7).map { _ in try single.decide(1) }
      #expect(all.arms == each.flatMap(\.arms))
      #expect(all.propensities == each.flatMap(\.propensities))
      let rewards = all.arms.map { Double((Int($0) + round) % 2) }
      try whole.learn(all.arms, rewards)
      for (arm, reward) in zip(all.arms, rewards) { try single.learn([arm], [reward]) }
    }
    #expect(try whole.stateBytes() == single.stateBytes())
  }

  @Test(arguments: plainPolicies)
  func `decisions are a function of seed, state and number`(_ policy: Policy) throws {
    let snapshot = try learnt(policy) { $0.floor = 0.1 }.snapshot()
    let all = try snapshot.decide(1_000, 101)
    for first in [0, 1, 50, 77] {
      let part = try snapshot.decide(1_000 + Int64(first), 101 - first)
      #expect(part.arms == Array(all.arms[first...]))
    }
    let again = try learnt(policy) {
      $0.floor = 0.1
      $0.seed = 78
    }.snapshot()
    #expect(try again.decide(1_000, 101).arms != all.arms)
  }

  @Test(arguments: [Policy.thompson, .topTwo], [6, 40])
  func `a large batch decides as small ones do`(_ policy: Policy, _ arms: Int) throws {
    for rewards in [0, 1, 40, 4000] {
      let bandit = try Bandit.make(policy, arms: arms) { $0.seed = 5 }
      for arm in 0..<arms {
        let count = rewards / (arm + 1)
        try bandit.learn(
          [Int32](repeating: Int32(arm), count: count),
          (0..<count).map { $0 % (arm + 2) == 0 ? 1 : 0 })
      }
      let snapshot = bandit.snapshot()
      let large = try snapshot.decideArms(6000, contexts: nil)
      let small = try (0..<60).flatMap { try snapshot.decide(1000 + 100 * Int64($0), 100).arms }
      #expect(large == small)
    }
  }

  /// 40 arms are drawn, not played by their probabilities.
  @Test(arguments: [Policy.thompson, .topTwo], [BanditSettings.Reward.bernoulli, .real])
  func `draws are as often highest as the quadrature says`(
    _ policy: Policy, _ reward: BanditSettings.Reward
  ) throws {
    let bandit = try Bandit.make(policy, arms: 40) { $0.reward = reward }
    for arm in 0..<40 {
      let count = 10 + 7 * arm
      try bandit.learn(
        [Int32](repeating: Int32(arm), count: count),
        (0..<count).map { $0 % (3 + arm % 5) == 0 ? 1 : 0 })
    }
    let count = 3_000
    let decisions = try bandit.decide(count)
    let shares = try bandit.judge().probabilities
    #expect(decisions.propensities == decisions.arms.map { shares[Int($0)] })
    for arm in 0..<40 {
      let plays = Double(decisions.arms.count { $0 == Int32(arm) })
      let expected = shares[arm] * Double(count)
      #expect((plays - expected).magnitude < 5 * (expected + 1).squareRoot(), "\(arm)")
    }
  }

  /// Beta posteriors with a parameter of at most 1 are drawn by an algorithm of their own.
  @Test(arguments: [Policy.thompson, .topTwo], [0.01, 0.3, 1])
  func `arms without a success or without a failure are drawn by their law`(
    _ policy: Policy, _ prior: Double
  ) throws {
    for isWinning in [false, true] {
      let bandit = try Bandit.make(policy, arms: 36) {
        $0.priorSuccesses = prior
        $0.priorFailures = prior
      }
      for arm in 0..<36 {
        let successes = arm < 4 ? (isWinning ? 10 : 0) : 2
        try bandit.learn(
          [Int32](repeating: Int32(arm), count: 10), (0..<10).map { $0 < successes ? 1 : 0 })
      }
      let count = 20_000
      let decisions = try bandit.decide(count)
      let shares = try bandit.judge().probabilities
      for arm in 0..<36 {
        let plays = Double(decisions.arms.count { $0 == Int32(arm) })
        let expected = shares[arm] * Double(count)
        #expect((plays - expected).magnitude < 5 * (expected + 1).squareRoot(), "\(arm)")
      }
    }
  }

  @Test(arguments: Policy.allCases)
  func `an arm added late is played, and one removed is not`(_ policy: Policy) throws {
    let bandit = try Bandit.make(policy) {
      $0.features = policy.isLinear ? 2 : 0
      $0.reward = policy == .klUCB ? .bernoulli : .real
    }
    func context(_ rows: Int) -> [Double]? {
      policy.isLinear ? (0..<rows * 2).map { Double($0 % 3) + 1 } : nil
    }
    func rewards(_ arms: [Int32]) -> [Double] {
      arms.map { policy == .klUCB ? 1 : 50 + Double($0) + Double(bandit.nextDecision % 3) }
    }
    for _ in 0..<30 {
      let arms = try bandit.decide(10, contexts: context(10)).arms
      try bandit.learn(arms, rewards(arms), contexts: context(10))
    }
    let late = try bandit.add(arm: "late")
    try bandit.remove(arm: 1)
    var plays = 0
    for _ in 0..<30 {
      let arms = try bandit.decide(10, contexts: context(10)).arms
      plays += arms.count { $0 == late }
      #expect(!arms.contains(1))
      try bandit.learn(arms, rewards(arms), contexts: context(10))
    }
    #expect(plays > 0 && bandit.decisions(for: Int(late)) == plays)
    #expect(try bandit.judge(context(1)).probabilities[1] == 0)
    #expect(try bandit.judge(context(1)).scores[1].isNaN)
    #expect(try bandit.add(arm: "arm 1") == 4)
  }

  @Test(arguments: plainPolicies)
  func `costs mirror rewards`(_ policy: Policy) throws {
    let low = try learnt(policy) { $0.lowerIsBetter = true }
    let high = try Bandit.make(policy, arms: 5) { $0.seed = 77 }
    for arm in 0..<5 {
      let tally = low.tally(of: arm)
      let successes = Int(tally.sum)
      let rewards = (0..<Int(tally.plays)).map { $0 < successes ? 0.0 : 1 }
      try high.learn([Int32](repeating: Int32(arm), count: rewards.count), rewards)
    }
    let (one, other) = (try low.judge(), try high.judge())
    #expect(isClose(one.probabilities, other.probabilities, rtol: 1e-9, atol: 1e-15))
    #expect(isClose(one.scores.map { 1 - $0 }, other.scores, rtol: 1e-12))
  }

  @Test func `rewards may come late, in any order, by the decision's number`() throws {
    let (late, prompt) = (
      try Bandit.make(.thompson) { $0.pendingLimit = 100 }, try Bandit.make(.thompson)
    )
    let decisions = try late.decide(60)
    #expect(try prompt.decide(60).arms == decisions.arms)
    #expect(late.pendingCount == 60)
    let ids = (0..<60).map { Int64(($0 * 7) % 60) }
    try late.reward(ids, ids.map { Double($0 % 2) })
    try prompt.learn(decisions.arms, (0..<60).map { Double($0 % 2) })
    #expect(late.pendingCount == 0 && late.rewards == 60)
    #expect(try late.judge().probabilities == prompt.judge().probabilities)
  }

  @Test func `what waits longest is forgotten, and counted`() throws {
    let bandit = try Bandit.make(.thompson) { $0.pendingLimit = 10 }
    _ = try bandit.decide(1000)
    #expect(bandit.pendingCount == 10 && bandit.forgotten == 990)
    try bandit.reward((990..<1000).map(Int64.init), [Double](repeating: 1, count: 10))
    #expect(failure { try bandit.reward([5], [1]) }?.kind == .invalidData)
    #expect(try bandit.reward([5, 999, 77], [1, 0, 1], skipping: true) == 3)
    try bandit.remember([5, 1 << 40, 6], [0, 1, 2])
    #expect(try bandit.reward([6, 5, 1 << 40], [1, 1, 1], skipping: false) == 0)
  }

  @Test func `the table of waiting decisions finds any numbers`() throws {
    let bandit = try Bandit.make(.thompson) { $0.pendingLimit = 8192 }
    var random = RandomSource(seed: 1)
    var waiting: [Int64] = []
    for round in 0..<200 {
      let ids = (0..<37).map { index in
        round % 2 == 0 ? Int64(random.next() >> 1) : Int64(round) << 30 + Int64(index) * 64
      }
      try bandit.remember(ids, ids.map { _ in Int32(round % 3) })
      waiting += ids
      random.shuffle(&waiting)
      let rewarded = Array(waiting.suffix(30))
      waiting.removeLast(30)
      try bandit.reward(rewarded, rewarded.map { _ in 1 })
    }
    #expect(bandit.pendingCount == waiting.count && bandit.forgotten == 0)
  }

  // MARK: Refusals

  @Test func `a bandit without arms cannot decide`() throws {
    let bandit = try Bandit.make(.thompson, arms: 0)
    #expect(failure { _ = try bandit.decide(1) }?.kind == .invalidState)
    #expect(failure { _ = try bandit.snapshot().decide(0, 1) }?.kind == .invalidState)
    try bandit.add(arm: "one")
    #expect(try bandit.decide(3).arms == [0, 0, 0])
    try bandit.remove(arm: 0)
    #expect(failure { _ = try bandit.decide(0) }?.kind == .invalidState)
  }

  @Test func `bad rewards are refused with their row, and nothing of the batch is learnt`() throws {
    let bandit = try Bandit.make(.thompson) { $0.pendingLimit = 10 }
    let before = try bandit.stateBytes()
    func expect(_ kind: PlauditError.Kind, row: Int64, _ body: () throws -> Void) {
      let error = failure(body)
      #expect(error?.kind == kind && error?.index == row)
    }
    expect(.notFinite, row: 1) { try bandit.learn([0, 1], [1, .nan]) }
    expect(.invalidData, row: 1) { try bandit.learn([0, 1], [1, 0.5]) }
    expect(.invalidData, row: 1) { try bandit.learn([0, 3], [1, 1]) }
    expect(.invalidData, row: 0) { try bandit.learn([-1, 3], [1, 1]) }
    expect(.invalidData, row: 0) { try bandit.reward([0], [1]) }
    expect(.invalidData, row: 0) { try bandit.remember([0], [7]) }
    expect(.invalidData, row: 1) { try bandit.remember([0, 0], [1, 1]) }
    expect(.invalidData, row: 0) { try bandit.remember([-1], [1]) }
    #expect(failure { try bandit.learn([0, 1], [1]) }?.kind == .shape)
    #expect(try bandit.stateBytes() == before)
    _ = try bandit.decide(3)
    let waiting = try bandit.stateBytes()
    expect(.invalidData, row: 2) { try bandit.reward([0, 1, 0], [1, 1, 1]) }
    expect(.notFinite, row: 1) { try bandit.reward([0, 1], [1, .infinity]) }
    #expect(try bandit.stateBytes() == waiting)
    let real = try Bandit.make(.klUCB) { $0.reward = .real }
    expect(.outOfRange, row: 0) { try real.learn([0], [1.5]) }
    let wide = try Bandit.make(.ucb1) { $0.reward = .real }
    expect(.outOfRange, row: 0) { try wide.learn([0], [1e101]) }
    #expect(failure { try wide.reward([0], [1]) }?.kind == .invalidState)
  }

  @Test func `bad arms and settings are refused`() throws {
    let bandit = try Bandit.make(.thompson)
    #expect(failure { try bandit.add(arm: "arm 1") }?.kind == .invalidArgument)
    #expect(failure { try bandit.add(arm: "") }?.kind == .invalidArgument)
    #expect(failure { try bandit.remove(arm: 3) }?.kind == .invalidArgument)
    try bandit.remove(arm: 2)
    #expect(failure { try bandit.remove(arm: 2) }?.kind == .invalidArgument)
    #expect(failure { try bandit.learn([2], [1]) }?.message.contains("was removed") == true)
    let bad: [(String, (inout BanditSettings) -> Void)] = [
      ("epsilon", { $0.epsilon = 1.5 }), ("epsilon_decay", { $0.epsilonDecay = -1 }),
      ("temperature", { $0.temperature = 0 }), ("exploration", { $0.exploration = .nan }),
      ("prior_successes", { $0.priorSuccesses = 0 }), ("prior_failures", { $0.priorFailures = -1 }),
      ("noise_variance", { $0.noiseVariance = -1 }), ("top_two_share", { $0.topTwoShare = 2 }),
      ("ridge", { $0.ridge = 0 }), ("floor", { $0.floor = .nan }),
      ("first_plays", { $0.firstPlays = -1 }), ("pending_limit", { $0.pendingLimit = -1 }),
      ("worker", { $0.worker = 1 << 20 }), ("prior_variance", { $0.priorVariance = 1 }),
    ]
    for (name, change) in bad {
      let error = failure { _ = try Bandit.make(.thompson, change) }
      #expect(error?.message.contains(name) == true, "\(name)")
    }
    #expect(failure { _ = try Bandit(BanditSettings(), arms: ["a", "b", "a"]) }?.index == 2)
    #expect(failure { _ = try withMinimumTraffic([1, .nan], floor: 0) }?.index == 1)
    #expect(failure { _ = try withMinimumTraffic([0, 0], floor: 0) }?.kind == .undefined)
    #expect(failure { _ = try withMinimumTraffic([1], floor: 2) }?.kind == .outOfRange)
    #expect(failure { _ = try bandit.snapshot().decide(-1, 1) }?.kind == .outOfRange)
    #expect(failure { _ = try bandit.snapshot().decide(.max, 2) }?.kind == .outOfRange)
  }
}
