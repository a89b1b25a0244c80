import Glibc

/// The gamma distribution with a shape and a rate of 1; divide points by a rate.
package enum GammaDistribution {
  /// `P(X <= x)` and `P(X > x)`.
  package static func tails(_ x: Double, shape: Double) -> Tails {
    x < 0 ? incompleteGamma(shape, 0) : incompleteGamma(shape, x)
  }

  /// The point below which `lower` lies; 0 and infinite at 0 and 1, NaN outside 0...1.
  package static func quantile(lower: Double, shape: Double) -> Double {
    quantile(.lower(lower), shape: shape)
  }

  /// The point above which `upper` lies, with the digits of a small `upper`.
  package static func quantile(upper: Double, shape: Double) -> Double {
    quantile(.upper(upper), shape: shape)
  }

  static func quantile(_ wanted: TailProbability, shape a: Double) -> Double {
    guard wanted.probability >= 0, wanted.probability <= 1, a > 0, a.isFinite else { return .nan }
    let near = wanted.byNearTail
    switch near {
    case .lower(0): return 0
    case .upper(0): return .infinity
    default: break
    }
    // In the logarithm of the point the density x^a exp(-x) / Γ(a) is log-concave.
    let root = 1 - 1 / (9 * a) + near.normalPoint / (3 * a.squareRoot())
    var guess = root > 0.1 ? log(a) + 3 * log(root) : log(a)
    if case .lower(let p) = near, root <= 0.3 || a < 0.5 {
      guess = (log(p) + GammaFunction.log(a + 1)) / a
    }
    let w = near.point(from: guess) { w in
      let x = exp(w)
      return (incompleteGamma(a, x), gammaMass(a, x), a - x)
    }
    return exp(w)
  }
}

/// The chi-square distribution.
package enum ChiSquare {
  /// `P(X <= x)` and `P(X > x)`; NaN unless `degreesOfFreedom` is positive.
  package static func tails(_ x: Double, degreesOfFreedom: Double) -> Tails {
    GammaDistribution.tails(x / 2, shape: degreesOfFreedom / 2)
  }

  package static func upperTail(_ x: Double, degreesOfFreedom: Double) -> Double {
    tails(x, degreesOfFreedom: degreesOfFreedom).upper
  }

  package static func quantile(lower: Double, degreesOfFreedom: Double) -> Double {
    2 * GammaDistribution.quantile(lower: lower, shape: degreesOfFreedom / 2)
  }

  package static func quantile(upper: Double, degreesOfFreedom: Double) -> Double {
    2 * GammaDistribution.quantile(upper: upper, shape: degreesOfFreedom / 2)
  }
}
