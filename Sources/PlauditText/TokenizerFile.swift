import PlauditCore

/// Reads `tokenizer.json`, refusing by name whatever this tokenizer does not do.
///
/// The file is hostile until proven: sizes, ids, lengths and references are checked here, so that
/// encoding needs no check. `decoder` and unknown top-level keys are ignored.
///
/// - Source: the serialisation of Hugging Face tokenizers 0.23.3, its untagged older forms
///   included.
enum TokenizerFile {
  static let maximumBytes = 64 << 20
  static let maximumCount = Int(Int32.max)
  static let maximumSpecials = 1024

  static func read(_ path: String) throws(PlauditError) -> Tokenizer.Parts {
    let bytes = try File.bytes(of: path, limit: maximumBytes)
    let root = try JSONValue.parse(bytes.readable, file: path)
    guard root.isObject else { throw root.problem("must be an object, it is \(root.kindName)") }
    if let version = root["version"] {
      let text = try version.string()
      guard text == "1.0" else {
        throw version.problem("is \"\(text)\", supported is \"1.0\"", kind: .unsupported)
      }
    }
    let normalizer = try readNormalizer(root["normalizer"])
    try readPreTokenizer(root["pre_tokenizer"], root)
    let (vocabulary, model) = try readModel(try root.required("model"))
    let added = try readAddedTokens(root["added_tokens"], vocabulary, normalizer, path)
    let template = try readPostProcessor(root["post_processor"])
    let folder = TokenizerConfig.folder(of: path)
    let config = try TokenizerConfig.read(folder + "/tokenizer_config.json")
    return Tokenizer.Parts(
      normalizer: normalizer, vocabulary: vocabulary, model: model, added: added,
      template: template, truncation: try readTruncation(root["truncation"]),
      padding: try readPadding(root["padding"]), modelMaxLength: try config?.modelMaxLength(),
      padToken: try config?.token("pad_token")?.content ?? Array("[PAD]".utf8))
  }

  // MARK: Components

  private static func type(of value: JSONValue) throws(PlauditError) -> String? {
    try value["type"]?.string()
  }

  private static func unsupported(
    _ value: JSONValue, _ type: String?, _ supported: String
  ) -> PlauditError {
    let name = type.map { "of type \($0.prefix(64))" } ?? "without a known type"
    return value.problem("is \(name), supported is \(supported)", kind: .unsupported)
  }

  private static func readNormalizer(_ value: JSONValue?) throws(PlauditError) -> BertNormalizer {
    guard let value else {
      return try BertNormalizer(
        cleansText: false, isolatesIdeographs: false, stripsAccents: false, lowercases: false)
    }
    let type = try type(of: value)
    guard type == "BertNormalizer" else {
      throw unsupported(value, type, "BertNormalizer or null")
    }
    let lowercases = try value.required("lowercase").boolean()
    return try BertNormalizer(
      cleansText: try value.required("clean_text").boolean(),
      isolatesIdeographs: try value.required("handle_chinese_chars").boolean(),
      stripsAccents: try value["strip_accents"]?.boolean() ?? lowercases, lowercases: lowercases)
  }

  private static func readPreTokenizer(
    _ value: JSONValue?, _ root: JSONValue
  ) throws(PlauditError) {
    guard let value else {
      throw root.problem(
        "has no pre_tokenizer, supported is BertPreTokenizer", kind: .unsupported)
    }
    let type = try type(of: value)
    guard type == "BertPreTokenizer" else { throw unsupported(value, type, "BertPreTokenizer") }
  }

  private static func readModel(
    _ value: JSONValue
  ) throws(PlauditError) -> (Vocabulary, WordPiece) {
    let type = try type(of: value)
    let isUntagged =
      type == nil && value.has("max_input_chars_per_word") && value.has("unk_token")
    guard type == "WordPiece" || isUntagged else { throw unsupported(value, type, "WordPiece") }
    let unknown = [UInt8](try value.required("unk_token").stringBytes())
    let prefix = [UInt8](try value.required("continuing_subword_prefix").stringBytes())
    let maximum = try value.required("max_input_chars_per_word").integer(in: 0...maximumCount)
    var builder = Vocabulary.Builder()
    try value.required("vocab").forEachMember { key, entry throws(PlauditError) in
      let id: Int
      do throws(PlauditError) {
        id = try entry.integer(in: 0...Vocabulary.maximumId)
      } catch {
        let name = String(decoding: key.prefix(64), as: UTF8.self)
        throw PlauditError(.corrupt, "\(error.message): the id of \"\(name)\"")
      }
      try builder.append(key, id: id)
    }
    let vocabulary = try Vocabulary(builder, file: value.file)
    guard let unknownId = unknown.withUnsafeBytes({ vocabulary.id(of: $0) }) else {
      let name = String(decoding: unknown.prefix(64), as: UTF8.self)
      throw value.problem("has unk_token \"\(name)\", which is not in its vocab")
    }
    let model = try WordPiece(
      vocabulary: vocabulary, prefix: prefix, unknownId: unknownId, maximumScalars: maximum)
    return (vocabulary, model)
  }

  private static func readAddedTokens(
    _ value: JSONValue?, _ vocabulary: Vocabulary, _ normalizer: BertNormalizer, _ file: String
  ) throws(PlauditError) -> AddedTokens {
    var list = AddedTokenList()
    if let value {
      for entry in try value.elements() {
        let content = try entry.required("content")
        let id = try entry.required("id").integer(in: 0...Vocabulary.maximumId)
        var token = AddedToken(content: [UInt8](try content.stringBytes()))
        guard !token.content.isEmpty else { throw content.problem("must not be empty") }
        token.isSingleWord = try entry.required("single_word").boolean()
        token.stripsLeft = try entry.required("lstrip").boolean()
        token.stripsRight = try entry.required("rstrip").boolean()
        token.isNormalized = try entry.required("normalized").boolean()
        token.isSpecial = try entry.required("special").boolean()
        try list.append(token, statedId: id, file: file)
      }
    }
    return try list.added(to: vocabulary, normalizer: normalizer, file: file)
  }

