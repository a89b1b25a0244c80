import Glibc

/// The binomial distribution: successes among `trials` with a chance each.
package enum Binomial {
  /// `P(X = successes)`.
  ///
  /// - Source: Loader 2000, "Fast and accurate computation of binomial probabilities".
  package static func mass(_ successes: Double, trials: Double, probability: Double) -> Double {
    exp(logMass(successes, trials: trials, probability: probability))
  }

  /// `log P(X = successes)`; minus infinity for what cannot be, NaN for impossible parameters.
  package static func logMass(
    _ x: Double, trials n: Double, probability p: Double, complement: Double? = nil
  ) -> Double {
    let q = complement ?? 1 - p
    guard n >= 0, p >= 0, q >= 0, p <= 1, n.isFinite, !x.isNaN else { return .nan }
    guard x >= 0, x <= n else { return -.infinity }
    if p == 0 || q == 0 { return (p == 0 ? x : n - x) == 0 ? 0 : -.infinity }
    if n == 0 { return 0 }
    if x == 0 { return p < 0.1 ? n * log1p(-p) : n * log(q) }
    if x == n { return q < 0.1 ? n * log1p(-q) : n * log(p) }
    let rest =
      GammaFunction.stirlingRest(n) - GammaFunction.stirlingRest(x)
      - GammaFunction.stirlingRest(n - x)
    return rest - GammaFunction.deviance(x, n * p) - GammaFunction.deviance(n - x, n * q)
      - 0.5 * log(2 * Double.pi * x * ((n - x) / n))
  }

  /// `P(X <= successes)` and `P(X > successes)`; `successes` is rounded down.
  package static func tails(_ successes: Double, trials n: Double, probability p: Double) -> Tails {
    guard n >= 0, p >= 0, p <= 1, n.isFinite, !successes.isNaN else { return .undefined }
    let x = successes.rounded(.down)
    if x < 0 { return Tails(lower: 0, upper: 1) }
    if x >= n { return Tails(lower: 1, upper: 0) }
    return incompleteBeta(x + 1, n - x, p).swapped
  }

  /// `P(X >= successes)`.
  package static func upperTailIncluding(
    _ successes: Double, trials: Double, probability: Double
  ) -> Double {
    tails(successes.rounded(.up) - 1, trials: trials, probability: probability).upper
  }

  /// `log(n! / (k! (n - k)!))`.
  package static func logChoose(_ n: Double, _ k: Double) -> Double {
    guard k >= 0, k <= n, n.isFinite else { return k.isNaN || n.isNaN ? .nan : -.infinity }
    if k == 0 || k == n { return 0 }
    return -log(n + 1) - GammaFunction.logBeta(k + 1, n - k + 1)
  }
}

/// The multinomial distribution.
package enum Multinomial {
  /// `log P(counts)` given the chances of the cells; `-inf` where a cell of chance 0 has a count.
  ///
  /// - Returns: NaN for negative counts, chances outside 0...1 or lists of unequal length.
  package static func logMass(_ counts: [Double], probabilities: [Double]) -> Double {
    guard counts.count == probabilities.count else { return .nan }
    // One binomial after the other keeps the digits that a sum of large logarithms loses.
    var (left, chance, sum) = (0.0, 0.0, 0.0)
    for (count, probability) in zip(counts, probabilities) {
      guard count >= 0, count.isFinite, probability >= 0, probability <= 1 else { return .nan }
      left += count
      chance += probability
      if chance == 0 {
        if left > 0 { return -.infinity }
        continue
      }
      sum += Binomial.logMass(
        count, trials: left, probability: min(1, probability / chance),
        complement: max(0, (chance - probability) / chance))
    }
    return sum
  }
}
