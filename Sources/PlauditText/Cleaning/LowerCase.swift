import CUnicode
import PlauditCore

/// Each scalar in lower case by itself, as the tables of CUnicode have it.
struct LowerCase: CleaningStep {
  let name = "lower case"

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    let text = source.bytes
    var at = 0
    var copied = 0
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      let byte = text[at]
      if byte < 0x80 {
        if byte &- 0x41 < 26 {
          try target.copy(source, copied..<at)
          try target.put(byte | 0x20, for: at..<at &+ 1, of: source)
          copied = at &+ 1
        }
        at &+= 1
        continue
      }
      let (scalar, length) = AnyScalar.read(text, at, source.count)
      if let lowered = pu_lower(scalar) {
        try target.copy(source, copied..<at)
        try target.put(
          UnsafeBufferPointer(start: lowered + 1, count: Int(lowered[0])), for: at..<at &+ length,
          of: source)
        copied = at &+ length
      }
      at &+= length
    }
    try target.copy(source, copied..<source.count)
  }
}
