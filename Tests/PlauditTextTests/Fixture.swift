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

/// One row, copied out of an encoding.
struct Row: Equatable {
  var ids: [Int] = []
  var starts: [Int] = []
  var ends: [Int] = []
}

extension Tokenizer {
  func encode(
    _ texts: [[UInt8]], pairs: [[UInt8]]? = nil, _ options: EncodeOptions = EncodeOptions()
  ) throws -> Encoding {
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
        guard pairs != nil else { return try encode(first, pairs: nil, options: options) }
        let second = try TextBatch(
          count: pairs?.count ?? 0, data: pairData, offsets32: nil, offsets64: pairOffsets,
          validity: nil)
        return try encode(first, pairs: second, options: options)
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
