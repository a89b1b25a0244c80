import Glibc
package import PlauditCore

/// Ways to an interval of a rate; raw values are `PLAUDIT_RATE_…`.
package enum RateMethod: Int32, CaseIterable, Sendable {
  /// The score interval, the default: ``wilsonInterval(successes:trials:confidence:)``.
  case wilson = 0
  /// Wald's interval after z² more trials, half of them successes; clipped to 0...1.
  case agrestiCoull = 1
  /// Never covers less than it says; from binomial tails.
  case clopperPearson = 2
  /// Equal tails of the posterior Beta(x + ½, n - x + ½); not widened at 0 and n.
  case jeffreys = 3
  /// `p ± z √(p (1 - p) / n)`, clipped to 0...1; empty at 0 and n. For comparison only.
  case wald = 4
}

/// An interval of a rate by a named method; fractions in 0...1.
///
/// - Throws: `undefined` without trials; `invalidData` for negative counts or more successes than
///   trials; `outOfRange` for the confidence.
/// - Source: Brown, Cai, DasGupta 2001, doi:10.1214/ss/1009213286; Clopper and Pearson 1934,
///   doi:10.1093/biomet/26.4.404; values are statsmodels' `proportion_confint`.
package func rateInterval(
  _ method: RateMethod, successes: Int64, trials: Int64, confidence: Double
) throws(PlauditError) -> Interval {
  let critical = try RateCritical(confidence)
  return critical.interval(method, try ProportionCounts(successes: successes, trials: trials))
}

/// Row by row ``rateInterval(_:successes:trials:confidence:)`` into buffers of the caller.
///
/// Impossible rows are NaN with flags, as of ``wilsonIntervals``; with `refusing` the first of them
/// ends the call with its row number before anything is written.
///
/// - Throws: `invalidArgument` when the buffers differ in length; `outOfRange` for the confidence;
///   `cancelled`, `timeout`.
package func rateIntervals(
  _ method: RateMethod, successes: UnsafeBufferPointer<Int64>,
  trials: UnsafeBufferPointer<Int64>, confidence: Double,
  lower: UnsafeMutableBufferPointer<Double>, upper: UnsafeMutableBufferPointer<Double>,
  flags: UnsafeMutableBufferPointer<Int32>?, refusing: Bool, threads: Int = 1,
  control: RunControl = RunControl()
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
  let critical = try RateCritical(confidence)
  if refusing {
    for row in 0..<count {
      do throws(PlauditError) {
        _ = try ProportionCounts(successes: successes[row], trials: trials[row])
      } catch {
        throw error.at(index: Int64(row))
      }
    }
  }
  try RowBlocks.run(count, threads: threads, control: control) { _, rows in
    for row in rows {
      let impossible = rateImpossibility(successes: successes[row], trials: trials[row])
      var interval = Interval(lower: .nan, upper: .nan)
      if impossible.isEmpty {
        interval = critical.interval(
          method, ProportionCounts(checked: successes[row], of: trials[row]))
      }
      (lower[row], upper[row]) = (interval.lower, interval.upper)
      flags?[row] = impossible.rawValue
    }
  }
}

/// What the methods need to know of a confidence.
struct RateCritical: Sendable {
  let z: Double
  /// One of the two tails outside, `(1 - confidence) / 2`.
  let tail: Double

  init(_ confidence: Double) throws(PlauditError) {
    z = try Normal.criticalValue(confidence: confidence)
    tail = (1 - confidence) / 2
  }

  func interval(_ method: RateMethod, _ counts: ProportionCounts) -> Interval {
    interval(
      method, successes: Double(counts.successes), failures: Double(counts.failures),
      trials: Double(counts.trials))
  }

  /// Of counts that may be fractional: effective ones; neither is negative, and there are trials.
  func interval(
    _ method: RateMethod, successes x: Double, failures y: Double, trials n: Double
  ) -> Interval {
    switch method {
    case .wilson: return WilsonScore(successes: x, failures: y, trials: n, z: z).interval
    case .agrestiCoull:
      let more = z * z / 2
      let (hits, misses, size) = (x + more, y + more, n + z * z)
      let reach = z * sqrt(hits * misses / (size * size * size))
      return Interval(
        lower: max(0, hits / size - reach), upper: min(1, hits / size + reach))
    case .clopperPearson:
      let lower =
        y == 0
        ? exp(log(tail) / n)
        : x == 0 ? 0 : BetaDistribution.quantile(lower: tail, a: x, b: y + 1)
      let upper =
        x == 0
        ? -expm1(log(tail) / n)
        : y == 0 ? 1 : BetaDistribution.quantile(upper: tail, a: x + 1, b: y)
      return Interval(lower: lower, upper: upper)
    case .jeffreys:
      return Interval(
        lower: BetaDistribution.quantile(lower: tail, a: x + 0.5, b: y + 0.5),
        upper: BetaDistribution.quantile(upper: tail, a: x + 0.5, b: y + 0.5))
    case .wald:
      let reach = z * sqrt(x * y / (n * n * n))
      return Interval(lower: max(0, x / n - reach), upper: min(1, x / n + reach))
    }
  }
}
