import PlauditCore
import PlauditTensor

/// Word, position and type vectors, summed and normalised.
///
/// Names and order follow `BertEmbeddings` of transformers.
package struct BertEmbeddings {
  private let words: FloatBuffer
  private let positions: FloatBuffer
  private let types: FloatBuffer
  private let norm: LayerNorm
  private let configuration: BertConfiguration

  init(_ weights: WeightFolder, _ configuration: BertConfiguration) throws(PlauditError) {
    let width = configuration.hiddenSize
    words = try weights.tensor(
      "embeddings.word_embeddings.weight", [configuration.vocabularySize, width])
    positions = try weights.tensor(
      "embeddings.position_embeddings.weight", [configuration.positionCount, width])
    types = try weights.tensor(
      "embeddings.token_type_embeddings.weight", [configuration.typeCount, width])
    norm = try LayerNorm(
      weights, "embeddings.LayerNorm", width: width, epsilon: configuration.epsilon)
    self.configuration = configuration
  }

  /// - Parameters:
  ///   - pack: tokens whose ids, types and lengths were checked when they were added.
  ///   - states: `[tokens, width]`, written.
  func forward(_ pack: TokenPack, into states: UnsafeMutablePointer<Float>) {
    let width = configuration.hiddenSize
    let add = rowKernels.pointee.add
    for text in 0..<pack.rowCount {
      let first = pack.start(text)
      for position in 0..<pack.length(text) {
        let token = first + position
        let state = states + token * width
        state.update(from: words.pointer + Int(pack.ids[token]) * width, count: width)
        add(state, types.pointer + Int(pack.typeIds[token]) * width, Int64(width))
        add(state, positions.pointer + position * width, Int64(width))
      }
    }
    norm.forward(states, count: pack.tokenCount)
  }

  func tensors() -> [NamedTensor] {
    let width = configuration.hiddenSize
    return [
      NamedTensor(
        "embeddings.word_embeddings.weight", [configuration.vocabularySize, width], words),
      NamedTensor(
        "embeddings.position_embeddings.weight", [configuration.positionCount, width], positions),
      NamedTensor(
        "embeddings.token_type_embeddings.weight", [configuration.typeCount, width], types),
    ] + norm.tensors("embeddings.LayerNorm")
  }
}
