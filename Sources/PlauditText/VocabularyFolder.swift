import CUnicode
import PlauditCore

/// Builds a BERT tokenizer from the older files: `vocab.txt` and `tokenizer_config.json`, with
/// `special_tokens_map.json` and `added_tokens.json` where they are.
///
/// Only `tokenizer_config.json` says whether a vocabulary is cased, so it must be there.
///
/// - Source: `BertWordPieceTokenizer` and `WordPiece::read_file` of Hugging Face tokenizers
///   0.23.3; the keys are those of transformers' `BertTokenizerFast`.
enum VocabularyFolder {
  private static let supportedClasses: Set<String> = [
    "BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast",
    "ElectraTokenizer", "ElectraTokenizerFast", "MobileBertTokenizer", "MobileBertTokenizerFast",
  ]

  static func read(_ folder: String) throws(PlauditError) -> Tokenizer.Parts {
    let vocabularyFile = folder + "/vocab.txt"
    let configFile = folder + "/tokenizer_config.json"
    guard File.exists(vocabularyFile) else {
      throw PlauditError(.notFound, "\(folder) has neither tokenizer.json nor vocab.txt")
    }
    guard !File.exists(folder + "/bpe.codes") else {
      throw PlauditError(
        .unsupported, "\(folder) has bpe.codes, a BERTweet tokenizer; supported is WordPiece")
    }
    guard let config = try TokenizerConfig.read(configFile) else {
      throw PlauditError(
        .notFound, "\(configFile) is not there; it says whether the vocabulary is cased")
    }
    try checkClass(config)
    let vocabulary = try readVocabulary(vocabularyFile)
    let root = config.root
    let lowercases = try root["do_lower_case"]?.boolean() ?? true
    let normalizer = try BertNormalizer(
      cleansText: true,
      isolatesIdeographs: try root["tokenize_chinese_chars"]?.boolean() ?? true,
      stripsAccents: try root["strip_accents"]?.boolean() ?? lowercases, lowercases: lowercases)

    let map = try TokenizerConfig.read(folder + "/special_tokens_map.json")
    let (added, specials) = try readAddedTokens(folder, config, map, vocabulary, normalizer)
    let unknown = specials.unknown
    guard let unknownId = unknown.withUnsafeBytes({ vocabulary.id(of: $0) }) else {
      throw missing(unknown, "unk_token", vocabularyFile)
    }
    let model = try WordPiece(
      vocabulary: vocabulary, prefix: Array("##".utf8), unknownId: unknownId, maximumScalars: 100)
    guard let separator = specials.separator.withUnsafeBytes({ added.id(of: $0) }) else {
      throw missing(specials.separator, "sep_token", vocabularyFile)
    }
    guard let classifier = specials.classifier.withUnsafeBytes({ added.id(of: $0) }) else {
      throw missing(specials.classifier, "cls_token", vocabularyFile)
    }
    return Tokenizer.Parts(
      normalizer: normalizer, vocabulary: vocabulary, model: model, added: added,
      template: .bert(classifier: classifier, separator: separator), truncation: nil,
      padding: nil, modelMaxLength: try config.modelMaxLength(), padToken: specials.padding)
  }

  private static func missing(_ token: [UInt8], _ key: String, _ file: String) -> PlauditError {
    let name = String(decoding: token.prefix(64), as: UTF8.self)
    return PlauditError(.corrupt, "\(file): \(key) \"\(name)\" is not in the vocabulary")
  }

  private static func checkClass(_ config: TokenizerConfig) throws(PlauditError) {
    if let value = config.root["tokenizer_class"] {
      let name = try value.string()
      guard supportedClasses.contains(name) else {
        throw value.problem(
          "is \(name.prefix(64)), supported are "
            + supportedClasses.sorted().joined(separator: ", "), kind: .unsupported)
      }
    }
    if let value = config.root["do_basic_tokenize"], try !value.boolean() {
      throw value.problem("is false, supported is true", kind: .unsupported)
    }
  }

  // MARK: vocab.txt

