import Glibc
package import PlauditCore

/// How two rates are compared; raw values are `PLAUDIT_EFFECT_…`.
package enum EffectMeasure: Int32, CaseIterable, Sendable {
  /// Treatment minus control.
  case difference = 0
  /// Treatment over control: the risk ratio; one more than the relative lift.
  case ratio = 1
  /// `p / (1 - p)` of the treatment over that of the control.
  case oddsRatio = 2
}

/// Ways to an interval of an effect; raw values are `PLAUDIT_EFFECT_INTERVAL_…`.
package enum EffectInterval: Int32, CaseIterable, Sendable {
  /// Newcombe for a difference, score for a ratio, adjusted for an odds ratio.
  case standard = 0
  /// Hybrid of Wilson's intervals; of a difference only.
  case newcombe = 1
  /// Inversion of the score test with Miettinen and Nurminen's factor N / (N - 1).
  case score = 2
  /// Estimate ± z standard errors; of the logarithm for ratios.
  case wald = 3
  /// Wald's after a little was added to each cell: Agresti and Caffo's one success and one failure a
  /// group for a difference, half a success and half a trial for a ratio, a half in each cell for
  /// an odds ratio.
  case adjusted = 4
  /// The score interval that statsmodels 0.15.0 prints for a difference; its constrained rates are not
  /// the likeliest. For comparison only.
  case statsmodelsScore = 5
}

/// The variance under the z statistic of an effect; raw values are `PLAUDIT_VARIANCE_…`.
package enum EffectVariance: Int32, CaseIterable, Sendable {
  /// Both groups share one rate; for the null hypothesis of no effect only.
  case pooled = 0
  /// Each group has its own rate; ratios on the logarithm.
  case unpooled = 1
  /// The rates that fit best under the null value, with the factor N / (N - 1).
  case score = 2
}

/// The effect of a treatment on a rate, its interval by a named method and a z test.
package struct ProportionEffect: Sendable {
  package var measure: EffectMeasure
  package var intervalMethod: EffectInterval
  package var variance: EffectVariance
  package var alternative: TestAlternative
  /// The value that is tested: 0 for a difference, 1 for ratios.
  package var null: Double
  private let z: Double

  /// - Throws: `outOfRange` for the confidence, `notFinite` for the null value, `invalidArgument`
  ///   for a method that a measure does not have and for a pooled variance with a null value or
  ///   margins.
  package init(
    measure: EffectMeasure, interval: EffectInterval = .standard,
    variance: EffectVariance = .pooled, alternative: TestAlternative = .twoSided,
    null: Double? = nil, confidence: Double
  ) throws(PlauditError) {
    z = try Normal.criticalValue(confidence: confidence)
    self.measure = measure
    intervalMethod = interval
    self.variance = variance
    self.alternative = alternative
    let none = measure == .difference ? 0.0 : 1.0
    self.null = null ?? none
    guard self.null.isFinite, measure == .difference || self.null > 0 else {
      throw PlauditError(
        .outOfRange, "null value is \(self.null.plain), ratios need a positive, finite one")
    }
    guard (interval != .newcombe && interval != .statsmodelsScore) || measure == .difference
    else {
      throw PlauditError(
        .invalidArgument, "Newcombe's and statsmodels' score interval are of a difference only")
    }
    var isEquivalence = false
    if case .equivalent(let lower, _) = alternative {
      isEquivalence = true
      guard measure == .difference || lower > 0 else {
        throw PlauditError(.outOfRange, "margins of a ratio must be positive, got \(lower.plain)")
      }
    }
    guard variance != .pooled || (self.null == none && !isEquivalence) else {
      throw PlauditError(
        .invalidArgument,
        "the pooled variance is for a null value of no effect; use unpooled or score"
      )
    }
  }

  /// One row: successes and trials of treatment and control.
  package func test(
    _ treatment: (successes: Int64, trials: Int64), _ control: (successes: Int64, trials: Int64)
  ) -> TestResult {
    guard rateIsPossible(treatment), rateIsPossible(control) else {
      return TestResult(flags: .invalidCounts)
    }
    guard treatment.trials > 0, control.trials > 0 else { return TestResult(flags: .tooFewRows) }
    let cells = ProportionCells(
      ProportionCounts(checked: treatment.successes, of: treatment.trials),
      ProportionCounts(checked: control.successes, of: control.trials))
    var result = TestResult()
    result.degreesOfFreedom = .infinity
    if cells.hasEmpty { result.flags.insert(.emptyCell) }
    result.estimate = cells.estimate(measure)
    result.standardError = cells.standardError(measure)
    result.interval = cells.interval(measure, intervalMethod, z: z)
    if !(result.interval.upper < .infinity) { result.flags.insert(.unboundedInterval) }
    // Cohen's h.
    result.effectSize = cells.cohenH
    if case .equivalent(let lower, let upper) = alternative {
      let above = cells.statistic(measure, variance, null: lower)
      let below = cells.statistic(measure, variance, null: upper)
      let (first, second) = (Normal.upperTail(above), Normal.cdf(below))
      result.pValue = max(first, second)
      result.statistic = first > second ? above : below
    } else {
      result.statistic = cells.statistic(measure, variance, null: null)
      result.pValue =
        switch alternative {
        case .greater: Normal.upperTail(result.statistic)
        case .less: Normal.cdf(result.statistic)
        default: Normal.twoSidedPValue(result.statistic)
        }
    }
    if result.statistic.isNaN {
      result.pValue = .nan
      result.flags.insert(.zeroVariance)
    }
    return result
  }

  private func rateIsPossible(_ counts: (successes: Int64, trials: Int64)) -> Bool {
    counts.successes >= 0 && counts.trials >= 0 && counts.successes <= counts.trials
  }
}

