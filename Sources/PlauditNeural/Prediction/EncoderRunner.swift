import Glibc
import PlauditCore
import PlauditTensor
import PlauditText

/// What an encoder's states become.
enum EncoderOutput {
  case network(any Network, ScoreFinish)
  case head(ClassifierHead, on: SentenceEmbedding, ScoreFinish)
  case embedding(SentenceEmbedding)
  case states

  /// The floats a text gives, nil for as many as it has tokens.
  func width(labels: Int) -> Int? {
    switch self {
    case .network: labels
    case .head(let head, _, _): head.dense.linear.outputs
    case .embedding(let embedding): embedding.width
    case .states: nil
    }
  }

  var largestWidth: Int {
    switch self {
    case .head(let head, let embedding, _):
      max(head.dense.linear.outputs, embedding.largestWidth)
    case .embedding(let embedding): embedding.largestWidth
    case .network, .states: 1
    }
  }
}

/// Tokenizes, packs, runs the encoder and what stands on it.
///
/// After the longest text it has seen nothing is allocated.
final class EncoderRunner: TextRunner {
  private let body: EncoderBody
  private let output: EncoderOutput
  private let options: PredictionOptions
  private let encoding: EncodeOptions
  private let control: RunControl?
  private unowned let sink: any OutputSink

  private let tokenizerScratch: TokenizerScratch
  private let wordScratch: WordScratch
  private let tokens: TokenPack
  private let words: TokenPack
  /// Threads that share the layers of few texts.
  private let team: Team?
  private let tape: FloatTape
  private let vector: FloatBuffer
  private let spare: FloatBuffer
  private let logits: FloatBuffer
  /// Sums over windows, in double.
  private let sums: Bytes
  private let packedTexts: Bytes

  /// Packs aim at this many tokens: enough rows for tall tiles, few enough to stay in the cache.
  static let packTokens = 512
  static let packRows = 256

  init(
    _ body: EncoderBody, _ output: EncoderOutput, _ options: PredictionOptions,
    _ setting: RunnerSetting
  ) throws(PlauditError) {
    self.body = body
    self.output = output
    self.options = options
    control = setting.control
    sink = setting.sink
    encoding = try options.encoding(body, isPair: setting.isPair)
    let length = try options.length(body)
    tokenizerScratch = TokenizerScratch()
    wordScratch = WordScratch()
    // A text has at most as many tokens as bytes, and the special ones.
    let wanted = setting.mostBytes.map { min($0, EncoderRunner.packTokens) }
    tokens = try TokenPack(
      tokens: max(wanted ?? EncoderRunner.packTokens, length), rows: EncoderRunner.packRows)
    words = try TokenPack(
      tokens: body.words == nil ? 1 : EncoderRunner.packTokens + WordSide.maximumWords,
      rows: EncoderRunner.packRows)
    team = setting.threads > 1 ? Team(threads: setting.threads) : nil
    tape = FloatTape(team: team, control: control)
    let width = max(output.largestWidth, output.width(labels: LabelSet.maximumCount) ?? 1)
    vector = try FloatBuffer(count: output.largestWidth)
    spare = try FloatBuffer(count: output.largestWidth)
    logits = try FloatBuffer(count: width)
    sums = try Bytes(count: width * MemoryLayout<Double>.stride)
    packedTexts = try Bytes(count: EncoderRunner.packRows * MemoryLayout<Int>.stride)
  }

  /// Tokenizes a text and adds it to the pack; a full pack is run first.
  func add(
    text index: Int, _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?
  ) throws(PlauditError) {
    let windows: Int
    do throws(PlauditError) {
      windows = try body.tokenizer.encodeWindows(
        text, pair: pair, options: encoding, scratch: tokenizerScratch, control: control)
    } catch {
      throw error.isStop ? error : error.at(index: Int64(index))
    }
    if windows > 1, options.longText == .windows {
      try flush()
      try runWindows(text: index, windows, text)
      return
    }
    let row = try body.tokenizer.window(0, scratch: tokenizerScratch)
    if options.longText == .refuse, row.droppedTokens > 0 {
      throw PlauditError(
        .limit,
        "the text has \(row.ids.count + row.droppedTokens) tokens, the model takes \(row.ids.count)",
        index: Int64(index))
    }
    sink.take(
      text: index,
      report: TextReport(
        tokenCount: row.ids.count, droppedTokens: row.droppedTokens,
        unknownWords: row.unknownCount, windowCount: 1))
    if row.ids.isEmpty {
      throw PlauditError(.undefined, "the text has no tokens to score", index: Int64(index))
    }
    if !tokens.hasRoom(for: row.ids.count) { try flush() }
    if body.words != nil, !words.hasRoom(for: WordSide.maximumWords) { try flush() }
    try append(row, text: index, text)
  }

