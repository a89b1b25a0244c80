import Glibc
package import PlauditCore
import Synchronization

/// Every arm of every metric against the control, in one pass over columns.
///
/// A row depends on its own metric alone (with covariates, on its own two arms), except for adjusted
/// p values over all. The same bits at any number of threads.
package enum LiftTable {
  /// Fills the columns that are given.
  ///
  /// - Throws: what `LiftInput`, `LiftOptions` and `control` refuse; `limit` above 2³² - 1 rows.
  package static func fill(
    _ input: LiftInput, options: LiftOptions, threads: Int, control: RunControl,
    into output: LiftOutput
  ) throws(PlauditError) {
    try input.check()
    try options.check()
    let (rows, tooMany) = input.metrics.multipliedReportingOverflow(by: input.arms - 1)
    guard !tooMany, rows <= ScoreOrder.maximumRows else {
      throw PlauditError(.limit, "the table has more than \(ScoreOrder.maximumRows) rows")
    }
    try check(output, input, rows)
    try control.check()
    let work = LiftWork(input, options, output, control)
    WorkerPool.run(tasks: work.tasks, threads: threads, work)
    try control.check()
    if let adjusted = output.adjustedPValue, options.scope == .all, options.adjustment != .none {
      let values = Array(adjusted)
      try values.withUnsafeBufferPointer { values throws(PlauditError) in
        try options.adjustment.adjust(values, level: 1 - options.confidence, into: adjusted)
      }
    }
    control.report(.comparing, done: input.metrics, total: input.metrics, force: true)
  }

  private static func check(
    _ output: LiftOutput, _ input: LiftInput, _ rows: Int
  ) throws(PlauditError) {
    let columns = [
      output.treatment, output.control, output.absolute, output.absoluteLower,
      output.absoluteUpper, output.standardError, output.statistic, output.degreesOfFreedom,
      output.pValue, output.adjustedPValue, output.relative, output.relativeLower,
      output.relativeUpper, output.relativeStandardError, output.power, output.minimumDetectable,
      output.correlation,
    ]
    let isSound =
      columns.allSatisfy { ($0?.count ?? rows) == rows } && (output.flags?.count ?? rows) == rows
      && (output.theta.map { $0.count == rows * input.covariates } ?? true)
      && (output.sampleRatioPValue?.count ?? input.metrics) == input.metrics
    guard isSound else {
      throw PlauditError(.invalidArgument, "a column of the table does not have \(rows) rows")
    }
  }
}

private final class LiftWork: ParallelWork {
  let tasks: Int
  private let input: LiftInput
  private let options: LiftOptions
  private let output: LiftOutput
  private let control: RunControl
  private let judge: LiftJudge
  private let metricsPerTask: Int
  private let done = Atomic<Int>(0)

  init(_ input: LiftInput, _ options: LiftOptions, _ output: LiftOutput, _ control: RunControl) {
    self.input = input
    self.options = options
    self.output = output
    self.control = control
    judge = LiftJudge(options)
    metricsPerTask = max(1, 4096 / (input.arms * input.strata))
    tasks = (input.metrics + metricsPerTask - 1) / metricsPerTask
  }

  func tick() {
    control.report(.comparing, done: done.load(ordering: .relaxed), total: input.metrics)
  }

  func perform(task: Int, worker: Int) {
    let first = task * metricsPerTask
    let last = min(first + metricsPerTask, input.metrics)
    var arms = ArmReader(input, options)
    var family: [Double] = []
    for metric in first..<last {
      if control.shallStop { return }
      fill(metric, &arms)
      if options.scope == .perMetric, options.adjustment != .none {
        adjust(metric, &family)
      }
    }
    done.add(last - first, ordering: .relaxed)
  }

