import PlauditCore
import PlauditTensor

/// One transformer block: self-attention and a two-layer network, each with a residual and a
/// LayerNorm after it.
///
/// Legend: T packed tokens of all texts, W hidden size, I intermediate size. Linear layers see
/// all T rows at once; attention stays within a text.
///
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, §3.1; names follow `BertLayer`.
package struct BertLayer {
  private let name: String
  private let queryKeyValue: Dense
  private let attentionOutput: Dense
  private let attentionNorm: LayerNorm
  private let intermediate: Dense
  private let output: Dense
  private let outputNorm: LayerNorm
  private let configuration: BertConfiguration

  private var projections: [String] {
    ["query", "key", "value"].map { "\(name).attention.self.\($0)" }
  }

  init(
    _ weights: WeightFolder, index: Int, _ configuration: BertConfiguration
  ) throws(PlauditError) {
    name = "encoder.layer.\(index)"
    let width = configuration.hiddenSize
    let inner = configuration.intermediateSize
    let epsilon = configuration.epsilon
    let name = self.name
    queryKeyValue = try Dense(
      weights, fused: ["query", "key", "value"].map { "\(name).attention.self.\($0)" },
      outputs: width, inputs: width)
    attentionOutput = try Dense(
      weights, "\(name).attention.output.dense", outputs: width, inputs: width)
    attentionNorm = try LayerNorm(
      weights, "\(name).attention.output.LayerNorm", width: width, epsilon: epsilon)
    intermediate = try Dense(
      weights, "\(name).intermediate.dense", outputs: inner, inputs: width)
    output = try Dense(weights, "\(name).output.dense", outputs: width, inputs: inner)
    outputNorm = try LayerNorm(
      weights, "\(name).output.LayerNorm", width: width, epsilon: epsilon)
    self.configuration = configuration
  }

  /// `scratch.states` `[T, W]` in and out.
  func forward(
    _ pack: TokenPack, _ scratch: EncoderScratch, control: RunControl?
  ) throws(PlauditError) {
    let width = configuration.hiddenSize
    let tokens = pack.tokenCount
    try queryKeyValue.linear.forward(
      scratch.states, into: scratch.projected, rows: tokens, control: control)
    for row in 0..<tokens {
      rowKernels.pointee.add(
        scratch.projected + row * 3 * width, queryKeyValue.bias.pointer, Int64(3 * width))
    }
    for text in 0..<pack.rowCount {
      let first = pack.start(text)
      Attention.forward(
        qkv: scratch.projected + first * 3 * width, scores: scratch.scores,
        context: scratch.context + first * width, length: pack.length(text),
        heads: configuration.headCount, headSize: configuration.headSize)
      try control?.check()
    }
    // The projections are used up; their room serves for the outputs.
    let attended = scratch.projected
    try attentionOutput.linear.forward(
      scratch.context, into: attended, rows: tokens, control: control)
    attentionNorm.forward(
      attended, adding: attentionOutput.bias.pointer, residual: scratch.states, count: tokens)
    try intermediate.linear.forward(
      attended, into: scratch.intermediate, rows: tokens, control: control)
    configuration.activation.forward(
      scratch.intermediate, bias: intermediate.bias.pointer, rows: tokens,
      width: configuration.intermediateSize)
    try output.linear.forward(
      scratch.intermediate, into: scratch.states, rows: tokens, control: control)
    outputNorm.forward(
      scratch.states, adding: output.bias.pointer, residual: attended, count: tokens)
  }

  func tensors() -> [NamedTensor] {
    queryKeyValue.tensors(fused: projections)
      + attentionOutput.tensors("\(name).attention.output.dense")
      + attentionNorm.tensors("\(name).attention.output.LayerNorm")
      + intermediate.tensors("\(name).intermediate.dense")
      + output.tensors("\(name).output.dense") + outputNorm.tensors("\(name).output.LayerNorm")
  }
}
