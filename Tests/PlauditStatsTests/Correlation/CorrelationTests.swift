import Foundation
import PlauditCore
import PlauditStats
import Testing

struct CorrelationTests {
  // MARK: - By hand

  @Test func `a line is a perfect correlation`() throws {
    let found = try correlate([1, 2, 3, 4], [3, 5, 7, 9])
    #expect(found.count == 4 && found.pearson.value == 1 && found.pearson.pValue == 0)
    #expect(found.spearman.value == 1 && found.kendall.value == 1)
    // 2 of the 24 orders of four are as far out.
    #expect(abs(found.kendall.pValue - 2.0 / 24) < 1e-16)
    #expect(found.fit.slope == 2 && found.fit.intercept == 1 && found.fit.medianSlope == 2)
  }

  @Test func `one pair out of order counts once`() throws {
    // Six pairs, one discordant.
    #expect(abs(try correlate([1, 2, 3, 4], [1, 3, 2, 4]).kendall.value - 4.0 / 6) < 1e-15)
    #expect(
      try correlate([1, 2, 3, 4], [1, 3, 2, 4]).spearman.value.distance(to: 0.8).magnitude < 1e-15)
  }

  @Test func `a lag says which series comes first`() throws {
    let x = [1.0, 5, 2, 8, 3, 9, 4, 7]
    let y = [0.0] + x.dropLast()
    let found = try lags(.pearson, x, y, reach: 2)
    #expect(found.map(\.lag) == [-2, -1, 0, 1, 2] && found.map(\.count) == [6, 7, 8, 7, 6])
    #expect(abs(found[3].coefficient.value - 1) < 1e-15 && found[2].coefficient.value < 0.5)
  }

  @Test func `a pair with a gap is left out`() throws {
    let gap = Double.nan
    let found = try correlate([1, gap, 2, 3, 9, 4], [3, 8, 5, 7, gap, 9])
    #expect(found.count == 4 && found.pearson.value == 1)
  }

  @Test func `a constant column has no correlation`() throws {
    let found = try correlate([1, 2, 3, 4], [5, 5, 5, 5])
    for coefficient in [found.pearson, found.spearman, found.kendall] {
      #expect(coefficient.value.isNaN && coefficient.pValue.isNaN)
      #expect(coefficient.interval.lower.isNaN)
    }
    #expect(found.fit.slope == 0 && found.fit.medianSlope == 0)
    #expect(try correlate([5, 5, 5], [1, 2, 3]).fit.slope.isNaN)
  }

  @Test func `three rows say nothing about the interval`() throws {
    let found = try correlate([1, 2, 3], [1, 3, 2])
    #expect(found.pearson.interval == Interval(lower: -1, upper: 1))
    #expect(try correlate([1, 2], [1, 3]).pearson.pValue.isNaN)
  }

  // MARK: - Reference

  @Test func `coefficients, p values and lines are SciPy's`() throws {
    let cases = try Reference.cases("stats_resampling_correlation", Case.self)
    var (values, tails, lines) = (Worst(), Worst(), Worst())
    for (row, given) in cases.enumerated() {
      let found = try correlate(given.x, given.y, confidence: 0.9)
      for (coefficient, wanted) in [
        (found.pearson, given.pearson), (found.spearman, given.spearman),
        (found.kendall, given.kendall),
      ] {
        values.compare(coefficient.value, wanted[0], scale: 1, row: row)
        tails.compare(coefficient.pValue, wanted[1], row: row)
      }
      let interval = found.pearson.interval
      values.compare([interval.lower, interval.upper], given.interval, scale: 1, row: row)
      let (fit, scale) = (found.fit, given.line[1].magnitude + given.line[0].magnitude + 1)
      lines.compare(
        [fit.slope, fit.intercept, fit.standardError, fit.r2], given.line, scale: scale, row: row)
      lines.compare(
        [fit.medianSlope, fit.medianIntercept], given.median_line, scale: scale, row: row)
    }
    #expect(values.error < 1e-13, "\(values)")
    // Far out, p values magnify what the other library loses in `1 - r²`.
    #expect(tails.error < 2e-10, "\(tails)")
    #expect(lines.error < 1e-12, "\(lines)")
    #expect(cases.count == 44)
  }

  @Test func `Granger's F is statsmodels'`() throws {
    for given in try Reference.cases("stats_resampling_granger", GrangerCase.self) {
      let found = try granger(of: given.y, by: given.x, lags: given.lags)
      #expect(abs(found.f / given.f - 1) < 1e-10 && abs(found.pValue / given.p - 1) < 1e-9)
      #expect([found.numerator, found.denominator] == given.freedom)
    }
  }

  // MARK: - Law

  @Test(arguments: CorrelationMethod.allCases)
  func `sides, scale and the order of rows are irrelevant`(_ method: CorrelationMethod) throws {
    var random = RandomSource(seed: 6)
    let x = (0..<50).map { _ in (9 * random.uniform()).rounded() }
    let y = x.map { ($0 + 9 * random.uniform()).rounded() }
    func value(_ x: [Double], _ y: [Double]) throws -> Double {
      try lags(method, x, y, reach: 0)[0].coefficient.value
    }
    let found = try value(x, y)
    #expect(abs(try value(y, x) - found) < 1e-14)
    #expect(abs(try value(x.map { -3 * $0 + 7 }, y) + found) < 1e-14)
    let order = (0..<50).sorted { ($0 * 37) % 50 < ($1 * 37) % 50 }
    #expect(abs(try value(order.map { x[$0] }, order.map { y[$0] }) - found) < 1e-14)
    if method != .pearson { #expect(try value(x.map { exp($0) }, y) == found) }
  }

  @Test func `tau in n log n is tau of all pairs`() throws {
    var random = RandomSource(seed: 9)
    for rows in [2, 3, 7, 40, 65] {
      let x = (0..<rows).map { _ in (7 * random.uniform()).rounded() }
      let y = (0..<rows).map { _ in (5 * random.uniform()).rounded() }
      var (sum, own, other) = (0.0, 0.0, 0.0)
      for i in 0..<rows {
        for j in 0..<i {
          let (a, b) = ((x[i] - x[j]).signum, (y[i] - y[j]).signum)
          (sum, own, other) = (sum + a * b, own + a * a, other + b * b)
        }
      }
      let found = try correlate(x, y).kendall.value
      let expected = sum / (own * other).squareRoot()
      #expect(expected.isNaN ? found.isNaN : abs(found - expected) < 1e-15)
    }
  }

  @Test func `blocks see what rows do not: that neighbours are alike`() throws {
    var random = RandomSource(seed: 2)
    var covered = (blocks: 0, rows: 0)
    for _ in 0..<60 {
      func series() -> [Double] {
        var last = 0.0
        return (0..<200).map { _ in
          last = 0.9 * last + random.normal()
          return last
        }
      }
      let found = try lags(.pearson, series(), series(), reach: 0, resamples: 100, blockLength: 25)[
        0
      ]
      .coefficient
      if found.blockInterval.lower <= 0, 0 <= found.blockInterval.upper { covered.blocks += 1 }
      if found.interval.lower <= 0, 0 <= found.interval.upper { covered.rows += 1 }
    }
    // Of 60 independent pairs of slow series; Fisher's intervals take every row for news.
    #expect(covered.blocks >= 44 && covered.rows <= 38, "\(covered)")
  }

  @Test(arguments: CorrelationMethod.allCases)
  func `threads do not change a bit`(_ method: CorrelationMethod) throws {
    var random = RandomSource(seed: 30)
    let x = (0..<80).map { $0 % 9 == 0 ? Double.nan : random.normal() }
    let y = x.map { $0 + random.normal() }
    let one = try lags(method, x, y, reach: 3, resamples: 100, threads: 1)
    let three = try lags(method, x, y, reach: 3, resamples: 100, threads: 3)
    for (a, b) in zip(one, three) {
      #expect(a.coefficient == b.coefficient)
      #expect(a.coefficient.blockInterval.lower < a.coefficient.value)
      #expect(a.coefficient.value < a.coefficient.blockInterval.upper)
    }
    #expect(one[2].coefficient.blockInterval != one[3].coefficient.blockInterval)
  }

  @Test(arguments: CorrelationMethod.allCases)
  func `p values are even and intervals cover where rows are independent`(
    _ method: CorrelationMethod
  ) throws {
    var random = RandomSource(seed: 11)
    var (significant, covered) = (0, 0)
    for _ in 0..<500 {
      let x = (0..<40).map { _ in random.normal() }
      let y = (0..<40).map { _ in random.normal() }
      let found = try lags(method, x, y, reach: 0)[0].coefficient
      if found.pValue <= 0.1 { significant += 1 }
      if found.interval.lower <= 0, 0 <= found.interval.upper { covered += 1 }
    }
    #expect((23...77).contains(significant), "\(significant)")
    #expect((455...492).contains(covered), "\(covered)")
  }

  @Test func `Granger's p values are even without a cause`() throws {
    var random = RandomSource(seed: 12)
    var significant = 0
    for _ in 0..<500 {
      let x = (0..<60).map { _ in random.normal() }
      let y = (0..<60).map { _ in random.normal() }
      if try granger(of: y, by: x, lags: 2).pValue <= 0.1 { significant += 1 }
    }
    #expect((23...77).contains(significant), "\(significant)")
  }

  // MARK: - Refusal

  @Test func `columns and options are checked`() {
    #expect(throws: PlauditError(.invalidArgument, "columns differ in length: x (1), y (2)")) {
      try correlate([1], [1, 2])
    }
    #expect(throws: PlauditError(.notFinite, "y (inf) is not finite", index: 1)) {
      try correlate([1, 2], [1, .infinity])
    }
    #expect(throws: PlauditError(.notFinite, "x (nan) is not finite", index: 0)) {
      try correlate([.nan, 2, 3], [1, 2, 3], gaps: .refuse)
    }
    let few = "a correlation needs two rows with both numbers, there are 1"
    #expect(throws: PlauditError(.undefined, few)) { try correlate([1, .nan], [1, 2]) }
    let reach = "max_lag must lie in 0..<2, the number of rows, got 2"
    #expect(throws: PlauditError(.outOfRange, reach)) {
      try lags(.pearson, [1, 2], [1, 2], reach: 2)
    }
    #expect(throws: PlauditError(.outOfRange, "resamples must lie in 0...10000000, got -1")) {
      try correlate([1, 2], [1, 2], resamples: -1)
    }
    #expect(throws: PlauditError(.outOfRange, "lags must lie in 1...100, got 0")) {
      try granger(of: [1, 2], by: [1, 2], lags: 0)
    }
    let rows =
      "a Granger test of 1 lags needs more than 3 rows with all of their past, there are 2"
    #expect(throws: PlauditError(.undefined, rows)) {
      try granger(of: [1, 2, 4], by: [1, 3, 2], lags: 1)
    }
    let constant = "a Granger test is undefined where a past value is a combination of others"
    #expect(throws: PlauditError(.undefined, constant)) {
      try granger(of: [1, 2, 4, 3, 5, 9], by: [7, 7, 7, 7, 7, 7], lags: 1)
    }
  }

  private struct Case: Decodable {
    let x: [Double]
    let y: [Double]
    let pearson: [Double]
    let interval: [Double]
    let spearman: [Double]
    let kendall: [Double]
    let line: [Double]
    let median_line: [Double]
  }

  private struct GrangerCase: Decodable {
    let x: [Double]
    let y: [Double]
    let lags: Int
    let f: Double
    let p: Double
    let freedom: [Int]
  }
}

