public import CPlaudit
import PlauditCore
import PlauditNeural
import PlauditStats
import PlauditTensor
import PlauditText

// The training part of plaudit.h's neural section.

/// A trainer as hosts hold it: of a head on embeddings, or of anything else.
enum TrainerKind {
  case head(HeadTrainer)
  case text(TextTrainer)
}

final class TrainerObject {
  let kind: TrainerKind
  init(_ kind: TrainerKind) { self.kind = kind }

  func head(for what: StaticString) throws(PlauditError) -> HeadTrainer {
    if case .head(let trainer) = kind { return trainer }
    throw PlauditError(.invalidState, "\(what) is for heads on embeddings alone")
  }
}

let trainers = Handle<TrainerObject>(kind: .trainer, name: "plaudit_trainer", exclusive: true)

// MARK: Options

/// The fields of an options struct: zero is the default, what is out of range is refused by name.
private struct Fields {
  /// nil for 0.
  func real(
    _ value: Double, _ name: StaticString, _ range: ClosedRange<Double>
  ) throws(PlauditError) -> Double? {
    if value == 0 { return nil }
    guard range.contains(value) else {
      throw PlauditError(
        .outOfRange,
        "\(name) is \(value), allowed are \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// nil for 0, 0 for -1.
  func realOrNone(
    _ value: Double, _ name: StaticString, _ range: ClosedRange<Double>
  ) throws(PlauditError) -> Double? {
    value == -1 ? 0 : try real(value, name, range)
  }

  func whole(
    _ value: Int64, _ name: StaticString, _ range: ClosedRange<Int64>
  ) throws(PlauditError) -> Int? {
    if value == 0 { return nil }
    guard range.contains(value) else {
      throw PlauditError(
        .outOfRange,
        "\(name) is \(value), allowed are \(range.lowerBound) to \(range.upperBound)")
    }
    return Int(value)
  }

  func text(
    _ pointer: UnsafePointer<CChar>?, _ name: StaticString
  ) throws(PlauditError) -> String? {
    guard let pointer else { return nil }
    let made = try string(pointer, -1, name)
    return made.isEmpty ? nil : made
  }
}

private func classWeighting(
  _ given: plaudit_trainer_options, labels: Int
) throws(PlauditError) -> HeadTrainerOptions.ClassWeighting {
  try choice(given.class_weighting, "class_weighting", in: 0...2)
  guard given.class_weighting == 2 || given.class_weights == nil else {
    throw PlauditError(
      .invalidArgument, "class_weights is set, but class_weighting is not CUSTOM")
  }
  if given.class_weighting == 1 { return .balanced }
  guard given.class_weighting == 2 else { return .none }
  let weights = Array(try array(given.class_weights, labels, "options->class_weights"))
  for (index, weight) in weights.enumerated() where !(weight >= 0 && weight <= 1e9) {
    throw PlauditError(
      .outOfRange, "class_weights[\(index)] is \(weight), allowed are 0 to 1e9",
      index: Int64(index))
  }
  return .custom(weights)
}

private func headOptions(
  _ given: plaudit_trainer_options, labels: Int
) throws(PlauditError) -> HeadTrainerOptions {
  let fields = Fields()
  var wanted = HeadTrainerOptions()
  wanted.l2 = try fields.real(given.l2, "l2", 1e-12...1e12)
  wanted.holdoutFraction =
    try fields.real(given.holdout_fraction, "holdout_fraction", 0.001...0.9)
    ?? wanted.holdoutFraction
  wanted.tolerance = try fields.real(given.tolerance, "tolerance", 1e-15...1) ?? wanted.tolerance
  wanted.maximumIterations =
    try fields.whole(given.max_iterations, "max_iterations", 1...1_000_000)
    ?? wanted.maximumIterations
  wanted.history = try fields.whole(given.history, "history", 1...1000) ?? wanted.history
  wanted.seed = given.seed
  wanted.pooling = try pooling(given.pooling)
  wanted.normalize = try normalize(given.normalize)
  wanted.classWeighting = try classWeighting(given, labels: labels)
  return wanted
}

private func trainingOptions(
  _ given: plaudit_trainer_options, architecture: String, labels: Int
) throws(PlauditError) -> TrainingOptions {
  let fields = Fields()
  var wanted = TrainingOptions(architecture: architecture)
  if let epochs = try fields.whole(given.epochs, "epochs", 1...100_000) { wanted.epochs = epochs }
  wanted.batchSize =
    try fields.whole(given.batch_size, "batch_size", 1...1_000_000) ?? wanted.batchSize
  wanted.batchTokens = try fields.whole(given.batch_tokens, "batch_tokens", 1...100_000_000)
  wanted.passTokens =
    try fields.whole(given.pass_tokens, "pass_tokens", 1...1_000_000) ?? wanted.passTokens
  wanted.maxLength = try fields.whole(given.max_length, "max_length", 1...1_048_576)
  wanted.frozenLayers = try fields.whole(given.frozen_layers, "frozen_layers", -1...256) ?? 0
  wanted.hiddenSize = try fields.whole(given.hidden_size, "hidden_size", 1...16_384)
  wanted.filterCount = try fields.whole(given.filter_count, "filter_count", 1...16_384)
  wanted.denseSize = try fields.whole(given.dense_size, "dense_size", 1...16_384)
  wanted.vectorWords =
    try fields.whole(given.vector_words, "vector_words", 1...16_777_216) ?? wanted.vectorWords
  wanted.patience = try fields.whole(given.patience, "patience", 1...100_000)
  wanted.plateauPatience =
    try fields.whole(given.plateau_patience, "plateau_patience", 1...100_000)
    ?? wanted.plateauPatience
  wanted.checkpointSteps =
    try fields.whole(given.checkpoint_steps, "checkpoint_steps", 1...1_000_000_000)
  wanted.learningRate = try fields.real(given.learning_rate, "learning_rate", 1e-12...1e3)
  wanted.headLearningRate =
    try fields.real(given.head_learning_rate, "head_learning_rate", 1e-12...1e3)
  wanted.weightDecay =
    try fields.realOrNone(given.weight_decay, "weight_decay", 1e-12...1e3) ?? wanted.weightDecay
  wanted.beta1 = try fields.real(given.beta1, "beta1", 1e-6...0.999_999) ?? wanted.beta1
  wanted.beta2 = try fields.real(given.beta2, "beta2", 1e-6...0.999_999_999) ?? wanted.beta2
  wanted.epsilon = try fields.real(given.epsilon, "epsilon", 1e-30...1) ?? wanted.epsilon
  wanted.warmupFraction =
    try fields.realOrNone(given.warmup_fraction, "warmup_fraction", 1e-9...1)
    ?? wanted.warmupFraction
  wanted.plateauFactor =
    try fields.real(given.plateau_factor, "plateau_factor", 1e-6...1) ?? wanted.plateauFactor
  if let most = try fields.realOrNone(given.clip_norm, "clip_norm", 1e-9...1e9) {
    wanted.clipNorm = most == 0 ? nil : most
  }
  wanted.dropout = try fields.realOrNone(given.dropout, "dropout", 1e-9...0.99)
  wanted.classifierDropout =
    try fields.realOrNone(given.classifier_dropout, "classifier_dropout", 1e-9...0.99)
  wanted.labelSmoothing =
    try fields.real(given.label_smoothing, "label_smoothing", 1e-9...0.999) ?? 0
  wanted.validationFraction =
    try fields.real(given.holdout_fraction, "holdout_fraction", 0.001...0.9)
    ?? wanted.validationFraction
  try choice(given.optimizer, "optimizer", in: 0...1)
  wanted.optimizer = TrainingOptions.Optimizer(rawValue: given.optimizer) ?? .adamW
  try choice(given.schedule, "schedule", in: 0...3)
  wanted.schedule = LearningRateSchedule.Kind(rawValue: given.schedule) ?? .linear
  try choice(given.monitor, "monitor", in: 0...1)
  wanted.monitor = TrainingOptions.Monitor(rawValue: given.monitor) ?? .loss
  wanted.resumes = try flag(given.resume, "resume")
  wanted.correctsBias = try !flag(given.no_bias_correction, "no_bias_correction")
  wanted.frozenWordVectors = try flag(given.frozen_vectors, "frozen_vectors")
  wanted.seed = given.seed
  wanted.l2 = try fields.real(given.l2, "l2", 1e-9...1e9)
  wanted.classWeighting = try classWeighting(given, labels: labels)
  wanted.cleaning = try fields.text(given.cleaning, "options->cleaning")
  wanted.vectorsPath = try fields.text(given.vectors, "options->vectors")
  wanted.checkpointPath = try fields.text(given.checkpoint, "options->checkpoint")
  guard !wanted.resumes || wanted.checkpointPath != nil else {
    throw PlauditError(.invalidArgument, "resume is set, but no checkpoint is named")
  }
  return wanted
}

/// The names of labels as strings.
private func labelNames(_ labels: TextBatch) throws(PlauditError) -> [String] {
  var names: [String] = []
  for row in 0..<min(labels.count, LabelSet.maximumCount + 1) {
    guard let name = String(validating: labels.text(row), as: UTF8.self) else {
      throw PlauditError(.invalidUTF8, "a label is not valid UTF-8", index: Int64(row))
    }
    names.append(name)
  }
  return names
}

/// Runs `body` with the model of a handle, or nil for NULL.
private func withBase(
  _ model: OpaquePointer?, _ body: (Model?) throws -> Void
) throws {
  guard model != nil else { return try body(nil) }
  try models.use(model, "model") { try body($0.model) }
}

// MARK: Trainer

@implementation @_cdecl("plaudit_trainer_create")
public func plaudit_trainer_create(
  _ model: OpaquePointer?, _ labels: UnsafePointer<plaudit_text_batch>?,
  _ options: UnsafePointer<plaudit_trainer_options>?,
  _ out_trainer: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_trainer?.pointee = nil
  return call(error) {
    let given = try PlauditABI.options(options, zero: plaudit_trainer_options(), "options")
    let architecture = try Fields().text(given.architecture, "options->architecture")
    func make(_ base: Model?, _ names: [String]) throws -> TrainerKind {
      if let architecture {
        let wanted = try trainingOptions(given, architecture: architecture, labels: names.count)
        return .text(try TextTrainer(base, labels: names, wanted))
      }
      guard let base else {
        throw PlauditError(
          .invalidHandle, "model is NULL; a head needs a model whose embeddings it learns from")
      }
      return .head(
        try HeadTrainer(base, labels: names, headOptions(given, labels: names.count)))
    }
    try withBase(model) { base in
      let slot = try required(out_trainer, "out_trainer")
      try withTexts(labels, "labels") { labels in
        slot.pointee = try trainers.make(TrainerObject(make(base, labelNames(labels))))
      }
    }
  }
}

@implementation @_cdecl("plaudit_trainer_add")
public func plaudit_trainer_add(
  _ trainer: OpaquePointer?, _ texts: UnsafePointer<plaudit_text_batch>?,
  _ labels: UnsafePointer<Int32>?, _ run: UnsafePointer<plaudit_run_options>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try trainers.use(trainer, "trainer") { trainer in
      try withRun(run) { control, threads in
        try withTexts(texts, "texts") { texts in
          let labels = try array(labels, texts.count, "labels")
          switch trainer.kind {
          case .head(let trainer):
            try trainer.add(texts, labels: labels, threads: threads, control: control)
          case .text(let trainer):
            try trainer.add(texts, labels: labels, control: control)
          }
        }
      }
    }
  }
}

@implementation @_cdecl("plaudit_trainer_add_validation")
public func plaudit_trainer_add_validation(
  _ trainer: OpaquePointer?, _ texts: UnsafePointer<plaudit_text_batch>?,
  _ labels: UnsafePointer<Int32>?, _ run: UnsafePointer<plaudit_run_options>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try trainers.use(trainer, "trainer") { trainer in
      try withRun(run) { control, _ in
        try withTexts(texts, "texts") { texts in
          guard case .text(let trainer) = trainer.kind else {
            throw PlauditError(
              .invalidState, "a head takes no validation texts; set holdout_fraction")
          }
          try trainer.addValidation(
            texts, labels: try array(labels, texts.count, "labels"), control: control)
        }
      }
    }
  }
}

@implementation @_cdecl("plaudit_trainer_add_embeddings")
public func plaudit_trainer_add_embeddings(
  _ trainer: OpaquePointer?, _ embeddings: UnsafePointer<Float>?, _ count: Int64,
  _ labels: UnsafePointer<Int32>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try trainers.use(trainer, "trainer") {
      let trainer = try $0.head(for: "add_embeddings")
      let rows = try counted(count, "count")
      try trainer.add(
        vectors: try array(embeddings, rows * trainer.width, "embeddings"),
        labels: try array(labels, rows, "labels"))
    }
  }
}

