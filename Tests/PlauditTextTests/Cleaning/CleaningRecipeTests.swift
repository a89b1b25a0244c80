import PlauditCore
import Testing

@testable import PlauditText

struct CleaningRecipeTests {
  // MARK: By hand

  @Test(
    arguments: [
      ("I love it http://t.co/abc!", "I love it http!"),
      ("see (https://a.b/c_(d)) now", "see (http) now"),
      ("seehttp://t.co/x", "see http"),
      ("cut https://t.co/ab\u{2026} off", "cut http off"),
      ("WWW.SHOP.COM and bit.ly/1aB, amazon.com", "http and http, amazon.com"),
      ("and/or 24/7 w.e/ either", "and/or 24/7 w.e/ either"),
      ("@apple: hi @A_1 me@x.com @ 5", "@user: hi @user me@x.com @ 5"),
      ("#LoveIt_now #HTMLRocks #5stars #1", "Love It now HTML Rocks 5 stars #1"),
      ("a#b #caf\u{E9}Noir #x#y", "a#b caf\u{E9} Noir x y"),
      ("great:) :-))) :D", "great smiling face smiling face grinning face"),
      ("at 10:30 C:D note:(x) http:/", "at 10:30 C:D note:(x) http:/"),
      ("I &lt;3 it &amp; you&#39;re", "I red heart it & you're"),
      ("so\u{1F600}good", "so grinning face good"),
      ("\u{1F44D}\u{1F3FD}\u{1F44D}", "thumbs up thumbs up"),
      ("\u{2764}\u{FE0F} \u{1F469}\u{200D}\u{1F4BB}", "red heart woman technologist"),
      ("Nike\u{AE} soooooo goooood!!!!!!", "Nike\u{AE} soo good!!!"),
      ("zzzzzz 1000000 Galaxy III AAA", "zzz 1000000 Galaxy III AAA"),
      ("  a \t\n b\u{A0}c  ", "a b c"),
      ("", ""), ("   ", ""),
    ])
  func `tweets-1 says in words what a tweet shows`(raw: String, cleaned: String) throws {
    #expect(try clean("tweets-1", raw) == cleaned)
  }

  @Test(
    arguments: [
      ("@apple http://x is  https @ a@b xhttp", "@user http is  http @ a@b xhttp"),
      ("(http://x) @a.b,c\n@d", "(http://x) @user"),
      ("Http @", "Http @"), (" @a ", " @user "), ("", ""),
    ])
  func `cardiff-1 masks what stands between spaces`(raw: String, cleaned: String) throws {
    #expect(try clean("cardiff-1", raw) == cleaned)
  }

