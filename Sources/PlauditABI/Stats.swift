public import CPlaudit
import PlauditCore
import PlauditStats

// The stats section of plaudit.h.

/// One KPI of one group.
private func kpi(
  _ kpi: KPI, _ numerator: Double, _ denominator: Double, _ out: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out?.pointee = 0
  return call(error) {
    try required(out, "out_value").pointee = kpi.value(
      numerator: numerator, denominator: denominator)
  }
}

@implementation @_cdecl("plaudit_kpi_click_through_rate")
public func plaudit_kpi_click_through_rate(
  _ clicks: Double, _ impressions: Double, _ out_value: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.clickThroughRate, clicks, impressions, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_engagement_rate_by_impressions")
public func plaudit_kpi_engagement_rate_by_impressions(
  _ engagements: Double, _ impressions: Double, _ out_value: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.engagementRateByImpressions, engagements, impressions, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_engagement_rate_by_reach")
public func plaudit_kpi_engagement_rate_by_reach(
  _ engagements: Double, _ reach: Double, _ out_value: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.engagementRateByReach, engagements, reach, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_engagement_rate_by_followers")
public func plaudit_kpi_engagement_rate_by_followers(
  _ engagements: Double, _ followers: Double, _ out_value: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.engagementRateByFollowers, engagements, followers, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_conversion_rate")
public func plaudit_kpi_conversion_rate(
  _ conversions: Double, _ visitors: Double, _ out_value: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.conversionRate, conversions, visitors, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_cost_per_click")
public func plaudit_kpi_cost_per_click(
  _ cost: Double, _ clicks: Double, _ out_value: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.costPerClick, cost, clicks, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_cost_per_mille")
public func plaudit_kpi_cost_per_mille(
  _ cost: Double, _ impressions: Double, _ out_value: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.costPerMille, cost, impressions, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_cost_per_action")
public func plaudit_kpi_cost_per_action(
  _ cost: Double, _ actions: Double, _ out_value: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.costPerAction, cost, actions, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_return_on_ad_spend")
public func plaudit_kpi_return_on_ad_spend(
  _ revenue: Double, _ cost: Double, _ out_value: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.returnOnAdSpend, revenue, cost, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_return_on_investment")
public func plaudit_kpi_return_on_investment(
  _ revenue: Double, _ cost: Double, _ out_value: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.returnOnInvestment, revenue, cost, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_average_order_value")
public func plaudit_kpi_average_order_value(
  _ revenue: Double, _ orders: Double, _ out_value: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.averageOrderValue, revenue, orders, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_revenue_per_visitor")
public func plaudit_kpi_revenue_per_visitor(
  _ revenue: Double, _ visitors: Double, _ out_value: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  kpi(.revenuePerVisitor, revenue, visitors, out_value, error)
}

@implementation @_cdecl("plaudit_kpi_value")
public func plaudit_kpi_value(
  _ kpi: Int32, _ numerator: Double, _ denominator: Double,
  _ out_value: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_value?.pointee = 0
  return call(error) {
    try required(out_value, "out_value").pointee = try known(kpi).value(
      numerator: numerator, denominator: denominator)
  }
}

@implementation @_cdecl("plaudit_kpi_column")
public func plaudit_kpi_column(
  _ kpi: Int32, _ numerators: UnsafePointer<Double>?, _ denominators: UnsafePointer<Double>?,
  _ count: Int64, _ refuse: Int32, _ out_values: UnsafeMutablePointer<Double>?,
  _ out_flags: UnsafeMutablePointer<Int32>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let kpi = try known(kpi)
    let rows = try counted(count, "count")
    try kpi.column(
      numerators: try array(numerators, rows, "numerators"),
      denominators: try array(denominators, rows, "denominators"),
      values: try array(out_values, rows, "out_values"), flags: optionalArray(out_flags, rows),
      refusing: try flag(refuse, "refuse"))
  }
}

// MARK: Intervals, tests, lift

extension plaudit_interval {
  fileprivate init(_ interval: Interval) {
    self.init(lower: interval.lower, upper: interval.upper)
  }
}

@implementation @_cdecl("plaudit_stats_wilson_interval")
public func plaudit_stats_wilson_interval(
  _ successes: Int64, _ trials: Int64, _ confidence: Double,
  _ out_interval: UnsafeMutablePointer<plaudit_interval>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_interval?.pointee = plaudit_interval()
  return call(error) {
    try required(out_interval, "out_interval").pointee = plaudit_interval(
      try wilsonInterval(successes: successes, trials: trials, confidence: confidence))
  }
}

@implementation @_cdecl("plaudit_stats_wilson_column")
public func plaudit_stats_wilson_column(
  _ successes: UnsafePointer<Int64>?, _ trials: UnsafePointer<Int64>?, _ count: Int64,
  _ confidence: Double, _ refuse: Int32,
  _ out_lower: UnsafeMutablePointer<Double>?, _ out_upper: UnsafeMutablePointer<Double>?,
  _ out_flags: UnsafeMutablePointer<Int32>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    try wilsonIntervals(
      successes: try array(successes, rows, "successes"),
      trials: try array(trials, rows, "trials"), confidence: confidence,
      lower: try array(out_lower, rows, "out_lower"),
      upper: try array(out_upper, rows, "out_upper"), flags: optionalArray(out_flags, rows),
      refusing: try flag(refuse, "refuse"))
  }
}

private func counts(
  _ pointer: UnsafePointer<plaudit_two_proportions>?
) throws(PlauditError) -> (treatment: ProportionCounts, control: ProportionCounts) {
  let given = try required(pointer, "counts").pointee
  return (
    try ProportionCounts(
      successes: given.treatment_successes, trials: given.treatment_trials, of: "treatment"),
    try ProportionCounts(
      successes: given.control_successes, trials: given.control_trials, of: "control")
  )
}

@implementation @_cdecl("plaudit_stats_two_proportion_test")
public func plaudit_stats_two_proportion_test(
  _ counts: UnsafePointer<plaudit_two_proportions>?,
  _ options: UnsafePointer<plaudit_test_options>?,
  _ out_result: UnsafeMutablePointer<plaudit_test_result>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let result = try output(out_result, "out_result")
    let given = try PlauditABI.options(options, zero: plaudit_test_options(), "options")
    let (treatment, control) = try PlauditABI.counts(counts)
    guard let alternative = Alternative(rawValue: given.alternative) else {
      throw PlauditError(.outOfRange, "alternative is \(given.alternative), allowed are 0 to 2")
    }
    let test = try TwoProportionTest(
      treatment: treatment, control: control, alternative: alternative,
      variance: try flag(given.unpooled, "unpooled") ? .unpooled : .pooled)
    let interval = try newcombeInterval(
      treatment: treatment, control: control,
      confidence: given.confidence == 0 ? 0.95 : given.confidence)
    result.pointee = plaudit_test_result(
      struct_size: result.pointee.struct_size, treatment_rate: test.treatmentRate,
      control_rate: test.controlRate, difference: test.difference,
      difference_interval: plaudit_interval(interval), z: test.z, p_value: test.pValue)
  }
}

@implementation @_cdecl("plaudit_stats_proportion_lift")
public func plaudit_stats_proportion_lift(
  _ counts: UnsafePointer<plaudit_two_proportions>?, _ confidence: Double,
  _ out_lift: UnsafeMutablePointer<plaudit_lift>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let result = try output(out_lift, "out_lift")
    let (treatment, control) = try PlauditABI.counts(counts)
    let lift = try ProportionLift(
      treatment: treatment, control: control, confidence: confidence)
    result.pointee = plaudit_lift(
      struct_size: result.pointee.struct_size, treatment_rate: lift.treatmentRate,
      control_rate: lift.controlRate, absolute: lift.absolute,
      absolute_interval: plaudit_interval(lift.absoluteInterval), relative: lift.relative,
      relative_interval: plaudit_interval(lift.relativeInterval), z: lift.z,
      p_value: lift.pValue, flags: lift.flags.rawValue, reserved: 0)
  }
}

@implementation @_cdecl("plaudit_stats_relative_lift")
public func plaudit_stats_relative_lift(
  _ treatment: Double, _ control: Double, _ out_lift: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_lift?.pointee = 0
  return call(error) {
    try required(out_lift, "out_lift").pointee = relativeLift(
      treatment: treatment, control: control)
  }
}

@implementation @_cdecl("plaudit_stats_classification")
public func plaudit_stats_classification(
  _ truth: UnsafePointer<Int32>?, _ predicted: UnsafePointer<Int32>?, _ count: Int64,
  _ class_count: Int64, _ out_report: UnsafeMutablePointer<plaudit_classification_report>?,
  _ out_precision: UnsafeMutablePointer<Double>?, _ out_recall: UnsafeMutablePointer<Double>?,
  _ out_f1: UnsafeMutablePointer<Double>?, _ out_support: UnsafeMutablePointer<Int64>?,
  _ out_confusion: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_report, "out_report")
    let rows = try counted(count, "count")
    let classes = try counted(class_count, "class_count")
    guard classes <= ClassificationReport.maximumClasses else {
      throw PlauditError(
        .outOfRange,
        "class_count is \(classes), allowed are 1 to \(ClassificationReport.maximumClasses)")
    }
    let report = try ClassificationReport(
      truth: try array(truth, rows, "truth"), predicted: try array(predicted, rows, "predicted"),
      classes: classes, confusion: optionalArray(out_confusion, classes * classes))
    slot.pointee = plaudit_classification_report(
      struct_size: slot.pointee.struct_size, accuracy: report.accuracy,
      macro_precision: report.macroPrecision, macro_recall: report.macroRecall,
      macro_f1: report.macroF1, weighted_f1: report.weightedF1,
      undefined_classes: Int64(report.undefinedClasses))
    for (index, scores) in report.perClass.enumerated() {
      out_precision?[index] = scores.precision
      out_recall?[index] = scores.recall
      out_f1?[index] = scores.f1
      out_support?[index] = Int64(scores.support)
    }
  }
}
