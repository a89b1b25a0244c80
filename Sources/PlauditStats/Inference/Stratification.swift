/// Post-stratified estimates: the strata weighted by their share of all users, whatever share of
/// them an arm happened to get.
///
/// With weights `W`, the value is `Σ W ȳ`, its variance `Σ W² s² / n` over the strata of the arm;
/// a ratio has both of its means stratified. Differences between strata no longer count as noise.
///
/// - Source: Miratrix, Sekhon and Yu 2013, doi:10.1111/j.1467-9868.2012.01048.x.
struct StratifiedArm {
  private var numerator = 0.0
  private var denominator = 0.0
  private var users = 0.0
  private var flags: LiftFlags = []
  private var cells: [(cell: CellMoments, weight: Double)] = []

  init(strata: Int) { cells.reserveCapacity(strata) }

  mutating func begin() {
    (numerator, denominator, users, flags) = (0, 0, 0, [])
    cells.removeAll(keepingCapacity: true)
  }

  /// A stratum of weight 0 is in no arm.
  mutating func add(_ cell: CellMoments, weight: Double) {
    guard weight > 0 else { return }
    users += cell.users
    flags.formUnion(cell.flags)
    numerator += weight * cell.mean
    denominator += weight * cell.denominator
    cells.append((cell, weight))
  }

  func estimate(isRatio: Bool) -> ArmEstimate {
    var found = ArmEstimate()
    found.flags = flags
    found.users = users
    guard flags.isDisjoint(with: .valueless) else { return found }
    let ratio = numerator / denominator
    found.value = isRatio ? ratio : numerator
    (found.variance, found.freedom) = (0, 0)
    for (cell, weight) in cells {
      var spread = cell.variance
      var scale = weight
      if isRatio {
        spread = max(
          0, spread - 2 * ratio * cell.covariance + ratio * ratio * cell.denominatorVariance)
        scale /= denominator
      }
      let part = scale * scale * spread / cell.users
      found.variance += part
      found.freedom += part * part / (cell.users - 1)
    }
    return found
  }
}
