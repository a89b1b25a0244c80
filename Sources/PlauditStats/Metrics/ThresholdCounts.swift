package import PlauditCore

/// Positives and negatives at or above each distinct score, the highest first.
///
/// The one pass over sorted scores from which ROC, precision-recall, AUC, average precision,
/// Kolmogorov-Smirnov and DeLong are made. Equal scores are one threshold; rows of weight 0 are
/// none.
package struct ThresholdCounts: Sendable {
  package let thresholds: [Double]
  /// Weight of the positives with at least this score.
  package let truePositives: [Double]
  package let falsePositives: [Double]

  package var positives: Double { truePositives.last ?? 0 }
  package var negatives: Double { falsePositives.last ?? 0 }

  /// - Parameters:
  ///   - truth: 1 for positive rows, 0 for negative ones.
  ///   - scores: finite, as long as `truth`.
  ///   - weights: one a row, finite and not negative.
  /// - Throws: `invalidArgument` for unequal lengths; `undefined` without rows or weight;
  ///   `invalidData` and `notFinite` with the row; `limit` for 2³² rows.
  /// - Source: scikit-learn `confusion_matrix_at_thresholds`.
  package init(
    truth: UnsafeBufferPointer<Int32>, scores: UnsafeBufferPointer<Double>,
    weights: UnsafeBufferPointer<Double>? = nil
  ) throws(PlauditError) {
    let rowWeights = try ThresholdCounts.check(truth.count, scores, weights)
    for row in 0..<truth.count { _ = try checkedClass(truth[row], "truth", row: row, classes: 2) }
    self.init(scores: scores, rowWeights) { truth[$0] == 1 }
  }

  /// What every metric of scores asks of its columns.
  static func check(
    _ rows: Int, _ scores: UnsafeBufferPointer<Double>,
    _ weights: UnsafeBufferPointer<Double>?
  ) throws(PlauditError) -> RowWeights {
    guard scores.count == rows else {
      throw PlauditError(
        .invalidArgument, "columns differ in length: truth (\(rows)), scores (\(scores.count))")
    }
    guard rows > 0 else {
      throw PlauditError(.undefined, "scores cannot be judged without rows")
    }
    guard rows < ScoreOrder.maximumRows else {
      throw PlauditError(.limit, "\(rows) rows are more than \(ScoreOrder.maximumRows - 1)")
    }
    for row in 0..<rows { _ = try checkedFinite(scores[row], "score", row: row) }
    return try RowWeights(weights, rows: rows)
  }

  /// Rows for which `isPositive` is nil are left out.
  init(
    scores: UnsafeBufferPointer<Double>, _ weights: RowWeights, _ isPositive: (Int) -> Bool?
  ) {
    var thresholds: [Double] = []
    var above: [Double] = []
    var below: [Double] = []
    var (hits, misses) = (0.0, 0.0)
    for entry in ScoreOrder.descending(scores) {
      let row = Int(entry)
      let weight = weights[row]
      guard weight > 0, let positive = isPositive(row) else { continue }
      if positive { hits += weight } else { misses += weight }
      if let last = thresholds.last, last == scores[row] {
        above[above.count - 1] = hits
        below[below.count - 1] = misses
      } else {
        thresholds.append(scores[row])
        above.append(hits)
        below.append(misses)
      }
    }
    (self.thresholds, truePositives, falsePositives) = (thresholds, above, below)
  }

  // MARK: - Curves

  /// A curve as three columns.
  package struct Curve: Equatable, Sendable {
    /// False positive rate, or recall.
    package var x: [Double] = []
    /// True positive rate, or precision.
    package var y: [Double] = []
    package var thresholds: [Double] = []
  }

  /// Rates at each threshold, from (0, 0) at +∞ to (1, 1); a rate without rows of its class is NaN.
  ///
  /// - Parameter dropping: leaves out points on the straight line between their neighbours.
  /// - Source: scikit-learn `roc_curve(drop_intermediate=dropping)`.
  package func rocCurve(dropping: Bool = false) -> Curve {
    var curve = Curve(
      x: [negatives > 0 ? 0 : .nan], y: [positives > 0 ? 0 : .nan], thresholds: [.infinity])
    let last = thresholds.count - 1
    for point in thresholds.indices {
      if dropping, point > 0, point < last, !bends(falsePositives, point),
        !bends(truePositives, point)
      {
        continue
      }
      curve.x.append(negatives > 0 ? falsePositives[point] / negatives : .nan)
      curve.y.append(positives > 0 ? truePositives[point] / positives : .nan)
      curve.thresholds.append(thresholds[point])
    }
    return curve
  }

  private func bends(_ counts: [Double], _ point: Int) -> Bool {
    (counts[point + 1] - counts[point]) - (counts[point] - counts[point - 1]) != 0
  }

  /// Recall (`x`) falling from 1 and precision (`y`) by rising threshold, ending in (0, 1) without
  /// a threshold; recall is 1 throughout when there is no positive row.
  ///
  /// - Source: scikit-learn `precision_recall_curve`.
  package var precisionRecallCurve: Curve {
    var curve = Curve()
    for point in thresholds.indices.reversed() {
      let predicted = truePositives[point] + falsePositives[point]
      curve.x.append(positives > 0 ? truePositives[point] / positives : 1)
      curve.y.append(predicted > 0 ? truePositives[point] / predicted : 0)
      curve.thresholds.append(thresholds[point])
    }
    curve.x.append(0)
    curve.y.append(1)
    return curve
  }

  // MARK: - Numbers

  /// The probability that a positive row scores above a negative one, ties counting one half; NaN
  /// without both classes.
  ///
  /// - Source: Mann & Whitney 1947, doi:10.1214/aoms/1177730491.
  package var auc: Double {
    guard positives > 0, negatives > 0 else { return .nan }
    var area = CompensatedSum()
    var (hits, misses) = (0.0, 0.0)
    for point in thresholds.indices {
      area.add((falsePositives[point] - misses) * (truePositives[point] + hits))
      (hits, misses) = (truePositives[point], falsePositives[point])
    }
    return area.value / 2 / (positives * negatives)
  }

  /// The area up to a false positive rate, standardised so that chance is 0.5 and 1 the best.
  ///
  /// - Parameter limit: above 0, at most 1, where it is the whole AUC.
  /// - Throws: `outOfRange` otherwise.
  /// - Source: McClish 1989, doi:10.1177/0272989X8900900307.
  package func partialAUC(upTo limit: Double) throws(PlauditError) -> Double {
    guard limit > 0, limit <= 1 else {
      throw PlauditError(
        .outOfRange, "the false positive rate must lie above 0 and up to 1, got \(limit.plain)")
    }
    if limit == 1 { return auc }
    guard positives > 0, negatives > 0 else { return .nan }
    var area = CompensatedSum()
    var (x, y) = (0.0, 0.0)
    for point in thresholds.indices {
      let nextX = falsePositives[point] / negatives
      let nextY = truePositives[point] / positives
      if nextX > limit {
        let height = y + (nextY - y) * ((limit - x) / (nextX - x))
        area.add((limit - x) * (y + height) / 2)
        break
      }
      area.add((nextX - x) * (y + nextY) / 2)
      (x, y) = (nextX, nextY)
    }
    let least = limit * limit / 2
    return (1 + (area.value - least) / (limit - least)) / 2
  }

  /// The mean of precision over the steps of recall, without interpolation; 0 without a positive.
  ///
  /// - Source: scikit-learn `average_precision_score`.
  package var averagePrecision: Double {
    guard positives > 0 else { return 0 }
    var sum = CompensatedSum()
    var hits = 0.0
    for point in thresholds.indices where truePositives[point] > hits {
      let precision = truePositives[point] / (truePositives[point] + falsePositives[point])
      sum.add((truePositives[point] - hits) / positives * precision)
      hits = truePositives[point]
    }
    return sum.value
  }

  /// The largest difference of true and false positive rate; NaN without both classes.
  package var kolmogorovSmirnov: Double {
    guard positives > 0, negatives > 0 else { return .nan }
    var largest = 0.0
    for point in thresholds.indices {
      let gap = truePositives[point] / positives - falsePositives[point] / negatives
      largest = max(largest, gap.magnitude)
    }
    return largest
  }

  /// The variance of ``auc`` over samples of this size; NaN with fewer than two rows of a class.
  ///
  /// Rows of one tie group share their structural components, so one pass over the groups is
  /// enough. For counts, not for weights.
  ///
  /// - Source: DeLong et al. 1988, doi:10.2307/2531595.
  package var delongVariance: Double {
    guard positives > 1, negatives > 1 else { return .nan }
    let area = auc
    var (ofPositives, ofNegatives) = (CompensatedSum(), CompensatedSum())
    var (hits, misses) = (0.0, 0.0)
    for point in thresholds.indices {
      let (above, ahead) = (truePositives[point], falsePositives[point])
      let (newHits, newMisses) = (above - hits, ahead - misses)
      // How much of the other class such a row beats, and loses to.
      let beaten = (negatives - ahead + newMisses / 2) / negatives - area
      let beating = (hits + newHits / 2) / positives - area
      ofPositives.add(newHits * beaten * beaten)
      ofNegatives.add(newMisses * beating * beating)
      (hits, misses) = (above, ahead)
    }
    return ofPositives.value / (positives - 1) / positives
      + ofNegatives.value / (negatives - 1) / negatives
  }

  /// ``auc`` and the normal interval around it, not cut to 0...1; NaN with the variance.
  ///
  /// - Throws: `outOfRange` for the confidence.
  package func delongInterval(confidence: Double) throws(PlauditError) -> Interval {
    let reach = try Normal.criticalValue(confidence: confidence) * delongVariance.squareRoot()
    return Interval(lower: auc - reach, upper: auc + reach)
  }
}
