import CText
import PlauditCore

/// Cuts a text at ASCII white space and punctuation, many bytes at a time.
///
/// Between two such bytes the stages need to know nothing of what is around: what a word becomes
/// depends on its bytes alone, but for scalars that may change places. So a text is the words of
/// its cut, each looked up or taken through the stages by itself.
struct WordCutter: Sendable {
  /// Texts up to this long are cut in one go, longer ones in windows.
  static let windowBytes = 1 << 14

  nonisolated(unsafe) private let classes: UnsafeMutablePointer<pt_classes>
  /// Whether an added token may start with a byte of 128 or more.
  private let startsWide: Bool
  nonisolated(unsafe) private let kinds: UnsafeMutablePointer<Kind>

  private enum Kind: UInt8 {
    /// 128 or more, or removed.
    case other
    case space
    /// Stays as it is once lower-cased, so that no stage but the last is needed.
    case plain
  }

  /// Nil when some ASCII byte does not fit the kernels' idea of lower case.
  init?(normalizer: BertNormalizer, preTokenizer: BertPreTokenizer, added: AddedTokens) {
    classes = .allocate(capacity: 1)
    classes.initialize(to: pt_classes())
    kinds = .allocate(capacity: 256)
    kinds.initialize(repeating: .other, count: 256)
    startsWide = (UInt8(128)...255).contains { added.raw?.starts(with: $0) == true }
    classes.pointee.lowers = normalizer.lowercases ? 1 : 0
    classes.pointee.blanks = normalizer.cleansText ? 1 : 0
    for byte in UInt8(0)..<128 {
      if added.raw?.starts(with: byte) == true { pt_insert(&classes.pointee.starts, byte) }
      guard let result = normalizer.ascii(byte) else { continue }
      if preTokenizer.isSpace(result) {
        pt_insert(&classes.pointee.spaces, byte)
        kinds[Int(byte)] = .space
        continue
      }
      let isCapital = normalizer.lowercases && (0x41...0x5A).contains(byte)
      guard result == (isCapital ? byte + 0x20 : byte) else {
        deallocate()
        return nil
      }
      if preTokenizer.isPunctuation(result) { pt_insert(&classes.pointee.marks, byte) }
      kinds[Int(byte)] = .plain
    }
  }

  func deallocate() {
    classes.deallocate()
    kinds.deallocate()
  }

  /// Whether the text of a cut is UTF-8 in which no added token can start.
  @inline(__always)
  func isWhole(_ cut: borrowing CutText, _ text: UnsafeRawBufferPointer) -> Bool {
    if cut.seen == 0 { return true }
    return cut.seen & UInt32(PT_SEEN_START) == 0 && !startsWide
      && UTF8Text.firstFault(text) == nil
  }

  /// Whether a byte is ASCII that only lower-casing changes.
  func isPlain(_ byte: UInt8) -> Bool { kinds[Int(byte)] == .plain }

  /// Whether a cut is the normal form, byte by byte: all is ASCII and nothing is removed.
  func keepsPlaces(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
    for at in range where kinds[Int(bytes[at])] == .other { return false }
    return true
  }

  /// Whether a cut can have these bytes as one word: a mark alone, or plain bytes in lower case
  /// without a mark.
  func isWord(_ word: UnsafeRawBufferPointer) -> Bool {
    var marks = 0
    for byte in word {
      guard kinds[Int(byte)] == .plain else { return false }
      if classes.pointee.lowers == 1, (0x41...0x5A).contains(byte) { return false }
      if pt_contains(&classes.pointee.marks, byte) != 0 { marks += 1 }
    }
    return marks == 0 ? word.count > 0 : word.count == 1
  }

  /// Cuts `text[range]` into `cut`, and notes what was seen.
  @inline(__always)
  func cut(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ kernels: TextKernels,
    into cut: inout CutText
  ) throws(PlauditError) {
    try cut.lowered.reserve(range.upperBound &+ Int(PT_SLACK))
    try cut.starts.reserve(range.count &+ Int(PT_SLACK))
    try cut.ends.reserve(range.count &+ Int(PT_SLACK))
    cut.end = range.upperBound
    cut.seen = 0
    cut.count = Int(
      kernels.pointee.cut(
        classes, text, Int64(range.lowerBound), Int64(range.upperBound), cut.lowered.base,
        cut.starts.base, cut.ends.base, &cut.seen))
  }
}

/// The words of a stretch of text, lower-cased, at the places they have in the text.
struct CutText: ~Copyable {
  var lowered = GrowingBuffer<UInt8>()
  var starts = GrowingBuffer<Int32>()
  var ends = GrowingBuffer<Int32>()
  /// How many words there are.
  var count = 0
  /// Where the stretch ends.
  var end = 0
  /// PT_SEEN_... bits.
  var seen: UInt32 = 0

  /// The words, which stay good until the next cut.
  @inline(__always)
  func words(from start: Int) -> CutWords {
    CutWords(
      lowered: UnsafePointer(lowered.base), starts: UnsafePointer(starts.base),
      ends: UnsafePointer(ends.base), count: count, start: start, end: end)
  }
}

/// A look at the words of a `CutText`, or at the first `count` of them.
struct CutWords {
  let lowered: UnsafePointer<UInt8>
  let starts: UnsafePointer<Int32>
  let ends: UnsafePointer<Int32>
  var count: Int
  /// The stretch that they stand in.
  var start: Int
  var end: Int
}
