import Glibc
package import PlauditCore

/// Successes among trials, checked: at least one trial, and `0 <= successes <= trials`.
///
/// Differences and pooled sums are formed from the integers, so that two close rates of large
/// samples keep their digits and no sum can overflow.
package struct ProportionCounts: Equatable, Sendable {
  package let successes: Int64
  package let trials: Int64

  /// - Parameter owner: whose counts these are, for messages ("treatment"); may be empty.
  /// - Throws: `undefined` without trials; `invalidData` for a negative count or more successes
  ///   than trials.
  package init(
    successes: Int64, trials: Int64, of owner: StaticString = ""
  ) throws(PlauditError) {
    let prefix = owner.utf8CodeUnitCount == 0 ? "" : "\(owner) "
    guard trials >= 0 else {
      throw PlauditError(.invalidData, "\(prefix)trials (\(trials)) cannot be negative")
    }
    guard successes >= 0 else {
      throw PlauditError(.invalidData, "\(prefix)successes (\(successes)) cannot be negative")
    }
    guard trials > 0 else {
      throw PlauditError(.undefined, "\(prefix)rate is undefined without trials")
    }
    guard successes <= trials else {
      throw PlauditError(
        .invalidData, "\(prefix)successes (\(successes)) exceed trials (\(trials))")
    }
    self.successes = successes
    self.trials = trials
  }

  /// Counts that were looked at before.
  init(checked successes: Int64, of trials: Int64) {
    (self.successes, self.trials) = (successes, trials)
  }

  /// The share of successes, a fraction in 0...1.
  package var rate: Double { Double(successes) / Double(trials) }

  /// Trials without success.
  package var failures: Int64 { trials - successes }

  /// The variance of the rate, `p (1 - p) / n`; 0 when all trials agree.
  package var rateVariance: Double {
    let n = Double(trials)
    return Double(successes) * Double(failures) / (n * n * n)
  }

  /// `(self.rate - other.rate) × self.trials × other.trials`, rounded once.
  func crossDifference(_ other: ProportionCounts) -> Double {
    // Each product is below 2^126, so that neither it nor the difference can overflow. By words,
    // because the conversion of an Int128 takes a microsecond.
    let one = successes.multipliedFullWidth(by: other.trials)
    let two = other.successes.multipliedFullWidth(by: trials)
    var low = one.low &- two.low
    var high = one.high &- two.high &- (one.low < two.low ? 1 : 0)
    let isNegative = high < 0
    if isNegative {
      low = ~low &+ 1
      high = ~high &+ (low == 0 ? 1 : 0)
    }
    var value = Double(low)
    if high != 0 {
      // The upper 64 bits, the last of them set where any bit below is.
      let shift = 64 - high.leadingZeroBitCount
      let rest: UInt64 = low << UInt64(64 - shift) == 0 ? 0 : 1
      let upper = UInt64(bitPattern: high) << UInt64(64 - shift) | low >> UInt64(shift) | rest
      value = scalbn(Double(upper), Int32(shift))
    }
    return isNegative ? -value : value
  }

  /// `self.rate - other.rate`, accurate to the last digits however close the rates are.
  package func rateDifference(from other: ProportionCounts) -> Double {
    crossDifference(other) / (Double(trials) * Double(other.trials))
  }
}
