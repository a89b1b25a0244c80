public import CPlaudit
import Glibc
import PlauditCore
import PlauditNeural
import PlauditTensor
import PlauditText

// The neural section of plaudit.h.

/// A model as hosts hold it, its names C strings.
final class ModelObject {
  let model: Model
  let architecture: UnsafeMutablePointer<CChar>?
  let labels: [UnsafeMutablePointer<CChar>?]
  let cleaning: UnsafeMutablePointer<CChar>?
  let calibration: UnsafeMutablePointer<CChar>?

  init(_ model: Model) {
    self.model = model
    architecture = strdup(model.architecture)
    labels = model.head?.labels.names.map { strdup($0) } ?? []
    cleaning = model.cleaning.flatMap { strdup($0.name) }
    calibration = model.calibration.flatMap { strdup($0.method.rawValue) }
  }

  deinit {
    free(architecture)
    free(cleaning)
    free(calibration)
    for label in labels { free(label) }
  }
}

let models = Handle<ModelObject>(kind: .model, name: "plaudit_model", exclusive: false)
let scorers = Handle<Scorer>(kind: .scorer, name: "plaudit_scorer", exclusive: true)

// MARK: Runs

/// Runs `body` with what the host wants of a long call.
func withRun(
  _ pointer: UnsafePointer<plaudit_run_options>?,
  _ body: (_ control: RunControl, _ threads: Int) throws -> Void
) throws {
  let given = try options(pointer, zero: plaudit_run_options(), "run")
  try choice(given.threads, "threads", in: 0...Int32(WorkerPool.maximumThreads))
  let interval = try counted(given.progress_interval_ms, "progress_interval_ms")
  let limit = try counted(given.timeout_ms, "timeout_ms")
  let threads = given.threads == 0 ? WorkerPool.availableThreads : Int(given.threads)
  var callback: RunControl.Callback?
  if let progress = given.progress {
    let userData = given.progress_user_data
    callback = { report(to: progress, userData, $0) }
  }
  func run(_ cancellation: Cancellation?) throws {
    let control = RunControl(
      cancellation: cancellation, limitMilliseconds: Int64(limit),
      intervalMilliseconds: interval == 0 ? 100 : Int64(interval), callback: callback)
    try body(control, threads)
  }
  if let cancel = given.cancel {
    try cancels.use(cancel, "run->cancel") { try run($0) }
  } else {
    try run(nil)
  }
}

private func report(
  to callback: plaudit_progress_fn, _ userData: UnsafeMutableRawPointer?, _ progress: Progress
) -> Bool {
  var given = plaudit_progress(
    struct_size: Int64(MemoryLayout<plaudit_progress>.size), done: Int64(progress.done),
    total: Int64(progress.total), seconds_elapsed: progress.secondsElapsed,
    seconds_left: progress.secondsLeft, loss: progress.loss, phase: progress.phase.rawValue,
    reserved: 0, step: Int64(progress.step), per_second: progress.perSecond)
  return callback(&given, userData) == 0
}

// MARK: Options

private func predictionOptions(
  _ pointer: UnsafePointer<plaudit_predict_options>?
) throws(PlauditError) -> PredictionOptions {
  let given = try options(pointer, zero: plaudit_predict_options(), "options")
  var wanted = PredictionOptions()
  if given.max_length != 0 { wanted.maxLength = try counted(given.max_length, "max_length") }
  if given.window_stride != 0 {
    wanted.windowStride = try counted(given.window_stride, "window_stride")
  }
  guard let longText = PredictionOptions.LongText(rawValue: given.long_text) else {
    throw PlauditError(.outOfRange, "long_text is \(given.long_text), allowed are 0 to 2")
  }
  wanted.longText = longText
  wanted.probabilities = try !flag(given.scores, "scores")
  wanted.pooling = try pooling(given.pooling)
  wanted.normalize = try normalize(given.normalize)
  wanted.invalidUTF8 = try invalidUTF8(given.invalid_utf8)
  wanted.plainSpecialText = try isPlain(given.special_text)
  try choice(given.scorer_threads, "scorer_threads", in: 0...Int32(WorkerPool.maximumThreads))
  wanted.scorerThreads = max(Int(given.scorer_threads), 1)
  return wanted
}

func pooling(_ bits: Int32) throws(PlauditError) -> Pooling? {
  try choice(bits, "pooling", in: 0...Pooling.all.rawValue)
  return bits == 0 ? nil : Pooling(rawValue: bits)
}

func normalize(_ number: Int32) throws(PlauditError) -> Bool? {
  try choice(number, "normalize", in: 0...2)
  return number == 0 ? nil : number == 1
}

