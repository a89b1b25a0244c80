import Glibc
import PlauditCore
import PlauditStats
import PlauditTensor

/// One training of a network, from its first step or a checkpoint to its last.
///
/// A step's texts go through in passes of a fixed number of tokens; their gradients add up in
/// order, each sum has one order however it is cut, dropout counts: the same data, options and seed
/// give the same bits at any number of threads, and after a resumption too.
final class NetworkTraining {
  let network: any Network
  private let options: TrainingOptions
  private let names: [String]
  private let training: EncodedTexts
  private let validation: EncodedTexts?
  private let classWeights: [Double]
  private let optimizer: AdamOptimizer
  /// As a pass takes them: nil when all layers train.
  private let frozenLayers: Int?
  private let frozen: FrozenStates?
  private let frozenValidation: FrozenStates?
  /// Bytes of what is kept of frozen layers.
  var frozenByteCount: Int { (frozen?.byteCount ?? 0) + (frozenValidation?.byteCount ?? 0) }
  private let threads: Int
  private let control: RunControl
  private let tape: FloatTape
  private let tokens: TokenPack
  private let words: TokenPack
  private let gathered: FloatBuffer
  private let dataDigest: UInt64

  private(set) var state = TrainingState()
  private var best: [FloatBuffer] = []
  private var schedule: LearningRateSchedule
  private var started = timespec()
  /// Steps that the schedule reckons with; what an epoch has is known when it is shuffled.
  private let plannedSteps: Int

  init(
    _ network: any Network, _ options: TrainingOptions, names: [String], training: EncodedTexts,
    validation: EncodedTexts?, classWeights: [Double], dataDigest: UInt64,
    frozenLimitBytes: Int = FrozenStates.limitBytes, threads: Int, control: RunControl
  ) throws(PlauditError) {
    self.network = network
    self.options = options
    self.names = names
    self.training = training
    self.validation = validation
    self.classWeights = classWeights
    self.dataDigest = dataDigest
    self.threads = threads
    self.control = control
    clock_gettime(CLOCK_MONOTONIC, &started)

    frozenLayers = try NetworkTraining.freeze(network, options)
    let learningRate = options.learningRate ?? options.usualLearningRate
    let upper = network.upperParameters
    let lower = (network.encoder?.parameters ?? []) + (network.pooler?.parameters ?? [])
    optimizer = try AdamOptimizer(
      [
        .init(parameters: lower, learningRate: learningRate),
        .init(parameters: upper, learningRate: options.headLearningRate ?? learningRate),
      ], options, threads: threads)
    let layers = frozenLayers ?? 0
    frozen = try FrozenStates(
      network.encoder, layers: layers, training, limitBytes: frozenLimitBytes, threads: threads,
      control: control)
    // Texts of validation are read once an epoch, as those of training are: what is left is theirs.
    let left = frozenLimitBytes - (frozen?.byteCount ?? 0)
    frozenValidation =
      try validation.flatMap { (texts) throws(PlauditError) in
        try FrozenStates(
          network.encoder, layers: layers, texts, limitBytes: left, threads: threads,
          control: control)
      }
    tape = FloatTape(recording: true, threads: threads, control: control)
    let room = options.passTokens + training.longest
    tokens = try TokenPack(tokens: room, rows: room)
    words = try TokenPack(tokens: room, rows: room)
    gathered = try FloatBuffer(
      count: frozen == nil ? 0 : room * (network.encoder?.configuration.hiddenSize ?? 0))
    plannedSteps = options.epochs * NetworkTraining.plan(0, training, options).count
    schedule = LearningRateSchedule(
      options.schedule, totalSteps: plannedSteps,
      warmupSteps: Int(exactly: (Double(plannedSteps) * options.warmupFraction).rounded(.up)) ?? 0,
      factor: options.plateauFactor, patience: options.plateauPatience)
  }

  /// Gives gradients to all parameters but the frozen ones; returns the layers that stay, nil for
  /// none.
  private static func freeze(
    _ network: any Network, _ options: TrainingOptions
  ) throws(PlauditError) -> Int? {
    for parameter in network.parameters { try parameter.train() }
    if options.frozenWordVectors {
      for parameter in network.upperParameters where parameter.name == "words.weight" {
        parameter.freeze()
      }
    }
    try options.checkFrozenLayers(of: network.encoder)
    guard options.frozenLayers != 0, let encoder = network.encoder else { return nil }
    let frozen = max(options.frozenLayers, 0)
    for parameter in encoder.firstParameters(layers: frozen) { parameter.freeze() }
    return frozen
  }

