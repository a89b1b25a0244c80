import Foundation
import PlauditCore
import PlauditStats
import Testing

struct DistributionTests {
  // MARK: - By hand

  @Test func `closed forms hold`() {
    // Beta(1, b) and Beta(a, 1) are powers, two degrees of freedom of chi-square an exponential.
    #expect(abs(incompleteBeta(1, 1, 0.3).lower - 0.3) < 1e-15)
    #expect(abs(incompleteBeta(1, 3, 0.2).upper - 0.512) < 1e-15)
    #expect(abs(ChiSquare.upperTail(2, degreesOfFreedom: 2) - 0.36787944117144233) < 1e-15)
    // One degree of freedom of t is Cauchy's: half lies within 1.
    #expect(abs(StudentT.twoSidedPValue(1, degreesOfFreedom: 1) - 0.5) < 1e-15)
    #expect(abs(StudentT.quantile(0.75, degreesOfFreedom: 1) - 1) < 1e-14)
    // Heads of three fair tosses: 1/8, 3/8, 3/8, 1/8.
    #expect(abs(Binomial.mass(1, trials: 3, probability: 0.5) - 0.375) < 1e-15)
    #expect(abs(Binomial.tails(1, trials: 3, probability: 0.5).lower - 0.5) < 1e-15)
    #expect(abs(Binomial.logChoose(5, 2) - 2.302585092994046) < 1e-14)
    // 4! / (2! 1! 1!) / 4^2 / 4 / 2 … : 12 × ¼ × ¼ × ¼ × ½
    #expect(
      abs(Multinomial.logMass([2, 1, 1], probabilities: [0.25, 0.25, 0.5]) + 2.367123614131617)
        < 1e-14)
  }

  @Test func `the ends are exact`() {
    #expect(incompleteBeta(2, 3, 0) == Tails(lower: 0, upper: 1))
    #expect(incompleteBeta(2, 3, 1) == Tails(lower: 1, upper: 0))
    #expect(incompleteGamma(2, .infinity) == Tails(lower: 1, upper: 0))
    #expect(StudentT.twoSidedPValue(.infinity, degreesOfFreedom: 3) == 0)
    #expect(StudentT.quantile(1, degreesOfFreedom: 3) == .infinity)
    #expect(BetaDistribution.quantile(lower: 0, a: 2, b: 3) == 0)
    #expect(GammaDistribution.quantile(upper: 0, shape: 2) == .infinity)
    #expect(FisherF.upperTail(-1, numerator: 2, denominator: 3) == 1)
    #expect(Binomial.logMass(0, trials: 5, probability: 0) == 0)
    #expect(Binomial.logMass(6, trials: 5, probability: 0.5) == -.infinity)
    #expect(Binomial.tails(5, trials: 5, probability: 0.5).upper == 0)
  }

  // MARK: - Reference

  /// The smaller tail of each row; the larger one is its complement.
  private func tails(_ key: String, _ columns: Int, _ at: ([Double]) -> Tails) throws -> Worst {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_distributions", key).enumerated() {
      let numbers = try Reference.complete(cells)
      let got = at(numbers)
      worst.compare(got.lower, numbers[columns], row: row)
      worst.compare(got.upper, numbers[columns + 1], row: row)
    }
    return worst
  }

  @Test func `beta tails keep their digits`() throws {
    let worst = try tails("beta", 3) { incompleteBeta($0[0], $0[1], $0[2]) }
    #expect(worst.count > 1000)
    // Far from the mean, exponents of up to 690 are exponentiated.
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  @Test func `gamma tails keep their digits`() throws {
    let worst = try tails("gamma", 2) { incompleteGamma($0[0], $0[1]) }
    #expect(worst.count > 1000)
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  @Test func `F tails keep their digits`() throws {
    let worst = try tails("f", 3) { FisherF.tails($0[0], numerator: $0[1], denominator: $0[2]) }
    #expect(worst.count > 60)
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  @Test func `t tails keep their digits`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_distributions", "t").enumerated() {
      let n = try Reference.complete(cells)
      worst.compare(StudentT.twoSidedPValue(n[0], degreesOfFreedom: n[1]), n[2], row: row)
    }
    #expect(worst.count > 130)
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  @Test func `t quantiles keep their digits`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_distributions", "t_quantile").enumerated() {
      let n = try Reference.complete(cells)
      worst.compare(-StudentT.quantile(n[0] / 2, degreesOfFreedom: n[1]), n[2], row: row)
    }
    #expect(worst.count > 100)
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  @Test func `beta quantiles keep their digits`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_distributions", "beta_quantile").enumerated() {
      let n = try Reference.complete(cells)
      let x =
        n[1] == 1
        ? BetaDistribution.quantile(upper: n[0], a: n[2], b: n[3])
        : BetaDistribution.quantile(lower: n[0], a: n[2], b: n[3])
      worst.compare(x, n[4], row: row)
    }
    #expect(worst.count > 70)
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  @Test func `gamma quantiles keep their digits`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_distributions", "gamma_quantile").enumerated() {
      let n = try Reference.complete(cells)
      let x =
        n[1] == 1
        ? GammaDistribution.quantile(upper: n[0], shape: n[2])
        : GammaDistribution.quantile(lower: n[0], shape: n[2])
      worst.compare(x, n[3], row: row)
    }
    #expect(worst.count > 70)
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  @Test func `binomial masses keep their digits`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_distributions", "binomial").enumerated() {
      let n = try Reference.complete(cells)
      let got = Binomial.logMass(n[0], trials: n[1], probability: n[2])
      // The absolute error of a logarithm is the relative one of the mass.
      worst.compare(got, n[3], scale: max(1, n[3].magnitude), row: row)
    }
    #expect(worst.count > 100)
    #expect(worst.error <= 1e-13, "\(worst)")
  }

  @Test func `log gamma and log beta keep their digits`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_distributions", "log").enumerated() {
      let n = try Reference.complete(cells)
      worst.compare(GammaFunction.log(n[0]), n[2], scale: max(1, n[2].magnitude), row: row)
      worst.compare(
        GammaFunction.logBeta(n[0], n[1]), n[3], scale: max(1, n[3].magnitude), row: row)
    }
    #expect(worst.error <= 1e-14, "\(worst)")
  }

  // MARK: - Law

  @Test func `tails mirror each other`() {
    var random = RandomSource(seed: 3)
    for _ in 0..<500 {
      let (a, b) = (exp10(4 * random.uniform()), exp10(4 * random.uniform()))
      let x = random.uniform()
      let (one, other) = (incompleteBeta(a, b, x), incompleteBeta(b, a, 1 - x, complement: x))
      #expect(one.lower == other.upper && one.upper == other.lower)
      #expect(abs(one.lower + one.upper - 1) < 1e-15)
    }
  }

  @Test func `a quantile undoes its tail, for parameters of any size`() {
    var worst = Worst()
    var random = RandomSource(seed: 4)
    for row in 0..<400 {
      let (a, b) = (exp10(13 * random.uniform() - 1), exp10(13 * random.uniform() - 1))
      let p = exp10(-12 * random.uniform())
      let x = BetaDistribution.quantile(lower: p, a: a, b: b)
      let slope = exp(BetaDistribution.logDensity(x, a: a, b: b)) * x / p
      guard x > 1e-290, x < 0.999 else { continue }
      // What the last places of x mean for the probability.
      worst.compare(
        BetaDistribution.tails(x, a: a, b: b).lower, p, scale: p * (1 + slope * 3e-3), row: row)
    }
    #expect(worst.count > 200)
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  @Test func `infinite degrees of freedom are normal`() {
    #expect(StudentT.twoSidedPValue(2.3, degreesOfFreedom: .infinity) == Normal.twoSidedPValue(2.3))
    #expect(StudentT.quantile(0.9, degreesOfFreedom: .infinity) == Normal.quantile(0.9))
    let chi = ChiSquare.upperTail(7, degreesOfFreedom: 3)
    #expect(
      abs(FisherF.upperTail(7.0 / 3, numerator: 3, denominator: .infinity) - chi) < 1e-16)
  }

  // MARK: - Refusal

  @Test func `impossible parameters give NaN`() {
    #expect(incompleteBeta(0, 1, 0.5).lower.isNaN)
    #expect(incompleteBeta(1, .nan, 0.5).upper.isNaN)
    #expect(incompleteBeta(1, 1, 1.5).lower.isNaN)
    #expect(incompleteGamma(-1, 1).lower.isNaN)
    #expect(incompleteGamma(1, .nan).lower.isNaN)
    #expect(StudentT.twoSidedPValue(1, degreesOfFreedom: 0).isNaN)
    #expect(StudentT.twoSidedPValue(.nan, degreesOfFreedom: 3).isNaN)
    #expect(StudentT.quantile(1.1, degreesOfFreedom: 3).isNaN)
    #expect(BetaDistribution.quantile(lower: -0.1, a: 1, b: 1).isNaN)
    #expect(GammaDistribution.quantile(lower: 0.5, shape: 0).isNaN)
    #expect(FisherF.upperTail(1, numerator: .nan, denominator: 2).isNaN)
    #expect(Binomial.logMass(1, trials: -1, probability: 0.5).isNaN)
    #expect(Multinomial.logMass([1], probabilities: []).isNaN)
  }

  @Test func `confidence of a t interval is a fraction`() {
    let message = "confidence must lie strictly between 0 and 1, got 1"
    #expect(throws: PlauditError(.outOfRange, message)) {
      try StudentT.criticalValue(confidence: 1, degreesOfFreedom: 3)
    }
  }

  private func exp10(_ x: Double) -> Double { Foundation.pow(10, x) }
  private func exp(_ x: Double) -> Double { Foundation.exp(x) }
}
