import CPlaudit
import Glibc
import PlauditCore
import PlauditStats

// Columns of the Arrow C Data and Stream interfaces, in and out. What comes in is borrowed while it
// is read; whoever received it releases it.

/// Releases what a host handed over, at most once.
func release(_ array: UnsafeMutablePointer<ArrowArray>?) {
  if let array, let release = array.pointee.release { release(array) }
}

func release(_ schema: UnsafeMutablePointer<ArrowSchema>?) {
  if let schema, let release = schema.pointee.release { release(schema) }
}

func release(_ stream: UnsafeMutablePointer<ArrowArrayStream>?) {
  if let stream, let release = stream.pointee.release { release(stream) }
}

// MARK: - In

/// The columns of a record batch by name, in the wanted order; others are not looked at.
func columns(
  _ names: [String], of array: UnsafePointer<ArrowArray>, _ schema: UnsafePointer<ArrowSchema>
) throws(PlauditError) -> [Column] {
  let batch = array.pointee
  guard text(schema.pointee.format) == "+s" else {
    throw PlauditError(
      .unsupported,
      "the Arrow schema has format '\(text(schema.pointee.format))', a struct '+s' is needed")
  }
  let count = try counted(batch.length, "array", field: "length")
  let offset = try counted(batch.offset, "array", field: "offset")
  let fields = try counted(schema.pointee.n_children, "schema", field: "n_children")
  guard batch.n_children == schema.pointee.n_children else {
    throw PlauditError(
      .invalidArgument,
      "the array has \(batch.n_children) children, its schema \(schema.pointee.n_children)")
  }
  if batch.null_count != 0, batch.n_buffers > 0, batch.buffers?[0] != nil {
    throw PlauditError(.unsupported, "the record batch has null rows; null values are allowed")
  }
  var places: [String: Int] = [:]
  for place in 0..<fields {
    guard let field = schema.pointee.children?[place] else {
      throw PlauditError(.nullPointer, "child \(place) of the schema is NULL")
    }
    let name = text(field.pointee.name)
    guard names.contains(name) else { continue }
    guard places.updateValue(place, forKey: name) == nil else {
      throw PlauditError(.invalidArgument, "the record batch has two columns \(name)")
    }
  }
  var found: [Column] = []
  for name in names {
    guard let place = places[name] else {
      throw PlauditError(.invalidArgument, "the record batch has no column \(name)")
    }
    guard let child = batch.children?[place], let field = schema.pointee.children?[place] else {
      throw PlauditError(.nullPointer, "column \(name) is NULL")
    }
    let column = try PlauditABI.column(name, child, field)
    guard column.count - offset >= count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: \(name) has \(column.count) rows of \(offset + count)")
    }
    column.offset += offset
    column.count = count
    found.append(column)
  }
  return found
}

private func text(_ string: UnsafePointer<CChar>?) -> String {
  string.map { String(cString: $0) } ?? ""
}

/// A count of an Arrow column.
private func counted(
  _ count: Int64, of column: String, _ what: StaticString
) throws(PlauditError) -> Int {
  guard count >= 0, count <= 1 << 40 else {
    throw PlauditError(
      .invalidArgument, "column \(column): its \(what) is \(count), allowed are 0 to 2^40")
  }
  return Int(count)
}

private let layouts: [String: ColumnType] = [
  "n": .null, "b": .boolean, "c": .int8, "C": .uint8, "s": .int16, "S": .uint16, "i": .int32,
  "I": .uint32, "l": .int64, "L": .uint64, "f": .float32, "g": .float64, "u": .text,
  "U": .largeText, "vu": .textView, "tdD": .int32, "tdm": .int64, "tts": .int32, "ttm": .int32,
  "ttu": .int64, "ttn": .int64, "tDs": .int64, "tDm": .int64, "tDu": .int64, "tDn": .int64,
]