/// The two by two table of two groups, as doubles.
struct ProportionCells {
  let treatment: ProportionCounts
  let control: ProportionCounts
  private let (x1, y1, n1): (Double, Double, Double)
  private let (x0, y0, n0): (Double, Double, Double)
  /// Treatment rate minus control rate.
  private let gap: Double

  init(_ treatment: ProportionCounts, _ control: ProportionCounts) {
    (self.treatment, self.control) = (treatment, control)
    (x1, y1, n1) = (
      Double(treatment.successes), Double(treatment.failures), Double(treatment.trials)
    )
    gap = treatment.rateDifference(from: control)
    (x0, y0, n0) = (Double(control.successes), Double(control.failures), Double(control.trials))
  }

  var hasEmpty: Bool { x1 == 0 || y1 == 0 || x0 == 0 || y0 == 0 }

  /// `2 asin √p₁ - 2 asin √p₀`.
  var cohenH: Double {
    2 * atan2(x1.squareRoot(), y1.squareRoot()) - 2 * atan2(x0.squareRoot(), y0.squareRoot())
  }

  /// NaN where 0 is divided by 0.
  func estimate(_ measure: EffectMeasure) -> Double {
    switch measure {
    case .difference: gap
    case .ratio: x1 / n1 / (x0 / n0)
    case .oddsRatio: (x1 / y1) / (x0 / y0)
    }
  }

  /// Unpooled; of the logarithm for ratios.
  func standardError(_ measure: EffectMeasure) -> Double {
    switch measure {
    case .difference: (treatment.rateVariance + control.rateVariance).squareRoot()
    case .ratio: (y1 / (x1 * n1) + y0 / (x0 * n0)).squareRoot()
    case .oddsRatio: (1 / x1 + 1 / y1 + 1 / x0 + 1 / y0).squareRoot()
    }
  }

  /// The z statistic of the null value; NaN when nothing varies.
  func statistic(_ measure: EffectMeasure, _ variance: EffectVariance, null: Double) -> Double {
    switch variance {
    case .pooled:
      let successes = Double(treatment.successes.magnitude + control.successes.magnitude)
      let failures = Double(treatment.failures.magnitude + control.failures.magnitude)
      let share = failures / (n1 + n0)
      return treatment.crossDifference(control) / sqrt(successes * share * (n1 * n0))
    case .unpooled:
      let error = standardError(measure)
      guard error > 0 else { return .nan }
      return measure == .difference
        ? (gap - null) / error
        : error.isFinite ? (log(estimate(measure)) - log(null)) / error : .nan
    case .score: return score(measure, null)
    }
  }

  func interval(_ measure: EffectMeasure, _ method: EffectInterval, z: Double) -> Interval {
    switch (measure, method) {
    case (.difference, .standard), (_, .newcombe):
      newcombeInterval(treatment: treatment, control: control, z: z)
    case (.ratio, .standard), (_, .score): scoreInterval(measure, z)
    case (_, .statsmodelsScore): scoreInterval(.difference, z, asStatsmodels: true)
    case (.difference, .wald): wald(0, z)
    case (.difference, .adjusted): wald(1, z)
    case (.ratio, .wald): logInterval((x1, n1, x0, n0), ratio: true, z)
    case (.ratio, .adjusted):
      logInterval((x1 + 0.5, n1 + 0.5, x0 + 0.5, n0 + 0.5), ratio: true, z)
    case (.oddsRatio, .wald): logInterval((x1, n1, x0, n0), ratio: false, z)
    case (.oddsRatio, .standard), (.oddsRatio, .adjusted):
      logInterval((x1 + 0.5, n1 + 1, x0 + 0.5, n0 + 1), ratio: false, z)
    }
  }

