import PlauditCore
import Testing

@testable import PlauditText

struct WordTokenizerTests {
  private static let words = [
    "the", "do", "n't", "it", "'s", "can", "not", "u.s.", "mr.", "smith", ":)", ":d", "...", "--",
    "!!", "!", "?", ".", "well-known", "known", "un", "-", "1,000", "10:30", "http", "apple",
    "love",
    "\u{E9}t\u{E9}", "o'clock", "'90s", "'", "$", "%", "ca", "is", "and", "/", "or", "at&t",
    "\u{4E70}", "a", "we", "'re", "(", ")",
  ]

  // MARK: By hand

  @Test(
    arguments: [
      ("The", ["the"]), ("Don't", ["do", "n't"]), ("DON\u{2019}T", ["do", "n't"]),
      ("it's", ["it", "'s"]), ("cannot", ["can", "not"]), ("can't", ["ca", "n't"]),
      ("We\u{2019}re", ["we", "'re"]),
      ("U.S.", ["u.s."]), ("Mr. Smith.", ["mr.", "smith", "."]), ("the.", ["the", "."]),
      ("well-known un-known", ["well-known", "un", "-", "known"]),
      ("1,000 10:30 7,777", ["1,000", "10:30", "?7,777"]), ("$1,000%", ["$", "1,000", "%"]),
      (":) :-)) :D xD", [":)", ":)", ":d", ":d"]),
      ("Wait..... --- ..", ["?Wait", "...", "--", "..."]),
      ("!! !!! ?!", ["!!", "!", "!", "!", "?", "!"]),
      ("http://t.co/x, www.a.com", ["http", "?,", "http"]),
      ("@Apple #Love #nope", ["apple", "love", "?#nope"]),
      ("\u{C9}T\u{C9}", ["\u{E9}t\u{E9}"]),
      ("o'clock '90s 'the'", ["o'clock", "'90s", "'", "the", "'"]),
      ("and/or AT&T (a)", ["and", "/", "or", "at&t", "(", "a", ")"]),
      ("\u{4E70}", ["\u{4E70}"]), ("\u{1F44D}\u{1F3FD}!", ["?\u{1F44D}\u{1F3FD}", "!"]), ("", []),
      (" \n", []),
      ("'s", ["'s"]), ("n't", ["n't"]),
    ])
  func `words are those of Stanford's tokenizer`(text: String, expected: [String]) throws {
    #expect(try split(text) == expected)
  }

  @Test func `offsets are bytes of the text`() throws {
    let tokenizer = try tokenizer()
    let scratch = WordScratch()
    try Array("\u{C9}T\u{C9} don\u{2019}t :)))".utf8).withUnsafeBytes { text in
      let found = try tokenizer.tokenize(text, into: scratch)
      #expect(Array(found.starts) == [0, 6, 8, 14])
      #expect(Array(found.ends) == [5, 8, 13, 18])
    }
    withExtendedLifetime(scratch) {}
  }

  @Test func `an unknown word gets the id that was asked for`() throws {
    let table = try WordTable(["a"])
    for unknownId: Int32 in [-1, 0, 1] {
      let tokenizer = try WordTokenizer(vocabulary: table, unknownId: unknownId)
      let scratch = WordScratch()
      try Array("b a b".utf8).withUnsafeBytes {
        let found = try tokenizer.tokenize($0, into: scratch)
        #expect(Array(found.ids) == [unknownId, 0, unknownId])
        #expect(found.unknownCount == 2)
      }
    }
  }

  @Test func `marked words of GloVe for tweets are used where they are`() throws {
    let tokenizer = try WordTokenizer(
      vocabulary: try WordTable(["<user>", "<url>", "apple", "#a"]))
    let scratch = WordScratch()
    try Array("@apple #A #apple http://a.b/c".utf8).withUnsafeBytes {
      let found = try tokenizer.tokenize($0, into: scratch)
      #expect(Array(found.ids) == [0, 3, 2, 1])
    }
    withExtendedLifetime(scratch) {}
  }

  // MARK: Reference

  @Test func `plain sentences are split as NLTK's Treebank tokenizer does`() throws {
    let bytes = try File.bytes(of: "\(Fixture.reference)/words.json", limit: 1 << 20)
    let file = try JSONValue.parse(bytes.readable, file: "words.json")
    for item in try file.required("cases").elements() {
      let text = try item.required("text").string()
      let expected = try item.required("words").elements().map { try $0.string() }
      let tokenizer = try WordTokenizer(
        vocabulary: try WordTable(expected.map { $0.lowercased() }))
      let scratch = WordScratch()
      try Array(text.utf8).withUnsafeBytes { raw in
        let found = try tokenizer.tokenize(raw, into: scratch)
        let words = zip(found.starts, found.ends).map {
          String(decoding: raw[Int($0)..<Int($1)], as: UTF8.self)
        }
        #expect(words == expected)
        #expect(found.unknownCount == 0)
      }
      withExtendedLifetime(scratch) {}
    }
  }

  // MARK: Law

