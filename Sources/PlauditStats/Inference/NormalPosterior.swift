import Glibc
package import PlauditCore

/// An effect after a normal prior: the chance that it is positive, and what a wrong choice costs.
package struct NormalPosterior: Equatable, Sendable {
  package let mean: Double
  package let standardDeviation: Double
  /// The chance that the effect is above 0.
  package let chanceToWin: Double
  /// `E[max(effect, 0)]`: what keeping the control costs.
  package let controlLoss: Double
  /// `E[max(-effect, 0)]`: what the treatment costs.
  package let treatmentLoss: Double

  /// A normal distribution of effects before the data; an infinite variance knows nothing.
  package struct Prior: Equatable, Sendable {
    package let mean: Double
    package let variance: Double

    /// - Throws: `outOfRange` for a mean that is not finite or a variance that is not positive.
    package init(mean: Double, variance: Double) throws(PlauditError) {
      guard mean.isFinite, variance > 0 else {
        throw PlauditError(
          .outOfRange,
          "a prior has a finite mean and a variance above 0, got \(mean.plain) and "
            + "\(variance.plain)")
      }
      (self.mean, self.variance) = (mean, variance)
    }
  }

  /// NaN for an effect that is not finite or a standard error that is not positive and finite.
  package init(effect: Double, standardError: Double, prior: Prior) {
    guard effect.isFinite, standardError > 0, standardError.isFinite else {
      (mean, standardDeviation, chanceToWin) = (.nan, .nan, .nan)
      (controlLoss, treatmentLoss) = (.nan, .nan)
      return
    }
    let seen = standardError * standardError
    // Weighted by the other's variance: no reciprocal of a variance that is 0 or infinite.
    let share = prior.variance == .infinity ? 1 : prior.variance / (prior.variance + seen)
    let mean = share * effect + (1 - share) * prior.mean
    let deviation = standardError * sqrt(share)
    let z = mean / deviation
    (self.mean, standardDeviation) = (mean, deviation)
    chanceToWin = Normal.cdf(z)
    controlLoss = deviation * Self.loss(-z)
    treatmentLoss = deviation * Self.loss(z)
  }

  package func interval(critical: Double) -> Interval {
    Interval(
      lower: mean - critical * standardDeviation, upper: mean + critical * standardDeviation)
  }

  /// `φ(z) - z (1 - Φ(z))`, the expected excess of a standard normal number over `z`.
  private static func loss(_ z: Double) -> Double {
    max(0, 0.3989422804014327 * exp(-0.5 * z * z) - z * Normal.upperTail(z))
  }

  /// Row by row, with NaN where a row has no posterior.
  ///
  /// - Throws: `invalidArgument` for columns of unequal lengths; `outOfRange` for the confidence.
  package static func each(
    effects: UnsafeBufferPointer<Double>, standardErrors: UnsafeBufferPointer<Double>,
    prior: Prior, confidence: Double, _ body: (Int, NormalPosterior, Interval) -> Void
  ) throws(PlauditError) {
    let critical = try Normal.criticalValue(confidence: confidence)
    guard effects.count == standardErrors.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: effects (\(effects.count)), standard errors "
          + "(\(standardErrors.count))")
    }
    for row in 0..<effects.count {
      let found = NormalPosterior(
        effect: effects[row], standardError: standardErrors[row], prior: prior)
      body(row, found, found.interval(critical: critical))
    }
  }
}
