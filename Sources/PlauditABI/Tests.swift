public import CPlaudit
import PlauditCore
import PlauditStats

// The part of plaudit.h's stats section that compares samples: intervals, tests, quantiles, power.

extension plaudit_interval {
  fileprivate init(_ interval: Interval) {
    self.init(lower: interval.lower, upper: interval.upper)
  }
}

extension plaudit_test_row {
  fileprivate init(_ result: TestResult) {
    self.init(
      statistic: result.statistic, degrees_of_freedom: result.degreesOfFreedom,
      denominator_degrees: result.denominatorDegrees, p_value: result.pValue,
      estimate: result.estimate, standard_error: result.standardError,
      interval: plaudit_interval(result.interval), effect_size: result.effectSize,
      corrected_effect_size: result.correctedEffectSize, flags: result.flags.rawValue,
      exact: result.isExact ? 1 : 0)
  }
}

extension SampleMoments {
  fileprivate init(_ given: plaudit_moments) {
    self.init(count: given.count, mean: given.mean, variance: given.variance)
  }
}

/// What the options of a test say, checked.
private struct Hypothesis {
  let confidence: Double
  let alternative: TestAlternative
  let null: Double?
  let refusing: Bool
  let given: plaudit_hypothesis_options

  init(_ pointer: UnsafePointer<plaudit_hypothesis_options>?) throws(PlauditError) {
    given = try PlauditABI.options(pointer, zero: plaudit_hypothesis_options(), "options")
    confidence = given.confidence == 0 ? 0.95 : given.confidence
    alternative = try TestAlternative(
      rawValue: given.alternative, lower: given.margin_lower, upper: given.margin_upper)
    null = try flag(given.has_null_value, "has_null_value") ? given.null_value : nil
    refusing = try flag(given.refuse, "refuse")
  }

  /// The member of an enumeration behind one of the numbers.
  func choice<Value: RawRepresentable<Int32> & CaseIterable>(
    _ value: Int32, _ name: StaticString, _ type: Value.Type
  ) throws(PlauditError) -> Value {
    try member(value, name, type)
  }
}

private func member<Value: RawRepresentable<Int32> & CaseIterable>(
  _ value: Int32, _ name: StaticString, _ type: Value.Type
) throws(PlauditError) -> Value {
  guard let found = Value(rawValue: value) else {
    throw PlauditError(
      .outOfRange, "\(name) is \(value), allowed are 0 to \(Value.allCases.count - 1)")
  }
  return found
}

private func optionalColumn<T>(
  _ pointer: UnsafePointer<T>?, _ count: Int
) -> UnsafeBufferPointer<T>? {
  pointer.map { UnsafeBufferPointer(start: $0, count: count) }
}

@implementation @_cdecl("plaudit_stats_rate_intervals")
public func plaudit_stats_rate_intervals(
  _ successes: UnsafePointer<Int64>?, _ trials: UnsafePointer<Int64>?, _ count: Int64,
  _ method: Int32, _ options: UnsafePointer<plaudit_hypothesis_options>?,
  _ run: UnsafePointer<plaudit_run_options>?, _ out_lower: UnsafeMutablePointer<Double>?,
  _ out_upper: UnsafeMutablePointer<Double>?, _ out_flags: UnsafeMutablePointer<Int32>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    let wanted = try Hypothesis(options)
    let method = try member(method, "method", RateMethod.self)
    try withRun(run) { control, threads in
      try rateIntervals(
        method, successes: try array(successes, rows, "successes"),
        trials: try array(trials, rows, "trials"), confidence: wanted.confidence,
        lower: try array(out_lower, rows, "out_lower"),
        upper: try array(out_upper, rows, "out_upper"), flags: optionalArray(out_flags, rows),
        refusing: wanted.refusing, threads: threads, control: control)
    }
  }
}

@implementation @_cdecl("plaudit_stats_proportion_tests")
public func plaudit_stats_proportion_tests(
  _ rows: UnsafePointer<plaudit_two_proportions>?, _ count: Int64, _ measure: Int32,
  _ options: UnsafePointer<plaudit_hypothesis_options>?,
  _ run: UnsafePointer<plaudit_run_options>?, _ out_tests: UnsafeMutablePointer<plaudit_test_row>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let count = try counted(count, "count")
    let wanted = try Hypothesis(options)
    let test = try ProportionEffect(
      measure: try member(measure, "measure", EffectMeasure.self),
      interval: try wanted.choice(wanted.given.interval, "interval", EffectInterval.self),
      variance: try wanted.choice(wanted.given.variance, "variance", EffectVariance.self),
      alternative: wanted.alternative, null: wanted.null, confidence: wanted.confidence)
    nonisolated(unsafe) let rows = try array(rows, count, "rows")
    nonisolated(unsafe) let tests = try array(out_tests, count, "out_tests")
    try withRun(run) { control, threads in
      try testRows(count, refusing: wanted.refusing, threads: threads, control: control) { index in
        let row = rows[index]
        return test.test(
          (row.treatment_successes, row.treatment_trials),
          (row.control_successes, row.control_trials))
      } store: { index, result in
        tests[index] = plaudit_test_row(result)
      }
    }
  }
}

