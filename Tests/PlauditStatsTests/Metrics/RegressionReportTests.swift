import PlauditCore
import PlauditStats
import Testing

struct RegressionReportTests {
  // MARK: - By hand

  @Test func `errors of 1, 0 and -2`() throws {
    let report = try report([1, 2, 3], [0, 2, 5])
    #expect(report.meanAbsoluteError == 1)
    #expect(report.meanSquaredError == 5.0 / 3)
    #expect(report.medianAbsoluteError == 1 && report.maximumError == 2)
    #expect(report.r2 == 1 - 5.0 / 2)
    #expect(report.flags == [])
  }

  @Test func `a constant truth and a single row are flagged`() throws {
    #expect(try report([0.1, 0.1, 0.1], [0, 0, 0]).r2 == 0)
    #expect(try report([0.1, 0.1, 0.1], [0.1, 0.1, 0.1]).r2 == 1)
    #expect(try report([0.1, 0.1], [0, 0]).flags == .constantTruth)
    let single = try report([0], [-1])
    #expect(single.r2.isNaN && single.meanSquaredLogError.isNaN && single.d2Absolute.isNaN)
    #expect(single.flags == [.fewRows, .constantTruth, .zeroTruth, .noLogarithm])
  }

  // MARK: - Reference

  private struct Case: Decodable {
    let truth: [Double]
    let predicted: [Double]
    let weights: [Double]?
    let quantile: Double
    let values: [Double]
  }

  @Test func `scikit-learn agrees`() throws {
    var worst = Worst()
    let cases = try Reference.cases("stats_metrics_regression", Case.self)
    for (row, expected) in cases.enumerated() {
      let found = try report(
        expected.truth, expected.predicted, expected.weights, quantile: expected.quantile)
      worst.compare(
        [
          found.meanAbsoluteError, found.meanSquaredError, found.rootMeanSquaredError,
          found.medianAbsoluteError, found.maximumError, found.meanAbsolutePercentageError,
          found.meanSquaredLogError, found.r2, found.explainedVariance, found.pinballLoss,
          found.d2Absolute, found.d2Pinball,
        ], expected.values, row: row)
    }
    #expect(cases.count >= 60)
    // Coefficients near 0 are differences of 1 and a ratio near 1.
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  // MARK: - Law

  @Test func `errors scale with the values, coefficients do not`() throws {
    var random = RandomSource(seed: 2)
    let truth = (0..<100).map { _ in random.uniform() }
    let predicted = truth.map { $0 + random.uniform() - 0.5 }
    let small = try report(truth, predicted)
    let large = try report(truth.map { $0 * 1024 }, predicted.map { $0 * 1024 })
    #expect(large.meanAbsoluteError == 1024 * small.meanAbsoluteError)
    #expect(large.rootMeanSquaredError == 1024 * small.rootMeanSquaredError)
    #expect(large.r2 == small.r2 && large.d2Absolute == small.d2Absolute)
    #expect(large.explainedVariance == small.explainedVariance)
  }

  // MARK: - Refusal

  @Test func `what has no error is refused by its row`() {
    #expect(throws: PlauditError(.undefined, "errors are undefined without rows")) {
      try report([], [])
    }
    #expect(throws: PlauditError(.notFinite, "predicted (inf) is not finite", index: 1)) {
      try report([1, 2], [1, .infinity])
    }
    let lengths = "columns differ in length: truth (1), predicted (2)"
    #expect(throws: PlauditError(.invalidArgument, lengths)) { try report([1], [1, 2]) }
    #expect(
      throws: PlauditError(.outOfRange, "values beyond 1e120 have no squared error", index: 0)
    ) { try report([1e200], [0]) }
    let quantile = "quantile must lie strictly between 0 and 1, got 1"
    #expect(throws: PlauditError(.outOfRange, quantile)) { try report([1], [1], quantile: 1) }
  }

  @discardableResult
  private func report(
    _ truth: [Double], _ predicted: [Double], _ weights: [Double]? = nil, quantile: Double = 0.5
  ) throws -> RegressionReport {
    try withColumns(truth, predicted, weights) {
      try RegressionReport(truth: $0, predicted: $1, weights: $2, quantile: quantile)
    }
  }
}
