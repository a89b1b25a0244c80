import Glibc
package import PlauditCore

/// Quality of predicted numbers against true ones.
///
/// Conventions are scikit-learn's, and a flag tells where one was needed: the coefficient of a
/// truth that never varies is 1 for a perfect prediction and else 0, of a single row NaN; MAPE
/// divides by 2⁻⁵² where the truth is 0.
package struct RegressionReport: Sendable {
  package let meanAbsoluteError: Double
  package let meanSquaredError: Double
  package var rootMeanSquaredError: Double { meanSquaredError.squareRoot() }
  package let medianAbsoluteError: Double
  package let maximumError: Double
  /// A fraction, not percent.
  package let meanAbsolutePercentageError: Double
  /// Of `log(1 + y)`; NaN where a value is -1 or less.
  package let meanSquaredLogError: Double
  package let r2: Double
  package let explainedVariance: Double
  /// The mean of `q (y - p)` above the prediction and `(1 - q)(p - y)` below, for the quantile q.
  package let pinballLoss: Double
  /// 1 minus the loss over that of always predicting the best constant: the median, the quantile.
  package let d2Absolute: Double
  package let d2Pinball: Double
  package let flags: MetricFlags

  /// - Parameters:
  ///   - truth: finite, one a row.
  ///   - predicted: likewise, as long as `truth`.
  ///   - weights: one a row, finite and not negative.
  ///   - quantile: of the pinball loss, strictly between 0 and 1.
  /// - Throws: `invalidArgument` for unequal lengths; `undefined` without rows or weight;
  ///   `notFinite` and `invalidData` with the row; `outOfRange` for the quantile, and for values so
  ///   far apart that their squares leave the range of a double.
  /// - Source: scikit-learn 1.9.1 `sklearn.metrics`, regression.
  package init(
    truth: UnsafeBufferPointer<Double>, predicted: UnsafeBufferPointer<Double>,
    weights: UnsafeBufferPointer<Double>? = nil, quantile: Double = 0.5
  ) throws(PlauditError) {
    let rows = truth.count
    guard predicted.count == rows else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: truth (\(rows)), predicted (\(predicted.count))")
    }
    guard quantile > 0, quantile < 1 else {
      throw PlauditError(
        .outOfRange, "quantile must lie strictly between 0 and 1, got \(quantile.plain)")
    }
    guard rows > 0 else {
      throw PlauditError(.undefined, "errors are undefined without rows")
    }
    guard rows < ScoreOrder.maximumRows else {
      throw PlauditError(.limit, "\(rows) rows are more than \(ScoreOrder.maximumRows - 1)")
    }
    for row in 0..<rows {
      _ = try checkedFinite(truth[row], "truth", row: row)
      _ = try checkedFinite(predicted[row], "predicted", row: row)
      guard (truth[row] - predicted[row]).magnitude < 1e120, truth[row].magnitude < 1e120 else {
        throw PlauditError(
          .outOfRange, "values beyond 1e120 have no squared error", index: Int64(row))
      }
    }
    let weight = try RowWeights(weights, rows: rows)
    func sum(_ term: (Int) -> Double) -> Double {
      var sum = CompensatedSum()
      for row in 0..<rows { sum.add(weight[row] * term(row)) }
      return sum.value
    }
    func mean(_ term: (Int) -> Double) -> Double { sum(term) / weight.total }
    func error(_ row: Int) -> Double { truth[row] - predicted[row] }
    func square(_ value: Double) -> Double { value * value }
    var flags: MetricFlags = []

    meanAbsoluteError = mean { error($0).magnitude }
    let squaredErrors = sum { square(error($0)) }
    meanSquaredError = squaredErrors / weight.total
    maximumError = (0..<rows).reduce(0) { max($0, error($1).magnitude) }
    let magnitudes = (0..<rows).map { error($0).magnitude }
    medianAbsoluteError = magnitudes.withUnsafeBufferPointer {
      weights == nil ? Quantile.median($0) : Quantile.averagedInverse($0, weight, 0.5)
    }
    meanAbsolutePercentageError = mean { error($0).magnitude / max(truth[$0].magnitude, 0x1p-52) }
    if truth.contains(0) { flags.insert(.zeroTruth) }
    if (0..<rows).contains(where: { truth[$0] <= -1 || predicted[$0] <= -1 }) {
      flags.insert(.noLogarithm)
      meanSquaredLogError = .nan
    } else {
      meanSquaredLogError = mean { square(log1p(truth[$0]) - log1p(predicted[$0])) }
    }

    let (centre, bias) = (mean { truth[$0] }, mean(error))
    let spread = sum { square(truth[$0] - centre) }
    let isConstant = !(0..<rows).contains {
      weight[$0] > 0 && truth[$0] != truth[RegressionReport.firstWeighted(weight, rows)]
    }
    if isConstant { flags.insert(.constantTruth) }
    if rows < 2 { flags.insert(.fewRows) }
    let zero = isConstant ? 0 : spread
    r2 = rows < 2 ? .nan : RegressionReport.explained(squaredErrors, of: zero)
    explainedVariance = RegressionReport.explained(sum { square(error($0) - bias) }, of: zero)

    func pinball(_ q: Double, _ row: Int, _ predicted: Double) -> Double {
      let gap = truth[row] - predicted
      return gap >= 0 ? q * gap : (q - 1) * gap
    }
    func d2(_ q: Double) -> Double {
      if rows < 2 { return .nan }
      let constant = Quantile.averagedInverse(truth, weight, q)
      return RegressionReport.explained(
        mean { pinball(q, $0, predicted[$0]) }, of: mean { pinball(q, $0, constant) })
    }
    pinballLoss = mean { pinball(quantile, $0, predicted[$0]) }
    d2Absolute = d2(0.5)
    d2Pinball = d2(quantile)
    self.flags = flags
  }

  private static func firstWeighted(_ weight: RowWeights, _ rows: Int) -> Int {
    (0..<rows).first { weight[$0] > 0 } ?? 0
  }

  private static func explained(_ loss: Double, of whole: Double) -> Double {
    if loss == 0 { return 1 }
    return whole == 0 ? 0 : 1 - loss / whole
  }
}

