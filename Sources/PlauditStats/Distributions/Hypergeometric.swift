import Glibc

/// The hypergeometric distribution: how many of `drawn` items are marked, of `marked` and `plain`.
package struct Hypergeometric {
  package let marked: Double
  package let plain: Double
  package let drawn: Double

  package var least: Double { max(0, drawn - plain) }
  package var most: Double { min(marked, drawn) }

  package init(marked: Double, plain: Double, drawn: Double) {
    (self.marked, self.plain, self.drawn) = (marked, plain, drawn)
  }

  /// - Source: Loader 2000: the ratio of three binomial masses whose large terms cancel.
  package func logMass(_ x: Double) -> Double {
    guard x >= least, x <= most else { return -.infinity }
    let total = marked + plain
    guard total > 0 else { return 0 }
    let (p, q) = (drawn / total, (total - drawn) / total)
    if p == 0 || q == 0 { return 0 }
    return Binomial.logMass(x, trials: marked, probability: p, complement: q)
      + Binomial.logMass(drawn - x, trials: plain, probability: p, complement: q)
      - Binomial.logMass(drawn, trials: total, probability: p, complement: q)
  }

  /// `P(X <= x)`, summed from `x` outwards where that is the smaller tail.
  package func lowerTail(_ x: Double) -> Double {
    if x < least { return 0 }
    if x >= most { return 1 }
    let mean = drawn * (marked / (marked + plain))
    return x <= mean ? outward(from: x, step: -1) : max(0, 1 - outward(from: x + 1, step: 1))
  }

  /// `P(X >= x)`.
  package func upperTail(_ x: Double) -> Double {
    if x > most { return 0 }
    if x <= least { return 1 }
    let mean = drawn * (marked / (marked + plain))
    return x >= mean ? outward(from: x, step: 1) : max(0, 1 - outward(from: x - 1, step: -1))
  }

  /// The sum of masses from `x` away from the mean, by their ratios.
  private func outward(from x: Double, step: Double) -> Double {
    var (k, term, sum) = (x, 1.0, 1.0)
    while step > 0 ? k < most : k > least {
      term *=
        step > 0
        ? (marked - k) / (k + 1) * ((drawn - k) / (plain - drawn + k + 1))
        : k / (marked - k + 1) * ((plain - drawn + k) / (drawn - k + 1))
      k += step
      sum += term
      if term < 1e-18 * sum { break }
    }
    return min(1, exp(logMass(x)) * sum)
  }
}