  /// Steps of the optimiser so far.
  var steps: Int { optimizer.step }
  /// Those that a checkpoint brought along.
  private(set) var resumedSteps = 0

  // MARK: Order

  /// The texts of each step of an epoch, in an order that follows from seed and epoch alone.
  private static func plan(
    _ epoch: Int, _ training: EncodedTexts, _ options: TrainingOptions
  ) -> [ArraySlice<Int>] {
    var order = Array(0..<training.count)
    var random = RandomSource(seed: options.seed, stream: 1 << 40 | UInt64(epoch))
    random.shuffle(&order)
    var steps: [ArraySlice<Int>] = []
    var first = 0
    while first < order.count {
      var end = first
      var size = 0
      while end < order.count {
        let length = training.length(order[end])
        if let most = options.batchTokens {
          guard end == first || size + length <= most else { break }
        } else {
          guard end - first < options.batchSize else { break }
        }
        size += length
        end += 1
      }
      steps.append(order[first..<end])
      first = end
    }
    return steps
  }

  // MARK: Running

  /// Trains to the end, or until it is stopped, which is thrown. Either way the network has the
  /// best weights so far: of the best epoch where there are validation texts, else the latest.
  func run() throws(PlauditError) {
    defer { useBest() }
    try resume()
    while state.epoch < options.epochs, !state.isStopped {
      let steps = NetworkTraining.plan(state.epoch, training, options)
      let began = seconds
      while state.stepInEpoch < steps.count {
        try step(steps[state.stepInEpoch])
        state.stepInEpoch += 1
        if let every = options.checkpointSteps, optimizer.step % every == 0,
          state.stepInEpoch < steps.count
        {
          try saveCheckpoint()
        }
        // After the checkpoint, so that a callback that stops the run finds it written.
        control.report(
          .training, done: state.textsDone, total: training.count * options.epochs,
          loss: state.lossWeight > 0 ? state.lossSum / state.lossWeight : .nan,
          step: optimizer.step,
          force: state.textsDone == training.count * options.epochs)
      }
      try finishEpoch(steps.count, began: began)
      try saveCheckpoint()
    }
  }

  /// One step: all its passes, then the optimiser, unless something is not finite.
  private func step(_ texts: ArraySlice<Int>) throws(PlauditError) {
    var normaliser = 0.0
    for text in texts { normaliser += classWeights[Int(training.labels[text])] }
    var sum = LossSum()
    var first = texts.startIndex
    var pass: UInt64 = 0
    do throws(PlauditError) {
      while first < texts.endIndex {
        var end = first
        var size = 0
        while end < texts.endIndex {
          let length = training.length(texts[end])
          guard end == first || size + length <= options.passTokens else { break }
          size += length
          end += 1
        }
        let part = try self.pass(
          texts[first..<end], normaliser: max(normaliser, 1e-300), number: pass)
        sum.total += part.total
        sum.weight += part.weight
        first = end
        pass += 1
      }
    } catch {
      // A step is whole or not at all.
      tape.reset()
      optimizer.clearGradients()
      throw error
    }
    let rate = schedule.rate(after: optimizer.step)
    let norm = optimizer.gradientNorm()
    state.textsDone += texts.count
    guard sum.total.isFinite, norm.isFinite else {
      optimizer.clearGradients()
      state.skippedSteps += 1
      state.skippedInRow += 1
      // A hundred in a row: the weights will not recover.
      if state.skippedInRow >= 100 { throw diverged() }
      return
    }
    state.skippedInRow = 0
    state.lossSum += sum.total
    state.lossWeight += sum.weight
    state.learningRate = rate * (options.learningRate ?? options.usualLearningRate)
    optimizer.update(rate: rate, factor: optimizer.clipFactor(norm: norm))
  }

