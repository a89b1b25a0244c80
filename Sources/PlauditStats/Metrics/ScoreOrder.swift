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

  /// The values themselves, the lowest first, and their row numbers; -0 comes back as 0.
  static func ascendingValues(
    _ scores: UnsafeBufferPointer<Double>
  ) -> (values: [Double], rows: [UInt32]) {
    let entries = sortedEntries(scores, key)
    let values = entries.map { entry in
      Double(bitPattern: entry.key >> 63 == 1 ? entry.key ^ 1 << 63 : ~entry.key)
    }
    return (values, entries.map(\.row))
  }

  @inline(__always)
  private static func sorted(
    _ scores: UnsafeBufferPointer<Double>, _ key: (Double) -> UInt64
  ) -> [UInt32] {
    sortedEntries(scores, key).map(\.row)
  }

  /// Radix sort by digits of eleven bits, the lowest first.
  ///
  /// The three highest digits, sign, exponent and 21 bits of the fraction, nearly always tell all;
  /// short runs that they leave equal are sorted by insertion. Where a long run remains, as of
  /// values within a millionth of each other, all six digits are used.
  @inline(__always)
  private static func sortedEntries(
    _ scores: UnsafeBufferPointer<Double>, _ key: (Double) -> UInt64
  ) -> [Entry] {
    let rows = scores.count
    var entries = (0..<rows).map {
      Entry(key: key(scores[$0]), row: UInt32(truncatingIfNeeded: $0))
    }
    if rows < 2 * digits {
      entries.sort { $0.key != $1.key ? $0.key < $1.key : $0.row < $1.row }
      return entries
    }
    var other = entries
    pass(&entries, &other, from: highShift, count: 3)
    if !finishRuns(&entries) { pass(&entries, &other, from: 0, count: 6) }
    return entries
  }

  private static let highShift: UInt64 = 31
  private static let longestRun = 32

  /// Stable passes over `count` digits from the bit `first` on; all are counted in one look, and a
  /// digit that all rows share is not moved by.
  private static func pass(
    _ entries: inout [Entry], _ other: inout [Entry], from first: UInt64, count: Int
  ) {
    let rows = entries.count
    let mask = UInt64(digits - 1)
    var starts = [Int](repeating: 0, count: count * digits)
    starts.withUnsafeMutableBufferPointer { starts in
      entries.withUnsafeBufferPointer { from in
        for row in 0..<rows {
          var left = from[row].key >> first
          for pass in 0..<count {
            starts[pass * digits + Int(left & mask)] += 1
            left >>= digitBits
          }
        }
      }
    }
    for pass in 0..<count {
      let shift = first + UInt64(pass) * digitBits
      let moved = entries.withUnsafeBufferPointer { from in
        other.withUnsafeMutableBufferPointer { to in
          starts.withUnsafeMutableBufferPointer { all in
            let starts = UnsafeMutableBufferPointer(
              rebasing: all[pass * digits..<(pass + 1) * digits])
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
  }

  /// Sorts what the high digits left equal; false where a run is too long for that.
  private static func finishRuns(_ entries: inout [Entry]) -> Bool {
    entries.withUnsafeMutableBufferPointer { entries in
      var start = 0
      for row in 1..<entries.count {
        if entries[row].key >> highShift != entries[row - 1].key >> highShift {
          start = row
          continue
        }
        // Equal keys stay in the order of their rows.
        let entry = entries[row]
        guard entry.key < entries[row - 1].key else { continue }
        if row - start > longestRun { return false }
        var place = row
        while place > start, entries[place - 1].key > entry.key {
          entries[place] = entries[place - 1]
          place -= 1
        }
        entries[place] = entry
      }
      return true
    }
  }
}
