import PlauditCore
package import PlauditTensor

/// A linear layer with its bias: weights `[outputs, inputs]`, bias `[outputs]`.
package struct Dense {
  package let linear: Linear
  package let bias: FloatBuffer

  package init(linear: Linear, bias: FloatBuffer) {
    self.linear = linear
    self.bias = bias
  }

  init(
    _ weights: WeightFolder, _ name: String, outputs: Int, inputs: Int
  ) throws(PlauditError) {
    linear = try Linear(
      weights: weights.tensor("\(name).weight", [outputs, inputs]), outputs: outputs,
      inputs: inputs)
    bias = try weights.tensor("\(name).bias", [outputs])
  }

  /// Several layers over the same input as one: their rows lie one after another.
  init(
    _ weights: WeightFolder, fused names: [String], outputs: Int, inputs: Int
  ) throws(PlauditError) {
    let rows = try FloatBuffer(count: names.count * outputs * inputs)
    bias = try FloatBuffer(count: names.count * outputs)
    for (index, name) in names.enumerated() {
      _ = try weights.elementCount("\(name).weight", [outputs, inputs])
      _ = try weights.elementCount("\(name).bias", [outputs])
      try weights.read(
        "\(name).weight", [outputs, inputs], into: rows.pointer + index * outputs * inputs)
      try weights.read("\(name).bias", [outputs], into: bias.pointer + index * outputs)
    }
    linear = try Linear(weights: rows, outputs: names.count * outputs, inputs: inputs)
  }

  /// `y = x · Wᵀ + b` for one row, without tiles: for pooled vectors and heads.
  package func forwardRow(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
    let dot = rowKernels.pointee.dot
    for output in 0..<linear.outputs {
      y[output] =
        dot(x, linear.weights.pointer + output * linear.inputs, Int64(linear.inputs))
        + bias.pointer[output]
    }
  }

  func tensors(_ name: String) -> [NamedTensor] {
    tensors(fused: [name])
  }

  func tensors(fused names: [String]) -> [NamedTensor] {
    let outputs = linear.outputs / names.count
    return names.enumerated().flatMap { index, name in
      [
        NamedTensor(
          "\(name).weight", [outputs, linear.inputs], linear.weights,
          offset: index * outputs * linear.inputs),
        NamedTensor("\(name).bias", [outputs], bias, offset: index * outputs),
      ]
    }
  }
}
