package import PlauditCore
package import PlauditTensor
package import PlauditText

/// How texts become scores or vectors; nil means what the model says.
package struct PredictionOptions {
  package enum LongText: Int32, Sendable {
    case truncate = 0
    /// Overlapping windows, averaged by the tokens new in each.
    case windows = 1
    /// `.limit` with the row.
    case refuse = 2
  }

  package var maxLength: Int?
  /// Tokens two windows share; nil is an eighth of the length.
  package var windowStride: Int?
  package var longText = LongText.truncate
  package var probabilities = true
  package var pooling: Pooling?
  package var normalize: Bool?
  package var invalidUTF8 = EncodeOptions.InvalidUTF8.error
  package var plainSpecialText = false
  /// The threads of a scorer, the caller's among them.
  package var scorerThreads = 1

  package init() {}

  /// The tokens a text may have with these options.
  func length(_ model: EncoderBody) throws(PlauditError) -> Int {
    let positions = model.configuration.positionCount
    let length = maxLength ?? model.maxLength
    let smallest = model.tokenizer.specialTokenCount(pair: false)
    guard length >= max(smallest, 1), length <= positions else {
      throw PlauditError(
        .outOfRange,
        "max_length is \(length), allowed are \(max(smallest, 1)) to \(positions), "
          + "the positions of the model")
    }
    return length
  }

  func encoding(_ model: EncoderBody, isPair: Bool) throws(PlauditError) -> EncodeOptions {
    let length = try length(model)
    var stride = 0
    if longText == .windows {
      let room = length - model.tokenizer.specialTokenCount(pair: isPair)
      stride = windowStride ?? max(0, min(length / 8, room - 1))
      guard stride >= 0, stride < max(room, 1) else {
        throw PlauditError(
          .outOfRange,
          "window_stride is \(stride), allowed are 0 to \(max(room - 1, 0)), "
            + "one less than the text tokens of a window")
      }
    } else if let windowStride, windowStride != 0 {
      throw PlauditError(
        .invalidArgument, "window_stride is \(windowStride), but long_text does not ask for windows"
      )
    }
    var options = EncodeOptions()
    options.truncation = Truncation(maxLength: length, strategy: .longestFirst, stride: stride)
    options.invalidUTF8 = invalidUTF8
    options.encodeSpecialTokens = plainSpecialText
    return options
  }

  package func embedding(_ model: Model) throws(PlauditError) -> SentenceEmbedding {
    try embedding(model.encoder(for: "sentence vectors"))
  }

  /// The embedding these options and the model's folder agree on.
  package func embedding(_ model: EncoderBody) throws(PlauditError) -> SentenceEmbedding {
    var embedding: SentenceEmbedding
    if let sentence = model.sentence {
      embedding = sentence
      if let pooling { try embedding.repool(pooling) }
    } else if let pooling {
      embedding = SentenceEmbedding(
        pooling: pooling, normalized: false, width: model.configuration.hiddenSize)
    } else {
      throw PlauditError(
        .invalidArgument,
        "the model folder names no pooling (it has no modules.json); choose one in the options")
    }
    if let normalize { embedding = embedding.normalized(normalize) }
    return embedding
  }
}

/// What became of one text.
package struct TextReport {
  package var tokenCount = 0
  package var droppedTokens = 0
  package var unknownWords = 0
  package var windowCount = 0

  package init() {}

  init(tokenCount: Int, droppedTokens: Int, unknownWords: Int, windowCount: Int) {
    self.tokenCount = tokenCount
    self.droppedTokens = droppedTokens
    self.unknownWords = unknownWords
    self.windowCount = windowCount
  }
}
