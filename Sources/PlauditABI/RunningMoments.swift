public import CPlaudit
import PlauditCore
import PlauditStats

// The part of plaudit.h's stats section about series of numbers and lifts without counts.

extension StreamingMoments {
  fileprivate init(_ given: plaudit_running_moments) throws(PlauditError) {
    try self.init(
      count: given.count, mean: given.mean, rest: given.mean_rest,
      sums: (given.second_sum, given.third_sum, given.fourth_sum), minimum: given.minimum,
      maximum: given.maximum)
  }

  fileprivate func store(_ slot: UnsafeMutablePointer<plaudit_running_moments>) {
    slot.pointee = plaudit_running_moments(
      struct_size: slot.pointee.struct_size, count: count, mean: mean, mean_rest: meanRest,
      second_sum: secondSum, third_sum: thirdSum, fourth_sum: fourthSum, minimum: minimum,
      maximum: maximum, sum: sum,
      variance: variance, skewness: skewness, kurtosis: kurtosis)
  }
}

@implementation @_cdecl("plaudit_stats_running_moments_add")
public func plaudit_stats_running_moments_add(
  _ moments: UnsafeMutablePointer<plaudit_running_moments>?, _ values: UnsafePointer<Double>?,
  _ count: Int64, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(moments, "moments")
    var moments = try StreamingMoments(slot.pointee)
    try moments.add(try array(values, try counted(count, "count"), "values"))
    moments.store(slot)
  }
}

@implementation @_cdecl("plaudit_stats_running_moments_merge")
public func plaudit_stats_running_moments_merge(
  _ moments: UnsafeMutablePointer<plaudit_running_moments>?,
  _ other: UnsafePointer<plaudit_running_moments>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(moments, "moments")
    let given = try options(try required(other, "other"), zero: plaudit_running_moments(), "other")
    var moments = try StreamingMoments(slot.pointee)
    moments.merge(try StreamingMoments(given))
    moments.store(slot)
  }
}

@implementation @_cdecl("plaudit_stats_exponential_averages")
public func plaudit_stats_exponential_averages(
  _ values: UnsafePointer<Double>?, _ count: Int64, _ alpha: Double, _ adjusted: Int32,
  _ out_averages: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    try exponentialAverages(
      try array(values, rows, "values"), alpha: alpha, adjusted: try flag(adjusted, "adjusted"),
      averages: try array(out_averages, rows, "out_averages"))
  }
}

@implementation @_cdecl("plaudit_stats_relative_lift_column")
public func plaudit_stats_relative_lift_column(
  _ treatments: UnsafePointer<Double>?, _ controls: UnsafePointer<Double>?, _ count: Int64,
  _ out_relative: UnsafeMutablePointer<Double>?, _ out_absolute: UnsafeMutablePointer<Double>?,
  _ out_flags: UnsafeMutablePointer<Int32>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    let treatments = try array(treatments, rows, "treatments")
    let controls = try array(controls, rows, "controls")
    let relative = try array(out_relative, rows, "out_relative")
    for row in 0..<rows {
      let lift = evaluateRelativeLift(treatment: treatments[row], control: controls[row])
      relative[row] = lift.relative
      out_absolute?[row] = lift.absolute
      out_flags?[row] = lift.flags.rawValue
    }
  }
}