private func column(
  _ name: String, _ array: UnsafePointer<ArrowArray>, _ schema: UnsafePointer<ArrowSchema>
) throws(PlauditError) -> Column {
  guard array.pointee.release != nil else {
    throw PlauditError(.invalidState, "column \(name) was released")
  }
  let format = text(schema.pointee.format)
  let isTimestamp = format.hasPrefix("ts")
  guard let type = isTimestamp ? ColumnType.int64 : layouts[format] else {
    throw PlauditError(
      .unsupported,
      "column \(name) has Arrow format '\(format)'; known are integers, float32, float64, bool, "
        + "strings, string views, dates, times, and dictionaries of them")
  }
  let count = try counted(array.pointee.length, of: name, "length")
  let offset = try counted(array.pointee.offset, of: name, "offset")
  let made = Column(
    type: type, count: count, offset: offset, values: nil,
    views: type == .textView ? try views(name, array.pointee) : [],
    format: format.hasPrefix("t") ? format : "")
  if let dictionary = array.pointee.dictionary, let values = schema.pointee.dictionary {
    made.dictionary = [try column("dictionary of \(name)", dictionary, values)]
  } else if array.pointee.dictionary != nil || schema.pointee.dictionary != nil {
    throw PlauditError(.invalidArgument, "column \(name) has a dictionary on one side only")
  }
  if type == .null { return made }
  let needed = type == .text || type == .largeText ? 3 : 2
  guard array.pointee.n_buffers >= Int64(needed), let buffers = array.pointee.buffers else {
    throw PlauditError(
      .invalidArgument, "column \(name) has \(array.pointee.n_buffers) buffers of \(needed)")
  }
  if array.pointee.null_count != 0 {
    made.validity = buffers[0]?.assumingMemoryBound(to: UInt8.self)
  }
  switch type {
  case .text, .largeText:
    made.starts = buffers[1]
    made.values = buffers[2]
    // Only the offsets know how long the data are: the last one is the bound for all.
    if count > 0, let starts = buffers[1] {
      let last = offset + count
      made.byteCount =
        type == .text
        ? Int(starts.loadUnaligned(fromByteOffset: last * 4, as: Int32.self))
        : Int(starts.loadUnaligned(fromByteOffset: last * 8, as: Int64.self))
    }
  default: made.values = buffers[1]
  }
  return made
}

/// The data buffers of a string view, whose sizes are in its last buffer.
private func views(
  _ name: String, _ array: ArrowArray
) throws(PlauditError) -> [UnsafeRawBufferPointer] {
  guard let buffers = array.buffers else {
    throw PlauditError(.invalidArgument, "column \(name) has no buffers")
  }
  let count = try counted(array.n_buffers &- 3, of: name, "number of buffers")
  guard count > 0 else { return [] }
  guard let sizes = buffers[count + 2] else {
    throw PlauditError(.nullPointer, "column \(name) has no buffer sizes")
  }
  var found: [UnsafeRawBufferPointer] = []
  for place in 0..<count {
    let size = try counted(
      sizes.loadUnaligned(fromByteOffset: place * 8, as: Int64.self), of: name, "buffer size")
    let data = buffers[place + 2]
    found.append(UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : size))
  }
  return found
}

/// Hands every batch of a stream to `body`.
func batches(
  of stream: UnsafeMutablePointer<ArrowArrayStream>,
  _ body: (UnsafePointer<ArrowArray>, UnsafePointer<ArrowSchema>) throws -> Void
) throws {
  guard let getSchema = stream.pointee.get_schema, let getNext = stream.pointee.get_next else {
    throw PlauditError(.nullPointer, "the stream has no get_schema or get_next")
  }
  func check(_ status: Int32) throws(PlauditError) {
    guard status != 0 else { return }
    let cause = stream.pointee.get_last_error?(stream).map { String(cString: $0) }
    throw PlauditError(
      .inputOutput, "the Arrow stream failed (\(status)): \(cause ?? "it does not say why")")
  }
  var schema = ArrowSchema()
  defer { release(&schema) }
  try check(getSchema(stream, &schema))
  guard schema.release != nil else {
    throw PlauditError(.invalidState, "the schema of the stream was released")
  }
  while true {
    var array = ArrowArray()
    defer { release(&array) }
    try check(getNext(stream, &array))
    guard array.release != nil else { return }
    try body(&array, &schema)
  }
}

// MARK: - Out

/// What an exported struct keeps alive: the result, and the memory of its own that goes with it.
private final class Exported {
  let result: KPITableResult
  var blocks: [UnsafeMutableRawPointer] = []

  init(_ result: KPITableResult) { self.result = result }
  deinit { for block in blocks { free(block) } }

  func room<T>(_ count: Int, of type: T.Type) throws(PlauditError) -> UnsafeMutablePointer<T> {
    guard let block = calloc(max(1, count), MemoryLayout<T>.stride) else {
      throw PlauditError(.outOfMemory, "no memory for an Arrow export")
    }
    blocks.append(block)
    return block.bindMemory(to: T.self, capacity: max(1, count))
  }

