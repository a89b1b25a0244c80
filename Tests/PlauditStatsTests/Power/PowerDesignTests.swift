import PlauditCore
import PlauditStats
import Testing

struct PowerDesignTests {
  private func design(_ test: PowerTest, _ change: (inout PowerDesign) -> Void) -> PowerDesign {
    var design = PowerDesign()
    design.test = test
    (design.baseline, design.effect) = (0.1, 0.02)
    if test == .meansT || test == .meansZ { (design.effect, design.deviation) = (1, 4) }
    if test == .analysisOfVariance { (design.effect, design.arms) = (0.25, 4) }
    change(&design)
    return design
  }

  // MARK: - By hand

  @Test func `three comparisons share the level`() throws {
    let plan = try design(.fleiss) { $0.arms = 4 }.solved(for: .sampleSize)
    #expect(abs(plan.level - 0.05 / 3) < 1e-17)
    #expect(abs(plan.totalCount - 4 * plan.controlCount) < 1e-9)
    let sidak = try design(.fleiss) { ($0.arms, $0.correction) = (4, .sidak) }
      .solved(for: .sampleSize)
    #expect(abs(sidak.level - 0.016952427508441503) < 1e-15)
    #expect(sidak.controlCount < plan.controlCount)
  }

  // MARK: - Reference

  @Test func `a level of exactly a hundredth has a sample size`() throws {
    // statsmodels 0.15.0, tt_ind_solve_power(alternative='larger'), to what its search leaves open.
    for (effect, level, power, count) in [
      (0.8, 0.01, 0.9, 42.06094468904979), (0.5, 0.01, 0.8, 81.65514944372525),
      (2.5, 0.01, 0.9, 5.749884143945595), (4, 0.01, 0.9, 3.3654644098024105),
    ] {
      let plan = try design(.meansT) {
        ($0.effect, $0.deviation, $0.alpha, $0.power) = (effect, 1, level, power)
        $0.alternative = .greater
      }.solved(for: .sampleSize)
      #expect(abs(plan.controlCount / count - 1) < 1e-6, "\(effect)")
    }
  }

  // MARK: - Law

  @Test(arguments: PowerTest.allCases, Alternative.allCases)
  func `size, power and effect agree`(_ test: PowerTest, _ alternative: Alternative) throws {
    for ratio in test == .analysisOfVariance ? [1.0] : [0.5, 1, 3] {
      let wanted = design(test) {
        ($0.ratio, $0.alternative) = (ratio, alternative)
        if alternative == .less, test != .analysisOfVariance { $0.effect = -$0.effect }
      }
      let plan = try wanted.solved(for: .sampleSize)
      var reached = wanted
      reached.controlCount = plan.controlCount
      // Closed forms leave out the far tail of two-sided tests.
      #expect(abs(try reached.solved(for: .power).power - 0.8) < 1e-5)
      #expect(
        abs(try reached.solved(for: .effect).effect - wanted.effect) < 1e-5
          * wanted.effect.magnitude
      )
    }
  }

  @Test func `power rises with the sample from the level to one`() throws {
    for test in PowerTest.allCases {
      var last = 0.0
      for count in [3.0, 10, 100, 1000, 10_000, 1e6] {
        let power = try design(test) { $0.controlCount = count }.solved(for: .power).power
        #expect(power >= last - 1e-12 && power <= 1)
        last = power
      }
      #expect(last > 0.999)
    }
  }

  @Test func `noncentral tails mirror each other and reach the central ones`() {
    for (t, n, shift) in [(1.3, 7.0, 0.4), (-2, 3.5, 1), (30, 2, 5), (0.2, 1e6, 0.1)] {
      let (one, other) = (
        NoncentralT.tails(t, degreesOfFreedom: n, shift: shift),
        NoncentralT.tails(-t, degreesOfFreedom: n, shift: -shift)
      )
      #expect(abs(one.lower - other.upper) < 1e-13)
      let central = NoncentralT.upperTail(t, degreesOfFreedom: n, shift: 0)
      #expect(abs(central / StudentT.upperTail(t, degreesOfFreedom: n) - 1) < 1e-11)
    }
    // A noncentral t squared is a noncentral F.
    let f = NoncentralF.tails(4, numerator: 1, denominator: 9, shift: 2.25)
    let t = NoncentralT.tails(2, degreesOfFreedom: 9, shift: 1.5)
    let below = NoncentralT.tails(-2, degreesOfFreedom: 9, shift: 1.5)
    #expect(abs(f.upper - t.upper - below.lower) < 1e-13)
    // Its square root with one degree of freedom is a normal with a mean.
    let chi = NoncentralChiSquare.tails(9, degreesOfFreedom: 1, shift: 4)
    #expect(abs(chi.upper - Normal.upperTail(1) - Normal.cdf(-5)) < 1e-14)
  }

  // MARK: - Refusal

  @Test func `parameters have domains`() {
    let changes: [((inout PowerDesign) -> Void, PowerDesign.Unknown)] = [
      ({ $0.alpha = 0 }, .sampleSize), ({ $0.power = 1 }, .sampleSize),
      ({ $0.power = 0.01 }, .effect), ({ $0.baseline = 1 }, .power),
      ({ $0.baseline = .nan }, .power), ({ $0.effect = 0.95 }, .sampleSize),
      ({ $0.arms = 1 }, .sampleSize), ({ $0.ratio = -1 }, .sampleSize),
      ({ $0.controlCount = 1 }, .power), ({ $0.controlCount = .infinity }, .effect),
      ({ $0.deviation = -1 }, .sampleSize),
    ]
    for (change, unknown) in changes {
      let error = #expect(throws: PlauditError.self) {
        try design(.fleiss, change).solved(for: unknown)
      }
      #expect(error?.kind == .outOfRange)
    }
  }

  @Test func `no sample shows no effect`() {
    let wrong: [((inout PowerDesign) -> Void, PowerDesign.Unknown)] = [
      ({ $0.effect = 0 }, .sampleSize), ({ $0.alternative = .less }, .sampleSize),
      ({ ($0.baseline, $0.controlCount) = (0.99, 10) }, .effect),
    ]
    for (change, unknown) in wrong {
      let error = #expect(throws: PlauditError.self) {
        try design(.fleiss, change).solved(for: unknown)
      }
      #expect(error?.kind == .undefined)
    }
  }
}
