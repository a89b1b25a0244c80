import PlauditCore
import Testing

@testable import PlauditText

struct TokenizerFileTests {
  private static let template =
    #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},"#
    + #"{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},"#
    + #"{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"[CLS]":"#
    + #"{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]}}}"#

  private func refuse(
    _ kind: PlauditError.Kind, _ parts: String..., file: String,
    at location: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try Fixture.tokenizer(file)
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

  // MARK: By hand

  @Test func `truncation and padding are read, not applied`() throws {
    let tokenizer = try Fixture.tokenizer(
      Fixture.file(
        truncation: #"{"max_length":3,"strategy":"OnlyFirst","stride":1,"direction":"Left"}"#,
        padding: #"{"strategy":{"Fixed":9},"direction":"Left","pad_to_multiple_of":8,"#
          + #""pad_id":5,"pad_type_id":1,"pad_token":"b"}"#))
    #expect(
      tokenizer.fileTruncation
        == Truncation(maxLength: 3, strategy: .onlyFirst, stride: 1, direction: .left))
    #expect(
      tokenizer.filePadding
        == Padding(length: .fixed(9), multipleOf: 8, padId: 5, padTypeId: 1, direction: .left))
    #expect(tokenizer.padId == 5)
    #expect(try tokenizer.encode("a b a").row(0).ids == [2, 4, 5, 4, 3])
  }

  @Test func `untagged models and post-processors of older files are read`() throws {
    let model =
      ###"{"unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":9,"###
      + #""vocab":{"[UNK]":0,"a":1}}"#
    let tokenizer = try Fixture.tokenizer(
      Fixture.file(postProcessor: #"{"sep":["x",8],"cls":["y",9]}"#, model: model))
    #expect(try tokenizer.encode("a").row(0).ids == [9, 1, 8])
    #expect(tokenizer.maximumId == 9)
    #expect(tokenizer.vocabularySize == 2)
  }

  @Test func `a length in the neighbouring config is the model's`() throws {
    let folder = try TemporaryFolder()
    try folder.write("tokenizer.json", Fixture.file())
    #expect(try Tokenizer.load(path: folder.path).modelMaxLength == nil)
    try folder.write("tokenizer_config.json", #"{"model_max_length":512}"#)
    #expect(try Tokenizer.load(path: folder.path).modelMaxLength == 512)
    #expect(try Tokenizer.load(path: folder.path + "/tokenizer.json").modelMaxLength == 512)
    try folder.write(
      "tokenizer_config.json", #"{"model_max_length":1000000000000000019884624838656}"#)
    #expect(try Tokenizer.load(path: folder.path).modelMaxLength == nil)
  }

  // MARK: Refusal

  @Test func `other components are refused by name`() {
    refuse(.unsupported, "normalizer", "NFC", file: Fixture.file(normalizer: #"{"type":"NFC"}"#))
    refuse(
      .unsupported, "pre_tokenizer", "Whitespace", "BertPreTokenizer",
      file: Fixture.file(preTokenizer: #"{"type":"Whitespace"}"#))
    refuse(.unsupported, "pre_tokenizer", file: Fixture.file(preTokenizer: "null"))
    refuse(
      .unsupported, "model", "BPE", "WordPiece", file: Fixture.file(model: #"{"type":"BPE"}"#))
    refuse(.unsupported, "model", "WordPiece", file: Fixture.file(model: #"{"vocab":{}}"#))
    refuse(
      .unsupported, "post_processor", "RobertaProcessing",
      file: Fixture.file(postProcessor: #"{"type":"RobertaProcessing"}"#))
    refuse(.unsupported, "version", "2.0", file: Fixture.file(version: "2.0"))
  }

  @Test func `broken vocabularies are refused with their key`() {
    refuse(.corrupt, "-1", "\"a\"", file: Fixture.file(vocab: #"{"[UNK]":0,"a":-1}"#))
    refuse(.corrupt, "16777217", file: Fixture.file(vocab: #"{"[UNK]":0,"a":16777217}"#))
    refuse(.corrupt, "a string", file: Fixture.file(vocab: #"{"[UNK]":0,"a":"1"}"#))
    refuse(.corrupt, "1.5", file: Fixture.file(vocab: #"{"[UNK]":0,"a":1.5}"#))
    refuse(.corrupt, "id 1", file: Fixture.file(vocab: #"{"[UNK]":0,"a":1,"b":1}"#))
    refuse(.corrupt, "unk_token", "[UNK]", file: Fixture.file(vocab: #"{"a":0}"#))
    refuse(.corrupt, "unk_token", file: Fixture.file(vocab: "{}"))
    refuse(.corrupt, "model.vocab", file: Fixture.file(vocab: "[]"))
    refuse(.corrupt, "duplicate", file: Fixture.file(vocab: #"{"a":0,"a":1}"#))
    refuse(.corrupt, "model is missing", file: #"{"pre_tokenizer":{"type":"BertPreTokenizer"}}"#)
    let negative =
      ###"{"type":"WordPiece","unk_token":"a","continuing_subword_prefix":"##","###
      + #""max_input_chars_per_word":-1,"vocab":{"a":0}}"#
    refuse(.corrupt, "max_input_chars_per_word", "-1", file: Fixture.file(model: negative))
  }

  @Test func `broken templates are refused`() {
    let missing = Self.template.replacing(#"{"[CLS]":"#, with: #"{"[SEP]":"#)
    refuse(
      .corrupt, "post_processor.single[0]", "[CLS]", file: Fixture.file(postProcessor: missing))
    let twice = Self.template.replacing(#""id":"B""#, with: #""id":"A""#)
    refuse(.unsupported, "A and B once", file: Fixture.file(postProcessor: twice))
    let other = Self.template.replacing(#""id":"B""#, with: #""id":"C""#)
    refuse(.corrupt, "must be A or B", file: Fixture.file(postProcessor: other))
    let negative = Self.template.replacing(#""ids":[2]"#, with: #""ids":[-2]"#)
    refuse(.corrupt, "ids[0]", "-2", file: Fixture.file(postProcessor: negative))
    refuse(
      .corrupt, "sep",
      file: Fixture.file(postProcessor: #"{"type":"BertProcessing","cls":["a",1]}"#))
    refuse(
      .corrupt, "cls",
      file: Fixture.file(postProcessor: #"{"type":"BertProcessing","sep":["a",1],"cls":["a"]}"#))
  }

  @Test func `broken lengths are refused`() {
    refuse(
      .corrupt, "truncation.stride", "5",
      file: Fixture.file(truncation: #"{"max_length":5,"strategy":"OnlyFirst","stride":5}"#))
    refuse(
      .corrupt, "truncation.max_length", "-5",
      file: Fixture.file(truncation: #"{"max_length":-5,"strategy":"OnlyFirst","stride":0}"#))
    refuse(
      .corrupt, "truncation.strategy",
      file: Fixture.file(truncation: #"{"max_length":5,"strategy":"Some","stride":0}"#))
    refuse(
      .corrupt, "padding.strategy",
      file: Fixture.file(padding: #"{"strategy":"Some","direction":"Left","pad_id":0}"#))
    refuse(
      .corrupt, "padding.pad_id", "-1",
      file: Fixture.file(
        padding: #"{"strategy":"BatchLongest","direction":"Left","pad_id":-1,"pad_type_id":0}"#))
    refuse(
      .corrupt, "padding.direction",
      file: Fixture.file(
        padding: #"{"strategy":"BatchLongest","direction":"Up","pad_id":1,"pad_type_id":0}"#))
  }

  @Test func `broken files are refused`() throws {
    refuse(.corrupt, "empty", file: "")
    refuse(.corrupt, file: "[1, 2")
    refuse(.corrupt, "an array", file: "[]")
    refuse(.limit, "64", file: String(repeating: "[", count: 100))
    expectRefusal(.notFound, "nowhere.json") {
      _ = try Tokenizer.load(path: "/nowhere.json")
    }
  }

  // MARK: Law

  @Test func `a file cut or changed anywhere loads or is refused`() throws {
    let added = "[\(Fixture.added("[SEP]", 3, special: true))]"
    let whole = Array(
      Fixture.file(
        added: added, postProcessor: Self.template,
        truncation: #"{"max_length":3,"strategy":"OnlyFirst","stride":1}"#
      ).utf8)
    let folder = try TemporaryFolder()
    var random = SplitMix(9)
    var loaded = 0
    for round in 0..<600 {
      var bytes = whole
      if round < 200 {
        bytes.removeLast(random.below(bytes.count))
      } else {
        let alphabet = Array("0123456789-[]{},:\"anul.".utf8)
        for _ in 0...random.below(3) {
          bytes[random.below(bytes.count)] = alphabet[random.below(alphabet.count)]
        }
      }
      try folder.write("tokenizer.json", bytes)
      do {
        let tokenizer = try Tokenizer.load(path: folder.path)
        _ = try? tokenizer.encode("a b [SEP] acc", pair: "b", EncodeOptions())
        loaded += 1
      } catch {
        #expect(error.kind != .internal)
      }
    }
    #expect(loaded > 0 && loaded < 600)
  }
}

extension String {
  /// This text with every `old` as `new`.
  fileprivate func replacing(_ old: String, with new: String) -> String {
    var result: [UInt8] = []
    let (source, pattern) = (Array(utf8), Array(old.utf8))
    var at = 0
    while at < source.count {
      if source[at...].starts(with: pattern) {
        result += Array(new.utf8)
        at += pattern.count
      } else {
        result.append(source[at])
        at += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
