import Glibc

/// Plays each arm in proportion to `exp(mean / temperature)`.
///
/// - Source: Sutton & Barto 2018, section 2.8 (Boltzmann exploration).
struct Softmax: ArmPolicy {
  let temperature: Double

  func scores(_ arms: [JudgedArm], rewards: Double) -> [Double] { arms.map(\.mean) }

  func weights(_ scores: [Double], rewards: Double) -> [Double] {
    let highest = scores.max() ?? 0
    let terms = scores.map { exp(($0 - highest) / temperature) }
    let sum = terms.reduce(0, +)
    return terms.map { $0 / sum }
  }
}
