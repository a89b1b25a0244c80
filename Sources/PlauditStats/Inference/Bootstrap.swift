import Glibc
package import PlauditCore
import Synchronization

/// What a bootstrap can put an interval around; raw values are the `PLAUDIT_METRIC_…` numbers.
package enum BootstrapMetric: Int32, CaseIterable, Sendable {
  // Of true and predicted classes
  case accuracy = 10
  case balancedAccuracy = 11
  case macroPrecision = 12
  case macroRecall = 13
  case macroF1 = 14
  case weightedF1 = 15
  case matthewsCorrelation = 16
  case kappa = 17
  case linearKappa = 18
  case quadraticKappa = 19
  // Of true classes and scores
  case auc = 30
  case logLoss = 31
  case brier = 32
  // Of true and predicted numbers
  case meanAbsoluteError = 50
  case meanSquaredError = 51
  case rootMeanSquaredError = 52
  case r2 = 53

  package enum Columns: Sendable { case labels, scores, numbers }

  /// What the metric is computed of.
  package var columns: Columns {
    switch rawValue {
    case ..<30: .labels
    case ..<50: .scores
    default: .numbers
    }
  }
}

/// How sure a metric is: intervals from resampled rows.
///
/// Resample `i` draws its rows from stream `i` of the seed, so that the same seed gives the same
/// bits at any number of threads. A metric that does not exist in a resample (AUC without one of
/// the classes) leaves that resample out, and `undefinedResamples` counts them.
package struct Bootstrap: Sendable {
  package enum Method: Int32, Sendable {
    case percentile = 0
    /// Bias-corrected and accelerated.
    case bca = 1
  }

  package struct Options: Sendable {
    package var method = Method.percentile
    package var confidence = 0.95
    package var resamples = 1000
    package var seed: UInt64 = 0

    package init() {}
  }

  /// The metric of the rows as they are.
  package let value: Double
  /// NaN when no resample has a value, and for BCa when the correction does not exist (all
  /// resamples on one side of the value).
  package let interval: Interval
  /// The standard deviation over resamples.
  package let standardError: Double
  /// BCa: the normal quantile of the share of resamples below the value, and the acceleration from
  /// leaving out one row at a time; NaN for percentile.
  package let bias: Double
  package let acceleration: Double
  package let undefinedResamples: Int
  /// The metric of each resample, in the order of streams.
  package let values: [Double]

  package static let maximumResamples = 10_000_000

  /// Of classes: `classes` bounds the indices. - Throws: see ``init(_:options:threads:control:)``,
  /// and what ``ClassificationReport`` throws.
  package init(
    _ metric: BootstrapMetric, truth: UnsafeBufferPointer<Int32>,
    predicted: UnsafeBufferPointer<Int32>, classes: Int, options: Options, threads: Int,
    control: RunControl
  ) throws(PlauditError) {
    _ = try ClassificationReport(truth: truth, predicted: predicted, classes: classes)
    let statistic = try LabelStatistic(
      metric, truth: truth, predicted: predicted, classes: classes)
    try self.init(statistic, options: options, threads: threads, control: control)
  }

  /// Of scores: `[rows, columns]` as for ``ScoreReport``; AUC of at most two columns.
  package init(
    _ metric: BootstrapMetric, truth: UnsafeBufferPointer<Int32>,
    scores: UnsafeBufferPointer<Double>, columns: Int, options: Options, threads: Int,
    control: RunControl
  ) throws(PlauditError) {
    let table = try ScoreTable(truth: truth, scores: scores, columns: columns)
    switch metric {
    case .auc:
      guard columns <= 2 else {
        throw PlauditError(
          .unsupported, "the bootstrap of AUC takes scores of two classes, got \(columns) columns")
      }
      let statistic = AUCStatistic(table)
      try self.init(statistic, options: options, threads: threads, control: control)
    case .logLoss, .brier:
      guard table.areProbabilities else {
        throw PlauditError(
          .invalidData, "scores are no probabilities: outside 0...1, or rows not adding up to 1")
      }
      let half = columns < 3 ? 0.5 : 1
      let terms = (0..<table.rows).map {
        metric == .logLoss ? table.logLoss(row: $0) : half * table.squaredError(row: $0)
      }
      let statistic = SumStatistic([terms]) { $0[0] }
      try self.init(statistic, options: options, threads: threads, control: control)
    default: throw Bootstrap.unfit(metric, "scores")
    }
  }

  /// Of numbers.
  package init(
    _ metric: BootstrapMetric, truth: UnsafeBufferPointer<Double>,
    predicted: UnsafeBufferPointer<Double>, options: Options, threads: Int, control: RunControl
  ) throws(PlauditError) {
    _ = try RegressionReport(truth: truth, predicted: predicted)
    let rows = truth.count
    let squares = (0..<rows).map { (truth[$0] - predicted[$0]) * (truth[$0] - predicted[$0]) }
    let statistic: SumStatistic
    switch metric {
    case .meanAbsoluteError:
      statistic = SumStatistic([(0..<rows).map { (truth[$0] - predicted[$0]).magnitude }]) { $0[0] }
    case .meanSquaredError: statistic = SumStatistic([squares]) { $0[0] }
    case .rootMeanSquaredError:
      statistic = SumStatistic([squares]) { max($0[0], 0).squareRoot() }
    case .r2:
      // Around the mean of all rows, so that the variance of a resample cancels little.
      let centre = truth.reduce(0) { $0 + $1 / Double(rows) }
      let gaps = truth.map { $0 - centre }
      statistic = SumStatistic([squares, gaps, gaps.map { $0 * $0 }]) { mean in
        let variance = mean[2] - mean[1] * mean[1]
        // What is left of a constant resample is rounding.
        return variance > 1e-14 * mean[2] ? 1 - mean[0] / variance : .nan
      }
    default: throw Bootstrap.unfit(metric, "numbers")
    }
    try self.init(statistic, options: options, threads: threads, control: control)
  }

  fileprivate static func unfit(_ metric: BootstrapMetric, _ columns: String) -> PlauditError {
    PlauditError(.invalidArgument, "metric \(metric.rawValue) is not one of \(columns)")
  }

  /// - Throws: `outOfRange` for the options; `limit` for 2³² rows; `cancelled`, `timeout`.
  /// - Source: Efron 1987, doi:10.1080/01621459.1987.10478410; limits as scipy 1.17.1
  ///   `stats.bootstrap`.
  private init(
    _ statistic: any ResampledStatistic, options: Options, threads: Int, control: RunControl
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
    guard statistic.rows < ScoreOrder.maximumRows else {
      throw PlauditError(
        .limit, "\(statistic.rows) rows are more than \(ScoreOrder.maximumRows - 1)")
    }
    try control.check()
    let work = Resampling(statistic, options: options, control: control)
    WorkerPool.run(tasks: work.tasks, threads: threads, work)
    try control.check()
    control.report(.resampling, done: options.resamples, total: options.resamples, force: true)
    values = work.values()
    let defined = values.filter { !$0.isNaN }.sorted()
    undefinedResamples = values.count - defined.count
    value = statistic.value
    standardError = Bootstrap.deviation(defined)

    let tail = (1 - options.confidence) / 2
    guard options.method == .bca else {
      (bias, acceleration) = (.nan, .nan)
      interval = Interval(
        lower: Quantile.linear(defined, tail), upper: Quantile.linear(defined, 1 - tail))
      return
    }
    let below = defined.count { $0 < statistic.value }
    let upTo = defined.count { $0 <= statistic.value }
    let shift = Normal.quantile(Double(below + upTo) / (2 * Double(defined.count)))
    let jackknife = try statistic.jackknife(control)
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

// MARK: - Resampling

/// A metric that can be had quickly of drawn rows, and of all rows but one.
private protocol ResampledStatistic: AnyObject {
  var rows: Int { get }
  var value: Double { get }
  /// Something of its own for each task.
  func makeRoom() -> any ResampleRoom
  /// Efron's acceleration; NaN when leaving out a row leaves no value.
  func jackknife(_ control: RunControl) throws(PlauditError) -> Double
}

/// The state of one resample.
private protocol ResampleRoom: AnyObject {
  func begin()
  func add(_ rows: UnsafeBufferPointer<UInt32>)
  func end() -> Double
}

/// Sixteen resamples a task.
private final class Resampling: ParallelWork {
  let tasks: Int
  private let statistic: any ResampledStatistic
  private let seed: UInt64
  private let resamples: Int
  private let control: RunControl
  private let results: UnsafeMutableBufferPointer<Double>
  private let done = Atomic<Int>(0)

  private static let resamplesPerTask = 16
  private static let drawsAtOnce = 4096

  init(_ statistic: any ResampledStatistic, options: Bootstrap.Options, control: RunControl) {
    self.statistic = statistic
    self.control = control
    seed = options.seed
    resamples = options.resamples
    results = .allocate(capacity: resamples)
    results.initialize(repeating: .nan)
    tasks = (resamples + Self.resamplesPerTask - 1) / Self.resamplesPerTask
  }

  deinit { results.deallocate() }

  func values() -> [Double] { Array(results) }

  func perform(task: Int, worker: Int) {
    let room = statistic.makeRoom()
    let rows = statistic.rows
    var draws = [UInt32](repeating: 0, count: min(rows, Self.drawsAtOnce))
    let first = task * Self.resamplesPerTask
    for resample in first..<min(first + Self.resamplesPerTask, resamples) {
      var random = RandomSource(seed: seed, stream: UInt64(resample))
      room.begin()
      var left = rows
      while left > 0 {
        if control.shallStop { return }
        let count = min(left, draws.count)
        draws.withUnsafeMutableBufferPointer { draws in
          let now = UnsafeMutableBufferPointer(rebasing: draws[..<count])
          random.fill(now, below: UInt32(truncatingIfNeeded: rows))
          room.add(UnsafeBufferPointer(now))
        }
        left -= count
      }
      results[resample] = room.end()
      done.add(1, ordering: .relaxed)
    }
  }

  func tick() {
    control.report(.resampling, done: done.load(ordering: .relaxed), total: resamples)
  }
}

/// The acceleration from values that each stand for several equal leave-outs.
private struct Acceleration {
  private var (sum, count) = (CompensatedSum(), 0.0)
  private var values: [(value: Double, count: Double)] = []

  mutating func add(_ value: Double, count: Double = 1) {
    values.append((value, count))
    sum.add(value * count)
    self.count += count
  }

  /// `Σ d³ / (6 (Σ d²)^{3/2})` with `d` the mean less the value; 0 when all are equal.
  var value: Double {
    let mean = sum.value / count
    var (squares, cubes) = (CompensatedSum(), CompensatedSum())
    for (value, count) in values {
      let gap = mean - value
      squares.add(count * gap * gap)
      cubes.add(count * gap * gap * gap)
    }
    let spread = squares.value
    return spread == 0 ? 0 : cubes.value / (6 * spread * spread.squareRoot())
  }
}

/// Means of columns of terms, and a number made of them.
private final class SumStatistic: ResampledStatistic {
  private let columns: [[Double]]
  private let finish: ([Double]) -> Double
  let rows: Int
  let value: Double

  init(_ columns: [[Double]], _ finish: @escaping ([Double]) -> Double) {
    self.columns = columns
    self.finish = finish
    rows = columns.first?.count ?? 0
    value = finish(SumStatistic.means(columns))
  }

  private static func means(_ columns: [[Double]]) -> [Double] {
    columns.map { column in
      var sum = CompensatedSum()
      for term in column { sum.add(term) }
      return sum.value / Double(column.count)
    }
  }

  private final class Room: ResampleRoom {
    let statistic: SumStatistic
    var sums: [Double]

    init(_ statistic: SumStatistic) {
      self.statistic = statistic
      sums = statistic.columns.map { _ in 0 }
    }

    func begin() { for column in sums.indices { sums[column] = 0 } }

    func add(_ rows: UnsafeBufferPointer<UInt32>) {
      for column in sums.indices {
        sums[column] += statistic.columns[column].withUnsafeBufferPointer { terms in
          var sum = 0.0
          for row in rows { sum += terms[Int(row)] }
          return sum
        }
      }
    }

    func end() -> Double {
      let count = Double(statistic.rows)
      return statistic.finish(sums.map { $0 / count })
    }
  }

  func makeRoom() -> any ResampleRoom { Room(self) }

  func jackknife(_ control: RunControl) throws(PlauditError) -> Double {
    let count = Double(rows)
    let means = SumStatistic.means(columns)
    var acceleration = Acceleration()
    for row in 0..<rows {
      if row % 65536 == 0 { try control.check() }
      acceleration.add(
        finish(columns.indices.map { (means[$0] * count - columns[$0][row]) / (count - 1) }))
    }
    return acceleration.value
  }
}

/// Metrics of labels, from how often each pair of a true and a predicted class is drawn.
private final class LabelStatistic: ResampledStatistic {
  private let classes: Int
  private let metric: (LabelTally) -> Double
  /// The pairs that occur, and which of them each row is.
  private var pairs: [(truth: Int, predicted: Int)] = []
  private var cells: [Int32] = []
  private let whole: LabelTally
  let value: Double
  var rows: Int { cells.count }

  init(
    _ metric: BootstrapMetric, truth: UnsafeBufferPointer<Int32>,
    predicted: UnsafeBufferPointer<Int32>, classes: Int
  ) throws(PlauditError) {
    let chosen: (LabelTally) -> Double
    switch metric {
    case .accuracy: chosen = { $0.accuracy }
    case .balancedAccuracy: chosen = { $0.balancedAccuracy }
    case .macroPrecision: chosen = { $0.macroPrecision }
    case .macroRecall: chosen = { $0.macroRecall }
    case .macroF1: chosen = { $0.macroF1 }
    case .weightedF1: chosen = { $0.weightedF1 }
    case .matthewsCorrelation: chosen = { $0.matthewsCorrelation ?? 0 }
    case .kappa: chosen = { $0.kappa(.none) ?? .nan }
    case .linearKappa: chosen = { $0.kappa(.linear) ?? .nan }
    case .quadraticKappa: chosen = { $0.kappa(.quadratic) ?? .nan }
    default: throw Bootstrap.unfit(metric, "classes")
    }
    self.metric = chosen
    self.classes = classes
    var known: [Int: Int32] = [:]
    var tally = LabelTally(classes: classes)
    cells.reserveCapacity(truth.count)
    for row in 0..<truth.count {
      let (label, guess) = (Int(truth[row]), Int(predicted[row]))
      tally.add(truth: label, predicted: guess, weight: 1)
      let key = label * classes + guess
      if let cell = known[key] {
        cells.append(cell)
      } else {
        let cell = Int32(truncatingIfNeeded: pairs.count)
        known[key] = cell
        cells.append(cell)
        pairs.append((label, guess))
      }
    }
    whole = tally
    value = chosen(tally)
  }

  private final class Room: ResampleRoom {
    let statistic: LabelStatistic
    var counts: [Int32]
    var tally: LabelTally

    init(_ statistic: LabelStatistic) {
      self.statistic = statistic
      counts = Array(repeating: 0, count: statistic.pairs.count)
      tally = LabelTally(classes: statistic.classes)
    }

    func begin() { for cell in counts.indices { counts[cell] = 0 } }

    func add(_ rows: UnsafeBufferPointer<UInt32>) {
      statistic.cells.withUnsafeBufferPointer { cells in
        counts.withUnsafeMutableBufferPointer { counts in
          for row in rows { counts[Int(cells[Int(row)])] &+= 1 }
        }
      }
    }

    func end() -> Double {
      tally.reset()
      for (cell, pair) in statistic.pairs.enumerated() where counts[cell] > 0 {
        tally.add(truth: pair.truth, predicted: pair.predicted, weight: Double(counts[cell]))
      }
      return statistic.metric(tally)
    }
  }

  func makeRoom() -> any ResampleRoom { Room(self) }

  func jackknife(_ control: RunControl) throws(PlauditError) -> Double {
    var counts = [Double](repeating: 0, count: pairs.count)
    for cell in cells { counts[Int(cell)] += 1 }
    var tally = whole
    var acceleration = Acceleration()
    for (cell, pair) in pairs.enumerated() {
      try control.check()
      tally.add(truth: pair.truth, predicted: pair.predicted, weight: -1)
      acceleration.add(metric(tally), count: counts[cell])
      tally.add(truth: pair.truth, predicted: pair.predicted, weight: 1)
    }
    return acceleration.value
  }
}

/// AUC from how often each row is drawn: rows are sorted once.
private final class AUCStatistic: ResampledStatistic {
  /// By rising score: whether positive, and whether the score is that of the row before.
  private var isPositive: [Bool] = []
  private var continues: [Bool] = []
  /// The place of each row in that order.
  private var places: [UInt32]
  let value: Double
  var rows: Int { places.count }

  init(_ table: ScoreTable) {
    let column = table.columns - 1
    let values = (0..<table.rows).map { table.scores[$0 * table.columns + column] }
    places = Array(repeating: 0, count: values.count)
    var last = Double.nan
    for entry in values.withUnsafeBufferPointer(ScoreOrder.ascending) {
      let row = Int(entry)
      places[row] = UInt32(truncatingIfNeeded: isPositive.count)
      isPositive.append(table.truth[row] == 1)
      continues.append(values[row] == last)
      last = values[row]
    }
    value = table.counts(column: column, positive: 1).auc
  }

  private final class Room: ResampleRoom {
    let statistic: AUCStatistic
    var counts: [Int32]

    init(_ statistic: AUCStatistic) {
      self.statistic = statistic
      counts = Array(repeating: 0, count: statistic.rows)
    }

    func begin() { for place in counts.indices { counts[place] = 0 } }

    func add(_ rows: UnsafeBufferPointer<UInt32>) {
      statistic.places.withUnsafeBufferPointer { places in
        counts.withUnsafeMutableBufferPointer { counts in
          for row in rows { counts[Int(places[Int(row)])] &+= 1 }
        }
      }
    }

    func end() -> Double {
      // Wins of positives over the negatives before them, doubled; of a tie group, one half.
      var (negatives, positives, wins) = (0.0, 0.0, 0.0)
      var (groupNegatives, groupPositives) = (0.0, 0.0)
      for place in counts.indices {
        if !statistic.continues[place] {
          wins += groupPositives * (2 * negatives + groupNegatives)
          negatives += groupNegatives
          positives += groupPositives
          (groupNegatives, groupPositives) = (0, 0)
        }
        if statistic.isPositive[place] {
          groupPositives += Double(counts[place])
        } else {
          groupNegatives += Double(counts[place])
        }
      }
      wins += groupPositives * (2 * negatives + groupNegatives)
      negatives += groupNegatives
      positives += groupPositives
      return negatives > 0 && positives > 0 ? wins / 2 / (negatives * positives) : .nan
    }
  }

  func makeRoom() -> any ResampleRoom { Room(self) }

  func jackknife(_ control: RunControl) throws(PlauditError) -> Double {
    try control.check()
    let positives = Double(isPositive.count { $0 })
    let negatives = Double(rows) - positives
    let wins = value * positives * negatives
    var acceleration = Acceleration()
    var (negativesBefore, positivesBefore, start) = (0.0, 0.0, 0)
    while start < rows {
      var end = start + 1
      while end < rows, continues[end] { end += 1 }
      var (own, others) = (0.0, 0.0)
      for place in start..<end {
        if isPositive[place] { own += 1 } else { others += 1 }
      }
      let wonByOne = negativesBefore + others / 2
      let lostByOne = positives - positivesBefore - own / 2
      if own > 0 {
        acceleration.add((wins - wonByOne) / ((positives - 1) * negatives), count: own)
      }
      if others > 0 {
        acceleration.add((wins - lostByOne) / (positives * (negatives - 1)), count: others)
      }
      negativesBefore += others
      positivesBefore += own
      start = end
    }
    return acceleration.value
  }
}
