import Glibc

/// Temme's expansion of incomplete gamma and beta functions near the mean, for large parameters.
///
/// - Source: Didonato and Morris 1992, "Algorithm 708", section 9 (BASYM), doi:10.1145/131766.131776.
enum LargeParameters {
  /// The tail on the near side of the mean.
  ///
  /// With `a <= b` the incomplete beta function at `x <= a / (a + b)`, and with `b` infinite the
  /// incomplete gamma function `P(a, x)`.
  ///
  /// - Parameters:
  ///   - exponent: minus the logarithm of the density over its value at the mean.
  ///   - small: the smaller parameter.
  ///   - ratio: smaller over larger parameter, 0 for the gamma function.
  ///   - skew: `(b - a) / max(a, b)`, where the tail is below the mean of the `a` side.
  ///   - rest: Stirling's rest of the density's factor.
  static func tail(
    exponent f: Double, small: Double, ratio h: Double, skew r1: Double, rest: Double
  ) -> Double {
    let scale = exp(-f - rest)
    guard scale > 0 else { return 0 }
    let e1 = 0.35355339059327376
    let (z0, z2) = (f.squareRoot(), 2 * f)
    let z = z0 / (2 * e1)
    let r0 = 1 / (h + 1)
    let w0 = 1 / (small * (h + 1)).squareRoot()
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: 4 * terms) { room -> Double in
      room.initialize(repeating: 0)
      let (a0, b0, c, d) = (0, terms, 2 * terms, 3 * terms)
      room[a0] = r1 * 2 / 3
      room[c] = -0.5 * room[a0]
      room[d] = -room[c]
      // exp(z²) erfc(z), which the caller's exp(-f) undoes
      var j0 = 0.4431134627263790 * scaledErfc(z0)
      var j1 = e1
      var sum = j0 + room[d] * w0 * j1
      let h2 = h * h
      var (s, hn, w, znm1, zn) = (1.0, 1.0, w0, z, z2)
      for n in stride(from: 2, to: terms - 1, by: 2) {
        hn *= h2
        room[a0 + n - 1] = r0 * 2 * (h * hn + 1) / Double(n + 2)
        s += hn
        room[a0 + n] = r1 * 2 * s / Double(n + 3)
        for i in n...(n + 1) {
          let r = -0.5 * Double(i + 1)
          room[b0] = r * room[a0]
          for m in 2...i {
            var partial = 0.0
            for j in 1..<m {
              partial +=
                (Double(j) * r - Double(m - j)) * room[a0 + j - 1] * room[b0 + m - j - 1]
            }
            room[b0 + m - 1] = r * room[a0 + m - 1] + partial / Double(m)
          }
          room[c + i - 1] = room[b0 + i - 1] / Double(i + 1)
          var partial = 0.0
          for j in 1..<i { partial += room[d + i - j - 1] * room[c + j - 1] }
          room[d + i - 1] = -(partial + room[c + i - 1])
        }
        j0 = e1 * znm1 + Double(n - 1) * j0
        j1 = e1 * zn + Double(n) * j1
        znm1 *= z2
        zn *= z2
        w *= w0
        let even = room[d + n - 1] * w * j0
        w *= w0
        let odd = room[d + n] * w * j1
        sum += even + odd
        if even.magnitude + odd.magnitude <= 1e-17 * sum { break }
      }
      return 1.1283791670955126 * scale * sum
    }
  }

  private static let terms = 24

  /// `exp(z²) erfc(z)` for `z >= 0`.
  private static func scaledErfc(_ z: Double) -> Double {
    if z < 20 {
      // exp(z²) turns the rounding of z² into a relative error; the rest is known exactly.
      let square = z * z
      let rest = (-square).addingProduct(z, z)
      return exp(square) * (1 + rest) * erfc(z)
    }
    let t = 1 / (2 * z * z)
    let sum = 1 - t * (1 - 3 * t * (1 - 5 * t * (1 - 7 * t * (1 - 9 * t * (1 - 11 * t)))))
    return 0.5641895835477563 / z * sum
  }
}
