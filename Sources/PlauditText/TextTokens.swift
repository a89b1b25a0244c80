import CText
import PlauditCore

/// The tokens of one text before truncation, with byte offsets, and the words that were lost.
///
/// Offsets are not there when they were not wanted; those of lost words always are.
struct TextTokens: ~Copyable {
  var ids = GrowingBuffer<Int32>()
  var starts = GrowingBuffer<Int32>()
  var ends = GrowingBuffer<Int32>()
  /// Spans of the words that the model turned into its unknown token.
  var unknownStarts = GrowingBuffer<Int32>()
  var unknownEnds = GrowingBuffer<Int32>()

  @inline(__always)
  var count: Int {
    get { ids.count }
    set {
      ids.count = newValue
      starts.count = newValue
      ends.count = newValue
    }
  }

  var unknownCount: Int { unknownStarts.count }

  mutating func clear() {
    count = 0
    unknownStarts.count = 0
    unknownEnds.count = 0
  }

  @inline(__always)
  mutating func reserve(_ count: Int) throws(PlauditError) {
    try ids.reserve(count)
    try starts.reserve(count)
    try ends.reserve(count)
  }

  /// Appends a token; room must have been reserved.
  @inline(__always)
  mutating func put(_ id: Int32, start: Int32, end: Int32) {
    let at = ids.count
    ids.base[at] = id
    starts.base[at] = start
    ends.base[at] = end
    count = at &+ 1
  }

  /// Makes room for what the kernels may append for words of this many bytes.
  @inline(__always)
  mutating func reserve(words bytes: Int) throws(PlauditError) {
    try reserve(count &+ bytes &+ Int(PT_SLACK))
    try unknownStarts.reserve(unknownCount &+ bytes)
    try unknownEnds.reserve(unknownCount &+ bytes)
  }

  /// Lets `body` append tokens through pointers; room must have been reserved.
  @inline(__always)
  mutating func append(offsets: Bool, _ body: (inout pt_tokens) -> Void) {
    var made = pt_tokens(
      ids: ids.base, starts: offsets ? starts.base : nil, ends: offsets ? ends.base : nil,
      count: Int64(count), unknown_starts: unknownStarts.base, unknown_ends: unknownEnds.base,
      unknown_count: Int64(unknownCount))
    body(&made)
    count = Int(made.count)
    unknownStarts.count = Int(made.unknown_count)
    unknownEnds.count = Int(made.unknown_count)
  }

  /// Drops what was appended since there were so many.
  mutating func cut(to tokens: Int, unknown: Int) {
    count = tokens
    unknownStarts.count = unknown
    unknownEnds.count = unknown
  }

  mutating func append(_ id: Int32, start: Int32, end: Int32) throws(PlauditError) {
    try reserve(count &+ 1)
    put(id, start: start, end: end)
  }

  mutating func noteUnknown(start: Int32, end: Int32) throws(PlauditError) {
    try unknownStarts.append(start)
    try unknownEnds.append(end)
  }

  /// Replaces every offset that is there, `o`, by `places[o]`: back from a repaired text to the caller's bytes.
  mutating func move(to places: UnsafePointer<Int32>, offsets: Bool) {
    for index in 0..<(offsets ? count : 0) {
      starts.base[index] = places[Int(starts.base[index])]
      ends.base[index] = places[Int(ends.base[index])]
    }
    for index in 0..<unknownCount {
      unknownStarts.base[index] = places[Int(unknownStarts.base[index])]
      unknownEnds.base[index] = places[Int(unknownEnds.base[index])]
    }
  }
}
