import Foundation
import PlauditCore
import Testing

@testable import PlauditStats

struct KPITableTests {
  private let held = TableColumns()

  private func table(
    _ keys: [String], _ measures: [KPIMeasure], _ kpis: [KPI] = [],
    missing: KPITableSpec.Missing = .propagate, interval: RateMethod? = nil
  ) throws -> KPITable {
    var spec = KPITableSpec(
      keys: keys, measures: measures.map { KPITableSpec.Measure($0) }, kpis: kpis)
    spec.missing = missing
    spec.interval = interval
    return try KPITable(spec)
  }

  // MARK: - By hand

  @Test func `ratios are of sums by group, in the order of the keys`() throws {
    let table = try table(
      ["campaign"], [.clicks, .impressions, .cost, .revenue],
      [.clickThroughRate, .returnOnInvestment])
    try table.add([
      held.texts(["spring", "autumn", "spring", nil]), held.integers([10, 200, 25, 1]),
      held.integers([100, 10000, 500, 10]), held.reals([1.5, 10, 0.5, 4]),
      held.reals([3, 5, 3, 4]),
    ])
    let rows = TableRows(try table.finish())
    #expect(rows.texts("campaign") == ["autumn", "spring", nil])
    #expect(rows.numbers("rows") == [1, 2, 1])
    #expect(rows.numbers("clicks") == [200, 35, 1])
    #expect(rows.numbers("ctr") == [0.02, 35.0 / 600, 0.1])
    #expect(rows.numbers("roi") == [-0.5, 2, 0])
    #expect(
      rows.names == [
        "campaign", "rows", "clicks", "impressions", "cost", "revenue", "flags", "ctr", "ctr_flags",
        "roi", "roi_flags",
      ])
  }

  @Test func `several keys of several kinds make groups together`() throws {
    let table = try table(["day", "channel", "age"], [.clicks])
    let day = held.narrow([Int32(20), 19, 20, 20, 20], .int32, format: "tdD")
    let channel = held.codes([1, 0, 1, nil, 1], of: held.texts(["search", "social", "unused"]))
    let age = held.narrow([UInt8(30), 30, 30, 18, 18], .uint8)
    try table.add([day, channel, age, held.integers([1, 2, 3, 4, 5])])
    let rows = TableRows(try table.finish())
    #expect(rows.numbers("day") == [19, 20, 20, 20])
    #expect(rows.texts("channel") == ["search", "social", "social", nil])
    #expect(rows.numbers("age") == [30, 18, 30, 18])
    #expect(rows.numbers("clicks") == [2, 5, 4, 4])
  }

  @Test func `all layouts of text are the same keys`() throws {
    let words = ["a", "", "a text of more than sixteen bytes", "twelve bytes", "äöü", "a"]
    let table = try table(["word"], [.clicks])
    let ones = held.integers(Array(repeating: 1, count: words.count))
    let dictionary = held.codes([0, 1, 2, 3, 4, 0], of: held.views(Array(words[..<5])))
    for column in [
      held.texts(words), held.texts(words, large: true), held.views(words), dictionary,
    ] {
      try table.add([column, ones])
    }
    let rows = TableRows(try table.finish())
    #expect(
      rows.texts("word") == ["", "a", "a text of more than sixteen bytes", "twelve bytes", "äöü"])
    #expect(rows.numbers("rows") == [4, 8, 4, 4, 4])
  }

  @Test func `without keys all rows are one group`() throws {
    let table = try table([], [.clicks, .impressions])
    try table.add([held.integers([1, 2]), held.integers([10, 20])])
    #expect(TableRows(try table.finish()).numbers("ctr") == [0.1])
  }

  @Test func `money in millionths is exact and comes out in units`() throws {
    let table = try KPITable(
      KPITableSpec(
        keys: [],
        measures: [KPITableSpec.Measure(.cost, isMicros: true), KPITableSpec.Measure(.clicks)]))
    try table.add([held.integers([1_230_000, 70_000]), held.integers([1, 1])])
    let rows = TableRows(try table.finish())
    #expect(rows.numbers("cost") == [1.3])
    #expect(rows.numbers("cpc") == [0.65])
  }

  @Test func `omitting leaves a row out of both sides of a KPI that lacks one`() throws {
    let table = try table(
      [], [.cost, .impressions, .clicks], [.costPerMille, .clickThroughRate], missing: .omit)
    try table.add([
      held.reals([10, .nan, 5]), held.integers([1000, 2000, 500]), held.integers([10, 20, nil]),
    ])
    let rows = TableRows(try table.finish())
    #expect(rows.numbers("cpm") == [10])
    #expect(rows.numbers("cpm_dropped") == [1])
    #expect(rows.flags("cpm_flags") == [.rowsDropped])
    #expect(rows.numbers("ctr") == [0.01])
    #expect(rows.numbers("cost") == [15])
    #expect(rows.numbers("impressions") == [3500])
    #expect(rows.flags("flags") == [.rowsDropped])
  }

  @Test func `a group of nulls alone is NaN and never 0`() throws {
    for missing in [KPITableSpec.Missing.propagate, .omit] {
      let table = try table(["g"], [.clicks, .impressions], missing: missing)
      try table.add([
        held.integers([1, 1, 2]), held.integers([nil, nil, 3]), held.integers([10, 10, 10]),
      ])
      let rows = TableRows(try table.finish())
      #expect(rows.numbers("clicks") == [nil, 3])
      #expect(rows.numbers("ctr") == [nil, 0.3])
      #expect(
        rows.flags("ctr_flags") == [
          missing == .omit ? [.rowsDropped, .noDenominator] : .nanInput, [],
        ])
    }
  }

  @Test func `infinite spend and negative counts are flagged in their group`() throws {
    let table = try table(["g"], [.cost, .clicks], [.costPerClick])
    try table.add([
      held.integers([1, 2, 3]), held.reals([.infinity, 4, 9]), held.integers([5, -1, 3]),
    ])
    let rows = TableRows(try table.finish())
    #expect(rows.numbers("cpc") == [nil, nil, 3])
    #expect(rows.flags("cpc_flags") == [.infiniteInput, .negativeCount, []])
    #expect(rows.numbers("cost") == [nil, 4, 9])
  }

  @Test func `scores make promoters, detractors and responses`() throws {
    let table = try table([], [.score], missing: .omit)
    try table.add([held.integers([10, 9, 9, 8, 7, 6, 3, 10, 9, 5, nil])])
    let rows = TableRows(try table.finish())
    #expect(rows.numbers("promoters") == [5])
    #expect(rows.numbers("detractors") == [3])
    #expect(rows.numbers("responses") == [10])
    #expect(rows.numbers("nps") == [20])
    try table.add([held.reals([11])])
    let flawed = TableRows(try table.finish())
    #expect(flawed.numbers("nps") == [nil])
    #expect(flawed.flags("nps_flags") == [[.invalidScore, .rowsDropped]])
  }

  @Test func `more promoters and detractors than responses are flagged`() throws {
    let table = try table(["g"], [.promoters, .detractors, .responses])
    try table.add([
      held.integers([0, 1, 2]), held.integers([6, 6, 12]), held.integers([5, 4, 0]),
      held.integers([10, 10, 10]),
    ])
    let rows = TableRows(try table.finish())
    #expect(rows.numbers("nps") == [10, 20, 120])
    #expect(rows.flags("nps_flags") == [.rateAboveOne, [], .rateAboveOne])
  }

  @Test func `rates have intervals, and say when there can be none`() throws {
    let table = try table(["g"], [.clicks, .impressions], interval: .wilson)
    try table.add([
      held.integers([1, 2, 3, 4]), held.integers([182, 12, 0, 50]),
      held.integers([1000, 10, 0, 100]),
    ])
    let rows = TableRows(try table.finish())
    let wilson = try wilsonInterval(successes: 182, trials: 1000, confidence: 0.95)
    let half = try wilsonInterval(successes: 50, trials: 100, confidence: 0.95)
    #expect(rows.numbers("ctr_lower") == [wilson.lower, nil, nil, half.lower])
    #expect(rows.numbers("ctr_upper")[0] == wilson.upper)
    #expect(
      rows.flags("ctr_flags") == [
        [], [.rateAboveOne, .invalidBinomial], .noDenominator, [],
      ])
    #expect(rows.numbers("ctr")[1] == 1.2)
  }

  // MARK: - Law

  /// Rows with everything that may happen in them.
  private func awkward(_ count: Int) -> (keys: [String?], clicks: [Int64?], cost: [Double?]) {
    var state: UInt64 = 7
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    var keys: [String?] = []
    var clicks: [Int64?] = []
    var cost: [Double?] = []
    let odd: [Double?] = [nil, .nan, 1e300, -1e300, 0x1p-1030, 0x1p-1074, -0.0, 1e22]
    for _ in 0..<count {
      keys.append(next() % 20 == 0 ? nil : "campaign number \(next() % 37)")
      clicks.append(next() % 50 == 0 ? nil : Int64(next() % 1000))
      cost.append(
        next() % 40 == 0 ? odd[Int(next() % 8)] : Double(next() % 1_000_000) / 997)
    }
    return (keys, clicks, cost)
  }

  private func summed(
    _ rows: (keys: [String?], clicks: [Int64?], cost: [Double?]), _ order: [Int], batch: Int
  ) throws -> KPITable {
    let table = try table(["k"], [.clicks, .cost], missing: .omit)
    for start in stride(from: 0, to: order.count, by: batch) {
      let some = order[start..<min(order.count, start + batch)]
      try table.add([
        held.texts(some.map { rows.keys[$0] }), held.integers(some.map { rows.clicks[$0] }),
        held.reals(some.map { rows.cost[$0] }),
      ])
    }
    return table
  }

  @Test func `order, batches and merges change no bit`() throws {
    let rows = awkward(5000)
    let whole = TableRows(try summed(rows, Array(0..<5000), batch: 5000).finish()).everything
    #expect(whole.count > 300)
    let backwards = try summed(rows, Array((0..<5000).reversed()), batch: 777)
    #expect(TableRows(try backwards.finish()).everything == whole)
    var states: [KPITableBytes] = []
    for part in 0..<7 {
      states.append(
        try summed(rows, (0..<5000).filter { $0 % 7 == part }, batch: 300).state())
    }
    for order in [[0, 1, 2, 3, 4, 5, 6], [6, 2, 0, 5, 1, 4, 3]] {
      let merged = try states[order[0]].withBytes { try KPITable(state: $0) }
      for part in order.dropFirst() { try states[part].withBytes { try merged.merge(state: $0) } }
      #expect(TableRows(try merged.finish()).everything == whole)
      let again = try merged.state().withBytes { try KPITable(state: $0) }
      #expect(TableRows(try again.finish()).everything == whole)
    }
  }

  @Test func `sums of doubles are exact and rounded once`() throws {
    let table = try table(["g"], [.revenue])
    let values: [Double] = [
      1e308, 1e308, -1e308, -1e308, 1, 1e-30, 0.1, -1, 1e16, 1, -1e16, 0x3p-1070,
    ]
    try table.add([
      held.integers(values.map { _ in 1 }), held.reals(values.map { $0 }),
    ])
    #expect(TableRows(try table.finish()).numbers("revenue") == [1.1])
    let cents = try self.table([], [.revenue])
    try cents.add([held.reals(Array(repeating: 0.1, count: 10))])
    // The sum of ten doubles nearest 0.1 is nearest 1, which additions one by one miss.
    #expect(TableRows(try cents.finish()).numbers("revenue") == [1])
  }

  @Test func `sums of whole numbers are exact beyond 64 bits on the way`() throws {
    let table = try table([], [.clicks])
    try table.add([held.integers([.max, .max, 5])])
    let error = #expect(throws: PlauditError.self) { try table.finish() }
    #expect(error?.kind == .outOfRange)
    let back = try self.table([], [.revenue])
    try back.add([held.integers([.max, .max, .min, .min, 7])])
    #expect(TableRows(try back.finish()).numbers("revenue") == [5])
  }

  @Test func `whole numbers and doubles may follow each other`() throws {
    let table = try table(["g"], [.conversions, .clicks])
    try table.add([held.integers([1, 1]), held.integers([2, 3]), held.integers([5, 5])])
    try table.add([held.integers([1, 2]), held.reals([0.5, 1]), held.integers([5, 4])])
    try table.add([held.integers([2]), held.integers([1]), held.integers([4])])
    let rows = TableRows(try table.finish())
    #expect(rows.numbers("conversions") == [5.5, 2])
    #expect(rows.numbers("conversion_rate_by_clicks") == [5.5 / 15, 0.25])
    #expect(rows.flags("conversion_rate_by_clicks_flags") == [.fractionalCount, []])
  }

  @Test func `many keys of any spread are found again and come out sorted`() throws {
    for spread: Int64 in [1, 1000, 1_000_003, 1 << 40] {
      let table = try table(["k"], [.clicks])
      let keys = (0..<20_000).map { Int64($0 * 7919 % 20_000 - 10_000) &* spread }
      for start in stride(from: 0, to: 20_000, by: 5000) {
        let some = keys[start..<start + 5000]
        try table.add([held.integers(some.map { $0 }), held.integers(some.map { _ in 1 })])
        try table.add([held.integers(some.map { $0 }), held.integers(some.map { _ in 2 })])
      }
      let rows = TableRows(try table.finish())
      #expect(rows.numbers("k") == keys.sorted().map { Double($0) })
      #expect(rows.numbers("clicks").allSatisfy { $0 == 3 })
    }
    let table = try table(["k"], [.clicks])
    let words = (0..<20_000).map {
      "campaign/\($0 * 7919 % 20_000)/" + String(repeating: "x", count: $0 % 30)
    }
    try table.add([held.texts(words), held.integers(words.map { _ in 1 })])
    try table.add([held.texts(words.reversed()), held.integers(words.map { _ in 1 })])
    let rows = TableRows(try table.finish())
    #expect(
      rows.texts("k") == words.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
    #expect(rows.numbers("rows").allSatisfy { $0 == 2 })
  }

  @Test func `extremes of 64 bits are keys like others`() throws {
    let table = try table(["k"], [.clicks])
    let keys: [Int64] = [.max, .min, 0, -1, .max - 1, .min + 1]
    for key in keys { try table.add([held.integers([key]), held.integers([1])]) }
    #expect(TableRows(try table.finish()).numbers("k").count == 6)
    let near = try self.table(["k"], [.clicks])
    for key: Int64 in [.max, .max - 3000, .max - 1] {
      try near.add([held.integers([key]), held.integers([1])])
    }
    #expect(TableRows(try near.finish()).count == 3)
  }

  // MARK: - Refusal

  private func refused(_ kind: PlauditError.Kind, index: Int64 = -1, _ body: () throws -> Void) {
    do {
      try body()
      Issue.record("nothing was refused")
    } catch let error as PlauditError {
      #expect(error.kind == kind, "\(error)")
      #expect(error.index == index, "\(error)")
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func `columns that do not fit are refused`() throws {
    let table = try table(["k"], [.clicks])
    refused(.invalidArgument) {
      try table.add([held.integers([1, 2]), held.integers([1])])
    }
    refused(.invalidArgument) { try table.add([held.integers([1])]) }
    refused(.invalidArgument) { try table.add([held.integers([1]), held.texts(["a"])]) }
    refused(.unsupported) { try table.add([held.reals([1]), held.integers([1])]) }
    // None of these changed the table.
    try table.add([held.integers([1]), held.integers([1])])
    refused(.invalidArgument) { try table.add([held.texts(["1"]), held.integers([1])]) }
    #expect(TableRows(try table.finish()).numbers("clicks") == [1])
  }

  @Test func `what is wrong in a row is refused with the row`() throws {
    func fresh(_ missing: KPITableSpec.Missing = .propagate) throws -> KPITable {
      try table(["k"], [.clicks, .cost], missing: missing)
    }
    let ones = held.integers([1, 1, 1])
    let costs = held.reals([1, 1, 1])
    refused(.invalidData, index: 2) {
      try fresh().add([held.codes([0, 0, 1], of: held.texts(["a"])), ones, costs])
    }
    let texts = held.texts(["aa", "b", "c"])
    texts.byteCount = 3
    refused(.invalidData, index: 2) { try fresh().add([texts, ones, costs]) }
    refused(.invalidData, index: 1) {
      try fresh(.raise).add([ones, held.integers([1, nil, -1]), costs])
    }
    refused(.invalidData, index: 2) {
      try fresh(.raise).add([ones, held.integers([1, 0, -1]), costs])
    }
    refused(.notFinite, index: 1) {
      try fresh(.raise).add([ones, held.integers([1, 1, -1]), held.reals([1, .infinity, 1])])
    }
    let broken = try fresh(.raise)
    refused(.notFinite, index: 0) { try broken.add([ones, ones, held.reals([.nan, 1, 1])]) }
    refused(.invalidState) { _ = try broken.finish() }
  }

  @Test func `a specification that cannot be met is refused`() throws {
    refused(.invalidArgument) { _ = try table([], [.clicks], [.clickThroughRate]) }
    refused(.invalidArgument) { _ = try table([], []) }
    refused(.invalidArgument) { _ = try table(["clicks"], [.clicks]) }
    refused(.invalidArgument) { _ = try table([], [.score, .responses]) }
    var spec = KPITableSpec(keys: [], measures: [KPITableSpec.Measure(.clicks)])
    spec.confidence = 95
    refused(.outOfRange) { _ = try KPITable(spec) }
  }

  @Test func `states that are cut off, changed or foreign are refused`() throws {
    let rows = awkward(300)
    let table = try summed(rows, Array(0..<300), batch: 100)
    let state = try table.state().withBytes { Array($0) }
    for length in 0..<state.count {
      state[..<length].withUnsafeBytes { bytes in
        refused(.corrupt, of: { _ = try KPITable(state: bytes) })
      }
    }
    for place in stride(from: 0, to: state.count, by: 3) {
      var changed = state
      changed[place] ^= 0x10
      changed.withUnsafeBytes { bytes in
        _ = #expect(throws: PlauditError.self) { _ = try KPITable(state: bytes) }
      }
    }
    let other = try self.table(["k"], [.clicks, .revenue])
    refused(.invalidArgument) { try state.withUnsafeBytes { try other.merge(state: $0) } }
  }

  @Test func `a state with a right checksum and wrong content never traps`() throws {
    let state = try summed(awkward(60), Array(0..<60), batch: 60).state().withBytes { Array($0) }
    var taken = 0
    for place in 12..<(state.count - 8) {
      for flip: UInt8 in [1, 0x80, 0xFF] {
        var changed = state
        changed[place] ^= flip
        let sum = changed[..<(state.count - 8)].withUnsafeBytes { checksum($0) }
        for byte in 0..<8 {
          changed[state.count - 8 + byte] = UInt8(truncatingIfNeeded: sum >> UInt64(byte * 8))
        }
        changed.withUnsafeBytes { bytes in
          if let table = try? KPITable(state: bytes), (try? table.finish()) != nil { taken += 1 }
        }
      }
    }
    #expect(taken > 0)
  }

  private func refused(_ kind: PlauditError.Kind, of body: () throws -> Void) {
    do {
      try body()
      Issue.record("nothing was refused")
    } catch {
      #expect((error as? PlauditError)?.kind == kind)
    }
  }
}
