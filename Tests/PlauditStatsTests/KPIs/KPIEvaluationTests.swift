import PlauditCore
import PlauditStats
import Testing

struct KPIEvaluationTests {
  // MARK: - By hand

  @Test func `three clicks in a hundred impressions are a rate of 0.03`() throws {
    #expect(try KPI.clickThroughRate.value(numerator: 3, denominator: 100) == 0.03)
  }

  @Test func `thirty of spend for two thousand impressions cost 15 per mille`() throws {
    #expect(try KPI.costPerMille.value(numerator: 30, denominator: 2000) == 15)
  }

  @Test func `the return on investment is what is left of revenue after spend`() throws {
    #expect(try KPI.returnOnInvestment.value(numerator: 150, denominator: 100) == 0.5)
    #expect(try KPI.returnOnInvestment.value(numerator: 0, denominator: 100) == -1)
    #expect(try KPI.returnOnInvestment.value(numerator: -20, denominator: 50) == -1.4)
  }

  @Test func `a credit makes a negative cost`() throws {
    #expect(try KPI.costPerClick.value(numerator: -5, denominator: 10) == -0.5)
  }

  @Test func `one person may engage or convert more than once`() throws {
    #expect(try KPI.engagementRateByReach.value(numerator: 15, denominator: 10) == 1.5)
    #expect(try KPI.conversionRate.value(numerator: 12, denominator: 10) == 1.2)
    #expect(KPI.conversionRate.evaluate(numerator: 12, denominator: 10).flags == [])
  }

  @Test func `a column keeps clicks above impressions beside a flag`() {
    let (value, flags) = KPI.clickThroughRate.evaluate(numerator: 12, denominator: 10)
    #expect(value == 1.2)
    #expect(flags == .rateAboveOne)
  }

  @Test func `a part that exceeds its whole keeps its value beside a flag`() {
    for (kpi, above, below, value) in [
      (KPI.viewableClickThroughRate, 12.0, 10.0, 1.2), (.frequency, 50, 100, 0.5),
      (.netPromoterScore, 12, 10, 120), (.netPromoterScore, -12, 10, -120),
    ] {
      let found = kpi.evaluate(numerator: above, denominator: below)
      #expect(found.value == value && found.flags == .rateAboveOne, "\(kpi)")
      #expect(throws: PlauditError.self) { try kpi.value(numerator: above, denominator: below) }
    }
    #expect(KPI.frequency.evaluate(numerator: 100, denominator: 100).flags == [])
    #expect(KPI.netPromoterScore.evaluate(numerator: -10, denominator: 10).flags == [])
  }

  @Test func `a column is NaN with a flag where nothing is defined`() throws {
    let (values, flags) = try column(
      .clickThroughRate, [1, 0, 2, -1, .nan, 4], [4, 0, 0, 5, 1, 5])
    #expect(values[0] == 0.25)
    #expect(values[1...4].allSatisfy { $0.isNaN })
    #expect(values[5] == 0.8)
    #expect(flags == [0, 1, 3, 128, 32, 0])
  }

  @Test func `several flags may meet in one row`() {
    let (value, flags) = KPI.returnOnAdSpend.evaluate(numerator: -1, denominator: -5)
    #expect(value.isNaN)
    #expect(flags == [.negativeRevenue, .nonPositiveDenominator])
  }

  @Test func `an empty column is fine`() throws {
    #expect(try column(.costPerClick, [], []).values.isEmpty)
  }

  // MARK: - Reference

  @Test func `values equal exact fractions`() throws {
    // Offset, scale and division round at most three times; only the return on investment near 0
    // subtracts, there from operands that are themselves exact.
    var worst = Worst()
    for key in ["cases", "golden"] {
      for (row, cells) in try Reference.rows("stats_kpi", key).enumerated() {
        let (kpi, n, d, expected) = try decoded(cells)
        worst.compare(try kpi.value(numerator: n, denominator: d), expected, row: row)
      }
    }
    #expect(worst.count > 600)
    #expect(worst.error <= Tolerance.rounding, "\(worst)")
  }

  @Test func `edges follow the documented conventions`() throws {
    for (row, cells) in try Reference.rows("stats_kpi", "edges").enumerated() {
      let (kpi, n, d, expected) = try decoded(cells)
      let (value, flags) = kpi.evaluate(numerator: n, denominator: d)
      #expect(value == expected || (value.isNaN && expected.isNaN), "row \(row)")
      let documented = try Reference.complete(cells)[4]
      #expect(Double(flags.rawValue) == documented, "row \(row)")
    }
  }

  // MARK: - Law

  static let awkward: [Double] = [
    0, -0.0, 1, -1, 0.5, 12, 1e308, -1e308, 0x1p-1074, -0x1p-1074, .infinity, -.infinity, .nan,
    .greatestFiniteMagnitude, 1e16,
  ]

