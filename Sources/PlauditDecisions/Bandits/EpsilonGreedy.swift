/// Plays the highest mean, the first of equals, but for a share `ε` of decisions that any arm gets.
///
/// With decay `d` the share is `ε / (1 + d n)` after n rewards, so that exploration falls as 1/n.
///
/// - Source: Sutton & Barto 2018, section 2.2; the decay, Auer, Cesa-Bianchi & Fischer 2002,
///   doi:10.1023/A:1013689704352, figure 3.
struct EpsilonGreedy: ArmPolicy {
  let epsilon: Double
  let decay: Double

  func scores(_ arms: [JudgedArm], rewards: Double) -> [Double] { arms.map(\.mean) }

  func weights(_ scores: [Double], rewards: Double) -> [Double] {
    let share = epsilon / (1 + decay * rewards)
    return onlyBest(scores).map { share / Double(scores.count) + (1 - share) * $0 }
  }
}
