package import PlauditCore

/// Quality of predicted classes against true ones: accuracy, precision, recall, F1.
///
/// The one deliberate exception to "undefined is never 0": a class that was never predicted has no
/// precision, one that never occurred no recall, and both count as 0 here, as in scikit-learn with
/// `zero_division=0`; `undefinedClasses` tells how many classes that concerns.
package struct ClassificationReport: Equatable, Sendable {
  /// Scores of one class, fractions in 0...1.
  package struct ClassScore: Equatable, Sendable {
    package let precision: Double
    package let recall: Double
    /// `2 TP / (2 TP + FP + FN)`.
    package let f1: Double
    /// Rows of this true class.
    package let support: Int64
  }

  package let accuracy: Double
  package let perClass: [ClassScore]
  /// Unweighted means over all classes, the ones without a row included.
  package let macroPrecision: Double
  package let macroRecall: Double
  package let macroF1: Double
  /// The mean of F1 weighted by support.
  package let weightedF1: Double
  /// Classes whose precision or recall was 0/0.
  package let undefinedClasses: Int

  package static let maximumClasses = 65536

  /// - Parameters:
  ///   - truth: class indices in `0..<classes`, one a row.
  ///   - predicted: likewise, as long as `truth`.
  ///   - confusion: `[truth, predicted]` row by row, at least `classes × classes`; rest untouched.
  /// - Throws: `outOfRange` unless `1 <= classes <= 65536`; `invalidArgument` for unequal lengths;
  ///   `bufferTooSmall` with the needed size; `undefined` without rows; `invalidData` with the row
  ///   of an index outside the classes. `confusion` is written only on success.
  /// - Source: scikit-learn `precision_recall_fscore_support(labels=range(classes))`.
  package init(
    truth: UnsafeBufferPointer<Int32>, predicted: UnsafeBufferPointer<Int32>, classes: Int,
    confusion: UnsafeMutableBufferPointer<Int64>? = nil
  ) throws(PlauditError) {
    guard classes >= 1, classes <= Self.maximumClasses else {
      throw PlauditError(
        .outOfRange, "classes must lie in 1...\(Self.maximumClasses), got \(classes)")
    }
    guard truth.count == predicted.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: truth (\(truth.count)), predicted (\(predicted.count))")
    }
    if let confusion, confusion.count < classes * classes {
      throw PlauditError(
        .bufferTooSmall,
        "confusion holds \(confusion.count) counts, \(classes * classes) are needed")
    }
    guard truth.count > 0 else {
      throw PlauditError(.undefined, "accuracy is undefined without rows")
    }
    let tally = try Tally(truth: truth, predicted: predicted, classes: classes)
    if let confusion {
      for cell in 0..<(classes * classes) { confusion[cell] = 0 }
      for row in 0..<truth.count {
        confusion[Int(truth[row]) * classes + Int(predicted[row])] += 1
      }
    }

    let scores = (0..<classes).map { tally.score(of: $0) }
    let (rows, size) = (Double(truth.count), Double(classes))
    accuracy = Double(tally.hits.reduce(0, +)) / rows
    macroPrecision = scores.reduce(0) { $0 + $1.precision } / size
    macroRecall = scores.reduce(0) { $0 + $1.recall } / size
    macroF1 = scores.reduce(0) { $0 + $1.f1 } / size
    weightedF1 = scores.reduce(0) { $0 + $1.f1 * Double($1.support) } / rows
    undefinedClasses =
      (0..<classes).count { tally.supports[$0] == 0 || tally.predictions[$0] == 0 }
    perClass = scores
  }
}

/// Rows per class: predicted rightly, truly there, predicted.
private struct Tally {
  var hits: [Int64]
  var supports: [Int64]
  var predictions: [Int64]

  init(
    truth: UnsafeBufferPointer<Int32>, predicted: UnsafeBufferPointer<Int32>, classes: Int
  ) throws(PlauditError) {
    hits = Array(repeating: 0, count: classes)
    supports = hits
    predictions = hits
    for row in 0..<truth.count {
      let trueClass = try Self.checked(truth[row], "truth", row: row, classes: classes)
      let guess = try Self.checked(predicted[row], "predicted", row: row, classes: classes)
      supports[trueClass] += 1
      predictions[guess] += 1
      if trueClass == guess { hits[trueClass] += 1 }
    }
  }

  private static func checked(
    _ index: Int32, _ name: StaticString, row: Int, classes: Int
  ) throws(PlauditError) -> Int {
    guard index >= 0, Int(index) < classes else {
      throw PlauditError(
        .invalidData, "\(name) (\(index)) is not a class in 0..<\(classes)", index: Int64(row))
    }
    return Int(index)
  }

  func score(of index: Int) -> ClassificationReport.ClassScore {
    let (hit, support, predicted) = (hits[index], supports[index], predictions[index])
    let total = support + predicted
    return ClassificationReport.ClassScore(
      precision: predicted == 0 ? 0 : Double(hit) / Double(predicted),
      recall: support == 0 ? 0 : Double(hit) / Double(support),
      f1: total == 0 ? 0 : 2 * Double(hit) / Double(total),
      support: support)
  }
}
