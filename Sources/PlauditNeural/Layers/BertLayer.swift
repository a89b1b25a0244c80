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
  /// Queries, then keys and values, of `queryKeyValue`; of the last layer, of which the first token
  /// alone may be read.
  private let parts: [DensePart]
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
    func dense(
      _ names: String..., outputs: Int, inputs: Int, ranges: [Range<Int>] = []
    ) throws(PlauditError) -> (whole: Dense, parts: [DensePart]) {
      try Dense.inEncoder(
        source, names.map { "\(name).\($0)" }, outputs: outputs, inputs: inputs, start: start,
        ranges: ranges)
    }
    let isLast = index == configuration.layerCount - 1
    (queryKeyValue, parts) = try dense(
      "attention.self.query", "attention.self.key", "attention.self.value", outputs: width,
      inputs: width, ranges: isLast ? [0..<width, width..<3 * width] : [])
    attentionOutput = try dense("attention.output.dense", outputs: width, inputs: width).whole
    attentionNorm = try LayerNorm(
      source, "\(name).attention.output.LayerNorm", width: width, epsilon: epsilon)
    intermediate = try dense("intermediate.dense", outputs: inner, inputs: width).whole
    output = try dense("output.dense", outputs: width, inputs: inner).whole
    outputNorm = try LayerNorm(
      source, "\(name).output.LayerNorm", width: width, epsilon: epsilon)
    self.configuration = configuration
  }

  /// The same layer at a lower precision: its linear layers keep nothing of their fp32 weights.
  init(_ layer: BertLayer, precision: Precision) throws(PlauditError) {
    let width = layer.configuration.hiddenSize
    queryKeyValue = try layer.queryKeyValue.narrowed(to: precision)
    parts =
      layer.parts.isEmpty
      ? []
      : [
        try queryKeyValue.narrowPart(0..<width, of: layer.queryKeyValue),
        try queryKeyValue.narrowPart(width..<3 * width, of: layer.queryKeyValue),
      ]
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
    guard parts.count == 2 else { throw PlauditError(.internal, "not the last layer") }
    let attended = try tape.scope { () throws(PlauditError) in
      let first = try tape.pool(states, texts, .cls)
      let context = try tape.firstTokenAttention(
        queries: parts[0].forward(first, tape), keysValues: parts[1].forward(states, tape), texts,
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
