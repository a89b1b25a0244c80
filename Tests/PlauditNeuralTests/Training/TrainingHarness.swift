import Foundation
import PlauditCore
import PlauditTensor
import PlauditText
import Testing

@testable import PlauditNeural

/// What Reference/train_trajectories.json holds; it names its tools, versions and calls.
struct TrajectoryReference: Decodable {
  struct Text: Decodable {
    var ids: [Int32]
    var words: [Int32]
    var label: Int32
  }

  struct Model: Decodable {
    var inputs: [String]
    var without_effect: [String]
    var losses_float64: [Double]
    var gradient_norms_float64: [Double]
    var logits_float64: [[Double]]
    var gradients_float64: [String: [Double]]
    var gradient_norms_by_name_float64: [String: Double]
    var parameter_norms_float64: [String: Double]
  }

  struct Settings: Decodable { var learning_rates: [Double] }

  var `protocol`: Settings
  var labels: [String]
  var texts: [Text]
  var models: [String: Model]

  static let shared = Result { try Reference.load("train_trajectories.json", as: Self.self) }

  func encoded(_ model: Model, _ rows: [Int]? = nil) -> EncodedTexts {
    let texts = rows.map { $0.map { self.texts[$0] } } ?? self.texts
    return EncodedTexts(
      tokens: model.inputs.contains("ids") ? texts.map(\.ids) : [],
      words: model.inputs.contains("words") ? texts.map(\.words) : [], labels: texts.map(\.label))
  }
}

/// The networks of Reference/train_tiny, with the sizes that train_trajectories.py gives them.
enum TinyNetwork {
  static let names = [
    "bert_classifier", "bert_bilstm", "bert_word_lstm", "word_lstm", "word_cnn",
  ]

  static func architecture(_ name: String) -> String {
    switch name {
    case "bert_classifier": BertForSequenceClassification.name
    case "bert_bilstm": BertBiLSTM.name
    case "bert_word_lstm": BertWordLSTM.name
    case "word_lstm": WordLSTM.name
    default: WordCNN.name
    }
  }

  /// - Parameter copied: whether a training starts from a copy of the folder's weights.
  static func make(_ name: String, copied: Bool = false) throws -> any Network {
    let folder = "\(Reference.folder)/train_tiny/\(name)"
    let weights = try WeightFolder(
      folder: folder, prefixes: ["bert.", ""],
      probe: name.hasPrefix("bert") ? "embeddings.word_embeddings.weight" : "words.weight",
      limitBytes: 1 << 30)
    let network = try make(name, weights, folder)
    guard copied else { return network }
    let start = TrainingStart(known: try NamedTensor.of(network.parameters), seed: 1)
    return try make(name, start, folder)
  }

  private static func make(
    _ name: String, _ source: some ParameterSource, _ folder: String
  ) throws -> any Network {
    let json: JSONValue
    if name.hasPrefix("bert") {
      let bytes = try File.bytes(of: "\(folder)/config.json", limit: 1 << 20)
      json = try withExtendedLifetime(bytes) {
        try JSONValue.parse(bytes.readable, file: "config.json")
      }
    } else {
      json = try JSONValue.object(file: "config.json")
      try json.set(
        "architectures", [JSONValue.string(architecture(name), file: "config.json")])
      try json.set("vocab_size", 40)
    }
    try json.set(BertWordLSTM.wordCountKey, 40)
    try json.set(WordConfiguration.vectorKey, 10)
    try json.set(WordConfiguration.hiddenKey, name == "bert_bilstm" ? 8 : 12)
    try json.set(WordConfiguration.filterKey, 6)
    try json.set(WordConfiguration.dropoutKey, 0)
    try json.set(BertWordLSTM.denseKey, 16)
    func bert() throws -> BertConfiguration {
      try BertConfiguration(json, architecture: architecture(name))
    }
    switch name {
    case "bert_classifier":
      return try BertForSequenceClassification(source, bert(), labels: 3)
    case "bert_bilstm": return try BertBiLSTM(source, bert(), labels: 3)
    case "bert_word_lstm":
      let words = try WordConfiguration(
        json, vocabulary: 40, vocabularyKey: BertWordLSTM.wordCountKey)
      return try BertWordLSTM(source, bert(), words, labels: 3)
    case "word_lstm":
      return try WordLSTM(source, WordConfiguration(json, vocabulary: 40), labels: 3)
    default: return try WordCNN(source, WordConfiguration(json, vocabulary: 40), labels: 3)
    }
  }
}

