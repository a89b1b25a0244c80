public import CPlaudit
import PlauditCore
import PlauditStats

// The part of plaudit.h's stats section that judges models: metrics, calibration, bootstrap, splits.

/// An optional column of the host's, in the middle of a call.
private func optionalColumn<T>(
  _ pointer: UnsafePointer<T>?, _ count: Int
) -> UnsafeBufferPointer<T>? {
  pointer.map { UnsafeBufferPointer(start: $0, count: count) }
}

/// A classifier's scores of two classes, beside the truth, in order of their thresholds.
private func thresholds(
  _ truth: UnsafePointer<Int32>?, _ scores: UnsafePointer<Double>?,
  _ weights: UnsafePointer<Double>?, _ count: Int64
) throws(PlauditError) -> ThresholdCounts {
  let rows = try counted(count, "count")
  return try ThresholdCounts(
    truth: try array(truth, rows, "truth"), scores: try array(scores, rows, "scores"),
    weights: optionalColumn(weights, rows))
}

/// Rows of a table; a product beyond what memory holds is refused.
func cells(_ rows: Int, _ columns: Int) throws(PlauditError) -> Int {
  let (cells, overflow) = rows.multipliedReportingOverflow(by: columns)
  guard !overflow, cells <= 1 << 44 else {
    throw PlauditError(.invalidArgument, "\(rows) rows of \(columns) are more than memory holds")
  }
  return cells
}

/// Columns of a table: at least one, as many as classes may be.
private func columned(_ count: Int64) throws(PlauditError) -> Int {
  try counted(count, "column_count", in: 1...ClassificationReport.maximumClasses)
}

private func classed(_ count: Int64) throws(PlauditError) -> Int {
  try counted(count, "class_count", in: 0...ClassificationReport.maximumClasses)
}

private func counted(
  _ count: Int64, _ parameter: StaticString, in range: ClosedRange<Int>
) throws(PlauditError) -> Int {
  let counted = try PlauditABI.counted(count, parameter)
  guard range.contains(counted) else {
    throw PlauditError(
      .outOfRange,
      "\(parameter) is \(counted), allowed are \(range.lowerBound) to \(range.upperBound)")
  }
  return counted
}

extension plaudit_interval {
  fileprivate init(_ interval: Interval) {
    self.init(lower: interval.lower, upper: interval.upper)
  }
}

// MARK: Labels

@implementation @_cdecl("plaudit_stats_f_score")
public func plaudit_stats_f_score(
  _ precision: Double, _ recall: Double, _ beta: Double,
  _ out_value: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_value?.pointee = 0
  return call(error) {
    try required(out_value, "out_value").pointee = fScore(
      precision: precision, recall: recall, beta: beta)
  }
}

extension plaudit_label_scores {
  fileprivate init(_ average: ClassificationReport.Average, support: Double) {
    self.init(
      precision: average.precision, recall: average.recall, f1: average.f1, f_beta: average.fBeta,
      jaccard: average.jaccard, support: support)
  }

  fileprivate init(_ score: ClassificationReport.ClassScore) {
    self.init(
      precision: score.precision, recall: score.recall, f1: score.f1, f_beta: score.fBeta,
      jaccard: score.jaccard, support: score.weight)
  }
}

@implementation @_cdecl("plaudit_stats_label_metrics")
public func plaudit_stats_label_metrics(
  _ truth: UnsafePointer<Int32>?, _ predicted: UnsafePointer<Int32>?, _ count: Int64,
  _ class_count: Int64, _ options: UnsafePointer<plaudit_label_options>?,
  _ out_metrics: UnsafeMutablePointer<plaudit_label_metrics>?,
  _ out_classes: UnsafeMutablePointer<plaudit_label_scores>?,
  _ out_confusion: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_metrics, "out_metrics")
    let given = try PlauditABI.options(options, zero: plaudit_label_options(), "options")
    let rows = try counted(count, "count")
    let classes = try classed(class_count)
    let zeroDivision = try choice(
      given.zero_division, "zero_division", of: ZeroDivision.self, upTo: 2)
    let report = try ClassificationReport(
      truth: try array(truth, rows, "truth"), predicted: try array(predicted, rows, "predicted"),
      classes: classes, weights: optionalColumn(given.weights, rows),
      options: ClassificationReport.Options(
        beta: given.beta == 0 ? 1 : given.beta, zeroDivision: zeroDivision),
      weightedConfusion: optionalArray(out_confusion, classes * classes))
    var total = 0.0
    for score in report.perClass { total += score.weight }
    var flags: MetricFlags = []
    if report.matthewsIsUndefined { flags.insert(.constantLabels) }
    if report.kappa.isNaN { flags.insert(.noKappa) }
    if report.undefinedClasses > 0 { flags.insert(.zeroDivision) }
    slot.pointee = plaudit_label_metrics(
      struct_size: slot.pointee.struct_size, accuracy: report.accuracy,
      balanced_accuracy: report.balancedAccuracy, matthews: report.matthewsCorrelation,
      kappa: report.kappa, linear_kappa: report.linearKappa,
      quadratic_kappa: report.quadraticKappa,
      micro: plaudit_label_scores(report.micro, support: total),
      macro: plaudit_label_scores(report.macro, support: total),
      weighted: plaudit_label_scores(report.weighted, support: total),
      undefined_classes: Int64(report.undefinedClasses), flags: flags.rawValue, reserved: 0)
    if let out_classes {
      for (index, score) in report.perClass.enumerated() {
        out_classes[index] = plaudit_label_scores(score)
      }
    }
  }
}