extension Double {
  fileprivate var signum: Double { self > 0 ? 1 : self < 0 ? -1 : 0 }
}

@discardableResult
func correlate(
  _ x: [Double], _ y: [Double], confidence: Double = 0.95, gaps: GapPolicy = .omit,
  resamples: Int = 0
) throws -> Correlation {
  var options = CorrelationOptions()
  (options.confidence, options.gaps, options.resamples) = (confidence, gaps, resamples)
  return try withColumns(x, y, [Int]?.none) { x, y, _ in
    try Correlation(x, y, options: options, threads: 2, control: RunControl())
  }
}

@discardableResult
func lags(
  _ method: CorrelationMethod, _ x: [Double], _ y: [Double], reach: Int, resamples: Int = 0,
  blockLength: Int = 0, threads: Int = 2
) throws -> [LaggedCorrelation] {
  var options = CorrelationOptions()
  (options.resamples, options.blockLength) = (resamples, blockLength)
  return try withColumns(x, y, [Int]?.none) { x, y, _ in
    try LaggedCorrelation.all(
      method, x, y, reach: reach, options: options, threads: threads, control: RunControl())
  }
}

@discardableResult
func granger(of y: [Double], by x: [Double], lags: Int) throws -> GrangerTest {
  try withColumns(y, x, [Int]?.none) { y, x, _ in try GrangerTest(of: y, by: x, lags: lags) }
}
