import Glibc
import PlauditCore
import Testing

@testable import PlauditText

/// Files beside the tests, temporary folders, and texts as the library takes them.
enum Fixture {
  static let reference = String(#filePath.dropLast("Fixture.swift".count)) + "Reference"
  static let vocabulary = reference + "/bert-base-uncased"

  /// A reference file and what must stay alive while it is read.
  static func json(_ name: String) throws -> JSONValue {
    let bytes = try File.bytes(of: "\(reference)/\(name).json", limit: 64 << 20)
    let value = try JSONValue.parse(bytes.readable, file: name)
    #expect(try value.required("version").string() == "0.23.3")
    return value
  }

  static func bytes(_ value: JSONValue) throws -> [UInt8] {
    try value.elements().map { UInt8(truncatingIfNeeded: try $0.integer()) }
  }

  static func integers(_ value: JSONValue) throws -> [Int] {
    try value.elements().map { try $0.integer() }
  }

  /// The real vocabulary, with or without lower-casing.
  static func bert(lowercase: Bool) throws -> Tokenizer {
    if lowercase { return try Tokenizer.load(path: vocabulary) }
    let folder = try TemporaryFolder()
    let words = try File.bytes(of: vocabulary + "/vocab.txt", limit: 1 << 20)
    try folder.write("vocab.txt", [UInt8](words.readable))
    try folder.write("tokenizer_config.json", #"{"do_lower_case": false}"#)
    return try Tokenizer.load(path: folder.path)
  }

  /// A tokenizer of a `tokenizer.json` with this text.
  static func tokenizer(_ text: String) throws -> Tokenizer {
    let folder = try TemporaryFolder()
    try folder.write("tokenizer.json", text)
    return try Tokenizer.load(path: folder.path)
  }

  /// A small `tokenizer.json`; each part can be replaced by other JSON.
  static func file(
    vocab: String = ###"{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"a":4,"b":5,"##c":6}"###,
    added: String = "[]", normalizer: String = "null",
    preTokenizer: String = #"{"type":"BertPreTokenizer"}"#,
    postProcessor: String = #"{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}"#,
    model: String? = nil, truncation: String = "null", padding: String = "null",
    version: String = "1.0"
  ) -> String {
    let wordPiece =
      ###"{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","###
      + #""max_input_chars_per_word":100,"vocab":\#(vocab)}"#
    return #"{"version":"\#(version)","truncation":\#(truncation),"padding":\#(padding),"#
      + #""added_tokens":\#(added),"normalizer":\#(normalizer),"#
      + #""pre_tokenizer":\#(preTokenizer),"post_processor":\#(postProcessor),"#
      + #""decoder":null,"model":\#(model ?? wordPiece)}"#
  }

  static func added(
    _ content: String, _ id: Int, singleWord: Bool = false, left: Bool = false,
    right: Bool = false, normalized: Bool = false, special: Bool = false
  ) -> String {
    #"{"id":\#(id),"content":"\#(content)","single_word":\#(singleWord),"lstrip":\#(left),"#
      + #""rstrip":\#(right),"normalized":\#(normalized),"special":\#(special)}"#
  }
}

/// A folder of its own among the temporary files, removed at the end.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("\(P_tmpdir)/plaudit-text-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) } != nil
    }
    guard made else { throw PlauditError(.inputOutput, "no temporary folder") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try File.write(bytes, to: "\(path)/\(name)")
    names.append(name)
  }

  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

  private var names: [String] = []

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }
}

extension TokenizerScratch.Route {
  /// Every way to the tokens that this machine has: without kernels, and with each set of them
  /// without a cache, with one that hardly holds a text, and with the usual one.
  static var all: [TokenizerScratch.Route] {
    var routes = [TokenizerScratch.Route(kernels: nil, cachedWords: 0)]
    for kernels in availableTextKernels {
      for words in [0, 4, nil] {
        routes.append(TokenizerScratch.Route(kernels: kernels, cachedWords: words))
      }
    }
    return routes
  }

  var name: String {
    guard let kernels else { return "stages" }
    let cache = cachedWords.map { "\($0) words" } ?? "usual cache"
    return "\(String(cString: kernels.pointee.name)), \(cache)"
  }
}

/// One row, copied out of an encoding.
struct Row: Equatable {
  var ids: [Int] = []
  var starts: [Int] = []
  var ends: [Int] = []
}

