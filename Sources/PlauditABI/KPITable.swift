public import CPlaudit
import Glibc
import PlauditCore
import PlauditStats

// The part of plaudit.h's stats section that sums columns to KPIs by group.

/// A result with its names as C strings.
final class KPIResultObject {
  let result: KPITableResult
  let names: [UnsafeMutablePointer<CChar>?]
  let formats: [UnsafeMutablePointer<CChar>?]

  init(_ result: KPITableResult) {
    self.result = result
    names = result.columns.map { strdup($0.name) }
    formats = result.columns.map { $0.column.format.isEmpty ? nil : strdup($0.column.format) }
  }

  deinit { for text in names + formats { free(text) } }
}

let kpiTables = Handle<KPITable>(kind: .kpiTable, name: "plaudit_kpi_table", exclusive: true)
let kpiResults = Handle<KPIResultObject>(
  kind: .kpiResult, name: "plaudit_kpi_result", exclusive: false)

// MARK: Names

nonisolated(unsafe) private let kpiNames = Dictionary(
  uniqueKeysWithValues: KPI.allCases.map { ($0.rawValue, strdup($0.definition.label)) })
nonisolated(unsafe) private let measureNames = Dictionary(
  uniqueKeysWithValues: KPIMeasure.allCases.map { ($0.rawValue, strdup($0.name)) })
nonisolated(unsafe) private let noName = strdup("")

@implementation @_cdecl("plaudit_kpi_name")
public func plaudit_kpi_name(_ kpi: Int32) -> UnsafePointer<CChar>? {
  UnsafePointer((kpiNames[kpi] ?? nil) ?? noName)
}

@implementation @_cdecl("plaudit_measure_name")
public func plaudit_measure_name(_ measure: Int32) -> UnsafePointer<CChar>? {
  UnsafePointer((measureNames[measure] ?? nil) ?? noName)
}

// MARK: Options

func known(_ kpi: Int32) throws(PlauditError) -> KPI {
  guard let kpi = KPI(rawValue: kpi) else {
    let known = KPI.allCases.map { String($0.rawValue) }.joined(separator: ", ")
    throw PlauditError(.outOfRange, "kpi is \(kpi), known are \(known)")
  }
  return kpi
}

private func specification(
  _ pointer: UnsafePointer<plaudit_kpi_options>?
) throws(PlauditError) -> KPITableSpec {
  let given = try options(
    try required(pointer, "options"), zero: plaudit_kpi_options(), "options")
  let keyCount = try counted(given.key_count, "options", field: "key_count")
  let measureCount = try counted(given.measure_count, "options", field: "measure_count")
  let kpiCount = try counted(given.kpi_count, "options", field: "kpi_count")
  guard keyCount <= 1024, measureCount <= 1024, kpiCount <= 1024 else {
    throw PlauditError(.limit, "options has a count above 1024")
  }
  var keys: [String] = []
  for name in try array(given.key_names, keyCount, "key_names") {
    keys.append(try string(name, -1, "key_names"))
  }
  var measures: [KPITableSpec.Measure] = []
  for (place, number) in try array(given.measures, measureCount, "measures").enumerated() {
    guard let measure = KPIMeasure(rawValue: number) else {
      let known = KPIMeasure.allCases.map { String($0.rawValue) }.joined(separator: ", ")
      throw PlauditError(.outOfRange, "a measure is \(number), known are \(known)")
    }
    var name: String?
    if let given = given.measure_names?[place] { name = try string(given, -1, "measure_names") }
    let micros = try flag(given.measure_micros?[place] ?? 0, "measure_micros")
    measures.append(KPITableSpec.Measure(measure, name: name, isMicros: micros))
  }
  var kpis: [KPI] = []
  for number in try array(given.kpis, kpiCount, "kpis") { kpis.append(try known(number)) }
  var spec = KPITableSpec(keys: keys, measures: measures, kpis: kpis)
  if given.confidence != 0 { spec.confidence = given.confidence }
  if given.margin != 0 { spec.margin = given.margin }
  guard let missing = KPITableSpec.Missing(rawValue: given.missing) else {
    throw PlauditError(.outOfRange, "missing is \(given.missing), allowed are 0 to 2")
  }
  guard let order = KPITableSpec.Order(rawValue: given.order) else {
    throw PlauditError(.outOfRange, "order is \(given.order), allowed are 0 to 1")
  }
  spec.missing = missing
  spec.order = order
  guard let method = RateMethod(rawValue: given.method) else {
    throw PlauditError(.outOfRange, "method is \(given.method), allowed are 0 to 4")
  }
  if try flag(given.intervals, "intervals") { spec.interval = method }
  return spec
}

// MARK: Columns of the host

private let columnSize = MemoryLayout<plaudit_column>.size

