import Glibc
package import PlauditCore

/// Words by number and numbers by word; of equal words the first counts.
///
/// Words are compared as bytes. Hashes are keyed by a number of this process, so that no file can
/// be made to collide; any number of threads may look words up.
package final class WordTable: Sendable {
  package static let maximumCount = 1 << 24
  package static let maximumBytes = 1 << 28

  package let count: Int
  /// How many words are equal to one before them.
  package let duplicateCount: Int
  /// The bytes of the longest word.
  package let longest: Int
  private let slotMask: Int
  nonisolated(unsafe) private let bytes: UnsafeMutablePointer<UInt8>
  /// `[count + 1]` where each word begins.
  nonisolated(unsafe) private let starts: UnsafeMutablePointer<Int32>
  nonisolated(unsafe) private let slots: UnsafeMutablePointer<Slot>

  private struct Slot {
    /// The number of a word, -1 for none.
    var word: Int32
    var check: UInt32
  }

  /// Collects words.
  package struct Builder: ~Copyable {
    fileprivate var bytes = GrowingBuffer<UInt8>()
    fileprivate var starts = GrowingBuffer<Int32>()

    package init() {}

    package var count: Int { starts.count }

    /// - Throws: `.limit` beyond 2^24 words or 2^28 bytes of them.
    package mutating func append(_ word: UnsafeRawBufferPointer) throws(PlauditError) {
      guard starts.count < WordTable.maximumCount else {
        throw PlauditError(.limit, "there are more than \(WordTable.maximumCount) words")
      }
      let start = bytes.count
      guard word.count <= WordTable.maximumBytes &- start else {
        throw PlauditError(.limit, "the words have more than \(WordTable.maximumBytes) bytes")
      }
      try bytes.reserve(start &+ word.count)
      if let base = word.baseAddress { memcpy(bytes.base + start, base, word.count) }
      bytes.count = start &+ word.count
      try starts.append(Int32(truncatingIfNeeded: start))
    }
  }

  package convenience init(_ words: [String]) throws(PlauditError) {
    var builder = Builder()
    for word in words {
      try Array(word.utf8).withUnsafeBufferPointer { (bytes) throws(PlauditError) in
        try builder.append(UnsafeRawBufferPointer(bytes))
      }
    }
    try self.init(builder)
  }

  /// - Parameter control: asked on the way through many words.
  package init(
    _ builder: borrowing Builder, control: RunControl? = nil
  ) throws(PlauditError) {
    let count = builder.starts.count
    var slotCount = 16
    while slotCount < count &* 2 { slotCount &*= 2 }
    guard let block = malloc(max(builder.bytes.count, 1)),
      let places = malloc((count &+ 1) &* MemoryLayout<Int32>.stride),
      let table = malloc(slotCount &* MemoryLayout<Slot>.stride)
    else {
      throw PlauditError(.outOfMemory, "no memory for a table of \(count) words")
    }
    bytes = block.bindMemory(to: UInt8.self, capacity: max(builder.bytes.count, 1))
    memcpy(block, builder.bytes.base, builder.bytes.count)
    starts = places.bindMemory(to: Int32.self, capacity: count &+ 1)
    memcpy(places, builder.starts.base, count &* MemoryLayout<Int32>.stride)
    starts[count] = Int32(truncatingIfNeeded: builder.bytes.count)
    slots = table.bindMemory(to: Slot.self, capacity: slotCount)
    for index in 0..<slotCount { slots[index] = Slot(word: -1, check: 0) }
    self.count = count
    slotMask = slotCount &- 1
    var longest = 0
    var duplicates = 0
    var pause = LongText.block
    for index in 0..<count {
      do throws(PlauditError) {
        try LongText.obey(control, at: index, next: &pause)
      } catch {
        free(block)
        free(places)
        free(table)
        throw error
      }
      let start = Int(starts[index])
      let length = Int(starts[index &+ 1]) &- start
      longest = max(longest, length)
      let word = UnsafeRawBufferPointer(start: bytes + start, count: length)
      let hash = WordTable.hash(word)
      var place = Int(truncatingIfNeeded: hash) & slotMask
      var isNew = true
      while slots[place].word >= 0 {
        if slots[place].check == UInt32(truncatingIfNeeded: hash >> 32),
          WordTable.equal(word, bytes, starts, Int(slots[place].word))
        {
          isNew = false
          break
        }
        place = (place &+ 1) & slotMask
      }
      if isNew {
        slots[place] = Slot(
          word: Int32(truncatingIfNeeded: index), check: UInt32(truncatingIfNeeded: hash >> 32))
      } else {
        duplicates += 1
      }
    }
    self.longest = longest
    duplicateCount = duplicates
  }

  deinit {
    free(bytes)
    free(starts)
    free(slots)
  }

  /// The number of a word, nil when it is not in the table.
  package func index(of word: UnsafeRawBufferPointer) -> Int? {
    if word.count > longest { return nil }
    let hash = WordTable.hash(word)
    let check = UInt32(truncatingIfNeeded: hash >> 32)
    var place = Int(truncatingIfNeeded: hash) & slotMask
    while slots[place].word >= 0 {
      if slots[place].check == check, WordTable.equal(word, bytes, starts, Int(slots[place].word)) {
        return Int(slots[place].word)
      }
      place = (place &+ 1) & slotMask
    }
    return nil
  }

  package func index(of word: String) -> Int? {
    var copy = word
    return copy.withUTF8 { index(of: UnsafeRawBufferPointer($0)) }
  }

  /// The bytes of a word, nil for a number without one; good as long as the table.
  package func word(_ index: Int) -> UnsafeRawBufferPointer? {
    guard index >= 0, index < count else { return nil }
    let start = Int(starts[index])
    return UnsafeRawBufferPointer(
      start: bytes + start, count: Int(starts[index &+ 1]) &- start)
  }

  /// A word as a string, empty for a number without one.
  package func text(_ index: Int) -> String {
    word(index).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func hash(_ word: UnsafeRawBufferPointer) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(bytes: word)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }

  private static func equal(
    _ word: UnsafeRawBufferPointer, _ bytes: UnsafePointer<UInt8>, _ starts: UnsafePointer<Int32>,
    _ index: Int
  ) -> Bool {
    let start = Int(starts[index])
    guard Int(starts[index &+ 1]) &- start == word.count else { return false }
    guard let base = word.baseAddress, word.count > 0 else { return word.isEmpty }
    return memcmp(base, bytes + start, word.count) == 0
  }
}
