import Glibc
package import PlauditCore

/// Two ends of a confidence interval, `lower <= upper`.
package struct Interval: Equatable, Sendable {
  package let lower: Double
  package let upper: Double

  package init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }
}

/// The score interval of a rate: sound for small samples and for rates near 0 and 1.
///
/// Fractions in 0...1. The lower end is exactly 0 without a success, the upper end exactly 1
/// without a failure, and both stay within 0...1.
///
/// - Parameter confidence: strictly between 0 and 1, such as 0.95.
/// - Throws: `undefined` without trials; `invalidData` for negative counts or more successes than
///   trials; `outOfRange` for the confidence.
/// - Source: Wilson 1927, doi:10.1080/01621459.1927.10502953, without continuity correction.
package func wilsonInterval(
  successes: Int64, trials: Int64, confidence: Double
) throws(PlauditError) -> Interval {
  let z = try Normal.criticalValue(confidence: confidence)
  return WilsonScore(try ProportionCounts(successes: successes, trials: trials), z: z).interval
}

/// Row by row ``wilsonInterval(successes:trials:confidence:)`` into buffers of the caller.
///
/// Impossible rows are NaN with flags: `noDenominator` (with `numeratorWithoutDenominator`),
/// `negativeCount`, `rateAboveOne`. With `refusing` the first of them ends the call with its row
/// number: rows before it are written, rows from it on are untouched.
///
/// - Throws: `invalidArgument` when the buffers differ in length; `outOfRange` for the confidence.
package func wilsonIntervals(
  successes: UnsafeBufferPointer<Int64>, trials: UnsafeBufferPointer<Int64>, confidence: Double,
  lower: UnsafeMutableBufferPointer<Double>, upper: UnsafeMutableBufferPointer<Double>,
  flags: UnsafeMutableBufferPointer<Int32>?, refusing: Bool
) throws(PlauditError) {
  let count = successes.count
  guard trials.count == count, lower.count == count, upper.count == count,
    (flags?.count ?? count) == count
  else {
    throw PlauditError(
      .invalidArgument,
      "columns differ in length: successes (\(count)), trials (\(trials.count)), "
        + "lower (\(lower.count)), upper (\(upper.count)), flags (\(flags?.count ?? count))")
  }
  let z = try Normal.criticalValue(confidence: confidence)
  for row in 0..<count {
    let rowFlags = rateImpossibility(successes: successes[row], trials: trials[row])
    var interval = Interval(lower: .nan, upper: .nan)
    if rowFlags.isEmpty || refusing {
      do throws(PlauditError) {
        let counts = try ProportionCounts(successes: successes[row], trials: trials[row])
        interval = WilsonScore(counts, z: z).interval
      } catch {
        throw error.at(index: Int64(row))
      }
    }
    (lower[row], upper[row]) = (interval.lower, interval.upper)
    flags?[row] = rowFlags.rawValue
  }
}

func rateImpossibility(successes: Int64, trials: Int64) -> KPIFlags {
  if successes < 0 || trials < 0 { return .negativeCount }
  if trials == 0 {
    return successes > 0 ? [.noDenominator, .numeratorWithoutDenominator] : .noDenominator
  }
  return successes > trials ? .rateAboveOne : []
}

/// The roots of `(n + z²) P² - (2x + z²) P + x²/n` and their distances from the rate `x/n`.
///
/// Every sum is of positive terms, so nothing cancels: `P_lower = (x²/n) / (x + h)` and
/// `P_upper = (x + h) / (n + z²)` with `h = z²/2 + z √(x (n - x)/n + z²/4)`.
struct WilsonScore {
  let interval: Interval
  /// `rate - lower` and `upper - rate`, exact where the subtraction of the ends would not be.
  let distanceBelow: Double
  let distanceAbove: Double

  init(_ counts: ProportionCounts, z: Double) {
    self.init(
      successes: Double(counts.successes), failures: Double(counts.failures),
      trials: Double(counts.trials), z: z)
  }

  /// Of counts that may be fractional, `successes + failures = trials > 0`.
  @inline(__always)
  init(successes x: Double, failures y: Double, trials n: Double, z: Double) {
    let h = z * z / 2 + z * sqrt(x * y / n + z * z / 4)
    // At the ends the equality holds by algebra, and `h` may have underflowed to 0.
    let lower = x == 0 ? 0 : x / n * (x / (x + h))
    let upper = y == 0 ? 1 : min(1, (x + h) / (n + z * z))
    interval = Interval(lower: lower, upper: upper)
    distanceBelow = x == 0 ? 0 : x / n * (h / (x + h))
    distanceAbove = y == 0 ? 0 : y / n * (h / (y + h))
  }
}