  private func pass(
    _ texts: ArraySlice<Int>, normaliser: Double, number: UInt64
  ) throws(PlauditError) -> LossSum {
    tokens.clear()
    words.clear()
    tape.reset()
    // Twelve bits number the passes of a step, of the other bits of a stream 36 its step; passes
    // beyond have a seed of their own each 4,096.
    tape.dropoutSeed = options.seed ^ (number >> 12) &* 0x9E37_79B9_7F4A_7C15
    tape.step = UInt64(optimizer.step + state.skippedSteps) << 12 | number & 0xFFF
    var labels: [Int32] = []
    for text in texts {
      training.add(text, tokens: tokens, words: words)
      labels.append(training.labels[text])
    }
    let logits = try network.logits(input(tokens, words, frozen, texts, gathered), tape)
    let made = try labels.withUnsafeBufferPointer { (labels) throws(PlauditError) in
      guard let first = labels.baseAddress else {
        throw PlauditError(.internal, "a pass without texts")
      }
      return try tape.crossEntropy(
        logits, labels: first, classWeights: classWeights, smoothing: options.labelSmoothing,
        normaliser: normaliser)
    }
    if made.sum.total.isFinite { try tape.backward(from: made.loss) }
    tape.reset()
    return made.sum
  }

  private func input(
    _ tokens: TokenPack, _ words: TokenPack, _ frozen: FrozenStates?, _ texts: ArraySlice<Int>,
    _ gathered: FloatBuffer
  ) -> NetworkInput {
    var input = NetworkInput(tokens: tokens, words: words)
    input.frozenLayers = frozenLayers
    if let frozen {
      frozen.gather(texts, into: gathered.pointer)
      input.frozenStates = UnsafePointer(gathered.pointer)
    }
    return input
  }

  // MARK: Epochs

  private func diverged() -> PlauditError {
    PlauditError(
      .notFinite,
      "loss or gradient was NaN or infinite in \(state.skippedInRow) steps in a row after step "
        + "\(optimizer.step); give a smaller learning_rate")
  }

  private func finishEpoch(_ steps: Int, began: Double) throws(PlauditError) {
    // Not one step was made: no later epoch would make one.
    guard state.skippedInRow < max(steps, 1) else { throw diverged() }
    var epoch = TrainingEpoch()
    epoch.epoch = state.epoch + 1
    epoch.step = optimizer.step
    epoch.trainingLoss = state.lossWeight > 0 ? state.lossSum / state.lossWeight : .nan
    epoch.learningRate = state.learningRate
    epoch.skippedSteps = state.skippedSteps
    if let validation {
      let found = try evaluate(validation, frozenValidation)
      epoch.validationLoss = found.loss
      epoch.validationAccuracy = found.report.accuracy
      epoch.validationMacroF1 = found.report.macroF1
    }
    epoch.seconds = seconds - began
    state.history.append(epoch)
    state.epoch += 1
    state.stepInEpoch = 0
    state.lossSum = 0
    state.lossWeight = 0
    guard validation != nil else { return }
    let value =
      options.monitor == .loss ? epoch.validationLoss : -epoch.validationMacroF1
    schedule.observe(value)
    if value < state.bestValue || state.bestEpoch == 0 {
      state.bestValue = value
      state.bestEpoch = epoch.epoch
      try keepBest()
    } else if let patience = options.patience, epoch.epoch - state.bestEpoch >= patience {
      state.isStopped = true
    }
  }

  private func keepBest() throws(PlauditError) {
    if best.isEmpty {
      for one in optimizer.moments { best.append(try FloatBuffer(count: one.parameter.count)) }
    }
    for (kept, one) in zip(best, optimizer.moments) {
      kept.pointer.update(from: one.parameter.values.pointer, count: kept.count)
    }
  }

  private func useBest() {
    tape.reset()
    guard state.bestEpoch > 0 else { return }
    for (kept, one) in zip(best, optimizer.moments) {
      one.parameter.values.pointer.update(from: kept.pointer, count: kept.count)
    }
  }

