import PlauditCore
import PlauditStats
import Testing

struct TTestTests {
  private func moments(_ values: [Double]) throws -> SampleMoments {
    try values.withUnsafeBufferPointer { try SampleMoments($0) }
  }

  // MARK: - By hand

  @Test func `moments keep their digits far from zero`() throws {
    let found = try moments([4e9 + 4, 4e9 + 7, 4e9 + 13, 4e9 + 16])
    #expect(found == SampleMoments(count: 4, mean: 4e9 + 10, variance: 30))
    #expect(try moments([1e100, -1e100, 5]).mean == 5.0 / 3)
  }

  @Test func `one row has no variance, none has no mean`() throws {
    #expect(try moments([3]).variance.isNaN)
    #expect(try moments([]).mean.isNaN)
  }

  @Test func `two against two by Student`() throws {
    // Means 2 and 5, pooled variance 2, error √(2 (1/2 + 1/2)).
    let test = try TTest(kind: .pooled, confidence: 0.95).test(
      try moments([1, 3]), try moments([4, 6]))
    #expect(abs(test.statistic + 3 / 2.0.squareRoot()) < 1e-15)
    #expect(test.degreesOfFreedom == 2)
    #expect(abs(test.effectSize + 3 / 2.0.squareRoot()) < 1e-15)
  }

  @Test func `two groups' analysis of variance is t squared`() throws {
    let groups = [try moments([1, 3, 4, 9]), try moments([4, 6, 2])]
    let f = try groups.withUnsafeBufferPointer {
      try AnalysisOfVariance.test(.equalVariances, $0)
    }
    let t = try TTest(kind: .pooled, confidence: 0.95).test(groups[0], groups[1])
    #expect(abs(f.statistic - t.statistic * t.statistic) < 1e-14)
    #expect(abs(f.pValue - t.pValue) < 1e-14)
    let welch = try groups.withUnsafeBufferPointer { try AnalysisOfVariance.test(.welch, $0) }
    let own = try TTest(kind: .welch, confidence: 0.95).test(groups[0], groups[1])
    #expect(abs(welch.denominatorDegrees - own.degreesOfFreedom) < 1e-12)
    #expect(abs(welch.pValue - own.pValue) < 1e-14)
  }

  // MARK: - Law

  @Test func `an interval excludes the null value exactly when the test rejects`() throws {
    var random = RandomSource(seed: 9)
    for _ in 0..<300 {
      let one = SampleMoments(
        count: Int64(2 + random.uniform() * 50), mean: random.uniform(),
        variance: random.uniform())
      let other = SampleMoments(
        count: Int64(2 + random.uniform() * 50), mean: random.uniform(),
        variance: random.uniform())
      let test = try TTest(confidence: 0.95).test(one, other)
      #expect((test.pValue < 0.05) == (test.interval.lower > 0 || test.interval.upper < 0))
    }
  }

  @Test func `p is uniform without an effect`() throws {
    var random = RandomSource(seed: 10)
    var below = 0
    for _ in 0..<4000 {
      let a = (0..<6).map { _ in Normal.quantile(random.uniform()) }
      let b = (0..<9).map { _ in 3 * Normal.quantile(random.uniform()) }
      if try TTest(confidence: 0.95).test(try moments(a), try moments(b)).pValue < 0.1 {
        below += 1
      }
    }
    // 400 expected, standard deviation 19.
    #expect(abs(below - 400) < 80, "\(below)")
  }

  // MARK: - Refusal

  @Test func `what cannot be tested is flagged`() throws {
    let test = try TTest(confidence: 0.95)
    let sound = SampleMoments(count: 5, mean: 1, variance: 1)
    let cases: [(SampleMoments, TestFlags)] = [
      (SampleMoments(count: 1, mean: 1, variance: .nan), .tooFewRows),
      (SampleMoments(count: 0, mean: .nan, variance: .nan), .tooFewRows),
      (SampleMoments(count: -1, mean: 1, variance: 1), .invalidCounts),
      (SampleMoments(count: 5, mean: .nan, variance: 1), .notFinite),
      (SampleMoments(count: 5, mean: 1, variance: .infinity), .notFinite),
      (SampleMoments(count: 5, mean: 1, variance: -1), .invalidCounts),
    ]
    for (sample, flags) in cases {
      #expect(test.test(sample, sound).flags == flags)
      #expect(test.test(sound, sample).pValue.isNaN)
      #expect(test.test(sample).flags == flags)
    }
    let constant = SampleMoments(count: 5, mean: 2, variance: 0)
    let found = test.test(constant, constant)
    #expect(found.flags == .zeroVariance && found.estimate == 0 && found.pValue.isNaN)
  }

  @Test func `a refusing batch names its row`() {
    let error = #expect(throws: PlauditError.self) {
      try testRows(9000, refusing: true, threads: 2, control: RunControl()) { row in
        var result = TestResult()
        if row >= 5000 { result.flags = .zeroVariance }
        return result
      } store: { _, _ in
      }
    }
    #expect(error?.kind == .undefined && error?.index == 5000)
  }

  @Test func `values must be finite`() {
    let error = #expect(throws: PlauditError.self) { try moments([1, .nan]) }
    #expect(error == PlauditError(.notFinite, "value is nan", index: 1))
  }

  @Test func `analysis of variance needs two groups that vary`() {
    let sample = SampleMoments(count: 4, mean: 1, variance: 0)
    for (groups, kind) in [
      ([sample], PlauditError.Kind.outOfRange), ([sample, sample], .undefined),
    ] {
      let error = #expect(throws: PlauditError.self) {
        try groups.withUnsafeBufferPointer { try AnalysisOfVariance.test(.equalVariances, $0) }
      }
      #expect(error?.kind == kind)
    }
  }
}
