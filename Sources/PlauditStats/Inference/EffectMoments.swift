import Glibc

/// The estimate of one arm and how sure it is.
struct ArmEstimate: Equatable {
  var value = Double.nan
  /// The variance of `value`, not of the users.
  var variance = Double.nan
  /// `Σ v² / (n - 1)` over the parts whose variances `v` add up to `variance`: Satterthwaite's
  /// denominator.
  var freedom = Double.nan
  var users = 0.0
  var flags: LiftFlags = []
}

/// Sums of one cell, checked and centred: means, and variances and covariances of users.
struct CellMoments {
  var users = Double.nan
  var mean = Double.nan
  var variance = Double.nan
  /// Of the denominator of a ratio.
  var denominator = Double.nan
  var denominatorVariance = Double.nan
  var covariance = Double.nan
  /// Whether `variance` is `p (1 - p)`.
  var isBinomial = false
  var flags: LiftFlags = []

  /// The number of users as a cell's flags see it.
  @inline(__always)
  private static func flags(users: Double) -> LiftFlags {
    guard users.isFinite else { return .notFinite }
    if users > 0 { return users.rounded(.towardZero) == users ? [] : .fractionalCount }
    return users == 0 ? .noUsers : .negativeCount
  }

  /// Successes of trials, with the variance `p (1 - p)`.
  @inline(__always)
  static func proportion(users: Double, sum: Double) -> CellMoments {
    var cell = CellMoments()
    cell.users = users
    cell.isBinomial = true
    cell.flags = flags(users: users)
    if !sum.isFinite {
      cell.flags.insert(.notFinite)
    } else if cell.flags.isDisjoint(with: .valueless) {
      if sum < 0 || sum > users { cell.flags.insert(.invalidBinomial) }
      if sum.rounded(.towardZero) != sum { cell.flags.insert(.fractionalCount) }
    }
    guard cell.flags.isDisjoint(with: .valueless) else { return cell }
    cell.mean = sum / users
    cell.variance = sum * (users - sum) / (users * users)
    if !cell.variance.isFinite { cell.variance = cell.mean * ((users - sum) / users) }
    return cell
  }

  /// A mean with the variance of users, divided by `n - 1`.
  @inline(__always)
  static func mean(users: Double, sum: Double, squares: Double, centred: Bool) -> CellMoments {
    var cell = CellMoments()
    cell.users = users
    cell.flags = flags(users: users)
    if !sum.isFinite || !squares.isFinite { cell.flags.insert(.notFinite) }
    guard cell.flags.isDisjoint(with: .valueless) else { return cell }
    cell.mean = sum / users
    if users < 2 {
      cell.flags.insert(.fewUsers)
      return cell
    }
    cell.variance = cell.second(sum, sum, squares, centred, size: squares)
    return cell
  }

  /// Numerator and denominator of a ratio, user by user.
  @inline(__always)
  mutating func addDenominator(
    sum: Double, squares: Double, products: Double, numerator: Double, centred: Bool
  ) {
    if !sum.isFinite || !squares.isFinite || !products.isFinite { flags.insert(.notFinite) }
    guard flags.isDisjoint(with: .valueless) else { return }
    guard sum > 0 else {
      flags.insert(.noDenominator)
      return
    }
    denominator = sum / users
    guard users >= 2 else { return }
    denominatorVariance = second(sum, sum, squares, centred, size: squares)
    covariance = second(numerator, sum, products, centred, size: .infinity)
    // Cauchy and Schwarz, with room for the rounding of the sums.
    let most = variance * denominatorVariance
    if covariance * covariance > most + 1e-9 * (most + 1e-9 * products * products) {
      flags.insert(.impossibleSums)
    }
  }

  /// `(products - first × second / n) / (n - 1)` without the rounding of the product; NaN with a
  /// flag where it is below 0 by more than the rounding of a sum of `size`.
  @inline(__always)
  mutating func second(
    _ first: Double, _ other: Double, _ products: Double, _ centred: Bool, size: Double
  ) -> Double {
    var left = products
    if !centred {
      let mean = other / users
      let product = first * mean
      let rest = (-product).addingProduct(first, mean)
      let short = other.addingProduct(-mean, users) / users
      left = (products - product) - rest - first * short
      if !left.isFinite {
        // A square beyond a double is more than any sum of squares.
        flags.insert(size < .infinity && product == .infinity ? .impossibleSums : .notFinite)
      }
    }
    if left < 0, size < .infinity {
      if left < -1e-10 * size { flags.insert(.impossibleSums) }
      left = 0
    }
    return left / (users - 1)
  }
}

extension ArmEstimate {
  /// Of a proportion or a mean.
  @inline(__always)
  init(_ cell: CellMoments) {
    flags = cell.flags
    users = cell.users
    value = cell.mean
    variance = cell.variance / cell.users
    freedom = variance * variance / (cell.users - 1)
  }

  /// Of a ratio of sums, by the delta method over users.
  @inline(__always)
  init(ratio cell: CellMoments) {
    flags = cell.flags
    users = cell.users
    value = cell.mean / cell.denominator
    let spread = max(
      0,
      cell.variance - 2 * value * cell.covariance + value * value * cell.denominatorVariance)
    variance = spread / (cell.users * cell.denominator * cell.denominator)
    freedom = variance * variance / (cell.users - 1)
  }
}