  /// One token a line, white space at its end dropped; the line number is the id.
  private static func readVocabulary(_ path: String) throws(PlauditError) -> Vocabulary {
    let bytes = try File.bytes(of: path, limit: TokenizerFile.maximumBytes)
    let text = bytes.readable
    if let fault = UTF8Text.firstFault(text) {
      throw PlauditError(.corrupt, "\(path) is not UTF-8 at byte \(fault)", offset: Int64(fault))
    }
    var builder = Vocabulary.Builder()
    guard let base = text.baseAddress else {
      throw PlauditError(.corrupt, "\(path) is empty")
    }
    let start = base.assumingMemoryBound(to: UInt8.self)
    var line = 0
    while line < text.count {
      var end = line
      while end < text.count, start[end] != UInt8(ascii: "\n") { end += 1 }
      let next = end + 1
      while end > line {
        let last = UTF8Text.start(start, before: end, from: line)
        let flags = pu_flags(UTF8Text.scalar(start, last).scalar)
        if flags & PU_WHITESPACE == 0 { break }
        end = last
      }
      guard builder.count <= Vocabulary.maximumId else {
        throw PlauditError(.limit, "\(path) has more than \(Vocabulary.maximumId) lines")
      }
      try builder.append(
        UnsafeRawBufferPointer(start: base + line, count: end - line), id: builder.count)
      line = next
    }
    return try Vocabulary(builder, file: path)
  }

  // MARK: Special and added tokens

  private struct Specials {
    var unknown: [UInt8]
    var separator: [UInt8]
    var padding: [UInt8]
    var classifier: [UInt8]
    var mask: [UInt8]
  }

  private static func readAddedTokens(
    _ folder: String, _ config: TokenizerConfig, _ map: TokenizerConfig?,
    _ vocabulary: Vocabulary, _ normalizer: BertNormalizer
  ) throws(PlauditError) -> (AddedTokens, Specials) {
    let file = config.root.file
    var list = AddedTokenList()
    for (token, id) in try statedTokens(folder, config) {
      try list.append(token, statedId: id, file: file)
    }
    func special(_ key: String, _ usual: String) throws(PlauditError) -> [UInt8] {
      var token = AddedToken(content: Array(usual.utf8))
      if let stated = try config.token(key) {
        token = stated
      } else if let stated = try map?.token(key) {
        token = stated
      }
      token.isSpecial = true
      // A special token that the vocabulary lacks would get an id past the model's last one.
      let isKnown = token.content.withUnsafeBytes { vocabulary.id(of: $0) != nil }
      if isKnown, !list.contains(token.content) {
        try list.append(token, statedId: nil, file: file)
      }
      return token.content
    }
    let specials = Specials(
      unknown: try special("unk_token", "[UNK]"), separator: try special("sep_token", "[SEP]"),
      padding: try special("pad_token", "[PAD]"), classifier: try special("cls_token", "[CLS]"),
      mask: try special("mask_token", "[MASK]"))
    let more = config.root["additional_special_tokens"] ?? map?.root["additional_special_tokens"]
    for value in try more?.elements() ?? [] {
      var token = try TokenizerConfig.token(value)
      token.isSpecial = true
      if !list.contains(token.content) { try list.append(token, statedId: nil, file: file) }
    }
    return (try list.added(to: vocabulary, normalizer: normalizer, file: file), specials)
  }

  /// The tokens whose ids are written down, by id.
  private static func statedTokens(
    _ folder: String, _ config: TokenizerConfig
  ) throws(PlauditError) -> [(AddedToken, Int)] {
    var stated: [(AddedToken, Int)] = []
    if let decoder = config.root["added_tokens_decoder"] {
      try decoder.forEachMember { key, value throws(PlauditError) in
        let name = String(decoding: key.prefix(16), as: UTF8.self)
        guard let id = Int(name), id >= 0, id <= Vocabulary.maximumId else {
          throw decoder.problem("has the key \"\(name)\", which is no id")
        }
        stated.append((try TokenizerConfig.token(value), id))
      }
    } else if let old = try TokenizerConfig.read(folder + "/added_tokens.json") {
      try old.root.forEachMember { key, value throws(PlauditError) in
        var token = AddedToken(content: [UInt8](key))
        token.isNormalized = true
        stated.append((token, try value.integer(in: 0...Vocabulary.maximumId)))
      }
    }
    stated.sort { $0.1 < $1.1 }
    return stated
  }
}
