import PlauditCore
import PlauditTensor

/// Layer normalisation over the width of each row.
///
/// - Source: Ba et al. 2016, arXiv:1607.06450; biased variance and epsilon inside the root, as in
///   `torch.nn.LayerNorm`.
package struct LayerNorm {
  let weight: FloatBuffer
  let bias: FloatBuffer
  let epsilon: Float

  init(
    _ weights: WeightFolder, _ name: String, width: Int, epsilon: Float
  ) throws(PlauditError) {
    weight = try weights.tensor("\(name).weight", [width])
    bias = try weights.tensor("\(name).bias", [width])
    self.epsilon = epsilon
  }

  /// `rows = norm(rows + addend + residual)` for `[count, width]`; `addend` is one row.
  func forward(
    _ rows: UnsafeMutablePointer<Float>, adding addend: UnsafePointer<Float>? = nil,
    residual: UnsafePointer<Float>? = nil, count: Int
  ) {
    let width = weight.count
    let kernel = rowKernels.pointee.layer_norm
    for row in 0..<max(count, 0) {
      kernel(
        rows + row * width, addend, residual.map { $0 + row * width }, weight.pointer, bias.pointer,
        Int64(width), epsilon)
    }
  }

  func tensors(_ name: String) -> [NamedTensor] {
    [
      NamedTensor("\(name).weight", [weight.count], weight),
      NamedTensor("\(name).bias", [bias.count], bias),
    ]
  }
}