private func columns(
  _ pointer: UnsafePointer<plaudit_column>?, _ count: Int
) throws(PlauditError) -> [Column] {
  guard count > 0 else { return [] }
  let first = UnsafeRawPointer(try required(pointer, "columns"))
  // A newer host has larger elements; their size is in each.
  let size = first.loadUnaligned(as: Int64.self)
  guard size >= columnSize, size <= 4096 else {
    throw PlauditError(
      .invalidArgument,
      "columns->struct_size is \(size); set it to sizeof the struct, \(columnSize)")
  }
  var made: [Column] = []
  for place in 0..<count {
    let element = (first + place * Int(size)).assumingMemoryBound(to: plaudit_column.self)
    made.append(try column(element, depth: 0))
  }
  return made
}

private func column(
  _ pointer: UnsafePointer<plaudit_column>, depth: Int
) throws(PlauditError) -> Column {
  let given = try options(pointer, zero: plaudit_column(), "columns")
  guard let type = ColumnType(rawValue: given.type) else {
    let known = ColumnType.allCases.map { String($0.rawValue) }.joined(separator: ", ")
    throw PlauditError(.outOfRange, "the type of a column is \(given.type), known are \(known)")
  }
  guard type != .textView else {
    throw PlauditError(.unsupported, "columns of text views come through Arrow only")
  }
  var dictionary: [Column] = []
  if let values = given.dictionary {
    guard depth == 0 else {
      throw PlauditError(.unsupported, "a dictionary of dictionary codes is not supported")
    }
    dictionary = [try column(values, depth: 1)]
  }
  var format = ""
  if let name = given.format { format = try string(name, -1, "format") }
  return Column(
    type: type, count: try counted(given.count, "columns", field: "count"),
    offset: try counted(given.offset, "columns", field: "offset"), values: given.values,
    starts: given.text_offsets,
    byteCount: type.isText ? try counted(given.byte_count, "columns", field: "byte_count") : nil,
    validity: given.validity, format: format, dictionary: dictionary)
}

// MARK: Tables

@implementation @_cdecl("plaudit_kpi_table_create")
public func plaudit_kpi_table_create(
  _ options: UnsafePointer<plaudit_kpi_options>?,
  _ out_table: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_table?.pointee = nil
  return call(error) {
    let slot = try required(out_table, "out_table")
    slot.pointee = try kpiTables.make(try KPITable(try specification(options)))
  }
}

@implementation @_cdecl("plaudit_kpi_table_add")
public func plaudit_kpi_table_add(
  _ table: OpaquePointer?, _ columns: UnsafePointer<plaudit_column>?, _ column_count: Int64,
  _ run: UnsafePointer<plaudit_run_options>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try kpiTables.use(table, "table") { table in
      let count = try counted(column_count, "column_count")
      guard count <= 2048 else {
        throw PlauditError(.limit, "column_count is \(count), at most 2048 are allowed")
      }
      let columns = try PlauditABI.columns(columns, count)
      try withRun(run) { control, _ in try table.add(columns, control: control) }
    }
  }
}

@implementation @_cdecl("plaudit_kpi_table_add_arrow")
public func plaudit_kpi_table_add_arrow(
  _ table: OpaquePointer?, _ array: UnsafeMutablePointer<ArrowArray>?,
  _ schema: UnsafeMutablePointer<ArrowSchema>?, _ run: UnsafePointer<plaudit_run_options>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  defer {
    release(array)
    release(schema)
  }
  return call(error) {
    try kpiTables.use(table, "table") { table in
      let array = try required(array, "array")
      let schema = try required(schema, "schema")
      guard array.pointee.release != nil else {
        throw PlauditError(.invalidState, "array was released")
      }
      guard schema.pointee.release != nil else {
        throw PlauditError(.invalidState, "schema was released")
      }
      let columns = try PlauditABI.columns(table.spec.columnNames, of: array, schema)
      try withRun(run) { control, _ in try table.add(columns, control: control) }
    }
  }
}

@implementation @_cdecl("plaudit_kpi_table_add_stream")
public func plaudit_kpi_table_add_stream(
  _ table: OpaquePointer?, _ stream: UnsafeMutablePointer<ArrowArrayStream>?,
  _ run: UnsafePointer<plaudit_run_options>?, _ error: ErrorSlot?
) -> plaudit_status {
  defer { release(stream) }
  return call(error) {
    try kpiTables.use(table, "table") { table in
      let stream = try required(stream, "stream")
      guard stream.pointee.release != nil else {
        throw PlauditError(.invalidState, "stream was released")
      }
      let names = table.spec.columnNames
      try withRun(run) { control, _ in
        let before = table.rowCount
        try batches(of: stream) { array, schema in
          let done = table.rowCount - before
          do {
            try table.add(try PlauditABI.columns(names, of: array, schema), control: control)
          } catch let failure as PlauditError where failure.index >= 0 && done > 0 {
            throw failure.at(index: failure.index + done)
          }
        }
      }
    }
  }
}

