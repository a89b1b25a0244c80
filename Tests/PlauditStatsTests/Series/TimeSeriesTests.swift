import PlauditCore
import PlauditStats
import Testing

struct TimeSeriesTests {
  // MARK: - By hand

  @Test func `rows are gathered by time`() throws {
    let found = try series([3, 12, 9, 25, 10], values: [1, 2, 3, 4, 5], width: 10)
    #expect(found.counts == [2, 2, 1] && found.sums == [4, 7, 4] && found.means == [2, 3.5, 4])
  }

  @Test func `a bucket without rows has no mean`() throws {
    let found = try series([0, 25], values: [1, 2], width: 10)
    #expect(found.counts == [1, 0, 1] && found.sums == [1, 0, 2] && found.means[1].isNaN)
  }

  @Test func `times before the origin round down`() throws {
    let buckets = try span([-1, -10, -11], width: 10)
    #expect(buckets.first == -2 && buckets.count == 2)
    #expect(try series([-1, -10, -11], values: [1, 1, 1], width: 10).counts == [1, 2])
  }

  @Test func `shares are of the bucket's rows`() throws {
    let found = try series([0, 1, 2, 30], labels: [0, 2, 2, 1], labelCount: 3, width: 10)
    #expect(found.shares[0..<3].map { ($0 * 3).rounded() } == [1, 0, 2])
    #expect(found.shares[3].isNaN && Array(found.shares[9...]) == [0, 1, 0])
  }

  @Test func `scores become a number by the values of their labels`() throws {
    let found = try series(
      [0, 1], scores: [0.5, 0.25, 0.25, 0, 0, 1], labelValues: [-1, 0, 1], width: 10)
    #expect(found.means == [0.375])
  }

  @Test func `a row that lacks something is left out and counted`() throws {
    let found = try series(
      [0, TimeBuckets.missing, 2, 3], values: [1, 1, .nan, 1], labels: [0, 0, 0, -1],
      labelCount: 1, width: 10)
    #expect(found.counts == [1] && found.rowsMissing == 3 && found.shares == [1])
  }

  @Test func `rows outside of the buckets are counted`() throws {
    let buckets = try TimeBuckets(origin: 0, width: 10, first: 1, count: 2)
    let found = try series([5, 15, 25, 35], values: [1, 1, 1, 1], buckets: buckets)
    #expect(found.counts == [1, 1] && found.rowsOutside == 2 && found.rowsMissing == 0)
  }

  @Test func `no times make no buckets`() throws {
    #expect(try span([], width: 1).count == 0)
    #expect(try span([TimeBuckets.missing], width: 1).count == 0)
  }

  // MARK: - Law

  @Test func `the parts add up to the whole`() throws {
    var random = RandomSource(seed: 1)
    let times = (0..<500).map { _ in Int64(random.next(below: 1000)) }
    let values = times.map { _ in random.uniform() }
    let found = try series(times, values: values, width: 7)
    #expect(found.counts.reduce(0, +) == 500)
    #expect(abs(found.sums.reduce(0, +) - values.reduce(0, +)) < 1e-10)
  }

  // MARK: - Refusal

  @Test func `columns and buckets are checked`() throws {
    #expect(throws: PlauditError(.outOfRange, "width must be at least 1, got 0")) {
      try span([1], width: 0)
    }
    let wide = "times from bucket 0 to 10000000, allowed are 10000000 buckets"
    #expect(throws: PlauditError(.limit, wide)) { try span([0, 10_000_000], width: 1) }
    let far = "time 9223372036854775807 is too far from the origin -1"
    #expect(throws: PlauditError(.outOfRange, far, index: 0)) {
      try span([Int64.max], width: 1, origin: -1)
    }
    #expect(throws: PlauditError(.notFinite, "value (inf) is not finite", index: 0)) {
      try series([1], values: [.infinity], width: 1)
    }
    #expect(throws: PlauditError(.invalidData, "label (3) is not in 0..<3", index: 0)) {
      try series([1], labels: [3], labelCount: 3, width: 1)
    }
    let lengths = "columns differ in length: times (1), and values, scores or labels"
    #expect(throws: PlauditError(.invalidArgument, lengths)) {
      try series([1], values: [1, 2], width: 1)
    }
    let values = "scores need a label value for each of their columns"
    #expect(throws: PlauditError(.invalidArgument, values)) {
      try series([1], scores: [1, 2], labelValues: [1], labelCount: 2, width: 1)
    }
  }

  private func span(
    _ times: [Int64], width: Int64, origin: Int64 = 0
  ) throws -> TimeBuckets {
    try times.withUnsafeBufferPointer {
      try TimeBuckets(spanning: $0, origin: origin, width: width)
    }
  }

  @discardableResult
  private func series(
    _ times: [Int64], values: [Double]? = nil, scores: [Float]? = nil,
    labelValues: [Double] = [], labels: [Int32]? = nil, labelCount: Int? = nil, width: Int64 = 1,
    buckets: TimeBuckets? = nil
  ) throws -> TimeSeries {
    let buckets = try buckets ?? span(times, width: width)
    return try withColumns(times, scores ?? [], values) { times, weights, values in
      try withColumns(labelValues, labels ?? [], [Int]?.none) { labelValues, kinds, _ in
        var rows = TimedRows(times: times)
        (rows.values, rows.scores) = (values, scores == nil ? nil : weights)
        (rows.labelValues, rows.labels) = (labelValues, labels == nil ? nil : kinds)
        rows.labelCount = labelCount ?? labelValues.count
        return try TimeSeries(rows, buckets)
      }
    }
  }
}
