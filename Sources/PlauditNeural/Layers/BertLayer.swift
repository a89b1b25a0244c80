import PlauditCore
import PlauditTensor

/// One transformer block: self-attention and a two-layer network, each with a residual and a
/// LayerNorm after it.
///
/// Legend: T packed tokens of all texts, W hidden size, I intermediate size. Linear layers see
/// all T rows at once; attention stays within a text.
///
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, §3.1; names follow `BertLayer`.
struct BertLayer {
  private let queryKeyValue: Dense
  /// Parts of `queryKeyValue`, for a layer of which the first token alone is read.
  private let query: DensePart
  private let keyValue: DensePart
  private let attentionOutput: Dense
  private let attentionNorm: LayerNorm
  private let intermediate: Dense
  private let output: Dense
  private let outputNorm: LayerNorm
  private let configuration: BertConfiguration

  init(
    _ source: some ParameterSource, index: Int, _ configuration: BertConfiguration
  ) throws(PlauditError) {
    let name = "encoder.layer.\(index)"
    let width = configuration.hiddenSize
    let inner = configuration.intermediateSize
    let epsilon = configuration.epsilon
    let start = InitialValues.normal(deviation: 0.02)
    queryKeyValue = try Dense(
      source, fused: ["query", "key", "value"].map { "\(name).attention.self.\($0)" },
      outputs: width, inputs: width, start: start)
    query = queryKeyValue.part(0..<width)
    keyValue = queryKeyValue.part(width..<3 * width)
    attentionOutput = try Dense(
      source, "\(name).attention.output.dense", outputs: width, inputs: width, start: start)
    attentionNorm = try LayerNorm(
      source, "\(name).attention.output.LayerNorm", width: width, epsilon: epsilon)
    intermediate = try Dense(
      source, "\(name).intermediate.dense", outputs: inner, inputs: width, start: start)
    output = try Dense(
      source, "\(name).output.dense", outputs: width, inputs: inner, start: start)
    outputNorm = try LayerNorm(
      source, "\(name).output.LayerNorm", width: width, epsilon: epsilon)
    self.configuration = configuration
  }

  /// The same layer at a lower precision: its linear layers keep nothing of their fp32 weights.
  init(_ layer: BertLayer, precision: Precision) throws(PlauditError) {
    let width = layer.configuration.hiddenSize
    queryKeyValue = try layer.queryKeyValue.narrowed(to: precision)
    query = try queryKeyValue.narrowPart(0..<width, of: layer.queryKeyValue)
    keyValue = try queryKeyValue.narrowPart(width..<3 * width, of: layer.queryKeyValue)
    attentionOutput = try layer.attentionOutput.narrowed(to: precision)
    attentionNorm = layer.attentionNorm
    intermediate = try layer.intermediate.narrowed(to: precision)
    output = try layer.output.narrowed(to: precision)
    outputNorm = layer.outputNorm
    configuration = layer.configuration
  }

  /// From `[T, W]` to `[T, W]`; frozen, nothing is dropped.
  func forward(
    _ states: FloatTape.Tensor, _ texts: Segments, _ tape: FloatTape, isFrozen: Bool
  ) throws(PlauditError) -> FloatTape.Tensor {
    let dropout = isFrozen ? 0 : configuration.hiddenDropout
    let weightDropout = isFrozen ? 0 : configuration.attentionDropout
    let attended = try tape.scope { () throws(PlauditError) in
      let projected = try queryKeyValue.forward(states, tape)
      let context = try tape.attention(
        projected, texts, heads: configuration.headCount, dropout: weightDropout)
      tape.discard(projected)
      return try attentionNorm.forward(
        tape.linear(context, attentionOutput.linear), tape, adding: attentionOutput.bias,
        residual: states, dropout: dropout)
    }
    tape.discard(states)
    return try network(attended, tape, dropout)
  }

  /// From `[T, W]` to the first tokens' `[texts, W]`: what nothing reads is not computed.
  func forwardFirst(
    _ states: FloatTape.Tensor, _ texts: Segments, _ tape: FloatTape, isFrozen: Bool
  ) throws(PlauditError) -> FloatTape.Tensor {
    let dropout = isFrozen ? 0 : configuration.hiddenDropout
    let weightDropout = isFrozen ? 0 : configuration.attentionDropout
    let attended = try tape.scope { () throws(PlauditError) in
      let first = try tape.pool(states, texts, .cls)
      let context = try tape.firstTokenAttention(
        queries: query.forward(first, tape), keysValues: keyValue.forward(states, tape), texts,
        heads: configuration.headCount, dropout: weightDropout)
      return try attentionNorm.forward(
        tape.linear(context, attentionOutput.linear), tape, adding: attentionOutput.bias,
        residual: first, dropout: dropout)
    }
    tape.discard(states)
    return try network(attended, tape, dropout)
  }

  /// The two-layer network with its residual and LayerNorm.
  private func network(
    _ attended: FloatTape.Tensor, _ tape: FloatTape, _ dropout: Double
  ) throws(PlauditError) -> FloatTape.Tensor {
    try tape.scope { () throws(PlauditError) in
      let outer = try tape.linearPair(
        attended, intermediate.linear, bias: intermediate.bias, configuration.activation,
        output.linear)
      return try outputNorm.forward(
        outer, tape, adding: output.bias, residual: attended, dropout: dropout)
    }
  }

  var parameters: [Parameter<Float>] {
    queryKeyValue.parameters + attentionOutput.parameters + attentionNorm.parameters
      + intermediate.parameters + output.parameters + outputNorm.parameters
  }
}
