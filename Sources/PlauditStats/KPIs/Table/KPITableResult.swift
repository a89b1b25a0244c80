import Glibc
package import PlauditCore

/// The columns of a KPI table: keys, rows, sums, and each KPI with what belongs to it.
package final class KPITableResult {
  /// What a column is; raw values are `PLAUDIT_ROLE_…`.
  package enum Role: Int32, Sendable {
    case key = 1
    case rows = 2
    case sum = 3
    /// Flags of the sums, over all measures.
    case flags = 4
    case kpi = 5
    case lower = 6
    case upper = 7
    case kpiFlags = 8
    case dropped = 9
  }

  package struct Part {
    package let name: String
    package let role: Role
    /// The measure or KPI it is of, 0 for others.
    package let subject: Int32
    package let column: Column
    package let nullCount: Int
  }

  package let groupCount: Int
  package private(set) var columns: [Part] = []
  /// Memory that the columns point into.
  private var owned: [AnyObject] = []

  init(groupCount: Int) { self.groupCount = groupCount }

  // MARK: Building

  /// Room for a column of doubles, with validity where NaN comes.
  func addReals(
    _ name: String, _ role: Role, _ subject: Int32, _ values: TableMemory<Double>
  ) throws(PlauditError) {
    let validity = try mask { !values.base[$0].isNaN }
    add(name, role, subject, .float64, UnsafeRawPointer(values.base), validity)
    owned.append(values)
  }

  func addIntegers(
    _ name: String, _ role: Role, _ subject: Int32, _ values: TableMemory<Int64>,
    isNull: ((Int) -> Bool)? = nil, type: ColumnType = .int64, format: String = ""
  ) throws(PlauditError) {
    var validity: (TableMemory<UInt8>, Int)?
    if let isNull { validity = try mask { !isNull($0) } }
    add(name, role, subject, type, UnsafeRawPointer(values.base), validity, format: format)
    owned.append(values)
  }

  func addFlags(
    _ name: String, _ role: Role, _ subject: Int32, _ values: TableMemory<Int32>
  ) {
    add(name, role, subject, .int32, UnsafeRawPointer(values.base), nil)
    owned.append(values)
  }

  /// A key of days or seconds in 32 bits, such as Arrow's date32.
  func addNarrow(
    _ name: String, _ values: TableMemory<Int32>, isNull: (Int) -> Bool, format: String
  ) throws(PlauditError) {
    let validity = try mask { !isNull($0) }
    add(name, .key, 0, .int32, UnsafeRawPointer(values.base), validity, format: format)
    owned.append(values)
  }

  func addTexts(
    _ name: String, starts: TableMemory<Int64>, bytes: TableMemory<UInt8>, isNull: (Int) -> Bool
  ) throws(PlauditError) {
    let validity = try mask { !isNull($0) }
    add(
      name, .key, 0, .largeText, UnsafeRawPointer(bytes.base), validity,
      starts: UnsafeRawPointer(starts.base), byteCount: bytes.count)
    owned.append(starts)
    owned.append(bytes)
  }

  private func mask(_ isValid: (Int) -> Bool) throws(PlauditError) -> (TableMemory<UInt8>, Int)? {
    guard let first = (0..<groupCount).first(where: { !isValid($0) }) else { return nil }
    let bits = try TableMemory<UInt8>(zeros: (groupCount + 7) / 8)
    var nulls = 0
    for group in 0..<groupCount {
      if group < first || isValid(group) {
        bits.base[group >> 3] |= 1 << UInt8(group & 7)
      } else {
        nulls += 1
      }
    }
    return (bits, nulls)
  }

  private func add(
    _ name: String, _ role: Role, _ subject: Int32, _ type: ColumnType, _ values: UnsafeRawPointer,
    _ validity: (TableMemory<UInt8>, Int)?, starts: UnsafeRawPointer? = nil, byteCount: Int? = nil,
    format: String = ""
  ) {
    let column = Column(
      type: type, count: groupCount, values: values, starts: starts, byteCount: byteCount,
      validity: validity.map { UnsafePointer($0.0.base) }, format: format)
    columns.append(
      Part(
        name: name, role: role, subject: subject, column: column,
        nullCount: validity.map(\.1) ?? 0))
    if let validity { owned.append(validity.0) }
  }
}

// MARK: - From a table

