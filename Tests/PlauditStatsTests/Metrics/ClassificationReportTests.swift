import Foundation
import PlauditCore
import PlauditStats
import Testing

struct ClassificationReportTests {
  // MARK: - By hand

  @Test func `three of four right with one class missed`() throws {
    let (report, confusion) = try evaluated([0, 0, 1, 1], [0, 0, 1, 0], classes: 2)
    #expect(report.accuracy == 0.75)
    #expect(confusion == [2, 0, 1, 1])
    #expect(report.perClass[0].precision == 2.0 / 3)
    #expect(report.perClass[0].recall == 1)
    #expect(report.perClass[0].f1 == 0.8)
    #expect(report.perClass[1].support == 2)
    #expect(report.undefinedClasses == 0)
  }

  @Test func `precision 0.89 and recall 0.88 make an F1 of 0.885`() throws {
    // 7832 true positives among 8800 predicted and 8900 true ones.
    let hit = 7832
    let truth = [Int32](repeating: 1, count: 8900) + [Int32](repeating: 0, count: 8800 - hit)
    let predicted =
      [Int32](repeating: 1, count: hit) + [Int32](repeating: 0, count: 8900 - hit)
      + [Int32](repeating: 1, count: 8800 - hit)
    let score = try evaluated(truth, predicted, classes: 2).report.perClass[1]
    #expect(score.precision == 0.89)
    #expect(score.recall == 0.88)
    #expect(abs(score.f1 - 0.8849717514124293) < 1e-15)
  }

  @Test func `a class without rows counts as 0 and is reported`() throws {
    let (report, _) = try evaluated([0, 0], [0, 0], classes: 3)
    #expect(report.accuracy == 1)
    #expect(report.macroF1 == 1.0 / 3)
    #expect(report.weightedF1 == 1)
    #expect(report.undefinedClasses == 2)
  }

  // MARK: - Reference

  private struct Case: Decodable {
    let name: String
    let classes: Int
    let truth: [Int32]
    let predicted: [Int32]
    let accuracy: Double
    let precision: [Double]
    let recall: [Double]
    let f1: [Double]
    let support: [Int64]
    let macro: [Double]
    let weightedF1: Double
    let undefined: Int
    let confusion: [Int64]
  }

  private struct File: Decodable { let cases: [Case] }

  @Test func `scikit-learn agrees`() throws {
    // Ratios of integers are equal to the bit; means may be summed in another order.
    let file = try JSONDecoder().decode(File.self, from: Reference.data("stats_classification"))
    var (scores, means) = (Worst(), Worst())
    for (row, expected) in file.cases.enumerated() {
      let (report, confusion) = try evaluated(
        expected.truth, expected.predicted, classes: expected.classes)
      scores.compare(report.accuracy, expected.accuracy, row: row)
      for (index, score) in report.perClass.enumerated() {
        scores.compare(score.precision, expected.precision[index], row: row)
        scores.compare(score.recall, expected.recall[index], row: row)
        scores.compare(score.f1, expected.f1[index], row: row)
      }
      means.compare(report.macroPrecision, expected.macro[0], row: row)
      means.compare(report.macroRecall, expected.macro[1], row: row)
      means.compare(report.macroF1, expected.macro[2], row: row)
      means.compare(report.weightedF1, expected.weightedF1, row: row)
      #expect(report.perClass.map(\.support) == expected.support, "\(expected.name)")
      #expect(report.undefinedClasses == expected.undefined, "\(expected.name)")
      #expect(confusion == expected.confusion, "\(expected.name)")
    }
    #expect(file.cases.count > 200)
    #expect(scores.error == 0, "\(scores)")
    #expect(means.error <= Tolerance.closedForm, "\(means)")
  }

  private struct LabelCase: Decodable {
    let classes: Int
    let truth: [Int32]
    let predicted: [Int32]
    let weights: [Double]?
    let beta: Double
    let zeroDivision: Double
    let accuracy: Double
    let balancedAccuracy: Double
    let matthews: Double
    let kappas: [Double]
    let confusion: [Double]
    let perClass: [[Double]?]
    let support: [Double]
    let micro: [Double?]
    let macro: [Double?]
    let weighted: [Double?]
  }

