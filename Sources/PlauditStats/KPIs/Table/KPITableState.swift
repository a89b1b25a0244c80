package import PlauditCore

/// Partial states: what one worker has summed, as bytes that another can merge.
///
/// Groups and keys are written in their order and sums exactly, so the bytes do not depend on the
/// order of rows but for the window in which doubles are summed. Layout (little-endian): magic, version, specification, keys,
/// groups, sums, drops, checksum.
extension KPITable {
  private static let magic: UInt64 = 0x4C42_5449_504B_4C50  // "PLKPITBL"
  private static let version: UInt32 = 1

  /// The state as bytes, owned by the result.
  package func state() throws(PlauditError) -> KPITableBytes {
    try usable()
    try carryAll()
    let writer = StateWriter()
    try writer.put(KPITable.magic)
    try writer.put(KPITable.version)
    try spec.write(to: writer)
    let order = try groups.sortedGroups { rows(of: $0) > 0 }
    try writer.put(Int64(order.count))
    try writeKeys(order, writer)
    for place in 0..<order.count { try writer.put(rows(of: Int(order.base[place]))) }
    for part in parts {
      try writer.put(part.kind.rawValue)
      try write(part.missing, order, writer)
      try write(part.flags, order, writer)
      try write(part.sums, order, writer)
    }
    for drop in drops {
      try write(drop.rows, order, writer)
      for sums in drop.sums {
        try writer.put(UInt8(sums == nil ? 0 : 1))
        if let sums { try write(sums, order, writer) }
      }
    }
    try writer.put(
      checksum(UnsafeRawBufferPointer(start: writer.bytes.base, count: writer.bytes.count)))
    return KPITableBytes(writer.bytes)
  }

  /// A table with the specification and the content of a state.
  ///
  /// - Throws: `corrupt` with the byte for anything cut off or changed; `unsupported` for another
  ///   version.
  package convenience init(state bytes: UnsafeRawBufferPointer) throws(PlauditError) {
    var reader = try KPITable.opened(bytes)
    try self.init(try KPITableSpec(from: &reader))
    try absorb(&reader)
  }

  /// Adds what another table has summed, as if its rows had been added here.
  ///
  /// - Throws: `invalidArgument` for the state of another specification; `corrupt`, `unsupported`
  ///   as in `init(state:)`, before anything changes.
  package func merge(state bytes: UnsafeRawBufferPointer) throws(PlauditError) {
    try usable()
    let other = try KPITable(state: bytes)
    guard other.spec.isMergeable(with: spec) else {
      throw PlauditError(
        .invalidArgument, "the state is of a table with other keys, measures, KPIs or options")
    }
    do throws(PlauditError) {
      try merge(other)
    } catch {
      spoil(error)
      throw error
    }
  }

