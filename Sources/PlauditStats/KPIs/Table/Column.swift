import CColumns
import PlauditCore

/// The layout of a column's values; raw values are `PLAUDIT_TYPE_…` of plaudit.h.
package enum ColumnType: Int32, CaseIterable, Sendable {
  case int8 = 10
  case int16 = 11
  case int32 = 12
  case int64 = 13
  case uint8 = 14
  case uint16 = 15
  case uint32 = 16
  case uint64 = 17
  /// One bit a row, least significant first.
  case boolean = 18
  case float32 = 20
  case float64 = 21
  /// Bytes with 32-bit offsets.
  case text = 30
  /// Bytes with 64-bit offsets.
  case largeText = 31
  /// Arrow's string views of 16 bytes.
  case textView = 32
  /// No values at all: every row is null.
  case null = 40

  package var isInteger: Bool { rawValue <= ColumnType.boolean.rawValue }
  package var isReal: Bool { self == .float32 || self == .float64 }
  package var isText: Bool { self == .text || self == .largeText || self == .textView }
}

/// A column of a batch, in Arrow's layout; borrowed for the call.
package final class Column {
  package var type: ColumnType
  /// Rows, not counting `offset`.
  package var count: Int
  /// Rows before the first in every buffer.
  package var offset: Int
  /// Numbers, bits, bytes of text, or views.
  package var values: UnsafeRawPointer?
  /// Where each text starts in `values`, count + 1 of them; 32 or 64 bits by `type`.
  package var starts: UnsafeRawPointer?
  /// Bytes in `values` of a text column, nil where only the offsets know.
  package var byteCount: Int?
  /// One bit a row, least significant first, 0 for null; nil when nothing is.
  package var validity: UnsafePointer<UInt8>?
  /// The data buffers of a text view, and their sizes.
  private let viewBases: [UnsafePointer<UInt8>?]
  private let viewSizes: [Int64]
  /// Arrow's format of what integers mean, such as "tdD"; empty for plain numbers.
  package var format: String
  /// The column whose rows the values count; the values are integers then. Empty or one.
  package var dictionary: [Column]

  package init(
    type: ColumnType, count: Int, offset: Int = 0, values: UnsafeRawPointer?,
    starts: UnsafeRawPointer? = nil, byteCount: Int? = nil,
    validity: UnsafePointer<UInt8>? = nil, views: [UnsafeRawBufferPointer] = [],
    format: String = "", dictionary: [Column] = []
  ) {
    self.type = type
    self.count = count
    self.offset = offset
    self.values = values
    self.starts = starts
    self.byteCount = byteCount
    self.validity = validity
    viewBases = views.map { $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    viewSizes = views.map { Int64($0.count) }
    self.format = format
    self.dictionary = dictionary
  }

  /// Refuses a column that has no buffer where one is needed.
  func check(_ name: String) throws(PlauditError) {
    guard count >= 0, offset >= 0, count <= 1 << 40, offset <= 1 << 40 else {
      throw PlauditError(
        .invalidArgument, "column \(name) has \(count) rows after \(offset), which is no range")
    }
    if count == 0 || type == .null { return }
    if values == nil, !(type.isText && (byteCount ?? 0) == 0) {
      throw PlauditError(.nullPointer, "column \(name) has no values")
    }
    if type == .text || type == .largeText, starts == nil {
      throw PlauditError(.nullPointer, "column \(name) has no text offsets")
    }
  }

  @inline(__always)
  func isValid(_ row: Int) -> Bool {
    guard let validity else { return type != .null }
    let bit = offset &+ row
    return validity[bit >> 3] >> UInt8(truncatingIfNeeded: bit & 7) & 1 == 1
  }

  /// Whether every one of some rows is valid; looks at eight at a time.
  func areAllValid(_ rows: Range<Int>) -> Bool {
    if type == .null { return rows.isEmpty }
    guard let validity else { return true }
    var bit = offset &+ rows.lowerBound
    let end = offset &+ rows.upperBound
    while bit < end {
      if bit & 7 == 0, end &- bit >= 64 {
        let bytes = UnsafeRawPointer(validity) + bit >> 3
        if bytes.loadUnaligned(as: UInt64.self) != .max { return false }
        bit &+= 64
      } else {
        if validity[bit >> 3] >> UInt8(truncatingIfNeeded: bit & 7) & 1 == 0 { return false }
        bit &+= 1
      }
    }
    return true
  }

  // MARK: Loading

  /// The integers of some rows: the column's own memory when it holds them, else `room`.
  ///
  /// - Throws: `invalidData` with the row for a value above 2^63 - 1.
  func integers(
    _ rows: Range<Int>, room: UnsafeMutablePointer<Int64>, _ name: String
  ) throws(PlauditError) -> UnsafePointer<Int64> {
    guard let values else { throw PlauditError(.nullPointer, "column \(name) has no values") }
    let first = offset &+ rows.lowerBound
    func widen<T: FixedWidthInteger>(_ kind: T.Type) {
      let from = values + first &* MemoryLayout<T>.stride
      for row in 0..<rows.count {
        room[row] = Int64(
          truncatingIfNeeded: from.loadUnaligned(
            fromByteOffset: row &* MemoryLayout<T>.stride, as: T.self))
      }
    }
    switch type {
    case .int8: widen(Int8.self)
    case .int16: widen(Int16.self)
    case .int32: widen(Int32.self)
    case .uint8: widen(UInt8.self)
    case .uint16: widen(UInt16.self)
    case .uint32: widen(UInt32.self)
    case .int64, .uint64:
      let address = UInt(bitPattern: values) & 7
      guard address == 0 else {
        widen(Int64.self)
        break
      }
      return (values + first &* 8).assumingMemoryBound(to: Int64.self)
    case .boolean:
      let bits = values.assumingMemoryBound(to: UInt8.self)
      for row in 0..<rows.count {
        let bit = first &+ row
        room[row] = Int64(bits[bit >> 3] >> UInt8(truncatingIfNeeded: bit & 7) & 1)
      }
    default:
      throw PlauditError(.invalidArgument, "column \(name) does not hold whole numbers")
    }
    return UnsafePointer(room)
  }

  /// Where the values of rows are, of eight bytes each; nil for other widths.
  var wideValues: UnsafePointer<CChar>? {
    guard let values, type == .int64 || type == .uint64 || type == .float64 else { return nil }
    return values.assumingMemoryBound(to: CChar.self) + offset &* 8
  }

  /// The doubles of some rows.

  func reals(
    _ rows: Range<Int>, room: UnsafeMutablePointer<Double>, _ name: String
  ) throws(PlauditError) -> UnsafePointer<Double> {
    guard let values else { throw PlauditError(.nullPointer, "column \(name) has no values") }
    let first = offset &+ rows.lowerBound
    switch type {
    case .float64 where UInt(bitPattern: values) & 7 == 0:
      return (values + first &* 8).assumingMemoryBound(to: Double.self)
    case .float64:
      for row in 0..<rows.count {
        room[row] = values.loadUnaligned(fromByteOffset: (first &+ row) &* 8, as: Double.self)
      }
    case .float32:
      for row in 0..<rows.count {
        room[row] = Double(
          values.loadUnaligned(fromByteOffset: (first &+ row) &* 4, as: Float.self))
      }
    default:
      throw PlauditError(.invalidArgument, "column \(name) does not hold floating-point numbers")
    }
    return UnsafePointer(room)
  }

  /// Where the texts of some rows are.
  ///
  /// - Throws: `invalidData` with the row for offsets that decrease or lie outside of the data.
  func texts(
    _ rows: Range<Int>, into texts: UnsafeMutablePointer<pc_text>, _ name: String
  ) throws(PlauditError) {
    let first = offset &+ rows.lowerBound
    let done: Int64
    switch type {
    case .text, .largeText:
      guard let starts else { throw PlauditError(.nullPointer, "column \(name) has no offsets") }
      let isWide = type == .largeText
      done = pc_texts(
        starts + first &* (isWide ? 8 : 4), isWide ? 1 : 0,
        values?.assumingMemoryBound(to: UInt8.self), Int64(byteCount ?? 1 << 44),
        Int64(rows.count), texts)
    case .textView:
      guard let values else { throw PlauditError(.nullPointer, "column \(name) has no values") }
      let bytes = (values + first &* 16).assumingMemoryBound(to: UInt8.self)
      done = viewBases.withUnsafeBufferPointer { bases in
        viewSizes.withUnsafeBufferPointer {
          pc_views(
            bytes, Int64(rows.count), bases.baseAddress, $0.baseAddress, Int64(bases.count), texts)
        }
      }
    default: throw PlauditError(.invalidArgument, "column \(name) does not hold text")
    }
    if done < Int64(rows.count) { throw outOfRange(rows.lowerBound + Int(done), name) }
  }

  /// The bytes of one text; the row must be in range.
  func text(_ row: Int, _ name: String) throws(PlauditError) -> UnsafeBufferPointer<UInt8> {
    var text = pc_text()
    try texts(row..<row + 1, into: &text, name)
    return UnsafeBufferPointer(start: text.bytes, count: Int(text.length))
  }

  private func outOfRange(_ row: Int, _ name: String) -> PlauditError {
    PlauditError(
      .invalidData, "column \(name): the text of row \(row) lies outside of its data",
      index: Int64(row))
  }
}
