import PlauditCore
import PlauditText

/// The words a network reads: a vocabulary, and the unknown word after its last.
final class WordSide {
  static let file = "words.txt"
  /// Words of a text beyond these are dropped and reported.
  static let maximumWords = 512

  /// A number of words that a text may be cut to.
  static func checked(length: Int) throws(PlauditError) -> Int {
    guard length >= 1, length <= maximumWords else {
      throw PlauditError(
        .outOfRange, "max_length is \(length), allowed are 1 to \(maximumWords) words")
    }
    return length
  }

  let tokenizer: WordTokenizer

  init(vocabulary: WordTable) throws(PlauditError) {
    tokenizer = try WordTokenizer(
      vocabulary: vocabulary, unknownId: Int32(truncatingIfNeeded: vocabulary.count))
  }

  convenience init(folder: String) throws(PlauditError) {
    try self.init(vocabulary: WordList.read("\(folder)/\(WordSide.file)"))
  }

  /// Rows of the table of vectors: the words, and the unknown one.
  var rowCount: Int { tokenizer.vocabulary.count + 1 }

  func save(to path: String) throws(PlauditError) {
    try tokenizer.save(path: "\(path)/\(WordSide.file)")
  }

  /// Adds a text's words to a pack with room for `maximumWords`; a text without words has one
  /// unknown.
  @discardableResult
  func append(
    _ text: UnsafeRawBufferPointer, to pack: TokenPack, _ scratch: WordScratch, index: Int,
    limit: Int? = nil, control: RunControl? = nil
  ) throws(PlauditError) -> TextReport {
    let found: WordTokens
    do throws(PlauditError) {
      found = try tokenizer.tokenize(text, into: scratch, control: control)
    } catch {
      throw error.isStop ? error : error.at(index: Int64(index))
    }
    var report = TextReport()
    report.windowCount = 1
    report.unknownWords = found.unknownCount
    if found.ids.isEmpty {
      pack.add(single: tokenizer.unknownId)
      return report
    }
    let kept = UnsafeBufferPointer(
      rebasing: found.ids.prefix(min(limit ?? WordSide.maximumWords, WordSide.maximumWords)))
    report.tokenCount = kept.count
    report.droppedTokens = found.ids.count - kept.count
    pack.add(ids: kept, typeIds: nil)
    return report
  }
}
