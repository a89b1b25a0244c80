package import PlauditCore
import PlauditStats
import PlauditTensor
package import PlauditText

/// How a tf-idf classifier is trained; the defaults serve short posts.
package struct TfidfLogisticRegressionOptions {
  /// N-grams of words; nil for none, if there are `characters`.
  package var words: TfidfOptions?
  /// N-grams of characters beside them, with a norm of their own, as scikit-learn's
  /// `FeatureUnion` has it.
  package var characters: TfidfOptions?
  /// scikit-learn's C. Of several the one with the best macro-F1 is taken, on the validation texts
  /// if there are any, else on a part held out, after which all texts are used.
  package var strengths: [Double] = [0.5, 1, 2, 4, 8]
  package var holdoutFraction = 0.1
  package var classWeighting = HeadTrainerOptions.ClassWeighting.none
  /// Done when no component of the gradient of the mean loss exceeds this.
  package var tolerance = 1e-5
  package var maximumIterations = 500
  package var history = 10
  package var seed: UInt64 = 0

  package init() {
    var words = TfidfOptions(NGrams(.word, shortest: 1, longest: 2))
    words.minimumTexts = .texts(2)
    words.isSublinear = true
    self.words = words
  }

  /// Throws `.invalidArgument` for what is out of range, NaN included.
  package func check() throws(PlauditError) {
    guard words != nil || characters != nil else {
      throw PlauditError(.invalidArgument, "neither n-grams of words nor of characters are wanted")
    }
    try words?.check()
    try characters?.check()
    guard words?.ngrams.unit ?? .word == .word,
      characters?.ngrams.unit ?? .character == .character
    else {
      throw PlauditError(.invalidArgument, "words and characters have each other's unit")
    }
    guard !strengths.isEmpty else { throw PlauditError(.invalidArgument, "no C is given") }
    for (index, strength) in strengths.enumerated() where !(1e-9...1e9).contains(strength) {
      throw PlauditError(
        .invalidArgument, "C is \(strength), allowed are 1e-9 to 1e9", index: Int64(index))
    }
    guard holdoutFraction > 0, holdoutFraction < 1 else {
      throw PlauditError(
        .invalidArgument, "the held-out part is \(holdoutFraction), it lies between 0 and 1")
    }
    guard tolerance >= 0, tolerance.isFinite, maximumIterations >= 1, history >= 1 else {
      throw PlauditError(
        .invalidArgument,
        "tolerance \(tolerance), \(maximumIterations) iterations, history \(history): the "
          + "tolerance is 0 or more, the others are 1 or more")
    }
  }
}

