import Glibc

/// Which tail a quantile is asked by; the smaller one keeps its digits.
enum TailProbability {
  case lower(Double)
  case upper(Double)

  var probability: Double {
    switch self {
    case .lower(let p), .upper(let p): p
    }
  }

  /// The same point by the tail that is at most a half.
  var byNearTail: TailProbability {
    switch self {
    case .lower(let p): p <= 0.5 ? self : .upper(1 - p)
    case .upper(let q): q <= 0.5 ? self : .lower(1 - q)
    }
  }

  /// The standard normal point with this tail.
  var normalPoint: Double {
    switch self {
    case .lower(let p): Normal.quantile(p)
    case .upper(let q): -Normal.quantile(q)
    }
  }

  /// The point of a log-concave density at which the tail has this probability, by Halley steps on
  /// the logarithm of the tail.
  ///
  /// A log-concave density makes both tails log-concave, so that Newton's steps come from one side
  /// and cannot cycle; Halley's are tried first and end when one of them moved the tail by less than
  /// 1e-5, the error being the cube of that.
  ///
  /// - Parameter at: gives tails, density and the density's logarithmic derivative at a point.
  func point(
    from guess: Double, at: (Double) -> (tails: Tails, density: Double, slope: Double)
  ) -> Double {
    let target = probability
    var w = guess
    for _ in 0..<100 {
      let (tails, density, slope) = at(w)
      let (tail, sign) =
        switch self {
        case .lower: (tails.lower, 1.0)
        case .upper: (tails.upper, -1.0)
        }
      guard tail > 0, density > 0 else {
        // Beyond the range of doubles: come back towards the mass.
        let back = sign * max(1, w.magnitude / 2)
        w += tail > 0 && density == 0 ? -back : back
        continue
      }
      let gap = tail == target ? 0 : log(tail / target)
      let rate = sign * density / tail
      let newton = gap / rate
      let bend = -0.5 * newton * (slope - rate)
      let step = bend > -0.5 && bend < 0.9 ? newton / (1 + bend) : newton
      w -= step
      if gap.magnitude < 1e-5 || step.magnitude <= 1e-16 * w.magnitude { break }
    }
    return w
  }
}
