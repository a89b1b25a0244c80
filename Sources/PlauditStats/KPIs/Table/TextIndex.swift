import CColumns
import PlauditCore

/// Texts as codes 1, 2, … in order of first appearance, with a copy of each; 0 is left to null.
final class TextIndex {
  private let keys = TableMemory<pc_text_key>(hasZeros: false)
  private let arena = TableMemory<UInt8>(hasZeros: false)
  private var entries = TableMemory<UInt64>()

  var count: Int { keys.count }
  var byteCount: Int { arena.count }

  /// The key of code `place + 1`.
  func bytes(at place: Int) -> UnsafeBufferPointer<UInt8> {
    let key = keys.base[place]
    return UnsafeBufferPointer(start: arena.base + Int(key.start), count: Int(key.length))
  }

  /// The codes of up to `PC_BLOCK` texts.
  ///
  /// - Throws: `invalidUTF8` with the row for bytes that are no text.
  func codes(
    _ texts: UnsafePointer<pc_text>, _ count: Int, into codes: UnsafeMutablePointer<UInt32>
  ) throws(PlauditError) {
    guard keys.count <= Int(Int32.max) - count else {
      throw PlauditError(.limit, "a KPI table holds at most 2^31 different keys")
    }
    var total = 0
    for row in 0..<count { total &+= Int(texts[row].length) }
    try arena.reserve(arena.count &+ total)
    try keys.reserve(keys.count &+ count)
    try rehash(for: keys.count &+ count)
    let before = keys.count
    var known = Int64(before)
    var used = UInt64(arena.count)
    pc_codes_text(
      texts, Int64(count), entries.base, UInt64(entries.count &- 1), keys.base, &known, arena.base,
      &used, codes)
    keys.count = Int(known)
    let fresh = UnsafeBufferPointer(
      start: arena.base + arena.count, count: Int(used) &- arena.count)
    arena.count = Int(used)
    if isASCII(fresh) { return }
    for place in before..<keys.count where !isText(bytes(at: place)) {
      let row = (0..<count).first { Int(codes[$0]) == place &+ 1 } ?? 0
      throw PlauditError(.invalidUTF8, "a key is not valid UTF-8", index: Int64(row))
    }
  }

  /// The code of one text.
  func code(_ bytes: UnsafeBufferPointer<UInt8>) throws(PlauditError) -> Int {
    var text = pc_text(bytes: bytes.baseAddress, length: Int64(bytes.count))
    var found: UInt32 = 0
    try codes(&text, 1, into: &found)
    return Int(found)
  }

  /// Whether a key is valid UTF-8; ASCII is seen at a glance.
  private func isText(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    isASCII(bytes) || String(validating: bytes, as: UTF8.self) != nil
  }

  private func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var high: UInt8 = 0
    for byte in bytes { high |= byte }
    return high < 0x80
  }

  private func rehash(for wanted: Int) throws(PlauditError) {
    guard entries.count < 2 &* wanted || entries.count == 0 else { return }
    var slots = 1 << 12
    while slots < 4 &* wanted { slots *= 2 }
    let wider = try TableMemory<UInt64>(zeros: slots)
    let mask = slots &- 1
    for place in 0..<entries.count where entries.base[place] != 0 {
      let entry = entries.base[place]
      var slot = Int(entry >> 32) & mask
      while wider.base[slot] != 0 { slot = (slot &+ 1) & mask }
      wider.base[slot] = entry
    }
    entries = wider
  }
}
