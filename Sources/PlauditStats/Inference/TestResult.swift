package import PlauditCore

/// What a test could not say, or what to keep in mind; raw values are `PLAUDIT_TEST_FLAG_…`.
package struct TestFlags: OptionSet, Hashable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  /// A sample without the rows that the test needs: all numbers are NaN.
  package static let tooFewRows = TestFlags(rawValue: 1)
  /// Nothing varies: statistic and p value are NaN.
  package static let zeroVariance = TestFlags(rawValue: 2)
  /// Negative counts, or more successes than trials: all numbers are NaN.
  package static let invalidCounts = TestFlags(rawValue: 4)
  /// NaN or infinity among the numbers of the row: all numbers are NaN.
  package static let notFinite = TestFlags(rawValue: 8)
  /// An expected count below 5: the chi-square approximation is poor.
  package static let smallExpected = TestFlags(rawValue: 16)
  /// An end of the interval is infinite, or 0 for a ratio: a cell is empty.
  package static let unboundedInterval = TestFlags(rawValue: 32)
  /// Equal values: the exact distribution does not know them.
  package static let ties = TestFlags(rawValue: 64)
  /// A group without any success or any failure.
  package static let emptyCell = TestFlags(rawValue: 128)
}

/// The outcome of any test: NaN in the places that a test does not have.
package struct TestResult: Equatable, Sendable {
  package var statistic = Double.nan
  /// Of the numerator for F, infinite for z.
  package var degreesOfFreedom = Double.nan
  /// Of an F statistic.
  package var denominatorDegrees = Double.nan
  package var pValue = Double.nan
  /// What the interval is of: a difference, a ratio, an odds ratio, a probability.
  package var estimate = Double.nan
  package var standardError = Double.nan
  /// Always two-sided.
  package var interval = Interval(lower: .nan, upper: .nan)
  /// Cohen's d, Cramér's V, η² or the rank-biserial correlation.
  package var effectSize = Double.nan
  /// The same with its small-sample bias taken off: Hedges' g, ω².
  package var correctedEffectSize = Double.nan
  package var flags: TestFlags = []
  /// Whether the p value is from the exact distribution.
  package var isExact = false

  package init() {}
  init(flags: TestFlags) { self.flags = flags }

  /// The first reason why there is no p value, as the error that ends a refusing call.
  func refusal() -> PlauditError? {
    if flags.contains(.invalidCounts) {
      return PlauditError(
        .invalidData, "counts must lie in 0...trials, and sizes cannot be negative")
    }
    if flags.contains(.notFinite) {
      return PlauditError(.notFinite, "means and variances must be finite")
    }
    if flags.contains(.tooFewRows) {
      return PlauditError(.undefined, "the test is undefined: a sample has too few rows")
    }
    if flags.contains(.zeroVariance) {
      return PlauditError(.undefined, "the test is undefined: nothing varies")
    }
    return nil
  }
}

/// What is held against the hypothesis; raw values are `PLAUDIT_ALTERNATIVE_…`.
package enum TestAlternative: Equatable, Sendable {
  /// Not the null value.
  case twoSided
  /// Above the null value.
  case greater
  /// Below the null value.
  case less
  /// Within these margins: two one-sided tests, of which the larger p value counts.
  case equivalent(lower: Double, upper: Double)

  /// - Throws: `outOfRange` for margins that are not finite and rising.
  package init(rawValue: Int32, lower: Double, upper: Double) throws(PlauditError) {
    switch rawValue {
    case 0: self = .twoSided
    case 1: self = .greater
    case 2: self = .less
    case 3:
      guard lower < upper, lower.isFinite, upper.isFinite else {
        throw PlauditError(
          .outOfRange,
          "margins must be finite and rise, got \(lower.plain) to \(upper.plain)")
      }
      self = .equivalent(lower: lower, upper: upper)
    default:
      throw PlauditError(.outOfRange, "alternative is \(rawValue), allowed are 0 to 3")
    }
  }
}
