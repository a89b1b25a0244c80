import Glibc
package import PlauditCore
import PlauditTensor
package import PlauditText

extension Model {
  /// Scores of every text into `scores` `[count, labels]`.
  ///
  /// - Parameters:
  ///   - labels: `[count]`, the highest score's index for single-label heads, -1 otherwise.
  ///   - reports: `[count]`, what became of each text.
  package func predict(
    _ texts: TextBatch, pairs: TextBatch?, _ options: PredictionOptions, threads: Int,
    control: RunControl, scores: UnsafeMutableBufferPointer<Float>,
    reports: ((Int, TextReport) -> Void)?
  ) throws(PlauditError) {
    let output = try scoreOutput(options)
    try BatchPrediction(
      self, texts, pairs, options, output, control, .predicting, values: scores, offsets: nil,
      reports: reports
    ).run(threads: threads)
  }

  /// Embeddings of every text into `vectors` `[count, embedding width]`.
  package func embed(
    _ texts: TextBatch, _ options: PredictionOptions, threads: Int, control: RunControl,
    vectors: UnsafeMutableBufferPointer<Float>, reports: ((Int, TextReport) -> Void)?
  ) throws(PlauditError) {
    let output = Output.embedding(try options.embedding(self))
    try BatchPrediction(
      self, texts, nil, options, output, control, .embedding, values: vectors, offsets: nil,
      reports: reports
    ).run(threads: threads)
  }

  /// Last hidden states of every text into `states` `[tokens, hidden size]`; text `i` starts at
  /// row `offsets[i]`, which `tokenOffsets` computed for the same arguments.
  package func hiddenStates(
    _ texts: TextBatch, pairs: TextBatch?, _ options: PredictionOptions, threads: Int,
    control: RunControl, states: UnsafeMutableBufferPointer<Float>,
    offsets: UnsafeBufferPointer<Int64>
  ) throws(PlauditError) {
    try BatchPrediction(
      self, texts, pairs, options, .states, control, .predicting, values: states,
      offsets: offsets, reports: nil
    ).run(threads: threads)
  }

  /// How many tokens each text has: `offsets[i + 1] - offsets[i]`.
  package func tokenOffsets(
    _ texts: TextBatch, pairs: TextBatch?, _ options: PredictionOptions, control: RunControl,
    offsets: UnsafeMutableBufferPointer<Int64>
  ) throws(PlauditError) {
    guard options.longText != .windows else {
      throw PlauditError(
        .invalidArgument, "hidden states have no windows; truncate or refuse long texts")
    }
    let encoding = try options.encoding(self, isPair: pairs != nil)
    let scratch = TokenizerScratch()
    var total: Int64 = 0
    for index in 0..<texts.count {
      offsets[index] = total
      if index & 63 == 0 { try control.check() }
      if texts.isNull(index) || pairs?.isNull(index) == true { continue }
      do throws(PlauditError) {
        let row = try tokenizer.encodeRow(
          texts.text(index), pair: pairs?.text(index), options: encoding, scratch: scratch)
        total += Int64(row.ids.count)
      } catch {
        throw error.at(index: Int64(index))
      }
    }
    offsets[texts.count] = total
  }

  func scoreOutput(_ options: PredictionOptions) throws(PlauditError) -> Output {
    guard let head else {
      throw PlauditError(
        .invalidState,
        "the model has no head to score with; embed texts, or train a head on it")
    }
    return .scores(
      head, on: headOnEmbedding ? sentence : nil, pooler: headOnEmbedding ? nil : pooler,
      probabilities: options.probabilities)
  }
}

/// A batch on its way through the threads: groups of neighbouring texts are the tasks.
///
/// Each text's values go to its own place, so neither the order of tasks nor the number of
/// threads shows in the result.
private final class BatchPrediction: ParallelWork, OutputSink {
  private let model: Model
  private let texts: TextBatch
  private let pairs: TextBatch?
  private let options: PredictionOptions
  private let output: Output
  private let control: RunControl
  private let phase: Progress.Phase
  private let values: UnsafeMutableBufferPointer<Float>
  private let offsets: UnsafeBufferPointer<Int64>?
  private let reports: ((Int, TextReport) -> Void)?
  private var runners: [TextRunner] = []
  private var groupSize = 1
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  // Guarded by the lock.
  private var failure: PlauditError?
  private var textsDone = 0

