import Glibc
import PlauditCore

/// How two columns are said to belong together; raw values are `PLAUDIT_CORRELATION_…`.
package enum CorrelationMethod: Int32, CaseIterable, Sendable {
  /// Of the values: how close to a line.
  case pearson = 0
  /// Pearson's of the ranks: how close to rising together.
  case spearman = 1
  /// Kendall's tau-b: concordant less discordant pairs, with ties on either side taken out.
  case kendall = 2
}

/// One coefficient of correlation in -1...1, how likely as far a one is without any, and how sure it
/// is.
package struct CorrelationCoefficient: Equatable, Sendable {
  /// NaN where a column is constant.
  package let value: Double
  /// Two-sided.
  package let pValue: Double
  /// By Fisher's transformation; all of -1...1 where there are too few rows for it.
  package let interval: Interval
  /// From resampled blocks of rows; NaN where none were asked for.
  package internal(set) var blockInterval = Interval(lower: .nan, upper: .nan)

  static let none = CorrelationCoefficient(
    value: .nan, pValue: .nan, interval: Interval(lower: .nan, upper: .nan))

  private init(value: Double, pValue: Double, interval: Interval) {
    (self.value, self.pValue, self.interval) = (value, pValue, interval)
  }

  /// Of columns of one length without NaN.
  ///
  /// - Source: p of Pearson and Spearman by Student's t, of Kendall exact without ties up to 33 rows,
  ///   else normal with ties, as scipy 1.17.1; widths of the intervals: 1, Bonett & Wright 2000
  ///   (doi:10.1007/BF02294183) and Fieller, Hartley & Pearson 1957 (doi:10.2307/2332878).
  init(_ method: CorrelationMethod, _ x: [Double], _ y: [Double], z critical: Double) {
    let rows = Double(x.count)
    let variance: Double
    switch method {
    case .pearson, .spearman:
      let r = CorrelationCoefficient.value(method, x, y)
      value = r
      pValue = rows < 3 || r.isNaN ? .nan : CorrelationCoefficient.studentP(r, rows: rows)
      variance = (method == .pearson ? 1 : 1 + r * r / 2) / (rows - 3)
    case .kendall:
      let tau = KendallTau(x, y)
      (value, pValue) = (tau.value, tau.pValue)
      variance = 0.437 / (rows - 4)
    }
    interval = CorrelationCoefficient.fisher(value, variance, critical)
  }

  /// NaN where a column is constant.
  static func value(_ method: CorrelationMethod, _ x: [Double], _ y: [Double]) -> Double {
    switch method {
    case .pearson:
      let (a, b) = (StandardScores.of(x), StandardScores.of(y))
      var sum = CompensatedSum()
      for (one, other) in zip(a, b) { sum.add(one * other) }
      return sum.value.isNaN ? .nan : max(-1, min(1, sum.value))
    case .spearman: return value(.pearson, Ranks.midranks(x), Ranks.midranks(y))
    case .kendall: return KendallTau(x, y).value
    }
  }

  private static func studentP(_ r: Double, rows: Double) -> Double {
    let rest = (1 - r) * (1 + r)
    guard rest > 0 else { return 0 }
    return StudentT.twoSidedPValue(
      r * ((rows - 2) / rest).squareRoot(), degreesOfFreedom: rows - 2)
  }

  private static func fisher(_ r: Double, _ variance: Double, _ critical: Double) -> Interval {
    guard !r.isNaN else { return Interval(lower: .nan, upper: .nan) }
    guard variance > 0, variance.isFinite else { return Interval(lower: -1, upper: 1) }
    let reach = critical * variance.squareRoot()
    return Interval(lower: tanh(atanh(r) - reach), upper: tanh(atanh(r) + reach))
  }
}

/// Kendall's tau-b in `n log n`.
///
/// - Source: Knight 1966, doi:10.1080/01621459.1966.10480879; Kendall 1970, "Rank correlation
///   methods".
struct KendallTau {
  let value: Double
  let pValue: Double

