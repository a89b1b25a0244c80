import Glibc

/// Student's t with a mean that is not zero: what a t statistic does when there is an effect.
package enum NoncentralT {
  /// `P(T <= t)` and `P(T > t)` for `T = (Z + shift) / √(χ²/n)`.
  ///
  /// Both tails have a relative error below 1e-10: each is an integral of positive terms,
  /// `∫ Φ(t s - shift) f(s) ds` over the density of `s = √(χ²/n)`, by the trapezoid rule in
  /// `log s`, where it converges exponentially.
  package static func tails(_ t: Double, degreesOfFreedom n: Double, shift: Double) -> Tails {
    guard n > 0, !t.isNaN, shift.isFinite else { return .undefined }
    if n == .infinity || n > 1e15 {
      return Tails(lower: Normal.cdf(t - shift), upper: Normal.upperTail(t - shift))
    }
    if t.isInfinite { return t < 0 ? Tails(lower: 0, upper: 1) : Tails(lower: 1, upper: 0) }
    if t == 0 { return Tails(lower: Normal.cdf(-shift), upper: Normal.cdf(shift)) }
    let constant = 0.5 * log(n / Double.pi) - GammaFunction.stirlingRest(n / 2)
    func logDensity(_ u: Double) -> Double {
      constant - 0.5 * n * (u.magnitude < 0.25 ? excess(2 * u) : expm1(2 * u) - 2 * u)
    }
    // Of few degrees of freedom the far tail is where s is as small as 1 / t.
    let least = min(-40, -10 - log(t.magnitude))
    let lower = integral(from: least) { logDensity($0) + logCDF(t * exp($0) - shift) }
    let upper = integral(from: least) { logDensity($0) + logCDF(shift - t * exp($0)) }
    // The smaller one has the digits; together they are 1.
    return lower < upper
      ? Tails(lower: min(1, lower), upper: 1 - min(1, lower))
      : Tails(lower: 1 - min(1, upper), upper: min(1, upper))
  }

  package static func upperTail(
    _ t: Double, degreesOfFreedom: Double, shift: Double
  ) -> Double {
    tails(t, degreesOfFreedom: degreesOfFreedom, shift: shift).upper
  }

  /// `e^x - 1 - x` near 0.
  private static func excess(_ x: Double) -> Double {
    var (sum, term) = (0.5, 0.5)
    for k in 3..<30 {
      term *= x / Double(k)
      let next = sum + term
      if next == sum { break }
      sum = next
    }
    return x * x * sum
  }

  private static func logCDF(_ x: Double) -> Double {
    guard x < -37 else { return log(Normal.cdf(x)) }
    let square = 1 / (x * x)
    return -0.5 * x * x - log(-x) - GammaFunction.halfLogTwoPi
      + log1p(-square * (1 - 3 * square * (1 - 5 * square)))
  }

  /// The integral of the exponential of a concave function, by equal steps of a fraction of its
  /// width.
  private static func integral(from least: Double, _ value: (Double) -> Double) -> Double {
    // The peak, by golden sections of a bracket in which the function is concave.
    var (low, high) = (least, 6.0)
    let section = 0.3819660112501051
    var (a, b) = (low + section * (high - low), high - section * (high - low))
    var (fa, fb) = (value(a), value(b))
    for _ in 0..<60 {
      if fa > fb {
        (high, b, fb) = (b, a, fa)
        a = low + section * (high - low)
        fa = value(a)
      } else {
        (low, a, fa) = (a, b, fb)
        b = high - section * (high - low)
        fb = value(b)
      }
      if high - low < 1e-9 { break }
    }
    let peak = 0.5 * (low + high)
    let top = value(peak)
    guard top > -.infinity else { return 0 }
    // The width at which the function has fallen by a factor of e^(-1/2) on the narrower side.
    func fall(_ direction: Double) -> Double {
      var (near, far) = (0.0, 1e-9)
      while far < 20, value(peak + direction * far) > top - 0.5 { (near, far) = (far, far * 2) }
      for _ in 0..<20 {
        let middle = 0.5 * (near + far)
        if value(peak + direction * middle) > top - 0.5 { near = middle } else { far = middle }
      }
      return far
    }
    let step = 0.25 * min(fall(1), fall(-1))
    guard step > 0 else { return 0 }
    var sum = 1.0
    for direction in [1.0, -1.0] {
      for k in 1..<20_000 {
        let term = exp(value(peak + direction * step * Double(k)) - top)
        sum += term
        if term < 1e-18 * sum { break }
      }
    }
    return exp(top) * sum * step
  }
}

/// Chi-square with a mean shift, the sum of squares of normal variables with means.
package enum NoncentralChiSquare {
  /// `P(X <= x)` and `P(X > x)`; each a sum of positive Poisson-weighted terms.
  package static func tails(_ x: Double, degreesOfFreedom n: Double, shift: Double) -> Tails {
    guard x >= 0 else { return x < 0 ? Tails(lower: 0, upper: 1) : .undefined }
    return poissonMixture(shift) { incompleteGamma(n / 2 + $0, x / 2) }
  }
}

/// The F ratio under an effect, which analyses of variance have in their power.
package enum NoncentralF {
  package static func tails(
    _ f: Double, numerator m: Double, denominator n: Double, shift: Double
  ) -> Tails {
    guard m > 0, n > 0, f >= 0 else { return f < 0 ? Tails(lower: 0, upper: 1) : .undefined }
    let over = m * f
    return poissonMixture(shift) {
      incompleteBeta(m / 2 + $0, n / 2, over / (over + n), complement: n / (over + n))
    }
  }
}

/// `Σ Poisson(j; shift / 2) tails(j)` over the terms that count.
private func poissonMixture(_ shift: Double, _ at: (Double) -> Tails) -> Tails {
  guard shift >= 0, shift <= 1e8 else { return .undefined }
  let mean = shift / 2
  if mean == 0 { return at(0) }
  let mode = mean.rounded(.down)
  let logTop =
    mode == 0
    ? -mean
    : -GammaFunction.stirlingRest(mode) - GammaFunction.deviance(mode, mean)
      - 0.5 * log(2 * Double.pi * mode)
  var (lower, upper, weight, j) = (0.0, 0.0, exp(logTop), mode)
  while true {
    let tails = at(j)
    (lower, upper) = (lower + weight * tails.lower, upper + weight * tails.upper)
    j += 1
    weight *= mean / j
    // Later terms of the lower tail are smaller still; those of the upper tail are at most 1.
    if weight < 1e-18 * upper || weight < 1e-300 { break }
  }
  (weight, j) = (exp(logTop), mode)
  while j > 0 {
    weight *= j / mean
    j -= 1
    let tails = at(j)
    (lower, upper) = (lower + weight * tails.lower, upper + weight * tails.upper)
    if weight < 1e-18 * lower || weight < 1e-300 { break }
  }
  return lower < upper
    ? Tails(lower: min(1, lower), upper: 1 - min(1, lower))
    : Tails(lower: 1 - min(1, upper), upper: min(1, upper))
}
