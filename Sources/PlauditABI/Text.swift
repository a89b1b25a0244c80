public import CPlaudit
import Glibc
import PlauditCore
import PlauditText

// The text section of plaudit.h.

/// A tokenizer as hosts hold it.
///
/// Token texts handed out are C strings, made on first use and kept for the tokenizer's life.
final class TokenizerObject {
  let tokenizer: Tokenizer
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private var texts: [Int32: (text: UnsafeMutablePointer<CChar>, length: Int)] = [:]

  init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
  }

  deinit {
    for (_, entry) in texts { free(entry.text) }
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  func text(_ id: Int32) throws(PlauditError) -> (text: UnsafePointer<CChar>, length: Int) {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    if let known = texts[id] { return (UnsafePointer(known.text), known.length) }
    let copied = tokenizer.withToken(id: id) { bytes -> (UnsafeMutablePointer<CChar>, Int)? in
      guard let copy = malloc(bytes.count + 1) else { return nil }
      if let first = bytes.baseAddress { copy.copyMemory(from: first, byteCount: bytes.count) }
      copy.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
      return (copy.bindMemory(to: CChar.self, capacity: bytes.count + 1), bytes.count)
    }
    guard let found = copied else {
      throw PlauditError(.notFound, "no token has id \(id)")
    }
    guard let made = found else { throw PlauditError(.outOfMemory, "no memory for a token") }
    texts[id] = (made.0, made.1)
    return (UnsafePointer(made.0), made.1)
  }
}

let tokenizers = Handle<TokenizerObject>(
  kind: .tokenizer, name: "plaudit_tokenizer", exclusive: false)
let encodings = Handle<Encoding>(kind: .encoding, name: "plaudit_encoding", exclusive: false)
let cleanings = Handle<CleanedTexts>(kind: .cleaning, name: "plaudit_cleaning", exclusive: false)

// MARK: Text batches

/// Runs `body` with a checked view of the host's texts; C strings are gathered for the call.
func withTexts<Result>(
  _ pointer: UnsafePointer<plaudit_text_batch>?, _ parameter: StaticString,
  _ body: (TextBatch) throws -> Result
) throws -> Result {
  let batch = try options(
    try required(pointer, parameter), zero: plaudit_text_batch(), parameter)
  let count = try counted(batch.count, parameter, field: "count")
  guard batch.pointers == nil else {
    guard batch.offsets32 == nil, batch.offsets64 == nil, batch.data == nil else {
      throw PlauditError(
        .invalidArgument, "\(parameter) sets pointers and data; set one layout or the other")
    }
    let gathered = try GatheredTexts(batch, count: count, parameter)
    return try withExtendedLifetime(gathered) { try body(try gathered.batch(batch.validity)) }
  }
  if count > 0, batch.offsets32 == nil, batch.offsets64 == nil {
    throw PlauditError(
      .nullPointer, "\(parameter)->pointers, offsets32 and offsets64 are all NULL")
  }
  let length = try counted(batch.data_length, parameter, field: "data_length")
  if length > 0 { _ = try required(batch.data, parameter) }
  return try body(
    try TextBatch(
      count: count, data: UnsafeRawBufferPointer(start: batch.data, count: length),
      offsets32: batch.offsets32, offsets64: batch.offsets64, validity: batch.validity))
}

/// Texts that came as separate C strings, side by side as a batch wants them.
private final class GatheredTexts {
  private let data: Bytes
  private let offsets: Bytes
  private let count: Int

