public import CPlaudit
import PlauditCore
import PlauditStats

// The part of plaudit.h's stats section that judges experiments.

private let experiments = Handle<ExperimentRows>(
  kind: .experiment, name: "plaudit_experiment", exclusive: true)

/// An optional column of the host's, in the middle of a call.
private func optionalColumn<T>(
  _ pointer: UnsafePointer<T>?, _ count: Int
) -> UnsafeBufferPointer<T>? {
  pointer.map { UnsafeBufferPointer(start: $0, count: count) }
}

/// A size of several counts; what memory cannot hold is refused.
private func cells(_ counts: Int...) throws(PlauditError) -> Int {
  var cells = 1
  for count in counts {
    let (next, overflow) = cells.multipliedReportingOverflow(by: count)
    guard !overflow, next <= 1 << 44 else {
      throw PlauditError(.invalidArgument, "the table has more cells than memory holds")
    }
    cells = next
  }
  return cells
}

/// An option that is the number of a case.
private func named<Choice: RawRepresentable & CaseIterable>(
  _ value: Int32, _ parameter: StaticString, _: Choice.Type = Choice.self
) throws(PlauditError) -> Choice where Choice.RawValue == Int32 {
  guard let choice = Choice(rawValue: value) else {
    let known = Choice.allCases.map { String($0.rawValue) }.joined(separator: ", ")
    throw PlauditError(.outOfRange, "\(parameter) is \(value), known are \(known)")
  }
  return choice
}

extension plaudit_interval {
  fileprivate init(_ interval: Interval) {
    self.init(lower: interval.lower, upper: interval.upper)
  }
}

// MARK: Many tests

@implementation @_cdecl("plaudit_stats_adjust_p_values")
public func plaudit_stats_adjust_p_values(
  _ method: Int32, _ values: UnsafePointer<Double>?, _ count: Int64, _ level: Double,
  _ out_adjusted: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let adjustment = try named(method, "method", PValueAdjustment.self)
    let rows = try counted(count, "count")
    try adjustment.adjust(
      try array(values, rows, "values"), level: level == 0 ? 0.05 : level,
      into: try array(out_adjusted, rows, "out_adjusted"))
  }
}

// MARK: Lift table

private func design(
  _ number: Int32, _ tuningKind: Int32, _ tuning: Double, _ mixingVariance: Double,
  confidence: Double
) throws(PlauditError) -> LiftOptions.Design {
  switch number {
  case PLAUDIT_DESIGN_FIXED_HORIZON.number: return .fixedHorizon
  case PLAUDIT_DESIGN_CONFIDENCE_SEQUENCE.number:
    let kind = try named(tuningKind, "tuning_kind", ConfidenceSequence.Tuning.self)
    guard kind == .sampleSize || tuning != 0 else {
      throw PlauditError(.outOfRange, "tuning is 0; it has a default only as a sample size")
    }
    return .confidenceSequence(
      try ConfidenceSequence(kind, value: tuning == 0 ? 5000 : tuning, alpha: 1 - confidence))
  case PLAUDIT_DESIGN_MIXTURE_SPRT.number:
    return .mixtureSPRT(try MixtureSPRT(tauSquared: mixingVariance))
  default: throw PlauditError(.outOfRange, "design is \(number), allowed are 0 to 2")
  }
}

// Constants of unnamed enums come as unsigned or signed numbers, by their values.
extension FixedWidthInteger {
  fileprivate var number: Int32 { Int32(truncatingIfNeeded: self) }
}

private func liftOptions(
  _ pointer: UnsafePointer<plaudit_lift_options>?
) throws(PlauditError) -> LiftOptions {
  let given = try options(pointer, zero: plaudit_lift_options(), "options")
  var made = LiftOptions()
  if given.confidence != 0 { made.confidence = given.confidence }
  if given.power != 0 { made.power = given.power }
  if given.sample_ratio_level != 0 { made.sampleRatioLevel = given.sample_ratio_level }
  made.effectOfInterest = given.effect_of_interest
  made.relative = try named(given.relative, "relative")
  made.absolute = try named(given.absolute, "absolute")
  made.distribution = try named(given.distribution, "distribution")
  made.hypothesis = try named(given.hypothesis, "hypothesis")
  made.adjustment = try named(given.adjustment, "adjustment")
  made.scope = try named(given.scope, "scope")
  made.slopes = try named(given.theta, "theta")
  made.interestIsRelative = try flag(given.interest_is_relative, "interest_is_relative")
  made.keepsLowBaselines = try flag(given.keep_low_baselines, "keep_low_baselines")
  made.design = try design(
    given.design, given.tuning_kind, given.tuning, given.mixing_variance,
    confidence: made.confidence)
  return made
}

