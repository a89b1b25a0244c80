package import PlauditCore

/// Equal spans of time, numbered from an origin: bucket `b` holds the times from
/// `origin + b × width` to before the next.
///
/// Times are whole numbers in a unit of the caller's; the lowest Int64 stands for a time that is
/// missing (NumPy's NaT).
package struct TimeBuckets: Equatable, Sendable {
  package let origin: Int64
  package let width: Int64
  /// The number of the first bucket.
  package let first: Int64
  package let count: Int

  package static let maximumCount = 10_000_000
  package static let missing = Int64.min

  /// - Throws: `outOfRange` for a width below 1; `limit` for too many buckets.
  package init(origin: Int64, width: Int64, first: Int64, count: Int) throws(PlauditError) {
    guard width >= 1 else {
      throw PlauditError(.outOfRange, "width must be at least 1, got \(width)")
    }
    guard count >= 0, count <= TimeBuckets.maximumCount else {
      throw PlauditError(
        .limit, "\(count) buckets, allowed are up to \(TimeBuckets.maximumCount)")
    }
    (self.origin, self.width, self.first, self.count) = (origin, width, first, count)
  }

  /// Those from the earliest to the latest time; none without times.
  ///
  /// - Throws: as `init`; `outOfRange` with the row for times too far from the origin.
  package init(
    spanning times: UnsafeBufferPointer<Int64>, origin: Int64, width: Int64
  ) throws(PlauditError) {
    var (earliest, latest): (Int64?, Int64?) = (nil, nil)
    let one = try TimeBuckets(origin: origin, width: width, first: 0, count: 0)
    for row in 0..<times.count where times[row] != TimeBuckets.missing {
      let bucket = try one.number(times[row], row: row)
      earliest = min(earliest ?? bucket, bucket)
      latest = max(latest ?? bucket, bucket)
    }
    guard let earliest, let latest else {
      self = one
      return
    }
    let (span, overflow) = latest.subtractingReportingOverflow(earliest)
    guard !overflow, span < TimeBuckets.maximumCount else {
      throw PlauditError(
        .limit,
        "times from bucket \(earliest) to \(latest), allowed are \(TimeBuckets.maximumCount) buckets"
      )
    }
    try self.init(origin: origin, width: width, first: earliest, count: Int(span) + 1)
  }

  /// The number of a time's bucket, rounding down.
  private func number(_ time: Int64, row: Int) throws(PlauditError) -> Int64 {
    let (distance, overflow) = time.subtractingReportingOverflow(origin)
    guard !overflow else {
      throw PlauditError(
        .outOfRange, "time \(time) is too far from the origin \(origin)", index: Int64(row))
    }
    let (quotient, rest) = distance.quotientAndRemainder(dividingBy: width)
    return rest < 0 ? quotient - 1 : quotient
  }

  /// The place of a time among the buckets, nil outside of them.
  func place(_ time: Int64, row: Int) throws(PlauditError) -> Int? {
    guard time != TimeBuckets.missing else { return nil }
    let (place, overflow) = try number(time, row: row).subtractingReportingOverflow(first)
    return overflow || place < 0 || place >= Int64(count) ? nil : Int(place)
  }
}