@implementation @_cdecl("plaudit_stats_moments")
public func plaudit_stats_moments(
  _ values: UnsafePointer<Double>?, _ paired: UnsafePointer<Double>?, _ count: Int64,
  _ out_moments: UnsafeMutablePointer<plaudit_moments>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_moments?.pointee = plaudit_moments()
  return call(error) {
    let slot = try required(out_moments, "out_moments")
    let rows = try counted(count, "count")
    let found = try SampleMoments(
      try array(values, rows, "values"), subtracting: optionalColumn(paired, rows))
    slot.pointee = plaudit_moments(
      count: found.count, mean: found.mean, variance: found.variance)
  }
}

@implementation @_cdecl("plaudit_stats_mean_tests")
public func plaudit_stats_mean_tests(
  _ first: UnsafePointer<plaudit_moments>?, _ second: UnsafePointer<plaudit_moments>?,
  _ count: Int64, _ kind: Int32, _ options: UnsafePointer<plaudit_hypothesis_options>?,
  _ run: UnsafePointer<plaudit_run_options>?, _ out_tests: UnsafeMutablePointer<plaudit_test_row>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let count = try counted(count, "count")
    let wanted = try Hypothesis(options)
    let test = try TTest(
      kind: try member(kind, "kind", TTest.Kind.self), alternative: wanted.alternative,
      null: wanted.null ?? 0, confidence: wanted.confidence)
    nonisolated(unsafe) let first = try array(first, count, "first")
    nonisolated(unsafe) let second = optionalColumn(second, count)
    nonisolated(unsafe) let tests = try array(out_tests, count, "out_tests")
    try withRun(run) { control, threads in
      try testRows(count, refusing: wanted.refusing, threads: threads, control: control) { index in
        let one = SampleMoments(first[index])
        guard let second else { return test.test(one) }
        return test.test(one, SampleMoments(second[index]))
      } store: { index, result in
        tests[index] = plaudit_test_row(result)
      }
    }
  }
}

@implementation @_cdecl("plaudit_stats_variance_analysis")
public func plaudit_stats_variance_analysis(
  _ groups: UnsafePointer<plaudit_moments>?, _ group_count: Int64, _ kind: Int32,
  _ out_test: UnsafeMutablePointer<plaudit_test_row>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try required(out_test, "out_test")
    let count = try counted(group_count, "group_count")
    let kind = try member(kind, "kind", AnalysisOfVariance.Kind.self)
    let given = try array(groups, count, "groups").map { SampleMoments($0) }
    slot.pointee = plaudit_test_row(
      try given.withUnsafeBufferPointer { try AnalysisOfVariance.test(kind, $0) })
  }
}

@implementation @_cdecl("plaudit_stats_table_test")
public func plaudit_stats_table_test(
  _ table: UnsafePointer<Int64>?, _ row_count: Int64, _ column_count: Int64, _ kind: Int32,
  _ options: UnsafePointer<plaudit_hypothesis_options>?,
  _ out_test: UnsafeMutablePointer<plaudit_test_row>?,
  _ out_expected: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try required(out_test, "out_test")
    let wanted = try Hypothesis(options)
    let (rows, columns) = (
      try counted(row_count, "row_count"), try counted(column_count, "column_count")
    )
    let (cells, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow, cells <= ContingencyTest.maximumCells else {
      throw PlauditError(
        .outOfRange, "table has more than \(ContingencyTest.maximumCells) cells")
    }
    let table = try array(table, cells, "table")
    switch try member(kind, "kind", ContingencyTest.Kind.self) {
    case .chiSquare:
      slot.pointee = plaudit_test_row(
        try ContingencyTest.chiSquare(
          table, columns: columns,
          yates: !(try flag(wanted.given.no_continuity, "no_continuity")),
          expected: optionalArray(out_expected, cells)))
    case .fisher:
      slot.pointee = plaudit_test_row(
        try ContingencyTest.fisher(
          table, columns: columns, alternative: wanted.alternative,
          confidence: wanted.confidence))
    }
  }
}

@implementation @_cdecl("plaudit_stats_sample_test")
public func plaudit_stats_sample_test(
  _ first: UnsafePointer<Double>?, _ first_count: Int64, _ second: UnsafePointer<Double>?,
  _ second_count: Int64, _ kind: Int32, _ options: UnsafePointer<plaudit_hypothesis_options>?,
  _ out_test: UnsafeMutablePointer<plaudit_test_row>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try required(out_test, "out_test")
    let wanted = try Hypothesis(options)
    let exactness = try wanted.choice(
      wanted.given.exactness, "exactness", Exactness.self)
    let continuity = !(try flag(wanted.given.no_continuity, "no_continuity"))
    let one = try array(first, try counted(first_count, "first_count"), "first")
    let other = try array(second, try counted(second_count, "second_count"), "second")
    let result =
      switch try member(kind, "kind", RankTest.Kind.self) {
      case .mannWhitney:
        try RankTest.mannWhitney(
          one, other, alternative: wanted.alternative, exactness: exactness,
          continuity: continuity, confidence: wanted.confidence)
      case .kolmogorovSmirnov:
        try KolmogorovSmirnovTest.test(
          one, other, alternative: wanted.alternative, exactness: exactness)
      }
    slot.pointee = plaudit_test_row(result)
  }
}

