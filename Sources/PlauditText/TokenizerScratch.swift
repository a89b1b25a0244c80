import PlauditCore

/// Working memory of one thread, kept from text to text.
///
/// It grows to the largest text seen and is not shrunk. After that, encoding through it allocates
/// nothing. Two threads must not use one scratch at the same time.
package final class TokenizerScratch {
  var memory = Memory()

  package init() {}

  struct Memory: ~Copyable {
    var normalized = NormalizedText()
    var first = TextTokens()
    var second = TextTokens()
    var repaired = GrowingBuffer<UInt8>()
    var places = GrowingBuffer<Int32>()
    var control: RunControl?
    var rowIds = GrowingBuffer<Int32>()
    var rowTypeIds = GrowingBuffer<Int32>()
    var plan = RowPlan(
      first: Windows(total: 0), second: nil, startsWithSecond: false, addsSpecialTokens: false,
      unknownCount: 0)
  }
}

/// One row of ids inside a `TokenizerScratch`, good until that scratch is used again.
package struct TokenRow {
  package let ids: UnsafeBufferPointer<Int32>
  package let typeIds: UnsafeBufferPointer<Int32>
  /// Tokens of the texts that the first row does not have.
  package let droppedTokens: Int
  /// Words that the model turned into its unknown token, over the whole texts.
  package let unknownCount: Int
}
