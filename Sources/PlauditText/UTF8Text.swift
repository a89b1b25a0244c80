package import PlauditCore

/// UTF-8 as the Unicode standard defines it: no surrogates, no overlong forms, nothing above
/// U+10FFFF (Unicode 3.9, table 3-7). Everything after this stage relies on it.
package enum UTF8Text {
  /// The place of the first byte that is not part of a well-formed sequence, nil when all are.
  package static func firstFault(_ text: UnsafeRawBufferPointer) -> Int? {
    var at = 0
    return hasFault(text, from: &at, to: text.count) ? at : nil
  }

  /// The same, obeying `control` on the way through a long text.
  package static func firstFault(
    _ text: UnsafeRawBufferPointer, control: RunControl?
  ) throws(PlauditError) -> Int? {
    var at = 0
    while at < text.count {
      if hasFault(text, from: &at, to: min(text.count, at &+ LongText.block)) { return at }
      if at < text.count { try control?.check() }
    }
    return nil
  }

  /// Moves `at` over well-formed sequences that start before `end`, up to the first that is not.
  private static func hasFault(
    _ text: UnsafeRawBufferPointer, from at: inout Int, to end: Int
  ) -> Bool {
    guard let base = text.baseAddress else { return false }
    while at < end {
      if at &+ 8 <= end {
        let word = base.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        if word & 0x8080_8080_8080_8080 == 0 {
          at &+= 8
          continue
        }
      }
      let step = sequence(text, at)
      if step <= 0 { return true }
      at &+= step
    }
    return false
  }

  /// The length of the well-formed sequence at `at`; when there is none, minus the length of
  /// its maximal subpart (Unicode 3.9, "U+FFFD substitution of maximal subparts").
  static func sequence(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int {
    let lead = text[at]
    if lead < 0x80 { return 1 }
    let length: Int
    var low: UInt8 = 0x80
    var high: UInt8 = 0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if lead == 0xE0 { low = 0xA0 }
      if lead == 0xED { high = 0x9F }
    case 0xF0...0xF4:
      length = 4
      if lead == 0xF0 { low = 0x90 }
      if lead == 0xF4 { high = 0x8F }
    default: return -1
    }
    var position = 1
    while position < length {
      guard at + position < text.count else { return -position }
      let byte = text[at + position]
      guard byte >= low, byte <= high else { return -position }
      low = 0x80
      high = 0xBF
      position += 1
    }
    return length
  }

  /// Copies `text` with U+FFFD for each maximal subpart that is not well-formed.
  ///
  /// `places[i]` becomes the offset in `text` of the boundary that offset `i` is in `repaired`;
  /// it holds one entry more than `repaired`.
  static func repair(
    _ text: UnsafeRawBufferPointer, into repaired: inout GrowingBuffer<UInt8>,
    places: inout GrowingBuffer<Int32>
  ) throws(PlauditError) {
    repaired.count = 0
    places.count = 0
    var at = 0
    while at < text.count {
      let step = sequence(text, at)
      let place = Int32(truncatingIfNeeded: at)
      if step > 0 {
        for offset in 0..<step {
          try repaired.append(text[at + offset])
          try places.append(place)
        }
        at += step
      } else {
        try repaired.append(0xEF)
        try repaired.append(0xBF)
        try repaired.append(0xBD)
        for _ in 0..<3 { try places.append(place) }
        at -= step
      }
    }
    try places.append(Int32(truncatingIfNeeded: text.count))
    guard repaired.count <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit,
        "a text has \(repaired.count) bytes once repaired, allowed are "
          + "\(TextBatch.maximumTextBytes)")
    }
  }

  /// The length of a well-formed sequence by its first byte.
  @inline(__always)
  static func length(lead: UInt8) -> Int {
    lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }

  /// Reads the scalar at `at` of well-formed text.
  @inline(__always)
  static func scalar(
    _ text: UnsafePointer<UInt8>, _ at: Int
  ) -> (scalar: UInt32, length: Int) {
    let lead = UInt32(text[at])
    if lead < 0x80 { return (lead, 1) }
    let second = UInt32(text[at &+ 1]) & 0x3F
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
    let third = UInt32(text[at &+ 2]) & 0x3F
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
    let fourth = UInt32(text[at &+ 3]) & 0x3F
    return ((lead & 0x07) << 18 | second << 12 | third << 6 | fourth, 4)
  }

  /// Where the scalar that ends before `end` starts; `end` is above `start`.
  @inline(__always)
  static func start(_ text: UnsafePointer<UInt8>, before end: Int, from start: Int) -> Int {
    var at = end &- 1
    while at > start, text[at] & 0xC0 == 0x80 { at &-= 1 }
    return at
  }
}
