import CColumns
import PlauditCore

/// One sum of a table: its words in the groups, its totals, and what was wrong in each group.
final class TablePart {
  enum Kind: UInt8 {
    /// No batch had a value yet.
    case unset = 0
    case integer = 1
    case real = 2
  }

  /// How one row of a block entered the sum.
  enum RowState {
    static let present: UInt8 = 0
    static let missing: UInt8 = 1
    /// Infinite, or no score: flagged, and in no sum.
    static let refused: UInt8 = 2
  }

  let measure: KPIMeasure
  let name: String
  /// The place of its column in batches.
  let input: Int
  let isScore: Bool
  let isMicros: Bool
  var isCount: Bool { measure.kind == .count }

  var kind = Kind.unset
  /// Where its words begin in a group.
  var word = 0
  var wordCount: Int { kind == .real ? 2 : 1 }
  var sums = ExactSums(window: nil)
  var kernel = pc_window()
  /// No word of any group can be larger.
  var bound: UInt64 = 0

  /// Rows without a value, and `KPIFlags`, by group.
  let missing = TableMemory<Int64>()
  let flags = TableMemory<Int32>()

  /// Whether nothing was wrong in any group.
  var isOrdinary: Bool { missing.count == 0 && flags.count == 0 }

  // The current block: values, the words that are summed, and what became of each row unless all
  // are clean.
  private let loaded = TableMemory<Int64>()
  private let loadedReals = TableMemory<Double>()
  private let tidy = TableMemory<Double>()
  private let high = TableMemory<Int64>()
  private let low = TableMemory<Int64>()
  let state = TableMemory<UInt8>()
  private var integers: UnsafePointer<Int64>
  private var reals: UnsafePointer<Double>
  private(set) var words: (UnsafePointer<Int64>, UnsafePointer<Int64>)
  var isClean = true
  var hasMissing = false

  init(
    _ measure: KPIMeasure, name: String, input: Int, isScore: Bool, isMicros: Bool
  ) throws(PlauditError) {
    self.measure = measure
    self.name = name
    self.input = input
    self.isScore = isScore
    self.isMicros = isMicros
    let block = Int(PC_BLOCK)
    try loaded.reserve(block)
    try loadedReals.reserve(block)
    try tidy.reserve(block)
    try high.reserve(block)
    try low.reserve(block)
    try state.reserve(block)
    integers = UnsafePointer(loaded.base)
    reals = UnsafePointer(loadedReals.base)
    words = (UnsafePointer(high.base), UnsafePointer(low.base))
    if isScore { kind = .integer }
  }

  /// Refuses what no part can sum; true when ``settle(_:)`` has something to do.
  func check(_ column: Column) throws(PlauditError) -> Bool {
    try column.check(name)
    guard column.dictionary.isEmpty else {
      throw PlauditError(.unsupported, "column \(name) is dictionary-encoded; measures are plain")
    }
    if column.type == .null { return false }
    guard column.type.isInteger || column.type.isReal else {
      throw PlauditError(.invalidArgument, "column \(name) holds text where numbers are summed")
    }
    guard column.format.isEmpty else {
      throw PlauditError(.unsupported, "column \(name) holds times where numbers are summed")
    }
    guard !isMicros || column.type.isInteger else {
      throw PlauditError(.invalidArgument, "column \(name) is in millionths and must be integers")
    }
    return !isScore && kind != .real && (kind == .unset || column.type.isReal)
  }

  /// Settles on whole numbers or doubles, once all words are in the totals.
  ///
  /// Whole numbers become doubles, exactly, when a later batch has doubles.
  func settle(_ column: Column) throws(PlauditError) {
    guard try check(column) else { return }
    if column.type.isReal {
      try promote(to: SumWindow(largest: try largest(of: column)))
    } else {
      kind = .integer
    }
  }

  /// Makes the sums those of doubles.
  func promote(to window: SumWindow) throws(PlauditError) {
    let wider = ExactSums(window: window)
    if kind == .integer {
      for group in 0..<sums.groupCount {
        try wider.add(sums.total(group), exponent: 0, to: group)
        if let rest = sums.wideSum(group) { try wider.addWide(rest, to: group) }
      }
    }
    sums = wider
    kernel = window.kernel
    kind = .real
  }

  /// The largest of a few thousand values that lie all over the column.
  private func largest(of column: Column) throws(PlauditError) -> Double {
    let step = max(1, column.count / 4096)
    var largest = 0.0
    var row = 0
    while row < column.count {
      if column.isValid(row) {
        let value = try column.reals(row..<row + 1, room: loadedReals.base, name).pointee.magnitude
        if value.isFinite { largest = max(largest, value) }
      }
      row &+= step
    }
    return largest
  }