  private static func opened(_ bytes: UnsafeRawBufferPointer) throws(PlauditError) -> StateReader {
    var reader = StateReader(bytes)
    guard bytes.count >= 20, try reader.take(UInt64.self) == magic else {
      throw PlauditError(.corrupt, "these bytes are no state of a KPI table", offset: 0)
    }
    let version = try reader.take(UInt32.self)
    guard version == KPITable.version else {
      throw PlauditError(
        .unsupported, "the state is of version \(version), known is \(KPITable.version)")
    }
    let body = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)])
    var tail = StateReader(UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - 8)...]))
    guard try tail.take(UInt64.self) == checksum(body) else {
      throw PlauditError(
        .corrupt, "the state of a KPI table is cut off or changed: its checksum differs",
        offset: Int64(bytes.count - 8))
    }
    var rest = StateReader(body)
    _ = try rest.take(UInt64.self)
    _ = try rest.take(UInt32.self)
    return rest
  }

  // MARK: Merging

  private func merge(_ other: KPITable) throws(PlauditError) {
    for (key, theirs) in zip(groups.keys, other.groups.keys) {
      switch theirs.values {
      case .unset: break
      case .integers:
        try key.settle(isText: false, format: theirs.format, isUnsigned: theirs.isUnsigned)
      case .texts: try key.settle(isText: true, format: "", isUnsigned: false)
      }
    }
    try carryAll()
    try other.carryAll()
    for (part, theirs) in zip(parts, other.parts) where part.kind != theirs.kind {
      if theirs.kind == .real, let window = theirs.sums.window { try part.promote(to: window) }
      if part.kind == .unset { part.kind = theirs.kind }
    }
    var codes = Array(repeating: 0, count: spec.keys.count)
    var room = codes
    for group in 0..<other.groups.count where other.rows(of: group) > 0 {
      if codes.count == 1 { codes[0] = group } else { other.groups.codes(group, into: &codes) }
      for (place, key) in groups.keys.enumerated() {
        room[place] = try key.code(of: other.groups.keys[place], codes[place])
      }
      let mine = try groups.group(room)
      try addRows(other.rows(of: group), to: mine)
      for (part, theirs) in zip(parts, other.parts) {
        try part.sums.add(theirs.sums, group, to: mine)
        try add(theirs.missing, group, to: part.missing, mine)
        try part.flags.extend(to: mine + 1)
        part.flags.base[mine] |= theirs.flags.element(group, or: 0)
      }
      for (drop, theirs) in zip(drops, other.drops) {
        try add(theirs.rows, group, to: drop.rows, mine)
        for (place, sums) in theirs.sums.enumerated() {
          guard let sums else { continue }
          try drop.left(place, parts[drop.parts[place]]).add(sums, group, to: mine)
        }
      }
    }
    try relaid()
  }

  private func add(
    _ theirs: TableMemory<Int64>, _ group: Int, to mine: TableMemory<Int64>, _ place: Int
  ) throws(PlauditError) {
    let count = theirs.element(group, or: 0)
    guard count != 0 else { return }
    try mine.extend(to: place + 1)
    mine.base[place] &+= count
  }

  // MARK: Writing

  private func writeKeys(
    _ order: TableMemory<UInt32>, _ writer: StateWriter
  ) throws(PlauditError) {
    var codes = Array(repeating: 0, count: spec.keys.count)
    for (number, key) in groups.keys.enumerated() {
      let sorted = try key.sortedCodes()
      let ranks = try TableMemory<UInt32>(zeros: sorted.count)
      try writer.put(UInt8(key.isText ? 2 : key.isInteger ? 1 : 0))
      try writer.put(key.format)
      try writer.put(UInt8(key.isUnsigned ? 1 : 0))
      try writer.put(Int64(sorted.count - 1))
      for rank in 0..<(sorted.count - 1) {
        ranks.base[Int(sorted.base[rank])] = UInt32(truncatingIfNeeded: rank + 1)
        switch key.values {
        case .integers(let index): try writer.put(index.value(at: Int(sorted.base[rank]) - 1))
        case .texts(let index): try writer.put(index.bytes(at: Int(sorted.base[rank]) - 1))
        case .unset: break
        }
      }
      for place in 0..<order.count {
        let group = Int(order.base[place])
        if spec.keys.count == 1 { codes[0] = group } else { groups.codes(group, into: &codes) }
        try writer.put(ranks.base[codes[number]])
      }
    }
  }

  /// A column that has nothing to say is one byte.
  private func write<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: TableMemory<T>, _ order: TableMemory<UInt32>, _ writer: StateWriter
  ) throws(PlauditError) {
    let isUsed = (0..<order.count).contains { values.element(Int(order.base[$0]), or: 0) != 0 }
    try writer.put(UInt8(isUsed ? 1 : 0))
    guard isUsed else { return }
    for place in 0..<order.count {
      try writer.put(values.element(Int(order.base[place]), or: 0))
    }
  }

  /// Each sum exactly: the number of its words and the first of them, then the words.
  private func write(
    _ sums: ExactSums, _ order: TableMemory<UInt32>, _ writer: StateWriter
  ) throws(PlauditError) {
    try writer.put(sums.window.map { Int32(truncatingIfNeeded: $0.lower) } ?? .max)
    let room = try TableMemory<UInt64>(zeros: WideSum.words)
    let sum = WideSum(base: room.base)
    for place in 0..<order.count {
      let group = Int(order.base[place])
      sum.clear()
      sum.add(sums.total(group), exponent: sums.exponent)
      if let wide = sums.wideSum(group) { sum.add(wide) }
      let (first, count) = sum.extent
      try writer.put(UInt8(count))
      try writer.put(UInt8(first))
      for word in first..<first + count { try writer.put(room.base[word]) }
    }
  }

  // MARK: Reading

  /// Fills an empty table from the rest of a state.
  private func absorb(_ reader: inout StateReader) throws(PlauditError) {
    let count = try reader.takeCount(of: 8)
    var codes: [[Int]] = []
    for key in groups.keys { codes.append(try key.read(from: &reader, groups: count)) }
    let order = try TableMemory<UInt32>(zeros: count)
    var row = Array(repeating: 0, count: codes.count)
    for place in 0..<count {
      for key in codes.indices { row[key] = codes[key][place] }
      order.base[place] = UInt32(truncatingIfNeeded: try groups.group(row))
    }
    guard Set(order.buffer).count == count else { throw reader.corrupt("has a group twice") }
    for place in 0..<count {
      let rows = try reader.take(Int64.self)
      guard rows > 0 else { throw reader.corrupt("has a group without rows") }
      try addRows(rows, to: Int(order.base[place]))
    }
    for part in parts {
      guard let kind = TablePart.Kind(rawValue: try reader.take(UInt8.self)),
        !part.isScore || kind == .integer
      else { throw reader.corrupt("has an unknown kind of sum") }
      try read(part.missing, order, &reader)
      try read(part.flags, order, &reader)
      part.sums = try readSums(order, &reader, isReal: kind == .real)
      part.kind = kind
      if let window = part.sums.window { part.kernel = window.kernel }
    }
    for drop in drops {
      try read(drop.rows, order, &reader)
      for place in drop.sums.indices where try reader.take(UInt8.self) != 0 {
        drop.sums[place] = try readSums(order, &reader, isReal: nil)
      }
    }
    guard reader.left == 0 else { throw reader.corrupt("has bytes left over") }
    try relaid()
  }

  private func read<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: TableMemory<T>, _ order: TableMemory<UInt32>, _ reader: inout StateReader
  ) throws(PlauditError) {
    guard try reader.take(UInt8.self) != 0 else { return }
    try values.extend(to: groups.count)
    for place in 0..<order.count {
      values.base[Int(order.base[place])] = try reader.take(T.self)
    }
  }

  private func readSums(
    _ order: TableMemory<UInt32>, _ reader: inout StateReader, isReal: Bool?
  ) throws(PlauditError) -> ExactSums {
    let lower = try reader.take(Int32.self)
    let window = lower == .max ? nil : SumWindow(lower: Int(lower))
    guard (window == nil) == (lower == .max), isReal == nil || isReal == (window != nil) else {
      throw reader.corrupt("has an unknown window of sums")
    }
    let sums = ExactSums(window: window)
    let room = try TableMemory<UInt64>(zeros: WideSum.words)
    let sum = WideSum(base: room.base)
    for place in 0..<order.count {
      let count = Int(try reader.take(UInt8.self))
      let first = Int(try reader.take(UInt8.self))
      guard first + count <= WideSum.words else { throw reader.corrupt("has too long a sum") }
      sum.clear()
      for word in first..<first + count { room.base[word] = try reader.take(UInt64.self) }
      sum.extend(from: first + count)
      let group = Int(order.base[place])
      if let units = sum.integer(exponent: sums.exponent) {
        try sums.add(units, to: group)
      } else {
        try sums.addWide(sum, to: group)
      }
    }
    return sums
  }
}

