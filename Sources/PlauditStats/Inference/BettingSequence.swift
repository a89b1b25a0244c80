import Glibc
package import PlauditCore

/// A confidence sequence for the mean of bounded values that asks for nothing but the bounds: the
/// wealth of bets against each candidate mean.
///
/// The hedged capital of Waudby-Smith and Ramdas with predictable-plug-in empirical Bernstein bets,
/// over a grid of candidates; limits are one step of the grid outside the last candidate that is not
/// refuted. Valid at every row at once.
///
/// - Source: Waudby-Smith and Ramdas 2024, doi:10.1093/jrsssb/qkad009, section 4.2; defaults of
///   confseq 0.0.11 `betting_cs`.
package enum BettingSequence {
  package static let maximumSteps = 100_000

  /// Limits after each row into `lower` and `upper`, in the units of the values.
  ///
  /// - Parameters:
  ///   - bounds: what the values cannot leave; rates have 0 and 1.
  ///   - steps: of the grid between the bounds; the work is rows times steps.
  /// - Throws: `outOfRange` for options, and with the row for a value outside the bounds; those of
  ///   `control`.
  package static func evaluate(
    _ values: UnsafeBufferPointer<Double>, bounds: Interval, alpha: Double, steps: Int,
    control: RunControl, lower: UnsafeMutableBufferPointer<Double>,
    upper: UnsafeMutableBufferPointer<Double>
  ) throws(PlauditError) {
    guard alpha > 0, alpha < 1 else {
      throw PlauditError(
        .outOfRange, "alpha must lie strictly between 0 and 1, got \(alpha.plain)")
    }
    let width = bounds.upper - bounds.lower
    guard width > 0, width.isFinite else {
      throw PlauditError(
        .outOfRange,
        "bounds must be finite and rise, got \(bounds.lower.plain) and \(bounds.upper.plain)")
    }
    guard steps >= 2, steps <= maximumSteps else {
      throw PlauditError(.outOfRange, "steps is \(steps), allowed are 2 to \(maximumSteps)")
    }
    guard lower.count == values.count, upper.count == values.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: values (\(values.count)), lower (\(lower.count)), "
          + "upper (\(upper.count))")
    }
    var wealth = Wealth(steps: steps, alpha: alpha)
    for row in 0..<values.count {
      if row % 1024 == 0 { try control.check() }
      let value = values[row]
      guard value >= bounds.lower, value <= bounds.upper else {
        throw PlauditError(
          .outOfRange,
          "value (\(value.plain)) lies outside \(bounds.lower.plain)...\(bounds.upper.plain)",
          index: Int64(row))
      }
      let limits = wealth.bet(on: (value - bounds.lower) / width)
      lower[row] = bounds.lower + width * limits.lower
      upper[row] = bounds.lower + width * limits.upper
    }
  }
}

/// What bets against each candidate mean have earned.
private struct Wealth {
  private let steps: Int
  private let limit: Double
  private let stake: Double
  /// Of bets that the mean is above, and below, the candidate.
  private var above: [Double]
  private var below: [Double]
  private var rows = 0.0
  private var (sum, squares) = (0.5, 0.25)

  init(steps: Int, alpha: Double) {
    self.steps = steps
    // Half of the capital on either side.
    limit = 2 / alpha
    stake = 2 * log(2 / alpha)
    above = Array(repeating: 1, count: steps + 1)
    below = above
  }

  mutating func bet(on x: Double) -> Interval {
    rows += 1
    // The variance before this row, over as many rows and one made-up observation.
    let bet = sqrt(stake / (rows * log1p(rows) * (squares / rows)))
    let steps = self.steps
    let unit = 1 / Double(steps)
    above.withUnsafeMutableBufferPointer { above in
      below.withUnsafeMutableBufferPointer { below in
        for step in 0...steps {
          let mean = Double(step) * unit
          above[step] *= 1 + min(bet, 0.5 / mean) * (x - mean)
          below[step] *= 1 - min(bet, 0.5 / (1 - mean)) * (x - mean)
        }
      }
    }
    sum += x
    let mean = min(1, sum / (rows + 1))
    squares += (x - mean) * (x - mean)

    var (first, last) = (0, steps)
    while first <= steps, !holds(first) { first += 1 }
    if first > steps { return Interval(lower: 0, upper: 1) }
    while last > first, !holds(last) { last -= 1 }
    return Interval(
      lower: max(0, Double(first - 1) * unit), upper: min(1, Double(last + 1) * unit))
  }

  private func holds(_ step: Int) -> Bool { max(above[step], below[step]) <= limit }
}
