import Glibc
import PlauditCore

/// Text on its way through a recipe, each byte with the raw bytes that it came from.
///
/// Byte `i` came from `starts[i]..<ends[i]` of the raw text. A byte that was copied came from its
/// scalar; all bytes of a word that was put in came from all that the word stands for. Starts and
/// ends never fall, lie between scalars, and no span is empty.
struct MappedText: ~Copyable {
  private(set) var bytes = GrowingBuffer<UInt8>()
  private(set) var starts = GrowingBuffer<Int32>()
  private(set) var ends = GrowingBuffer<Int32>()
  /// What steps obey on their way through a long text.
  var control: RunControl?

  /// A borrowed look at a text that does not change meanwhile.
  struct View {
    let bytes: UnsafePointer<UInt8>
    let starts: UnsafePointer<Int32>
    let ends: UnsafePointer<Int32>
    let count: Int
    let control: RunControl?
  }

  var count: Int { bytes.count }
  var view: View {
    View(
      bytes: UnsafePointer(bytes.base), starts: UnsafePointer(starts.base),
      ends: UnsafePointer(ends.base), count: bytes.count, control: control)
  }

  mutating func clear() {
    bytes.count = 0
    starts.count = 0
    ends.count = 0
  }

  /// Starts over with raw text, of which each scalar is its own origin.
  mutating func load(_ text: UnsafeRawBufferPointer) throws(PlauditError) {
    clear()
    guard let base = text.baseAddress, text.count > 0 else { return }
    try reserve(text.count)
    memcpy(bytes.base, base, text.count)
    var at = 0
    var pause = LongText.block
    while at < text.count {
      try LongText.obey(control, at: at, next: &pause)
      let length = text[at] < 0x80 ? 1 : max(UTF8Text.sequence(text, at), 1)
      let end = at &+ length
      for index in at..<end {
        starts.base[index] = Int32(truncatingIfNeeded: at)
        ends.base[index] = Int32(truncatingIfNeeded: end)
      }
      at = end
    }
    finish(text.count)
  }

  /// Appends a range of `source` as it is.
  mutating func copy(_ source: View, _ range: Range<Int>) throws(PlauditError) {
    let length = range.count
    guard length > 0 else { return }
    let at = try reserve(length)
    memcpy(bytes.base + at, source.bytes + range.lowerBound, length)
    memcpy(starts.base + at, source.starts + range.lowerBound, length &* 4)
    memcpy(ends.base + at, source.ends + range.lowerBound, length &* 4)
    finish(at &+ length)
  }

  /// Appends bytes that all stand for a range of `source`, which is not empty.
  mutating func put(
    _ word: UnsafeBufferPointer<UInt8>, for range: Range<Int>, of source: View
  ) throws(PlauditError) {
    let at = try reserve(word.count)
    let start = source.starts[range.lowerBound]
    let end = source.ends[range.upperBound &- 1]
    for index in 0..<word.count {
      bytes.base[at &+ index] = word[index]
      starts.base[at &+ index] = start
      ends.base[at &+ index] = end
    }
    finish(at &+ word.count)
  }

  mutating func put(_ byte: UInt8, for range: Range<Int>, of source: View) throws(PlauditError) {
    let at = try reserve(1)
    bytes.base[at] = byte
    starts.base[at] = source.starts[range.lowerBound]
    ends.base[at] = source.ends[range.upperBound &- 1]
    finish(at &+ 1)
  }

  /// Lets the last byte stand for what ends with byte `index` of `source` too.
  mutating func stretch(to index: Int, of source: View) {
    guard count > 0 else { return }
    ends.base[count &- 1] = source.ends[index]
  }

  /// Lets the byte at `index` stand for what starts with byte `origin` of `source` too.
  mutating func stretch(_ index: Int, from origin: Int, of source: View) {
    guard index < count else { return }
    starts.base[index] = source.starts[origin]
  }

  /// Appends a space before a word for `range` where the text so far ends inside a word.
  mutating func separate(for range: Range<Int>, of source: View) throws(PlauditError) {
    guard count > 0, !ASCII.isSpace(bytes.base[count &- 1]) else { return }
    try put(0x20, for: range, of: source)
  }

  /// Makes room for `length` more bytes and answers where they begin.
  @discardableResult
  private mutating func reserve(_ length: Int) throws(PlauditError) -> Int {
    let at = bytes.count
    let wanted = at &+ length
    guard wanted <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit, "a cleaned text has more than \(TextBatch.maximumTextBytes) bytes")
    }
    try bytes.reserve(wanted)
    try starts.reserve(wanted)
    try ends.reserve(wanted)
    return at
  }

  private mutating func finish(_ count: Int) {
    bytes.count = count
    starts.count = count
    ends.count = count
  }
}

/// What the patterns of tweets ask of a byte.
enum ASCII {
  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// A letter, a digit or `_`.
  @inline(__always)
  static func isName(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || byte == 0x5F }

  @inline(__always)
  static func isPunctuation(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && !isLetter(byte) && !isDigit(byte)
  }

  /// Whether `word`, in lower case, stands at `at` in any case.
  @inline(__always)
  static func has(
    _ word: StaticString, _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int
  ) -> Bool {
    let length = word.utf8CodeUnitCount
    guard at &+ length <= count else { return false }
    for index in 0..<length {
      let byte = text[at &+ index]
      let lowered = isLetter(byte) ? byte | 0x20 : byte
      if lowered != word.utf8Start[index] { return false }
    }
    return true
  }
}

/// Scalars of bytes that need not be UTF-8.
enum AnyScalar {
  /// No scalar: the look-ups of CUnicode find no property of it.
  static let none = UInt32.max

  /// The scalar at `at`, which is below `count`; a byte of no well-formed sequence is `none`.
  @inline(__always)
  static func read(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int
  ) -> (scalar: UInt32, length: Int) {
    if text[at] < 0x80 { return (UInt32(text[at]), 1) }
    let length = UTF8Text.sequence(UnsafeRawBufferPointer(start: text, count: count), at)
    guard length > 0 else { return (none, 1) }
    return UTF8Text.scalar(text, at)
  }
}