// MARK: Scores

@implementation @_cdecl("plaudit_stats_score_metrics")
public func plaudit_stats_score_metrics(
  _ truth: UnsafePointer<Int32>?, _ scores: UnsafePointer<Double>?, _ count: Int64,
  _ column_count: Int64, _ options: UnsafePointer<plaudit_score_options>?,
  _ out_metrics: UnsafeMutablePointer<plaudit_score_metrics>?,
  _ out_class_auc: UnsafeMutablePointer<Double>?,
  _ out_class_average_precision: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_metrics, "out_metrics")
    let given = try PlauditABI.options(options, zero: plaudit_score_options(), "options")
    let rows = try counted(count, "count")
    let columns = try columned(column_count)
    var wanted = ScoreReport.Options()
    if given.false_positive_limit != 0 { wanted.falsePositiveLimit = given.false_positive_limit }
    if given.confidence != 0 { wanted.confidence = given.confidence }
    if given.top_k != 0 { wanted.topK = try counted(given.top_k, "options", field: "top_k") }
    let report = try ScoreReport(
      truth: try array(truth, rows, "truth"),
      scores: try array(scores, try cells(rows, columns), "scores"), columns: columns,
      weights: optionalColumn(given.weights, rows), options: wanted)
    slot.pointee = plaudit_score_metrics(
      struct_size: slot.pointee.struct_size, auc: report.auc, partial_auc: report.partialAUC,
      auc_variance: report.aucVariance, auc_interval: plaudit_interval(report.aucInterval),
      average_precision: report.averagePrecision, kolmogorov_smirnov: report.kolmogorovSmirnov,
      macro_auc: report.macroAUC, weighted_auc: report.weightedAUC,
      pairwise_auc: report.pairwiseAUC, macro_average_precision: report.macroAveragePrecision,
      weighted_average_precision: report.weightedAveragePrecision, log_loss: report.logLoss,
      brier: report.brier, brier_skill: report.brierSkill, top_k_accuracy: report.topKAccuracy,
      flags: report.flags.rawValue, reserved: 0)
    for column in 0..<columns {
      out_class_auc?[column] = report.classAUC[column]
      out_class_average_precision?[column] = report.classAveragePrecision[column]
    }
  }
}

/// Writes the three columns of a curve that fits.
private func write(
  _ columns: [(values: [Double], out: UnsafeMutablePointer<Double>?, name: StaticString)],
  capacity: Int64, _ out_count: UnsafeMutablePointer<Int64>?
) throws(PlauditError) {
  let slot = try required(out_count, "out_count")
  for (values, out, name) in columns {
    let room = try buffer(out, capacity: capacity, needed: values.count, name)
    for (index, value) in values.enumerated() { room[index] = value }
    slot.pointee = Int64(values.count)
  }
}

