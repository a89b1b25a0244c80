package import PlauditCore

/// Quality of predicted classes against true ones: accuracy, precision, recall, F1 and kin.
///
/// The one deliberate exception to "undefined is never 0": a class that was never predicted has no
/// precision, one that never occurred no recall, and both count as 0 here unless asked otherwise,
/// as in scikit-learn with `zero_division=0`; `undefinedClasses` tells how many classes that
/// concerns.
package struct ClassificationReport: Equatable, Sendable {
  /// Scores of one class, fractions in 0...1.
  package struct ClassScore: Equatable, Sendable {
    package let precision: Double
    package let recall: Double
    /// `2 TP / (2 TP + FP + FN)`.
    package let f1: Double
    /// `(1 + β²) TP / ((1 + β²) TP + β² FN + FP)`.
    package let fBeta: Double
    /// `TP / (TP + FP + FN)`.
    package let jaccard: Double
    /// Rows of this true class.
    package let support: Int64
    /// Their weight; the support again without weights.
    package let weight: Double
  }

  /// One way of making one score of many.
  package struct Average: Equatable, Sendable {
    package let precision: Double
    package let recall: Double
    package let f1: Double
    package let fBeta: Double
    package let jaccard: Double
  }

  /// How to count; the default is scikit-learn's with `zero_division=0`.
  package struct Options: Sendable {
    /// Above 1, recall counts more than precision in `fBeta`; finite and positive.
    package var beta = 1.0
    package var zeroDivision = ZeroDivision.zero

    package init(beta: Double = 1, zeroDivision: ZeroDivision = .zero) {
      self.beta = beta
      self.zeroDivision = zeroDivision
    }
  }

  package let accuracy: Double
  /// The mean recall of the classes that occur.
  package let balancedAccuracy: Double
  package let perClass: [ClassScore]
  /// All rows taken together.
  package let micro: Average
  /// Unweighted means over all classes, the ones without a row included.
  package let macro: Average
  /// Means weighted by support.
  package let weighted: Average
  /// Matthews' correlation; 0 with `matthewsIsUndefined` when truth or prediction never varies.
  package let matthewsCorrelation: Double
  package let matthewsIsUndefined: Bool
  /// Cohen's kappa with equal, linear and quadratic weights; NaN when all is one class.
  package let kappa: Double
  package let linearKappa: Double
  package let quadraticKappa: Double
  /// Classes whose precision or recall was 0/0.
  package let undefinedClasses: Int

  package var macroPrecision: Double { macro.precision }
  package var macroRecall: Double { macro.recall }
  package var macroF1: Double { macro.f1 }
  package var weightedF1: Double { weighted.f1 }

  package static let maximumClasses = 65536

  /// - Parameters:
  ///   - truth: class indices in `0..<classes`, one a row.
  ///   - predicted: likewise, as long as `truth`.
  ///   - weights: one a row, finite and not negative; nil counts each row once.
  ///   - confusion: `[truth, predicted]` row by row, at least `classes × classes`; rest untouched.
  ///   - weightedConfusion: the same in weight.
  /// - Throws: `outOfRange` unless `1 <= classes <= 65536`, or for beta; `invalidArgument` for
  ///   unequal lengths; `bufferTooSmall` with the needed size; `undefined` without rows or weight;
  ///   `invalidData` with the row of an index outside the classes or a negative weight;
  ///   `notFinite` with the row of a weight. Matrices are written only on success.
  /// - Source: scikit-learn `precision_recall_fscore_support(labels=range(classes))`.
  package init(
    truth: UnsafeBufferPointer<Int32>, predicted: UnsafeBufferPointer<Int32>, classes: Int,
    weights: UnsafeBufferPointer<Double>? = nil, options: Options = Options(),
    confusion: UnsafeMutableBufferPointer<Int64>? = nil,
    weightedConfusion: UnsafeMutableBufferPointer<Double>? = nil
  ) throws(PlauditError) {
    try Self.check(
      truth.count, predicted.count, classes: classes,
      cells: [confusion?.count, weightedConfusion?.count])
    guard options.beta > 0, options.beta.isFinite else {
      throw PlauditError(
        .outOfRange, "beta must be positive and finite, got \(options.beta.plain)")
    }
    let rowWeights = try RowWeights(weights, rows: truth.count)
    var rows = [Int64](repeating: 0, count: classes)
    var tally = LabelTally(classes: classes)
    for row in 0..<truth.count {
      let trueClass = try checkedClass(truth[row], "truth", row: row, classes: classes)
      let guess = try checkedClass(predicted[row], "predicted", row: row, classes: classes)
      rows[trueClass] += 1
      tally.add(truth: trueClass, predicted: guess, weight: rowWeights[row])
    }
    if confusion != nil || weightedConfusion != nil {
      for cell in 0..<(classes * classes) {
        confusion?[cell] = 0
        weightedConfusion?[cell] = 0
      }
      for row in 0..<truth.count {
        let cell = Int(truth[row]) * classes + Int(predicted[row])
        confusion?[cell] += 1
        weightedConfusion?[cell] += rowWeights[row]
      }
    }

    let undefined = options.zeroDivision.value
    let squaredBeta = options.beta * options.beta
    let scores = (0..<classes).map {
      tally.score(of: $0, squaredBeta: squaredBeta, undefined)
    }
    accuracy = tally.accuracy
    balancedAccuracy = tally.balancedAccuracy
    micro = Average(tally.microScore(squaredBeta: squaredBeta, undefined))
    macro = Average(tally, scores, bySupport: false)
    weighted = Average(tally, scores, bySupport: true)
    let matthews = tally.matthewsCorrelation
    matthewsCorrelation = matthews ?? 0
    matthewsIsUndefined = matthews == nil
    kappa = tally.kappa(.none) ?? .nan
    linearKappa = tally.kappa(.linear) ?? .nan
    quadraticKappa = tally.kappa(.quadratic) ?? .nan
    undefinedClasses =
      (0..<classes).count { tally.supports[$0] == 0 || tally.predictions[$0] == 0 }
    perClass = scores.enumerated().map { index, score in
      ClassScore(
        precision: score.precision, recall: score.recall, f1: score.f1, fBeta: score.fBeta,
        jaccard: score.jaccard, support: rows[index], weight: tally.supports[index])
    }
  }

  private static func check(
    _ truth: Int, _ predicted: Int, classes: Int, cells: [Int?]
  ) throws(PlauditError) {
    guard classes >= 1, classes <= maximumClasses else {
      throw PlauditError(.outOfRange, "classes must lie in 1...\(maximumClasses), got \(classes)")
    }
    guard truth == predicted else {
      throw PlauditError(
        .invalidArgument, "columns differ in length: truth (\(truth)), predicted (\(predicted))")
    }
    for case let count? in cells where count < classes * classes {
      throw PlauditError(
        .bufferTooSmall, "confusion holds \(count) counts, \(classes * classes) are needed")
    }
    guard truth > 0 else {
      throw PlauditError(.undefined, "accuracy is undefined without rows")
    }
  }
}