  @Test(arguments: KPI.allCases)
  func `no input makes an infinity or goes unexplained`(_ kpi: KPI) {
    for n in Self.awkward {
      for d in Self.awkward {
        let (value, flags) = kpi.evaluate(numerator: n, denominator: d)
        #expect(!value.isInfinite)
        #expect(!value.isNaN || flags != [])
      }
    }
  }

  @Test(arguments: KPI.allCases)
  func `scalar and column agree except for impossible shares`(_ kpi: KPI) {
    for n in Self.awkward {
      for d in Self.awkward {
        let (value, flags) = kpi.evaluate(numerator: n, denominator: d)
        let scalar = try? kpi.value(numerator: n, denominator: d)
        let refused = value.isNaN || flags.contains(.rateAboveOne)
        #expect(scalar == (refused ? nil : value))
      }
    }
  }

  @Test func `a column may overwrite its input`() throws {
    var values = [1.0, 2, 3]
    try values.withUnsafeMutableBufferPointer { buffer in
      let input = UnsafeBufferPointer(buffer)
      try KPI.costPerMille.column(
        numerators: input, denominators: input, values: buffer, flags: nil, refusing: true)
    }
    #expect(values == [1000, 1000, 1000])
  }

  // MARK: - Refusal

  @Test func `clicks above impressions are refused`() {
    #expect(throws: PlauditError(.invalidData, "clicks (12) exceed impressions (10)")) {
      try KPI.clickThroughRate.value(numerator: 12, denominator: 10)
    }
  }

  @Test func `no rate exists without impressions`() {
    let message = "click-through rate is undefined without impressions"
    #expect(throws: PlauditError(.undefined, message)) {
      try KPI.clickThroughRate.value(numerator: 0, denominator: 0)
    }
  }

  @Test func `negative spend earns no return`() {
    let message = "return on ad spend is undefined for negative spend (-5)"
    #expect(throws: PlauditError(.undefined, message)) {
      try KPI.returnOnAdSpend.value(numerator: 100, denominator: -5)
    }
  }

  @Test func `negative counts are refused by name`() {
    #expect(throws: PlauditError(.invalidData, "cost per click: clicks (-2) cannot be negative")) {
      try KPI.costPerClick.value(numerator: 1, denominator: -2)
    }
  }

  @Test func `NaN and infinity are refused by name`() {
    #expect(throws: PlauditError(.notFinite, "cost per action needs finite spend, got nan")) {
      try KPI.costPerAction.value(numerator: .nan, denominator: 2)
    }
    #expect(throws: PlauditError(.notFinite, "conversion rate needs finite visitors, got inf")) {
      try KPI.conversionRate.value(numerator: 1, denominator: .infinity)
    }
  }

  @Test func `a ratio beyond every double is refused`() {
    let message =
      "cost per click exceeds the range of a double: spend (1e+308), clicks (0.001)"
    #expect(throws: PlauditError(.outOfRange, message)) {
      try KPI.costPerClick.value(numerator: 1e308, denominator: 0.001)
    }
    let (value, flags) = KPI.costPerClick.evaluate(numerator: 1e308, denominator: 0.001)
    #expect(value.isNaN)
    #expect(flags == [.infiniteInput, .fractionalCount])
  }

  @Test func `a refusing column names the first bad row`() {
    let error = PlauditError(.invalidData, "clicks (3) exceed impressions (2)", index: 1)
    #expect(throws: error) {
      try column(.clickThroughRate, [1, 3, 0], [2, 2, 0], refusing: true)
    }
  }

  @Test func `columns of different length are refused`() {
    let message =
      "columns differ in length: numerators (1), denominators (2), values (1), flags (1)"
    #expect(throws: PlauditError(.invalidArgument, message)) {
      try column(.clickThroughRate, [1], [2, 2])
    }
  }

  private func decoded(_ cells: [Double?]) throws -> (KPI, Double, Double, Double) {
    let numbers = try Reference.complete(cells)
    let kpi = try #require(KPI(rawValue: Int32(numbers[0])))
    return (kpi, numbers[1], numbers[2], numbers[3])
  }

  @discardableResult
  private func column(
    _ kpi: KPI, _ numerators: [Double], _ denominators: [Double], refusing: Bool = false
  ) throws -> (values: [Double], flags: [Int32]) {
    var values = numerators
    var flags = numerators.map { _ in Int32(-1) }
    try numerators.withUnsafeBufferPointer { n in
      try denominators.withUnsafeBufferPointer { d in
        try values.withUnsafeMutableBufferPointer { v in
          try flags.withUnsafeMutableBufferPointer { f in
            try kpi.column(
              numerators: n, denominators: d, values: v, flags: f, refusing: refusing)
          }
        }
      }
    }
    return (values, flags)
  }
}
