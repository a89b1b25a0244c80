import PlauditCore

/// A piece of text as the model sees it, each byte with where it came from.
///
/// `origins[i]` is the offset, in the text that was normalised, of the scalar that byte `i`
/// stands for; the scalar's end follows from its first byte there. Both buffers are reused.
struct NormalizedText: ~Copyable {
  var bytes = GrowingBuffer<UInt8>()
  var origins = GrowingBuffer<Int32>()
  var ordering = CanonicalOrdering()

  var count: Int { bytes.count }

  /// Where the scalar starts that the byte at `index` stands for.
  @inline(__always)
  func start(_ index: Int) -> Int32 { origins.base[index] }

  /// Where the scalar ends that the byte before `index` stands for; `index` is above 0.
  @inline(__always)
  func end(_ index: Int, _ source: UnsafePointer<UInt8>) -> Int32 {
    let origin = origins.base[index &- 1]
    return origin &+ Int32(truncatingIfNeeded: UTF8Text.length(lead: source[Int(origin)]))
  }

  mutating func clear() {
    bytes.count = 0
    origins.count = 0
  }

  mutating func reserve(_ count: Int) throws(PlauditError) {
    try bytes.reserve(count)
    try origins.reserve(count)
  }

  /// Appends bytes that all stand for the scalar at `origin`; room must have been reserved.
  @inline(__always)
  mutating func put(_ source: UnsafePointer<UInt8>, _ length: Int, origin: Int32) {
    let at = bytes.count
    for offset in 0..<length {
      bytes.base[at &+ offset] = source[offset]
      origins.base[at &+ offset] = origin
    }
    bytes.count = at &+ length
    origins.count = at &+ length
  }

  @inline(__always)
  mutating func put(_ byte: UInt8, origin: Int32) {
    let at = bytes.count
    bytes.base[at] = byte
    origins.base[at] = origin
    bytes.count = at &+ 1
    origins.count = at &+ 1
  }

  /// Appends a scalar as UTF-8; room must have been reserved.
  mutating func put(scalar: UInt32, origin: Int32) {
    if scalar < 0x80 {
      put(UInt8(truncatingIfNeeded: scalar), origin: origin)
      return
    }
    if scalar < 0x800 {
      put(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6), origin: origin)
    } else {
      if scalar < 0x10000 {
        put(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12), origin: origin)
      } else {
        put(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18), origin: origin)
        put(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F), origin: origin)
      }
      put(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F), origin: origin)
    }
    put(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F), origin: origin)
  }
}
