import Glibc
package import PlauditCore

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
        treatment: treatmentRate, control: controlRate, v: treatment.rateVariance,
        w: control.rateVariance, difference: absolute, z: z, critical: critical)
      if relativeInterval.lower == -.infinity { flags.insert(.unboundedInterval) }
    }
    self.flags = flags
  }
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
