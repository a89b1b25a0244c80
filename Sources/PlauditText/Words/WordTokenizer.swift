import CUnicode
package import PlauditCore

/// Splits texts into the words of GloVe's vocabularies, which are in lower case.
///
/// Follows Stanford's tokenizer as far as glove.6B shows: `do n't`, `it 's`, `can not`; marks of
/// punctuation alone; numbers, times and dates whole (`1,000`, `10:30`, `1/2`); abbreviations with
/// their full stop where the vocabulary has them so (`u.s.`, `mr.`); words with a hyphen or an
/// apostrophe whole where the vocabulary has them so, else in parts. Emoticons, emoji, addresses,
/// user names and hashtags are one word each.
///
/// A word's id is its number in the vocabulary. Where the word as it stands is not there, an
/// address is `<url>` or `http`, a user name `<user>` or the name, a hashtag its word, an emoticon
/// the plainest of its meaning; what is left gets the unknown id. `’` counts as `'`.
///
/// - Source: Stanford PTBTokenizer's documentation; Pennington et al. 2014 for the vectors.
package final class WordTokenizer: Sendable {
  package let vocabulary: WordTable
  package let unknownId: Int32
  private let emoticons: EmoticonTable
  private let emoji: EmojiTable

  /// - Parameter unknownId: the id of words that are not in the vocabulary; any number, such as -1
  ///   or the number after the last word.
  package init(vocabulary: WordTable, unknownId: Int32 = -1) throws(PlauditError) {
    self.vocabulary = vocabulary
    self.unknownId = unknownId
    emoticons = try EmoticonTable.shared.get()
    emoji = try EmojiTable.shared.get()
  }

  /// Reads the vocabulary of a file such as a model folder's `words.txt`.
  package static func load(
    path: String, unknownId: Int32 = -1
  ) throws(PlauditError) -> WordTokenizer {
    try WordTokenizer(vocabulary: try WordList.read(path), unknownId: unknownId)
  }

  package func save(path: String) throws(PlauditError) {
    try WordList.write(vocabulary, to: path)
  }

  /// Splits one text, in time linear in its length; once the scratch has grown nothing is
  /// allocated. Bytes that are not UTF-8 are unknown words of one byte. The result is good until
  /// the scratch is used again or freed.
  ///
  /// - Parameter control: asked on the way through a long text.
  /// - Throws: `.limit` for a text of 2^31 bytes or more; `.outOfMemory`; what `control` says.
  package func tokenize(
    _ text: UnsafeRawBufferPointer, into scratch: WordScratch, control: RunControl? = nil
  ) throws(PlauditError) -> WordTokens {
    guard text.count <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit, "a text has \(text.count) bytes, allowed are \(TextBatch.maximumTextBytes)")
    }
    scratch.memory.clear()
    scratch.memory.control = control
    defer { scratch.memory.control = nil }
    if let base = text.baseAddress, text.count > 0 {
      let bytes = base.assumingMemoryBound(to: UInt8.self)
      var at = 0
      var pause = LongText.block
      while at < text.count {
        try LongText.obey(control, at: at, next: &pause)
        at = try next(bytes, at, text.count, &scratch.memory)
      }
    }
    return WordTokens(
      ids: UnsafeBufferPointer(start: scratch.memory.ids.base, count: scratch.memory.ids.count),
      starts: UnsafeBufferPointer(
        start: scratch.memory.starts.base, count: scratch.memory.ids.count),
      ends: UnsafeBufferPointer(start: scratch.memory.ends.base, count: scratch.memory.ids.count),
      unknownCount: scratch.memory.unknownCount)
  }

  private typealias Memory = WordScratch.Memory

  /// Puts the word or words at `at` and answers where to go on.
  private func next(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int, _ memory: inout Memory
  ) throws(PlauditError) -> Int {
    let space = WhiteSpace.length(text, at, count)
    if space > 0 { return at &+ space }
    let byte = text[at]
    if byte < 0x80 {
      if let link = Links.match(text, at, count).end {
        try put(text, at..<link, &memory, else: ["<url>", "http"])
        return link
      }
      if let found = emoticons.match(text, at, count) {
        try putEmoticon(text, at..<found.end, found.plainEnd, found.meaning, &memory)
        return found.end
      }
      if let end = Mentions.end(text, at, count) {
        try putMarked(text, at..<end, &memory, word: "<user>")
        return end
      }
      if let end = Hashtags.end(text, at, count) {
        try putMarked(text, at..<end, &memory, word: nil)
        return end
      }
    } else if let found = emoji.match(text, at, count) {
      try put(text, at..<found.end, &memory, else: [])
      return found.end
    }
    let (scalar, length) = AnyScalar.read(text, at, count)
    if WordTokenizer.isWord(scalar) { return try putRun(text, at, count, &memory) }
    if byte == 0x27 || WordTokenizer.isQuote(text, at, count) {
      // `'90s`, `'em`, and a `'s` that stands apart.
      if at &+ length < count,
        WordTokenizer.isWord(AnyScalar.read(text, at &+ length, count).scalar)
      {
        let end = WordTokenizer.plainEnd(text, at &+ length, count)
        if let id = try lookUp(text, at..<end, &memory) {
          try memory.put(id, at..<end)
          return end
        }
      }
      try put(text, at..<at &+ length, &memory, else: ["'"])
      return at &+ length
    }
    if byte == 0x21 || byte == 0x3F || byte == 0x2E || byte == 0x2D {
      return try putMarks(text, at, count, &memory)
    }
    try put(text, at..<at &+ length, &memory, else: [])
    return at &+ length
  }

  // MARK: Words with joints

  /// A run of word characters and of joints between them: whole, as a contraction, or in parts.
  private func putRun(
    _ text: UnsafePointer<UInt8>, _ start: Int, _ count: Int, _ memory: inout Memory
  ) throws(PlauditError) -> Int {
    let (end, shape) = WordTokenizer.run(text, start, count)
    if end < count, text[end] == 0x2E, !shape.hasDigitsOnly,
      end &+ 1 >= count || text[end &+ 1] != 0x2E,
      shape.hasStop || WordTokenizer.isAbbreviation(text, start, end),
      let id = try lookUp(text, start..<end &+ 1, &memory)
    {
      try memory.put(id, start..<end &+ 1)
      return end &+ 1
    }
    if let stem = WordTokenizer.stemEnd(text, start, end) {
      try putJoined(text, start..<stem, hasJoints: shape.hasJoints, &memory)
      try put(text, stem..<end, &memory, else: [])
      return end
    }
    let whole = shape.hasDigitsOnly || !shape.hasJoints
    try putJoined(text, start..<end, hasJoints: !whole, &memory)
    return end
  }

  private func putJoined(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, hasJoints: Bool, _ memory: inout Memory
  ) throws(PlauditError) {
    if !hasJoints {
      try put(text, range, &memory, else: [])
      return
    }
    if let id = try lookUp(text, range, &memory) {
      try memory.put(id, range)
      return
    }
    var at = range.lowerBound
    var pause = at &+ LongText.block
    while at < range.upperBound {
      try LongText.obey(memory.control, at: at, next: &pause)
      let end = min(WordTokenizer.plainEnd(text, at, range.upperBound), range.upperBound)
      if end > at {
        try put(text, at..<end, &memory, else: [])
        at = end
      } else {
        let length = AnyScalar.read(text, at, range.upperBound).length
        let isQuote = WordTokenizer.isQuote(text, at, range.upperBound)
        try put(text, at..<at &+ length, &memory, else: isQuote ? ["'"] : [])
        at &+= length
      }
    }
  }

  private struct Shape {
    var hasJoints = false
    /// A full stop between letters.
    var hasStop = false
    var hasDigitsOnly = true
  }

  /// Where the run that starts at `start` ends.
  private static func run(
    _ text: UnsafePointer<UInt8>, _ start: Int, _ count: Int
  ) -> (end: Int, shape: Shape) {
    var shape = Shape()
    var at = start
    var lastIsDigit = false
    while at < count {
      let (scalar, length) = AnyScalar.read(text, at, count)
      if isWord(scalar) {
        lastIsDigit = scalar < 0x80 && ASCII.isDigit(UInt8(truncatingIfNeeded: scalar))
        if !lastIsDigit { shape.hasDigitsOnly = false }
        at &+= length
        continue
      }
      guard at &+ length < count else { break }
      let next = AnyScalar.read(text, at &+ length, count).scalar
      guard isWord(next) else { break }
      let nextIsDigit = next < 0x80 && ASCII.isDigit(UInt8(truncatingIfNeeded: next))
      switch scalar {
      case 0x27, 0x2019, 0x2D: break
      case 0x2E where lastIsDigit == nextIsDigit: shape.hasStop = shape.hasStop || !lastIsDigit
      case 0x2C, 0x3A, 0x2F:
        guard lastIsDigit, nextIsDigit else { return (at, shape) }
      case 0x26:
        guard !lastIsDigit, !nextIsDigit else { return (at, shape) }
      default: return (at, shape)
      }
      shape.hasJoints = true
      at &+= length
    }
    return (at, shape)
  }

  /// Where word characters end.
  private static func plainEnd(_ text: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> Int {
    var at = start
    while at < count {
      let (scalar, length) = AnyScalar.read(text, at, count)
      guard isWord(scalar) else { break }
      at &+= length
    }
    return at
  }

  @inline(__always)
  private static func isWord(_ scalar: UInt32) -> Bool { pu_flags(scalar) & PU_WORD != 0 }

  private static func isQuote(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Bool {
    at &+ 3 <= count && text[at] == 0xE2 && text[at &+ 1] == 0x80 && text[at &+ 2] == 0x99
  }

  /// Where the second word of a contraction starts: `n't`, `'s`, `'re`, `'ve`, `'ll`, `'d`, `'m`,
  /// and the `not` of `cannot`.
  private static func stemEnd(_ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int? {
    if end &- start == 6, ASCII.has("cannot", text, start, end) { return end &- 3 }
    for suffix in suffixes {
      var at = end &- suffix.utf8CodeUnitCount
      guard at > start, ASCII.has(suffix, text, at, end) else { continue }
      if text[at &- 1] == 0x27 {
        at &-= 1
      } else if at &- 3 >= start, isQuote(text, at &- 3, end) {
        at &-= 3
      } else {
        continue
      }
      if suffix.utf8CodeUnitCount == 1, text[end &- 1] | 0x20 == UInt8(ascii: "t") {
        guard at &- 1 > start, text[at &- 1] | 0x20 == UInt8(ascii: "n") else { continue }
        return at &- 1
      }
      return at > start ? at : nil
    }
    return nil
  }

  private static let suffixes: [StaticString] = ["t", "s", "re", "ve", "ll", "d", "m"]

  private static func isAbbreviation(
    _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int
  ) -> Bool {
    if end &- start == 1 { return ASCII.isLetter(text[start]) && text[start] & 0x20 == 0 }
    for word in abbreviations where word.utf8CodeUnitCount == end &- start {
      if ASCII.has(word, text, start, end) { return true }
    }
    return false
  }

  private static let abbreviations: [StaticString] = [
    "mr", "mrs", "ms", "dr", "st", "jr", "sr", "inc", "corp", "co", "ltd", "vs", "etc", "prof",
    "gen", "sen", "rep", "gov", "lt", "rev", "jan", "feb", "aug", "sept", "oct", "nov", "dec",
  ]

  // MARK: Marks

  /// Runs of `!` and `?`, of full stops, and of hyphens: whole where the vocabulary has them,
  /// else `...` and `--` for several, else one by one.
  private func putMarks(
    _ text: UnsafePointer<UInt8>, _ start: Int, _ count: Int, _ memory: inout Memory
  ) throws(PlauditError) -> Int {
    let first = text[start]
    let isLoud = first == 0x21 || first == 0x3F
    var end = start &+ 1
    while end < count, isLoud ? text[end] == 0x21 || text[end] == 0x3F : text[end] == first {
      end &+= 1
    }
    if end &- start > 1 {
      var id = try lookUp(text, start..<end, &memory)
      if id == nil, !isLoud { id = number(first == 0x2E ? "..." : "--") }
      if let id {
        try memory.put(id, start..<end)
        return end
      }
    }
    var pause = start &+ LongText.block
    for at in start..<end {
      try LongText.obey(memory.control, at: at, next: &pause)
      try put(text, at..<at &+ 1, &memory, else: [])
    }
    return end
  }

  private func putEmoticon(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ plainEnd: Int, _ meaning: Int,
    _ memory: inout Memory
  ) throws(PlauditError) {
    var id = try lookUp(text, range, &memory)
    if id == nil { id = try lookUp(text, range.lowerBound..<plainEnd, &memory) }
    if id == nil { id = number(EmoticonTable.plainest[meaning]) }
    try memory.put(id, range, unknown: unknownId)
  }

  /// A user name or hashtag: as it stands, else by a word for its kind, else without its sign.
  private func putMarked(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ memory: inout Memory, word: StaticString?
  ) throws(PlauditError) {
    var id = try lookUp(text, range, &memory)
    if id == nil, let word { id = number(word) }
    if id == nil { id = try lookUp(text, range.lowerBound &+ 1..<range.upperBound, &memory) }
    try memory.put(id, range, unknown: unknownId)
  }

  // MARK: Looking up

  private func put(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ memory: inout Memory,
    else others: [StaticString]
  ) throws(PlauditError) {
    var id = try lookUp(text, range, &memory)
    for other in others where id == nil { id = number(other) }
    try memory.put(id, range, unknown: unknownId)
  }

  private func number(_ word: StaticString) -> Int32? {
    vocabulary.index(
      of: UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    ).map { Int32(truncatingIfNeeded: $0) }
  }

  /// The number of a span of text in lower case.
  private func lookUp(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ memory: inout Memory
  ) throws(PlauditError) -> Int32? {
    // Lower case is at least a third as long as what it was.
    if range.count > 3 &* vocabulary.longest &+ 3 { return nil }
    try memory.lower(text, range)
    return vocabulary.index(of: memory.loweredBytes).map { Int32(truncatingIfNeeded: $0) }
  }
}

/// The words of one text inside a `WordScratch`.
package struct WordTokens {
  package let ids: UnsafeBufferPointer<Int32>
  /// The bytes of each word in the text.
  package let starts: UnsafeBufferPointer<Int32>
  package let ends: UnsafeBufferPointer<Int32>
  /// How many words have the unknown id.
  package let unknownCount: Int
}

/// Working memory of one thread for any word tokenizer; two threads must not use one at a time.
package final class WordScratch {
  var memory = Memory()

  package init() {}

  struct Memory: ~Copyable {
    fileprivate(set) var ids = GrowingBuffer<Int32>()
    fileprivate(set) var starts = GrowingBuffer<Int32>()
    fileprivate(set) var ends = GrowingBuffer<Int32>()
    fileprivate(set) var unknownCount = 0
    fileprivate var control: RunControl?
    private var lowered = GrowingBuffer<UInt8>()

    fileprivate mutating func clear() {
      ids.count = 0
      starts.count = 0
      ends.count = 0
      unknownCount = 0
    }

    fileprivate mutating func put(
      _ id: Int32?, _ range: Range<Int>, unknown: Int32 = 0
    ) throws(PlauditError) {
      if id == nil { unknownCount &+= 1 }
      try ids.append(id ?? unknown)
      try starts.append(Int32(truncatingIfNeeded: range.lowerBound))
      try ends.append(Int32(truncatingIfNeeded: range.upperBound))
    }

    fileprivate var loweredBytes: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: lowered.base, count: lowered.count)
    }

    /// Keeps a span in lower case, `’` as `'` unless it stands alone.
    fileprivate mutating func lower(
      _ text: UnsafePointer<UInt8>, _ range: Range<Int>
    ) throws(PlauditError) {
      lowered.count = 0
      // The longest lower case form of one byte's share of a scalar is below three bytes.
      try lowered.reserve(3 &* range.count &+ 8)
      var at = range.lowerBound
      while at < range.upperBound {
        let byte = text[at]
        if byte < 0x80 {
          lowered.base[lowered.count] = byte &- 0x41 < 26 ? byte | 0x20 : byte
          lowered.count &+= 1
          at &+= 1
          continue
        }
        let (scalar, length) = AnyScalar.read(text, at, range.upperBound)
        if scalar == 0x2019, range.count > 3 {
          lowered.base[lowered.count] = 0x27
          lowered.count &+= 1
        } else if let form = pu_lower(scalar) {
          for offset in 0..<Int(form[0]) {
            try lowered.append(form[1 &+ offset])
          }
        } else {
          for offset in 0..<length { try lowered.append(text[at &+ offset]) }
        }
        at &+= length
      }
    }
  }
}
