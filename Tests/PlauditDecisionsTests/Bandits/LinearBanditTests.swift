import PlauditCore
import PlauditDecisions
import Testing

struct LinearBanditTests {
  private struct Case: Decodable {
    let features: Int
    let ridge, alpha: Double
    let contexts: [[Double]]
    let rewards: [Double]
    let query: [[Double]]
    let theta, index: [Double]
  }

  /// Contexts that vary, in −1...1.
  private func contexts(_ rows: Int, _ features: Int, seed: UInt64 = 1) -> [Double] {
    var random = RandomSource(seed: seed)
    return (0..<rows * features).map { _ in 2 * random.uniform() - 1 }
  }

  private func bandit(
    _ policy: BanditSettings.Policy, arms: Int = 4, features: Int = 5,
    _ change: (inout BanditSettings) -> Void = { _ in }
  ) throws -> Bandit {
    try Bandit.make(policy, arms: arms) {
      $0.features = features
      $0.reward = .real
      $0.seed = 5
      change(&$0)
    }
  }

  @Test func `one feature is a shrunken mean`() throws {
    let bandit = try bandit(.linUCB, arms: 1, features: 1) { $0.ridge = 2 }
    try bandit.learn([0, 0], [3, 5], contexts: [1, 1])
    // A = 2 + 2, b = 8.
    #expect(isClose(try bandit.coefficients(of: 0), [2], rtol: 1e-15))
    #expect(isClose(try bandit.judge([1]).scores, [2.5], rtol: 1e-15))
  }

  @Test func `coefficients and bounds are numpy's`() throws {
    for given in try Reference.cases("decisions_bandits_linear", Case.self) {
      let bandit = try bandit(.linUCB, arms: 1, features: given.features) {
        $0.ridge = given.ridge
        $0.exploration = given.alpha
      }
      try bandit.learn(
        [Int32](repeating: 0, count: given.rewards.count), given.rewards,
        contexts: given.contexts.flatMap { $0 })
      // A's condition number is a few hundred at most.
      #expect(isClose(try bandit.coefficients(of: 0), given.theta, rtol: 1e-11, atol: 1e-13))
      for (row, query) in given.query.enumerated() {
        #expect(isClose(try bandit.judge(query).scores[0], given.index[row], rtol: 1e-11))
      }
    }
  }

  @Test(arguments: [BanditSettings.Policy.linUCB, .linTS])
  func `a batch decides as single calls do`(_ policy: BanditSettings.Policy) throws {
    let (whole, single) = (try bandit(policy), try bandit(policy))
    let given = contexts(61, 5)
    var rewards: [Double] = []
    for round in 0..<3 {
      let all = try whole.decide(61, contexts: given)
      var arms: [Int32] = []
      for row in 0..<61 {
        let one = try single.decide(1, contexts: Array(given[row * 5..<row * 5 + 5]))
        arms.append(one.arms[0])
        #expect(isClose(one.propensities[0], all.propensities[row], rtol: 1e-9))
      }
      #expect(all.arms == arms)
      rewards = arms.enumerated().map { Double($1) * 0.1 + Double(($0 + round) % 5) }
      try whole.learn(arms, rewards, contexts: given)
      for row in 0..<61 {
        try single.learn(
          [arms[row]], [rewards[row]], contexts: Array(given[row * 5..<row * 5 + 5]))
      }
    }
    // A batch takes many rows of an arm at once.
    for arm in 0..<4 {
      let (one, other) = (
        try whole.coefficients(of: Int32(arm)), try single.coefficients(of: Int32(arm))
      )
      #expect(isClose(one, other, rtol: 1e-11, atol: 1e-12))
    }
  }

