import PlauditCore
import Testing

@testable import PlauditText

struct TokenizerScratchTests {
  @Test func `after the largest text nothing moves`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    let scratch = TokenizerScratch()
    let texts = ["short", String(repeating: "É long 각 \u{302E}\u{301} text 😍 ", count: 50), "end"]
      .map { Array($0.utf8) }
    func pass() throws -> [UnsafeRawPointer] {
      for text in texts {
        _ = try text.withUnsafeBytes {
          try tokenizer.encodeRow($0, pair: $0, options: EncodeOptions(), scratch: scratch)
        }
      }
      return [
        UnsafeRawPointer(scratch.memory.rowIds.base),
        UnsafeRawPointer(scratch.memory.first.ids.base),
        UnsafeRawPointer(scratch.memory.second.ends.base),
        UnsafeRawPointer(scratch.memory.stages.normalized.bytes.base),
        UnsafeRawPointer(scratch.memory.first.unknownStarts.base),
      ]
    }
    let first = try pass()
    for _ in 0..<3 { #expect(try pass() == first) }
  }

  @Test func `words of texts that are all ASCII are remembered`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    for kernels in availableTextKernels {
      let scratch = TokenizerScratch(TokenizerScratch.Route(kernels: kernels, cachedWords: 4))
      let made = try tokenizer.encode([Array("unaffable".utf8)], scratch: scratch)
      let sets = scratch.memory.stages.cache.table.sets
      #expect((0..<4).contains { Int(sets?[$0].count ?? 0) == made.tokenCount - 2 })
    }
  }
}