@implementation @_cdecl("plaudit_stats_roc_curve")
public func plaudit_stats_roc_curve(
  _ truth: UnsafePointer<Int32>?, _ scores: UnsafePointer<Double>?,
  _ weights: UnsafePointer<Double>?, _ count: Int64, _ drop: Int32,
  _ out_false_positive_rate: UnsafeMutablePointer<Double>?,
  _ out_true_positive_rate: UnsafeMutablePointer<Double>?,
  _ out_thresholds: UnsafeMutablePointer<Double>?, _ capacity: Int64,
  _ out_count: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_count?.pointee = 0
  return call(error) {
    let curve = try thresholds(truth, scores, weights, count).rocCurve(
      dropping: try flag(drop, "drop"))
    try write(
      [
        (curve.x, out_false_positive_rate, "out_false_positive_rate"),
        (curve.y, out_true_positive_rate, "out_true_positive_rate"),
        (curve.thresholds, out_thresholds, "out_thresholds"),
      ], capacity: capacity, out_count)
  }
}

@implementation @_cdecl("plaudit_stats_precision_recall_curve")
public func plaudit_stats_precision_recall_curve(
  _ truth: UnsafePointer<Int32>?, _ scores: UnsafePointer<Double>?,
  _ weights: UnsafePointer<Double>?, _ count: Int64,
  _ out_precision: UnsafeMutablePointer<Double>?, _ out_recall: UnsafeMutablePointer<Double>?,
  _ out_thresholds: UnsafeMutablePointer<Double>?, _ capacity: Int64,
  _ out_count: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_count?.pointee = 0
  return call(error) {
    let curve = try thresholds(truth, scores, weights, count).precisionRecallCurve
    try write(
      [
        (curve.y, out_precision, "out_precision"), (curve.x, out_recall, "out_recall"),
        (curve.thresholds + [.infinity], out_thresholds, "out_thresholds"),
      ], capacity: capacity, out_count)
  }
}

// MARK: Numbers

@implementation @_cdecl("plaudit_stats_regression")
public func plaudit_stats_regression(
  _ truth: UnsafePointer<Double>?, _ predicted: UnsafePointer<Double>?, _ count: Int64,
  _ options: UnsafePointer<plaudit_regression_options>?,
  _ out_metrics: UnsafeMutablePointer<plaudit_regression_metrics>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_metrics, "out_metrics")
    let given = try PlauditABI.options(options, zero: plaudit_regression_options(), "options")
    let rows = try counted(count, "count")
    let report = try RegressionReport(
      truth: try array(truth, rows, "truth"), predicted: try array(predicted, rows, "predicted"),
      weights: optionalColumn(given.weights, rows),
      quantile: given.quantile == 0 ? 0.5 : given.quantile)
    slot.pointee = plaudit_regression_metrics(
      struct_size: slot.pointee.struct_size, mean_absolute_error: report.meanAbsoluteError,
      mean_squared_error: report.meanSquaredError,
      root_mean_squared_error: report.rootMeanSquaredError,
      median_absolute_error: report.medianAbsoluteError, max_error: report.maximumError,
      mean_absolute_percentage_error: report.meanAbsolutePercentageError,
      mean_squared_log_error: report.meanSquaredLogError, r2: report.r2,
      explained_variance: report.explainedVariance, pinball_loss: report.pinballLoss,
      d2_absolute: report.d2Absolute, d2_pinball: report.d2Pinball, flags: report.flags.rawValue,
      reserved: 0)
  }
}

// MARK: Calibration

@implementation @_cdecl("plaudit_stats_reliability")
public func plaudit_stats_reliability(
  _ truth: UnsafePointer<Int32>?, _ probabilities: UnsafePointer<Double>?, _ count: Int64,
  _ column_count: Int64, _ options: UnsafePointer<plaudit_reliability_options>?,
  _ out_reliability: UnsafeMutablePointer<plaudit_reliability>?,
  _ out_bins: UnsafeMutablePointer<plaudit_reliability_bin>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_reliability, "out_reliability")
    let given = try PlauditABI.options(options, zero: plaudit_reliability_options(), "options")
    let rows = try counted(count, "count")
    let columns = try columned(column_count)
    let bins = try counted(given.bin_count, "options", field: "bin_count")
    let edges = try choice(given.bins, "bins", of: ReliabilityTable.Edges.self, upTo: 1)
    let closed = try choice(given.closed, "closed", of: ReliabilityTable.Closed.self, upTo: 1)
    let table = try ReliabilityTable(
      truth: try array(truth, rows, "truth"),
      probabilities: try array(probabilities, try cells(rows, columns), "probabilities"),
      columns: columns, bins: bins == 0 ? 10 : bins, edges: edges, closed: closed)
    slot.pointee = plaudit_reliability(
      struct_size: slot.pointee.struct_size, expected_error: table.expectedError,
      maximum_error: table.maximumError, root_mean_squared_error: table.rootMeanSquaredError)
    if let out_bins {
      for (index, bin) in table.bins.enumerated() {
        out_bins[index] = plaudit_reliability_bin(
          lower: bin.lower, upper: bin.upper, predicted: bin.predicted, observed: bin.observed,
          count: bin.rows)
      }
    }
  }
}

