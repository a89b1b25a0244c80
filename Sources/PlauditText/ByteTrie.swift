import CText
import Glibc
import PlauditCore

/// A set of byte strings with a number each, walked one byte at a time.
///
/// A double array: the child of a node under a byte is at `base ^ byte`, and belongs to the node
/// when its `check` says so. Bases stay inside a block of 256 units, so a walk never leaves the
/// array. Immutable once built; any number of threads may walk it.
///
/// - Source: Aoe 1989, doi:10.1109/32.31365; the exclusive-or form is Yata's darts-clone.
final class ByteTrie: Sendable {
  typealias Unit = pt_node

  struct Key {
    let bytes: UnsafePointer<UInt8>
    let count: Int
    let value: Int32
  }

  static let root: UInt32 = 0
  private static let unused = UInt32.max
  private static let maximumUnits = 1 << 25

  nonisolated(unsafe) let units: UnsafePointer<Unit>
  nonisolated(unsafe) private let storage: UnsafeMutablePointer<Unit>
  private let unitCount: Int

  /// Builds from `keys` in any order; of equal keys the last one in the list counts.
  ///
  /// More than 2^25 nodes is `.limit`. The key bytes are not kept.
  init(_ keys: inout [Key]) throws(PlauditError) {
    // Most strings differ in their first eight bytes: one comparison of numbers.
    var order = keys.indices.map { (start: ByteTrie.start(keys[$0]), index: $0) }
    let list = keys
    order.sort { left, right in
      if left.start != right.start { return left.start < right.start }
      let comparison = ByteTrie.compare(list[left.index], list[right.index])
      return comparison == 0 ? left.index < right.index : comparison < 0
    }
    var builder = Builder()
    try builder.build(order.map { list[$0.index] })
    unitCount = builder.units.count
    guard let memory = malloc(unitCount * MemoryLayout<Unit>.stride) else {
      throw PlauditError(.outOfMemory, "no memory for \(unitCount) nodes of a vocabulary")
    }
    storage = memory.bindMemory(to: Unit.self, capacity: unitCount)
    storage.update(from: builder.units.base, count: unitCount)
    units = UnsafePointer(storage)
  }

  deinit { free(storage) }

  /// The number of the exact string, nil when it is not in the set.
  func value(of bytes: UnsafeRawBufferPointer) -> Int32? {
    var node = ByteTrie.root
    for byte in bytes {
      let child = units[Int(node)].base ^ UInt32(byte)
      guard units[Int(child)].check == node else { return nil }
      node = child
    }
    let value = units[Int(node)].value
    return value >= 0 ? value : nil
  }

  /// The first eight bytes as a number, zeros for those that are not there.
  private static func start(_ key: Key) -> UInt64 {
    var number: UInt64 = 0
    for index in 0..<8 { number = number << 8 | (index < key.count ? UInt64(key.bytes[index]) : 0) }
    return number
  }

  private static func compare(_ left: Key, _ right: Key) -> Int {
    let shared = min(left.count, right.count)
    let order = shared == 0 ? 0 : memcmp(left.bytes, right.bytes, shared)
    return order != 0 ? Int(order) : left.count - right.count
  }

  /// Places nodes depth first; free units form a doubly linked ring so that one is found at once.
  private struct Builder: ~Copyable {
    var units = GrowingBuffer<Unit>()
    private var nextFree = GrowingBuffer<UInt32>()
    private var previousFree = GrowingBuffer<UInt32>()
    private var firstFree = ByteTrie.unused
    private static let tries = 64

    mutating func build(_ keys: [Key]) throws(PlauditError) {
      try addBlock()
      take(ByteTrie.root)
      // A range of keys that share their first `depth` bytes, and the node those lead to.
      var pending: [(node: UInt32, first: Int, last: Int, depth: Int)] = []
      pending.append((ByteTrie.root, 0, keys.count, 0))
      var labels: [UInt8] = []
      var starts: [Int] = []
      while let work = pending.popLast() {
        var first = work.first
        while first < work.last, keys[first].count == work.depth {
          units.base[Int(work.node)].value = keys[first].value
          first += 1
        }
        guard first < work.last else { continue }
        labels.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        for index in first..<work.last {
          let label = keys[index].bytes[work.depth]
          if labels.last != label {
            labels.append(label)
            starts.append(index)
          }
        }
        starts.append(work.last)
        let base = try place(labels)
        units.base[Int(work.node)].base = base
        for (position, label) in labels.enumerated() {
          let child = base ^ UInt32(label)
          take(child)
          units.base[Int(child)].check = work.node
          pending.append((child, starts[position], starts[position + 1], work.depth + 1))
        }
      }
    }

    private mutating func place(_ labels: [UInt8]) throws(PlauditError) -> UInt32 {
      guard let lead = labels.first else { return 0 }
      var candidate = firstFree
      var attempt = 0
      while candidate != ByteTrie.unused, attempt < Builder.tries {
        let base = candidate ^ UInt32(lead)
        if fits(labels, base) { return base }
        attempt += 1
        candidate = nextFree.base[Int(candidate)]
        if candidate == firstFree { break }
      }
      let base = UInt32(truncatingIfNeeded: units.count)
      try addBlock()
      return base
    }

    private func fits(_ labels: [UInt8], _ base: UInt32) -> Bool {
      for label in labels {
        let child = Int(base ^ UInt32(label))
        if nextFree.base[child] == ByteTrie.unused { return false }
      }
      return true
    }

    /// Appends 256 free units at the end of the ring.
    private mutating func addBlock() throws(PlauditError) {
      let start = units.count
      guard start + 256 <= ByteTrie.maximumUnits else {
        throw PlauditError(
          .limit, "the vocabulary needs more than \(ByteTrie.maximumUnits) trie nodes")
      }
      try units.reserve(start + 256)
      try nextFree.reserve(start + 256)
      try previousFree.reserve(start + 256)
      for offset in 0..<256 {
        let unit = UInt32(truncatingIfNeeded: start + offset)
        units.base[start + offset] = Unit(base: 0, check: ByteTrie.unused, value: -1)
        if firstFree == ByteTrie.unused {
          firstFree = unit
          nextFree.base[start + offset] = unit
          previousFree.base[start + offset] = unit
        } else {
          let last = previousFree.base[Int(firstFree)]
          nextFree.base[Int(last)] = unit
          previousFree.base[start + offset] = last
          nextFree.base[start + offset] = firstFree
          previousFree.base[Int(firstFree)] = unit
        }
      }
      units.count = start + 256
    }

    private mutating func take(_ unit: UInt32) {
      let next = nextFree.base[Int(unit)]
      let previous = previousFree.base[Int(unit)]
      if next == unit {
        firstFree = ByteTrie.unused
      } else {
        nextFree.base[Int(previous)] = next
        previousFree.base[Int(next)] = previous
        if firstFree == unit { firstFree = next }
      }
      nextFree.base[Int(unit)] = ByteTrie.unused
    }
  }
}
