import Glibc
package import PlauditCore

/// Whether two classifiers judged on the same rows differ: McNemar's test of the rows that one got
/// right and the other wrong.
package struct McNemarTest: Equatable, Sendable {
  package let onlyFirst: Int64
  package let onlySecond: Int64
  /// Twice the smaller binomial tail of 1/2, at most 1; 1 without a discordant row, NaN above
  /// `maximumExact` of them.
  package let exactPValue: Double
  /// `(|b - c| - 1)² / (b + c)` and its upper chi-square tail with one degree of freedom; NaN
  /// without a discordant row.
  package let correctedStatistic: Double
  package let correctedPValue: Double
  /// `(b - c)² / (b + c)`, likewise.
  package let statistic: Double
  package let chiSquarePValue: Double

  /// The usual choice: exact below 25 discordant rows, else chi-square with correction.
  package var pValue: Double { isExact ? exactPValue : correctedPValue }
  package var isExact: Bool { discordant < 25 }
  private var discordant: Double { Double(onlyFirst) + Double(onlySecond) }

  package static let maximumExact: Int64 = 1_000_000_000_000

  /// - Parameters: rows that only the first, and only the second classifier got right.
  /// - Throws: `invalidData` for a negative count.
  /// - Source: McNemar 1947, doi:10.1007/BF02295996; statsmodels 0.15.0 `mcnemar`.
  package init(onlyFirst: Int64, onlySecond: Int64) throws(PlauditError) {
    guard onlyFirst >= 0, onlySecond >= 0 else {
      throw PlauditError(
        .invalidData, "discordant counts (\(onlyFirst), \(onlySecond)) cannot be negative")
    }
    (self.onlyFirst, self.onlySecond) = (onlyFirst, onlySecond)
    let (total, tooMany) = onlyFirst.addingReportingOverflow(onlySecond)
    let (fewer, more) = (min(onlyFirst, onlySecond), max(onlyFirst, onlySecond))
    exactPValue =
      tooMany || total > Self.maximumExact ? .nan : min(1, 2 * Self.fairTail(fewer, of: total))
    let (gap, sum) = (Double(more - fewer), Double(onlyFirst) + Double(onlySecond))
    statistic = sum == 0 ? .nan : gap * gap / sum
    chiSquarePValue = Normal.twoSidedPValue(statistic.squareRoot())
    let corrected = (gap - 1).magnitude
    correctedStatistic = sum == 0 ? .nan : corrected * corrected / sum
    correctedPValue = Normal.twoSidedPValue(correctedStatistic.squareRoot())
  }

  /// From columns of class indices, one a row.
  ///
  /// - Parameter table: gets rows by (first right, second right), (right, wrong), (wrong, right),
  ///   (wrong, wrong); four or none.
  /// - Throws: `invalidArgument` for unequal lengths.
  package init(
    truth: UnsafeBufferPointer<Int32>, first: UnsafeBufferPointer<Int32>,
    second: UnsafeBufferPointer<Int32>, table: UnsafeMutableBufferPointer<Int64>? = nil
  ) throws(PlauditError) {
    guard first.count == truth.count, second.count == truth.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: truth (\(truth.count)), first (\(first.count)), "
          + "second (\(second.count))")
    }
    var counts: [Int64] = [0, 0, 0, 0]
    for row in 0..<truth.count {
      counts[(first[row] == truth[row] ? 0 : 2) + (second[row] == truth[row] ? 0 : 1)] += 1
    }
    try self.init(onlyFirst: counts[1], onlySecond: counts[2])
    if let table, table.count >= 4 {
      for cell in 0..<4 { table[cell] = counts[cell] }
    }
  }

  /// The probability of at most `heads` in `tosses` of a fair coin, for `heads` up to half.
  ///
  /// The largest term by Loader's saddle point, the others by their ratio to it: the sum ends where
  /// terms no longer count, after about eight standard deviations.
  ///
  /// - Source: Loader 2000, "Fast and accurate computation of binomial probabilities".
  static func fairTail(_ heads: Int64, of tosses: Int64) -> Double {
    let (n, k) = (Double(tosses), Double(heads))
    if heads == 0 { return exp2(-n) }
    let pointMass =
      exp(
        stirlingRest(n) - stirlingRest(k) - stirlingRest(n - k) - deviance(k, n / 2)
          - deviance(n - k, n / 2)) * (n / (2 * Double.pi * k * (n - k))).squareRoot()
    var (sum, term, count) = (1.0, 1.0, k)
    while count > 0, term > 1e-18 * sum {
      term *= count / (n - count + 1)
      count -= 1
      sum += term
    }
    return pointMass * sum
  }

  /// `log n! - log(√(2πn) (n/e)ⁿ)`.
  private static func stirlingRest(_ n: Double) -> Double {
    if n < 16 {
      var product = 1.0
      for factor in stride(from: 2.0, through: n, by: 1) { product *= factor }
      return log(product) - (0.5 * log(2 * Double.pi * n) + n * log(n) - n)
    }
    let square = n * n
    let last = 1.0 / 1188 - 691.0 / 360360 / square
    return
      (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - last / square) / square) / square)
        / square)
      / n
  }

  /// `x log(x/m) + m - x`, without cancellation near `x = m`.
  private static func deviance(_ x: Double, _ m: Double) -> Double {
    let gap = x - m
    guard gap.magnitude < 0.1 * (x + m) else { return x * log(x / m) + m - x }
    let v = gap / (x + m)
    var sum = gap * v
    var power = 2 * x * v
    for j in 1..<1000 {
      power *= v * v
      let next = sum + power / Double(2 * j + 1)
      if next == sum { break }
      sum = next
    }
    return sum
  }
}
