import PlauditCore
import PlauditTensor

/// The encoder, a tanh layer on its first token, and a linear classifier or regressor.
///
/// - Source: `BertForSequenceClassification` of transformers, whose folders are read and written.
final class BertForSequenceClassification: Network {
  static let name = "BertForSequenceClassification"

  let encoder: BertEncoder?
  let pooler: Dense?
  private let classifier: Dense
  private let dropout: Double

  init(
    _ source: some ParameterSource, _ configuration: BertConfiguration, labels: Int
  ) throws(PlauditError) {
    let size = configuration.hiddenSize
    let start = InitialValues.normal(deviation: 0.02)
    encoder = try BertEncoder(source, configuration)
    pooler = try Dense(source, "pooler.dense", outputs: size, inputs: size, start: start)
    classifier = try Dense(source, "classifier", outputs: labels, inputs: size, start: start)
    dropout = configuration.classifierDropout
  }

  private init(_ network: BertForSequenceClassification, encoder: BertEncoder) {
    self.encoder = encoder
    pooler = network.pooler
    classifier = network.classifier
    dropout = network.dropout
  }

  func with(encoder: BertEncoder) -> any Network {
    BertForSequenceClassification(self, encoder: encoder)
  }

  static func build(_ description: FolderDescription) throws(PlauditError) -> Model {
    try ModelFolder.load(description) { (folder) throws(PlauditError) in
      guard let rows = folder.weights.shape("classifier.weight")?.first,
        rows >= 1, rows <= LabelSet.maximumCount
      else {
        throw PlauditError(
          .corrupt,
          "model.safetensors: tensor classifier.weight, the head, is missing; "
            + "this is an encoder that was not trained to classify")
      }
      let scoring = try Scoring(folder.configuration, count: rows, tensor: "classifier.weight")
      let network = try BertForSequenceClassification(
        folder.weights, folder.configuration, labels: rows)
      return try Model(folder, EncoderBody(folder, network: network), scoring)
    }
  }

  var upperParameters: [Parameter<Float>] { classifier.parameters }
  var readsWords: Bool { false }

  func logits(
    _ input: NetworkInput, _ tape: FloatTape
  ) throws(PlauditError) -> FloatTape.Tensor {
    guard let encoder, let pooler else {
      throw PlauditError(.internal, "a BERT without its encoder")
    }
    let first = try encoder.forward(input, tape, firstOnly: true)
    let pooled = try pooler.forward(first, tape, .tanh)
    return try classifier.forward(tape.dropout(pooled, rate: dropout), tape)
  }
}
