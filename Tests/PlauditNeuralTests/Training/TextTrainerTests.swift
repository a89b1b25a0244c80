import Foundation
import PlauditCore
import PlauditTensor
import PlauditText
import Testing

@testable import PlauditNeural

struct TextTrainerTests {
  static let networks = TextTrainer.networks
  static let architectures = TextTrainer.architectures

  // MARK: By hand

  /// The first step of a warm-up has rate 0, so its loss is that of the weights it leaves.
  @Test func `class weights and smoothing change the loss as stated`() throws {
    let posts = LabelledPosts(20)
    let counts = (0..<3).map { kind in Double(posts.labels.count { $0 == kind }) }
    #expect(counts == [7, 7, 6])

    func losses(
      _ change: (inout TrainingOptions) -> Void
    ) throws -> (found: Double, log: [[Double]]) {
      let trainer = try SmallTraining.trainer(
        SmallTraining.options(BertForSequenceClassification.name) {
          $0.epochs = 1
          $0.batchSize = 20
          $0.dropout = 0
          $0.classifierDropout = 0
          change(&$0)
        }, posts)
      let found = try SmallTraining.fit(trainer).loss
      let scores = try trainer.model().scores(posts.texts)
      return (found, scores.map { $0.map { Foundation.log(Double($0)) } })
    }

    func mean(_ log: [[Double]], _ weights: [Double]) -> Double {
      var sum = 0.0
      var mass = 0.0
      for (row, label) in posts.labels.enumerated() {
        sum -= weights[Int(label)] * log[row][Int(label)]
        mass += weights[Int(label)]
      }
      return sum / mass
    }

    let plain = try losses { _ in }
    #expect((plain.found - mean(plain.log, [1, 1, 1])).magnitude < 1e-6)
    let custom = try losses { $0.classWeighting = .custom([1, 20, 0.5]) }
    #expect((custom.found - mean(custom.log, [1, 20, 0.5])).magnitude < 1e-6)
    #expect((custom.found - plain.found).magnitude > 1e-4)
    let balanced = try losses { $0.classWeighting = .balanced }
    #expect((balanced.found - mean(balanced.log, counts.map { 20 / (3 * $0) })).magnitude < 1e-6)
    let smoothed = try losses { $0.labelSmoothing = 0.3 }
    let even = -smoothed.log.joined().reduce(0, +) / 60
    #expect((smoothed.found - 0.7 * mean(smoothed.log, [1, 1, 1]) - 0.3 * even).magnitude < 1e-6)
  }

  @Test func `a step takes texts until it has its tokens`() throws {
    func steps(_ tokens: Int) throws -> Int {
      let trainer = try SmallTraining.trainer(
        SmallTraining.options(WordLSTM.name) { $0.batchTokens = tokens })
      return try SmallTraining.fit(trainer).stepCount
    }
    #expect(try steps(1) == 48)
    #expect(try steps(1_000_000) == 2)
    let words = LabelledPosts(24).texts.reduce(0) { $0 + $1.split(separator: " ").count }
    let some = try steps(100)
    #expect(some >= 2 * (words / 100) && some <= 2 * (words / 50 + 1))
  }

  /// Counting every epoch's steps would shuffle them all.
  @Test func `a training of many epochs begins at once`() throws {
    let reference = try TrajectoryReference.shared.get()
    var options = TrainingOptions(architecture: WordCNN.name)
    options.epochs = 100_000
    options.batchTokens = 7
    let texts = EncodedTexts(
      tokens: [], words: (0..<5000).map { [Int32](repeating: 1, count: $0 % 3 + 1) },
      labels: (0..<5000).map { Int32($0 % 3) })
    let training = try NetworkTraining(
      TinyNetwork.make("word_cnn"), options, names: reference.labels, training: texts,
      validation: nil, classWeights: [1, 1, 1], dataDigest: 0, threads: 1, control: RunControl())
    #expect(training.steps == 0)
  }

  @Test func `a plateau halves the learning rate`() throws {
    let trainer = try SmallTraining.trainer(
      SmallTraining.options(WordLSTM.name) {
        $0.epochs = 6
        // Too little for any other label to win.
        $0.learningRate = 1e-9
        $0.schedule = .plateau
        $0.warmupFraction = 0
        $0.monitor = .macroF1
      }, validation: LabelledPosts(9, seed: 3))
    try SmallTraining.fit(trainer)
    let rates = trainer.history.map { $0.learningRate / 1e-9 }
    for (rate, wanted) in zip(rates, [1, 1, 1, 0.5, 0.5, 0.25]) {
      #expect((rate - wanted).magnitude < 1e-12)
    }
  }

  // MARK: Law

