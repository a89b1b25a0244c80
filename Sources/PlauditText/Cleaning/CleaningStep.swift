import PlauditCore

/// One change of a recipe: reads a text from its start to its end and writes another.
///
/// A step takes time linear in the text, allocates nothing but the target's memory, and passes
/// bytes that are not UTF-8 through as they are.
protocol CleaningStep: Sendable {
  /// As recipes are listed, such as `links: http`.
  var name: String { get }

  /// Appends to `target`, which is empty.
  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError)
}

/// What stands where something was taken out: a word, or nothing.
struct Mask: Sendable {
  let word: [UInt8]

  init(_ word: String) { self.word = Array(word.utf8) }

  static let nothing = Mask("")

  var name: String { word.isEmpty ? "dropped" : String(decoding: word, as: UTF8.self) }

  /// Puts the word for a range of `source`, apart from the letters around it.
  func put(
    for range: Range<Int>, of source: MappedText.View, into target: inout MappedText
  ) throws(PlauditError) {
    if range.lowerBound > 0, ASCII.isName(source.bytes[range.lowerBound &- 1]) {
      try target.put(0x20, for: range, of: source)
    }
    if word.isEmpty { return }
    try word.withUnsafeBufferPointer { (word) throws(PlauditError) in
      try target.put(word, for: range, of: source)
    }
    if range.upperBound < source.count, ASCII.isName(source.bytes[range.upperBound]) {
      try target.put(0x20, for: range, of: source)
    }
  }
}
