import PlauditCore

/// A function of many variables and its gradient.
protocol Objective: AnyObject {
  var count: Int { get }
  /// Writes the gradient at `point` and gives the value there.
  ///
  /// - Throws: `.cancelled` or `.timeout`, after which nothing was computed.
  func evaluate(_ point: [Double], gradient: inout [Double]) throws(PlauditError) -> Double
  /// Throws once the search shall end; asked between the passes over long vectors.
  func check() throws(PlauditError)
}

extension Objective {
  func check() throws(PlauditError) {}
}

/// Limited-memory BFGS with a strong-Wolfe line search.
///
/// - Source: Nocedal & Wright 2006, Numerical Optimization, algorithms 7.4, 7.5 (two-loop
///   recursion, scaled start), 3.5 and 3.6 (line search), doi:10.1007/978-0-387-40065-5.
struct LBFGS {
  var history = 10
  var maximumIterations = 500
  /// Done when no gradient component exceeds this.
  var tolerance = 1e-6

  struct Outcome {
    var point: [Double]
    var value: Double
    var iterations: Int
    var converged: Bool
    /// Why it ended early; `point` is then the last complete iteration's.
    var interruption: PlauditError?
  }

  private struct Correction {
    let step: [Double]
    let change: [Double]
    /// 1 / (step · change)
    let inverse: Double
  }

  /// - Parameters:
  ///   - precondition: multiplies by an approximate inverse of the curvature, the identity when nil.
  ///   - progress: told the iteration and value after each iteration.
  func minimize(
    _ objective: any Objective, from start: [Double],
    precondition: ((inout [Double]) -> Void)? = nil, progress: (Int, Double) -> Void
  ) -> Outcome {
    var outcome = Outcome(point: start, value: .nan, iterations: 0, converged: false)
    var gradient = [Double](repeating: 0, count: objective.count)
    var corrections: [Correction] = []
    do throws(PlauditError) {
      outcome.value = try objective.evaluate(start, gradient: &gradient)
      while outcome.iterations < maximumIterations {
        if largest(gradient) <= tolerance {
          outcome.converged = true
          return outcome
        }
        let direction = try descent(gradient, corrections, precondition, check: objective.check)
        let first = corrections.isEmpty && precondition == nil ? min(1, 1 / norm(gradient)) : 1
        guard
          let next = try search(
            objective, from: outcome.point, value: outcome.value, gradient: gradient,
            along: direction, firstStep: first)
        else {
          // No step lowers the value in floating point: this is the minimum that can be found.
          guard !corrections.isEmpty else { return outcome }
          corrections.removeAll()
          continue
        }
        let step = subtract(next.point, outcome.point)
        let change = subtract(next.gradient, gradient)
        let curvature = dot(step, change)
        if curvature > 1e-10 * dot(change, change).squareRoot() * dot(step, step).squareRoot() {
          if corrections.count == history { corrections.removeFirst() }
          corrections.append(Correction(step: step, change: change, inverse: 1 / curvature))
        }
        outcome.point = next.point
        outcome.value = next.value
        gradient = next.gradient
        outcome.iterations += 1
        progress(outcome.iterations, outcome.value)
      }
      outcome.converged = largest(gradient) <= tolerance
    } catch {
      outcome.interruption = error
    }
    return outcome
  }

  private func descent(
    _ gradient: [Double], _ corrections: [Correction], _ precondition: ((inout [Double]) -> Void)?,
    check: () throws(PlauditError) -> Void
  ) throws(PlauditError) -> [Double] {
    var direction = gradient.map { -$0 }
    var factors = [Double](repeating: 0, count: corrections.count)
    for index in corrections.indices.reversed() {
      try check()
      let correction = corrections[index]
      factors[index] = correction.inverse * dot(correction.step, direction)
      add(-factors[index], correction.change, to: &direction)
    }
    precondition?(&direction)
    if let last = corrections.last {
      var curved = last.change
      precondition?(&curved)
      let scale = 1 / (last.inverse * dot(last.change, curved))
      for index in direction.indices { direction[index] *= scale }
    }
    for (index, correction) in corrections.enumerated() {
      try check()
      let factor = correction.inverse * dot(correction.change, direction)
      add(factors[index] - factor, correction.step, to: &direction)
    }
    return direction
  }

