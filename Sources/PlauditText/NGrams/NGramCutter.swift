import CUnicode
import PlauditCore

/// One text cut into n-grams, each a stretch of one rewritten text.
///
/// Words are written one after another with a space between, so that an n-gram of words is a
/// stretch of bytes, and so is one of characters. Memory is kept from text to text.
///
/// - Source: `CountVectorizer._word_ngrams` and `_char_wb_ngrams` of scikit-learn 1.9.1;
///   `str.lower` of CPython 3.11 with its final sigma.
struct NGramCutter: ~Copyable {
  struct Gram {
    var start: UInt32
    var count: UInt32
  }

  /// Words, or scalars where n-grams are of characters.
  struct Piece {
    var start: UInt32
    var end: UInt32
  }

  private var joined = GrowingBuffer<UInt8>()
  private var pieces = GrowingBuffer<Piece>()
  /// Where the words' pieces start; used for characters only.
  private var words = GrowingBuffer<UInt32>()
  private(set) var grams = GrowingBuffer<Gram>()

  /// What becomes of the word that is being written.
  private var wordStart = 0
  private var wordLength = 0

  private static let maximumGrams = 1 << 27
  private static let checkInterval = 1 << 14

  var base: UnsafePointer<UInt8> { UnsafePointer(joined.base) }

