import CUnicode
import PlauditCore

/// Web addresses: `http://` or `https://` anywhere, `www.` at the start of a word, and hosts of a
/// well-known ending with a path (`bit.ly/abc`). A brand's bare domain (`amazon.com`) is none.
///
/// An address ends before white space, quotes, angle brackets and what is not ASCII; punctuation
/// at its end belongs to the sentence, the ellipsis of a cut-off tweet to the address.
struct Links: CleaningStep {
  let mask: Mask

  var name: String { "links: \(mask.name)" }

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    let text = source.bytes
    var copied = 0
    var at = 0
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      let found = Links.match(text, at, source.count)
      if let end = found.end {
        try target.copy(source, copied..<at)
        try mask.put(for: at..<end, of: source, into: &target)
        copied = end
        at = end
      } else {
        at = found.resume
      }
    }
    try target.copy(source, copied..<source.count)
  }

  /// Where an address that starts at `at` ends, or where to look next.
  static func match(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int
  ) -> (end: Int?, resume: Int) {
    let byte = text[at] | 0x20
    if byte == UInt8(ascii: "h") {
      if ASCII.has("http://", text, at, count) { return (end(text, at, at &+ 7, count), 0) }
      if ASCII.has("https://", text, at, count) { return (end(text, at, at &+ 8, count), 0) }
    }
    guard ASCII.isName(text[at]) else { return (nil, at &+ 1) }
    // Not the start of a word: the word was judged there.
    if at > 0, ASCII.isName(text[at &- 1]) { return (nil, at &+ 1) }
    if at > 0, text[at &- 1] == UInt8(ascii: "@") { return (nil, at &+ 1) }
    if byte == UInt8(ascii: "w"), ASCII.has("www.", text, at, count) {
      let last = end(text, at, at &+ 4, count)
      if last > at &+ 4 { return (last, 0) }
    }
    return host(text, at, count)
  }

  /// `name.name.ending/path`; what was looked at in vain is looked at once.
  private static func host(
    _ text: UnsafePointer<UInt8>, _ start: Int, _ count: Int
  ) -> (end: Int?, resume: Int) {
    var at = start
    var label = start
    var dots = 0
    while at < count {
      let byte = text[at]
      if byte == UInt8(ascii: ".") {
        if at == label { break }
        dots &+= 1
        label = at &+ 1
      } else if !ASCII.isLetter(byte), !ASCII.isDigit(byte), byte != UInt8(ascii: "-") {
        break
      } else if byte | 0x20 == UInt8(ascii: "h"), at > start,
        ASCII.has("http://", text, at, count) || ASCII.has("https://", text, at, count)
      {
        return (nil, at)
      }
      at &+= 1
    }
    if dots > 0, at < count, text[at] == UInt8(ascii: "/"), isEnding(text, label, at),
      at &+ 1 < count, ASCII.isName(text[at &+ 1])
    {
      return (end(text, start, at &+ 1, count), 0)
    }
    return (nil, max(at, start &+ 1))
  }

  private static func isEnding(_ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    for ending in endings where ending.utf8CodeUnitCount == end &- start {
      if ASCII.has(ending, text, start, end) { return true }
    }
    return false
  }

  private static let endings: [StaticString] = [
    "com", "net", "org", "edu", "gov", "info", "co", "ly", "gl", "me", "tv", "io", "us", "uk", "de",
    "fr", "es", "it", "ca", "au", "gd", "im", "be", "fm", "to", "cc", "tt", "la", "st", "pk", "gs",
    "am", "mp", "ms", "ow", "eu", "app", "shop", "link",
  ]

  private static func end(
    _ text: UnsafePointer<UInt8>, _ start: Int, _ path: Int, _ count: Int
  ) -> Int {
    var at = path
    var round = 0
    var square = 0
    scan: while at < count {
      let byte = text[at]
      switch byte {
      case 0x00...0x20, 0x22, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B...0xFF: break scan
      case 0x28: round &+= 1
      case 0x29: round &-= 1
      case 0x5B: square &+= 1
      case 0x5D: square &-= 1
      default: break
      }
      at &+= 1
    }
    let ellipsis =
      at &+ 3 <= count && text[at] == 0xE2 && text[at &+ 1] == 0x80 && text[at &+ 2] == 0xA6
    if ellipsis { return at &+ 3 }
    trim: while at > path {
      switch text[at &- 1] {
      case 0x2E, 0x2C, 0x3B, 0x3A, 0x21, 0x3F, 0x27, 0x2A: break
      case 0x29 where round < 0: round &+= 1
      case 0x5D where square < 0: square &+= 1
      default: break trim
      }
      at &-= 1
    }
    return at
  }
}
