import CUnicode
import Glibc
package import PlauditCore

/// VADER's rules, with every oddity that vaderSentiment 3.3.2 has.
///
/// Known oddities, which are kept: an emoji's words run into a letter that follows it; an emoji of
/// several scalars is read scalar by scalar; idioms count from the fourth word on; `but` scales the
/// first word of the same valence rather than the word at its place; `’` makes no contraction.
///
/// - Source: `SentimentIntensityAnalyzer.polarity_scores` of vaderSentiment 3.3.2.
extension VaderLexicon {
  /// Scores one text, in time linear in its length; once the scratch has grown nothing is
  /// allocated. Bytes that are not UTF-8 are characters of their own without meaning.
  ///
  /// - Throws: `.limit` for a text of 2^31 bytes or more, with its emoji in words; `.outOfMemory`.
  package func score(
    _ text: UnsafeRawBufferPointer, into scratch: VaderScratch
  ) throws(PlauditError) -> VaderScores {
    guard text.count <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit, "a text has \(text.count) bytes, allowed are \(TextBatch.maximumTextBytes)")
    }
    try scratch.memory.describe(text, self)
    try scratch.memory.split(self)
    return try scratch.memory.score(self)
  }
}

/// Working memory of one thread for any lexicon; two threads must not use one at the same time.
package final class VaderScratch {
  fileprivate var memory = Memory()

  package init() {}

  fileprivate struct Memory: ~Copyable {
    /// The text with its emoji in words.
    var text = GrowingBuffer<UInt8>()
    var lowered = LoweredWord()
    var words = GrowingBuffer<Word>()
    var sentiments = GrowingBuffer<Double>()
    var places = GrowingBuffer<Place>()
  }

  fileprivate struct Word {
    var roles: VaderRole
    /// Its number in the lexicon, -1 when it is not there.
    var entry: Int32
    var isUpper: Bool
    var isNegation: Bool
  }

  /// Before `first` no sentiment is `value`.
  fileprivate struct Place {
    var value: Double
    var first: Int
  }
}

extension VaderScratch.Memory {
  // MARK: Words

