import CKernels
import Glibc

/// The density of an arm's posterior up to a factor, on the scale on which it is integrated.
///
/// Rates are on the logit scale, where no end is near; Student's t on that of the inverse
/// hyperbolic sine, where its tails fall exponentially.
package struct PosteriorCurve {
  /// About where it is highest, and how wide it is there; 0 for all at one place.
  package let peak: Double
  package let width: Double
  let kernel: pk_curve

  package static func beta(successes a: Double, failures b: Double) -> PosteriorCurve {
    let rate = min(a, b) / (a + b)
    // Of counts that are nearly equal the difference keeps the digits.
    let peak = (a - b).magnitude < b / 2 ? log1p((a - b) / b) : log(a / b)
    return PosteriorCurve(
      peak: peak, width: min(1, (1 / a + 1 / b).squareRoot()), kind: PK_CURVE_BETA,
      weight: a + b, rate: rate, scale: a <= b ? 1 : -1, limit: min(700, 38 - log(rate)))
  }

  package static func normal(mean: Double, scale: Double) -> PosteriorCurve {
    PosteriorCurve(peak: mean, width: scale, kind: PK_CURVE_NORMAL, scale: scale)
  }

  /// On one scale, around the second highest mean: digits are needed where arms contend for the
  /// first two places, however far others are.
  package static func students(
    _ arms: [(mean: Double, scale: Double, freedom: Double)]
  ) -> [PosteriorCurve] {
    let means = arms.map(\.mean).sorted()
    let centre = means.count > 1 ? means[means.count - 2] : means.first ?? 0
    let unit = arms.reduce(0) { max($0, $1.scale) }
    return arms.map {
      student(mean: $0.mean, scale: $0.scale, freedom: $0.freedom, centre: centre, unit: unit)
    }
  }

  private static func student(
    mean: Double, scale: Double, freedom: Double, centre: Double, unit: Double
  ) -> PosteriorCurve {
    guard scale > 0 else { return .normal(mean: asinh((mean - centre) / unit), scale: 0) }
    let peak = asinh((mean - centre) / unit)
    return PosteriorCurve(
      peak: peak, width: scale / (unit * cosh(peak)), kind: PK_CURVE_STUDENT, weight: freedom,
      rate: (mean - centre) / scale, scale: unit / scale * cosh(peak), limit: tanh(peak))
  }

  private init(
    peak: Double, width: Double, kind: some BinaryInteger, weight: Double = 0, rate: Double = 0,
    scale: Double, limit: Double = 0
  ) {
    self.peak = peak
    self.width = width
    kernel = pk_curve(
      kind: Int64(truncatingIfNeeded: kind), peak: 0, weight: weight, rate: rate, scale: scale,
      limit: limit)
  }

  /// How far below and above the peak the density has become negligible: infinite where it never
  /// does.
  func reach(_ kernels: pk_posterior_set) -> (below: Double, above: Double) {
    var (below, above) = (Double.infinity, Double.infinity)
    // Eight distances on each side at a time.
    var distances = PosteriorCurve.steps * width
    let curve = kernel
    while below == .infinity || above == .infinity, distances[15].isFinite {
      let densities = PosteriorCurve.densities(curve, distances, kernels)
      for place in 0..<8 where below == .infinity && !(densities[place] > negligible) {
        below = -distances[place]
      }
      for place in 8..<16 where above == .infinity && !(densities[place] > negligible) {
        above = distances[place]
      }
      distances *= PosteriorCurve.stride
    }
    return (below, above)
  }

  private static func densities(
    _ curve: pk_curve, _ distances: SIMD16<Double>, _ kernels: pk_posterior_set
  ) -> SIMD16<Double> {
    var values = (distances, SIMD16<Double>.zero)
    withUnsafePointer(to: curve) { curve in
      withUnsafeMutableBytes(of: &values) { values in
        guard let values = values.baseAddress else { return }
        kernels.at(curve, 1, values.assumingMemoryBound(to: Double.self))
      }
    }
    return values.0
  }

  /// From 4 widths on, each an eighth more than the one before.
  private static let steps: SIMD16<Double> = {
    var steps = SIMD16<Double>(repeating: 4)
    for place in 1..<8 { steps[place] = steps[place - 1] * 1.13 }
    for place in 0..<8 { (steps[place], steps[place + 8]) = (-steps[place], steps[place]) }
    return steps
  }()
  private static let stride = steps[15] / steps[8] * 1.13
}

/// e⁻⁴⁴ of the peak.
private let negligible = 7.781132241133797e-20