@implementation @_cdecl("plaudit_trainer_fit")
public func plaudit_trainer_fit(
  _ trainer: OpaquePointer?, _ run: UnsafePointer<plaudit_run_options>?,
  _ out_report: UnsafeMutablePointer<plaudit_training_report>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try trainers.use(trainer, "trainer") { trainer in
      let slot = try out_report.map { try output($0, "out_report") }
      try withRun(run) { control, threads in
        var made = plaudit_training_report()
        switch trainer.kind {
        case .head(let trainer):
          let report = try trainer.fit(threads: threads, control: control)
          made.example_count = Int64(report.exampleCount)
          made.iteration_count = Int64(report.iterationCount)
          made.loss = report.loss
          made.l2 = report.l2
          made.holdout_accuracy = report.holdoutAccuracy
          made.holdout_macro_f1 = report.holdoutMacroF1
          made.converged = report.converged ? 1 : 0
          made.holdout_loss = .nan
        case .text(let trainer):
          let report = try trainer.fit(threads: threads, control: control)
          made.example_count = Int64(report.exampleCount)
          made.iteration_count = Int64(report.stepCount)
          made.loss = report.loss
          made.l2 = report.l2
          made.holdout_accuracy = report.validationAccuracy
          made.holdout_macro_f1 = report.validationMacroF1
          made.converged = report.converged ? 1 : 0
          made.holdout_loss = report.validationLoss
          made.holdout_count = Int64(report.validationCount)
          made.best_epoch = Int64(report.bestEpoch)
          made.skipped_steps = Int64(report.skippedSteps)
        }
        made.struct_size = slot?.pointee.struct_size ?? 0
        slot?.pointee = made
      }
    }
  }
}