  init(_ batch: plaudit_text_batch, count: Int, _ parameter: StaticString) throws(PlauditError) {
    self.count = count
    let (size, overflow) = (count + 1).multipliedReportingOverflow(by: 8)
    guard !overflow else { throw PlauditError(.outOfMemory, "no memory for \(count) texts") }
    offsets = try Bytes(count: size)
    let ends = offsets.mutable.bindMemory(to: Int64.self)
    var total = 0
    ends[0] = 0
    for row in 0..<count {
      let length = try GatheredTexts.length(batch, row, parameter)
      let (sum, tooLong) = total.addingReportingOverflow(length)
      guard !tooLong else {
        throw PlauditError(.limit, "\(parameter) is too long in all", index: Int64(row))
      }
      total = sum
      ends[row + 1] = Int64(total)
    }
    data = try Bytes(count: total)
    for row in 0..<count {
      let start = Int(ends[row])
      let length = Int(ends[row + 1]) - start
      if length > 0, let text = batch.pointers?[row], let base = data.mutable.baseAddress {
        (base + start).copyMemory(from: text, byteCount: length)
      }
    }
  }

  func batch(_ validity: UnsafePointer<UInt8>?) throws(PlauditError) -> TextBatch {
    try TextBatch(
      count: count, data: data.readable, offsets32: nil,
      offsets64: UnsafePointer(offsets.mutable.bindMemory(to: Int64.self).baseAddress),
      validity: validity)
  }

  private static func length(
    _ batch: plaudit_text_batch, _ row: Int, _ parameter: StaticString
  ) throws(PlauditError) -> Int {
    if let validity = batch.validity, validity[row >> 3] >> UInt8(row & 7) & 1 == 0 { return 0 }
    guard let text = batch.pointers?[row] else {
      let stated = batch.lengths?[row] ?? -1
      if stated == 0 { return 0 }
      throw PlauditError(
        .nullPointer, "\(parameter)->pointers[\(row)] is NULL", index: Int64(row))
    }
    let stated = batch.lengths?[row] ?? -1
    guard stated >= -1 else {
      throw PlauditError(
        .invalidArgument, "\(parameter)->lengths[\(row)] is \(stated)", index: Int64(row))
    }
    let length = stated < 0 ? strlen(text) : Int(stated)
    guard length <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit, "a text has \(length) bytes, allowed are \(TextBatch.maximumTextBytes)",
        index: Int64(row))
    }
    return length
  }
}

/// Runs `body` with pairs when the host gives any.
func withPairs<Result>(
  _ pointer: UnsafePointer<plaudit_text_batch>?, _ body: (TextBatch?) throws -> Result
) throws -> Result {
  guard pointer != nil else { return try body(nil) }
  return try withTexts(pointer, "pairs") { try body($0) }
}

// MARK: Tokenizer

@implementation @_cdecl("plaudit_tokenizer_load")
public func plaudit_tokenizer_load(
  _ path: UnsafePointer<CChar>?, _ path_length: Int64,
  _ out_tokenizer: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_tokenizer?.pointee = nil
  return call(error) {
    let slot = try required(out_tokenizer, "out_tokenizer")
    let tokenizer = try Tokenizer.load(path: try string(path, path_length, "path"))
    slot.pointee = try tokenizers.make(TokenizerObject(tokenizer))
  }
}

@implementation @_cdecl("plaudit_tokenizer_free")
public func plaudit_tokenizer_free(_ tokenizer: UnsafeMutablePointer<OpaquePointer?>?) {
  tokenizers.free(tokenizer)
}

@implementation @_cdecl("plaudit_tokenizer_vocabulary_size")
public func plaudit_tokenizer_vocabulary_size(
  _ tokenizer: OpaquePointer?, _ out_size: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_size?.pointee = 0
  return call(error) {
    try tokenizers.use(tokenizer, "tokenizer") {
      try required(out_size, "out_size").pointee = Int64($0.tokenizer.vocabularySize)
    }
  }
}

@implementation @_cdecl("plaudit_tokenizer_token_id")
public func plaudit_tokenizer_token_id(
  _ tokenizer: OpaquePointer?, _ token: UnsafePointer<CChar>?, _ length: Int64,
  _ out_id: UnsafeMutablePointer<Int32>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_id?.pointee = 0
  return call(error) {
    try tokenizers.use(tokenizer, "tokenizer") {
      let slot = try required(out_id, "out_id")
      let text = try bytes(token, length, "token")
      guard let id = $0.tokenizer.id(of: text) else {
        throw PlauditError(
          .notFound,
          "the vocabulary has no token \(String(decoding: text.prefix(100), as: UTF8.self))")
      }
      slot.pointee = id
    }
  }
}

