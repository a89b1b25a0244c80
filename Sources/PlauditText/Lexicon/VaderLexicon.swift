import Glibc
package import PlauditCore

/// A lexicon of words with a valence each, and the words of emoji, as VADER's rules use them.
///
/// A folder holds `vader_lexicon.txt` (word, tab, valence; what follows is ignored) and
/// `emoji_utf8_lexicon.txt` (emoji, tab, words). Of equal words the last counts. Words are compared
/// in lower case. Immutable: a changed lexicon is another one; any number of threads may use it.
///
/// - Source: Hutto and Gilbert 2014; the files are those of vaderSentiment 3.3.2.
package final class VaderLexicon: Sendable {
  /// The range that the raters of VADER's lexicon used, and the one that words may have.
  package static let range = -4.0...4.0
  package static let maximumFileBytes = 64 << 20

  let table: WordTable
  let valences: [Double]
  /// The words of an emoji of one scalar, as VADER looks them up; longer ones never match there.
  let emoji: WordTable
  let descriptions: WordTable
  /// Whether an ASCII character is an emoji, which spares a look-up of every letter.
  let hasASCIIEmoji: Bool
  let roles: VaderRules.Roles

  private init(
    words: [(word: String, valence: Double)], emoji: WordTable, descriptions: WordTable
  ) throws(PlauditError) {
    table = try WordTable(words.map { $0.word })
    valences = words.map { $0.valence }
    self.emoji = emoji
    self.descriptions = descriptions
    hasASCIIEmoji = (0..<emoji.count).contains { index in
      emoji.word(index).map { $0.count == 1 } ?? false
    }
    roles = try VaderRules.Roles.shared.get()
  }

  package var count: Int { table.count }

  /// The valence of a word in lower case, nil when the lexicon lacks it.
  package func valence(of word: String) -> Double? { table.index(of: word).map { valences[$0] } }

  // MARK: Files

  /// - Throws: `.notFound`, `.corrupt` with file and line, `.notFinite`, `.outOfRange` for a valence
  ///   beyond -4...4, `.unsupported` when `config.json` asks for other rules.
  package static func load(folder: String) throws(PlauditError) -> VaderLexicon {
    try checkRules(folder)
    var places: [WordKey: Int] = [:]
    var words: [(word: String, valence: Double)] = []
    try forEachLine(folder + "/vader_lexicon.txt") { (fields, problem) throws(PlauditError) in
      guard let fields else { return }
      guard let text = fields.second, let valence = Double(text) else {
        throw problem(.corrupt, "needs a word, a tab and a number")
      }
      try check(valence) { problem($0, $1) }
      let key = WordKey(fields.first)
      if let place = places[key] {
        words[place].valence = valence
      } else {
        places[key] = words.count
        words.append((fields.first, valence))
      }
    }
    var keys: [String] = []
    var descriptions: [String] = []
    var seen: [WordKey: Int] = [:]
    try forEachLine(folder + "/emoji_utf8_lexicon.txt") { (fields, problem) throws(PlauditError) in
      guard let fields, let words = fields.second else {
        throw problem(.corrupt, "needs an emoji, a tab and its words")
      }
      let key = WordKey(fields.first)
      if let place = seen[key] {
        descriptions[place] = words
      } else {
        seen[key] = keys.count
        keys.append(fields.first)
        descriptions.append(words)
      }
    }
    return try VaderLexicon(
      words: words, emoji: try WordTable(keys), descriptions: try WordTable(descriptions))
  }

  /// Writes the two files of `load`; the folder is made where it is missing.
  package func save(folder: String) throws(PlauditError) {
    try File.makeDirectory(folder)
    var text = ""
    for index in 0..<count { text += "\(table.text(index))\t\(valences[index])\n" }
    try File.write(Array(text.utf8), to: folder + "/vader_lexicon.txt")
    text = ""
    for index in 0..<emoji.count { text += "\(emoji.text(index))\t\(descriptions.text(index))\n" }
    try File.write(Array(text.utf8), to: folder + "/emoji_utf8_lexicon.txt")
  }

  private static func checkRules(_ folder: String) throws(PlauditError) {
    let path = folder + "/config.json"
    guard File.exists(path) else { return }
    let bytes = try File.bytes(of: path, limit: 1 << 20)
    let config = try JSONValue.parse(bytes.readable, file: path)
    guard let rules = config["plaudit_lexicon_rules"] else { return }
    let name = try rules.string()
    guard name.utf8.elementsEqual("vader-3.3.2".utf8) else {
      throw rules.problem("is \(name.prefix(64)), supported is vader-3.3.2", kind: .unsupported)
    }
  }

  /// A string that is equal to another when its bytes are.
  private struct WordKey: Hashable {
    let bytes: [UInt8]
    init(_ word: String) { bytes = Array(word.utf8) }
  }

  private typealias Problem = (PlauditError.Kind, String) -> PlauditError

  /// Calls `body` with the first two fields of each line between tabs, nil for an empty line.
  private static func forEachLine(
    _ path: String,
    _ body: ((first: String, second: String?)?, Problem) throws(PlauditError) -> Void
  ) throws(PlauditError) {
    let bytes = try File.bytes(of: path, limit: maximumFileBytes)
    var text = bytes.readable
    if let fault = UTF8Text.firstFault(text) {
      throw PlauditError(
        .corrupt, "\(path) is not UTF-8 at byte \(fault)", offset: Int64(fault))
    }
    while let last = text.last, last == 0x0A { text = .init(rebasing: text.dropLast()) }
    var number = 0
    for line in text.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      let problem: Problem = { kind, message in
        PlauditError(kind, "\(path): line \(number) \(message)", index: Int64(number - 1))
      }
      var trimmed = line[...]
      while let byte = trimmed.first, ASCII.isSpace(byte) { trimmed = trimmed.dropFirst() }
      while let byte = trimmed.last, ASCII.isSpace(byte) { trimmed = trimmed.dropLast() }
      guard !trimmed.isEmpty else {
        try body(nil, problem)
        continue
      }
      let fields = trimmed.split(
        separator: 0x09, maxSplits: 2, omittingEmptySubsequences: false)
      try body(
        (
          first: String(decoding: fields[0], as: UTF8.self),
          second: fields.count > 1 ? String(decoding: fields[1], as: UTF8.self) : nil
        ), problem)
    }
  }

  // MARK: User lexicons

  /// A lexicon with words added, replaced and removed; words are put into lower case first.
  ///
  /// - Throws: `.notFinite` and `.outOfRange` with the index of a valence that is not a finite
  ///   number from -4 to 4; `.invalidArgument` for a word that is empty or holds white space,
  ///   which no word of a text can be; `.notFound` for a word to remove that is not there.
  package func changed(
    setting words: [(word: String, valence: Double)] = [], removing removed: [String] = []
  ) throws(PlauditError) -> VaderLexicon {
    var list = (0..<count).map { (word: table.text($0), valence: valences[$0]) }
    var gone = Set<Int>()
    for (index, word) in removed.enumerated() {
      let word = try VaderLexicon.lowered(word, index)
      guard let place = table.index(of: word) else {
        throw PlauditError(
          .notFound, "the lexicon has no word \(word.prefix(64))", index: Int64(index))
      }
      gone.insert(place)
    }
    var added: [WordKey: Int] = [:]
    for (index, entry) in words.enumerated() {
      let word = try VaderLexicon.lowered(entry.word, index)
      try VaderLexicon.check(entry.valence) { kind, message in
        PlauditError(kind, "\(word.prefix(64)) \(message)", index: Int64(index))
      }
      if let place = table.index(of: word) {
        list[place].valence = entry.valence
        gone.remove(place)
      } else if let place = added[WordKey(word)] {
        list[place].valence = entry.valence
      } else {
        added[WordKey(word)] = list.count
        list.append((word, entry.valence))
      }
    }
    let kept = list.indices.filter { !gone.contains($0) }.map { list[$0] }
    return try VaderLexicon(words: kept, emoji: emoji, descriptions: descriptions)
  }

  private static func check(_ valence: Double, _ problem: Problem) throws(PlauditError) {
    guard valence.isFinite else { throw problem(.notFinite, "has a valence of \(valence)") }
    guard range.contains(valence) else {
      throw problem(.outOfRange, "has a valence of \(valence), allowed are -4 to 4")
    }
  }

  private static func lowered(_ word: String, _ index: Int) throws(PlauditError) -> String {
    var scratch = LoweredWord()
    let bytes = Array(word.utf8)
    try bytes.withUnsafeBufferPointer { (bytes) throws(PlauditError) in
      if let base = bytes.baseAddress { try scratch.append(base, 0..<bytes.count) }
    }
    let isSpaced = word.unicodeScalars.contains { VaderRules.isSpace($0.value) }
    guard !bytes.isEmpty, !isSpaced else {
      throw PlauditError(
        .invalidArgument,
        "a lexicon word must hold a character and no white space, it is \"\(word.prefix(64))\"",
        index: Int64(index))
    }
    return String(
      decoding: UnsafeBufferPointer(start: scratch.bytes.base, count: scratch.bytes.count),
      as: UTF8.self)
  }
}
