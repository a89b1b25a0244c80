import Glibc
package import PlauditCore

/// Whether the arms have the sizes that the design gives them.
package struct SampleRatio: Equatable, Sendable {
  /// Pearson's statistic over arms of positive weight.
  package let statistic: Double
  /// Arms of positive weight, less one.
  package let degreesOfFreedom: Int
  /// 1 with one such arm.
  package let pValue: Double
  /// Users in arms of weight 0. They are in no expectation, and any of them is a mismatch.
  package let unexpectedUsers: Double

  /// - Throws: `invalidArgument` for unequal lengths; `notFinite` and `invalidData` with the arm for
  ///   counts; `outOfRange` for weights that are negative, not finite, or all 0; `undefined` without
  ///   users in arms of positive weight.
  /// - Source: Fabijan et al. 2019, doi:10.1145/3292500.3330722.
  package init(
    counts: UnsafeBufferPointer<Double>, weights: UnsafeBufferPointer<Double>
  ) throws(PlauditError) {
    guard counts.count == weights.count else {
      throw PlauditError(
        .invalidArgument, "\(counts.count) counts and \(weights.count) weights of arms")
    }
    for arm in 0..<counts.count {
      guard counts[arm].isFinite else {
        throw PlauditError(
          .notFinite, "the count of an arm is \(counts[arm].plain)", index: Int64(arm))
      }
      guard counts[arm] >= 0 else {
        throw PlauditError(
          .invalidData, "the count of an arm (\(counts[arm].plain)) cannot be negative",
          index: Int64(arm))
      }
    }
    try Self.check(weights: weights)
    self.init(checked: weights) { counts[$0] }
    guard statistic.isFinite else {
      throw PlauditError(.undefined, "there are no users in arms of positive weight")
    }
  }

  static func check(weights: UnsafeBufferPointer<Double>) throws(PlauditError) {
    for arm in 0..<weights.count where !(weights[arm] >= 0 && weights[arm].isFinite) {
      throw PlauditError(
        .outOfRange, "the weight of an arm must be 0 or above, got \(weights[arm].plain)",
        index: Int64(arm))
    }
    guard weights.contains(where: { $0 > 0 }) else {
      throw PlauditError(.outOfRange, "no arm has a weight above 0")
    }
  }

  /// NaN without users or with counts that are no counts.
  @inline(__always)
  init(checked weights: UnsafeBufferPointer<Double>, count: (Int) -> Double) {
    var (users, weight, arms, stray) = (0.0, 0.0, 0, 0.0)
    var isSound = true
    for arm in 0..<weights.count {
      let size = count(arm)
      if !(size >= 0) { isSound = false }
      if weights[arm] > 0 {
        users += size
        weight += weights[arm]
        arms += 1
      } else {
        stray += size
      }
    }
    var sum = 0.0
    for arm in 0..<weights.count where weights[arm] > 0 {
      let expected = users * (weights[arm] / weight)
      let gap = count(arm) - expected
      sum += gap * gap / expected
    }
    statistic = isSound && users > 0 ? sum : .nan
    degreesOfFreedom = arms - 1
    unexpectedUsers = stray
    pValue =
      switch arms {
      case 1: statistic.isNaN ? .nan : 1
      case 2: Normal.twoSidedPValue(sqrt(statistic))
      default: ChiSquare.upperTail(statistic, degreesOfFreedom: Double(arms - 1))
      }
  }

  /// Whether the sizes speak against the design, at a level such as 0.001.
  package func isMismatch(level: Double) -> Bool { unexpectedUsers > 0 || pValue < level }

  /// The same looked at after every batch: `1 / evidence` of a Dirichlet prior around the design.
  ///
  /// The Bayes factor compares shares drawn from `Dirichlet(k × weights)` with the design itself.
  /// `least` is its running minimum, at most 1: below a level at any time, it is a mismatch. Both are
  /// 0 from the first user in an arm of weight 0 on: no such share is in the design.
  ///
  /// - Parameters:
  ///   - batches: [batches, arms] new users in each arm.
  ///   - concentration: `k`, how near the design mismatches are expected, such as 100.
  /// - Throws: as the test; `outOfRange` for a concentration that is not positive.
  /// - Source: Lindon and Malek 2022, arXiv:2011.03567, with savvi's parametrisation.
  package static func sequence(
    batches: UnsafeBufferPointer<Double>, weights: UnsafeBufferPointer<Double>,
    concentration: Double, into inverses: UnsafeMutableBufferPointer<Double>?,
    least: UnsafeMutableBufferPointer<Double>?
  ) throws(PlauditError) {
    let arms = weights.count
    try check(weights: weights)
    guard concentration > 0, concentration.isFinite else {
      throw PlauditError(
        .outOfRange, "concentration must be above 0, got \(concentration.plain)")
    }
    let rows = batches.count / arms
    guard rows * arms == batches.count, (inverses?.count ?? rows) == rows,
      (least?.count ?? rows) == rows
    else {
      throw PlauditError(
        .invalidArgument, "\(batches.count) counts are no batches of \(arms) arms")
    }
    let weight = weights.reduce(0, +)
    let shares = weights.map { $0 / weight }
    var totals = [Double](repeating: 0, count: arms)
    var all = 0.0
    var lowest = 1.0
    var isStray = false
    for row in 0..<rows {
      for arm in 0..<arms {
        let size = batches[row * arms + arm]
        guard size.isFinite, size >= 0 else {
          throw PlauditError(
            size.isFinite ? .invalidData : .notFinite,
            "the count of arm \(arm) is \(size.plain); it must be 0 or above", index: Int64(row))
        }
        if shares[arm] > 0 {
          totals[arm] += size
          all += size
        } else if size > 0 {
          isStray = true
        }
      }
      var evidence = -rising(concentration, all)
      for arm in 0..<arms where shares[arm] > 0 {
        evidence +=
          rising(concentration * shares[arm], totals[arm]) - totals[arm] * log(shares[arm])
      }
      let inverse = isStray ? 0 : exp(-evidence)
      lowest = min(lowest, inverse)
      inverses?[row] = inverse
      least?[row] = lowest
    }
  }

  /// `log Γ(a + n) - log Γ(a)`.
  private static func rising(_ a: Double, _ n: Double) -> Double {
    GammaFunction.log(a + n) - GammaFunction.log(a)
  }
}