@implementation @_cdecl("plaudit_tokenizer_token_text")
public func plaudit_tokenizer_token_text(
  _ tokenizer: OpaquePointer?, _ id: Int32,
  _ out_text: UnsafeMutablePointer<UnsafePointer<CChar>?>?,
  _ out_length: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_text?.pointee = nil
  out_length?.pointee = 0
  return call(error) {
    try tokenizers.use(tokenizer, "tokenizer") {
      let slot = try required(out_text, "out_text")
      let found = try $0.text(id)
      slot.pointee = found.text
      out_length?.pointee = Int64(found.length)
    }
  }
}

@implementation @_cdecl("plaudit_tokenizer_encode")
public func plaudit_tokenizer_encode(
  _ tokenizer: OpaquePointer?, _ texts: UnsafePointer<plaudit_text_batch>?,
  _ pairs: UnsafePointer<plaudit_text_batch>?, _ options: UnsafePointer<plaudit_encode_options>?,
  _ out_encoding: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_encoding?.pointee = nil
  return call(error) {
    try tokenizers.use(tokenizer, "tokenizer") { object in
      let slot = try required(out_encoding, "out_encoding")
      let wanted = try encodeOptions(options, object.tokenizer)
      try withTexts(texts, "texts") { texts in
        try withPairs(pairs) { pairs in
          slot.pointee = try encodings.make(
            try object.tokenizer.encode(texts, pairs: pairs, options: wanted))
        }
      }
    }
  }
}

@implementation @_cdecl("plaudit_encoding_get")
public func plaudit_encoding_get(
  _ encoding: OpaquePointer?, _ out_view: UnsafeMutablePointer<plaudit_encoding_view>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try encodings.use(encoding, "encoding") {
      let view = try output(out_view, "out_view")
      let (all, offsets) = ($0.kept == .all, $0.kept != .ids)
      view.pointee = plaudit_encoding_view(
        struct_size: view.pointee.struct_size, text_count: Int64($0.textCount),
        row_count: Int64($0.rowCount), token_count: Int64($0.tokenCount),
        row_offsets: $0.rowOffsets, row_texts: $0.rowTexts, ids: $0.ids,
        type_ids: all ? $0.typeIds : nil, attention_mask: all ? $0.attentionMask : nil,
        special_tokens_mask: all ? $0.specialTokensMask : nil,
        sequences: all ? $0.sequences : nil, starts: offsets ? $0.starts : nil,
        ends: offsets ? $0.ends : nil,
        dropped_tokens: $0.droppedTokens, unknown_offsets: $0.unknownOffsets,
        unknown_starts: $0.unknownStarts, unknown_ends: $0.unknownEnds,
        unknown_sequences: $0.unknownSequences)
    }
  }
}

@implementation @_cdecl("plaudit_encoding_free")
public func plaudit_encoding_free(_ encoding: UnsafeMutablePointer<OpaquePointer?>?) {
  encodings.free(encoding)
}

// MARK: Cleaning

@implementation @_cdecl("plaudit_text_clean")
public func plaudit_text_clean(
  _ recipe: UnsafePointer<CChar>?, _ recipe_length: Int64,
  _ texts: UnsafePointer<plaudit_text_batch>?,
  _ out_cleaning: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_cleaning?.pointee = nil
  return call(error) {
    let slot = try required(out_cleaning, "out_cleaning")
    let recipe = try CleaningRecipe.named(try string(recipe, recipe_length, "recipe"))
    slot.pointee = try withTexts(texts, "texts") {
      try cleanings.make(try CleanedTexts($0, recipe))
    }
  }
}

