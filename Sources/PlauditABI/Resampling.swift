public import CPlaudit
import PlauditCore
import PlauditStats

// The part of plaudit.h's stats section that resamples rows: intervals and permutation tests.

extension plaudit_interval {
  fileprivate init(_ interval: Interval) {
    self.init(lower: interval.lower, upper: interval.upper)
  }
}

/// The columns of an arm that a statistic looks at.
private func sample(
  _ given: plaudit_sample, of statistic: Int32, _ name: StaticString
) throws(PlauditError) -> Sample {
  let rows = try counted(given.count, name, field: "count")
  let isRatio = statistic == PLAUDIT_STATISTIC_RATIO
  return Sample(
    values: try array(given.values, rows, "values"),
    denominators: isRatio ? try array(given.denominators, rows, "denominators") : nil,
    clusters: given.clusters.map { UnsafeBufferPointer(start: $0, count: rows) })
}

private func unknownStatistic(_ statistic: Int32, _ known: [Int32]) -> PlauditError {
  let known = known.map { String($0) }.joined(separator: ", ")
  return PlauditError(.outOfRange, "statistic is \(statistic), known are \(known)")
}

@implementation @_cdecl("plaudit_stats_bootstrap_sample")
public func plaudit_stats_bootstrap_sample(
  _ statistic: Int32, _ sample: UnsafePointer<plaudit_sample>?,
  _ control: UnsafePointer<plaudit_sample>?,
  _ options: UnsafePointer<plaudit_sample_options>?, _ run: UnsafePointer<plaudit_run_options>?,
  _ out_result: UnsafeMutablePointer<plaudit_bootstrap_result>?,
  _ out_values: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_result, "out_result")
    var design = SampleDesign()
    guard let kind = SampleStatistic(rawValue: statistic) else {
      throw unknownStatistic(statistic, SampleStatistic.allCases.map(\.rawValue))
    }
    design.statistic = kind
    let one = try PlauditABI.options(
      try required(sample, "sample"), zero: plaudit_sample(), "sample")
    let other = try control.map { control throws(PlauditError) in
      try PlauditABI.options(control, zero: plaudit_sample(), "control")
    }
    let given = try PlauditABI.options(options, zero: plaudit_sample_options(), "options")
    guard let effect = SampleEffect(rawValue: given.effect) else {
      throw PlauditError(.outOfRange, "effect is \(given.effect), allowed are 0 to 1")
    }
    guard let weighting = ResampleWeighting(rawValue: given.weighting) else {
      throw PlauditError(.outOfRange, "weighting is \(given.weighting), allowed are 0 to 1")
    }
    (design.effect, design.weighting) = (effect, weighting)
    design.isPaired = try flag(given.paired, "paired")
    if given.quantile != 0 { design.level = given.quantile }
    var wanted = Bootstrap.Options()
    wanted.method = try bootstrapMethod(given.method)
    if given.confidence != 0 { wanted.confidence = given.confidence }
    if given.resamples != 0 {
      wanted.resamples = try counted(given.resamples, "options", field: "resamples")
    }
    wanted.seed = given.seed
    try withRun(run) { running, threads in
      let found = try Bootstrap(
        try PlauditABI.sample(one, of: statistic, "sample"),
        control: try other.map { other throws(PlauditError) in
          try PlauditABI.sample(other, of: statistic, "control")
        }, design: design, options: wanted, threads: threads, running: running)
      slot.pointee = plaudit_bootstrap_result(found, size: slot.pointee.struct_size)
      store(found.values, out_values)
    }
  }
}

func bootstrapMethod(_ method: Int32) throws(PlauditError) -> Bootstrap.Method {
  guard let method = Bootstrap.Method(rawValue: method) else {
    throw PlauditError(.outOfRange, "method is \(method), allowed are 0 to 2")
  }
  return method
}

extension plaudit_bootstrap_result {
  init(_ found: Bootstrap, size: Int64) {
    self.init(
      struct_size: size, value: found.value, interval: plaudit_interval(found.interval),
      standard_error: found.standardError, bias: found.bias, acceleration: found.acceleration,
      undefined_resamples: Int64(found.undefinedResamples))
  }
}

/// Into an array the host may leave out.
func store<T>(_ values: [T], _ out: UnsafeMutablePointer<T>?) {
  guard let out else { return }
  for (index, value) in values.enumerated() { out[index] = value }
}

@implementation @_cdecl("plaudit_stats_permutation_test")
public func plaudit_stats_permutation_test(
  _ statistic: Int32, _ sample: UnsafePointer<plaudit_sample>?,
  _ control: UnsafePointer<plaudit_sample>?,
  _ options: UnsafePointer<plaudit_permutation_options>?,
  _ run: UnsafePointer<plaudit_run_options>?,
  _ out_result: UnsafeMutablePointer<plaudit_permutation_result>?,
  _ out_values: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_result, "out_result")
    var wanted = PermutationTest.Options()
    guard let kind = PermutationTest.Statistic(rawValue: statistic) else {
      throw unknownStatistic(statistic, PermutationTest.Statistic.allCases.map(\.rawValue))
    }
    wanted.statistic = kind
    let one = try PlauditABI.options(
      try required(sample, "sample"), zero: plaudit_sample(), "sample")
    let other = try PlauditABI.options(
      try required(control, "control"), zero: plaudit_sample(), "control")
    let given = try PlauditABI.options(options, zero: plaudit_permutation_options(), "options")
    guard let alternative = Alternative(rawValue: given.alternative) else {
      throw PlauditError(.outOfRange, "alternative is \(given.alternative), allowed are 0 to 2")
    }
    wanted.alternative = alternative
    wanted.isPaired = try flag(given.paired, "paired")
    if given.quantile != 0 { wanted.level = given.quantile }
    if given.resamples != 0 {
      wanted.resamples = try counted(given.resamples, "options", field: "resamples")
    }
    wanted.seed = given.seed
    try withRun(run) { running, threads in
      let found = try PermutationTest(
        try PlauditABI.sample(one, of: statistic, "sample"),
        try PlauditABI.sample(other, of: statistic, "control"), options: wanted, threads: threads,
        running: running)
      slot.pointee = plaudit_permutation_result(
        struct_size: slot.pointee.struct_size, statistic: found.statistic, p_value: found.pValue,
        arrangements: Int64(found.values.count),
        undefined_arrangements: Int64(found.undefinedArrangements),
        exact: found.isExact ? 1 : 0, reserved: 0)
      store(found.values, out_values)
    }
  }
}