extension KPITable {
  /// The columns as of now; the table can be added to afterwards.
  ///
  /// Keys, `rows`, a sum a measure, `flags`; then for each KPI its value, `_lower` and `_upper`
  /// where intervals are wanted and it is a rate, `_flags`, and `_dropped` when rows are omitted.
  ///
  /// - Throws: `outOfRange` for a sum of whole numbers beyond 64 bits.
  package func finish() throws(PlauditError) -> KPITableResult {
    try usable()
    let order = try orderedGroups()
    let result = KPITableResult(groupCount: order.count)
    try addKeys(order, to: result)
    var sums: [TableMemory<Double>] = []
    for _ in parts { sums.append(try TableMemory<Double>(zeros: order.count)) }
    // Part by part of some groups at a time, while their words are near.
    for first in stride(from: 0, to: order.count, by: 2048) {
      let places = first..<min(first + 2048, order.count)
      for (number, part) in parts.enumerated() { fill(sums[number].base, part, order, places) }
    }
    try addSums(order, sums, to: result)
    for drop in drops { try addKPI(drop, order, sums, to: result) }
    return result
  }

  func orderedGroups() throws(PlauditError) -> TableMemory<UInt32> {
    if spec.order == .keys { return try groups.sortedGroups { rows(of: $0) > 0 } }
    let order = TableMemory<UInt32>()
    for group in 0..<groups.count where rows(of: group) > 0 {
      try order.append(UInt32(truncatingIfNeeded: group))
    }
    return order
  }

  private func addKeys(
    _ order: TableMemory<UInt32>, to result: KPITableResult
  ) throws(PlauditError) {
    var codes = Array(repeating: 0, count: spec.keys.count)
    let places = try TableMemory<UInt32>(zeros: order.count)
    for (number, key) in groups.keys.enumerated() {
      for place in 0..<order.count {
        let group = Int(order.base[place])
        if spec.keys.count == 1 {
          places.base[place] = UInt32(truncatingIfNeeded: group)
        } else {
          groups.codes(group, into: &codes)
          places.base[place] = UInt32(truncatingIfNeeded: codes[number])
        }
      }
      try key.fill(result, places)
    }
    let counts = try TableMemory<Int64>(zeros: order.count)
    for place in 0..<order.count { counts.base[place] = rows(of: Int(order.base[place])) }
    try result.addIntegers("rows", .rows, 0, counts)
  }

  private func addSums(
    _ order: TableMemory<UInt32>, _ sums: [TableMemory<Double>], to result: KPITableResult
  ) throws(PlauditError) {
    let flags = try TableMemory<Int32>(zeros: order.count)
    for (number, part) in parts.enumerated() {
      let label = part.isScore ? part.measure.name : part.name
      let isOrdinary = part.isOrdinary
      func isUnknown(_ group: Int) -> Bool {
        if isOrdinary { return false }
        let seen = KPIFlags(rawValue: part.flags.element(group, or: 0))
        let missing = part.missing.element(group, or: 0)
        if seen.contains(.infiniteInput) { return true }
        return missing > 0 && (spec.missing != .omit || missing >= rows(of: group))
      }
      let isUnknownHere = { (place: Int) in isUnknown(Int(order.base[place])) }
      if part.kind == .real || part.isMicros {
        var values = sums[number]
        if !isOrdinary {
          values = try TableMemory<Double>(zeros: order.count)
          for place in 0..<order.count {
            values.base[place] = isUnknownHere(place) ? .nan : sums[number].base[place]
          }
        }
        try result.addReals(label, .sum, part.measure.rawValue, values)
      } else {
        let values = try TableMemory<Int64>(zeros: order.count)
        for place in 0..<order.count where !isUnknownHere(place) {
          let near = sums[number].base[place]
          if near.magnitude < 0x1p53 {
            values.base[place] = Int64(near)
            continue
          }
          let total = units(part, Int(order.base[place]))
          guard let whole = Int64(exactly: total) else {
            throw PlauditError(
              .outOfRange, "the sum of \(label) in group \(place) is \(total), beyond 64 bits",
              index: Int64(place))
          }
          values.base[place] = whole
        }
        try result.addIntegers(
          label, .sum, part.measure.rawValue, values, isNull: isOrdinary ? nil : isUnknownHere)
      }
      for place in 0..<(isOrdinary ? 0 : order.count) {
        flags.base[place] |= seen(part, Int(order.base[place])).rawValue
      }
    }
    result.addFlags("flags", .flags, 0, flags)
  }

