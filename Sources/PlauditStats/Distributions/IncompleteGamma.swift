import Glibc

/// Both tails of a distribution at one point, each with its own digits: `lower + upper = 1`.
package struct Tails: Equatable, Sendable {
  package let lower: Double
  package let upper: Double

  package init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  static let undefined = Tails(lower: .nan, upper: .nan)
  var swapped: Tails { Tails(lower: upper, upper: lower) }
}

/// The regularised incomplete gamma functions `P(a, x)` and `Q(a, x)`.
///
/// The smaller tail has a relative error below 1e-13 for `a >= 0.5`, down to the smallest normal
/// double. NaN unless `a > 0` and `x >= 0`.
///
/// - Source: Didonato and Morris 1992, doi:10.1145/131766.131776, in the limit of one infinite
///   parameter.
package func incompleteGamma(_ a: Double, _ x: Double) -> Tails {
  guard a > 0, a.isFinite, x >= 0 else { return .undefined }
  if x == 0 { return Tails(lower: 0, upper: 1) }
  if x == .infinity { return Tails(lower: 1, upper: 0) }
  let below = x <= max(a, 1)
  if a > 200, (x - a).magnitude <= 0.03 * a {
    let near = LargeParameters.tail(
      exponent: a * GammaFunction.logExcess((x - a) / a), small: a, ratio: 0,
      skew: below ? 1 : -1, rest: GammaFunction.stirlingRest(a))
    return below ? Tails(lower: near, upper: 1 - near) : Tails(lower: 1 - near, upper: near)
  }
  let density = gammaMass(a, x)
  if below {
    let lower = min(1, density * lowerGammaFraction(a, x))
    return Tails(lower: lower, upper: 1 - lower)
  }
  let upper = min(1, density * upperGammaFraction(a, x))
  return Tails(lower: 1 - upper, upper: upper)
}

/// `x^a exp(-x) / Γ(a)`.
func gammaMass(_ a: Double, _ x: Double) -> Double {
  let u = (x - a) / a
  if a < 1 { return exp(a * log(x) - x - GammaFunction.log(a)) }
  let exponent = u.magnitude < 0.75 ? a * GammaFunction.logExcess(u) : x - a - a * log(x / a)
  return (a / (2 * Double.pi)).squareRoot() * exp(-exponent - GammaFunction.stirlingRest(a))
}

/// `Σ x^k / (a (a + 1) … (a + k))`, or its even continued fraction where that is shorter.
private func lowerGammaFraction(_ a: Double, _ x: Double) -> Double {
  if a < 200 {
    var (sum, term, next) = (1 / a, 1 / a, a)
    for _ in 0..<2000 {
      next += 1
      term *= x / next
      sum += term
      if term < 1e-17 * sum { break }
    }
    return sum
  }
  let c = 1 + a - x
  let c1 = 1 + 1 / a
  var (n, p, s) = (0.0, 1.0, a + 1)
  var pair = FractionPair(first: c / c1)
  while n < 1e7 {
    n += 1
    let t = n / a
    let e = a / s
    let alpha = p * (x / a) * e * e * (n * x)
    let f = (t + 1) / (c1 + t + t)
    if pair.append(alpha, n + n * x / s + f * (c + n * 2)) { break }
    p = t + 1
    s += 2
  }
  return pair.ratio
}

private func upperGammaFraction(_ a: Double, _ x: Double) -> Double {
  let c = 1 + x - a
  var n = 0.0
  var pair = FractionPair(first: c)
  while n < 1e7 {
    n += 1
    if pair.append(n * (a - n), 2 * n + c) { break }
  }
  return pair.ratio
}

/// Numerators and denominators of a continued fraction, kept in range.
struct FractionPair {
  private var (an, bn) = (0.0, 1.0)
  private var (next, nextBelow): (Double, Double)
  private(set) var ratio: Double

  init(first: Double) {
    (next, nextBelow) = (1, first)
    ratio = 1 / first
  }

  /// One more level; true when it changed nothing.
  mutating func append(_ alpha: Double, _ beta: Double) -> Bool {
    (an, next) = (next, alpha * an + beta * next)
    (bn, nextBelow) = (nextBelow, alpha * bn + beta * nextBelow)
    let last = ratio
    ratio = next / nextBelow
    if !((ratio - last).magnitude > 1e-16 * ratio.magnitude) { return true }
    an /= nextBelow
    bn /= nextBelow
    (next, nextBelow) = (ratio, 1)
    return false
  }
}
