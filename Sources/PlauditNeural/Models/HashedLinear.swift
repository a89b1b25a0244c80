import Glibc
package import PlauditCore
import PlauditStats
import PlauditTensor
package import PlauditText

/// How a hashed linear classifier is trained; the defaults serve short posts.
package struct HashedLinearOptions {
  package var words: NGrams
  /// N-grams of characters beside those of words; nil for none.
  package var characters: NGrams?
  package var buckets = 1 << 18
  /// The width of the vectors that buckets have.
  package var width = 16
  package var epochs = 5
  /// The rate of the first step; it falls linearly to 0.
  package var learningRate = 0.25
  package var classWeighting = HeadTrainerOptions.ClassWeighting.none
  package var seed: UInt64 = 0

  package static let maximumWidth = 4096

  package init() {
    words = NGrams(.word, shortest: 1, longest: 2)
    words.minimumWordLength = 1
    words.keepsSymbols = true
  }

  /// Throws `.invalidArgument` for what is out of range, NaN included.
  package func check() throws(PlauditError) {
    _ = try features()
    guard width >= 1, width <= HashedLinearOptions.maximumWidth else {
      throw PlauditError(
        .invalidArgument,
        "vectors of width \(width); allowed are 1 to \(HashedLinearOptions.maximumWidth)")
    }
    guard epochs >= 1, epochs <= 1 << 20 else {
      throw PlauditError(.invalidArgument, "\(epochs) epochs; allowed are 1 to \(1 << 20)")
    }
    guard learningRate > 0, learningRate.isFinite else {
      throw PlauditError(
        .invalidArgument, "the learning rate is \(learningRate), it must be above 0")
    }
  }

  func features() throws(PlauditError) -> HashedNGrams {
    try HashedNGrams(words: words, characters: characters, buckets: buckets)
  }
}

