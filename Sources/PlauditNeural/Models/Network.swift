package import PlauditCore
package import PlauditTensor

/// The texts of one forward pass, packed.
package struct NetworkInput {
  /// WordPiece tokens, for networks with an encoder.
  package var tokens: TokenPack
  /// Words, for networks with word vectors.
  package var words: TokenPack
  /// Layers of the encoder that do not train, and so drop nothing: 0 for the embeddings alone, nil
  /// when all train.
  package var frozenLayers: Int?
  /// The states after those layers `[tokens, hidden size]`, when they were kept.
  package var frozenStates: UnsafePointer<Float>?

  package init(tokens: TokenPack, words: TokenPack) {
    self.tokens = tokens
    self.words = words
  }
}

/// A classifier from packed texts to logits. One definition predicts and trains.
package protocol Network: AnyObject {
  /// The transformer below, if any.
  var encoder: BertEncoder? { get }
  /// The layers above it, in the order they are saved.
  var upperParameters: [Parameter<Float>] { get }
  /// Dense layers of `upperParameters` that belong to `BertModel` and are saved under `bert.`.
  var pooler: Dense? { get }
  /// Which packs `logits` reads.
  var readsTokens: Bool { get }
  var readsWords: Bool { get }

  /// The same network on another encoder of the same shape.
  func with(encoder: BertEncoder) -> any Network

  /// `[texts, labels]`
  func logits(
    _ input: NetworkInput, _ tape: FloatTape
  ) throws(PlauditError) -> FloatTape.Tensor
}

extension Network {
  package var readsTokens: Bool { encoder != nil }

  /// For networks without one.
  package func with(encoder: BertEncoder) -> any Network { self }

  /// All parameters, the encoder's first.
  package var parameters: [Parameter<Float>] {
    (encoder?.parameters ?? []) + (pooler?.parameters ?? []) + upperParameters
  }

  /// The tensors as they are saved: those of `BertModel` under `bert.`.
  func tensors() throws(PlauditError) -> [NamedTensor] {
    let bert = (encoder?.parameters ?? []) + (pooler?.parameters ?? [])
    return try NamedTensor.of(bert, prefix: "bert.") + NamedTensor.of(upperParameters)
  }

  /// One logit of a yes as the logits of no and yes: their softmax is the sigmoid.
  func twoLabels(
    _ logit: FloatTape.Tensor, _ tape: FloatTape
  ) throws(PlauditError) -> FloatTape.Tensor {
    let zeros = try tape.input(rows: logit.rows, width: 1)
    zeros.values.update(repeating: 0, count: logit.rows)
    return try tape.concatenate(zeros, logit)
  }
}
