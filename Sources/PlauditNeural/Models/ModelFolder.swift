import PlauditCore
import PlauditTensor
import PlauditText

/// A folder of a BERT on its way to a model: config.json was read, the weights' headers are checked.
struct ModelFolder {
  let path: String
  let configuration: BertConfiguration
  let weights: WeightFolder
  private let rest: Rest

  /// What is in the folder besides the weights.
  struct Files {
    let tokenizer: Tokenizer
    let sentence: SentenceEmbedding?
    /// The head that Plaudit saved after the sentence embedding, if any.
    let embeddingHead: ClassifierHead?
    let maxLength: Int
    let tokenizerFiles: [TokenizerAsset]
  }

  /// A tokenizer file kept as it was, so that a saved model carries it unchanged.
  struct TokenizerAsset {
    let name: String
    let bytes: Bytes
  }

  static let defaultLimitBytes = 16 << 30
  /// The key of config.json that names the folder of a head trained here.
  static let headKey = "plaudit_head"
  /// The key of config.json that names the tokens a network was trained on, where they are fewer
  /// than its tokenizer allows.
  static let lengthKey = "plaudit_max_length"
  fileprivate static let tokenizerNames = [
    "tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json",
    "added_tokens.json",
  ]
  fileprivate static let maximumAssetBytes = 256 << 20

  /// Reads the other files once.
  private final class Rest {
    private let path: String
    private let configuration: BertConfiguration
    private var known: Result<Files, PlauditError>?

    init(_ path: String, _ configuration: BertConfiguration) {
      self.path = path
      self.configuration = configuration
    }

    func files() throws(PlauditError) -> Files {
      if let known { return try known.get() }
      do throws(PlauditError) {
        let files = try Files(path, configuration)
        known = .success(files)
        return files
      } catch {
        known = .failure(error)
        throw error
      }
    }
  }

  /// Opens the folder and makes a model of it. What is wrong with another file is told before what
  /// is wrong with the weights.
  static func load(
    _ description: FolderDescription, _ make: (ModelFolder) throws(PlauditError) -> Model
  ) throws(PlauditError) -> Model {
    let configuration = try BertConfiguration(
      description.json, architecture: description.architecture)
    let rest = Rest(description.path, configuration)
    do throws(PlauditError) {
      let weights = try WeightFolder(
        folder: description.path, prefixes: ["bert.", ""],
        probe: "embeddings.word_embeddings.weight", limitBytes: description.limitBytes,
        storage: RowQuantization.storage(configuration.json), precision: description.precision,
        forPrediction: true)
      return try make(
        ModelFolder(
          path: description.path, configuration: configuration, weights: weights, rest: rest))
    } catch {
      if error.kind != .outOfMemory { _ = try rest.files() }
      throw error
    }
  }

  /// Reads the numbers of all parameters that were asked for, and meanwhile the other files.
  func finish() throws(PlauditError) -> Files {
    try weights.reading?.run { _ = try? rest.files() }
    return try rest.files()
  }

  /// What sentence-transformers does: its own limit as it stands, else the tokenizer's and the
  /// positions', whichever is less. The truncation inside tokenizer.json has no say.
  fileprivate static func maxLength(
    _ path: String, _ configuration: BertConfiguration, _ tokenizer: Tokenizer, isSentence: Bool
  ) throws(PlauditError) -> Int {
    let smallest = tokenizer.specialTokenCount(pair: false)
    func checked(_ stated: JSONValue) throws(PlauditError) -> Int {
      let length = try stated.integer()
      guard length >= max(smallest, 1), length <= configuration.positionCount else {
        throw stated.problem(
          "is \(length), allowed are \(max(smallest, 1)) to \(configuration.positionCount), "
            + "the positions of the model")
      }
      return length
    }
    let file = "sentence_bert_config.json"
    if isSentence, File.exists("\(path)/\(file)") {
      let bytes = try File.bytes(of: "\(path)/\(file)", limit: 1 << 20)
      let json = try JSONValue.parse(bytes.readable, file: file)
      if let stated = json["max_seq_length"] { return try checked(stated) }
    }
    if !isSentence, let stated = configuration.json[lengthKey] { return try checked(stated) }
    return usualLength(configuration, tokenizer)
  }

  /// The tokenizer's limit and the positions', whichever is less.
  static func usualLength(_ configuration: BertConfiguration, _ tokenizer: Tokenizer) -> Int {
    min(configuration.positionCount, tokenizer.modelMaxLength ?? configuration.positionCount)
  }
}

extension ModelFolder.Files {
  fileprivate init(_ path: String, _ configuration: BertConfiguration) throws(PlauditError) {
    tokenizer = try Tokenizer.load(path: path)
    guard Int(tokenizer.maximumId) < configuration.vocabularySize else {
      throw PlauditError(
        .corrupt,
        "config.json: vocab_size \(configuration.vocabularySize) is too small for token id "
          + "\(tokenizer.maximumId) of the tokenizer")
    }
    let headFolder = try configuration.json[ModelFolder.headKey]?.string()
    let modules = try SentenceEmbedding.load(
      folder: path, width: configuration.hiddenSize, headFolder: headFolder)
    sentence = modules?.embedding
    if let dense = modules?.head {
      embeddingHead = try ClassifierHead(
        dense: dense, configuration: configuration, tensor: "linear.weight")
    } else {
      embeddingHead = nil
    }
    maxLength = try ModelFolder.maxLength(
      path, configuration, tokenizer, isSentence: modules != nil)
    var files: [ModelFolder.TokenizerAsset] = []
    for name in ModelFolder.tokenizerNames where File.exists("\(path)/\(name)") {
      let bytes = try File.bytes(of: "\(path)/\(name)", limit: ModelFolder.maximumAssetBytes)
      files.append(ModelFolder.TokenizerAsset(name: name, bytes: bytes))
    }
    tokenizerFiles = files
  }
}
