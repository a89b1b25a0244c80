import PlauditCore
package import PlauditTensor

/// The transformer stack of a BERT.
///
/// - Source: Devlin et al. 2018, arXiv:1810.04805; weights and names of transformers' `BertModel`.
package final class BertEncoder {
  package let configuration: BertConfiguration
  private let embeddings: BertEmbeddings
  private let layers: [BertLayer]
  /// What the linear layers compute in here.
  package let precision: Precision

  init(
    _ source: some ParameterSource, _ configuration: BertConfiguration
  ) throws(PlauditError) {
    self.configuration = configuration
    precision = source.precision.here
    embeddings = try BertEmbeddings(source, configuration)
    var layers: [BertLayer] = []
    for index in 0..<configuration.layerCount {
      layers.append(try BertLayer(source, index: index, configuration))
    }
    self.layers = layers
  }

  /// The same encoder at another precision; nothing of this one changes. It shares all but the
  /// weights of linear layers.
  init(_ encoder: BertEncoder, precision: Precision) throws(PlauditError) {
    configuration = encoder.configuration
    embeddings = encoder.embeddings
    self.precision = precision.here
    var layers: [BertLayer] = []
    for layer in encoder.layers { layers.append(try BertLayer(layer, precision: precision.here)) }
    self.layers = layers
  }

  /// The last hidden states `[tokens, hidden size]` of the input's tokens, from the frozen states
  /// it brings along if any.
  ///
  /// - Parameter firstOnly: gives the first tokens alone `[texts, hidden size]`.
  func forward(
    _ input: NetworkInput, _ tape: FloatTape, firstOnly: Bool = false
  ) throws(PlauditError) -> FloatTape.Tensor {
    let pack = input.tokens
    var states: FloatTape.Tensor
    var first = 0
    if let frozen = input.frozenStates {
      states = try tape.input(rows: pack.tokenCount, width: configuration.hiddenSize)
      states.values.update(from: frozen, count: states.count)
      first = input.frozenLayers ?? 0
    } else {
      states = try embeddings.forward(pack, tape, isFrozen: input.frozenLayers != nil)
    }
    for index in first..<layers.count {
      let isFrozen = index < input.frozenLayers ?? 0
      if firstOnly, index == layers.count - 1 {
        return try layers[index].forwardFirst(states, pack.segments, tape, isFrozen: isFrozen)
      }
      states = try layers[index].forward(states, pack.segments, tape, isFrozen: isFrozen)
    }
    return firstOnly ? try tape.pool(states, pack.segments, .cls) : states
  }

  /// The states after the embeddings and the first `layers` layers.
  func forward(
    _ pack: TokenPack, _ tape: FloatTape, layers count: Int
  ) throws(PlauditError) -> FloatTape.Tensor {
    var states = try embeddings.forward(pack, tape, isFrozen: true)
    for layer in layers.prefix(count) {
      states = try layer.forward(states, pack.segments, tape, isFrozen: true)
    }
    return states
  }

  var parameters: [Parameter<Float>] {
    embeddings.parameters + layers.flatMap { $0.parameters }
  }

  /// The parameters of the embeddings and the first `layers` layers.
  func firstParameters(layers count: Int) -> [Parameter<Float>] {
    embeddings.parameters + layers.prefix(count).flatMap { $0.parameters }
  }
}