@implementation @_cdecl("plaudit_kpi_table_finish")
public func plaudit_kpi_table_finish(
  _ table: OpaquePointer?, _ out_result: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_result?.pointee = nil
  return call(error) {
    try kpiTables.use(table, "table") {
      let slot = try required(out_result, "out_result")
      slot.pointee = try kpiResults.make(KPIResultObject(try $0.finish()))
    }
  }
}

@implementation @_cdecl("plaudit_kpi_table_free")
public func plaudit_kpi_table_free(_ table: UnsafeMutablePointer<OpaquePointer?>?) {
  kpiTables.free(table)
}

// MARK: States

@implementation @_cdecl("plaudit_kpi_table_state")
public func plaudit_kpi_table_state(
  _ table: OpaquePointer?, _ out_state: UnsafeMutablePointer<UInt8>?, _ capacity: Int64,
  _ out_size: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_size?.pointee = 0
  return call(error) {
    try kpiTables.use(table, "table") {
      let size = try required(out_size, "out_size")
      let state = try $0.state()
      if out_state != nil || capacity != 0 {
        let room = try buffer(out_state, capacity: capacity, needed: state.count, "out_state")
        state.withBytes { UnsafeMutableRawBufferPointer(room).copyMemory(from: $0) }
      }
      size.pointee = Int64(state.count)
    }
  }
}

private func stateBytes(
  _ state: UnsafePointer<UInt8>?, _ size: Int64
) throws(PlauditError) -> UnsafeRawBufferPointer {
  UnsafeRawBufferPointer(try array(state, try counted(size, "size"), "state"))
}

@implementation @_cdecl("plaudit_kpi_table_load")
public func plaudit_kpi_table_load(
  _ state: UnsafePointer<UInt8>?, _ size: Int64, _ out_table: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  out_table?.pointee = nil
  return call(error) {
    let slot = try required(out_table, "out_table")
    slot.pointee = try kpiTables.make(try KPITable(state: try stateBytes(state, size)))
  }
}

@implementation @_cdecl("plaudit_kpi_table_merge")
public func plaudit_kpi_table_merge(
  _ table: OpaquePointer?, _ state: UnsafePointer<UInt8>?, _ size: Int64, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try kpiTables.use(table, "table") { try $0.merge(state: try stateBytes(state, size)) }
  }
}

// MARK: Results

@implementation @_cdecl("plaudit_kpi_result_size")
public func plaudit_kpi_result_size(
  _ result: OpaquePointer?, _ out_groups: UnsafeMutablePointer<Int64>?,
  _ out_columns: UnsafeMutablePointer<Int64>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_groups?.pointee = 0
  out_columns?.pointee = 0
  return call(error) {
    try kpiResults.use(result, "result") {
      let groups = try required(out_groups, "out_groups")
      let columns = try required(out_columns, "out_columns")
      groups.pointee = Int64($0.result.groupCount)
      columns.pointee = Int64($0.result.columns.count)
    }
  }
}

@implementation @_cdecl("plaudit_kpi_result_column")
public func plaudit_kpi_result_column(
  _ result: OpaquePointer?, _ index: Int64,
  _ out_column: UnsafeMutablePointer<plaudit_result_column>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    try kpiResults.use(result, "result") {
      let slot = try output(out_column, "out_column")
      guard index >= 0, index < Int64($0.result.columns.count) else {
        throw PlauditError(
          .outOfRange, "index is \(index), there are \($0.result.columns.count) columns")
      }
      let part = $0.result.columns[Int(index)]
      let column = plaudit_column(
        struct_size: Int64(columnSize), count: Int64(part.column.count), offset: 0,
        values: part.column.values, text_offsets: part.column.starts,
        byte_count: Int64(part.column.byteCount ?? 0), validity: part.column.validity,
        dictionary: nil, format: UnsafePointer($0.formats[Int(index)]),
        type: part.column.type.rawValue, reserved: 0)
      slot.pointee = plaudit_result_column(
        struct_size: slot.pointee.struct_size, name: UnsafePointer($0.names[Int(index)]),
        null_count: Int64(part.nullCount), role: part.role.rawValue, subject: part.subject,
        column: column)
    }
  }
}

@implementation @_cdecl("plaudit_kpi_result_export")
public func plaudit_kpi_result_export(
  _ result: OpaquePointer?, _ out_array: UnsafeMutablePointer<ArrowArray>?,
  _ out_schema: UnsafeMutablePointer<ArrowSchema>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_array?.pointee = ArrowArray()
  out_schema?.pointee = ArrowSchema()
  return call(error) {
    try kpiResults.use(result, "result") {
      let array = try required(out_array, "out_array")
      let schema = try required(out_schema, "out_schema")
      (array.pointee, schema.pointee) = try exported($0.result)
    }
  }
}

@implementation @_cdecl("plaudit_kpi_result_free")
public func plaudit_kpi_result_free(_ result: UnsafeMutablePointer<OpaquePointer?>?) {
  kpiResults.free(result)
}
