import PlauditCore

/// User names: `@` and letters, digits or `_`, where no letter, digit, `.`, `_`, `-` or `@` stands
/// before it; `press@brand.com` has none.
struct Mentions: CleaningStep {
  let mask: Mask

  var name: String { "mentions: \(mask.name)" }

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    var copied = 0
    var at = 0
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      guard let end = Mentions.end(source.bytes, at, source.count) else {
        at &+= 1
        continue
      }
      try target.copy(source, copied..<at)
      try mask.put(for: at..<end, of: source, into: &target)
      copied = end
      at = end
    }
    try target.copy(source, copied..<source.count)
  }

  /// Where a user name that starts at `at` ends.
  static func end(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Int? {
    guard text[at] == UInt8(ascii: "@") else { return nil }
    if at > 0 {
      let before = text[at &- 1]
      if ASCII.isName(before) || before == UInt8(ascii: "@") || before == UInt8(ascii: ".")
        || before == UInt8(ascii: "-")
      {
        return nil
      }
    }
    var end = at &+ 1
    while end < count, ASCII.isName(text[end]) { end &+= 1 }
    return end > at &+ 1 ? end : nil
  }
}
