import Glibc
package import PlauditCore

/// Whether the past of one series helps to foretell another, beyond that one's own past.
///
/// The F test of all `lags` coefficients of `x` in a regression of `y` on a constant, its own last
/// values and those of `x`. It asks for stationary series: take differences of what trends.
package struct GrangerTest: Equatable, Sendable {
  package let f: Double
  package let pValue: Double
  /// The degrees of freedom of F: `lags`, and rows less regressors.
  package let numerator: Int
  package let denominator: Int
  /// Times with every value that is looked at; others are left out.
  package let rows: Int

  package static let maximumLags = 100

  /// - Throws: `invalidArgument` for different lengths; `outOfRange` for lags outside of 1...100;
  ///   `notFinite` with the row for an infinity; `undefined` with too few rows, or where a regressor
  ///   is a combination of others (a constant series); `limit` for 2³² rows.
  /// - Source: Granger 1969, doi:10.2307/1912791; values as statsmodels 0.15.0
  ///   `grangercausalitytests`, `ssr_ftest`.
  package init(
    of y: UnsafeBufferPointer<Double>, by x: UnsafeBufferPointer<Double>, lags: Int
  ) throws(PlauditError) {
    guard lags >= 1, lags <= GrangerTest.maximumLags else {
      throw PlauditError(
        .outOfRange, "lags must lie in 1...\(GrangerTest.maximumLags), got \(lags)")
    }
    _ = try SeriesPairs(x, y, lag: 0, .omit)
    let width = 1 + 2 * lags
    var columns = [[Double]](repeating: [], count: width + 1)
    for time in stride(from: lags, to: y.count, by: 1) {
      let past = stride(from: 1, through: lags, by: 1)
      let row = [1] + past.map { y[time - $0] } + past.map { x[time - $0] } + [y[time]]
      guard row.allSatisfy({ !$0.isNaN }) else { continue }
      for (column, value) in row.enumerated() { columns[column].append(value) }
    }
    rows = columns[0].count
    guard rows > width else {
      throw PlauditError(
        .undefined,
        "a Granger test of \(lags) lags needs more than \(width) rows with all of their past, "
          + "there are \(rows)")
    }
    // The rotated last column: its parts along the lags of x, and beyond all regressors, are what F
    // compares.
    for step in 0..<width {
      guard GrangerTest.reflect(&columns, step) else {
        throw PlauditError(
          .undefined, "a Granger test is undefined where a past value is a combination of others")
      }
    }
    let rotated = columns[width]
    func squares(_ range: Range<Int>) -> Double {
      var sum = CompensatedSum()
      for value in rotated[range] { sum.add(value * value) }
      return sum.value
    }
    (numerator, denominator) = (lags, rows - width)
    f =
      squares(1 + lags..<width) / Double(numerator)
      / (squares(width..<rows) / Double(denominator))
    pValue =
      f.isFinite
      ? FisherF.upperTail(f, numerator: Double(numerator), denominator: Double(denominator))
      : f.isNaN ? .nan : 0
  }

  /// Householder's reflection that makes column `step` zero below its place; false where the column
  /// depends on those before.
  private static func reflect(_ columns: inout [[Double]], _ step: Int) -> Bool {
    let pivot = columns[step]
    let whole = pivot.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let length = pivot[step...].reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 1e-12 * whole, length.isFinite else { return false }
    var mirror = Array(pivot[step...])
    mirror[0] += pivot[step] < 0 ? -length : length
    let size = mirror.reduce(0) { $0 + $1 * $1 }
    for column in stride(from: step, to: columns.count, by: 1) {
      var product = 0.0
      for (row, value) in mirror.enumerated() { product += value * columns[column][step + row] }
      let share = 2 * product / size
      for (row, value) in mirror.enumerated() { columns[column][step + row] -= share * value }
    }
    return true
  }
}