@implementation @_cdecl("plaudit_trainer_history")
public func plaudit_trainer_history(
  _ trainer: OpaquePointer?, _ out_epochs: UnsafeMutablePointer<plaudit_epoch>?,
  _ capacity: Int64, _ out_count: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_count?.pointee = 0
  return call(error) {
    try trainers.use(trainer, "trainer") { trainer in
      let slot = try required(out_count, "out_count")
      let room = try counted(capacity, "capacity")
      var epochs: [TrainingEpoch] = []
      if case .text(let trainer) = trainer.kind { epochs = trainer.history }
      let target = try array(out_epochs, min(room, epochs.count), "out_epochs")
      for (index, epoch) in epochs.prefix(room).enumerated() {
        target[index] = plaudit_epoch(
          epoch: Int64(epoch.epoch), step: Int64(epoch.step), training_loss: epoch.trainingLoss,
          validation_loss: epoch.validationLoss, validation_accuracy: epoch.validationAccuracy,
          validation_macro_f1: epoch.validationMacroF1, learning_rate: epoch.learningRate,
          seconds: epoch.seconds, skipped_steps: Int64(epoch.skippedSteps))
      }
      slot.pointee = Int64(epochs.count)
    }
  }
}

@implementation @_cdecl("plaudit_trainer_model")
public func plaudit_trainer_model(
  _ trainer: OpaquePointer?, _ out_model: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_model?.pointee = nil
  return call(error) {
    try trainers.use(trainer, "trainer") {
      let slot = try required(out_model, "out_model")
      let made: Model
      switch $0.kind {
      case .head(let trainer): made = try trainer.model()
      case .text(let trainer): made = try trainer.model()
      }
      slot.pointee = try models.make(ModelObject(made))
    }
  }
}

