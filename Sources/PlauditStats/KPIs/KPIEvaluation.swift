// One evaluation of every KPI, in three forms: a value with flags, a value or an error, a column.

package import PlauditCore

/// Why a value is missing or deserves a second look; raw values are `PLAUDIT_KPI_FLAG_…`.
///
/// `nonPositiveDenominator`, `noDenominator`, `nanInput`, `infiniteInput`, `negativeCount` and
/// `invalidScore` come with a NaN; the others describe a value that is kept. In an interval column `rateAboveOne`
/// comes with NaN too, because no binomial has more successes than trials.
package struct KPIFlags: OptionSet, Hashable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let noDenominator = KPIFlags(rawValue: 1)
  /// Events were counted although what they are a part of was not (late or lost rows).
  package static let numeratorWithoutDenominator = KPIFlags(rawValue: 2)
  /// Negative spend under a return; zero is `noDenominator`.
  package static let nonPositiveDenominator = KPIFlags(rawValue: 4)
  package static let negativeRevenue = KPIFlags(rawValue: 8)
  /// A part exceeds its whole: clicks the impressions, reach the impressions, promoters and detractors
  /// the responses.
  package static let rateAboveOne = KPIFlags(rawValue: 16)
  package static let nanInput = KPIFlags(rawValue: 32)
  /// An infinite input, or finite inputs whose ratio exceeds the range of a double.
  package static let infiniteInput = KPIFlags(rawValue: 64)
  package static let negativeCount = KPIFlags(rawValue: 128)
  package static let fractionalCount = KPIFlags(rawValue: 256)
  /// Rows of a table were left out because a part of the KPI was missing in them.
  package static let rowsDropped = KPIFlags(rawValue: 512)
  /// An interval was wanted of what is no number of successes in a number of trials.
  package static let invalidBinomial = KPIFlags(rawValue: 1024)
  /// Answers outside of 0 to 10, or between whole numbers.
  package static let invalidScore = KPIFlags(rawValue: 2048)
  /// A rate below ten of its standard errors: no baseline for a relative lift.
  package static let lowBaseline = KPIFlags(rawValue: 4096)

  /// Flags without a meaningful value.
  static let valueless: KPIFlags = [
    .noDenominator, .nonPositiveDenominator, .nanInput, .infiniteInput, .negativeCount,
    .invalidScore,
  ]
}

extension KPI {
  /// The ratio of two finite quantities, or the reason why there is none.
  ///
  /// Negative spend above the line (credits), negative revenue (refunds) and fractional counts
  /// (attributed conversions) are ordinary. Engagements and conversions may exceed their
  /// denominator, because one person can cause several; clicks may not exceed impressions, nor any
  /// other part its whole.
  ///
  /// - Throws: `undefined` for a zero denominator or negative spend below the line, `notFinite`
  ///   for NaN and infinity, `invalidData` for negative counts and clicks above impressions,
  ///   `outOfRange` for a ratio no double can hold.
  /// - Source: docs/stats.md, "Key performance indicators".
  package func value(numerator: Double, denominator: Double) throws(PlauditError) -> Double {
    let (value, flags) = definition.evaluate(numerator, denominator)
    if let refusal = definition.refusal(flags, numerator, denominator) { throw refusal }
    return value
  }

  /// The ratio with column semantics: undefined is NaN with flags that say why.
  ///
  /// Never infinite. Clicks above impressions keep their value beside `rateAboveOne`.
  package func evaluate(
    numerator: Double, denominator: Double
  ) -> (value: Double, flags: KPIFlags) {
    definition.evaluate(numerator, denominator)
  }

