import PlauditCore

/// What a metric is; raw values are `PLAUDIT_LIFT_KIND_…`.
package enum LiftKind: Int32, CaseIterable, Sendable {
  /// Users who did something, of all users: from `n` and the number of successes.
  case proportion = 0
  /// A number a user, such as revenue: from `n`, sum and sum of squares.
  case mean = 1
  /// A ratio of two sums over users, such as clicks per impression: with the sum and sum of squares
  /// of the denominator and the sum of products.
  case ratio = 2
}

/// How a lift table judges; zeros of the raw values are the defaults.
package struct LiftOptions: Sendable {
  /// The interval of the relative effect; raw values are `PLAUDIT_RELATIVE_…`.
  package enum Relative: Int32, CaseIterable, Sendable {
    /// Excludes 0 exactly when p rejects.
    case fieller = 0
    /// Symmetric, by the delta method: GrowthBook's with `welch`, Eppo's with `normal`.
    case delta = 1
    /// Symmetric on the log scale: tea-tasting's.
    case log = 2
  }

  /// The interval of the absolute effect; raw values are `PLAUDIT_ABSOLUTE_…`.
  package enum Absolute: Int32, CaseIterable, Sendable {
    /// Newcombe's for proportions judged at a fixed horizon by normal quantiles, else symmetric.
    case automatic = 0
    /// The effect ± its standard errors: excludes 0 exactly when p rejects.
    case symmetric = 1
  }

  /// Whose quantiles; raw values are `PLAUDIT_DISTRIBUTION_…`.
  package enum Distribution: Int32, CaseIterable, Sendable {
    /// Normal for proportions, Welch's t for means and ratios.
    case automatic = 0
    case normal = 1
    case welch = 2
  }

  /// What p is about; raw values are `PLAUDIT_HYPOTHESIS_…`.
  package enum Hypothesis: Int32, CaseIterable, Sendable {
    case absolute = 0
    /// As the interval of the relative effect has it; with `fieller` the same.
    case relative = 1
  }

  /// When the table may be read; raw values are `PLAUDIT_DESIGN_…`.
  package enum Design: Sendable {
    /// Once, at a size that was fixed before.
    case fixedHorizon
    /// At any time.
    case confidenceSequence(ConfidenceSequence)
    case mixtureSPRT(MixtureSPRT)
  }

  /// Which p values are one family; raw values are `PLAUDIT_SCOPE_…`.
  package enum Scope: Int32, CaseIterable, Sendable {
    case all = 0
    /// The arms of each metric.
    case perMetric = 1
  }

  package var confidence = 0.95
  package var relative = Relative.fieller
  package var absolute = Absolute.automatic
  package var distribution = Distribution.automatic
  package var hypothesis = Hypothesis.absolute
  package var design = Design.fixedHorizon
  package var adjustment = PValueAdjustment.none
  package var scope = Scope.all
  /// Relative effects of controls below ten standard errors are given all the same.
  package var keepsLowBaselines = false
  /// The chance of finding the minimum detectable effect, at least 0.5.
  package var power = 0.8
  /// The effect that `power` is told for; 0 for the one that was seen.
  package var effectOfInterest = 0.0
  package var interestIsRelative = false
  package var slopes = CovariateSlopes.pooled
  /// Below this p the sizes of the arms are not the design's.
  package var sampleRatioLevel = 0.001

  package init() {}

  func check() throws(PlauditError) {
    _ = try Normal.criticalValue(confidence: confidence)
    guard power >= 0.5, power < 1 else {
      throw PlauditError(.outOfRange, "power must be at least 0.5 and below 1, got \(power.plain)")
    }
    guard effectOfInterest.isFinite else {
      throw PlauditError(
        .notFinite, "effect of interest must be finite, got \(effectOfInterest.plain)")
    }
    guard sampleRatioLevel > 0, sampleRatioLevel < 1 else {
      throw PlauditError(
        .outOfRange,
        "the level of the sample ratio must lie between 0 and 1, got \(sampleRatioLevel.plain)")
    }
  }
}

