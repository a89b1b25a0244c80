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

  @Test func `beta's tails hold for small parameters`() {
    // mpmath 1.4.1 with 60 digits.
    for (a, b, x, lower, upper) in [
      (0.016, 15.984, 1.0 / 15, 0.99681702481468519036, 0.0031829751853148096416),
      (0.016, 15.984, 0.5, 0.99999996948041853023, 3.0519581469766798314e-8),
      (0.1, 0.2, 0.3, 0.62284335472031733946, 0.37715664527968266054),
      (0.001, 3, 0.9, 0.99999963897176823164, 3.6102823176835650223e-7),
      (15.984, 0.016, 0.999, 0.056241312862361271566, 0.94375868713763872843),
      (0.3, 2000, 0.001, 0.97799212733945301348, 0.022007872660546986523),
    ] {
      let found = incompleteBeta(a, b, x)
      #expect(abs(found.lower / lower - 1) < 1e-12, "\(a), \(b), \(x): \(found)")
      #expect(abs(found.upper / upper - 1) < 1e-11, "\(a), \(b), \(x): \(found)")
    }
  }

  @Test func `few degrees of freedom of t have their points`() {
    // tan² of Cauchy apart, the far tail is a power: halving n squares the point.
    for n in [1.0, 0.1, 0.02, 0.01] {
      let point = StudentT.quantile(0.99, degreesOfFreedom: n)
      #expect(abs(StudentT.upperTail(point, degreesOfFreedom: n) - 0.01) < 1e-12, "\(n)")
    }
    #expect(StudentT.quantile(0.99, degreesOfFreedom: 2e-9) == .infinity)
  }

  @Test func `Kolmogorov's distribution of finitely many rows is scipy's`() {
    // scipy 1.17.1, kstwo.sf(d, n).
    for (rows, d, expected) in [
      (1, 0.6, 0.8), (1, 0.9, 0.19999999999999996), (2, 0.42426406871192845, 0.7570562748477142),
      (2, 0.9192388155425117, 0.013044737829952885), (7, 0.11338934190276816, 0.9998522441501536),
      (7, 0.2267786838055363, 0.793238746671288), (7, 0.3401680257083045, 0.31741013497982784),
      (7, 0.6047431568147635, 0.005559962571582499), (50, 0.04242640687119285, 0.9999555282293853),
      (50, 0.12727922061357855, 0.36196339889491846),
      (50, 0.2262741699796952, 0.009889675201623538),
      (50, 0.35355339059327373, 4.2690060009890896e-06),
      (140, 0.025354627641855497, 0.9999736451248569),
      (140, 0.0760638829255665, 0.3739412539902938),
      (140, 0.13522468075656266, 0.01077801009055065),
      (140, 0.21128856368212914, 5.807997673785573e-06),
      (141, 0.025264557631995567, 0.9999737264249865),
      (141, 0.050529115263991134, 0.846171510746462),
      (141, 0.07579367289598671, 0.37400402448477066),
      (141, 0.10947974973864748, 0.06305333984860362),
      (141, 0.13474430737064305, 0.010782502579705781),
      (141, 0.42107596053325946, 3.5279048855551754e-23),
      (5000, 0.004242640687119285, 0.9999886201459484),
      (5000, 0.00848528137423857, 0.8611745104587194),
      (5000, 0.012727922061357855, 0.38949567802063667),
      (5000, 0.018384776310850236, 0.0672558045694881),
      (5000, 0.02262741699796952, 0.011768898449115267),
      (5000, 0.035355339059327376, 7.258404360512366e-06),
      (100001, 0.0018973571093391975, 0.8635855392420047),
      (100001, 0.004110940403568262, 0.06790553160688106),
      (100001, 0.007905654622246657, 7.413045587236896e-06), (1e+06, 0.0009, 0.39250068453988984),
      (1e+06, 0.0016, 0.011939282537735608), (2e+06, 0.0006363961030678928, 0.3925680365943194),
      (2e+06, 0.001131370849898476, 0.011943034059630398),
      (2e+06, 0.0017677669529663688, 7.444527505475718e-06),
      (1e+09, 1.8973665961010275e-05, 0.8642758003712958),
      (1e+09, 4.1109609582188935e-05, 0.06809035589294599),
      (1e+09, 7.905694150420948e-05, 7.452913530359144e-06),
    ] {
      let found = KolmogorovDistribution.upperTail(d, rows: rows)
      #expect(abs(found / expected - 1) < 1e-8, "\(rows), \(d): \(found)")
    }
    #expect(KolmogorovDistribution.upperTail(0.05, rows: 10) == 1)
    #expect(KolmogorovDistribution.upperTail(1, rows: 10) == 0)
  }

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
