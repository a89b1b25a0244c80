import CKernels

extension Tape {
  /// One step of Adam; see `pk_adam`.
  package struct AdamSetting {
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Double
    package var gradientFactor: Double
    package var l2: Double
    package var decayRate: Double
    /// The learning rate over the first bias correction.
    package var step: Double
    /// The root of the second bias correction.
    package var rootCorrection: Double

    package init(
      beta1: Double, beta2: Double, epsilon: Double, gradientFactor: Double, l2: Double,
      decayRate: Double, step: Double, rootCorrection: Double
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.gradientFactor = gradientFactor
      self.l2 = l2
      self.decayRate = decayRate
      self.step = step
      self.rootCorrection = rootCorrection
    }
  }

  /// Updates `count` weights and their moments in place; gradients are zero afterwards.
  package static func adam(
    _ weights: UnsafeMutablePointer<Scalar>, _ gradient: UnsafeMutablePointer<Scalar>,
    _ mean: UnsafeMutablePointer<Scalar>, _ square: UnsafeMutablePointer<Scalar>, count: Int,
    _ setting: AdamSetting
  ) {
    var how = pk_adam(
      beta1: setting.beta1, beta2: setting.beta2, epsilon: setting.epsilon,
      gradient_factor: setting.gradientFactor, l2: setting.l2, decay_rate: setting.decayRate,
      step: setting.step, root_correction: setting.rootCorrection)
    Scalar.tapeKernels.pointee.adam(weights, gradient, mean, square, Int64(count), &how)
  }

  /// The sum of squares in double.
  package static func sumOfSquares(_ x: UnsafePointer<Scalar>, count: Int) -> Double {
    Scalar.tapeKernels.pointee.sum_of_squares(x, Int64(count))
  }
}

extension Tape where Scalar == Float {
  /// What is left of weights that have no gradient and moments of zero.
  package static func decay(
    _ weights: UnsafeMutablePointer<Float>, keep: Float, count: Int
  ) {
    rowKernels.pointee.scale(weights, keep, Int64(count))
  }
}
