import PlauditCore
import PlauditTensor

/// Layer normalisation over the width of each row.
///
/// - Source: Ba et al. 2016, arXiv:1607.06450; names follow `torch.nn.LayerNorm`.
struct LayerNorm {
  let weight: Parameter<Float>
  let bias: Parameter<Float>
  let epsilon: Double

  init(
    _ source: some ParameterSource, _ name: String, width: Int, epsilon: Float
  ) throws(PlauditError) {
    weight = try source.parameter("\(name).weight", [width], start: .ones)
    bias = try source.parameter("\(name).bias", [width], start: .zeros)
    self.epsilon = Double(epsilon)
  }

  /// `norm(dropout(x + addend) + residual)`; x may become the result.
  func forward(
    _ x: FloatTape.Tensor, _ tape: FloatTape, adding addend: Parameter<Float>? = nil,
    residual: FloatTape.Tensor? = nil, dropout: Double = 0
  ) throws(PlauditError) -> FloatTape.Tensor {
    try tape.norm(
      x, bias: addend, residual: residual, weight: weight, shift: bias, epsilon: epsilon,
      dropout: dropout)
  }

  var parameters: [Parameter<Float>] { [weight, bias] }
}