  /// What was wrong with a part's values in a group.
  private func seen(_ part: TablePart, _ group: Int) -> KPIFlags {
    var flags = KPIFlags(rawValue: part.flags.element(group, or: 0))
    if part.missing.element(group, or: 0) > 0 {
      flags.insert(spec.missing == .omit ? .rowsDropped : .nanInput)
    }
    return flags
  }

  private func addKPI(
    _ drop: KPIDrops, _ order: TableMemory<UInt32>, _ sums: [TableMemory<Double>],
    to result: KPITableResult
  ) throws(PlauditError) {
    let count = order.count
    let definition = drop.kpi.definition
    let critical = try RateCritical(spec.confidence)
    let hasInterval = spec.interval != nil && definition.isRate
    let values = try TableMemory<Double>(zeros: count)
    let lower = try TableMemory<Double>(zeros: hasInterval ? count : 0)
    let upper = try TableMemory<Double>(zeros: hasInterval ? count : 0)
    let flags = try TableMemory<Int32>(zeros: count)
    let dropped = try TableMemory<Int64>(zeros: spec.missing == .omit ? count : 0)
    let isOrdinary = drop.parts.allSatisfy { parts[$0].isOrdinary }
    for place in 0..<count {
      let group = Int(order.base[place])
      var seen: KPIFlags = []
      if !isOrdinary {
        for part in drop.parts { seen.formUnion(self.seen(parts[part], group)) }
        seen.remove(.rowsDropped)
      }
      let left = drop.rows.element(group, or: 0)
      if left > 0 { seen.insert(.rowsDropped) }
      let (above, below) =
        left == 0
        ? quantities(drop) { sums[drop.parts[$0]].base[place] }
        : quantities(drop) { sum(parts[drop.parts[$0]], group, less: drop.sums[$0]) }
      var (value, found) = definition.evaluate(above, below, seen: seen)
      if drop.kpi == .netPromoterScore, !value.isNaN, hasMoreParts(drop, order, sums, place) {
        found.insert(.rateAboveOne)
      }
      // Of no row at all there is nothing to tell.
      if left > 0, left == rows(of: group) { (value, found) = (.nan, found.union(.noDenominator)) }
      if hasInterval, let method = spec.interval {
        let successes = drop.kpi == .bounceRate ? below - above : above
        var interval = Interval(lower: .nan, upper: .nan)
        if !value.isNaN, successes >= 0, successes <= below {
          interval = critical.interval(
            method, successes: successes, failures: below - successes, trials: below)
        }
        if interval.lower.isNaN, !value.isNaN { found.insert(.invalidBinomial) }
        if !interval.lower.isNaN, successes > 0,
          value < 10 * sqrt(value * (1 - value) / below)
        {
          found.insert(.lowBaseline)
        }
        (lower.base[place], upper.base[place]) = (interval.lower, interval.upper)
      }
      values.base[place] = value
      flags.base[place] = found.rawValue
      if spec.missing == .omit { dropped.base[place] = left }
    }
    let (label, number) = (definition.label, drop.kpi.rawValue)
    try result.addReals(label, .kpi, number, values)
    if hasInterval {
      try result.addReals(label + "_lower", .lower, number, lower)
      try result.addReals(label + "_upper", .upper, number, upper)
    }
    result.addFlags(label + "_flags", .kpiFlags, number, flags)
    if spec.missing == .omit {
      try result.addIntegers(label + "_dropped", .dropped, number, dropped)
    }
  }

  /// Whether promoters and detractors together are more than the responses.
  private func hasMoreParts(
    _ drop: KPIDrops, _ order: TableMemory<UInt32>, _ sums: [TableMemory<Double>], _ place: Int
  ) -> Bool {
    let group = Int(order.base[place])
    func total(_ part: Int) -> Double {
      drop.rows.element(group, or: 0) == 0
        ? sums[drop.parts[part]].base[place]
        : sum(parts[drop.parts[part]], group, less: drop.sums[part])
    }
    return drop.parts.count > 2 && total(0) + total(2) > total(1)
  }

