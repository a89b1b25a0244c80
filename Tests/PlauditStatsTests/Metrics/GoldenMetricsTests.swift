import Foundation
import PlauditCore
import PlauditStats
import Testing

/// Every number of the golden groups classification, regression and calibration, each within the
/// tolerance that its case states; with McNemar's case and the bootstrap's.
struct GoldenMetricsTests {
  @Test func `every golden number is met`() throws {
    let cases = try Reference.cases("stats_metrics_golden", Case.self)
    var compared = 0
    for given in cases {
      let found = try values(given)
      let expected = given.expected.flat("").filter { !$0.key.hasPrefix("sklearn_") }
      for (key, wanted) in expected {
        let got = try #require(found[key], "\(given.id) lacks \(key)")
        let room = given.tolerance.atol + given.tolerance.rtol * wanted.magnitude
        let isMet =
          got == wanted || (got.isNaN && wanted.isNaN) || (got - wanted).magnitude <= room
        #expect(isMet, "\(given.id) \(key): \(got) instead of \(wanted)")
        compared += 1
      }
    }
    #expect(cases.count == 17 && compared > 200, "\(compared) of \(cases.count)")
  }

  private func values(_ given: Case) throws -> [String: Double] {
    let input = given.input
    var found: [String: Double] = [:]
    func store(_ key: String, _ column: [Double]) {
      for (index, value) in column.enumerated() { found["\(key).\(index)"] = value }
    }
    switch given.id {
    case "seed003_f1_ensemble":
      found["f1"] = try fScore(
        precision: input.number("precision"), recall: input.number("recall"))
    case "binary_metrics", "binary_metrics_degenerate":
      let (y, p) = (input.labels("y"), input.numbers("p"))
      let report = try labels(y, p.map { $0 >= 0.5 ? 1 : 0 }, classes: 2, beta: 2)
      let judged = try scores(y, p, columns: 1)
      let errors = try withColumns(y.map(Double.init), p, [Int]?.none) { truth, predicted, _ in
        try RegressionReport(truth: truth, predicted: predicted)
      }
      let positive = report.0.perClass[1]
      found = [
        "confusion.tn": report.1[0], "confusion.fp": report.1[1], "confusion.fn": report.1[2],
        "confusion.tp": report.1[3], "accuracy": report.0.accuracy,
        "balanced_accuracy": report.0.balancedAccuracy, "precision": positive.precision,
        "recall": positive.recall, "f1": positive.f1, "f2": positive.fBeta,
        "mcc": report.0.matthewsCorrelation, "kappa": report.0.kappa,
        "jaccard": positive.jaccard, "auc": judged.auc,
        "auc_pr_average_precision": judged.averagePrecision,
        "partial_auc_fpr_0_3": judged.partialAUC, "gini": 2 * judged.auc - 1,
        "ks": judged.kolmogorovSmirnov, "log_loss": judged.logLoss, "brier": judged.brier,
        "brier_skill": judged.brierSkill, "rmse": errors.rootMeanSquaredError,
        "mae": errors.meanAbsoluteError,
      ]
    case "roc_curve", "pr_curve":
      let counts = try withColumns(input.labels("y"), input.numbers("p"), [Int]?.none) { y, p, _ in
        try ThresholdCounts(truth: y, scores: p)
      }
      let curve = given.id == "roc_curve" ? counts.rocCurve() : counts.precisionRecallCurve
      store(given.id == "roc_curve" ? "fpr" : "recall", curve.x)
      store(given.id == "roc_curve" ? "tpr" : "precision", curve.y)
      store("thresholds", curve.thresholds)
    case "auc_delong":
      let judged = try scores(input.labels("y"), input.numbers("p"), columns: 1)
      found = ["auc": judged.auc, "variance": judged.aucVariance]
      store("ci", [judged.aucInterval.lower, judged.aucInterval.upper])
    case "multiclass_metrics":
      let (report, confusion) = try labels(
        input.labels("y_true"), input.labels("y_pred"), classes: 3)
      let averages = [
        ("macro", report.macro), ("micro", report.micro), ("weighted", report.weighted),
      ]
      for (name, average) in averages {
        found["\(name).precision"] = average.precision
        found["\(name).recall"] = average.recall
        found["\(name).f1"] = average.f1
      }
      store("per_class.precision", report.perClass.map(\.precision))
      store("per_class.recall", report.perClass.map(\.recall))
      store("per_class.f1", report.perClass.map(\.f1))
      store("per_class.support", report.perClass.map { Double($0.support) })
      for row in 0..<3 { store("confusion.\(row)", Array(confusion[row * 3..<row * 3 + 3])) }
      found["accuracy"] = report.accuracy
      found["mcc"] = report.matthewsCorrelation
      found["kappa"] = report.kappa
      found["kappa_linear"] = report.linearKappa
      found["kappa_quadratic"] = report.quadraticKappa
    case "multiclass_auc_logloss_topk":
      let judged = try scores(input.labels("y_true"), input.numbers("proba"), columns: 3, topK: 2)
      found = [
        "auc_ovr_macro": judged.macroAUC, "auc_ovo_macro": judged.pairwiseAUC,
        "log_loss": judged.logLoss, "top2": judged.topKAccuracy,
      ]
    case "regression_metrics":
      let (y, p) = (input.numbers("y_true"), input.numbers("y_pred"))
      let errors = try withColumns(y, p, [Int]?.none) { truth, predicted, _ in
        try RegressionReport(truth: truth, predicted: predicted, quantile: 0.9)
      }
      found = [
        "rmse": errors.rootMeanSquaredError, "mse": errors.meanSquaredError,
        "mae": errors.meanAbsoluteError, "medae": errors.medianAbsoluteError,
        "mape": errors.meanAbsolutePercentageError, "r2": errors.r2,
        "explained_variance": errors.explainedVariance, "max_error": errors.maximumError,
        "msle": errors.meanSquaredLogError, "pinball_0_9": errors.pinballLoss,
        "d2_absolute": errors.d2Absolute,
      ]
    case "calibration_ece":
      let choices: [(String, Int, ReliabilityTable.Edges)] = [
        ("uniform", 5, .uniform), ("quantile", 5, .quantile), ("uniform10", 10, .uniform),
      ]
      for (name, bins, edges) in choices {
        let table = try table(input.labels("y"), input.numbers("p"), bins: bins, edges: edges)
        found["\(name).ece"] = table.expectedError
        found["\(name).mce"] = table.maximumError
        found["\(name).rmsce"] = table.rootMeanSquaredError
        let filled = table.bins.filter { $0.rows > 0 }
        store("curve_\(name).prob_true", filled.map(\.observed))
        store("curve_\(name).prob_pred", filled.map(\.predicted))
      }
    case "calibration_ece_left_closed":
      let table = try table(
        input.labels("y"), input.numbers("p"), bins: Int(input.number("bins")), closed: .left)
      found["ece"] = table.expectedError
    case "calibration_top_label_ece":
      let table = try table(
        input.labels("y_true"), input.numbers("proba"), columns: 3, bins: Int(input.number("bins")))
      found = [
        "ece": table.expectedError, "mce": table.maximumError, "rmsce": table.rootMeanSquaredError,
      ]
    case "calibration_isotonic":
      let fit = try fit(.isotonic, input.numbers("p"), columns: 1, input.labels("y"))
      let parameters = fit.calibration.plain.parameters
      let count = Int(parameters[0])
      store("x_thresholds", Array(parameters[1...count]))
      store("y_thresholds", Array(parameters[(count + 1)...]))
      let query = input.numbers("query")
      var out = query
      try query.withUnsafeBufferPointer { query in
        try out.withUnsafeMutableBufferPointer {
          try fit.calibration.apply(logits: query, probabilities: $0)
        }
      }
      store("predict", out)
    case "calibration_platt":
      let fit = try fit(.platt, input.numbers("f"), columns: 1, input.labels("y"))
      let parameters = fit.calibration.plain.parameters
      found = ["A": parameters[0], "B": parameters[1], "nll": fit.objective]
    case "calibration_temperature":
      let fit = try fit(.temperature, input.numbers("logits"), columns: 3, input.labels("y_true"))
      found = [
        "temperature": fit.calibration.plain.parameters[0], "nll_before": fit.lossBefore,
        "nll_after": fit.lossAfter,
      ]
    case "mcnemar":
      let table = input.numbers("table").map { Int64($0) }
      let test = try McNemarTest(onlyFirst: table[1], onlySecond: table[2])
      found = [
        "exact_p": test.exactPValue, "exact_stat": Double(min(test.onlyFirst, test.onlySecond)),
        "chi2": test.statistic, "chi2_p": test.chiSquarePValue,
      ]
      // The case was made with the correction, which statsmodels applies by default.
      if given.expected.flat("")["chi2"] != test.statistic {
        found["chi2"] = test.correctedStatistic
        found["chi2_p"] = test.correctedPValue
      }
    case "bootstrap_bca":
      let values = input.numbers("values")
      var options = Bootstrap.Options()
      options.resamples = 200_000
      let zeros = [Double](repeating: 0, count: values.count)
      for method in [Bootstrap.Method.percentile, .bca] {
        options.method = method
        let bootstrap = try withColumns(values, zeros, [Int]?.none) { truth, predicted, _ in
          // The mean of positive numbers is their mean distance from 0.
          try Bootstrap(
            .meanAbsoluteError, truth: truth, predicted: predicted, options: options, threads: 2,
            control: RunControl())
        }
        found["mean"] = bootstrap.value
        found["bootstrap_se"] = bootstrap.standardError
        if method == .bca { found["jackknife_acceleration"] = bootstrap.acceleration }
        store(
          method == .bca ? "bca" : "percentile",
          [bootstrap.interval.lower, bootstrap.interval.upper])
      }
    default: Issue.record("no golden test of \(given.id)")
    }
    return found
  }

