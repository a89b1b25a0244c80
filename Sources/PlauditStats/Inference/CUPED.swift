import Glibc

/// Where the slopes of covariates come from; raw values are `PLAUDIT_THETA_…`.
package enum CovariateSlopes: Int32, CaseIterable, Sendable {
  /// Both arms of a comparison thrown together, as GrowthBook and tea-tasting do.
  case pooled = 0
  /// The spread within arms alone, as a regression with an intercept for each arm.
  case withinArms = 1
}

/// Means freed of what covariates from before the experiment explain (CUPED).
///
/// With slopes `θ` by least squares, an arm's mean is `ȳ - θ·(c̄ - c̄ of both arms)` and its variance
/// that of `y - θ·c`. Covariates that do not vary or that others already explain are left out.
///
/// - Source: Deng, Xu, Kohavi and Walker 2013, doi:10.1145/2433396.2433413; with more covariates Lin
///   2013, doi:10.1214/12-AOAS583, with one set of slopes.
struct CUPED {
  /// One arm: its cell, and for each covariate mean, covariance with the metric, and the packed
  /// upper triangle of their covariances.
  struct Arm {
    var cell = CellMoments()
    var means: [Double]
    var covariances: [Double]
    var squares: [Double]

    init(covariates count: Int) {
      means = Array(repeating: 0, count: count)
      covariances = means
      squares = Array(repeating: 0, count: count * (count + 1) / 2)
    }

    /// Centres the sums of one cell.
    mutating func fill(
      _ cell: CellMoments, sum: Double, sums: UnsafePointer<Double>,
      products: UnsafePointer<Double>, squares given: UnsafePointer<Double>, centred: Bool
    ) {
      self.cell = cell
      guard cell.flags.isDisjoint(with: .valueless) else { return }
      guard cell.users >= 2 else {
        self.cell.flags.insert(.fewUsers)
        return
      }
      var place = 0
      for index in 0..<means.count {
        guard sums[index].isFinite, products[index].isFinite else {
          self.cell.flags.insert(.notFinite)
          return
        }
        means[index] = sums[index] / cell.users
        covariances[index] = self.cell.second(
          sum, sums[index], products[index], centred, size: .infinity)
        for other in index..<means.count {
          guard given[place].isFinite else {
            self.cell.flags.insert(.notFinite)
            return
          }
          squares[place] = self.cell.second(
            sums[index], sums[other], given[place], centred,
            size: other == index ? given[place] : .infinity)
          place += 1
        }
      }
      // A proportion's variance is of the population, covariances are of a sample.
      if let variance = self.cell.sampleVariance { self.cell.variance = variance }
    }
  }

  let covariates: Int
  let slopes: CovariateSlopes
  /// Of the last comparison.
  private(set) var theta: [Double]
  /// The multiple correlation of the metric with the covariates under these slopes' moments.
  private(set) var correlation = Double.nan
  private var matrix: [Double]
  private var right: [Double]
  private var used: [Bool]

  init(covariates: Int, slopes: CovariateSlopes) {
    self.covariates = covariates
    self.slopes = slopes
    theta = Array(repeating: 0, count: covariates)
    right = theta
    matrix = Array(repeating: 0, count: covariates * covariates)
    used = Array(repeating: true, count: covariates)
  }

  /// Both arms of one comparison, adjusted.
  mutating func adjust(
    treatment: Arm, control: Arm
  ) -> (treatment: ArmEstimate, control: ArmEstimate) {
    let flags = treatment.cell.flags.union(control.cell.flags)
    correlation = .nan
    for index in 0..<covariates { theta[index] = .nan }
    guard flags.isDisjoint(with: LiftFlags.valueless.union(.fewUsers)) else {
      return (ArmEstimate(treatment.cell), ArmEstimate(control.cell))
    }
    let (m, n) = (treatment.cell.users, control.cell.users)
    // What the arms differ by counts as spread when they are thrown together.
    let between = slopes == .pooled ? m * n / (m + n) : 0
    var total = (m - 1) * treatment.cell.variance + (n - 1) * control.cell.variance
    let gap = treatment.cell.mean - control.cell.mean
    total += between * gap * gap
    var place = 0
    for row in 0..<covariates {
      let shift = treatment.means[row] - control.means[row]
      right[row] =
        (m - 1) * treatment.covariances[row] + (n - 1) * control.covariances[row]
        + between * shift * gap
      for column in row..<covariates {
        let other = treatment.means[column] - control.means[column]
        let value =
          (m - 1) * treatment.squares[place] + (n - 1) * control.squares[place]
          + between * shift * other
        matrix[row * covariates + column] = value
        matrix[column * covariates + row] = value
        place += 1
      }
    }
    let explained = solve()
    correlation = total > 0 ? sqrt(min(1, max(0, explained / total))) : .nan
    var (one, two) = (
      adjusted(treatment, share: n / (m + n), against: control),
      adjusted(control, share: m / (m + n), against: treatment)
    )
    if used.contains(false) {
      one.flags.insert(.covariateLeftOut)
      two.flags.insert(.covariateLeftOut)
    }
    return (one, two)
  }

  private func adjusted(_ arm: Arm, share: Double, against other: Arm) -> ArmEstimate {
    var cell = arm.cell
    var place = 0
    for row in 0..<covariates {
      // The distance from the mean of both arms is the other arm's share of the difference.
      cell.mean -= theta[row] * share * (arm.means[row] - other.means[row])
      cell.variance -= 2 * theta[row] * arm.covariances[row]
      for column in row..<covariates {
        let twice = column == row ? 1.0 : 2.0
        cell.variance += twice * theta[row] * theta[column] * arm.squares[place]
        place += 1
      }
    }
    cell.variance = max(0, cell.variance)
    return ArmEstimate(cell)
  }

  /// Least squares by Cholesky, in place; returns what the covariates explain.
  private mutating func solve() -> Double {
    let k = covariates
    var explained = 0.0
    for row in 0..<k {
      let size = matrix[row * k + row]
      var left = size
      for before in 0..<row where used[before] {
        left -= matrix[row * k + before] * matrix[row * k + before]
      }
      used[row] = size > 0 && left > 1e-12 * size
      guard used[row] else { continue }
      let root = sqrt(left)
      matrix[row * k + row] = root
      var value = right[row]
      for before in 0..<row where used[before] {
        value -= matrix[row * k + before] * right[before]
      }
      right[row] = value / root
      explained += right[row] * right[row]
      for below in (row + 1)..<max(k, row + 1) {
        var cross = matrix[below * k + row]
        for before in 0..<row where used[before] {
          cross -= matrix[below * k + before] * matrix[row * k + before]
        }
        matrix[below * k + row] = cross / root
      }
    }
    for row in stride(from: k - 1, through: 0, by: -1) {
      guard used[row] else {
        theta[row] = 0
        continue
      }
      var value = right[row]
      for below in (row + 1)..<max(k, row + 1) where used[below] {
        value -= matrix[below * k + row] * theta[below]
      }
      theta[row] = value / matrix[row * k + row]
    }
    return explained
  }
}

extension CellMoments {
  /// The variance divided by `n - 1` where it was divided by `n`, `nil` where it is right already.
  fileprivate var sampleVariance: Double? {
    isBinomial ? variance * users / (users - 1) : nil
  }
}