  /// The two sides of a KPI from the sums of its parts.
  @inline(__always)
  private func quantities(
    _ drop: KPIDrops, _ sum: (Int) -> Double
  ) -> (above: Double, below: Double) {
    var above = sum(0)
    if drop.kpi == .returnOnMarketingInvestment { above *= spec.margin }
    if drop.parts.count > 2 { above -= sum(2) }
    return (above, sum(1))
  }

  /// The sums of a part in some order.
  private func fill(
    _ values: UnsafeMutablePointer<Double>, _ part: TablePart, _ order: TableMemory<UInt32>,
    _ rows: Range<Int>
  ) {
    let places = order.base
    let unit = scale(1, part.sums.exponent)
    guard !part.sums.hasWideSums, unit >= 0x1p-1000 else {
      for place in rows { values[place] = sum(part, Int(places[place])) }
      return
    }
    let isMicros = part.isMicros
    for place in rows {
      let value = units(part, Int(places[place])).nearest * unit
      values[place] = isMicros ? value / 1e6 : value
    }
  }

  /// A part's sum, rounded once, in its unit.
  private func sum(_ part: TablePart, _ group: Int, less drop: ExactSums? = nil) -> Double {
    let exponent = part.sums.exponent
    let wide = part.sums.wideSum(group)
    let left = drop?.total(group) ?? 0
    let leftWide = drop?.wideSum(group)
    var value = Double.nan
    if wide == nil, leftWide == nil, drop == nil || drop?.exponent == exponent {
      let (units, overflow) = units(part, group).subtractingReportingOverflow(left)
      value = overflow ? .nan : scale(units.nearest, exponent)
    }
    // Below the normal numbers scaling would round a second time.
    if value.isNaN || (value != 0 && value.magnitude < 0x1p-1000) {
      value = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: WideSum.words) {
        guard let base = $0.baseAddress else { return .nan }
        let sum = WideSum(base: base)
        sum.clear()
        sum.add(units(part, group), exponent: exponent)
        if let wide { sum.add(wide) }
        if left != 0 { sum.add(-left, exponent: drop?.exponent ?? 0) }
        if let leftWide { sum.add(leftWide, negative: true) }
        return sum.rounded
      }
    }
    return part.isMicros ? value / 1e6 : value
  }
}

/// `value × 2^exponent`, exactly while it stays a normal number.
@inline(__always)
private func scale(_ value: Double, _ exponent: Int) -> Double {
  exponent == 0 ? value : value * Double(sign: .plus, exponent: exponent, significand: 1)
}

extension KeyColumn {
  /// The keys of some codes as a column of a result.
  func fill(_ result: KPITableResult, _ codes: TableMemory<UInt32>) throws(PlauditError) {
    let isNull = { (place: Int) in codes.base[place] == 0 }
    switch values {
    case .texts(let index):
      let starts = try TableMemory<Int64>(zeros: codes.count + 1)
      var total = 0
      for place in 0..<codes.count where codes.base[place] > 0 {
        total += index.bytes(at: Int(codes.base[place]) - 1).count
      }
      let bytes = try TableMemory<UInt8>(zeros: total)
      var at = 0
      for place in 0..<codes.count {
        if codes.base[place] > 0 {
          let text = index.bytes(at: Int(codes.base[place]) - 1)
          if let base = text.baseAddress, !text.isEmpty {
            memcpy(bytes.base + at, base, text.count)
          }
          at += text.count
        }
        starts.base[place + 1] = Int64(at)
      }
      try result.addTexts(name, starts: starts, bytes: bytes, isNull: isNull)
    case .integers, .unset:
      func number(_ place: Int) -> Int64 {
        guard case .integers(let index) = values, codes.base[place] > 0 else { return 0 }
        return index.value(at: Int(codes.base[place]) - 1)
      }
      if format == "tdD" || format == "tts" || format == "ttm" {
        let narrow = try TableMemory<Int32>(zeros: codes.count)
        for place in 0..<codes.count {
          narrow.base[place] = Int32(truncatingIfNeeded: number(place))
        }
        try result.addNarrow(name, narrow, isNull: isNull, format: format)
        return
      }
      let numbers = try TableMemory<Int64>(zeros: codes.count)
      for place in 0..<codes.count { numbers.base[place] = number(place) }
      try result.addIntegers(
        name, .key, 0, numbers, isNull: isNull, type: isUnsigned ? .uint64 : .int64,
        format: format)
    }
  }
}
