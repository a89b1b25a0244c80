package import PlauditCore
import PlauditStats
import PlauditTensor
package import PlauditText

/// Trains a classifier of any architecture but a head on sentence vectors: examples in, a model
/// out.
///
/// Texts are kept cleaned; everything that depends on them, vocabularies too, is made of the
/// training examples alone when `fit` is called.
package final class TextTrainer {
  package let labels: LabelSet
  package let options: TrainingOptions
  private let base: EncoderBody?
  private let baseLabels: LabelSet?
  private let recipe: CleaningRecipe?
  /// Tokens a text may have, of networks over words alone words.
  private let length: Int
  private var training: TextStore
  private let validation: TextStore
  private var trained: Model?
  package private(set) var history: [TrainingEpoch] = []
  /// Where word vectors come from; trainings that follow each other may share one.
  var vectors = VectorFile()

  /// What a fit did.
  package struct Report {
    package var exampleCount = 0
    package var validationCount = 0
    package var stepCount = 0
    package var skippedSteps = 0
    /// The epoch whose weights were kept, 0 where there was no choice.
    package var bestEpoch = 0
    package var loss = Double.nan
    package var l2 = Double.nan
    package var validationLoss = Double.nan
    package var validationAccuracy = Double.nan
    package var validationMacroF1 = Double.nan
    package var converged = false
  }

  static let networks = [
    BertForSequenceClassification.name, BertBiLSTM.name, BertWordLSTM.name, WordLSTM.name,
    WordCNN.name,
  ]
  package static let architectures =
    networks + [TfidfLogisticRegression.architecture, HashedLinear.architecture]

  /// - Parameter base: the model whose encoder is trained further; nil for architectures without.
  package init(
    _ base: Model?, labels names: [String], _ options: TrainingOptions
  ) throws(PlauditError) {
    guard TextTrainer.architectures.contains(options.architecture) else {
      throw PlauditError(
        .unsupported,
        "architecture \(options.architecture) cannot be trained; these can: "
          + TextTrainer.architectures.joined(separator: ", "))
    }
    if options.architecture.hasPrefix("Bert") {
      guard let base else {
        throw PlauditError(
          .invalidArgument, "\(options.architecture) starts from a model with an encoder, give one")
      }
      let body = try base.encoder(for: "encoder to train")
      try body.requireWeights("be trained further")
      self.base = body
      baseLabels = base.head?.labels
    } else {
      self.base = nil
      baseLabels = nil
    }
    try LabelSet.check(names)
    try options.check(labels: names.count)
    length = try TextTrainer.length(options, self.base)
    if TextTrainer.networks.contains(options.architecture) {
      try options.checkFrozenLayers(of: self.base?.encoder)
    }
    // That it is there; what it holds is read when the examples are known.
    if let path = options.vectorsPath, TrainableNetwork.readsWords(options) {
      _ = try File(opening: path)
    }
    let recipe: CleaningRecipe?
    if let name = options.cleaning {
      recipe = try CleaningRecipe.named(name)
    } else {
      // A base reads texts as it was trained to.
      recipe = self.base == nil ? nil : base?.cleaning
    }
    self.recipe = recipe?.isIdentity == true ? nil : recipe
    let applied: CleaningRecipe
    if let recipe { applied = recipe } else { applied = try CleaningRecipe.named("none") }
    training = TextStore(applied)
    validation = TextStore(applied)
    labels = LabelSet(names: names)
    self.options = options
  }

  package var exampleCount: Int { training.count }

  /// The recipe that texts are cleaned by.
  var recipeName: String { recipe?.name ?? "none" }

  /// Takes examples in place of its own, cleaned by its recipe and labelled by its labels.
  func take(_ cleaned: TextStore) { training = cleaned }

  /// Keeps examples; all or nothing.
  package func add(
    _ texts: TextBatch, labels new: UnsafeBufferPointer<Int32>, control: RunControl
  ) throws(PlauditError) {
    try training.add(texts, labels: new, names: labels.names, control: control)
  }

  /// Keeps texts by which epochs and strengths are compared; nothing is learnt from them.
  package func addValidation(
    _ texts: TextBatch, labels new: UnsafeBufferPointer<Int32>, control: RunControl
  ) throws(PlauditError) {
    try validation.add(texts, labels: new, names: labels.names, control: control)
  }

  /// The model as the last fit left it.
  package func model() throws(PlauditError) -> Model {
    guard let trained else {
      throw PlauditError(.invalidState, "the model has not been fitted yet")
    }
    return trained
  }

  /// Trains from the start, or from the checkpoint that the options name.
  ///
  /// Stopped, it leaves the model of the best epoch so far, or else of the last whole step, and
  /// then throws. Weights that cannot score are `.notFinite`, and the model stays that of the fit
  /// before.
  package func fit(threads: Int, control: RunControl) throws(PlauditError) -> Report {
    try training.checkComplete(labels.names)
    switch options.architecture {
    case TfidfLogisticRegression.architecture: return try fitTfidf(threads, control)
    case HashedLinear.architecture: return try fitHashed(control)
    default: return try fitNetwork(threads, control)
    }
  }

  // MARK: Networks

  private func fitNetwork(_ threads: Int, _ control: RunControl) throws(PlauditError) -> Report {
    if let path = options.checkpointPath { try File.checkWritable(path) }
    var (train, held) = (training, validation.count > 0 ? validation : nil)
    if held == nil, options.patience != nil || options.schedule == .plateau {
      (train, held) = try setAside()
    }
    let words = try wordSide(train, control)
    let (network, body) = try TrainableNetwork.make(
      options, base: base, keepsHead: baseLabels?.names == labels.names,
      labels: labels.names.count, words: words, control: control)
    var begun: NetworkTraining?
    var interruption: PlauditError?
    do throws(PlauditError) {
      let encoded = try EncodedTexts(
        train, encoder: base, words: words?.side, maxLength: length, control: control)
      let encodedHeld = try held.map { (store) throws(PlauditError) in
        try EncodedTexts(
          store, encoder: base, words: words?.side, maxLength: length, control: control)
      }
      let heldDigest = try held?.digest(control: control) ?? 0
      var digest = try train.digest(control: control) ^ heldDigest &* 31
      for parameter in network.parameters {
        let bits = try TrainableNetwork.digest(parameter, control: control)
        digest = (digest ^ bits) &* 0x100_0000_01b3
      }
      let run = try NetworkTraining(
        network, options, names: labels.names, training: encoded, validation: encodedHeld,
        classWeights: classWeights(train), dataDigest: digest, threads: threads,
        control: control)
      begun = run
      try run.run()
    } catch {
      // A fit that failed before it made a step leaves what the last one made. One that was
      // stopped so leaves the network as it starts, when there is nothing better.
      let madeSteps = begun.map { $0.steps > $0.resumedSteps } ?? false
      guard madeSteps || (error.isStop && trained == nil) else { throw error }
      interruption = error
    }
    history = begun?.state.history ?? []
    for parameter in network.parameters { parameter.freeze() }
    let made = try body(length).model(labels: labels, cleaning: recipe)
    do throws(PlauditError) {
      try begun?.checkScores(briefly: interruption?.isStop ?? false)
    } catch {
      // The model of an earlier fit stays: this one could not be used.
      throw interruption ?? error
    }
    trained = made
    if let interruption { throw interruption }
    guard let run = begun else { throw PlauditError(.internal, "a training that did not begin") }
    var report = Report()
    report.exampleCount = train.count
    report.validationCount = held?.count ?? 0
    report.stepCount = run.steps
    report.skippedSteps = run.state.skippedSteps
    report.bestEpoch = run.state.bestEpoch
    report.converged = true
    let kept = history.first { $0.epoch == run.state.bestEpoch } ?? history.last
    report.loss = kept?.trainingLoss ?? .nan
    report.validationLoss = kept?.validationLoss ?? .nan
    report.validationAccuracy = kept?.validationAccuracy ?? .nan
    report.validationMacroF1 = kept?.validationMacroF1 ?? .nan
    return report
  }

  private static func length(
    _ options: TrainingOptions, _ base: EncoderBody?
  ) throws(PlauditError) -> Int {
    guard let base else {
      guard networks.contains(options.architecture), let length = options.maxLength else {
        return WordSide.maximumWords
      }
      return try WordSide.checked(length: length)
    }
    var predicting = PredictionOptions()
    predicting.maxLength = options.maxLength
    return try predicting.length(base)
  }

  private func wordSide(
    _ train: TextStore, _ control: RunControl
  ) throws(PlauditError) -> TrainableNetwork.Words? {
    guard TrainableNetwork.readsWords(options) else { return nil }
    guard let path = options.vectorsPath else {
      throw PlauditError(.internal, "a network over words without vectors")
    }
    return try TrainableNetwork.Words(
      vectors.load(path, control: control), from: path, texts: train, most: options.vectorWords,
      control: control)
  }

  private func setAside() throws(PlauditError) -> (TextStore, TextStore?) {
    let (train, held) = try training.withTexts { (texts, rows) throws(PlauditError) in
      try LabelledTexts(texts, labels: rows, names: labels.names).split(
        labels.names, fraction: options.validationFraction, seed: options.seed)
    }
    return (training.subset(train), training.subset(held))
  }

  private func classWeights(_ store: TextStore) throws(PlauditError) -> [Double] {
    try store.withTexts { (texts, rows) throws(PlauditError) in
      try LabelledTexts(texts, labels: rows, names: labels.names).weights(
        Array(0..<store.count), options.classWeighting, labels.names)
    }
  }

  // MARK: Linear models

  private func fitTfidf(_ threads: Int, _ control: RunControl) throws(PlauditError) -> Report {
    var wanted = TfidfLogisticRegressionOptions()
    wanted.classWeighting = options.classWeighting
    wanted.holdoutFraction = options.validationFraction
    wanted.seed = options.seed
    if let l2 = options.l2 {
      wanted.strengths = [1 / l2]
    } else if validation.count == 0, training.hasLoneLabel(of: labels.names.count) {
      // Nothing can be held out to choose by.
      wanted.strengths = [1]
    }
    return try finish(
      labelled { (data, held) throws(PlauditError) in
        try TfidfLogisticRegression.train(
          data, names: labels.names, validation: held, wanted, threads: threads, control: control)
      }
    ) { ($0.body, TfidfLogisticRegression.architecture) }
  }

  private func fitHashed(_ control: RunControl) throws(PlauditError) -> Report {
    var wanted = HashedLinearOptions()
    wanted.classWeighting = options.classWeighting
    wanted.seed = options.seed
    if let rate = options.learningRate { wanted.learningRate = rate }
    if options.givesEpochs { wanted.epochs = options.epochs }
    return try finish(
      labelled { (data, held) throws(PlauditError) in
        try HashedLinear.train(
          data, names: labels.names, validation: held, wanted, control: control)
      }
    ) { ($0.body, HashedLinear.architecture) }
  }

  private func labelled<Result>(
    _ body: (LabelledTexts, LabelledTexts?) throws(PlauditError) -> Result
  ) throws(PlauditError) -> Result {
    try training.withTexts { (texts, rows) throws(PlauditError) in
      let data = try LabelledTexts(texts, labels: rows, names: labels.names)
      guard validation.count > 0 else { return try body(data, nil) }
      return try validation.withTexts { (texts, rows) throws(PlauditError) in
        try body(data, LabelledTexts(texts, labels: rows, names: labels.names))
      }
    }
  }

  private func finish<Scorer>(
    _ made: Trained<Scorer>, _ body: (Scorer) -> (any ModelBody, String)
  ) throws(PlauditError) -> Report {
    let (body, architecture) = body(made.model)
    history = []
    trained = Model(
      architecture: architecture, body, Scoring(labels: labels, problem: .singleLabel),
      cleaning: recipe)
    if let interruption = made.interruption { throw interruption }
    var report = Report()
    report.exampleCount = training.count
    report.validationCount = validation.count
    report.stepCount = made.report.iterationCount
    report.loss = made.report.loss
    report.l2 = made.report.l2
    report.validationAccuracy = made.report.holdoutAccuracy
    report.validationMacroF1 = made.report.holdoutMacroF1
    report.converged = made.report.converged
    return report
  }
}

/// The word vectors of a file, kept until another is asked for where they are to be shared.
final class VectorFile {
  private let keeps: Bool
  private var kept: (path: String, vectors: WordVectors)?

  init(keeps: Bool = false) { self.keeps = keeps }

  func load(_ path: String, control: RunControl) throws(PlauditError) -> WordVectors {
    if let kept, kept.path == path { return kept.vectors }
    kept = nil
    let vectors = try WordVectors.load(path: path, control: control)
    if keeps { kept = (path, vectors) }
    return vectors
  }
}
