import Foundation
import PlauditCore
import PlauditStats
import Testing

struct ScoreReportTests {
  // MARK: - By hand

  @Test func `three of four pairs in order make an AUC of three quarters`() throws {
    let counts = try counts([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4])
    #expect(counts.auc == 0.75)
    #expect(counts.kolmogorovSmirnov == 0.5)
    // Precision 1 at recall 1/2, 2/3 at recall 1.
    #expect(abs(counts.averagePrecision - (0.5 + 0.5 * 2 / 3)) < 1e-15)
  }

  @Test func `equal scores count one half`() throws {
    #expect(try counts([0, 1, 0, 1, 1], [0.5, 0.5, 0.5, 0.5, 0.5]).auc == 0.5)
    #expect(try counts([0, 1], [-0.0, 0.0]).auc == 0.5)
  }

  @Test func `one class has no AUC, and a flag`() throws {
    let report = try report([0, 0, 0], [0.1, 0.2, 0.3], columns: 1)
    #expect(report.auc.isNaN && report.kolmogorovSmirnov.isNaN && report.aucVariance.isNaN)
    #expect(report.flags == [.oneClass, .absentClass, .noVariance])
    #expect(report.averagePrecision == 0)
    #expect(report.brier.isFinite && report.topKAccuracy == 1)
  }

  @Test func `scores that are no probabilities keep their AUC only`() throws {
    let report = try report([0, 1], [-3, 3], columns: 1)
    #expect(report.auc == 1 && report.logLoss.isNaN && report.brier.isNaN)
    #expect(report.flags.contains(.notProbabilities))
    #expect(report.topKAccuracy == 1)
  }

  // MARK: - Reference

  private struct BinaryCase: Decodable {
    let truth: [Int32]
    let scores: [Double]
    let weights: [Double]?
    let limit: Double
    let auc: Double
    let partialAUC: Double
    let averagePrecision: Double
    let ks: Double
    let logLoss: Double
    let brier: Double
    let brierSkill: Double
    let top1: Double
    let roc: [[Double]]
    let rocDropped: [[Double]]
    let precisionRecall: [[Double]]
    let delong: Double
  }

  @Test func `scikit-learn agrees on two classes, ties, constants and weights`() throws {
    var (numbers, curves) = (Worst(), Worst())
    let cases = try Reference.cases("stats_metrics_binary", BinaryCase.self)
    for (row, expected) in cases.enumerated() {
      var options = ScoreReport.Options()
      options.falsePositiveLimit = expected.limit
      let report = try report(
        expected.truth, expected.scores, columns: 1, expected.weights, options)
      numbers.compare(report.auc, expected.auc, row: row)
      numbers.compare(report.partialAUC, expected.partialAUC, row: row)
      numbers.compare(report.averagePrecision, expected.averagePrecision, row: row)
      numbers.compare(report.kolmogorovSmirnov, expected.ks, row: row)
      numbers.compare(report.logLoss, expected.logLoss, row: row)
      numbers.compare(report.brier, expected.brier, row: row)
      numbers.compare(report.brierSkill, expected.brierSkill, scale: 1, row: row)
      numbers.compare(report.topKAccuracy, expected.top1, row: row)
      numbers.compare(report.aucVariance, expected.delong, scale: 1e-3, row: row)
      let counts = try counts(expected.truth, expected.scores, expected.weights)
      for (curve, columns) in [
        (counts.rocCurve(), expected.roc), (counts.rocCurve(dropping: true), expected.rocDropped),
      ] {
        curves.compare(curve.x, columns[0], row: row)
        curves.compare(curve.y, columns[1], row: row)
        curves.compare(curve.thresholds, columns[2], row: row)
      }
      let curve = counts.precisionRecallCurve
      curves.compare(curve.y, expected.precisionRecall[0], row: row)
      curves.compare(curve.x, expected.precisionRecall[1], row: row)
      curves.compare(curve.thresholds, expected.precisionRecall[2], row: row)
    }
    #expect(cases.count >= 60)
    #expect(numbers.error <= Tolerance.sums, "\(numbers)")
    #expect(curves.error <= Tolerance.rounding, "\(curves)")
  }

  private struct TableCase: Decodable {
    let columns: Int
    let truth: [Int32]
    let scores: [Double]
    let weights: [Double]?
    let k: Int
    let classAUC: [Double]
    let macroAUC: Double
    let weightedAUC: Double
    let pairwiseAUC: Double
    let classAveragePrecision: [Double]
    let macroAveragePrecision: Double
    let weightedAveragePrecision: Double
    let logLoss: Double
    let brier: Double
    let topK: Double
  }

