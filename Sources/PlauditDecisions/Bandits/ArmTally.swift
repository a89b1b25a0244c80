import PlauditCore

/// What an arm has earned: number, sum and squared deviations of its rewards.
///
/// The deviations are taken from the running mean, so that no digit is lost far from zero.
///
/// - Source: Youngs & Cramer 1971, doi:10.1080/00401706.1971.10488826; merging, Chan, Golub &
///   LeVeque 1979.
package struct ArmTally: Equatable, Sendable {
  package private(set) var plays: Int64 = 0
  package private(set) var sum = 0.0
  /// `Σ (reward − mean)²`.
  package private(set) var deviations = 0.0

  package init() {}

  /// Nil for what no rewards can have given.
  init?(plays: Int64, sum: Double, deviations: Double) {
    guard plays >= 0, sum.isFinite, deviations.isFinite, deviations >= 0,
      plays > 0 || (sum == 0 && deviations == 0)
    else { return nil }
    self.plays = plays
    self.sum = sum
    self.deviations = deviations
  }

  /// NaN without rewards.
  package var mean: Double { sum / Double(plays) }

  /// Of the rewards, with divisor n − 1; NaN below two.
  package var variance: Double { plays < 2 ? .nan : deviations / Double(plays - 1) }

  @inline(__always)
  mutating func add(_ reward: Double) {
    plays &+= 1
    sum += reward
    if plays > 1 {
      let count = Double(plays)
      let gap = count * reward - sum
      deviations += gap * gap / (count * (count - 1))
    }
  }

  mutating func merge(_ other: ArmTally) {
    guard other.plays > 0 else { return }
    if plays > 0 {
      let (mine, theirs) = (Double(plays), Double(other.plays))
      let gap = theirs / mine * sum - other.sum
      deviations += other.deviations + mine / (theirs * (mine + theirs)) * gap * gap
    } else {
      deviations = other.deviations
    }
    plays &+= other.plays
    sum += other.sum
  }
}
