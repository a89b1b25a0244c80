/// One vector for a text from the vectors of its tokens.
package enum Pooling: Sendable {
  case mean
  /// The first token's vector.
  case cls
  case max

  /// - Parameters:
  ///   - states: `[length, width]`, length at least 1.
  ///   - pooled: `[width]`, written.
  package func forward(
    _ states: UnsafePointer<Float>, into pooled: UnsafeMutablePointer<Float>, length: Int,
    width: Int
  ) {
    pooled.update(from: states, count: width)
    switch self {
    case .cls: return
    case .mean:
      for row in 1..<Swift.max(length, 1) {
        rowKernels.pointee.accumulate(pooled, states + row * width, Int64(width))
      }
      for column in 0..<width { pooled[column] /= Float(length) }
    case .max:
      for row in 1..<Swift.max(length, 1) {
        rowKernels.pointee.maximum(pooled, states + row * width, Int64(width))
      }
    }
  }

  /// Scales a vector to length 1; one shorter than 1e-12 is divided by 1e-12, as
  /// `torch.nn.functional.normalize` does.
  package static func normalize(_ vector: UnsafeMutablePointer<Float>, width: Int) {
    let length = rowKernels.pointee.dot(vector, vector, Int64(width)).squareRoot()
    let divisor = Swift.max(length, 1e-12)
    for column in 0..<width { vector[column] /= divisor }
  }
}
