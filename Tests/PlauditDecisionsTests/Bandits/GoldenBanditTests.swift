import Foundation
import PlauditCore
import PlauditDecisions
import Testing

/// Every case of the golden group bandit at its own tolerance. Where a library is known to be wrong,
/// its number stands beside under its name and is no target.
struct GoldenBanditTests {
  @Test func `every golden case is met`() throws {
    let cases = try Reference.cases("decisions_bandits_golden", Case.self)
    for given in cases {
      let (rtol, atol) = (given.tolerance.rtol, given.tolerance.atol)
      func expect(_ key: String, _ got: [Double]) throws {
        let wanted = try #require(given.expected[key], "\(given.id) has no \(key)").numbers
        #expect(isClose(got, wanted, rtol: rtol, atol: atol), "\(given.id) \(key): \(got)")
      }
      switch given.id {
      case "bandit_ucb1":
        let bandit = try learnt(.ucb1, given) { $0.exploration = given.number("alpha") }
        let index = try bandit.judge().scores
        for arm in 0..<3 { try expect("\(arm + 1)", [index[arm]]) }
        try expect("choice", [Double(bandit.decide(1).arms[0]) + 1])
      case "bandit_thompson_beta":
        let bandit = try learnt(.thompson, given)
        try expect("prob_best", bandit.judge().probabilities)
        let tallies = (0..<3).map { bandit.tally(of: $0) }
        try expect("alpha", tallies.map { 1 + $0.sum })
        try expect("beta", tallies.map { 1 + Double($0.plays) - $0.sum })
      case "bandit_softmax":
        let bandit = try Bandit.make(.softmax) { $0.temperature = given.number("tau") }
        try learnMeans(bandit, given.numbers("means"))
        try expect("p", bandit.judge().probabilities)
      case "bandit_kl_ucb":
        let bandit = try Bandit.make(.klUCB)
        try learnMeans(bandit, given.numbers("mean"))
        try expect("index", bandit.judge().scores)
      case "bandit_linucb_a1p0_l1p0", "bandit_linucb_a1p25_l0p5": try linear(given, expect)
      case "bandit_linucb_cold_arm":
        let bandit = try Bandit.make(.linUCB, arms: 1) {
          $0.features = 3
          $0.exploration = given.number("alpha")
          $0.ridge = given.number("l2_lambda")
        }
        try expect("correct", bandit.judge(given.numbers("x")).scores)
      case "bandit_min_weight_floor":
        try expect(
          "p", withMinimumTraffic(given.numbers("weights"), floor: given.number("floor")))
      case "bandit_ucb1_cold_arm":
        let bandit = try learnt(.ucb1, given)
        try expect("correct_first_choice", [Double(bandit.decide(1).arms[0]) + 1])
      case "off_policy_evaluation":
        let found = try estimate(given)
        try expect("ips", [found.inversePropensity.value])
        try expect("snips", [found.selfNormalised.value])
        try expect("dm", [found.directMethod.value])
        try expect("dr", [found.doublyRobust.value])
        try expect("ess", [found.effectiveSampleSize])
      default: Issue.record("\(given.id) is not compared")
      }
    }
    #expect(cases.count == 10)
  }

