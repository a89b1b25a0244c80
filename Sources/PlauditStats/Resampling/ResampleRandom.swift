import CColumns
import Glibc
import PlauditCore

/// A quick source of random integers for one resample.
///
/// Its state is drawn from ``RandomSource`` by seed and stream, so that a resample is a function
/// of the two, whichever thread draws it.
///
/// - Source: Blackman & Vigna 2021, xoshiro256++, doi:10.1145/3460772.
struct ResampleRandom {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  init(seed: UInt64, stream: UInt64) {
    var source = RandomSource(seed: seed, stream: stream)
    // The only state without a successor is all zeros.
    state = (source.next(), source.next(), source.next(), source.next() | 1)
  }

  /// The next 64 random bits.
  @inline(__always)
  mutating func next() -> UInt64 {
    let sum = state.0 &+ state.3
    let result = (sum << 23 | sum >> 41) &+ state.0
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = state.3 << 45 | state.3 >> 19
    return result
  }

  /// A uniform integer in `0..<bound`, without modulo bias; 0 for a bound of 0.
  ///
  /// - Source: Lemire 2019, doi:10.1145/3230636.
  @inline(__always)
  mutating func next(below bound: UInt32) -> UInt32 {
    var product = (next() >> 32) &* UInt64(bound)
    if UInt32(truncatingIfNeeded: product) < bound {
      let threshold = bound == 0 ? 0 : (0 &- bound) % bound
      while UInt32(truncatingIfNeeded: product) < threshold {
        product = (next() >> 32) &* UInt64(bound)
      }
    }
    return UInt32(truncatingIfNeeded: product >> 32)
  }

  /// Fills a buffer with uniform integers in `0..<bound`, several from each draw; zeros for a bound
  /// of 0.
  ///
  /// - Source: Brackett-Rozinsky & Lemire 2024, "Batched ranged random integer generation",
  ///   doi:10.1002/spe.3369.
  mutating func fill(_ buffer: UnsafeMutableBufferPointer<UInt32>, below bound: UInt32) {
    guard bound > 0 else {
      buffer.update(repeating: 0)
      return
    }
    // As many as leave the words that are drawn anew below one in 256, but for huge bounds.
    var place =
      switch bound {
      case ...(1 << 14): fill(buffer, below: UInt64(bound), atOnce: 4)
      case ...(1 << 18): fill(buffer, below: UInt64(bound), atOnce: 3)
      default: fill(buffer, below: UInt64(bound), atOnce: 2)
      }
    while place < buffer.count {
      buffer[place] = next(below: bound)
      place &+= 1
    }
  }

  /// The digits of a random fraction to the base `bound`, `atOnce` at a time; how many were written.
  @inline(__always)
  private mutating func fill(
    _ buffer: UnsafeMutableBufferPointer<UInt32>, below bound: UInt64, atOnce count: Int
  ) -> Int {
    var power = bound
    for _ in 1..<count { power &*= bound }
    let limit = (0 &- power) % power
    var random = self
    var place = 0
    while place &+ count <= buffer.count {
      var rest = random.next()
      for digit in 0..<count {
        let product = rest.multipliedFullWidth(by: bound)
        buffer[place &+ digit] = UInt32(truncatingIfNeeded: product.high)
        rest = product.low
      }
      place &+= rest < limit ? 0 : count
    }
    self = random
    return place
  }

  /// Fills a buffer with Poisson draws of mean 1, by inversion of 32 random bits: of the first 16,
  /// and where those do not decide, which is seldom, of 16 more.
  mutating func fillPoisson(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
    guard let counts = buffer.baseAddress else { return }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1024) { words in
      guard let base = words.baseAddress else { return }
      var first = 0
      while first < buffer.count {
        let count = min(4 * words.count, buffer.count - first)
        var random = self
        for place in 0..<(count + 3) / 4 { words[place] = random.next() }
        let bits = UnsafeRawPointer(base).assumingMemoryBound(to: UInt16.self)
        let part = counts + first
        pc_poisson(bits, Int64(count), part)
        var next = 0
        while let found = memchr(part + next, 255, count - next) {
          let place = UnsafeRawPointer(found) - UnsafeRawPointer(part)
          part[place] = ResampleRandom.poisson(
            UInt32(bits[place]) << 16 | UInt32(truncatingIfNeeded: random.next() >> 48))
          next = place + 1
        }
        self = random
        first += count
      }
    }
  }

  /// The limits are `2³²` times the probabilities of at most 0, 1, … 11; beyond lies less than 2⁻³².
  private static func poisson(_ bits: UInt32) -> UInt8 {
    switch bits {
    case ..<0x5E2D_58D9: 0
    case ..<0xBC5A_B1B1: 1
    case ..<0xEB71_5E1E: 2
    case ..<0xFB23_9797: 3
    case ..<0xFF10_25F6: 4
    case ..<0xFFD9_0F3C: 5
    case ..<0xFFFA_8B72: 6
    case ..<0xFFFF_540C: 7
    case ..<0xFFFF_ED1F: 8
    case ..<0xFFFF_FE21: 9
    case ..<0xFFFF_FFD5: 10
    case ..<0xFFFF_FFFC: 11
    default: 12
    }
  }
}
