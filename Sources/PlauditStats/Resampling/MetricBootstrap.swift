package import PlauditCore

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

extension Bootstrap {
  /// Of classes: `classes` bounds the indices. - Throws: see ``init(of:options:threads:control:)``,
  /// and what ``ClassificationReport`` throws.
  package init(
    _ metric: BootstrapMetric, truth: UnsafeBufferPointer<Int32>,
    predicted: UnsafeBufferPointer<Int32>, classes: Int, options: Options, threads: Int,
    control: RunControl
  ) throws(PlauditError) {
    _ = try ClassificationReport(truth: truth, predicted: predicted, classes: classes)
    let statistic = try LabelStatistic(
      metric, truth: truth, predicted: predicted, classes: classes)
    try self.init(
      of: MetricEstimate(statistic), options: options, threads: threads, control: control)
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
      try self.init(
        of: MetricEstimate(statistic), options: options, threads: threads, control: control)
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
      try self.init(
        of: MetricEstimate(statistic), options: options, threads: threads, control: control)
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
    try self.init(
      of: MetricEstimate(statistic), options: options, threads: threads, control: control)
  }

  fileprivate static func unfit(_ metric: BootstrapMetric, _ columns: String) -> PlauditError {
    PlauditError(.invalidArgument, "metric \(metric.rawValue) is not one of \(columns)")
  }
}

/// A metric, and the rows it is drawn from.
private final class MetricEstimate: BootstrapEstimate {
  private let statistic: any DrawnStatistic
  var units: Int { statistic.units }
  var value: Double { statistic.value }

  init(_ statistic: any DrawnStatistic) { self.statistic = statistic }

  private final class Room: ResampleRoom {
    let draw: any Draw
    let (units, seed): (Int, UInt64)
    var buffer = DrawBuffer()

    init(_ statistic: any DrawnStatistic, seed: UInt64) {
      draw = statistic.makeDraw()
      (units, self.seed) = (statistic.units, seed)
    }

    func value(resample index: Int, control: RunControl) -> Double {
      var random = ResampleRandom(seed: seed, stream: UInt64(index))
      draw.begin()
      buffer.draw(units, &random, control, into: [draw])
      return draw.end()
    }
  }

  func makeRoom(seed: UInt64) -> any ResampleRoom { Room(statistic, seed: seed) }

  func acceleration(_ control: RunControl) throws(PlauditError) -> Double {
    var acceleration = Acceleration()
    acceleration.add(try statistic.leaveOneOut(control))
    return acceleration.value
  }
}

/// Means of columns of terms, and a number made of them.
private final class SumStatistic: DrawnStatistic {
  private let columns: [[Double]]
  private let finish: ([Double]) -> Double
  let units: Int
  let value: Double

  init(_ columns: [[Double]], _ finish: @escaping ([Double]) -> Double) {
    self.columns = columns
    self.finish = finish
    units = columns.first?.count ?? 0
    value = finish(SumStatistic.means(columns))
  }

  private static func means(_ columns: [[Double]]) -> [Double] {
    columns.map { column in
      var sum = CompensatedSum()
      for term in column { sum.add(term) }
      return sum.value / Double(column.count)
    }
  }

  private final class Room: Draw {
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
      let count = Double(statistic.units)
      return statistic.finish(sums.map { $0 / count })
    }
  }

  func makeDraw() -> any Draw { Room(self) }

  func leaveOneOut(
    _ control: RunControl
  ) throws(PlauditError) -> [(value: Double, count: Double)] {
    let count = Double(units)
    let means = SumStatistic.means(columns)
    var values: [(value: Double, count: Double)] = []
    for row in 0..<units {
      if row % 65536 == 0 { try control.check() }
      values.append(
        (finish(columns.indices.map { (means[$0] * count - columns[$0][row]) / (count - 1) }), 1))
    }
    return values
  }
}

/// Metrics of labels, from how often each pair of a true and a predicted class is drawn.
private final class LabelStatistic: DrawnStatistic {
  private let classes: Int
  private let metric: (LabelTally) -> Double
  /// The pairs that occur, and which of them each row is.
  private var pairs: [(truth: Int, predicted: Int)] = []
  private var cells: [Int32] = []
  private let whole: LabelTally
  let value: Double
  var units: Int { cells.count }

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

  private final class Room: Draw {
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

  func makeDraw() -> any Draw { Room(self) }

  func leaveOneOut(
    _ control: RunControl
  ) throws(PlauditError) -> [(value: Double, count: Double)] {
    var counts = [Double](repeating: 0, count: pairs.count)
    for cell in cells { counts[Int(cell)] += 1 }
    var tally = whole
    var values: [(value: Double, count: Double)] = []
    for (cell, pair) in pairs.enumerated() {
      try control.check()
      tally.add(truth: pair.truth, predicted: pair.predicted, weight: -1)
      values.append((metric(tally), counts[cell]))
      tally.add(truth: pair.truth, predicted: pair.predicted, weight: 1)
    }
    return values
  }
}

/// AUC from how often each row is drawn: rows are sorted once.
private final class AUCStatistic: DrawnStatistic {
  /// By rising score: whether positive, and whether the score is that of the row before.
  private var isPositive: [Bool] = []
  private var continues: [Bool] = []
  /// The place of each row in that order.
  private var places: [UInt32]
  let value: Double
  var units: Int { places.count }

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

  private final class Room: Draw {
    let statistic: AUCStatistic
    var counts: [Int32]

    init(_ statistic: AUCStatistic) {
      self.statistic = statistic
      counts = Array(repeating: 0, count: statistic.units)
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

  func makeDraw() -> any Draw { Room(self) }

  func leaveOneOut(
    _ control: RunControl
  ) throws(PlauditError) -> [(value: Double, count: Double)] {
    try control.check()
    let positives = Double(isPositive.count { $0 })
    let negatives = Double(units) - positives
    let wins = value * positives * negatives
    var values: [(value: Double, count: Double)] = []
    var (negativesBefore, positivesBefore, start) = (0.0, 0.0, 0)
    while start < units {
      var end = start + 1
      while end < units, continues[end] { end += 1 }
      var (own, others) = (0.0, 0.0)
      for place in start..<end {
        if isPositive[place] { own += 1 } else { others += 1 }
      }
      let wonByOne = negativesBefore + others / 2
      let lostByOne = positives - positivesBefore - own / 2
      if own > 0 {
        values.append(((wins - wonByOne) / ((positives - 1) * negatives), own))
      }
      if others > 0 {
        values.append(((wins - lostByOne) / (positives * (negatives - 1)), others))
      }
      negativesBefore += others
      positivesBefore += own
      start = end
    }
    return values
  }
}
