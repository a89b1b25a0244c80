import Glibc
import PlauditCore

/// The columns of an encoding while they are filled, and afterwards.
///
/// Only the columns that `kept` names have values; the others stay empty.
struct EncodingColumns: ~Copyable {
  let kept: EncodeOptions.Columns
  var rowOffsets = GrowingBuffer<Int64>()
  var rowTexts = GrowingBuffer<Int64>()
  var ids = GrowingBuffer<Int32>()
  var typeIds = GrowingBuffer<Int32>()
  var attention = GrowingBuffer<UInt8>()
  var specials = GrowingBuffer<UInt8>()
  var sequences = GrowingBuffer<Int8>()
  var starts = GrowingBuffer<Int64>()
  var ends = GrowingBuffer<Int64>()
  var dropped = GrowingBuffer<Int64>()
  var unknownOffsets = GrowingBuffer<Int64>()
  var unknownSequences = GrowingBuffer<Int8>()
  var unknownStarts = GrowingBuffer<Int64>()
  var unknownEnds = GrowingBuffer<Int64>()

  /// - Parameter tokens: about how many there will be.
  init(
    textCount: Int, tokens: Int, kept: EncodeOptions.Columns
  ) throws(PlauditError) {
    self.kept = kept
    let expected = min(tokens, Encoding.maximumTokens)
    ids = GrowingBuffer(expecting: expected)
    if kept != .ids {
      starts = GrowingBuffer(expecting: expected)
      ends = GrowingBuffer(expecting: expected)
    }
    if kept == .all {
      typeIds = GrowingBuffer(expecting: expected)
      attention = GrowingBuffer(expecting: expected)
      specials = GrowingBuffer(expecting: expected)
      sequences = GrowingBuffer(expecting: expected)
    }
    try rowOffsets.reserve(textCount + 1)
    try rowTexts.reserve(textCount)
    try dropped.reserve(textCount)
    try unknownOffsets.reserve(textCount + 1)
    try rowOffsets.append(0)
    try unknownOffsets.append(0)
  }

  var rowCount: Int { rowTexts.count }
  var tokenCount: Int { ids.count }
  var hasOffsets: Bool { kept != .ids }

  // MARK: Filling