  private func labels(
    _ truth: [Int32], _ predicted: [Int32], classes: Int, beta: Double = 1
  ) throws -> (ClassificationReport, [Double]) {
    var confusion = [Double](repeating: 0, count: classes * classes)
    let report = try withColumns(truth, predicted, [Int]?.none) { truth, predicted, _ in
      try confusion.withUnsafeMutableBufferPointer {
        try ClassificationReport(
          truth: truth, predicted: predicted, classes: classes, options: .init(beta: beta),
          weightedConfusion: $0)
      }
    }
    return (report, confusion)
  }

  private func scores(
    _ truth: [Int32], _ scores: [Double], columns: Int, topK: Int = 1
  ) throws -> ScoreReport {
    var options = ScoreReport.Options()
    (options.topK, options.falsePositiveLimit) = (topK, 0.3)
    return try withColumns(truth, scores, [Int]?.none) { truth, scores, _ in
      try ScoreReport(truth: truth, scores: scores, columns: columns, options: options)
    }
  }

  private func table(
    _ truth: [Int32], _ probabilities: [Double], columns: Int = 1, bins: Int,
    edges: ReliabilityTable.Edges = .uniform, closed: ReliabilityTable.Closed = .right
  ) throws -> ReliabilityTable {
    try withColumns(truth, probabilities, [Int]?.none) { truth, probabilities, _ in
      try ReliabilityTable(
        truth: truth, probabilities: probabilities, columns: columns, bins: bins, edges: edges,
        closed: closed)
    }
  }

