package import PlauditCore
import PlauditStats
package import PlauditTensor
package import PlauditText

/// How a head is trained; the defaults serve most.
package struct HeadTrainerOptions {
  package enum ClassWeighting {
    case none
    /// examples / (classes · examples of the class)
    case balanced
    case custom([Double])
  }

  /// nil: chosen on a held-out part.
  package var l2: Double?
  package var holdoutFraction = 0.1
  package var tolerance = 1e-6
  package var maximumIterations = 500
  package var history = 10
  package var seed: UInt64 = 0
  package var classWeighting = ClassWeighting.none
  /// How sentence vectors are made; nil is what the model says.
  package var pooling: Pooling?
  package var normalize: Bool?

  package init() {}
}

package struct TrainingReport {
  package var exampleCount = 0
  package var iterationCount = 0
  package var loss = Double.nan
  package var l2 = Double.nan
  package var holdoutAccuracy = Double.nan
  package var holdoutMacroF1 = Double.nan
  package var converged = false
}

/// Trains a linear classifier on the sentence vectors of a model that stays as it is.
///
/// Vectors are made once, when examples are added, so fitting again with other options is quick.
package final class HeadTrainer {
  package let base: Model
  package let labels: LabelSet
  package var options: HeadTrainerOptions
  private let predicting: PredictionOptions
  private let embedding: SentenceEmbedding
  private var features: FloatBuffer
  private var targets: [Int32] = []
  private var solution: [Double]?

  /// The strengths tried when none is given, strongest first: each fit starts from the one before.
  static let candidates: [Double] = [30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01]

  package init(
    _ base: Model, labels: [String], _ options: HeadTrainerOptions
  ) throws(PlauditError) {
    try LabelSet.check(labels)
    try options.check(labels: labels.count)
    // Its vectors would do, but the model they make could not be saved.
    try (base.body as? EncoderBody)?.requireWeights("be trained further")
    var predicting = PredictionOptions()
    predicting.pooling = options.pooling
    predicting.normalize = options.normalize
    self.predicting = predicting
    embedding = try predicting.embedding(base)
    self.base = base
    self.labels = LabelSet(names: labels)
    self.options = options
    features = try FloatBuffer(count: 0)
  }

  package var exampleCount: Int { targets.count }
  package var width: Int { embedding.width }

  /// Embeds texts and keeps them with their labels; all or nothing.
  package func add(
    _ texts: TextBatch, labels new: UnsafeBufferPointer<Int32>, threads: Int, control: RunControl
  ) throws(PlauditError) {
    try check(new)
    for row in 0..<texts.count where texts.isNull(row) {
      throw PlauditError(.invalidData, "a null text cannot be an example", index: Int64(row))
    }
    try reserve(new.count)
    let start = features.pointer + targets.count * width
    try base.embed(
      texts, predicting, threads: threads, control: control,
      vectors: UnsafeMutableBufferPointer(start: start, count: new.count * width), reports: nil)
    targets.append(contentsOf: new)
  }

  /// Keeps vectors that were made before; `vectors` is `[count, width]`.
  package func add(
    vectors: UnsafeBufferPointer<Float>, labels new: UnsafeBufferPointer<Int32>
  ) throws(PlauditError) {
    try check(new)
    for row in 0..<new.count {
      let bad = vectors.baseAddress.map { nonFiniteCount($0 + row * width, count: width) } ?? 0
      guard bad == 0 else {
        throw PlauditError(
          .notFinite, "an embedding holds \(bad) values that are NaN or infinite",
          index: Int64(row))
      }
    }
    try reserve(new.count)
    if let first = vectors.baseAddress {
      (features.pointer + targets.count * width).update(from: first, count: new.count * width)
    }
    targets.append(contentsOf: new)
  }

  /// Fits the head to all examples.
  ///
  /// Interrupted, it keeps the last complete iteration and then throws.
  package func fit(threads: Int, control: RunControl) throws(PlauditError) -> TrainingReport {
    let examples = Examples(
      features: features.pointer, labels: targets, width: width, classes: labels.names.count)
    try checkEachLabelHasExamples()
    let all = Array(0..<targets.count)
    var report = TrainingReport(exampleCount: targets.count)
    let rounds = options.l2 == nil ? HeadTrainer.candidates.count + 1 : 1
    var start = [Double](repeating: 0, count: examples.classes * (width + 1))
    // Interrupted before its first iteration, a fit leaves a head that scores all labels alike.
    if solution == nil { solution = start }
    let bound = try CurvatureBound(
      examples, rows: all, classWeights: classWeights(all), threads: threads, control: control)
    if let l2 = options.l2 {
      report.l2 = l2
    } else {
      (report.l2, start) = try chooseL2(examples, start, bound, &report, threads, control, rounds)
    }
    let objective = try LogisticRegression(
      examples, rows: all, classWeights: classWeights(all), l2: report.l2, threads: threads,
      control: control)
    let outcome = try minimize(
      objective, from: start, bound, control, round: rounds - 1, of: rounds)
    report.iterationCount += outcome.iterations
    report.loss = outcome.value
    report.converged = outcome.converged
    solution = outcome.point
    if let interruption = outcome.interruption { throw interruption }
    control.report(
      .fitting, done: rounds * options.maximumIterations, total: rounds * options.maximumIterations,
      loss: outcome.value, force: true)
    return report
  }

  /// The encoder with the head as it is.
  package func model() throws(PlauditError) -> Model {
    guard let solution else {
      throw PlauditError(.invalidState, "the head has not been fitted yet")
    }
    let classes = labels.names.count
    let weights = try FloatBuffer(count: classes * width)
    let bias = try FloatBuffer(count: classes)
    for row in 0..<classes {
      for column in 0..<width {
        weights.pointer[row * width + column] = Float(solution[row * (width + 1) + column])
      }
      bias.pointer[row] = Float(solution[row * (width + 1) + width])
    }
    let bad =
      nonFiniteCount(weights.pointer, count: weights.count)
      + nonFiniteCount(bias.pointer, count: classes)
    guard bad == 0 else {
      throw PlauditError(
        .notFinite, "\(bad) weights of the head exceed single precision; give a larger l2")
    }
    let dense = Dense(
      linear: Linear(
        Parameter(names: ["linear.weight"], shape: [classes, width], values: weights)),
      bias: Parameter(names: ["linear.bias"], shape: [classes], values: bias))
    let head = ClassifierHead(dense: dense, labels: labels, problem: .singleLabel)
    let body = EncoderBody(
      try base.encoder(for: "sentence vectors"), embedding: embedding, head: head)
    return Model(architecture: "BertModel", body, head.scoring)
  }

  // MARK: Choosing the penalty

  private func chooseL2(
    _ examples: Examples, _ origin: [Double], _ bound: CurvatureBound?,
    _ report: inout TrainingReport, _ threads: Int,
    _ control: RunControl, _ rounds: Int
  ) throws(PlauditError) -> (Double, [Double]) {
    let (train, held) = try split()
    let truth = held.map { targets[$0] }
    let objective = try LogisticRegression(
      examples, rows: train, classWeights: classWeights(train), l2: 1, threads: threads,
      control: control)
    var point = origin
    var best: (l2: Double, point: [Double], macroF1: Double)?
    for (round, l2) in HeadTrainer.candidates.enumerated() {
      objective.l2 = l2
      let outcome = try minimize(
        objective, from: point, bound, control, round: round, of: rounds)
      report.iterationCount += outcome.iterations
      point = outcome.point
      solution = point
      if let interruption = outcome.interruption { throw interruption }
      let predicted = LogisticRegression.predict(examples, rows: held, point)
      let score = try evaluate(truth, predicted)
      if score.macroF1 > best?.macroF1 ?? -1 {
        best = (l2, point, score.macroF1)
        report.holdoutMacroF1 = score.macroF1
        report.holdoutAccuracy = score.accuracy
      }
    }
    return (best?.l2 ?? 1, best?.point ?? point)
  }

  private func evaluate(
    _ truth: [Int32], _ predicted: [Int32]
  ) throws(PlauditError) -> ClassificationReport {
    let truth = try Bytes(copying: truth)
    let predicted = try Bytes(copying: predicted)
    return try ClassificationReport(
      truth: truth.elements(), predicted: predicted.elements(), classes: labels.names.count)
  }

  /// A seeded part of each class set aside: at least one example, never all.
  private func split() throws(PlauditError) -> (train: [Int], held: [Int]) {
    var byClass = [[Int]](repeating: [], count: labels.names.count)
    for (row, label) in targets.enumerated() { byClass[Int(label)].append(row) }
    var train: [Int] = []
    var held: [Int] = []
    for (label, rows) in byClass.enumerated() {
      guard rows.count >= 2 else {
        throw PlauditError(
          .invalidState,
          "label \(labels.names[label]) has \(rows.count) example; choosing l2 needs 2 of each, "
            + "or set l2")
      }
      var random = RandomSource(seed: options.seed, stream: UInt64(label))
      var shuffled = rows
      random.shuffle(&shuffled)
      let wanted = Int((Double(rows.count) * options.holdoutFraction).rounded())
      let count = min(max(wanted, 1), rows.count - 1)
      held += shuffled[..<count]
      train += shuffled[count...]
    }
    return (train.sorted(), held.sorted())
  }

  private func minimize(
    _ objective: LogisticRegression, from start: [Double], _ bound: CurvatureBound?,
    _ control: RunControl, round: Int, of rounds: Int
  ) throws(PlauditError) -> LBFGS.Outcome {
    let search = LBFGS(
      history: options.history, maximumIterations: options.maximumIterations,
      tolerance: options.tolerance)
    let base = round * options.maximumIterations
    let total = rounds * options.maximumIterations
    var precondition: ((inout [Double]) -> Void)?
    if let bound,
      try bound.prepare(
        l2: objective.l2, tick: { control.report(.fitting, done: base, total: total) })
    {
      precondition = bound.apply
    }
    return search.minimize(objective, from: start, precondition: precondition) { iteration, value in
      control.report(.fitting, done: base + iteration, total: total, loss: value)
    }
  }

  private func classWeights(_ rows: [Int]) -> [Double] {
    let classes = labels.names.count
    switch options.classWeighting {
    case .none: return [Double](repeating: 1, count: classes)
    case .custom(let weights): return weights
    case .balanced:
      var counts = [Double](repeating: 0, count: classes)
      for row in rows { counts[Int(targets[row])] += 1 }
      return counts.map { Double(rows.count) / (Double(classes) * max($0, 1)) }
    }
  }

  // MARK: Checks and room

  private func check(_ new: UnsafeBufferPointer<Int32>) throws(PlauditError) {
    for (row, label) in new.enumerated() where label < 0 || Int(label) >= labels.names.count {
      throw PlauditError(
        .invalidData, "label \(label) is not one of 0 to \(labels.names.count - 1)",
        index: Int64(row))
    }
  }

  private func checkEachLabelHasExamples() throws(PlauditError) {
    var seen = [Bool](repeating: false, count: labels.names.count)
    for label in targets { seen[Int(label)] = true }
    for (label, hasExamples) in seen.enumerated() where !hasExamples {
      throw PlauditError(
        .invalidState, "label \(labels.names[label]) has no example; add some before fitting")
    }
  }

  private func reserve(_ extra: Int) throws(PlauditError) {
    let (needed, overflow) = (targets.count + extra).multipliedReportingOverflow(by: width)
    guard !overflow else { throw PlauditError(.outOfMemory, "no memory for \(extra) examples") }
    guard needed > features.count else { return }
    let grown = try FloatBuffer(count: max(needed, features.count * 3 / 2))
    grown.pointer.update(from: features.pointer, count: targets.count * width)
    features = grown
  }
}

extension Bytes {
  fileprivate convenience init(copying values: [Int32]) throws(PlauditError) {
    try self.init(count: values.count * MemoryLayout<Int32>.stride)
    values.withUnsafeBytes { mutable.copyMemory(from: $0) }
  }

  fileprivate func elements() -> UnsafeBufferPointer<Int32> {
    UnsafeBufferPointer(mutable.bindMemory(to: Int32.self))
  }
}
