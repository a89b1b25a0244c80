import PlauditCore

/// How sure a number is: an interval from resampled rows.
///
/// Resample `i` draws its rows from a stream of the seed that is its own, so that the same seed
/// gives the same bits at any number of threads. A number that does not exist in a resample (AUC
/// without one of the classes, a lift over a control of 0) leaves that resample out, and
/// `undefinedResamples` counts them.
package struct Bootstrap: Sendable {
  /// Raw values are `PLAUDIT_BOOTSTRAP_…`.
  package enum Method: Int32, CaseIterable, Sendable {
    case percentile = 0
    /// Bias-corrected and accelerated.
    case bca = 1
    /// The percentiles mirrored at the value: `2 value - upper`, `2 value - lower`.
    case basic = 2
  }

  package struct Options: Sendable {
    package var method = Method.percentile
    package var confidence = 0.95
    package var resamples = 1000
    package var seed: UInt64 = 0

    package init() {}
  }

  /// The number of the rows as they are.
  package let value: Double
  /// NaN when no resample has a value, and for BCa when the correction does not exist (all
  /// resamples on one side of the value).
  package let interval: Interval
  /// The standard deviation over resamples.
  package let standardError: Double
  /// BCa: the normal quantile of the share of resamples below the value, and the acceleration from
  /// leaving out one row at a time; NaN for the other methods.
  package let bias: Double
  package let acceleration: Double
  package let undefinedResamples: Int
  /// The number in each resample, in the order of streams.
  package let values: [Double]

  package static let maximumResamples = 10_000_000

  /// - Throws: `outOfRange` for the options; `limit` for 2³² rows; `cancelled`, `timeout`.
  /// - Source: Efron 1987, doi:10.1080/01621459.1987.10478410; limits as scipy 1.17.1
  ///   `stats.bootstrap`.
  init(
    of estimate: any BootstrapEstimate, options: Options, threads: Int, control: RunControl
  ) throws(PlauditError) {
    guard options.resamples >= 1, options.resamples <= Bootstrap.maximumResamples else {
      throw PlauditError(
        .outOfRange,
        "resamples must lie in 1...\(Bootstrap.maximumResamples), got \(options.resamples)")
    }
    guard options.confidence > 0, options.confidence < 1 else {
      throw PlauditError(
        .outOfRange,
        "confidence must lie strictly between 0 and 1, got \(options.confidence.plain)")
    }
    guard estimate.units < ScoreOrder.maximumRows else {
      throw PlauditError(
        .limit, "\(estimate.units) rows are more than \(ScoreOrder.maximumRows - 1)")
    }
    values = try Resampling.run(options.resamples, threads: threads, control: control) {
      estimate.makeRoom(seed: options.seed)
    }
    let defined = values.filter { !$0.isNaN }.sorted()
    undefinedResamples = values.count - defined.count
    let value = estimate.value
    self.value = value
    standardError = Bootstrap.deviation(defined)

    let tail = (1 - options.confidence) / 2
    let outer = Interval(
      lower: Quantile.linear(defined, tail), upper: Quantile.linear(defined, 1 - tail))
    guard options.method == .bca else {
      (bias, acceleration) = (.nan, .nan)
      interval =
        options.method == .percentile
        ? outer
        : Interval(lower: 2 * value - outer.upper, upper: 2 * value - outer.lower)
      return
    }
    let (below, upTo) = (defined.count { $0 < value }, defined.count { $0 <= value })
    let shift = Normal.quantile(Double(below + upTo) / (2 * Double(defined.count)))
    let jackknife = try estimate.acceleration(control)
    (bias, acceleration) = (shift, jackknife)
    func limit(_ tail: Double) -> Double {
      let reach = shift + Normal.quantile(tail)
      let place = Normal.cdf(shift + reach / (1 - jackknife * reach))
      return place.isNaN || shift.isInfinite ? .nan : Quantile.linear(defined, place)
    }
    interval = Interval(lower: limit(tail), upper: limit(1 - tail))
  }

  private static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return .nan }
    let count = Double(values.count)
    var (sum, squares) = (CompensatedSum(), CompensatedSum())
    for value in values { sum.add(value) }
    let mean = sum.value / count
    for value in values { squares.add((value - mean) * (value - mean)) }
    return (squares.value / (count - 1)).squareRoot()
  }
}

/// What a bootstrap puts an interval around.
protocol BootstrapEstimate: AnyObject {
  /// The largest number of units that one resample draws from.
  var units: Int { get }
  var value: Double { get }
  /// Something of its own for each task.
  func makeRoom(seed: UInt64) -> any ResampleRoom
  /// Efron's acceleration; NaN when leaving out a unit leaves no value.
  func acceleration(_ control: RunControl) throws(PlauditError) -> Double
}

/// The acceleration of one or several samples, from the values that are left when one unit of a
/// sample is left out.
///
/// `Σ (m-1)³ d³/m³ / (6 (Σ (m-1)² d²/m²)^{3/2})` with `d` the mean of the values of a sample of `m`
/// units less each of them; 0 when all are equal.
struct Acceleration {
  private var (squares, cubes) = (0.0, 0.0)

  /// Adds a sample, each value standing for `count` units.
  mutating func add(_ values: [(value: Double, count: Double)]) {
    var (sum, units) = (CompensatedSum(), 0.0)
    for (value, count) in values {
      sum.add(value * count)
      units += count
    }
    let mean = sum.value / units
    var (second, third) = (CompensatedSum(), CompensatedSum())
    for (value, count) in values {
      let gap = mean - value
      second.add(count * gap * gap)
      third.add(count * gap * gap * gap)
    }
    let share = (units - 1) / units
    squares += share * share * second.value
    cubes += share * share * share * third.value
  }

  var value: Double { squares == 0 ? 0 : cubes / (6 * squares * squares.squareRoot()) }
}
