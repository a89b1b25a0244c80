import Glibc

/// The density of an arm's posterior up to a factor, on the scale on which it is integrated.
///
/// Rates are on the logit scale, where no end is near; Student's t on that of the inverse
/// hyperbolic sine, where its tails fall exponentially.
package struct PosteriorCurve {
  private enum Shape {
    case beta(Double, Double)
    case normal
    case student(mean: Double, scale: Double, freedom: Double, centre: Double, unit: Double)
    /// All at one place, with width 0.
    case point
  }

  private let shape: Shape
  /// About where it is highest, and how wide it is there.
  let peak: Double
  let width: Double
  private let logPeak: Double

  package static func beta(successes a: Double, failures b: Double) -> PosteriorCurve {
    PosteriorCurve(.beta(a, b), peak: log(a / b), width: min(1, (1 / a + 1 / b).squareRoot()))
  }

  package static func normal(mean: Double, scale: Double) -> PosteriorCurve {
    PosteriorCurve(scale > 0 ? .normal : .point, peak: mean, width: scale)
  }

  package static func student(
    mean: Double, scale: Double, freedom: Double, centre: Double, unit: Double
  ) -> PosteriorCurve {
    guard scale > 0 else { return PosteriorCurve(.point, peak: mean, width: 0) }
    let peak = asinh((mean - centre) / unit)
    return PosteriorCurve(
      .student(mean: mean, scale: scale, freedom: freedom, centre: centre, unit: unit), peak: peak,
      width: scale / (unit * cosh(peak)))
  }

  private init(_ shape: Shape, peak: Double, width: Double) {
    self.shape = shape
    self.peak = peak
    self.width = width
    logPeak = PosteriorCurve.logDensity(shape, peak, width, 0)
  }

  /// The density at `peak + offset`, relative to that at the peak.
  func density(_ offset: Double) -> Double {
    exp(PosteriorCurve.logDensity(shape, peak, width, offset) - logPeak)
  }

  /// How far from the peak, towards `sign`, the density has become negligible.
  func reach(_ sign: Double) -> Double {
    var distance = 4 * width
    while distance.isFinite,
      PosteriorCurve.logDensity(shape, peak, width, sign * distance)
        > logPeak - 44
    { distance *= 1.25 }
    return distance
  }

  private static func logDensity(
    _ shape: Shape, _ peak: Double, _ width: Double, _ offset: Double
  ) -> Double {
    switch shape {
    case .point: return -.infinity
    case .normal:
      let z = offset / width
      return -z * z / 2
    case .beta(let a, let b):
      // Relative to the peak, so that large counts lose no digit.
      let rate = a / (a + b)
      let complement = b / (a + b)
      return -a * log1p(complement * expm1(-offset)) - b * log1p(rate * expm1(offset))
    case .student(let mean, let scale, let freedom, let centre, let unit):
      let t = peak + offset
      let z = (centre + unit * sinh(t) - mean) / scale
      return log(cosh(t)) - (freedom + 1) / 2 * log1p(z * z / freedom)
    }
  }
}