  private func fill(_ metric: Int, _ arms: inout ArmReader) {
    let kind = input.kind(metric)
    var shared: LiftFlags = []
    var isStray = false
    if let weights = input.armWeights {
      let ratio = SampleRatio(checked: weights) { arms.users(metric, $0) }
      output.sampleRatioPValue?[metric] = ratio.pValue
      if ratio.isMismatch(level: options.sampleRatioLevel) { shared.insert(.sampleRatioMismatch) }
      isStray = ratio.unexpectedUsers > 0
    } else {
      output.sampleRatioPValue?[metric] = .nan
    }
    arms.begin(metric, kind)
    let isPlain = input.strata == 1 && input.covariates == 0
    let base = arms.estimate(input.control)
    var row = metric * (input.arms - 1)
    for arm in 0..<input.arms where arm != input.control {
      var pair = (treatment: arms.estimate(arm), control: base)
      if input.covariates > 0 { pair = arms.adjusted(arm) }
      let difference =
        isPlain && kind != .ratio
        ? arms.difference(arm) : pair.treatment.value - pair.control.value
      var found = judge.compare(
        treatment: pair.treatment, control: pair.control, difference: difference,
        isProportion: kind == .proportion, isPlainProportion: isPlain && kind == .proportion)
      found.flags.formUnion(shared)
      if isStray, let weights = input.armWeights {
        let isUnplanned =
          (weights[arm] == 0 && pair.treatment.users > 0)
          || (weights[input.control] == 0 && pair.control.users > 0)
        if isUnplanned { found.flags.insert(.unexpectedUsers) }
      }
      store(found, pair.treatment.value, pair.control.value, row)
      if input.covariates > 0 {
        output.correlation?[row] = arms.cuped.correlation
        for index in 0..<input.covariates {
          output.theta?[row * input.covariates + index] = arms.cuped.theta[index]
        }
      } else {
        output.correlation?[row] = .nan
      }
      row += 1
    }
  }

  @inline(__always)
  private func store(_ found: LiftComparison, _ treatment: Double, _ control: Double, _ row: Int) {
    output.treatment?[row] = treatment
    output.control?[row] = control
    output.absolute?[row] = found.absolute
    output.absoluteLower?[row] = found.absoluteInterval.lower
    output.absoluteUpper?[row] = found.absoluteInterval.upper
    output.standardError?[row] = found.standardError
    output.statistic?[row] = found.statistic
    output.degreesOfFreedom?[row] = found.degreesOfFreedom
    output.pValue?[row] = found.pValue
    output.adjustedPValue?[row] = found.pValue
    output.relative?[row] = found.relative
    output.relativeLower?[row] = found.relativeInterval.lower
    output.relativeUpper?[row] = found.relativeInterval.upper
    output.relativeStandardError?[row] = found.relativeStandardError
    output.power?[row] = found.power
    output.minimumDetectable?[row] = found.minimumDetectable
    output.flags?[row] = found.flags.rawValue
  }

  /// The arms of one metric as one family.
  private func adjust(_ metric: Int, _ family: inout [Double]) {
    guard let adjusted = output.adjustedPValue else { return }
    let width = input.arms - 1
    let rows = UnsafeMutableBufferPointer(
      rebasing: adjusted[metric * width..<(metric + 1) * width])
    family.removeAll(keepingCapacity: true)
    family.append(contentsOf: rows)
    // The values were made here: they lie within 0...1 or are NaN.
    family.withUnsafeBufferPointer {
      try? options.adjustment.adjust($0, level: 1 - options.confidence, into: rows)
    }
  }
}

/// The cells of one metric as estimates of arms.
private struct ArmReader {
  private let input: LiftInput
  private var metric = 0
  private var kind = LiftKind.proportion
  private var stratified: StratifiedArm
  private var weights: [Double]
  private var treatment: CUPED.Arm
  private var control: CUPED.Arm
  private(set) var cuped: CUPED