  // MARK: Blocks

  /// Brings a block's words into place; true when every row is ordinary.
  func load(_ column: Column, _ rows: Range<Int>) throws(PlauditError) -> Bool {
    hasMissing = false
    isClean = false
    guard column.type != .null, kind != .unset, !isScore else { return false }
    let count = Int64(rows.count)
    if kind == .integer {
      integers = try column.integers(rows, room: loaded.base, name)
      words.0 = integers
      let extent = pc_extent_of(integers, count)
      // Sums in words must stay below 2^63 until they are carried on.
      guard extent.bits < 1 << 48,
        extent.negative == 0 || (!isCount && column.type != .uint64), column.areAllValid(rows)
      else { return false }
      bound &+= (extent.bits &+ 1) &* UInt64(rows.count)
    } else {
      reals =
        try column.type.isReal
        ? column.reals(rows, room: loadedReals.base, name) : widened(column, rows)
      words.0 = UnsafePointer(high.base)
      var bits: UInt64 = 0
      let found = pc_split(reals, count, kernel, high.base, low.base, &bits)
      guard found & Int32(PC_SPLIT_OUTSIDE) == 0,
        found & Int32(PC_SPLIT_NEGATIVE) == 0 || !isCount, column.areAllValid(rows)
      else { return false }
      bound &+= max(bits &+ 1, 1 << 41) &* UInt64(rows.count)
    }
    isClean = true
    return true
  }

  /// Whole numbers of a column that had doubles before.
  private func widened(
    _ column: Column, _ rows: Range<Int>
  ) throws(PlauditError) -> UnsafePointer<Double> {
    let integers = try column.integers(rows, room: loaded.base, name)
    for row in 0..<rows.count {
      let isWrapped = column.type == .uint64 && integers[row] < 0
      guard
        (integers[row].magnitude <= 1 << 53 && !isWrapped)
          || !column.isValid(rows.lowerBound &+ row)
      else {
        throw PlauditError(
          .invalidData,
          "column \(name): row \(rows.lowerBound + row) is beyond 2^53 in a column of doubles",
          index: Int64(rows.lowerBound + row))
      }
      loadedReals.base[row] = Double(integers[row])
    }
    return UnsafePointer(loadedReals.base)
  }

  @inline(__always)
  func units(_ first: Int64, _ second: Int64) -> Int128 {
    kind == .real
      ? Int128(first) &<< Int128(SumWindow.highShift) &+ Int128(second) : Int128(first)
  }
}

// MARK: - Rows out of the ordinary

extension TablePart {
  /// The first row that may not be summed at all, and why.
  func refusal(_ column: Column, _ rows: Range<Int>) -> (row: Int, error: PlauditError)? {
    for row in rows {
      guard column.isValid(row) else {
        return (row, PlauditError(.invalidData, "column \(name): row \(row) is null"))
      }
      let value = value(column, row, of: rows)
      if !value.isFinite {
        return (row, PlauditError(.notFinite, "column \(name): row \(row) is \(value.plain)"))
      }
      if isScore, !isAnswer(value) {
        return (
          row, PlauditError(.invalidData, "column \(name): row \(row) is \(value.plain), no score")
        )
      }
      if isCount, value < 0 {
        return (
          row,
          PlauditError(
            .invalidData, "column \(name): row \(row) is \(value.plain), a count cannot be negative"
          )
        )
      }
    }
    return nil
  }

  private func value(_ column: Column, _ row: Int, of rows: Range<Int>) -> Double {
    if isScore {
      var number: Int64 = 0
      var real = 0.0
      if column.type.isReal {
        return (try? column.reals(row..<row + 1, room: &real, name).pointee) ?? .nan
      }
      return (try? column.integers(row..<row + 1, room: &number, name).pointee).map { Double($0) }
        ?? .nan
    }
    let place = row &- rows.lowerBound
    if kind == .real { return reals[place] }
    return kind == .integer ? Double(integers[place]) : .nan
  }

  private func isAnswer(_ value: Double) -> Bool {
    value >= 0 && value <= 10 && value.rounded(.towardZero) == value
  }

  func markPresent(_ count: Int) {
    state.base.update(repeating: RowState.present, count: count)
  }

