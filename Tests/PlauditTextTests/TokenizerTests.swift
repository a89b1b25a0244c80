import PlauditCore
import Testing

@testable import PlauditText

struct TokenizerTests {
  // MARK: By hand

  @Test func `ids and tokens lead to each other`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    #expect(tokenizer.vocabularySize == 30522)
    #expect(tokenizer.maximumId == 30521)
    #expect(tokenizer.unknownId == 100)
    #expect(tokenizer.padId == 0)
    #expect(tokenizer.modelMaxLength == 512)
    #expect(tokenizer.id(of: "##ing") == 2075)
    #expect(tokenizer.id(of: "[SEP]") == 102)
    #expect(tokenizer.id(of: "no such token") == nil)
    #expect(tokenizer.withToken(id: 2075) { Array($0) } == Array("##ing".utf8))
    #expect(tokenizer.withToken(id: 30522) { $0.count } == nil)
    #expect(tokenizer.withToken(id: -1) { $0.count } == nil)
    #expect(tokenizer.specialTokenCount(pair: false) == 2)
    #expect(tokenizer.specialTokenCount(pair: true) == 3)
  }

  @Test func `words lost to the model are reported with their bytes`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    var options = EncodeOptions()
    options.truncation = Truncation(maxLength: 3)
    options.overflowingRows = false
    let encoding = try tokenizer.encode(
      ["great😍 [UNK] fine 🔥!", "fine"].map { Array($0.utf8) },
      pairs: ["é", "🎉"].map { Array($0.utf8) }, options)
    #expect((0...2).map { encoding.unknownOffsets[$0] } == [0, 2, 3])
    #expect((0..<3).map { encoding.unknownSequences[$0] } == [0, 0, 1])
    #expect((0..<3).map { encoding.unknownStarts[$0] } == [0, 21, 0])
    #expect((0..<3).map { encoding.unknownEnds[$0] } == [9, 25, 4])
  }

  @Test func `a pair has two type ids and sequences`() throws {
    let encoding = try Fixture.tokenizer(Fixture.file()).encode("a", pair: "b b")
    #expect((0..<6).map { encoding.ids[$0] } == [2, 4, 3, 5, 5, 3])
    #expect((0..<6).map { encoding.typeIds[$0] } == [0, 0, 0, 1, 1, 1])
    #expect((0..<6).map { encoding.sequences[$0] } == [-1, 0, -1, 1, 1, -1])
    #expect((0..<6).map { encoding.specialTokensMask[$0] } == [1, 0, 1, 0, 0, 1])
  }

  @Test func `no texts give an encoding without rows`() throws {
    var options = EncodeOptions()
    options.padding = Padding()
    let encoding = try Fixture.tokenizer(Fixture.file()).encode([[UInt8]](), options)
    #expect(encoding.textCount == 0)
    #expect(encoding.rowCount == 0)
    #expect(encoding.tokenCount == 0)
    #expect(encoding.rowOffsets[0] == 0)
  }

  // MARK: Law

  @Test func `offsets lie on scalar boundaries and never go back`() throws {
    let file = try Fixture.json("wordpiece_digests")
    let texts = try TestTexts(file)
    let tokenizer = try Fixture.bert(lowercase: true)
    var (seen, wrong) = (0, 0)
    try texts.forEachBlock(of: "marks") { block in
      let encoding = try tokenizer.encode(block)
      for (row, text) in block.enumerated() {
        var last = 0
        for place in Int(encoding.rowOffsets[row])..<Int(encoding.rowOffsets[row + 1])
        where encoding.specialTokensMask[place] == 0 {
          let (start, end) = (Int(encoding.starts[place]), Int(encoding.ends[place]))
          let isBoundary = { $0 == text.count || text[$0] & 0xC0 != 0x80 }
          let isRight =
            last <= start && start < end && end <= text.count && isBoundary(start)
            && isBoundary(end)
          if !isRight { wrong += 1 }
          last = start
          seen += 1
        }
      }
    }
    #expect(wrong == 0)
    #expect(seen > 30000)
  }

  @Test func `a text has the same row alone, in a batch, and through a scratch`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    let texts = try Fixture.json("wordpiece").required("cases").elements().map {
      try Fixture.bytes($0.required("text"))
    }
    let batch = try tokenizer.encode(texts)
    let scratch = TokenizerScratch()
    for (row, text) in texts.enumerated() {
      #expect(try tokenizer.encode([text]).row(0) == batch.row(row))
      let ids = try text.withUnsafeBytes {
        try tokenizer.encodeRow($0, pair: nil, options: EncodeOptions(), scratch: scratch)
          .ids.map(Int.init)
      }
      #expect(ids == batch.row(row).ids)
    }
  }

  // MARK: Refusal

  @Test func `options and batches that cannot be are refused`() throws {
    let tokenizer = try Fixture.tokenizer(Fixture.file())
    expectRefusal(.invalidArgument, "2 texts", "1 pairs") {
      _ = try tokenizer.encode([[], []], pairs: [[]])
    }
    var options = EncodeOptions()
    for padding in [
      Padding(length: .fixed(-1)), Padding(multipleOf: -8), Padding(padId: -1),
      Padding(padTypeId: -1),
    ] {
      options.padding = padding
      expectRefusal(.outOfRange, "padding", "-") { _ = try tokenizer.encode("a", nil, options) }
    }
    options.padding = Padding(length: .fixed(Int.max), multipleOf: 8)
    expectRefusal(.limit, "134217728") { _ = try tokenizer.encode("a", nil, options) }
    options.padding = nil
    options.truncation = Truncation(maxLength: 3)
    let long = String(repeating: "a ", count: 20000)
    options.addSpecialTokens = false
    expectRefusal(.limit, "134217728") { _ = try tokenizer.encode(long, long, options) }
    let scratch = TokenizerScratch()
    expectRefusal(.outOfRange, "window 1 of 1") {
      _ = try tokenizer.window(1, scratch: scratch)
    }
  }
}
