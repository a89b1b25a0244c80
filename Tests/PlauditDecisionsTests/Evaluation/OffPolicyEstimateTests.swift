import PlauditCore
import PlauditDecisions
import Testing

struct OffPolicyEstimateTests {
  private struct Case: Decodable {
    let arms: Int
    let cap: Double?
    let actions: [Int32]
    let rewards, propensities: [Double]
    let target: [[Double]]
    let predicted: [[Double]]
    let ips, snips, dm, dr, logged: [Double]
    let ess, maximum: Double
    let capped: Int
  }

  private func estimate(
    _ actions: [Int32], _ rewards: [Double], _ propensities: [Double], _ target: [Double],
    _ predicted: [Double]? = nil, arms: Int, cap: Double = .infinity
  ) throws -> OffPolicyEstimate {
    var options = OffPolicyEstimate.Options()
    options.weightCap = cap
    return try actions.withUnsafeBufferPointer { actions in
      try rewards.withUnsafeBufferPointer { rewards in
        try propensities.withUnsafeBufferPointer { propensities in
          try target.withUnsafeBufferPointer { target in
            try borrow(predicted) {
              try OffPolicyEstimate(
                actions: actions, rewards: rewards, propensities: propensities, target: target,
                predicted: $0, arms: arms, options: options)
            }
          }
        }
      }
    }
  }

  @Test func `judging the logged policy gives what it earned`() throws {
    let found = try estimate(
      [0, 1, 1, 0], [1, 2, 3, 4], [0.5, 0.5, 0.5, 0.5], [Double](repeating: 0.5, count: 8), arms: 2)
    #expect(found.inversePropensity.value == 2.5 && found.selfNormalised.value == 2.5)
    #expect(found.logged.value == 2.5 && found.effectiveSampleSize == 4)
    #expect(found.doublyRobust.value.isNaN && found.cappedRows == 0)
  }

  @Test func `estimates and errors are numpy's`() throws {
    for given in try Reference.cases("decisions_bandits_off_policy", Case.self) {
      let found = try estimate(
        given.actions, given.rewards, given.propensities, given.target.flatMap { $0 },
        given.predicted.flatMap { $0 }, arms: given.arms, cap: given.cap ?? .infinity)
      let pairs = [
        (found.inversePropensity, given.ips), (found.selfNormalised, given.snips),
        (found.directMethod, given.dm), (found.doublyRobust, given.dr),
        (found.logged, given.logged),
      ]
      for (value, wanted) in pairs {
        let got = [
          value.value, value.standardError, value.interval.lower, value.interval.upper,
        ]
        // Sums of hundreds of terms in another order.
        #expect(isClose(got, wanted, rtol: 1e-12, atol: 1e-14))
      }
      #expect(isClose(found.effectiveSampleSize, given.ess, rtol: 1e-13))
      #expect(isClose(found.maximumWeight, given.maximum, rtol: 1e-14))
      #expect(found.cappedRows == given.capped)
    }
  }

  @Test func `intervals hold the true value as often as they say`() throws {
    let rates = [0.1, 0.3, 0.6]
    let (logged, target) = ([0.5, 0.3, 0.2], [0.1, 0.2, 0.7])
    let truth = zip(rates, target).reduce(0) { $0 + $1.0 * $1.1 }
    let runs = 400
    var covered = [0, 0, 0]
    for run in 0..<runs {
      var random = RandomSource(seed: 6, stream: UInt64(run))
      var (actions, rewards) = ([Int32](), [Double]())
      for _ in 0..<500 {
        let point = random.uniform()
        let arm = point < 0.5 ? 0 : point < 0.8 ? 1 : 2
        actions.append(Int32(arm))
        rewards.append(random.uniform() < rates[arm] ? 1 : 0)
      }
      let found = try estimate(
        actions, rewards, actions.map { logged[Int($0)] }, actions.flatMap { _ in target },
        actions.flatMap { _ in [0.2, 0.2, 0.5] }, arms: 3)
      for (index, value) in [
        found.inversePropensity, found.selfNormalised, found.doublyRobust,
      ].enumerated() where value.interval.lower <= truth && truth <= value.interval.upper {
        covered[index] += 1
      }
    }
    for count in covered {
      // 0.95 of 400 with a standard error of 0.011.
      #expect((0.91...0.985).contains(Double(count) / Double(runs)), "\(covered)")
    }
  }

  @Test func `bad logs are refused with their row`() throws {
    func expect(_ kind: PlauditError.Kind, row: Int64, _ body: () throws -> Void) {
      let error = failure(body)
      #expect(error?.kind == kind && error?.index == row, "\(String(describing: error))")
    }
    let even = [0.5, 0.5, 0.5, 0.5]
    expect(.undefined, row: -1) { _ = try estimate([], [], [], [], arms: 2) }
    expect(.shape, row: -1) { _ = try estimate([0], [1], [1], [1, 0, 0], arms: 2) }
    expect(.shape, row: -1) { _ = try estimate([0], [1, 2], [1], [1, 0], arms: 2) }
    expect(.invalidData, row: 1) { _ = try estimate([0, 2], [1, 1], [1, 1], even, arms: 2) }
    expect(.invalidData, row: 1) { _ = try estimate([0, 1], [1, 1], [1, 0], even, arms: 2) }
    expect(.notFinite, row: 0) { _ = try estimate([0, 1], [1, 1], [.nan, 1], even, arms: 2) }
    expect(.notFinite, row: 1) { _ = try estimate([0, 1], [1, .nan], [1, 1], even, arms: 2) }
    expect(.invalidData, row: 0) {
      _ = try estimate([0, 1], [1, 1], [1, 1], [0.5, 0.6, 0.5, 0.5], arms: 2)
    }
    expect(.invalidData, row: 1) {
      _ = try estimate([0, 1], [1, 1], [1, 1], [0.5, 0.5, 1.5, -0.5], arms: 2)
    }
    expect(.notFinite, row: 1) {
      _ = try estimate([0, 1], [1, 1], [1, 1], even, [0, 0, 0, .nan], arms: 2)
    }
    expect(.outOfRange, row: -1) { _ = try estimate([0], [1], [1], [1, 0], arms: 2, cap: 0) }
    let nothing = try estimate([0, 0], [1, 1], [1, 1], [0, 1, 0, 1], arms: 2)
    #expect(nothing.selfNormalised.value.isNaN && nothing.inversePropensity.value == 0)
    #expect(nothing.effectiveSampleSize == 0)
  }
}
