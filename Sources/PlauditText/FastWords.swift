import CText
import Glibc
import PlauditCore

/// A vocabulary as the kernels look words up in it.
///
/// The words that a cut can have, up to 16 bytes each, are in a hash table, which only saves
/// walking the tries: a word that is not found there may still be in the vocabulary.
struct FastWords: Sendable {
  nonisolated(unsafe) let vocabulary: UnsafeMutablePointer<pt_vocabulary>
  nonisolated(unsafe) private let block: UnsafeMutableRawPointer

  /// Lives no longer than `model`, whose tries it points into.
  init(
    _ tokens: Vocabulary, _ model: WordPiece, _ cutter: WordCutter
  ) throws(PlauditError) {
    let longest = min(Int(PT_LONGEST_WORD), model.maximumScalars)
    var (count, longCount) = (0, 0)
    tokens.forEach { token, _ in
      guard token.count <= longest, cutter.isWord(token) else { return }
      count += 1
      if token.count > 8 { longCount += 1 }
    }
    // A bucket for two words, so that few find its four places taken; two buckets at least.
    var bits = 1
    while 2 << bits < count { bits += 1 }
    let size = (4 << bits) * MemoryLayout<pt_word>.stride
    let seconds = (longCount + 1) * MemoryLayout<UInt64>.stride
    guard let memory = aligned_alloc(64, (size + seconds + 63) / 64 * 64) else {
      throw PlauditError(.outOfMemory, "no memory for a table of \(count) words")
    }
    memset(memory, 0, size + seconds)
    block = memory
    vocabulary = .allocate(capacity: 1)
    var plain = pt_byte_set()
    for byte in UInt8(0)..<128 where cutter.isPlain(byte) { pt_insert(&plain, byte) }
    vocabulary.initialize(
      to: pt_vocabulary(
        words: pt_word_table(
          buckets: memory.bindMemory(to: pt_word.self, capacity: 4 << bits),
          seconds: (memory + size).bindMemory(to: UInt64.self, capacity: longCount + 1),
          shift: Int64(64 - bits), second_count: 1),
        first: model.first.units, following: model.following.units,
        most_scalars: Int64(model.maximumScalars), unknown: model.unknownId, plain: plain))
    let words = vocabulary
    tokens.forEach { token, id in
      guard token.count <= longest, cutter.isWord(token), let base = token.baseAddress else {
        return
      }
      _ = pt_word_put(
        &words.pointee.words, base.assumingMemoryBound(to: UInt8.self), Int64(token.count), id)
    }
  }

  func deallocate() {
    free(block)
    vocabulary.deallocate()
  }
}

/// What a tokenizer has for quick work: pointers alone, so that no text counts references.
///
/// Immutable once made; any number of threads may use it.
struct FastStages: Sendable {
  let cutter: WordCutter
  let words: FastWords
}
