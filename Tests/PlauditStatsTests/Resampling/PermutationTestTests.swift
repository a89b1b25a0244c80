import Foundation
import PlauditCore
import PlauditStats
import Testing

struct PermutationTestTests {
  // MARK: - By hand

  @Test func `two rows against one have three arrangements`() throws {
    let found = try permute([3, 4], [0])
    #expect(found.isExact && found.values.count == 3 && found.statistic == 3.5)
    // Only the observed one is as high.
    #expect(abs(found.pValue - 2.0 / 3) < 1e-15)
  }

  @Test func `three pairs have eight arrangements`() throws {
    let found = try permute([2, 3, 4], [1, 1, 1], isPaired: true)
    #expect(found.isExact && found.values.count == 8 && found.pValue == 0.25)
  }

  @Test func `equal rows are no evidence`() throws {
    #expect(try permute([1, 1], [1, 1, 1]).pValue == 1)
  }

  @Test func `rows of a user change arms together`() throws {
    let found = try permute(
      [1, 1, 5, 5], [2, 2, 2], clusters: [1, 1, 2, 2], controlClusters: [3, 3, 3])
    // Three users, two of them in the first arm.
    #expect(found.isExact && found.values.count == 3 && found.statistic == 1)
  }

  // MARK: - Reference

  @Test func `all arrangements give SciPy's p values`() throws {
    let cases = try Reference.cases("stats_resampling_permutation", Case.self)
    for (row, given) in cases.enumerated() {
      let statistic: PermutationTest.Statistic =
        switch given.statistic {
        case "mean": .mean
        case "median": .quantile
        case "pearson": .pearson
        default: .spearman
        }
      let alternative: Alternative =
        given.alternative == "greater" ? .greater : given.alternative == "less" ? .less : .twoSided
      let found = try permute(
        given.first, given.second, statistic, isPaired: given.paired, alternative: alternative,
        resamples: 100_000)
      #expect(found.isExact, "\(row)")
      #expect(abs(found.statistic - given.value) < 1e-12, "\(row)")
      #expect(abs(found.pValue - given.p) < 1e-12, "\(row): \(found.pValue) for \(given.p)")
    }
    #expect(cases.count == 36)
  }

  // MARK: - Law

  @Test(arguments: PermutationTest.Statistic.allCases, [false, true])
  func `neither threads nor the order of rows change a bit`(
    _ statistic: PermutationTest.Statistic, _ isPaired: Bool
  ) throws {
    var random = RandomSource(seed: 4)
    var rows = (0..<70).map { _ in
      statistic == .proportion
        ? (Double(random.next(below: 2)), Double(random.next(below: 2)))
        : ((9 * random.uniform()).rounded(), (9 * random.uniform()).rounded())
    }
    func found(_ threads: Int, _ resamples: Int = 300) throws -> [UInt64] {
      try permute(
        rows.map(\.0), rows.map(\.1), statistic, denominators: rows.map { 1 + $0.0 },
        controlDenominators: rows.map { 1 + $0.1 }, isPaired: isPaired, resamples: resamples,
        threads: threads
      ).values.map(\.bitPattern)
    }
    let one = try found(1)
    #expect(try found(3) == one)
    random.shuffle(&rows)
    #expect(try found(2) == one)
    rows = Array(rows[..<5])
    #expect(try found(1, 1000) == found(3, 1000))
  }

  @Test(arguments: PermutationTest.Statistic.allCases, [false, true])
  func `random arrangements come near to all of them`(
    _ statistic: PermutationTest.Statistic, _ isPaired: Bool
  ) throws {
    let (a, b): ([Double], [Double]) =
      statistic == .proportion
      ? ([1, 1, 0, 1, 1, 1, 0, 1], [0, 1, 0, 1, 0, 0, 0, 0])
      : ([3, 1, 4, 1, 5, 9, 2, 6], [2, 0, 1, 0, 3, 5, 2, 4.5])
    let weights = [1.0, 2, 1, 1, 2, 2, 1, 1]
    func found(_ resamples: Int) throws -> PermutationTest {
      try permute(
        a, b, statistic, denominators: weights, controlDenominators: weights, isPaired: isPaired,
        resamples: resamples)
    }
    // 12,870 splits, 256 flips or 40,320 orders.
    let (all, some) = (
      try found(50_000), try found(isPaired && statistic.rawValue < 30 ? 250 : 9000)
    )
    #expect(all.isExact && !some.isExact)
    let noise = 4 * (all.pValue / Double(some.values.count)).squareRoot() + 0.005
    #expect(abs(all.pValue - some.pValue) < 2 * noise, "\(all.pValue) \(some.pValue)")
  }

