import Glibc
package import PlauditCore

/// The boundary of a normal mixture: it may be looked at after every observation.
///
/// With `r` the variance of the mixing distribution over that of the estimate, the evidence against
/// no effect is `exp(z² r / (2 (1 + r))) / √(1 + r)`, and the interval reaches
/// `√((1 + 1/r) (2 ln(1/α) + ln(1 + r)))` standard errors. The asymptotic confidence sequence has
/// `r = n ρ²`, the mixture SPRT `r = τ² / se²`; all else is the same.
package struct MixtureBoundary: Equatable, Sendable {
  package let ratio: Double

  package init(ratio: Double) { self.ratio = ratio }

  /// Half the width of the interval at `1 - alpha`, in standard errors.
  package func criticalValue(alpha: Double) -> Double {
    sqrt((1 + 1 / ratio) * (log1p(ratio) - 2 * log(alpha)))
  }

  /// The logarithm of the evidence of an estimate `z` standard errors away from 0.
  package func logEvidence(z: Double) -> Double {
    0.5 * (z * z * (ratio / (1 + ratio)) - log1p(ratio))
  }

  /// `1 / evidence`, at most 1: below `alpha` exactly when the interval excludes 0.
  package func pValue(z: Double) -> Double {
    min(1, exp(-logEvidence(z: z)))
  }
}

/// The asymptotic confidence sequence of Waudby-Smith et al. and what its one number is called.
///
/// The number says for which sample the sequence is narrowest; it has to be chosen before the data
/// are seen. `n` is the number of users in both arms together.
package struct ConfidenceSequence: Equatable, Sendable {
  /// The number that tunes a sequence; raw values are `PLAUDIT_TUNING_…`.
  package enum Tuning: Int32, CaseIterable, Sendable {
    /// `N*`, the sample for which it is narrowest: GrowthBook's tuning parameter, 5000 there; Eppo
    /// has 10 000.
    case sampleSize = 0
    /// `ρ` of Waudby-Smith et al. and of GrowthBook.
    case rho = 1
    /// Eppo's `ρ`, which is `1 / ρ²` of the others.
    case eppoRho = 2
  }

  package let rhoSquared: Double
  package let alpha: Double

  /// - Throws: `outOfRange` for an `alpha` outside 0...1 or a value that is not positive.
  /// - Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2023, arXiv:2103.06476, eq. 9 and
  ///   appendix B.2; GrowthBook `gbstats`; Eppo, "Statistical nitty-gritty", eq. 18.
  package init(_ tuning: Tuning, value: Double, alpha: Double) throws(PlauditError) {
    guard alpha > 0, alpha < 1 else {
      throw PlauditError(
        .outOfRange, "alpha must lie strictly between 0 and 1, got \(alpha.plain)")
    }
    guard value > 0, value.isFinite else {
      throw PlauditError(.outOfRange, "tuning must be above 0 and finite, got \(value.plain)")
    }
    self.alpha = alpha
    switch tuning {
    case .sampleSize:
      let evidence = -2 * log(alpha)
      rhoSquared = (evidence + log1p(evidence)) / value
    case .rho: rhoSquared = value * value
    case .eppoRho: rhoSquared = 1 / value
    }
  }

  /// The boundary at `users` observations.
  package func boundary(users: Double) -> MixtureBoundary {
    MixtureBoundary(ratio: users * rhoSquared)
  }
}