func calibrationMethod(_ number: Int32) throws(PlauditError) -> Calibration.Method {
  switch number {
  case Int32(PLAUDIT_CALIBRATION_TEMPERATURE): return .temperature
  case Int32(PLAUDIT_CALIBRATION_PLATT): return .platt
  case Int32(PLAUDIT_CALIBRATION_ISOTONIC): return .isotonic
  default: throw PlauditError(.outOfRange, "method is \(number), known are 10, 20, 30")
  }
}

@implementation @_cdecl("plaudit_stats_calibration_fit")
public func plaudit_stats_calibration_fit(
  _ method: Int32, _ logits: UnsafePointer<Double>?, _ count: Int64, _ column_count: Int64,
  _ truth: UnsafePointer<Int32>?, _ out_parameters: UnsafeMutablePointer<Double>?,
  _ capacity: Int64, _ out_count: UnsafeMutablePointer<Int64>?,
  _ out_report: UnsafeMutablePointer<plaudit_calibration_report>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_count?.pointee = 0
  return call(error) {
    let report = out_report == nil ? nil : try output(out_report, "out_report")
    let rows = try counted(count, "count")
    let columns = try columned(column_count)
    let fit = try Calibration.fit(
      try calibrationMethod(method),
      logits: try array(logits, try cells(rows, columns), "logits"), columns: columns,
      truth: try array(truth, rows, "truth"))
    try write(
      [(fit.calibration.plain.parameters, out_parameters, "out_parameters")], capacity: capacity,
      out_count)
    if let report {
      report.pointee = plaudit_calibration_report(
        struct_size: report.pointee.struct_size, loss_before: fit.lossBefore,
        loss_after: fit.lossAfter, objective: fit.objective, at_bound: fit.isAtBound ? 1 : 0,
        reserved: 0)
    }
  }
}

@implementation @_cdecl("plaudit_stats_calibration_apply")
public func plaudit_stats_calibration_apply(
  _ method: Int32, _ parameters: UnsafePointer<Double>?, _ parameter_count: Int64,
  _ logits: UnsafePointer<Double>?, _ count: Int64, _ column_count: Int64,
  _ out_probabilities: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let numbers = try counted(parameter_count, "parameter_count")
    let columns = try columned(column_count)
    let cells = try cells(try counted(count, "count"), columns)
    let calibration = try Calibration(
      Calibration.Plain(
        method: try calibrationMethod(method).rawValue, columns: columns,
        parameters: Array(try array(parameters, numbers, "parameters"))))
    try calibration.apply(
      logits: try array(logits, cells, "logits"),
      probabilities: try array(out_probabilities, cells, "out_probabilities"))
  }
}

// MARK: How sure

@implementation @_cdecl("plaudit_stats_bootstrap")
public func plaudit_stats_bootstrap(
  _ metric: Int32, _ data: UnsafePointer<plaudit_bootstrap_data>?,
  _ options: UnsafePointer<plaudit_bootstrap_options>?, _ run: UnsafePointer<plaudit_run_options>?,
  _ out_result: UnsafeMutablePointer<plaudit_bootstrap_result>?,
  _ out_values: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_result, "out_result")
    guard let metric = BootstrapMetric(rawValue: metric) else {
      let known = BootstrapMetric.allCases.map { String($0.rawValue) }.joined(separator: ", ")
      throw PlauditError(.outOfRange, "metric is \(metric), known are \(known)")
    }
    let columns = try PlauditABI.options(
      try required(data, "data"), zero: plaudit_bootstrap_data(), "data")
    let given = try PlauditABI.options(options, zero: plaudit_bootstrap_options(), "options")
    var wanted = Bootstrap.Options()
    wanted.method = try bootstrapMethod(given.method)
    if given.confidence != 0 { wanted.confidence = given.confidence }
    if given.resamples != 0 {
      wanted.resamples = try counted(given.resamples, "options", field: "resamples")
    }
    wanted.seed = given.seed
    try withRun(run) { control, threads in
      let found = try bootstrap(metric, columns, wanted, threads, control)
      slot.pointee = plaudit_bootstrap_result(found, size: slot.pointee.struct_size)
      store(found.values, out_values)
    }
  }
}

