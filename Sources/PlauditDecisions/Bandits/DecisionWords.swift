import PlauditCore

/// The random bits of decisions: a function of seed, decision and arm, so that decision `id` of a
/// state is the same alone, in any batch and on any thread.
///
/// Philox4x32-10 under the seed as key. The counter's third word is 0 for the choice among shares,
/// the arm's number + 1 for its draws, and all ones for the coin of top-two.
struct DecisionWords: Sendable {
  private let key: (UInt32, UInt32)

  init(seed: UInt64) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  /// The block of decisions `2 × half` and `2 × half + 1`.
  @inline(__always)
  func block(_ half: UInt64) -> (even: UInt64, odd: UInt64) {
    pair(of: half, stream: 0, trial: 0)
  }

  /// What a decision chooses among shares with.
  @inline(__always)
  func word(_ id: Int64) -> UInt64 {
    let block = block(UInt64(bitPattern: id) >> 1)
    return id & 1 == 0 ? block.even : block.odd
  }

  @inline(__always)
  func draws(_ id: Int64, arm: Int32, trial: UInt32 = 0) -> (UInt64, UInt64) {
    pair(of: UInt64(bitPattern: id), stream: UInt32(truncatingIfNeeded: arm) &+ 1, trial: trial)
  }

  func coin(_ id: Int64) -> UInt64 {
    pair(of: UInt64(bitPattern: id), stream: .max, trial: 0).0
  }

  @inline(__always)
  private func pair(of place: UInt64, stream: UInt32, trial: UInt32) -> (UInt64, UInt64) {
    let words = RandomSource.philox(
      counter: (
        UInt32(truncatingIfNeeded: place), UInt32(truncatingIfNeeded: place >> 32), stream, trial
      ), key: key)
    return (
      UInt64(words.0) | UInt64(words.1) << 32, UInt64(words.2) | UInt64(words.3) << 32
    )
  }
}

extension UInt64 {
  /// A real in `[0, 1)` with 53 random bits.
  @inline(__always)
  var unit: Double { Double(Int64(bitPattern: self >> 11)) * 0x1p-53 }

  /// A real in `(0, 1)`, symmetric around one half.
  @inline(__always)
  var openUnit: Double { (Double(Int64(bitPattern: self >> 12)) + 0.5) * 0x1p-52 }
}
