import CKernels
package import PlauditCore

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
  case sigmoid

  var kernel: Int32 {
    switch self {
    case .gelu: Int32(PK_GELU)
    case .geluNew, .geluTanh: Int32(PK_GELU_TANH)
    case .relu: Int32(PK_RELU)
    case .silu: Int32(PK_SILU)
    case .tanh: Int32(PK_TANH)
    case .sigmoid: Int32(PK_SIGMOID)
    }
  }
}

extension Tape {
  /// `f(x + bias)`, with nil the identity.
  ///
  /// Without recording, x itself becomes the result.
  ///
  /// - Parameter first: the bias's number for the first column.
  @_specialize(where Scalar == Float)
  package func activate(
    _ x: Tensor, bias: Parameter<Scalar>? = nil, from first: Int = 0, _ activation: Activation?
  ) throws(PlauditError) -> Tensor {
    let kind = activation?.kernel ?? Int32(PK_IDENTITY)
    let kernels = Scalar.tapeKernels
    let width = x.width
    let biasValues = bias.map { UnsafeRawPointer($0.values.pointer + first) }
    let y = isRecording ? try tensor(rows: x.rows, width: width) : x
    try blocks(of: x.rows, atLeast: 32) { start, count in
      kernels.pointee.activate(
        kind, y.values + start * width, x.values + start * width, biasValues, Int64(count),
        Int64(width))
    }
    guard isRecording, wantsGradient(x) || bias?.isTrained == true else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      let wanted = self.wantsGradient(x)
      let (dx, accumulate) =
        wanted ? try self.gradient(of: x) : (try self.room(x.count), false)
      // A bias needs the gradient by itself, before it is added to another's.
      let slope = accumulate && bias?.isTrained == true ? try self.room(x.count) : dx
      try self.blocks(of: x.rows, atLeast: 32) { start, count in
        kernels.pointee.activate_backward(
          kind, slope + start * width, dy + start * width, x.values + start * width, biasValues,
          Int64(count), Int64(width), accumulate && slope == dx ? 1 : 0)
      }
      if let gradient = bias?.gradient {
        try self.addColumnSums(
          of: slope, rows: x.rows, width: width, to: gradient.pointer + first)
      }
      if slope != dx {
        try self.add(slope, to: dx, count: x.count, accumulate: true)
      }
    }
  }

  /// `sum += Σ rows of x`, and `products += Σ rows of x · z`.
  func addColumnSums(
    of x: UnsafePointer<Scalar>, rows: Int, width: Int, to sum: UnsafeMutablePointer<Scalar>,
    products: UnsafeMutablePointer<Scalar>? = nil, with z: UnsafePointer<Scalar>? = nil
  ) throws(PlauditError) {
    let kernels = Scalar.tapeKernels
    try blocks(of: width, atLeast: 64) { first, count in
      kernels.pointee.column_sums(
        sum, products.map { UnsafeMutableRawPointer($0) }, x, z.map { UnsafeRawPointer($0) },
        Int64(rows), Int64(width), Int64(first), Int64(count))
    }
  }

  /// `y = factor · x`, or `y +=`.
  func add(
    _ x: UnsafePointer<Scalar>, to y: UnsafeMutablePointer<Scalar>, count: Int, factor: Double = 1,
    accumulate: Bool
  ) throws(PlauditError) {
    let kernels = Scalar.tapeKernels
    try blocks(of: count, atLeast: 16_384) { first, part in
      kernels.pointee.add(y + first, x + first, factor, Int64(part), accumulate ? 1 : 0)
    }
  }
}
