import PlauditCore

/// Emoticons and what they show, in the words that emoji of the same face have.
///
/// One counts where it stands apart: nothing but white space, punctuation or letters before it, no
/// letter or digit after it. After a letter (`great:)`) its last sign must be punctuation and
/// white space or the end of a sentence must follow; those that begin with a letter, a digit or a
/// bracket need white space before them. Further `)`, `(` and `D` at its end belong to it.
struct Emoticons: CleaningStep {
  /// Spaces between words, or `_` to make one word of them.
  let joined: Bool
  private let table: EmoticonTable

  init(joined: Bool) throws(PlauditError) {
    self.joined = joined
    table = try EmoticonTable.shared.get()
  }

  var name: String { joined ? "emoticons: joined words" : "emoticons: words" }

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    var copied = 0
    var at = 0
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      guard let found = table.match(source.bytes, at, source.count) else {
        at &+= 1
        continue
      }
      try target.copy(source, copied..<at)
      try target.putWords(
        EmoticonTable.words[found.meaning], joined: joined, for: at..<found.end, of: source)
      copied = found.end
      at = found.end
    }
    try target.copy(source, copied..<source.count)
  }
}

extension MappedText {
  /// Appends ASCII words for a range of `source`, apart from what is around it.
  mutating func putWords(
    _ words: StaticString, joined: Bool, for range: Range<Int>, of source: View
  ) throws(PlauditError) {
    try putWords(
      UnsafeBufferPointer(start: words.utf8Start, count: words.utf8CodeUnitCount), joined: joined,
      for: range, of: source)
  }

  mutating func putWords(
    _ words: UnsafeBufferPointer<UInt8>, joined: Bool, for range: Range<Int>, of source: View
  ) throws(PlauditError) {
    try separate(for: range, of: source)
    let first = count
    try put(words, for: range, of: source)
    if joined {
      for index in first..<count where bytes.base[index] == 0x20 { bytes.base[index] = 0x5F }
    }
    if range.upperBound < source.count, !ASCII.isSpace(source.bytes[range.upperBound]) {
      try put(0x20, for: range, of: source)
    }
  }
}

/// The emoticons that are known; shared by cleaning and by word tokenizers.
final class EmoticonTable: Sendable {
  static let shared = Result { () throws(PlauditError) in try EmoticonTable() }

  /// The longest emoticon, before its last sign is repeated.
  private static let maximumLength = 5

  private let trie: ByteTrie
  /// Whether an emoticon starts with a byte.
  private let starts: [Bool]

  private init() throws(PlauditError) {
    let list = EmoticonTable.list()
    var flags = [Bool](repeating: false, count: 256)
    let bytes = list.flatMap { Array($0.text.utf8) }
    let block = try Bytes(copying: bytes)
    let base = block.mutable.bindMemory(to: UInt8.self)
    var keys: [ByteTrie.Key] = []
    var at = 0
    for entry in list {
      guard let start = base.baseAddress else { continue }
      let count = entry.text.utf8.count
      flags[Int(bytes[at])] = true
      keys.append(
        ByteTrie.Key(
          bytes: start + at, count: count, value: Int32(truncatingIfNeeded: entry.meaning)))
      at += count
    }
    trie = try withExtendedLifetime(block) { () throws(PlauditError) in try ByteTrie(&keys) }
    starts = flags
  }

  /// The longest emoticon that starts at `at`: where it ends, where it would end without repeated
  /// signs, and the place of its words.
  func match(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int
  ) -> (end: Int, plainEnd: Int, meaning: Int)? {
    guard starts[Int(text[at])] else { return nil }
    var node = ByteTrie.root
    var best: (end: Int, plainEnd: Int, meaning: Int)?
    var end = at
    while end < count, end &- at < EmoticonTable.maximumLength {
      let child = trie.units[Int(node)].base ^ UInt32(text[end])
      guard trie.units[Int(child)].check == node else { break }
      node = child
      end &+= 1
      let value = trie.units[Int(node)].value
      guard value >= 0, let last = accepts(text, at, end, count) else { continue }
      best = (last, end, Int(value))
    }
    return best
  }