  @Test func `words follow one another inside the text and cover all but white space`() throws {
    let tokenizer = try tokenizer()
    let scratch = WordScratch()
    var random = SplitMix(21)
    for _ in 0..<6000 {
      let raw = TweetNoise.text(&random)
      try raw.withUnsafeBytes { raw in
        let found = try tokenizer.tokenize(raw, into: scratch)
        var last = 0
        var isSound = true
        for (start, end) in zip(found.starts.map(Int.init), found.ends.map(Int.init)) {
          isSound = isSound && start >= last && end > start && end <= raw.count
          isSound = isSound && isWhite(raw, last, start)
          last = end
        }
        #expect(isSound && isWhite(raw, last, raw.count), "\([UInt8](raw))")
        let unknown = found.ids.count(where: { $0 == -1 })
        #expect(unknown == found.unknownCount)
      }
    }
  }

  @Test func `the words that were seen split a text as the whole vocabulary does`() throws {
    let whole = try tokenizer()
    let scratch = WordScratch()
    var random = SplitMix(22)
    for _ in 0..<500 {
      try TweetNoise.text(&random).withUnsafeBytes { raw in
        let found = try whole.tokenize(raw, into: scratch)
        let seen = Set(found.ids).filter { $0 >= 0 }.sorted()
        let part = try WordTokenizer(
          vocabulary: try WordTable(seen.map { whole.vocabulary.text(Int($0)) }))
        let other = WordScratch()
        let again = try part.tokenize(raw, into: other)
        #expect(Array(again.ids.map { $0 < 0 ? -1 : seen[Int($0)] }) == Array(found.ids))
        #expect(Array(again.starts) == Array(found.starts))
        withExtendedLifetime(other) {}
      }
    }
  }

  @Test func `time grows as the text does`() throws {
    let tokenizer = try tokenizer()
    let scratch = WordScratch()
    for unit in ["a-", "a'", "a.", "1,", "'", "-", ".", "!", "@", "a", ":)", "\u{E9}", "'a", "n't"]
    {
      let raw = [UInt8](String(repeating: unit, count: (1 << 16) / unit.utf8.count).utf8)
      let time = try processorSeconds {
        _ = try raw.withUnsafeBytes { try tokenizer.tokenize($0, into: scratch).ids.count }
      }
      #expect(time < 5, "\(unit)")
    }
  }

  @Test func `a vocabulary comes back from its file`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/words.txt"
    try folder.write("words.txt", "")
    try tokenizer().save(path: path)
    let again = try WordTokenizer.load(path: path, unknownId: 7)
    #expect((0..<again.vocabulary.count).map { again.vocabulary.text($0) } == Self.words)
    #expect(again.unknownId == 7)
  }

  @Test func `after the largest text nothing moves`() throws {
    let tokenizer = try tokenizer()
    let scratch = WordScratch()
    let texts = ["a", String(repeating: "don't well-known :) ", count: 99)].map { Array($0.utf8) }
    func pass() throws -> [UnsafePointer<Int32>?] {
      try texts.map { text in
        try text.withUnsafeBytes { try tokenizer.tokenize($0, into: scratch).ids.baseAddress }
      }
    }
    _ = try pass()
    let first = try pass()
    for _ in 0..<3 { #expect(try pass() == first) }
  }

  // MARK: Refusal

  @Test func `a broken list of words is refused with its line`() throws {
    let folder = try TemporaryFolder()
    for (text, part) in [
      ("a\n\nb\n", "line 2 is empty"), ("a\r\n\r\n", "line 2 is empty"),
    ] {
      try folder.write("words.txt", text)
      expectRefusal(.corrupt, part) {
        _ = try WordTokenizer.load(path: folder.path + "/words.txt")
      }
    }
    try folder.write("words.txt", [0x61, 0x0A, 0xFF, 0x0A])
    expectRefusal(.corrupt, "line 2 is not UTF-8") {
      _ = try WordTokenizer.load(path: folder.path + "/words.txt")
    }
    expectRefusal(.notFound, "none.txt") {
      _ = try WordTokenizer.load(path: folder.path + "/none.txt")
    }
  }

  @Test(arguments: ["", "a\nb", "a\r"])
  func `a word that no line can hold is not written`(word: String) throws {
    let table = try WordTable(["x", word])
    expectRefusal(.invalidData, "word 1") { try WordList.write(table, to: "never") }
  }

  // MARK: Helpers

  private func tokenizer() throws -> WordTokenizer {
    try WordTokenizer(vocabulary: try WordTable(Self.words))
  }

  /// The words of a text as the vocabulary has them, unknown ones after `?` as they stand.
  private func split(_ text: String) throws -> [String] {
    let tokenizer = try tokenizer()
    let scratch = WordScratch()
    defer { withExtendedLifetime(scratch) {} }
    return try Array(text.utf8).withUnsafeBytes { raw in
      let found = try tokenizer.tokenize(raw, into: scratch)
      return found.ids.indices.map { index in
        let id = found.ids[index]
        if id >= 0 { return tokenizer.vocabulary.text(Int(id)) }
        return "?"
          + String(decoding: raw[Int(found.starts[index])..<Int(found.ends[index])], as: UTF8.self)
      }
    }
  }

  private func isWhite(_ raw: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Bool {
    guard let base = raw.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return true }
    var at = start
    while at < end {
      let length = WhiteSpace.length(base, at, raw.count)
      if length == 0 { return false }
      at += length
    }
    return true
  }
}
