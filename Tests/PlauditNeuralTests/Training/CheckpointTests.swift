import Foundation
import Glibc
import PlauditCore
import PlauditTensor
import Testing

@testable import PlauditNeural

struct CheckpointTests {
  private let folder: String
  private var path: String { "\(folder)/checkpoint" }

  init() throws { folder = try Reference.temporaryFolder() }

  private func options(
    _ architecture: String, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> TrainingOptions {
    try SmallTraining.options(architecture) {
      $0.epochs = 3
      $0.checkpointPath = path
      $0.checkpointSteps = 2
      $0.resumes = true
      change(&$0)
    }
  }

  /// Trains until a step is reported.
  private func interrupt(_ options: TrainingOptions, at step: Int) throws -> TextTrainer {
    let trainer = try SmallTraining.trainer(options, validation: LabelledPosts(9, seed: 3))
    let control = RunControl(intervalMilliseconds: 0) { $0.step < step }
    expectError(.cancelled, mentions: "callback") {
      try SmallTraining.fit(trainer, threads: 2, control)
    }
    return trainer
  }

  // MARK: Law

  /// Four steps an epoch: stopped within the second, after a checkpoint and a step that is lost;
  /// and stopped within the first, at a checkpoint.
  @Test(arguments: TextTrainer.networks)
  func `a resumed training has the bits of one that was not interrupted`(
    architecture: String
  ) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func change(_ options: inout TrainingOptions) {
      if architecture.hasPrefix("Bert") { options.frozenLayers = 1 }
      if architecture == WordCNN.name {
        options.schedule = .plateau
        options.plateauPatience = 0
        options.optimizer = .adam
      }
    }
    let whole = try SmallTraining.trainer(
      options(architecture) {
        change(&$0)
        $0.checkpointPath = nil
        $0.resumes = false
      }, validation: LabelledPosts(9, seed: 3))
    let report = try SmallTraining.fit(whole)
    #expect(report.stepCount == 12)
    for step in [7, 2] {
      try? FileManager.default.removeItem(atPath: path)
      _ = try interrupt(options(architecture, change), at: step)
      #expect(try Checkpoint(reading: path).state().optimizerSteps == step / 2 * 2)
      let resumed = try SmallTraining.trainer(
        options(architecture, change), validation: LabelledPosts(9, seed: 3))
      var first = 0
      let again = try SmallTraining.fit(
        resumed,
        RunControl(intervalMilliseconds: 0) { progress in
          if first == 0 { first = progress.step }
          return true
        })
      #expect(first == step / 2 * 2 + 1)
      #expect(try resumed.model().bits() == whole.model().bits())
      #expect(bits(resumed.history) == bits(whole.history))
      #expect(again.stepCount == 12)
      #expect(again.bestEpoch == report.bestEpoch)
    }
    // All is done: nothing is left to train.
    let done = try SmallTraining.trainer(
      options(architecture, change), validation: LabelledPosts(9, seed: 3))
    var reports = 0
    try SmallTraining.fit(
      done,
      RunControl(intervalMilliseconds: 0) { _ in
        reports += 1
        return true
      })
    #expect(reports == 0)
    #expect(try done.model().bits() == whole.model().bits())
  }

