package import PlauditCore

// One text at a time, for models: rows in memory that is used again.
extension Tokenizer {
  /// The first row of one text, or pair, in `scratch`: allocates nothing once that has grown.
  ///
  /// Padding is left to the caller, who knows the batch; the rest is as in `encode`.
  package func encodeRow(
    _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?, options: EncodeOptions,
    scratch: TokenizerScratch, control: RunControl? = nil
  ) throws(PlauditError) -> TokenRow {
    _ = try encodeWindows(
      text, pair: pair, options: options, scratch: scratch, control: control)
    return try window(0, scratch: scratch)
  }

  /// Prepares all rows of one text, or pair, and gives their number; `window` reads them.
  ///
  /// - Parameter control: asked on the way through a long text.
  package func encodeWindows(
    _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?, options: EncodeOptions,
    scratch: TokenizerScratch, control: RunControl? = nil
  ) throws(PlauditError) -> Int {
    try check(options, isPair: pair != nil)
    scratch.memory.stages.control = control
    defer { scratch.memory.stages.control = nil }
    try prepare(text, pair: pair, options, offsets: false, &scratch.memory)
    return scratch.memory.plan.rowCount
  }

  /// Row `index` of what `encodeWindows` of this tokenizer prepared; `.outOfRange` beyond it.
  package func window(
    _ index: Int, scratch: TokenizerScratch
  ) throws(PlauditError) -> TokenRow {
    try fill(&scratch.memory, row: index)
    let plan = scratch.memory.plan
    let count = scratch.memory.rowIds.count
    return TokenRow(
      ids: UnsafeBufferPointer(start: scratch.memory.rowIds.base, count: count),
      typeIds: UnsafeBufferPointer(start: scratch.memory.rowTypeIds.base, count: count),
      droppedTokens: plan.droppedTokens, unknownCount: plan.unknownCount)
  }

  private func fill(
    _ memory: inout TokenizerScratch.Memory, row: Int
  ) throws(PlauditError) {
    let plan = memory.plan
    guard row >= 0, row < plan.rowCount else {
      throw PlauditError(.outOfRange, "window \(row) of \(plan.rowCount)")
    }
    guard row == 0 || plan.rowCount < Int.max else {
      throw PlauditError(.limit, "the texts have more windows than can be counted")
    }
    let (first, second) = plan.windows(of: row)
    let firstRange = plan.first[first]
    let secondRange = plan.second?[second] ?? 0..<0
    let total = firstRange.count + secondRange.count + template.specialIds.count
    try memory.rowIds.reserve(total)
    try memory.rowTypeIds.reserve(total)
    var at = 0
    let ids = memory.rowIds.base
    let typeIds = memory.rowTypeIds.base
    for piece in plan.second == nil ? template.single : template.pair {
      switch piece.sequence {
      case 0:
        let typeId = first == 0 ? piece.typeId : 0
        (ids + at).update(
          from: memory.first.ids.base + firstRange.lowerBound, count: firstRange.count)
        (typeIds + at).update(repeating: typeId, count: firstRange.count)
        at += firstRange.count
      case 1:
        let typeId = second == 0 ? piece.typeId : 1
        (ids + at).update(
          from: memory.second.ids.base + secondRange.lowerBound, count: secondRange.count)
        (typeIds + at).update(repeating: typeId, count: secondRange.count)
        at += secondRange.count
      default:
        guard plan.addsSpecialTokens else { continue }
        for index in piece.specials {
          ids[at] = template.specialIds[index]
          typeIds[at] = piece.typeId
          at += 1
        }
      }
    }
    memory.rowIds.count = at
    memory.rowTypeIds.count = at
  }
}