  /// Row by row ``evaluate(numerator:denominator:)`` into buffers of the caller.
  ///
  /// `values` may be one of the inputs. With `refusing`, the first row that
  /// ``value(numerator:denominator:)`` would refuse ends the call with that error and its row
  /// number: rows before it are written, rows from it on are untouched.
  ///
  /// - Throws: `invalidArgument` when the buffers differ in length; the errors of `value`.
  package func column(
    numerators: UnsafeBufferPointer<Double>, denominators: UnsafeBufferPointer<Double>,
    values: UnsafeMutableBufferPointer<Double>, flags: UnsafeMutableBufferPointer<Int32>?,
    refusing: Bool
  ) throws(PlauditError) {
    let count = numerators.count
    guard denominators.count == count, values.count == count, (flags?.count ?? count) == count
    else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: numerators (\(count)), denominators (\(denominators.count)), "
          + "values (\(values.count)), flags (\(flags?.count ?? count))")
    }
    let definition = self.definition
    for row in 0..<count {
      let (numerator, denominator) = (numerators[row], denominators[row])
      let (value, rowFlags) = definition.evaluate(numerator, denominator)
      if refusing, let refusal = definition.refusal(rowFlags, numerator, denominator) {
        throw refusal.at(index: Int64(row))
      }
      values[row] = value
      flags?[row] = rowFlags.rawValue
    }
  }
}

extension KPIDefinition {
  @inline(__always)
  func evaluate(
    _ above: Double, _ below: Double, seen: KPIFlags = []
  ) -> (value: Double, flags: KPIFlags) {
    var flags = numerator.measure.flags(of: above).union(denominator.measure.flags(of: below))
    flags.formUnion(seen)
    if below == 0 {
      flags.insert(.noDenominator)
      if numerator.measure == .count, above > 0 { flags.insert(.numeratorWithoutDenominator) }
    } else if below < 0, denominator.measure != .count {
      flags.insert(.nonPositiveDenominator)
    }
    guard flags.isDisjoint(with: .valueless) else { return (.nan, flags) }
    // Offset and scale above the line: one rounding less, and no cancellation in `ratio - 1`.
    var value = (above + offset * below) * scale / below
    if !value.isFinite { value = (above / below + offset) * scale }
    guard value.isFinite else { return (.nan, flags.union(.infiniteInput)) }
    if bound.isBroken(above, below) { flags.insert(.rateAboveOne) }
    // No rate is -0, as a bounce rate of nothing would be.
    return (value + 0, flags)
  }

  /// The error a scalar call gives for a row with these flags, `nil` when the value stands.
  fileprivate func refusal(
    _ flags: KPIFlags, _ above: Double, _ below: Double
  ) -> PlauditError? {
    guard !flags.isDisjoint(with: KPIFlags.valueless.union(.rateAboveOne)) else { return nil }
    for (quantity, number) in [(numerator, above), (denominator, below)] {
      if !number.isFinite {
        return PlauditError(
          .notFinite, "\(name) needs finite \(quantity.name), got \(number.plain)")
      }
      if quantity.measure == .count, number < 0 {
        return PlauditError(
          .invalidData, "\(name): \(quantity.name) (\(number.plain)) cannot be negative")
      }
    }
    if flags.contains(.noDenominator) {
      return PlauditError(.undefined, "\(name) is undefined without \(denominator.name)")
    }
    if flags.contains(.nonPositiveDenominator) {
      return PlauditError(
        .undefined, "\(name) is undefined for negative \(denominator.name) (\(below.plain))")
    }
    if flags.contains(.infiniteInput) {
      return PlauditError(
        .outOfRange,
        "\(name) exceeds the range of a double: \(numerator.name) (\(above.plain)), "
          + "\(denominator.name) (\(below.plain))")
    }
    let part = "\(numerator.name) (\(above.plain))"
    let whole = "\(denominator.name) (\(below.plain))"
    return switch bound {
    case .denominator: PlauditError(.invalidData, "\(whole) exceeds \(part)")
    case .balance: PlauditError(.invalidData, "\(part) are more than \(whole) allow")
    default: PlauditError(.invalidData, "\(part) exceed \(whole)")
    }
  }
}

extension KPIDefinition.Measure {
  @inline(__always)
  fileprivate func flags(of number: Double) -> KPIFlags {
    guard number.isFinite else { return number.isNaN ? .nanInput : .infiniteInput }
    switch self {
    case .count:
      if number < 0 { return .negativeCount }
      return number.rounded(.towardZero) == number ? [] : .fractionalCount
    case .revenue: return number < 0 ? .negativeRevenue : []
    case .spend, .balance: return []
    }
  }
}