private func liftInput(
  _ pointer: UnsafePointer<plaudit_lift_input>?
) throws(PlauditError) -> LiftInput {
  let given = try options(
    try required(pointer, "input"), zero: plaudit_lift_input(), "input")
  let metrics = try counted(given.metric_count, "input", field: "metric_count")
  let arms = try counted(given.arm_count, "input", field: "arm_count")
  let strata = max(1, try counted(given.stratum_count, "input", field: "stratum_count"))
  let covariates = try counted(given.covariate_count, "input", field: "covariate_count")
  let cells = try PlauditABI.cells(metrics, arms, strata)
  let wide = try PlauditABI.cells(metrics, arms, covariates)
  guard covariates <= 256 else {
    throw PlauditError(.outOfRange, "covariate_count is \(covariates), allowed are 0 to 256")
  }
  let triangles = try PlauditABI.cells(metrics, arms, covariates * (covariates + 1) / 2)
  var made = LiftInput(
    users: try array(given.users, cells, "users"), sums: try array(given.sums, cells, "sums"))
  (made.metrics, made.arms, made.strata, made.covariates) = (metrics, arms, strata, covariates)
  made.control = try counted(given.control, "input", field: "control")
  made.kind = try named(given.kind, "kind")
  made.isCentred = try flag(given.centred, "centred")
  made.kinds = optionalColumn(given.kinds, metrics)
  made.squares = optionalColumn(given.squares, cells)
  made.denominatorSums = optionalColumn(given.denominator_sums, cells)
  made.denominatorSquares = optionalColumn(given.denominator_squares, cells)
  made.denominatorProducts = optionalColumn(given.denominator_products, cells)
  made.covariateSums = optionalColumn(given.covariate_sums, wide)
  made.covariateProducts = optionalColumn(given.covariate_products, wide)
  made.covariateSquares = optionalColumn(given.covariate_squares, triangles)
  made.stratumWeights = optionalColumn(given.stratum_weights, strata)
  made.armWeights = optionalColumn(given.arm_weights, arms)
  return made
}

@implementation @_cdecl("plaudit_stats_lift_table")
public func plaudit_stats_lift_table(
  _ input: UnsafePointer<plaudit_lift_input>?, _ options: UnsafePointer<plaudit_lift_options>?,
  _ run: UnsafePointer<plaudit_run_options>?, _ columns: UnsafePointer<plaudit_lift_columns>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let table = try liftInput(input)
    let wanted = try liftOptions(options)
    let given = try PlauditABI.options(
      try required(columns, "columns"), zero: plaudit_lift_columns(), "columns")
    let rows = try cells(table.metrics, max(0, table.arms - 1))
    var out = LiftOutput()
    out.treatment = optionalArray(given.treatment, rows)
    out.control = optionalArray(given.control, rows)
    out.absolute = optionalArray(given.absolute, rows)
    out.absoluteLower = optionalArray(given.absolute_lower, rows)
    out.absoluteUpper = optionalArray(given.absolute_upper, rows)
    out.standardError = optionalArray(given.standard_error, rows)
    out.statistic = optionalArray(given.statistic, rows)
    out.degreesOfFreedom = optionalArray(given.degrees_of_freedom, rows)
    out.pValue = optionalArray(given.p_value, rows)
    out.adjustedPValue = optionalArray(given.adjusted_p_value, rows)
    out.relative = optionalArray(given.relative, rows)
    out.relativeLower = optionalArray(given.relative_lower, rows)
    out.relativeUpper = optionalArray(given.relative_upper, rows)
    out.relativeStandardError = optionalArray(given.relative_standard_error, rows)
    out.power = optionalArray(given.power, rows)
    out.minimumDetectable = optionalArray(given.minimum_detectable, rows)
    out.flags = optionalArray(given.flags, rows)
    out.theta = optionalArray(given.theta, try cells(rows, table.covariates))
    out.correlation = optionalArray(given.correlation, rows)
    out.sampleRatioPValue = optionalArray(given.sample_ratio_p_value, table.metrics)
    try withRun(run) { control, threads in
      try LiftTable.fill(table, options: wanted, threads: threads, control: control, into: out)
    }
  }
}

