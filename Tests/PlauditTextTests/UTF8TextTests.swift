import PlauditCore
import Testing

@testable import PlauditText

struct UTF8TextTests {
  // MARK: By hand

  @Test(
    arguments: [
      ([0x61, 0xC3, 0xA9], nil), ([0x61, 0x80], 1), ([0xC0, 0xAF], 0), ([0xC1, 0xBF], 0),
      ([0xE0, 0x9F, 0x80], 0), ([0xED, 0xA0, 0x80], 0), ([0xED, 0x9F, 0xBF], nil),
      ([0xF0, 0x8F, 0x80, 0x80], 0), ([0xF4, 0x8F, 0xBF, 0xBF], nil),
      ([0xF4, 0x90, 0x80, 0x80], 0),
      ([0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xE4, 0xB8], 9), ([0xF5], 0),
      ([], nil),
    ] as [([UInt8], Int?)])
  func `the first byte that is not UTF-8 is found`(bytes: [UInt8], fault: Int?) {
    #expect(bytes.withUnsafeBytes { UTF8Text.firstFault($0) } == fault)
  }

  @Test func `an error names the row and the byte`() throws {
    let tokenizer = try Fixture.tokenizer(Fixture.file())
    do {
      _ = try tokenizer.encode([[0x61], [0x61, 0xFF]])
      Issue.record("not refused")
    } catch let error as PlauditError {
      #expect(error.kind == .invalidUTF8)
      #expect(error.index == 1)
      #expect(error.offset == 1)
      #expect(error.message.contains("0xff"))
    }
  }

  @Test func `offsets of a replaced text stay in the caller's bytes`() throws {
    var options = EncodeOptions()
    options.invalidUTF8 = .replace
    // Without a normaliser U+FFFD stays, one for each maximal subpart.
    let tokenizer = try Fixture.tokenizer(
      Fixture.file(vocab: "{\"[UNK]\":0,\"a\":1,\"\u{FFFD}\":2,\"##\u{FFFD}\":3}"))
    let row = try tokenizer.encode([[0x61, 0x20, 0xF0, 0x9F, 0x98, 0x3F, 0xC3]], options)
      .row(0)
    #expect(row.ids == [2, 1, 2, 0, 2, 3])
    let split = try tokenizer.encode([[0x61, 0x20, 0xE4, 0xB8, 0xFF]], options).row(0)
    #expect(split.ids == [2, 1, 2, 3, 3])
    #expect(split.starts == [0, 0, 2, 4, 0])
    #expect(split.ends == [0, 1, 4, 5, 0])
  }

  // MARK: Law

  @Test func `Swift and we agree on what is UTF-8`() {
    var random = SplitMix(5)
    let alphabet: [UInt8] = [
      0x00, 0x61, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xED, 0xEF,
      0xF0, 0xF4, 0xF5, 0xFF,
    ]
    for _ in 0..<20000 {
      var bytes: [UInt8] = []
      for _ in 0..<random.below(12) { bytes.append(alphabet[random.below(alphabet.count)]) }
      let isValid = String(validating: bytes, as: UTF8.self) != nil
      #expect((bytes.withUnsafeBytes { UTF8Text.firstFault($0) } == nil) == isValid, "\(bytes)")
    }
  }
}
