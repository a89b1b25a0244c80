import CColumns
import PlauditCore

/// One key of a table: whole numbers or text, of which each value has a code; null is 0.
final class KeyColumn {
  enum Values {
    case unset
    case integers(IntegerIndex)
    case texts(TextIndex)
  }

  let name: String
  var values = Values.unset
  /// What whole numbers mean, such as "tdD" for days; empty for plain ones.
  var format = ""
  /// Whether integers are to be read as unsigned 64-bit ones.
  var isUnsigned = false

  private let numbers = TableMemory<Int64>()
  private let texts = TableMemory<pc_text>()
  /// Of the dictionary of the batch: code + 1, 0 until a row wants it.
  private var lookup = TableMemory<UInt32>()

  init(name: String) throws(PlauditError) {
    self.name = name
    try numbers.reserve(Int(PC_BLOCK))
    try texts.reserve(Int(PC_BLOCK))
  }

  /// One more than the number of keys: null counts.
  var codeCount: Int {
    switch values {
    case .unset: 1
    case .integers(let index): index.count + 1
    case .texts(let index): index.count + 1
    }
  }

  // MARK: A batch

  /// Checks a batch's column and settles on what the keys are.
  func begin(_ column: Column) throws(PlauditError) {
    try column.check(name)
    let kind = column.dictionary.first ?? column
    if let dictionary = column.dictionary.first {
      guard column.type.isInteger, column.type != .boolean else {
        throw PlauditError(.invalidArgument, "the dictionary codes of \(name) are not integers")
      }
      try dictionary.check("dictionary of \(name)")
      guard dictionary.dictionary.isEmpty else {
        throw PlauditError(.unsupported, "column \(name) has a dictionary of dictionary codes")
      }
      lookup = try TableMemory<UInt32>(zeros: max(1, dictionary.count))
    }
    if kind.type == .null || column.type == .null { return }
    guard !kind.type.isReal else {
      throw PlauditError(
        .unsupported,
        "column \(name) has floating-point keys; keys are whole numbers, text or dictionaries")
    }
    try settle(isText: kind.type.isText, format: kind.format, isUnsigned: kind.type == .uint64)
  }

  /// - Throws: `invalidArgument` when earlier batches had other keys.
  func settle(isText: Bool, format: String, isUnsigned: Bool) throws(PlauditError) {
    switch values {
    case .unset:
      values = isText ? .texts(TextIndex()) : .integers(IntegerIndex())
      self.format = isText ? "" : format
      self.isUnsigned = isUnsigned && !isText
      return
    case .texts: if isText { return }
    case .integers:
      if !isText, self.format == format, self.isUnsigned == isUnsigned { return }
    }
    throw PlauditError(
      .invalidArgument, "column \(name) has another type of keys than in the batches before")
  }

  /// The codes of some rows, at most `PC_BLOCK`.
  func codes(
    of column: Column, _ rows: Range<Int>, into codes: UnsafeMutablePointer<UInt32>
  ) throws(PlauditError) {
    let count = rows.count
    let allValid = column.areAllValid(rows)
    var stand: Int?
    if !allValid {
      stand = rows.first { column.isValid($0) }
      guard stand != nil else {
        for row in 0..<count { codes[row] = 0 }
        return
      }
    }
    if let dictionary = column.dictionary.first {
      try mapped(column, dictionary, rows, stand, codes)
    } else {
      switch values {
      case .integers(let index):
        try index.codes(try integers(of: column, rows, stand), count, into: codes)
      case .texts(let index):
        try load(column, rows, stand)
        do throws(PlauditError) {
          try index.codes(texts.base, count, into: codes)
        } catch {
          throw error.index < 0 ? error : named(error, row: rows.lowerBound + Int(error.index))
        }
      case .unset: throw PlauditError(.internal, "keys of \(name) were not settled")
      }
    }
    if !allValid {
      for row in 0..<count where !column.isValid(rows.lowerBound &+ row) { codes[row] = 0 }
    }
  }

  /// The integers of some rows, those of null rows replaced by that of a valid one.
  private func integers(
    of column: Column, _ rows: Range<Int>, _ stand: Int?
  ) throws(PlauditError) -> UnsafePointer<Int64> {
    let loaded = try column.integers(rows, room: numbers.base, name)
    guard let stand else { return loaded }
    let filler = loaded[stand - rows.lowerBound]
    let room = numbers.base
    for row in 0..<rows.count {
      room[row] = column.isValid(rows.lowerBound &+ row) ? loaded[row] : filler
    }
    return UnsafePointer(numbers.base)
  }

  /// The texts of some rows, those of null rows replaced by that of a valid one.
  private func load(_ column: Column, _ rows: Range<Int>, _ stand: Int?) throws(PlauditError) {
    let room = texts.base
    guard let stand else { return try column.texts(rows, into: room, name) }
    for row in 0..<rows.count {
      let from = rows.lowerBound &+ row
      let source = column.isValid(from) ? from : stand
      try column.texts(source..<source + 1, into: room + row, name)
    }
  }

  private func mapped(
    _ column: Column, _ dictionary: Column, _ rows: Range<Int>, _ stand: Int?,
    _ codes: UnsafeMutablePointer<UInt32>
  ) throws(PlauditError) {
    let places = try integers(of: column, rows, stand)
    var done = 0
    while true {
      done &+= Int(
        pc_map_codes(
          places + done, Int64(rows.count &- done), lookup.base, Int64(dictionary.count),
          codes + done))
      if done >= rows.count { return }
      let place = places[done]
      guard place >= 0, place < Int64(dictionary.count) else {
        let row = rows.lowerBound + done
        throw PlauditError(
          .invalidData,
          "column \(name): row \(row) has dictionary code \(place), of \(dictionary.count) values",
          index: Int64(row))
      }
      let code = try code(of: dictionary, Int(place))
      lookup.base[Int(place)] = UInt32(truncatingIfNeeded: code &+ 1)
    }
  }

  private func code(of dictionary: Column, _ row: Int) throws(PlauditError) -> Int {
    guard dictionary.isValid(row) else { return 0 }
    switch values {
    case .integers(let index):
      var room: Int64 = 0
      return try index.code(try dictionary.integers(row..<row + 1, room: &room, name).pointee)
    case .texts(let index):
      let text = try dictionary.text(row, "dictionary of \(name)")
      do throws(PlauditError) {
        return try index.code(text)
      } catch {
        throw error.kind == .invalidUTF8 ? named(error, row: row) : error
      }
    case .unset: return 0
    }
  }

  private func named(_ error: PlauditError, row: Int) -> PlauditError {
    PlauditError(error.kind, "column \(name), row \(row): \(error.message)", index: Int64(row))
  }

  // MARK: Another table's keys

  /// The code that a key of another column has here.
  func code(of other: KeyColumn, _ code: Int) throws(PlauditError) -> Int {
    guard code > 0 else { return 0 }
    switch (values, other.values) {
    case (.integers(let index), .integers(let theirs)):
      return try index.code(theirs.value(at: code - 1))
    case (.texts(let index), .texts(let theirs)):
      return try index.code(theirs.bytes(at: code - 1))
    default: throw PlauditError(.internal, "keys of \(name) were not settled")
    }
  }
}
