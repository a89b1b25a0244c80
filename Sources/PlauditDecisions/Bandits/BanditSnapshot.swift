package import PlauditCore

/// A bandit's state at one moment: decides on any number of threads at once, without a lock.
///
/// The numbers of its decisions are the caller's, who sees to it that each is used once, and hands
/// them back to the bandit where their rewards shall come by number.
package final class BanditSnapshot {
  private let plan: DecisionPlan

  init(_ plan: DecisionPlan) { self.plan = plan }

  package var settings: BanditSettings { plan.settings }
  package var armCount: Int { plan.armCount }

  /// Makes decisions `first`, `first + 1`, …; as ``Bandit/decide(contexts:arms:propensities:)``, but
  /// that nothing is counted: arms that were played too seldom have no turns here, only the share of
  /// one of K while they have no rewards.
  package func decide(
    first: Int64, contexts: UnsafeBufferPointer<Double>?,
    arms out: UnsafeMutableBufferPointer<Int32>,
    propensities: UnsafeMutableBufferPointer<Double>?
  ) throws(PlauditError) {
    guard first >= 0, !first.addingReportingOverflow(Int64(out.count)).overflow else {
      throw PlauditError(
        .outOfRange, "decisions \(first) to \(first) + \(out.count) are not all in 0 to 2^63 - 1")
    }
    let contexts = try plan.settings.checked(contexts, rows: out.count)
    try plan.decide(
      DecisionBatch(first: first, count: out.count, contexts: contexts), arms: out,
      propensities: propensities)
  }
}
