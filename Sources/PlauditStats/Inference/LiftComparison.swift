import Glibc

/// One row of a lift table: a treatment against a control, judged.
struct LiftComparison {
  var absolute = Double.nan
  var absoluteInterval = Interval(lower: .nan, upper: .nan)
  var standardError = Double.nan
  var statistic = Double.nan
  var degreesOfFreedom = Double.nan
  var pValue = Double.nan
  var relative = Double.nan
  var relativeInterval = Interval(lower: .nan, upper: .nan)
  var relativeStandardError = Double.nan
  var power = Double.nan
  var minimumDetectable = Double.nan
  var flags: LiftFlags = []
}

/// The rules of one table, with what does not change from row to row.
struct LiftJudge {
  private let options: LiftOptions
  private let alpha: Double
  private let normalCritical: Double
  private let powerQuantile: Double

  init(_ options: LiftOptions) {
    self.options = options
    alpha = 1 - options.confidence
    // Checked before: the options are sound.
    normalCritical = (try? Normal.criticalValue(confidence: options.confidence)) ?? .nan
    powerQuantile = Normal.quantile(options.power)
  }

  /// - Parameters:
  ///   - difference: `treatment - control`, with digits that the subtraction of the values has not.
  ///   - isPlainProportion: both are successes of trials, without strata and covariates.
  @inline(__always)
  func compare(
    treatment: ArmEstimate, control: ArmEstimate, difference: Double, isProportion: Bool,
    isPlainProportion: Bool
  ) -> LiftComparison {
    var row = LiftComparison()
    row.flags = treatment.flags.union(control.flags)
    guard row.flags.isDisjoint(with: .valueless) else { return row }
    let (t, c) = (treatment.value, control.value)
    let (v, w) = (treatment.variance, control.variance)
    row.absolute = difference
    let variance = v + w
    if variance > 0 {
      row.standardError = sqrt(variance)
      row.statistic = difference / row.standardError
    } else if variance == 0 {
      row.flags.insert(.zeroVariance)
      row.standardError = 0
    }
    let isWelch =
      options.distribution == .welch || (options.distribution == .automatic && !isProportion)
    row.degreesOfFreedom =
      isWelch ? variance * variance / (treatment.freedom + control.freedom) : .infinity

    let critical = self.critical(
      row.standardError, users: treatment.users + control.users, row.degreesOfFreedom)
    row.pValue = pValue(row.statistic, row, users: treatment.users + control.users)
    if isPlainProportion, options.absolute == .automatic, !isWelch,
      case .fixedHorizon = options.design
    {
      row.absoluteInterval = newcombe(treatment, control, difference)
    } else if variance > 0 {
      let reach = critical * row.standardError
      row.absoluteInterval = Interval(lower: difference - reach, upper: difference + reach)
    }
    addRelative(&row, t: t, c: c, v: v, w: w, treatment, control, critical)
    addPower(&row, control: c, critical)
    let isExplained = !row.flags.isDisjoint(with: [.zeroVariance, .fewUsers])
    guard row.absolute.isFinite, isExplained || !row.pValue.isNaN else {
      // Finite sums whose moments are beyond the doubles.
      var none = LiftComparison()
      none.flags = row.flags.union(.notFinite)
      return none
    }
    return row
  }

  // MARK: - Pieces

  private func boundary(_ standardError: Double, users: Double) -> MixtureBoundary? {
    switch options.design {
    case .fixedHorizon: nil
    case .confidenceSequence(let sequence): sequence.boundary(users: users)
    case .mixtureSPRT(let test): test.boundary(standardError: standardError)
    }
  }

  @inline(__always)
  private func critical(_ standardError: Double, users: Double, _ freedom: Double) -> Double {
    if let boundary = boundary(standardError, users: users) {
      return boundary.criticalValue(alpha: alpha)
    }
    guard freedom < .infinity else { return freedom.isNaN ? .nan : normalCritical }
    return
      (try? StudentT.criticalValue(confidence: options.confidence, degreesOfFreedom: freedom))
      ?? .nan
  }

  @inline(__always)
  private func pValue(_ statistic: Double, _ row: LiftComparison, users: Double) -> Double {
    guard statistic.isFinite else { return .nan }
    if let boundary = boundary(row.standardError, users: users) {
      return boundary.pValue(z: statistic)
    }
    return row.degreesOfFreedom == .infinity
      ? Normal.twoSidedPValue(statistic)
      : StudentT.twoSidedPValue(statistic, degreesOfFreedom: row.degreesOfFreedom)
  }