  /// Throws `.notFinite` when the network as it is cannot score: a weight is not finite, or a logit
  /// of some texts.
  ///
  /// - Parameter briefly: whether one short text is scored and no more, after a cancellation.
  func checkScores(briefly: Bool) throws(PlauditError) {
    for parameter in briefly ? [] : network.parameters {
      let bad = nonFiniteCount(parameter.values.pointer, count: parameter.count)
      guard bad == 0 else {
        throw PlauditError(
          .notFinite,
          "\(bad) weights of \(parameter.name) are NaN or infinite after step \(optimizer.step); give "
            + "a smaller learning_rate")
      }
    }
    // The best epoch's weights scored all validation texts.
    guard state.bestEpoch == 0 else { return }
    tokens.clear()
    words.clear()
    let most = briefly ? 32 : options.passTokens
    var size = 0
    for text in stride(from: 0, to: training.count, by: max(training.count / 64, 1)) {
      let length = training.length(text)
      guard size + length <= most || (size == 0 && !briefly) else { continue }
      size += length
      training.add(text, tokens: tokens, words: words)
      if briefly { break }
    }
    guard size > 0 else { return }
    let tape = FloatTape(recording: false)
    let logits = try network.logits(NetworkInput(tokens: tokens, words: words), tape)
    guard nonFiniteCount(logits.values, count: logits.count) == 0 else {
      throw PlauditError(
        .notFinite,
        "the network's scores are not finite after step \(optimizer.step); give a smaller "
          + "learning_rate")
    }
  }

  private func evaluate(
    _ texts: EncodedTexts, _ frozen: FrozenStates?
  ) throws(PlauditError) -> (loss: Double, report: ClassificationReport) {
    let work = try Evaluation(
      network, texts, frozen, frozenLayers: frozenLayers, classes: names.count,
      passTokens: options.passTokens, threads: threads, control: control)
    return try work.run(threads: threads)
  }

  private var seconds: Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec - started.tv_sec) + Double(now.tv_nsec - started.tv_nsec) * 1e-9
  }

  // MARK: Checkpoints

  private func resume() throws(PlauditError) {
    guard options.resumes, let path = options.checkpointPath, File.exists(path) else { return }
    let checkpoint = try Checkpoint(reading: path)
    try checkpoint.check(options, dataDigest: dataDigest)
    let found = try checkpoint.state()
    guard isPossible(found) else {
      throw PlauditError(.corrupt, "\(path): counts are not those of a step of this training")
    }
    for one in optimizer.moments {
      try checkpoint.read("weight", one.parameter, into: one.parameter.values)
      try checkpoint.read("mean", one.parameter, into: one.mean)
      try checkpoint.read("square", one.parameter, into: one.square)
    }
    state = found
    if state.bestEpoch > 0 {
      try keepBest()
      for (kept, one) in zip(best, optimizer.moments) {
        try checkpoint.read("best", one.parameter, into: kept)
      }
    }
    optimizer.resume(at: state.optimizerSteps)
    resumedSteps = state.optimizerSteps
    // Replayed, so that a plateau knows what it saw.
    for epoch in state.history where validation != nil {
      schedule.observe(options.monitor == .loss ? epoch.validationLoss : -epoch.validationMacroF1)
    }
  }

  /// Whether this training can have come to such a state; counts of a file may be anything.
  private func isPossible(_ state: TrainingState) -> Bool {
    guard state.epoch <= options.epochs, state.history.count == state.epoch else { return false }
    let inEpoch =
      state.epoch < options.epochs
      ? NetworkTraining.plan(state.epoch, training, options).count : 0
    // Each step has a text at least.
    let texts = training.count * options.epochs
    return state.stepInEpoch <= inEpoch && state.optimizerSteps <= texts
      && state.skippedSteps <= texts && state.skippedInRow <= state.skippedSteps
      && state.bestEpoch <= state.epoch && state.textsDone <= texts
  }

  private func saveCheckpoint() throws(PlauditError) {
    // After a step that was left out weights may be on their way to infinity.
    guard let path = options.checkpointPath, state.skippedInRow == 0 else { return }
    state.optimizerSteps = optimizer.step
    var tensors: [NamedTensor] = []
    for (index, one) in optimizer.moments.enumerated() {
      tensors += Checkpoint.tensors("weight", one.parameter, one.parameter.values)
      tensors += Checkpoint.tensors("mean", one.parameter, one.mean)
      tensors += Checkpoint.tensors("square", one.parameter, one.square)
      if state.bestEpoch > 0 { tensors += Checkpoint.tensors("best", one.parameter, best[index]) }
    }
    try Checkpoint.write(
      tensors, state, options, dataDigest: dataDigest, to: path, control: control)
  }
}

