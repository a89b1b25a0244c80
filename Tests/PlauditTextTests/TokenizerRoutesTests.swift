import Glibc
import PlauditCore
import Testing

@testable import PlauditText

/// However tokens are found, beside whatever other calls and into whichever columns: they are the same.
struct TokenizerRoutesTests {
  private let scratches = TokenizerScratch.Route.all.map { ($0.name, TokenizerScratch($0)) }

  /// Texts of drawn parts: what the kernels know, what they do not, and tokens of the vocabulary.
  private func texts(_ count: Int, parts: Int, seed: UInt64) -> [[UInt8]] {
    let atoms = [
      "great", "Great", "unaffable", "isn't", " ", "  ", "\t", "\r\n", ".", "!!", "#", "@", "é",
      "É",
      "E\u{301}", "ﬁ", "你", "안", "😍", "❤️", "\u{302E}\u{301}", "\u{AD}", "\u{200B}", "\u{A0}",
      "\u{B}", "\0", "\u{FFFD}", "[SEP]", "[MASK]", "[", "]", "antidisestablishmentarianism",
      "wwwwwwwwwwwwww", "0123456789abcdef", "0123456789abcdefg", "a", "I", "’", "…", "ＳＡＬＥ",
    ].map { Array($0.utf8) }
    var random = SplitMix(seed)
    return (0..<count).map { _ in
      (0..<random.below(parts + 1)).flatMap { _ in atoms[random.below(atoms.count)] }
    }
  }

  private func expectSame(
    _ tokenizer: Tokenizer, _ texts: [[UInt8]], pairs: [[UInt8]]? = nil,
    _ options: EncodeOptions = EncodeOptions(), sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try tokenizer.encode(texts, pairs: pairs, options, scratch: scratches[0].1)
    for (name, scratch) in scratches {
      for columns in [EncodeOptions.Columns.all, .offsets, .ids] {
        var options = options
        options.columns = columns
        let found = try tokenizer.encode(texts, pairs: pairs, options, scratch: scratch)
        #expect(
          found.isSame(as: expected), "\(name), \(columns)", sourceLocation: sourceLocation)
      }
    }
  }

  // MARK: Law

  @Test func `every route and choice of columns gives the same`() throws {
    let drawn = texts(400, parts: 30, seed: 11)
    for lowercase in [true, false] {
      let tokenizer = try Fixture.bert(lowercase: lowercase)
      try expectSame(tokenizer, drawn)
      var options = EncodeOptions()
      options.encodeSpecialTokens = true
      options.truncation = Truncation(maxLength: 12, stride: 3)
      options.padding = Padding(multipleOf: 8, direction: .left)
      try expectSame(tokenizer, drawn, pairs: texts(400, parts: 9, seed: 12), options)
    }
  }

  @Test func `tokenizers of other files give the same on every route`() throws {
    let drawn = texts(300, parts: 20, seed: 13)
    let bert = { (lower: Bool, clean: Bool) in
      #"{"type":"BertNormalizer","clean_text":\#(clean),"handle_chinese_chars":true,"#
        + #""strip_accents":null,"lowercase":\#(lower)}"#
    }
    let added = [
      "[" + Fixture.added("[SEP]", 3, special: true) + "]",
      "[" + Fixture.added("great", 7, normalized: true) + "]",
      "[" + Fixture.added("É", 7, singleWord: true, left: true, right: true) + "]",
    ]
    for normalizer in ["null", bert(true, true), bert(true, false), bert(false, true)] {
      for tokens in added {
        let file = Fixture.file(added: tokens, normalizer: normalizer)
        try expectSame(try Fixture.tokenizer(file), drawn)
      }
    }
  }

  @Test func `long texts and words give the same across windows`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    let window = WordCutter.windowBytes
    let words = [UInt8](String(repeating: "So good, unaffable😍 ", count: 3000).utf8)
    var long = [words, words.map { $0 == 0x20 ? 0x2E : $0 }]
    for count in [window - 1, window, window + 1, 2 * window, 5 * window] {
      long.append([UInt8](repeating: 0x61, count: count))
      long.append([UInt8](repeating: 0x61, count: count) + Array(" good".utf8))
      long.append(Array(words.prefix(count)))
    }
    var options = EncodeOptions()
    options.invalidUTF8 = .replace
    try expectSame(tokenizer, long, options)
  }

  @Test func `threads of a host share a tokenizer`() throws {
    let drawn = texts(200, parts: 30, seed: 19)
    let tokenizer = try Fixture.bert(lowercase: true)
    let expected = try tokenizer.encode(drawn)
    let work = SharedEncoding(tokenizer, drawn, expected)
    WorkerPool.run(tasks: 40, threads: 8, work)
    #expect(work.wrong.allSatisfy { !$0 })
  }

  @Test func `a scratch that serves two tokenizers in turn keeps them apart`() throws {
    let (first, second) = (try Fixture.bert(lowercase: true), try Fixture.bert(lowercase: false))
    let drawn = texts(50, parts: 30, seed: 23)
    let scratch = TokenizerScratch()
    for _ in 0..<3 {
      for tokenizer in [first, second] {
        let expected = try tokenizer.encode(drawn)
        #expect(try tokenizer.encode(drawn, scratch: scratch).isSame(as: expected))
      }
    }
  }
}

/// Encodes the same texts again and again.
private final class SharedEncoding: ParallelWork {
  private let tokenizer: Tokenizer
  private let texts: [[UInt8]]
  private let expected: Encoding
  nonisolated(unsafe) private let results: UnsafeMutableBufferPointer<Bool>
  var wrong: [Bool] { Array(results) }

  init(_ tokenizer: Tokenizer, _ texts: [[UInt8]], _ expected: Encoding) {
    self.tokenizer = tokenizer
    self.texts = texts
    self.expected = expected
    results = .allocate(capacity: 40)
    results.initialize(repeating: true)
  }

  deinit { results.deallocate() }

  func perform(task: Int, worker: Int) {
    let found = try? tokenizer.encode(texts)
    results[task] = found?.isSame(as: expected) != true
  }

  func tick() {}
}