/// Multinomial logistic regression on tf-idf weighted n-grams. Never changes once made.
///
/// The minimum is that of scikit-learn's `LogisticRegression(C=...)`, the same bits at any number
/// of threads.
///
/// - Source: Wang & Manning 2012, "Baselines and Bigrams", ACL P12-2018; features and loss as in
///   `TfidfVectorizer` and `SparseLogisticRegression`.
package final class TfidfLogisticRegression: TextScorer {
  package static let architecture = "TfidfLogisticRegression"

  package let labels: LabelSet
  /// N-grams of words, then of characters, whichever there are.
  package let vectorizers: [TfidfVectorizer]
  /// `[features, classes]`: what one feature needs lies together.
  private let weights: FloatBuffer
  private let bias: FloatBuffer

  private static let sections = ["words", "characters"]
  private static let vocabularyFiles = ["vocabulary.txt", "characters.txt"]
  /// Coefficients beyond this would take gigabytes while they are fitted.
  private static let maximumCoefficients = 1 << 24

  private init(
    _ labels: LabelSet, _ vectorizers: [TfidfVectorizer], weights: FloatBuffer, bias: FloatBuffer
  ) {
    self.labels = labels
    self.vectorizers = vectorizers
    self.weights = weights
    self.bias = bias
  }

  package var classCount: Int { labels.names.count }
  package var featureCount: Int { vectorizers.reduce(0) { $0 + $1.featureCount } }
  /// Coefficients and intercepts.
  package var parameterCount: Int { weights.count + bias.count }

  // MARK: Training

  /// Chooses features, fits, and of several strengths takes the best.
  ///
  /// Interrupted while fitting, the model of the last complete iteration is returned with the
  /// reason; interrupted before, the reason is thrown.
  ///
  /// - Parameters:
  ///   - names: the labels, in the order of the scores.
  ///   - validation: texts on which strengths are compared; they are not trained on.
  /// - Throws: `.invalidArgument` for options; `.invalidState` for a label without examples;
  ///   `.invalidData` when no feature is left; `.invalidUTF8` with the row; `.limit`,
  ///   `.outOfMemory`, `.notFinite`, `.cancelled`, `.timeout`.
  package static func train(
    _ data: LabelledTexts, names: [String], validation: LabelledTexts? = nil,
    _ options: TfidfLogisticRegressionOptions, threads: Int, control: RunControl
  ) throws(PlauditError) -> Trained<TfidfLogisticRegression> {
    try options.check()
    try data.checkEachLabelHasExamples(names)
    let all = Array(0..<data.labels.count)
    _ = try data.weights(all, options.classWeighting, names)
    var options = options
    options.strengths.sort()
    let rounds = options.strengths.count
    if rounds == 1 || validation != nil {
      let fit = try Fit(data, all, names, options, threads, control, rounds: rounds)
      if let validation {
        return try fit.path(validation, Array(0..<validation.labels.count))
      }
      return try fit.path(nil, [])
    }
    let (train, held) = try data.split(
      names, fraction: options.holdoutFraction, seed: options.seed)
    let chosen = try Fit(data, train, names, options, threads, control, rounds: rounds + 1)
      .path(data, held)
    guard chosen.interruption == nil else { return chosen }
    options.strengths = options.strengths.filter { 1 / $0 == chosen.report.l2 }
    let fit = try Fit(data, all, names, options, threads, control, rounds: rounds + 1)
    fit.round = rounds
    let final = try fit.path(nil, [])
    var report = final.report
    report.iterationCount += chosen.report.iterationCount
    report.holdoutAccuracy = chosen.report.holdoutAccuracy
    report.holdoutMacroF1 = chosen.report.holdoutMacroF1
    return Trained(model: final.model, report: report, interruption: final.interruption)
  }

  /// One vocabulary with its rows, and the models of several strengths on it.
  private final class Fit {
    private let labels: LabelSet
    private let options: TfidfLogisticRegressionOptions
    private let control: RunControl
    private let vectorizers: [TfidfVectorizer]
    private let matrix: SparseRows
    private let objective: SparseLogisticRegression
    private let rowCount: Int
    private let rounds: Int
    /// How many fits came before.
    var round = 0

    init(
      _ data: LabelledTexts, _ rows: [Int], _ names: [String],
      _ options: TfidfLogisticRegressionOptions, _ threads: Int, _ control: RunControl, rounds: Int
    ) throws(PlauditError) {
      labels = LabelSet(names: names)
      self.options = options
      self.control = control
      self.rounds = rounds
      rowCount = rows.count
      let classWeights = try data.weights(rows, options.classWeighting, names)
      var vectorizers: [TfidfVectorizer] = []
      for recipe in [options.words, options.characters] {
        guard let recipe else { continue }
        vectorizers.append(
          try TfidfVectorizer.fit(data.texts, rows: rows, recipe, control: control))
      }
      let width = vectorizers.reduce(0) { $0 + $1.featureCount }
      let (cells, overflow) = (width + 1).multipliedReportingOverflow(by: names.count)
      guard !overflow, cells <= TfidfLogisticRegression.maximumCoefficients else {
        throw PlauditError(
          .limit,
          "\(width) features of \(names.count) labels, allowed are "
            + "\(TfidfLogisticRegression.maximumCoefficients) coefficients; raise min_df or set "
            + "max_features")
      }
      matrix = try Fit.rows(data.texts, rows, vectorizers, width, control)
      self.vectorizers = vectorizers
      objective = try SparseLogisticRegression(
        matrix, labels: rows.map { data.labels[$0] }, classes: names.count,
        classWeights: classWeights, l2: 1, threads: threads, control: control)
    }

    private static func rows(
      _ texts: TextBatch, _ rows: [Int], _ vectorizers: [TfidfVectorizer], _ width: Int,
      _ control: RunControl
    ) throws(PlauditError) -> SparseRows {
      var matrix = try SparseRows(width: width)
      let scratch = TfidfScratch()
      for (position, row) in rows.enumerated() {
        if position & 15 == 0 {
          try control.check()
          control.report(.fitting, done: 0, total: 0)
        }
        var offset = 0
        for vectorizer in vectorizers {
          try vectorizer.row(texts.text(row), scratch, control: control)
          try TfidfVectorizer.append(
            scratch, offset: UInt32(truncatingIfNeeded: offset), to: &matrix)
          offset += vectorizer.featureCount
        }
        try matrix.endRow()
      }
      return matrix
    }

    /// Fits for C after C, the smallest first, each from where the one before ended.
    func path(
      _ held: LabelledTexts?, _ heldRows: [Int]
    ) throws(PlauditError) -> Trained<TfidfLogisticRegression> {
      let bounds = objective.curvature()
      let search = LBFGS(
        history: options.history, maximumIterations: options.maximumIterations,
        tolerance: options.tolerance)
      let total = rounds * options.maximumIterations
      var point = [Double](repeating: 0, count: objective.count)
      var report = TrainingReport(exampleCount: rowCount)
      var best: TfidfLogisticRegression?
      for strength in options.strengths {
        objective.l2 = penalty(strength)
        let base = round * options.maximumIterations
        let outcome = search.minimize(
          objective, from: point, precondition: { self.objective.scale(&$0, bounds) }
        ) { iteration, value in
          self.control.report(.fitting, done: base + iteration, total: total, loss: value)
        }
        round += 1
        point = outcome.point
        report.iterationCount += outcome.iterations
        let model = try model(point)
        var score: ClassificationReport?
        var interruption = outcome.interruption
        if let held, interruption == nil {
          do throws(PlauditError) {
            score = try model.report(held, rows: heldRows, control: control)
          } catch {
            guard error.kind == .cancelled || error.kind == .timeout else { throw error }
            interruption = error
          }
        }
        if best == nil || score?.macroF1 ?? 0 > report.holdoutMacroF1 {
          best = model
          report.l2 = 1 / strength
          report.loss = outcome.value
          report.converged = outcome.converged
          report.holdoutMacroF1 = score?.macroF1 ?? .nan
          report.holdoutAccuracy = score?.accuracy ?? .nan
        }
        if interruption != nil {
          return Trained(model: best ?? model, report: report, interruption: interruption)
        }
      }
      guard let best else { throw PlauditError(.internal, "no strength was fitted") }
      control.report(
        .fitting, done: round * options.maximumIterations, total: total, loss: report.loss,
        force: round == rounds)
      return Trained(model: best, report: report, interruption: nil)
    }

    /// scikit-learn has one row of coefficients for two classes, which a softmax over two rows
    /// splits evenly: half the penalty, hence twice its factor.
    private func penalty(_ strength: Double) -> Double {
      (labels.names.count == 2 ? 2 : 1) / strength
    }

    private func model(_ point: [Double]) throws(PlauditError) -> TfidfLogisticRegression {
      let classes = labels.names.count
      let weights = try FloatBuffer(count: point.count - classes)
      let bias = try FloatBuffer(count: classes)
      for index in 0..<weights.count { weights.pointer[index] = Float(point[index]) }
      for label in 0..<classes { bias.pointer[label] = Float(point[weights.count + label]) }
      try LinearFolder.checkFinite(weights, "coefficients", "give a smaller C")
      try LinearFolder.checkFinite(bias, "intercepts", "give a smaller C")
      return TfidfLogisticRegression(labels, vectorizers, weights: weights, bias: bias)
    }
  }

  /// `[features, classes]` and `[classes]`.
  var coefficients: (weights: [Float], bias: [Float]) {
    (Array(weights.buffer), Array(bias.buffer))
  }

  // MARK: Scoring

  /// Working memory of one thread; two threads must not share one.
  package final class Scratch {
    fileprivate let tfidf = TfidfScratch()
    fileprivate let sums: Bytes

    fileprivate init(classes: Int) throws(PlauditError) {
      sums = try Bytes(count: classes * MemoryLayout<Double>.stride)
    }
  }

  package func makeScratch() throws(PlauditError) -> Scratch { try Scratch(classes: classCount) }

  package func score(
    _ text: UnsafeRawBufferPointer, _ scratch: Scratch, control: RunControl? = nil,
    into logits: UnsafeMutablePointer<Float>
  ) throws(PlauditError) {
    let classes = classCount
    let sums = scratch.sums.mutable.bindMemory(to: Double.self)
    for label in 0..<classes { sums[label] = Double(bias.pointer[label]) }
    var offset = 0
    for vectorizer in vectorizers {
      try vectorizer.row(text, scratch.tfidf, control: control)
      let columns = scratch.tfidf.columns
      let values = scratch.tfidf.values
      for index in columns.indices {
        let row = weights.pointer + (offset + Int(columns[index])) * classes
        for label in 0..<classes { sums[label] += values[index] * Double(row[label]) }
      }
      offset += vectorizer.featureCount
    }
    for label in 0..<classes { logits[label] = Float(sums[label]) }
  }

  // MARK: Files

  /// Writes config.json, model.safetensors, and a vocabulary for each unit of n-grams; loading
  /// them gives the same bits.
  package func save(to path: String) throws(PlauditError) {
    try File.makeDirectory(path)
    let json = try LinearFolder.configuration(
      architecture: TfidfLogisticRegression.architecture, labels)
    let classes = classCount
    let rows = try FloatBuffer(count: weights.count)
    for feature in 0..<featureCount {
      for label in 0..<classes {
        rows.pointer[label * featureCount + feature] = weights.pointer[feature * classes + label]
      }
    }
    var tensors = [
      NamedTensor(LinearFolder.weightName, [classes, featureCount], rows),
      NamedTensor(LinearFolder.biasName, [classes], bias),
    ]
    for vectorizer in vectorizers {
      let section = vectorizer.options.ngrams.unit == .word ? 0 : 1
      let name = TfidfLogisticRegression.sections[section]
      try json.set(name, try vectorizer.json(file: json.file))
      let frequencies = try FloatBuffer(count: vectorizer.featureCount)
      for (column, value) in vectorizer.textFrequencies.enumerated() {
        frequencies.pointer[column] = value
      }
      tensors.append(
        NamedTensor("\(name).text_frequencies", [vectorizer.featureCount], frequencies))
      let file = TfidfLogisticRegression.vocabularyFiles[section]
      let vocabulary = try vectorizer.vocabularyText()
      try File.write([vocabulary.readable], to: "\(path)/\(file)")
    }
    try SafetensorsWriter.write(tensors, to: "\(path)/model.safetensors")
    // Last, so that a folder cut short does not load.
    try File.write(try json.text(), to: "\(path)/config.json")
  }

  /// Loads what `save(to:)` wrote, checking everything.
  ///
  /// - Throws: `.notFound`, `.corrupt`, `.shape`, `.unsupported`, `.notFinite` or `.limit`, naming
  ///   the file and the key, line or tensor.
  package static func load(
    path: String, limitBytes: Int? = nil
  ) throws(PlauditError) -> TfidfLogisticRegression {
    let folder = try LinearFolder(
      path, architecture: architecture, limitBytes: limitBytes ?? ModelFolder.defaultLimitBytes)
    var vectorizers: [TfidfVectorizer] = []
    for (section, file) in zip(sections, vocabularyFiles) {
      guard let json = folder.json[section] else { continue }
      guard (try NGrams(json).unit == .word) == (section == sections[0]) else {
        throw json.problem("has the analyzer of another section")
      }
      let vocabulary = try folder.vocabulary(file)
      let tensor = "\(section).text_frequencies"
      let vectorizer = try TfidfVectorizer(
        json, vocabulary: vocabulary.readable, file: file,
        tensor: "model.safetensors: tensor \(tensor)"
      ) { floats, count throws(PlauditError) in
        try folder.weights.read(tensor, [count], into: floats)
      }
      vectorizers.append(vectorizer)
    }
    guard !vectorizers.isEmpty else {
      throw folder.json.problem("has neither words nor characters")
    }
    let classes = folder.labels.names.count
    let features = vectorizers.reduce(0) { $0 + $1.featureCount }
    let rows = try folder.weights.tensor(LinearFolder.weightName, [classes, features])
    let bias = try folder.weights.tensor(LinearFolder.biasName, [classes])
    let weights = try FloatBuffer(count: rows.count)
    for feature in 0..<features {
      for label in 0..<classes {
        weights.pointer[feature * classes + label] = rows.pointer[label * features + feature]
      }
    }
    return TfidfLogisticRegression(folder.labels, vectorizers, weights: weights, bias: bias)
  }
}