  /// Cuts one text; afterwards `grams` are stretches of `base`, in no promised order.
  ///
  /// - Throws: `.invalidUTF8` with the byte offset, `.limit` for 2^27 n-grams or more,
  ///   `.outOfMemory`, and what `control` says.
  mutating func cut(
    _ text: UnsafeRawBufferPointer, _ recipe: NGrams, control: RunControl?
  ) throws(PlauditError) {
    joined.count = 0
    pieces.count = 0
    words.count = 0
    grams.count = 0
    wordLength = 0
    guard let first = text.baseAddress, !text.isEmpty else { return }
    if let fault = UTF8Text.firstFault(text) {
      throw PlauditError(
        .invalidUTF8, "a text is not UTF-8 at byte \(fault)", offset: Int64(fault))
    }
    guard text.count <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit, "a text has \(text.count) bytes, allowed are \(TextBatch.maximumTextBytes)")
    }
    try rewrite(first.assumingMemoryBound(to: UInt8.self), text.count, recipe, control)
    switch recipe.unit {
    case .word: try joinWords(recipe, control)
    case .character: try joinCharacters(recipe, control)
    }
  }

  // MARK: Words

  private mutating func rewrite(
    _ text: UnsafePointer<UInt8>, _ count: Int, _ recipe: NGrams, _ control: RunControl?
  ) throws(PlauditError) {
    var at = 0
    var nextCheck = NGramCutter.checkInterval
    while at < count {
      if at >= nextCheck {
        try control?.check()
        nextCheck = at &+ NGramCutter.checkInterval
      }
      let (scalar, length) = UTF8Text.scalar(text, at)
      if !recipe.lowercases {
        try write(scalar, text + at, length, recipe)
      } else if scalar < 0x80 {
        var byte = UInt8(truncatingIfNeeded: scalar)
        if byte &- 0x41 < 26 { byte |= 0x20 }
        try withUnsafePointer(to: byte) { pointer throws(PlauditError) in
          try write(UInt32(byte), pointer, 1, recipe)
        }
      } else if scalar == 0x3A3 {
        let final = NGramCutter.isFinal(text, at, count)
        let sigma: (UInt8, UInt8) = (0xCF, final ? 0x82 : 0x83)
        try withUnsafeBytes(of: sigma) { bytes throws(PlauditError) in
          guard let base = bytes.baseAddress else { return }
          try write(
            final ? 0x3C2 : 0x3C3, base.assumingMemoryBound(to: UInt8.self), 2, recipe)
        }
      } else if pu_python_flags(scalar) & PU_PYTHON_CASED != 0, let lowered = pu_lower(scalar) {
        var part = 1
        while part <= Int(lowered[0]) {
          let (result, width) = UTF8Text.scalar(lowered, part)
          try write(result, lowered + part, width, recipe)
          part &+= width
        }
      } else {
        try write(scalar, text + at, length, recipe)
      }
      at &+= length
    }
    try endWord(recipe)
  }

  @inline(__always)
  private mutating func write(
    _ scalar: UInt32, _ bytes: UnsafePointer<UInt8>, _ length: Int, _ recipe: NGrams
  ) throws(PlauditError) {
    let flags = pu_python_flags(scalar)
    let inWord =
      recipe.unit == .word
      ? flags & PU_PYTHON_WORD != 0 : flags & PU_PYTHON_SPACE == 0
    guard inWord else {
      try endWord(recipe)
      if recipe.keepsSymbols, recipe.unit == .word, flags & PU_PYTHON_SPACE == 0 {
        try startWord(recipe)
        try append(bytes, length, recipe)
        // A symbol is a word however short.
        wordLength = recipe.minimumWordLength
        try endWord(recipe)
      }
      return
    }
    if wordLength == 0 { try startWord(recipe) }
    try append(bytes, length, recipe)
    wordLength &+= 1
  }

  private mutating func startWord(_ recipe: NGrams) throws(PlauditError) {
    if recipe.unit == .character {
      try words.append(UInt32(truncatingIfNeeded: pieces.count))
      try appendSpace(recipe)
    } else if pieces.count > 0 {
      try appendSpace(recipe)
    }
    wordStart = joined.count
  }

  private mutating func endWord(_ recipe: NGrams) throws(PlauditError) {
    guard wordLength > 0 else { return }
    if recipe.unit == .character {
      try appendSpace(recipe)
    } else if wordLength < recipe.minimumWordLength {
      joined.count = pieces.count > 0 ? wordStart &- 1 : wordStart
    } else {
      try pieces.append(
        Piece(
          start: UInt32(truncatingIfNeeded: wordStart),
          end: UInt32(truncatingIfNeeded: joined.count)))
    }
    wordLength = 0
  }

  private mutating func appendSpace(_ recipe: NGrams) throws(PlauditError) {
    try withUnsafePointer(to: UInt8(0x20)) { space throws(PlauditError) in
      try append(space, 1, recipe)
    }
  }

  @inline(__always)
  private mutating func append(
    _ bytes: UnsafePointer<UInt8>, _ length: Int, _ recipe: NGrams
  ) throws(PlauditError) {
    let start = joined.count
    try joined.reserve(start &+ length)
    (joined.base + start).update(from: bytes, count: length)
    joined.count = start &+ length
    if recipe.unit == .character {
      try pieces.append(
        Piece(
          start: UInt32(truncatingIfNeeded: start),
          end: UInt32(truncatingIfNeeded: joined.count)))
    }
  }

  /// Whether the sigma at `at` ends a word: after something cased, before nothing cased, with what
  /// is case-ignorable left out.
  private static func isFinal(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Bool {
    var before = at
    var flags: UInt32 = 0
    while before > 0 {
      before = UTF8Text.start(text, before: before, from: 0)
      flags = pu_python_flags(UTF8Text.scalar(text, before).scalar)
      if flags & PU_PYTHON_IGNORABLE == 0 { break }
    }
    guard flags & PU_PYTHON_CASED != 0 else { return false }
    var after = at &+ 2
    while after < count {
      let (scalar, length) = UTF8Text.scalar(text, after)
      flags = pu_python_flags(scalar)
      if flags & PU_PYTHON_IGNORABLE == 0 { return flags & PU_PYTHON_CASED == 0 }
      after &+= length
    }
    return true
  }

  // MARK: N-grams

  private mutating func joinWords(
    _ recipe: NGrams, _ control: RunControl?
  ) throws(PlauditError) {
    var length = recipe.shortest
    while length <= min(recipe.longest, pieces.count) {
      for first in 0...(pieces.count &- length) {
        if first & (NGramCutter.checkInterval - 1) == 0 { try control?.check() }
        try add(pieces.base[first].start, pieces.base[first &+ length &- 1].end)
      }
      length &+= 1
    }
  }

  private mutating func joinCharacters(
    _ recipe: NGrams, _ control: RunControl?
  ) throws(PlauditError) {
    for word in 0..<words.count {
      if word & 255 == 0 { try control?.check() }
      let first = Int(words.base[word])
      let last = word &+ 1 < words.count ? Int(words.base[word &+ 1]) : pieces.count
      let size = last &- first
      var length = recipe.shortest
      while length <= recipe.longest {
        if length >= size {
          // A short word counts once.
          try add(pieces.base[first].start, pieces.base[last &- 1].end)
          break
        }
        for start in first...(last &- length) {
          if (start &- first) & (NGramCutter.checkInterval - 1) == 1 { try control?.check() }
          try add(pieces.base[start].start, pieces.base[start &+ length &- 1].end)
        }
        length &+= 1
      }
    }
  }

  @inline(__always)
  private mutating func add(_ start: UInt32, _ end: UInt32) throws(PlauditError) {
    guard grams.count < NGramCutter.maximumGrams else {
      throw PlauditError(
        .limit, "a text has more than \(NGramCutter.maximumGrams) n-grams")
    }
    try grams.append(Gram(start: start, count: end &- start))
  }
}
