import PlauditCore
import Testing

@testable import PlauditText

struct ByteTrieTests {
  private func trie(_ keys: [[UInt8]]) throws -> ByteTrie {
    let joined: [UInt8] = keys.reduce([], +) + [0]
    return try joined.withUnsafeBufferPointer { all in
      var list: [ByteTrie.Key] = []
      var at = 0
      for (index, key) in keys.enumerated() {
        let base = try #require(all.baseAddress)
        list.append(ByteTrie.Key(bytes: base + at, count: key.count, value: Int32(index)))
        at += key.count
      }
      return try ByteTrie(&list)
    }
  }

  @Test func `an empty trie and the empty key work`() throws {
    #expect(try [UInt8]().withUnsafeBytes { try trie([]).value(of: $0) } == nil)
    #expect(try [UInt8]().withUnsafeBytes { try trie([[1], []]).value(of: $0) } == 1)
  }

  @Test func `it holds what a dictionary holds`() throws {
    var random = SplitMix(11)
    var keys: [[UInt8]] = []
    for _ in 0..<5000 {
      let width = [2, 4, 256][random.below(3)]
      keys.append((0..<random.below(9)).map { _ in UInt8(random.below(width)) })
    }
    var expected: [[UInt8]: Int32] = [:]
    for (index, key) in keys.enumerated() { expected[key] = Int32(index) }
    let trie = try trie(keys)
    for (key, value) in expected {
      #expect(key.withUnsafeBytes { trie.value(of: $0) } == value)
      let longer = key + [7]
      #expect(longer.withUnsafeBytes { trie.value(of: $0) } == expected[longer])
    }
  }
}
