package import PlauditCore

/// How often events happen that were given a probability, bin by bin, and the calibration errors
/// made of it.
///
/// Three choices change the numbers and are stated here: what is judged (the probability of class
/// 1 of a single column, or the highest of a row of a table against whether it is right), the
/// edges of the bins, and to which bin an edge belongs.
package struct ReliabilityTable: Sendable {
  package enum Edges: Int32, Sendable {
    /// Bins of equal width.
    case uniform = 0
    /// Bins of about equally many rows.
    case quantile = 1
  }

  package enum Closed: Int32, Sendable {
    /// An edge belongs to the bin below, as in scikit-learn and Guo et al. 2017.
    case right = 0
    /// An edge belongs to the bin above, as in netcal.
    case left = 1
  }

  package struct Bin: Equatable, Sendable {
    package let lower: Double
    package let upper: Double
    package let rows: Int64
    /// The mean probability and the share of events; NaN in an empty bin.
    package let predicted: Double
    package let observed: Double

    /// What is missing to calibration; NaN in an empty bin.
    package var gap: Double { (observed - predicted).magnitude }
  }

  package let bins: [Bin]
  /// The mean gap over rows: expected calibration error.
  package let expectedError: Double
  /// The largest gap.
  package let maximumError: Double
  /// The root of the mean squared gap over rows.
  package let rootMeanSquaredError: Double

  package static let maximumBins = 1 << 20

  /// - Parameters:
  ///   - truth: 0 or 1 a row for one column, else the class in `0..<columns`.
  ///   - probabilities: `[rows, columns]`, in 0...1.
  /// - Throws: `outOfRange` for bins and columns; `invalidArgument` for unequal lengths;
  ///   `undefined` without rows; `invalidData` and `notFinite` with the row.
  /// - Source: scikit-learn `calibration_curve`; Guo et al. 2017, arXiv:1706.04599.
  package init(
    truth: UnsafeBufferPointer<Int32>, probabilities: UnsafeBufferPointer<Double>, columns: Int = 1,
    bins: Int, edges: Edges = .uniform, closed: Closed = .right
  ) throws(PlauditError) {
    guard bins >= 1, bins <= Self.maximumBins else {
      throw PlauditError(.outOfRange, "bins must lie in 1...\(Self.maximumBins), got \(bins)")
    }
    let table = try ScoreTable(truth: truth, scores: probabilities, columns: columns)
    var (confidences, hits): ([Double], [Bool]) = ([], [])
    confidences.reserveCapacity(table.rows)
    hits.reserveCapacity(table.rows)
    for row in 0..<table.rows {
      // The first of equal probabilities is the answer, as everywhere in Plaudit.
      var best = 0
      for column in 0..<columns {
        let probability = probabilities[row * columns + column]
        guard probability >= 0, probability <= 1 else {
          throw PlauditError(
            .invalidData, "probability (\(probability.plain)) is not in 0...1", index: Int64(row))
        }
        if probability > probabilities[row * columns + best] { best = column }
      }
      confidences.append(probabilities[row * columns + best])
      hits.append(columns == 1 ? truth[row] == 1 : Int(truth[row]) == best)
    }

    let limits = Self.limits(edges, bins, confidences)
    var counts = [Int64](repeating: 0, count: bins)
    var (predicted, observed) = (
      [CompensatedSum](repeating: CompensatedSum(), count: bins), [Int64](repeating: 0, count: bins)
    )
    for (confidence, hit) in zip(confidences, hits) {
      let bin = Self.bin(of: confidence, limits, closed)
      counts[bin] += 1
      predicted[bin].add(confidence)
      if hit { observed[bin] += 1 }
    }
    self.bins = (0..<bins).map { bin in
      let rows = Double(counts[bin])
      return Bin(
        lower: limits[bin], upper: limits[bin + 1], rows: counts[bin],
        predicted: predicted[bin].value / rows, observed: Double(observed[bin]) / rows)
    }
    var (mean, square) = (CompensatedSum(), CompensatedSum())
    var largest = 0.0
    for bin in self.bins where bin.rows > 0 {
      mean.add(Double(bin.rows) * bin.gap)
      square.add(Double(bin.rows) * bin.gap * bin.gap)
      largest = max(largest, bin.gap)
    }
    expectedError = mean.value / Double(table.rows)
    maximumError = largest
    rootMeanSquaredError = (square.value / Double(table.rows)).squareRoot()
  }

  /// The `bins + 1` edges, with the roundings of numpy's `linspace` and `percentile`: a score on
  /// an edge depends on them.
  private static func limits(_ edges: Edges, _ bins: Int, _ values: [Double]) -> [Double] {
    let step = 1 / Double(bins)
    let even = (0...bins).map { $0 == bins ? 1 : Double($0) * step }
    switch edges {
    case .uniform: return even
    case .quantile:
      let sorted = values.sorted()
      return even.map { Quantile.linear(sorted, $0 * 100 / 100) }
    }
  }

  /// The number of inner edges below (right-closed) or up to (left-closed) the value.
  private static func bin(of value: Double, _ limits: [Double], _ closed: Closed) -> Int {
    var (low, high) = (1, limits.count - 1)
    while low < high {
      let middle = (low + high) / 2
      let passed =
        switch closed {
        case .right: limits[middle] < value
        case .left: limits[middle] <= value
        }
      if passed { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }
}