/// Rows with a time each, borrowed for a call.
package struct TimedRows {
  package var times: UnsafeBufferPointer<Int64>
  /// A number each, NaN where it is missing; nil to count only.
  package var values: UnsafeBufferPointer<Double>?
  /// Or scores `[rows, labels]`, whose sum by `labelValues` is the number.
  package var scores: UnsafeBufferPointer<Float>?
  package var labelValues: UnsafeBufferPointer<Double>?
  /// A label each, below 0 where it is missing.
  package var labels: UnsafeBufferPointer<Int32>?
  package var labelCount = 0

  package init(times: UnsafeBufferPointer<Int64>) { self.times = times }

  /// - Throws: `invalidArgument` for columns of other lengths; `outOfRange` for too many labels;
  ///   `notFinite` for a label value.
  func check() throws(PlauditError) {
    let rows = times.count
    guard labelCount >= 0, labelCount <= ClassificationReport.maximumClasses else {
      throw PlauditError(
        .outOfRange,
        "labels are \(labelCount), allowed are 0 to \(ClassificationReport.maximumClasses)")
    }
    let (cells, overflow) = rows.multipliedReportingOverflow(by: labelCount)
    guard (values?.count ?? rows) == rows, (labels?.count ?? rows) == rows, !overflow,
      (scores?.count ?? cells) == cells
    else {
      throw PlauditError(
        .invalidArgument, "columns differ in length: times (\(rows)), and values, scores or labels")
    }
    guard values == nil || scores == nil else {
      throw PlauditError(.invalidArgument, "values and scores exclude each other")
    }
    guard scores != nil else { return }
    guard let labelValues, labelValues.count == labelCount else {
      throw PlauditError(.invalidArgument, "scores need a label value for each of their columns")
    }
    for (label, value) in labelValues.enumerated() where !value.isFinite {
      throw PlauditError(
        .notFinite, "label value (\(value.plain)) is not finite", index: Int64(label))
    }
  }

  /// The number of a row; nil where it is missing.
  @inline(__always)
  fileprivate func value(_ row: Int) throws(PlauditError) -> Double? {
    var value = 0.0
    if let values {
      value = values[row]
    } else if let scores, let labelValues {
      for label in 0..<labelCount {
        value += Double(scores[row * labelCount + label]) * labelValues[label]
      }
    }
    if value.isNaN { return nil }
    return try checkedFinite(value, "value", row: row)
  }
}

/// Rows gathered by time: how many, their sum and mean, and the share of each label.
///
/// A row counts when it has a time, and a value and a label where these are given. Means and shares
/// of a bucket without rows are NaN, its sum is 0; the order of the rows is irrelevant but for the
/// last bits of sums.
package struct TimeSeries {
  package let counts: [Int64]
  package let sums: [Double]
  package let means: [Double]
  /// `[buckets, labels]`.
  package let shares: [Double]
  /// Rows that count but lie outside of the buckets.
  package let rowsOutside: Int
  /// Rows that lack a time, a value or a label.
  package let rowsMissing: Int

  /// - Throws: what ``TimedRows`` and ``TimeBuckets`` refuse; `invalidData` with the row for a label
  ///   that is none; `notFinite` for an infinite value; `limit` for more than 2²⁸ shares.
  package init(_ rows: TimedRows, _ buckets: TimeBuckets) throws(PlauditError) {
    try rows.check()
    let labels = rows.labels == nil ? 0 : rows.labelCount
    let (cells, overflow) = buckets.count.multipliedReportingOverflow(by: labels)
    guard !overflow, cells <= 1 << 28 else {
      throw PlauditError(.limit, "\(buckets.count) buckets of \(labels) labels are too many")
    }
    var counts = [Int64](repeating: 0, count: buckets.count)
    var sums = [CompensatedSum](repeating: CompensatedSum(), count: buckets.count)
    var shares = [Double](repeating: 0, count: cells)
    var (outside, missing) = (0, 0)
    for row in 0..<rows.times.count {
      let label = Int(rows.labels?[row] ?? 0)
      guard rows.labels == nil || label < rows.labelCount else {
        throw PlauditError(
          .invalidData, "label (\(label)) is not in 0..<\(rows.labelCount)", index: Int64(row))
      }
      guard rows.times[row] != TimeBuckets.missing, label >= 0, let value = try rows.value(row)
      else {
        missing += 1
        continue
      }
      guard let place = try buckets.place(rows.times[row], row: row) else {
        outside += 1
        continue
      }
      counts[place] += 1
      sums[place].add(value)
      if labels > 0 { shares[place * labels + label] += 1 }
    }
    for cell in shares.indices { shares[cell] /= Double(counts[cell / labels]) }
    self.counts = counts
    self.shares = shares
    self.sums = sums.map(\.value)
    means = zip(sums, counts).map { $0.value / Double($1) }
    (rowsOutside, rowsMissing) = (outside, missing)
  }
}
