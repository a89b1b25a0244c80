package import PlauditCore

/// Turns text into WordPiece token ids, exactly as Hugging Face tokenizers 0.23.3 does.
///
/// Five stages, a file each: added tokens, normaliser, pre-tokeniser, model, template; then
/// truncation and padding. Immutable once loaded: any number of threads may encode at once, each
/// with its own scratch.
package final class Tokenizer: Sendable {
  /// What the file would apply by itself; applied only when passed in `EncodeOptions`.
  package let fileTruncation: Truncation?
  package let filePadding: Padding?
  /// `model_max_length` of `tokenizer_config.json`; nil when absent or not a real length.
  package let modelMaxLength: Int?
  /// The file's padding id, else that of its `[PAD]` token.
  package let padId: Int32?
  /// Tokens, added ones included; ids may have holes, so this is not `maximumId + 1`.
  package let vocabularySize: Int
  /// The largest id that an encoding can hold, apart from an own `padId` in the options.
  package let maximumId: Int32
  package var unknownId: Int32 { model.unknownId }

  private let normalizer: BertNormalizer
  private let preTokenizer: BertPreTokenizer
  private let vocabulary: Vocabulary
  private let model: WordPiece
  private let added: AddedTokens
  private let template: Template

  /// What a tokenizer file or folder says, read and proven.
  struct Parts {
    var normalizer: BertNormalizer
    var vocabulary: Vocabulary
    var model: WordPiece
    var added: AddedTokens
    var template: Template
    var truncation: Truncation?
    var padding: Padding?
    var modelMaxLength: Int?
    var padToken: [UInt8]
  }

  init(_ parts: Parts) throws(PlauditError) {
    normalizer = parts.normalizer
    preTokenizer = try BertPreTokenizer()
    vocabulary = parts.vocabulary
    model = parts.model
    added = parts.added
    template = parts.template
    fileTruncation = parts.truncation
    filePadding = parts.padding
    modelMaxLength = parts.modelMaxLength
    let (vocabulary, added) = (parts.vocabulary, parts.added)
    padId =
      parts.padding?.padId
      ?? parts.padToken.withUnsafeBytes { added.id(of: $0) ?? vocabulary.id(of: $0) }
    vocabularySize =
      vocabulary.count
      + added.tokens.filter { token in
        token.content.withUnsafeBytes { vocabulary.id(of: $0) == nil }
      }.count
    var maximum = max(vocabulary.maximumId, parts.padding?.padId ?? 0)
    for id in added.ids { maximum = max(maximum, id) }
    for id in parts.template.specialIds { maximum = max(maximum, id) }
    maximumId = maximum
  }

  /// Loads a `tokenizer.json`, a folder that has one, or else a folder with a `vocab.txt`.
  ///
  /// - Throws: `.notFound`, `.inputOutput`; `.corrupt` or `.limit` naming the key;
  ///   `.unsupported` naming the component and what is supported.
  package static func load(path: String) throws(PlauditError) -> Tokenizer {
    guard File.isDirectory(path) else { return try Tokenizer(try TokenizerFile.read(path)) }
    let file = path + "/tokenizer.json"
    if File.exists(file) { return try Tokenizer(try TokenizerFile.read(file)) }
    return try Tokenizer(try VocabularyFolder.read(path))
  }

  /// The id of a token by its exact bytes, added tokens first.
  package func id(of token: UnsafeRawBufferPointer) -> Int32? {
    added.id(of: token) ?? vocabulary.id(of: token)
  }

  /// Hands the bytes of a token to `body`; nil for an id that no token has.
  package func withToken<R>(id: Int32, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
    if let token = added.token(id) { return token.content.withUnsafeBytes(body) }
    return vocabulary.token(id).map(body)
  }

  /// How many special tokens the template adds to a row.
  package func specialTokenCount(pair: Bool) -> Int {
    pair ? template.pairCount : template.singleCount
  }

  // MARK: Batches

  /// Encodes every text, or text pair, into rows of owned memory.
  ///
  /// - Parameter pairs: as many as `texts`; nil for single texts.
  /// - Throws: `.invalidUTF8` with row and byte, `.outOfRange` or `.invalidArgument` for
  ///   truncation that cannot be, `.limit` beyond `Encoding.maximumTokens`, `.outOfMemory`.
  package func encode(
    _ texts: TextBatch, pairs: TextBatch?, options: EncodeOptions
  ) throws(PlauditError) -> Encoding {
    if let pairs, pairs.count != texts.count {
      throw PlauditError(
        .invalidArgument, "there are \(texts.count) texts, but \(pairs.count) pairs")
    }
    try check(options, isPair: pairs != nil)
    let scratch = TokenizerScratch()
    let encoding = try Encoding(textCount: texts.count)
    for row in 0..<texts.count {
      do throws(PlauditError) {
        try prepare(texts.text(row), pair: pairs?.text(row), options, &scratch.memory)
        try append(text: row, scratch.memory, allRows: options.overflowingRows, to: encoding)
      } catch {
        throw error.at(index: Int64(row))
      }
    }
    if let padding = options.padding { try encoding.pad(padding) }
    return encoding
  }

  private func append(
    text: Int, _ memory: borrowing TokenizerScratch.Memory, allRows: Bool, to encoding: Encoding
  ) throws(PlauditError) {
    let plan = memory.plan
    let isPair = plan.second != nil
    let specials = plan.addsSpecialTokens ? specialTokenCount(pair: isPair) : 0
    let rows = allRows ? plan.rowCount : 1
    let tokens =
      allRows
      ? plan.tokenCount(specials: specials)
      : plan.first[0].count + (plan.second?[0].count ?? 0) + specials
    try encoding.reserve(rows: rows, tokens: tokens ?? Int.max)
    let pieces = isPair ? template.pair : template.single
    for row in 0..<rows {
      let (first, second) = plan.windows(of: row)
      let firstRange = plan.first[first]
      let secondRange = plan.second?[second] ?? 0..<0
      for piece in pieces {
        switch piece.sequence {
        case 0:
          let typeId = first == 0 ? piece.typeId : 0
          encoding.put(memory.first, firstRange, typeId: typeId, sequence: 0)
        case 1:
          let typeId = second == 0 ? piece.typeId : 1
          encoding.put(memory.second, secondRange, typeId: typeId, sequence: 1)
        default:
          guard plan.addsSpecialTokens else { continue }
          for index in piece.specials {
            encoding.put(special: template.specialIds[index], typeId: piece.typeId)
          }
        }
      }
      try encoding.endRow(text: text)
    }
    try encoding.noteUnknown(memory.first, sequence: 0)
    if plan.second != nil { try encoding.noteUnknown(memory.second, sequence: 1) }
    try encoding.endText(dropped: plan.droppedTokens)
  }

  // MARK: One text at a time

  /// The first row of one text, or pair, in `scratch`: allocates nothing once that has grown.
  ///
  /// Padding is left to the caller, who knows the batch; the rest is as in `encode`.
  package func encodeRow(
    _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?, options: EncodeOptions,
    scratch: TokenizerScratch, control: RunControl? = nil
  ) throws(PlauditError) -> TokenRow {
    _ = try encodeWindows(
      text, pair: pair, options: options, scratch: scratch, control: control)
    return try window(0, scratch: scratch)
  }

  /// Prepares all rows of one text, or pair, and gives their number; `window` reads them.
  ///
  /// - Parameter control: asked on the way through a long text.
  package func encodeWindows(
    _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?, options: EncodeOptions,
    scratch: TokenizerScratch, control: RunControl? = nil
  ) throws(PlauditError) -> Int {
    try check(options, isPair: pair != nil)
    scratch.memory.control = control
    defer { scratch.memory.control = nil }
    try prepare(text, pair: pair, options, &scratch.memory)
    return scratch.memory.plan.rowCount
  }

  /// Row `index` of what `encodeWindows` of this tokenizer prepared; `.outOfRange` beyond it.
  package func window(
    _ index: Int, scratch: TokenizerScratch
  ) throws(PlauditError) -> TokenRow {
    try fill(&scratch.memory, row: index)
    let plan = scratch.memory.plan
    let count = scratch.memory.rowIds.count
    return TokenRow(
      ids: UnsafeBufferPointer(start: scratch.memory.rowIds.base, count: count),
      typeIds: UnsafeBufferPointer(start: scratch.memory.rowTypeIds.base, count: count),
      droppedTokens: plan.droppedTokens, unknownCount: plan.unknownCount)
  }

  private func fill(
    _ memory: inout TokenizerScratch.Memory, row: Int
  ) throws(PlauditError) {
    let plan = memory.plan
    guard row >= 0, row < plan.rowCount else {
      throw PlauditError(.outOfRange, "window \(row) of \(plan.rowCount)")
    }
    guard row == 0 || plan.rowCount < Int.max else {
      throw PlauditError(.limit, "the texts have more windows than can be counted")
    }
    let (first, second) = plan.windows(of: row)
    let firstRange = plan.first[first]
    let secondRange = plan.second?[second] ?? 0..<0
    let total = firstRange.count + secondRange.count + template.specialIds.count
    try memory.rowIds.reserve(total)
    try memory.rowTypeIds.reserve(total)
    var at = 0
    let ids = memory.rowIds.base
    let typeIds = memory.rowTypeIds.base
    for piece in plan.second == nil ? template.single : template.pair {
      switch piece.sequence {
      case 0:
        let typeId = first == 0 ? piece.typeId : 0
        (ids + at).update(
          from: memory.first.ids.base + firstRange.lowerBound, count: firstRange.count)
        (typeIds + at).update(repeating: typeId, count: firstRange.count)
        at += firstRange.count
      case 1:
        let typeId = second == 0 ? piece.typeId : 1
        (ids + at).update(
          from: memory.second.ids.base + secondRange.lowerBound, count: secondRange.count)
        (typeIds + at).update(repeating: typeId, count: secondRange.count)
        at += secondRange.count
      default:
        guard plan.addsSpecialTokens else { continue }
        for index in piece.specials {
          ids[at] = template.specialIds[index]
          typeIds[at] = piece.typeId
          at += 1
        }
      }
    }
    memory.rowIds.count = at
    memory.rowTypeIds.count = at
  }

  // MARK: The pipeline

  private func check(_ options: EncodeOptions, isPair: Bool) throws(PlauditError) {
    if let truncation = options.truncation {
      _ = try truncation.budget(specialTokens: added(options, isPair: isPair))
    }
    guard let padding = options.padding else { return }
    if case .fixed(let count) = padding.length, count < 0 {
      throw PlauditError(.outOfRange, "padding to \(count) tokens, it must be 0 or more")
    }
    guard padding.multipleOf >= 0 else {
      throw PlauditError(
        .outOfRange, "padding to a multiple of \(padding.multipleOf), it must be 0 or more")
    }
    guard padding.padId >= 0, padding.padTypeId >= 0 else {
      throw PlauditError(
        .outOfRange,
        "padding with id \(padding.padId) and type \(padding.padTypeId), "
          + "both must be 0 or more")
    }
  }

  private func added(_ options: EncodeOptions, isPair: Bool) -> Int {
    options.addSpecialTokens ? specialTokenCount(pair: isPair) : 0
  }

  /// Tokenizes one text, or two, and works out their windows.
  private func prepare(
    _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?, _ options: EncodeOptions,
    _ memory: inout TokenizerScratch.Memory
  ) throws(PlauditError) {
    try tokenize(text, options, isSecond: false, &memory)
    if let pair { try tokenize(pair, options, isSecond: true, &memory) }
    let first = memory.first.count
    let second: Int? = pair == nil ? nil : memory.second.count
    var firstWindows = Windows(total: first)
    var secondWindows: Windows?
    if let second { secondWindows = Windows(total: second) }
    if let truncation = options.truncation {
      let isPair = second != nil
      let budget = try truncation.budget(specialTokens: added(options, isPair: isPair))
      let limits = try truncation.limits(first: first, second: second, budget: budget)
      firstWindows = try Windows(total: first, limit: limits.first, truncation: truncation)
      if let second {
        secondWindows = try Windows(total: second, limit: limits.second, truncation: truncation)
      }
    }
    memory.plan = RowPlan(
      first: firstWindows, second: secondWindows, startsWithSecond: template.startsWithSecond,
      addsSpecialTokens: options.addSpecialTokens,
      unknownCount: memory.first.unknownCount + (pair == nil ? 0 : memory.second.unknownCount))
  }

  private func tokenize(
    _ text: UnsafeRawBufferPointer, _ options: EncodeOptions, isSecond: Bool,
    _ memory: inout TokenizerScratch.Memory
  ) throws(PlauditError) {
    if isSecond { memory.second.clear() } else { memory.first.clear() }
    guard text.count <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit, "a text has \(text.count) bytes, allowed are \(TextBatch.maximumTextBytes)")
    }
    guard let base = text.baseAddress, text.count > 0 else { return }
    var source = UnsafePointer(base.assumingMemoryBound(to: UInt8.self))
    var count = text.count
    var isRepaired = false
    if let fault = try UTF8Text.firstFault(text, control: memory.control) {
      guard options.invalidUTF8 == .replace else {
        let place = "byte \(fault) of the \(isSecond ? "second text" : "text")"
        throw PlauditError(
          .invalidUTF8, "\(place) is 0x\(String(text[fault], radix: 16)), not UTF-8 there",
          offset: Int64(fault))
      }
      try UTF8Text.repair(text, into: &memory.repaired, places: &memory.places)
      source = UnsafePointer(memory.repaired.base)
      count = memory.repaired.count
      isRepaired = true
    }
    let plain = options.encodeSpecialTokens
    if isSecond {
      try tokenize(source, count, plain, &memory.normalized, &memory.second, memory.control)
      if isRepaired { memory.second.move(to: memory.places.base) }
    } else {
      try tokenize(source, count, plain, &memory.normalized, &memory.first, memory.control)
      if isRepaired { memory.first.move(to: memory.places.base) }
    }
  }

  /// Well-formed UTF-8 to tokens: raw added tokens, then each piece between them.
  private func tokenize(
    _ text: UnsafePointer<UInt8>, _ count: Int, _ ignoresSpecial: Bool,
    _ normalized: inout NormalizedText, _ tokens: inout TextTokens, _ control: RunControl?
  ) throws(PlauditError) {
    var pieces = AddedTokens.Pieces(
      added.raw, text, count: count, ignoresSpecial: ignoresSpecial, control: control)
    while let piece = try pieces.next() {
      if piece.id >= 0 {
        try tokens.append(
          piece.id, start: Int32(truncatingIfNeeded: piece.range.lowerBound),
          end: Int32(truncatingIfNeeded: piece.range.upperBound))
        continue
      }
      normalized.clear()
      try normalizer.normalize(text, piece.range, into: &normalized, control: control)
      var parts = AddedTokens.Pieces(
        added.normalized, UnsafePointer(normalized.bytes.base), count: normalized.count,
        ignoresSpecial: ignoresSpecial, control: control)
      while let part = try parts.next() {
        if part.id >= 0 {
          try tokens.append(
            part.id, start: normalized.start(part.range.lowerBound),
            end: normalized.end(part.range.upperBound, text))
          continue
        }
        var at = part.range.lowerBound
        let end = part.range.upperBound
        var pause = at &+ LongText.block
        while let word = preTokenizer.word(UnsafePointer(normalized.bytes.base), from: at, to: end)
        {
          try model.encode(normalized, word, source: text, into: &tokens)
          at = word.upperBound
          try LongText.obey(control, at: at, next: &pause)
        }
      }
    }
  }
}
