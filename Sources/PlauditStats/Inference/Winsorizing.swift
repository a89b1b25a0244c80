import Glibc
package import PlauditCore

/// Values cut off at quantiles of themselves, so that a few extreme users do not decide.
///
/// The limits come from all arms together: limits by arm would hide a difference. Quantiles are
/// interpolated (R's type 7, NumPy's default).
package struct Winsorizing: Equatable, Sendable {
  package let limits: Interval
  /// How many values were moved to each limit.
  package let cutBelow: Int
  package let cutAbove: Int

  /// - Parameters:
  ///   - lower: the share of values below the lower limit; 0 cuts nothing off.
  ///   - upper: the share below the upper limit, such as 0.95; 1 cuts nothing off.
  ///   - output: where the cut values go; may be the input.
  /// - Throws: `undefined` without values; `notFinite` with the row; `outOfRange` unless
  ///   0 <= lower < upper <= 1; `invalidArgument` for unequal lengths; `limit` above 2³² - 1 rows.
  package init(
    _ values: UnsafeBufferPointer<Double>, lower: Double, upper: Double,
    into output: UnsafeMutableBufferPointer<Double>?
  ) throws(PlauditError) {
    guard lower >= 0, lower < upper, upper <= 1 else {
      throw PlauditError(
        .outOfRange,
        "quantiles must rise within 0...1, got \(lower.plain) and \(upper.plain)")
    }
    guard values.count > 0 else { throw PlauditError(.undefined, "there are no values to cut") }
    guard values.count <= ScoreOrder.maximumRows else {
      throw PlauditError(.limit, "\(values.count) values are too many to sort")
    }
    guard (output?.count ?? values.count) == values.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: values (\(values.count)), output (\(output?.count ?? 0))")
    }
    for row in 0..<values.count where !values[row].isFinite {
      throw PlauditError(
        .notFinite, "value to be cut is \(values[row].plain)", index: Int64(row))
    }
    let order = ScoreOrder.ascending(values)
    func quantile(_ share: Double) -> Double {
      let place = Double(values.count - 1) * share
      // Within the order, because the share lies in 0...1.
      let below = Int(place)
      let above = min(below + 1, values.count - 1)
      let (low, high) = (values[Int(order[below])], values[Int(order[above])])
      return low + (high - low) * (place - Double(below))
    }
    let ends = Interval(
      lower: lower == 0 ? -.infinity : quantile(lower),
      upper: upper == 1 ? .infinity : quantile(upper))
    var (under, over) = (0, 0)
    for row in 0..<values.count {
      let value = values[row]
      if value < ends.lower { under += 1 }
      if value > ends.upper { over += 1 }
      output?[row] = min(max(value, ends.lower), ends.upper)
    }
    (limits, cutBelow, cutAbove) = (ends, under, over)
  }
}
