import PlauditCore

/// Rows of tokens, in arrays whose addresses stay the same as long as the encoding lives.
///
/// Row `r` has the tokens `rowOffsets[r]..<rowOffsets[r + 1]`, from text `rowTexts[r]`; the first
/// row of a text comes before its overflow rows, texts in order. Offsets are bytes of the
/// caller's text; special tokens and filler have 0..0. Columns that nobody wanted have no values
/// to read.
package final class Encoding {
  /// The most tokens of one encoding, filler included.
  package static let maximumTokens = 1 << 27

  package let textCount: Int
  package var kept: EncodeOptions.Columns { columns.kept }
  package var rowCount: Int { columns.rowCount }
  package var tokenCount: Int { columns.tokenCount }

  /// `[rowCount + 1]`.
  package var rowOffsets: UnsafePointer<Int64> { UnsafePointer(columns.rowOffsets.base) }
  /// `[rowCount]`.
  package var rowTexts: UnsafePointer<Int64> { UnsafePointer(columns.rowTexts.base) }
  /// `[tokenCount]`, as the next seven.
  package var ids: UnsafePointer<Int32> { UnsafePointer(columns.ids.base) }
  package var typeIds: UnsafePointer<Int32> { UnsafePointer(columns.typeIds.base) }
  /// 1, or 0 for filler.
  package var attentionMask: UnsafePointer<UInt8> { UnsafePointer(columns.attention.base) }
  /// 1 for what the template or the padding added, 0 for all that stands in the text.
  package var specialTokensMask: UnsafePointer<UInt8> { UnsafePointer(columns.specials.base) }
  /// 0 or 1 for the text of a pair, -1 for special tokens and filler.
  package var sequences: UnsafePointer<Int8> { UnsafePointer(columns.sequences.base) }
  package var starts: UnsafePointer<Int64> { UnsafePointer(columns.starts.base) }
  package var ends: UnsafePointer<Int64> { UnsafePointer(columns.ends.base) }
  /// `[textCount]`: tokens of the text, or pair, that its first row does not have.
  package var droppedTokens: UnsafePointer<Int64> { UnsafePointer(columns.dropped.base) }
  /// `[textCount + 1]`: where each text's unknown words are in the next three.
  package var unknownOffsets: UnsafePointer<Int64> { UnsafePointer(columns.unknownOffsets.base) }
  package var unknownSequences: UnsafePointer<Int8> {
    UnsafePointer(columns.unknownSequences.base)
  }
  package var unknownStarts: UnsafePointer<Int64> { UnsafePointer(columns.unknownStarts.base) }
  package var unknownEnds: UnsafePointer<Int64> { UnsafePointer(columns.unknownEnds.base) }

  private let columns: EncodingColumns

  init(textCount: Int, _ columns: consuming EncodingColumns) {
    self.textCount = textCount
    self.columns = columns
  }
}
