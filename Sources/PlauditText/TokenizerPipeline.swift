import CText
import PlauditCore

// From bytes to tokens: what `encode` and the rows for models have in common.
extension Tokenizer {
  // MARK: Options

  func check(_ options: EncodeOptions, isPair: Bool) throws(PlauditError) {
    if let truncation = options.truncation {
      _ = try truncation.budget(specialTokens: added(options, isPair: isPair))
    }
    guard let padding = options.padding else { return }
    if case .fixed(let count) = padding.length, count < 0 {
      throw PlauditError(.outOfRange, "padding to \(count) tokens, it must be 0 or more")
    }
    guard padding.multipleOf >= 0 else {
      throw PlauditError(
        .outOfRange, "padding to a multiple of \(padding.multipleOf), it must be 0 or more")
    }
    guard padding.padId >= 0, padding.padTypeId >= 0 else {
      throw PlauditError(
        .outOfRange,
        "padding with id \(padding.padId) and type \(padding.padTypeId), "
          + "both must be 0 or more")
    }
  }

  func added(_ options: EncodeOptions, isPair: Bool) -> Int {
    options.addSpecialTokens ? specialTokenCount(pair: isPair) : 0
  }

  // MARK: Texts

  /// Tokenizes one text, or two, and works out their windows.
  func prepare(
    _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?, _ options: EncodeOptions,
    offsets: Bool, _ memory: inout TokenizerScratch.Memory
  ) throws(PlauditError) {
    try tokenize(text, "text", options, offsets: offsets, &memory.stages, &memory.first)
    if let pair {
      try tokenize(
        pair, "second text", options, offsets: offsets, &memory.stages, &memory.second)
    }
    try plan(isPair: pair != nil, options, &memory)
  }

  /// Works out the windows of what was tokenized.
  func plan(
    isPair: Bool, _ options: EncodeOptions, _ memory: inout TokenizerScratch.Memory
  ) throws(PlauditError) {
    let first = memory.first.count
    let second: Int? = isPair ? memory.second.count : nil
    var firstWindows = Windows(total: first)
    var secondWindows: Windows?
    if let second { secondWindows = Windows(total: second) }
    if let truncation = options.truncation {
      let budget = try truncation.budget(specialTokens: added(options, isPair: isPair))
      let limits = try truncation.limits(first: first, second: second, budget: budget)
      firstWindows = try Windows(total: first, limit: limits.first, truncation: truncation)
      if let second {
        secondWindows = try Windows(total: second, limit: limits.second, truncation: truncation)
      }
    }
    memory.plan = RowPlan(
      first: firstWindows, second: secondWindows, startsWithSecond: template.startsWithSecond,
      addsSpecialTokens: options.addSpecialTokens,
      unknownCount: memory.first.unknownCount + (isPair ? memory.second.unknownCount : 0))
  }

  /// Tokenizes one text; `tokens` is emptied first.
  ///
  /// - Parameter offsets: whether the tokens' offsets are wanted.
  @inline(__always)
  func tokenize(
    _ text: UnsafeRawBufferPointer, _ name: StaticString, _ options: EncodeOptions,
    offsets: Bool, _ stages: inout TokenizerScratch.StageMemory, _ tokens: inout TextTokens
  ) throws(PlauditError) {
    tokens.clear()
    guard let base = text.baseAddress, text.count > 0 else { return }
    let source = UnsafePointer(base.assumingMemoryBound(to: UInt8.self))
    if text.count <= WordCutter.windowBytes, let fast, let kernels = stages.kernels {
      try fast.cutter.cut(source, 0..<text.count, kernels, into: &stages.cut)
      if fast.cutter.isWhole(stages.cut, text), added.normalized == nil,
        try append(
          stages.cut.words(from: 0), fast, kernels, offsets: offsets, &stages.normalized,
          &stages.cache, &tokens)
      {
        return
      }
    }
    try tokenizeByPieces(text, source, name, options, offsets: offsets, &stages, &tokens)
  }