  @Test func `a training that stopped early stays stopped`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func trainer() throws -> TextTrainer {
      try SmallTraining.trainer(
        options(WordLSTM.name) {
          $0.epochs = 20
          $0.patience = 1
          $0.learningRate = 1e-9
          $0.monitor = .macroF1
        }, validation: LabelledPosts(9, seed: 3))
    }
    let first = try trainer()
    try SmallTraining.fit(first)
    #expect(first.history.count == 2)
    let second = try trainer()
    try SmallTraining.fit(second)
    #expect(second.history.count == 2)
    #expect(try second.model().bits() == first.model().bits())
  }

  // MARK: Refusal

  @Test func `a checkpoint of another training is refused`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    _ = try interrupt(options(WordLSTM.name), at: 2)
    func refused(
      _ mentions: String, _ options: TrainingOptions, _ posts: LabelledPosts = LabelledPosts(24)
    ) throws {
      let trainer = try SmallTraining.trainer(options, posts)
      expectError(.invalidState, mentions: mentions) { try SmallTraining.fit(trainer) }
    }
    try refused(
      "is a checkpoint of WordLSTMForSequenceClassification, the training is of WordCNN",
      options(WordCNN.name))
    try refused("with other options", options(WordLSTM.name) { $0.seed = 6 })
    try refused("with other options", options(WordLSTM.name) { $0.classWeighting = .balanced })
    var other = LabelledPosts(24)
    other.texts[5] += " !"
    try refused("with other examples or weights", options(WordLSTM.name), other)
    // Without its validation texts it is another training too.
    try refused("with other examples or weights", options(WordLSTM.name))
  }

  @Test func `a checkpoint that cannot be written is told before the first step`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (path, kind, mentions) in [
      ("\(folder)/none/checkpoint", PlauditError.Kind.notFound, "none/checkpoint"),
      (folder, .inputOutput, "Is a directory"),
    ] {
      let trainer = try SmallTraining.trainer(
        SmallTraining.options(WordLSTM.name) { $0.checkpointPath = path })
      var steps = 0
      expectError(kind, mentions: mentions) {
        try SmallTraining.fit(
          trainer,
          RunControl(intervalMilliseconds: 0) { _ in
            steps += 1
            return true
          })
      }
      #expect(steps == 0)
    }
    // Looking leaves nothing behind.
    try File.checkWritable(path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }

  @Test func `a damaged checkpoint is refused`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    _ = try interrupt(options(WordLSTM.name), at: 2)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    func refused(_ mentions: String, _ content: Data) throws {
      try content.write(to: URL(fileURLWithPath: path))
      let trainer = try SmallTraining.trainer(
        options(WordLSTM.name), validation: LabelledPosts(9, seed: 3))
      expectError(.corrupt, mentions: mentions) { try SmallTraining.fit(trainer) }
    }
    /// One text for another of the same length.
    func changed(_ from: String, _ to: String) throws -> Data {
      var content = whole
      let place = try #require(content.range(of: Data(from.utf8)))
      content.replaceSubrange(place, with: Data(to.utf8))
      return content
    }
    try refused("ends after the file", whole.dropLast(100))
    try refused("checkpoint", whole.prefix(20))
    try refused("has 0 bytes", Data())
    try refused(
      "is no checkpoint of this version (1)",
      changed("\"plaudit_checkpoint\":\"1\"", "\"plaudit_checkpoint\":\"9\""))
    try refused("lacks numbers", changed("\"numbers\":", "\"mumbles\":"))
    try refused(
      "tensor mean/classifier.bias is missing", changed("mean/classifier.b", "mean/klassifier.b"))
    // 2 steps, 12 texts.
    try refused("counts are not those", changed("\"0 2 2 c", "\"9 2 2 c"))
    try refused("counts is damaged", changed("\"0 2 2 c", "\"0 2 2 x"))
    try whole.write(to: URL(fileURLWithPath: path))
    let trainer = try SmallTraining.trainer(
      options(WordLSTM.name), validation: LabelledPosts(9, seed: 3))
    try SmallTraining.fit(trainer)
    #expect(trainer.history.count == 3)
  }

  @Test func `a checkpoint that can no longer be written is told, and the model is there`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let place = "\(folder)/place"
    try File.makeDirectory(place)
    let trainer = try SmallTraining.trainer(
      options(WordLSTM.name) { $0.checkpointPath = "\(place)/checkpoint" })
    let control = RunControl(intervalMilliseconds: 0) { _ in
      try? FileManager.default.removeItem(atPath: place)
      return true
    }
    expectError(.notFound, mentions: "\(place)/checkpoint") {
      try SmallTraining.fit(trainer, control)
    }
    #expect(try trainer.model().scores(["love"])[0].allSatisfy { $0.isFinite })
  }
}
