import Glibc
package import PlauditCore

/// The side on which a difference counts as evidence; raw values are `PLAUDIT_ALTERNATIVE_…`.
package enum Alternative: Int32, CaseIterable, Sendable {
  case twoSided = 0
  /// The treatment rate is above the control rate.
  case greater = 1
  /// The treatment rate is below the control rate.
  case less = 2
}

/// The variance under the z statistic; raw values are `PLAUDIT_VARIANCE_…`.
package enum ProportionVariance: Int32, CaseIterable, Sendable {
  /// Both groups share one rate, as under the hypothesis of no difference.
  case pooled = 0
  /// Each group has its own rate, as in intervals for the difference.
  case unpooled = 1
}

/// A z test of two independent rates.
///
/// Asks for large samples (about five successes and failures a group); for the same items judged
/// twice, as with two models on one test set, it is the wrong test.
package struct TwoProportionTest: Equatable, Sendable {
  package let treatmentRate: Double
  package let controlRate: Double
  /// Treatment minus control, a fraction in -1...1.
  package let difference: Double
  package let z: Double
  /// In 0...1, with full relative precision in the tail.
  package let pValue: Double

  /// - Throws: `undefined` when the variance is zero: for `pooled` if no trial or every trial
  ///   succeeded, for `unpooled` if each rate is 0 or 1.
  /// - Source: as `proportions_ztest` of statsmodels, and unpooled as its
  ///   `test_proportions_2indep(method='wald')`, with `p (1 - p) / n` per group.
  package init(
    treatment: ProportionCounts, control: ProportionCounts, alternative: Alternative,
    variance: ProportionVariance = .pooled
  ) throws(PlauditError) {
    treatmentRate = treatment.rate
    controlRate = control.rate
    difference = treatment.rateDifference(from: control)
    z =
      switch variance {
      case .pooled: try Self.pooledZ(treatment, control)
      case .unpooled: try Self.unpooledZ(treatment, control)
      }
    pValue =
      switch alternative {
      case .twoSided: Normal.twoSidedPValue(z)
      case .greater: Normal.upperTail(z)
      case .less: Normal.cdf(z)
      }
  }

  private static func pooledZ(
    _ treatment: ProportionCounts, _ control: ProportionCounts
  ) throws(PlauditError) -> Double {
    // Sums of two Int64 counts fit an unsigned one.
    let successes = treatment.successes.magnitude + control.successes.magnitude
    let failures = treatment.failures.magnitude + control.failures.magnitude
    guard successes > 0, failures > 0 else {
      throw PlauditError(
        .undefined,
        "two-proportion z is undefined: \(successes > 0 ? "every" : "no") trial succeeded in "
          + "both groups, so the pooled variance is 0")
    }
    // With N trials in all: Var = X Y / N² × N / (m n), and the difference is cross / (m n).
    let sizes = Double(treatment.trials) * Double(control.trials)
    let share = Double(failures) / Double(treatment.trials.magnitude + control.trials.magnitude)
    return treatment.crossDifference(control) / sqrt(Double(successes) * share * sizes)
  }

  private static func unpooledZ(
    _ treatment: ProportionCounts, _ control: ProportionCounts
  ) throws(PlauditError) -> Double {
    let variance = treatment.rateVariance + control.rateVariance
    guard variance > 0 else {
      throw PlauditError(
        .undefined,
        "two-proportion z is undefined: treatment rate (\(treatment.rate.plain)) and control rate "
          + "(\(control.rate.plain)) are each 0 or 1, so the unpooled variance is 0")
    }
    return treatment.rateDifference(from: control) / sqrt(variance)
  }
}

/// An interval for the difference of two rates that respects -1...1 and empty cells.
///
/// Combines the Wilson distances of both rates. It is not the inversion of the z test, so that
/// near the border one may exclude 0 where the other does not reject.
///
/// - Returns: treatment minus control, fractions in -1...1.
/// - Throws: `outOfRange` unless `confidence` lies strictly between 0 and 1.
/// - Source: Newcombe 1998, method 10,
///   doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
package func newcombeInterval(
  treatment: ProportionCounts, control: ProportionCounts, confidence: Double
) throws(PlauditError) -> Interval {
  newcombeInterval(
    treatment: treatment, control: control, z: try Normal.criticalValue(confidence: confidence))
}

/// For callers that already know the critical value.
func newcombeInterval(
  treatment: ProportionCounts, control: ProportionCounts, z: Double
) -> Interval {
  let (treated, untreated) = (WilsonScore(treatment, z: z), WilsonScore(control, z: z))
  let difference = treatment.rateDifference(from: control)
  return Interval(
    lower: max(-1, difference - hypot(treated.distanceBelow, untreated.distanceAbove)),
    upper: min(1, difference + hypot(untreated.distanceBelow, treated.distanceAbove)))
}
