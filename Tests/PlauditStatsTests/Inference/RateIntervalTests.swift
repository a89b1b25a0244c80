import PlauditCore
import PlauditStats
import Testing

struct RateIntervalTests {
  // MARK: - By hand

  @Test func `three successes of three reach down to the cube root of the tail`() throws {
    let interval = try rateInterval(
      .clopperPearson, successes: 3, trials: 3, confidence: 0.5)
    #expect(abs(interval.lower - 0.6299605249474366) < 1e-15)
    #expect(interval.upper == 1)
  }

  @Test func `without a success the ends are closed forms`() throws {
    let exact = try rateInterval(.clopperPearson, successes: 0, trials: 1, confidence: 0.9)
    #expect(exact.lower == 0 && abs(exact.upper - 0.95) < 1e-15)
    let wald = try rateInterval(.wald, successes: 0, trials: 10, confidence: 0.95)
    #expect(wald == Interval(lower: 0, upper: 0))
  }

  // MARK: - Law

  @Test(arguments: RateMethod.allCases)
  func `failures mirror successes`(_ method: RateMethod) throws {
    var random = RandomSource(seed: 5)
    for _ in 0..<200 {
      let trials = Int64(1 + random.uniform() * 5000)
      let successes = Int64(random.uniform() * Double(trials))
      let one = try rateInterval(
        method, successes: successes, trials: trials, confidence: 0.9)
      let other = try rateInterval(
        method, successes: trials - successes, trials: trials, confidence: 0.9)
      #expect(abs(one.lower - (1 - other.upper)) < 1e-13)
      #expect(one.lower >= 0 && one.lower <= one.upper && one.upper <= 1)
    }
  }

  @Test func `Clopper and Pearson's ends have binomial tails of half the rest`() throws {
    for (x, n) in [(1, 7), (30, 40), (500, 123_456), (7_000_000, 20_000_000)] {
      let interval = try rateInterval(
        .clopperPearson, successes: Int64(x), trials: Int64(n), confidence: 0.95)
      let (count, size) = (Double(x), Double(n))
      let above = Binomial.upperTailIncluding(
        count, trials: size, probability: interval.lower)
      let below = Binomial.tails(count, trials: size, probability: interval.upper).lower
      #expect(abs(above - 0.025) < 1e-10 && abs(below - 0.025) < 1e-10)
    }
  }

  @Test func `the largest counts have intervals`() throws {
    for method in RateMethod.allCases {
      let interval = try rateInterval(
        method, successes: Int64.max / 3, trials: .max, confidence: 0.95)
      #expect(interval.lower < 1.0 / 3 && interval.upper > 1.0 / 3)
      #expect(interval.upper - interval.lower < 1e-8)
    }
  }

  /// Exact coverage by the binomial distribution, no simulation.
  @Test(arguments: [
    (RateMethod.wilson, 0.93, 0.97), (.agrestiCoull, 0.945, 0.99), (.clopperPearson, 0.95, 1),
    (.jeffreys, 0.93, 0.97),
  ])
  func `coverage is near what is said`(_ method: RateMethod, _ low: Double, _ high: Double)
    throws
  {
    let trials: Int64 = 60
    let intervals = try (0...trials).map {
      try rateInterval(method, successes: $0, trials: trials, confidence: 0.95)
    }
    var (sum, points) = (0.0, 0.0)
    for rate in stride(from: 0.05, through: 0.95, by: 0.013) {
      for (count, interval) in intervals.enumerated()
      where interval.lower <= rate && rate <= interval.upper {
        sum += Binomial.mass(Double(count), trials: Double(trials), probability: rate)
      }
      points += 1
    }
    #expect(sum / points >= low && sum / points <= high, "\(sum / points)")
  }

  @Test func `columns have the same bits at any number of threads`() throws {
    var random = RandomSource(seed: 6)
    let trials = (0..<20_000).map { _ in Int64(random.uniform() * 1000) }
    let successes = trials.map { Int64(Double($0) * random.uniform()) }
    func column(_ threads: Int) throws -> [Double] {
      var (lower, upper) = (
        [Double](repeating: 0, count: trials.count), [Double](repeating: 0, count: trials.count)
      )
      try withColumns(successes, trials, [Int]?.none) { successes, trials, _ in
        try lower.withUnsafeMutableBufferPointer { lower in
          try upper.withUnsafeMutableBufferPointer { upper in
            try rateIntervals(
              .jeffreys, successes: successes, trials: trials, confidence: 0.95, lower: lower,
              upper: upper, flags: nil, refusing: false, threads: threads)
          }
        }
      }
      return lower + upper
    }
    let (one, four) = (try column(1), try column(4))
    #expect(zip(one, four).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
  }

  // MARK: - Refusal

  @Test func `a refusing column names its row`() {
    let error = #expect(throws: PlauditError.self) {
      var (lower, upper) = ([0.0, 0], [0.0, 0])
      try withColumns([Int64(1), 5], [Int64(2), 4], [Int]?.none) { successes, trials, _ in
        try lower.withUnsafeMutableBufferPointer { lower in
          try upper.withUnsafeMutableBufferPointer { upper in
            try rateIntervals(
              .wald, successes: successes, trials: trials, confidence: 0.95, lower: lower,
              upper: upper, flags: nil, refusing: true)
          }
        }
      }
    }
    #expect(error?.kind == .invalidData && error?.index == 1)
  }
}
