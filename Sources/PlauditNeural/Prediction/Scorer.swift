package import PlauditCore
import PlauditTensor
import PlauditText

/// Scores single texts on the caller's thread, without allocating once it is warm.
package final class Scorer {
  package let model: Model
  private let scores: SingleText?
  private let embedding: SingleText?

  package init(_ model: Model, _ options: PredictionOptions) throws(PlauditError) {
    self.model = model
    scores = model.head == nil ? nil : try SingleText(model, model.scoreOutput(options), options)
    let vector = try? options.embedding(model)
    embedding =
      try vector.map { (vector) throws(PlauditError) in
        try SingleText(model, .embedding(vector), options)
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
  private var runner: TextRunner?
  private var target: UnsafeMutablePointer<Float>?
  private var report = TextReport()

  init(_ model: Model, _ output: Output, _ options: PredictionOptions) throws(PlauditError) {
    width = output.width ?? 0
    runner = try TextRunner(
      model, output, options, isPair: false, tokens: options.length(model), control: nil,
      sink: self)
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
