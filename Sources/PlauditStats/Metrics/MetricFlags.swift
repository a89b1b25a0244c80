/// What could not be said, or was said by a convention; bits.
package struct MetricFlags: OptionSet, Equatable, Sendable {
  package let rawValue: Int32

  package init(rawValue: Int32) { self.rawValue = rawValue }

  /// Only one class occurs: AUC, KS, DeLong are NaN.
  package static let oneClass = MetricFlags(rawValue: 1)
  /// A class of the table has no row: the macro AUC is NaN, its average precision counts as 0.
  package static let absentClass = MetricFlags(rawValue: 2)
  /// Scores outside 0...1, or rows that do not add up to 1: log-loss and Brier are NaN.
  package static let notProbabilities = MetricFlags(rawValue: 4)
  /// Truth or prediction never varies: Matthews' correlation counts as 0.
  package static let constantLabels = MetricFlags(rawValue: 8)
  /// All is one class: Cohen's kappa is NaN.
  package static let noKappa = MetricFlags(rawValue: 16)
  /// Weights, or too few rows of a class: no DeLong variance.
  package static let noVariance = MetricFlags(rawValue: 32)
  /// Fewer than two rows: R² and D² are NaN.
  package static let fewRows = MetricFlags(rawValue: 64)
  /// The truth never varies: R², explained variance, D² are 1 or 0 by convention.
  package static let constantTruth = MetricFlags(rawValue: 128)
  /// A true value of 0: MAPE divides by 2⁻⁵² there.
  package static let zeroTruth = MetricFlags(rawValue: 256)
  /// A value of -1 or less: the squared log error is NaN.
  package static let noLogarithm = MetricFlags(rawValue: 512)
  /// A class without a row or a prediction: its 0/0 is what the options say.
  package static let zeroDivision = MetricFlags(rawValue: 1024)
}
