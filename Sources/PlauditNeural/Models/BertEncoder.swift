import PlauditCore
import PlauditTensor

/// The working memory of one thread inside an encoder: made once, as large as the largest pack.
package final class EncoderScratch {
  let states: UnsafeMutablePointer<Float>
  let projected: UnsafeMutablePointer<Float>
  let context: UnsafeMutablePointer<Float>
  let intermediate: UnsafeMutablePointer<Float>
  let scores: UnsafeMutablePointer<Float>
  private let owners: [FloatBuffer]

  /// - Parameters:
  ///   - tokens: the most tokens of a pack.
  ///   - length: the most tokens of a text.
  init(_ configuration: BertConfiguration, tokens: Int, length: Int) throws(PlauditError) {
    let padding = Linear.rowPadding
    let rows = (tokens + padding - 1) / padding * padding
    let width = configuration.hiddenSize
    var owners: [FloatBuffer] = []
    func room(_ count: Int) throws(PlauditError) -> UnsafeMutablePointer<Float> {
      let buffer = try FloatBuffer(count: count)
      owners.append(buffer)
      return buffer.pointer
    }
    states = try room(rows * width)
    projected = try room(rows * 3 * width)
    context = try room(rows * width)
    intermediate = try room(rows * configuration.intermediateSize)
    scores = try room(length * length)
    self.owners = owners
  }
}

/// The transformer stack of a BERT.
///
/// - Source: Devlin et al. 2018, arXiv:1810.04805; weights and names of transformers' `BertModel`.
package final class BertEncoder {
  package let configuration: BertConfiguration
  private let embeddings: BertEmbeddings
  private let layers: [BertLayer]

  init(_ weights: WeightFolder, _ configuration: BertConfiguration) throws(PlauditError) {
    self.configuration = configuration
    embeddings = try BertEmbeddings(weights, configuration)
    var layers: [BertLayer] = []
    for index in 0..<configuration.layerCount {
      layers.append(try BertLayer(weights, index: index, configuration))
    }
    self.layers = layers
  }

  /// Fills `scratch.states` with the last hidden states `[tokens, hidden size]` of the pack.
  func forward(
    _ pack: TokenPack, _ scratch: EncoderScratch, control: RunControl?
  ) throws(PlauditError) {
    guard pack.tokenCount > 0 else { return }
    embeddings.forward(pack, into: scratch.states)
    for layer in layers { try layer.forward(pack, scratch, control: control) }
  }

  func tensors(prefix: String) -> [NamedTensor] {
    (embeddings.tensors() + layers.flatMap { $0.tensors() }).map { $0.renamed(prefix + $0.name) }
  }
}
