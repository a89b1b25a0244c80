import PlauditCore

/// Weights of rows, or 1 each: finite, not negative, not all 0.
struct RowWeights {
  private let column: UnsafeBufferPointer<Double>?
  let total: Double

  /// - Throws: `invalidArgument` for another length than `rows`; `notFinite` and `invalidData` with
  ///   the row; `undefined` when nothing has weight; `outOfRange` for an absurd sum.
  init(_ column: UnsafeBufferPointer<Double>?, rows: Int) throws(PlauditError) {
    self.column = column
    guard let column else {
      total = Double(rows)
      return
    }
    guard column.count == rows else {
      throw PlauditError(
        .invalidArgument, "columns differ in length: truth (\(rows)), weights (\(column.count))")
    }
    var sum = CompensatedSum()
    for row in 0..<rows {
      let weight = column[row]
      guard weight.isFinite else {
        throw PlauditError(.notFinite, "weight (\(weight.plain)) is not finite", index: Int64(row))
      }
      guard weight >= 0 else {
        throw PlauditError(.invalidData, "weight (\(weight.plain)) is negative", index: Int64(row))
      }
      sum.add(weight)
    }
    total = sum.value
    guard rows == 0 || total > 0 else {
      throw PlauditError(.undefined, "every weight is 0")
    }
    // Products of four of them must stay within a double.
    guard rows == 0 || (total >= 1e-60 && total <= 1e60) else {
      throw PlauditError(
        .outOfRange, "the weights add up to \(total.plain), allowed are 1e-60 to 1e60")
    }
  }

  var areGiven: Bool { column != nil }

  subscript(row: Int) -> Double { column.map { $0[row] } ?? 1 }
}

/// A class index of a column, checked.
@inline(__always)
func checkedClass(
  _ index: Int32, _ name: StaticString, row: Int, classes: Int
) throws(PlauditError) -> Int {
  guard index >= 0, Int(index) < classes else {
    throw PlauditError(
      .invalidData, "\(name) (\(index)) is not a class in 0..<\(classes)", index: Int64(row))
  }
  return Int(index)
}

/// A number of a column, checked.
@inline(__always)
func checkedFinite(
  _ value: Double, _ name: StaticString, row: Int
) throws(PlauditError) -> Double {
  guard value.isFinite else {
    throw PlauditError(.notFinite, "\(name) (\(value.plain)) is not finite", index: Int64(row))
  }
  return value
}
