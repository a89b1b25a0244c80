import PlauditCore
import Testing

@testable import PlauditText

struct VocabularyTests {
  private func vocabulary(_ tokens: [(String, Int)]) throws -> Vocabulary {
    var builder = Vocabulary.Builder()
    for (token, id) in tokens {
      try Array(token.utf8).withUnsafeBytes { try builder.append($0, id: id) }
    }
    return try Vocabulary(builder, file: "test")
  }

  @Test func `ids may have holes and keep their bytes`() throws {
    let vocabulary = try vocabulary([("b", 5), ("a", 2), ("\u{E9}", 9), ("e\u{301}", 7)])
    #expect(vocabulary.count == 4)
    #expect(vocabulary.maximumId == 9)
    #expect(vocabulary.token(2).map { Array($0) } == [0x61])
    #expect(vocabulary.token(3) == nil)
    #expect(vocabulary.token(10) == nil)
    #expect(vocabulary.token(-1) == nil)
    // Canonically equal is not equal.
    #expect(Array("\u{E9}".utf8).withUnsafeBytes { vocabulary.id(of: $0) } == 9)
    #expect(Array("e\u{301}".utf8).withUnsafeBytes { vocabulary.id(of: $0) } == 7)
  }

  @Test func `a token of any length is refused beyond 4096 bytes`() throws {
    let long = String(repeating: "a", count: 4096)
    #expect(try vocabulary([(long, 0)]).count == 1)
    expectRefusal(.limit, "4097", "4096") { _ = try vocabulary([(long + "a", 0)]) }
  }

  @Test func `two tokens of one id are refused`() {
    expectRefusal(.corrupt, "test", "id 2") { _ = try vocabulary([("a", 2), ("b", 2)]) }
  }
}