// MARK: Rows of users

@implementation @_cdecl("plaudit_experiment_create")
public func plaudit_experiment_create(
  _ arm_count: Int64, _ value_count: Int64, _ out_experiment: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_experiment?.pointee = nil
  return call(error) {
    try required(out_experiment, "out_experiment").pointee = experiments.make(
      try ExperimentRows(
        arms: try counted(arm_count, "arm_count"), values: try counted(value_count, "value_count")))
  }
}

@implementation @_cdecl("plaudit_experiment_add")
public func plaudit_experiment_add(
  _ experiment: OpaquePointer?, _ users: UnsafePointer<Int64>?, _ arms: UnsafePointer<Int32>?,
  _ values: UnsafePointer<Double>?, _ row_count: Int64, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try experiments.use(experiment, "experiment") { state in
      let rows = try counted(row_count, "row_count")
      try state.add(
        users: try array(users, rows, "users"), arms: try array(arms, rows, "arms"),
        values: try array(values, try cells(rows, state.values), "values"))
    }
  }
}

@implementation @_cdecl("plaudit_experiment_merge")
public func plaudit_experiment_merge(
  _ experiment: OpaquePointer?, _ other: OpaquePointer?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try experiments.use(experiment, "experiment") { state in
      try experiments.use(other, "other") { try state.merge($0) }
    }
  }
}

@implementation @_cdecl("plaudit_experiment_moments")
public func plaudit_experiment_moments(
  _ experiment: OpaquePointer?, _ out_users: UnsafeMutablePointer<Double>?,
  _ out_sums: UnsafeMutablePointer<Double>?, _ out_products: UnsafeMutablePointer<Double>?,
  _ out_crossed_users: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_crossed_users?.pointee = 0
  return call(error) {
    try experiments.use(experiment, "experiment") { state in
      let pairs = state.values * (state.values + 1) / 2
      try state.moments(
        users: try array(out_users, state.arms, "out_users"),
        sums: try array(out_sums, state.arms * state.values, "out_sums"),
        products: try array(out_products, state.arms * pairs, "out_products"))
      out_crossed_users?.pointee = Int64(state.crossedUsers)
    }
  }
}

@implementation @_cdecl("plaudit_experiment_free")
public func plaudit_experiment_free(_ experiment: UnsafeMutablePointer<OpaquePointer?>?) {
  experiments.free(experiment)
}

@implementation @_cdecl("plaudit_stats_winsorize")
public func plaudit_stats_winsorize(
  _ values: UnsafePointer<Double>?, _ count: Int64, _ lower_quantile: Double,
  _ upper_quantile: Double, _ out_values: UnsafeMutablePointer<Double>?,
  _ out_result: UnsafeMutablePointer<plaudit_winsorizing>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_result, "out_result")
    let rows = try counted(count, "count")
    let cut = try Winsorizing(
      try array(values, rows, "values"), lower: lower_quantile, upper: upper_quantile,
      into: optionalArray(out_values, rows))
    slot.pointee = plaudit_winsorizing(
      struct_size: slot.pointee.struct_size, limits: plaudit_interval(cut.limits),
      cut_below: Int64(cut.cutBelow), cut_above: Int64(cut.cutAbove))
  }
}

// MARK: Sample ratio

/// The planned shares of arms, equal ones for NULL.
private func withWeights(
  _ weights: UnsafePointer<Double>?, _ arms: Int,
  _ body: (UnsafeBufferPointer<Double>) throws -> Void
) throws {
  guard arms >= 1, arms <= LiftInput.maximumArms else {
    throw PlauditError(
      .outOfRange, "arm_count is \(arms), allowed are 1 to \(LiftInput.maximumArms)")
  }
  if let weights { return try body(UnsafeBufferPointer(start: weights, count: arms)) }
  try [Double](repeating: 1, count: arms).withUnsafeBufferPointer(body)
}

