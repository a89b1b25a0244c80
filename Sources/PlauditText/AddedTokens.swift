import CUnicode
import PlauditCore

/// A token that is found in the text itself, before or after normalisation.
struct AddedToken {
  var content: [UInt8]
  var isSpecial = false
  /// Found only where no `\w` touches it.
  var isSingleWord = false
  /// Takes the white space before it along.
  var stripsLeft = false
  /// Takes the white space after it along.
  var stripsRight = false
  /// Found in the normalised text, by its own normal form.
  var isNormalized = false
}

/// Finds added tokens: first the raw ones in the text, then the normalised ones in each piece.
///
/// The leftmost match counts, the longest of those; matches do not overlap, and one that an
/// option discards still uses up its text.
///
/// - Source: `AddedVocabulary` of Hugging Face tokenizers 0.23.3.
final class AddedTokens: Sendable {
  let tokens: [AddedToken]
  let ids: [Int32]
  let raw: Matcher?
  let normalized: Matcher?

  /// - Parameter ids: one for each token.
  /// - Throws: `.corrupt` when a token is empty once normalised, or two become the same.
  init(
    _ tokens: [AddedToken], ids: [Int32], normalizer: BertNormalizer, file: String
  ) throws(PlauditError) {
    self.tokens = tokens
    self.ids = ids
    raw = try Matcher(tokens, ids, normalizer: nil, file: file)
    normalized = try Matcher(tokens, ids, normalizer: normalizer, file: file)
  }

  func id(of content: UnsafeRawBufferPointer) -> Int32? {
    for (index, token) in tokens.enumerated()
    where token.content.count == content.count && content.elementsEqual(token.content) {
      return ids[index]
    }
    return nil
  }

  /// The token with this id, the last one where ids are shared.
  func token(_ id: Int32) -> AddedToken? {
    guard let index = ids.lastIndex(of: id) else { return nil }
    return tokens[index]
  }

  /// One of the two sets, ready to be searched.
  final class Matcher: Sendable {
    fileprivate struct Pattern {
      var id: Int32
      var isSpecial: Bool
      var isSingleWord: Bool
      var stripsLeft: Bool
      var stripsRight: Bool
    }

    fileprivate let trie: ByteTrie
    nonisolated(unsafe) fileprivate let patterns: UnsafeMutablePointer<Pattern>
    /// Whether a byte starts some pattern.
    nonisolated(unsafe) fileprivate let starts: UnsafeMutablePointer<Bool>

    /// Nil when no token belongs to this set.
    fileprivate init?(
      _ tokens: [AddedToken], _ ids: [Int32], normalizer: BertNormalizer?, file: String
    ) throws(PlauditError) {
      var contents: [[UInt8]] = []
      var forms: Set<[UInt8]> = []
      var chosen: [Int] = []
      for (index, token) in tokens.enumerated() where token.isNormalized == (normalizer != nil) {
        var content = token.content
        if let normalizer { content = try Matcher.normalForm(content, normalizer) }
        let name = String(decoding: token.content.prefix(64), as: UTF8.self)
        guard !content.isEmpty else {
          throw PlauditError(
            .corrupt, "\(file): added token \"\(name)\" is empty once it is normalised")
        }
        guard forms.insert(content).inserted else {
          throw PlauditError(
            .corrupt, "\(file): added token \"\(name)\" is the same as another one")
        }
        contents.append(content)
        chosen.append(index)
      }
      guard !chosen.isEmpty else { return nil }
      patterns = .allocate(capacity: chosen.count)
      starts = .allocate(capacity: 256)
      starts.initialize(repeating: false, count: 256)
      var joined: [UInt8] = []
      for (position, index) in chosen.enumerated() {
        let token = tokens[index]
        (patterns + position).initialize(
          to: Pattern(
            id: ids[index], isSpecial: token.isSpecial, isSingleWord: token.isSingleWord,
            stripsLeft: token.stripsLeft, stripsRight: token.stripsRight))
        if let first = contents[position].first { starts[Int(first)] = true }
        joined += contents[position]
      }
      do throws(PlauditError) {
        trie = try joined.withUnsafeBufferPointer { all throws(PlauditError) in
          var keys: [ByteTrie.Key] = []
          var at = 0
          for (position, content) in contents.enumerated() {
            guard let base = all.baseAddress else { break }
            keys.append(
              ByteTrie.Key(
                bytes: base + at, count: content.count,
                value: Int32(truncatingIfNeeded: position)))
            at += content.count
          }
          return try ByteTrie(&keys)
        }
      } catch {
        patterns.deallocate()
        starts.deallocate()
        throw error
      }
    }

    deinit {
      patterns.deallocate()
      starts.deallocate()
    }

