import PlauditCore

/// Rows of tokens, in arrays whose addresses stay the same as long as the encoding lives.
///
/// Row `r` has the tokens `rowOffsets[r]..<rowOffsets[r + 1]`, from text `rowTexts[r]`; the first
/// row of a text comes before its overflow rows, texts in order. Offsets are bytes of the
/// caller's text; special tokens and filler have 0..0.
package final class Encoding {
  /// The most tokens of one encoding, filler included.
  package static let maximumTokens = 1 << 27

  package let textCount: Int
  package var rowCount: Int { rowTextBuffer.count }
  package var tokenCount: Int { idBuffer.count }

  /// `[rowCount + 1]`.
  package var rowOffsets: UnsafePointer<Int64> { UnsafePointer(rowOffsetBuffer.base) }
  /// `[rowCount]`.
  package var rowTexts: UnsafePointer<Int64> { UnsafePointer(rowTextBuffer.base) }
  /// `[tokenCount]`, as the next seven.
  package var ids: UnsafePointer<Int32> { UnsafePointer(idBuffer.base) }
  package var typeIds: UnsafePointer<Int32> { UnsafePointer(typeIdBuffer.base) }
  /// 1, or 0 for filler.
  package var attentionMask: UnsafePointer<UInt8> { UnsafePointer(attentionBuffer.base) }
  /// 1 for what the template or the padding added, 0 for all that stands in the text.
  package var specialTokensMask: UnsafePointer<UInt8> { UnsafePointer(specialBuffer.base) }
  /// 0 or 1 for the text of a pair, -1 for special tokens and filler.
  package var sequences: UnsafePointer<Int8> { UnsafePointer(sequenceBuffer.base) }
  package var starts: UnsafePointer<Int64> { UnsafePointer(startBuffer.base) }
  package var ends: UnsafePointer<Int64> { UnsafePointer(endBuffer.base) }
  /// `[textCount]`: tokens of the text, or pair, that its first row does not have.
  package var droppedTokens: UnsafePointer<Int64> { UnsafePointer(droppedBuffer.base) }
  /// `[textCount + 1]`: where each text's unknown words are in the next three.
  package var unknownOffsets: UnsafePointer<Int64> { UnsafePointer(unknownOffsetBuffer.base) }
  package var unknownSequences: UnsafePointer<Int8> { UnsafePointer(unknownSequenceBuffer.base) }
  package var unknownStarts: UnsafePointer<Int64> { UnsafePointer(unknownStartBuffer.base) }
  package var unknownEnds: UnsafePointer<Int64> { UnsafePointer(unknownEndBuffer.base) }

  private var rowOffsetBuffer = GrowingBuffer<Int64>()
  private var rowTextBuffer = GrowingBuffer<Int64>()
  private var idBuffer = GrowingBuffer<Int32>()
  private var typeIdBuffer = GrowingBuffer<Int32>()
  private var attentionBuffer = GrowingBuffer<UInt8>()
  private var specialBuffer = GrowingBuffer<UInt8>()
  private var sequenceBuffer = GrowingBuffer<Int8>()
  private var startBuffer = GrowingBuffer<Int64>()
  private var endBuffer = GrowingBuffer<Int64>()
  private var droppedBuffer = GrowingBuffer<Int64>()
  private var unknownOffsetBuffer = GrowingBuffer<Int64>()
  private var unknownSequenceBuffer = GrowingBuffer<Int8>()
  private var unknownStartBuffer = GrowingBuffer<Int64>()
  private var unknownEndBuffer = GrowingBuffer<Int64>()

  init(textCount: Int) throws(PlauditError) {
    self.textCount = textCount
    try rowOffsetBuffer.reserve(textCount + 1)
    try rowTextBuffer.reserve(textCount)
    try droppedBuffer.reserve(textCount)
    try unknownOffsetBuffer.reserve(textCount + 1)
    try rowOffsetBuffer.append(0)
    try unknownOffsetBuffer.append(0)
  }

  // MARK: Filling, by `Tokenizer.encode`

  /// Makes room for more rows and tokens; too many in total is `.limit`.
  func reserve(rows: Int, tokens: Int) throws(PlauditError) {
    let wanted = tokenCount.addingReportingOverflow(tokens)
    let maximum = Encoding.maximumTokens
    guard !wanted.overflow, wanted.partialValue <= maximum, rows <= maximum else {
      throw PlauditError(
        .limit,
        "the encoding would have more than \(maximum) tokens; encode fewer texts at a time, "
          + "or without overflowing rows")
    }
    try reserve(total: wanted.partialValue)
  }

  private func reserve(total: Int) throws(PlauditError) {
    try idBuffer.reserve(total)
    try typeIdBuffer.reserve(total)
    try attentionBuffer.reserve(total)
    try specialBuffer.reserve(total)
    try sequenceBuffer.reserve(total)
    try startBuffer.reserve(total)
    try endBuffer.reserve(total)
  }

  /// Appends tokens of a text; room must have been reserved.
  func put(
    _ tokens: borrowing TextTokens, _ range: Range<Int>, typeId: Int32, sequence: Int8
  ) {
    let place = tokenCount
    let count = range.count
    (idBuffer.base + place).update(from: tokens.ids.base + range.lowerBound, count: count)
    (typeIdBuffer.base + place).update(repeating: typeId, count: count)
    (attentionBuffer.base + place).update(repeating: 1, count: count)
    (specialBuffer.base + place).update(repeating: 0, count: count)
    (sequenceBuffer.base + place).update(repeating: sequence, count: count)
    let (starts, ends) = (startBuffer.base + place, endBuffer.base + place)
    let (firstStart, firstEnd) = (
      tokens.starts.base + range.lowerBound, tokens.ends.base + range.lowerBound
    )
    for index in 0..<count {
      starts[index] = Int64(firstStart[index])
      ends[index] = Int64(firstEnd[index])
    }
    setTokenCount(place + count)
  }

  /// Appends a special token; room must have been reserved.
  func put(special id: Int32, typeId: Int32) {
    fill(
      tokenCount, id: id, typeId: typeId, attention: 1, special: 1, sequence: -1, start: 0, end: 0)
    setTokenCount(tokenCount + 1)
  }

  func endRow(text: Int) throws(PlauditError) {
    try rowOffsetBuffer.append(Int64(tokenCount))
    try rowTextBuffer.append(Int64(text))
  }

  func noteUnknown(
    _ tokens: borrowing TextTokens, sequence: Int8
  ) throws(PlauditError) {
    for index in 0..<tokens.unknownCount {
      try unknownSequenceBuffer.append(sequence)
      try unknownStartBuffer.append(Int64(tokens.unknownStarts.base[index]))
      try unknownEndBuffer.append(Int64(tokens.unknownEnds.base[index]))
    }
  }

  func endText(dropped: Int) throws(PlauditError) {
    try droppedBuffer.append(Int64(dropped))
    try unknownOffsetBuffer.append(Int64(unknownStartBuffer.count))
  }

  /// Brings every row to the length that `padding` asks for, moving rows from the last one on.
  ///
  /// - Throws: `.limit` when the filled rows would hold too many tokens.
  func pad(_ padding: Padding) throws(PlauditError) {
    var longest = 0
    var previousText: Int64 = -1
    for row in 0..<rowCount where rowTexts[row] != previousText {
      previousText = rowTexts[row]
      longest = max(longest, length(row))
    }
    guard rowCount > 0 else { return }
    guard let target = padding.target(longest: longest) else { throw tooManyTokens() }
    var total = 0
    for row in 0..<rowCount {
      let sum = total.addingReportingOverflow(max(length(row), target))
      guard !sum.overflow, sum.partialValue <= Encoding.maximumTokens else { throw tooManyTokens() }
      total = sum.partialValue
    }
    try reserve(total: total)
    var end = total
    for row in stride(from: rowCount - 1, through: 0, by: -1) {
      let source = Int(rowOffsets[row])
      let count = length(row)
      let filler = max(target - count, 0)
      let start = end - count - filler
      move(from: source, to: padding.direction == .left ? start + filler : start, count: count)
      let fillerStart = padding.direction == .left ? start : start + count
      for place in fillerStart..<(fillerStart + filler) {
        fill(
          place, id: padding.padId, typeId: padding.padTypeId, attention: 0, special: 1,
          sequence: -1, start: 0, end: 0)
      }
      rowOffsetBuffer.base[row + 1] = Int64(end)
      end = start
    }
    setTokenCount(total)
  }

  private func tooManyTokens() -> PlauditError {
    PlauditError(
      .limit, "padded rows would have more than \(Encoding.maximumTokens) tokens in total")
  }

  private func length(_ row: Int) -> Int { Int(rowOffsets[row + 1] - rowOffsets[row]) }

  private func setTokenCount(_ count: Int) {
    idBuffer.count = count
    typeIdBuffer.count = count
    attentionBuffer.count = count
    specialBuffer.count = count
    sequenceBuffer.count = count
    startBuffer.count = count
    endBuffer.count = count
  }

  private func fill(
    _ place: Int, id: Int32, typeId: Int32, attention: UInt8, special: UInt8, sequence: Int8,
    start: Int64, end: Int64
  ) {
    idBuffer.base[place] = id
    typeIdBuffer.base[place] = typeId
    attentionBuffer.base[place] = attention
    specialBuffer.base[place] = special
    sequenceBuffer.base[place] = sequence
    startBuffer.base[place] = start
    endBuffer.base[place] = end
  }

  private func move(from source: Int, to place: Int, count: Int) {
    guard source != place, count > 0 else { return }
    (idBuffer.base + place).update(from: idBuffer.base + source, count: count)
    (typeIdBuffer.base + place).update(from: typeIdBuffer.base + source, count: count)
    (attentionBuffer.base + place).update(from: attentionBuffer.base + source, count: count)
    (specialBuffer.base + place).update(from: specialBuffer.base + source, count: count)
    (sequenceBuffer.base + place).update(from: sequenceBuffer.base + source, count: count)
    (startBuffer.base + place).update(from: startBuffer.base + source, count: count)
    (endBuffer.base + place).update(from: endBuffer.base + source, count: count)
  }
}