extension plaudit_text_report {
  fileprivate init(_ report: TextReport) {
    self.init(
      token_count: Int64(report.tokenCount), dropped_tokens: Int64(report.droppedTokens),
      unknown_words: Int64(report.unknownWords), window_count: Int64(report.windowCount))
  }
}

/// Where reports go; nil when the host wants none.
private func reports(
  into pointer: UnsafeMutablePointer<plaudit_text_report>?
) -> ((Int, TextReport) -> Void)? {
  pointer.map { slots in { slots[$0] = plaudit_text_report($1) } }
}

private func precision(_ number: Int32) throws(PlauditError) -> PrecisionChoice {
  guard let choice = PrecisionChoice(rawValue: number) else {
    throw PlauditError(.outOfRange, "precision is \(number), allowed are 0 to 3")
  }
  return choice
}

// MARK: Model

@implementation @_cdecl("plaudit_model_load")
public func plaudit_model_load(
  _ path: UnsafePointer<CChar>?, _ path_length: Int64,
  _ options: UnsafePointer<plaudit_model_options>?,
  _ out_model: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_model?.pointee = nil
  return call(error) {
    let slot = try required(out_model, "out_model")
    let given = try PlauditABI.options(options, zero: plaudit_model_options(), "options")
    let limit = try counted(given.max_bytes, "max_bytes")
    let isDefault = path == nil && (path_length == -1 || path_length == 0)
    let folder = try isDefault ? DefaultModel.find() : string(path, path_length, "path")
    let model = try Model.load(
      path: folder, limitBytes: limit == 0 ? nil : limit, precision: precision(given.precision))
    slot.pointee = try models.make(ModelObject(model))
  }
}

@implementation @_cdecl("plaudit_model_save")
public func plaudit_model_save(
  _ model: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ path_length: Int64,
  _ error: ErrorSlot?
) -> plaudit_status {
  plaudit_model_save_as(model, path, path_length, nil, error)
}

@implementation @_cdecl("plaudit_model_save_as")
public func plaudit_model_save_as(
  _ model: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ path_length: Int64,
  _ options: UnsafePointer<plaudit_save_options>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try models.use(model, "model") {
      let folder = try string(path, path_length, "path")
      guard !folder.isEmpty else { throw PlauditError(.invalidArgument, "path is empty") }
      let given = try PlauditABI.options(options, zero: plaudit_save_options(), "options")
      guard let storage = WeightStorage(rawValue: given.storage) else {
        throw PlauditError(.outOfRange, "storage is \(given.storage), allowed are 0 to 1")
      }
      try $0.model.save(to: folder, storage: storage)
    }
  }
}

@implementation @_cdecl("plaudit_model_free")
public func plaudit_model_free(_ model: UnsafeMutablePointer<OpaquePointer?>?) {
  models.free(model)
}

@implementation @_cdecl("plaudit_model_get_info")
public func plaudit_model_get_info(
  _ model: OpaquePointer?, _ out_info: UnsafeMutablePointer<plaudit_model_info>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try models.use(model, "model") { object in
      let slot = try output(out_info, "out_info")
      let model = object.model
      var info = plaudit_model_info()
      info.struct_size = slot.pointee.struct_size
      info.architecture = object.architecture.map { UnsafePointer($0) }
      info.hidden_size = Int64(model.hiddenSize)
      info.layer_count = Int64(model.body.layerCount)
      info.embedding_size = Int64(model.sentence?.width ?? 0)
      info.max_length = Int64(model.maxLength)
      info.parameter_count = Int64(model.parameterCount)
      info.label_count = Int64(model.head?.count ?? 0)
      info.problem = (model.head?.problem ?? .none).rawValue
      info.pooling = model.sentence?.pooling.rawValue ?? 0
      info.normalized = model.sentence?.isNormalized == true ? 1 : 0
      info.labels_unnamed = model.head?.labels.areNamed == false ? 1 : 0
      info.cleaning = object.cleaning.map { UnsafePointer($0) }
      info.calibration = object.calibration.map { UnsafePointer($0) }
      info.precision = model.precision.rawValue
      slot.pointee = info
    }
  }
}

@implementation @_cdecl("plaudit_model_label")
public func plaudit_model_label(
  _ model: OpaquePointer?, _ index: Int64,
  _ out_name: UnsafeMutablePointer<UnsafePointer<CChar>?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_name?.pointee = nil
  return call(error) {
    try models.use(model, "model") {
      let slot = try required(out_name, "out_name")
      guard index >= 0, index < $0.labels.count else {
        throw PlauditError(
          .outOfRange, "label \(index) of \($0.labels.count); indices start at 0", index: index)
      }
      slot.pointee = $0.labels[Int(index)].map { UnsafePointer($0) }
    }
  }
}

