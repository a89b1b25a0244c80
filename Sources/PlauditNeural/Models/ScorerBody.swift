import PlauditCore
import PlauditText

/// A classifier that scores one text at a time without a tape: linear models and lexicons.
final class ScorerBody<Scorer: TextScorer>: ModelBody {
  let scorer: Scorer
  let parameterCount: Int
  private let architecture: String
  private let write: (String) throws(PlauditError) -> JSONValue

  /// - Parameter write: writes the model's files into a folder and returns its config.json.
  init(
    _ scorer: Scorer, architecture: String, parameterCount: Int,
    write: @escaping (String) throws(PlauditError) -> JSONValue
  ) {
    self.scorer = scorer
    self.architecture = architecture
    self.parameterCount = parameterCount
    self.write = write
  }

  var hiddenSize: Int { 0 }
  var layerCount: Int { 0 }
  var maxLength: Int { TextBatch.maximumTextBytes }

  func check(_ options: PredictionOptions, isPair: Bool) throws(PlauditError) {
    guard !isPair else { throw PlauditError(.unsupported, "\(architecture) takes no pairs") }
    guard options.maxLength == nil, options.longText != .windows else {
      throw PlauditError(
        .unsupported,
        "\(architecture) reads texts of any length whole; leave max_length and "
          + "windows out")
    }
  }

  func runner(
    _ wanted: Wanted, _ options: PredictionOptions, _ setting: RunnerSetting
  ) throws(PlauditError) -> any TextRunner {
    guard case .scores(let finish) = wanted else {
      throw PlauditError(.unsupported, "\(architecture) has no vectors")
    }
    return try ScorerRunner(scorer, finish, options, setting)
  }

  func save(to path: String, storage: WeightStorage) throws(PlauditError) -> JSONValue {
    guard storage == .float32 else {
      throw PlauditError(.unsupported, "\(architecture) is stored as F32 only")
    }
    return try write(path)
  }
}

private final class ScorerRunner<Scorer: TextScorer>: TextRunner {
  private let scorer: Scorer
  private let scratch: Scorer.Scratch
  private let finish: ScoreFinish
  private let repairs: Bool
  private let control: RunControl?
  private unowned let sink: any OutputSink
  private let logits: Bytes

  init(
    _ scorer: Scorer, _ finish: ScoreFinish, _ options: PredictionOptions, _ setting: RunnerSetting
  ) throws(PlauditError) {
    self.scorer = scorer
    scratch = try scorer.makeScratch()
    self.finish = finish
    repairs = options.invalidUTF8 == .replace
    control = setting.control
    sink = setting.sink
    logits = try Bytes(count: scorer.classCount * MemoryLayout<Float>.stride)
  }

  func add(
    text index: Int, _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?
  ) throws(PlauditError) {
    guard let values = logits.mutable.bindMemory(to: Float.self).baseAddress else { return }
    do throws(PlauditError) {
      try control?.check()
      if repairs, UTF8Text.firstFault(text) != nil {
        // U+FFFD for each maximal subpart, as the tokenizers put it.
        let held = try Bytes(copying: [UInt8](String(decoding: text, as: UTF8.self).utf8))
        try scorer.score(held.readable, scratch, control: control, into: values)
      } else {
        try scorer.score(text, scratch, control: control, into: values)
      }
      try checkFinite(text: index, values, scorer.classCount)
    } catch {
      throw error.at(index: Int64(index))
    }
    finish.apply(values, count: scorer.classCount)
    var report = TextReport()
    report.windowCount = 1
    sink.take(text: index, report: report)
    sink.take(text: index, values: values, count: scorer.classCount)
  }

  func flush() throws(PlauditError) {}
}

extension TfidfLogisticRegression {
  static func build(_ description: FolderDescription) throws(PlauditError) -> Model {
    let loaded = try load(path: description.path, limitBytes: description.limitBytes)
    return Model(architecture: architecture, loaded.body, loaded.scoring)
  }

  var scoring: Scoring { Scoring(labels: labels, problem: .singleLabel) }

  var body: any ModelBody {
    ScorerBody(
      self, architecture: TfidfLogisticRegression.architecture, parameterCount: parameterCount
    ) { (path) throws(PlauditError) in
      try self.save(to: path)
      return try FolderDescription(
        path: path, limitBytes: ModelFolder.defaultLimitBytes
      ).json
    }
  }
}

extension HashedLinear {
  static func build(_ description: FolderDescription) throws(PlauditError) -> Model {
    let loaded = try load(path: description.path, limitBytes: description.limitBytes)
    return Model(architecture: architecture, loaded.body, loaded.scoring)
  }

  var scoring: Scoring { Scoring(labels: labels, problem: .singleLabel) }

  var body: any ModelBody {
    ScorerBody(self, architecture: HashedLinear.architecture, parameterCount: parameterCount) {
      (path) throws(PlauditError) in
      try self.save(to: path)
      return try FolderDescription(
        path: path, limitBytes: ModelFolder.defaultLimitBytes
      ).json
    }
  }
}
