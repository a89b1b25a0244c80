import CUnicode
import PlauditCore

/// Emoji as their short names: words, joined words, or `:joined_words:`.
///
/// Skin tones and variation selectors inside an emoji are passed over. What the table does not
/// know stays.
struct Emoji: CleaningStep {
  enum Form: String {
    case words
    case joined = "joined words"
    case colons = ":joined_words:"
  }

  let form: Form
  private let table: EmojiTable

  init(_ form: Form) throws(PlauditError) {
    self.form = form
    table = try EmojiTable.shared.get()
  }

  var name: String { "emoji: \(form.rawValue)" }

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    var copied = 0
    var at = 0
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      guard source.bytes[at] >= 0xC0, let found = table.match(source.bytes, at, source.count)
      else {
        at &+= 1
        continue
      }
      try target.copy(source, copied..<at)
      let range = at..<found.end
      let words = table.words(found.index)
      if form == .colons {
        try target.separate(for: range, of: source)
        try target.put(0x3A, for: range, of: source)
        let first = target.count
        try target.put(words, for: range, of: source)
        target.join(from: first)
        try target.put(0x3A, for: range, of: source)
        if range.upperBound < source.count, !ASCII.isSpace(source.bytes[range.upperBound]) {
          try target.put(0x20, for: range, of: source)
        }
      } else {
        try target.putWords(words, joined: form == .joined, for: range, of: source)
      }
      copied = found.end
      at = found.end
    }
    try target.copy(source, copied..<source.count)
  }
}

extension MappedText {
  /// Makes one word of what follows `first`.
  mutating func join(from first: Int) {
    for index in first..<max(first, count) where bytes.base[index] == 0x20 {
      bytes.base[index] = 0x5F
    }
  }
}

/// The emoji of CUnicode's table, found by their longest sequence.
final class EmojiTable: Sendable {
  static let shared = Result { () throws(PlauditError) in try EmojiTable() }

  private let trie: ByteTrie
  /// Where the words of an emoji lie in CUnicode's text.
  private let places: [(start: Int32, count: Int32)]

  private init() throws(PlauditError) {
    let size = Int(pu_emoji_size)
    let text = pu_emoji_start()
    var keys: [ByteTrie.Key] = []
    var places: [(start: Int32, count: Int32)] = []
    var at = 0
    while at < size, places.count < Int(pu_emoji_count) {
      let keyCount = Int(text[at])
      let wordsAt = at &+ 1 &+ keyCount
      guard wordsAt < size else { break }
      let wordsCount = Int(text[wordsAt])
      keys.append(
        ByteTrie.Key(
          bytes: text + at + 1, count: keyCount, value: Int32(truncatingIfNeeded: places.count)))
      places.append(
        (Int32(truncatingIfNeeded: wordsAt &+ 1), Int32(truncatingIfNeeded: wordsCount)))
      at = wordsAt &+ 1 &+ wordsCount
    }
    trie = try ByteTrie(&keys)
    self.places = places
  }

  var count: Int { places.count }

  func words(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    guard index >= 0, index < places.count else { return UnsafeBufferPointer(start: nil, count: 0) }
    let place = places[index]
    return UnsafeBufferPointer(start: pu_emoji_start() + Int(place.start), count: Int(place.count))
  }

  /// The longest emoji that starts at `at`: where it ends, and its place in the table.
  func match(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int
  ) -> (end: Int, index: Int)? {
    var node = ByteTrie.root
    var best: (end: Int, index: Int)?
    var end = at
    while end < count {
      let length = AnyScalar.read(text, end, count).length
      for offset in 0..<length {
        let child = trie.units[Int(node)].base ^ UInt32(text[end &+ offset])
        guard trie.units[Int(child)].check == node else { return best }
        node = child
      }
      end &+= length
      // At most a skin tone and a selector.
      for _ in 0..<2 where EmojiTable.isModifier(text, end, count) {
        end &+= text[end] == 0xEF ? 3 : 4
      }
      let value = trie.units[Int(node)].value
      if value >= 0 { best = (end, Int(value)) }
    }
    return best
  }

  /// U+FE0E, U+FE0F, or one of the five skin tones U+1F3FB...1F3FF.
  private static func isModifier(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Bool {
    guard at < count else { return false }
    if text[at] == 0xEF {
      return at &+ 3 <= count && text[at &+ 1] == 0xB8 && text[at &+ 2] | 1 == 0x8F
    }
    return text[at] == 0xF0 && at &+ 4 <= count && text[at &+ 1] == 0x9F
      && text[at &+ 2] == 0x8F && text[at &+ 3] >= 0xBB && text[at &+ 3] <= 0xBF
  }
}
