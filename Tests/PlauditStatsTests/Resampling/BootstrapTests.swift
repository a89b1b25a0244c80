import PlauditCore
import PlauditStats
import Testing

struct BootstrapTests {
  // MARK: - By hand

  @Test func `rows that are all right leave no doubt`() throws {
    let found = try labels(.accuracy, [0, 1, 1], [0, 1, 1])
    #expect(found.value == 1 && found.interval == Interval(lower: 1, upper: 1))
    #expect(found.standardError == 0 && found.undefinedResamples == 0)
  }

  @Test func `without spread BCa has no correction`() throws {
    let found = try labels(.accuracy, [0, 1, 1], [0, 1, 1], method: .bca)
    // All resamples equal the value: half of them count as below.
    #expect(found.bias == 0 && found.acceleration == 0 && found.interval.lower == 1)
  }

  // MARK: - Reference

  @Test func `accuracy has the binomial standard error`() throws {
    let truth = [Int32](repeating: 0, count: 400)
    let predicted = (0..<400).map { Int32($0 % 4 == 0 ? 1 : 0) }
    let found = try labels(.accuracy, truth, predicted, resamples: 20_000)
    // √(0.25 · 0.75 / 400), to the noise of 20,000 resamples.
    #expect(abs(found.standardError / 0.02165063509 - 1) < 0.02)
    #expect(abs(found.interval.lower - 0.7075) < 0.004)
    #expect(abs(found.interval.upper - 0.7925) < 0.004)
  }

  // MARK: - Law

  @Test(arguments: BootstrapMetric.allCases, [Bootstrap.Method.percentile, .bca])
  func `threads do not change a bit`(_ metric: BootstrapMetric, _ method: Bootstrap.Method) throws {
    let one = try found(metric, method, threads: 1)
    let three = try found(metric, method, threads: 3)
    #expect(one.values.map(\.bitPattern) == three.values.map(\.bitPattern))
    #expect(one.interval == three.interval)
    #expect(one.interval.lower < one.value && one.value < one.interval.upper, "\(one.interval)")
    #expect(try found(metric, method, threads: 1, seed: 2).values != one.values)
  }

  @Test(arguments: BootstrapMetric.allCases)
  func `the value is the metric's own`(_ metric: BootstrapMetric) throws {
    let (truth, predicted, scores, numbers, guesses) = columns()
    let report = try withColumns(truth, predicted, [Int]?.none) { truth, predicted, _ in
      try ClassificationReport(truth: truth, predicted: predicted, classes: 2)
    }
    let judged = try withColumns(truth, scores, [Int]?.none) { truth, scores, _ in
      try ScoreReport(truth: truth, scores: scores, columns: 1)
    }
    let errors = try withColumns(numbers, guesses, [Int]?.none) { truth, predicted, _ in
      try RegressionReport(truth: truth, predicted: predicted)
    }
    let expected =
      switch metric {
      case .accuracy: report.accuracy
      case .balancedAccuracy: report.balancedAccuracy
      case .macroPrecision: report.macroPrecision
      case .macroRecall: report.macroRecall
      case .macroF1: report.macroF1
      case .weightedF1: report.weightedF1
      case .matthewsCorrelation: report.matthewsCorrelation
      case .kappa: report.kappa
      case .linearKappa: report.linearKappa
      case .quadraticKappa: report.quadraticKappa
      case .auc: judged.auc
      case .logLoss: judged.logLoss
      case .brier: judged.brier
      case .meanAbsoluteError: errors.meanAbsoluteError
      case .meanSquaredError: errors.meanSquaredError
      case .rootMeanSquaredError: errors.rootMeanSquaredError
      case .r2: errors.r2
      }
    #expect(abs(try found(metric, .percentile, threads: 1).value - expected) < 1e-14)
  }

  @Test(arguments: BootstrapMetric.allCases)
  func `the acceleration is that of leaving rows out one by one`(_ metric: BootstrapMetric) throws {
    let (truth, predicted, scores, numbers, guesses) = columns(rows: 40)
    func value(without row: Int) throws -> Double {
      func rest<T>(_ column: [T]) -> [T] { Array(column[..<row] + column[(row + 1)...]) }
      return try found(
        metric, .percentile, threads: 1, resamples: 1,
        (rest(truth), rest(predicted), rest(scores), rest(numbers), rest(guesses))
      ).value
    }
    let values = try (0..<40).map { try value(without: $0) }
    let mean = values.reduce(0, +) / 40
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let cubes = values.reduce(0) { $0 - ($1 - mean) * ($1 - mean) * ($1 - mean) }
    let expected = cubes / (6 * squares * squares.squareRoot())
    let bca = try found(
      metric, .bca, threads: 1, resamples: 50, (truth, predicted, scores, numbers, guesses))
    #expect(abs(bca.acceleration - expected) < 1e-8)
  }

