import PlauditCore

/// HTML entities that exports of tweets hold: `&amp;`, `&lt;`, `&gt;`, `&quot;`, `&apos;`, `&nbsp;`
/// and numbers such as `&#39;` and `&#x27;`. Once, so `&amp;lt;` becomes `&lt;`.
struct Entities: CleaningStep {
  let name = "entities: characters"

  private static let named: [(name: StaticString, scalar: UInt32)] = [
    ("&amp;", 0x26), ("&lt;", 0x3C), ("&gt;", 0x3E), ("&quot;", 0x22), ("&apos;", 0x27),
    ("&nbsp;", 0x20),
  ]

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    var copied = 0
    var at = 0
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      guard source.bytes[at] == UInt8(ascii: "&"),
        let (scalar, end) = Entities.match(source.bytes, at, source.count)
      else {
        at &+= 1
        continue
      }
      try target.copy(source, copied..<at)
      try target.put(scalar: scalar, for: at..<end, of: source)
      copied = end
      at = end
    }
    try target.copy(source, copied..<source.count)
  }

  private static func match(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int
  ) -> (scalar: UInt32, end: Int)? {
    for entity in named where ASCII.has(entity.name, text, at, count) {
      return (entity.scalar, at &+ entity.name.utf8CodeUnitCount)
    }
    guard at &+ 3 < count, text[at &+ 1] == UInt8(ascii: "#") else { return nil }
    let isHex = text[at &+ 2] | 0x20 == UInt8(ascii: "x")
    let first = at &+ (isHex ? 3 : 2)
    var end = first
    var scalar: UInt32 = 0
    // Seven digits say every scalar.
    while end < count, end &- first < 7 {
      let byte = text[end]
      if ASCII.isDigit(byte) {
        scalar = scalar &* (isHex ? 16 : 10) &+ UInt32(byte &- 0x30)
      } else if isHex, (byte | 0x20) &- 0x61 < 6 {
        scalar = scalar &* 16 &+ UInt32((byte | 0x20) &- 0x61) &+ 10
      } else {
        break
      }
      end &+= 1
    }
    guard end > first, end < count, text[end] == UInt8(ascii: ";"), scalar >= 0x20,
      Unicode.Scalar(scalar) != nil
    else { return nil }
    return (scalar, end &+ 1)
  }
}

extension MappedText {
  /// Appends a scalar as UTF-8 for a range of `source`.
  mutating func put(
    scalar: UInt32, for range: Range<Int>, of source: View
  ) throws(PlauditError) {
    if scalar < 0x80 {
      try put(UInt8(truncatingIfNeeded: scalar), for: range, of: source)
      return
    }
    if scalar < 0x800 {
      try put(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6), for: range, of: source)
    } else {
      if scalar < 0x10000 {
        try put(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12), for: range, of: source)
      } else {
        try put(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18), for: range, of: source)
        try put(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F), for: range, of: source)
      }
      try put(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F), for: range, of: source)
    }
    try put(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F), for: range, of: source)
  }
}
