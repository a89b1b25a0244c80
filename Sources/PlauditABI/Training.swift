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

/// A field of which 0 is the default; the trainer refuses what is out of range.
private func set(_ value: Double, _ option: inout Double) {
  if value != 0 { option = value }
}

private func set(_ value: Double, _ option: inout Double?) {
  if value != 0 { option = value }
}

private func set(_ value: Int64, _ option: inout Int) {
  if value != 0 { option = Int(value) }
}

private func set(_ value: Int64, _ option: inout Int?) {
  if value != 0 { option = Int(value) }
}

/// One of which -1 says 0.
private func setOrNone(_ value: Double, _ option: inout Double) {
  set(value, &option)
  if value == -1 { option = 0 }
}

private func setOrNone(_ value: Double, _ option: inout Double?) {
  set(value, &option)
  if value == -1 { option = 0 }
}

private func text(
  _ pointer: UnsafePointer<CChar>?, _ name: StaticString
) throws(PlauditError) -> String? {
  guard let pointer else { return nil }
  let made = try string(pointer, -1, name)
  return made.isEmpty ? nil : made
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
  return .custom(Array(try array(given.class_weights, labels, "options->class_weights")))
}

private func headOptions(
  _ given: plaudit_trainer_options, labels: Int
) throws(PlauditError) -> HeadTrainerOptions {
  var wanted = HeadTrainerOptions()
  set(given.l2, &wanted.l2)
  set(given.holdout_fraction, &wanted.holdoutFraction)
  set(given.tolerance, &wanted.tolerance)
  set(given.max_iterations, &wanted.maximumIterations)
  set(given.history, &wanted.history)
  wanted.seed = given.seed
  wanted.pooling = try pooling(given.pooling)
  wanted.normalize = try normalize(given.normalize)
  wanted.classWeighting = try classWeighting(given, labels: labels)
  return wanted
}

private func trainingOptions(
  _ given: plaudit_trainer_options, architecture: String, labels: Int
) throws(PlauditError) -> TrainingOptions {
  var wanted = TrainingOptions(architecture: architecture)
  if given.epochs != 0 { wanted.epochs = Int(given.epochs) }
  set(given.batch_size, &wanted.batchSize)
  set(given.batch_tokens, &wanted.batchTokens)
  set(given.pass_tokens, &wanted.passTokens)
  set(given.max_length, &wanted.maxLength)
  set(given.frozen_layers, &wanted.frozenLayers)
  set(given.hidden_size, &wanted.hiddenSize)
  set(given.filter_count, &wanted.filterCount)
  set(given.dense_size, &wanted.denseSize)
  set(given.vector_words, &wanted.vectorWords)
  set(given.patience, &wanted.patience)
  set(given.plateau_patience, &wanted.plateauPatience)
  set(given.checkpoint_steps, &wanted.checkpointSteps)
  set(given.learning_rate, &wanted.learningRate)
  set(given.head_learning_rate, &wanted.headLearningRate)
  setOrNone(given.weight_decay, &wanted.weightDecay)
  set(given.beta1, &wanted.beta1)
  set(given.beta2, &wanted.beta2)
  set(given.epsilon, &wanted.epsilon)
  setOrNone(given.warmup_fraction, &wanted.warmupFraction)
  set(given.plateau_factor, &wanted.plateauFactor)
  set(given.clip_norm, &wanted.clipNorm)
  if given.clip_norm == -1 { wanted.clipNorm = nil }
  setOrNone(given.dropout, &wanted.dropout)
  setOrNone(given.classifier_dropout, &wanted.classifierDropout)
  set(given.label_smoothing, &wanted.labelSmoothing)
  set(given.holdout_fraction, &wanted.validationFraction)
  set(given.l2, &wanted.l2)
  wanted.optimizer = try choice(
    given.optimizer, "optimizer", of: TrainingOptions.Optimizer.self, upTo: 1)
  wanted.schedule = try choice(
    given.schedule, "schedule", of: LearningRateSchedule.Kind.self, upTo: 3)
  wanted.monitor = try choice(
    given.monitor, "monitor", of: TrainingOptions.Monitor.self, upTo: 1)
  wanted.resumes = try flag(given.resume, "resume")
  wanted.correctsBias = try !flag(given.no_bias_correction, "no_bias_correction")
  wanted.frozenWordVectors = try flag(given.frozen_vectors, "frozen_vectors")
  wanted.seed = given.seed
  wanted.classWeighting = try classWeighting(given, labels: labels)
  wanted.cleaning = try text(given.cleaning, "options->cleaning")
  wanted.vectorsPath = try text(given.vectors, "options->vectors")
  wanted.checkpointPath = try text(given.checkpoint, "options->checkpoint")
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
    let architecture = try text(given.architecture, "options->architecture")
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
  add(trainer, texts, labels, run, error) { trainer, texts, labels, threads, control in
    switch trainer.kind {
    case .head(let trainer):
      try trainer.add(texts, labels: labels, threads: threads, control: control)
    case .text(let trainer):
      try trainer.add(texts, labels: labels, control: control)
    }
  }
}

/// Hands labelled texts to what takes them.
private func add(
  _ trainer: OpaquePointer?, _ texts: UnsafePointer<plaudit_text_batch>?,
  _ labels: UnsafePointer<Int32>?, _ run: UnsafePointer<plaudit_run_options>?, _ error: ErrorSlot?,
  _ take: (TrainerObject, TextBatch, UnsafeBufferPointer<Int32>, Int, RunControl) throws -> Void
) -> plaudit_status {
  call(error) {
    try trainers.use(trainer, "trainer") { trainer in
      try withRun(run) { control, threads in
        try withTexts(texts, "texts") { texts in
          try take(trainer, texts, try array(labels, texts.count, "labels"), threads, control)
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
  add(trainer, texts, labels, run, error) { trainer, texts, labels, _, control in
    guard case .text(let trainer) = trainer.kind else {
      throw PlauditError(.invalidState, "a head takes no validation texts; set holdout_fraction")
    }
    try trainer.addValidation(texts, labels: labels, control: control)
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
              guard let architecture = try text(given.architecture, "architecture") else {
                throw PlauditError(
                  .invalidArgument, "candidates[\(index)] names no architecture",
                  index: Int64(index))
              }
              let one = try trainingOptions(
                given, architecture: architecture, labels: names.count)
              do throws(PlauditError) {
                try one.check(labels: names.count)
              } catch {
                throw error.at(index: Int64(index))
              }
              wanted.append(one)
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