  @Test(arguments: architectures)
  func `the same bits at one, two and three threads`(architecture: String) throws {
    let posts = LabelledPosts(24)
    var scores: [[[Float]]] = []
    var weights: [[UInt32]] = []
    var histories: [[[UInt64]]] = []
    for threads in [1, 2, 3] {
      let trainer = try SmallTraining.trainer(
        SmallTraining.options(architecture) { $0.batchSize = 24 }, posts,
        validation: LabelledPosts(9, seed: 3))
      let report = try SmallTraining.fit(trainer, threads: threads)
      #expect(report.exampleCount == 24)
      #expect(report.validationCount == 9)
      #expect(report.loss.isFinite)
      scores.append(try trainer.model().scores(posts.texts))
      histories.append(bits(trainer.history))
      if Self.networks.contains(architecture) {
        weights.append(try trainer.model().bits())
        #expect(report.stepCount == 2)
        #expect(trainer.history.count == 2)
      }
    }
    #expect(scores[1] == scores[0] && scores[2] == scores[0])
    #expect(histories[1] == histories[0] && histories[2] == histories[0])
    for other in weights { #expect(other == weights[0]) }
  }

  @Test(arguments: networks)
  func `passes of other sizes give nearly the same training`(architecture: String) throws {
    func losses(_ tokens: Int) throws -> [Double] {
      let trainer = try SmallTraining.trainer(
        SmallTraining.options(architecture) {
          $0.passTokens = tokens
          $0.dropout = 0
          $0.classifierDropout = 0
        })
      try SmallTraining.fit(trainer)
      return trainer.history.map(\.trainingLoss)
    }
    let whole = try losses(4096)
    for tokens in [1, 50] {
      for (one, other) in zip(whole, try losses(tokens)) {
        #expect((one / other - 1).magnitude < 1e-4)
      }
    }
  }

  @Test(arguments: networks)
  func `thirty-two texts can be learnt by heart`(architecture: String) throws {
    let posts = LabelledPosts(32)
    let trainer = try SmallTraining.trainer(
      SmallTraining.options(architecture) {
        $0.epochs = 50
        $0.batchSize = 8
        $0.dropout = 0
        $0.classifierDropout = 0
        $0.learningRate = 1e-2
        $0.headLearningRate = 6e-2
        $0.schedule = .constant
        $0.weightDecay = 0
      }, posts)
    let report = try SmallTraining.fit(trainer)
    #expect(report.loss < 1e-3, "\(trainer.history.map(\.trainingLoss))")
    for (scores, label) in zip(try trainer.model().scores(posts.texts), posts.labels) {
      #expect(scores[Int(label)] > 0.98)
    }
  }

  @Test func `frozen layers and word vectors keep their bits, and so does the base`() throws {
    let base = try SmallTraining.base.get()
    let encoder = try base.encoder(for: "test").encoder
    func bits(_ encoder: BertEncoder) throws -> [[UInt32]] {
      try encoder.parameters.map { parameter in
        let numbers = try parameter.numbers()
        return withExtendedLifetime(numbers) { numbers.buffer.map(\.bitPattern) }
      }
    }
    let before = try bits(encoder)
    for (frozen, kept) in [(0, 0), (-1, 5), (1, 5 + 12), (2, 5 + 24)] {
      let trainer = try SmallTraining.trainer(
        SmallTraining.options(BertWordLSTM.name) {
          $0.frozenLayers = frozen
          $0.frozenWordVectors = frozen != 0
        })
      try SmallTraining.fit(trainer)
      let network = try #require(trainer.model().network)
      let trained = try #require(network.encoder)
      let parameters = try bits(trained)
      #expect(parameters.count == before.count)
      var same = 0
      for (old, new) in zip(before, parameters) where old == new { same += 1 }
      // 3 tables and 2 of LayerNorm; 12 of a layer, whose queries, keys and values are one.
      #expect(same == kept, "frozen_layers \(frozen)")
      let untrained = try SmallTraining.trainer(
        SmallTraining.options(BertWordLSTM.name) {
          $0.epochs = 1
          $0.batchSize = 24
        })
      try SmallTraining.fit(untrained)
      let start = try #require(untrained.model().network?.upperParameters.first)
      let end = try #require(network.upperParameters.first)
      #expect(start.name == "words.weight")
      let isSame = (0..<end.count).allSatisfy { end.values.pointer[$0] == start.values.pointer[$0] }
      #expect(isSame == (frozen != 0))
    }
    #expect(try bits(encoder) == before)
  }

  /// With frozen embeddings alone nothing is kept, but nothing is dropped from them either.
  @Test func `frozen embeddings are those of prediction`() throws {
    func firstLoss(frozen: Int, dropout: Double) throws -> Double {
      let trainer = try SmallTraining.trainer(
        SmallTraining.options(BertForSequenceClassification.name) {
          $0.epochs = 1
          $0.batchSize = 24
          $0.frozenLayers = frozen
          $0.dropout = dropout
        })
      return try SmallTraining.fit(trainer).loss
    }
    #expect(try firstLoss(frozen: -1, dropout: 0) == firstLoss(frozen: 0, dropout: 0))
    #expect(try firstLoss(frozen: -1, dropout: 0.5) != firstLoss(frozen: 0, dropout: 0.5))
  }

  /// Kept states come from the kernels of prediction, the others from those of training.
  @Test(arguments: ["bert_classifier", "bert_bilstm", "bert_word_lstm"])
  func `kept states of frozen layers train as those of each pass do`(name: String) throws {
    let reference = try TrajectoryReference.shared.get()
    let texts = reference.encoded(try #require(reference.models[name]))
    func losses(_ limit: Int) throws -> [Double] {
      var options = TrainingOptions(architecture: TinyNetwork.architecture(name))
      options.epochs = 4
      options.batchSize = 4
      options.learningRate = 1e-3
      options.frozenLayers = 1
      let training = try NetworkTraining(
        TinyNetwork.make(name), options, names: reference.labels, training: texts,
        validation: texts, classWeights: [1, 1, 1], dataDigest: 0, frozenLimitBytes: limit,
        threads: 2, control: RunControl())
      try training.run()
      return training.state.history.flatMap { [$0.trainingLoss, $0.validationLoss] }
    }
    for (kept, computed) in zip(try losses(1 << 30), try losses(0)) {
      #expect((kept / computed - 1).magnitude < 1e-5)
    }
  }

  @Test func `kept states of training and validation share one budget`() throws {
    let reference = try TrajectoryReference.shared.get()
    let texts = reference.encoded(try #require(reference.models["bert_classifier"]))
    func kept(_ limit: Int) throws -> Int {
      var options = TrainingOptions(architecture: BertForSequenceClassification.name)
      options.frozenLayers = 1
      return try NetworkTraining(
        TinyNetwork.make("bert_classifier"), options, names: reference.labels, training: texts,
        validation: texts, classWeights: [1, 1, 1], dataDigest: 0, frozenLimitBytes: limit,
        threads: 1, control: RunControl()
      ).frozenByteCount
    }
    let one = try kept(1 << 30) / 2
    #expect(one > 0)
    #expect(try kept(2 * one) == 2 * one)
    #expect(try kept(2 * one - 1) == one)
    #expect(try kept(one - 1) == 0)
  }

  @Test func `training stops after epochs without gain and keeps the best`() throws {
    func trained(
      _ validation: LabelledPosts?, _ change: (inout TrainingOptions) -> Void
    ) throws -> (TextTrainer, TextTrainer.Report) {
      let trainer = try SmallTraining.trainer(
        SmallTraining.options(WordCNN.name) {
          $0.schedule = .constant
          $0.warmupFraction = 0
          change(&$0)
        }, validation: validation)
      return (trainer, try SmallTraining.fit(trainer))
    }

    // Labels that the training makes ever less likely.
    var wrong = LabelledPosts(12, seed: 3)
    wrong.labels = wrong.labels.map { ($0 + 1) % 3 }
    let (trainer, report) = try trained(wrong) {
      $0.epochs = 30
      $0.patience = 2
    }
    let losses = trainer.history.map(\.validationLoss)
    #expect(report.bestEpoch == (losses.firstIndex(of: losses.min() ?? 0) ?? 0) + 1)
    #expect(trainer.history.count == report.bestEpoch + 2)
    #expect(report.validationLoss == losses.min())
    let (short, _) = try trained(nil) { $0.epochs = report.bestEpoch }
    #expect(try trainer.model().bits() == short.model().bits())

    // F1 that stays as it is is no gain.
    let (flat, flatReport) = try trained(wrong) {
      $0.epochs = 30
      $0.patience = 3
      $0.learningRate = 1e-9
      $0.monitor = .macroF1
    }
    #expect(flat.history.count == 4)
    #expect(flatReport.bestEpoch == 1)

    // Without validation texts a part of the examples is set aside, the same each time.
    let (aside, asideReport) = try trained(nil) { $0.patience = 5 }
    #expect(asideReport.validationCount == 3)
    #expect(asideReport.exampleCount == 21)
    #expect(aside.history.count == 2)
  }

  /// Scores are not finite where a text has a certain word.
  private final class Stumbling: Network {
    let network: any Network
    let word: Int32

    init(_ network: any Network, over word: Int32) {
      self.network = network
      self.word = word
    }

    var encoder: BertEncoder? { nil }
    var pooler: Dense? { nil }
    var upperParameters: [Parameter<Float>] { network.upperParameters }
    var readsWords: Bool { true }

    func logits(
      _ input: NetworkInput, _ tape: FloatTape
    ) throws(PlauditError) -> FloatTape.Tensor {
      let made = try network.logits(input, tape)
      for row in 0..<input.words.tokenCount where input.words.ids[row] == word {
        made.values[0] = .nan
      }
      return made
    }
  }

  /// Notes which dropout each pass draws.
  private final class Listening: Network {
    struct Draw: Hashable {
      let seed: UInt64
      let step: UInt64
    }

    let network: any Network
    var draws: [Draw] = []

    init(_ network: any Network) { self.network = network }

    var encoder: BertEncoder? { nil }
    var pooler: Dense? { nil }
    var upperParameters: [Parameter<Float>] { network.upperParameters }
    var readsWords: Bool { true }

    func logits(
      _ input: NetworkInput, _ tape: FloatTape
    ) throws(PlauditError) -> FloatTape.Tensor {
      draws.append(Draw(seed: tape.dropoutSeed, step: tape.step))
      return try network.logits(input, tape)
    }
  }

  @Test func `no two passes of a step draw the same dropout`() throws {
    let reference = try TrajectoryReference.shared.get()
    var options = TrainingOptions(architecture: WordCNN.name)
    options.epochs = 1
    options.seed = 5
    options.batchSize = 4200
    options.passTokens = 1
    let network = Listening(try TinyNetwork.make("word_cnn"))
    let texts = EncodedTexts(
      tokens: [], words: [[Int32]](repeating: [1], count: 4200),
      labels: [Int32](repeating: 0, count: 4200))
    try NetworkTraining(
      network, options, names: reference.labels, training: texts, validation: nil,
      classWeights: [1, 1, 1], dataDigest: 0, threads: 1, control: RunControl()
    ).run()
    #expect(network.draws.count == 4200)
    #expect(Set(network.draws).count == 4200)
    #expect(network.draws.prefix(4096).allSatisfy { $0.seed == 5 })
  }

  @Test func `a step that is not finite is left out and counted`() throws {
    let reference = try TrajectoryReference.shared.get()
    let model = try #require(reference.models["word_lstm"])
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = TrainingOptions(architecture: WordLSTM.name)
    options.epochs = 2
    options.batchSize = 1
    options.schedule = .constant
    options.warmupFraction = 0
    options.checkpointPath = "\(folder)/checkpoint"
    options.checkpointSteps = 1
    func train(_ texts: EncodedTexts, stumbling: Bool) throws -> NetworkTraining {
      let network = try TinyNetwork.make("word_lstm")
      let training = try NetworkTraining(
        stumbling ? Stumbling(network, over: 28) : network, options, names: reference.labels,
        training: texts, validation: nil, classWeights: [1, 1, 1], dataDigest: 0, threads: 1,
        control: RunControl())
      try training.run()
      return training
    }
    // Word 28 is in two of the ten texts.
    let stumbled = try train(reference.encoded(model), stumbling: true)
    #expect(stumbled.steps == 16)
    #expect(stumbled.state.history.map(\.skippedSteps) == [2, 4])
    #expect(stumbled.state.history.map(\.step) == [8, 16])
    for epoch in stumbled.state.history { #expect(epoch.trainingLoss.isFinite) }
    #expect(
      stumbled.network.bits.allSatisfy { Float(bitPattern: $0).isFinite })
    let kept = try Checkpoint(reading: "\(folder)/checkpoint").state()
    #expect(kept.skippedInRow == 0)
    #expect(kept.skippedSteps <= 4)
  }

  @Test func `a rate that is far too large fails and names it, the checkpoint before stays`() throws
  {
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let trainer = try SmallTraining.trainer(
      SmallTraining.options(BertForSequenceClassification.name) {
        $0.epochs = 40
        // A decay that multiplies weights by a million a step.
        $0.learningRate = 1e3
        $0.weightDecay = 1e3
        $0.schedule = .constant
        $0.warmupFraction = 0
        $0.checkpointPath = "\(folder)/checkpoint"
        $0.checkpointSteps = 1
      })
    expectError(.notFinite, mentions: "smaller learning_rate") {
      try SmallTraining.fit(trainer)
    }
    let kept = try Checkpoint(reading: "\(folder)/checkpoint").state()
    #expect(kept.optimizerSteps >= 1 && kept.skippedInRow == 0)
  }

  /// A decay that multiplies the weights by a million a step: whether the loss before the last step
  /// was finite says nothing of the weights after it.
  @Test func `weights that cannot score are refused, the model of the fit before stays`() throws {
    var refused = 0
    for steps in 1...6 {
      let trainer = try SmallTraining.trainer(
        SmallTraining.options(WordCNN.name) {
          $0.epochs = steps
          $0.batchSize = 24
          $0.learningRate = 1e3
          $0.weightDecay = 1e3
          $0.schedule = .constant
          $0.warmupFraction = 0
        })
      do {
        try SmallTraining.fit(trainer)
        for scores in try trainer.model().scores(LabelledPosts(24).texts) {
          #expect(scores.allSatisfy { $0.isFinite })
        }
      } catch let error as PlauditError where error.kind == .notFinite {
        refused += 1
        #expect(error.message.contains("smaller learning_rate"))
        expectError(.invalidState, mentions: "not been fitted") { _ = try trainer.model() }
        // Stopped before its first step, it has the weights it starts with.
        expectError(.cancelled, mentions: "callback") {
          try SmallTraining.fit(trainer, RunControl(intervalMilliseconds: 0) { _ in false })
        }
        guard let before = try? trainer.model().bits() else { continue }
        expectError(.notFinite, mentions: "smaller learning_rate") {
          try SmallTraining.fit(trainer)
        }
        #expect(try trainer.model().bits() == before)
      }
    }
    #expect(refused > 0)
  }

  @Test(arguments: networks)
  func `a cancelled training leaves the weights of its last whole step`(
    architecture: String
  ) throws {
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let trainer = try SmallTraining.trainer(
      SmallTraining.options(architecture) {
        $0.checkpointPath = "\(folder)/checkpoint"
        $0.checkpointSteps = 1
      })
    let cancellation = Cancellation()
    var steps: [Int] = []
    let control = RunControl(cancellation: cancellation, intervalMilliseconds: 0) { progress in
      guard progress.phase == .training else { return true }
      steps.append(progress.step)
      #expect(progress.total == 48)
      #expect(progress.done == 6 * progress.step)
      #expect(progress.loss.isFinite)
      if progress.step == 3 { cancellation.request() }
      return true
    }
    expectError(.cancelled, mentions: "cancelled by the caller") {
      try SmallTraining.fit(trainer, threads: 2, control)
    }
    #expect(steps == [1, 2, 3])
    let model = try trainer.model()
    for scores in try model.scores(LabelledPosts(5).texts) {
      #expect((scores.reduce(0, +) - 1).magnitude < 1e-5)
    }
    let checkpoint = try Checkpoint(reading: "\(folder)/checkpoint")
    #expect(try checkpoint.state().optimizerSteps == 3)
    for parameter in try #require(model.network).parameters {
      let kept = try FloatBuffer(count: parameter.count)
      try checkpoint.read("weight", parameter, into: kept)
      #expect(
        (0..<kept.count).allSatisfy { kept.pointer[$0] == parameter.values.pointer[$0] },
        "\(parameter.name)")
    }
  }

  @Test func `stopped before its first step, a training leaves a model`() throws {
    for architecture in [BertBiLSTM.name, WordLSTM.name] {
      let trainer = try SmallTraining.trainer(SmallTraining.options(architecture))
      let cancellation = Cancellation()
      let control = RunControl(cancellation: cancellation, intervalMilliseconds: 0)
      cancellation.request()
      expectError(.cancelled, mentions: "cancelled") { try SmallTraining.fit(trainer, control) }
      if architecture == BertBiLSTM.name {
        #expect(try trainer.model().scores(["love"])[0].allSatisfy { $0.isFinite })
      }
      cancellation.reset()
      #expect(try SmallTraining.fit(trainer).stepCount == 8)
    }
  }

  @Test(arguments: architectures, [2, 3])
  func `a saved model loads again and gives the same bits`(
    architecture: String, kinds: Int
  ) throws {
    let posts = LabelledPosts(12, kinds: kinds)
    let trainer = try SmallTraining.trainer(
      SmallTraining.options(architecture) { $0.epochs = 1 }, posts)
    try SmallTraining.fit(trainer)
    let model = try trainer.model()
    #expect(model.architecture == architecture)
    #expect(model.head?.labels.names == posts.names)
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try model.save(to: folder)
    let again = try Model.load(path: folder)
    #expect(again.architecture == architecture)
    #expect(again.head?.labels.names == posts.names)
    #expect(again.parameterCount == model.parameterCount)
    let texts = inventedPosts(12, seed: 9) + ["", "no such zebra"]
    #expect(try again.scores(texts) == model.scores(texts, threads: 2))
    let scorer = try Scorer(again, PredictionOptions())
    for text in texts {
      var one = [Float](repeating: 0, count: kinds)
      _ = try Array(text.utf8).withUnsafeBytes { bytes in
        try one.withUnsafeMutableBufferPointer { try scorer.score(bytes, into: $0) }
      }
      #expect(try one == model.scores([text])[0])
    }
    if let network = again.network, architecture != BertForSequenceClassification.name {
      let classifier = try #require(
        network.upperParameters.first { $0.name == "classifier.weight" })
      // Two labels share a sigmoid unit.
      #expect(classifier.shape[0] == (kinds == 2 ? 1 : 3))
    }
  }

