import Testing

@testable import PlauditText

struct BertPreTokenizerTests {
  private func words(_ text: String) throws -> [Range<Int>] {
    let splitter = try BertPreTokenizer()
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { buffer in
      var found: [Range<Int>] = []
      guard let base = buffer.baseAddress else { return found }
      while let word = splitter.word(base, from: found.last?.upperBound ?? 0, to: buffer.count) {
        found.append(word)
      }
      return found
    }
  }

  @Test func `white space separates and punctuation stands alone`() throws {
    #expect(try words("ab c") == [0..<2, 3..<4])
    #expect(try words(" a,b!! ") == [1..<2, 2..<3, 3..<4, 4..<5, 5..<6])
    #expect(try words("\u{3000}“é”\u{2028}") == [3..<6, 6..<8, 8..<11])
    #expect(try words("a$b€c") == [0..<1, 1..<2, 2..<7])
    #expect(try words(" \t") == [])
    #expect(try words("") == [])
  }
}
