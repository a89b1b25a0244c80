package import PlauditCore

/// What to do with rows that lack one of two numbers (NaN); raw values are `PLAUDIT_GAPS_…`.
package enum GapPolicy: Int32, CaseIterable, Sendable {
  /// They are left out.
  case omit = 0
  /// They are an error.
  case refuse = 1
}

/// How columns are correlated, and how intervals are made.
package struct CorrelationOptions: Sendable {
  package var confidence = 0.95
  package var gaps = GapPolicy.omit
  /// Of blocks; 0 for none.
  package var resamples = 0
  /// Rows that are drawn together; 0 for the cube root of their number, rounded up.
  package var blockLength = 0
  package var seed: UInt64 = 0

  package init() {}

  /// - Throws: `outOfRange`.
  func check() throws(PlauditError) {
    guard resamples >= 0, resamples <= Bootstrap.maximumResamples else {
      throw PlauditError(
        .outOfRange,
        "resamples must lie in 0...\(Bootstrap.maximumResamples), got \(resamples)")
    }
    guard blockLength >= 0, blockLength < ScoreOrder.maximumRows else {
      throw PlauditError(.outOfRange, "block_length must be 0 or more, got \(blockLength)")
    }
  }
}

/// Everything about two columns at once: three coefficients with p values and intervals, and two
/// lines.
package struct Correlation: Sendable {
  /// Rows that have both numbers.
  package let count: Int
  package let pearson: CorrelationCoefficient
  package let spearman: CorrelationCoefficient
  package let kendall: CorrelationCoefficient
  /// `y` by `x`.
  package let fit: LinearFit
  /// The rows of a block, 0 without resamples.
  package let blockLength: Int

  /// - Throws: `invalidArgument` for columns of different lengths; `notFinite` with the row for an
  ///   infinity, and for NaN where gaps are refused; `undefined` with fewer than two rows;
  ///   `outOfRange` for the options; `limit` for 2³² rows; `cancelled`, `timeout`.
  package init(
    _ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>,
    options: CorrelationOptions, threads: Int, control: RunControl
  ) throws(PlauditError) {
    let critical = try Normal.criticalValue(confidence: options.confidence)
    try options.check()
    let pairs = try SeriesPairs(x, y, lag: 0, options.gaps)
    guard pairs.complete.x.count >= 2 else {
      throw PlauditError(
        .undefined,
        "a correlation needs two rows with both numbers, there are \(pairs.complete.x.count)")
    }
    count = pairs.complete.x.count
    var coefficients: [CorrelationCoefficient] = []
    blockLength = options.resamples == 0 ? 0 : pairs.blockLength(options.blockLength)
    for method in CorrelationMethod.allCases {
      try control.check()
      var found = CorrelationCoefficient(
        method, pairs.complete.x, pairs.complete.y, z: critical)
      found.blockInterval = try pairs.blockInterval(
        method, options, stream: 0, threads: threads, control: control)
      coefficients.append(found)
    }
    (pearson, spearman, kendall) = (coefficients[0], coefficients[1], coefficients[2])
    fit = LinearFit(pairs.complete.x, pairs.complete.y)
  }
}

/// The correlation of two series at one distance in time.
package struct LaggedCorrelation: Sendable {
  /// `x` at `t` beside `y` at `t + lag`: above 0, `x` comes first.
  package let lag: Int
  /// Pairs that have both numbers.
  package let count: Int
  /// NaN with fewer than two pairs.
  package let coefficient: CorrelationCoefficient

  /// At `-reach...reach`, each of the overlap alone.
  ///
  /// - Throws: as ``Correlation``; `outOfRange` for a reach that leaves no pair.
  package static func all(
    _ method: CorrelationMethod, _ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>,
    reach: Int, options: CorrelationOptions, threads: Int, control: RunControl
  ) throws(PlauditError) -> [LaggedCorrelation] {
    let critical = try Normal.criticalValue(confidence: options.confidence)
    try options.check()
    guard reach >= 0, reach < max(1, x.count) else {
      throw PlauditError(
        .outOfRange, "max_lag must lie in 0..<\(max(1, x.count)), the number of rows, got \(reach)")
    }
    var found: [LaggedCorrelation] = []
    for lag in -reach...reach {
      try control.check()
      let pairs = try SeriesPairs(x, y, lag: lag, options.gaps)
      var coefficient = CorrelationCoefficient.none
      if pairs.complete.x.count >= 2 {
        coefficient = CorrelationCoefficient(
          method, pairs.complete.x, pairs.complete.y, z: critical)
        coefficient.blockInterval = try pairs.blockInterval(
          method, options, stream: UInt64(lag + reach), threads: threads, control: control)
      }
      found.append(
        LaggedCorrelation(lag: lag, count: pairs.complete.x.count, coefficient: coefficient))
    }
    return found
  }
}