/// The mean of the vectors of a text's hashed n-grams, and a softmax over it. Never changes once
/// made.
///
/// - Source: Joulin et al. 2016, "Bag of Tricks for Efficient Text Classification",
///   arXiv:1607.01759; gradients divided by the number of n-grams as in fastText's
///   `normalizeGradient`. Unlike there, words are hashed too, the softmax has a bias, and buckets
///   that no training text meets are 0.
package final class HashedLinear: TextScorer {
  package static let architecture = "HashedLinear"

  package let labels: LabelSet
  package let features: HashedNGrams
  package let width: Int
  /// `[buckets, width]`, `[classes, width]` and `[classes]`.
  private let vectors: FloatBuffer
  private let weights: FloatBuffer
  private let bias: FloatBuffer

  private static let section = "features"
  private static let vectorName = "embeddings.weight"

  private init(
    _ labels: LabelSet, _ features: HashedNGrams, width: Int, vectors: FloatBuffer,
    weights: FloatBuffer, bias: FloatBuffer
  ) {
    self.labels = labels
    self.features = features
    self.width = width
    self.vectors = vectors
    self.weights = weights
    self.bias = bias
  }

  package var classCount: Int { labels.names.count }
  package var parameterCount: Int { vectors.count + weights.count + bias.count }

  // MARK: Training

  /// Trains by stochastic gradient descent on one thread, text after text in a seeded order.
  ///
  /// Interrupted while fitting, the model as it is then is returned with the reason; interrupted
  /// before, the reason is thrown.
  ///
  /// - Parameters:
  ///   - names: the labels, in the order of the scores.
  ///   - validation: texts on which the model is measured at the end.
  /// - Throws: `.invalidArgument` for options; `.invalidState` for a label without examples;
  ///   `.invalidData` when all texts are empty; `.invalidUTF8` with the row; `.notFinite` when the
  ///   loss is; `.limit`, `.outOfMemory`, `.cancelled`, `.timeout`.
  package static func train(
    _ data: LabelledTexts, names: [String], validation: LabelledTexts? = nil,
    _ options: HashedLinearOptions, control: RunControl
  ) throws(PlauditError) -> Trained<HashedLinear> {
    try options.check()
    try data.checkEachLabelHasExamples(names)
    let fit = try Fit(data, names, options, control)
    var interruption: PlauditError?
    do throws(PlauditError) {
      try fit.run()
    } catch {
      guard error.kind == .cancelled || error.kind == .timeout else { throw error }
      interruption = error
    }
    let model = fit.model
    let advice = "lower the learning rate"
    try LinearFolder.checkFinite(model.vectors, "values of the buckets", advice)
    try LinearFolder.checkFinite(model.weights, "coefficients", advice)
    try LinearFolder.checkFinite(model.bias, "intercepts", advice)
    if let validation, interruption == nil {
      do throws(PlauditError) {
        let score = try model.report(
          validation, rows: Array(0..<validation.labels.count), control: control)
        fit.report.holdoutAccuracy = score.accuracy
        fit.report.holdoutMacroF1 = score.macroF1
      } catch {
        guard error.kind == .cancelled || error.kind == .timeout else { throw error }
        interruption = error
      }
    }
    return Trained(model: model, report: fit.report, interruption: interruption)
  }

  /// A training on its way.
  private final class Fit {
    let model: HashedLinear
    var report: TrainingReport
    private let data: LabelledTexts
    private let options: HashedLinearOptions
    private let classWeights: [Double]
    private let control: RunControl
    /// The buckets of all texts; the values are not used.
    private let matrix: SparseRows
    private let hidden: FloatBuffer
    private let slope: FloatBuffer
    private let scores: Bytes

    init(
      _ data: LabelledTexts, _ names: [String], _ options: HashedLinearOptions,
      _ control: RunControl
    ) throws(PlauditError) {
      self.data = data
      self.options = options
      self.control = control
      let all = Array(0..<data.labels.count)
      classWeights = try data.weights(all, options.classWeighting, names)
      let features = try options.features()
      matrix = try Fit.rows(data.texts, features, control)
      guard matrix.valueCount > 0 else {
        throw PlauditError(
          .invalidData, "none of \(data.labels.count) texts holds an n-gram: they are empty")
      }
      let (size, overflow) = options.buckets.multipliedReportingOverflow(by: options.width)
      guard !overflow else {
        throw PlauditError(.outOfMemory, "no memory for \(options.buckets) buckets")
      }
      model = HashedLinear(
        LabelSet(names: names), features, width: options.width,
        vectors: try FloatBuffer(count: size),
        weights: try FloatBuffer(count: names.count * options.width),
        bias: try FloatBuffer(count: names.count))
      hidden = try FloatBuffer(count: options.width)
      slope = try FloatBuffer(count: options.width)
      scores = try Bytes(count: names.count * MemoryLayout<Double>.stride)
      report = TrainingReport(exampleCount: data.labels.count)
    }

    private static func rows(
      _ texts: TextBatch, _ features: HashedNGrams, _ control: RunControl
    ) throws(PlauditError) -> SparseRows {
      var matrix = try SparseRows(width: features.buckets)
      let scratch = HashedNGrams.Scratch()
      for row in 0..<texts.count {
        if row & 15 == 0 {
          try control.check()
          control.report(.fitting, done: 0, total: 0)
        }
        do throws(PlauditError) {
          try features.cut(texts.text(row), scratch, control: control)
        } catch {
          throw error.kind == .invalidUTF8 ? error.at(index: Int64(row)) : error
        }
        for number in scratch.numbers { try matrix.append(number, 1) }
        try matrix.endRow()
      }
      return matrix
    }

    func run() throws(PlauditError) {
      try start()
      var order = Array(0..<data.labels.count)
      let total = order.count * options.epochs
      var done = 0
      for epoch in 0..<options.epochs {
        var random = RandomSource(seed: options.seed, stream: UInt64(epoch))
        random.shuffle(&order)
        var loss = 0.0
        for (position, row) in order.enumerated() {
          if position & 31 == 0 {
            try control.check()
            control.report(
              .fitting, done: done, total: total,
              loss: position > 0 ? loss / Double(position) : .nan)
          }
          let rate = options.learningRate * (1 - Double(done) / Double(total))
          loss += try step(row, rate)
          done += 1
        }
        report.loss = loss / Double(order.count)
        report.iterationCount = epoch + 1
        guard report.loss.isFinite else {
          throw PlauditError(
            .notFinite,
            "the loss is \(report.loss) in epoch \(epoch + 1); lower the learning rate")
        }
      }
      report.converged = true
      control.report(.fitting, done: total, total: total, loss: report.loss, force: true)
    }

    /// Small random values for the buckets that are met: a function of seed and bucket alone.
    private func start() throws(PlauditError) {
      let width = options.width
      // Streams of the order of texts are below 2^32.
      let first: UInt64 = 1 << 32
      for index in 0..<matrix.valueCount {
        if index & 0xFFF == 0 { try control.check() }
        let bucket = Int(matrix.columns[index])
        let vector = model.vectors.pointer + bucket * width
        if vector[0] != 0 { continue }
        var random = RandomSource(seed: options.seed, stream: first + UInt64(bucket))
        for place in 0..<width {
          vector[place] = Float((2 * random.uniform() - 1) / Double(width))
        }
      }
    }

    /// One step on one text; gives its loss before.
    private func step(_ row: Int, _ rate: Double) throws(PlauditError) -> Double {
      let width = options.width
      let classes = classWeights.count
      let first = matrix.offsets[row]
      let buckets = UnsafeBufferPointer(
        start: matrix.columns + first, count: matrix.offsets[row + 1] - first)
      try model.mean(buckets, into: hidden.pointer, control: control)
      let scores = self.scores.mutable.bindMemory(to: Double.self)
      var highest = -Double.infinity
      for label in 0..<classes {
        scores[label] = model.logit(label, hidden.pointer)
        highest = max(highest, scores[label])
      }
      let truth = Int(data.labels[row])
      let reached = scores[truth] - highest
      var sum = 0.0
      for label in 0..<classes {
        scores[label] = exp(scores[label] - highest)
        sum += scores[label]
      }
      for place in 0..<width { slope.pointer[place] = 0 }
      for label in 0..<classes {
        let miss = (label == truth ? 1 : 0) - scores[label] / sum
        let step = Float(rate * classWeights[truth] * miss)
        let weights = model.weights.pointer + label * width
        for place in 0..<width {
          slope.pointer[place] += step * weights[place]
          weights[place] += step * hidden.pointer[place]
        }
        model.bias.pointer[label] += step
      }
      if !buckets.isEmpty {
        let share = 1 / Float(buckets.count)
        for place in 0..<width { slope.pointer[place] *= share }
        for (index, bucket) in buckets.enumerated() {
          if index & 0x3FFF == 0x3FFF { try control.check() }
          let vector = model.vectors.pointer + Int(bucket) * width
          for place in 0..<width { vector[place] += slope.pointer[place] }
        }
      }
      return classWeights[truth] * (log(sum) - reached)
    }
  }

  /// `[buckets, width]`, `[classes, width]` and `[classes]`.
  var parameters: (vectors: [Float], weights: [Float], bias: [Float]) {
    (Array(vectors.buffer), Array(weights.buffer), Array(bias.buffer))
  }

  // MARK: Scoring

  private func mean(
    _ buckets: UnsafeBufferPointer<UInt32>, into hidden: UnsafeMutablePointer<Float>,
    control: RunControl?
  ) throws(PlauditError) {
    let kernels = rowKernels.pointee
    for place in 0..<width { hidden[place] = 0 }
    for (index, bucket) in buckets.enumerated() {
      if index & 0x3FFF == 0x3FFF { try control?.check() }
      kernels.accumulate(hidden, vectors.pointer + Int(bucket) * width, Int64(width))
    }
    if !buckets.isEmpty { kernels.scale(hidden, 1 / Float(buckets.count), Int64(width)) }
  }

  private func logit(_ label: Int, _ hidden: UnsafePointer<Float>) -> Double {
    let dot = rowKernels.pointee.dot(weights.pointer + label * width, hidden, Int64(width))
    return Double(dot) + Double(bias.pointer[label])
  }

  /// Working memory of one thread; two threads must not share one.
  package final class Scratch {
    fileprivate let features = HashedNGrams.Scratch()
    fileprivate let hidden: FloatBuffer

    fileprivate init(width: Int) throws(PlauditError) { hidden = try FloatBuffer(count: width) }
  }

  package func makeScratch() throws(PlauditError) -> Scratch { try Scratch(width: width) }

  package func score(
    _ text: UnsafeRawBufferPointer, _ scratch: Scratch, control: RunControl? = nil,
    into logits: UnsafeMutablePointer<Float>
  ) throws(PlauditError) {
    try features.cut(text, scratch.features, control: control)
    try mean(scratch.features.numbers, into: scratch.hidden.pointer, control: control)
    for label in 0..<classCount { logits[label] = Float(logit(label, scratch.hidden.pointer)) }
  }

  // MARK: Files

  /// Writes config.json and model.safetensors; loading them gives the same bits.
  package func save(to path: String) throws(PlauditError) {
    try File.makeDirectory(path)
    let json = try LinearFolder.configuration(architecture: HashedLinear.architecture, labels)
    let section = try JSONValue.object(file: json.file)
    try section.set("buckets", features.buckets)
    try section.set("width", width)
    try section.set("words", try features.words.json(file: json.file))
    if let characters = features.characters {
      try section.set("characters", try characters.json(file: json.file))
    }
    try json.set(HashedLinear.section, section)
    let tensors = [
      NamedTensor(HashedLinear.vectorName, [features.buckets, width], vectors),
      NamedTensor(LinearFolder.weightName, [classCount, width], weights),
      NamedTensor(LinearFolder.biasName, [classCount], bias),
    ]
    try SafetensorsWriter.write(tensors, to: "\(path)/model.safetensors")
    // Last, so that a folder cut short does not load.
    try File.write(try json.text(), to: "\(path)/config.json")
  }

  /// Loads what `save(to:)` wrote, checking everything.
  ///
  /// - Throws: `.notFound`, `.corrupt`, `.shape`, `.unsupported`, `.notFinite` or `.limit`, naming
  ///   the file and the key or tensor.
  package static func load(
    path: String, limitBytes: Int? = nil
  ) throws(PlauditError) -> HashedLinear {
    let folder = try LinearFolder(
      path, architecture: architecture, limitBytes: limitBytes ?? ModelFolder.defaultLimitBytes)
    let json = try folder.json.required(section)
    let buckets = try json.required("buckets").integer(in: 1...HashedNGrams.maximumBuckets)
    let width = try json.required("width").integer(in: 1...HashedLinearOptions.maximumWidth)
    let words = try NGrams(try json.required("words"))
    var characters: NGrams?
    if let section = json["characters"] { characters = try NGrams(section) }
    guard words.unit == .word, characters?.unit ?? .character == .character else {
      throw json.problem("has words and characters with each other's analyzer")
    }
    let features = try HashedNGrams(words: words, characters: characters, buckets: buckets)
    let classes = folder.labels.names.count
    return HashedLinear(
      folder.labels, features, width: width,
      vectors: try folder.weights.tensor(vectorName, [buckets, width]),
      weights: try folder.weights.tensor(LinearFolder.weightName, [classes, width]),
      bias: try folder.weights.tensor(LinearFolder.biasName, [classes]))
  }
}