  private func newcombe(
    _ treatment: ArmEstimate, _ control: ArmEstimate, _ difference: Double
  ) -> Interval {
    let one = treatment.wilsonScore(z: normalCritical)
    let two = control.wilsonScore(z: normalCritical)
    return Interval(
      lower: max(-1, difference - hypot(one.distanceBelow, two.distanceAbove)),
      upper: min(1, difference + hypot(two.distanceBelow, one.distanceAbove)))
  }

  @inline(__always)
  private func addRelative(
    _ row: inout LiftComparison, t: Double, c: Double, v: Double, w: Double,
    _ treatment: ArmEstimate, _ control: ArmEstimate, _ critical: Double
  ) {
    guard c != 0 else {
      row.flags.insert(.zeroBaseline)
      return
    }
    let size = c.magnitude
    if c * c < 100 * w { row.flags.insert(.lowBaseline) }
    row.relative = row.absolute / size
    // Var(t / c) = v / c² + w t² / c⁴
    row.relativeStandardError = sqrt(v + w * (t / c) * (t / c)) / size
    var limits = Interval(lower: .nan, upper: .nan)
    switch options.relative {
    case .fieller:
      limits = fiellerInterval(
        treatment: t, control: c, v: v, w: w, difference: row.absolute, z: row.statistic,
        critical: critical)
      if limits.lower == -.infinity { row.flags.insert(.unboundedInterval) }
    case .delta:
      if row.standardError > 0 {
        let reach = critical * row.relativeStandardError
        limits = Interval(lower: row.relative - reach, upper: row.relative + reach)
        if options.hypothesis == .relative {
          row.pValue = pValue(
            row.relative / row.relativeStandardError, row, users: treatment.users + control.users)
        }
      }
    case .log: limits = logInterval(&row, t: t, c: c, v: v, w: w, treatment, control)
    }
    row.relativeInterval = limits
    if row.flags.contains(.lowBaseline), !options.keepsLowBaselines {
      row.relative = .nan
      row.relativeStandardError = .nan
      // That nothing can be said is still worth saying.
      if !row.flags.contains(.unboundedInterval) {
        row.relativeInterval = Interval(lower: .nan, upper: .nan)
      }
    }
  }

  private func logInterval(
    _ row: inout LiftComparison, t: Double, c: Double, v: Double, w: Double,
    _ treatment: ArmEstimate, _ control: ArmEstimate
  ) -> Interval {
    guard t / c > 0 else {
      row.flags.insert(.noLogarithm)
      return Interval(lower: .nan, upper: .nan)
    }
    let spread = v / (t * t) + w / (c * c)
    guard spread > 0 else { return Interval(lower: .nan, upper: .nan) }
    var scaled = row
    scaled.standardError = sqrt(spread)
    if row.degreesOfFreedom < .infinity {
      let fourth = (t * t * t * t, c * c * c * c)
      scaled.degreesOfFreedom =
        spread * spread / (treatment.freedom / fourth.0 + control.freedom / fourth.1)
    }
    let users = treatment.users + control.users
    let change = log1p((c > 0 ? row.absolute : -row.absolute) / c.magnitude)
    let reach =
      critical(scaled.standardError, users: users, scaled.degreesOfFreedom)
      * scaled.standardError
    if options.hypothesis == .relative {
      row.pValue = pValue(change / scaled.standardError, scaled, users: users)
    }
    let (low, high) = (expm1(change - reach), expm1(change + reach))
    return c > 0 ? Interval(lower: low, upper: high) : Interval(lower: -high, upper: -low)
  }

  @inline(__always)
  private func addPower(_ row: inout LiftComparison, control: Double, _ critical: Double) {
    guard row.standardError > 0 else { return }
    row.minimumDetectable = (critical + powerQuantile) * row.standardError
    var effect = options.effectOfInterest
    if effect == 0 {
      effect = row.absolute
    } else if options.interestIsRelative {
      effect *= control
    }
    let distance = effect.magnitude / row.standardError
    row.power = Normal.upperTail(critical - distance) + Normal.cdf(-critical - distance)
  }
}

extension ArmEstimate {
  /// Of a proportion, whose successes were forgotten but for the rate.
  @inline(__always)
  fileprivate func wilsonScore(z: Double) -> WilsonScore {
    let successes = (value * users)
    return WilsonScore(
      successes: successes, failures: users - successes, trials: users, z: z)
  }
}
