import PlauditCore
import Testing

@testable import PlauditText

struct VocabularyFolderTests {
  private static let words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n"

  private func load(
    _ words: String = words, config: String? = "{}", _ more: [(String, String)] = []
  ) throws -> Tokenizer {
    let folder = try TemporaryFolder()
    try folder.write("vocab.txt", words)
    if let config { try folder.write("tokenizer_config.json", config) }
    for (name, text) in more { try folder.write(name, text) }
    return try Tokenizer.load(path: folder.path)
  }

  // MARK: By hand

  @Test func `lines are trimmed on the right and the last of equal lines counts`() throws {
    let tokenizer = try load(Self.words + "x \t\r\n c\nb\u{3000}\n\nx")
    #expect(tokenizer.id(of: "x") == 11)
    #expect(tokenizer.id(of: "b") == 9)
    #expect(tokenizer.id(of: " c") == 8)
    #expect(tokenizer.id(of: "") == 10)
    #expect(tokenizer.vocabularySize == 10)
    #expect(tokenizer.maximumId == 11)
    #expect(tokenizer.withToken(id: 6) { $0.count } == nil)
  }

  @Test func `the config says whether the vocabulary is cased`() throws {
    #expect(try load().words("A") == ["a"])
    #expect(try load(config: #"{"do_lower_case":false}"#).words("A") == ["[UNK]"])
    #expect(try load(config: #"{"strip_accents":false}"#).words("Á") == ["[UNK]"])
    #expect(
      try load(Self.words + "中\n", config: #"{"tokenize_chinese_chars":false}"#).words("a中")
        == ["[UNK]"])
    #expect(try load(config: #"{"model_max_length":128}"#).modelMaxLength == 128)
  }

  @Test func `special tokens may have other names`() throws {
    let config =
      #"{"cls_token":"<s>","sep_token":{"content":"</s>","lstrip":true},"unk_token":"?"}"#
    let tokenizer = try load("?\n<s>\n</s>\na\n", config: config)
    #expect(tokenizer.unknownId == 0)
    #expect(
      try tokenizer.encode("a </s> b").row(0)
        == Row(
          ids: [1, 3, 2, 0, 2], starts: [0, 0, 1, 7, 0], ends: [0, 1, 6, 8, 0]))
    let map = #"{"unk_token":"a"}"#
    #expect(try load(config: "{}", [("special_tokens_map.json", map)]).unknownId == 5)
  }

  @Test func `added tokens come from either file`() throws {
    let config =
      #"{"added_tokens_decoder":{"7":{"content":"<u>","rstrip":true,"special":false}}}"#
    #expect(try load(config: config).encode("<u> a").row(0).ends == [0, 4, 5, 0])
    let old = try load(config: "{}", [("added_tokens.json", #"{"<V>":8,"<u>":7}"#)])
    #expect(try old.encode("<v><u>").row(0).ids == [2, 8, 7, 3])
    #expect(old.vocabularySize == 9)
  }

  // MARK: Refusal

  @Test func `other tokenizers are refused by name`() {
    expectRefusal(.unsupported, "do_basic_tokenize") {
      _ = try load(config: #"{"do_basic_tokenize":false}"#)
    }
    expectRefusal(.unsupported, "BertweetTokenizer", "DistilBertTokenizer") {
      _ = try load(config: #"{"tokenizer_class":"BertweetTokenizer"}"#)
    }
    expectRefusal(.unsupported, "bpe.codes") { _ = try load(config: "{}", [("bpe.codes", "a")]) }
  }

  @Test func `broken folders are refused`() throws {
    expectRefusal(.notFound, "tokenizer_config.json", "cased") { _ = try load(config: nil) }
    let empty = try TemporaryFolder()
    expectRefusal(.notFound, "vocab.txt") { _ = try Tokenizer.load(path: empty.path) }
    expectRefusal(.corrupt, "unk_token", "[UNK]") { _ = try load("a\n[CLS]\n[SEP]\n") }
    expectRefusal(.corrupt, "sep_token") { _ = try load("[UNK]\n[CLS]\n") }
    expectRefusal(.corrupt, "cls_token") { _ = try load("[UNK]\n[SEP]\n") }
    expectRefusal(.corrupt, "unk_token") { _ = try load("") }
    expectRefusal(.corrupt, "states id 9", "it is 7") {
      _ = try load(config: #"{"added_tokens_decoder":{"9":{"content":"<u>"}}}"#)
    }
    expectRefusal(.corrupt, "\"x\"") {
      _ = try load(config: #"{"added_tokens_decoder":{"x":{"content":"<u>"}}}"#)
    }
    let folder = try TemporaryFolder()
    try folder.write("vocab.txt", [0x61, 0x0A, 0xFF])
    try folder.write("tokenizer_config.json", "{}")
    expectRefusal(.corrupt, "byte 2") { _ = try Tokenizer.load(path: folder.path) }
  }
}

extension Tokenizer {
  func id(of token: String) -> Int32? {
    Array(token.utf8).withUnsafeBytes { id(of: $0) }
  }
}
