import CUnicode
import PlauditCore

/// Words in lower case, one after another in memory that is kept.
///
/// Each scalar by itself, as CUnicode's table has it: Python's `lower()` differs in a final sigma.
struct LoweredWord: ~Copyable {
  var bytes = GrowingBuffer<UInt8>()

  /// Appends a span of `text` in lower case.
  mutating func append(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>
  ) throws(PlauditError) {
    try bytes.reserve(bytes.count &+ range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      let byte = text[at]
      if byte < 0x80 {
        try bytes.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
        at &+= 1
        continue
      }
      let (scalar, length) = AnyScalar.read(text, at, range.upperBound)
      if let form = pu_lower(scalar) {
        for offset in 0..<Int(form[0]) { try bytes.append(form[1 &+ offset]) }
      } else {
        for offset in 0..<length { try bytes.append(text[at &+ offset]) }
      }
      at &+= length
    }
  }
}
