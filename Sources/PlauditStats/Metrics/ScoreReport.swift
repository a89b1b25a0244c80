import Glibc
package import PlauditCore

/// Quality of scores against true classes.
///
/// One column of scores means two classes, the score being that of class 1. A table of scores has
/// a column a class, and its log-loss and Brier score need probabilities. What cannot be said is
/// NaN with a flag.
package struct ScoreReport: Sendable {
  package struct Options: Sendable {
    /// Where the partial AUC ends, above 0 up to 1.
    package var falsePositiveLimit = 1.0
    package var confidence = 0.95
    /// The true class must be among this many highest scores.
    package var topK = 1

    package init() {}
  }

  /// Of one column, or of column 1 of two; NaN with more.
  package var auc = Double.nan
  package var partialAUC = Double.nan
  package var aucVariance = Double.nan
  package var aucInterval = Interval(lower: .nan, upper: .nan)
  package var averagePrecision = Double.nan
  package var kolmogorovSmirnov = Double.nan
  /// One class against the rest: mean over all classes, and weighted by their rows.
  package var macroAUC = Double.nan
  package var weightedAUC = Double.nan
  /// The mean over pairs of classes that occur, each seen from both sides (Hand & Till 2001,
  /// doi:10.1023/A:1010920819831); without weights of rows.
  package var pairwiseAUC = Double.nan
  package var macroAveragePrecision = Double.nan
  package var weightedAveragePrecision = Double.nan
  /// Natural logarithm, probabilities cut to 2⁻⁵²...1 - 2⁻⁵².
  package var logLoss = Double.nan
  /// Half the sum of squares up to two classes, the whole sum with more, as scikit-learn.
  package var brier = Double.nan
  /// 1 minus the Brier score over that of always saying the base rates; NaN for one class.
  package var brierSkill = Double.nan
  /// Equal scores: the higher class comes first. One column and k = 1: above 0.5 for scores in
  /// 0...1, above 0 otherwise, is class 1.
  package var topKAccuracy = Double.nan
  /// One a column: AUC and average precision of the class against the rest.
  package var classAUC: [Double] = []
  package var classAveragePrecision: [Double] = []
  package var flags: MetricFlags = []

  /// - Parameters:
  ///   - truth: class indices, one a row: 0 or 1 for one column, else in `0..<columns`.
  ///   - scores: `[rows, columns]`, finite.
  ///   - weights: one a row, finite and not negative.
  /// - Throws: `outOfRange` for columns and options; `invalidArgument` for unequal lengths;
  ///   `undefined` without rows or weight; `invalidData` and `notFinite` with the row.
  /// - Source: scikit-learn 1.9.1 with `labels=range(columns)`.
  package init(
    truth: UnsafeBufferPointer<Int32>, scores: UnsafeBufferPointer<Double>, columns: Int,
    weights: UnsafeBufferPointer<Double>? = nil, options: Options = Options()
  ) throws(PlauditError) {
    let table = try ScoreTable(truth: truth, scores: scores, columns: columns, weights: weights)
    guard options.topK >= 1 else {
      throw PlauditError(.outOfRange, "top_k must be at least 1, got \(options.topK)")
    }
    guard options.falsePositiveLimit > 0, options.falsePositiveLimit <= 1 else {
      throw PlauditError(
        .outOfRange,
        "the false positive rate must lie above 0 and up to 1, "
          + "got \(options.falsePositiveLimit.plain)")
    }
    let reach = try Normal.criticalValue(confidence: options.confidence)

    let supports = table.supports
    if supports.count(where: { $0 > 0 }) < 2 { flags.insert(.oneClass) }
    if supports.contains(0) { flags.insert(.absentClass) }
    let positiveColumns = columns == 1 ? [0] : Array(0..<columns)
    for column in positiveColumns {
      let counts = table.counts(column: column, positive: columns == 1 ? 1 : column)
      classAUC.append(counts.auc)
      classAveragePrecision.append(counts.averagePrecision)
      if column == positiveColumns.count - 1, columns <= 2 {
        auc = counts.auc
        partialAUC = try counts.partialAUC(upTo: options.falsePositiveLimit)
        averagePrecision = counts.averagePrecision
        kolmogorovSmirnov = counts.kolmogorovSmirnov
        if weights == nil { aucVariance = counts.delongVariance }
        if aucVariance.isNaN { flags.insert(.noVariance) }
        let half = reach * aucVariance.squareRoot()
        aucInterval = Interval(lower: auc - half, upper: auc + half)
      }
    }
    if columns > 1 {
      let (ofAUC, ofPrecision) = (classAUC, classAveragePrecision)
      macroAUC = ofAUC.reduce(0, +) / Double(columns)
      macroAveragePrecision = ofPrecision.reduce(0, +) / Double(columns)
      weightedAUC = ScoreReport.weighted(ofAUC, supports)
      weightedAveragePrecision = ScoreReport.weighted(ofPrecision, supports)
      if weights == nil { pairwiseAUC = table.pairwiseAUC }
    }
    if table.areProbabilities {
      logLoss = table.mean(of: table.logLoss(row:))
      let whole = table.mean(of: table.squaredError(row:))
      brier = columns < 3 ? whole / 2 : whole
      // Always saying the base rates q costs Σ q (1 - q) on average.
      let total = supports.reduce(0, +)
      let chance = supports.reduce(0) { $0 + $1 / total * ((total - $1) / total) }
      brierSkill = chance > 0 ? 1 - whole / chance : .nan
    } else {
      flags.insert(.notProbabilities)
    }
    topKAccuracy = table.topKAccuracy(options.topK)
  }

  private static func weighted(_ values: [Double], _ weights: [Double]) -> Double {
    var (sum, total) = (0.0, 0.0)
    for (value, weight) in zip(values, weights) where weight > 0 {
      sum += value * weight
      total += weight
    }
    return sum / total
  }
}

