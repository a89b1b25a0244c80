import CUnicode
import Glibc
import PlauditCore

/// Finds words in normalised text: white space separates, each punctuation mark stands alone.
///
/// - Source: `BertPreTokenizer` of Hugging Face tokenizers 0.23.3, by the tables of CUnicode.
final class BertPreTokenizer: Sendable {
  private enum Class {
    static let word: UInt8 = 0
    static let space: UInt8 = 1
    static let punctuation: UInt8 = 2
    static let wide: UInt8 = 3
  }

  /// The class of every byte; `wide` says that the scalar must be looked up.
  nonisolated(unsafe) private let classes: UnsafeMutablePointer<UInt8>

  init() throws(PlauditError) {
    guard let table = malloc(256) else {
      throw PlauditError(.outOfMemory, "no memory for a pre-tokeniser table")
    }
    classes = table.bindMemory(to: UInt8.self, capacity: 256)
    for byte in 0..<256 {
      classes[byte] = byte < 0x80 ? BertPreTokenizer.classify(UInt32(byte)) : Class.wide
    }
  }

  deinit { free(classes) }

  /// Whether an ASCII byte separates words, and whether it is one.
  func isSpace(_ byte: UInt8) -> Bool { classes[Int(byte)] == Class.space }
  func isPunctuation(_ byte: UInt8) -> Bool { classes[Int(byte)] == Class.punctuation }

  private static func classify(_ scalar: UInt32) -> UInt8 {
    let flags = pu_flags(scalar)
    if flags & PU_WHITESPACE != 0 { return Class.space }
    return flags & PU_PUNCTUATION != 0 ? Class.punctuation : Class.word
  }

  /// The next word of `text` at or after `start`, nil when only white space is left before `end`.
  @inline(__always)
  func word(_ text: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Range<Int>? {
    var at = start
    while at < end {
      let (kind, length) = classAndLength(text, at)
      if kind == Class.space {
        at &+= length
        continue
      }
      let first = at
      at &+= length
      if kind == Class.punctuation { return first..<at }
      while at < end {
        let (next, length) = classAndLength(text, at)
        if next != Class.word { break }
        at &+= length
      }
      return first..<at
    }
    return nil
  }

  @inline(__always)
  private func classAndLength(_ text: UnsafePointer<UInt8>, _ at: Int) -> (UInt8, Int) {
    let kind = classes[Int(text[at])]
    if kind != Class.wide { return (kind, 1) }
    let (scalar, length) = UTF8Text.scalar(text, at)
    return (BertPreTokenizer.classify(scalar), length)
  }
}