  /// The end with repeated signs when the emoticon stands apart.
  private func accepts(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ end: Int, _ count: Int
  ) -> Int? {
    let last = text[end &- 1]
    var end = end
    if last == 0x28 || last == 0x29 || last == 0x44 {
      while end < count, text[end] == last { end &+= 1 }
    }
    let isFollowed = end < count
    let next = isFollowed ? text[end] : 0x20
    if ASCII.isName(next) || next == 0x2F { return nil }
    guard at > 0 else { return end }
    let before = text[at &- 1]
    if ASCII.isSpace(before) { return end }
    let first = text[at]
    if ASCII.isName(first) || first == 0x28 || first == 0x29 { return nil }
    guard ASCII.isName(before) else { return end }
    if ASCII.isDigit(before) || ASCII.isName(last) || last == 0x2F { return nil }
    let ends = ASCII.isSpace(next) || next == 0x2E || next == 0x2C || next == 0x21 || next == 0x3F
    return ends ? end : nil
  }

  static let words: [StaticString] = [
    "smiling face", "grinning face", "frowning face", "winking face", "face with tongue",
    "confused face", "neutral face", "surprised face", "kissing face", "angry face", "crying face",
    "face with tears of joy", "red heart", "broken heart", "expressionless face",
    "astonished face", "loudly crying face", "flushed face", "smiling face with horns",
    "anguished face",
  ]

  /// For each of `words` the emoticon that vocabularies are likeliest to have.
  static let plainest: [StaticString] = [
    ":)", ":d", ":(", ";)", ":p", ":/", ":|", ":o", ":*", ":@", ":'(", ":d", "<3", "</3", "-_-",
    "o_o", "t_t", ":$", ">:)", ":(",
  ]

  /// Every emoticon with the place of its words.
  private static func list() -> [(text: String, meaning: Int)] {
    var list: [(text: String, meaning: Int)] = []
    let mouths: [(mouths: String, meaning: Int)] = [
      (")]}3", 0), ("D", 1), ("([{<c", 2), ("Ppb", 4), ("/\\", 5), ("|", 6), ("Oo0", 7), ("*", 8),
      ("@", 9), ("$", 17), ("sS", 5),
    ]
    for eyes in [":", "="] {
      for nose in ["", "-", "o", "^"] {
        for (signs, meaning) in mouths {
          for mouth in signs.unicodeScalars {
            // `=3`, `=b` and the like are arithmetic.
            if eyes == "=", nose.isEmpty, !")]D(/\\|P".unicodeScalars.contains(mouth) { continue }
            if nose == "o" || nose == "^", !")(D".unicodeScalars.contains(mouth) { continue }
            list.append((eyes + nose + String(mouth), meaning))
          }
        }
      }
    }
    for nose in ["", "-", "o", "^"] {
      for mouth in [")", "D", "P", "]"] {
        list.append((";" + nose + mouth, 3))
      }
    }
    for (texts, meaning) in others {
      for text in texts { list.append((text, meaning)) }
    }
    return list
  }

  private static let others: [(texts: [String], meaning: Int)] = [
    (["(:", "(-:", "(=", "^^", "^_^", "^-^", "^.^", "n_n"], 0), (["XD", "xD", "8D", "8-D"], 1),
    (["):", ")-:", ")=", "</:"], 2), (["(;", "(-;"], 3), ([">:(", ">:-(", ">:[", "D:<"], 9),
    ([":'(", ":'-(", ";("], 10), ([":')", ":'-)", ":'D"], 11), (["<3", "&lt;3"], 12),
    (["</3", "<\\3"], 13), (["-_-", "-__-", "-.-"], 14),
    (["o_O", "O_o", "o.O", "O.o", "O_O", "o_o", "0_0", "o.o"], 15),
    (["T_T", "T.T", ";_;", "T-T", "Q_Q"], 16), ([">:)", ">:-)", ">:D", "}:)"], 18),
    ([">_<", ">.<", "D:", "D="], 19),
  ]
}
