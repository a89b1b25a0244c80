import PlauditCore
package import PlauditTensor

/// A linear layer with its bias: weights `[outputs, inputs]`, bias `[outputs]`.
package struct Dense {
  package let linear: Linear<Float>
  package let bias: Parameter<Float>

  package init(linear: Linear<Float>, bias: Parameter<Float>) {
    self.linear = linear
    self.bias = bias
  }

  /// - Parameter start: of the weights in a training, nil for PyTorch's ±1/√inputs, which its
  ///   biases then have too; else biases start at 0.
  init(
    _ source: some ParameterSource, _ name: String, outputs: Int, inputs: Int,
    start: InitialValues? = nil
  ) throws(PlauditError) {
    let usual = InitialValues.uniform(bound: 1 / Double(max(inputs, 1)).squareRoot())
    linear = Linear(
      try source.parameter("\(name).weight", [outputs, inputs], start: start ?? usual))
    bias = try source.parameter(
      "\(name).bias", [outputs], start: start == nil ? usual : .zeros)
  }

  /// Layers of an encoder over the same input as one: their rows lie one after another. Weights are
  /// kept as the source's precision says, those of `ranges` of the rows for layers of their own.
  static func inEncoder(
    _ source: some ParameterSource, _ names: [String], outputs: Int, inputs: Int,
    start: InitialValues, ranges: [Range<Int>] = []
  ) throws(PlauditError) -> (whole: Dense, parts: [DensePart]) {
    let made = try source.linear(
      names: names.map { "\($0).weight" }, shape: [outputs, inputs], start: start, ranges: ranges)
    let bias = try source.parameter(
      names: names.map { "\($0).bias" }, shape: [outputs], start: .zeros, isTable: false)
    return (
      Dense(linear: made.whole, bias: bias),
      zip(ranges, made.parts).map { DensePart(linear: $1, bias: bias, first: $0.lowerBound) }
    )
  }

  /// `f(x · Wᵀ + b)`.
  func forward(
    _ x: FloatTape.Tensor, _ tape: FloatTape, _ activation: Activation? = nil
  ) throws(PlauditError) -> FloatTape.Tensor {
    try tape.linear(x, linear, bias: bias, activation)
  }

  /// The same layer at a lower precision, without its fp32 weights.
  func narrowed(to precision: Precision) throws(PlauditError) -> Dense {
    Dense(linear: try linear.narrowed(to: precision), bias: bias)
  }

  /// Some of the outputs of this layer, which is `whole` at a lower precision.
  func narrowPart(_ rows: Range<Int>, of whole: Dense) throws(PlauditError) -> DensePart {
    DensePart(
      linear: try linear.narrowPart(rows, of: whole.linear), bias: bias, first: rows.lowerBound)
  }

  /// `y = x · Wᵀ + b` for one row, without tiles: for pooled vectors and heads.
  package func forwardRow(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
    for output in 0..<linear.outputs {
      y[output] =
        Float.dot(x, linear.weight.values.pointer + output * linear.inputs, count: linear.inputs)
        + bias.values.pointer[output]
    }
  }

  var parameters: [Parameter<Float>] { [linear.weight, bias] }
  /// The number of weights and biases.
  var count: Int { linear.weight.count + bias.count }
}

/// Some of the outputs of a `Dense`.
struct DensePart {
  let linear: Linear<Float>
  /// The bias of the whole layer.
  let bias: Parameter<Float>
  /// The first of its outputs in the whole layer.
  let first: Int

  func forward(
    _ x: FloatTape.Tensor, _ tape: FloatTape
  ) throws(PlauditError) -> FloatTape.Tensor {
    try tape.linear(x, linear, bias: bias, from: first)
  }
}

/// The tape of models; gradients are checked on one in double.
package typealias FloatTape = Tape<Float>
