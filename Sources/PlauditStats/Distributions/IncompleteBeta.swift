import Glibc

/// The regularised incomplete beta function `I_x(a, b)` and its complement.
///
/// The smaller tail has a relative error below 1e-12 for `a`, `b` from 0.5 to 1e15, down to the
/// smallest normal double. NaN unless `a`, `b` are positive and finite and `x` is a fraction.
///
/// - Parameter complement: `1 - x`, for callers that know more of its digits than `x` keeps.
/// - Source: Didonato and Morris 1992, "Algorithm 708", doi:10.1145/131766.131776: BFRAC, BASYM.
package func incompleteBeta(
  _ a: Double, _ b: Double, _ x: Double, complement: Double? = nil
) -> Tails {
  let y = complement ?? 1 - x
  guard a > 0, b > 0, a.isFinite, b.isFinite, x >= 0, y >= 0, x <= 1, y <= 1 else {
    return .undefined
  }
  if x == 0 { return Tails(lower: 0, upper: 1) }
  if y == 0 { return Tails(lower: 1, upper: 0) }
  // a - (a + b) x, from the smaller of x and y, which has the finer grid.
  let lambda = x <= y ? a.addingProduct(-(a + b), x) : (-b).addingProduct(a + b, y)
  let near = min(1, lambda >= 0 ? nearTail(a, b, x, y, lambda) : nearTail(b, a, y, x, -lambda))
  return lambda >= 0 ? Tails(lower: near, upper: 1 - near) : Tails(lower: 1 - near, upper: near)
}

/// `I_x(a, b)` at `x <= a / (a + b)`.
private func nearTail(_ a: Double, _ b: Double, _ x: Double, _ y: Double, _ lambda: Double)
  -> Double
{
  let (small, large) = (min(a, b), max(a, b))
  if small > 200, lambda <= 0.03 * small {
    let exponent =
      a * GammaFunction.logExcess(-lambda / a) + b * GammaFunction.logExcess(lambda / b)
    return LargeParameters.tail(
      exponent: exponent, small: small, ratio: small / large, skew: (b - a) / large,
      rest: betaRest(a, b))
  }
  return betaMass(a, b, x, y, lambda: lambda) * betaFraction(a, b, x, y, lambda)
}

/// `x^a y^b / B(a, b)`, the density by `log(x / y)`.
func betaMass(_ a: Double, _ b: Double, _ x: Double, _ y: Double, lambda: Double) -> Double {
  if max(a, b) < 8 {
    return exp(a * log(x) + b * log(y) - GammaFunction.logBeta(a, b))
  }
  let (u, v) = (-lambda / a, lambda / b)
  let exponent =
    u.magnitude < 0.75 && v.magnitude < 0.75
    ? a * GammaFunction.logExcess(u) + b * GammaFunction.logExcess(v)
    : -(a * logRatio(u, x, a / (a + b)) + b * logRatio(v, y, b / (a + b)))
  let factor = a < b ? a / (1 + a / b) : b / (1 + b / a)
  return (factor / (2 * Double.pi)).squareRoot() * exp(-exponent - betaRest(a, b))
}

/// `log(1 + u) = log(x / mean)`, from the more exact of the two.
private func logRatio(_ u: Double, _ x: Double, _ mean: Double) -> Double {
  u.magnitude < 0.75 ? log1p(u) : log(x / mean)
}

private func betaRest(_ a: Double, _ b: Double) -> Double {
  GammaFunction.stirlingRest(a) + GammaFunction.stirlingRest(b)
    - GammaFunction.stirlingRest(a + b)
}

/// `I_x(a, b)` over ``betaMass(_:_:_:_:lambda:)``, in about `√min(a, b)` steps at the worst.
private func betaFraction(
  _ a: Double, _ b: Double, _ x: Double, _ y: Double, _ lambda: Double
) -> Double {
  let c = 1 + lambda
  let (c0, c1) = (b / a, 1 + 1 / a)
  let yp1 = y + 1
  var (n, p, s) = (0.0, 1.0, a + 1)
  var pair = FractionPair(first: c / c1)
  while n < 1e7 {
    n += 1
    let t = n / a
    let w = n * (b - n) * x
    let e = a / s
    let alpha = p * (p + c0) * e * e * (w * x)
    let f = (t + 1) / (c1 + t + t)
    if pair.append(alpha, n + w / s + f * (c + n * yp1)) { break }
    p = t + 1
    s += 2
  }
  return pair.ratio
}