  private func fit(
    _ method: Calibration.Method, _ logits: [Double], columns: Int, _ truth: [Int32]
  ) throws -> CalibrationFit {
    try withColumns(logits, truth, [Int]?.none) { logits, truth, _ in
      try Calibration.fit(method, logits: logits, columns: columns, truth: truth)
    }
  }

  private struct Case: Decodable {
    struct Tolerance: Decodable {
      let rtol: Double
      let atol: Double
    }
    let id: String
    let input: Value
    let expected: Value
    let tolerance: Tolerance
  }

  /// A JSON value whose leaves are numbers.
  private enum Value: Decodable {
    case number(Double)
    case list([Value])
    case object([String: Value])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let list = try? container.decode([Value].self) {
        self = .list(list)
      } else {
        self = .object(try container.decode([String: Value].self))
      }
    }

    /// Leaves by path, such as `macro.f1` or `fpr.3`.
    func flat(_ path: String) -> [String: Double] {
      switch self {
      case .number(let number): return [path: number]
      case .list(let list):
        return list.enumerated().reduce(into: [:]) { found, item in
          found.merge(item.element.flat(path.isEmpty ? "" : "\(path).\(item.offset)")) { $1 }
        }
      case .object(let members):
        return members.reduce(into: [:]) { found, item in
          found.merge(item.value.flat(path.isEmpty ? item.key : "\(path).\(item.key)")) { $1 }
        }
      }
    }

    private var leaves: [Double] {
      switch self {
      case .number(let number): [number]
      case .list(let list): list.flatMap(\.leaves)
      case .object: []
      }
    }

    func numbers(_ key: String) -> [Double] {
      guard case .object(let members) = self else { return [] }
      return members[key]?.leaves ?? []
    }

    func number(_ key: String) -> Double { numbers(key).first ?? .nan }

    func labels(_ key: String) -> [Int32] { numbers(key).map { Int32($0) } }
  }
}