extension Network {
  /// Adds to the gradients what the mean loss of some texts gives, in one pass.
  ///
  /// - Returns: the loss and the logits.
  @discardableResult
  func addGradients(
    _ texts: EncodedTexts, rows: [Int]? = nil, normaliser: Double? = nil, threads: Int = 1
  ) throws -> (loss: Double, logits: [[Double]]) {
    let rows = rows ?? Array(0..<texts.count)
    let tape = FloatTape(recording: true, threads: threads)
    let room = rows.reduce(0) { $0 + texts.length($1) }
    let tokens = try TokenPack(tokens: room, rows: rows.count)
    let words = try TokenPack(tokens: room, rows: rows.count)
    for row in rows { texts.add(row, tokens: tokens, words: words) }
    let made = try logits(NetworkInput(tokens: tokens, words: words), tape)
    let values = (0..<made.rows).map { row in
      (0..<made.width).map { Double(made.values[row * made.width + $0]) }
    }
    let labels = rows.map { texts.labels[$0] }
    let loss = try labels.withUnsafeBufferPointer { labels in
      try tape.crossEntropy(
        made, labels: #require(labels.baseAddress), normaliser: normaliser ?? Double(rows.count))
    }
    let value = Double(loss.loss.values[0])
    try tape.backward(from: loss.loss)
    return (value, values)
  }

  /// The weights, or with `gradients` their gradients, by the names they have on disk.
  func named(gradients: Bool = false) throws -> [String: [Double]] {
    var found: [String: [Double]] = [:]
    let upper = upperParameters
    for parameter in parameters {
      let isUpper = upper.contains { $0 === parameter }
      let buffer = gradients ? try #require(parameter.gradient) : parameter.values
      let size = parameter.shape.reduce(1, *)
      for (index, name) in parameter.names.enumerated() {
        found[isUpper ? name : "bert." + name] = (0..<size).map {
          Double(buffer.pointer[index * size + $0])
        }
      }
    }
    return found
  }

  var bits: [UInt32] {
    parameters.flatMap { parameter in
      (0..<parameter.count).map { parameter.values.pointer[$0].bitPattern }
    }
  }
}

func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

/// Invented posts of a few kinds, each with the word that tells its kind; `names` are those words.
struct LabelledPosts {
  static let words = ["bad", "slow", "love"]

  var texts: [String] = []
  var labels: [Int32] = []
  let names: [String]

  init(_ count: Int, kinds: Int = 3, seed: UInt64 = 7) {
    names = Array(LabelledPosts.words.suffix(kinds))
    for (index, post) in inventedPosts(count, seed: seed).enumerated() {
      let others = post.split(separator: " ").map(String.init).filter {
        !LabelledPosts.words.contains($0)
      }
      texts.append(([names[index % kinds]] + others).joined(separator: " "))
      labels.append(Int32(index % kinds))
    }
  }
}

/// Small trainings of every architecture.
enum SmallTraining {
  nonisolated(unsafe) static let base = Result { try Model.load(path: Reference.tiny("base_gelu")) }

  /// Vectors of six numbers for the words of invented posts, and some that no post has.
  static let vectors = Result {
    let path = "\(try Reference.temporaryFolder())/glove.txt"
    var random = RandomSource(seed: 2)
    let words = Set(inventedPosts(50).joined(separator: " ").split(separator: " ").map(String.init))
    let lines = (words.sorted() + ["unread", "unsaid"]).map { word in
      ([word] + (0..<6).map { _ in String(Float(random.normal())) }).joined(separator: " ")
    }
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// Six texts a step, two epochs, dropout everywhere.
  static func options(
    _ architecture: String, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> TrainingOptions {
    var options = TrainingOptions(architecture: architecture)
    options.epochs = 2
    options.batchSize = 6
    options.learningRate = architecture.hasPrefix("Bert") ? 1e-3 : 1e-2
    options.dropout = 0.1
    options.classifierDropout = 0.3
    options.hiddenSize = 8
    options.filterCount = 5
    options.denseSize = 7
    options.seed = 5
    if TrainableNetwork.readsWords(options) { options.vectorsPath = try vectors.get() }
    change(&options)
    return options
  }

  /// A trainer with its posts added.
  static func trainer(
    _ options: TrainingOptions, _ posts: LabelledPosts = LabelledPosts(24),
    validation: LabelledPosts? = nil, base: Model? = nil
  ) throws -> TextTrainer {
    let trainer = try TextTrainer(base ?? Self.base.get(), labels: posts.names, options)
    try add(posts, trainer.add)
    if let validation { try add(validation, trainer.addValidation) }
    return trainer
  }

  private static func add(
    _ posts: LabelledPosts,
    _ add: (TextBatch, UnsafeBufferPointer<Int32>, RunControl) throws -> Void
  ) throws {
    let held = Texts(posts.texts)
    try withExtendedLifetime(held) {
      try posts.labels.withUnsafeBufferPointer { try add(held.batch(), $0, RunControl()) }
    }
  }

  /// Trains to the end.
  @discardableResult
  static func fit(
    _ trainer: TextTrainer, threads: Int = 1, _ control: RunControl = RunControl()
  ) throws -> TextTrainer.Report {
    try trainer.fit(threads: threads, control: control)
  }
}

extension Model {
  var network: (any Network)? { (body as? EncoderBody)?.network ?? (body as? WordBody)?.network }

  /// The bits of all weights of a network.
  func bits() throws -> [UInt32] { try #require(network).bits }
}

/// All of a history but the time it took, as bits, for NaN is in it.
func bits(_ history: [TrainingEpoch]) -> [[UInt64]] {
  history.map { epoch in
    [
      UInt64(epoch.epoch), UInt64(epoch.step), UInt64(epoch.skippedSteps),
      epoch.trainingLoss.bitPattern, epoch.validationLoss.bitPattern,
      epoch.validationAccuracy.bitPattern, epoch.validationMacroF1.bitPattern,
      epoch.learningRate.bitPattern,
    ]
  }
}
