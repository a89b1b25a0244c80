import PlauditStats

/// Draws `θ̃ ~ N(θ, v² A⁻¹)` for each arm and plays the highest `x'θ̃`.
///
/// Of a draw only `x'θ̃ ~ N(x'θ, v² x'A⁻¹x)` counts, so one normal number an arm is drawn.
///
/// - Source: Agrawal & Goyal 2013, "Thompson sampling for contextual bandits with linear payoffs",
///   with disjoint arms.
struct LinTS: LinearPolicy {
  let exploration: Double
  static let draws = true

  @inline(__always)
  func bonus(_ id: Int64, arm: Int32, words: DecisionWords) -> Double {
    exploration * Normal.quickQuantile(words.draws(id, arm: arm).0.openUnit)
  }
}