/// Sufficient statistics by metric, arm and stratum, row-major; borrowed.
package struct LiftInput {
  package typealias Column = UnsafeBufferPointer<Double>

  package var metrics = 0
  package var arms = 2
  package var strata = 1
  package var covariates = 0
  /// The arm that the others are compared with.
  package var control = 0
  /// Squares and products are about the means of their cells.
  package var isCentred = false
  /// Of all metrics where `kinds` is `nil`.
  package var kind = LiftKind.proportion
  /// [metrics] raw values of `LiftKind`.
  package var kinds: UnsafeBufferPointer<Int32>?
  /// [metrics, arms, strata]: users.
  package var users: Column
  package var sums: Column
  /// Not looked at for proportions without covariates.
  package var squares: Column?
  /// The three of ratios.
  package var denominatorSums: Column?
  package var denominatorSquares: Column?
  package var denominatorProducts: Column?
  /// [metrics, arms, covariates], and the packed upper triangles.
  package var covariateSums: Column?
  package var covariateProducts: Column?
  package var covariateSquares: Column?
  /// [strata] share of each stratum; `nil` for its share of all users of the metric.
  package var stratumWeights: Column?
  /// [arms] planned shares; `nil` leaves the sample ratio unchecked.
  package var armWeights: Column?

  package static let maximumArms = 65_536

  package init(users: Column, sums: Column) { (self.users, self.sums) = (users, sums) }

  func kind(_ metric: Int) -> LiftKind {
    kinds.flatMap { LiftKind(rawValue: $0[metric]) } ?? kind
  }

  /// - Throws: `outOfRange` for counts of arms, strata, covariates, and for weights; `invalidData`
  ///   with the metric for an unknown kind; `invalidArgument` for columns that are absent or of
  ///   another length; `unsupported` for covariates with strata or ratios.
  func check() throws(PlauditError) {
    guard arms >= 2, arms <= Self.maximumArms else {
      throw PlauditError(
        .outOfRange,
        "arms is \(arms), allowed are 2 to \(Self.maximumArms): a lift compares an arm with another"
      )
    }
    guard control >= 0, control < arms else {
      throw PlauditError(.outOfRange, "control is arm \(control), there are \(arms)")
    }
    guard strata >= 1, strata <= 1_000_000 else {
      throw PlauditError(.outOfRange, "strata is \(strata), allowed are 1 to 1000000")
    }
    guard covariates >= 0, covariates <= 256 else {
      throw PlauditError(.outOfRange, "covariates is \(covariates), allowed are 0 to 256")
    }
    guard covariates == 0 || strata == 1 else {
      throw PlauditError(.unsupported, "covariates and strata cannot be used together")
    }
    let cells = try Self.product([metrics, arms, strata])
    let pairs = covariates * (covariates + 1) / 2
    try Self.check(users, cells, "users")
    try Self.check(sums, cells, "sums")
    var (needsSquares, needsRatio) = (covariates > 0, false)
    if let kinds {
      guard kinds.count == metrics else {
        throw PlauditError(
          .invalidArgument, "kinds has \(kinds.count) rows, metrics is \(metrics)")
      }
      for metric in 0..<metrics {
        guard let one = LiftKind(rawValue: kinds[metric]) else {
          throw PlauditError(
            .invalidData, "kind is \(kinds[metric]), allowed are 0 to 2", index: Int64(metric))
        }
        needsSquares = needsSquares || one != .proportion
        needsRatio = needsRatio || one == .ratio
      }
    } else {
      needsSquares = needsSquares || kind != .proportion
      needsRatio = kind == .ratio
    }
    guard covariates == 0 || !needsRatio else {
      throw PlauditError(.unsupported, "covariates adjust proportions and means, not ratios")
    }
    if needsSquares { try Self.check(squares, cells, "squares") }
    if needsRatio {
      try Self.check(denominatorSums, cells, "denominator_sums")
      try Self.check(denominatorSquares, cells, "denominator_squares")
      try Self.check(denominatorProducts, cells, "denominator_products")
    }
    if covariates > 0 {
      let wide = try Self.product([metrics, arms, covariates])
      try Self.check(covariateSums, wide, "covariate_sums")
      try Self.check(covariateProducts, wide, "covariate_products")
      try Self.check(
        covariateSquares, try Self.product([metrics, arms, pairs]), "covariate_squares")
    }
    try Self.check(weights: stratumWeights, strata, "stratum_weights")
    try Self.check(weights: armWeights, arms, "arm_weights")
  }

  private static func product(_ factors: [Int]) throws(PlauditError) -> Int {
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      guard factor >= 0, !overflow, next <= 1 << 44 else {
        throw PlauditError(.invalidArgument, "the table has more cells than memory holds")
      }
      product = next
    }
    return product
  }

  private static func check(
    _ column: Column?, _ count: Int, _ name: StaticString
  ) throws(PlauditError) {
    guard let column else { throw PlauditError(.nullPointer, "\(name) is NULL") }
    guard column.count == count else {
      throw PlauditError(
        .invalidArgument, "\(name) has \(column.count) numbers, \(count) are needed")
    }
  }

  private static func check(
    weights: Column?, _ count: Int, _ name: StaticString
  ) throws(PlauditError) {
    guard let weights else { return }
    try check(weights, count, name)
    for index in 0..<count where !(weights[index] >= 0 && weights[index].isFinite) {
      throw PlauditError(
        .outOfRange, "\(name) must be 0 or above and finite, got \(weights[index].plain)",
        index: Int64(index))
    }
    guard weights.contains(where: { $0 > 0 }) else {
      throw PlauditError(.outOfRange, "\(name) are all 0")
    }
  }
}

/// Columns of a lift table, each optional: [metrics, arms - 1], arms in order without the control.
package struct LiftOutput {
  package typealias Column = UnsafeMutableBufferPointer<Double>

  package var treatment: Column?
  package var control: Column?
  package var absolute: Column?
  package var absoluteLower: Column?
  package var absoluteUpper: Column?
  package var standardError: Column?
  package var statistic: Column?
  package var degreesOfFreedom: Column?
  package var pValue: Column?
  package var adjustedPValue: Column?
  package var relative: Column?
  package var relativeLower: Column?
  package var relativeUpper: Column?
  /// By the delta method, whatever the interval.
  package var relativeStandardError: Column?
  package var power: Column?
  package var minimumDetectable: Column?
  package var flags: UnsafeMutableBufferPointer<Int32>?
  /// [metrics, arms - 1, covariates] and [metrics, arms - 1].
  package var theta: Column?
  package var correlation: Column?
  /// [metrics]
  package var sampleRatioPValue: Column?

  package init() {}
}