@implementation @_cdecl("plaudit_model_label_index")
public func plaudit_model_label_index(
  _ model: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ length: Int64,
  _ out_index: UnsafeMutablePointer<Int32>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_index?.pointee = 0
  return call(error) {
    try models.use(model, "model") {
      let slot = try required(out_index, "out_index")
      let wanted = try string(name, length, "name")
      guard let head = $0.model.head else {
        throw PlauditError(.notFound, "there is no label \(wanted): the model has no head")
      }
      slot.pointee = Int32(truncatingIfNeeded: try head.labels.index(of: wanted))
    }
  }
}

@implementation @_cdecl("plaudit_model_at_precision")
public func plaudit_model_at_precision(
  _ model: OpaquePointer?, _ precision: Int32, _ out_model: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_model?.pointee = nil
  return call(error) {
    try models.use(model, "model") {
      let slot = try required(out_model, "out_model")
      let made = try $0.model.at(precision: PlauditABI.precision(precision))
      slot.pointee = try models.make(ModelObject(made))
    }
  }
}

@implementation @_cdecl("plaudit_model_precision_report")
public func plaudit_model_precision_report(
  _ model: OpaquePointer?, _ precision: Int32, _ texts: UnsafePointer<plaudit_text_batch>?,
  _ pairs: UnsafePointer<plaudit_text_batch>?, _ options: UnsafePointer<plaudit_predict_options>?,
  _ run: UnsafePointer<plaudit_run_options>?,
  _ out_report: UnsafeMutablePointer<plaudit_precision_report>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try models.use(model, "model") { object in
      let choice = try PlauditABI.precision(precision)
      let wanted = try predictionOptions(options)
      let slot = try output(out_report, "out_report")
      try withRun(run) { control, threads in
        try withTexts(texts, "texts") { texts in
          try withPairs(pairs) { pairs in
            let made = try object.model.precisionReport(
              choice, texts, pairs: pairs, wanted, threads: threads, control: control)
            slot.pointee = plaudit_precision_report(
              struct_size: slot.pointee.struct_size, text_count: Int64(made.textCount),
              flip_count: Int64(made.flipCount), flip_rate: made.flipRate,
              largest_difference: made.largestDifference, mean_difference: made.meanDifference,
              worst_text: Int64(made.worstText), precision: made.precision.rawValue, reserved: 0)
          }
        }
      }
    }
  }
}

@implementation @_cdecl("plaudit_model_tokenizer")
public func plaudit_model_tokenizer(
  _ model: OpaquePointer?, _ out_tokenizer: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_tokenizer?.pointee = nil
  return call(error) {
    try models.use(model, "model") {
      let slot = try required(out_tokenizer, "out_tokenizer")
      let encoder = try $0.model.encoder(for: "WordPiece tokenizer")
      slot.pointee = try tokenizers.make(TokenizerObject(encoder.tokenizer))
    }
  }
}

// MARK: Prediction

@implementation @_cdecl("plaudit_model_predict")
public func plaudit_model_predict(
  _ model: OpaquePointer?, _ texts: UnsafePointer<plaudit_text_batch>?,
  _ pairs: UnsafePointer<plaudit_text_batch>?, _ options: UnsafePointer<plaudit_predict_options>?,
  _ run: UnsafePointer<plaudit_run_options>?, _ out_scores: UnsafeMutablePointer<Float>?,
  _ score_capacity: Int64, _ out_labels: UnsafeMutablePointer<Int32>?,
  _ out_reports: UnsafeMutablePointer<plaudit_text_report>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try models.use(model, "model") { object in
      let wanted = try predictionOptions(options)
      try withRun(run) { control, threads in
        try withTexts(texts, "texts") { texts in
          try withPairs(pairs) { pairs in
            let model = object.model
            let labels = model.head?.count ?? 0
            let scores = try buffer(
              out_scores, capacity: score_capacity, needed: texts.count * labels, "out_scores")
            try model.predict(
              texts, pairs: pairs, wanted, threads: threads, control: control, scores: scores,
              reports: reports(into: out_reports))
            guard let out_labels, let problem = model.head?.problem else { return }
            for row in 0..<texts.count {
              out_labels[row] = problem.label(
                of: UnsafeBufferPointer(rebasing: scores[row * labels..<(row + 1) * labels]))
            }
          }
        }
      }
    }
  }
}