  /// Makes room for more rows and tokens; too many in total is `.limit`.
  @inline(__always)
  mutating func reserve(rows: Int, tokens: Int) throws(PlauditError) {
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

  @inline(__always)
  private mutating func reserve(total: Int) throws(PlauditError) {
    try ids.reserve(total)
    guard hasOffsets else { return }
    try starts.reserve(total)
    try ends.reserve(total)
    guard kept == .all else { return }
    try typeIds.reserve(total)
    try attention.reserve(total)
    try specials.reserve(total)
    try sequences.reserve(total)
  }

  /// Appends the one row of a text that is whole, between special tokens of type 0.
  @inline(__always)
  mutating func append(
    _ tokens: borrowing TextTokens, after leading: UnsafeBufferPointer<Int32>,
    before trailing: UnsafeBufferPointer<Int32>, text: Int
  ) throws(PlauditError) {
    try reserve(rows: 1, tokens: leading.count &+ tokens.count &+ trailing.count)
    for id in leading { put(special: id, typeId: 0) }
    put(tokens, 0..<tokens.count, typeId: 0, sequence: 0)
    for id in trailing { put(special: id, typeId: 0) }
    try endRow(text: text)
    if tokens.unknownCount > 0 { try noteUnknown(tokens, sequence: 0) }
    try endText(dropped: 0)
  }

  /// Appends tokens of a text; room must have been reserved.
  @inline(__always)
  mutating func put(
    _ tokens: borrowing TextTokens, _ range: Range<Int>, typeId: Int32, sequence: Int8
  ) {
    let place = tokenCount
    let count = range.count
    memcpy(ids.base + place, tokens.ids.base + range.lowerBound, count &* 4)
    ids.count = place &+ count
    guard hasOffsets else { return }
    let (firsts, lasts) = (starts.base + place, ends.base + place)
    let (firstStart, firstEnd) = (
      tokens.starts.base + range.lowerBound, tokens.ends.base + range.lowerBound
    )
    for index in 0..<count {
      firsts[index] = Int64(firstStart[index])
      lasts[index] = Int64(firstEnd[index])
    }
    guard kept == .all else { return }
    (typeIds.base + place).update(repeating: typeId, count: count)
    (attention.base + place).update(repeating: 1, count: count)
    (specials.base + place).update(repeating: 0, count: count)
    (sequences.base + place).update(repeating: sequence, count: count)
  }

  /// Appends a special token; room must have been reserved.
  @inline(__always)
  mutating func put(special id: Int32, typeId: Int32) {
    fill(ids.count, id: id, typeId: typeId, attention: 1)
    ids.count &+= 1
  }

  mutating func endRow(text: Int) throws(PlauditError) {
    try rowOffsets.append(Int64(tokenCount))
    try rowTexts.append(Int64(text))
  }

  mutating func noteUnknown(
    _ tokens: borrowing TextTokens, sequence: Int8
  ) throws(PlauditError) {
    for index in 0..<tokens.unknownCount {
      try unknownSequences.append(sequence)
      try unknownStarts.append(Int64(tokens.unknownStarts.base[index]))
      try unknownEnds.append(Int64(tokens.unknownEnds.base[index]))
    }
  }

  mutating func endText(dropped count: Int) throws(PlauditError) {
    try dropped.append(Int64(count))
    try unknownOffsets.append(Int64(unknownStarts.count))
  }

  // MARK: Padding

  /// Brings every row to the length that `padding` asks for, moving rows from the last one on.
  ///
  /// - Throws: `.limit` when the filled rows would hold too many tokens.
  mutating func pad(_ padding: Padding) throws(PlauditError) {
    var longest = 0
    var previousText: Int64 = -1
    for row in 0..<rowCount where rowTexts.base[row] != previousText {
      previousText = rowTexts.base[row]
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
      let source = Int(rowOffsets.base[row])
      let count = length(row)
      let filler = max(target - count, 0)
      let start = end - count - filler
      move(from: source, to: padding.direction == .left ? start + filler : start, count: count)
      let fillerStart = padding.direction == .left ? start : start + count
      for place in fillerStart..<(fillerStart + filler) {
        fill(place, id: padding.padId, typeId: padding.padTypeId, attention: 0)
      }
      rowOffsets.base[row + 1] = Int64(end)
      end = start
    }
    ids.count = total
  }

  private func tooManyTokens() -> PlauditError {
    PlauditError(
      .limit, "padded rows would have more than \(Encoding.maximumTokens) tokens in total")
  }

  private func length(_ row: Int) -> Int { Int(rowOffsets.base[row + 1] - rowOffsets.base[row]) }

  /// Writes a token that stands in no text.
  @inline(__always)
  private func fill(_ place: Int, id: Int32, typeId: Int32, attention present: UInt8) {
    ids.base[place] = id
    guard hasOffsets else { return }
    starts.base[place] = 0
    ends.base[place] = 0
    guard kept == .all else { return }
    typeIds.base[place] = typeId
    attention.base[place] = present
    specials.base[place] = 1
    sequences.base[place] = -1
  }

  private func move(from source: Int, to place: Int, count: Int) {
    guard source != place, count > 0 else { return }
    (ids.base + place).update(from: ids.base + source, count: count)
    guard hasOffsets else { return }
    (starts.base + place).update(from: starts.base + source, count: count)
    (ends.base + place).update(from: ends.base + source, count: count)
    guard kept == .all else { return }
    (typeIds.base + place).update(from: typeIds.base + source, count: count)
    (attention.base + place).update(from: attention.base + source, count: count)
    (specials.base + place).update(from: specials.base + source, count: count)
    (sequences.base + place).update(from: sequences.base + source, count: count)
  }
}
