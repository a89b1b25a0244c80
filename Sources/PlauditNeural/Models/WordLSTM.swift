import PlauditCore
import PlauditTensor

/// An LSTM over word vectors, its last state through dropout to a dense layer.
///
/// - Source: Hochreiter & Schmidhuber 1997; the studies' LSTM(100) over GloVe (Pennington et al.
///   2014).
final class WordLSTM: Network {
  static let name = "WordLSTMForSequenceClassification"

  private let words: Parameter<Float>
  private let lstm: LSTMLayer
  private let classifier: Dense
  private let dropout: Double
  private let isBinary: Bool

  init(
    _ source: some ParameterSource, _ configuration: WordConfiguration, labels: Int
  ) throws(PlauditError) {
    words = try source.wordTable(configuration)
    lstm = try LSTMLayer(
      source, "lstm", inputs: configuration.vectorSize, hiddenSize: configuration.hiddenSize,
      bidirectional: false)
    isBinary = labels == 2
    classifier = try Dense(
      source, "classifier", outputs: isBinary ? 1 : labels, inputs: lstm.width)
    dropout = configuration.dropout
  }

  static func build(_ description: FolderDescription) throws(PlauditError) -> Model {
    try WordBody.build(description) { (weights, configuration, labels) throws(PlauditError) in
      try WordLSTM(weights, configuration, labels: labels)
    }
  }

  var encoder: BertEncoder? { nil }
  var pooler: Dense? { nil }
  var upperParameters: [Parameter<Float>] { [words] + lstm.parameters + classifier.parameters }
  var readsWords: Bool { true }

  func logits(
    _ input: NetworkInput, _ tape: FloatTape
  ) throws(PlauditError) -> FloatTape.Tensor {
    let vectors = try tape.embed(
      (words, UnsafePointer(input.words.ids)), count: input.words.tokenCount)
    let last = try lstm.last(vectors, input.words.segments, tape)
    let logits = try classifier.forward(tape.dropout(last, rate: dropout), tape)
    return isBinary ? try twoLabels(logits, tape) : logits
  }
}

extension ParameterSource {
  /// The vectors of a vocabulary, the unknown word's last.
  func wordTable(_ configuration: WordConfiguration) throws(PlauditError) -> Parameter<Float> {
    try parameter(
      "words.weight", [configuration.vocabularySize, configuration.vectorSize],
      start: .normal(deviation: 0.1), isTable: true)
  }
}