/// The mixture sequential probability ratio test of Johari, Pekelis and Walsh for a difference.
///
/// Each look uses the variance that is known at that look and nothing later. Sizes of the arms may
/// differ: the standard error says all that is needed.
///
/// - Source: Johari, Koomen, Pekelis and Walsh 2022, doi:10.1287/opre.2021.2135.
package struct MixtureSPRT: Equatable, Sendable {
  /// The variance `τ²` of the normal mixing distribution of effects, in squared units of the effect.
  package let tauSquared: Double

  /// - Throws: `outOfRange` unless the variance is positive and finite.
  package init(tauSquared: Double) throws(PlauditError) {
    guard tauSquared > 0, tauSquared.isFinite else {
      throw PlauditError(
        .outOfRange, "mixing variance must be above 0 and finite, got \(tauSquared.plain)")
    }
    self.tauSquared = tauSquared
  }

  package func boundary(standardError: Double) -> MixtureBoundary {
    MixtureBoundary(ratio: tauSquared / standardError / standardError)
  }
}

/// The looks of one experiment under an always-valid method.
package struct SequentialLooks {
  package enum Method: Sendable {
    case confidenceSequence(ConfidenceSequence)
    case mixtureSPRT(MixtureSPRT, alpha: Double)
  }

  package struct Columns {
    package let logEvidence: UnsafeMutableBufferPointer<Double>?
    package let pValues: UnsafeMutableBufferPointer<Double>?
    package let lower: UnsafeMutableBufferPointer<Double>?
    package let upper: UnsafeMutableBufferPointer<Double>?

    package init(
      logEvidence: UnsafeMutableBufferPointer<Double>?,
      pValues: UnsafeMutableBufferPointer<Double>?, lower: UnsafeMutableBufferPointer<Double>?,
      upper: UnsafeMutableBufferPointer<Double>?
    ) {
      self.logEvidence = logEvidence
      self.pValues = pValues
      self.lower = lower
      self.upper = upper
    }
  }

  /// Look by look: the evidence, the always-valid p value and the interval.
  ///
  /// With `running`, p is the least so far and the interval the intersection so far, which are as
  /// valid and never widen; an empty intersection is left crossed, lower above upper.
  ///
  /// - Parameter users: users in both arms up to a look; only the confidence sequence reads it.
  /// - Throws: `notFinite` and `invalidData` with the look, for numbers that are not finite, a
  ///   standard error that is not positive, users below 1; `invalidArgument` for unequal lengths.
  package static func evaluate(
    _ method: Method, effects: UnsafeBufferPointer<Double>,
    standardErrors: UnsafeBufferPointer<Double>, users: UnsafeBufferPointer<Double>?,
    running: Bool, into out: Columns
  ) throws(PlauditError) {
    let count = effects.count
    var leastP = 1.0
    var (lowest, highest) = (-Double.infinity, Double.infinity)
    guard standardErrors.count == count, (users?.count ?? count) == count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: effects (\(count)), standard errors (\(standardErrors.count)), "
          + "users (\(users?.count ?? count))")
    }
    for look in 0..<count {
      let (effect, error) = (effects[look], standardErrors[look])
      let size = users?[look] ?? 1
      guard effect.isFinite, error.isFinite, size.isFinite else {
        throw PlauditError(
          .notFinite,
          "look has effect \(effect.plain), standard error \(error.plain), users \(size.plain)",
          index: Int64(look))
      }
      guard error > 0, size >= 1 else {
        throw PlauditError(
          .invalidData,
          "look has standard error \(error.plain) and users \(size.plain); they must be above 0",
          index: Int64(look))
      }
      let (boundary, alpha): (MixtureBoundary, Double) =
        switch method {
        case .confidenceSequence(let sequence): (sequence.boundary(users: size), sequence.alpha)
        case .mixtureSPRT(let test, let alpha): (test.boundary(standardError: error), alpha)
        }
      let z = effect / error
      let reach = boundary.criticalValue(alpha: alpha) * error
      leastP = min(leastP, boundary.pValue(z: z))
      lowest = max(lowest, effect - reach)
      highest = min(highest, effect + reach)
      out.logEvidence?[look] = boundary.logEvidence(z: z)
      out.pValues?[look] = running ? leastP : boundary.pValue(z: z)
      out.lower?[look] = running ? lowest : effect - reach
      out.upper?[look] = running ? highest : effect + reach
    }
  }
}
