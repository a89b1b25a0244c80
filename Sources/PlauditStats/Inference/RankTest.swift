import Glibc
package import PlauditCore

/// How a p value is found; raw values are `PLAUDIT_EXACTNESS_…`.
package enum Exactness: Int32, CaseIterable, Sendable {
  /// Exact where it is possible and cheap.
  case automatic = 0
  case exact = 1
  case asymptotic = 2
}

/// Whether values of one sample tend to be larger, whatever their distribution.
package enum RankTest {
  /// Tests of two columns of values, by `PLAUDIT_SAMPLES_…`.
  package enum Kind: Int32, CaseIterable, Sendable {
    case mannWhitney = 0
    case kolmogorovSmirnov = 1
  }

  /// Products of sample sizes up to which the exact distribution is made.
  package static let maximumExact = 10_000

  /// Mann and Whitney's U of the first sample.
  ///
  /// The estimate is the probability of superiority `U / (n m)`, with DeLong's interval; the effect
  /// size is the rank-biserial correlation. Automatic is exact without ties where one sample has at
  /// most 8 values, as scipy's.
  ///
  /// - Parameter continuity: half a unit off the distance of the normal approximation.
  /// - Throws: `undefined` for an empty sample or when all values are equal; `notFinite` with its
  ///   row for NaN; `invalidArgument` for exact with ties and for equivalence; `limit` for exact
  ///   beyond `maximumExact`; `outOfRange` for the confidence.
  /// - Source: Mann and Whitney 1947, doi:10.1214/aoms/1177730491; values are scipy's
  ///   `mannwhitneyu`; DeLong and others 1988, doi:10.2307/2531595.
  package static func mannWhitney(
    _ first: UnsafeBufferPointer<Double>, _ second: UnsafeBufferPointer<Double>,
    alternative: TestAlternative, exactness: Exactness, continuity: Bool, confidence: Double
  ) throws(PlauditError) -> TestResult {
    let critical = try Normal.criticalValue(confidence: confidence)
    if case .equivalent = alternative {
      throw PlauditError(.invalidArgument, "Mann-Whitney's test has no equivalence alternative")
    }
    let (n, m) = (Double(first.count), Double(second.count))
    let merged = try MergedSamples(first, second)
    let rankSum = merged.rankSum
    let u = rankSum - n * (n + 1) / 2
    var result = TestResult()
    result.statistic = u
    result.estimate = u / (n * m)
    result.effectSize = 2 * result.estimate - 1
    let error = merged.placementError
    result.standardError = error
    if error.isFinite {
      result.interval = Interval(
        lower: max(0, result.estimate - critical * error),
        upper: min(1, result.estimate + critical * error))
    }
    if merged.tieTerm > 0 { result.flags.insert(.ties) }
    let isSmall = first.count.multipliedReportingOverflow(by: second.count)
    let fits = !isSmall.overflow && isSmall.partialValue <= maximumExact
    switch exactness {
    case .automatic:
      result.isExact = merged.tieTerm == 0 && min(first.count, second.count) <= 8 && fits
    case .exact:
      guard merged.tieTerm == 0 else {
        throw PlauditError(
          .invalidArgument, "values are tied: the exact distribution does not apply")
      }
      guard fits else {
        throw PlauditError(
          .limit,
          "\(first.count) times \(second.count) is more than \(maximumExact), ask for asymptotic")
      }
      result.isExact = true
    case .asymptotic: break
    }
    let other = n * m - u
    let extreme =
      switch alternative {
      case .greater: u
      case .less: other
      default: max(u, other)
      }
    let tail: Double
    if result.isExact {
      tail = exactUpperTail(extreme, first.count, second.count)
    } else {
      let total = n + m
      let variance = n * m / 12 * ((total + 1) - merged.tieTerm / (total * (total - 1)))
      guard variance > 0 else {
        throw PlauditError(.undefined, "Mann-Whitney's test is undefined: all values are equal")
      }
      let z = (extreme - n * m / 2 - (continuity ? 0.5 : 0)) / variance.squareRoot()
      tail = Normal.upperTail(z)
    }
    result.pValue = alternative == .twoSided ? min(1, 2 * tail) : tail
    return result
  }

  /// `P(U >= u)` without ties, by the recursion on the sample of the largest value.
  private static func exactUpperTail(_ u: Double, _ n: Int, _ m: Int) -> Double {
    // By symmetry P(U >= u) = P(U <= n m - u).
    let (few, many) = (min(n, m), max(n, m))
    guard let limit = Int(exactly: (Double(n * m) - u).rounded(.down)), limit >= 0 else {
      return limitIsNegative(u, n * m)
    }
    let cells = min(limit, few * many) + 1
    // rows[j]: probabilities of U for i of the many and j of the few.
    var rows = [[Double]](repeating: [1], count: few + 1)
    for i in 1...max(1, many) {
      for j in stride(from: 1, through: few, by: 1) {
        let (p, q) = (Double(i) / Double(i + j), Double(j) / Double(i + j))
        let width = min(cells, i * j + 1)
        var next = [Double](repeating: 0, count: width)
        // The largest is one of the many and beats j of the few; or one of the few.
        let (above, left) = (rows[j], rows[j - 1])
        for k in 0..<min(width, left.count) { next[k] = q * left[k] }
        for k in j..<max(j, min(width, above.count + j)) { next[k] += p * above[k - j] }
        rows[j] = next
      }
    }
    return min(1, rows[few].reduce(0, +))
  }

  private static func limitIsNegative(_ u: Double, _ most: Int) -> Double {
    u > Double(most) ? 0 : 1
  }

  /// Kruskal and Wallis's H of several groups.
  ///
  /// - Parameters:
  ///   - groups: of each row, in `0..<groupCount`.
  /// - Throws: `invalidArgument` for columns of unequal length; `outOfRange` for fewer than two
  ///   groups or a group's number; `notFinite` with its row for NaN; `undefined` for an empty group
  ///   or when all values are equal.
  /// - Source: Kruskal and Wallis 1952, doi:10.1080/01621459.1952.10483441; scipy's `kruskal`.
  package static func kruskalWallis(
    _ values: UnsafeBufferPointer<Double>, groups: UnsafeBufferPointer<Int32>, groupCount: Int
  ) throws(PlauditError) -> TestResult {
    guard groups.count == values.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: values (\(values.count)), groups (\(groups.count))")
    }
    guard groupCount >= 2, groupCount <= 1 << 20 else {
      throw PlauditError(.outOfRange, "group_count is \(groupCount), allowed are 2 to 2^20")
    }
    for row in 0..<values.count {
      guard !values[row].isNaN else {
        throw PlauditError(.notFinite, "value is nan", index: Int64(row))
      }
      guard groups[row] >= 0, groups[row] < groupCount else {
        throw PlauditError(
          .outOfRange, "group is \(groups[row]), allowed are 0 to \(groupCount - 1)",
          index: Int64(row))
      }
    }
    let order = (0..<values.count).sorted { values[$0] < values[$1] }
    var sums = [Double](repeating: 0, count: groupCount)
    var sizes = [Double](repeating: 0, count: groupCount)
    let total = Double(values.count)
    var (start, ties) = (0, 0.0)
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      // Ranks around their middle, so that sums of squares stay small.
      let rank = Double(start + end + 1) / 2 - (total + 1) / 2
      for place in start..<end {
        sums[Int(groups[order[place]])] += rank
        sizes[Int(groups[order[place]])] += 1
      }
      let t = Double(end - start)
      ties += t * (t - 1) * (t + 1)
      start = end
    }
    var h = 0.0
    for group in 0..<groupCount {
      guard sizes[group] > 0 else {
        throw PlauditError(
          .undefined, "Kruskal-Wallis's test is undefined: group \(group) has no rows",
          index: Int64(group))
      }
      h += sums[group] * sums[group] / sizes[group]
    }
    let correction = 1 - ties / (total * (total - 1) * (total + 1))
    guard correction > 0 else {
      throw PlauditError(.undefined, "Kruskal-Wallis's test is undefined: all values are equal")
    }
    var result = TestResult()
    result.statistic = 12 / (total * (total + 1)) * h / correction
    result.degreesOfFreedom = Double(groupCount - 1)
    result.pValue = ChiSquare.upperTail(
      result.statistic, degreesOfFreedom: result.degreesOfFreedom)
    // ε², the share of the ranks' variance between groups.
    result.effectSize = result.statistic / (total - 1)
    if ties > 0 { result.flags.insert(.ties) }
    return result
  }
}

