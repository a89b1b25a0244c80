import Glibc
import PlauditCore

/// `P(class 1) = 1 / (1 + exp(A f + B))`: a logistic curve over a score f.
struct PlattScaling: Equatable, Sendable {
  /// A; negative where higher scores mean class 1.
  let slope: Double
  /// B.
  let intercept: Double

  func probability(_ score: Double) -> Double { Logistic.sigmoid(-(slope * score + intercept)) }

  /// The curve that minimises the cross-entropy with Platt's targets `(N₁ + 1)/(N₁ + 2)` and
  /// `1/(N₀ + 2)`, to the last digits; they keep it finite when the scores separate the classes.
  ///
  /// Newton's method with halving steps on standardised scores; scores that are all equal get
  /// slope 0.
  ///
  /// - Returns: the curve, and the sum of cross-entropies it reached.
  /// - Throws: `undefined` unless both classes occur.
  /// - Source: Platt 1999, "Probabilistic outputs for support vector machines"; Lin, Lin & Weng
  ///   2007, doi:10.1007/s10994-007-5018-6.
  static func fit(
    scores: [Double], isPositive: [Bool], of owner: String
  ) throws(PlauditError) -> (map: PlattScaling, loss: Double) {
    let positives = isPositive.count { $0 }
    let negatives = isPositive.count - positives
    guard positives > 0, negatives > 0 else {
      throw PlauditError(
        .undefined,
        "platt needs rows of \(owner) and rows of others, got \(positives) and \(negatives)")
    }
    let high = (Double(positives) + 1) / (Double(positives) + 2)
    let low = 1 / (Double(negatives) + 2)
    let rows = Double(scores.count)
    let centre = scores.reduce(0) { $0 + $1 / rows }
    let scale = scores.reduce(0) { max($0, ($1 - centre).magnitude) }
    // Scores as close as this are equal for all that a curve can say.
    let unit = scale > 1e-100 ? scale : 1
    let features = scores.map { ($0 - centre) / unit }

    // z = a f + b is the log-odds of class 1.
    func loss(_ a: Double, _ b: Double) -> Double {
      var sum = CompensatedSum()
      for (feature, positive) in zip(features, isPositive) {
        let z = a * feature + b
        sum.add(Logistic.softplus(z) - (positive ? high : low) * z)
      }
      return sum.value
    }
    var (a, b) = (0.0, log((Double(positives) + 1) / (Double(negatives) + 1)))
    var current = loss(a, b)
    var polishing = 0
    for _ in 0..<200 {
      var (ga, gb, haa, hab, hbb) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for (feature, positive) in zip(features, isPositive) {
        let probability = Logistic.sigmoid(a * feature + b)
        let miss = probability - (positive ? high : low)
        let curvature = probability * (1 - probability)
        ga += miss * feature
        gb += miss
        haa += curvature * feature * feature
        hab += curvature * feature
        hbb += curvature
      }
      haa += 1e-12
      hbb += 1e-12
      let determinant = haa * hbb - hab * hab
      guard determinant > 0 else { break }
      let stepA = (hbb * ga - hab * gb) / determinant
      let stepB = (haa * gb - hab * ga) / determinant
      // Close by, the loss no longer tells points apart, and plain steps converge.
      if max(stepA.magnitude, stepB.magnitude) < 1e-5 * (1 + a.magnitude + b.magnitude) {
        (a, b) = (a - stepA, b - stepB)
        polishing += 1
        if polishing == 4 { break }
        continue
      }
      let descent = ga * stepA + gb * stepB
      var share = 1.0
      var next = loss(a - stepA, b - stepB)
      while !(next <= current - 1e-4 * share * descent), share > 1e-12 {
        share /= 2
        next = loss(a - share * stepA, b - share * stepB)
      }
      guard next < current else { break }
      (a, b, current) = (a - share * stepA, b - share * stepB, next)
    }
    let slope = -a / unit
    return (PlattScaling(slope: slope, intercept: -(b - a * (centre / unit))), loss(a, b))
  }
}