/// The bootstrap of the columns that the metric asks for.
private func bootstrap(
  _ metric: BootstrapMetric, _ data: plaudit_bootstrap_data, _ options: Bootstrap.Options,
  _ threads: Int, _ control: RunControl
) throws(PlauditError) -> Bootstrap {
  let rows = try counted(data.count, "data", field: "count")
  switch metric.columns {
  case .labels:
    return try Bootstrap(
      metric, truth: try array(data.classes, rows, "classes"),
      predicted: try array(data.predicted, rows, "predicted"),
      classes: try classed(data.class_count), options: options, threads: threads, control: control)
  case .scores:
    let columns = try classed(data.class_count)
    return try Bootstrap(
      metric, truth: try array(data.classes, rows, "classes"),
      scores: try array(data.scores, try cells(rows, columns), "scores"), columns: columns,
      options: options, threads: threads, control: control)
  case .numbers:
    return try Bootstrap(
      metric, truth: try array(data.numbers, rows, "numbers"),
      predicted: try array(data.predicted_numbers, rows, "predicted_numbers"), options: options,
      threads: threads, control: control)
  }
}

extension plaudit_mcnemar {
  fileprivate init(_ test: McNemarTest, size: Int64) {
    self.init(
      struct_size: size, only_first: test.onlyFirst, only_second: test.onlySecond,
      exact_p_value: test.exactPValue, corrected_statistic: test.correctedStatistic,
      corrected_p_value: test.correctedPValue, statistic: test.statistic,
      uncorrected_p_value: test.chiSquarePValue, p_value: test.pValue,
      exact: test.isExact ? 1 : 0, reserved: 0)
  }
}

@implementation @_cdecl("plaudit_stats_mcnemar")
public func plaudit_stats_mcnemar(
  _ only_first: Int64, _ only_second: Int64, _ out_test: UnsafeMutablePointer<plaudit_mcnemar>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_test, "out_test")
    let test = try McNemarTest(onlyFirst: only_first, onlySecond: only_second)
    slot.pointee = plaudit_mcnemar(test, size: slot.pointee.struct_size)
  }
}

@implementation @_cdecl("plaudit_stats_mcnemar_labels")
public func plaudit_stats_mcnemar_labels(
  _ truth: UnsafePointer<Int32>?, _ first: UnsafePointer<Int32>?, _ second: UnsafePointer<Int32>?,
  _ count: Int64, _ out_test: UnsafeMutablePointer<plaudit_mcnemar>?,
  _ out_table: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_test, "out_test")
    let rows = try counted(count, "count")
    let test = try McNemarTest(
      truth: try array(truth, rows, "truth"), first: try array(first, rows, "first"),
      second: try array(second, rows, "second"), table: optionalArray(out_table, 4))
    slot.pointee = plaudit_mcnemar(test, size: slot.pointee.struct_size)
  }
}

// MARK: Splits

@implementation @_cdecl("plaudit_stats_split")
public func plaudit_stats_split(
  _ labels: UnsafePointer<Int32>?, _ class_count: Int64, _ groups: UnsafePointer<Int64>?,
  _ count: Int64, _ fractions: UnsafePointer<Double>?, _ part_count: Int64, _ seed: UInt64,
  _ out_parts: UnsafeMutablePointer<Int32>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    let parts = try counted(part_count, "part_count", in: 1...Split.maximumParts)
    try Split.assign(
      rows: rows, labels: optionalColumn(labels, rows),
      classes: labels == nil ? 1 : try classed(class_count), groups: optionalColumn(groups, rows),
      fractions: Array(try array(fractions, parts, "fractions")), seed: seed,
      parts: try array(out_parts, rows, "out_parts"))
  }
}

@implementation @_cdecl("plaudit_stats_folds")
public func plaudit_stats_folds(
  _ labels: UnsafePointer<Int32>?, _ class_count: Int64, _ groups: UnsafePointer<Int64>?,
  _ count: Int64, _ fold_count: Int64, _ seed: UInt64, _ out_folds: UnsafeMutablePointer<Int32>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let rows = try counted(count, "count")
    try Split.folds(
      try counted(fold_count, "fold_count"), rows: rows, labels: optionalColumn(labels, rows),
      classes: labels == nil ? 1 : try classed(class_count), groups: optionalColumn(groups, rows),
      seed: seed, folds: try array(out_folds, rows, "out_folds"))
  }
}
