import CColumns
import Glibc
package import PlauditCore

/// KPIs by group over any number of batches: sums first, ratios of them at the end.
///
/// Sums are exact and rounded once, so a result does not depend on the order of rows, on how they
/// fall into batches, or on how partial tables are merged. After an error in the data a table holds
/// a part of a batch and refuses everything but being freed.
package final class KPITable {
  package let spec: KPITableSpec
  let groups: GroupIndex
  let parts: [TablePart]
  let drops: [KPIDrops]

  /// The words of the groups side by side: those of each part, then the number of rows.
  private let words = TableMemory<Int64>()
  private var stride = 0
  /// Rows of each group that were carried out of the words.
  private let rowTotals = TableMemory<Int64>()
  private let ids = TableMemory<UInt32>()
  private var failure: PlauditError?
  package private(set) var rowCount: Int64 = 0

  /// - Throws: the errors of ``KPITableSpec/check()``.
  package init(_ spec: KPITableSpec) throws(PlauditError) {
    try spec.check()
    self.spec = spec
    groups = try GroupIndex(names: spec.keys)
    var parts: [TablePart] = []
    for (input, given) in spec.measures.enumerated() {
      if given.measure == .score {
        for measure in [KPIMeasure.promoters, .detractors, .responses] {
          parts.append(
            try TablePart(
              measure, name: given.name, input: input, isScore: true, isMicros: false))
        }
      } else {
        parts.append(
          try TablePart(
            given.measure, name: given.name, input: input, isScore: false,
            isMicros: given.isMicros))
      }
    }
    self.parts = parts
    drops = spec.kpis.map { KPIDrops($0, parts: spec.parts(of: $0)) }
    try ids.reserve(Int(PC_BLOCK))
    try layOut()
  }

  package var groupCount: Int {
    var count = 0
    for group in 0..<groups.count where rows(of: group) > 0 { count += 1 }
    return count
  }

  // MARK: - Adding

  /// Adds rows: the columns are those of the keys, then those of the measures, in the order of the
  /// specification.
  ///
  /// - Throws: `invalidArgument` for columns that differ in number, length or kind; `invalidData`,
  ///   `notFinite`, `invalidUTF8` with the row; `invalidState` after an error in data; what the
  ///   control says.
  package func add(_ columns: [Column], control: RunControl = RunControl()) throws(PlauditError) {
    try usable()
    let keys = spec.keys.count
    guard columns.count == keys + spec.measures.count else {
      throw PlauditError(
        .invalidArgument,
        "\(columns.count) columns are given for \(keys) keys and \(spec.measures.count) measures")
    }
    let names = spec.keys + spec.measures.map(\.name)
    let count = columns.first?.count ?? 0
    for (name, column) in zip(names, columns) where column.count != count {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: \(names[0]) has \(count) rows, \(name) has \(column.count)")
    }
    // What is wrong with whole columns is found before anything changes.
    var changed = false
    for part in parts { if try part.check(columns[keys + part.input]) { changed = true } }
    for (key, column) in zip(groups.keys, columns) { try key.begin(column) }
    do throws(PlauditError) {
      if changed {
        try carryAll()
        for part in parts { try part.settle(columns[keys + part.input]) }
        try layOut()
      }
      try addBlocks(columns, count, control)
    } catch {
      spoil(error)
      throw error
    }
    rowCount &+= Int64(count)
  }

  /// After this the table can only be freed.
  func spoil(_ error: PlauditError) { failure = error }

  func usable() throws(PlauditError) {
    if let failure {
      throw PlauditError(
        .invalidState, "the table holds a part of a batch, since adding failed: \(failure.message)")
    }
  }

  private func addBlocks(
    _ columns: [Column], _ count: Int, _ control: RunControl
  ) throws(PlauditError) {
    let keys = spec.keys.count
    var pointers: [UnsafePointer<Int64>?] = Array(repeating: nil, count: stride)
    let block = Int(PC_BLOCK)
    let keyColumns = Array(columns[..<keys])
    let partColumns = parts.map { columns[keys + $0.input] }
    let ids = self.ids.base
    let parts = self.parts
    let wide = (keyColumns + partColumns).compactMap { $0.wideValues }
    var next: [UnsafePointer<CChar>?] = Array(repeating: nil, count: wide.count)
    var start = 0
    while start < count {
      if start & (block &* 256 &- 1) == 0 {
        try control.check()
        control.report(.tabulating, done: start, total: count)
      }
      // Where groups outgrow a core's own cache, shorter blocks leave them more of it.
      let isFar = words.count > 1 << 17
      let rows = start..<min(count, start &+ (isFar ? block / 2 : block))
      try groups.groups(of: keyColumns, rows, into: ids)
      try words.extend(to: groups.count &* stride)
      var isClean = true
      for place in parts.indices {
        if try !parts[place].load(partColumns[place], rows) { isClean = false }
      }
      if !isClean { try settleDoubts(columns, rows) }
      var isFull = false
      for part in parts {
        pointers[part.word] = part.words.0
        if part.kind == .real { pointers[part.word &+ 1] = part.words.1 }
        if part.bound > 1 << 62 { isFull = true }
      }
      // Groups far away are fetched ahead, instead of the columns' next rows.
      for place in wide.indices { next[place] = wide[place] + rows.upperBound &* 8 }
      pc_tally(
        words.base, Int64(stride), ids, Int64(rows.count), pointers, Int64(stride &- 1),
        isFar ? 1 : 0, next, isFar || rows.upperBound == count ? 0 : Int64(next.count))
      if isFull { try carryAll() }
      start = rows.upperBound
    }
    control.report(.tabulating, done: count, total: count, force: true)
  }

  // MARK: Blocks with a row out of the ordinary

  private func settleDoubts(_ columns: [Column], _ rows: Range<Int>) throws(PlauditError) {
    let keys = spec.keys.count
    if spec.missing == .raise {
      var first: (row: Int, error: PlauditError)?
      for part in parts where !part.isClean {
        if let found = part.refusal(columns[keys + part.input], rows),
          found.row < first?.row ?? .max
        {
          first = found
        }
      }
      if let first { throw first.error.at(index: Int64(first.row)) }
    }
    for part in parts {
      if part.isClean {
        part.markPresent(rows.count)
      } else {
        try part.sort(columns[keys + part.input], rows, ids.base, groups.count)
      }
    }
    guard spec.missing == .omit, parts.contains(where: \.hasMissing) else { return }
    for drop in drops { try drop.add(parts, ids.base, rows.count) }
  }

  // MARK: Words

  private func layOut() throws(PlauditError) {
    var word = 0
    for part in parts {
      part.word = word
      word += part.wordCount
    }
    stride = word + 1
    for place in 0..<words.count { words.base[place] = 0 }
    words.count = 0
    try words.extend(to: groups.count * stride)
  }

  /// After sums came from elsewhere: kinds may have changed, and there are no words.
  func relaid() throws(PlauditError) { try layOut() }

  /// Moves all words into totals, so that they can count from 0 again.
  func carryAll() throws(PlauditError) {
    let known = words.count / stride
    try rowTotals.extend(to: known)
    for part in parts {
      try part.sums.carry(words.base + part.word, stride: stride, count: known)
    }
    let (words, totals) = (self.words.base, rowTotals.base)
    for group in 0..<known { totals[group] &+= words[group &* stride &+ stride &- 1] }
    memset(words, 0, known &* stride &* MemoryLayout<Int64>.stride)
    for part in parts { part.bound = 0 }
  }

  @inline(__always)
  func rows(of group: Int) -> Int64 {
    let end = (group &+ 1) &* stride
    return rowTotals.element(group, or: 0) &+ (end <= words.count ? words.base[end &- 1] : 0)
  }

  func addRows(_ rows: Int64, to group: Int) throws(PlauditError) {
    try rowTotals.extend(to: group + 1)
    rowTotals.base[group] &+= rows
    rowCount &+= rows
  }

  /// A group's sum in units of the part's exponent, without what is in its wide sum.
  @inline(__always)
  func units(_ part: TablePart, _ group: Int) -> Int128 {
    let start = group &* stride
    guard start &+ stride <= words.count else { return part.sums.total(group) }
    let base = words.base + (start &+ part.word)
    return part.sums.total(group) &+ part.units(base[0], part.kind == .real ? base[1] : 0)
  }
}