/// The bytes of a state.
package final class KPITableBytes {
  private let memory: TableMemory<UInt8>
  init(_ memory: TableMemory<UInt8>) { self.memory = memory }

  package var count: Int { memory.count }

  /// The bytes live until `body` returns.
  package func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(memory) { try body(UnsafeRawBufferPointer(memory.buffer)) }
  }
}

extension WideSum {
  /// Where the words begin and how many there are, without zeros below and signs above.
  fileprivate var extent: (first: Int, count: Int) {
    guard let first = (0..<WideSum.words).first(where: { base[$0] != 0 }) else { return (0, 0) }
    let sign: UInt64 = Int64(bitPattern: base[WideSum.words - 1]) < 0 ? .max : 0
    var end = WideSum.words
    // The last word kept must show the sign.
    while end - 1 > first, base[end - 1] == sign, base[end - 2] >> 63 == sign >> 63 { end -= 1 }
    return (first, end - first)
  }

  /// Repeats the sign above the words that were read.
  fileprivate func extend(from word: Int) {
    guard word > 0, word < WideSum.words, Int64(bitPattern: base[word - 1]) < 0 else { return }
    for place in word..<WideSum.words { base[place] = .max }
  }

  /// The sum in units of 2^exponent, when it is a multiple of it that fits.
  fileprivate func integer(exponent: Int) -> Int128? {
    let (first, count) = extent
    guard count > 0 else { return 0 }
    let position = exponent + WideSum.lowest
    let lowest = first * 64 + base[first].trailingZeroBitCount
    guard position >= 0, lowest >= position, (first + count) * 64 - position <= 120 + 64 else {
      return nil
    }
    let word = position >> 6
    let shift = UInt64(position & 63)
    func at(_ word: Int) -> UInt64 {
      word < WideSum.words ? base[word] : UInt64(bitPattern: Int64(bitPattern: base[35]) >> 63)
    }
    func shifted(_ word: Int) -> UInt64 {
      shift == 0 ? at(word) : at(word) >> shift | at(word + 1) << (64 - shift)
    }
    let low = shifted(word)
    let high = shifted(word + 1)
    let above = shifted(word + 2)
    let sign: UInt64 = Int64(bitPattern: high) < 0 ? .max : 0
    guard above == sign, (word + 3..<WideSum.words).allSatisfy({ base[$0] == sign }) else {
      return nil
    }
    return Int128(truncatingIfNeeded: UInt128(high) &<< 64 | UInt128(low))
  }
}