  /// Takes what cannot be added as words out of the block: missing values, infinities, numbers
  /// outside of the window, and notes them by group.
  func sort(
    _ column: Column, _ rows: Range<Int>, _ ids: UnsafePointer<UInt32>, _ groups: Int
  ) throws(PlauditError) {
    try flags.extend(to: groups)
    try missing.extend(to: groups)
    markPresent(rows.count)
    words.0 = UnsafePointer(high.base)
    if isScore {
      sortScores(column, rows, ids)
    } else if kind == .real, column.type != .null {
      try sortReals(column, rows, ids)
    } else if kind == .integer, column.type != .null {
      try sortIntegers(column, rows, ids)
    } else {
      for row in 0..<rows.count {
        low.base[row] = 0
        lack(row, Int(ids[row]))
      }
    }
    if kind != .real {
      let extent = pc_extent_of(high.base, Int64(rows.count))
      bound &+= (extent.bits &+ 1) &* UInt64(rows.count)
    }
  }

  private func sortScores(
    _ column: Column, _ rows: Range<Int>, _ ids: UnsafePointer<UInt32>
  ) {
    for row in 0..<rows.count {
      let place = rows.lowerBound &+ row
      let answer = column.isValid(place) ? value(column, place, of: rows) : .nan
      if answer.isNaN {
        lack(row, Int(ids[row]))
      } else if isAnswer(answer) {
        high.base[row] = counts(answer) ? 1 : 0
      } else {
        refuse(row, Int(ids[row]), .invalidScore)
      }
    }
  }

  private func sortIntegers(
    _ column: Column, _ rows: Range<Int>, _ ids: UnsafePointer<UInt32>
  ) throws(PlauditError) {
    let (values, high) = (integers, high.base)
    let allValid = column.areAllValid(rows)
    let isUnsigned = column.type == .uint64
    for row in 0..<rows.count {
      let value = values[row]
      guard allValid || column.isValid(rows.lowerBound &+ row) else {
        lack(row, Int(ids[row]))
        continue
      }
      if value < 0 {
        guard !isUnsigned else {
          throw PlauditError(
            .invalidData,
            "column \(name): row \(rows.lowerBound + row) exceeds 2^63 - 1",
            index: Int64(rows.lowerBound + row))
        }
        if isCount { flags.base[Int(ids[row])] |= KPIFlags.negativeCount.rawValue }
      }
      if value.magnitude >= 1 << 48 {
        try sums.add(Int128(value), to: Int(ids[row]))
        high[row] = 0
      } else {
        high[row] = value
      }
    }
  }

  private func sortReals(
    _ column: Column, _ rows: Range<Int>, _ ids: UnsafePointer<UInt32>
  ) throws(PlauditError) {
    let (values, tidy) = (reals, tidy.base)
    let allValid = column.areAllValid(rows)
    for row in 0..<rows.count {
      let value = values[row]
      tidy[row] = value
      if value.isFinite, value >= 0 || !isCount, allValid { continue }
      if value.isNaN || !column.isValid(rows.lowerBound &+ row) {
        tidy[row] = 0
        lack(row, Int(ids[row]))
      } else if value.isInfinite {
        tidy[row] = 0
        refuse(row, Int(ids[row]), .infiniteInput)
      } else if isCount, value < 0 {
        flags.base[Int(ids[row])] |= KPIFlags.negativeCount.rawValue
      }
    }
    let count = Int64(rows.count)
    var bits: UInt64 = 0
    if pc_split(tidy, count, kernel, high.base, low.base, &bits) & Int32(PC_SPLIT_OUTSIDE) != 0 {
      for row in 0..<rows.count where sums.window?.integer(tidy[row]) == nil {
        try sums.addWide(tidy[row], to: Int(ids[row]))
        tidy[row] = 0
      }
      _ = pc_split(tidy, count, kernel, high.base, low.base, &bits)
    }
    bound &+= max(bits &+ 1, 1 << 41) &* UInt64(rows.count)
  }

  private func lack(_ row: Int, _ group: Int) {
    state.base[row] = RowState.missing
    high.base[row] = 0
    missing.base[group] &+= 1
    hasMissing = true
  }

  private func refuse(_ row: Int, _ group: Int, _ flag: KPIFlags) {
    state.base[row] = RowState.refused
    high.base[row] = 0
    flags.base[group] |= flag.rawValue
  }

  private func counts(_ answer: Double) -> Bool {
    switch measure {
    case .promoters: answer >= 9
    case .detractors: answer <= 6
    default: true
    }
  }

  /// Adds the value of a row of the block, which is present.
  func add(row: Int, to sums: ExactSums, _ group: Int) throws(PlauditError) {
    if isScore {
      try sums.add(Int128(high.base[row]), exponent: 0, to: group)
    } else if kind == .real {
      try sums.add(reals[row], to: group)
    } else {
      try sums.add(Int128(integers[row]), exponent: 0, to: group)
    }
  }
}
