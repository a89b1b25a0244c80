import Glibc

/// The largest distance of the distribution function of `n` rows from the one they were drawn from.
package enum KolmogorovDistribution {
  /// `P(D >= d)` of the two-sided distance, for a whole number of rows.
  ///
  /// Exact where that is feasible: for up to 140 rows, and for small and large distances. Else from
  /// the asymptotic expansion, whose error is below 1e-5 of a probability at 141 rows and falls with
  /// the third power of their root. Agrees with `scipy.stats.kstwo.sf` to 1e-9.
  ///
  /// - Source: Simard and L'Ecuyer 2011, doi:10.18637/jss.v039.i11, which says when to use which;
  ///   Durbin 1968 by Marsaglia, Tsang and Wang 2003, doi:10.18637/jss.v008.i18; Pelz and Good 1976.
  package static func upperTail(_ d: Double, rows n: Double) -> Double {
    guard n >= 1, n.isFinite, !d.isNaN else { return .nan }
    let reach = n * d
    if reach <= 0.5 { return 1 }
    if d >= 1 { return 0 }
    if reach <= 1 {
      return 1 - exp(GammaFunction.logFactorial(n) + n * (log(2 * reach - 1) - log(n)))
    }
    let square = reach * d
    if d >= 0.5 || reach >= n - 1 || square >= (n <= 140 ? 4 : 2.2) {
      return min(1, 2 * oneSided(d, n))
    }
    if n <= 140 || (n <= 100_000 && n * d * d.squareRoot() <= 1.4) { return 1 - durbin(d, n) }
    return min(1, max(0, 1 - pelzGood(d, n)))
  }

  /// `P(D⁺ >= d)`: a sum of positive terms, each a binomial probability over its chance.
  private static func oneSided(_ d: Double, _ n: Double) -> Double {
    if n > 1e6 {
      let power = 6 * n * d + 1
      return exp(-power * power / (18 * n))
    }
    var (sum, j) = (0.0, 0.0)
    let last = (n * (1 - d)).rounded(.down)
    while j <= last {
      let p = d + j / n
      if p < 1 {
        sum += exp(Binomial.logMass(j, trials: n, probability: p, complement: 1 - d - j / n)) / p
      }
      j += 1
    }
    return d * sum
  }

  /// `P(D < d)` as the middle of the `n`-th power of a matrix, times `n! / nⁿ`.
  private static func durbin(_ d: Double, _ n: Double) -> Double {
    // With n d = k - h.
    guard let k = Int(exactly: (n * d).rounded(.up)), k >= 1, k <= 1000,
      var left = Int(exactly: n)
    else { return .nan }
    let (h, m) = (Double(k) - n * d, 2 * k - 1)
    var matrix = [Double](repeating: 0, count: m * m)
    var factorials = [1.0]
    for j in 1...m { factorials.append(factorials[j - 1] / Double(j)) }
    for row in 0..<m {
      for column in 0..<m where row - column + 1 >= 0 {
        matrix[row * m + column] = factorials[row - column + 1]
      }
    }
    for j in 0..<m {
      let edge = (1 - pow(h, Double(j + 1))) * factorials[j + 1]
      matrix[j * m] = edge
      matrix[(m - 1) * m + m - 1 - j] = edge
    }
    let corner = 1 - 2 * pow(h, Double(m)) + pow(max(0, 2 * h - 1), Double(m))
    matrix[(m - 1) * m] = corner * factorials[m]
    var power = (0..<m * m).map { $0 % (m + 1) == 0 ? 1.0 : 0 }
    let middle = (k - 1) * m + k - 1
    var (exponent, step) = (0.0, 0.0)
    let (huge, tiny) = (0x1p128, 0x1p-128)
    while left > 0 {
      if left & 1 == 1 {
        power = product(power, matrix, m)
        exponent += step
        if power[middle] > huge {
          for index in power.indices { power[index] *= tiny }
          exponent += 128
        }
      }
      left >>= 1
      guard left > 0 else { break }
      matrix = product(matrix, matrix, m)
      step *= 2
      if matrix[middle] > huge {
        for index in matrix.indices { matrix[index] *= tiny }
        step += 128
      }
    }
    // log(n! / nⁿ), its large terms left out.
    let scale = GammaFunction.stirlingRest(n) + 0.5 * log(2 * Double.pi * n) - n
    return min(1, exp(log(power[middle]) + exponent * 0.6931471805599453 + scale))
  }

  private static func product(_ a: [Double], _ b: [Double], _ m: Int) -> [Double] {
    var result = [Double](repeating: 0, count: m * m)
    for row in 0..<m {
      for inner in 0..<m {
        let factor = a[row * m + inner]
        if factor == 0 { continue }
        for column in 0..<m { result[row * m + column] += factor * b[inner * m + column] }
      }
    }
    return result
  }

  /// `P(D < d)` to the third order in `1 / √n`, by theta functions that converge for small distances.
  private static func pelzGood(_ d: Double, _ n: Double) -> Double {
    let z = n.squareRoot() * d
    let (z2, pi2) = (z * z, Double.pi * Double.pi)
    let (z4, z6) = (z2 * z2, z2 * z2 * z2)
    if pi2 / 8 / z2 > 708 { return 0 }
    let root = (2 * Double.pi).squareRoot()
    var (k0, k1, k2, k3) = (0.0, 0.0, 0.0, 0.0)
    var (even2, even3) = (0.0, 0.0)
    let last = (16 * z / Double.pi).rounded(.up)
    var k = 1.0
    while k <= last {
      let odd = 2 * k - 1
      let a = pi2 * odd * odd / 4
      let weight = exp(-a / (2 * z2))
      k0 += weight
      k1 += weight * (a - z2)
      k2 += weight * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * a + (1 - 2 * z2) * a * a)
      k3 +=
        weight
        * (-30 * z6 - 90 * z4 * z4 + (135 * z4 - 96 * z6) * a
          + (212 * z4 - 60 * z2) * a * a + (5 - 30 * z2) * a * a * a)
      let whole = pi2 * k * k
      let other = exp(-whole / (2 * z2))
      even2 += whole * other
      even3 += (3 * z2 - whole) * whole * other
      k += 1
    }
    let (z3, size) = (z2 * z, n.squareRoot())
    let first = root / z * k0
    let second = root / (6 * z4) * k1
    let third = root * (k2 / (72 * z4 * z3) - even2 / (36 * z3))
    let fourth = root * (k3 / (6480 * z6 * z4) + even3 / (216 * z6))
    return first + (second + (third + fourth / size) / size) / size
  }
}
