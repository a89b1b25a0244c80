import Glibc

/// The derivative of `log Γ(x)`; NaN at 0 and the negative whole numbers.
///
/// Relative error below 1e-14 away from its zeros. Source: recurrence to 12 and the asymptotic
/// series, Abramowitz and Stegun 6.3.18; reflection 6.3.7 below 0.
package func digamma(_ x: Double) -> Double {
  guard x.isFinite else { return x == .infinity ? .infinity : .nan }
  if x <= 0 {
    let rest = x - x.rounded()
    guard rest != 0 else { return .nan }
    return digamma(1 - x) - .pi / tan(.pi * rest)
  }
  var (base, shift) = (x, 0.0)
  while base < 12 {
    shift -= 1 / base
    base += 1
  }
  let square = 1 / (base * base)
  var sum = 1.0 / 12 - square * 3617.0 / 8160
  sum = -691.0 / 32760 + square * sum
  sum = 1.0 / 132 + square * sum
  sum = -1.0 / 240 + square * sum
  sum = 1.0 / 252 + square * sum
  sum = -1.0 / 120 + square * sum
  sum = 1.0 / 12 + square * sum
  return log(base) - 0.5 / base - square * sum + shift
}

/// Gauss's hypergeometric function `₂F₁(a, b; c; z)` for positive `a`, `b`, `c` and `z < 1`.
///
/// All terms of the series are positive for `z` in 0..<1, so nothing cancels; below 0 Pfaff's
/// transformation leads there when `c > b` or `c > a`. NaN outside of the domain, and where a
/// million terms are not enough (`z` within about 1e-4 of 1). Infinite beyond the doubles.
/// Source: Abramowitz and Stegun 15.1.1, 15.3.3, 15.3.4.
package func gaussHypergeometric(_ a: Double, _ b: Double, _ c: Double, _ z: Double) -> Double {
  guard a > 0, b > 0, c > 0, z < 1, a.isFinite, b.isFinite, c.isFinite, z.isFinite else {
    return .nan
  }
  if z < 0 {
    // One of the parameters becomes c - b or c - a, which must stay positive.
    let mapped = z / (z - 1)
    if c > b { return exp(-a * log1p(-z)) * gaussHypergeometric(a, c - b, c, mapped) }
    if c > a { return exp(-b * log1p(-z)) * gaussHypergeometric(b, c - a, c, mapped) }
    if c == a || c == b { return exp(-(c == a ? b : a) * log1p(-z)) }
    return .nan
  }
  // Euler's transformation turns growing terms into shrinking ones.
  if a + b > c, c > a, c > b, z > 0.5 {
    return exp((c - a - b) * log1p(-z)) * positiveSeries(c - a, c - b, c, z)
  }
  return positiveSeries(a, b, c, z)
}

private func positiveSeries(_ a: Double, _ b: Double, _ c: Double, _ z: Double) -> Double {
  var (term, sum, rest) = (1.0, 1.0, 0.0)
  var k = 0.0
  while k < 1e6 {
    term *= (a + k) / (c + k) * ((b + k) / (1 + k)) * z
    let next = sum + term
    rest += term - (next - sum)
    sum = next
    k += 1
    guard sum.isFinite else { return .infinity }
    // From here on every term is at most z times the one before, once ratios fall.
    let ratio = (a + k) / (c + k) * ((b + k) / (1 + k)) * z
    if ratio < 1, term * ratio / (1 - max(ratio, z)) < 1e-17 * sum { return sum + rest }
  }
  return .nan
}
