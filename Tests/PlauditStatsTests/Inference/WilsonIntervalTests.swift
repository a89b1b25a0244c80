import Foundation
import PlauditCore
import PlauditStats
import Testing

struct WilsonIntervalTests {
  // MARK: - By hand

  @Test func `one success in two trials is symmetric about one half`() throws {
    // z² / 2 = 1 gives P² (2 + 2) - P (2 + 2) + 1/2 = 0, so P = (1 ± √½) / 2.
    let confidence = 1 - Normal.twoSidedPValue(2.0.squareRoot())
    let interval = try wilsonInterval(successes: 1, trials: 2, confidence: confidence)
    #expect(abs(interval.lower - (1 - 0.5.squareRoot()) / 2) < 1e-15)
    #expect(abs(interval.upper - (1 + 0.5.squareRoot()) / 2) < 1e-15)
  }

  @Test(arguments: [0x1p-1074, 0.5, 0.95, 1 - 0x1p-53])
  func `the ends are exactly 0 and 1`(_ confidence: Double) throws {
    for trials: Int64 in [1, 10, 1_000_000_007, .max] {
      let none = try wilsonInterval(successes: 0, trials: trials, confidence: confidence)
      let all = try wilsonInterval(successes: trials, trials: trials, confidence: confidence)
      #expect(none.lower == 0 && none.upper >= 0 && none.upper <= 1)
      #expect(all.upper == 1 && all.lower >= 0 && all.lower <= 1)
    }
  }

  @Test func `impossible rows are NaN with a flag`() throws {
    let (intervals, flags) = try column([182, 0, 3, 12, -1], [1000, 0, 0, 10, 10])
    let scalar = try wilsonInterval(successes: 182, trials: 1000, confidence: 0.95)
    #expect(intervals[0] == scalar)
    #expect(intervals.dropFirst().allSatisfy { $0.lower.isNaN && $0.upper.isNaN })
    #expect(flags == [0, 1, 3, 16, 128])
  }

  // MARK: - Reference

