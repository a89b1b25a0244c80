/// How texts are encoded; the tokenizer's file has no say in it unless its settings are passed.
package struct EncodeOptions: Sendable {
  /// What a byte sequence that is not UTF-8 becomes.
  package enum InvalidUTF8: Sendable {
    /// `.invalidUTF8` with the row and the byte.
    case error
    /// U+FFFD for each maximal subpart; offsets stay in the caller's bytes.
    case replace
  }

  /// Which columns an encoding has.
  package enum Columns: Sendable {
    case all
    /// The ids alone.
    case ids
    /// The ids and their bytes.
    case offsets
  }

  /// Whether the template's `[CLS]` and `[SEP]` are added.
  package var addSpecialTokens = true
  /// Whether special tokens in the text are plain text; `[SEP]` then is three words.
  package var encodeSpecialTokens = false
  package var invalidUTF8 = InvalidUTF8.error
  package var truncation: Truncation?
  package var padding: Padding?
  /// Whether `encode` gives the windows after the first one as rows too, as the reference does.
  package var overflowingRows = true
  /// What `encode` keeps of each token; rows, dropped tokens and unknown words are always there.
  package var columns = Columns.all

  package init() {}
}