  /// - Source: Agresti and Caffo 2000, doi:10.1080/00031305.2000.10474560, with `more` 1.
  private func wald(_ more: Double, _ z: Double) -> Interval {
    let (m1, m0) = (n1 + 2 * more, n0 + 2 * more)
    let (p1, p0) = ((x1 + more) / m1, (x0 + more) / m0)
    let centre = more == 0 ? gap : p1 - p0
    let variance =
      (x1 + more) * (y1 + more) / (m1 * m1 * m1) + (x0 + more) * (y0 + more) / (m0 * m0 * m0)
    let reach = z * sqrt(variance)
    return Interval(lower: max(-1, centre - reach), upper: min(1, centre + reach))
  }

  /// - Source: Katz and others 1978, doi:10.2307/2530610; Woolf 1955.
  private func logInterval(
    _ cells: (Double, Double, Double, Double), ratio: Bool, _ z: Double
  ) -> Interval {
    let (a, m, b, n) = cells
    let centre = ratio ? log(a / m) - log(b / n) : log(a / (m - a)) - log(b / (n - b))
    let variance =
      ratio ? 1 / a - 1 / m + 1 / b - 1 / n : 1 / a + 1 / (m - a) + 1 / b + 1 / (n - b)
    let reach = z * sqrt(variance)
    // An empty cell says nothing about the ratio.
    guard reach.isFinite, centre.isFinite else { return Interval(lower: 0, upper: .infinity) }
    return Interval(lower: exp(centre - reach), upper: exp(centre + reach))
  }

  // MARK: - Score

  /// The score statistic of a null value, falling in it.
  ///
  /// - Source: Miettinen and Nurminen 1985, doi:10.1002/sim.4780040211.
  private func score(
    _ measure: EffectMeasure, _ null: Double, asStatsmodels: Bool = false
  ) -> Double {
    let total = n1 + n0
    let factor = total / (total - 1)
    let (p1, p0) = (x1 / n1, x0 / n0)
    switch measure {
    case .difference:
      let rate = constrained(difference: null, asStatsmodels: asStatsmodels)
      let other = min(1, max(0, rate + null))
      let variance = factor * (other * (1 - other) / n1 + rate * (1 - rate) / n0)
      let distance = gap - null
      return variance > 0
        ? distance / sqrt(variance) : distance == 0 ? .nan : distance * .infinity
    case .ratio:
      let (a, b, c) = (
        total * null, n1 * null + x1 + n0 + x0 * null, x1 + x0
      )
      // The smaller root of a p² - b p + c, without cancellation.
      let rate = min(1, min(1 / null, 2 * c / (b + max(0, b * b - 4 * a * c).squareRoot())))
      let other = min(1, rate * null)
      let variance =
        factor * (other * (1 - other) / n1 + null * null * (rate * (1 - rate) / n0))
      let distance = p1 - null * p0
      return variance > 0
        ? distance / sqrt(variance) : distance == 0 ? .nan : distance * .infinity
    case .oddsRatio:
      let count = x1 + x0
      let (a, b) = (n0 * (null - 1), n1 * null + n0 - count * (null - 1))
      let root = max(0, b * b + 4 * a * count).squareRoot()
      let rate = min(1, b >= 0 ? 2 * count / (b + root) : (root - b) / (2 * a))
      let other =
        rate < 0.5
        ? rate * null / (1 + rate * (null - 1)) : min(1, max(0, (count - n0 * rate) / n1))
      let (v1, v0) = (other * (1 - other), rate * (1 - rate))
      // Under the null value the successes of both groups add up to those seen, so that the two
      // distances of the score are one; it grows without bound where a rate reaches its end.
      let distance = x1 - n1 * other
      guard v1 > 0, v0 > 0 else { return distance == 0 ? .nan : distance * .infinity }
      return distance * sqrt((1 / (v1 * n1) + 1 / (v0 * n0)) / factor)
    }
  }