  init(_ input: LiftInput, _ options: LiftOptions) {
    self.input = input
    stratified = StratifiedArm(strata: input.strata)
    weights = Array(repeating: 1, count: input.strata)
    treatment = CUPED.Arm(covariates: input.covariates)
    control = treatment
    cuped = CUPED(covariates: input.covariates, slopes: options.slopes)
  }

  func users(_ metric: Int, _ arm: Int) -> Double {
    let first = (metric * input.arms + arm) * input.strata
    if input.strata == 1 { return input.users[first] }
    return input.users[first..<first + input.strata].reduce(0, +)
  }

  mutating func begin(_ metric: Int, _ kind: LiftKind) {
    (self.metric, self.kind) = (metric, kind)
    if input.strata > 1 { weigh() }
    if input.covariates > 0 { read(input.control, into: &control) }
  }

  /// Shares of strata: given, or those of all users.
  private mutating func weigh() {
    var total = 0.0
    for stratum in 0..<input.strata {
      var weight = 0.0
      if let given = input.stratumWeights {
        weight = given[stratum]
      } else {
        for arm in 0..<input.arms {
          weight += input.users[(metric * input.arms + arm) * input.strata + stratum]
        }
      }
      weights[stratum] = weight
      total += weight
    }
    for stratum in 0..<input.strata { weights[stratum] /= total }
  }

  @inline(__always)
  private func cell(_ place: Int) -> CellMoments {
    let (users, sum) = (input.users[place], input.sums[place])
    if kind == .proportion { return .proportion(users: users, sum: sum) }
    var cell = CellMoments.mean(
      users: users, sum: sum, squares: input.squares?[place] ?? .nan, centred: input.isCentred)
    if kind == .ratio {
      cell.addDenominator(
        sum: input.denominatorSums?[place] ?? .nan,
        squares: input.denominatorSquares?[place] ?? .nan,
        products: input.denominatorProducts?[place] ?? .nan, numerator: sum,
        centred: input.isCentred)
    }
    return cell
  }

  @inline(__always)
  mutating func estimate(_ arm: Int) -> ArmEstimate {
    let place = metric * input.arms + arm
    guard input.strata > 1 else {
      return kind == .ratio ? ArmEstimate(ratio: cell(place)) : ArmEstimate(cell(place))
    }
    stratified.begin()
    for stratum in 0..<input.strata {
      // A weight that is no share comes from a cell that says why.
      let weight = weights[stratum] >= 0 ? weights[stratum] : 1
      stratified.add(cell(place * input.strata + stratum), weight: weight)
    }
    return stratified.estimate(isRatio: kind == .ratio)
  }

  /// `treatment - control` of plain means, from the sums: `(x n' - x' n) / (n n')` with its digits.
  @inline(__always)
  func difference(_ arm: Int) -> Double {
    let (one, two) = (metric * input.arms + arm, metric * input.arms + input.control)
    let (x, n) = (input.sums[one], input.users[one])
    let (y, m) = (input.sums[two], input.users[two])
    let (left, right) = (x * m, y * n)
    guard (n * m).isFinite, left.isFinite, right.isFinite else { return x / n - y / m }
    let rest = (-left).addingProduct(x, m) - (-right).addingProduct(y, n)
    return ((left - right) + rest) / (n * m)
  }

  mutating func adjusted(_ arm: Int) -> (treatment: ArmEstimate, control: ArmEstimate) {
    read(arm, into: &treatment)
    return cuped.adjust(treatment: treatment, control: control)
  }

  private func read(_ arm: Int, into target: inout CUPED.Arm) {
    let place = metric * input.arms + arm
    let count = input.covariates
    guard let sums = input.covariateSums?.baseAddress,
      let products = input.covariateProducts?.baseAddress,
      let squares = input.covariateSquares?.baseAddress
    else { return }
    target.fill(
      cell(place), sum: input.sums[place], sums: sums + place * count,
      products: products + place * count, squares: squares + place * (count * (count + 1) / 2),
      centred: input.isCentred)
  }
}