@implementation @_cdecl("plaudit_stats_sample_ratio")
public func plaudit_stats_sample_ratio(
  _ users: UnsafePointer<Double>?, _ weights: UnsafePointer<Double>?, _ arm_count: Int64,
  _ out_result: UnsafeMutablePointer<plaudit_sample_ratio>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let slot = try output(out_result, "out_result")
    let arms = try counted(arm_count, "arm_count")
    let counts = try array(users, arms, "users")
    try withWeights(weights, arms) { weights in
      let ratio = try SampleRatio(counts: counts, weights: weights)
      slot.pointee = plaudit_sample_ratio(
        struct_size: slot.pointee.struct_size, statistic: ratio.statistic, p_value: ratio.pValue,
        unexpected_users: ratio.unexpectedUsers,
        degrees_of_freedom: Int64(ratio.degreesOfFreedom))
    }
  }
}

@implementation @_cdecl("plaudit_stats_sample_ratio_sequence")
public func plaudit_stats_sample_ratio_sequence(
  _ new_users: UnsafePointer<Double>?, _ weights: UnsafePointer<Double>?, _ batch_count: Int64,
  _ arm_count: Int64, _ concentration: Double,
  _ out_inverse_evidence: UnsafeMutablePointer<Double>?,
  _ out_p_values: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let batches = try counted(batch_count, "batch_count")
    let arms = try counted(arm_count, "arm_count")
    let counts = try array(new_users, try cells(batches, arms), "new_users")
    try withWeights(weights, arms) { weights in
      try SampleRatio.sequence(
        batches: counts, weights: weights, concentration: concentration == 0 ? 100 : concentration,
        into: optionalArray(out_inverse_evidence, batches),
        least: optionalArray(out_p_values, batches))
    }
  }
}

// MARK: Looks

@implementation @_cdecl("plaudit_stats_always_valid")
public func plaudit_stats_always_valid(
  _ effects: UnsafePointer<Double>?, _ standard_errors: UnsafePointer<Double>?,
  _ users: UnsafePointer<Double>?, _ look_count: Int64,
  _ options: UnsafePointer<plaudit_sequence_options>?,
  _ out_log_evidence: UnsafeMutablePointer<Double>?,
  _ out_p_values: UnsafeMutablePointer<Double>?, _ out_lower: UnsafeMutablePointer<Double>?,
  _ out_upper: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let given = try PlauditABI.options(options, zero: plaudit_sequence_options(), "options")
    let looks = try counted(look_count, "look_count")
    let confidence = given.confidence == 0 ? 0.95 : given.confidence
    let number =
      given.design == 0 ? PLAUDIT_DESIGN_CONFIDENCE_SEQUENCE.number : given.design
    guard confidence > 0, confidence < 1 else {
      throw PlauditError(.outOfRange, "confidence must lie strictly between 0 and 1")
    }
    let method: SequentialLooks.Method
    switch try design(
      number, given.tuning_kind, given.tuning, given.mixing_variance, confidence: confidence)
    {
    case .mixtureSPRT(let test): method = .mixtureSPRT(test, alpha: 1 - confidence)
    case .confidenceSequence(let sequence): method = .confidenceSequence(sequence)
    case .fixedHorizon:
      throw PlauditError(.outOfRange, "a fixed horizon has one look and no sequence")
    }
    let isSequence = number == PLAUDIT_DESIGN_CONFIDENCE_SEQUENCE.number
    try SequentialLooks.evaluate(
      method, effects: try array(effects, looks, "effects"),
      standardErrors: try array(standard_errors, looks, "standard_errors"),
      users: isSequence ? try array(users, looks, "users") : nil,
      running: try flag(given.running, "running"),
      into: SequentialLooks.Columns(
        logEvidence: optionalArray(out_log_evidence, looks),
        pValues: optionalArray(out_p_values, looks), lower: optionalArray(out_lower, looks),
        upper: optionalArray(out_upper, looks)))
  }
}

@implementation @_cdecl("plaudit_stats_betting_sequence")
public func plaudit_stats_betting_sequence(
  _ values: UnsafePointer<Double>?, _ count: Int64,
  _ options: UnsafePointer<plaudit_betting_options>?, _ run: UnsafePointer<plaudit_run_options>?,
  _ out_lower: UnsafeMutablePointer<Double>?, _ out_upper: UnsafeMutablePointer<Double>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let given = try PlauditABI.options(options, zero: plaudit_betting_options(), "options")
    let rows = try counted(count, "count")
    let isUnit = given.lower == 0 && given.upper == 0
    let column = try array(values, rows, "values")
    let lower = try array(out_lower, rows, "out_lower")
    let upper = try array(out_upper, rows, "out_upper")
    let steps = given.steps == 0 ? 1000 : try counted(given.steps, "options", field: "steps")
    try withRun(run) { control, _ in
      try BettingSequence.evaluate(
        column, bounds: Interval(lower: given.lower, upper: isUnit ? 1 : given.upper),
        alpha: 1 - (given.confidence == 0 ? 0.95 : given.confidence), steps: steps,
        control: control, lower: lower, upper: upper)
    }
  }
}

