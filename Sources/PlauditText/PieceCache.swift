import CText
import Glibc
import PlauditCore

/// What words became that were not whole in the vocabulary: the last few thousand of one thread.
///
/// Keys are the bytes of a word in a cut, up to 16; more than 7 tokens are not kept. Memory is
/// fixed, taken at the first word, and refused memory means no cache. What is found is what
/// working it out would give, so the size shows in the time alone.
struct PieceCache: ~Copyable {
  /// Words of a cache whose size nobody chose: 2 MB.
  static let usualWords = 1 << 15

  var table = pt_piece_cache(sets: nil, shift: 63)
  /// A power of two from 4, or 0 for no cache at all.
  private let words: Int
  private var block: UnsafeMutableRawPointer?
  /// The tokenizer whose words these are.
  private var owner: UInt = 0

  /// - Parameter words: rounded up to a power of two; nil: as PLAUDIT_WORD_CACHE says, for tests,
  ///   or the usual number.
  init(words: Int?) {
    let wanted = words ?? PieceCache.stated ?? PieceCache.usualWords
    var power = wanted > 0 ? 4 : 0
    while power > 0, power < wanted, power < 1 << 20 { power *= 2 }
    self.words = power
  }

  deinit { free(block) }

  private static let stated = getenv("PLAUDIT_WORD_CACHE").flatMap { Int(String(cString: $0)) }

  /// Takes the memory, or forgets the words of another tokenizer.
  @inline(__always)
  mutating func use(for tokenizer: UInt) {
    if owner != tokenizer { change(to: tokenizer) }
  }

  @inline(never)
  private mutating func change(to tokenizer: UInt) {
    owner = tokenizer
    guard let sets = table.sets else { return allocate() }
    memset(sets, 0, words * MemoryLayout<pt_pieces>.stride)
  }

  /// Keeps what became of the word at `range` of `bytes`: the last tokens of `tokens`.
  mutating func put(
    _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ tokens: borrowing TextTokens,
    from first: Int, unknownFrom firstUnknown: Int, unknownId: Int32
  ) {
    let count = tokens.count - first
    // No more tokens than bytes: room for them is made by the bytes.
    guard table.sets != nil, range.count <= Int(PT_LONGEST_WORD), count <= min(7, range.count)
    else { return }
    var pieces = pt_pieces()
    pieces.count = UInt8(truncatingIfNeeded: count)
    var unknown = firstUnknown
    for index in 0..<count {
      let place = first + index
      let id = tokens.ids.base[place]
      let (start, end) = (tokens.starts.base[place], tokens.ends.base[place])
      let isLost =
        unknown < tokens.unknownCount && id == unknownId
        && tokens.unknownStarts.base[unknown] == start && tokens.unknownEnds.base[unknown] == end
      if isLost { unknown += 1 }
      pt_set_piece(
        &pieces, Int64(index), id, Int64(start) - Int64(range.lowerBound),
        Int64(end) - Int64(range.lowerBound), isLost ? 1 : 0)
    }
    guard unknown == tokens.unknownCount else { return }
    pt_piece_put(&table, bytes + range.lowerBound, Int64(range.count), &pieces)
  }

  private mutating func allocate() {
    guard words > 0 else { return }
    // Zero pages that come when they are touched, from a cache line's start on.
    let size = words * MemoryLayout<pt_pieces>.stride
    guard let memory = calloc(size + 63, 1) else { return }
    block = memory
    table = pt_piece_cache(
      sets: memory.alignedUp(toMultipleOf: 64).bindMemory(to: pt_pieces.self, capacity: words),
      shift: Int64(64 - (words / 2).trailingZeroBitCount))
  }
}