extension KeyColumn {
  var isText: Bool { if case .texts = values { true } else { false } }
  var isInteger: Bool { if case .integers = values { true } else { false } }

  /// Reads the keys and answers the code of each group.
  fileprivate func read(
    from reader: inout StateReader, groups: Int
  ) throws(PlauditError) -> [Int] {
    let kind = try reader.take(UInt8.self)
    let format = try reader.takeText()
    let isUnsigned = try reader.take(UInt8.self) != 0
    guard kind <= 2 else { throw reader.corrupt("has an unknown kind of key") }
    if kind > 0 { try settle(isText: kind == 2, format: format, isUnsigned: isUnsigned) }
    let count = try reader.takeCount(of: 8)
    for place in 0..<count {
      let code: Int
      switch values {
      case .integers(let index): code = try index.code(try reader.take(Int64.self))
      case .texts(let index): code = try index.code(try reader.takeBytes())
      case .unset: throw reader.corrupt("has keys of no kind")
      }
      guard code == place + 1 else { throw reader.corrupt("has a key twice") }
    }
    var codes: [Int] = []
    codes.reserveCapacity(groups)
    for _ in 0..<groups {
      let code = try reader.take(UInt32.self)
      guard code <= count else { throw reader.corrupt("has a group of an unknown key") }
      codes.append(Int(code))
    }
    return codes
  }
}

extension KPITableSpec {
  /// Whether sums mean the same; what is only a matter of presentation may differ.
  fileprivate func isMergeable(with other: KPITableSpec) -> Bool {
    keys == other.keys && measures == other.measures && kpis == other.kpis
      && missing == other.missing && margin == other.margin
  }

  fileprivate func write(to writer: StateWriter) throws(PlauditError) {
    try writer.put(Int64(keys.count))
    for key in keys { try writer.put(key) }
    try writer.put(Int64(measures.count))
    for measure in measures {
      try writer.put(measure.measure.rawValue)
      try writer.put(measure.name)
      try writer.put(UInt8(measure.isMicros ? 1 : 0))
    }
    try writer.put(Int64(kpis.count))
    for kpi in kpis { try writer.put(kpi.rawValue) }
    try writer.put(missing.rawValue)
    try writer.put(order.rawValue)
    try writer.put(interval?.rawValue ?? -1)
    try writer.put(confidence)
    try writer.put(margin)
  }

  fileprivate init(from reader: inout StateReader) throws(PlauditError) {
    var keys: [String] = []
    for _ in 0..<(try reader.takeCount(of: 8)) { keys.append(try reader.takeText()) }
    var measures: [Measure] = []
    for _ in 0..<(try reader.takeCount(of: 13)) {
      guard let measure = KPIMeasure(rawValue: try reader.take(Int32.self)) else {
        throw reader.corrupt("has an unknown measure")
      }
      let name = try reader.takeText()
      measures.append(
        Measure(measure, name: name, isMicros: try reader.take(UInt8.self) != 0))
    }
    self.init(keys: keys, measures: measures)
    kpis = []
    for _ in 0..<(try reader.takeCount(of: 4)) {
      guard let kpi = KPI(rawValue: try reader.take(Int32.self)) else {
        throw reader.corrupt("has an unknown KPI")
      }
      kpis.append(kpi)
    }
    guard let missing = Missing(rawValue: try reader.take(Int32.self)),
      let order = Order(rawValue: try reader.take(Int32.self))
    else { throw reader.corrupt("has unknown options") }
    self.missing = missing
    self.order = order
    let number = try reader.take(Int32.self)
    interval = RateMethod(rawValue: number)
    guard number == -1 || interval != nil else { throw reader.corrupt("has an unknown interval") }
    confidence = try reader.takeDouble()
    margin = try reader.takeDouble()
  }
}
