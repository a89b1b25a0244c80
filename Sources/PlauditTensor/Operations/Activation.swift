import Glibc

/// The elementwise functions between two linear layers, by their names in config.json.
package enum Activation: String, CaseIterable, Sendable {
  /// `x · Φ(x)` with the exact error function (Hendrycks & Gimpel 2016, arXiv:1606.08415).
  case gelu
  /// The tanh approximation of the same paper, as `gelu_new` and `gelu_pytorch_tanh` compute it.
  case geluNew = "gelu_new"
  case geluTanh = "gelu_pytorch_tanh"
  case relu
  case silu
  case tanh

  /// `row = f(row + bias)` for each of `rows` rows `[rows, width]`.
  package func forward(
    _ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, rows: Int, width: Int
  ) {
    for row in 0..<max(rows, 0) {
      let row = x + row * width
      switch self {
      case .gelu: rowKernels.pointee.gelu(row, bias, Int64(width))
      case .relu: rowKernels.pointee.relu(row, bias, Int64(width))
      case .geluNew, .geluTanh: Activation.each(row, bias, width, Activation.tanhGELU)
      case .silu: Activation.each(row, bias, width) { $0 / (1 + expf(-$0)) }
      case .tanh: Activation.each(row, bias, width) { tanhf($0) }
      }
    }
  }

  private static func tanhGELU(_ x: Float) -> Float {
    let inner: Float = 0.797_884_56 * (x + 0.044_715 * x * x * x)
    return 0.5 * x * (1 + tanhf(inner))
  }

  @inline(__always)
  private static func each(
    _ row: UnsafeMutablePointer<Float>, _ bias: UnsafePointer<Float>, _ width: Int,
    _ function: (Float) -> Float
  ) {
    for column in 0..<width { row[column] = function(row[column] + bias[column]) }
  }
}
