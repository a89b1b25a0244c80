import PlauditCore
import Testing

@testable import PlauditText

struct AddedTokensTests {
  // MARK: By hand

  @Test func `the leftmost, longest token counts`() throws {
    let added =
      "[\(Fixture.added("aa", 7)),\(Fixture.added("aab", 8)),\(Fixture.added("bb", 9))]"
    let tokenizer = try Fixture.tokenizer(Fixture.file(added: added))
    #expect(try tokenizer.words("aabb") == ["aab", "b"])
  }

  @Test func `a single word token does not match inside a word`() throws {
    let tokenizer = try Fixture.tokenizer(
      Fixture.file(added: "[\(Fixture.added("q", 7, singleWord: true))]"))
    #expect(try tokenizer.words("q") == ["q"])
    #expect(try tokenizer.words("aq") == ["[UNK]"])
    #expect(try tokenizer.words("a q.") == ["a", "q", "[UNK]"])
  }

  @Test func `stripping takes white space into the token's offsets`() throws {
    let tokenizer = try Fixture.tokenizer(
      Fixture.file(added: "[\(Fixture.added("<u>", 7, left: true, right: true))]"))
    let row = try tokenizer.encode("a \t<u>\u{3000} b").row(0)
    #expect(row.ids == [2, 4, 7, 5, 3])
    #expect(row.starts == [0, 0, 1, 10, 0])
    #expect(row.ends == [0, 1, 10, 11, 0])
  }

  @Test func `a normalised token is found by its normal form`() throws {
    let normalizer =
      #"{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"#
      + #""strip_accents":null,"lowercase":true}"#
    let tokenizer = try Fixture.tokenizer(
      Fixture.file(
        added: "[\(Fixture.added("Été", 7, normalized: true))]", normalizer: normalizer))
    #expect(try tokenizer.encode("ete ÉTÉ ÉTE\u{301}").row(0).ids == [2, 7, 7, 7, 3])
    #expect(try tokenizer.encode("b ÉTE\u{301}").row(0).ends == [0, 1, 6, 0])
  }

  @Test func `special tokens in the text can be read as plain text`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    var options = EncodeOptions()
    options.encodeSpecialTokens = true
    #expect(try tokenizer.words("[SEP]", options) == ["[", "sep", "]"])
    #expect(try tokenizer.words("[SEP]") == ["[SEP]"])
  }

  // MARK: Reference

  @Test func `random files with added tokens give the tokens of the reference`() throws {
    var compared = 0
    for value in try Fixture.json("wordpiece_added").required("tokenizers").elements() {
      let text = String(decoding: try value.required("file").text(), as: UTF8.self)
      let tokenizer = try Fixture.tokenizer(text)
      for item in try value.required("cases").elements() {
        let bytes = try Fixture.bytes(item.required("text"))
        for plain in [false, true] {
          var options = EncodeOptions()
          options.encodeSpecialTokens = plain
          let fields = try item.required(plain ? "plain" : "special").elements()
            .map(Fixture.integers)
          let expected = Row(ids: fields[0], starts: fields[1], ends: fields[2])
          #expect(try tokenizer.encode([bytes], options).row(0) == expected, "\(bytes) \(text)")
          compared += 1
        }
      }
    }
    #expect(compared == 60 * 12 * 2)
  }

  // MARK: Law

  @Test func `white space as a token stays linear`() throws {
    let added = "[\(Fixture.added(" ", 7, left: true, right: true))]"
    let tokenizer = try Fixture.tokenizer(Fixture.file(added: added))
    let encoding = try tokenizer.encode(String(repeating: " ", count: 50000))
    #expect(encoding.tokenCount > 2)
  }

  // MARK: Refusal

  @Test func `tokens that cannot be found are refused`() throws {
    let normalizer =
      #"{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"#
      + #""strip_accents":true,"lowercase":true}"#
    expectRefusal(.corrupt, "content", "empty") {
      _ = try Fixture.tokenizer(Fixture.file(added: "[\(Fixture.added("", 7))]"))
    }
    expectRefusal(.corrupt, "empty once") {
      let added = Fixture.added("\u{301}", 7, normalized: true)
      _ = try Fixture.tokenizer(Fixture.file(added: "[\(added)]", normalizer: normalizer))
    }
    expectRefusal(.corrupt, "É", "same") {
      let both =
        Fixture.added("e", 7, normalized: true) + "," + Fixture.added("É", 8, normalized: true)
      _ = try Fixture.tokenizer(Fixture.file(added: "[\(both)]", normalizer: normalizer))
    }
    expectRefusal(.corrupt, "twice") {
      let both = Fixture.added("e", 7) + "," + Fixture.added("e", 8)
      _ = try Fixture.tokenizer(Fixture.file(added: "[\(both)]"))
    }
    expectRefusal(.corrupt, "states id 9", "it is 7") {
      _ = try Fixture.tokenizer(Fixture.file(added: "[\(Fixture.added("e", 9))]"))
    }
  }
}
