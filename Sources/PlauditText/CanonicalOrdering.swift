import CUnicode
import PlauditCore

/// Canonical decomposition with its reordering of marks, and the reference's rule for origins.
///
/// A scalar that the decomposition replaces takes the origin of the position it is written to,
/// not of the scalar it came from; one that it inserts takes the origin of the position before.
/// The two differ where marks change places, which is why the fast path may ignore them.
///
/// - Source: `NormalizedString::nfd` of Hugging Face tokenizers 0.23.3; Unicode 3.11, D108-D109.
struct CanonicalOrdering: ~Copyable {
  private var scalars = GrowingBuffer<UInt32>()
  private var origins = GrowingBuffer<Int32>()
  private var decomposed = GrowingBuffer<Item>()
  private var sorted = GrowingBuffer<Item>()

  struct Item {
    var scalar: UInt32
    var origin: Int32
    var rank: UInt8
    var isInserted: Bool
  }

  mutating func clear() {
    scalars.count = 0
    origins.count = 0
    decomposed.count = 0
  }

  mutating func append(_ scalar: UInt32, origin: Int32) throws(PlauditError) {
    try scalars.append(scalar)
    try origins.append(origin)
  }

  /// The number of scalars after `order()`.
  var count: Int { decomposed.count }

  subscript(index: Int) -> (scalar: UInt32, origin: Int32) {
    (decomposed.base[index].scalar, decomposed.base[index].origin)
  }

  /// Decomposes what was appended, sorts each run of non-starters, and gives out the origins.
  mutating func order(_ control: RunControl? = nil) throws(PlauditError) {
    var pause = LongText.block
    for index in 0..<scalars.count {
      try LongText.obey(control, at: index, next: &pause)
      try decompose(scalars.base[index])
    }
    var runStart = 0
    pause = LongText.block
    for index in 0..<decomposed.count where decomposed.base[index].rank == 0 {
      try LongText.obey(control, at: index, next: &pause)
      try sort(runStart..<index)
      runStart = index + 1
    }
    try sort(runStart..<decomposed.count)
    var read = 0
    for index in 0..<decomposed.count {
      if !decomposed.base[index].isInserted { read += 1 }
      decomposed.base[index].origin = origins.base[max(read - 1, 0)]
    }
  }

  private mutating func decompose(_ scalar: UInt32) throws(PlauditError) {
    if scalar >= 0xAC00, scalar < 0xAC00 + 11172 {
      let index = scalar - 0xAC00
      try push(0x1100 + index / 588, isInserted: false)
      try push(0x1161 + index % 588 / 28, isInserted: true)
      if index % 28 != 0 { try push(0x11A7 + index % 28, isInserted: true) }
      return
    }
    guard let parts = pu_nfd(scalar) else {
      try push(scalar, isInserted: false)
      return
    }
    var at = 0
    while at < Int(parts[0]) {
      let (part, length) = UTF8Text.scalar(parts + 1, at)
      try push(part, isInserted: at > 0)
      at += length
    }
  }

  private mutating func push(_ scalar: UInt32, isInserted: Bool) throws(PlauditError) {
    let rank = UInt8(truncatingIfNeeded: pu_flags(scalar) >> PU_RANK_SHIFT)
    try decomposed.append(Item(scalar: scalar, origin: 0, rank: rank, isInserted: isInserted))
  }

  /// Sorts one run by class, keeping the order inside a class: counting, so that a run of a
  /// million marks stays linear.
  private mutating func sort(_ run: Range<Int>) throws(PlauditError) {
    guard run.count > 1 else { return }
    try sorted.reserve(run.count)
    sorted.count = 0
    for rank in UInt8(1)..<UInt8(PU_RANK_COUNT) where sorted.count < run.count {
      for index in run where decomposed.base[index].rank == rank {
        sorted.base[sorted.count] = decomposed.base[index]
        sorted.count += 1
      }
    }
    (decomposed.base + run.lowerBound).update(from: sorted.base, count: run.count)
  }
}
