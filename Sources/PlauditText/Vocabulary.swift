import Glibc
import PlauditCore

/// The model's tokens: bytes by id and id by bytes. Added tokens are apart, in `AddedTokens`.
///
/// Ids may have holes. The bytes live in one block for as long as the vocabulary, so a pointer
/// to a token stays good.
final class Vocabulary: Sendable {
  /// The largest id that a file may give a token.
  static let maximumId = 1 << 24
  /// The most bytes that the tokens of one file may have together.
  static let maximumBytes = 32 << 20

  /// The most bytes of one token: what a walk through the trie costs at each place of a text.
  static let maximumTokenBytes = 4096

  let count: Int
  let maximumId: Int32
  let trie: ByteTrie
  nonisolated(unsafe) private let bytes: UnsafeMutablePointer<UInt8>
  nonisolated(unsafe) private let places: UnsafeMutablePointer<Place>

  private struct Place {
    var start: Int32
    /// -1 for an id that no token has.
    var count: Int32
  }

  /// Collects tokens while a file is read.
  struct Builder: ~Copyable {
    fileprivate var bytes = GrowingBuffer<UInt8>()
    fileprivate var entries = GrowingBuffer<Entry>()

    struct Entry {
      var start: Int32
      var count: Int32
      var id: Int32
    }

    var count: Int { entries.count }

    /// Appends a token whose id is in `0...Vocabulary.maximumId`.
    mutating func append(_ token: UnsafeRawBufferPointer, id: Int) throws(PlauditError) {
      guard token.count <= Vocabulary.maximumTokenBytes else {
        throw PlauditError(
          .limit,
          "the vocabulary has a token of \(token.count) bytes, allowed are "
            + "\(Vocabulary.maximumTokenBytes)")
      }
      let start = bytes.count
      guard start + token.count <= Vocabulary.maximumBytes else {
        throw PlauditError(
          .limit, "the vocabulary has more than \(Vocabulary.maximumBytes) bytes of tokens")
      }
      try bytes.reserve(start + token.count)
      for (index, byte) in token.enumerated() { bytes.base[start + index] = byte }
      bytes.count = start + token.count
      try entries.append(
        Entry(
          start: Int32(truncatingIfNeeded: start), count: Int32(truncatingIfNeeded: token.count),
          id: Int32(truncatingIfNeeded: id)))
    }
  }

  /// Of equal tokens the last counts, as in `vocab.txt`; the ids of the others become holes.
  ///
  /// - Throws: `.corrupt` when two tokens share an id; `.limit`, `.outOfMemory`.
  init(_ builder: borrowing Builder, file: String) throws(PlauditError) {
    var maximum: Int32 = -1
    for index in 0..<builder.count { maximum = max(maximum, builder.entries.base[index].id) }
    let slots = Int(maximum) + 1
    let size = max(builder.bytes.count, 1)
    guard let block = malloc(size), let table = calloc(max(slots, 1), MemoryLayout<Place>.stride)
    else {
      throw PlauditError(.outOfMemory, "no memory for a vocabulary of \(builder.count) tokens")
    }
    bytes = block.bindMemory(to: UInt8.self, capacity: size)
    bytes.update(from: builder.bytes.base, count: builder.bytes.count)
    places = table.bindMemory(to: Place.self, capacity: max(slots, 1))
    for id in 0..<slots { places[id].count = -1 }
    maximumId = maximum
    var keys: [ByteTrie.Key] = []
    keys.reserveCapacity(builder.count)
    var shared: Int32?
    for index in 0..<builder.count {
      let entry = builder.entries.base[index]
      let id = Int(entry.id)
      if places[id].count >= 0 { shared = entry.id }
      places[id] = Place(start: entry.start, count: entry.count)
      keys.append(
        ByteTrie.Key(bytes: bytes + Int(entry.start), count: Int(entry.count), value: entry.id))
    }
    do throws(PlauditError) {
      if let shared {
        throw PlauditError(.corrupt, "\(file): two tokens of the vocabulary have id \(shared)")
      }
      trie = try ByteTrie(&keys)
    } catch {
      // A class that throws before its last property is set runs no deinit.
      free(block)
      free(table)
      throw error
    }
    // Of equal tokens the trie kept the last; the ids of the others become holes.
    var kept = 0
    for id in 0..<slots where places[id].count >= 0 {
      let place = places[id]
      let token = UnsafeRawBufferPointer(start: bytes + Int(place.start), count: Int(place.count))
      if trie.value(of: token) == Int32(truncatingIfNeeded: id) {
        kept += 1
      } else {
        places[id].count = -1
      }
    }
    count = kept
  }

  deinit {
    free(bytes)
    free(places)
  }

  func id(of token: UnsafeRawBufferPointer) -> Int32? { trie.value(of: token) }

  func token(_ id: Int32) -> UnsafeRawBufferPointer? {
    guard id >= 0, id <= maximumId, places[Int(id)].count >= 0 else { return nil }
    let place = places[Int(id)]
    return UnsafeRawBufferPointer(start: bytes + Int(place.start), count: Int(place.count))
  }

  func forEach(_ body: (_ token: UnsafeRawBufferPointer, _ id: Int32) -> Void) {
    guard maximumId >= 0 else { return }
    for id in 0...maximumId {
      if let token = token(id) { body(token, id) }
    }
  }
}
