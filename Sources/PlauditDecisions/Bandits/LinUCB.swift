/// Plays the highest `x'θ + α √(x'A⁻¹x)`, with `A = λI + Σ xx'` and `θ = A⁻¹ Σ xr` of each arm.
///
/// An arm without rewards has `α √(x'x/λ)`.
///
/// - Source: Li, Chu, Langford & Schapire 2010, doi:10.1145/1772690.1772758, algorithm 1
///   (disjoint), with a ridge of λ.
struct LinUCB: LinearPolicy {
  let exploration: Double
  static let draws = false

  @inline(__always)
  func bonus(_ id: Int64, arm: Int32, words: DecisionWords) -> Double { exploration }
}
