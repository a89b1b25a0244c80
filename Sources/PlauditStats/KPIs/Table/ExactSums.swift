import CColumns
import PlauditCore

/// Where most values of a column lie: multiples of 2^-lower below 2^(93 - lower).
///
/// Such a value is `high × 2^(42 - lower) + low × 2^-lower` with integers of at most 51 and 42
/// bits, so sums are additions of integers. Values outside go into a ``WideSum``; the window
/// decides how fast a sum is made, never what it is.
struct SumWindow: Equatable {
  let lower: Int
  static let highShift = 42

  /// A window for values up to some largest: 2^13 times as much fits, and what has all its 53 bits
  /// down to 2^-26 of it. At the largest `high` has 38 bits, so that a million rows fit a word.
  init(largest: Double) {
    let exponent = largest.isFinite && largest > 0 ? Int(largest.exponent) : 26
    lower = min(max(79 - exponent, -800), 990)
  }

  init?(lower: Int) {
    guard lower >= -800, lower <= 990 else { return nil }
    self.lower = lower
  }

  /// As the kernels take it.
  var kernel: pc_window {
    func power(_ exponent: Int, _ significand: Double) -> Double {
      Double(sign: .plus, exponent: exponent, significand: significand)
    }
    return pc_window(
      upper_magic: power(52 - lower + SumWindow.highShift, 1.5),
      lower_magic: power(52 - lower, 1.5), limit: power(51 + SumWindow.highShift - lower, 1))
  }

  /// The value in units of 2^-lower, nil outside of the window.
  func integer(_ value: Double) -> Int128? {
    guard value.isFinite else { return nil }
    let field = Int(value.exponentBitPattern)
    let significand = Int128(value.significandBitPattern | (field == 0 ? 0 : 1 << 52))
    guard significand != 0 else { return 0 }
    let shift = max(field, 1) - 1075 + lower
    guard shift <= SumWindow.highShift - 2 else { return nil }
    if shift < 0, -shift >= 64 || significand.trailingZeroBitCount < -shift { return nil }
    let integer = shift >= 0 ? significand &<< Int128(shift) : significand &>> Int128(-shift)
    return value.sign == .minus ? -integer : integer
  }
}

/// One exact sum a group: 128-bit integers, in units of the window for doubles, and a wide sum
/// beside it for the few groups that need one.
final class ExactSums {
  /// nil for integers.
  let window: SumWindow?
  private let totals = TableMemory<Int128>()
  /// 1 + the place of a group's wide sum in `wide`, 0 when it has none.
  private let places = TableMemory<UInt32>()
  private let wide = TableMemory<UInt64>()

  init(window: SumWindow?) { self.window = window }

  var exponent: Int { -(window?.lower ?? 0) }

  /// Whether some group has a wide sum.
  var hasWideSums: Bool { places.count > 0 }

  /// Groups from here on have no sum.
  var groupCount: Int { max(totals.count, places.count) }

  func total(_ group: Int) -> Int128 { totals.element(group, or: 0) }

  /// The sum that is not in ``total(_:)``.
  func wideSum(_ group: Int) -> WideSum? {
    let place = places.element(group, or: 0)
    return place == 0 ? nil : WideSum(base: wide.base + (Int(place) - 1) * WideSum.words)
  }

  /// Adds in units of the window.
  @inline(__always)
  func add(_ units: Int128, to group: Int) throws(PlauditError) {
    if group >= totals.count { try totals.extend(to: group + 1) }
    let (sum, overflow) = totals.base[group].addingReportingOverflow(units)
    if overflow {
      try widened(group).add(units, exponent: exponent)
    } else {
      totals.base[group] = sum
    }
  }

  /// Adds `integer × 2^exponent`.
  func add(_ integer: Int128, exponent: Int, to group: Int) throws(PlauditError) {
    let shift = exponent - self.exponent
    if integer == 0 { return }
    if shift >= 0, shift < integer.magnitude.leadingZeroBitCount - 2 {
      try add(integer &<< Int128(shift), to: group)
    } else {
      try widened(group).add(integer, exponent: exponent)
    }
  }

  /// Moves words of groups into the totals: one word a group, or a high one and a low one.
  func carry(
    _ words: UnsafeMutablePointer<Int64>, stride: Int, count: Int
  ) throws(PlauditError) {
    try totals.extend(to: count)
    let totals = self.totals.base
    let isPair = window != nil
    var word = words
    for group in 0..<count {
      var units = Int128(word[0])
      if isPair { units = units &<< Int128(SumWindow.highShift) &+ Int128(word[1]) }
      if units != 0 {
        let (sum, overflow) = totals[group].addingReportingOverflow(units)
        if overflow {
          try widened(group).add(units, exponent: exponent)
        } else {
          totals[group] = sum
        }
      }
      word += stride
    }
  }

  func add(_ value: Double, to group: Int) throws(PlauditError) {
    if let units = window?.integer(value) {
      try add(units, to: group)
    } else {
      try widened(group).add(value)
    }
  }

  func addWide(_ value: Double, to group: Int) throws(PlauditError) {
    try widened(group).add(value)
  }

  /// Adds another column's sum of a group.
  func add(_ other: ExactSums, _ theirs: Int, to group: Int) throws(PlauditError) {
    let units = other.total(theirs)
    if units != 0 {
      if other.window == window {
        try add(units, to: group)
      } else {
        try add(units, exponent: other.exponent, to: group)
      }
    }
    if let rest = other.wideSum(theirs) { try widened(group).add(rest) }
  }

  func addWide(_ sum: WideSum, to group: Int) throws(PlauditError) {
    try widened(group).add(sum)
  }

  private func widened(_ group: Int) throws(PlauditError) -> WideSum {
    if let sum = wideSum(group) { return sum }
    try places.extend(to: group + 1)
    let place = wide.count / WideSum.words
    try wide.extend(to: wide.count + WideSum.words)
    places.base[group] = UInt32(truncatingIfNeeded: place + 1)
    return WideSum(base: wide.base + place * WideSum.words)
  }
}

extension Int128 {
  /// The nearest double, ties to even.
  @inline(__always)
  var nearest: Double {
    // Of up to 106 bits both halves and the product are exact, so that the addition rounds alone.
    let upper = Int64(truncatingIfNeeded: self &>> 53)
    if Int128(upper) == self &>> 53, upper.magnitude <= 1 << 53 {
      return Double(upper) * 0x1p53 + Double(Int64(truncatingIfNeeded: self) & (1 << 53 - 1))
    }
    return pc_nearest(Int64(truncatingIfNeeded: self &>> 64), UInt64(truncatingIfNeeded: self))
  }
}