@implementation @_cdecl("plaudit_cleaning_get")
public func plaudit_cleaning_get(
  _ cleaning: OpaquePointer?, _ out_view: UnsafeMutablePointer<plaudit_cleaning_view>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try cleanings.use(cleaning, "cleaning") {
      let view = try output(out_view, "out_view")
      view.pointee = plaudit_cleaning_view(
        struct_size: view.pointee.struct_size, text_count: Int64($0.count),
        byte_count: Int64($0.byteCount),
        data: UnsafeRawPointer($0.data).assumingMemoryBound(to: CChar.self), offsets: $0.offsets,
        starts: $0.starts, ends: $0.ends)
    }
  }
}

@implementation @_cdecl("plaudit_cleaning_free")
public func plaudit_cleaning_free(_ cleaning: UnsafeMutablePointer<OpaquePointer?>?) {
  cleanings.free(cleaning)
}

nonisolated(unsafe) private let recipes = strdup(CleaningRecipe.listing)

@implementation @_cdecl("plaudit_cleaning_recipes")
public func plaudit_cleaning_recipes() -> UnsafePointer<CChar>? { UnsafePointer(recipes) }

// MARK: Options

private func encodeOptions(
  _ pointer: UnsafePointer<plaudit_encode_options>?, _ tokenizer: Tokenizer
) throws(PlauditError) -> EncodeOptions {
  let given = try options(pointer, zero: plaudit_encode_options(), "options")
  var wanted = EncodeOptions()
  wanted.addSpecialTokens = try !flag(given.no_special_tokens, "no_special_tokens")
  wanted.encodeSpecialTokens = try isPlain(given.special_text)
  wanted.invalidUTF8 = try invalidUTF8(given.invalid_utf8)
  wanted.truncation = try truncation(given, tokenizer)
  wanted.padding = try padding(given, tokenizer)
  try choice(given.columns, "columns", in: 0...2)
  wanted.columns = [.all, .ids, .offsets][Int(given.columns)]
  return wanted
}

func isPlain(_ value: Int32) throws(PlauditError) -> Bool { try flag(value, "special_text") }

func invalidUTF8(_ value: Int32) throws(PlauditError) -> EncodeOptions.InvalidUTF8 {
  try flag(value, "invalid_utf8") ? .replace : .error
}

private func truncation(
  _ given: plaudit_encode_options, _ tokenizer: Tokenizer
) throws(PlauditError) -> Truncation? {
  try choice(given.truncation, "truncation", in: 0...4)
  let side: Truncation.Direction =
    try flag(given.truncation_side, "truncation_side") ? .left : .right
  if given.truncation <= 1 {
    guard given.max_length == 0, given.stride == 0 else {
      throw PlauditError(
        .invalidArgument,
        "max_length or stride is set, but truncation does not say how to cut; "
          + "choose LONGEST_FIRST, ONLY_FIRST or ONLY_SECOND")
    }
    return given.truncation == 0 ? tokenizer.fileTruncation : nil
  }
  let strategies: [Truncation.Strategy] = [.longestFirst, .onlyFirst, .onlySecond]
  return Truncation(
    maxLength: try counted(given.max_length, "max_length"),
    strategy: strategies[Int(given.truncation) - 2], stride: try counted(given.stride, "stride"),
    direction: side)
}

private func padding(
  _ given: plaudit_encode_options, _ tokenizer: Tokenizer
) throws(PlauditError) -> Padding? {
  try choice(given.padding, "padding", in: 0...3)
  let side: Padding.Direction = try flag(given.padding_side, "padding_side") ? .left : .right
  if given.padding == 0 { return tokenizer.filePadding }
  if given.padding == 1 { return nil }
  let length = try counted(given.pad_length, "pad_length")
  guard length <= Encoding.maximumTokens else {
    throw PlauditError(.outOfRange, "pad_length is \(length), at most \(Encoding.maximumTokens)")
  }
  return Padding(
    length: given.padding == 3 ? .fixed(length) : .longest,
    multipleOf: try counted(given.pad_multiple, "pad_multiple"), padId: tokenizer.padId ?? 0,
    padTypeId: 0, direction: side)
}
