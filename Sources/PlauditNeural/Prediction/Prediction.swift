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
    let (wanted, width) = try wantedScores(options)
    try BatchPrediction(
      self, texts, pairs, options, wanted, width: width, control, .predicting, values: scores,
      offsets: nil, reports: reports
    ).run(threads: threads)
  }

  /// Embeddings of every text into `vectors` `[count, embedding width]`.
  package func embed(
    _ texts: TextBatch, _ options: PredictionOptions, threads: Int, control: RunControl,
    vectors: UnsafeMutableBufferPointer<Float>, reports: ((Int, TextReport) -> Void)?
  ) throws(PlauditError) {
    let width = try options.embedding(self).width
    try BatchPrediction(
      self, texts, nil, options, .embedding, width: width, control, .embedding, values: vectors,
      offsets: nil, reports: reports
    ).run(threads: threads)
  }

  /// Last hidden states of every text into `states` `[tokens, hidden size]`; text `i` starts at
  /// row `offsets[i]`, which `tokenOffsets` computed for the same arguments.
  package func hiddenStates(
    _ texts: TextBatch, pairs: TextBatch?, _ options: PredictionOptions, threads: Int,
    control: RunControl, states: UnsafeMutableBufferPointer<Float>,
    offsets: UnsafeBufferPointer<Int64>
  ) throws(PlauditError) {
    _ = try encoder(for: "hidden states")
    try BatchPrediction(
      self, texts, pairs, options, .states, width: nil, control, .predicting, values: states,
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
    let encoder = try encoder(for: "hidden states")
    let encoding = try options.encoding(encoder, isPair: pairs != nil)
    let scratch = TokenizerScratch()
    let cleaned = CleaningScratch()
    let cleanedPair = CleaningScratch()
    var total: Int64 = 0
    for index in 0..<texts.count {
      offsets[index] = total
      if index & 63 == 0 { try control.check() }
      if texts.isNull(index) || pairs?.isNull(index) == true { continue }
      do throws(PlauditError) {
        var text = texts.text(index)
        var pair = pairs?.text(index)
        if let cleaning {
          text = try cleaning.apply(text, into: cleaned, control: control).bytes
          pair = try pair.map { (raw) throws(PlauditError) in
            try cleaning.apply(raw, into: cleanedPair, control: control).bytes
          }
        }
        let row = try encoder.tokenizer.encodeRow(
          text, pair: pair, options: encoding, scratch: scratch, control: control)
        total += Int64(row.ids.count)
      } catch {
        throw error.isStop ? error : error.at(index: Int64(index))
      }
    }
    offsets[texts.count] = total
  }

  /// The scores of these options and how many there are.
  func wantedScores(
    _ options: PredictionOptions
  ) throws(PlauditError) -> (wanted: Wanted, width: Int) {
    guard let head else {
      throw PlauditError(
        .invalidState,
        "the model has no head to score with; embed texts, or train a head on it")
    }
    let finish = ScoreFinish(
      head.problem, probabilities: options.probabilities, calibration: calibration)
    return (.scores(finish), head.count)
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
  private let wanted: Wanted
  /// The values a text gives, nil for as many as it has tokens.
  private let width: Int?
  private let control: RunControl
  private let phase: Progress.Phase
  private let values: UnsafeMutableBufferPointer<Float>
  private let offsets: UnsafeBufferPointer<Int64>?
  private let reports: ((Int, TextReport) -> Void)?
  private var runners: [any TextRunner] = []
  private var groupSize = 1
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  // Guarded by the lock.
  private var failure: PlauditError?
  private var textsDone = 0

  private static let largestGroup = 32

  init(
    _ model: Model, _ texts: TextBatch, _ pairs: TextBatch?, _ options: PredictionOptions,
    _ wanted: Wanted, width: Int?, _ control: RunControl, _ phase: Progress.Phase,
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
    self.wanted = wanted
    self.width = width
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
    try model.body.check(options, isPair: pairs != nil)
    guard texts.count > 0 else { return }
    let team = teamThreads(threads)
    let workers = team > 1 ? 1 : min(threads, texts.count)
    groupSize =
      team > 1
      ? texts.count : max(1, min(BatchPrediction.largestGroup, texts.count / (workers * 4)))
    let groups = (texts.count + groupSize - 1) / groupSize
    let setting = RunnerSetting(
      isPair: pairs != nil, mostBytes: mostBytes, threads: team, control: control, sink: self)
    for _ in 0..<min(workers, groups) {
      runners.append(try model.runner(wanted, options, setting))
    }
    WorkerPool.run(tasks: groups, threads: runners.count, self)
    if let failure { throw failure }
    control.report(phase, done: texts.count, total: texts.count, force: true)
    try control.check()
  }

  /// The threads that share the layers of all texts, where they are more than there are texts to
  /// share, or as many and the texts so short that one pack holds them; else 1.
  private func teamThreads(_ threads: Int) -> Int {
    let cores = min(threads, WorkerPool.availableThreads)
    guard cores > 1, texts.count <= cores * 2 else { return 1 }
    let team = model.body.teamThreads(cores)
    let fits = byteCount <= EncoderRunner.packTokens * 2
    return team > min(cores, texts.count) || fits && team >= min(cores, texts.count) ? team : 1
  }

  /// The bytes of a small batch, for which small packs suffice.
  private var mostBytes: Int? { texts.count <= groupSize * 2 ? byteCount : nil }

  private var byteCount: Int {
    var bytes = 0
    for index in 0..<texts.count {
      bytes += texts.text(index).count + (pairs?.text(index).count ?? 0)
    }
    return bytes + texts.count * 4
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
      start = Int(offsets[text]) * model.hiddenSize
    } else {
      start = text * (width ?? 0)
    }
    guard let base = values.baseAddress, start + count <= values.count else { return }
    (base + start).update(from: vector, count: count)
  }

  func take(text: Int, report: TextReport) { reports?(text, report) }

  private func takeNull(_ text: Int) {
    reports?(text, TextReport())
    guard let width, let base = values.baseAddress else { return }
    (base + text * width).update(repeating: .nan, count: width)
  }
}
