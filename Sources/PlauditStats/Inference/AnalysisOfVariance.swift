import Glibc
package import PlauditCore

/// Whether the means of several groups are equal, from their counts, means and variances.
package enum AnalysisOfVariance {
  package enum Kind: Int32, CaseIterable, Sendable {
    /// Fisher's F, for groups with one variance.
    case equalVariances = 0
    /// Welch's F, for groups with variances of their own.
    case welch = 1
  }

  /// The estimate is the grand mean; effect sizes are η² and ω² (not of Welch's).
  ///
  /// - Throws: `outOfRange` for fewer than two groups; with the group's number `invalidData` for a
  ///   negative size or variance, `notFinite`, and `undefined` for a group without the rows it
  ///   needs; `undefined` when nothing varies.
  /// - Source: values are scipy's `f_oneway`; Welch 1951, doi:10.1093/biomet/38.3-4.330.
  package static func test(
    _ kind: Kind, _ groups: UnsafeBufferPointer<SampleMoments>
  ) throws(PlauditError) -> TestResult {
    guard groups.count >= 2 else {
      throw PlauditError(.outOfRange, "groups are \(groups.count), at least 2 are needed")
    }
    var total = 0.0
    for (index, group) in groups.enumerated() {
      // One row has no variance, which only Welch's weights ask for.
      var defect = group.defect
      if kind == .equalVariances, group.count == 1, group.mean.isFinite { defect = [] }
      if let error = TestResult(flags: defect).refusal() { throw error.at(index: Int64(index)) }
      total += Double(group.count)
    }
    return switch kind {
    case .equalVariances: try classical(groups, total)
    case .welch: try welch(groups)
    }
  }

  private static func classical(
    _ groups: UnsafeBufferPointer<SampleMoments>, _ total: Double
  ) throws(PlauditError) -> TestResult {
    let k = Double(groups.count)
    // Weights first, so that the sum of large means does not lose their differences.
    let origin = groups.first?.mean ?? 0
    var (shift, within) = (0.0, 0.0)
    for group in groups { shift += Double(group.count) / total * (group.mean - origin) }
    let grand = origin + shift
    var between = 0.0
    for group in groups {
      let gap = (group.mean - origin) - shift
      between += Double(group.count) * gap * gap
      if group.count > 1 { within += Double(group.count - 1) * group.variance }
    }
    guard total > k else {
      throw PlauditError(
        .undefined, "analysis of variance is undefined: no group has more than one row")
    }
    guard within > 0 else {
      throw PlauditError(.undefined, "analysis of variance is undefined: no group varies")
    }
    var result = TestResult()
    let meanSquare = within / (total - k)
    result.statistic = between / (k - 1) / meanSquare
    (result.degreesOfFreedom, result.denominatorDegrees) = (k - 1, total - k)
    result.pValue = FisherF.upperTail(
      result.statistic, numerator: k - 1, denominator: total - k)
    result.estimate = grand
    result.standardError = (meanSquare / total).squareRoot()
    result.effectSize = between / (between + within)
    result.correctedEffectSize = (between - (k - 1) * meanSquare) / (between + within + meanSquare)
    return result
  }

  private static func welch(
    _ groups: UnsafeBufferPointer<SampleMoments>
  ) throws(PlauditError) -> TestResult {
    let k = Double(groups.count)
    guard groups.allSatisfy({ $0.variance > 0 }) else {
      throw PlauditError(
        .undefined, "Welch's analysis of variance is undefined: a group is constant")
    }
    var weights = 0.0
    for group in groups { weights += 1 / group.squaredError }
    let origin = groups.first?.mean ?? 0
    var shift = 0.0
    for group in groups { shift += (group.mean - origin) / group.squaredError / weights }
    var (between, rest) = (0.0, 0.0)
    for group in groups {
      let gap = (group.mean - origin) - shift
      let share = 1 - 1 / group.squaredError / weights
      between += gap * gap / group.squaredError
      rest += share * share / Double(group.count - 1)
    }
    var result = TestResult()
    result.statistic = between / (k - 1) / (1 + 2 * (k - 2) / (k * k - 1) * rest)
    result.degreesOfFreedom = k - 1
    result.denominatorDegrees = (k * k - 1) / (3 * rest)
    result.pValue = FisherF.upperTail(
      result.statistic, numerator: k - 1, denominator: result.denominatorDegrees)
    result.estimate = origin + shift
    result.standardError = (1 / weights).squareRoot()
    return result
  }
}