@implementation @_cdecl("plaudit_trainer_free")
public func plaudit_trainer_free(_ trainer: UnsafeMutablePointer<OpaquePointer?>?) {
  trainers.free(trainer)
}

// MARK: Search and calibration

@implementation @_cdecl("plaudit_trainer_search")
public func plaudit_trainer_search(
  _ model: OpaquePointer?, _ labels: UnsafePointer<plaudit_text_batch>?,
  _ texts: UnsafePointer<plaudit_text_batch>?, _ truth: UnsafePointer<Int32>?,
  _ groups: UnsafePointer<Int64>?,
  _ candidates: UnsafePointer<UnsafePointer<plaudit_trainer_options>?>?, _ candidate_count: Int64,
  _ fold_count: Int64, _ seed: UInt64, _ run: UnsafePointer<plaudit_run_options>?,
  _ out_results: UnsafeMutablePointer<plaudit_fold_result>?,
  _ out_best: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_best?.pointee = 0
  return call(error) {
    let best = try required(out_best, "out_best")
    let count = try counted(candidate_count, "candidate_count")
    guard count >= 1, count <= 65_536 else {
      throw PlauditError(.outOfRange, "candidate_count is \(count), allowed are 1 to 65536")
    }
    guard fold_count >= 2, fold_count <= 65_536 else {
      throw PlauditError(.outOfRange, "fold_count is \(fold_count), allowed are 2 to 65536")
    }
    let folds = Int(fold_count)
    let pointers = try array(candidates, count, "candidates")
    let results = try array(out_results, count * folds, "out_results")
    try withBase(model) { base in
      try withRun(run) { control, threads in
        try withTexts(labels, "labels") { labels in
          try withTexts(texts, "texts") { texts in
            let names = try labelNames(labels)
            var wanted: [TrainingOptions] = []
            for (index, pointer) in pointers.enumerated() {
              guard pointer != nil else {
                throw PlauditError(
                  .nullPointer, "candidates[\(index)] is NULL", index: Int64(index))
              }
              let given = try PlauditABI.options(
                pointer, zero: plaudit_trainer_options(), "candidates")
              guard
                let architecture = try Fields().text(given.architecture, "architecture")
              else {
                throw PlauditError(
                  .invalidArgument, "candidates[\(index)] names no architecture",
                  index: Int64(index))
              }
              wanted.append(
                try trainingOptions(given, architecture: architecture, labels: names.count))
            }
            let search = try ModelSearch(
              base, labels: names, texts, truth: try array(truth, texts.count, "truth"),
              groups: try groups.map { try array($0, texts.count, "groups") }, folds: folds,
              seed: seed)
            best.pointee = Int64(
              try search.run(wanted, threads: threads, control: control) { candidate, fold, found in
                results[candidate * folds + fold] = plaudit_fold_result(
                  training_count: Int64(found.trainingCount), held_count: Int64(found.heldCount),
                  accuracy: found.accuracy, macro_f1: found.macroF1, log_loss: found.logLoss,
                  seconds: found.seconds)
              })
          }
        }
      }
    }
  }
}

