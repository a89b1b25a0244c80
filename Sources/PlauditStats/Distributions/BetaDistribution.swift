import Glibc

/// The beta distribution.
package enum BetaDistribution {
  /// A point with both of its distances: from 0 and from 1.
  package struct Point: Equatable, Sendable {
    package let value: Double
    /// `1 - value`, with its own digits.
    package let complement: Double
  }

  /// `P(X <= x)` and `P(X > x)`.
  package static func tails(_ x: Double, a: Double, b: Double) -> Tails {
    incompleteBeta(a, b, min(1, max(0, x)))
  }

  /// The logarithm of the density.
  package static func logDensity(_ x: Double, a: Double, b: Double) -> Double {
    guard x >= 0, x <= 1 else { return -.infinity }
    return (a == 1 ? 0 : (a - 1) * log(x)) + (b == 1 ? 0 : (b - 1) * log1p(-x))
      - GammaFunction.logBeta(a, b)
  }

  /// The point below which `lower` lies; NaN outside 0...1 and for parameters that are not positive.
  package static func quantile(lower: Double, a: Double, b: Double) -> Double {
    point(.lower(lower), a, b).value
  }

  /// The point above which `upper` lies, with the digits of a small `upper`.
  package static func quantile(upper: Double, a: Double, b: Double) -> Double {
    point(.upper(upper), a, b).value
  }

  static func point(_ wanted: TailProbability, _ a: Double, _ b: Double) -> Point {
    guard wanted.probability >= 0, wanted.probability <= 1, a > 0, b > 0, a.isFinite, b.isFinite
    else { return Point(value: .nan, complement: .nan) }
    let near = wanted.byNearTail
    switch near {
    case .lower(0): return Point(value: 0, complement: 1)
    case .upper(0): return Point(value: 1, complement: 0)
    default: break
    }
    return point(logOdds: logOdds(near, a, b, guess: guess(near, a, b)))
  }

  /// The logarithm of `x / (1 - x)`, in which the density `x^a (1 - x)^b / B(a, b)` is log-concave.
  static func logOdds(
    _ near: TailProbability, _ a: Double, _ b: Double, guess: Double
  ) -> Double {
    near.point(from: guess) { w in
      let at = point(logOdds: w)
      let (x, y) = (at.value, at.complement)
      let lambda = x <= y ? a.addingProduct(-(a + b), x) : (-b).addingProduct(a + b, y)
      return (
        incompleteBeta(a, b, x, complement: y), betaMass(a, b, x, y, lambda: lambda), lambda
      )
    }
  }

  private static func point(logOdds w: Double) -> Point {
    let e = exp(-w.magnitude)
    let (small, large) = (e / (1 + e), 1 / (1 + e))
    return w < 0 ? Point(value: small, complement: large) : Point(value: large, complement: small)
  }

  /// Abramowitz and Stegun 26.5.22, or the power of the tail itself.
  private static func guess(_ near: TailProbability, _ a: Double, _ b: Double) -> Double {
    if a > 1, b > 1 {
      let z = -near.normalPoint
      let (s, t) = (1 / (2 * a - 1), 1 / (2 * b - 1))
      let r = (z * z - 3) / 6
      let h = 2 / (s + t)
      if h + r > 0 {
        let w = z * (h + r).squareRoot() / h - (t - s) * (r + 5.0 / 6 - 2 / (3 * h))
        return log(a / b) - 2 * w
      }
    }
    let logBeta = GammaFunction.logBeta(a, b)
    return switch near {
    case .lower(let p): min(log(a / b) + 1, (log(p) + log(a) + logBeta) / a)
    case .upper(let q): max(log(a / b) - 1, -(log(q) + log(b) + logBeta) / b)
    }
  }
}

/// Snedecor's F distribution.
package enum FisherF {
  /// `P(F <= f)` and `P(F > f)`; the denominator's degrees may be infinite.
  package static func tails(
    _ f: Double, numerator m: Double, denominator n: Double
  ) -> Tails {
    guard m > 0, n > 0, m.isFinite, !f.isNaN else { return .undefined }
    if n == .infinity { return ChiSquare.tails(m * f, degreesOfFreedom: m) }
    if f <= 0 { return Tails(lower: 0, upper: 1) }
    if f == .infinity { return Tails(lower: 1, upper: 0) }
    let (over, under) = (m * f, n)
    guard over.isFinite else { return Tails(lower: 1, upper: 0) }
    return incompleteBeta(
      m / 2, n / 2, over / (over + under), complement: under / (over + under))
  }

  package static func upperTail(_ f: Double, numerator: Double, denominator: Double) -> Double {
    tails(f, numerator: numerator, denominator: denominator).upper
  }

  package static func quantile(
    lower: Double, numerator: Double, denominator: Double
  ) -> Double {
    quantile(.lower(lower), numerator, denominator)
  }

  package static func quantile(
    upper: Double, numerator: Double, denominator: Double
  ) -> Double {
    quantile(.upper(upper), numerator, denominator)
  }

  private static func quantile(_ wanted: TailProbability, _ m: Double, _ n: Double) -> Double {
    if n == .infinity { return 2 * GammaDistribution.quantile(wanted, shape: m / 2) / m }
    let point = BetaDistribution.point(wanted, m / 2, n / 2)
    return n / m * (point.value / point.complement)
  }
}