/// Checked columns: true classes, a table of finite scores, weights.
struct ScoreTable {
  let truth: UnsafeBufferPointer<Int32>
  let scores: UnsafeBufferPointer<Double>
  let columns: Int
  let weights: RowWeights
  /// Weight by class; two for one column.
  let supports: [Double]
  let areProbabilities: Bool

  static let maximumColumns = ClassificationReport.maximumClasses

  var rows: Int { truth.count }

  init(
    truth: UnsafeBufferPointer<Int32>, scores: UnsafeBufferPointer<Double>, columns: Int,
    weights: UnsafeBufferPointer<Double>? = nil
  ) throws(PlauditError) {
    guard columns >= 1, columns <= Self.maximumColumns else {
      throw PlauditError(
        .outOfRange, "columns must lie in 1...\(Self.maximumColumns), got \(columns)")
    }
    let rows = truth.count
    guard rows < ScoreOrder.maximumRows else {
      throw PlauditError(.limit, "\(rows) rows are more than \(ScoreOrder.maximumRows - 1)")
    }
    guard scores.count == rows * columns else {
      throw PlauditError(
        .invalidArgument,
        "there are \(scores.count) scores, \(rows) rows of \(columns) need \(rows * columns)")
    }
    guard rows > 0 else {
      throw PlauditError(.undefined, "scores cannot be judged without rows")
    }
    let rowWeights = try RowWeights(weights, rows: rows)
    var supports = [Double](repeating: 0, count: max(columns, 2))
    var areProbabilities = true
    for row in 0..<rows {
      let label = try checkedClass(truth[row], "truth", row: row, classes: supports.count)
      supports[label] += rowWeights[row]
      var sum = 0.0
      for column in 0..<columns {
        let score = try checkedFinite(scores[row * columns + column], "score", row: row)
        if score < 0 || score > 1 { areProbabilities = false }
        sum += score
      }
      // As strict as single precision, in which scores of models come.
      if columns > 1, (sum - 1).magnitude > 1e-5 { areProbabilities = false }
    }
    (self.truth, self.scores, self.columns) = (truth, scores, columns)
    (self.weights, self.supports) = (rowWeights, supports)
    self.areProbabilities = areProbabilities
  }