@implementation @_cdecl("plaudit_model_embed")
public func plaudit_model_embed(
  _ model: OpaquePointer?, _ texts: UnsafePointer<plaudit_text_batch>?,
  _ options: UnsafePointer<plaudit_predict_options>?, _ run: UnsafePointer<plaudit_run_options>?,
  _ out_embeddings: UnsafeMutablePointer<Float>?, _ embedding_capacity: Int64,
  _ out_reports: UnsafeMutablePointer<plaudit_text_report>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try models.use(model, "model") { object in
      let wanted = try predictionOptions(options)
      let width = try wanted.embedding(object.model).width
      try withRun(run) { control, threads in
        try withTexts(texts, "texts") { texts in
          let vectors = try buffer(
            out_embeddings, capacity: embedding_capacity, needed: texts.count * width,
            "out_embeddings")
          try object.model.embed(
            texts, wanted, threads: threads, control: control, vectors: vectors,
            reports: reports(into: out_reports))
        }
      }
    }
  }
}

@implementation @_cdecl("plaudit_model_hidden_states")
public func plaudit_model_hidden_states(
  _ model: OpaquePointer?, _ texts: UnsafePointer<plaudit_text_batch>?,
  _ pairs: UnsafePointer<plaudit_text_batch>?, _ options: UnsafePointer<plaudit_predict_options>?,
  _ run: UnsafePointer<plaudit_run_options>?, _ out_states: UnsafeMutablePointer<Float>?,
  _ state_capacity: Int64, _ out_token_offsets: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try models.use(model, "model") { object in
      let wanted = try predictionOptions(options)
      try withRun(run) { control, threads in
        try withTexts(texts, "texts") { texts in
          try withPairs(pairs) { pairs in
            let first = try required(out_token_offsets, "out_token_offsets")
            let offsets = UnsafeMutableBufferPointer(start: first, count: texts.count + 1)
            try object.model.tokenOffsets(
              texts, pairs: pairs, wanted, control: control, offsets: offsets)
            if state_capacity == 0 { return }
            let needed = Int(offsets[texts.count]) * object.model.hiddenSize
            let states = try buffer(
              out_states, capacity: state_capacity, needed: needed, "out_states")
            try object.model.hiddenStates(
              texts, pairs: pairs, wanted, threads: threads, control: control, states: states,
              offsets: UnsafeBufferPointer(offsets))
          }
        }
      }
    }
  }
}

// MARK: Scorer

@implementation @_cdecl("plaudit_scorer_create")
public func plaudit_scorer_create(
  _ model: OpaquePointer?, _ options: UnsafePointer<plaudit_predict_options>?,
  _ out_scorer: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_scorer?.pointee = nil
  return call(error) {
    try models.use(model, "model") {
      let slot = try required(out_scorer, "out_scorer")
      slot.pointee = try scorers.make(Scorer($0.model, predictionOptions(options)))
    }
  }
}

@implementation @_cdecl("plaudit_scorer_score")
public func plaudit_scorer_score(
  _ scorer: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ length: Int64,
  _ out_scores: UnsafeMutablePointer<Float>?, _ score_capacity: Int64,
  _ out_label: UnsafeMutablePointer<Int32>?,
  _ out_report: UnsafeMutablePointer<plaudit_text_report>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_label?.pointee = -1
  return call(error) {
    try scorers.use(scorer, "scorer") {
      let text = try bytes(text, length, "text")
      let scores = try buffer(
        out_scores, capacity: score_capacity, needed: $0.scoreCount ?? 0, "out_scores")
      let report = try $0.score(text, into: scores)
      out_report?.pointee = plaudit_text_report(report)
      if let problem = $0.model.head?.problem {
        out_label?.pointee = problem.label(of: UnsafeBufferPointer(scores))
      }
    }
  }
}

@implementation @_cdecl("plaudit_scorer_embed")
public func plaudit_scorer_embed(
  _ scorer: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ length: Int64,
  _ out_embedding: UnsafeMutablePointer<Float>?, _ embedding_capacity: Int64,
  _ out_report: UnsafeMutablePointer<plaudit_text_report>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try scorers.use(scorer, "scorer") {
      let text = try bytes(text, length, "text")
      let vector = try buffer(
        out_embedding, capacity: embedding_capacity, needed: $0.embeddingWidth ?? 0,
        "out_embedding")
      let report = try $0.embed(text, into: vector)
      out_report?.pointee = plaudit_text_report(report)
    }
  }
}

@implementation @_cdecl("plaudit_scorer_free")
public func plaudit_scorer_free(_ scorer: UnsafeMutablePointer<OpaquePointer?>?) {
  scorers.free(scorer)
}
