import Glibc

/// A sum of doubles of any size without any rounding: 36 words of two's complement, of which the
/// lowest bit is 2^-1088.
///
/// The value is a function of the numbers added, not of their order: integers add up exactly, and
/// the result is rounded once, to the nearest double, ties to even.
/// Source: the long accumulator of Kulisch 1986; 2^120 of the largest doubles fit.
struct WideSum {
  static let words = 36
  /// The weight of the lowest bit is 2^-lowest.
  static let lowest = 1088

  /// The sum's words, of which the caller owns ``words``.
  let base: UnsafeMutablePointer<UInt64>

  /// Adds a finite number.
  func add(_ value: Double) {
    guard value != 0, value.isFinite else { return }
    let field = Int(value.exponentBitPattern)
    let significand = value.significandBitPattern | (field == 0 ? 0 : 1 << 52)
    add(
      magnitude: UInt128(significand), exponent: max(field, 1) &- 1075,
      negative: value.sign == .minus)
  }

  /// Adds `integer × 2^exponent`; the exponent is from -1088 to 900.
  func add(_ integer: Int128, exponent: Int) {
    guard integer != 0 else { return }
    add(magnitude: integer.magnitude, exponent: exponent, negative: integer < 0)
  }

  private func add(magnitude: UInt128, exponent: Int, negative: Bool) {
    let position = exponent &+ WideSum.lowest
    guard position >= 0, position < (WideSum.words - 3) * 64 else { return }
    let shift = UInt64(truncatingIfNeeded: position & 63)
    let low = UInt64(truncatingIfNeeded: magnitude)
    let high = UInt64(truncatingIfNeeded: magnitude &>> 64)
    let parts = (
      low << shift, shift == 0 ? high : high << shift | low >> (64 &- shift),
      shift == 0 ? 0 : high >> (64 &- shift)
    )
    var word = position >> 6
    var carry = add(parts.0, at: word, carry: false, negative)
    carry = add(parts.1, at: word &+ 1, carry: carry, negative)
    carry = add(parts.2, at: word &+ 2, carry: carry, negative)
    word &+= 3
    while carry, word < WideSum.words {
      carry = add(0, at: word, carry: carry, negative)
      word &+= 1
    }
  }

  @inline(__always)
  private func add(_ part: UInt64, at word: Int, carry: Bool, _ negative: Bool) -> Bool {
    let one: UInt64 = carry ? 1 : 0
    if negative {
      let (half, first) = base[word].subtractingReportingOverflow(part)
      let (whole, second) = half.subtractingReportingOverflow(one)
      base[word] = whole
      return first || second
    }
    let (half, first) = base[word].addingReportingOverflow(part)
    let (whole, second) = half.addingReportingOverflow(one)
    base[word] = whole
    return first || second
  }

  /// Adds or takes away another sum.
  func add(_ other: WideSum, negative: Bool = false) {
    var carry = false
    for word in 0..<WideSum.words {
      carry = add(other.base[word], at: word, carry: carry, negative)
    }
  }

  func clear() { for word in 0..<WideSum.words { base[word] = 0 } }

  /// The nearest double; infinite beyond their range.
  var rounded: Double {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: WideSum.words) { room -> Double in
      guard let copy = room.baseAddress else { return .nan }
      copy.initialize(from: base, count: WideSum.words)
      let negative = Int64(bitPattern: copy[WideSum.words - 1]) < 0
      if negative {
        var carry = true
        for word in 0..<WideSum.words {
          copy[word] = ~copy[word]
          if carry { (copy[word], carry) = copy[word].addingReportingOverflow(1) }
        }
      }
      guard let top = (0..<WideSum.words).last(where: { copy[$0] != 0 }) else { return 0 }
      let highest = top * 64 + 63 - copy[top].leadingZeroBitCount
      // Doubles are multiples of 2^-1074, so below the normal range nothing is cut off.
      let lowest = max(highest - 52, WideSum.lowest - 1074)
      func bit(_ place: Int) -> UInt64 { copy[place >> 6] >> UInt64(place & 63) & 1 }
      var significand: UInt64 = 0
      if highest >= lowest {
        for place in (lowest...highest).reversed() { significand = significand << 1 | bit(place) }
      }
      if lowest > 0, bit(lowest - 1) == 1 {
        let half = lowest - 1
        let below =
          (0..<(half >> 6)).contains { copy[$0] != 0 }
          || copy[half >> 6] & ((1 << UInt64(half & 63)) - 1) != 0
        if below || significand & 1 == 1 { significand += 1 }
      }
      let value = scalbn(Double(significand), Int32(lowest - WideSum.lowest))
      return negative ? -value : value
    }
  }
}
