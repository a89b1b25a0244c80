import PlauditCore

@testable import PlauditStats

/// Columns made of arrays, whose memory lives as long as this object.
final class TableColumns {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  private func hold<T: BitwiseCopyable>(_ values: [T]) -> UnsafeRawPointer {
    let size = max(1, values.count) * MemoryLayout<T>.stride
    let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    blocks.append(block)
    values.withUnsafeBytes {
      block.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(block), byteCount: $0.count)
    }
    return UnsafeRawPointer(block)
  }

  private func validity(_ isValid: [Bool]) -> UnsafePointer<UInt8>? {
    if isValid.allSatisfy({ $0 }) { return nil }
    var bits = [UInt8](repeating: 0, count: (isValid.count + 7) / 8)
    for (row, valid) in isValid.enumerated() where valid { bits[row / 8] |= 1 << UInt8(row % 8) }
    return hold(bits).assumingMemoryBound(to: UInt8.self)
  }

  func reals(_ values: [Double?]) -> Column {
    Column(
      type: .float64, count: values.count, values: hold(values.map { $0 ?? 1e300 }),
      validity: validity(values.map { $0 != nil }))
  }

  func integers(_ values: [Int64?]) -> Column {
    Column(
      type: .int64, count: values.count, values: hold(values.map { $0 ?? 987_654_321 }),
      validity: validity(values.map { $0 != nil }))
  }

  func narrow<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: [T], _ type: ColumnType, format: String = ""
  ) -> Column {
    Column(type: type, count: values.count, values: hold(values), format: format)
  }

  func texts(_ values: [String?], large: Bool = false) -> Column {
    var bytes: [UInt8] = []
    var starts: [Int64] = [0]
    for value in values {
      bytes += Array((value ?? "").utf8)
      starts.append(Int64(bytes.count))
    }
    let offsets = large ? hold(starts) : hold(starts.map { Int32($0) })
    return Column(
      type: large ? .largeText : .text, count: values.count, values: hold(bytes), starts: offsets,
      byteCount: bytes.count, validity: validity(values.map { $0 != nil }))
  }

  /// Views of 16 bytes: short texts inside, long ones in a buffer.
  func views(_ values: [String]) -> Column {
    var words: [UInt8] = []
    var data: [UInt8] = []
    func append(_ number: Int) {
      withUnsafeBytes(of: Int32(number).littleEndian) { words += Array($0) }
    }
    for value in values {
      let bytes = Array(value.utf8)
      append(bytes.count)
      if bytes.count <= 12 {
        words += bytes + [UInt8](repeating: 0, count: 12 - bytes.count)
      } else {
        words += bytes[..<4]
        append(0)
        append(data.count)
        data += bytes
      }
    }
    return Column(
      type: .textView, count: values.count, values: hold(words),
      views: [UnsafeRawBufferPointer(start: hold(data), count: data.count)])
  }

  func codes(_ codes: [Int64?], of dictionary: Column) -> Column {
    let column = integers(codes)
    column.dictionary = [dictionary]
    return column
  }
}

/// A result as plain arrays.
struct TableRows {
  let count: Int
  private let result: KPITableResult

  init(_ result: KPITableResult) {
    self.result = result
    count = result.groupCount
  }

  private func part(_ name: String) -> KPITableResult.Part? {
    result.columns.first { $0.name == name }
  }

  var names: [String] { result.columns.map(\.name) }

  /// Numbers of a column, nil where null; NaN for a column that is not there.
  func numbers(_ name: String) -> [Double?] {
    guard let column = part(name)?.column, let values = column.values else { return [.nan] }
    return (0..<count).map { row in
      guard column.isValid(row) else { return nil }
      switch column.type {
      case .float64: return values.loadUnaligned(fromByteOffset: row * 8, as: Double.self)
      case .int32: return Double(values.loadUnaligned(fromByteOffset: row * 4, as: Int32.self))
      default: return Double(values.loadUnaligned(fromByteOffset: row * 8, as: Int64.self))
      }
    }
  }

  func flags(_ name: String) -> [KPIFlags] {
    numbers(name).map { KPIFlags(rawValue: Int32($0 ?? -1)) }
  }

  func texts(_ name: String) -> [String?] {
    guard let column = part(name)?.column else { return [] }
    return (0..<count).map { row in
      guard column.isValid(row), let text = try? column.text(row, name) else { return nil }
      return String(decoding: text, as: UTF8.self)
    }
  }

  /// Every value of every column as text, for comparisons bit by bit.
  var everything: [String] {
    result.columns.flatMap { part -> [String] in
      part.column.type.isText
        ? texts(part.name).map { $0 ?? "null" }
        : numbers(part.name).map { $0.map { "\($0.bitPattern)" } ?? "null" }
    }
  }
}
