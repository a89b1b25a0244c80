import PlauditCore
import PlauditTensor

/// The bare encoder: token vectors, and with a pooling sentence vectors.
///
/// A sentence-transformers folder is this architecture with a modules.json; so is a model whose
/// head was trained here on the sentence vectors.
enum BertModel {
  static func build(_ description: FolderDescription) throws(PlauditError) -> Model {
    try ModelFolder.load(description) { (folder) throws(PlauditError) in
      let encoder = try BertEncoder(folder.weights, folder.configuration)
      let size = folder.configuration.hiddenSize
      let hasPooler = folder.weights.has("pooler.dense.weight")
      let pooler =
        hasPooler
        ? try Dense(folder.weights, "pooler.dense", outputs: size, inputs: size) : nil
      return try Model(folder, EncoderBody(folder, encoder: encoder, pooler: pooler))
    }
  }
}
