import PlauditCore
import PlauditStats
import Testing

struct RankTestTests {
  private func mannWhitney(
    _ first: [Double], _ second: [Double], _ exactness: Exactness = .automatic,
    _ alternative: TestAlternative = .twoSided
  ) throws -> TestResult {
    try withColumns(first, second, [Int]?.none) { first, second, _ in
      try RankTest.mannWhitney(
        first, second, alternative: alternative, exactness: exactness, continuity: true,
        confidence: 0.95)
    }
  }

  private func smirnov(
    _ first: [Double], _ second: [Double], _ exactness: Exactness = .automatic,
    _ alternative: TestAlternative = .twoSided
  ) throws -> TestResult {
    try withColumns(first, second, [Int]?.none) { first, second, _ in
      try KolmogorovSmirnovTest.test(
        first, second, alternative: alternative, exactness: exactness)
    }
  }

  // MARK: - By hand

  @Test func `two against two have six orders`() throws {
    let test = try mannWhitney([3, 4], [1, 2])
    #expect(test.statistic == 4 && test.isExact)
    #expect(abs(test.pValue - 2.0 / 6) < 1e-15)
    #expect(test.estimate == 1 && test.effectSize == 1)
    #expect(abs(try mannWhitney([1, 2], [3, 4], .exact, .greater).pValue - 1) < 1e-15)
  }

  @Test func `separate samples have distance one`() throws {
    let test = try smirnov([1, 2, 3], [4, 5, 6])
    #expect(test.statistic == 1)
    #expect(abs(test.pValue - 2.0 / 20) < 1e-15)
    #expect(try smirnov([1, 2], [1, 2]).pValue == 1)
  }

  // MARK: - Law

  @Test func `exact probabilities of all outcomes add up`() throws {
    // P(U >= u) + P(U <= u - 1) = 1, by mirroring the samples.
    var random = RandomSource(seed: 11)
    for _ in 0..<50 {
      let a = (0..<7).map { _ in random.uniform() }
      let b = (0..<11).map { _ in random.uniform() }
      let above = try mannWhitney(a, b, .exact, .greater)
      let below = try mannWhitney(a, b, .exact, .less)
      #expect(above.pValue + below.pValue > 1)
      #expect(try mannWhitney(b, a, .exact, .less).pValue == above.pValue)
      #expect(above.statistic + (try mannWhitney(b, a, .exact, .less)).statistic == 77)
    }
  }

  @Test func `large samples agree with their limits`() throws {
    var random = RandomSource(seed: 12)
    let a = (0..<40).map { _ in random.uniform() }
    let b = (0..<50).map { _ in random.uniform() * 1.1 }
    let (exact, limit) = (try mannWhitney(a, b, .exact), try mannWhitney(a, b, .asymptotic))
    #expect(abs(exact.pValue - limit.pValue) < 5e-3)
    let (walk, series) = (try smirnov(a, b, .exact), try smirnov(a, b, .asymptotic))
    #expect(abs(walk.pValue - series.pValue) < 0.1)
  }

  @Test func `the order of rows is irrelevant`() throws {
    let (a, b) = ([3.0, 1, 4, 1, 5], [9.0, 2, 6, 5, 3, 5])
    #expect(try mannWhitney(a, b).pValue == mannWhitney(a.reversed(), b.reversed()).pValue)
    #expect(try smirnov(a, b).pValue == smirnov(a.sorted(), b).pValue)
  }

  // MARK: - Refusal

  @Test func `what has no ranks is refused`() {
    let cases: [([Double], [Double], Exactness, PlauditError.Kind)] = [
      ([], [1], .automatic, .undefined), ([1, .nan], [1], .automatic, .notFinite),
      ([1, 1], [1, 1], .asymptotic, .undefined), ([1, 2], [1, 3], .exact, .invalidArgument),
      ((0..<300).map(Double.init), (0..<300).map { Double($0) + 0.5 }, .exact, .limit),
    ]
    for (a, b, exactness, kind) in cases {
      let error = #expect(throws: PlauditError.self) { try mannWhitney(a, b, exactness) }
      #expect(error?.kind == kind)
    }
    let error = #expect(throws: PlauditError.self) { try smirnov([1], [.nan]) }
    #expect(error?.kind == .notFinite && error?.index == 0)
  }

  @Test func `an empty group is named`() {
    let error = #expect(throws: PlauditError.self) {
      try withColumns([1.0, 2], [Int32(0), 2], [Int]?.none) { values, groups, _ in
        try RankTest.kruskalWallis(values, groups: groups, groupCount: 3)
      }
    }
    #expect(error?.kind == .undefined && error?.index == 1)
  }
}
