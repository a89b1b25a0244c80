import PlauditCore

/// How a classifier is trained on labelled texts; nil is what suits the architecture.
package struct TrainingOptions: Sendable {
  package enum Optimizer: Int32, Sendable {
    /// Decoupled weight decay (Loshchilov & Hutter 2019).
    case adamW = 0
    /// Weight decay as an L2 penalty in the gradient (Kingma & Ba 2015).
    case adam = 1
  }

  /// What decides which epoch was best.
  package enum Monitor: Int32, Sendable {
    case loss = 0
    case macroF1 = 1
  }

  /// A name of `config.json`'s `architectures`.
  package var architecture: String
  package var epochs = 3 { didSet { givesEpochs = true } }
  /// Whether the number of epochs was chosen: architectures have their own.
  private(set) var givesEpochs = false
  /// Texts of one step.
  package var batchSize = 32
  /// Tokens of one step in place of a number of texts: it takes texts until they have as many.
  package var batchTokens: Int?
  /// Tokens that go forwards and backwards at once; a step adds up as many such parts as it has.
  package var passTokens = 2048
  package var optimizer = Optimizer.adamW
  package var learningRate: Double?
  /// Of the layers above the encoder; nil is `learningRate`.
  package var headLearningRate: Double?
  package var weightDecay = 0.01
  package var beta1 = 0.9
  package var beta2 = 0.999
  package var epsilon = 1e-8
  package var correctsBias = true
  package var schedule = LearningRateSchedule.Kind.linear
  /// The part of all steps in which the rate rises to its full value.
  package var warmupFraction = 0.1
  package var plateauFactor = 0.5
  package var plateauPatience = 1
  /// The largest norm of a step's gradient; nil for any.
  package var clipNorm: Double? = 1
  package var dropout: Double?
  package var classifierDropout: Double?
  package var labelSmoothing = 0.0
  package var classWeighting = HeadTrainerOptions.ClassWeighting.none
  /// Embeddings and this many layers of the encoder stay as they are; -1 for the embeddings alone.
  package var frozenLayers = 0
  package var frozenWordVectors = false
  package var hiddenSize: Int?
  package var filterCount: Int?
  package var denseSize: Int?
  package var maxLength: Int?
  /// Epochs without improvement after which training stops; nil for never.
  package var patience: Int?
  package var monitor = Monitor.loss
  /// Part of the examples set aside when there are no validation texts and some are needed.
  package var validationFraction = 0.1
  package var seed: UInt64 = 0
  /// The penalty of tf-idf regression; nil for one chosen on held-out texts.
  package var l2: Double?
  package var cleaning: String?
  package var vectorsPath: String?
  /// Words of the vectors, most frequent first, that are kept although no example has them.
  package var vectorWords = 30_000
  /// A file that keeps the state of the training.
  package var checkpointPath: String?
  /// Steps between two checkpoints; nil for the end of each epoch.
  package var checkpointSteps: Int?
  package var resumes = false

  package init(architecture: String) { self.architecture = architecture }

  /// Refuses layers that there are none of.
  func checkFrozenLayers(of encoder: BertEncoder?) throws(PlauditError) {
    guard frozenLayers != 0 else { return }
    guard let encoder else {
      throw PlauditError(
        .invalidArgument, "frozen_layers is set, but \(architecture) has no encoder")
    }
    try OptionRange.check(
      frozenLayers, "frozen_layers", -1...encoder.configuration.layerCount)
  }

  var usualLearningRate: Double {
    architecture.hasPrefix("Bert") ? 5e-5 : 1e-3
  }

  /// What the bits of a training depend on besides its data, in a form to compare.
  var digestText: String {
    """
    \(architecture) \(epochs) \(batchSize) \(batchTokens ?? 0) \(passTokens) \(optimizer.rawValue) \
    \(learningRate ?? usualLearningRate) \(headLearningRate ?? -1) \(weightDecay) \(beta1) \(beta2) \
    \(epsilon) \(correctsBias) \(schedule.rawValue) \(warmupFraction) \(plateauFactor) \
    \(plateauPatience) \(clipNorm ?? 0) \(dropout ?? -1) \(classifierDropout ?? -1) \
    \(labelSmoothing) \(frozenLayers) \(frozenWordVectors) \(hiddenSize ?? 0) \(filterCount ?? 0) \
    \(denseSize ?? 0) \(maxLength ?? 0) \(patience ?? 0) \(monitor.rawValue) \
    \(validationFraction) \(seed) \(cleaning ?? "") \(vectorWords) \(classWeights)
    """
  }

  private var classWeights: String {
    switch classWeighting {
    case .none: ""
    case .balanced: "balanced"
    case .custom(let weights): weights.map { "\($0)" }.joined(separator: " ")
    }
  }
}

/// What a training has to say of an epoch.
package struct TrainingEpoch: Sendable, Equatable {
  package var epoch = 0
  /// Steps done at its end.
  package var step = 0
  /// Mean loss over the epoch's examples, with dropout.
  package var trainingLoss = Double.nan
  package var validationLoss = Double.nan
  package var validationAccuracy = Double.nan
  package var validationMacroF1 = Double.nan
  package var learningRate = 0.0
  package var seconds = 0.0
  /// Steps left out because a loss or gradient was not finite.
  package var skippedSteps = 0
}
