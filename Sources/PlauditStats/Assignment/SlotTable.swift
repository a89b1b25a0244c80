package import PlauditCore

/// Which arm each slot of a hash belongs to; -1 for none.
///
/// Users fall into slots evenly, so the shares that a test for a sample ratio mismatch should expect
/// are those of the slots, not the weights they were rounded from.
package struct SlotTable: Equatable, Sendable {
  package let arms: [Int32]
  /// Of all users, by arm.
  package let shares: [Double]

  package static let maximumArms = 1000

  /// Arms side by side from slot 0, each with the first `coverage` of its part: GrowthBook's
  /// ranges, so that a growing coverage moves nobody.
  ///
  /// - Parameter weights: not negative, adding up to 1.
  /// - Throws: `outOfRange` for the weights and the coverage, which lies in 0...1; `unsupported` for a
  ///   version without slots.
  /// - Source: `getBucketRanges` and `chooseVariation` of GrowthBook's SDK, commit 8f1db4456.
  package init(
    weights: UnsafeBufferPointer<Double>, coverage: Double, version: HashVersion
  ) throws(PlauditError) {
    guard let slots = version.slots else {
      throw PlauditError(.unsupported, "hash version \(version.rawValue) has no slots")
    }
    guard weights.count >= 1, weights.count <= SlotTable.maximumArms else {
      throw PlauditError(
        .outOfRange, "arms are \(weights.count), allowed are 1 to \(SlotTable.maximumArms)")
    }
    guard coverage >= 0, coverage <= 1 else {
      throw PlauditError(.outOfRange, "coverage must lie in 0...1, got \(coverage.plain)")
    }
    var total = 0.0
    for (arm, weight) in weights.enumerated() {
      guard weight >= 0, weight <= 1 else {
        throw PlauditError(
          .outOfRange, "weight must lie in 0...1, got \(weight.plain)", index: Int64(arm))
      }
      total += weight
    }
    guard abs(total - 1) <= 1e-9 else {
      throw PlauditError(.outOfRange, "weights must add up to 1, not to \(total.plain)")
    }
    var arms = [Int32](repeating: -1, count: slots)
    var lower = 0.0
    for (arm, weight) in weights.enumerated() {
      let upper = lower + coverage * weight
      for slot in 0..<slots where arms[slot] < 0 {
        let place = Double(slot) / Double(slots)
        if place >= lower, place < upper { arms[slot] = Int32(truncatingIfNeeded: arm) }
      }
      lower += weight
    }
    self.init(arms, count: weights.count)
  }

  private init(_ arms: [Int32], count: Int) {
    self.arms = arms
    var counts = [Int](repeating: 0, count: count)
    for arm in arms where arm >= 0 { counts[Int(arm)] += 1 }
    shares = counts.map { Double($0) / Double(arms.count) }
  }

  /// The same shares with as few users moved as they allow: an arm that grows, or stays, keeps all of
  /// its users, and one that shrinks keeps the rest.
  ///
  /// - Throws: `invalidArgument` for another number of slots; `invalidData` with the slot for an arm
  ///   below -1. Arms that are no more give their slots back.
  package func keeping(_ previous: UnsafeBufferPointer<Int32>) throws(PlauditError) -> SlotTable {
    guard previous.count == arms.count else {
      throw PlauditError(
        .invalidArgument, "previous has \(previous.count) slots instead of \(arms.count)")
    }
    var missing = [Int](repeating: 0, count: shares.count)
    for arm in arms where arm >= 0 { missing[Int(arm)] += 1 }
    var kept = [Int32](repeating: -1, count: arms.count)
    for (slot, arm) in previous.enumerated() {
      guard arm >= -1 else {
        throw PlauditError(.invalidData, "previous has arm \(arm)", index: Int64(slot))
      }
      guard arm >= 0, Int(arm) < missing.count, missing[Int(arm)] > 0 else { continue }
      kept[slot] = arm
      missing[Int(arm)] -= 1
    }
    for (slot, arm) in arms.enumerated() where kept[slot] < 0 && arm >= 0 && missing[Int(arm)] > 0 {
      kept[slot] = arm
      missing[Int(arm)] -= 1
    }
    var slot = 0
    for arm in missing.indices {
      while missing[arm] > 0, slot < kept.count {
        if kept[slot] < 0 {
          kept[slot] = Int32(truncatingIfNeeded: arm)
          missing[arm] -= 1
        }
        slot += 1
      }
    }
    return SlotTable(kept, count: shares.count)
  }
}