  /// The same through the decisions and the sampler, as the notes of the cases ask.
  @Test func `Thompson draws as often as its arms are best`() throws {
    let given = try #require(
      try Reference.cases("decisions_bandits_golden", Case.self)
        .first { $0.id == "bandit_thompson_beta" })
    let bandit = try learnt(.thompson, given)
    let count = 200_000
    let decisions = try bandit.decide(count)
    for (arm, share) in (given.expected["prob_best"]?.numbers ?? []).enumerated() {
      let found = Double(decisions.arms.count { $0 == Int32(arm) }) / Double(count)
      let error = (share * (1 - share) / Double(count)).squareRoot()
      #expect((found - share).magnitude < 4 * error, "arm \(arm): \(found)")
    }
  }

  /// gbstats counts places 1 and 2 of the sorted columns instead of 0 and 1.
  @Test func `top-two weights of costs go to the lowest two`() throws {
    let draws = [1.0, 2, 3, 1, 3, 2, 1, 2, 3]
    func weights(_ lowerIsBetter: Bool) throws -> [Double] {
      try draws.withUnsafeBufferPointer {
        try topTwoWeights($0, arms: 3, lowerIsBetter: lowerIsBetter)
      }
    }
    #expect(isClose(try weights(true), [3.0 / 6, 2.0 / 6, 1.0 / 6], rtol: 1e-15))
    #expect(isClose(try weights(false), [0, 3.0 / 6, 3.0 / 6], rtol: 1e-15))
  }

  /// MABWiser gives it index 0 and never plays it.
  @Test func `UCB1 plays a cold arm and comes back to it`() throws {
    let bandit = try Bandit.make(.ucb1)
    try bandit.learn([0, 0, 1, 1], [1, 0, 0, 1])
    var plays = 0
    for _ in 0..<50 {
      let arm = try bandit.decide(1).arms[0]
      if arm == 2 { plays += 1 }
      try bandit.learn([arm], [1])
    }
    #expect(plays > 10)
  }

  private func learnt(
    _ policy: BanditSettings.Policy, _ given: Case,
    _ change: (inout BanditSettings) -> Void = { _ in }
  ) throws -> Bandit {
    let bandit = try Bandit.make(policy, change)
    try bandit.learn(
      given.numbers("decisions").map { Int32($0) - 1 }, given.numbers("rewards"))
    return bandit
  }

  /// Four rewards an arm with the given means.
  private func learnMeans(_ bandit: Bandit, _ means: [Double]) throws {
    for (arm, mean) in means.enumerated() {
      let wins = Int((mean * 4).rounded())
      let rewards = (0..<4).map { $0 < wins ? 1.0 : 0 }
      try bandit.learn([Int32](repeating: Int32(arm), count: 4), rewards)
    }
  }

  private func linear(_ given: Case, _ expect: (String, [Double]) throws -> Void) throws {
    let bandit = try Bandit.make(.linUCB, arms: 2) {
      $0.features = 3
      $0.exploration = given.number("alpha")
      $0.ridge = given.number("l2_lambda")
    }
    try bandit.learn(
      given.numbers("decisions").map { Int32($0) - 1 }, given.numbers("rewards"),
      contexts: given.numbers("contexts"))
    let query = given.numbers("query")
    var choices: [Double] = []
    for row in 0..<query.count / 3 {
      let context = Array(query[row * 3..<row * 3 + 3])
      try expect("index.\(row)", bandit.judge(context).scores)
      choices.append(Double(try bandit.decide(1, contexts: context).arms[0]) + 1)
    }
    try expect("choice", choices)
    for arm in 0..<2 { try expect("theta.\(arm + 1)", bandit.coefficients(of: Int32(arm))) }
  }

  private func estimate(_ given: Case) throws -> OffPolicyEstimate {
    let actions = given.numbers("action").map { Int32($0) }
    return try actions.withUnsafeBufferPointer { actions in
      try given.numbers("reward").withUnsafeBufferPointer { rewards in
        try given.numbers("propensity").withUnsafeBufferPointer { propensities in
          try given.numbers("pi_eval").withUnsafeBufferPointer { target in
            try given.numbers("q_hat").withUnsafeBufferPointer { predicted in
              try OffPolicyEstimate(
                actions: actions, rewards: rewards, propensities: propensities, target: target,
                predicted: predicted, arms: 3)
            }
          }
        }
      }
    }
  }
}

/// Numbers, however nested, in order; objects are reached by `key.key`.
private struct Case: Decodable {
  struct Tolerance: Decodable { let rtol, atol: Double }

  let id: String
  let input: [String: Value]
  let expected: [String: Value]
  let tolerance: Tolerance

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    id = try container.decode(String.self, forKey: .id)
    input = try container.decode(Value.self, forKey: .input).members("")
    expected = try container.decode(Value.self, forKey: .expected).members("")
    tolerance = try container.decode(Tolerance.self, forKey: .tolerance)
  }

  private enum Key: CodingKey { case id, input, expected, tolerance }

  func numbers(_ key: String) -> [Double] { input[key]?.numbers ?? [] }
  func number(_ key: String) -> Double { numbers(key).first ?? .nan }

  indirect enum Value: Decodable {
    case number(Double)
    case list([Value])
    case object([String: Value])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let list = try? container.decode([Value].self) {
        self = .list(list)
      } else {
        self = .object(try container.decode([String: Value].self))
      }
    }

    var numbers: [Double] {
      switch self {
      case .number(let number): [number]
      case .list(let list): list.flatMap(\.numbers)
      case .object(let object): object.sorted { $0.key < $1.key }.flatMap(\.value.numbers)
      }
    }

    /// Every value by its path; lists of objects count from 0.
    func members(_ prefix: String) -> [String: Value] {
      var found: [String: Value] = prefix.isEmpty ? [:] : [prefix: self]
      func enter(_ key: String, _ value: Value) {
        found.merge(value.members(prefix.isEmpty ? key : "\(prefix).\(key)")) { one, _ in one }
      }
      switch self {
      case .number: break
      case .list(let list):
        for (index, value) in list.enumerated() { enter("\(index)", value) }
      case .object(let object): for (key, value) in object { enter(key, value) }
      }
      return found
    }
  }
}
