import PlauditCore
import PlauditStats
import Testing

struct QuantileEstimateTests {
  private func estimate(
    _ values: [Double], _ p: Double, clusters: [Int64]? = nil,
    kind: QuantileKind = .linear
  ) throws -> QuantileEstimate {
    try withColumns(values, [p], clusters) { values, p, clusters in
      let found = try QuantileEstimate.estimates(
        values, clusters: clusters, probabilities: p, kind: kind, confidence: 0.95)
      return try #require(found.first)
    }
  }

  // MARK: - By hand

  @Test func `ten values hold the median between the second and the ninth`() throws {
    let values = (1...10).map(Double.init)
    let median = try estimate(values, 0.5)
    #expect(median.value == 5.5 && median.interval == Interval(lower: 2, upper: 9))
    // P(B <= 0) = 1/1024 is the only tail that five values cannot reach.
    #expect(try estimate([1, 2, 3, 4, 5], 0.5).interval.lower.isNaN)
  }

  @Test func `rows said twice count once`() throws {
    var random = RandomSource(seed: 13)
    let values = (0..<200).map { _ in random.uniform() }
    let names = (0..<200).map { Int64($0) }
    let alone = try estimate(values, 0.7, clusters: names)
    let doubled = try estimate(values + values, 0.7, clusters: names + names)
    #expect(doubled.clusters == 200)
    #expect(abs(alone.standardError - doubled.standardError) < 0.1 * alone.standardError)
    let naive = try estimate(values + values, 0.7)
    #expect(naive.standardError < 0.85 * alone.standardError)
  }

  // MARK: - Reference

  @Test func `Harrell and Davis keep their digits at extreme probabilities`() throws {
    // mpmath 1.4.1 with 60 digits.
    let values = [1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8, 9, 12, 250.0]
    for (p, expected) in [
      (1e-6, 1.0000032442384009115), (0.001, 1.003304740687571727),
      (0.01, 1.0384044917552648057), (0.02, 1.0881286761728319796),
      (0.98, 230.0023935572942801), (0.999, 249.24051389361790837),
      (0.999999, 249.99925398825899305),
    ] {
      let found = try estimate(values, p, kind: .harrellDavis).value
      #expect(abs(found / expected - 1) < 1e-12, "\(p): \(found)")
    }
  }

  // MARK: - Law

  @Test func `intervals cover as often as they say`() throws {
    var random = RandomSource(seed: 14)
    var (plain, clustered) = (0, 0)
    for _ in 0..<600 {
      var (values, names) = ([Double](), [Int64]())
      for user in 0..<60 {
        let level = random.uniform()
        for _ in 0..<4 {
          values.append(level)
          names.append(Int64(user))
        }
      }
      // The shared level makes rows of a user equal: the true median is a half.
      let interval = try estimate(values, 0.5, clusters: names).interval
      if interval.lower <= 0.5, 0.5 <= interval.upper { clustered += 1 }
      let own = try estimate((0..<60).map { _ in random.uniform() }, 0.5).interval
      if own.lower <= 0.5, 0.5 <= own.upper { plain += 1 }
    }
    // 570 expected or a little more, standard deviation 5.
    #expect(plain > 550 && clustered > 545, "\(plain), \(clustered)")
  }

  @Test func `Harrell and Davis lie between the values`() throws {
    for p in [0, 0.001, 0.25, 0.5, 0.999, 1] {
      let found = try estimate((0..<5000).map(Double.init), p, kind: .harrellDavis)
      #expect(abs(found.value - p * 4999) < 10)
    }
  }

  // MARK: - Refusal

  @Test func `what has no quantile is refused`() {
    let cases: [([Double], Double, [Int64]?, PlauditError.Kind, Int64)] = [
      ([], 0.5, nil, .undefined, -1), ([1, .nan], 0.5, nil, .notFinite, 1),
      ([1], 1.5, nil, .outOfRange, 0), ([1], .nan, nil, .outOfRange, 0),
      ([1], 0.5, [1, 2], .invalidArgument, -1),
    ]
    for (values, p, clusters, kind, index) in cases {
      let error = #expect(throws: PlauditError.self) {
        try estimate(values, p, clusters: clusters)
      }
      #expect(error?.kind == kind && error?.index == index)
    }
  }
}
