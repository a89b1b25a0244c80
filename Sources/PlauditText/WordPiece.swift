import PlauditCore

/// Cuts a word into the longest vocabulary entries from the left.
///
/// A word of more than `maximumScalars` scalars, or one that the entries do not cover to its end,
/// becomes the unknown token as a whole. Entries that may follow another one are kept in a trie
/// of their own, without the prefix ("##") that marks them in the vocabulary.
///
/// - Source: `WordPiece::tokenize` of Hugging Face tokenizers 0.23.3.
final class WordPiece: Sendable {
  let unknownId: Int32
  let maximumScalars: Int
  let first: ByteTrie
  let following: ByteTrie

  init(
    vocabulary: Vocabulary, prefix: [UInt8], unknownId: Int32, maximumScalars: Int
  ) throws(PlauditError) {
    self.unknownId = unknownId
    self.maximumScalars = maximumScalars
    first = vocabulary.trie
    var keys: [ByteTrie.Key] = []
    vocabulary.forEach { token, id in
      guard token.count > prefix.count, let base = token.baseAddress else { return }
      for (index, byte) in prefix.enumerated() where token[index] != byte { return }
      let bytes = base.assumingMemoryBound(to: UInt8.self) + prefix.count
      keys.append(ByteTrie.Key(bytes: bytes, count: token.count - prefix.count, value: id))
    }
    following = try ByteTrie(&keys)
  }

  /// Appends the tokens of the word at `range` of `text`, with offsets into its source.
  ///
  /// - Parameter source: the text that `text.origins` points into, for the ends of scalars.
  func encode(
    _ text: borrowing NormalizedText, _ range: Range<Int>, source: UnsafePointer<UInt8>,
    into tokens: inout TextTokens
  ) throws(PlauditError) {
    let kept = tokens.count
    try tokens.reserve(kept &+ range.count)
    let bytes = UnsafePointer(text.bytes.base)
    let end = range.upperBound
    var at = range.lowerBound
    if range.count <= maximumScalars || scalarCount(bytes, range) <= maximumScalars {
      var units = first.units
      while at < end {
        var node = ByteTrie.root
        var best: Int32 = -1
        var bestEnd = at
        var next = at
        while next < end {
          let child = units[Int(node)].base ^ UInt32(bytes[next])
          let unit = units[Int(child)]
          if unit.check != node { break }
          node = child
          next &+= 1
          if unit.value >= 0 {
            best = unit.value
            bestEnd = next
          }
        }
        if best < 0 { break }
        tokens.put(
          best, start: text.start(at), end: text.end(bestEnd, source))
        at = bestEnd
        units = following.units
      }
    }
    if at < end {
      tokens.count = kept
      let (start, end) = (text.start(range.lowerBound), text.end(end, source))
      tokens.put(unknownId, start: start, end: end)
      try tokens.noteUnknown(start: start, end: end)
    }
  }

  private func scalarCount(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int {
    var count = 0
    for at in range where bytes[at] & 0xC0 != 0x80 { count &+= 1 }
    return count
  }
}
