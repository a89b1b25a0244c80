package import PlauditCore

/// The n-grams of a text as numbers of buckets, repeated as often as they occur.
///
/// - Source: Weinberger et al. 2009, "Feature hashing for large scale multitask learning",
///   doi:10.1145/1553374.1553516; the hash is `NGramTable`'s.
package struct HashedNGrams: Equatable, Sendable {
  package let words: NGrams
  /// N-grams of characters beside those of words; nil for none.
  package let characters: NGrams?
  package let buckets: Int

  package static let maximumBuckets = 1 << 26

  /// Throws `.invalidArgument` for units that do not fit or buckets outside 1 to 2^26.
  package init(words: NGrams, characters: NGrams?, buckets: Int) throws(PlauditError) {
    try words.check()
    try characters?.check()
    guard words.unit == .word, characters?.unit ?? .character == .character else {
      throw PlauditError(.invalidArgument, "words and characters have each other's unit")
    }
    guard buckets >= 1, buckets <= HashedNGrams.maximumBuckets else {
      throw PlauditError(
        .invalidArgument, "\(buckets) buckets; allowed are 1 to \(HashedNGrams.maximumBuckets)")
    }
    self.words = words
    self.characters = characters
    self.buckets = buckets
  }

  /// Working memory of one thread; two threads must not share one.
  package final class Scratch {
    var cutter = NGramCutter()
    var found = GrowingBuffer<UInt32>()

    package init() {}

    /// The last text's buckets; good until the scratch is used again.
    package var numbers: UnsafeBufferPointer<UInt32> {
      UnsafeBufferPointer(start: found.base, count: found.count)
    }
  }

  /// Computes the buckets of one text into `scratch`.
  ///
  /// - Throws: `.invalidUTF8` with the byte offset, `.limit`, `.outOfMemory`, and what `control`
  ///   says.
  package func cut(
    _ text: UnsafeRawBufferPointer, _ scratch: Scratch, control: RunControl? = nil
  ) throws(PlauditError) {
    scratch.found.count = 0
    try scratch.cutter.cut(text, words, control: control)
    try hash(scratch.cutter, &scratch.found, salt: 0, control)
    if let characters {
      try scratch.cutter.cut(text, characters, control: control)
      try hash(scratch.cutter, &scratch.found, salt: 0x9E37_79B9_7F4A_7C15, control)
    }
  }

  private func hash(
    _ cutter: borrowing NGramCutter, _ found: inout GrowingBuffer<UInt32>, salt: UInt64,
    _ control: RunControl?
  ) throws(PlauditError) {
    let base = cutter.base
    for index in 0..<cutter.grams.count {
      if index & 0x3FFF == 0x3FFF { try control?.check() }
      let gram = cutter.grams.base[index]
      let hash = NGramTable.hash(base + Int(gram.start), Int(gram.count)) ^ salt
      // The upper half of a product, which needs no division (Lemire 2019).
      let bucket = hash.multipliedFullWidth(by: UInt64(buckets)).high
      try found.append(UInt32(truncatingIfNeeded: bucket))
    }
  }
}
