import Glibc
package import PlauditCore

/// What a lift could not say; raw values are `PLAUDIT_LIFT_FLAG_…`.
package struct LiftFlags: OptionSet, Hashable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  /// The control never succeeded: relative lift and its interval are NaN.
  package static let zeroBaseline = LiftFlags(rawValue: 1)
  /// The control rate cannot be told from 0: the relative interval is the whole line.
  package static let unboundedInterval = LiftFlags(rawValue: 2)
  /// The control rate is below ten of its standard errors: read the absolute lift instead.
  package static let lowBaseline = LiftFlags(rawValue: 4)
  /// Both rates are 0 or 1: z, p and the relative interval are NaN.
  package static let zeroVariance = LiftFlags(rawValue: 8)
}

/// How much a treatment raised a rate over its control, with intervals and one p value.
///
/// The relative interval excludes 0 exactly when `z` rejects at the same level, so there is one
/// verdict, not an absolute and a relative one. Samples are independent.
package struct ProportionLift: Equatable, Sendable {
  package let treatmentRate: Double
  package let controlRate: Double
  /// Treatment minus control, a fraction in -1...1.
  package let absolute: Double
  /// Newcombe's hybrid score interval of `absolute`.
  package let absoluteInterval: Interval
  /// `(treatment - control) / control`: 0.25 is a quarter more than the control.
  package let relative: Double
  /// Fieller's interval of `relative`; unclipped, so it may reach below -1.
  package let relativeInterval: Interval
  /// The unpooled z of the difference and its two-sided p value.
  package let z: Double
  package let pValue: Double
  package let flags: LiftFlags

  /// - Parameter confidence: of both intervals, strictly between 0 and 1.
  /// - Throws: `outOfRange` for the confidence; what cannot be computed is NaN with a flag.
  /// - Source: Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I;
  ///   Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x, with `p (1 - p) / n` and normal
  ///   quantiles.
  package init(
    treatment: ProportionCounts, control: ProportionCounts, confidence: Double
  ) throws(PlauditError) {
    let critical = try Normal.criticalValue(confidence: confidence)
    treatmentRate = treatment.rate
    controlRate = control.rate
    absolute = treatment.rateDifference(from: control)
    absoluteInterval = newcombeInterval(treatment: treatment, control: control, z: critical)

    var flags: LiftFlags = []
    let variance = treatment.rateVariance + control.rateVariance
    if variance > 0 {
      z = absolute / sqrt(variance)
      pValue = Normal.twoSidedPValue(z)
    } else {
      z = .nan
      pValue = .nan
      flags.insert(.zeroVariance)
    }

    if control.successes == 0 {
      flags.insert(.zeroBaseline)
      relative = .nan
      relativeInterval = Interval(lower: .nan, upper: .nan)
    } else {
      relative =
        treatment.crossDifference(control) / (Double(control.successes) * Double(treatment.trials))
      // rate < 10 √(rate (1 - rate) / n), squared and freed of fractions
      if Int128(control.successes) &* Int128(control.trials) < 100 &* Int128(control.failures) {
        flags.insert(.lowBaseline)
      }
      relativeInterval = fiellerInterval(
        treatment: treatment, control: control, z: z, critical: critical)
      if relativeInterval.lower == -.infinity { flags.insert(.unboundedInterval) }
    }
    self.flags = flags
  }
}

/// The ratios θ for which `difference - θ control` is within `critical` standard errors of 0.
///
/// With `t`, `c` the rates, `v`, `w` their variances, `d = t - c`, `k` the critical value, they lie
/// between the roots of `a θ² - 2 b θ + e`: `a = c² - k² w`, `b = d c + k² w`,
/// `e = d² - k² (v + w)`, where `b² - a e = k² (a v + w t²)` has no cancellation.
private func fiellerInterval(
  treatment: ProportionCounts, control: ProportionCounts, z: Double, critical: Double
) -> Interval {
  guard z.isFinite else { return Interval(lower: .nan, upper: .nan) }
  let (t, c) = (treatment.rate, control.rate)
  let (v, w) = (treatment.rateVariance, control.rateVariance)
  let a = c * c - critical * critical * w
  guard a > 0 else { return Interval(lower: -.infinity, upper: .infinity) }
  let b = treatment.rateDifference(from: control) * c + critical * critical * w
  // From z itself, so that the sign of the near end is the verdict of the test.
  let e = (v + w) * (z - critical) * (z + critical)
  let root = critical * sqrt(a * v + w * t * t)
  // The far end first: the two ends multiply to e / a, and b + root would cancel for the near one.
  let sum = b < 0 ? b - root : b + root
  guard sum != 0 else { return Interval(lower: 0, upper: 0) }
  let (far, near) = (sum / a, e / sum)
  return Interval(lower: min(far, near), upper: max(far, near))
}

/// The relative change of a mean or a rate over its control: `(treatment - control) / |control|`.
///
/// The sign follows the absolute change, for a negative control too: from -10 to -5 is +0.5.
/// 18.2 % over 13.4 % is +0.358; dividing by the treatment instead would print 0.264.
///
/// - Throws: `notFinite` for NaN and infinity, `undefined` for a control of 0, `outOfRange` for a
///   lift no double can hold.
package func relativeLift(treatment: Double, control: Double) throws(PlauditError) -> Double {
  guard treatment.isFinite else {
    throw PlauditError(
      .notFinite, "relative lift needs a finite treatment, got \(treatment.plain)")
  }
  guard control.isFinite else {
    throw PlauditError(.notFinite, "relative lift needs a finite control, got \(control.plain)")
  }
  guard control != 0 else {
    throw PlauditError(.undefined, "relative lift is undefined for a control of 0")
  }
  let lift = (treatment - control) / control.magnitude
  guard lift.isFinite else {
    throw PlauditError(
      .outOfRange,
      "relative lift exceeds the range of a double: treatment (\(treatment.plain)), "
        + "control (\(control.plain))")
  }
  return lift
}
