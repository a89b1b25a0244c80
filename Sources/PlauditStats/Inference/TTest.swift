import Glibc
package import PlauditCore

/// What a t test or an analysis of variance needs to know of a sample.
package struct SampleMoments: Equatable, Sendable {
  package var count: Int64
  package var mean: Double
  /// With `count - 1` below the line.
  package var variance: Double

  package init(count: Int64, mean: Double, variance: Double) {
    (self.count, self.mean, self.variance) = (count, mean, variance)
  }

  /// Of values, or of the differences `values - subtracting` of pairs; two passes, compensated.
  ///
  /// The variance of fewer than two rows is NaN, the mean of none too.
  ///
  /// - Throws: `invalidArgument` for columns of unequal length; `notFinite` with its row for NaN and
  ///   infinity.
  package init(
    _ values: UnsafeBufferPointer<Double>, subtracting other: UnsafeBufferPointer<Double>? = nil
  ) throws(PlauditError) {
    guard (other?.count ?? values.count) == values.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: values (\(values.count)), paired (\(other?.count ?? 0))")
    }
    func value(_ row: Int) -> Double { other.map { values[row] - $0[row] } ?? values[row] }
    count = Int64(values.count)
    let n = Double(values.count)
    var sum = CompensatedSum()
    for row in 0..<values.count {
      let x = value(row)
      guard x.isFinite else {
        throw PlauditError(.notFinite, "value is \(x.plain)", index: Int64(row))
      }
      sum.add(x)
    }
    mean = n == 0 ? .nan : sum.value / n
    var (squares, gaps) = (0.0, 0.0)
    for row in 0..<values.count {
      let gap = value(row) - mean
      squares += gap * gap
      gaps += gap
    }
    // The mean's own rounding shows in the sum of the gaps.
    variance = n < 2 ? .nan : max(0, squares - gaps * gaps / n) / (n - 1)
    guard mean.isFinite || n == 0, variance.isFinite || n < 2 else {
      throw PlauditError(.outOfRange, "mean or variance exceeds the range of a double")
    }
  }

  /// Negative sizes and variances, NaN and infinities; a variance may be NaN below two rows.
  var defect: TestFlags {
    if count < 0 || variance < 0 { return .invalidCounts }
    if count < 1 { return .tooFewRows }
    if !mean.isFinite { return .notFinite }
    if count < 2 { return .tooFewRows }
    return variance.isFinite ? [] : .notFinite
  }

  /// Of the mean.
  var squaredError: Double { variance / Double(count) }
}

/// Tests of means from counts, means and variances.
package struct TTest: Sendable {
  package enum Kind: Int32, CaseIterable, Sendable {
    /// Two samples, each with its own variance; Welch and Satterthwaite's degrees of freedom.
    case welch = 0
    /// Two samples with one variance; Student's.
    case pooled = 1
  }

  package let kind: Kind
  package let alternative: TestAlternative
  package let null: Double
  package let confidence: Double

  /// - Throws: `outOfRange` for the confidence, `notFinite` for the null value.
  package init(
    kind: Kind = .welch, alternative: TestAlternative = .twoSided, null: Double = 0,
    confidence: Double
  ) throws(PlauditError) {
    _ = try Normal.criticalValue(confidence: confidence)
    guard null.isFinite else {
      throw PlauditError(.notFinite, "null value must be finite, got \(null.plain)")
    }
    (self.kind, self.alternative, self.null, self.confidence) = (
      kind, alternative, null, confidence
    )
  }

  /// Mean of `first` minus mean of `second`.
  ///
  /// - Source: Welch 1947, doi:10.1093/biomet/34.1-2.28; values are scipy's `ttest_ind`; effect
  ///   sizes Cohen 1988 (pooled standard deviation) and Hedges 1981 with `1 - 3 / (4 N - 9)`.
  package func test(_ first: SampleMoments, _ second: SampleMoments) -> TestResult {
    let defect = first.defect.union(second.defect)
    guard defect.isEmpty else { return TestResult(flags: defect) }
    let (n, m) = (Double(first.count), Double(second.count))
    let pooled = ((n - 1) * first.variance + (m - 1) * second.variance) / (n + m - 2)
    let squared: Double
    let degrees: Double
    switch kind {
    case .welch:
      let (v, w) = (first.squaredError, second.squaredError)
      squared = v + w
      // Scaled, so that no square overflows or vanishes.
      let (s, t) = (v / squared, w / squared)
      degrees = 1 / (s * s / (n - 1) + t * t / (m - 1))
    case .pooled:
      squared = pooled * (1 / n + 1 / m)
      degrees = n + m - 2
    }
    var result = result(first.mean - second.mean, squared.squareRoot(), degrees)
    if pooled > 0 {
      result.effectSize = (first.mean - second.mean) / pooled.squareRoot()
      result.correctedEffectSize = result.effectSize * (1 - 3 / (4 * (n + m) - 9))
    }
    return result
  }

  /// The mean of one sample, or of the differences of pairs, against the null value.
  package func test(_ sample: SampleMoments) -> TestResult {
    guard sample.defect.isEmpty else { return TestResult(flags: sample.defect) }
    let n = Double(sample.count)
    var result = result(sample.mean, sample.squaredError.squareRoot(), n - 1)
    if sample.variance > 0 {
      result.effectSize = (sample.mean - null) / sample.variance.squareRoot()
      result.correctedEffectSize = result.effectSize * (1 - 3 / (4 * n - 5))
    }
    return result
  }

  private func result(_ estimate: Double, _ error: Double, _ degrees: Double) -> TestResult {
    var result = TestResult()
    (result.estimate, result.standardError) = (estimate, error)
    guard error > 0 else {
      result.flags = .zeroVariance
      return result
    }
    result.degreesOfFreedom = degrees
    let critical =
      (try? StudentT.criticalValue(confidence: confidence, degreesOfFreedom: degrees)) ?? .nan
    result.interval = Interval(
      lower: estimate - critical * error, upper: estimate + critical * error)
    if case .equivalent(let lower, let upper) = alternative {
      let (above, below) = ((estimate - lower) / error, (estimate - upper) / error)
      let first = StudentT.upperTail(above, degreesOfFreedom: degrees)
      let second = StudentT.cdf(below, degreesOfFreedom: degrees)
      result.pValue = max(first, second)
      result.statistic = first > second ? above : below
      return result
    }
    result.statistic = (estimate - null) / error
    result.pValue =
      switch alternative {
      case .greater: StudentT.upperTail(result.statistic, degreesOfFreedom: degrees)
      case .less: StudentT.cdf(result.statistic, degreesOfFreedom: degrees)
      default: StudentT.twoSidedPValue(result.statistic, degreesOfFreedom: degrees)
      }
    return result
  }
}
