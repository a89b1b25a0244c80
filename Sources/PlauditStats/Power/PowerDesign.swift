import Glibc
package import PlauditCore

/// Which test an experiment is planned for; raw values are `PLAUDIT_POWER_…`.
package enum PowerTest: Int32, CaseIterable, Sendable {
  /// Two rates: the pooled variance under the null hypothesis, each rate's own under the effect.
  case fleiss = 0
  /// Two rates on the scale `2 asin √p`.
  case cohenH = 1
  /// Two rates: the control's variance under the null hypothesis, each rate's own under the effect.
  case baselineNull = 2
  /// Two rates: the control's variance for both.
  case baselineVariance = 3
  /// Two means by Student's t, from the noncentral t distribution.
  case meansT = 4
  /// Two means with known deviations.
  case meansZ = 5
  /// All arms at once by an analysis of variance; the effect is Cohen's f.
  case analysisOfVariance = 6
}

/// How the error rate is shared by the comparisons of several treatments with the control.
package enum ComparisonCorrection: Int32, CaseIterable, Sendable {
  /// `alpha / comparisons`
  case bonferroni = 0
  case none = 1
  /// `1 - (1 - alpha)^(1 / comparisons)`
  case sidak = 2
}

/// The plan of an experiment with a control and one or more treatments of equal size.
package struct PowerDesign: Equatable, Sendable {
  package var test = PowerTest.fleiss
  package var alternative = Alternative.twoSided
  package var correction = ComparisonCorrection.bonferroni
  /// With the control.
  package var arms = 2
  /// The control's rate; for means its mean, which only relative effects need.
  package var baseline = 0.0
  /// Of a value, for means.
  package var deviation = 1.0
  /// Treatment minus control.
  package var effect = 0.0
  package var alpha = 0.05
  package var power = 0.8
  package var controlCount = 0.0
  /// Rows of each treatment for one of the control.
  package var ratio = 1.0

  package init() {}

  package enum Unknown: Int32, CaseIterable, Sendable {
    case sampleSize = 0
    case power = 1
    case effect = 2
  }

  /// A design in which nothing is open.
  package struct Plan: Equatable, Sendable {
    /// Not rounded; round up.
    package let controlCount: Double
    /// Of each treatment.
    package let treatmentCount: Double
    package let totalCount: Double
    package let effect: Double
    /// `effect / |baseline|`
    package let relativeEffect: Double
    /// Cohen's h, d or f.
    package let standardizedEffect: Double
    package let power: Double
    /// The level of each comparison after correction.
    package let level: Double
  }

  /// Fills in what is unknown from the rest.
  ///
  /// Sizes and effects for rates are the closed forms, which leave out rejections on the wrong side;
  /// the power of a two-sided test counts them (1e-6 at a power of 0.8).
  ///
  /// - Throws: `outOfRange` for a parameter outside its domain; `undefined` when no size or effect
  ///   gives the power: without an effect, or where a rate would leave 0...1.
  /// - Source: Fleiss, Levin, Paik 2003, section 4.2, without continuity correction; Cohen 1988;
  ///   statsmodels' `power_proportions_2indep`, `NormalIndPower`, `TTestIndPower`,
  ///   `FTestAnovaPower`.
  package func solved(for unknown: Unknown) throws(PlauditError) -> Plan {
    try validate(unknown)
    var design = self
    switch unknown {
    case .power: design.power = design.reached()
    case .sampleSize: design.controlCount = try design.neededCount()
    case .effect: design.effect = try design.detectableEffect()
    }
    let treatment = design.controlCount * ratio
    return Plan(
      controlCount: design.controlCount, treatmentCount: treatment,
      totalCount: design.controlCount + treatment * Double(arms - 1), effect: design.effect,
      relativeEffect: baseline == 0 ? .nan : design.effect / baseline.magnitude,
      standardizedEffect: design.standardized, power: design.power, level: level)
  }

  private var isRate: Bool {
    switch test {
    case .fleiss, .cohenH, .baselineNull, .baselineVariance: true
    case .meansT, .meansZ, .analysisOfVariance: false
    }
  }

  /// The level of each comparison.
  private var level: Double {
    let comparisons = Double(arms - 1)
    guard test != .analysisOfVariance else { return alpha }
    return switch correction {
    case .none: alpha
    case .bonferroni: alpha / comparisons
    case .sidak: -expm1(log1p(-alpha) / comparisons)
    }
  }

  /// The normal point of the level.
  private var critical: Double {
    -Normal.quantile(alternative == .twoSided ? level / 2 : level)
  }

  private func validate(_ unknown: Unknown) throws(PlauditError) {
    func check(_ holds: Bool, _ what: String, _ value: Double) throws(PlauditError) {
      if !holds { throw PlauditError(.outOfRange, "\(what), got \(value.plain)") }
    }
    try check(alpha > 0 && alpha < 1, "alpha must lie strictly between 0 and 1", alpha)
    guard arms >= 2, arms <= 1_000_000 else {
      throw PlauditError(.outOfRange, "arms are \(arms), allowed are 2 to 1000000")
    }
    try check(ratio > 0 && ratio.isFinite, "ratio must be positive and finite", ratio)
    try check(
      test != .analysisOfVariance || ratio == 1, "an analysis of variance has arms of equal size",
      ratio)
    try check(baseline.isFinite, "baseline must be finite", baseline)
    if isRate {
      try check(
        baseline > 0 && baseline < 1, "baseline must lie strictly between 0 and 1", baseline)
    }
    try check(
      deviation > 0 && deviation.isFinite, "deviation must be positive and finite", deviation)
    if unknown != .power {
      try check(power > level && power < 1, "power must lie between the level and 1", power)
    }
    if unknown != .effect {
      try check(effect.isFinite, "effect must be finite", effect)
      if isRate {
        let rate = baseline + effect
        try check(rate >= 0 && rate <= 1, "baseline plus effect must lie in 0...1", rate)
      }
      try check(test != .analysisOfVariance || effect >= 0, "f cannot be negative", effect)
    }
    if unknown != .sampleSize {
      try check(
        controlCount >= 2 && controlCount <= 1e15, "control_count must lie in 2...1e15",
        controlCount)
      try check(
        controlCount * ratio >= 1, "each treatment needs a row, its count would be",
        controlCount * ratio)
    }
  }

  /// The effect in the direction of the alternative.
  private var directed: Double {
    // Distances of several means have no side.
    if test == .analysisOfVariance { return effect }
    return switch alternative {
    case .twoSided: effect.magnitude
    case .greater: effect
    case .less: -effect
    }
  }

  private var standardized: Double {
    if isRate {
      let treated = baseline + effect
      return 2 * atan2(treated.squareRoot(), (1 - treated).squareRoot())
        - 2 * atan2(baseline.squareRoot(), (1 - baseline).squareRoot())
    }
    return test == .analysisOfVariance ? effect : effect / deviation
  }

  /// Standard deviations of the difference for one row in the control: under the null hypothesis and
  /// under the effect.
  private var deviations: (null: Double, alternative: Double) {
    let treated = baseline + effect
    let (v0, v1) = (baseline * (1 - baseline), max(0, treated * (1 - treated)))
    switch test {
    case .fleiss:
      let mean = (baseline + ratio * treated) / (1 + ratio)
      return (
        (mean * (1 - mean) * (1 + 1 / ratio)).squareRoot(), (v0 + v1 / ratio).squareRoot()
      )
    case .baselineNull:
      return ((v0 * (1 + 1 / ratio)).squareRoot(), (v0 + v1 / ratio).squareRoot())
    case .baselineVariance:
      let both = (v0 * (1 + 1 / ratio)).squareRoot()
      return (both, both)
    default: return (1, 1)
    }
  }

  /// The power of this design; for rates by Fleiss and its relatives the far tail of a two-sided test
  /// can be left out, as their closed forms for sizes do.
  private func reached(bothTails: Bool = true) -> Double {
    let size = controlCount * ratio / (1 + ratio)
    switch test {
    case .fleiss, .baselineNull, .baselineVariance:
      let (null, deviation) = deviations
      let (shift, bound) = (directed * controlCount.squareRoot(), critical * null)
      let near = Normal.cdf((shift - bound) / deviation)
      return bothTails && alternative == .twoSided
        ? near + Normal.cdf((-shift - bound) / deviation) : near
    case .cohenH, .meansZ:
      let sign = alternative == .less ? -1.0 : 1.0
      let shift =
        (alternative == .twoSided ? standardized.magnitude : sign * standardized)
        * size.squareRoot()
      let near = Normal.cdf(shift - critical)
      return alternative == .twoSided ? near + Normal.cdf(-shift - critical) : near
    case .meansT:
      let degrees = controlCount * (1 + ratio) - 2
      guard degrees > 0 else { return .nan }
      let shift = directed / deviation * size.squareRoot()
      let tail = alternative == .twoSided ? level / 2 : level
      let bound = -StudentT.quantile(tail, degreesOfFreedom: degrees)
      let near = NoncentralT.upperTail(bound, degreesOfFreedom: degrees, shift: shift)
      guard alternative == .twoSided else { return near }
      return near + NoncentralT.tails(-bound, degreesOfFreedom: degrees, shift: shift).lower
    case .analysisOfVariance:
      let (groups, total) = (Double(arms), controlCount * Double(arms))
      let bound = FisherF.quantile(
        upper: alpha, numerator: groups - 1, denominator: total - groups)
      return NoncentralF.tails(
        bound, numerator: groups - 1, denominator: total - groups, shift: effect * effect * total
      ).upper
    }
  }

  private func neededCount() throws(PlauditError) -> Double {
    guard directed > 0 else {
      throw PlauditError(
        .undefined, "no sample size shows an effect of \(effect.plain) for this alternative")
    }
    switch test {
    case .fleiss, .baselineNull, .baselineVariance:
      let (null, alternative) = deviations
      let reach = critical * null + Normal.quantile(power) * alternative
      return reach > 0 ? reach * reach / (directed * directed) : 0
    case .cohenH, .meansZ, .meansT, .analysisOfVariance:
      // By the logarithm; below a hundredth of a degree of freedom there is no power.
      let least =
        switch test {
        case .meansT: 2.01 / (1 + ratio)
        case .analysisOfVariance: 1 + 1 / Double(arms)
        default: 1e-12
        }
      // Noncentralities beyond a million have every power that a double shows.
      let most =
        test == .analysisOfVariance
        ? max(least, 1e6 / (effect * effect * Double(arms))) : 1e15
      func lack(_ size: Double) -> Double {
        var design = self
        design.controlCount = exp(size)
        let reached = design.reached()
        return power - (reached.isNaN ? 0 : reached)
      }
      guard lack(log(most)) <= 0 else {
        throw PlauditError(.undefined, "more than \(most.plain) rows would be needed")
      }
      let count = RootSearch.falling(from: log(least), to: log(most), lack)
      return exp(count)
    }
  }

  private func detectableEffect() throws(PlauditError) -> Double {
    let sign = alternative == .less && test != .analysisOfVariance ? -1.0 : 1.0
    // To where a rate ends, or far beyond what any sample misses.
    let most =
      isRate
      ? (sign > 0 ? 1 - baseline : baseline)
      : test == .analysisOfVariance
        ? (1e6 / (controlCount * Double(arms))).squareRoot() : deviation * 1e4
    func lack(_ size: Double) -> Double {
      var design = self
      design.effect = sign * size
      let reached = design.reached(bothTails: false)
      return power - (reached.isNaN ? 1 : reached)
    }
    guard lack(most) <= 0 else {
      throw PlauditError(
        .undefined, "no effect has a power of \(power.plain) with \(controlCount.plain) rows")
    }
    return sign * RootSearch.falling(from: most * 1e-15, to: most, lack)
  }
}
