import Glibc
package import PlauditCore

/// Which point of a sample a quantile is; raw values are `PLAUDIT_QUANTILE_…`.
package enum QuantileKind: Int32, CaseIterable, Sendable {
  /// Linear between order statistics: numpy's default, type 7 of Hyndman and Fan.
  case linear = 0
  /// Harrell and Davis's weighted mean of all order statistics.
  case harrellDavis = 1
}

/// Quantiles of a column with intervals that assume no distribution, whose rows may come in clusters
/// (several rows of one user).
package struct QuantileEstimate: Equatable, Sendable {
  package let value: Double
  /// Order statistics around the quantile; NaN where the sample is too small to reach them.
  package let interval: Interval
  /// The interval's width over twice the normal critical value.
  package let standardError: Double
  package let clusters: Int

  /// Several quantiles of one column.
  ///
  /// Without clusters the interval's ends are the order statistics with binomial tails of at most
  /// `(1 - confidence) / 2`. With them it is Woodruff's: the share of rows up to the quantile has a
  /// standard error in which rows of a cluster go together, and the ends are the linear quantiles at
  /// `p ± z` of it.
  ///
  /// - Parameter clusters: a number a row; rows of equal numbers belong together.
  /// - Throws: `undefined` without rows; `notFinite` with its row for NaN; `invalidArgument` for
  ///   columns of unequal length; `outOfRange` for a probability outside 0...1 (with its index) and
  ///   for the confidence.
  /// - Source: Hyndman and Fan 1996, doi:10.1080/00031305.1996.10473566; Harrell and Davis 1982,
  ///   doi:10.1093/biomet/69.3.635; Woodruff 1952, doi:10.1080/01621459.1952.10483443; Deng, Knoblich
  ///   and Lu 2018, doi:10.1145/3219819.3219919.
  package static func estimates(
    _ values: UnsafeBufferPointer<Double>, clusters: UnsafeBufferPointer<Int64>?,
    probabilities: UnsafeBufferPointer<Double>, kind: QuantileKind, confidence: Double
  ) throws(PlauditError) -> [QuantileEstimate] {
    let critical = try Normal.criticalValue(confidence: confidence)
    guard (clusters?.count ?? values.count) == values.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: values (\(values.count)), clusters (\(clusters?.count ?? 0))")
    }
    guard !values.isEmpty else {
      throw PlauditError(.undefined, "quantiles are undefined without rows")
    }
    for (index, p) in probabilities.enumerated() where !(p >= 0 && p <= 1) {
      throw PlauditError(
        .outOfRange, "probability is \(p.plain), allowed are 0 to 1", index: Int64(index))
    }
    for row in 0..<values.count where values[row].isNaN {
      throw PlauditError(.notFinite, "value is nan", index: Int64(row))
    }
    let order = clusters == nil ? [] : (0..<values.count).sorted { values[$0] < values[$1] }
    let sorted = clusters == nil ? values.sorted() : order.map { values[$0] }
    let groups = clusters.map { ClusterRows($0) }
    return probabilities.map { p in
      let value = kind == .linear ? Quantile.linear(sorted, p) : harrellDavis(sorted, p)
      let interval: Interval
      if let groups {
        let error = groups.shareError(order, sorted, upTo: Quantile.linear(sorted, p))
        interval =
          error.isNaN
          ? Interval(lower: .nan, upper: .nan)
          : Interval(
            lower: Quantile.linear(sorted, max(0, p - critical * error)),
            upper: Quantile.linear(sorted, min(1, p + critical * error)))
      } else {
        interval = orderInterval(sorted, p, (1 - confidence) / 2)
      }
      return QuantileEstimate(
        value: value, interval: interval,
        standardError: (interval.upper - interval.lower) / (2 * critical),
        clusters: groups?.count ?? values.count)
    }
  }

  /// The difference of one quantile between two samples, by their standard errors.
  ///
  /// - Throws: as ``estimates(_:clusters:probabilities:kind:confidence:)``; `invalidArgument` for an
  ///   equivalence test. Flags `tooFewRows` where a sample does not reach its interval and
  ///   `zeroVariance` where both intervals are points.
  package static func difference(
    _ first: QuantileEstimate, _ second: QuantileEstimate, alternative: TestAlternative,
    confidence: Double
  ) throws(PlauditError) -> TestResult {
    let critical = try Normal.criticalValue(confidence: confidence)
    var result = TestResult()
    result.estimate = first.value - second.value
    result.standardError = hypot(first.standardError, second.standardError)
    guard !result.standardError.isNaN else {
      result.flags = .tooFewRows
      return result
    }
    guard result.standardError > 0 else {
      result.flags = .zeroVariance
      return result
    }
    result.degreesOfFreedom = .infinity
    result.interval = Interval(
      lower: result.estimate - critical * result.standardError,
      upper: result.estimate + critical * result.standardError)
    result.statistic = result.estimate / result.standardError
    switch alternative {
    case .twoSided: result.pValue = Normal.twoSidedPValue(result.statistic)
    case .greater: result.pValue = Normal.upperTail(result.statistic)
    case .less: result.pValue = Normal.cdf(result.statistic)
    case .equivalent(let lower, let upper):
      let above = (result.estimate - lower) / result.standardError
      let below = (result.estimate - upper) / result.standardError
      result.pValue = max(Normal.upperTail(above), Normal.cdf(below))
      result.statistic = Normal.upperTail(above) > Normal.cdf(below) ? above : below
    }
    return result
  }

  /// The same from the rows of both samples.
  package static func difference(
    _ first: UnsafeBufferPointer<Double>, clusters firstClusters: UnsafeBufferPointer<Int64>?,
    _ second: UnsafeBufferPointer<Double>, clusters secondClusters: UnsafeBufferPointer<Int64>?,
    probability: Double, kind: QuantileKind, alternative: TestAlternative, confidence: Double
  ) throws(PlauditError) -> TestResult {
    func estimate(
      _ values: UnsafeBufferPointer<Double>, _ clusters: UnsafeBufferPointer<Int64>?
    ) throws(PlauditError) -> QuantileEstimate {
      var wanted = probability
      let one = try withUnsafePointer(to: &wanted) { point throws(PlauditError) in
        try estimates(
          values, clusters: clusters,
          probabilities: UnsafeBufferPointer(start: point, count: 1), kind: kind,
          confidence: confidence)
      }
      guard let found = one.first else {
        throw PlauditError(.undefined, "quantiles are undefined without rows")
      }
      return found
    }
    return try difference(
      try estimate(first, firstClusters), try estimate(second, secondClusters),
      alternative: alternative, confidence: confidence)
  }

  private static func harrellDavis(_ sorted: [Double], _ p: Double) -> Double {
    let n = Double(sorted.count)
    guard let first = sorted.first, let last = sorted.last else { return .nan }
    if p == 0 { return first }
    if p == 1 { return last }
    let (a, b) = ((n + 1) * p, (n + 1) * (1 - p))
    // Beyond 40 standard deviations and, where they are few rows, 60 more no weight is left.
    let reach = 40 * (p * (1 - p) / n).squareRoot() + 60 / n
    let from = max(0, Int(exactly: ((p - reach) * n).rounded(.down)) ?? 0)
    let to = min(sorted.count, Int(exactly: ((p + reach) * n).rounded(.up)) ?? sorted.count)
    guard from < to else { return Quantile.linear(sorted, p) }
    var (sum, weights) = (0.0, 0.0)
    var below = incompleteBeta(a, b, Double(from) / n)
    for index in from..<to {
      let above = incompleteBeta(
        a, b, Double(index + 1) / n, complement: (n - Double(index + 1)) / n)
      // From the tail that keeps its digits.
      let weight =
        above.lower < 0.5 ? above.lower - below.lower : below.upper - above.upper
      sum += weight * sorted[index]
      weights += weight
      below = above
    }
    return sum / weights
  }

  /// `[x_(l), x_(u)]` with `P(B < l) <= tail` and `P(B >= u) <= tail` for `B` binomial.
  private static func orderInterval(_ sorted: [Double], _ p: Double, _ tail: Double) -> Interval {
    let n = Double(sorted.count)
    guard let first = sorted.first, let last = sorted.last else {
      return Interval(lower: .nan, upper: .nan)
    }
    if p == 0 { return Interval(lower: first, upper: first) }
    if p == 1 { return Interval(lower: last, upper: last) }
    // The largest l with P(B <= l - 1) <= tail, the smallest u with P(B >= u) <= tail.
    func largest(_ holds: (Int) -> Bool) -> Int {
      var (low, high) = (0, sorted.count + 1)
      while high - low > 1 {
        let middle = low + (high - low) / 2
        if holds(middle) { low = middle } else { high = middle }
      }
      return low
    }
    let lower = largest { Binomial.tails(Double($0 - 1), trials: n, probability: p).lower <= tail }
    let upper =
      largest { Binomial.tails(Double($0 - 1), trials: n, probability: p).upper > tail } + 1
    return Interval(
      lower: lower >= 1 && lower <= sorted.count ? sorted[lower - 1] : .nan,
      upper: upper >= 1 && upper <= sorted.count ? sorted[upper - 1] : .nan)
  }
}

