package import PlauditCore
package import PlauditStats
package import PlauditTensor
package import PlauditText

/// A loaded or trained model: labels, and a body that computes. Never changes, so that any number
/// of threads may use it.
package final class Model {
  /// As config.json names it.
  package let architecture: String
  /// What its scores mean; nil for an encoder without a head.
  package let head: Scoring?
  package let body: any ModelBody
  /// What is done to a text before it is read; nil for nothing.
  package let cleaning: CleaningRecipe?
  /// From logits to probabilities, where the softmax alone would promise too much.
  package let calibration: Calibration?

  /// Loads a folder as Hugging Face or sentence-transformers write it, or as `save` does, checking
  /// everything.
  ///
  /// - Parameters:
  ///   - limitBytes: the most memory the weights may take.
  ///   - precision: of the encoder's linear layers; `.unsupported` for a model without any, unless
  ///     it is fp32.
  package static func load(
    path: String, limitBytes: Int? = nil, precision: PrecisionChoice = .fp32
  ) throws(PlauditError) -> Model {
    guard File.isDirectory(path) else {
      throw PlauditError(.notFound, "\(path) is not a model folder")
    }
    let description = try FolderDescription(
      path: path, limitBytes: limitBytes ?? ModelFolder.defaultLimitBytes,
      precision: precision.onThisMachine)
    let bare = try ModelRegistry.builder(description.architecture)(description)
    try bare.requireEncoder(for: precision)
    return Model(
      architecture: bare.architecture, bare.body, bare.head,
      cleaning: try ModelExtras.cleaning(description.json),
      calibration: try ModelExtras.calibration(description.json, bare.head))
  }

  init(
    architecture: String, _ body: any ModelBody, _ scoring: Scoring?,
    cleaning: CleaningRecipe? = nil, calibration: Calibration? = nil
  ) {
    self.architecture = architecture
    self.body = body
    head = scoring
    self.cleaning = cleaning
    self.calibration = calibration
  }

  /// The same model with another calibration.
  func with(calibration: Calibration?) -> Model {
    Model(
      architecture: architecture, body, head, cleaning: cleaning, calibration: calibration)
  }

  /// The same model for texts that were cleaned before.
  func withoutCleaning() -> Model {
    Model(architecture: architecture, body, head, calibration: calibration)
  }

  /// The body of a folder with an encoder; without `scoring`, what its head on the sentence vector
  /// says.
  convenience init(
    _ folder: ModelFolder, _ body: EncoderBody, _ scoring: Scoring? = nil
  ) throws(PlauditError) {
    self.init(
      architecture: folder.configuration.architecture, body,
      scoring ?? body.embeddingHead?.scoring)
  }

  /// Writes the folder: weights, tokenizer files as they were, config.json with what changed.
  /// Loading it again gives the same bits when weights are stored as F32, the default; a head on
  /// the sentence vector and its dense layers always are. A model that was in the folder stays
  /// whole until all files of this one are written.
  package func save(
    to path: String, storage: WeightStorage = .float32
  ) throws(PlauditError) {
    try (body as? EncoderBody)?.requireWeights("be saved")
    let stage = try FolderStage(in: path)
    do throws(PlauditError) {
      let json = try body.save(to: stage.path, storage: storage)
      if let head { try head.write(to: json) }
      try ModelExtras.write(cleaning, calibration, to: json)
      try File.write(try json.text(), to: "\(stage.path)/\(FolderDescription.file)")
      // Last, so that a folder cut short does not load.
      try stage.commit(last: FolderDescription.file)
    } catch {
      stage.discard()
      throw error
    }
  }

  /// The body as an encoder; `.unsupported` names what the model is instead.
  package func encoder(for what: String) throws(PlauditError) -> EncoderBody {
    if let body = body as? EncoderBody { return body }
    throw PlauditError(.unsupported, "\(architecture) has no \(what)")
  }

  /// What the encoder's linear layers compute in; fp32 where there is none.
  package var precision: Precision { (body as? EncoderBody)?.precision ?? .fp32 }
  package var hiddenSize: Int { body.hiddenSize }
  package var parameterCount: Int { body.parameterCount }
  package var maxLength: Int { body.maxLength }
  /// nil where the model names no pooling.
  package var sentence: SentenceEmbedding? { (body as? EncoderBody)?.sentence }
  package var tokenizer: Tokenizer? { (body as? EncoderBody)?.tokenizer }
}

/// What computes: an encoder with or without a network above, or another kind of classifier.
package protocol ModelBody: AnyObject {
  var hiddenSize: Int { get }
  var layerCount: Int { get }
  /// Tokens or words a text may have before it is truncated.
  var maxLength: Int { get }
  var parameterCount: Int { get }

  /// One thread's way from texts to results.
  ///
  /// - Parameter tokens: the most tokens it will ever pack at once, nil for what suits a batch.
  func runner(
    _ wanted: Wanted, _ options: PredictionOptions, _ setting: RunnerSetting
  ) throws(PlauditError) -> any TextRunner

  /// Of `threads`, those that may share the layers of a text; 1 where that does not pay.
  func teamThreads(_ threads: Int) -> Int

  /// Checks options that do not depend on a text, also for empty batches.
  func check(_ options: PredictionOptions, isPair: Bool) throws(PlauditError)

  /// Writes all files but config.json, whose content it returns.
  func save(to path: String, storage: WeightStorage) throws(PlauditError) -> JSONValue
}

extension ModelBody {
  package func teamThreads(_ threads: Int) -> Int { 1 }
}
