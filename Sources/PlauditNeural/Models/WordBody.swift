import PlauditCore
import PlauditTensor
import PlauditText

/// A vocabulary and a network over its words.
final class WordBody: ModelBody {
  let configuration: WordConfiguration
  let words: WordSide
  let network: any Network
  let parameterCount: Int
  let maxLength: Int

  init(
    _ configuration: WordConfiguration, _ words: WordSide, _ network: any Network, maxLength: Int
  ) throws(PlauditError) {
    self.configuration = configuration
    self.words = words
    self.network = network
    self.maxLength = maxLength
    parameterCount = network.parameters.reduce(0) { $0 + $1.count }
    for parameter in network.parameters { try parameter.pack() }
  }

  /// Reads a folder of one of these architectures and hands its parts to `make`.
  static func build(
    _ description: FolderDescription,
    _ make: (WeightFolder, WordConfiguration, Int) throws(PlauditError) -> any Network
  ) throws(PlauditError) -> Model {
    let words = try WordSide(folder: description.path)
    let configuration = try WordConfiguration(description.json, vocabulary: words.rowCount)
    let weights = try WeightFolder(
      folder: description.path, prefixes: [""], probe: "words.weight",
      limitBytes: description.limitBytes,
      storage: RowQuantization.storage(description.json))
    let (scoring, labels) = try Scoring.ofNetwork(
      description.json, problemType: try description.json["problem_type"]?.string(),
      rows: weights.shape("classifier.weight")?.first)
    let length = try description.json[ModelFolder.lengthKey]?.integer(in: 1...WordSide.maximumWords)
    let network = try make(weights, configuration, labels)
    let body = try WordBody(
      configuration, words, network, maxLength: length ?? WordSide.maximumWords)
    return Model(architecture: description.architecture, body, scoring)
  }

  var hiddenSize: Int { configuration.hiddenSize }
  var layerCount: Int { 1 }

  func check(_ options: PredictionOptions, isPair: Bool) throws(PlauditError) {
    guard !isPair else {
      throw PlauditError(.unsupported, "this architecture takes no pairs")
    }
    guard options.longText != .windows else {
      throw PlauditError(
        .unsupported, "this architecture has no windows; truncate or refuse long texts")
    }
    if let length = options.maxLength { _ = try WordSide.checked(length: length) }
  }

  func runner(
    _ wanted: Wanted, _ options: PredictionOptions, _ setting: RunnerSetting
  ) throws(PlauditError) -> any TextRunner {
    guard case .scores(let finish) = wanted else {
      throw PlauditError(.unsupported, "\(configuration.architecture) has no sentence vectors")
    }
    return try WordRunner(self, finish, options, setting)
  }

  func save(to path: String, storage: WeightStorage) throws(PlauditError) -> JSONValue {
    try words.save(to: path)
    try SafetensorsWriter.write(
      try network.tensors(), storage: storage, to: "\(path)/model.safetensors")
    let json = try configuration.json.copy()
    try RowQuantization.record(storage, in: json)
    json.remove(ModelFolder.lengthKey)
    if maxLength != WordSide.maximumWords { try json.set(ModelFolder.lengthKey, maxLength) }
    return json
  }
}

/// What config.json says about a network over words.
struct WordConfiguration {
  let architecture: String
  /// Numbers of a word vector.
  let vectorSize: Int
  /// Rows of the table of vectors.
  let vocabularySize: Int
  /// Units of the LSTM.
  let hiddenSize: Int
  /// Filters of each width of the CNN.
  let filterCount: Int
  let dropout: Double
  let json: JSONValue

  static let vectorKey = "word_vector_size"
  static let hiddenKey = "lstm_hidden_size"
  static let filterKey = "filter_count"
  static let dropoutKey = "classifier_dropout"

  init(
    _ json: JSONValue, vocabulary: Int, vocabularyKey: String = "vocab_size"
  ) throws(PlauditError) {
    self.json = json
    architecture = try json.required("architectures").elements().first?.string() ?? ""
    vectorSize = try json.required(WordConfiguration.vectorKey).integer(in: 1...16_384)
    let stated = try json.required(vocabularyKey).integer(in: 1...16_777_217)
    guard stated == vocabulary else {
      throw PlauditError(
        .corrupt,
        "config.json: \(vocabularyKey) is \(stated), \(WordSide.file) and the unknown word make "
          + "\(vocabulary)")
    }
    vocabularySize = vocabulary
    hiddenSize = try json[WordConfiguration.hiddenKey]?.integer(in: 1...16_384) ?? 100
    filterCount = try json[WordConfiguration.filterKey]?.integer(in: 1...16_384) ?? 100
    dropout = try json[WordConfiguration.dropoutKey]?.number() ?? 0.5
    guard dropout >= 0, dropout < 1 else {
      throw PlauditError(
        .corrupt, "config.json: \(WordConfiguration.dropoutKey) is \(dropout), not a rate below 1")
    }
  }
}

/// Splits into words, packs, runs the network.
private final class WordRunner: TextRunner {
  private let body: WordBody
  private let finish: ScoreFinish
  private let options: PredictionOptions
  private unowned let sink: any OutputSink
  private let scratch = WordScratch()
  private let words: TokenPack
  private let none: TokenPack
  private let tape: FloatTape
  private let packedTexts: Bytes
  private static let packWords = 1024
  private static let packRows = 256

  init(
    _ body: WordBody, _ finish: ScoreFinish, _ options: PredictionOptions, _ setting: RunnerSetting
  ) throws(PlauditError) {
    self.body = body
    self.finish = finish
    self.options = options
    sink = setting.sink
    words = try TokenPack(
      tokens: WordRunner.packWords + WordSide.maximumWords, rows: WordRunner.packRows)
    none = try TokenPack(tokens: 1, rows: 1)
    tape = FloatTape(recording: false, control: setting.control)
    packedTexts = try Bytes(count: WordRunner.packRows * MemoryLayout<Int>.stride)
  }

  func add(
    text index: Int, _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?
  ) throws(PlauditError) {
    if !words.hasRoom(for: WordSide.maximumWords) { try flush() }
    let report = try body.words.append(
      text, to: words, scratch, index: index, limit: options.maxLength ?? body.maxLength,
      control: tape.control)
    if options.longText == .refuse, report.droppedTokens > 0 {
      throw PlauditError(
        .limit,
        "the text has \(report.tokenCount + report.droppedTokens) words, the model takes "
          + "\(report.tokenCount)", index: Int64(index))
    }
    packedTexts.mutable.bindMemory(to: Int.self)[words.rowCount - 1] = index
    sink.take(text: index, report: report)
  }

  func flush() throws(PlauditError) {
    guard words.rowCount > 0 else { return }
    defer {
      words.clear()
      tape.reset()
    }
    let logits = try body.network.logits(NetworkInput(tokens: none, words: words), tape)
    let texts = packedTexts.mutable.bindMemory(to: Int.self)
    for row in 0..<words.rowCount {
      let values = logits.values + row * logits.width
      try checkFinite(text: texts[row], values, logits.width)
      finish.apply(values, count: logits.width)
      sink.take(text: texts[row], values: values, count: logits.width)
    }
  }
}
