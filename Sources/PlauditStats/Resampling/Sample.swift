import PlauditCore

/// A number of one sample; raw values are `PLAUDIT_STATISTIC_…`.
package enum SampleStatistic: Int32, CaseIterable, Sendable {
  /// Of the values.
  case mean = 10
  /// The mean of values that are 0 or 1.
  case proportion = 11
  /// The sum of the values over the sum of the denominators.
  case ratio = 12
  /// Linear between order statistics, numpy's default; of the options' level.
  case quantile = 20
}

/// The rows of one arm, borrowed for a call.
package struct Sample {
  package let values: UnsafeBufferPointer<Double>
  /// For ratios, one a row.
  package let denominators: UnsafeBufferPointer<Double>?
  /// Rows of equal numbers belong to one user and are drawn together; nil when each row is a user.
  package let clusters: UnsafeBufferPointer<Int64>?

  package init(
    values: UnsafeBufferPointer<Double>, denominators: UnsafeBufferPointer<Double>? = nil,
    clusters: UnsafeBufferPointer<Int64>? = nil
  ) {
    self.values = values
    self.denominators = denominators
    self.clusters = clusters
  }

  var rows: Int { values.count }
  var columns: [UnsafeBufferPointer<Double>] { [values] + (denominators.map { [$0] } ?? []) }

  /// - Throws: `undefined` without rows; `invalidArgument` for columns of other lengths or a ratio
  ///   without denominators; `notFinite` and `invalidData` with the row; `limit` for 2³² rows.
  func check(
    _ statistic: SampleStatistic, _ name: StaticString, level: Double
  ) throws(PlauditError) {
    guard rows > 0 else { throw PlauditError(.undefined, "\(name) has no rows") }
    guard rows < ScoreOrder.maximumRows else {
      throw PlauditError(.limit, "\(rows) rows are more than \(ScoreOrder.maximumRows - 1)")
    }
    guard (denominators?.count ?? rows) == rows, (clusters?.count ?? rows) == rows else {
      throw PlauditError(
        .invalidArgument,
        "\(name)'s columns differ in length: values (\(rows)), denominators "
          + "(\(denominators?.count ?? rows)), clusters (\(clusters?.count ?? rows))")
    }
    for row in 0..<rows { _ = try checkedFinite(values[row], "value", row: row) }
    switch statistic {
    case .mean: break
    case .proportion:
      for row in 0..<rows where values[row] != 0 && values[row] != 1 {
        throw PlauditError(
          .invalidData, "value (\(values[row].plain)) of a proportion is neither 0 nor 1",
          index: Int64(row))
      }
    case .ratio:
      guard let denominators else {
        throw PlauditError(.nullPointer, "\(name) has no denominators, which a ratio needs")
      }
      for row in 0..<rows { _ = try checkedFinite(denominators[row], "denominator", row: row) }
    case .quantile:
      guard level >= 0, level <= 1 else {
        throw PlauditError(.outOfRange, "quantile must lie in 0...1, got \(level.plain)")
      }
    }
  }
}

/// What is drawn or shuffled as a whole: the rows of one user, or single rows.
///
/// Units are numbered by cluster, or by value, and rows are summed in the order of their values, so
/// that what is made of them does not depend on the order of the rows.
struct SampleUnits {
  let count: Int
  /// By row.
  let unitOfRow: [UInt32]
  /// The rows by their first column, equal ones by the next.
  private let order: [UInt32]

  init(columns: [UnsafeBufferPointer<Double>], clusters: UnsafeBufferPointer<Int64>?) {
    order = SampleUnits.order(columns)
    guard let clusters else {
      count = order.count
      var units = [UInt32](repeating: 0, count: order.count)
      for (unit, row) in order.enumerated() { units[Int(row)] = UInt32(truncatingIfNeeded: unit) }
      unitOfRow = units
      return
    }
    let byCluster = (0..<clusters.count).sorted { clusters[$0] < clusters[$1] }
    var units = [UInt32](repeating: 0, count: clusters.count)
    var (unit, last): (UInt32, Int64?) = (0, nil)
    for row in byCluster {
      if let last, last != clusters[row] { unit &+= 1 }
      last = clusters[row]
      units[row] = unit
    }
    count = last == nil ? 0 : Int(unit) + 1
    unitOfRow = units
  }

  /// Of arms whose rows are pairs.
  ///
  /// - Throws: `invalidArgument` for fewer than two arms, or arms of different lengths.
  static func ofPairs(_ arms: [Sample]) throws(PlauditError) -> SampleUnits {
    guard arms.count == 2 else {
      throw PlauditError(.invalidArgument, "paired arms are two, control is missing")
    }
    guard arms[0].rows == arms[1].rows else {
      throw PlauditError(
        .invalidArgument,
        "paired arms differ in length: treatment (\(arms[0].rows)), control (\(arms[1].rows))")
    }
    return SampleUnits(columns: arms.flatMap(\.columns), clusters: arms[0].clusters)
  }

  /// The rows by `x`, equal ones by `y`.
  static func order(_ x: [Double], _ y: [Double]) -> [UInt32] {
    x.withUnsafeBufferPointer { x in y.withUnsafeBufferPointer { order([x, $0]) } }
  }

  private static func order(_ columns: [UnsafeBufferPointer<Double>]) -> [UInt32] {
    guard let first = columns.first else { return [] }
    var order = ScoreOrder.ascending(first)
    let others = columns.dropFirst()
    guard !others.isEmpty else { return order }
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, first[Int(order[end])] == first[Int(order[start])] { end += 1 }
      if end - start > 1 {
        order[start..<end].sort { one, other in
          for column in others where column[Int(one)] != column[Int(other)] {
            return column[Int(one)] < column[Int(other)]
          }
          return false
        }
      }
      start = end
    }
    return order
  }

  /// The sum of a column over each unit; of ones without a column.
  func sums(_ column: UnsafeBufferPointer<Double>?) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    for row in order { sums[Int(unitOfRow[Int(row)])] += column.map { $0[Int(row)] } ?? 1 }
    return sums
  }
}
