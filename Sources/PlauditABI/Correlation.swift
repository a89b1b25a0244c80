public import CPlaudit
import PlauditCore
import PlauditStats

// The part of plaudit.h's stats section on series: gathering by time, and correlation.

extension plaudit_interval {
  fileprivate init(_ interval: Interval) {
    self.init(lower: interval.lower, upper: interval.upper)
  }
}

extension plaudit_coefficient {
  fileprivate init(_ found: CorrelationCoefficient) {
    self.init(
      value: found.value, p_value: found.pValue, interval: plaudit_interval(found.interval),
      block_interval: plaudit_interval(found.blockInterval))
  }
}

private func correlationOptions(
  _ pointer: UnsafePointer<plaudit_correlation_options>?
) throws(PlauditError) -> CorrelationOptions {
  let given = try PlauditABI.options(pointer, zero: plaudit_correlation_options(), "options")
  var wanted = CorrelationOptions()
  if given.confidence != 0 { wanted.confidence = given.confidence }
  wanted.resamples = try counted(given.resamples, "options", field: "resamples")
  wanted.blockLength = try counted(given.block_length, "options", field: "block_length")
  wanted.seed = given.seed
  wanted.gaps = try flag(given.refuse_gaps, "refuse_gaps") ? .refuse : .omit
  return wanted
}

@implementation @_cdecl("plaudit_stats_correlation")
public func plaudit_stats_correlation(
  _ x: UnsafePointer<Double>?, _ y: UnsafePointer<Double>?, _ count: Int64,
  _ options: UnsafePointer<plaudit_correlation_options>?,
  _ run: UnsafePointer<plaudit_run_options>?,
  _ out_correlation: UnsafeMutablePointer<plaudit_correlation>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_correlation, "out_correlation")
    let wanted = try correlationOptions(options)
    let rows = try counted(count, "count")
    try withRun(run) { control, threads in
      let found = try Correlation(
        try array(x, rows, "x"), try array(y, rows, "y"), options: wanted, threads: threads,
        control: control)
      slot.pointee = plaudit_correlation(
        struct_size: slot.pointee.struct_size, count: Int64(found.count),
        pearson: plaudit_coefficient(found.pearson), spearman: plaudit_coefficient(found.spearman),
        kendall: plaudit_coefficient(found.kendall), slope: found.fit.slope,
        intercept: found.fit.intercept, slope_standard_error: found.fit.standardError,
        r2: found.fit.r2, median_slope: found.fit.medianSlope,
        median_intercept: found.fit.medianIntercept, block_length: Int64(found.blockLength))
    }
  }
}

@implementation @_cdecl("plaudit_stats_lagged_correlation")
public func plaudit_stats_lagged_correlation(
  _ method: Int32, _ x: UnsafePointer<Double>?, _ y: UnsafePointer<Double>?, _ count: Int64,
  _ max_lag: Int64, _ options: UnsafePointer<plaudit_correlation_options>?,
  _ run: UnsafePointer<plaudit_run_options>?,
  _ out_lags: UnsafeMutablePointer<plaudit_lagged_correlation>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    guard let method = CorrelationMethod(rawValue: method) else {
      throw PlauditError(.outOfRange, "method is \(method), allowed are 0 to 2")
    }
    let wanted = try correlationOptions(options)
    let rows = try counted(count, "count")
    let reach = try counted(max_lag, "max_lag")
    let out = try required(out_lags, "out_lags")
    try withRun(run) { control, threads in
      let found = try LaggedCorrelation.all(
        method, try array(x, rows, "x"), try array(y, rows, "y"), reach: reach, options: wanted,
        threads: threads, control: control)
      store(
        found.map {
          plaudit_lagged_correlation(
            lag: Int64($0.lag), count: Int64($0.count),
            coefficient: plaudit_coefficient($0.coefficient))
        }, out)
    }
  }
}

@implementation @_cdecl("plaudit_stats_granger")
public func plaudit_stats_granger(
  _ y: UnsafePointer<Double>?, _ x: UnsafePointer<Double>?, _ count: Int64, _ lags: Int64,
  _ out_test: UnsafeMutablePointer<plaudit_granger>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_test, "out_test")
    let rows = try counted(count, "count")
    let found = try GrangerTest(
      of: try array(y, rows, "y"), by: try array(x, rows, "x"), lags: try counted(lags, "lags"))
    slot.pointee = plaudit_granger(
      struct_size: slot.pointee.struct_size, f: found.f, p_value: found.pValue,
      numerator_freedom: Int64(found.numerator), denominator_freedom: Int64(found.denominator),
      rows: Int64(found.rows))
  }
}

// MARK: Series

@implementation @_cdecl("plaudit_series_span")
public func plaudit_series_span(
  _ times: UnsafePointer<Int64>?, _ count: Int64, _ origin: Int64, _ width: Int64,
  _ out_buckets: UnsafeMutablePointer<plaudit_buckets>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_buckets, "out_buckets")
    let found = try TimeBuckets(
      spanning: try array(times, try counted(count, "count"), "times"), origin: origin,
      width: width)
    slot.pointee = plaudit_buckets(
      struct_size: slot.pointee.struct_size, origin: found.origin, width: found.width,
      first: found.first, count: Int64(found.count))
  }
}

@implementation @_cdecl("plaudit_series_gather")
public func plaudit_series_gather(
  _ rows: UnsafePointer<plaudit_timed_rows>?, _ buckets: UnsafePointer<plaudit_buckets>?,
  _ out_counts: UnsafeMutablePointer<Int64>?, _ out_sums: UnsafeMutablePointer<Double>?,
  _ out_means: UnsafeMutablePointer<Double>?, _ out_shares: UnsafeMutablePointer<Double>?,
  _ out_totals: UnsafeMutablePointer<plaudit_series_totals>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let totals = out_totals == nil ? nil : try output(out_totals, "out_totals")
    let given = try PlauditABI.options(
      try required(rows, "rows"), zero: plaudit_timed_rows(), "rows")
    let spans = try PlauditABI.options(
      try required(buckets, "buckets"), zero: plaudit_buckets(), "buckets")
    let count = try counted(given.count, "rows", field: "count")
    let labels = try counted(given.label_count, "rows", field: "label_count")
    var columns = TimedRows(times: try array(given.times, count, "times"))
    columns.labelCount = labels
    columns.values = given.values.map { UnsafeBufferPointer(start: $0, count: count) }
    let cells = try cells(count, labels)
    columns.scores = given.scores.map { UnsafeBufferPointer(start: $0, count: cells) }
    columns.labelValues = given.label_values.map { UnsafeBufferPointer(start: $0, count: labels) }
    columns.labels = given.labels.map { UnsafeBufferPointer(start: $0, count: count) }
    let found = try TimeSeries(
      columns,
      try TimeBuckets(
        origin: spans.origin, width: spans.width, first: spans.first,
        count: try counted(spans.count, "buckets", field: "count")))
    store(found.counts, out_counts)
    store(found.sums, out_sums)
    store(found.means, out_means)
    store(found.shares, out_shares)
    if let totals {
      totals.pointee = plaudit_series_totals(
        struct_size: totals.pointee.struct_size, rows_outside: Int64(found.rowsOutside),
        rows_missing: Int64(found.rowsMissing))
    }
  }
}
