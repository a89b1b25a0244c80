import Glibc
package import PlauditCore

/// Student's t distribution, for any positive number of degrees of freedom; infinite ones are normal.
package enum StudentT {
  /// The probability of a value at least as far from zero as `t`, on either side.
  package static func twoSidedPValue(_ t: Double, degreesOfFreedom n: Double) -> Double {
    guard n > 0, !t.isNaN else { return .nan }
    if n == .infinity { return Normal.twoSidedPValue(t) }
    if t == 0 { return 1 }
    if t.isInfinite { return 0 }
    return bothTails(t.magnitude, n)
  }

  /// `P(T > t)`.
  package static func upperTail(_ t: Double, degreesOfFreedom n: Double) -> Double {
    let both = twoSidedPValue(t, degreesOfFreedom: n)
    return t > 0 ? both / 2 : 1 - both / 2
  }

  /// `P(T <= t)`.
  package static func cdf(_ t: Double, degreesOfFreedom n: Double) -> Double {
    upperTail(-t, degreesOfFreedom: n)
  }

  /// The value below which `probability` lies; infinite at 0 and 1, NaN outside 0...1.
  package static func quantile(_ probability: Double, degreesOfFreedom n: Double) -> Double {
    guard probability >= 0, probability <= 1, n > 0 else { return .nan }
    if n == .infinity { return Normal.quantile(probability) }
    if probability == 0.5 { return 0 }
    let side = probability < 0.5 ? -1.0 : 1.0
    let centred = (probability - 0.5).magnitude
    if centred < 0.25 { return side * point(.lower(2 * centred), n) }
    return side * point(.upper(2 * min(probability, 1 - probability)), n)
  }

  /// The half-width, in standard errors, of a central interval.
  ///
  /// - Throws: `outOfRange` unless `confidence` lies strictly between 0 and 1.
  package static func criticalValue(
    confidence: Double, degreesOfFreedom n: Double
  ) throws(PlauditError) -> Double {
    let normal = try Normal.criticalValue(confidence: confidence)
    guard n > 0 else { return .nan }
    if n == .infinity { return normal }
    return point(confidence < 0.5 ? .lower(confidence) : .upper(1 - confidence), n)
  }

  // MARK: - Pieces

  /// `P(|T| >= t) = I_{n / (n + t²)}(n/2, 1/2)` for positive, finite `t`.
  private static func bothTails(_ t: Double, _ n: Double) -> Double {
    let ratio = t / n.squareRoot()
    let square = ratio * ratio
    guard square.isFinite else {
      // The power law of the far tail, where the square overflows.
      return exp(-n * log(ratio) - GammaFunction.logBeta(n / 2, 0.5) - log(n / 2))
    }
    if n >= 30, square < 1 { return largeTails(n / 2, square) }
    return incompleteBeta(
      n / 2, 0.5, 1 / (1 + square), complement: square / (1 + square)
    ).lower
  }

  /// `I_x(a, 1/2)` with `x = 1 / (1 + square)` and `a >= 15`, in a few terms however large `a` is.
  ///
  /// - Source: Didonato and Morris 1992, section 9.1 (BGRAT), with `Q(1/2, z) = erfc √z`.
  private static func largeTails(_ a: Double, _ square: Double) -> Double {
    let nu = a - 0.25
    let lnx = -log1p(square)
    let z = -nu * lnx
    // Γ(a + ½) / Γ(a) / √ν, close to 1
    let factor = exp(-GammaFunction.logBeta(a, 0.5) + 0.5723649429247001 - 0.5 * log(nu))
    let r = exp(-z) * (z / Double.pi).squareRoot()
    var j = erfc(z.squareRoot())
    let v = 0.25 / (nu * nu)
    let t2 = 0.25 * lnx * lnx
    var sum = j
    var (t, cn, n2) = (r, 1.0, 0.0)
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: 64) { room -> Double in
      room.initialize(repeating: 0)
      for n in 1...30 {
        let power = 0.5 + n2
        j = (power * (power + 1) * j + (z + power + 1) * t) * v
        n2 += 2
        t *= t2
        cn /= n2 * (n2 + 1)
        room[n - 1] = cn
        var s = 0.0
        var coefficient = 0.5 - Double(n)
        for i in stride(from: 1, to: n, by: 1) {
          s += coefficient * room[i - 1] * room[32 + n - 1 - i]
          coefficient += 0.5
        }
        room[32 + n - 1] = -0.5 * cn + s / Double(n)
        let term = room[32 + n - 1] * j
        sum += term
        if term.magnitude <= 1e-17 * sum { break }
      }
      return max(0, factor * sum)
    }
  }

  /// The positive `t` that has this mass between `-t` and `t` or, as the upper tail, outside them.
  private static func point(_ wanted: TailProbability, _ n: Double) -> Double {
    let p = wanted.probability
    if case .upper = wanted, p <= 0 { return .infinity }
    if case .lower = wanted, p <= 0 { return 0 }
    // Hill's expansion of t by the normal point z, in v = log(t² / n) for the search.
    let z =
      switch wanted {
      case .upper: -Normal.quantile(p / 2)
      case .lower: Normal.quantile(0.5 + p / 2)
      }
    let square = z * z
    let logBeta = GammaFunction.logBeta(n / 2, 0.5)
    var start: Double
    if n > 4, square < n, z > 0 {
      let g1 = (square + 1) / 4
      let g2 = ((5 * square + 16) * square + 3) / 96
      let g3 = (((3 * square + 19) * square + 17) * square - 15) / 384
      let g4 = ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92160
      start = 2 * log(z * (1 + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n)) - log(n)
    } else {
      // The power laws of the far tail and of the middle.
      start =
        switch wanted {
        case .upper: -2 / n * (log(p) + log(n / 2) + logBeta)
        case .lower: 2 * (log(p / 2) + logBeta)
        }
    }
    let v = wanted.point(from: start) { v in
      let ratio = exp(v)
      // Few degrees of freedom have their points where t² is beyond a double.
      let density = exp(0.5 * v - (n + 1) / 2 * (v > 700 ? v : log1p(ratio)) - logBeta)
      let slope = 0.5 - (n + 1) / 2 / (1 + exp(-v))
      if case .upper = wanted {
        let upper =
          v > 700
          ? exp(-n / 2 * v - logBeta - log(n / 2)) : bothTails(exp(v / 2) * n.squareRoot(), n)
        return (Tails(lower: 1 - upper, upper: upper), density, slope)
      }
      let tails = incompleteBeta(
        0.5, n / 2, ratio / (1 + ratio), complement: 1 / (1 + ratio))
      return (tails, density, slope)
    }
    return exp(v / 2) * n.squareRoot()
  }
}