  @Test func `scikit-learn agrees on tables, absent classes too`() throws {
    var worst = Worst()
    let cases = try Reference.cases("stats_metrics_tables", TableCase.self)
    for (row, expected) in cases.enumerated() {
      var options = ScoreReport.Options()
      options.topK = expected.k
      let report = try report(
        expected.truth, expected.scores, columns: expected.columns, expected.weights, options)
      worst.compare(report.classAUC, expected.classAUC, row: row)
      worst.compare(report.macroAUC, expected.macroAUC, row: row)
      worst.compare(report.weightedAUC, expected.weightedAUC, row: row)
      worst.compare(report.pairwiseAUC, expected.pairwiseAUC, row: row)
      worst.compare(report.classAveragePrecision, expected.classAveragePrecision, row: row)
      worst.compare(report.macroAveragePrecision, expected.macroAveragePrecision, row: row)
      worst.compare(report.weightedAveragePrecision, expected.weightedAveragePrecision, row: row)
      worst.compare(report.logLoss, expected.logLoss, row: row)
      worst.compare(report.brier, expected.brier, row: row)
      worst.compare(report.topKAccuracy, expected.topK, row: row)
      #expect(report.flags.contains(.absentClass) == report.macroAUC.isNaN)
    }
    #expect(cases.count >= 40)
    #expect(worst.error <= Tolerance.sums, "\(worst)")
  }

  // MARK: - Law

  @Test(arguments: [2, 500, 5000])
  func `AUC is the share of pairs in order, at any number of rows`(_ rows: Int) throws {
    var random = RandomSource(seed: 9)
    let truth: [Int32] = (0..<rows).map { $0 == 0 ? 0 : $0 == 1 ? 1 : Int32(random.next(below: 2)) }
    let scores = truth.map { Double($0) + Double(random.next(below: 200)) / 100 - 1 }
    var wins = 0.0
    for (label, score) in zip(truth, scores) where label == 1 {
      for (other, against) in zip(truth, scores) where other == 0 {
        wins += score > against ? 1 : score == against ? 0.5 : 0
      }
    }
    let positives = Double(truth.count { $0 == 1 })
    let pairs = positives * (Double(rows) - positives)
    #expect(abs(try counts(truth, scores).auc - wins / pairs) < 1e-14)
  }

  @Test func `two columns are one column of their second`() throws {
    let (truth, scores): ([Int32], [Double]) = ([0, 1, 1, 0], [0.25, 0.5, 0.125, 0.75])
    let one = try report(truth, scores, columns: 1)
    let two = try report(truth, scores.flatMap { [1 - $0, $0] }, columns: 2)
    #expect(one.auc == two.auc && one.logLoss == two.logLoss && one.brier == two.brier)
    #expect(two.macroAUC == one.auc && two.pairwiseAUC == one.auc)
    #expect(one.brierSkill == two.brierSkill)
  }

  // MARK: - Refusal

  @Test func `what cannot be judged is refused by its row`() {
    #expect(throws: PlauditError(.notFinite, "score (nan) is not finite", index: 1)) {
      try report([0, 1], [1, .nan], columns: 1)
    }
    #expect(throws: PlauditError(.invalidData, "truth (2) is not a class in 0..<2", index: 1)) {
      try report([0, 2], [1, 0], columns: 1)
    }
    #expect(throws: PlauditError(.invalidData, "truth (2) is not a class in 0..<2", index: 0)) {
      try counts([2], [1])
    }
    #expect(throws: PlauditError(.undefined, "scores cannot be judged without rows")) {
      try report([], [], columns: 3)
    }
    let lengths = "there are 3 scores, 2 rows of 2 need 4"
    #expect(throws: PlauditError(.invalidArgument, lengths)) {
      try report([0, 1], [1, 2, 3], columns: 2)
    }
    #expect(throws: PlauditError(.outOfRange, "columns must lie in 1...65536, got 0")) {
      try report([0], [], columns: 0)
    }
    var options = ScoreReport.Options()
    options.topK = 0
    #expect(throws: PlauditError(.outOfRange, "top_k must be at least 1, got 0")) {
      try report([0], [0], columns: 1, nil, options)
    }
    options = ScoreReport.Options()
    options.falsePositiveLimit = 0
    let limit = "the false positive rate must lie above 0 and up to 1, got 0"
    #expect(throws: PlauditError(.outOfRange, limit)) {
      try report([0], [0], columns: 1, nil, options)
    }
  }

  private func counts(
    _ truth: [Int32], _ scores: [Double], _ weights: [Double]? = nil
  ) throws -> ThresholdCounts {
    try withColumns(truth, scores, weights) {
      try ThresholdCounts(truth: $0, scores: $1, weights: $2)
    }
  }

  @discardableResult
  private func report(
    _ truth: [Int32], _ scores: [Double], columns: Int, _ weights: [Double]? = nil,
    _ options: ScoreReport.Options = ScoreReport.Options()
  ) throws -> ScoreReport {
    try withColumns(truth, scores, weights) {
      try ScoreReport(truth: $0, scores: $1, columns: columns, weights: $2, options: options)
    }
  }
}