  /// Runs what is packed.
  func flush() throws(PlauditError) {
    guard tokens.rowCount > 0 else { return }
    defer {
      tokens.clear()
      words.clear()
      tape.reset()
    }
    let made = try run()
    let texts = packedTexts.mutable.bindMemory(to: Int.self)
    for row in 0..<tokens.rowCount {
      let values = self.values(of: row, in: made)
      try checkFinite(text: texts[row], values.pointer, values.count)
      if let finish { finish.apply(values.pointer, count: values.count) }
      sink.take(text: texts[row], values: values.pointer, count: values.count)
    }
  }

  /// A network's logits `[texts, labels]`, else the hidden states `[tokens, width]`.
  private func run() throws(PlauditError) -> FloatTape.Tensor {
    guard let team else { return try forward() }
    var made: Result<FloatTape.Tensor, PlauditError>?
    team.run { made = Result { () throws(PlauditError) in try forward() } }
    guard let made else { throw PlauditError(.internal, "a team did not do its work") }
    return try made.get()
  }

  private func forward() throws(PlauditError) -> FloatTape.Tensor {
    let input = NetworkInput(tokens: tokens, words: words)
    if case .network(let network, _) = output { return try network.logits(input, tape) }
    return try body.encoder.forward(input, tape)
  }

  private var finish: ScoreFinish? {
    switch output {
    case .network(_, let finish), .head(_, _, let finish): finish
    case .embedding, .states: nil
    }
  }

  /// What a packed text gives, before probabilities.
  private func values(
    of row: Int, in made: FloatTape.Tensor
  ) -> (pointer: UnsafeMutablePointer<Float>, count: Int) {
    let width = body.configuration.hiddenSize
    let length = tokens.length(row)
    switch output {
    case .network: return (made.values + row * made.width, made.width)
    case .states: return (made.values + tokens.start(row) * width, length * width)
    case .embedding(let embedding):
      embedding.forward(
        made.values + tokens.start(row) * width, length: length, into: vector.pointer,
        spare: spare.pointer)
      return (vector.pointer, embedding.width)
    case .head(let head, let embedding, _):
      embedding.forward(
        made.values + tokens.start(row) * width, length: length, into: vector.pointer,
        spare: spare.pointer)
      head.dense.forwardRow(vector.pointer, into: logits.pointer)
      return (logits.pointer, head.dense.linear.outputs)
    }
  }

  private func append(
    _ row: TokenRow, text index: Int, _ text: UnsafeRawBufferPointer
  ) throws(PlauditError) {
    let types = body.configuration.typeCount
    for type in row.typeIds where type < 0 || Int(type) >= types {
      throw PlauditError(
        .unsupported, "the tokenizer gives type id \(type), the model has \(types) types",
        index: Int64(index))
    }
    packedTexts.mutable.bindMemory(to: Int.self)[tokens.rowCount] = index
    tokens.add(ids: row.ids, typeIds: row.typeIds)
    try body.words?.append(text, to: words, wordScratch, index: index, control: control)
  }

  /// A long text: each window on its own, vectors or logits averaged by new tokens.
  private func runWindows(
    text index: Int, _ windows: Int, _ text: UnsafeRawBufferPointer
  ) throws(PlauditError) {
    if case .states = output {
      throw PlauditError(
        .invalidArgument, "hidden states have no windows; truncate or refuse long texts",
        index: Int64(index))
    }
    let total = sums.mutable.bindMemory(to: Double.self)
    var weights = 0.0
    var width = 0
    var report = TextReport()
    report.windowCount = windows
    defer {
      tokens.clear()
      words.clear()
      tape.reset()
    }
    for window in 0..<windows {
      let row = try body.tokenizer.window(window, scratch: tokenizerScratch)
      let repeated = window == 0 ? 0 : encoding.truncation?.stride ?? 0
      report.tokenCount += row.ids.count
      report.unknownWords = row.unknownCount
      try append(row, text: index, text)
      let weight = Double(max(row.ids.count - repeated, 1))
      let values = self.values(of: 0, in: try run())
      if window == 0 {
        width = values.count
        for column in 0..<width { total[column] = 0 }
      }
      for column in 0..<width { total[column] += weight * Double(values.pointer[column]) }
      weights += weight
      tokens.clear()
      words.clear()
      tape.reset()
    }
    sink.take(text: index, report: report)
    for column in 0..<width { logits.pointer[column] = Float(total[column] / weights) }
    try checkFinite(text: index, logits.pointer, width)
    if let finish { finish.apply(logits.pointer, count: width) }
    if case .embedding(let embedding) = output, embedding.isNormalized {
      Pooling.normalize(logits.pointer, width: width)
    }
    sink.take(text: index, values: logits.pointer, count: width)
  }
}
