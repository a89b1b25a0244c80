import PlauditCore
import PlauditDecisions
import Testing

struct ReplayTests {
  private func replay(
    _ bandit: Bandit, _ actions: [Int32], _ rewards: [Double], propensities: [Double]? = nil,
    batch: Int = 1, control: RunControl = RunControl()
  ) throws -> (replay: Replay, chosen: [Int32], counted: [UInt8]) {
    var options = Replay.Options()
    options.batch = batch
    var chosen = [Int32](repeating: -1, count: actions.count)
    var counted = [UInt8](repeating: 9, count: actions.count)
    let found = try actions.withUnsafeBufferPointer { actions in
      try rewards.withUnsafeBufferPointer { rewards in
        try borrow(propensities) { propensities in
          try chosen.withUnsafeMutableBufferPointer { chosen in
            try counted.withUnsafeMutableBufferPointer { counted in
              try Replay(
                bandit, actions: actions, contexts: nil, rewards: rewards,
                propensities: propensities, options: options, chosen: chosen, counted: counted,
                control: control)
            }
          }
        }
      }
    }
    return (found, chosen, counted)
  }

  @Test func `only matching rows count`() throws {
    let bandit = try Bandit.make(.ucb1, arms: 2)
    // The first turn is arm 0's, until a row has it; then arm 1's.
    let (found, chosen, counted) = try replay(bandit, [1, 0, 0, 1], [1, 0, 1, 1])
    #expect(chosen == [0, 0, 1, 1] && counted == [0, 1, 0, 1])
    #expect(found.matches == 2 && found.value == 0.5 && bandit.rewards == 2)
    #expect(bandit.tally(of: 0).sum == 0 && bandit.tally(of: 1).sum == 1)
  }

  @Test func `a fixed policy is worth what it earns`() throws {
    // Greedy after much data; the log is random with other propensities.
    let rates = [0.2, 0.6]
    let logged = [0.7, 0.3]
    var random = RandomSource(seed: 5)
    var (actions, rewards) = ([Int32](), [Double]())
    for _ in 0..<20_000 {
      let arm = random.uniform() < logged[0] ? 0 : 1
      actions.append(Int32(arm))
      rewards.append(random.uniform() < rates[arm] ? 1 : 0)
    }
    let bandit = try Bandit.make(.epsilonGreedy, arms: 2) { $0.epsilon = 0.5 }
    try bandit.learn([0, 1], [0, 1])
    let found = try replay(
      bandit, actions, rewards, propensities: actions.map { logged[Int($0)] }, batch: 10
    ).replay
    let truth = 0.25 * 0.2 + 0.75 * 0.6
    #expect((found.value - truth).magnitude < 4.5 * found.standardError, "\(found.value)")
    #expect(found.interval.lower < found.value && found.value < found.interval.upper)
    #expect(found.matches < 20_000 * 6 / 10)
  }

  @Test func `bad logs are refused, and a stop stops`() throws {
    let bandit = try Bandit.make(.thompson, arms: 2)
    func expect(_ kind: PlauditError.Kind, row: Int64, _ body: () throws -> Void) {
      let error = failure(body)
      #expect(error?.kind == kind && error?.index == row)
    }
    expect(.invalidData, row: 1) { _ = try replay(bandit, [0, 2], [1, 1]) }
    expect(.invalidData, row: 1) { _ = try replay(bandit, [0, 1], [1, 2]) }
    expect(.notFinite, row: 0) { _ = try replay(bandit, [0, 1], [.nan, 1]) }
    expect(.invalidData, row: 1) {
      _ = try replay(bandit, [0, 1], [1, 1], propensities: [0.5, 0])
    }
    expect(.shape, row: -1) { _ = try replay(bandit, [0, 1], [1]) }
    expect(.outOfRange, row: -1) { _ = try replay(bandit, [0], [1], batch: 0) }
    let cancellation = Cancellation()
    cancellation.request()
    expect(.cancelled, row: -1) {
      _ = try replay(bandit, [0], [1], control: RunControl(cancellation: cancellation))
    }
    #expect(try replay(bandit, [], []).replay.value.isNaN)
    #expect(
      failure { _ = try replay(try Bandit.make(.thompson, arms: 0), [], []) } == nil)
  }
}