/// Scores all texts without recording, on several threads; each has a tape of its own.
private final class Evaluation: ParallelWork {
  private let network: any Network
  private let texts: EncodedTexts
  private let frozen: FrozenStates?
  private let frozenLayers: Int?
  private let classes: Int
  private let control: RunControl
  private let groups: [Range<Int>]
  private let logits: FloatBuffer
  private var workers: [Worker] = []

  /// What one thread has to itself.
  private final class Worker {
    let tape: FloatTape
    let tokens: TokenPack
    let words: TokenPack
    let gathered: FloatBuffer
    var failure: PlauditError?

    init(_ control: RunControl, room: Int, gathered: Int) throws(PlauditError) {
      tape = FloatTape(recording: false, control: control)
      tokens = try TokenPack(tokens: room, rows: room)
      words = try TokenPack(tokens: room, rows: room)
      self.gathered = try FloatBuffer(count: gathered)
    }
  }

  init(
    _ network: any Network, _ texts: EncodedTexts, _ frozen: FrozenStates?, frozenLayers: Int?,
    classes: Int, passTokens: Int, threads: Int, control: RunControl
  ) throws(PlauditError) {
    self.network = network
    self.texts = texts
    self.frozen = frozen
    self.frozenLayers = frozenLayers
    self.classes = classes
    self.control = control
    logits = try FloatBuffer(count: texts.count * classes)
    var groups: [Range<Int>] = []
    var first = 0
    while first < texts.count {
      var end = first
      var size = 0
      while end < texts.count, end == first || size + texts.length(end) <= passTokens {
        size += texts.length(end)
        end += 1
      }
      groups.append(first..<end)
      first = end
    }
    self.groups = groups
    let room = passTokens + texts.longest
    let width = network.encoder?.configuration.hiddenSize ?? 0
    for _ in 0..<max(min(threads, groups.count), 1) {
      workers.append(
        try Worker(control, room: room, gathered: frozen == nil ? 0 : room * width))
    }
  }

  func run(threads: Int) throws(PlauditError) -> (loss: Double, report: ClassificationReport) {
    WorkerPool.run(tasks: groups.count, threads: workers.count, self)
    for worker in workers { if let failure = worker.failure { throw failure } }
    var loss = 0.0
    var predicted: [Int32] = []
    for row in 0..<texts.count {
      let values = UnsafeBufferPointer(start: logits.pointer + row * classes, count: classes)
      guard nonFiniteCount(logits.pointer + row * classes, count: classes) == 0 else {
        throw PlauditError(
          .notFinite,
          "the network's scores of a validation text are not finite; give a smaller learning_rate",
          index: Int64(row))
      }
      predicted.append(Problem.singleLabel.label(of: values))
      var highest = -Double.infinity
      for value in values { highest = max(highest, Double(value)) }
      var sum = 0.0
      for value in values { sum += exp(Double(value) - highest) }
      loss += highest + log(sum) - Double(values[Int(texts.labels[row])])
    }
    let report = try predicted.withUnsafeBufferPointer { (predicted) throws(PlauditError) in
      try texts.labels.withUnsafeBufferPointer { (truth) throws(PlauditError) in
        try ClassificationReport(truth: truth, predicted: predicted, classes: classes)
      }
    }
    return (loss / Double(texts.count), report)
  }

  func perform(task: Int, worker index: Int) {
    guard index < workers.count, workers[index].failure == nil else { return }
    let worker = workers[index]
    worker.tokens.clear()
    worker.words.clear()
    worker.tape.reset()
    let group = groups[task]
    for text in group { texts.add(text, tokens: worker.tokens, words: worker.words) }
    var input = NetworkInput(tokens: worker.tokens, words: worker.words)
    if let frozen {
      frozen.gather(Array(group)[...], into: worker.gathered.pointer)
      input.frozenLayers = frozenLayers
      input.frozenStates = UnsafePointer(worker.gathered.pointer)
    }
    do throws(PlauditError) {
      let made = try network.logits(input, worker.tape)
      (logits.pointer + group.lowerBound * classes).update(from: made.values, count: made.count)
    } catch {
      worker.failure = error
    }
  }

  func tick() {}
}
