/// How texts are encoded; the tokenizer's file has no say in it unless its settings are passed.
package struct EncodeOptions: Sendable {
  /// What a byte sequence that is not UTF-8 becomes.
  package enum InvalidUTF8: Sendable {
    /// `.invalidUTF8` with the row and the byte.
    case error
    /// U+FFFD for each maximal subpart; offsets stay in the caller's bytes.
    case replace
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

  package init() {}
}