/// Two samples in one order.
struct MergedSamples {
  /// Of the first sample, ties at their middle.
  private(set) var rankSum = 0.0
  /// `Σ t³ - t` over runs of equal values.
  private(set) var tieTerm = 0.0
  /// Of `U / (n m)`, from the placements of each sample in the other; NaN below two values.
  private(set) var placementError = Double.nan
  /// `max (i m - j n)` and `min (i m - j n)` over the ends of runs, `i`, `j` values of each sample
  /// behind; divided by `n m` the distances of the distribution functions.
  private(set) var above: Int64 = 0
  private(set) var below: Int64 = 0

  /// - Throws: `undefined` for an empty sample, `notFinite` with its row for NaN, `limit` above
  ///   2^31 values.
  init(
    _ first: UnsafeBufferPointer<Double>, _ second: UnsafeBufferPointer<Double>
  ) throws(PlauditError) {
    guard !first.isEmpty, !second.isEmpty else {
      throw PlauditError(.undefined, "the test is undefined: a sample is empty")
    }
    guard first.count < 1 << 31, second.count < 1 << 31 else {
      throw PlauditError(.limit, "samples have 2^31 values or more")
    }
    let (a, b) = (try Self.ordered(first, "first"), try Self.ordered(second, "second"))
    let (n, m) = (Double(a.count), Double(b.count))
    var (i, j) = (0, 0)
    var (sumA, sumB) = (0.0, 0.0)
    var (squaresA, squaresB) = (0.0, 0.0)
    while i < a.count || j < b.count {
      let value = i < a.count && (j >= b.count || a[i] <= b[j]) ? a[i] : b[j]
      let (startA, startB) = (i, j)
      while i < a.count, a[i] == value { i += 1 }
      while j < b.count, b[j] == value { j += 1 }
      let (s, t) = (Double(i - startA), Double(j - startB))
      let both = s + t
      rankSum += s * (Double(startA + startB) + (both + 1) / 2)
      tieTerm += both * (both - 1) * (both + 1)
      // Placement: how much of the other sample lies below, ties for a half.
      let (inB, inA) = ((Double(startB) + t / 2) / m, (Double(startA) + s / 2) / n)
      (sumA, sumB) = (sumA + s * inB, sumB + t * inA)
      (squaresA, squaresB) = (squaresA + s * inB * inB, squaresB + t * inA * inA)
      let gap = Int64(i) * Int64(b.count) - Int64(j) * Int64(a.count)
      (above, below) = (max(above, gap), min(below, gap))
    }
    if a.count > 1, b.count > 1 {
      let varianceA = max(0, squaresA - sumA * sumA / n) / (n - 1)
      let varianceB = max(0, squaresB - sumB * sumB / m) / (m - 1)
      placementError = (varianceA / n + varianceB / m).squareRoot()
    }
  }

  private static func ordered(
    _ values: UnsafeBufferPointer<Double>, _ name: StaticString
  ) throws(PlauditError) -> [Double] {
    for row in 0..<values.count where values[row].isNaN {
      throw PlauditError(.notFinite, "\(name) sample has nan", index: Int64(row))
    }
    return values.sorted()
  }
}
