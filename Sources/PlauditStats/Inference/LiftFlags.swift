/// What a lift could not say; raw values are `PLAUDIT_LIFT_FLAG_…`.
package struct LiftFlags: OptionSet, Hashable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  /// The control is 0: relative lift and its interval are NaN.
  package static let zeroBaseline = LiftFlags(rawValue: 1)
  /// The control cannot be told from 0: the relative interval is the whole line.
  package static let unboundedInterval = LiftFlags(rawValue: 2)
  /// The control is below ten of its standard errors: read the absolute lift instead.
  package static let lowBaseline = LiftFlags(rawValue: 4)
  /// Nothing varies in both arms: the test and what comes from it are NaN.
  package static let zeroVariance = LiftFlags(rawValue: 8)

  // In tables only
  /// An arm without users: nothing can be said of it.
  package static let noUsers = LiftFlags(rawValue: 16)
  /// An arm, or a stratum of one, with fewer than two users: it has no variance.
  package static let fewUsers = LiftFlags(rawValue: 32)
  /// Sums of squares or products that no numbers have.
  package static let impossibleSums = LiftFlags(rawValue: 64)
  /// NaN or infinity among the sums, or moments of them beyond the range of a double.
  package static let notFinite = LiftFlags(rawValue: 128)
  package static let negativeCount = LiftFlags(rawValue: 256)
  /// Successes below 0 or above the number of trials: no binomial.
  package static let invalidBinomial = LiftFlags(rawValue: 512)
  /// A count that is not whole, such as attributed conversions; it is used as it is.
  package static let fractionalCount = LiftFlags(rawValue: 1024)
  /// The denominator of a ratio is 0 or less.
  package static let noDenominator = LiftFlags(rawValue: 2048)
  /// The arms have different signs, or one is 0: there is no interval on the log scale.
  package static let noLogarithm = LiftFlags(rawValue: 4096)
  /// A covariate that does not vary or repeats others was left out.
  package static let covariateLeftOut = LiftFlags(rawValue: 8192)
  /// The arms' sizes are not those of the design: do not trust the row.
  package static let sampleRatioMismatch = LiftFlags(rawValue: 16384)
  /// Users in an arm that the design gives none.
  package static let unexpectedUsers = LiftFlags(rawValue: 32768)

  /// Without a meaningful estimate.
  static let valueless: LiftFlags = [
    .noUsers, .impossibleSums, .notFinite, .negativeCount, .invalidBinomial, .noDenominator,
  ]
}