  /// The control's rate that fits best when the treatment's is `difference` above it: the root of
  /// a cubic, by its cosine and a Newton step.
  private func constrained(difference d: Double, asStatsmodels: Bool) -> Double {
    let total = n1 + n0
    let count = x1 + x0
    if d == 0 { return count / total }
    let c3 = total
    let c2 = (n1 + 2 * n0) * d - total - count
    // statsmodels 0.15.0 has the successes where the trials belong.
    let c1 = ((asStatsmodels ? x0 : n0) * d - total - 2 * x0) * d + count
    let c0 = x0 * d * (1 - d)
    let third = c2 / (3 * c3)
    let q = third * third * third - c1 * c2 / (6 * c3 * c3) + c0 / (2 * c3)
    let reach = max(0, third * third - c1 / (3 * c3)).squareRoot()
    let p = q < 0 ? -reach : reach
    let cosine = p == 0 ? 0 : min(1, max(-1, q / (p * p * p)))
    let angle = (Double.pi + acos(cosine)) / 3
    var rate = 2 * p * cos(angle) - third
    let slope = (3 * c3 * rate + 2 * c2) * rate + c1
    let value = ((c3 * rate + c2) * rate + c1) * rate + c0
    let better = rate - value / slope
    if better.isFinite, (better - rate).magnitude < 1e-4 { rate = better }
    return min(min(1, 1 - d), max(max(0, -d), rate))
  }

  private func scoreInterval(
    _ measure: EffectMeasure, _ z: Double, asStatsmodels: Bool = false
  ) -> Interval {
    switch measure {
    case .difference:
      let centre = gap
      let statistic = { score(.difference, $0, asStatsmodels: asStatsmodels) }
      return Interval(
        lower: crossing(from: -1, to: centre, z, statistic),
        upper: crossing(from: centre, to: 1, -z, statistic))
    case .ratio, .oddsRatio:
      let centre = log(estimate(measure))
      let nothing =
        measure == .ratio ? x1 == 0 && x0 == 0 : x1 + x0 == 0 || y1 + y0 == 0
      if nothing || centre.isNaN { return Interval(lower: 0, upper: .infinity) }
      let statistic = { score(measure, exp($0)) }
      // Where a cell is empty, from near the ratio of the cells with halves.
      let (a, b) = (log((x1 + 0.5) / (n1 + 1)), log((x0 + 0.5) / (n0 + 1)))
      let near =
        centre.isFinite
        ? centre
        : measure == .ratio
          ? a - b : a - log((y1 + 0.5) / (n1 + 1)) - b + log((y0 + 0.5) / (n0 + 1))
      return Interval(
        lower: centre == -.infinity ? 0 : exp(crossing(near: near, z, statistic)),
        upper: centre == .infinity ? .infinity : exp(crossing(near: near, -z, statistic)))
    }
  }

  /// Where a falling statistic of a logarithm passes `level`, in steps that double from `near`.
  private func crossing(
    near: Double, _ level: Double, _ statistic: (Double) -> Double
  ) -> Double {
    var (low, high, step) = (near, near, 0.5)
    while step < 256, statistic(low) <= level { (low, step) = (low - step, step * 2) }
    step = 0.5
    while step < 256, statistic(high) >= level { (high, step) = (high + step, step * 2) }
    return crossing(from: low, to: high, level, statistic)
  }

  /// Where a falling statistic passes `level`, by Chandrupatla's method; an end where it does not.
  private func crossing(
    from start: Double, to end: Double, _ level: Double, _ statistic: (Double) -> Double
  ) -> Double {
    func gap(_ x: Double) -> Double {
      let value = statistic(x)
      // Nothing varies at the estimate itself.
      return (value.isNaN ? 0 : min(1e9, max(-1e9, value))) - level
    }
    if start >= end { return start }
    return RootSearch.falling(from: start, to: end, gap)
  }
}

/// Bracketed roots.
enum RootSearch {
  /// Where `function`, falling from `start` to `end`, is 0; an end where it is not between.
  ///
  /// - Source: Chandrupatla 1997, doi:10.1016/S0965-9978(96)00051-8.
  static func falling(
    from start: Double, to end: Double, _ function: (Double) -> Double
  ) -> Double {
    var (a, b) = (start, end)
    var (fa, fb) = (function(a), function(b))
    if fa <= 0 { return a }
    if fb >= 0 { return b }
    var (c, fc) = (a, fa)
    var t = 0.5
    for _ in 0..<200 {
      let x = a + t * (b - a)
      let fx = function(x)
      if (fx > 0) == (fa > 0) { (c, fc) = (a, fa) } else { (c, fc, b, fb) = (b, fb, a, fa) }
      (a, fa) = (x, fx)
      let (best, value) = fa.magnitude < fb.magnitude ? (a, fa) : (b, fb)
      let tolerance = 2e-16 * best.magnitude + 1e-300
      let reach = tolerance / (b - c).magnitude
      if reach > 0.5 || value == 0 { return best }
      let xi = (a - b) / (c - b)
      let phi = (fa - fb) / (fc - fb)
      t =
        phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi
        ? fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        : 0.5
      t = min(1 - reach, max(reach, t))
      if t.isNaN { t = 0.5 }
    }
    return a
  }
}
