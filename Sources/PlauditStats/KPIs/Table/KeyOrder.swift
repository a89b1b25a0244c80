import Glibc
import PlauditCore

extension KeyColumn {
  /// The codes from the smallest key to the largest, null last, if there is one.
  ///
  /// Numbers by value, text by bytes.
  func sortedCodes() throws(PlauditError) -> TableMemory<UInt32> {
    let codes = try TableMemory<UInt32>(zeros: codeCount)
    let known = codeCount - 1
    for place in 0..<known { codes.base[place] = UInt32(truncatingIfNeeded: place + 1) }
    switch values {
    case .unset: break
    case .integers(let index):
      // Flipping the sign makes the order of signed numbers that of unsigned ones.
      let flip: UInt64 = isUnsigned ? 0 : 1 << 63
      try RadixSort(count: known).sort(codes.base, count: known) {
        UInt64(bitPattern: index.value(at: Int($0) - 1)) ^ flip
      }
    case .texts(let index): try TextSort(index).sort(codes.base, count: known)
    }
    codes.base[known] = 0
    return codes
  }
}

/// Sorts codes by 64-bit keys, a byte at a time, leaving out bytes that are all the same.
struct RadixSort {
  private let keys: TableMemory<UInt64>
  private let swappedKeys: TableMemory<UInt64>
  private let swapped: TableMemory<UInt32>

  init(count: Int) throws(PlauditError) {
    keys = try TableMemory(zeros: count)
    swappedKeys = try TableMemory(zeros: count)
    swapped = try TableMemory(zeros: count)
  }

  /// Stable; afterwards ``key(_:)`` tells the keys in order.
  func sort(
    _ codes: UnsafeMutablePointer<UInt32>, count: Int, _ key: (UInt32) -> UInt64
  ) {
    var common: UInt64 = .max
    var any: UInt64 = 0
    for place in 0..<count {
      let key = key(codes[place])
      keys.base[place] = key
      common &= key
      any |= key
    }
    let differing = common ^ any
    var (from, to) = (keys.base, swappedKeys.base)
    var (fromCodes, toCodes) = (codes, swapped.base)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { starts in
      for shift: UInt64 in Swift.stride(from: 0, to: 64, by: 8)
      where differing >> shift & 0xFF != 0 {
        for digit in 0..<256 { starts[digit] = 0 }
        for place in 0..<count { starts[Int(from[place] >> shift & 0xFF)] &+= 1 }
        var sum = 0
        for digit in 0..<256 { (starts[digit], sum) = (sum, sum &+ starts[digit]) }
        for place in 0..<count {
          let digit = Int(from[place] >> shift & 0xFF)
          let place2 = starts[digit]
          starts[digit] = place2 &+ 1
          to[place2] = from[place]
          toCodes[place2] = fromCodes[place]
        }
        (from, to) = (to, from)
        (fromCodes, toCodes) = (toCodes, fromCodes)
      }
    }
    if fromCodes != codes {
      codes.update(from: fromCodes, count: count)
      keys.base.update(from: from, count: count)
    }
  }

  func key(_ place: Int) -> UInt64 { keys.base[place] }
}

/// Sorts texts by their bytes: eight at a time from where they begin to differ.
private struct TextSort {
  private let index: TextIndex

  init(_ index: TextIndex) { self.index = index }

  private struct Run {
    var start: Int
    var count: Int
    var depth: Int
  }

  func sort(_ codes: UnsafeMutablePointer<UInt32>, count: Int) throws(PlauditError) {
    let radix = try RadixSort(count: count)
    // A list instead of recursion: long common beginnings must not use up the stack.
    var runs = [Run(start: 0, count: count, depth: 0)]
    while let run = runs.popLast() {
      let part = codes + run.start
      if run.count <= 24 {
        insert(part, run.count, run.depth)
        continue
      }
      let depth = commonLength(part, run)
      radix.sort(part, count: run.count) { word($0, depth) }
      var start = 0
      for end in 1...run.count where end == run.count || radix.key(end) != radix.key(start) {
        if end - start > 1 {
          // Those that end within the word differ in length only.
          if (start..<end).allSatisfy({ length(part[$0]) <= depth + 8 }) {
            byLength(part + start, end - start)
          } else {
            runs.append(Run(start: run.start + start, count: end - start, depth: depth + 8))
          }
        }
        start = end
      }
    }
  }