  // MARK: Post-processing

  private static func readPostProcessor(_ value: JSONValue?) throws(PlauditError) -> Template {
    guard let value else { return .bare }
    let type = try type(of: value)
    let isUntaggedBert =
      type == nil && value.has("sep") && value.has("cls") && !value.has("trim_offsets")
    if type == "BertProcessing" || isUntaggedBert {
      return .bert(
        classifier: try tokenAndId(try value.required("cls")),
        separator: try tokenAndId(try value.required("sep")))
    }
    guard type == "TemplateProcessing" else {
      throw unsupported(value, type, "TemplateProcessing, BertProcessing or null")
    }
    var template = Template()
    let specials = try value.required("special_tokens")
    for isPair in [false, true] {
      let pieces = try value.required(isPair ? "pair" : "single")
      guard pieces.count <= maximumSpecials else {
        throw pieces.problem("has \(pieces.count) pieces, allowed are \(maximumSpecials)")
      }
      for piece in try pieces.elements() {
        try addPiece(piece, specials, isPair, &template)
      }
    }
    guard template.usesEachTextOnce else {
      throw value.problem(
        "must use A once in single, and A and B once in pair", kind: .unsupported)
    }
    return template
  }

  private static func addPiece(
    _ piece: JSONValue, _ specials: JSONValue, _ isPair: Bool, _ template: inout Template
  ) throws(PlauditError) {
    if let sequence = piece["Sequence"] {
      let typeId = try typeId(sequence)
      let id = try sequence.required("id")
      switch try id.string() {
      case "A": template.addText(0, typeId: typeId, pair: isPair)
      case "B": template.addText(1, typeId: typeId, pair: isPair)
      default: throw id.problem("must be A or B")
      }
      return
    }
    let special = try piece.required("SpecialToken")
    let typeId = try typeId(special)
    let name = try special.required("id").string()
    guard let token = specials[name] else {
      throw piece.problem(
        "names the special token \"\(name.prefix(64))\", which special_tokens does not have")
    }
    let list = try token.required("ids")
    guard template.specialIds.count + list.count <= maximumSpecials else {
      throw list.problem("brings more than \(maximumSpecials) special tokens", kind: .limit)
    }
    var ids: [Int32] = []
    for id in try list.elements() {
      ids.append(Int32(truncatingIfNeeded: try id.integer(in: 0...Vocabulary.maximumId)))
    }
    template.addSpecials(ids, typeId: typeId, pair: isPair)
  }

  private static func typeId(_ value: JSONValue) throws(PlauditError) -> Int32 {
    Int32(truncatingIfNeeded: try value.required("type_id").integer(in: 0...Vocabulary.maximumId))
  }

  /// The id of a pair such as `["[SEP]", 102]`.
  private static func tokenAndId(_ value: JSONValue) throws(PlauditError) -> Int32 {
    guard value.isArray, value.count == 2, let id = value.element(1) else {
      throw value.problem("must be a token and its id")
    }
    return Int32(truncatingIfNeeded: try id.integer(in: 0...Vocabulary.maximumId))
  }

  // MARK: Lengths

  private static func readTruncation(_ value: JSONValue?) throws(PlauditError) -> Truncation? {
    guard let value else { return nil }
    let maximum = try value.required("max_length").integer(in: 0...maximumCount)
    let stride = try value.required("stride")
    let step = try stride.integer(in: 0...maximumCount)
    guard step < max(maximum, 1) else {
      throw stride.problem("is \(step), it must be below max_length \(maximum)")
    }
    let name = try value.required("strategy")
    let strategy: Truncation.Strategy
    switch try name.string() {
    case "LongestFirst": strategy = .longestFirst
    case "OnlyFirst": strategy = .onlyFirst
    case "OnlySecond": strategy = .onlySecond
    default: throw name.problem("must be LongestFirst, OnlyFirst or OnlySecond")
    }
    let direction = try readDirection(value["direction"]) ?? true
    return Truncation(
      maxLength: maximum, strategy: strategy, stride: step, direction: direction ? .right : .left)
  }

  private static func readPadding(_ value: JSONValue?) throws(PlauditError) -> Padding? {
    guard let value else { return nil }
    let strategy = try value.required("strategy")
    var length = Padding.Length.longest
    if let fixed = strategy["Fixed"] {
      length = .fixed(try fixed.integer(in: 0...maximumCount))
    } else {
      guard strategy.isString, try strategy.string() == "BatchLongest" else {
        throw strategy.problem("must be BatchLongest or Fixed with a number")
      }
    }
    let isRight = try readDirection(try value.required("direction")) ?? true
    return Padding(
      length: length,
      multipleOf: try value["pad_to_multiple_of"]?.integer(in: 0...maximumCount) ?? 0,
      padId: Int32(
        truncatingIfNeeded: try value.required("pad_id").integer(in: 0...Vocabulary.maximumId)),
      padTypeId: Int32(
        truncatingIfNeeded: try value.required("pad_type_id").integer(in: 0...Vocabulary.maximumId)
      ),
      direction: isRight ? .right : .left)
  }

  /// Whether a direction is `Right`.
  private static func readDirection(_ value: JSONValue?) throws(PlauditError) -> Bool? {
    guard let value else { return nil }
    switch try value.string() {
    case "Right": return true
    case "Left": return false
    default: throw value.problem("must be Left or Right")
    }
  }
}