  @Test func `scikit-learn agrees with weights, beta and every zero division`() throws {
    var (scores, means) = (Worst(), Worst())
    let cases = try Reference.cases("stats_metrics_labels", LabelCase.self)
    for (row, expected) in cases.enumerated() {
      var options = ClassificationReport.Options(beta: expected.beta)
      options.zeroDivision =
        expected.zeroDivision.isNaN ? .nan : expected.zeroDivision == 0 ? .zero : .one
      var confusion = [Double](repeating: -1, count: expected.classes * expected.classes)
      let report = try withColumns(expected.truth, expected.predicted, expected.weights) {
        truth, predicted, weights in
        try confusion.withUnsafeMutableBufferPointer {
          try ClassificationReport(
            truth: truth, predicted: predicted, classes: expected.classes, weights: weights,
            options: options, weightedConfusion: $0)
        }
      }
      scores.compare(confusion, expected.confusion, row: row)
      scores.compare(report.perClass.map(\.weight), expected.support, row: row)
      let perClass = [
        report.perClass.map(\.precision), report.perClass.map(\.recall),
        report.perClass.map(\.f1), report.perClass.map(\.fBeta), report.perClass.map(\.jaccard),
      ]
      for (got, wanted) in zip(perClass, expected.perClass) {
        if let wanted { means.compare(got, wanted, row: row) }
      }
      let averages = [
        (report.micro, expected.micro), (report.macro, expected.macro),
        (report.weighted, expected.weighted),
      ]
      for (got, wanted) in averages {
        let values = [got.precision, got.recall, got.f1, got.fBeta, got.jaccard]
        for (value, wanted) in zip(values, wanted) {
          if let wanted { means.compare(value, wanted, row: row) }
        }
      }
      means.compare(report.accuracy, expected.accuracy, row: row)
      means.compare(report.balancedAccuracy, expected.balancedAccuracy, row: row)
      means.compare(report.matthewsCorrelation, expected.matthews, scale: 1, row: row)
      let kappas = [report.kappa, report.linearKappa, report.quadraticKappa]
      means.compare(kappas, expected.kappas, scale: 1, row: row)
    }
    #expect(cases.count >= 100)
    #expect(scores.error == 0, "\(scores)")
    #expect(means.error <= Tolerance.closedForm, "\(means)")
  }

  // MARK: - Law

  @Test func `whole weights are repeated rows`() throws {
    let (truth, predicted): ([Int32], [Int32]) = ([0, 1, 2, 1], [0, 2, 2, 1])
    let weighted = try withColumns(truth, predicted, [3.0, 1, 0, 2]) {
      try ClassificationReport(truth: $0, predicted: $1, classes: 3, weights: $2)
    }
    let repeated = try evaluated([0, 0, 0, 1, 1, 1], [0, 0, 0, 2, 1, 1], classes: 3).report
    #expect(weighted.macro == repeated.macro)
    #expect(weighted.accuracy == repeated.accuracy)
    #expect(weighted.quadraticKappa == repeated.quadraticKappa)
  }

  @Test func `constant labels have no correlation and no kappa, and say so`() throws {
    let report = try evaluated([0, 0], [0, 0], classes: 2).report
    #expect(report.matthewsCorrelation == 0 && report.matthewsIsUndefined)
    #expect(report.kappa.isNaN && report.linearKappa.isNaN && report.quadraticKappa.isNaN)
  }

