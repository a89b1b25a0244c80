import PlauditCore
import PlauditTensor

/// The encoder, a tanh layer on its first token, and a linear classifier or regressor.
enum BertForSequenceClassification {
  static func build(_ folder: ModelFolder) throws(PlauditError) -> Model {
    let encoder = try BertEncoder(folder.weights, folder.configuration)
    let size = folder.configuration.hiddenSize
    let pooler = try Dense(folder.weights, "pooler.dense", outputs: size, inputs: size)
    guard let rows = folder.weights.shape("classifier.weight")?.first,
      rows >= 1, rows <= LabelSet.maximumCount
    else {
      throw PlauditError(
        .corrupt,
        "model.safetensors: tensor classifier.weight, the head, is missing; "
          + "this is an encoder that was not trained to classify")
    }
    let classifier = try Dense(folder.weights, "classifier", outputs: rows, inputs: size)
    let head = try ClassifierHead(
      dense: classifier, configuration: folder.configuration, tensor: "classifier.weight")
    return Model(folder, encoder: encoder, pooler: pooler, pooledHead: head)
  }
}
