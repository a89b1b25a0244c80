/// How a user becomes a number; raw values are `PLAUDIT_HASH_…`.
package enum HashVersion: Int32, CaseIterable, Sendable {
  /// `fnv1a(user + seed) mod 1000 / 1000`, as GrowthBook's SDKs of version 1. With few slots, and
  /// experiments of similar seeds agree on who is in them.
  case growthBook1 = 1
  /// `fnv1a(decimal(fnv1a(seed + user))) mod 10000 / 10000`.
  case growthBook2 = 2
  /// The 32 bits of `fnv1a(seed + user)` as a number; no slots are made of them.
  case fnv1a = 32

  /// Into how many equal parts users fall; nil for plain bits.
  package var slots: Int? {
    switch self {
    case .growthBook1: 1000
    case .growthBook2: 10_000
    case .fnv1a: nil
    }
  }
}

/// - Source: Fowler, Noll & Vo, RFC 9923: FNV-1a of 32 bits, over bytes.
enum FNV1a {
  static let start: UInt32 = 0x811C_9DC5

  @inline(__always)
  static func step(_ state: UInt32, _ byte: UInt8) -> UInt32 {
    (state ^ UInt32(byte)) &* 0x0100_0193
  }

  @inline(__always)
  static func hash(_ bytes: UnsafeRawBufferPointer, from state: UInt32 = start) -> UInt32 {
    var state = state
    for byte in bytes { state = step(state, byte) }
    return state
  }

  /// Of the digits of a number.
  @inline(__always)
  static func hash(decimal number: UInt32) -> UInt32 {
    var state = start
    if number >= 1_000_000_000 {
      // Three of four: unrolled, every digit ready before it is needed.
      state = step(state, digit(number / 1_000_000_000))
      state = step(state, digit(number / 100_000_000 % 10))
      state = step(state, digit(number / 10_000_000 % 10))
      state = step(state, digit(number / 1_000_000 % 10))
      state = step(state, digit(number / 100_000 % 10))
      state = step(state, digit(number / 10_000 % 10))
      state = step(state, digit(number / 1000 % 10))
      state = step(state, digit(number / 100 % 10))
      state = step(state, digit(number / 10 % 10))
      return step(state, digit(number % 10))
    }
    var power: UInt32 = 100_000_000
    while power > 1, power > number { power /= 10 }
    while power > 0 {
      state = step(state, digit(number / power % 10))
      power /= 10
    }
    return state
  }

  @inline(__always)
  private static func digit(_ value: UInt32) -> UInt8 { 0x30 &+ UInt8(truncatingIfNeeded: value) }
}