  init(_ x: [Double], _ y: [Double]) {
    let rows = x.count
    // By x, then by y: what is then out of order in y is discordant.
    let order = SampleUnits.order(x, y)
    var ys = order.map { y[Int($0)] }
    let xs = order.map { x[Int($0)] }
    let ties = (
      x: TieCounts(xs), y: TieCounts(ys.sorted()),
      both: TieCounts(pairs: xs, ys)
    )
    let all = Double(rows) * Double(rows - 1) / 2
    let discordant = KendallTau.inversions(&ys)
    let surplus = all - ties.x.pairs - ties.y.pairs + ties.both.pairs - 2 * Double(discordant)
    guard rows > 1, ties.x.pairs < all, ties.y.pairs < all else {
      (value, pValue) = (.nan, .nan)
      return
    }
    let tau = surplus / (all - ties.x.pairs).squareRoot() / (all - ties.y.pairs).squareRoot()
    value = max(-1, min(1, tau))
    let fewer = min(discordant, rows * (rows - 1) / 2 - discordant)
    if ties.x.pairs == 0, ties.y.pairs == 0, rows <= 33 || fewer <= 1 {
      pValue = KendallTau.exactP(rows, fewer: fewer)
      return
    }
    let n = Double(rows)
    let m = n * (n - 1)
    var variance = (m * (2 * n + 5) - ties.x.fives - ties.y.fives) / 18
    variance += 2 * ties.x.pairs * ties.y.pairs / m
    if rows > 2 { variance += ties.x.threes * ties.y.threes / (9 * m * (n - 2)) }
    pValue = Normal.twoSidedPValue(surplus / variance.squareRoot())
  }

  /// Pairs out of order; sorts the column on the way.
  static func inversions(_ values: inout [Double]) -> Int {
    var other = values
    var count = 0
    var width = 1
    while width < values.count {
      values.withUnsafeBufferPointer { from in
        other.withUnsafeMutableBufferPointer { to in
          var start = 0
          while start < from.count {
            let middle = min(start + width, from.count)
            let end = min(middle + width, from.count)
            var (left, right, place) = (start, middle, start)
            while place < end {
              if right >= end || (left < middle && from[left] <= from[right]) {
                to[place] = from[left]
                left += 1
              } else {
                to[place] = from[right]
                right += 1
                count += middle - left
              }
              place += 1
            }
            start = end
          }
        }
      }
      swap(&values, &other)
      width *= 2
    }
    return count
  }

  /// Twice the share of the orders of `rows` values that have at most `fewer` inversions.
  static func exactP(_ rows: Int, fewer: Int) -> Double {
    if rows <= 1 { return 1 }
    // Shares of the orders of 2 values by their inversions, then of 3, and so on.
    var shares = [Double](repeating: 0, count: fewer + 1)
    for inversions in 0...min(1, fewer) { shares[inversions] = 0.5 }
    for length in stride(from: 3, through: rows, by: 1) {
      var (sum, before) = (0.0, shares)
      for inversions in 0...fewer {
        sum += shares[inversions]
        before[inversions] = sum
      }
      for inversions in 0...fewer {
        let gone = inversions >= length ? before[inversions - length] : 0
        shares[inversions] = (before[inversions] - gone) / Double(length)
      }
    }
    return min(1, 2 * shares.reduce(0, +))
  }
}

/// Pairs of equal values in a sorted column, and the terms of their variance.
struct TieCounts {
  private(set) var pairs = 0.0
  /// `Σ t (t - 1) (t - 2)` and `Σ t (t - 1) (2t + 5)` over groups of `t` equal values.
  private(set) var threes = 0.0
  private(set) var fives = 0.0

  init(_ sorted: [Double]) { self.init(sorted.count) { sorted[$0] == sorted[$1] } }

  init(pairs x: [Double], _ y: [Double]) {
    self.init(x.count) { x[$0] == x[$1] && y[$0] == y[$1] }
  }

  private init(_ count: Int, _ areEqual: (Int, Int) -> Bool) {
    var start = 0
    while start < count {
      var end = start + 1
      while end < count, areEqual(start, end) { end += 1 }
      let t = Double(end - start)
      pairs += t * (t - 1) / 2
      threes += t * (t - 1) * (t - 2)
      fives += t * (t - 1) * (2 * t + 5)
      start = end
    }
  }
}