  @Test func `a snapshot stays as it was`() throws {
    let bandit = try bandit(.linUCB)
    let given = contexts(40, 5)
    try bandit.learn((0..<40).map { Int32($0 % 4) }, (0..<40).map(Double.init), contexts: given)
    let snapshot = bandit.snapshot()
    let before = try snapshot.decide(0, 40, contexts: given)
    for _ in 0..<50 {
      try bandit.learn([0], [-100], contexts: [1, 1, 1, 1, 1])
    }
    #expect(try snapshot.decide(0, 40, contexts: given) == before)
    #expect(try bandit.snapshot().decide(0, 40, contexts: given) != before)
  }

  @Test func `LinTS draws as often as it says`() throws {
    let bandit = try bandit(.linTS, arms: 3, features: 2) { $0.floor = 0.05 }
    let given = contexts(12, 2)
    try bandit.learn(
      (0..<12).map { Int32($0 % 3) }, (0..<12).map { Double($0 % 4) }, contexts: given)
    let context = [0.5, -0.4]
    let shares = try bandit.judge(context).probabilities
    #expect(isClose(shares.reduce(0, +), 1, rtol: 1e-12))
    let count = 20_000
    let arms = try bandit.snapshot().decideArms(
      count, contexts: (0..<count).flatMap { _ in context })
    for arm in 0..<3 {
      let found = Double(arms.count { $0 == Int32(arm) }) / Double(count)
      let error = (shares[arm] * (1 - shares[arm]) / Double(count)).squareRoot()
      #expect((found - shares[arm]).magnitude < 4.5 * error, "\(arm): \(found), \(shares[arm])")
    }
  }

  @Test func `costs mirror rewards`() throws {
    let (high, low) = (
      try bandit(.linUCB), try bandit(.linUCB) { $0.lowerIsBetter = true }
    )
    let given = contexts(40, 5)
    let rewards = (0..<40).map { Double($0 % 7) }
    let arms = (0..<40).map { Int32($0 % 4) }
    try high.learn(arms, rewards, contexts: given)
    try low.learn(arms, rewards.map { -$0 }, contexts: given)
    #expect(try high.decide(40, contexts: given).arms == low.decide(40, contexts: given).arms)
    let (one, other) = (try high.judge([1, 0, 0, 0, 1]), try low.judge([1, 0, 0, 0, 1]))
    #expect(one.scores == other.scores.map { -$0 })
  }

  @Test func `contexts of another width and what is no number are refused`() throws {
    let bandit = try bandit(.linUCB)
    #expect(failure { _ = try bandit.decide(2, contexts: [1, 2, 3]) }?.kind == .shape)
    #expect(failure { _ = try bandit.decide(2) }?.kind == .shape)
    var given = contexts(3, 5)
    given[11] = .nan
    let error = failure { _ = try bandit.decide(3, contexts: given) }
    #expect(error?.kind == .notFinite && error?.index == 2)
    given[11] = 1e101
    let large = failure { try bandit.learn([0, 0, 0], [1, 1, 1], contexts: given) }
    #expect(large?.kind == .outOfRange && large?.index == 2)
    #expect(failure { try bandit.learn([0], [1]) }?.kind == .shape)
    #expect(
      failure { _ = try Bandit.make(.ucb1).decide(1, contexts: [1]) }?.kind == .shape)
    #expect(failure { _ = try Bandit.make(.linUCB) }?.kind == .outOfRange)
    #expect(failure { _ = try Bandit.make(.ucb1) { $0.features = 2 } }?.kind == .outOfRange)
    #expect(failure { _ = try Bandit.make(.ucb1).coefficients(of: 0) }?.kind == .unsupported)
  }
}

extension BanditSnapshot {
  /// Without propensities.
  func decideArms(_ count: Int, contexts: [Double]?) throws -> [Int32] {
    var arms = [Int32](repeating: -1, count: count)
    try arms.withUnsafeMutableBufferPointer { arms in
      try borrow(contexts) {
        try decide(first: 1_000, contexts: $0, arms: arms, propensities: nil)
      }
    }
    return arms
  }
}
