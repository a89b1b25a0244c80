import Glibc
import PlauditStats

/// A mean of real rewards: normal, or Student's t where the variance is estimated.
struct GaussianPosterior: Posterior {
  let mean: Double
  let scale: Double
  /// Infinite for the normal distribution.
  let freedom: Double

  /// With the variance of a reward known: conjugate to a normal prior, flat with variance 0.
  ///
  /// - Parameters: in the orientation in which higher is better.
  init(mean: Double, plays: Double, noiseVariance: Double, priorMean: Double, priorVariance: Double)
  {
    let precision = plays / noiseVariance
    let prior = priorVariance == 0 ? 0 : 1 / priorVariance
    let weighted = plays == 0 ? 0 : precision * mean
    self.mean = (weighted + prior * priorMean) / (precision + prior)
    scale = (1 / (precision + prior)).squareRoot()
    freedom = .infinity
  }

  /// With the variance estimated: the arm's own deviations and, as one observation more, the
  /// variance of all arms together, so that an arm whose few rewards happen to be equal is not
  /// taken for certain.
  ///
  /// - Source: Smyth 2004, doi:10.2202/1544-6115.1027 (moderated t), with one prior degree of
  ///   freedom.
  init(mean: Double, plays: Double, deviations: Double, pooledVariance: Double) {
    self.mean = mean
    freedom = plays
    scale = ((pooledVariance + deviations) / plays / plays).squareRoot()
  }

  @inline(__always)
  func draw(_ id: Int64, arm: Int32, words: DecisionWords) -> Double {
    if freedom == .infinity {
      return mean + scale * Normal.quickQuantile(words.draws(id, arm: arm).0.openUnit)
    }
    return mean + scale * student(id, arm, words)
  }

  /// - Source: Bailey 1994, "Polar generation of random variates with the t-distribution",
  ///   doi:10.2307/2153537.
  private func student(_ id: Int64, _ arm: Int32, _ words: DecisionWords) -> Double {
    var trial: UInt32 = 0
    while true {
      let bits = words.draws(id, arm: arm, trial: trial)
      let (u, v) = (2 * bits.0.openUnit - 1, 2 * bits.1.openUnit - 1)
      let w = u * u + v * v
      if w < 1, w > 0 {
        return u * (freedom * expm1(-2 / freedom * log(w)) / w).squareRoot()
      }
      trial &+= 1
    }
  }

  static func curves(_ posteriors: [GaussianPosterior]) -> [PosteriorCurve] {
    guard let first = posteriors.first, first.freedom < .infinity else {
      return posteriors.map { .normal(mean: $0.mean, scale: $0.scale) }
    }
    return PosteriorCurve.students(
      posteriors.map { (mean: $0.mean, scale: $0.scale, freedom: $0.freedom) })
  }
}
