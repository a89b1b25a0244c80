import CUnicode
import PlauditCore

/// Letters and signs that are repeated for emphasis: `soooo` becomes `soo`, `!!!!!` becomes `!!!`.
///
/// A letter is kept twice, or three times where its word has no other (`zzzz`); three capital I
/// stay, and so do digits. A sign of ASCII is kept three times.
struct Elongation: CleaningStep {
  let name = "elongation: 2 letters, 3 signs"

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    let text = source.bytes
    var at = 0
    var copied = 0
    var wordBefore = false
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      let (scalar, length) = AnyScalar.read(text, at, source.count)
      var end = at &+ length
      var repeats = 1
      if scalar != AnyScalar.none {
        while end &+ length <= source.count, equal(text, at, end, length) {
          end &+= length
          repeats &+= 1
        }
      }
      let isWord = pu_flags(scalar) & PU_WORD != 0
      var kept = repeats
      if isWord, !(scalar < 0x80 && ASCII.isDigit(UInt8(truncatingIfNeeded: scalar))) {
        let isAlone = !wordBefore && !isWordAt(text, end, source.count)
        let isRoman = scalar == 0x49 && repeats == 3
        kept = isRoman ? 3 : min(repeats, isAlone ? 3 : 2)
      } else if scalar < 0x80, ASCII.isPunctuation(UInt8(truncatingIfNeeded: scalar)) {
        kept = min(repeats, 3)
      }
      if kept < repeats {
        try target.copy(source, copied..<at &+ kept &* length)
        target.stretch(to: end &- 1, of: source)
        copied = end
      }
      wordBefore = isWord
      at = end
    }
    try target.copy(source, copied..<source.count)
  }

  private func equal(_ text: UnsafePointer<UInt8>, _ a: Int, _ b: Int, _ length: Int) -> Bool {
    for offset in 0..<length where text[a &+ offset] != text[b &+ offset] { return false }
    return true
  }

  private func isWordAt(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Bool {
    at < count && pu_flags(AnyScalar.read(text, at, count).scalar) & PU_WORD != 0
  }
}