@implementation @_cdecl("plaudit_stats_group_sequential")
public func plaudit_stats_group_sequential(
  _ information: UnsafePointer<Double>?, _ look_count: Int64,
  _ options: UnsafePointer<plaudit_group_sequential_options>?,
  _ out_bounds: UnsafeMutablePointer<Double>?, _ out_spent: UnsafeMutablePointer<Double>?,
  _ out_nominal_levels: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let given = try PlauditABI.options(
      options, zero: plaudit_group_sequential_options(), "options")
    let looks = try counted(look_count, "look_count")
    guard looks <= GroupSequential.maximumLooks else {
      throw PlauditError(
        .outOfRange, "look_count is \(looks), allowed are 0 to \(GroupSequential.maximumLooks)")
    }
    var plan = GroupSequential.Options()
    if given.alpha != 0 { plan.alpha = given.alpha }
    if given.exponent != 0 { plan.exponent = given.exponent }
    plan.spending = try named(given.spending, "spending")
    try choice(given.sides, "sides", in: 0...2)
    if given.sides != 0 { plan.sides = Int(given.sides) }
    plan.perSide = try flag(given.per_side, "per_side")
    let found = try GroupSequential(
      information: Array(try array(information, looks, "information")), options: plan)
    for look in 0..<looks {
      out_bounds?[look] = found.bounds[look]
      out_spent?[look] = found.spent[look]
      out_nominal_levels?[look] = found.nominalLevels[look]
    }
  }
}

// MARK: Posteriors

@implementation @_cdecl("plaudit_stats_rate_posteriors")
public func plaudit_stats_rate_posteriors(
  _ successes: UnsafePointer<Double>?, _ trials: UnsafePointer<Double>?, _ arm_count: Int64,
  _ options: UnsafePointer<plaudit_posterior_options>?,
  _ out_arms: UnsafeMutablePointer<plaudit_rate_posterior>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let given = try PlauditABI.options(options, zero: plaudit_posterior_options(), "options")
    let arms = try counted(arm_count, "arm_count")
    let slots = try array(out_arms, arms, "out_arms")
    let found = try BayesianProportions(
      successes: try array(successes, arms, "successes"),
      trials: try array(trials, arms, "trials"),
      prior: (
        given.prior_alpha == 0 ? 1 : given.prior_alpha, given.prior_beta == 0 ? 1 : given.prior_beta
      ),
      confidence: given.confidence == 0 ? 0.95 : given.confidence)
    for (index, arm) in found.arms.enumerated() {
      slots[index] = plaudit_rate_posterior(
        mean: arm.mean, interval: plaudit_interval(arm.interval),
        chance_to_be_best: arm.chanceToBeBest, expected_loss: arm.expectedLoss)
    }
  }
}

@implementation @_cdecl("plaudit_stats_effect_posteriors")
public func plaudit_stats_effect_posteriors(
  _ effects: UnsafePointer<Double>?, _ standard_errors: UnsafePointer<Double>?, _ count: Int64,
  _ options: UnsafePointer<plaudit_posterior_options>?,
  _ out_rows: UnsafeMutablePointer<plaudit_effect_posterior>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let given = try PlauditABI.options(options, zero: plaudit_posterior_options(), "options")
    let rows = try counted(count, "count")
    let slots = try array(out_rows, rows, "out_rows")
    let prior = try NormalPosterior.Prior(
      mean: given.prior_mean,
      variance: given.prior_variance == 0 ? .infinity : given.prior_variance)
    try NormalPosterior.each(
      effects: try array(effects, rows, "effects"),
      standardErrors: try array(standard_errors, rows, "standard_errors"), prior: prior,
      confidence: given.confidence == 0 ? 0.95 : given.confidence
    ) { row, found, interval in
      slots[row] = plaudit_effect_posterior(
        mean: found.mean, standard_deviation: found.standardDeviation,
        interval: plaudit_interval(interval), chance_to_win: found.chanceToWin,
        control_loss: found.controlLoss, treatment_loss: found.treatmentLoss)
    }
  }
}
