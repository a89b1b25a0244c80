import CUnicode
import PlauditCore

/// White space of any kind and length as one space, none at either end.
struct WhiteSpace: CleaningStep {
  let name = "white space: one space"

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    let text = source.bytes
    var at = 0
    var copied = 0
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      let length = WhiteSpace.length(text, at, source.count)
      guard length > 0 else {
        at &+= 1
        continue
      }
      var end = at &+ length
      while end < source.count {
        let more = WhiteSpace.length(text, end, source.count)
        if more == 0 { break }
        end &+= more
      }
      // A space between words is copied with what follows.
      if end &- at > 1 || text[at] != 0x20 || at == 0 || end == source.count {
        try target.copy(source, copied..<at)
        if target.count > 0, end < source.count { try target.put(0x20, for: at..<end, of: source) }
        copied = end
      }
      at = end
    }
    try target.copy(source, copied..<source.count)
  }

  /// The length of the white space scalar at `at`, 0 when another one is there.
  @inline(__always)
  static func length(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Int {
    let byte = text[at]
    if byte < 0x80 { return ASCII.isSpace(byte) ? 1 : 0 }
    guard byte >= 0xC2, byte <= 0xE3 else { return 0 }
    let (scalar, length) = AnyScalar.read(text, at, count)
    return pu_flags(scalar) & PU_WHITESPACE != 0 ? length : 0
  }
}
