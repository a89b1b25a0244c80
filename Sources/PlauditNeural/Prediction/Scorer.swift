package import PlauditCore
import PlauditTensor
import PlauditText

/// Scores single texts; on the caller's thread alone it allocates nothing once it is warm.
package final class Scorer {
  package let model: Model
  private let scores: SingleText?
  private let embedding: SingleText?

  package init(_ model: Model, _ options: PredictionOptions) throws(PlauditError) {
    self.model = model
    if model.head == nil {
      scores = nil
    } else {
      let (wanted, width) = try model.wantedScores(options)
      scores = try SingleText(model, wanted, width: width, options)
    }
    let vector = try? options.embedding(model)
    embedding =
      try vector.map { (vector) throws(PlauditError) in
        try SingleText(model, .embedding, width: vector.width, options)
      }
  }

  /// The floats `score` writes; nil without a head.
  package var scoreCount: Int? { scores?.width }
  /// The floats `embed` writes; nil without a pooling.
  package var embeddingWidth: Int? { embedding?.width }

  /// - Parameter values: room for `scoreCount`.
  package func score(
    _ text: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) throws(PlauditError) -> TextReport {
    guard let scores else {
      throw PlauditError(.invalidState, "the model has no head to score with")
    }
    return try scores.run(text, into: values)
  }

  /// - Parameter values: room for `embeddingWidth`.
  package func embed(
    _ text: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) throws(PlauditError) -> TextReport {
    guard let embedding else {
      throw PlauditError(
        .invalidArgument, "neither the model folder nor the options name a pooling")
    }
    return try embedding.run(text, into: values)
  }
}

private final class SingleText: OutputSink {
  let width: Int
  private var runner: (any TextRunner)?
  private var target: UnsafeMutablePointer<Float>?
  private var report = TextReport()

  init(
    _ model: Model, _ wanted: Wanted, width: Int, _ options: PredictionOptions
  ) throws(PlauditError) {
    self.width = width
    try model.body.check(options, isPair: false)
    runner = try model.runner(
      wanted, options,
      RunnerSetting(
        isPair: false, mostBytes: 0,
        threads: model.body.teamThreads(
          min(options.scorerThreads, WorkerPool.availableThreads)), control: nil, sink: self))
  }

  func run(
    _ text: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) throws(PlauditError) -> TextReport {
    guard let runner else { throw PlauditError(.internal, "a scorer without a runner") }
    guard text.count <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit, "the text has \(text.count) bytes, allowed are \(TextBatch.maximumTextBytes)")
    }
    guard values.count >= width else {
      throw PlauditError(
        .bufferTooSmall, "there is room for \(values.count) values, \(width) are needed")
    }
    target = values.baseAddress
    defer { target = nil }
    try runner.add(text: 0, text, pair: nil)
    try runner.flush()
    return report
  }

  func take(text: Int, values: UnsafePointer<Float>, count: Int) {
    target?.update(from: values, count: count)
  }

  func take(text: Int, report: TextReport) { self.report = report }
}