  func counts(column: Int, positive: Int, against negative: Int? = nil) -> ThresholdCounts {
    var values = [Double](repeating: 0, count: rows)
    for row in 0..<rows { values[row] = scores[row * columns + column] }
    return values.withUnsafeBufferPointer { values in
      ThresholdCounts(scores: values, weights) { row in
        let label = Int(truth[row])
        if label == positive { return true }
        guard let negative else { return false }
        return label == negative ? false : nil
      }
    }
  }

  /// One sort a column serves all of its pairs.
  var pairwiseAUC: Double {
    let present = supports.indices.filter { supports[$0] > 0 }
    guard present.count > 1 else { return .nan }
    var sum = 0.0
    for column in present {
      sum += aucAgainstEach(column).reduce(0, +)
    }
    return sum / Double(present.count * (present.count - 1))
  }

  /// AUC of a column's class against each other class that occurs.
  private func aucAgainstEach(_ column: Int) -> [Double] {
    var values = [Double](repeating: 0, count: rows)
    for row in 0..<rows { values[row] = scores[row * columns + column] }
    let order = values.withUnsafeBufferPointer(ScoreOrder.ascending)
    // Rows of each class passed so far, and at the score at hand.
    var passed = [Double](repeating: 0, count: supports.count)
    var wins = passed
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, values[Int(order[end])] == values[Int(order[start])] { end += 1 }
      var own = 0.0
      for entry in order[start..<end] where Int(truth[Int(entry)]) == column { own += 1 }
      // The others of this score count one half now, and whole for what comes later.
      for entry in order[start..<end] { passed[Int(truth[Int(entry)])] += 0.5 }
      if own > 0 {
        for index in supports.indices where index != column { wins[index] += own * passed[index] }
      }
      for entry in order[start..<end] { passed[Int(truth[Int(entry)])] += 0.5 }
      start = end
    }
    return supports.indices.filter { $0 != column && supports[$0] > 0 }.map {
      wins[$0] / (supports[column] * supports[$0])
    }
  }

  // MARK: Means over rows

  func mean(of loss: (Int) -> Double) -> Double {
    var sum = CompensatedSum()
    for row in 0..<rows { sum.add(weights[row] * loss(row)) }
    return sum.value / weights.total
  }

  /// The probability of the true class, or of class 1 of a single column.
  func logLoss(row: Int) -> Double {
    let label = Int(truth[row])
    let given = columns == 1 ? scores[row] : scores[row * columns + label]
    let probability = columns == 1 && label == 0 ? 1 - given : given
    return -log(min(max(probability, 0x1p-52), 1 - 0x1p-52))
  }

  /// The sum of squares over classes; over both classes for a single column.
  func squaredError(row: Int) -> Double {
    let label = Int(truth[row])
    if columns == 1 {
      let gap = scores[row] - Double(label)
      return 2 * gap * gap
    }
    var sum = 0.0
    for column in 0..<columns {
      let gap = scores[row * columns + column] - (column == label ? 1 : 0)
      sum += gap * gap
    }
    return sum
  }

  func topKAccuracy(_ k: Int) -> Double {
    if k >= max(columns, 2) { return 1 }
    if columns == 1 {
      let threshold = areProbabilities ? 0.5 : 0
      return mean { (scores[$0] > threshold) == (truth[$0] == 1) ? 1 : 0 }
    }
    return mean { row in
      let label = Int(truth[row])
      let own = scores[row * columns + label]
      var ahead = 0
      for column in 0..<columns {
        let other = scores[row * columns + column]
        if other > own || (other == own && column > label) { ahead += 1 }
      }
      return ahead < k ? 1 : 0
    }
  }
}
