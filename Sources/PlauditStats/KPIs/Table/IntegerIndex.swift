import CColumns
import PlauditCore

/// Integers as codes 1, 2, … in order of first appearance; 0 is left to null.
///
/// By position while they lie close together, by hash otherwise.
final class IntegerIndex {
  private let values = TableMemory<Int64>()
  private let places = TableMemory<UInt32>()
  private var base: Int64 = 0
  private var size = 0
  private var entries = TableMemory<UInt64>()
  private var isHashed = false

  /// Above this span the positions would no longer fit into a core's own cache.
  private static let widestSpan = 1 << 20

  var count: Int { values.count }
  /// The key of code `place + 1`.
  func value(at place: Int) -> Int64 { values.base[place] }

  /// The codes of up to `PC_BLOCK` keys.
  func codes(
    _ keys: UnsafePointer<Int64>, _ count: Int, into codes: UnsafeMutablePointer<UInt32>
  ) throws(PlauditError) {
    try room(for: count)
    var done = 0
    while !isHashed {
      var known = Int64(values.count)
      done &+= Int(
        pc_codes_dense(
          keys + done, Int64(count &- done), base, Int64(size), places.base, values.base, &known,
          codes + done))
      values.count = Int(known)
      if done >= count { return }
      try include(keys[done])
      try room(for: count &- done)
    }
    var known = Int64(values.count)
    pc_codes_hashed(
      keys + done, Int64(count &- done), entries.base, UInt64(entries.count &- 1), values.base,
      &known, codes + done)
    values.count = Int(known)
  }

  /// The code of one key.
  func code(_ key: Int64) throws(PlauditError) -> Int {
    var found: UInt32 = 0
    var key = key
    try codes(&key, 1, into: &found)
    return Int(found)
  }

  private func room(for count: Int) throws(PlauditError) {
    guard values.count <= Int(Int32.max) - count else {
      throw PlauditError(.limit, "a KPI table holds at most 2^31 different keys")
    }
    try values.reserve(values.count &+ count)
    if isHashed { try rehash(for: values.count &+ count) }
  }

  /// Widens the span so that it has the key, or gives positions up.
  private func include(_ key: Int64) throws(PlauditError) {
    var low = key
    var high = key
    if size > 0 {
      low = min(low, base)
      high = max(high, base &+ Int64(size &- 1))
    }
    let span = UInt64(bitPattern: high &- low)
    guard span < UInt64(IntegerIndex.widestSpan) else {
      isHashed = true
      return try rehash(for: values.count)
    }
    // Doubling both ways keeps the number of rebuilds small.
    var wanted = 1024
    while wanted <= Int(span) { wanted *= 2 }
    let reach = Int64(wanted &- 1)
    if size > 0, key < base {
      let (lowest, overflow) = high.subtractingReportingOverflow(reach)
      low = overflow ? Int64.min : lowest
    }
    low = min(low, Int64.max - reach)
    try places.extend(to: wanted)
    for place in 0..<wanted { places.base[place] = 0 }
    (base, size) = (low, wanted)
    for place in 0..<values.count {
      places.base[Int(values.base[place] &- base)] = UInt32(truncatingIfNeeded: place &+ 1)
    }
  }

  private func rehash(for wanted: Int) throws(PlauditError) {
    guard entries.count < 2 &* wanted || entries.count == 0 else { return }
    var slots = 1 << 12
    while slots < 4 &* wanted { slots *= 2 }
    let wider = try TableMemory<UInt64>(zeros: slots)
    let mask = slots &- 1
    for place in 0..<values.count {
      let hash = pc_hash_integer(values.base[place])
      var slot = Int(hash) & mask
      while wider.base[slot] != 0 { slot = (slot &+ 1) & mask }
      wider.base[slot] = UInt64(hash) << 32 | UInt64(place &+ 1)
    }
    entries = wider
  }
}
