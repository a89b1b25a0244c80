import PlauditCore
import PlauditTensor
import PlauditText

/// A folder of a BERT that was opened and checked as far as its small files go.
struct ModelFolder {
  let path: String
  let configuration: BertConfiguration
  let weights: WeightFolder
  let tokenizer: Tokenizer
  let sentence: SentenceEmbedding?
  /// The head that Plaudit saved after the sentence embedding, if any.
  let embeddingHead: ClassifierHead?
  let maxLength: Int
  let tokenizerFiles: [TokenizerAsset]

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
  private static let tokenizerNames = [
    "tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json",
    "added_tokens.json",
  ]
  private static let maximumAssetBytes = 256 << 20

  init(_ description: FolderDescription) throws(PlauditError) {
    let path = description.path
    self.path = path
    configuration = try BertConfiguration(
      description.json, architecture: description.architecture)
    tokenizer = try Tokenizer.load(path: path)
    guard Int(tokenizer.maximumId) < configuration.vocabularySize else {
      throw PlauditError(
        .corrupt,
        "config.json: vocab_size \(configuration.vocabularySize) is too small for token id "
          + "\(tokenizer.maximumId) of the tokenizer")
    }
    weights = try WeightFolder(
      folder: path, prefixes: ["bert.", ""], probe: "embeddings.word_embeddings.weight",
      limitBytes: description.limitBytes,
      storage: RowQuantization.storage(configuration.json), precision: description.precision)
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
    var files: [TokenizerAsset] = []
    for name in ModelFolder.tokenizerNames where File.exists("\(path)/\(name)") {
      let bytes = try File.bytes(of: "\(path)/\(name)", limit: ModelFolder.maximumAssetBytes)
      files.append(TokenizerAsset(name: name, bytes: bytes))
    }
    tokenizerFiles = files
  }

  /// What sentence-transformers does: its own limit as it stands, else the tokenizer's and the
  /// positions', whichever is less. The truncation inside tokenizer.json has no say.
  private static func maxLength(
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
