import PlauditCore
import PlauditTensor

/// The encoder's hidden states through a BiLSTM, dropout and a dense layer: the studies' hybrid.
///
/// The LSTM runs over the tokens of each text; its last states of both directions stand side by
/// side. Two labels share one sigmoid unit, more have a softmax. `BertModel.from_pretrained` of
/// transformers reads the encoder of a saved folder.
final class BertBiLSTM: Network {
  static let name = "BertBiLSTMForSequenceClassification"
  static let sizeKey = "lstm_hidden_size"

  let encoder: BertEncoder?
  private let lstm: LSTMLayer
  private let classifier: Dense
  private let dropout: Double
  private let isBinary: Bool

  init(
    _ source: some ParameterSource, _ configuration: BertConfiguration, labels: Int
  ) throws(PlauditError) {
    let size = try configuration.json[BertBiLSTM.sizeKey]?.integer(in: 1...16_384) ?? 128
    encoder = try BertEncoder(source, configuration)
    lstm = try LSTMLayer(
      source, "lstm", inputs: configuration.hiddenSize, hiddenSize: size, bidirectional: true)
    isBinary = labels == 2
    classifier = try Dense(
      source, "classifier", outputs: isBinary ? 1 : labels, inputs: lstm.width)
    dropout = configuration.classifierDropout
  }

  private init(_ network: BertBiLSTM, encoder: BertEncoder) {
    self.encoder = encoder
    lstm = network.lstm
    classifier = network.classifier
    dropout = network.dropout
    isBinary = network.isBinary
  }

  func with(encoder: BertEncoder) -> any Network { BertBiLSTM(self, encoder: encoder) }

  static func build(_ description: FolderDescription) throws(PlauditError) -> Model {
    try ModelFolder.load(description) { (folder) throws(PlauditError) in
      let (scoring, labels) = try Scoring.ofNetwork(folder)
      let network = try BertBiLSTM(folder.weights, folder.configuration, labels: labels)
      return try Model(folder, EncoderBody(folder, network: network), scoring)
    }
  }

  var pooler: Dense? { nil }
  var upperParameters: [Parameter<Float>] { lstm.parameters + classifier.parameters }
  var readsWords: Bool { false }

  func logits(
    _ input: NetworkInput, _ tape: FloatTape
  ) throws(PlauditError) -> FloatTape.Tensor {
    guard let encoder else { throw PlauditError(.internal, "a BERT without its encoder") }
    let states = try encoder.forward(input, tape)
    let last = try lstm.last(states, input.tokens.segments, tape)
    let logits = try classifier.forward(tape.dropout(last, rate: dropout), tape)
    return isBinary ? try twoLabels(logits, tape) : logits
  }
}

extension Scoring {
  /// The labels of a network of Plaudit's own, which config.json must name: two of them share one
  /// row of the classifier.
  static func ofNetwork(_ folder: ModelFolder) throws(PlauditError) -> (Scoring, labels: Int) {
    try ofNetwork(
      folder.configuration.json, problemType: folder.configuration.problemType,
      rows: folder.weights.shape("classifier.weight")?.first)
  }

  static func ofNetwork(
    _ json: JSONValue, problemType: String?, rows: Int?
  ) throws(PlauditError) -> (Scoring, labels: Int) {
    guard let rows, rows >= 1, rows <= LabelSet.maximumCount else {
      throw PlauditError(
        .corrupt, "model.safetensors: tensor classifier.weight, the head, is missing")
    }
    let labels = rows == 1 ? 2 : rows
    let scoring = try Scoring(
      json, problemType: problemType, count: labels, tensor: "classifier.weight")
    guard scoring.problem == .singleLabel else {
      throw PlauditError(
        .unsupported, "config.json: this architecture is for single_label_classification")
    }
    return (scoring, labels)
  }
}
