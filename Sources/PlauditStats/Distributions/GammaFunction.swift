import Glibc

/// Logarithms of the gamma function and its relatives, and the differences of logarithms from which
/// probability masses are made without cancellation.
package enum GammaFunction {
  /// `log Γ(x)` for `x > 0`; infinite at 0 and infinity, NaN below 0.
  package static func log(_ x: Double) -> Double {
    guard x > 0 else { return x == 0 ? .infinity : .nan }
    if x < 16 {
      var sign: Int32 = 0
      return lgamma_r(x, &sign)
    }
    guard x.isFinite else { return x }
    return (x - 0.5) * Glibc.log(x) - x + halfLogTwoPi + stirlingRest(x)
  }

  /// `log B(a, b) = log Γ(a) + log Γ(b) - log Γ(a + b)` for positive `a`, `b`, however far apart.
  package static func logBeta(_ a: Double, _ b: Double) -> Double {
    guard a > 0, b > 0 else { return a.isNaN || b.isNaN || a < 0 || b < 0 ? .nan : .infinity }
    let (small, large) = (min(a, b), max(a, b))
    guard large.isFinite else { return -.infinity }
    if large < 16 { return log(small) + log(large) - log(small + large) }
    // log Γ(large) - log Γ(large + small), the large terms subtracted before they are rounded.
    let gap =
      -(large - 0.5) * log1p(small / large) - small * (Glibc.log(large + small) - 1)
      + stirlingRest(large) - stirlingRest(large + small)
    return log(small) + gap
  }

  /// `log n!`.
  package static func logFactorial(_ n: Double) -> Double { log(n + 1) }

  /// `log Γ(x) - ((x - ½) log x - x + ½ log 2π)` for `x > 0`, absolute error below 1e-15.
  package static func stirlingRest(_ x: Double) -> Double {
    if x < 16, let half = Int(exactly: 2 * x), half >= 1, half <= halves.count {
      return halves[half - 1]
    }
    var (base, shift) = (x, 0.0)
    while base < 12 {
      // del(x) = del(x + 1) + (x + ½) log(1 + 1/x) - 1
      shift += (base + 0.5) * log1p(1 / base) - 1
      base += 1
    }
    let square = 1 / (base * base)
    var sum = -691.0 / 360360 + square * (1.0 / 156 - square * 3617.0 / 122400)
    sum = 1.0 / 1188 + square * sum
    sum = -1.0 / 1680 + square * sum
    sum = 1.0 / 1260 + square * sum
    sum = -1.0 / 360 + square * sum
    sum = 1.0 / 12 + square * sum
    return sum / base + shift
  }

  /// `u - log(1 + u)` for `u > -1`, without cancellation near 0.
  package static func logExcess(_ u: Double) -> Double {
    guard u > -0.5, u < 0.75 else { return u - log1p(u) }
    // log(1 + u) = 2 artanh r with r = u / (2 + u), and u - 2 r = u r.
    let r = u / (2 + u)
    let square = r * r
    var (sum, power) = (1.0 / 3, 1.0)
    for k in 1..<40 {
      power *= square
      let next = sum + power / Double(2 * k + 3)
      if next == sum { break }
      sum = next
    }
    return r * (u - 2 * square * sum)
  }

  /// `x log(x/m) + m - x` for positive `m` and `x >= 0`, without cancellation near `x = m`.
  package static func deviance(_ x: Double, _ m: Double) -> Double {
    if x == 0 { return m }
    let u = (m - x) / x
    return u.magnitude < 0.5 ? x * logExcess(u) : x * Glibc.log(x / m) + m - x
  }

  static let halfLogTwoPi = 0.9189385332046728

  /// ``stirlingRest(_:)`` of ½, 1, 1½, …, which counts and degrees of freedom ask for.
  private static let halves: [Double] = [
    0.15342640972002736, 0.08106146679532726, 0.05481412105191765, 0.0413406959554093,
    0.03316287351993629, 0.02767792568499834, 0.023746163656297496, 0.020790672103765093,
    0.018488450532673187, 0.016644691189821193, 0.015134973221917378, 0.013876128823070748,
    0.012810465242920227, 0.01189670994589177, 0.011104559758206917, 0.010411265261972096,
    0.009799416126158804, 0.009255462182712733, 0.008768700134139386, 0.00833056343336287,
    0.00793411456431402, 0.007573675487951841, 0.007244554301320383, 0.00694284010720953,
    0.006665247032707682, 0.006408994188004207, 0.006171712263039458, 0.0059513701127588475,
    0.0057462165130101155, 0.005554733551962801, 0.005375599032926835, 0.0052076559196096404,
  ]
}
