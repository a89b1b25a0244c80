import Glibc
package import PlauditCore

/// Whether two samples come from one distribution: the largest distance of their distribution
/// functions.
package enum KolmogorovSmirnovTest {
  /// Products of sample sizes up to which the exact distribution is made.
  package static let maximumExact = 100_000_000

  /// The statistic is D for two sides; for `greater` the distance by which the first sample's
  /// distribution function is above the second's (its values are smaller), for `less` below.
  ///
  /// Automatic is exact up to `maximumExact`. Exact p values hold for continuous distributions; with
  /// ties they are too large, and flagged.
  ///
  /// - Throws: as ``RankTest/mannWhitney``.
  /// - Source: Hodges 1958, doi:10.1007/BF02589501, as scipy's `ks_2samp`; asymptotic:
  ///   ``KolmogorovDistribution`` of `n m / (n + m)` rows, and Hodges' formula 5.3 for one side.
  package static func test(
    _ first: UnsafeBufferPointer<Double>, _ second: UnsafeBufferPointer<Double>,
    alternative: TestAlternative, exactness: Exactness
  ) throws(PlauditError) -> TestResult {
    let merged = try MergedSamples(first, second)
    let (n, m) = (first.count, second.count)
    let distance: Int64
    let bound: (Int64) -> Bool
    switch alternative {
    case .twoSided:
      let reach = max(merged.above, -merged.below)
      distance = reach
      bound = { $0.magnitude >= reach.magnitude }
    case .greater:
      distance = merged.above
      bound = { $0 >= merged.above }
    case .less:
      distance = -merged.below
      bound = { $0 <= merged.below }
    case .equivalent:
      throw PlauditError(
        .invalidArgument, "Kolmogorov-Smirnov's test has no equivalence alternative")
    }
    let (product, overflow) = n.multipliedReportingOverflow(by: m)
    var result = TestResult()
    result.statistic = Double(distance) / (Double(n) * Double(m))
    result.estimate = result.statistic
    if merged.tieTerm > 0 { result.flags.insert(.ties) }
    let fits = !overflow && product <= maximumExact
    if exactness == .exact, !fits {
      throw PlauditError(
        .limit, "\(n) times \(m) is more than \(maximumExact), ask for asymptotic")
    }
    result.isExact = exactness != .asymptotic && fits
    if distance == 0 {
      result.pValue = 1
    } else if result.isExact {
      result.pValue = exact(n, m, distance, twoSided: alternative == .twoSided, bound)
    } else {
      let (x, y) = (Double(n), Double(m))
      let size = x * (y / (x + y))
      let z = size.squareRoot() * result.statistic
      if alternative == .twoSided {
        result.pValue = KolmogorovDistribution.upperTail(
          result.statistic, rows: max(1, size.rounded(.toNearestOrEven)))
      } else {
        let (large, small) = (max(x, y), min(x, y))
        let correction =
          2 * z * (large + 2 * small) / (large * small * (large + small)).squareRoot() / 3
        result.pValue = min(1, max(0, exp(-2 * z * z - correction)))
      }
    }
    return result
  }

  /// The probability that a walk of `n` and `m` steps touches the bound: sums of positive terms over
  /// the cells within it, so that small probabilities keep their digits.
  private static func exact(
    _ n: Int, _ m: Int, _ distance: Int64, twoSided: Bool, _ bound: (Int64) -> Bool
  ) -> Double {
    var row = [Double](repeating: 1, count: m + 1)
    for i in 0...n {
      // Cells with |i m - j n| < distance; the others are 1 already.
      let along = Int64(i) * Int64(m)
      let from = twoSided ? max(0, Int((along - distance) / Int64(n)) - 1) : 0
      let to = twoSided ? min(m, Int((along + distance) / Int64(n)) + 1) : m
      if from > 0 { row[from - 1] = 1 }
      var j = from
      while j <= to {
        if bound(along - Int64(j) * Int64(n)) {
          row[j] = 1
        } else if i == 0 {
          row[j] = j == 0 ? 0 : row[j - 1]
        } else if j > 0 {
          let share = Double(i) / Double(i + j)
          row[j] = share * row[j] + (1 - share) * row[j - 1]
        }
        j += 1
      }
    }
    return min(1, row[m])
  }
}