/// Quantiles of finite columns.
enum Quantile {
  /// Between the two middle values when their number is even.
  static func median(_ values: UnsafeBufferPointer<Double>) -> Double {
    linear(values.sorted(), 0.5)
  }

  /// Linear between order statistics: numpy's default, and the same bits.
  ///
  /// - Source: Hyndman & Fan 1996, type 7, doi:10.1080/00031305.1996.10473566.
  static func linear(_ sorted: [Double], _ q: Double) -> Double {
    guard let first = sorted.first, let last = sorted.last else { return .nan }
    let position = q * Double(sorted.count - 1)
    guard position > 0 else { return first }
    guard let below = Int(exactly: position.rounded(.down)), below < sorted.count - 1 else {
      return last
    }
    let (a, b) = (sorted[below], sorted[below + 1])
    let share = position - Double(below)
    return share >= 0.5 ? b - (b - a) * (1 - share) : a + (b - a) * share
  }

  /// The value below which a share `q` of the weight lies, averaged with the next where the share
  /// is met exactly.
  ///
  /// - Source: scikit-learn `_weighted_percentile(average=True)`; Hyndman & Fan 1996, type 2.
  static func averagedInverse(
    _ values: UnsafeBufferPointer<Double>, _ weights: RowWeights, _ q: Double
  ) -> Double {
    let order = ScoreOrder.ascending(values).map(Int.init).filter { weights[$0] > 0 }
    var reached: [Double] = []
    reached.reserveCapacity(order.count)
    var sum = 0.0
    for row in order {
      sum += weights[row]
      reached.append(sum)
    }
    let wanted = q * 100 / 100 * sum
    guard let index = reached.firstIndex(where: { $0 >= wanted }) ?? order.indices.last else {
      return .nan
    }
    let value = values[order[index]]
    guard reached[index] - wanted <= 0x1p-52, index + 1 < order.count else { return value }
    return (value + values[order[index + 1]]) / 2
  }
}