@implementation @_cdecl("plaudit_model_calibrate")
public func plaudit_model_calibrate(
  _ model: OpaquePointer?, _ texts: UnsafePointer<plaudit_text_batch>?,
  _ labels: UnsafePointer<Int32>?, _ method: Int32, _ run: UnsafePointer<plaudit_run_options>?,
  _ out_model: UnsafeMutablePointer<OpaquePointer?>?,
  _ out_report: UnsafeMutablePointer<plaudit_calibration_report>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_model?.pointee = nil
  return call(error) {
    try models.use(model, "model") { object in
      let slot = try required(out_model, "out_model")
      let report = try out_report.map { try output($0, "out_report") }
      let wanted = try calibrationMethod(method)
      try withRun(run) { control, threads in
        try withTexts(texts, "texts") { texts in
          let (made, fit) = try object.model.calibrated(
            wanted, texts, labels: try array(labels, texts.count, "labels"), threads: threads,
            control: control)
          slot.pointee = try models.make(ModelObject(made))
          report?.pointee = plaudit_calibration_report(
            struct_size: report?.pointee.struct_size ?? 0, loss_before: fit.lossBefore,
            loss_after: fit.lossAfter, objective: fit.objective, at_bound: fit.isAtBound ? 1 : 0,
            reserved: 0)
        }
      }
    }
  }
}

@implementation @_cdecl("plaudit_model_with_words")
public func plaudit_model_with_words(
  _ model: OpaquePointer?, _ words: UnsafePointer<plaudit_text_batch>?,
  _ valences: UnsafePointer<Double>?, _ out_model: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_model?.pointee = nil
  return call(error) {
    try models.use(model, "model") { object in
      let slot = try required(out_model, "out_model")
      try withTexts(words, "words") { words in
        let valences = try array(valences, words.count, "valences")
        var entries: [(word: String, valence: Double)] = []
        for row in 0..<words.count {
          guard let word = String(validating: words.text(row), as: UTF8.self) else {
            throw PlauditError(.invalidUTF8, "a word is not valid UTF-8", index: Int64(row))
          }
          entries.append((word, valences[row]))
        }
        slot.pointee = try models.make(ModelObject(object.model.with(words: entries)))
      }
    }
  }
}