  @Test(arguments: networks)
  func `a length of texts is kept`(architecture: String) throws {
    let trainer = try SmallTraining.trainer(
      SmallTraining.options(architecture) {
        $0.epochs = 1
        $0.maxLength = 8
      })
    try SmallTraining.fit(trainer)
    let model = try trainer.model()
    #expect(model.maxLength == 8)
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try model.save(to: folder)
    let again = try Model.load(path: folder)
    #expect(again.maxLength == 8)
    let texts = inventedPosts(12, seed: 9)
    #expect(try again.scores(texts) == model.scores(texts))
    // Trained on eight words, it reads eight; of a hybrid it is the tokens that are counted.
    guard architecture == WordLSTM.name || architecture == WordCNN.name else { return }
    let ten = "love this new shoe brand slow great bad"
    #expect(try again.scores([ten + " refund delivery"]) == again.scores([ten]))
    var longer = PredictionOptions()
    longer.maxLength = 10
    #expect(try again.scores([ten + " refund delivery"], longer) != again.scores([ten]))
    let cut = LabelledPosts(24)
    var words = cut
    words.texts = cut.texts.map { $0.split(separator: " ").prefix(8).joined(separator: " ") }
    let short = try SmallTraining.trainer(
      SmallTraining.options(architecture) { $0.epochs = 1 }, words)
    try SmallTraining.fit(short)
    #expect(try short.model().bits() == model.bits())
  }

