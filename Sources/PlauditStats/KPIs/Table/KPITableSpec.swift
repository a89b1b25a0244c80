import PlauditCore

/// What a KPI table is made of: its keys, its measures with their columns, and its KPIs.
package struct KPITableSpec: Sendable, Equatable {
  /// What becomes of rows where a value is null or NaN; raw values are `PLAUDIT_MISSING_…`.
  package enum Missing: Int32, Sendable {
    /// KPIs of their groups are NaN, with `nanInput`.
    case propagate = 0
    /// A KPI leaves out the rows where one of its parts is missing, with `rowsDropped`.
    case omit = 1
    /// The first one ends the call, and so does an infinite number or a negative count.
    case raise = 2
  }

  /// The order of groups in results; raw values are `PLAUDIT_ORDER_…`.
  package enum Order: Int32, Sendable {
    /// By the keys, the first before the second; numbers by value, text by bytes, null last.
    case keys = 0
    case firstSeen = 1
  }

  package struct Measure: Sendable, Equatable {
    package var measure: KPIMeasure
    /// The name of its column in batches and of its sum in results.
    package var name: String
    /// Whether whole numbers are millionths.
    package var isMicros: Bool

    package init(_ measure: KPIMeasure, name: String? = nil, isMicros: Bool = false) {
      self.measure = measure
      self.name = name ?? measure.name
      self.isMicros = isMicros
    }
  }

  package var keys: [String]
  package var measures: [Measure]
  package var kpis: [KPI]
  package var missing = Missing.propagate
  package var order = Order.keys
  /// nil for no intervals.
  package var interval: RateMethod?
  package var confidence = 0.95
  /// Which part of the incremental revenue is profit before the cost of goods.
  package var margin = 1.0

  package static let maximumKeys = 64

  /// - Parameter kpis: empty for all that the measures allow.
  package init(keys: [String], measures: [Measure], kpis: [KPI] = []) {
    self.keys = keys
    self.measures = measures
    self.kpis = kpis
    if kpis.isEmpty {
      self.kpis = KPI.allCases.filter { kpi in kpi.columns.allSatisfy { part(of: $0) != nil } }
    }
  }

  /// The columns of a batch, in their order.
  package var columnNames: [String] { keys + measures.map(\.name) }

  /// The sums a table holds: one a measure, three for scores.
  var parts: [KPIMeasure] {
    measures.flatMap {
      $0.measure == .score ? [.promoters, .detractors, .responses] : [$0.measure]
    }
  }

  func part(of measure: KPIMeasure) -> Int? { parts.firstIndex(of: measure) }

  /// The parts that make a KPI; the cost of goods may be left out.
  func parts(of kpi: KPI) -> [Int] {
    let definition = kpi.definition
    let columns = [
      definition.numerator.column, definition.denominator.column, definition.numerator.less,
    ]
    return columns.compactMap { $0 }.compactMap(part(of:))
  }

  /// - Throws: `invalidArgument` for a KPI without its measures, names that occur twice, no measure
  ///   at all; `outOfRange` for confidence and margin; `limit` for too many keys.
  func check() throws(PlauditError) {
    guard keys.count <= KPITableSpec.maximumKeys else {
      throw PlauditError(
        .limit, "\(keys.count) keys are given, at most \(KPITableSpec.maximumKeys) are allowed")
    }
    guard !measures.isEmpty else {
      throw PlauditError(.invalidArgument, "a KPI table needs at least one measure")
    }
    var names: Set<String> = []
    for name in keys + measures.map(\.name) {
      guard !name.isEmpty, names.insert(name).inserted else {
        throw PlauditError(.invalidArgument, "the column name '\(name)' is empty or given twice")
      }
    }
    var given: Set<KPIMeasure> = []
    for part in parts where !given.insert(part).inserted {
      throw PlauditError(.invalidArgument, "the measure \(part.name) is given twice")
    }
    for kpi in kpis {
      for column in kpi.columns where !given.contains(column) {
        throw PlauditError(
          .invalidArgument, "\(kpi.definition.label) needs the measure \(column.name)")
      }
    }
    guard Set(kpis).count == kpis.count else {
      throw PlauditError(.invalidArgument, "a KPI is asked for twice")
    }
    guard margin.isFinite else {
      throw PlauditError(.outOfRange, "margin is \(margin.plain), it must be finite")
    }
    _ = try Normal.criticalValue(confidence: confidence)
  }
}

extension KPI {
  /// The measures without which there is no such KPI.
  package var columns: [KPIMeasure] {
    let parts = definition
    var needed = [parts.numerator.column, parts.denominator.column]
    if self == .netPromoterScore { needed.append(.detractors) }
    return needed
  }
}