  @Test func `resamples without one of the classes are left out`() throws {
    let found = try scores(.auc, [0, 1, 1, 1], [0.2, 0.1, 0.6, 0.9])
    #expect(found.undefinedResamples > 100)
    #expect(found.values.count { $0.isNaN } == found.undefinedResamples)
    #expect(found.interval.lower >= 0 && found.interval.upper <= 1)
  }

  // MARK: - Refusal

  @Test func `options and columns are checked`() {
    #expect(throws: PlauditError(.outOfRange, "resamples must lie in 1...10000000, got 0")) {
      try labels(.accuracy, [0], [0], resamples: 0)
    }
    let confidence = "confidence must lie strictly between 0 and 1, got 95"
    #expect(throws: PlauditError(.outOfRange, confidence)) {
      try labels(.accuracy, [0], [0], confidence: 95)
    }
    #expect(throws: PlauditError(.invalidArgument, "metric 30 is not one of classes")) {
      try labels(.auc, [0], [0])
    }
    #expect(throws: PlauditError(.invalidArgument, "metric 10 is not one of scores")) {
      try scores(.accuracy, [0], [0])
    }
    let logits = "scores are no probabilities: outside 0...1, or rows not adding up to 1"
    #expect(throws: PlauditError(.invalidData, logits)) { try scores(.logLoss, [0], [7]) }
    #expect(throws: PlauditError(.undefined, "accuracy is undefined without rows")) {
      try labels(.accuracy, [], [])
    }
  }

  @Test func `a request to stop ends the call`() {
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: PlauditError(.cancelled, "cancelled by the caller")) {
      try labels(.accuracy, [0], [0], control: RunControl(cancellation: cancellation))
    }
  }

  private typealias Columns = ([Int32], [Int32], [Double], [Double], [Double])

  private func columns(rows: Int = 120) -> Columns {
    var random = RandomSource(seed: 3)
    let truth = (0..<rows).map { Int32($0 % 2) }
    let predicted = truth.map { random.uniform() < 0.8 ? $0 : 1 - $0 }
    let scores = truth.map { ((Double($0) + 2 * random.uniform()) / 3 * 20).rounded() / 20 }
    let numbers = (0..<rows).map { _ in random.uniform() * 4 }
    return (truth, predicted, scores, numbers, numbers.map { $0 + random.uniform() - 0.5 })
  }

  private func found(
    _ metric: BootstrapMetric, _ method: Bootstrap.Method, threads: Int, seed: UInt64 = 1,
    resamples: Int = 300, _ given: Columns? = nil
  ) throws -> Bootstrap {
    let (truth, predicted, scores, numbers, guesses) = given ?? columns()
    var options = Bootstrap.Options()
    (options.method, options.seed, options.resamples) = (method, seed, resamples)
    let control = RunControl()
    switch metric.rawValue {
    case ..<30:
      return try withColumns(truth, predicted, [Int]?.none) { truth, predicted, _ in
        try Bootstrap(
          metric, truth: truth, predicted: predicted, classes: 2, options: options,
          threads: threads, control: control)
      }
    case ..<50:
      return try withColumns(truth, scores, [Int]?.none) { truth, scores, _ in
        try Bootstrap(
          metric, truth: truth, scores: scores, columns: 1, options: options, threads: threads,
          control: control)
      }
    default:
      return try withColumns(numbers, guesses, [Int]?.none) { truth, predicted, _ in
        try Bootstrap(
          metric, truth: truth, predicted: predicted, options: options, threads: threads,
          control: control)
      }
    }
  }

  @discardableResult
  private func labels(
    _ metric: BootstrapMetric, _ truth: [Int32], _ predicted: [Int32],
    method: Bootstrap.Method = .percentile, resamples: Int = 1000, confidence: Double = 0.95,
    control: RunControl = RunControl()
  ) throws -> Bootstrap {
    var options = Bootstrap.Options()
    (options.method, options.resamples, options.confidence) = (method, resamples, confidence)
    return try withColumns(truth, predicted, [Int]?.none) { truth, predicted, _ in
      try Bootstrap(
        metric, truth: truth, predicted: predicted, classes: 2, options: options, threads: 2,
        control: control)
    }
  }

  @discardableResult
  private func scores(
    _ metric: BootstrapMetric, _ truth: [Int32], _ scores: [Double]
  ) throws -> Bootstrap {
    try withColumns(truth, scores, [Int]?.none) { truth, scores, _ in
      try Bootstrap(
        metric, truth: truth, scores: scores, columns: 1, options: Bootstrap.Options(), threads: 2,
        control: RunControl())
    }
  }
}
