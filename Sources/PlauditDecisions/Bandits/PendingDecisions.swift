import Glibc
import PlauditCore

/// Decisions that wait for their reward. One is forgotten when `capacity` later ones have been made.
///
/// A ring in order of arrival, and a table by number in which 64 consecutive numbers lie side by
/// side, so that rewards in order touch few lines of memory.
final class PendingDecisions {
  struct Entry {
    var id: Int64
    /// −1 once it has its reward; the complement while a batch of rewards is being checked.
    var arm: Int32
  }

  let capacity: Int
  let features: Int
  private(set) var count = 0
  /// How many were dropped without a reward.
  var forgotten: Int64 = 0
  /// Whether it holds decisions with numbers that others chose.
  var hasForeign = false
  /// Entries ever made; an entry's number, modulo the capacity, is its slot.
  private(set) var made = 0
  private let entries: Bytes
  private let contexts: Bytes
  private let table: Bytes
  private let mask: Int
  private let slots: UnsafeMutableBufferPointer<Entry>
  private let numbers: UnsafeMutableBufferPointer<UInt32>

  /// - Throws: `outOfMemory`.
  init(capacity: Int, features: Int) throws(PlauditError) {
    self.capacity = capacity
    self.features = features
    var size = 128
    while size < 2 * capacity { size *= 2 }
    mask = size - 1
    let (bytes, overflow) = (capacity * 8).multipliedReportingOverflow(by: max(features, 1))
    guard !overflow else {
      throw PlauditError(.outOfMemory, "no memory for \(capacity) pending contexts")
    }
    entries = try Bytes(count: capacity * MemoryLayout<Entry>.stride)
    contexts = try Bytes(count: features == 0 ? 0 : bytes)
    table = try Bytes(count: size * 4)
    if let start = table.mutable.baseAddress { memset(start, 0, size * 4) }
    slots = entries.mutable.bindMemory(to: Entry.self)
    numbers = table.mutable.bindMemory(to: UInt32.self)
  }

  /// Where the numbers of a block of 64 begin is scattered, their order within it is kept.
  @inline(__always)
  private func home(_ id: Int64) -> Int {
    var block = UInt64(bitPattern: id >> 6)
    block = (block ^ block >> 32) &* 0xD6E8_FEB8_6659_FD93
    block ^= block >> 32
    return Int(truncatingIfNeeded: block << 6 | UInt64(bitPattern: id & 63)) & mask
  }

  /// The slot of a decision that waits.
  @inline(__always)
  func find(_ id: Int64) -> Int? {
    var place = home(id)
    while true {
      let number = numbers[place]
      if number == 0 { return nil }
      if slots[Int(number) - 1].id == id { return Int(number) - 1 }
      place = (place + 1) & mask
    }
  }

  subscript(slot: Int) -> Entry { slots[slot] }

  func context(_ slot: Int) -> UnsafePointer<Double>? {
    guard features > 0 else { return nil }
    return UnsafePointer(
      contexts.mutable.baseAddress?.assumingMemoryBound(to: Double.self)
    )
    .map { $0 + slot * features }
  }

  /// Remembers a decision; one with the same number must not wait already.
  @inline(__always)
  func insert(_ entry: Entry, context: UnsafePointer<Double>?) {
    let slot = made % capacity
    if made >= capacity, slots[slot].arm >= 0 {
      drop(slots[slot].id)
      forgotten &+= 1
    }
    made &+= 1
    put(entry, context, slot)
  }

  /// Takes up the ring of a saved state, before its entries are restored.
  func restore(made: Int) {
    self.made = made
    for slot in 0..<min(made, capacity) { slots[slot] = Entry(id: 0, arm: -1) }
  }

  /// Puts back the entry that was the `number`th made; false when it cannot have been.
  func restore(_ entry: Entry, context: UnsafePointer<Double>?, number: Int) -> Bool {
    guard number >= 0, number < made, number >= made - capacity, find(entry.id) == nil,
      slots[number % capacity].arm < 0
    else { return false }
    put(entry, context, number % capacity)
    return true
  }

  @inline(__always)
  private func put(_ entry: Entry, _ context: UnsafePointer<Double>?, _ slot: Int) {
    slots[slot] = entry
    if features > 0, let context, let base = contexts.mutable.baseAddress {
      (base + slot * features * 8).copyMemory(from: context, byteCount: features * 8)
    }
    var place = home(entry.id)
    while numbers[place] != 0 { place = (place + 1) & mask }
    numbers[place] = UInt32(truncatingIfNeeded: slot + 1)
    count += 1
  }

  /// Marks or unmarks one that a batch of rewards has named.
  func mark(_ slot: Int) { slots[slot].arm = ~slots[slot].arm }

  /// Forgets a decision.
  func remove(_ id: Int64) {
    guard let slot = find(id) else { return }
    drop(id)
    slots[slot].arm = -1
  }

  /// Forgets a decision that has its reward.
  func removeMarked(_ id: Int64) {
    guard let slot = find(id), slots[slot].arm < 0 else { return }
    drop(id)
    slots[slot].arm = -1
  }

  /// Forgets what waits for an arm that is gone.
  func removeAll(of arm: Int32) {
    for slot in 0..<min(made, capacity) where slots[slot].arm == arm {
      drop(slots[slot].id)
      slots[slot].arm = -1
      forgotten &+= 1
    }
  }

  /// Those that wait, oldest first.
  func forEach(_ body: (Entry, UnsafePointer<Double>?, _ number: Int) -> Void) {
    var number = max(0, made - capacity)
    while number < made {
      let slot = number % capacity
      if slots[slot].arm >= 0 { body(slots[slot], context(slot), number) }
      number += 1
    }
  }

  /// Takes a number out of the table and closes the gap.
  private func drop(_ id: Int64) {
    var place = home(id)
    while numbers[place] != 0, slots[Int(numbers[place]) - 1].id != id {
      place = (place + 1) & mask
    }
    guard numbers[place] != 0 else { return }
    count -= 1
    var gap = place
    while true {
      place = (place + 1) & mask
      let number = numbers[place]
      if number == 0 { break }
      let wanted = home(slots[Int(number) - 1].id)
      // It may move back unless its home lies after the gap.
      if (place - wanted) & mask >= (place - gap) & mask {
        numbers[gap] = number
        gap = place
      }
    }
    numbers[gap] = 0
  }
}
