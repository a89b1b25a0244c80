import Glibc

/// The ratios θ for which `difference - θ |control|` is within `critical` standard errors of 0, for
/// independent `treatment` and `control` with variances `v`, `w` of these estimates.
///
/// With `c` the control made positive and `t`, `d` turned with it, they lie between the roots of
/// `a θ² - 2 b θ + e`: `a = c² - k² w`, `b = d c + k² w`, `e = d² - k² (v + w)`, where
/// `b² - a e = k² (a v + w t²)` has no cancellation. The whole line where the control is within
/// `critical` of its standard errors from 0. It excludes 0 exactly when `|z| > critical`.
///
/// - Source: Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x.
@inline(__always)
func fiellerInterval(
  treatment: Double, control: Double, v: Double, w: Double, difference: Double, z: Double,
  critical: Double
) -> Interval {
  guard z.isFinite else { return Interval(lower: .nan, upper: .nan) }
  let isNegative = control < 0
  let (t, c) = isNegative ? (-treatment, -control) : (treatment, control)
  let square = critical * critical
  let a = c * c - square * w
  guard a > 0 else { return Interval(lower: -.infinity, upper: .infinity) }
  let b = (isNegative ? -difference : difference) * c + square * w
  // From z itself, so that the sign of the near end is the verdict of the test.
  let e = (v + w) * (z - critical) * (z + critical)
  let root = critical * sqrt(a * v + w * t * t)
  // The far end first: the two ends multiply to e / a, and b + root would cancel for the near one.
  let sum = b < 0 ? b - root : b + root
  guard sum != 0 else { return Interval(lower: 0, upper: 0) }
  let (far, near) = (sum / a, e / sum)
  return isNegative
    ? Interval(lower: -max(far, near), upper: -min(far, near))
    : Interval(lower: min(far, near), upper: max(far, near))
}