  func copy(_ string: String) throws(PlauditError) -> UnsafePointer<CChar> {
    guard let copy = strdup(string) else {
      throw PlauditError(.outOfMemory, "no memory for an Arrow export")
    }
    blocks.append(copy)
    return UnsafePointer(copy)
  }
}

private func releaseArray(_ array: UnsafeMutablePointer<ArrowArray>?) {
  guard let array, array.pointee.release != nil else { return }
  let count = max(0, Int(array.pointee.n_children))
  for place in 0..<count { release(array.pointee.children?[place]) }
  array.pointee.release = nil
  if let kept = array.pointee.private_data { Unmanaged<Exported>.fromOpaque(kept).release() }
}

private func releaseSchema(_ schema: UnsafeMutablePointer<ArrowSchema>?) {
  guard let schema, schema.pointee.release != nil else { return }
  let count = max(0, Int(schema.pointee.n_children))
  for place in 0..<count { release(schema.pointee.children?[place]) }
  schema.pointee.release = nil
  if let kept = schema.pointee.private_data { Unmanaged<Exported>.fromOpaque(kept).release() }
}

private func format(_ column: Column) -> String {
  if !column.format.isEmpty { return column.format }
  return layouts.first { $0.value == column.type && $0.key.count == 1 }?.key ?? "n"
}

/// A struct array with the columns of a result, and its schema.
func exported(_ result: KPITableResult) throws(PlauditError) -> (ArrowArray, ArrowSchema) {
  let count = result.columns.count
  // Children may be moved away and released by themselves, so each keeps the memory alive.
  let arrays = Exported(result)
  let schemas = Exported(result)
  let arrayPlaces = try arrays.room(count, of: UnsafeMutablePointer<ArrowArray>?.self)
  let schemaPlaces = try schemas.room(count, of: UnsafeMutablePointer<ArrowSchema>?.self)
  let arrayRoom = try arrays.room(count, of: ArrowArray.self)
  let schemaRoom = try schemas.room(count, of: ArrowSchema.self)
  let top = try arrays.room(1, of: UnsafeRawPointer?.self)
  let topFormat = try schemas.copy("+s")
  let noName = try schemas.copy("")
  var parts: [(ArrowArray, ArrowSchema)] = []
  for part in result.columns {
    let isText = part.column.type.isText
    let buffers = try arrays.room(3, of: UnsafeRawPointer?.self)
    buffers[0] = part.column.validity.map { UnsafeRawPointer($0) }
    buffers[1] = isText ? part.column.starts : part.column.values
    buffers[2] = isText ? part.column.values : nil
    let array = ArrowArray(
      length: Int64(result.groupCount), null_count: Int64(part.nullCount), offset: 0,
      n_buffers: isText ? 3 : 2, n_children: 0, buffers: buffers, children: nil, dictionary: nil,
      release: releaseArray, private_data: nil)
    let schema = ArrowSchema(
      format: try schemas.copy(format(part.column)), name: try schemas.copy(part.name),
      metadata: nil, flags: Int64(ARROW_FLAG_NULLABLE), n_children: 0, children: nil,
      dictionary: nil, release: releaseSchema, private_data: nil)
    parts.append((array, schema))
  }
  // From here on nothing fails.
  for (place, part) in parts.enumerated() {
    arrayRoom[place] = part.0
    arrayRoom[place].private_data = Unmanaged.passRetained(arrays).toOpaque()
    schemaRoom[place] = part.1
    schemaRoom[place].private_data = Unmanaged.passRetained(schemas).toOpaque()
    arrayPlaces[place] = arrayRoom + place
    schemaPlaces[place] = schemaRoom + place
  }
  return (
    ArrowArray(
      length: Int64(result.groupCount), null_count: 0, offset: 0, n_buffers: 1,
      n_children: Int64(count), buffers: top, children: arrayPlaces, dictionary: nil,
      release: releaseArray, private_data: Unmanaged.passRetained(arrays).toOpaque()),
    ArrowSchema(
      format: topFormat, name: noName, metadata: nil, flags: 0, n_children: Int64(count),
      children: schemaPlaces, dictionary: nil, release: releaseSchema,
      private_data: Unmanaged.passRetained(schemas).toOpaque())
  )
}