  private func length(_ code: UInt32) -> Int { index.bytes(at: Int(code) - 1).count }

  /// Eight bytes as a number, zeros beyond the end.
  private func word(_ code: UInt32, _ depth: Int) -> UInt64 {
    let bytes = index.bytes(at: Int(code) - 1)
    if bytes.count >= depth + 8, let base = bytes.baseAddress {
      return UInt64(bigEndian: UnsafeRawPointer(base + depth).loadUnaligned(as: UInt64.self))
    }
    var word: UInt64 = 0
    for place in 0..<8 {
      let byte = depth + place < bytes.count ? bytes[depth + place] : 0
      word = word << 8 | UInt64(byte)
    }
    return word
  }

  /// How far the texts of a run are the same, from `depth` on.
  private func commonLength(_ codes: UnsafeMutablePointer<UInt32>, _ run: Run) -> Int {
    let first = index.bytes(at: Int(codes[0]) - 1)
    var common = first.count
    for place in 1..<run.count {
      let other = index.bytes(at: Int(codes[place]) - 1)
      common = min(common, other.count)
      var at = run.depth
      while at < common, first[at] == other[at] { at &+= 1 }
      common = min(common, max(at, run.depth))
      if common <= run.depth { break }
    }
    return max(min(common, first.count), run.depth)
  }

  private func insert(_ codes: UnsafeMutablePointer<UInt32>, _ count: Int, _ depth: Int) {
    for place in 0..<count {
      let code = codes[place]
      var at = place
      while at > 0, isBefore(code, codes[at - 1], depth) {
        codes[at] = codes[at - 1]
        at -= 1
      }
      codes[at] = code
    }
  }

  private func byLength(_ codes: UnsafeMutablePointer<UInt32>, _ count: Int) {
    // Distinct texts that agree up to their ends: at most eight lengths.
    insert(codes, count, 0)
  }

  private func isBefore(_ one: UInt32, _ other: UInt32, _ depth: Int) -> Bool {
    let (a, b) = (index.bytes(at: Int(one) - 1), index.bytes(at: Int(other) - 1))
    let shared = min(a.count, b.count)
    if shared > depth, let left = a.baseAddress, let right = b.baseAddress {
      let order = memcmp(left + depth, right + depth, shared - depth)
      if order != 0 { return order < 0 }
    }
    return a.count < b.count
  }
}

extension GroupIndex {
  /// Groups that have rows, in the order of their keys, the last key changing fastest.
  func sortedGroups(where hasRows: (Int) -> Bool) throws(PlauditError) -> TableMemory<UInt32> {
    let order = try TableMemory<UInt32>(zeros: count)
    if keys.count == 1 {
      let codes = try keys[0].sortedCodes()
      var used = 0
      for place in 0..<codes.count where hasRows(Int(codes.base[place])) {
        order.base[used] = codes.base[place]
        used += 1
      }
      order.count = used
      return order
    }
    var used = 0
    for group in 0..<count where hasRows(group) {
      order.base[used] = UInt32(truncatingIfNeeded: group)
      used += 1
    }
    order.count = used
    guard !keys.isEmpty else { return order }
    // From the last key to the first, each pass keeping the order of the one before.
    let radix = try RadixSort(count: used)
    var codes = Array(repeating: 0, count: keys.count)
    for place in keys.indices.reversed() {
      let sorted = try keys[place].sortedCodes()
      let ranks = try TableMemory<UInt32>(zeros: sorted.count)
      for rank in 0..<sorted.count {
        ranks.base[Int(sorted.base[rank])] = UInt32(truncatingIfNeeded: rank)
      }
      radix.sort(order.base, count: used) {
        self.codes(Int($0), into: &codes)
        return UInt64(ranks.base[codes[place]])
      }
    }
    return order
  }
}