    /// Whether some pattern starts with this byte.
    func starts(with byte: UInt8) -> Bool { starts[Int(byte)] }

    private static func normalForm(
      _ content: [UInt8], _ normalizer: BertNormalizer
    ) throws(PlauditError) -> [UInt8] {
      var text = NormalizedText()
      try content.withUnsafeBufferPointer { bytes throws(PlauditError) in
        guard let base = bytes.baseAddress else { return }
        try normalizer.normalize(base, 0..<bytes.count, into: &text)
      }
      return [UInt8](UnsafeBufferPointer(start: text.bytes.base, count: text.count))
    }
  }

  /// A stretch of text: an added token, or what lies between two.
  struct Piece {
    /// The added token's id, -1 for text.
    var id: Int32
    var range: Range<Int>
  }

  /// Walks a text piece by piece without allocating.
  struct Pieces {
    private let matcher: Matcher?
    private let text: UnsafePointer<UInt8>
    private let end: Int
    private let ignoresSpecial: Bool
    private let control: RunControl?
    /// Where the search goes on, and where the last piece ended: the second may run ahead of
    /// the first by the white space that a token took along.
    private var searched: Int
    private var covered: Int
    private var token: Piece?
    /// The last white space that was taken along on the right.
    private var spaces = 0..<0

    /// - Parameters:
    ///   - ignoresSpecial: read special tokens as plain text.
    ///   - control: asked on the way through a long text.
    init(
      _ matcher: Matcher?, _ text: UnsafePointer<UInt8>, count: Int, ignoresSpecial: Bool,
      control: RunControl? = nil
    ) {
      self.matcher = matcher
      self.text = text
      end = count
      self.ignoresSpecial = ignoresSpecial
      self.control = control
      searched = 0
      covered = 0
    }

    mutating func next() throws(PlauditError) -> Piece? {
      if let found = token {
        token = nil
        covered = found.range.upperBound
        return found
      }
      while let (found, index) = try match() {
        guard let matcher, let kept = place(found, matcher.patterns[index]) else { continue }
        if covered < kept.range.lowerBound {
          token = kept
          return Piece(id: -1, range: covered..<kept.range.lowerBound)
        }
        covered = kept.range.upperBound
        return kept
      }
      guard covered < end else { return nil }
      let rest = covered..<end
      covered = end
      return Piece(id: -1, range: rest)
    }

    /// The next leftmost, longest match.
    private mutating func match() throws(PlauditError) -> (Range<Int>, Int)? {
      guard let matcher else { return nil }
      let units = matcher.trie.units
      var pause = searched &+ LongText.block
      while searched < end {
        try LongText.obey(control, at: searched, next: &pause)
        if !matcher.starts[Int(text[searched])] {
          searched &+= 1
          continue
        }
        var node = ByteTrie.root
        var at = searched
        var best: Int32 = -1
        var bestEnd = at
        while at < end {
          let child = units[Int(node)].base ^ UInt32(text[at])
          let unit = units[Int(child)]
          if unit.check != node { break }
          node = child
          at &+= 1
          if unit.value >= 0 {
            best = unit.value
            bestEnd = at
          }
        }
        if best >= 0 {
          let found = searched..<bestEnd
          searched = bestEnd
          return (found, Int(best))
        }
        searched &+= 1
      }
      return nil
    }

    /// The match with its options applied, nil when they discard it.
    private mutating func place(_ found: Range<Int>, _ pattern: Matcher.Pattern) -> Piece? {
      if ignoresSpecial, pattern.isSpecial { return nil }
      var start = found.lowerBound
      var stop = found.upperBound
      if pattern.isSingleWord {
        if start > 0, has(PU_WORD, UTF8Text.start(text, before: start, from: 0)) { return nil }
        if stop < end, has(PU_WORD, stop) { return nil }
      }
      if pattern.stripsLeft {
        // Not past the token before, which may have taken the same white space.
        while start > covered {
          let before = UTF8Text.start(text, before: start, from: covered)
          if !has(PU_REGEX_SPACE, before) { break }
          start = before
        }
        start = max(start, covered)
      }
      if pattern.stripsRight {
        // A token that is white space itself may stand in a run that was walked already.
        if spaces.contains(stop) {
          stop = spaces.upperBound
        } else {
          let first = stop
          while stop < end, has(PU_REGEX_SPACE, stop) {
            stop &+= UTF8Text.length(lead: text[stop])
          }
          spaces = first..<stop
        }
      }
      return start < stop ? Piece(id: pattern.id, range: start..<stop) : nil
    }

    @inline(__always)
    private func has(_ flag: UInt32, _ at: Int) -> Bool {
      pu_flags(UTF8Text.scalar(text, at).scalar) & flag != 0
    }
  }
}
