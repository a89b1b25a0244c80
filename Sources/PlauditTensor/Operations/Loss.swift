import Glibc
package import PlauditCore

/// What a step adds up, and the weight it was divided by.
package struct LossSum {
  package var total = 0.0
  package var weight = 0.0

  package init(total: Double = 0, weight: Double = 0) {
    self.total = total
    self.weight = weight
  }
}

extension Tape {
  /// Cross-entropy of logits `[rows, classes]` against class indices, through log-sum-exp.
  ///
  /// `Σ w[y] · ((1 - smoothing) · -log p[y]) + smoothing / classes · Σ w[c] · -log p[c]`, divided
  /// by `normaliser`, which a caller makes of all rows of a step (`Σ w[y]` gives the mean of
  /// `torch.nn.functional.cross_entropy`), so that a step may come in parts of any size.
  ///
  /// - Parameters:
  ///   - labels: `[rows]`; `ignored` leaves a row out.
  ///   - classWeights: `[classes]`, nil for ones.
  ///   - rowWeights: `[rows]`, nil for ones.
  /// - Returns: the loss `[1, 1]` and its sums before the division.
  @_specialize(where Scalar == Float)
  package func crossEntropy(
    _ logits: Tensor, labels: UnsafePointer<Int32>, classWeights: [Double]? = nil,
    rowWeights: UnsafePointer<Double>? = nil, smoothing: Double = 0, ignored: Int32 = -100,
    normaliser: Double
  ) throws(PlauditError) -> (loss: Tensor, sum: LossSum) {
    let classes = logits.width
    let slopes = try memory(logits.count, of: Double.self)
    var sum = LossSum()
    for row in 0..<logits.rows {
      let slope = slopes + row * classes
      let label = Int(labels[row])
      guard labels[row] != ignored, label >= 0, label < classes else {
        slope.update(repeating: 0, count: classes)
        continue
      }
      let values = logits.values + row * classes
      var highest = Double(values[0])
      for column in 1..<max(classes, 1) { highest = max(highest, Double(values[column])) }
      var total = 0.0
      for column in 0..<classes { total += exp(Double(values[column]) - highest) }
      let normal = highest + log(total)
      let rowWeight = rowWeights?[row] ?? 1
      // d loss / d logit = Σ targets · p - target
      var mass = 0.0
      for column in 0..<classes {
        let weight = classWeights?[column] ?? 1
        let target =
          (smoothing / Double(classes) + (column == label ? 1 - smoothing : 0)) * weight * rowWeight
        mass += target
        if target != 0 { sum.total += target * (normal - Double(values[column])) }
        slope[column] = -target
      }
      for column in 0..<classes {
        slope[column] += mass * exp(Double(values[column]) - normal)
      }
      sum.weight += (classWeights?[label] ?? 1) * rowWeight
    }
    return (try loss(logits, slopes, sum, normaliser), sum)
  }

  /// Binary cross-entropy of logits `[rows, labels]` against targets in 0...1 of the same shape,
  /// as `torch.nn.functional.binary_cross_entropy_with_logits`; `normaliser` is the count of all
  /// elements of a step for the mean.
  package func binaryCrossEntropy(
    _ logits: Tensor, targets: UnsafePointer<Double>, positiveWeights: [Double]? = nil,
    normaliser: Double
  ) throws(PlauditError) -> (loss: Tensor, sum: LossSum) {
    try elementwise(logits, targets, normaliser) { value, target, column in
      let weight = positiveWeights?[column] ?? 1
      // log(1 + exp(-|x|)) loses nothing at either end.
      let soft = log1p(exp(-value.magnitude))
      let positive = soft + max(-value, 0)
      let negative = soft + max(value, 0)
      let p = value >= 0 ? 1 / (1 + exp(-value)) : exp(value) / (1 + exp(value))
      return (
        weight * target * positive + (1 - target) * negative,
        (1 - target) * p - weight * target * (1 - p)
      )
    }
  }

  /// Squared error; `normaliser` is the count of all elements of a step for the mean.
  package func squaredError(
    _ values: Tensor, targets: UnsafePointer<Double>, normaliser: Double
  ) throws(PlauditError) -> (loss: Tensor, sum: LossSum) {
    try elementwise(values, targets, normaliser) { value, target, _ in
      ((value - target) * (value - target), 2 * (value - target))
    }
  }

  /// Huber's loss: squared to `delta`, linear beyond, as `torch.nn.functional.huber_loss`.
  ///
  /// - Source: Huber 1964, doi:10.1214/aoms/1177703732.
  package func huber(
    _ values: Tensor, targets: UnsafePointer<Double>, delta: Double = 1, normaliser: Double
  ) throws(PlauditError) -> (loss: Tensor, sum: LossSum) {
    try elementwise(values, targets, normaliser) { value, target, _ in
      let error = value - target
      return error.magnitude <= delta
        ? (0.5 * error * error, error)
        : (delta * (error.magnitude - 0.5 * delta), error < 0 ? -delta : delta)
    }
  }

  private func elementwise(
    _ values: Tensor, _ targets: UnsafePointer<Double>, _ normaliser: Double,
    _ each: (_ value: Double, _ target: Double, _ column: Int) -> (loss: Double, slope: Double)
  ) throws(PlauditError) -> (loss: Tensor, sum: LossSum) {
    let slopes = try memory(values.count, of: Double.self)
    var sum = LossSum(total: 0, weight: Double(values.count))
    for index in 0..<values.count {
      let (loss, slope) = each(
        Double(values.values[index]), targets[index], index % max(values.width, 1))
      sum.total += loss
      slopes[index] = slope
    }
    return (try loss(values, slopes, sum, normaliser), sum)
  }

  /// A loss whose slopes by its input are known, divided by the normaliser.
  private func loss(
    _ input: Tensor, _ slopes: UnsafeMutablePointer<Double>, _ sum: LossSum, _ normaliser: Double
  ) throws(PlauditError) -> Tensor {
    let y = try tensor(rows: 1, width: 1)
    y.values[0] = Scalar(sum.total / normaliser)
    guard isRecording, wantsGradient(input) else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      let (dx, accumulate) = try self.gradient(of: input)
      let factor = Double(dy[0]) / normaliser
      for index in 0..<input.count {
        let slope = Scalar(slopes[index] * factor)
        dx[index] = accumulate ? dx[index] + slope : slope
      }
    }
  }
}
