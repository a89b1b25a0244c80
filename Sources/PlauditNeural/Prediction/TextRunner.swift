import Glibc
import PlauditCore
import PlauditTensor
import PlauditText

/// What is wanted of each text.
enum Output {
  case scores(ClassifierHead, on: SentenceEmbedding?, pooler: Dense?, probabilities: Bool)
  case embedding(SentenceEmbedding)
  /// All token vectors.
  case states

  /// The floats a text gives, nil for as many as it has tokens.
  var width: Int? {
    switch self {
    case .scores(let head, _, _, _): head.count
    case .embedding(let embedding): embedding.width
    case .states: nil
    }
  }

  var largestWidth: Int {
    switch self {
    case .scores(let head, let embedding, let pooler, _):
      max(head.count, embedding?.largestWidth ?? 0, pooler?.linear.outputs ?? 0)
    case .embedding(let embedding): embedding.largestWidth
    case .states: 1
    }
  }
}

/// Where the results of a text go.
protocol OutputSink: AnyObject {
  /// `values` is the text's vector, or its token vectors when states are wanted.
  func take(text: Int, values: UnsafePointer<Float>, count: Int)
  func take(text: Int, report: TextReport)
}

/// One thread's way from texts to vectors: tokenizes, packs, runs the encoder, pools.
///
/// Everything it needs is made at the start, so that a text after warm-up allocates nothing.
final class TextRunner {
  private let model: Model
  private let output: Output
  private let options: PredictionOptions
  private let encoding: EncodeOptions
  private let control: RunControl?
  private unowned let sink: any OutputSink

  private let tokenizerScratch: TokenizerScratch
  private let pack: TokenPack
  private let scratch: EncoderScratch
  private let vector: FloatBuffer
  private let spare: FloatBuffer
  private let logits: FloatBuffer
  /// Sums over windows, in double.
  private let sums: Bytes
  private let packedTexts: Bytes

  /// Packs aim at this many tokens: enough rows for tall tiles, few enough to stay in the cache.
  static let packTokens = 768
  static let packRows = 256

  /// - Parameter tokens: the most tokens this runner will ever pack at once, at least a text's.
  init(
    _ model: Model, _ output: Output, _ options: PredictionOptions, isPair: Bool, tokens: Int,
    control: RunControl?, sink: any OutputSink
  ) throws(PlauditError) {
    self.model = model
    self.output = output
    self.options = options
    self.control = control
    self.sink = sink
    encoding = try options.encoding(model, isPair: isPair)
    let length = try options.length(model)
    tokenizerScratch = TokenizerScratch()
    pack = try TokenPack(tokens: tokens, rows: TextRunner.packRows)
    scratch = try EncoderScratch(
      model.configuration, tokens: tokens, length: min(length, tokens))
    vector = try FloatBuffer(count: output.largestWidth)
    spare = try FloatBuffer(count: output.largestWidth)
    logits = try FloatBuffer(count: output.largestWidth)
    sums = try Bytes(count: output.largestWidth * MemoryLayout<Double>.stride)
    packedTexts = try Bytes(count: TextRunner.packRows * MemoryLayout<Int>.stride)
  }

  /// Tokenizes a text and adds it to the pack; a full pack is run first.
  func add(
    text index: Int, _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?
  ) throws(PlauditError) {
    let windows: Int
    do throws(PlauditError) {
      windows = try model.tokenizer.encodeWindows(
        text, pair: pair, options: encoding, scratch: tokenizerScratch)
    } catch {
      throw error.at(index: Int64(index))
    }
    if windows > 1, options.longText == .windows {
      try flush()
      try runWindows(text: index, windows)
      return
    }
    let row = try model.tokenizer.window(0, scratch: tokenizerScratch)
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
    if !pack.hasRoom(for: row.ids.count) { try flush() }
    try append(row, text: index)
  }

  /// Runs what is packed.
  func flush() throws(PlauditError) {
    guard pack.rowCount > 0 else { return }
    try model.encoder.forward(pack, scratch, control: control)
    let texts = packedTexts.mutable.bindMemory(to: Int.self)
    for row in 0..<pack.rowCount { try finish(row, text: texts[row]) }
    pack.clear()
  }

  private func append(_ row: TokenRow, text: Int) throws(PlauditError) {
    let types = model.configuration.typeCount
    for type in row.typeIds where type < 0 || Int(type) >= types {
      throw PlauditError(
        .unsupported, "the tokenizer gives type id \(type), the model has \(types) types",
        index: Int64(text))
    }
    packedTexts.mutable.bindMemory(to: Int.self)[pack.rowCount] = text
    pack.add(ids: row.ids, typeIds: row.typeIds)
  }

