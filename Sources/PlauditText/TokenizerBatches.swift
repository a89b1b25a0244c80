package import PlauditCore

// Many texts at once.
extension Tokenizer {
  /// Encodes every text, or text pair, into rows of owned memory.
  ///
  /// - Parameter pairs: as many as `texts`; nil for single texts.
  /// - Throws: `.invalidUTF8` with row and byte, `.outOfRange` or `.invalidArgument` for
  ///   truncation that cannot be, `.limit` beyond `Encoding.maximumTokens`, `.outOfMemory`.
  package func encode(
    _ texts: TextBatch, pairs: TextBatch?, options: EncodeOptions
  ) throws(PlauditError) -> Encoding {
    let scratch = scratches.take()
    defer { scratches.give(scratch) }
    return try encode(texts, pairs: pairs, options: options, scratch: scratch)
  }

  /// As `encode`, through `scratch`.
  func encode(
    _ texts: TextBatch, pairs: TextBatch?, options: EncodeOptions, scratch: TokenizerScratch
  ) throws(PlauditError) -> Encoding {
    if let pairs, pairs.count != texts.count {
      throw PlauditError(
        .invalidArgument, "there are \(texts.count) texts, but \(pairs.count) pairs")
    }
    try check(options, isPair: pairs != nil)
    // English and Chinese have a token for three bytes or more.
    let bytes = texts.byteCount + (pairs?.byteCount ?? 0)
    var columns = try EncodingColumns(
      textCount: texts.count, tokens: bytes / 3 + 4 * texts.count, kept: options.columns)
    if pairs == nil, let specials = around {
      try encode(texts, options, specials, &scratch.memory, into: &columns)
    } else {
      for row in 0..<texts.count {
        do throws(PlauditError) {
          try prepare(
            texts.text(row), pair: pairs?.text(row), options, offsets: columns.hasOffsets,
            &scratch.memory)
          try append(text: row, scratch.memory, options, to: &columns)
        } catch {
          throw error.at(index: Int64(row))
        }
      }
    }
    if let padding = options.padding { try columns.pad(padding) }
    return Encoding(textCount: texts.count, columns)
  }

  /// Single texts: those that need no cut go straight into the columns.
  private func encode(
    _ texts: TextBatch, _ options: EncodeOptions,
    _ specials: Template.Around, _ memory: inout TokenizerScratch.Memory,
    into columns: inout EncodingColumns
  ) throws(PlauditError) {
    var longest = Int.max
    if let truncation = options.truncation {
      longest = try truncation.budget(specialTokens: added(options, isPair: false))
    }
    let hasSpecials = options.addSpecialTokens
    for row in 0..<texts.count {
      do throws(PlauditError) {
        try tokenize(
          texts.text(row), "text", options, offsets: columns.hasOffsets, &memory.stages,
          &memory.first)
        if memory.first.count <= longest {
          try columns.append(
            memory.first, after: hasSpecials ? specials.leading : Template.Around.none,
            before: hasSpecials ? specials.trailing : Template.Around.none, text: row)
        } else {
          try plan(isPair: false, options, &memory)
          try append(text: row, memory, options, to: &columns)
        }
      } catch {
        throw error.at(index: Int64(row))
      }
    }
  }

  /// Appends the rows that were planned.
  private func append(
    text: Int, _ memory: borrowing TokenizerScratch.Memory, _ options: EncodeOptions,
    to columns: inout EncodingColumns
  ) throws(PlauditError) {
    let plan = memory.plan
    let isPair = plan.second != nil
    let specials = plan.addsSpecialTokens ? specialTokenCount(pair: isPair) : 0
    let rows = options.overflowingRows ? plan.rowCount : 1
    let tokens =
      options.overflowingRows
      ? plan.tokenCount(specials: specials)
      : plan.first[0].count + (plan.second?[0].count ?? 0) + specials
    try columns.reserve(rows: rows, tokens: tokens ?? Int.max)
    let pieces = isPair ? template.pair : template.single
    for row in 0..<rows {
      let (first, second) = plan.windows(of: row)
      let firstRange = plan.first[first]
      let secondRange = plan.second?[second] ?? 0..<0
      for piece in pieces {
        switch piece.sequence {
        case 0:
          let typeId = first == 0 ? piece.typeId : 0
          columns.put(memory.first, firstRange, typeId: typeId, sequence: 0)
        case 1:
          let typeId = second == 0 ? piece.typeId : 1
          columns.put(memory.second, secondRange, typeId: typeId, sequence: 1)
        default:
          guard plan.addsSpecialTokens else { continue }
          for index in piece.specials {
            columns.put(special: template.specialIds[index], typeId: piece.typeId)
          }
        }
      }
      try columns.endRow(text: text)
    }
    try columns.noteUnknown(memory.first, sequence: 0)
    if plan.second != nil { try columns.noteUnknown(memory.second, sequence: 1) }
    try columns.endText(dropped: plan.droppedTokens)
  }

}
