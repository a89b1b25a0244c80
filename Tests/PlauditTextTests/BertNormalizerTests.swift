import PlauditCore
import Testing

@testable import PlauditText

/// All flags over all scalars are in the digests of WordPieceTests and AddedTokensTests.
struct BertNormalizerTests {
  private func normal(
    _ text: String, clean: Bool = false, ideographs: Bool = false, accents: Bool = false,
    lower: Bool = false
  ) throws -> ([UInt8], [Int32]) {
    let normalizer = try BertNormalizer(
      cleansText: clean, isolatesIdeographs: ideographs, stripsAccents: accents, lowercases: lower)
    var output = NormalizedText()
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      try normalizer.normalize(base, 0..<buffer.count, into: &output)
    }
    return (
      (0..<output.count).map { output.bytes.base[$0] },
      (0..<output.count).map { output.origins.base[$0] }
    )
  }

  @Test func `each flag does its part`() throws {
    #expect(try normal("A\u{200B}\tÉ中").0 == Array("A\u{200B}\tÉ中".utf8))
    #expect(try normal("A\u{200B}\tÉ中", clean: true).0 == Array("A É中".utf8))
    #expect(try normal("A中b", ideographs: true).0 == Array("A 中 b".utf8))
    #expect(try normal("A中b", ideographs: true).1 == [0, 1, 1, 1, 1, 1, 4])
    #expect(try normal("Éa\u{301}", accents: true).0 == Array("Ea".utf8))
    #expect(try normal("ÉİS", lower: true).0 == Array("éi\u{307}s".utf8))
  }

  @Test func `a Hangul syllable becomes jamo of one origin`() throws {
    let (bytes, origins) = try normal("x각", accents: true)
    #expect(bytes == Array("x\u{1100}\u{1161}\u{11A8}".utf8))
    #expect(origins == [0, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  }
}