  /// The way of texts that are long, not UTF-8, or may have added tokens.
  @inline(never)
  private func tokenizeByPieces(
    _ text: UnsafeRawBufferPointer, _ source: UnsafePointer<UInt8>, _ name: StaticString,
    _ options: EncodeOptions, offsets: Bool, _ stages: inout TokenizerScratch.StageMemory,
    _ tokens: inout TextTokens
  ) throws(PlauditError) {
    tokens.clear()
    guard text.count <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit, "a text has \(text.count) bytes, allowed are \(TextBatch.maximumTextBytes)")
    }
    let plain = options.encodeSpecialTokens
    guard let fault = try UTF8Text.firstFault(text, control: stages.control) else {
      try tokenize(source, text.count, plain, offsets: offsets, &stages, &tokens)
      return
    }
    guard options.invalidUTF8 == .replace else {
      throw PlauditError(
        .invalidUTF8,
        "byte \(fault) of the \(name) is 0x\(String(text[fault], radix: 16)), not UTF-8 there",
        offset: Int64(fault))
    }
    try UTF8Text.repair(text, into: &stages.repaired, places: &stages.places)
    let (repaired, count) = (UnsafePointer(stages.repaired.base), stages.repaired.count)
    try tokenize(repaired, count, plain, offsets: offsets, &stages, &tokens)
    tokens.move(to: stages.places.base, offsets: offsets)
  }

  // MARK: Pieces

  /// Well-formed UTF-8 to tokens: raw added tokens, then each piece between them.
  private func tokenize(
    _ text: UnsafePointer<UInt8>, _ count: Int, _ ignoresSpecial: Bool, offsets: Bool,
    _ stages: inout TokenizerScratch.StageMemory, _ tokens: inout TextTokens
  ) throws(PlauditError) {
    var pieces = AddedTokens.Pieces(
      added.raw, text, count: count, ignoresSpecial: ignoresSpecial, control: stages.control)
    while let piece = try pieces.next() {
      if piece.id >= 0 {
        try tokens.append(
          piece.id, start: Int32(truncatingIfNeeded: piece.range.lowerBound),
          end: Int32(truncatingIfNeeded: piece.range.upperBound))
        continue
      }
      let (kept, keptUnknown) = (tokens.count, tokens.unknownCount)
      if let fast, let kernels = stages.kernels {
        let isDone =
          added.normalized == nil
          ? try appendWindows(
            text, piece.range, fast, kernels, offsets: offsets, &stages.cut, &stages.normalized,
            &stages.cache, &tokens, stages.control)
          : try appendParts(
            text, piece.range, fast, kernels, ignoresSpecial, offsets: offsets, &stages, &tokens)
        if isDone { continue }
        tokens.cut(to: kept, unknown: keptUnknown)
      }
      try appendExactly(
        text, piece.range, ignoresSpecial, &stages.normalized, &tokens, stages.control)
    }
  }

  /// Takes a piece through the stages as a whole.
  private func appendExactly(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ ignoresSpecial: Bool,
    _ normalized: inout NormalizedText, _ tokens: inout TextTokens, _ control: RunControl?
  ) throws(PlauditError) {
    normalized.clear()
    try normalizer.normalize(text, range, into: &normalized, control: control)
    var parts = AddedTokens.Pieces(
      added.normalized, UnsafePointer(normalized.bytes.base), count: normalized.count,
      ignoresSpecial: ignoresSpecial, control: control)
    while let part = try parts.next() {
      if part.id >= 0 {
        try tokens.append(
          part.id, start: normalized.start(part.range.lowerBound),
          end: normalized.end(part.range.upperBound, text))
        continue
      }
      try appendWords(part.range, of: normalized, source: text, &tokens, control)
    }
  }

  private func appendWords(
    _ range: Range<Int>, of normalized: borrowing NormalizedText, source: UnsafePointer<UInt8>,
    _ tokens: inout TextTokens, _ control: RunControl? = nil
  ) throws(PlauditError) {
    let bytes = UnsafePointer(normalized.bytes.base)
    var at = range.lowerBound
    var pause = at &+ LongText.block
    while let word = preTokenizer.word(bytes, from: at, to: range.upperBound) {
      try model.encode(normalized, word, source: source, into: &tokens)
      at = word.upperBound
      try LongText.obey(control, at: at, next: &pause)
    }
  }

  // MARK: Cuts

  /// Cuts a piece without added tokens, a window at a time, and appends its words; false where
  /// scalars may change places.
  private func appendWindows(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ fast: FastStages, _ kernels: TextKernels,
    offsets: Bool, _ cut: inout CutText, _ normalized: inout NormalizedText,
    _ cache: inout PieceCache, _ tokens: inout TextTokens, _ control: RunControl?
  ) throws(PlauditError) -> Bool {
    let end = range.upperBound
    var at = range.lowerBound
    var window = WordCutter.windowBytes
    var pause = at &+ LongText.block
    while at < end {
      try LongText.obey(control, at: at, next: &pause)
      let stop = min(at &+ window, end)
      try fast.cutter.cut(text, at..<stop, kernels, into: &cut)
      var words = cut.words(from: at)
      if stop < end, words.count > 0, Int(words.ends[words.count &- 1]) == stop {
        // The last word may go on. One that is longer than many texts is no matter of speed.
        guard words.count > 1 else {
          if window >= LongText.block { return false }
          window &*= 2
          continue
        }
        words.count &-= 1
        words.end = Int(words.starts[words.count])
      }
      guard
        try append(words, fast, kernels, offsets: offsets, &normalized, &cache, &tokens)
      else { return false }
      at = words.end
      window = WordCutter.windowBytes
    }
    return true
  }

  /// As `appendWindows`, where tokens may be found in the normalised text; false too where that
  /// has not the places of the text itself.
  private func appendParts(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ fast: FastStages, _ kernels: TextKernels,
    _ ignoresSpecial: Bool, offsets: Bool, _ stages: inout TokenizerScratch.StageMemory,
    _ tokens: inout TextTokens
  ) throws(PlauditError) -> Bool {
    guard range.count <= WordCutter.windowBytes else { return false }
    try fast.cutter.cut(text, range, kernels, into: &stages.cut)
    let lowered = UnsafePointer(stages.cut.lowered.base)
    guard fast.cutter.keepsPlaces(lowered, range) else { return false }
    let origin = range.lowerBound
    var parts = AddedTokens.Pieces(
      added.normalized, lowered + origin, count: range.count, ignoresSpecial: ignoresSpecial)
    while let part = try parts.next() {
      let (start, end) = (origin &+ part.range.lowerBound, origin &+ part.range.upperBound)
      if part.id >= 0 {
        try tokens.append(
          part.id, start: Int32(truncatingIfNeeded: start), end: Int32(truncatingIfNeeded: end))
        continue
      }
      guard
        try appendWindows(
          text, start..<end, fast, kernels, offsets: offsets, &stages.part, &stages.normalized,
          &stages.cache, &tokens, nil)
      else { return false }
    }
    return true
  }

  /// Appends the words of a cut; false where scalars may change places.
  @inline(__always)
  private func append(
    _ words: CutWords, _ fast: FastStages, _ kernels: TextKernels, offsets: Bool,
    _ normalized: inout NormalizedText, _ cache: inout PieceCache, _ tokens: inout TextTokens
  ) throws(PlauditError) -> Bool {
    try tokens.reserve(words: words.end &- words.start)
    cache.use(for: serial)
    let vocabulary = fast.words.vocabulary
    var next = 0
    while true {
      tokens.append(offsets: offsets) { made in
        next = Int(
          kernels.pointee.look_up(
            vocabulary, &cache.table, words.lowered, words.starts, words.ends, Int64(next),
            Int64(words.count), &made))
      }
      guard next < words.count else { return true }
      let word = Int(words.starts[next])..<Int(words.ends[next])
      guard try append(word, of: words, &normalized, &cache, &tokens) else { return false }
      try tokens.reserve(words: words.end &- word.upperBound)
      next &+= 1
    }
  }

  /// Works out one word of a cut that is not plain, and remembers what it became.
  @inline(never)
  private func append(
    _ word: Range<Int>, of words: CutWords, _ normalized: inout NormalizedText,
    _ cache: inout PieceCache, _ tokens: inout TextTokens
  ) throws(PlauditError) -> Bool {
    let (first, firstUnknown) = (tokens.count, tokens.unknownCount)
    normalized.clear()
    guard try normalizer.normalizeByScalar(words.lowered, word, into: &normalized) else {
      return false
    }
    try appendWords(0..<normalized.count, of: normalized, source: words.lowered, &tokens)
    cache.put(
      words.lowered, word, tokens, from: first, unknownFrom: firstUnknown,
      unknownId: model.unknownId)
    return true
  }
}
