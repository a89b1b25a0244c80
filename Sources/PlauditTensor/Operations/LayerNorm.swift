import CKernels
package import PlauditCore

extension Tape {
  /// `norm(dropout(x + bias) + residual) · weight + shift`, row by row.
  ///
  /// Without recording, x itself becomes the result.
  ///
  /// - Source: Ba et al. 2016, arXiv:1607.06450; biased variance and epsilon inside the root, as
  ///   in `torch.nn.LayerNorm`.
  @_specialize(where Scalar == Float)
  package func norm(
    _ x: Tensor, bias: Parameter<Scalar>? = nil, residual: Tensor? = nil,
    weight: Parameter<Scalar>, shift: Parameter<Scalar>, epsilon: Double, dropout rate: Double = 0
  ) throws(PlauditError) -> Tensor {
    let kernels = Scalar.tapeKernels
    let width = x.width
    let biasValues = bias.map { UnsafeRawPointer($0.values.pointer) }
    if !isRecording, let kernels = Scalar.predictionKernels {
      let residualValues = residual.map { floats($0.values) }
      try blocks(of: x.rows, atLeast: 32) { first, count in
        kernels.pointee.normalise(
          floats(x.values) + first * width, bias.map { UnsafePointer(floats($0.values.pointer)) },
          residualValues.map { UnsafePointer($0 + first * width) }, floats(weight.values.pointer),
          floats(shift.values.pointer), Int64(count), Int64(width), Float(epsilon))
      }
      return x
    }
    let dropout = nextDropout(rate)
    let y = isRecording ? try tensor(rows: x.rows, width: width) : x
    let deviations = try room(x.rows)
    try blocks(of: x.rows, atLeast: 32) { first, count in
      let start = first * width
      DropoutStream.with(dropout, first: start) { dropout in
        kernels.pointee.norm(
          y.values + start, x.values + start, deviations + first, biasValues,
          residual.map { UnsafeRawPointer($0.values + start) }, weight.values.pointer,
          shift.values.pointer, Int64(count), Int64(width), epsilon, dropout)
      }
    }
    guard isRecording else { return y }
    let wantsX = wantsGradient(x) || bias?.isTrained == true
    let wantsResidual = residual.map { wantsGradient($0) } ?? false
    guard wantsX || wantsResidual || weight.isTrained || shift.isTrained else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      if let weightGradient = weight.gradient, let shiftGradient = shift.gradient {
        try self.addColumnSums(
          of: dy, rows: x.rows, width: width, to: shiftGradient.pointer,
          products: weightGradient.pointer, with: x.values)
      }
      guard wantsX || wantsResidual else { return }
      var dx: UnsafeMutablePointer<Scalar>?
      var accumulateX = false
      // x was overwritten by what the kernel normalised: it has no other reader, and its gradient
      // no other writer.
      if wantsX {
        (dx, accumulateX) =
          self.wantsGradient(x) ? try self.gradient(of: x) : (try self.room(x.count), false)
      }
      var dresidual: UnsafeMutablePointer<Scalar>?
      var accumulateResidual = false
      if wantsResidual, let residual {
        (dresidual, accumulateResidual) = try self.gradient(of: residual)
      }
      try self.blocks(of: x.rows, atLeast: 32) { first, count in
        let start = first * width
        DropoutStream.with(dropout, first: start) { dropout in
          kernels.pointee.norm_backward(
            dx.map { UnsafeMutableRawPointer($0 + start) },
            dresidual.map { UnsafeMutableRawPointer($0 + start) }, dy + start, x.values + start,
            deviations + first, weight.values.pointer, Int64(count), Int64(width), dropout,
            accumulateX ? 1 : 0, accumulateResidual ? 1 : 0)
        }
      }
      if let gradient = bias?.gradient, let dx {
        try self.addColumnSums(of: dx, rows: x.rows, width: width, to: gradient.pointer)
      }
    }
  }
}
