import PlauditCore
import PlauditDecisions
import Testing

/// Regret on simulated arms, beside that of plain numpy versions of the same policies.
struct RegretTests {
  private struct Case: Decodable {
    let policy: String
    let mean, error: Double
  }

  private static let rates = [0.10, 0.15, 0.20, 0.30, 0.45]

  private func bandit(_ name: String, seed: UInt64) throws -> Bandit {
    var settings = BanditSettings()
    settings.seed = seed
    switch name {
    case "epsilon-greedy": settings.policy = .epsilonGreedy
    case "epsilon-decaying":
      settings.policy = .epsilonGreedy
      settings.epsilon = 1
      settings.epsilonDecay = 0.02
    case "softmax":
      settings.policy = .softmax
      settings.temperature = 0.05
    case "ucb1": settings.policy = .ucb1
    case "kl-ucb": settings.policy = .klUCB
    case "thompson": settings.policy = .thompson
    case "top-two": settings.policy = .topTwo
    default:
      settings.reward = .real
      settings.noiseVariance = 0.25
    }
    return try Bandit(settings, arms: ["a", "b", "c", "d", "e"])
  }

  /// The regret of each run, at half time and at the end.
  private func simulate(_ name: String, runs: Int, horizon: Int) throws -> [(Double, Double)] {
    let rates = Self.rates
    return try (0..<runs).map { run in
      let bandit = try bandit(name, seed: UInt64(run))
      var random = RandomSource(seed: 99, stream: UInt64(run))
      var (regret, half) = (0.0, 0.0)
      for step in 0..<horizon {
        let arm = try bandit.decide(1).arms[0]
        let rate = rates[Int(arm)]
        let reward =
          bandit.settings.reward == .real
          ? rate + 0.5 * random.normal() : random.uniform() < rate ? 1 : 0
        try bandit.learn([arm], [reward])
        regret += 0.45 - rate
        if step + 1 == horizon / 2 { half = regret }
      }
      return (half, regret)
    }
  }

  @Test func `regret is that of the references, and grows ever slower`() throws {
    for given in try Reference.cases("decisions_bandits_regret", Case.self)
    where !given.policy.hasPrefix("lin-") {
      let runs = 16
      let results = try simulate(given.policy, runs: runs, horizon: 600)
      let (mean, error) = moments(results.map(\.1))
      let room = 4.5 * (error * error + given.error * given.error).squareRoot()
      #expect(
        (mean - given.mean).magnitude < room, "\(given.policy): \(mean) beside \(given.mean)")
      // Fixed exploration costs the same for ever; the others learn to stop.
      let isFixed = ["epsilon-greedy", "softmax", "top-two"].contains(given.policy)
      let (half, _) = moments(results.map(\.0))
      if !isFixed { #expect(mean - half < 0.9 * half, "\(given.policy): \(half), \(mean)") }
    }
  }

  @Test func `linear policies do as well as numpy's`() throws {
    let theta = [[0.2, 0.5, -0.3], [0.4, -0.4, 0.2], [0.3, 0.1, 0.4]]
    for given in try Reference.cases("decisions_bandits_regret", Case.self)
    where given.policy.hasPrefix("lin-") {
      let results = try (0..<12).map { run in
        var settings = BanditSettings()
        settings.policy = given.policy == "lin-ucb" ? .linUCB : .linTS
        settings.reward = .real
        settings.features = 3
        settings.exploration = 0.3
        settings.seed = UInt64(run)
        let bandit = try Bandit(settings, arms: ["a", "b", "c"])
        var random = RandomSource(seed: 98, stream: UInt64(run))
        var regret = 0.0
        for _ in 0..<400 {
          let x = [1, random.uniform(), random.uniform()]
          let arm = try bandit.decide(1, contexts: x).arms[0]
          let values = theta.map { zip($0, x).reduce(0) { $0 + $1.0 * $1.1 } }
          try bandit.learn(
            [arm], [values[Int(arm)] + 0.3 * random.normal()], contexts: x)
          regret += (values.max() ?? 0) - values[Int(arm)]
        }
        return regret
      }
      let (mean, error) = moments(results)
      let room = 4.5 * (error * error + given.error * given.error).squareRoot()
      #expect(
        (mean - given.mean).magnitude < room, "\(given.policy): \(mean) beside \(given.mean)")
    }
  }

  private func moments(_ values: [Double]) -> (mean: Double, error: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(values.count - 1) / Double(values.count)).squareRoot())
  }
}
