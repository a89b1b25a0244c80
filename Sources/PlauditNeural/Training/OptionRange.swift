package import PlauditCore

/// Refuses options that are out of range, by the names that hosts know them by.
enum OptionRange {
  /// - Parameter orZero: 0 is allowed too.
  static func check(
    _ value: Double?, _ name: StaticString, _ range: ClosedRange<Double>, orZero: Bool = false
  ) throws(PlauditError) {
    guard let value, !range.contains(value), !(orZero && value == 0) else { return }
    throw PlauditError(
      .outOfRange,
      "\(name) is \(value), allowed are \(range.lowerBound) to \(range.upperBound)")
  }

  static func check(
    _ value: Int?, _ name: StaticString, _ range: ClosedRange<Int>
  ) throws(PlauditError) {
    guard let value, !range.contains(value) else { return }
    throw PlauditError(
      .outOfRange,
      "\(name) is \(value), allowed are \(range.lowerBound) to \(range.upperBound)")
  }
}

extension HeadTrainerOptions.ClassWeighting {
  /// - Throws: `.invalidArgument` for another number of weights than labels; `.outOfRange` with
  ///   the label for a weight that is none.
  package func check(labels: Int) throws(PlauditError) {
    guard case .custom(let weights) = self else { return }
    guard weights.count == labels else {
      throw PlauditError(
        .invalidArgument, "\(weights.count) class weights for \(labels) labels")
    }
    for (label, weight) in weights.enumerated() where !(1e-9...1e9).contains(weight) {
      throw PlauditError(
        .outOfRange, "class_weights[\(label)] is \(weight), allowed are 1e-09 to 1e+09",
        index: Int64(label))
    }
  }
}

extension HeadTrainerOptions {
  /// - Throws: `.outOfRange` naming the option, or the label of a weight.
  package func check(labels: Int) throws(PlauditError) {
    try OptionRange.check(l2, "l2", 1e-12...1e12)
    try OptionRange.check(holdoutFraction, "holdout_fraction", 0.001...0.9)
    try OptionRange.check(tolerance, "tolerance", 1e-15...1)
    try OptionRange.check(maximumIterations, "max_iterations", 1...1_000_000)
    try OptionRange.check(history, "history", 1...1000)
    try classWeighting.check(labels: labels)
  }
}

extension TrainingOptions {
  /// What can be said of the options without a model or examples.
  ///
  /// - Throws: `.outOfRange` naming the option, or the label of a weight; `.invalidArgument` for
  ///   options that contradict each other or lack what the architecture needs.
  package func check(labels: Int) throws(PlauditError) {
    try OptionRange.check(epochs, "epochs", 1...100_000)
    try OptionRange.check(batchSize, "batch_size", 1...1_000_000)
    try OptionRange.check(batchTokens, "batch_tokens", 1...100_000_000)
    try OptionRange.check(passTokens, "pass_tokens", 1...1_000_000)
    try OptionRange.check(maxLength, "max_length", 1...1_048_576)
    try OptionRange.check(frozenLayers, "frozen_layers", -1...256)
    try OptionRange.check(hiddenSize, "hidden_size", 1...16_384)
    try OptionRange.check(filterCount, "filter_count", 1...16_384)
    try OptionRange.check(denseSize, "dense_size", 1...16_384)
    try OptionRange.check(vectorWords, "vector_words", 1...16_777_216)
    try OptionRange.check(patience, "patience", 1...100_000)
    try OptionRange.check(plateauPatience, "plateau_patience", 0...100_000)
    try OptionRange.check(checkpointSteps, "checkpoint_steps", 1...1_000_000_000)
    try OptionRange.check(learningRate, "learning_rate", 1e-12...1e3)
    try OptionRange.check(headLearningRate, "head_learning_rate", 1e-12...1e3)
    try OptionRange.check(weightDecay, "weight_decay", 1e-12...1e3, orZero: true)
    try OptionRange.check(beta1, "beta1", 1e-6...0.999_999)
    try OptionRange.check(beta2, "beta2", 1e-6...0.999_999_999)
    try OptionRange.check(epsilon, "epsilon", 1e-30...1)
    try OptionRange.check(warmupFraction, "warmup_fraction", 1e-9...1, orZero: true)
    try OptionRange.check(plateauFactor, "plateau_factor", 1e-6...1)
    try OptionRange.check(clipNorm, "clip_norm", 1e-9...1e9)
    try OptionRange.check(dropout, "dropout", 1e-9...0.99, orZero: true)
    try OptionRange.check(classifierDropout, "classifier_dropout", 1e-9...0.99, orZero: true)
    try OptionRange.check(labelSmoothing, "label_smoothing", 1e-9...0.999, orZero: true)
    try OptionRange.check(validationFraction, "holdout_fraction", 0.001...0.9)
    try OptionRange.check(l2, "l2", 1e-9...1e9)
    try classWeighting.check(labels: labels)
    guard !resumes || checkpointPath != nil else {
      throw PlauditError(.invalidArgument, "resume is set, but no checkpoint is named")
    }
    guard !TrainableNetwork.readsWords(self) || vectorsPath != nil else {
      throw PlauditError(
        .invalidArgument, "\(architecture) needs word vectors: a GloVe text or .npy file")
    }
  }
}