  @Test func `bertweet-1 has the masks of BERTweet`() throws {
    #expect(
      try clean("bertweet-1", "@Bob it\u{2019}s \u{1F602}\u{1F602} www.a.com\u{2026} ")
        == "@USER it's :face_with_tears_of_joy: :face_with_tears_of_joy: HTTPURL")
  }

  @Test(
    arguments: [
      ("The service was NOT good, http://t.co/x @bob", "service not good,"),
      ("I don't like it but I can\u{2019}t complain", "don't like but can\u{2019}t complain"),
      ("It's never too late :( \u{1F62D}", "never too late frowning_face loudly_crying_face"),
      ("We've waited for AGES without any reply", "waited ages without reply"),
    ])
  func `bag-of-words-1 drops stop words and keeps negations`(
    raw: String, cleaned: String
  ) throws {
    #expect(try clean("bag-of-words-1", raw) == cleaned)
  }

  @Test func `a span of cleaned text leads back to the raw text`() throws {
    let raw = "I looove http://t.co/x #TeamNike \u{1F600}!"
    let spans = try [
      "I": "I", "loove": "looove", "http": "http://t.co/x", "Team": "#Team", "Nike": "Nike",
      "Team Nike": "#TeamNike", "grinning face": "\u{1F600}", "face !": "\u{1F600}!",
    ].map { (try span("tweets-1", raw, of: $0), $1) }
    for (found, expected) in spans { #expect(found == expected) }
  }

  @Test func `an empty span lies between its neighbours`() throws {
    let recipe = try CleaningRecipe.named("tweets-1")
    let scratch = CleaningScratch()
    let raw = Array("a http://t.co b".utf8)
    try raw.withUnsafeBytes { raw in
      let text = try recipe.apply(raw, into: scratch)
      #expect(text.rawSpan(2..<2) == 2..<2)
      #expect(text.rawSpan(8..<8) == 15..<15)
      #expect(text.rawSpan(-5..<500) == 0..<15)
    }
  }

  /// A released recipe never changes: whoever needs another list gives it a new number.
  @Test(
    arguments: [
      ("none", []),
      (
        "tweets-1",
        [
          "entities: characters", "links: http", "mentions: @user", "hashtags: words",
          "emoticons: words", "emoji: words", "elongation: 2 letters, 3 signs",
          "white space: one space",
        ]
      ),
      ("cardiff-1", ["space-separated mentions: @user, links: http"]),
      (
        "bertweet-1",
        [
          "links: HTTPURL", "mentions: @USER", "typography: \u{2019} to ', \u{2026} to ...",
          "emoji: :joined_words:", "white space: one space",
        ]
      ),
      (
        "bag-of-words-1",
        [
          "entities: characters", "links: dropped", "mentions: dropped", "hashtags: words",
          "emoticons: joined words", "emoji: joined words", "elongation: 2 letters, 3 signs",
          "lower case", "stop words: dropped, negations kept", "white space: one space",
        ]
      ),
    ])
  func `the steps of a name are fixed`(name: String, steps: [String]) throws {
    #expect(try CleaningRecipe.named(name).stepNames == steps)
  }

  // MARK: Reference

  @Test func `cardiff-1 is preprocess of the model cards`() throws {
    let bytes = try File.bytes(of: "\(Fixture.reference)/cleaning.json", limit: 1 << 20)
    let file = try JSONValue.parse(bytes.readable, file: "cleaning.json")
    for item in try file.required("cases").elements() {
      let raw = try item.required("text").string()
      #expect(try clean("cardiff-1", raw) == item.required("cleaned").string(), "\(raw)")
    }
  }

  // MARK: Law

  @Test(arguments: CleaningRecipe.names)
  func `the map never falls and stays inside the raw text`(name: String) throws {
    let recipe = try CleaningRecipe.named(name)
    let scratch = CleaningScratch()
    var random = SplitMix(11)
    for _ in 0..<6000 {
      let raw = TweetNoise.text(&random)
      try raw.withUnsafeBytes { raw in
        let text = try recipe.apply(raw, into: scratch)
        var start: Int32 = 0
        var end: Int32 = 0
        var isSound = text.starts.count == text.bytes.count && text.ends.count == text.bytes.count
        for index in 0..<text.bytes.count {
          isSound =
            isSound && text.starts[index] >= start && text.ends[index] >= end
            && text.starts[index] < text.ends[index] && text.ends[index] <= raw.count
          start = text.starts[index]
          end = text.ends[index]
        }
        #expect(isSound, "\([UInt8](raw))")
      }
    }
  }

  @Test(arguments: CleaningRecipe.names)
  func `text stays UTF-8 and its scalars lead to whole scalars`(name: String) throws {
    let recipe = try CleaningRecipe.named(name)
    let scratch = CleaningScratch()
    var random = SplitMix(12)
    for _ in 0..<3000 {
      let raw = Array(String(decoding: TweetNoise.text(&random), as: UTF8.self).utf8)
      try raw.withUnsafeBytes { raw in
        let text = try recipe.apply(raw, into: scratch)
        #expect(UTF8Text.firstFault(text.bytes) == nil, "\([UInt8](raw))")
        var at = 0
        while at < text.bytes.count {
          let length = UTF8Text.length(lead: text.bytes[at])
          let span = text.rawSpan(at..<at + length)
          let isWhole =
            raw[span.lowerBound] & 0xC0 != 0x80
            && (span.upperBound == raw.count || raw[span.upperBound] & 0xC0 != 0x80)
          #expect(isWhole, "\(String(decoding: raw, as: UTF8.self))")
          at += length
        }
      }
    }
  }

  @Test(arguments: CleaningRecipe.names)
  func `after the largest text nothing moves`(name: String) throws {
    let recipe = try CleaningRecipe.named(name)
    let scratch = CleaningScratch()
    let texts = [
      "short", String(repeating: "#LoveIt \u{1F600} :) http://t.co/x ", count: 50), "end",
    ]
    .map { Array($0.utf8) }
    func pass() throws -> [UnsafeRawPointer?] {
      try texts.map { text in
        try text.withUnsafeBytes { try recipe.apply($0, into: scratch).bytes.baseAddress }
      }
    }
    _ = try pass()
    _ = try pass()
    let first = Set(try pass())
    for _ in 0..<3 { #expect(Set(try pass()).isSubset(of: first)) }
  }

  @Test(arguments: CleaningRecipe.names)
  func `time grows as the text does`(name: String) throws {
    let recipe = try CleaningRecipe.named(name)
    let scratch = CleaningScratch()
    let units = [
      "@", "#a", "#1", "http://", "h", "www.", "a.b.", "a.", ":)", ":))", ":", "&#", "&#x1", "&",
      "o", "\u{1F1E9}", "\u{1F468}\u{200D}", "\u{FE0F}", "!", "'", " ", "_", "(", "A", "\u{E9}",
    ]
    for unit in units {
      let raw = [UInt8](String(repeating: unit, count: (1 << 16) / unit.utf8.count).utf8)
      let time = try processorSeconds {
        _ = try raw.withUnsafeBytes { try recipe.apply($0, into: scratch).bytes.count }
      }
      // A quadratic step would need minutes, also in a debug build.
      #expect(time < 5, "\(unit)")
    }
  }

  @Test func `none gives back the raw text`() throws {
    var random = SplitMix(13)
    let recipe = try CleaningRecipe.named("none")
    #expect(recipe.isIdentity)
    let scratch = CleaningScratch()
    for _ in 0..<200 {
      let raw = TweetNoise.text(&random)
      try raw.withUnsafeBytes { bytes in
        let text = try recipe.apply(bytes, into: scratch)
        #expect(text.bytes.elementsEqual(bytes))
        #expect(text.rawSpan(0..<raw.count) == 0..<raw.count)
      }
    }
  }

  // MARK: Refusal

  @Test func `an unknown recipe is refused with those that exist`() {
    expectRefusal(
      .notFound, "tweets-9", "none, tweets-1, cardiff-1, bertweet-1, bag-of-words-1"
    ) { _ = try CleaningRecipe.named("tweets-9") }
  }

  // MARK: Helpers

  private func clean(_ name: String, _ text: String) throws -> String {
    let recipe = try CleaningRecipe.named(name)
    let scratch = CleaningScratch()
    return try withExtendedLifetime(scratch) {
      try Array(text.utf8).withUnsafeBytes {
        String(decoding: try recipe.apply($0, into: scratch).bytes, as: UTF8.self)
      }
    }
  }

  /// The raw text of the first place of `part` in the cleaned text.
  private func span(_ name: String, _ text: String, of part: String) throws -> String {
    let recipe = try CleaningRecipe.named(name)
    let part = Array(part.utf8)
    let scratch = CleaningScratch()
    defer { withExtendedLifetime(scratch) {} }
    return try Array(text.utf8).withUnsafeBytes { raw in
      let cleaned = try recipe.apply(raw, into: scratch)
      for start in 0...max(cleaned.bytes.count - part.count, 0)
      where cleaned.bytes[start..<start + part.count].elementsEqual(part) {
        let span = cleaned.rawSpan(start..<start + part.count)
        return String(decoding: raw[span], as: UTF8.self)
      }
      return "not found in " + String(decoding: cleaned.bytes, as: UTF8.self)
    }
  }
}

/// Random texts that look like tweets to every pattern, with bytes that are not UTF-8.
enum TweetNoise {
  private static let atoms: [[UInt8]] = [
    "a", "Z", "o", "ooo", "I", "the", "not", "n't", "'", "\u{2019}", "\u{2026}", " ", "  ", "\n",
    "\u{A0}", "\u{3000}", "@", "@bob", "#", "#LoveIt", "#\u{E9}", "_", "1", "999", "http://",
    "https://", "www.", "t.co/", "bit.ly/x", ".", "..", "/", "(", ")", ":", ";", ":)", ":-D", "<3",
    "</3", "&", "&amp;", "&lt;", "&#39;", "&#x1F600;", "&#55296;", "!", "?", "!!!!", "-", "--",
    "\u{1F600}", "\u{1F44D}\u{1F3FD}", "\u{2764}\u{FE0F}", "\u{1F468}\u{200D}\u{1F469}\u{200D}",
    "\u{1F1E9}\u{1F1EA}", "\u{FE0F}", "\u{200D}", "\u{130}", "\u{212A}", "\u{DF}", "\u{4E70}",
    "\u{AC00}", "e\u{301}", "XD", "o_O", "^^", "$", "%", "can't", "u.s.", "mr.", "rock'n'roll",
  ].map { Array($0.utf8) }

  private static let bad: [[UInt8]] = [
    [0x80], [0xC3], [0xE2, 0x80], [0xF0, 0x9F, 0x98], [0xFF], [0xED, 0xA0, 0x80], [0x00], [0xF5],
    [0xC0, 0xAF],
  ]

  static func text(_ random: inout SplitMix) -> [UInt8] {
    var text: [UInt8] = []
    for _ in 0..<random.below(16) {
      let kind = random.below(20)
      if kind < 16 {
        text += atoms[random.below(atoms.count)]
      } else if kind < 18 {
        text += bad[random.below(bad.count)]
      } else {
        text.append(UInt8(truncatingIfNeeded: random.below(256)))
      }
    }
    return text
  }
}
