import Glibc

/// A counter-based random source: draw `n` of stream `s` under seed `k` is a pure function of the
/// three, so results depend neither on threads nor on the order of calls, and the state is one
/// number that can be saved.
///
/// - Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", Philox4x32-10,
///   doi:10.1145/2063384.2063405.
package struct RandomSource: Equatable, Sendable {
  package let seed: UInt64
  package let stream: UInt64
  /// The number of 64-bit values drawn so far.
  package private(set) var position: UInt64

  package init(seed: UInt64, stream: UInt64 = 0, position: UInt64 = 0) {
    self.seed = seed
    self.stream = stream
    self.position = position
  }

  /// The next 64 random bits.
  package mutating func next() -> UInt64 {
    let block = RandomSource.philox(
      counter: (
        UInt32(truncatingIfNeeded: position >> 1), UInt32(truncatingIfNeeded: position >> 33),
        UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)
      ),
      key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    let odd = position & 1 == 1
    position &+= 1
    return odd
      ? UInt64(block.2) | UInt64(block.3) << 32
      : UInt64(block.0) | UInt64(block.1) << 32
  }

  /// A uniform integer in `0..<bound`, without modulo bias; 0 for a bound of 0 or 1.
  ///
  /// - Source: Lemire 2019, "Fast random integer generation in an interval",
  ///   doi:10.1145/3230636.
  package mutating func next(below bound: UInt64) -> UInt64 {
    guard bound > 1 else { return 0 }
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// Fills a buffer with uniform integers in `0..<bound`, several from each block; the position
  /// moves on by whole blocks. Zeros for a bound of 0.
  package mutating func fill(_ buffer: UnsafeMutableBufferPointer<UInt32>, below bound: UInt32) {
    let threshold = bound == 0 ? 0 : (0 &- bound) % bound
    var block = position &+ (position & 1)
    var place = 0
    while place < buffer.count {
      let words = RandomSource.philox(
        counter: (
          UInt32(truncatingIfNeeded: block >> 1), UInt32(truncatingIfNeeded: block >> 33),
          UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)
        ),
        key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
      block &+= 2
      func take(_ word: UInt32) {
        let product = word.multipliedFullWidth(by: bound)
        if product.low >= threshold, place < buffer.count {
          buffer[place] = product.high
          place += 1
        }
      }
      take(words.0)
      take(words.1)
      take(words.2)
      take(words.3)
    }
    position = block
  }

  /// A uniform real in `[0, 1)` with 53 random bits.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A normal draw with mean 0 and variance 1; two uniform draws each.
  ///
  /// - Source: Box & Muller 1958, doi:10.1214/aoms/1177706645.
  package mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }

  /// Puts the elements in random order.
  ///
  /// - Source: Durstenfeld 1964, algorithm 235, doi:10.1145/364520.364540.
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    var last = elements.count - 1
    while last > 0 {
      elements.swapAt(last, Int(next(below: UInt64(last) + 1)))
      last -= 1
    }
  }

  package typealias Words = (UInt32, UInt32, UInt32, UInt32)

  /// The 128 random bits at one place: ten rounds of Philox4x32.
  @inlinable
  package static func philox(counter: Words, key: (UInt32, UInt32)) -> Words {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) * UInt64(c.0)
      let second = UInt64(0xCD9E_8D57) * UInt64(c.2)
      c = (
        UInt32(truncatingIfNeeded: second >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: first)
      )
      k.0 &+= 0x9E37_79B9
      k.1 &+= 0xBB67_AE85
    }
    return c
  }
}