  private func finish(_ row: Int, text: Int) throws(PlauditError) {
    let states = scratch.states + pack.start(row) * model.configuration.hiddenSize
    let length = pack.length(row)
    switch output {
    case .states:
      try deliver(text, states, length * model.configuration.hiddenSize)
    case .embedding(let embedding):
      embedding.forward(states, length: length, into: vector.pointer, spare: spare.pointer)
      try deliver(text, vector.pointer, embedding.width)
    case .scores(let head, let embedding, let pooler, let probabilities):
      computeLogits(head, embedding, pooler, states, length)
      try checkFinite(text, logits.pointer, head.count)
      if probabilities { head.problem.probabilities(logits.pointer, count: head.count) }
      sink.take(text: text, values: logits.pointer, count: head.count)
    }
  }

  /// Hands values on when all are numbers.
  private func deliver(
    _ text: Int, _ values: UnsafePointer<Float>, _ count: Int
  ) throws(PlauditError) {
    try checkFinite(text, values, count)
    sink.take(text: text, values: values, count: count)
  }

  /// Weights are finite, but the largest of them can still carry a product out of a float's range.
  private func checkFinite(
    _ text: Int, _ values: UnsafePointer<Float>, _ count: Int
  ) throws(PlauditError) {
    let bad = nonFiniteCount(values, count: count)
    guard bad == 0 else {
      throw PlauditError(
        .notFinite,
        "the model gives \(bad) values that are NaN or infinite: its weights exceed what single "
          + "precision can multiply", index: Int64(text))
    }
  }

  private func computeLogits(
    _ head: ClassifierHead, _ embedding: SentenceEmbedding?, _ pooler: Dense?,
    _ states: UnsafePointer<Float>, _ length: Int
  ) {
    if let embedding {
      embedding.forward(states, length: length, into: vector.pointer, spare: spare.pointer)
    } else if let pooler {
      pooler.forwardRow(states, into: vector.pointer)
      for column in 0..<pooler.linear.outputs {
        vector.pointer[column] = tanhf(vector.pointer[column])
      }
    }
    head.dense.forwardRow(vector.pointer, into: logits.pointer)
  }

  /// A long text: each window on its own, vectors or logits averaged by new tokens.
  private func runWindows(text index: Int, _ windows: Int) throws(PlauditError) {
    guard let width = output.width else {
      throw PlauditError(
        .invalidArgument, "hidden states have no windows; truncate or refuse long texts",
        index: Int64(index))
    }
    let total = sums.mutable.bindMemory(to: Double.self)
    for column in 0..<width { total[column] = 0 }
    var weights = 0.0
    var report = TextReport()
    report.windowCount = windows
    for window in 0..<windows {
      let row = try model.tokenizer.window(window, scratch: tokenizerScratch)
      let repeated = window == 0 ? 0 : encoding.truncation?.stride ?? 0
      report.tokenCount += row.ids.count
      report.unknownWords = row.unknownCount
      try append(row, text: index)
      try model.encoder.forward(pack, scratch, control: control)
      let weight = Double(max(row.ids.count - repeated, 1))
      let values = windowValues(length: row.ids.count)
      for column in 0..<width { total[column] += weight * Double(values[column]) }
      weights += weight
      pack.clear()
    }
    sink.take(text: index, report: report)
    for column in 0..<width { logits.pointer[column] = Float(total[column] / weights) }
    try checkFinite(index, logits.pointer, width)
    switch output {
    case .scores(let head, _, _, true):
      head.problem.probabilities(logits.pointer, count: width)
    case .embedding(let embedding) where embedding.isNormalized:
      Pooling.normalize(logits.pointer, width: width)
    default: break
    }
    sink.take(text: index, values: logits.pointer, count: width)
  }

  private func windowValues(length: Int) -> UnsafePointer<Float> {
    switch output {
    case .scores(let head, let embedding, let pooler, _):
      computeLogits(head, embedding, pooler, scratch.states, length)
      return UnsafePointer(logits.pointer)
    case .embedding(let embedding):
      embedding.forward(
        scratch.states, length: length, into: vector.pointer, spare: spare.pointer)
      return UnsafePointer(vector.pointer)
    case .states: return UnsafePointer(scratch.states)
    }
  }
}
