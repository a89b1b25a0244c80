import Glibc
import PlauditCore

/// N-grams numbered in the order of their arrival: an open hash table over one block of bytes.
struct NGramTable: ~Copyable {
  struct Slot {
    /// The upper half of the hash.
    var tag: UInt32
    /// One more than the number, 0 when the slot is empty.
    var entry: UInt32
  }

  private var bytes = GrowingBuffer<UInt8>()
  /// Where each n-gram starts, and at last where the last ends.
  private var starts = GrowingBuffer<Int>()
  private var slots = GrowingBuffer<Slot>()
  private(set) var count = 0

  static let maximumCount = 1 << 28

  init() {}

  /// FNV-1a with MurmurHash3's finaliser, so that all bits depend on all bytes.
  ///
  /// - Source: Fowler, Noll & Vo, draft-eastlake-fnv; Appleby, `fmix64`, public domain. Saved
  ///   models of `HashedLinear` depend on it.
  @inline(__always)
  static func hash(_ gram: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in 0..<count { hash = (hash ^ UInt64(gram[index])) &* 0x100_0000_01B3 }
    hash ^= hash >> 33
    hash = hash &* 0xFF51_AFD7_ED55_8CCD
    hash ^= hash >> 33
    hash = hash &* 0xC4CE_B9FE_1A85_EC53
    return hash ^ hash >> 33
  }

  /// The bytes of an n-gram below `count`.
  func gram(_ number: Int) -> UnsafeRawBufferPointer {
    let start = starts.base[number]
    return UnsafeRawBufferPointer(
      start: bytes.base + start, count: starts.base[number &+ 1] &- start)
  }

  func find(_ gram: UnsafePointer<UInt8>, _ length: Int) -> UInt32? {
    guard count > 0 else { return nil }
    let entry = slots.base[place(gram, length, NGramTable.hash(gram, length))].entry
    return entry == 0 ? nil : entry &- 1
  }

  /// The number of an n-gram, which is added when it is new.
  mutating func intern(
    _ gram: UnsafePointer<UInt8>, _ length: Int
  ) throws(PlauditError) -> UInt32 {
    if (count &+ 1) &* 2 > slots.count { try grow() }
    let hash = NGramTable.hash(gram, length)
    let slot = place(gram, length, hash)
    let entry = slots.base[slot].entry
    if entry != 0 { return entry &- 1 }
    guard count < NGramTable.maximumCount else {
      throw PlauditError(
        .limit, "the texts have more than \(NGramTable.maximumCount) different n-grams")
    }
    try append(gram, length)
    count &+= 1
    slots.base[slot] = Slot(
      tag: UInt32(truncatingIfNeeded: hash >> 32), entry: UInt32(truncatingIfNeeded: count))
    return UInt32(truncatingIfNeeded: count &- 1)
  }

  private mutating func append(
    _ gram: UnsafePointer<UInt8>, _ length: Int
  ) throws(PlauditError) {
    if starts.count == 0 { try starts.append(0) }
    let start = bytes.count
    try bytes.reserve(start &+ length)
    (bytes.base + start).update(from: gram, count: length)
    try starts.append(start &+ length)
    bytes.count = start &+ length
  }

  /// The slot that has the n-gram, or the empty one where it belongs.
  @inline(__always)
  private func place(_ gram: UnsafePointer<UInt8>, _ length: Int, _ hash: UInt64) -> Int {
    let tag = UInt32(truncatingIfNeeded: hash >> 32)
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let found = slots.base[slot]
      if found.entry == 0 { return slot }
      if found.tag == tag {
        let number = Int(found.entry &- 1)
        let start = starts.base[number]
        if starts.base[number &+ 1] &- start == length,
          memcmp(bytes.base + start, gram, length) == 0
        {
          return slot
        }
      }
      slot = (slot &+ 1) & mask
    }
  }

  private mutating func grow() throws(PlauditError) {
    let size = max(slots.count &* 2, 1024)
    var larger = GrowingBuffer<Slot>()
    try larger.reserve(size)
    larger.count = size
    larger.base.update(repeating: Slot(tag: 0, entry: 0), count: size)
    let mask = size &- 1
    for number in 0..<count {
      let start = starts.base[number]
      let hash = NGramTable.hash(bytes.base + start, starts.base[number &+ 1] &- start)
      var slot = Int(truncatingIfNeeded: hash) & mask
      while larger.base[slot].entry != 0 { slot = (slot &+ 1) & mask }
      larger.base[slot] = Slot(
        tag: UInt32(truncatingIfNeeded: hash >> 32),
        entry: UInt32(truncatingIfNeeded: number &+ 1))
    }
    slots = larger
  }

  /// The numbers of n-grams in the order of their bytes, which is that of their scalars.
  ///
  /// Sorts blocks and merges them, so that `control` is obeyed on the way.
  static func sort(
    _ table: borrowing NGramTable, _ numbers: inout [UInt32], control: RunControl
  ) throws(PlauditError) {
    let block = 4096
    let bytes = table.bytes.base
    let starts = table.starts.base
    func precedes(_ a: UInt32, _ b: UInt32) -> Bool {
      let left = starts[Int(a)]
      let right = starts[Int(b)]
      let leftCount = starts[Int(a) &+ 1] &- left
      let rightCount = starts[Int(b) &+ 1] &- right
      let order = memcmp(bytes + left, bytes + right, min(leftCount, rightCount))
      return order != 0 ? order < 0 : leftCount < rightCount
    }
    var start = 0
    while start < numbers.count {
      try control.check()
      numbers[start..<min(start + block, numbers.count)].sort(by: precedes)
      start += block
    }
    var width = block
    while width < numbers.count {
      var merged: [UInt32] = []
      merged.reserveCapacity(numbers.count)
      var first = 0
      while first < numbers.count {
        let middle = min(first + width, numbers.count)
        let end = min(first + 2 * width, numbers.count)
        var left = first
        var right = middle
        while left < middle || right < end {
          if merged.count & 0x3FFF == 0 { try control.check() }
          if right == end || (left < middle && !precedes(numbers[right], numbers[left])) {
            merged.append(numbers[left])
            left += 1
          } else {
            merged.append(numbers[right])
            right += 1
          }
        }
        first = end
      }
      numbers = merged
      width *= 2
    }
  }
}
