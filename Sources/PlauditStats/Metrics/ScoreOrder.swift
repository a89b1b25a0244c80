/// Rows in order of a column of finite doubles, equal values in the order of the rows.
enum ScoreOrder {
  /// The row numbers, the highest value first; fewer than 2³² rows.
  static func descending(_ scores: UnsafeBufferPointer<Double>) -> [UInt32] {
    sorted(scores) { ~key($0) }
  }

  /// The row numbers, the lowest value first.
  static func ascending(_ scores: UnsafeBufferPointer<Double>) -> [UInt32] {
    sorted(scores, key)
  }

  static let maximumRows = Int(UInt32.max)

  /// An integer in the order of the doubles; both zeros are one.
  @inline(__always)
  private static func key(_ value: Double) -> UInt64 {
    let bits = value == 0 ? 0 : value.bitPattern
    return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
  }

  private struct Entry {
    var key: UInt64
    var row: UInt32
  }

  private static let digitBits: UInt64 = 11
  private static let digits = 1 << Int(digitBits)

  /// Radix sort by six digits of eleven bits, the lowest first; a digit that all rows share costs
  /// one look.
  @inline(__always)
  private static func sorted(
    _ scores: UnsafeBufferPointer<Double>, _ key: (Double) -> UInt64
  ) -> [UInt32] {
    let rows = scores.count
    var entries = (0..<rows).map {
      Entry(key: key(scores[$0]), row: UInt32(truncatingIfNeeded: $0))
    }
    if rows < 2 * digits {
      entries.sort { $0.key != $1.key ? $0.key < $1.key : $0.row < $1.row }
      return entries.map(\.row)
    }
    var other = entries
    var starts = [Int](repeating: 0, count: digits)
    for pass in 0..<6 {
      let shift = UInt64(pass) * digitBits
      let mask = UInt64(digits - 1)
      let moved = entries.withUnsafeBufferPointer { from in
        other.withUnsafeMutableBufferPointer { to in
          starts.withUnsafeMutableBufferPointer { starts in
            for digit in 0..<digits { starts[digit] = 0 }
            for row in 0..<rows { starts[Int(from[row].key >> shift & mask)] += 1 }
            if starts[Int(from[0].key >> shift & mask)] == rows { return false }
            var start = 0
            for digit in 0..<digits {
              let count = starts[digit]
              starts[digit] = start
              start += count
            }
            for row in 0..<rows {
              let digit = Int(from[row].key >> shift & mask)
              to[starts[digit]] = from[row]
              starts[digit] += 1
            }
            return true
          }
        }
      }
      if moved { swap(&entries, &other) }
    }
    return entries.map(\.row)
  }
}
