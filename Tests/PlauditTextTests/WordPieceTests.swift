import PlauditCore
import Testing

@testable import PlauditText

struct WordPieceTests {
  // MARK: By hand

  @Test(arguments: [
    ("great😍", ["[UNK]"]), ("🔥SALE🔥", ["[UNK]"]), ("it❤️", ["[UNK]"]),
    ("#win🎉", ["#", "[UNK]"]), ("great 😍", ["great", "[UNK]"]),
    ("ＳＡＬＥ", ["[UNK]"]), ("𝐒𝐀𝐋𝐄", ["[UNK]"]),
    ("nike™", ["nike", "##™"]), ("€5", ["€", "##5"]),
    ("a\u{0B}b", ["ab"]), ("a\u{85}b", ["ab"]), ("a\u{200B}b", ["ab"]), ("co\u{AD}op", ["coop"]),
    ("\u{FEFF}hello", ["hello"]), ("a\u{FFFD}b", ["ab"]), ("a\0b", ["ab"]), ("a\u{E000}b", ["ab"]),
    ("a\u{378}b", ["[UNK]"]), ("a\u{2028}b", ["a", "b"]), ("a\u{A0}b", ["a", "b"]),
    ("👨‍👩‍👧", ["[UNK]"]), ("❤️", ["[UNK]"]), ("👍🏽", ["[UNK]"]), ("🇫🇷", ["[UNK]"]),
    ("İstanbul", ["istanbul"]), ("Straße", ["st", "##raße"]),
    ("ΟΔΟΣ", ["ο", "##δ", "##ο", "##σ"]),
    ("안녕", ["ᄋ", "##ᅡ", "##ᆫ", "##ᄂ", "##ᅧ", "##ᆼ"]), ("ガ", ["カ"]),
    ("买买买now", ["[UNK]", "[UNK]", "[UNK]", "now"]),
    ("hi [CLS] there [SEP]", ["hi", "[CLS]", "there", "[SEP]"]),
    ("[mask]", ["[", "mask", "]"]), ("a\r\nb", ["a", "b"]), ("", []), (" \t\n", []),
  ])
  func `naive ports break on these texts`(text: String, expected: [String]) throws {
    let words = try Fixture.bert(lowercase: true).words(text)
    // By bytes: Swift takes canonically equal strings for the same.
    #expect(words.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(words)")
  }

  @Test func `a word of 100 scalars is cut, one of 101 is unknown`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    #expect(try tokenizer.words(String(repeating: "a", count: 100)).count == 50)
    #expect(try tokenizer.words(String(repeating: "a", count: 101)) == ["[UNK]"])
    #expect(try tokenizer.words(String(repeating: "é", count: 100)).count == 50)
  }

  @Test func `jamo of one syllable share its offsets`() throws {
    let encoding = try Fixture.bert(lowercase: true).encode("안녕")
    let row = encoding.row(0)
    #expect(row.starts == [0, 0, 0, 0, 3, 3, 3, 0])
    #expect(row.ends == [0, 3, 3, 3, 6, 6, 6, 0])
  }

  @Test func `an unknown word becomes one [UNK]`() throws {
    let tokenizer = try Fixture.tokenizer(Fixture.file())
    #expect(try tokenizer.words("acx") == ["[UNK]"])
    #expect(try tokenizer.words("acc a") == ["a", "##c", "##c", "a"])
  }

  // MARK: Reference

  @Test func `invented texts come out as in the reference`() throws {
    for (name, lowercase) in [("uncased", true), ("cased", false)] {
      let tokenizer = try Fixture.bert(lowercase: lowercase)
      for value in try Fixture.json("wordpiece").required("cases").elements() {
        let text = try Fixture.bytes(value.required("text"))
        let fields = try value.required(name).elements().map(Fixture.integers)
        let expected = Row(ids: fields[0], starts: fields[1], ends: fields[2])
        #expect(try tokenizer.encode([text]).row(0) == expected, "\(name) \(text)")
      }
    }
  }

  @Test(arguments: ["uncased", "cased"])
  func `every block of generated texts has the digest of the reference`(name: String) throws {
    let file = try Fixture.json("wordpiece_digests")
    let texts = try TestTexts(file)
    let tokenizer = try Fixture.bert(lowercase: name == "uncased")
    var options = EncodeOptions()
    options.invalidUTF8 = .replace
    // Kernels and caches show in texts of several words.
    let routes = TokenizerScratch.Route.all.filter { $0.cachedWords == 4 }
      .map { ($0.name, TokenizerScratch($0)) }
    for family in try file.required("digests").required(name).keys() {
      let expected = try file.required("digests").required(name).required(family).elements()
      var index = 0
      try texts.forEachBlock(of: family) { block in
        let encoding = try tokenizer.encode(block, options)
        var digest = Digest()
        for row in 0..<encoding.rowCount { digest.add(encoding, row: row) }
        #expect(try digest.text == expected[index].string(), "\(name), \(family), block \(index)")
        for (route, scratch) in routes where family == "grammar" || family == "not UTF-8" {
          let other = try tokenizer.encode(block, options, scratch: scratch)
          if !other.isSame(as: encoding) {
            Issue.record("\(name), \(family), block \(index), \(route)")
          }
        }
        index += 1
      }
      #expect(index == expected.count)
    }
  }
}