extension ClassificationReport.Average {
  fileprivate init(_ score: LabelTally.Score) {
    self.init(
      precision: score.precision, recall: score.recall, f1: score.f1, fBeta: score.fBeta,
      jaccard: score.jaccard)
  }

  fileprivate init(_ tally: LabelTally, _ scores: [LabelTally.Score], bySupport: Bool) {
    func mean(_ member: KeyPath<LabelTally.Score, Double>) -> Double {
      tally.mean(scores, member, bySupport: bySupport)
    }
    self.init(
      precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1), fBeta: mean(\.fBeta),
      jaccard: mean(\.jaccard))
  }
}

/// The harmonic mean of a precision and a recall, recall counting `beta` times as much.
///
/// - Parameters: precision and recall as fractions in 0...1; beta positive and finite.
/// - Throws: `outOfRange` otherwise, NaN included; `undefined` when both are 0.
/// - Source: van Rijsbergen 1979, "Information retrieval", chapter 7.
package func fScore(
  precision: Double, recall: Double, beta: Double = 1
) throws(PlauditError) -> Double {
  for (name, value) in [("precision", precision), ("recall", recall)]
  where !(value >= 0 && value <= 1) {
    throw PlauditError(.outOfRange, "\(name) must lie in 0...1, got \(value.plain)")
  }
  guard beta > 0, beta.isFinite else {
    throw PlauditError(.outOfRange, "beta must be positive and finite, got \(beta.plain)")
  }
  let below = beta * beta * precision + recall
  guard below > 0 else {
    throw PlauditError(.undefined, "the F score is undefined: precision and recall are 0")
  }
  return (1 + beta * beta) * precision * recall / below
}