/// The cluster of each row, numbered from 0.
private struct ClusterRows {
  let count: Int
  private let ofRow: [Int]
  private let sizes: [Double]

  init(_ names: UnsafeBufferPointer<Int64>) {
    var numbers: [Int64: Int] = [:]
    var (ofRow, sizes) = ([Int](), [Double]())
    ofRow.reserveCapacity(names.count)
    for name in names {
      let number = numbers[name] ?? sizes.count
      if number == sizes.count {
        numbers[name] = number
        sizes.append(0)
      }
      sizes[number] += 1
      ofRow.append(number)
    }
    (self.ofRow, self.sizes, count) = (ofRow, sizes, sizes.count)
  }

  /// The standard error of the share of rows up to `value`, rows of a cluster going together.
  func shareError(_ order: [Int], _ sorted: [Double], upTo value: Double) -> Double {
    guard count > 1 else { return .nan }
    var below = [Double](repeating: 0, count: count)
    var hits = 0.0
    for (place, row) in order.enumerated() {
      if sorted[place] > value { break }
      below[ofRow[row]] += 1
      hits += 1
    }
    let (n, m) = (Double(order.count), Double(count))
    let share = hits / n
    var squares = 0.0
    for cluster in 0..<count {
      let gap = below[cluster] - share * sizes[cluster]
      squares += gap * gap
    }
    return (m / (m - 1) * squares).squareRoot() / n
  }
}
