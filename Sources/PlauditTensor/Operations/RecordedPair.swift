import PlauditCore

extension Tape {
  /// `f(x · W₁ᵀ + bias) · W₂ᵀ` of two layers whose way back is one: what comes back from the outer
  /// layer is multiplied by the function's slopes while it is in the cache.
  ///
  /// - Returns: nil, and nothing done, where there is no way back to the inner layer.
  @_specialize(where Scalar == Float)
  func recordedPair(
    _ x: Tensor, _ inner: Linear<Scalar>, bias: Parameter<Scalar>, _ activation: Activation,
    _ outer: Linear<Scalar>
  ) throws(PlauditError) -> Tensor? {
    guard inner.narrow == nil, outer.narrow == nil,
      wantsGradient(x) || inner.weight.isTrained || bias.isTrained
    else { return nil }
    let slopes = try tensor(rows: x.rows, width: inner.outputs)
    let between = try tensor(rows: x.rows, width: inner.outputs)
    let y = try tensor(rows: x.rows, width: outer.outputs)
    try multiply(
      x, inner, into: slopes,
      end: ProductEnd(
        out: between.values, stride: inner.outputs, bias: UnsafePointer(bias.values.pointer),
        activation: activation, makesSlope: true))
    try multiply(between, outer, into: y, end: nil)
    return tracked(y) { (dy) throws(PlauditError) in
      let dz = try self.room(between.count)
      try self.linearBackward(
        dy, between, outer, biasGradient: nil,
        inner: (
          dz,
          ProductEnd(
            slopes: UnsafePointer(slopes.values), stride: inner.outputs,
            sums: bias.gradient?.pointer)
        ))
      try self.linearBackward(dz, x, inner, biasGradient: nil)
    }
  }
}
