import PlauditCore
import PlauditStats
import Testing

struct ProportionEffectTests {
  private func test(
    _ treatment: (Int64, Int64), _ control: (Int64, Int64),
    measure: EffectMeasure = .difference, interval: EffectInterval = .standard,
    variance: EffectVariance = .pooled, alternative: TestAlternative = .twoSided,
    null: Double? = nil
  ) throws -> TestResult {
    try ProportionEffect(
      measure: measure, interval: interval, variance: variance, alternative: alternative,
      null: null, confidence: 0.95
    ).test(treatment, control)
  }

  // MARK: - By hand

  @Test func `estimates are what their names say`() throws {
    #expect(try test((3, 10), (1, 10)).estimate == 0.2)
    #expect(abs(try test((3, 10), (1, 10), measure: .ratio).estimate - 3) < 1e-15)
    #expect(abs(try test((3, 10), (1, 10), measure: .oddsRatio).estimate - 27.0 / 7) < 1e-15)
  }

  @Test func `an empty control leaves a ratio open`() throws {
    let ratio = try test((3, 10), (0, 10), measure: .ratio)
    #expect(ratio.interval.upper == .infinity && ratio.interval.lower > 0)
    #expect(ratio.flags == [.unboundedInterval, .emptyCell])
    let none = try test((0, 10), (0, 10), measure: .ratio)
    #expect(none.interval == Interval(lower: 0, upper: .infinity))
    #expect(none.pValue.isNaN && none.flags.contains(.zeroVariance))
  }

  @Test func `the score interval exists where statsmodels raises`() throws {
    let interval = try test((0, 50), (3, 60), interval: .score).interval
    #expect(interval.lower < -0.05 && interval.upper > 0 && interval.upper < 0.05)
  }

  // MARK: - Law

  @Test func `the score interval holds what its test does not reject`() throws {
    var random = RandomSource(seed: 8)
    for _ in 0..<60 {
      let (n, m) = (Int64(10 + random.uniform() * 200), Int64(10 + random.uniform() * 2000))
      let x = Int64(1 + random.uniform() * Double(n - 2))
      let y = Int64(1 + random.uniform() * Double(m - 2))
      for measure in EffectMeasure.allCases {
        let interval = try test((x, n), (y, m), measure: measure, interval: .score).interval
        for end in [interval.lower, interval.upper] {
          let p = try test(
            (x, n), (y, m), measure: measure, variance: .score, null: end
          ).pValue
          #expect(abs(p - 0.05) < 1e-8, "\(measure) of \(x)/\(n), \(y)/\(m): \(p)")
        }
      }
    }
  }

  @Test func `exchanging groups mirrors the effect`() throws {
    for method in [EffectInterval.newcombe, .score, .wald, .adjusted] {
      let one = try test((31, 120), (17, 90), interval: method)
      let other = try test((17, 90), (31, 120), interval: method)
      #expect(abs(one.interval.lower + other.interval.upper) < 1e-12)
      #expect(one.statistic == -other.statistic && one.pValue == other.pValue)
    }
    for measure in [EffectMeasure.ratio, .oddsRatio] {
      for method in [EffectInterval.score, .wald, .adjusted] {
        let one = try test((31, 120), (17, 90), measure: measure, interval: method).interval
        let other = try test((17, 90), (31, 120), measure: measure, interval: method).interval
        #expect(abs(one.lower * other.upper - 1) < 1e-12)
      }
    }
  }

  @Test func `equivalence is the larger of two one-sided tests`() throws {
    let (treatment, control) = ((Int64(480), Int64(1000)), (Int64(470), Int64(1000)))
    let both = try test(
      treatment, control, variance: .unpooled, alternative: .equivalent(lower: -0.05, upper: 0.05))
    let above = try test(
      treatment, control, variance: .unpooled, alternative: .greater, null: -0.05)
    let below = try test(treatment, control, variance: .unpooled, alternative: .less, null: 0.05)
    #expect(both.pValue == max(above.pValue, below.pValue))
    #expect(both.statistic == below.statistic)
  }

  // MARK: - Refusal

  @Test func `impossible rows are flagged`() throws {
    #expect(try test((5, 4), (1, 10)).flags == .invalidCounts)
    #expect(try test((-1, 4), (1, 10)).pValue.isNaN)
    #expect(try test((0, 0), (1, 10)).flags == .tooFewRows)
  }

  @Test func `a pooled variance is for no effect`() {
    let error = #expect(throws: PlauditError.self) { try test((1, 4), (1, 10), null: 0.1) }
    #expect(error?.kind == .invalidArgument)
  }

  @Test func `Newcombe's interval is of a difference`() {
    let error = #expect(throws: PlauditError.self) {
      try test((1, 4), (1, 10), measure: .ratio, interval: .newcombe)
    }
    #expect(error?.kind == .invalidArgument)
  }

  @Test(arguments: [(0.1, 0.1), (0.2, 0.1), (.nan, 1), (0, .infinity)])
  func `margins rise`(_ margins: (Double, Double)) {
    let error = #expect(throws: PlauditError.self) {
      try TestAlternative(rawValue: 3, lower: margins.0, upper: margins.1)
    }
    #expect(error?.kind == .outOfRange)
  }
}
