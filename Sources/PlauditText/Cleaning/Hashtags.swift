import CUnicode
import PlauditCore

/// Hashtags as words: `#LoveIt_now` becomes `Love It now`; one without a letter stays (`#1`).
///
/// Words begin where a capital follows a small letter, where the last of several capitals
/// precedes a small letter, at digits, and at `_`. The first word stands for the `#` too.
struct Hashtags: CleaningStep {
  let name = "hashtags: words"

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    var copied = 0
    var at = 0
    var afterTag = false
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      guard let end = Hashtags.end(source.bytes, at, source.count, afterTag: afterTag) else {
        at &+= 1
        afterTag = false
        continue
      }
      try target.copy(source, copied..<at)
      if afterTag { try target.separate(for: at..<at &+ 1, of: source) }
      let first = target.count
      try split(source, at &+ 1, end, into: &target)
      target.stretch(first, from: at, of: source)
      copied = end
      at = end
      afterTag = true
    }
    try target.copy(source, copied..<source.count)
  }

  /// Where a hashtag that starts at `at` ends; it has a letter.
  static func end(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int, afterTag: Bool = false
  ) -> Int? {
    guard text[at] == UInt8(ascii: "#") else { return nil }
    if at > 0, !afterTag {
      let before = text[at &- 1]
      if ASCII.isName(before) || before == UInt8(ascii: "#") || before == UInt8(ascii: "&")
        || before == UInt8(ascii: "/")
      {
        return nil
      }
    }
    var end = at &+ 1
    var hasLetter = false
    while end < count {
      let (scalar, length) = AnyScalar.read(text, end, count)
      if scalar < 0x80 {
        let byte = UInt8(truncatingIfNeeded: scalar)
        guard ASCII.isName(byte) else { break }
        if ASCII.isLetter(byte) { hasLetter = true }
      } else {
        guard pu_flags(scalar) & PU_WORD != 0 else { break }
        hasLetter = true
      }
      end &+= length
    }
    return hasLetter ? end : nil
  }

  private enum Kind { case small, capital, digit, other }

  private func split(
    _ source: MappedText.View, _ start: Int, _ end: Int, into target: inout MappedText
  ) throws(PlauditError) {
    var at = start
    var last = Kind.other
    var copied = start
    var isFirst = true
    while at < end {
      let (kind, length) = kind(source.bytes, at, end)
      if source.bytes[at] == UInt8(ascii: "_") {
        try target.copy(source, copied..<at)
        if !isFirst { try target.separate(for: at..<at &+ 1, of: source) }
        copied = at &+ 1
        at = copied
        last = .other
        continue
      }
      var begins = (kind == .digit) != (last == .digit) && last != .other
      if kind == .capital {
        if last == .small {
          begins = true
        } else if last == .capital, at &+ length < end {
          begins = self.kind(source.bytes, at &+ length, end).kind == .small
        }
      }
      if begins, at > copied {
        try target.copy(source, copied..<at)
        try target.separate(for: at..<at &+ 1, of: source)
        copied = at
      }
      isFirst = false
      last = kind
      at &+= length
    }
    try target.copy(source, copied..<end)
  }

  private func kind(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ end: Int
  ) -> (kind: Kind, length: Int) {
    let (scalar, length) = AnyScalar.read(text, at, end)
    if scalar < 0x80, ASCII.isDigit(UInt8(truncatingIfNeeded: scalar)) { return (.digit, length) }
    switch pu_case(scalar) {
    case PU_CASE_UPPER: return (.capital, length)
    case PU_CASE_LOWER: return (.small, length)
    default: return (.other, length)
    }
  }
}