  @Test(arguments: [BertForSequenceClassification.name, BertBiLSTM.name, BertWordLSTM.name])
  func `the same kind of network is trained further from its own weights`(
    architecture: String
  ) throws {
    let first = try SmallTraining.trainer(SmallTraining.options(architecture))
    try SmallTraining.fit(first)
    // One step of a warm-up, whose rate is 0.
    let second = try SmallTraining.trainer(
      SmallTraining.options(architecture) {
        $0.epochs = 1
        $0.batchSize = 24
        $0.seed = 99
        $0.hiddenSize = nil
        $0.denseSize = nil
      }, base: first.model())
    try SmallTraining.fit(second)
    let old = try #require(first.model().network).parameters
    let new = try #require(second.model().network).parameters
    #expect(old.map(\.names) == new.map(\.names))
    // Word vectors come from their file.
    for (one, other) in zip(old, new) where one.name != "words.weight" {
      #expect(one.shape == other.shape)
      #expect(
        (0..<one.count).allSatisfy { one.values.pointer[$0] == other.values.pointer[$0] },
        "\(one.name)")
    }
  }

  @Test(arguments: [BertForSequenceClassification.name, WordLSTM.name, HashedLinear.architecture])
  func `a cleaning recipe is kept and applied before the model reads`(
    architecture: String
  ) throws {
    var raw = LabelledPosts(18)
    raw.texts = raw.texts.map { "@me " + $0 + " https://t.co/x &amp; soooo" }
    let recipe = try CleaningRecipe.named("tweets-1")
    func clean(_ text: String) throws -> String {
      let bytes = Array(text.utf8)
      let scratch = CleaningScratch()
      return try bytes.withUnsafeBytes {
        String(decoding: try recipe.apply($0, into: scratch).bytes, as: UTF8.self)
      }
    }
    var cleaned = raw
    cleaned.texts = try raw.texts.map(clean)
    #expect(cleaned.texts[0] != raw.texts[0])

    let trainer = try SmallTraining.trainer(
      SmallTraining.options(architecture) { $0.cleaning = "tweets-1" }, raw)
    try SmallTraining.fit(trainer)
    let plain = try SmallTraining.trainer(SmallTraining.options(architecture), cleaned)
    try SmallTraining.fit(plain)
    let texts = raw.texts + ["MEH :) http://x.y #LoveIt"]
    let wanted = try plain.model().scores(texts.map(clean))
    #expect(try trainer.model().scores(texts) == wanted)

    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try trainer.model().save(to: folder)
    let config = try String(contentsOfFile: "\(folder)/config.json", encoding: .utf8)
    #expect(config.contains("\"plaudit_cleaning\": \"tweets-1\""))
    #expect(try Model.load(path: folder).scores(texts) == wanted)
  }

  @Test(arguments: ["temperature", "platt", "isotonic"])
  func `a calibration is kept and applied to probabilities alone`(method: String) throws {
    let posts = LabelledPosts(30)
    let trainer = try SmallTraining.trainer(SmallTraining.options(WordCNN.name), posts)
    try SmallTraining.fit(trainer)
    let model = try trainer.model()
    var others = LabelledPosts(30, seed: 3)
    // Every fifth label is another's, so that there is something to calibrate.
    for row in stride(from: 0, to: 30, by: 5) { others.labels[row] = (others.labels[row] + 1) % 3 }
    let held = Texts(others.texts)
    let calibrated = try others.labels.withUnsafeBufferPointer {
      try model.calibrated(
        #require(.init(rawValue: method)), held.batch(), labels: $0, threads: 1,
        control: RunControl())
    }.model
    var logits = PredictionOptions()
    logits.probabilities = false
    #expect(try calibrated.scores(posts.texts, logits) == model.scores(posts.texts, logits))
    let scores = try calibrated.scores(posts.texts)
    #expect(try scores != model.scores(posts.texts))
    for row in scores { #expect((row.reduce(0, +) - 1).magnitude < 1e-5) }

    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try calibrated.save(to: folder)
    let again = try Model.load(path: folder)
    #expect(again.calibration == calibrated.calibration)
    #expect(try again.scores(posts.texts) == scores)
  }

  // MARK: Refusal

  @Test func `what cannot be trained is refused before anything is added`() throws {
    func refused(
      _ kind: PlauditError.Kind, _ mentions: String, base: Model? = nil,
      labels: [String] = ["a", "b"], _ options: TrainingOptions
    ) {
      expectError(kind, mentions: mentions) { _ = try TextTrainer(base, labels: labels, options) }
    }
    refused(
      .unsupported, "architecture GPT2 cannot be trained; these can: BertForSequence",
      TrainingOptions(architecture: "GPT2"))
    for architecture in Self.networks.prefix(3) {
      refused(
        .invalidArgument, "\(architecture) starts from a model with an encoder, give one",
        TrainingOptions(architecture: architecture))
    }
    let words = try SmallTraining.trainer(SmallTraining.options(WordLSTM.name))
    try SmallTraining.fit(words)
    refused(
      .unsupported, "WordLSTMForSequenceClassification has no encoder to train",
      base: try words.model(), TrainingOptions(architecture: BertBiLSTM.name))
    var options = TrainingOptions(architecture: HashedLinear.architecture)
    refused(.invalidArgument, "1 labels", labels: ["a"], options)
    refused(.invalidArgument, "appears twice", labels: ["a", "a"], options)
    options.cleaning = "spotless-9"
    refused(.notFound, "no cleaning recipe spotless-9", options)
  }

  @Test func `bad examples are refused with their row and none is added`() throws {
    let trainer = try TextTrainer(
      nil, labels: ["a", "b"], TrainingOptions(architecture: HashedLinear.architecture))
    func add(_ texts: [[UInt8]], _ labels: [Int32], valid: [UInt8]? = nil) throws {
      let data = texts.flatMap { $0 }
      var offsets: [Int64] = [0]
      for text in texts { offsets.append(offsets[offsets.count - 1] + Int64(text.count)) }
      try data.withUnsafeBytes { data in
        try offsets.withUnsafeBufferPointer { offsets in
          try labels.withUnsafeBufferPointer { labels in
            try (valid ?? [0xFF]).withUnsafeBufferPointer { valid in
              try trainer.add(
                TextBatch(
                  count: texts.count, data: data, offsets32: nil, offsets64: offsets.baseAddress,
                  validity: valid.baseAddress), labels: labels, control: RunControl())
            }
          }
        }
      }
    }
    func refused(
      _ kind: PlauditError.Kind, _ mentions: String, row: Int64, _ body: () throws -> Void
    ) {
      do {
        try body()
        Issue.record("nothing was thrown")
      } catch let error as PlauditError {
        #expect(error.kind == kind)
        #expect(error.message.contains(mentions), "\(error)")
        #expect(error.index == row)
      } catch {
        Issue.record("\(error)")
      }
      #expect(trainer.exampleCount == 0)
    }
    let good = Array("good".utf8)
    refused(.invalidData, "label 2 is not one of 0 to 1", row: 1) {
      try add([good, good], [0, 2])
    }
    refused(.invalidData, "label -1", row: 0) { try add([good, good], [-1, 0]) }
    refused(.invalidUTF8, "not UTF-8 at byte 2", row: 1) {
      try add([good, [0x61, 0x62, 0xFF]], [0, 1])
    }
    refused(.invalidData, "a null text", row: 1) { try add([good, good], [0, 1], valid: [1]) }
    refused(.invalidArgument, "1 labels for 2 texts", row: -1) { try add([good, good], [0]) }

    expectError(.invalidState, mentions: "no examples") { try SmallTraining.fit(trainer) }
    try add([[], []], [0, 1])
    expectError(.invalidData, mentions: "all 2 texts are empty") { try SmallTraining.fit(trainer) }
    try add([good], [0])
    let onlyOne = try TextTrainer(
      nil, labels: ["a", "b"], TrainingOptions(architecture: HashedLinear.architecture))
    let held = Texts(["x"])
    try [Int32(1)].withUnsafeBufferPointer {
      try onlyOne.add(held.batch(), labels: $0, control: RunControl())
    }
    expectError(.invalidState, mentions: "label a has no example") {
      try SmallTraining.fit(onlyOne)
    }
    expectError(.invalidState, mentions: "not been fitted") { _ = try onlyOne.model() }
  }

  @Test func `options that do not fit are refused before anything is added`() throws {
    func refused(
      _ kind: PlauditError.Kind, _ mentions: String, _ architecture: String,
      _ change: (inout TrainingOptions) -> Void
    ) throws {
      let options = try SmallTraining.options(architecture, change)
      expectError(kind, mentions: mentions) {
        _ = try TextTrainer(SmallTraining.base.get(), labels: LabelledPosts.words, options)
      }
    }
    try refused(
      .outOfRange, "frozen_layers is 3, allowed are -1 to 2", BertForSequenceClassification.name
    ) { $0.frozenLayers = 3 }
    try refused(.invalidArgument, "has no encoder", WordLSTM.name) { $0.frozenLayers = 1 }
    try refused(.outOfRange, "max_length is 33", BertBiLSTM.name) { $0.maxLength = 33 }
    try refused(
      .outOfRange, "max_length is 513, allowed are 1 to 512 words", WordCNN.name
    ) { $0.maxLength = 513 }
    try refused(
      .invalidArgument, "WordCNNForSequenceClassification needs word vectors: a GloVe text",
      WordCNN.name
    ) { $0.vectorsPath = nil }
    try refused(.notFound, "/nowhere/glove.txt", BertWordLSTM.name) {
      $0.vectorsPath = "/nowhere/glove.txt"
    }
    for architecture in Self.architectures {
      for weight in [0, -1, 1e10, .nan] {
        try refused(.outOfRange, "class_weights[1] is \(weight)", architecture) {
          $0.classWeighting = .custom([1, weight, 1])
        }
      }
      try refused(.invalidArgument, "2 class weights for 3 labels", architecture) {
        $0.classWeighting = .custom([1, 1])
      }
    }
    let base = try SmallTraining.base.get()
    var head = HeadTrainerOptions()
    head.classWeighting = .custom([1, 0])
    expectError(.outOfRange, mentions: "class_weights[1] is 0") {
      _ = try HeadTrainer(base, labels: ["a", "b"], head)
    }
  }

  @Test func `numbers out of range are refused by name`() throws {
    func refused(_ mentions: String, _ change: (inout TrainingOptions) -> Void) {
      var options = TrainingOptions(architecture: HashedLinear.architecture)
      change(&options)
      expectError(.outOfRange, mentions: mentions) {
        _ = try TextTrainer(nil, labels: ["a", "b"], options)
      }
    }
    refused("epochs is 0, allowed are 1 to 100000") { $0.epochs = 0 }
    refused("batch_size is 0") { $0.batchSize = 0 }
    refused("batch_tokens is -1") { $0.batchTokens = -1 }
    refused("pass_tokens is 0") { $0.passTokens = 0 }
    refused("hidden_size is 16385") { $0.hiddenSize = 16_385 }
    refused("filter_count is -3") { $0.filterCount = -3 }
    refused("dense_size is 0") { $0.denseSize = 0 }
    refused("vector_words is 0") { $0.vectorWords = 0 }
    refused("patience is 0") { $0.patience = 0 }
    refused("plateau_patience is -1") { $0.plateauPatience = -1 }
    refused("checkpoint_steps is 0") { $0.checkpointSteps = 0 }
    for bad in [0, -1, 1e4, .nan, .infinity] {
      refused("learning_rate is \(bad)") { $0.learningRate = bad }
      refused("head_learning_rate is \(bad)") { $0.headLearningRate = bad }
    }
    refused("weight_decay is -1.0") { $0.weightDecay = -1 }
    refused("beta1 is 1.0") { $0.beta1 = 1 }
    refused("beta2 is 1.0") { $0.beta2 = 1 }
    refused("epsilon is 0.0") { $0.epsilon = 0 }
    refused("warmup_fraction is 1.5") { $0.warmupFraction = 1.5 }
    refused("plateau_factor is 0.0") { $0.plateauFactor = 0 }
    refused("clip_norm is 0.0") { $0.clipNorm = 0 }
    refused("dropout is 1.0") { $0.dropout = 1 }
    refused("classifier_dropout is nan") { $0.classifierDropout = .nan }
    refused("label_smoothing is 1.0") { $0.labelSmoothing = 1 }
    refused("holdout_fraction is 0.95") { $0.validationFraction = 0.95 }
    refused("l2 is 0.0") { $0.l2 = 0 }
    var options = TrainingOptions(architecture: HashedLinear.architecture)
    options.resumes = true
    expectError(.invalidArgument, mentions: "resume is set, but no checkpoint is named") {
      _ = try TextTrainer(nil, labels: ["a", "b"], options)
    }
  }

  @Test func `vectors that are no vectors are refused when they are read`() throws {
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/glove.txt"
    try "love 1 2 3\nbad 4 5\n".write(toFile: path, atomically: true, encoding: .utf8)
    let trainer = try SmallTraining.trainer(
      SmallTraining.options(WordLSTM.name) { $0.vectorsPath = path })
    expectError(.corrupt, mentions: "line 2") { try SmallTraining.fit(trainer) }
    expectError(.invalidState, mentions: "not been fitted") { _ = try trainer.model() }
  }
}