extension Tokenizer {
  func encode(
    _ texts: [[UInt8]], pairs: [[UInt8]]? = nil, _ options: EncodeOptions = EncodeOptions(),
    scratch: TokenizerScratch? = nil
  ) throws -> Encoding {
    func encode(_ texts: TextBatch, _ pairs: TextBatch?) throws -> Encoding {
      guard let scratch else { return try self.encode(texts, pairs: pairs, options: options) }
      return try self.encode(texts, pairs: pairs, options: options, scratch: scratch)
    }
    let data = texts.flatMap { $0 }
    var offsets: [Int64] = [0]
    for text in texts { offsets.append((offsets.last ?? 0) + Int64(text.count)) }
    let pairData = (pairs ?? []).flatMap { $0 }
    var pairOffsets: [Int64] = [0]
    for text in pairs ?? [] { pairOffsets.append((pairOffsets.last ?? 0) + Int64(text.count)) }
    return try data.withUnsafeBytes { data in
      try pairData.withUnsafeBytes { pairData in
        let first = try TextBatch(
          count: texts.count, data: data, offsets32: nil, offsets64: offsets, validity: nil)
        guard pairs != nil else { return try encode(first, nil) }
        let second = try TextBatch(
          count: pairs?.count ?? 0, data: pairData, offsets32: nil, offsets64: pairOffsets,
          validity: nil)
        return try encode(first, second)
      }
    }
  }

  func encode(
    _ text: String, pair: String? = nil, _ options: EncodeOptions = EncodeOptions()
  ) throws -> Encoding {
    try encode([Array(text.utf8)], pairs: pair.map { [Array($0.utf8)] }, options)
  }

  /// The tokens of the first row, special ones left out.
  func words(_ text: String, _ options: EncodeOptions = EncodeOptions()) throws -> [String] {
    let encoding = try encode(text, nil, options)
    return (0..<Int(encoding.rowOffsets[1])).compactMap { index in
      guard encoding.specialTokensMask[index] == 0 else { return nil }
      return withToken(id: encoding.ids[index]) { String(decoding: $0, as: UTF8.self) }
    }
  }

  func encode(
    _ text: String, _ pair: String?, _ options: EncodeOptions
  ) throws -> Encoding { try encode(text, pair: pair, options) }
}

extension Encoding {
  /// Whether all columns that both have are the same, row by row.
  func isSame(as other: Encoding) -> Bool {
    func same<T>(_ path: KeyPath<Encoding, UnsafePointer<T>>, _ count: Int) -> Bool {
      memcmp(self[keyPath: path], other[keyPath: path], count * MemoryLayout<T>.stride) == 0
    }
    guard textCount == other.textCount, rowCount == other.rowCount,
      tokenCount == other.tokenCount, same(\.rowOffsets, rowCount + 1),
      same(\.rowTexts, rowCount), same(\.ids, tokenCount), same(\.droppedTokens, textCount),
      same(\.unknownOffsets, textCount + 1)
    else { return false }
    let unknown = Int(unknownOffsets[textCount])
    guard same(\.unknownSequences, unknown), same(\.unknownStarts, unknown),
      same(\.unknownEnds, unknown)
    else { return false }
    guard kept != .ids, other.kept != .ids else { return true }
    guard same(\.starts, tokenCount), same(\.ends, tokenCount) else { return false }
    guard kept == .all, other.kept == .all else { return true }
    return same(\.typeIds, tokenCount) && same(\.attentionMask, tokenCount)
      && same(\.specialTokensMask, tokenCount) && same(\.sequences, tokenCount)
  }

  func row(_ index: Int) -> Row {
    var row = Row()
    for place in Int(rowOffsets[index])..<Int(rowOffsets[index + 1]) {
      row.ids.append(Int(ids[place]))
      row.starts.append(Int(starts[place]))
      row.ends.append(Int(ends[place]))
    }
    return row
  }
}

/// Expects a `PlauditError` of this kind whose message has all of `parts`.
func expectRefusal(
  _ kind: PlauditError.Kind, _ parts: String..., at location: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) {
  do {
    try body()
    Issue.record("not refused", sourceLocation: location)
  } catch let error as PlauditError {
    #expect(error.kind == kind, "\(error.message)", sourceLocation: location)
    for part in parts {
      #expect(error.message.contains(part), "\(error.message)", sourceLocation: location)
    }
  } catch {
    Issue.record("another error: \(error)", sourceLocation: location)
  }
}

/// What a call takes of this thread's processor time, whatever else the machine does.
func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
  let start = now()
  try body()
  return now() - start
}
