import CColumns
import PlauditCore

/// Groups by one or several keys.
///
/// One key: its codes are the groups. More: the codes of the keys so far and of the next key make
/// one integer, whose code stands for both. Without keys group 0 is all there is. Groups that were
/// never used (such as that of a null key that no row has) have no rows.
final class GroupIndex {
  let keys: [KeyColumn]
  private var pairs: [Pair] = []
  private let next = TableMemory<UInt32>()
  private let numbers = TableMemory<Int64>()

  private struct Pair {
    var index = IntegerIndex()
    var shift = 4
  }

  init(names: [String]) throws(PlauditError) {
    var columns: [KeyColumn] = []
    for name in names { columns.append(try KeyColumn(name: name)) }
    keys = columns
    pairs = Array(repeating: Pair(), count: 0)
    for _ in names.dropFirst() { pairs.append(Pair()) }
    try next.reserve(Int(PC_BLOCK))
    try numbers.reserve(Int(PC_BLOCK))
  }

  /// Groups have numbers below this.
  var count: Int {
    if let last = pairs.last { return last.index.count + 1 }
    return keys.first?.codeCount ?? 1
  }

  /// The groups of some rows, at most `PC_BLOCK`.
  func groups(
    of columns: [Column], _ rows: Range<Int>, into groups: UnsafeMutablePointer<UInt32>
  ) throws(PlauditError) {
    guard let key = keys.first, let column = columns.first else {
      for row in 0..<rows.count { groups[row] = 0 }
      return
    }
    try key.codes(of: column, rows, into: groups)
    for (place, column) in columns.dropFirst().enumerated() {
      try keys[place + 1].codes(of: column, rows, into: next.base)
      try widen(place, for: keys[place + 1].codeCount)
      pc_pair(groups, next.base, Int64(rows.count), Int32(pairs[place].shift), numbers.base)
      try pairs[place].index.codes(numbers.base, rows.count, into: groups)
    }
  }

  /// The group of one row of codes.
  func group(_ codes: [Int]) throws(PlauditError) -> Int {
    guard var group = codes.first else { return 0 }
    for (place, code) in codes.dropFirst().enumerated() {
      try widen(place, for: keys[place + 1].codeCount)
      group = try pairs[place].index.code(Int64(group) << Int64(pairs[place].shift) | Int64(code))
    }
    return group
  }

  /// The codes of a group, one a key; the group has rows.
  func codes(_ group: Int, into codes: inout [Int]) {
    var group = group
    for place in pairs.indices.reversed() {
      let pair = group > 0 ? pairs[place].index.value(at: group - 1) : 0
      codes[place + 1] = Int(pair & (1 << Int64(pairs[place].shift) - 1))
      group = Int(pair >> Int64(pairs[place].shift))
    }
    if !codes.isEmpty { codes[0] = group }
  }

  /// Makes room for as many codes of the second key; the codes of pairs stay what they are.
  private func widen(_ place: Int, for codes: Int) throws(PlauditError) {
    guard codes > 1 << pairs[place].shift else { return }
    let old = pairs[place]
    var shift = old.shift
    while codes > 1 << shift { shift += 1 }
    let wider = IntegerIndex()
    for known in 0..<old.index.count {
      let pair = old.index.value(at: known)
      let first = pair >> Int64(old.shift)
      _ = try wider.code(first << Int64(shift) | pair & (1 << Int64(old.shift) - 1))
    }
    pairs[place] = Pair(index: wider, shift: shift)
  }
}