/// Two series beside each other at a lag, with their gaps.
struct SeriesPairs {
  /// Of all times of the overlap; NaN on either side is a gap.
  private let x: [Double]
  private let y: [Double]
  /// Of the times that have both.
  let complete: (x: [Double], y: [Double])

  init(
    _ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>, lag: Int, _ gaps: GapPolicy
  ) throws(PlauditError) {
    guard x.count == y.count else {
      throw PlauditError(
        .invalidArgument, "columns differ in length: x (\(x.count)), y (\(y.count))")
    }
    guard x.count < ScoreOrder.maximumRows else {
      throw PlauditError(
        .limit, "\(x.count) rows are more than \(ScoreOrder.maximumRows - 1)")
    }
    for (column, name) in [(x, "x"), (y, "y")] {
      for (row, value) in column.enumerated()
      where !value.isFinite && (gaps == .refuse || !value.isNaN) {
        throw PlauditError(
          .notFinite, "\(name) (\(value.plain)) is not finite", index: Int64(row))
      }
    }
    let overlap = max(0, x.count - abs(lag))
    self.x = Array(x[max(0, -lag)..<(max(0, -lag) + overlap)])
    self.y = Array(y[max(0, lag)..<(max(0, lag) + overlap)])
    complete = SeriesPairs.complete(self.x, self.y)
  }

  private static func complete(_ x: [Double], _ y: [Double]) -> (x: [Double], y: [Double]) {
    var found: (x: [Double], y: [Double]) = ([], [])
    for (a, b) in zip(x, y) where !a.isNaN && !b.isNaN {
      found.x.append(a)
      found.y.append(b)
    }
    return found
  }

  func blockLength(_ wanted: Int) -> Int {
    if wanted > 0 { return min(wanted, max(1, x.count)) }
    var length = 1
    while length * length * length < x.count { length += 1 }
    return length
  }

  /// The percentiles of the coefficient in resamples of blocks, which keep neighbours together; the
  /// end of the series is followed by its beginning. NaN without resamples.
  ///
  /// - Source: Politis & Romano 1992, "A circular block-resampling procedure for stationary data".
  func blockInterval(
    _ method: CorrelationMethod, _ options: CorrelationOptions, stream: UInt64, threads: Int,
    control: RunControl
  ) throws(PlauditError) -> Interval {
    guard options.resamples > 0, !x.isEmpty else { return Interval(lower: .nan, upper: .nan) }
    let length = blockLength(options.blockLength)
    let values = try Resampling.run(options.resamples, threads: threads, control: control) {
      BlockRoom(x, y, method, length: length, seed: options.seed, stream: stream)
    }
    let defined = values.filter { !$0.isNaN }.sorted()
    let tail = (1 - options.confidence) / 2
    return Interval(
      lower: Quantile.linear(defined, tail), upper: Quantile.linear(defined, 1 - tail))
  }

  private final class BlockRoom: ResampleRoom {
    private let (x, y): ([Double], [Double])
    private let method: CorrelationMethod
    private let length: Int
    private let (seed, stream): (UInt64, UInt64)
    private var drawn: (x: [Double], y: [Double]) = ([], [])

    init(
      _ x: [Double], _ y: [Double], _ method: CorrelationMethod, length: Int, seed: UInt64,
      stream: UInt64
    ) {
      (self.x, self.y, self.method, self.length) = (x, y, method, length)
      (self.seed, self.stream) = (seed, stream)
    }

    func value(resample index: Int, control: RunControl) -> Double {
      var random = ResampleRandom(seed: seed, stream: stream << 32 | UInt64(index))
      drawn.x.removeAll(keepingCapacity: true)
      drawn.y.removeAll(keepingCapacity: true)
      var left = x.count
      while left > 0 {
        var place = Int(random.next(below: UInt32(truncatingIfNeeded: x.count)))
        for _ in 0..<min(length, left) {
          if !x[place].isNaN, !y[place].isNaN {
            drawn.x.append(x[place])
            drawn.y.append(y[place])
          }
          place = place + 1 == x.count ? 0 : place + 1
        }
        left -= min(length, left)
      }
      return drawn.x.count < 2 ? .nan : CorrelationCoefficient.value(method, drawn.x, drawn.y)
    }
  }
}
