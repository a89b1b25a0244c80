import PlauditCore
import PlauditTensor

/// Word, position and type vectors, summed and normalised.
///
/// Names and order follow `BertEmbeddings` of transformers.
struct BertEmbeddings {
  private let words: Parameter<Float>
  private let positions: Parameter<Float>
  private let types: Parameter<Float>
  private let norm: LayerNorm
  private let dropout: Double

  init(
    _ source: some ParameterSource, _ configuration: BertConfiguration
  ) throws(PlauditError) {
    let width = configuration.hiddenSize
    let start = InitialValues.normal(deviation: 0.02)
    words = try source.parameter(
      "embeddings.word_embeddings.weight", [configuration.vocabularySize, width], start: start,
      isTable: true)
    positions = try source.parameter(
      "embeddings.position_embeddings.weight", [configuration.positionCount, width], start: start,
      isTable: true)
    types = try source.parameter(
      "embeddings.token_type_embeddings.weight", [configuration.typeCount, width], start: start,
      isTable: true)
    norm = try LayerNorm(
      source, "embeddings.LayerNorm", width: width, epsilon: configuration.epsilon)
    dropout = configuration.hiddenDropout
  }

  /// - Parameter pack: tokens whose ids, types and lengths were checked when they were added.
  /// - Returns: `[tokens, width]`.
  func forward(
    _ pack: TokenPack, _ tape: FloatTape, isFrozen: Bool
  ) throws(PlauditError) -> FloatTape.Tensor {
    let sums = try tape.embed(
      (words, UnsafePointer(pack.ids)), (types, UnsafePointer(pack.typeIds)),
      (positions, UnsafePointer(pack.positions)), count: pack.tokenCount)
    let states = try norm.forward(sums, tape)
    return try tape.dropout(states, rate: isFrozen ? 0 : dropout)
  }

  var parameters: [Parameter<Float>] { [words, positions, types] + norm.parameters }
}