  @Test func `every digit of the closed form is kept`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_wilson", "cases").enumerated() {
      let (interval, numbers) = try evaluated(cells)
      worst.compare(interval.lower, numbers[3], row: row)
      worst.compare(interval.upper, numbers[4], row: row)
    }
    #expect(worst.count > 800)
    #expect(worst.error <= Tolerance.closedForm, "\(worst)")
  }

  @Test func `statsmodels agrees as far as its subtraction allows`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_wilson", "cases").enumerated() {
      let (interval, numbers) = try evaluated(cells)
      worst.compare(interval.lower, numbers[5], scale: numbers[4], row: row)
      worst.compare(interval.upper, numbers[6], scale: numbers[4], row: row)
    }
    #expect(worst.error <= Tolerance.otherLibrary, "\(worst)")
  }

  @Test func `worked examples are reproduced`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_wilson", "golden").enumerated() {
      let numbers = try Reference.complete(cells.dropFirst())
      let interval = try wilsonInterval(
        successes: Int64(numbers[0]), trials: Int64(numbers[1]), confidence: 0.95)
      worst.compare(interval.lower, numbers[2], row: row)
      worst.compare(interval.upper, numbers[3], row: row)
    }
    #expect(worst.count == 16)
    #expect(worst.error <= Tolerance.otherLibrary, "\(worst)")
  }

  // MARK: - Law

  @Test func `failures mirror successes`() throws {
    var worst = Worst()
    var random = RandomSource(seed: 2)
    for row in 0..<500 {
      let trials = Int64(random.next(below: 1_000_000)) + 1
      let successes = Int64(random.next(below: UInt64(trials) + 1))
      let a = try wilsonInterval(successes: successes, trials: trials, confidence: 0.9)
      let b = try wilsonInterval(successes: trials - successes, trials: trials, confidence: 0.9)
      worst.compare(a.lower, 1 - b.upper, scale: 1, row: row)
      #expect(a.lower <= Double(successes) / Double(trials))
      #expect(a.upper >= Double(successes) / Double(trials))
    }
    #expect(worst.error <= Tolerance.rounding, "\(worst)")
  }

  @Test func `more confidence is a wider interval`() throws {
    var last = Interval(lower: 0.3, upper: 0.3)
    for confidence in stride(from: 0.05, to: 1, by: 0.05) {
      let interval = try wilsonInterval(successes: 30, trials: 100, confidence: confidence)
      #expect(interval.lower < last.lower && interval.upper > last.upper)
      last = interval
    }
  }

  @Test func `the interval covers 95 % of rates on average`() throws {
    // Exact: binomial probabilities of the outcomes whose interval holds the rate, over a grid of
    // rates. scipy's binomial and statsmodels' interval give 0.95153 on the same grid.
    let trials = 50
    let intervals = try (0...trials).map {
      try wilsonInterval(successes: Int64($0), trials: Int64(trials), confidence: 0.95)
    }
    var total = 0.0
    let rates = stride(from: 0.0005, to: 1, by: 0.001)
    for rate in rates {
      for (x, interval) in intervals.enumerated() where interval.lower <= rate {
        guard rate <= interval.upper else { continue }
        let (n, k) = (Double(trials), Double(x))
        let ways: Double = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
        total += exp(ways + k * log(rate) + (n - k) * log(1 - rate))
      }
    }
    let coverage = total / 1000
    #expect(abs(coverage - 0.95153) < 1e-5, "\(coverage)")
  }

  // MARK: - Refusal

  @Test func `no interval exists without trials`() {
    #expect(throws: PlauditError(.undefined, "rate is undefined without trials")) {
      try wilsonInterval(successes: 0, trials: 0, confidence: 0.95)
    }
  }

  @Test func `successes above trials are refused`() {
    #expect(throws: PlauditError(.invalidData, "successes (12) exceed trials (10)")) {
      try wilsonInterval(successes: 12, trials: 10, confidence: 0.95)
    }
  }

  @Test func `a confidence in percent is refused`() {
    let message = "confidence must lie strictly between 0 and 1, got 95"
    #expect(throws: PlauditError(.outOfRange, message)) {
      try wilsonInterval(successes: 1, trials: 10, confidence: 95)
    }
  }

  @Test func `a refusing column names the first bad row`() {
    let error = PlauditError(.undefined, "rate is undefined without trials", index: 1)
    #expect(throws: error) { try column([1, 0, 5], [2, 0, 3], refusing: true) }
  }

  @Test func `columns of different length are refused`() {
    let message =
      "columns differ in length: successes (1), trials (2), lower (1), upper (1), flags (1)"
    #expect(throws: PlauditError(.invalidArgument, message)) { try column([1], [2, 3]) }
  }

  private func evaluated(_ cells: [Double?]) throws -> (Interval, [Double]) {
    let numbers = try Reference.complete(cells)
    return (
      try wilsonInterval(
        successes: Int64(numbers[0]), trials: Int64(numbers[1]), confidence: numbers[2]), numbers
    )
  }

  @discardableResult
  private func column(
    _ successes: [Int64], _ trials: [Int64], refusing: Bool = false
  ) throws -> ([Interval], [Int32]) {
    var lower = successes.map { _ in -1.0 }
    var upper = lower
    var flags = successes.map { _ in Int32(-1) }
    try successes.withUnsafeBufferPointer { x in
      try trials.withUnsafeBufferPointer { n in
        try lower.withUnsafeMutableBufferPointer { low in
          try upper.withUnsafeMutableBufferPointer { high in
            try flags.withUnsafeMutableBufferPointer { flag in
              try wilsonIntervals(
                successes: x, trials: n, confidence: 0.95, lower: low, upper: high, flags: flag,
                refusing: refusing)
            }
          }
        }
      }
    }
    return (zip(lower, upper).map { Interval(lower: $0, upper: $1) }, flags)
  }
}