@implementation @_cdecl("plaudit_stats_kruskal_wallis")
public func plaudit_stats_kruskal_wallis(
  _ values: UnsafePointer<Double>?, _ groups: UnsafePointer<Int32>?, _ count: Int64,
  _ group_count: Int64, _ out_test: UnsafeMutablePointer<plaudit_test_row>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try required(out_test, "out_test")
    let rows = try counted(count, "count")
    slot.pointee = plaudit_test_row(
      try RankTest.kruskalWallis(
        try array(values, rows, "values"), groups: try array(groups, rows, "groups"),
        groupCount: try counted(group_count, "group_count")))
  }
}

@implementation @_cdecl("plaudit_stats_quantiles")
public func plaudit_stats_quantiles(
  _ values: UnsafePointer<Double>?, _ clusters: UnsafePointer<Int64>?, _ count: Int64,
  _ probabilities: UnsafePointer<Double>?, _ probability_count: Int64, _ kind: Int32,
  _ options: UnsafePointer<plaudit_hypothesis_options>?,
  _ out_quantiles: UnsafeMutablePointer<plaudit_quantile>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    let wanted = try Hypothesis(options)
    let points = try counted(probability_count, "probability_count")
    let slots = try array(out_quantiles, points, "out_quantiles")
    let found = try QuantileEstimate.estimates(
      try array(values, rows, "values"), clusters: optionalColumn(clusters, rows),
      probabilities: try array(probabilities, points, "probabilities"),
      kind: try member(kind, "kind", QuantileKind.self), confidence: wanted.confidence)
    for (slot, quantile) in zip(slots.indices, found) {
      slots[slot] = plaudit_quantile(
        value: quantile.value, interval: plaudit_interval(quantile.interval),
        standard_error: quantile.standardError, clusters: Int64(quantile.clusters))
    }
  }
}

@implementation @_cdecl("plaudit_stats_quantile_test")
public func plaudit_stats_quantile_test(
  _ first: UnsafePointer<Double>?, _ first_clusters: UnsafePointer<Int64>?,
  _ first_count: Int64, _ second: UnsafePointer<Double>?,
  _ second_clusters: UnsafePointer<Int64>?, _ second_count: Int64, _ probability: Double,
  _ kind: Int32, _ options: UnsafePointer<plaudit_hypothesis_options>?,
  _ out_test: UnsafeMutablePointer<plaudit_test_row>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try required(out_test, "out_test")
    let wanted = try Hypothesis(options)
    let kind = try member(kind, "kind", QuantileKind.self)
    let (n, m) = (
      try counted(first_count, "first_count"), try counted(second_count, "second_count")
    )
    let one = try array(first, n, "first")
    let other = try array(second, m, "second")
    slot.pointee = plaudit_test_row(
      try QuantileEstimate.difference(
        one, clusters: optionalColumn(first_clusters, n), other,
        clusters: optionalColumn(second_clusters, m), probability: probability, kind: kind,
        alternative: wanted.alternative, confidence: wanted.confidence))
  }
}

@implementation @_cdecl("plaudit_stats_power")
public func plaudit_stats_power(
  _ design: UnsafePointer<plaudit_power_design>?, _ unknown: Int32,
  _ out_plan: UnsafeMutablePointer<plaudit_power_plan>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_plan, "out_plan")
    let given = try PlauditABI.options(
      try required(design, "design"), zero: plaudit_power_design(), "design")
    var wanted = PowerDesign()
    wanted.test = try member(given.test, "test", PowerTest.self)
    wanted.alternative = try member(given.alternative, "alternative", Alternative.self)
    wanted.correction = try member(given.correction, "correction", ComparisonCorrection.self)
    wanted.baseline = given.baseline
    wanted.effect = given.effect
    wanted.controlCount = given.control_count
    if given.arms != 0 { wanted.arms = try counted(given.arms, "design", field: "arms") }
    if given.deviation != 0 { wanted.deviation = given.deviation }
    if given.alpha != 0 { wanted.alpha = given.alpha }
    if given.power != 0 { wanted.power = given.power }
    if given.ratio != 0 { wanted.ratio = given.ratio }
    let plan = try wanted.solved(
      for: try member(unknown, "unknown", PowerDesign.Unknown.self))
    slot.pointee = plaudit_power_plan(
      struct_size: slot.pointee.struct_size, control_count: plan.controlCount,
      treatment_count: plan.treatmentCount, total_count: plan.totalCount, effect: plan.effect,
      relative_effect: plan.relativeEffect, standardized_effect: plan.standardizedEffect,
      power: plan.power, level: plan.level)
  }
}