  /// Writes the text with each emoji of one scalar in words.
  fileprivate mutating func describe(
    _ raw: UnsafeRawBufferPointer, _ lexicon: VaderLexicon
  ) throws(PlauditError) {
    text.count = 0
    guard let base = raw.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    try text.reserve(raw.count)
    var at = 0
    var afterSpace = true
    while at < raw.count {
      let length = base[at] < 0x80 ? 1 : max(UTF8Text.sequence(raw, at), 1)
      let scalar = UnsafeRawBufferPointer(start: base + at, count: length)
      if length > 1 || lexicon.hasASCIIEmoji, let index = lexicon.emoji.index(of: scalar),
        let words = lexicon.descriptions.word(index)
      {
        try text.reserve(text.count &+ words.count &+ 1)
        if !afterSpace { try text.append(0x20) }
        for byte in words { try text.append(byte) }
        afterSpace = false
      } else {
        for offset in 0..<length { try text.append(base[at &+ offset]) }
        afterSpace = base[at] == 0x20
      }
      at &+= length
    }
    guard text.count <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit,
        "a text has \(text.count) bytes with its emoji in words, allowed are "
          + "\(TextBatch.maximumTextBytes)")
    }
  }

  /// Finds the words between white space, without the punctuation around longer ones.
  fileprivate mutating func split(_ lexicon: VaderLexicon) throws(PlauditError) {
    words.count = 0
    let bytes = UnsafePointer(text.base)
    let count = text.count
    var at = 0
    while at < count {
      let (scalar, length) = AnyScalar.read(bytes, at, count)
      if VaderRules.isSpace(scalar) {
        at &+= length
        continue
      }
      let start = at
      while at < count {
        let (scalar, length) = AnyScalar.read(bytes, at, count)
        if VaderRules.isSpace(scalar) { break }
        at &+= length
      }
      try append(bytes, stripped(bytes, start..<at), lexicon)
    }
  }

  /// The token without ASCII punctuation at its ends; whole when two characters or fewer are left.
  private func stripped(_ text: UnsafePointer<UInt8>, _ token: Range<Int>) -> Range<Int> {
    var start = token.lowerBound
    var end = token.upperBound
    while start < end, ASCII.isPunctuation(text[start]) { start &+= 1 }
    while end > start, ASCII.isPunctuation(text[end &- 1]) { end &-= 1 }
    var scalars = 0
    var at = start
    while at < end, scalars <= 2 {
      at &+= AnyScalar.read(text, at, end).length
      scalars &+= 1
    }
    return scalars <= 2 ? token : start..<end
  }

  private mutating func append(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ lexicon: VaderLexicon
  ) throws(PlauditError) {
    lowered.bytes.count = 0
    try lowered.append(text, range)
    let word = UnsafeRawBufferPointer(start: lowered.bytes.base, count: lowered.bytes.count)
    let roles = lexicon.roles.roles(of: word)
    try words.append(
      VaderScratch.Word(
        roles: roles,
        entry: lexicon.table.index(of: word).map { Int32(truncatingIfNeeded: $0) } ?? -1,
        isUpper: isUpper(text, range),
        isNegation: roles.contains(.negation) || hasNot(word)))
  }

  /// Python's `isupper`: a character in upper case, and none in lower or title case.
  private func isUpper(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
    var isCased = false
    var at = range.lowerBound
    while at < range.upperBound {
      let (scalar, length) = AnyScalar.read(text, at, range.upperBound)
      switch pu_case(scalar) {
      case PU_CASE_LOWER: return false
      case PU_CASE_UPPER: isCased = true
      default: break
      }
      at &+= length
    }
    return isCased
  }

  /// Whether `n't` stands anywhere in the word.
  private func hasNot(_ word: UnsafeRawBufferPointer) -> Bool {
    guard word.count >= 3 else { return false }
    for at in 0...(word.count &- 3)
    where word[at &+ 1] == 0x27 && word[at] == UInt8(ascii: "n")
      && word[at &+ 2] == UInt8(ascii: "t")
    {
      return true
    }
    return false
  }

  // MARK: Rules

  fileprivate mutating func score(_ lexicon: VaderLexicon) throws(PlauditError) -> VaderScores {
    let count = words.count
    guard count > 0 else { return VaderScores() }
    var upper = 0
    for index in 0..<count where words.base[index].isUpper { upper &+= 1 }
    let isMixed = upper > 0 && upper < count
    sentiments.count = 0
    try sentiments.reserve(count)
    var but = -1
    for index in 0..<count {
      let word = words.base[index]
      if but < 0, word.roles.contains(.but) { but = index }
      var valence = 0.0
      let isModifier = !word.roles.isDisjoint(with: [.booster, .dampener])
      let isKindOf =
        word.roles.contains(.kind) && index < count &- 1
        && words.base[index &+ 1].roles.contains(.of)
      if !isModifier, !isKindOf, word.entry >= 0 {
        valence = self.valence(at: index, lexicon, isMixed: isMixed)
      }
      sentiments.base[index] = valence
    }
    sentiments.count = count
    if but >= 0 { try weigh(around: but) }
    return sum()
  }

  /// The valence of a word of the lexicon among its neighbours.
  private func valence(at index: Int, _ lexicon: VaderLexicon, isMixed: Bool) -> Double {
    let words = UnsafePointer(self.words.base)
    let count = self.words.count
    let word = words[index]
    let plain = lexicon.valences[Int(word.entry)]
    var valence = plain
    if word.roles.contains(.no), index < count &- 1, words[index &+ 1].entry >= 0 { valence = 0 }
    if (index > 0 && words[index &- 1].roles.contains(.no))
      || (index > 1 && words[index &- 2].roles.contains(.no))
      || (index > 2 && words[index &- 3].roles.contains(.no)
        && words[index &- 1].roles.contains(.or))
    {
      valence = plain * VaderRules.negation
    }
    if word.isUpper, isMixed {
      valence += valence > 0 ? VaderRules.capitals : -VaderRules.capitals
    }
    for back in 0..<3 where index > back && words[index &- back &- 1].entry < 0 {
      var scalar = modifier(words[index &- back &- 1], valence, isMixed: isMixed)
      if back > 0, scalar != 0 { scalar *= VaderRules.distance[back] }
      valence += scalar
      valence = negated(valence, at: index, back: back)
      if back == 2 { valence = idioms(valence, at: index) }
    }
    return least(valence, at: index)
  }

  /// What a booster or dampener adds to a valence.
  private func modifier(_ word: VaderScratch.Word, _ valence: Double, isMixed: Bool) -> Double {
    guard !word.roles.isDisjoint(with: [.booster, .dampener]) else { return 0 }
    var scalar = word.roles.contains(.booster) ? VaderRules.boost : -VaderRules.boost
    if valence < 0 { scalar *= -1 }
    if word.isUpper, isMixed {
      scalar += valence > 0 ? VaderRules.capitals : -VaderRules.capitals
    }
    return scalar
  }

  private func negated(_ valence: Double, at index: Int, back: Int) -> Double {
    let words = UnsafePointer(self.words.base)
    let word = words[index &- back &- 1]
    if back == 1 {
      let next = words[index &- 1].roles
      if word.roles.contains(.never), next.contains(.soThis) { return valence * 1.25 }
      if word.roles.contains(.without), next.contains(.doubt) { return valence }
    } else if back == 2 {
      let (second, first) = (words[index &- 2].roles, words[index &- 1].roles)
      if (word.roles.contains(.never) && second.contains(.soThis)) || first.contains(.soThis) {
        return valence * 1.25
      }
      if word.roles.contains(.without), second.contains(.doubt) || first.contains(.doubt) {
        return valence
      }
    }
    return word.isNegation ? valence * VaderRules.negation : valence
  }

  /// Idioms and two-word dampeners around a word that three words precede.
  private func idioms(_ valence: Double, at index: Int) -> Double {
    let words = UnsafePointer(self.words.base)
    let count = self.words.count
    var valence = valence
    let zero = words[index].roles
    let (one, two, three) =
      (words[index &- 1].roles, words[index &- 2].roles, words[index &- 3].roles)
    if let found = VaderRules.idiom(one, zero) ?? VaderRules.idiom(two, one, zero)
      ?? VaderRules.idiom(two, one) ?? VaderRules.idiom(three, two, one)
      ?? VaderRules.idiom(three, two)
    {
      valence = found
    }
    if index < count &- 1 {
      let next = words[index &+ 1].roles
      if let found = VaderRules.idiom(zero, next) { valence = found }
      if index < count &- 2, let found = VaderRules.idiom(zero, next, words[index &+ 2].roles) {
        valence = found
      }
    }
    if VaderRules.isDampener(three, two) { valence -= VaderRules.boost }
    if VaderRules.isDampener(two, one) { valence -= VaderRules.boost }
    return valence
  }

  private func least(_ valence: Double, at index: Int) -> Double {
    guard index > 0 else { return valence }
    let before = words.base[index &- 1]
    guard before.entry < 0, before.roles.contains(.least) else { return valence }
    if index > 1, words.base[index &- 2].roles.contains(.atVery) { return valence }
    return valence * VaderRules.negation
  }

  /// Halves what comes before `but` and raises what comes after by half.
  ///
  /// As in the original, each step changes the first sentiment that equals the one at its place. A
  /// list of the values seen, with where to look on for each, keeps this linear: there are only as
  /// many values as the lexicon and the rules can make.
  private mutating func weigh(around but: Int) throws(PlauditError) {
    places.count = 0
    for index in 0..<sentiments.count {
      let value = sentiments.base[index]
      // Zero stays zero.
      if value == 0 { continue }
      let place = try self.place(of: value)
      var first = places.base[place].first
      while first < index, sentiments.base[first] != value { first &+= 1 }
      if first == but {
        places.base[place].first = first
        continue
      }
      let changed = value * (first < but ? 0.5 : 1.5)
      sentiments.base[first] = changed
      places.base[place].first = first &+ 1
      let other = try self.place(of: changed)
      places.base[other].first = min(places.base[other].first, first)
    }
  }

  private mutating func place(of value: Double) throws(PlauditError) -> Int {
    for index in 0..<places.count where places.base[index].value == value { return index }
    try places.append(VaderScratch.Place(value: value, first: 0))
    return places.count &- 1
  }

  // MARK: Sums

  private func sum() -> VaderScores {
    var sum = 0.0
    var positive = 0.0
    var negative = 0.0
    var neutral = 0.0
    for index in 0..<sentiments.count {
      let value = sentiments.base[index]
      sum += value
      if value > 0 { positive += value + 1 }
      if value < 0 { negative += value - 1 }
      if value == 0 { neutral += 1 }
    }
    let emphasis = emphasis()
    if sum > 0 {
      sum += emphasis
    } else if sum < 0 {
      sum -= emphasis
    }
    let compound = max(-1, min(1, sum / (sum * sum + 15).squareRoot()))
    if positive > negative.magnitude {
      positive += emphasis
    } else if positive < negative.magnitude {
      negative -= emphasis
    }
    let total = positive + negative.magnitude + neutral
    func share(_ part: Double) -> Double {
      VaderScores.rounded((part / total).magnitude, scale: 1000)
    }
    return VaderScores(
      compound: VaderScores.rounded(compound, scale: 10000), positive: share(positive),
      neutral: share(neutral), negative: share(negative))
  }

  /// What exclamation and question marks add.
  private func emphasis() -> Double {
    var exclamations = 0
    var questions = 0
    for index in 0..<text.count {
      if text.base[index] == 0x21 { exclamations &+= 1 }
      if text.base[index] == 0x3F { questions &+= 1 }
    }
    let loud = Double(min(exclamations, 4)) * 0.292
    return loud + (questions > 1 ? questions <= 3 ? Double(questions) * 0.18 : 0.96 : 0)
  }
}