  @Test(arguments: PermutationTest.Statistic.allCases)
  func `p values are even where there is no effect`(_ statistic: PermutationTest.Statistic) throws {
    var random = RandomSource(seed: 17)
    var below = [0.05: 0, 0.25: 0, 0.5: 0, 0.9: 0]
    for sample in 0..<200 {
      func arm(_ count: Int) -> [Double] {
        (0..<count).map { _ in
          statistic == .proportion ? Double(random.next(below: 2)) : random.normal()
        }
      }
      let (a, b) = (arm(25), arm(25))
      let p = try permute(
        a, b, statistic, denominators: a.map { 1 + $0 * $0 },
        controlDenominators: b.map { 1 + $0 * $0 }, resamples: 99, seed: UInt64(sample)
      ).pValue
      for limit in below.keys where p <= limit { below[limit, default: 0] += 1 }
    }
    for (limit, count) in below {
      let (mean, spread) = (200 * limit, (200 * limit * (1 - limit)).squareRoot())
      // Few values make ties, with which p is above what it need be.
      let lowest = statistic == .proportion || statistic == .quantile ? 0 : mean - 4 * spread
      #expect(Double(count) >= lowest && Double(count) <= mean + 4 * spread, "\(limit): \(count)")
    }
  }

  @Test func `of random arrangements p is never 0`() throws {
    let found = try permute(
      (0..<30).map { 100 + Double($0) }, (0..<30).map { Double($0) }, alternative: .greater,
      resamples: 99)
    #expect(found.pValue == 0.01)
  }

  // MARK: - Refusal

  @Test func `columns and options are checked`() {
    #expect(throws: PlauditError(.undefined, "treatment has no rows")) { try permute([], [1]) }
    #expect(throws: PlauditError(.notFinite, "value (inf) is not finite", index: 0)) {
      try permute([1], [.infinity])
    }
    let constant = "a correlation is undefined where a column is constant"
    #expect(throws: PlauditError(.undefined, constant)) { try permute([1, 2], [3, 3], .pearson) }
    #expect(throws: PlauditError(.invalidArgument, "columns differ in length: 2 and 1")) {
      try permute([1, 2], [3], .spearman)
    }
    #expect(throws: PlauditError(.outOfRange, "resamples must lie in 1...10000000, got 0")) {
      try permute([1], [2], resamples: 0)
    }
    let none = "the statistic of an arm has no value: its denominators add up to 0"
    #expect(throws: PlauditError(.undefined, none)) {
      try permute([1], [2], .ratio, denominators: [0], controlDenominators: [1])
    }
  }

  private struct Case: Decodable {
    let statistic: String
    let paired: Bool
    let first: [Double]
    let second: [Double]
    let alternative: String
    let value: Double
    let p: Double
  }
}

/// Of columns that are arrays.
@discardableResult
func permute(
  _ first: [Double], _ second: [Double], _ statistic: PermutationTest.Statistic = .mean,
  denominators: [Double]? = nil, controlDenominators: [Double]? = nil, clusters: [Int64]? = nil,
  controlClusters: [Int64]? = nil, isPaired: Bool = false, alternative: Alternative = .twoSided,
  resamples: Int = 9999, threads: Int = 2, seed: UInt64 = 0
) throws -> PermutationTest {
  var options = PermutationTest.Options()
  (options.statistic, options.alternative, options.isPaired) = (statistic, alternative, isPaired)
  (options.resamples, options.seed) = (resamples, seed)
  return try withSample(first, denominators, clusters) { first in
    try withSample(second, controlDenominators, controlClusters) { second in
      try PermutationTest(
        first, second, options: options, threads: threads, running: RunControl())
    }
  }
}