  @Test func `exchanging truth and prediction exchanges precision and recall`() throws {
    var random = RandomSource(seed: 4)
    let truth = (0..<500).map { _ in Int32(random.next(below: 7)) }
    let predicted = truth.map { random.uniform() < 0.6 ? $0 : Int32(random.next(below: 7)) }
    let forth = try evaluated(truth, predicted, classes: 7)
    let back = try evaluated(predicted, truth, classes: 7)
    #expect(forth.report.macroPrecision == back.report.macroRecall)
    #expect(forth.report.macroF1 == back.report.macroF1)
    for i in 0..<7 {
      for j in 0..<7 { #expect(forth.confusion[i * 7 + j] == back.confusion[j * 7 + i]) }
    }
  }

  @Test func `the order of rows does not matter`() throws {
    var random = RandomSource(seed: 5)
    var pairs = (0..<300).map { _ in
      (Int32(random.next(below: 4)), Int32(random.next(below: 4)))
    }
    let before = try evaluated(pairs.map(\.0), pairs.map(\.1), classes: 4)
    random.shuffle(&pairs)
    let after = try evaluated(pairs.map(\.0), pairs.map(\.1), classes: 4)
    #expect(before.report == after.report)
  }

  @Test func `the most classes need no confusion matrix`() throws {
    let report = try evaluated([65535], [65535], classes: 65536, wantsConfusion: false).report
    #expect(report.accuracy == 1)
    #expect(report.undefinedClasses == 65535)
  }

  // MARK: - Refusal

  @Test func `an index outside the classes is refused with its row`() {
    let high = PlauditError(.invalidData, "predicted (3) is not a class in 0..<3", index: 1)
    #expect(throws: high) { try evaluated([0, 1], [0, 3], classes: 3) }
    let low = PlauditError(.invalidData, "truth (-1) is not a class in 0..<3", index: 0)
    #expect(throws: low) { try evaluated([-1], [0], classes: 3) }
  }

  @Test func `nothing is measured without rows`() {
    #expect(throws: PlauditError(.undefined, "accuracy is undefined without rows")) {
      try evaluated([], [], classes: 2)
    }
  }

  @Test(arguments: [0, -1, 65537, .min, .max])
  func `the number of classes is bounded`(_ classes: Int) {
    let message = "classes must lie in 1...65536, got \(classes)"
    #expect(throws: PlauditError(.outOfRange, message)) {
      try evaluated([0], [0], classes: classes, wantsConfusion: false)
    }
  }

  @Test func `columns of different length are refused`() {
    let message = "columns differ in length: truth (1), predicted (2)"
    #expect(throws: PlauditError(.invalidArgument, message)) {
      try evaluated([0], [0, 1], classes: 2)
    }
  }

  @Test func `a small confusion buffer is refused with the needed size`() {
    let error = PlauditError(.bufferTooSmall, "confusion holds 3 counts, 4 are needed")
    #expect(throws: error) { try evaluated([0], [0], classes: 2, cells: 3) }
  }

  @Test func `weights and beta are checked`() {
    func report(_ weights: [Double], beta: Double = 1) throws {
      _ = try withColumns([0, 1], [0, 1], weights) {
        try ClassificationReport(
          truth: $0, predicted: $1, classes: 2, weights: $2,
          options: ClassificationReport.Options(beta: beta))
      }
    }
    #expect(throws: PlauditError(.invalidData, "weight (-1) is negative", index: 1)) {
      try report([1, -1])
    }
    #expect(throws: PlauditError(.notFinite, "weight (nan) is not finite", index: 0)) {
      try report([.nan, 1])
    }
    #expect(throws: PlauditError(.undefined, "every weight is 0")) { try report([0, 0]) }
    let length = "columns differ in length: truth (2), weights (1)"
    #expect(throws: PlauditError(.invalidArgument, length)) { try report([1]) }
    let sum = "the weights add up to 2e+300, allowed are 1e-60 to 1e60"
    #expect(throws: PlauditError(.outOfRange, sum)) { try report([1e300, 1e300]) }
    #expect(throws: PlauditError(.outOfRange, "beta must be positive and finite, got 0")) {
      try report([1, 1], beta: 0)
    }
    #expect(
      throws: PlauditError(.undefined, "the F score is undefined: precision and recall are 0")
    ) { try fScore(precision: 0, recall: 0) }
    #expect(throws: PlauditError(.outOfRange, "recall must lie in 0...1, got nan")) {
      try fScore(precision: 0, recall: .nan)
    }
  }

  @discardableResult
  private func evaluated(
    _ truth: [Int32], _ predicted: [Int32], classes: Int, cells: Int? = nil,
    wantsConfusion: Bool = true
  ) throws -> (report: ClassificationReport, confusion: [Int64]) {
    var confusion = [Int64](
      repeating: -1, count: wantsConfusion ? cells ?? classes * classes : 0)
    let report = try truth.withUnsafeBufferPointer { t in
      try predicted.withUnsafeBufferPointer { p in
        try confusion.withUnsafeMutableBufferPointer { c in
          try ClassificationReport(
            truth: t, predicted: p, classes: classes, confusion: wantsConfusion ? c : nil)
        }
      }
    }
    return (report, confusion)
  }
}