  // MARK: Line search

  private struct Trial {
    var step: Double
    var point: [Double]
    var value: Double
    var gradient: [Double]
    var slope: Double
  }

  private static let sufficientDecrease = 1e-4
  private static let curvatureBound = 0.9
  private static let maximumTrials = 30

  private func search(
    _ objective: any Objective, from point: [Double], value: Double, gradient: [Double],
    along direction: [Double], firstStep: Double
  ) throws(PlauditError) -> Trial? {
    let slope = dot(gradient, direction)
    guard slope < 0 else { return nil }
    func trial(_ step: Double) throws(PlauditError) -> Trial {
      var moved = point
      add(step, direction, to: &moved)
      var there = [Double](repeating: 0, count: moved.count)
      let value = try objective.evaluate(moved, gradient: &there)
      return Trial(
        step: step, point: moved, value: value, gradient: there, slope: dot(there, direction))
    }
    func tooHigh(_ trial: Trial) -> Bool {
      !(trial.value <= value + LBFGS.sufficientDecrease * trial.step * slope)
    }
    func flat(_ trial: Trial) -> Bool {
      trial.slope.magnitude <= -LBFGS.curvatureBound * slope
    }
    var low = Trial(step: 0, point: point, value: value, gradient: gradient, slope: slope)
    var high: Trial?
    var step = firstStep
    for _ in 0..<LBFGS.maximumTrials {
      let now = try trial(step)
      if let end = high {
        // Zoom: the minimum lies between low and high.
        if tooHigh(now) || now.value >= low.value {
          high = now
        } else {
          if flat(now) { return now }
          if now.slope * (end.step - low.step) >= 0 { high = low }
          low = now
        }
      } else if tooHigh(now) || (low.step > 0 && now.value >= low.value) {
        high = now
      } else if flat(now) {
        return now
      } else if now.slope >= 0 {
        high = low
        low = now
      } else {
        low = now
        step *= 2
        continue
      }
      guard let end = high else { break }
      step = between(low, end)
      if (end.step - low.step).magnitude <= 1e-16 * max(low.step, end.step) { break }
    }
    return low.step > 0 && low.value < value ? low : nil
  }

  /// The minimum of the cubic through both ends, kept away from them.
  private func between(_ a: Trial, _ b: Trial) -> Double {
    let d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    let square = d1 * d1 - a.slope * b.slope
    let width = b.step - a.step
    let middle = a.step + width / 2
    guard square >= 0 else { return middle }
    let d2 = width > 0 ? square.squareRoot() : -square.squareRoot()
    let cubic = b.step - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)
    let margin = 0.1 * width.magnitude
    guard cubic.isFinite, cubic >= min(a.step, b.step) + margin,
      cubic <= max(a.step, b.step) - margin
    else { return middle }
    return cubic
  }

  // MARK: Vectors

  /// Eight sums side by side, which fit vector registers.
  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        let count = min(a.count, b.count) / 8
        var sums = SIMD8<Double>.zero
        var at = 0
        while at + 8 <= count {
          sums +=
            a.loadUnaligned(fromByteOffset: at * 8, as: SIMD8<Double>.self)
            * b.loadUnaligned(fromByteOffset: at * 8, as: SIMD8<Double>.self)
          at += 8
        }
        var sum = sums.sum()
        while at < count {
          sum +=
            a.loadUnaligned(fromByteOffset: at * 8, as: Double.self)
            * b.loadUnaligned(fromByteOffset: at * 8, as: Double.self)
          at += 1
        }
        return sum
      }
    }
  }

  private func norm(_ a: [Double]) -> Double { dot(a, a).squareRoot() }
  private func largest(_ a: [Double]) -> Double { a.reduce(0) { max($0, $1.magnitude) } }

  private func subtract(_ a: [Double], _ b: [Double]) -> [Double] {
    var result = a
    for index in a.indices { result[index] -= b[index] }
    return result
  }

  private func add(_ factor: Double, _ a: [Double], to b: inout [Double]) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        guard let from = a.baseAddress, let to = b.baseAddress else { return }
        for index in 0..<min(a.count, b.count) { to[index] += factor * from[index] }
      }
    }
  }
}
