package import PlauditCore
import PlauditStats
import PlauditTensor

/// What is wanted of each text.
package enum Wanted {
  case scores(ScoreFinish)
  case embedding
  /// All token vectors.
  case states
}

/// From a text's logits to what is handed on.
package struct ScoreFinish {
  let problem: Problem
  let probabilities: Bool
  let calibration: Calibration?

  init(_ problem: Problem, probabilities: Bool, calibration: Calibration? = nil) {
    self.problem = problem
    self.probabilities = probabilities
    self.calibration = calibration
  }

  /// Turns finite logits into the scores that were asked for, in place.
  func apply(_ logits: UnsafeMutablePointer<Float>, count: Int) {
    guard probabilities else { return }
    guard let calibration, calibration.columns == count else {
      return problem.probabilities(logits, count: count)
    }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { room in
      for label in 0..<count { room[label] = Double(logits[label]) }
      // Its only errors are lengths that do not fit and logits that are not finite.
      try? calibration.apply(logits: UnsafeBufferPointer(room), probabilities: room)
      for label in 0..<count { logits[label] = Float(room[label]) }
    }
  }
}

/// Where the results of a text go.
package protocol OutputSink: AnyObject {
  /// `values` is the text's vector, or its token vectors when states are wanted.
  func take(text: Int, values: UnsafePointer<Float>, count: Int)
  func take(text: Int, report: TextReport)
}

/// What a runner needs to know besides the model and the options.
package struct RunnerSetting {
  package var isPair: Bool
  /// The bytes of all texts it will see between two flushes, nil for what suits a large batch and
  /// 0 for one text at a time.
  package var mostBytes: Int?
  /// The threads that may share a text's layers; see `EncoderBody.teamThreads`.
  package var threads = 1
  package var control: RunControl?
  package unowned var sink: any OutputSink

  init(
    isPair: Bool, mostBytes: Int?, threads: Int = 1, control: RunControl?, sink: any OutputSink
  ) {
    self.isPair = isPair
    self.mostBytes = mostBytes
    self.threads = threads
    self.control = control
    self.sink = sink
  }
}

/// One thread's way from texts to results, which go to its sink at the latest with `flush`.
///
/// What a text gives does not depend on the texts around it.
package protocol TextRunner: AnyObject {
  func add(
    text index: Int, _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?
  ) throws(PlauditError)
  func flush() throws(PlauditError)
}

extension Model {
  func runner(
    _ wanted: Wanted, _ options: PredictionOptions, _ setting: RunnerSetting
  ) throws(PlauditError) -> any TextRunner {
    let runner = try body.runner(wanted, options, setting)
    guard let cleaning, !cleaning.isIdentity else { return runner }
    return CleaningRunner(cleaning, runner, setting.control)
  }
}

/// Weights are finite, but the largest of them can still carry a product out of a float's range.
func checkFinite(
  text: Int, _ values: UnsafePointer<Float>, _ count: Int
) throws(PlauditError) {
  let bad = nonFiniteCount(values, count: count)
  guard bad == 0 else {
    throw PlauditError(
      .notFinite,
      "the model gives \(bad) values that are NaN or infinite: its weights exceed what single "
        + "precision can multiply", index: Int64(text))
  }
}