  private static let largestGroup = 32

  init(
    _ model: Model, _ texts: TextBatch, _ pairs: TextBatch?, _ options: PredictionOptions,
    _ output: Output, _ control: RunControl, _ phase: Progress.Phase,
    values: UnsafeMutableBufferPointer<Float>, offsets: UnsafeBufferPointer<Int64>?,
    reports: ((Int, TextReport) -> Void)?
  ) throws(PlauditError) {
    if let pairs, pairs.count != texts.count {
      throw PlauditError(
        .invalidArgument, "there are \(texts.count) texts and \(pairs.count) pairs")
    }
    self.model = model
    self.texts = texts
    self.pairs = pairs
    self.options = options
    self.output = output
    self.control = control
    self.phase = phase
    self.values = values
    self.offsets = offsets
    self.reports = reports
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  func run(threads: Int) throws(PlauditError) {
    try control.check()
    // Also an empty batch has its options checked.
    let length = try options.length(model)
    _ = try options.encoding(model, isPair: pairs != nil)
    guard texts.count > 0 else { return }
    let workers = min(threads, texts.count)
    groupSize = max(1, min(BatchPrediction.largestGroup, texts.count / (workers * 4)))
    let groups = (texts.count + groupSize - 1) / groupSize
    let tokens = packCapacity(length: length)
    for _ in 0..<min(workers, groups) {
      runners.append(
        try TextRunner(
          model, output, options, isPair: pairs != nil, tokens: tokens, control: control,
          sink: self))
    }
    WorkerPool.run(tasks: groups, threads: runners.count, self)
    if let failure { throw failure }
    control.report(phase, done: texts.count, total: texts.count, force: true)
    try control.check()
  }

  /// Small batches get small packs: a text has at most as many tokens as bytes, and the special
  /// ones.
  private func packCapacity(length: Int) -> Int {
    var possible = 0
    for index in 0..<min(texts.count, groupSize * 2) {
      let bytes = texts.text(index).count + (pairs?.text(index).count ?? 0)
      possible += min(length, bytes * 3 + 8)
    }
    return texts.count > groupSize * 2
      ? max(TextRunner.packTokens, length) : max(min(possible, TextRunner.packTokens), length)
  }

  // MARK: ParallelWork

  func perform(task: Int, worker: Int) {
    guard worker < runners.count, !hasFailed else { return }
    let runner = runners[worker]
    let first = task * groupSize
    let last = min(first + groupSize, texts.count)
    do throws(PlauditError) {
      for index in first..<last {
        if texts.isNull(index) || pairs?.isNull(index) == true {
          takeNull(index)
        } else {
          try runner.add(text: index, texts.text(index), pair: pairs?.text(index))
        }
      }
      try runner.flush()
    } catch {
      fail(error)
    }
    pthread_mutex_lock(lock)
    textsDone += last - first
    pthread_mutex_unlock(lock)
  }

  func tick() {
    pthread_mutex_lock(lock)
    let done = textsDone
    let failed = failure != nil
    pthread_mutex_unlock(lock)
    // The end is told once, by `run`.
    if !failed, done < texts.count { control.report(phase, done: done, total: texts.count) }
  }

  private var hasFailed: Bool {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return failure != nil
  }

  /// Of several errors the one with the lowest row is reported.
  private func fail(_ error: PlauditError) {
    pthread_mutex_lock(lock)
    if failure.map({ error.index >= 0 && error.index < $0.index }) ?? true { failure = error }
    pthread_mutex_unlock(lock)
  }

  // MARK: OutputSink

  func take(text: Int, values vector: UnsafePointer<Float>, count: Int) {
    let start: Int
    if let offsets {
      start = Int(offsets[text]) * model.configuration.hiddenSize
    } else {
      start = text * (output.width ?? 0)
    }
    guard let base = values.baseAddress, start + count <= values.count else { return }
    (base + start).update(from: vector, count: count)
  }

  func take(text: Int, report: TextReport) { reports?(text, report) }

  private func takeNull(_ text: Int) {
    reports?(text, TextReport())
    guard let width = output.width, let base = values.baseAddress else { return }
    (base + text * width).update(repeating: .nan, count: width)
  }
}
