import Testing

@testable import PlauditText

/// The reference test of padding is in TruncationTests, over all combinations.
struct PaddingTests {
  @Test func `the target is raised to a multiple`() {
    #expect(Padding(length: .longest).target(longest: 5) == 5)
    #expect(Padding(length: .longest, multipleOf: 8).target(longest: 5) == 8)
    #expect(Padding(length: .longest, multipleOf: 8).target(longest: 8) == 8)
    #expect(Padding(length: .fixed(9), multipleOf: 1).target(longest: 5) == 9)
    #expect(Padding(length: .fixed(Int.max), multipleOf: 8).target(longest: 5) == nil)
  }

  @Test func `filler has no attention and stands on the chosen side`() throws {
    let tokenizer = try Fixture.tokenizer(Fixture.file())
    var options = EncodeOptions()
    let texts = ["a b", "", "a"].map { Array($0.utf8) }
    options.padding = Padding(padId: 9, padTypeId: 7)
    let right = try tokenizer.encode(texts, options)
    #expect((0..<12).map { right.ids[$0] } == [2, 4, 5, 3, 2, 3, 9, 9, 2, 4, 3, 9])
    #expect((4..<8).map { right.attentionMask[$0] } == [1, 1, 0, 0])
    #expect((4..<8).map { right.specialTokensMask[$0] } == [1, 1, 1, 1])
    #expect((4..<8).map { right.typeIds[$0] } == [0, 0, 7, 7])
    options.padding?.direction = .left
    let left = try tokenizer.encode(texts, options)
    #expect((0..<12).map { left.ids[$0] } == [2, 4, 5, 3, 9, 9, 2, 3, 9, 2, 4, 3])
    #expect((0...3).map { left.rowOffsets[$0] } == [0, 4, 8, 12])
  }
}
