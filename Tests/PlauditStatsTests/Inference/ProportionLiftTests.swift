import PlauditCore
import PlauditStats
import Testing

struct ProportionLiftTests {
  // MARK: - By hand

  @Test func `18.2 % over 13.4 % is a lift of 35.8 %, not 26 %`() throws {
    let lift = try relativeLift(treatment: 18.2, control: 13.4)
    #expect((lift * 1000).rounded() == 358)
    #expect((((18.2 - 13.4) / 18.2) * 100).rounded() == 26, "what division by the treatment prints")
    #expect(try lifted(182, 1000, 134, 1000).relative == 48.0 / 134)
  }

  @Test func `the sign of a lift is that of the change`() throws {
    #expect(try relativeLift(treatment: -5, control: -10) == 0.5)
    #expect(try relativeLift(treatment: 3, control: -2) == 2.5)
    #expect(try relativeLift(treatment: -15, control: -10) == -0.5)
  }

  @Test func `a control without success has an absolute lift only`() throws {
    let lift = try lifted(20, 1000, 0, 1000)
    #expect(lift.absolute == 0.02)
    #expect(lift.absoluteInterval.lower > 0)
    #expect(lift.relative.isNaN)
    #expect(lift.relativeInterval.lower.isNaN && lift.relativeInterval.upper.isNaN)
    #expect(lift.pValue < 1e-5)
    #expect(lift.flags == .zeroBaseline)
  }

  @Test func `a control that may be 0 leaves the relative lift unbounded`() throws {
    let lift = try lifted(4, 200, 2, 200)
    #expect(lift.relative == 1)
    #expect(lift.relativeInterval == Interval(lower: -.infinity, upper: .infinity))
    #expect(lift.flags == [.unboundedInterval, .lowBaseline])
  }

  @Test func `a control below ten standard errors is flagged`() throws {
    // rate = 10 √(rate (1 - rate) / n) at successes × trials = 100 × failures: 50 in 100.
    #expect(try lifted(60, 100, 50, 100).flags == [])
    #expect(try lifted(60, 100, 49, 100).flags == .lowBaseline)
  }

  @Test func `rates of 0 and 1 have no variance to judge by`() throws {
    let lift = try lifted(0, 10, 10, 10)
    #expect(lift.relative == -1)
    #expect(lift.z.isNaN && lift.pValue.isNaN && lift.relativeInterval.lower.isNaN)
    #expect(lift.absoluteInterval.lower == -1 && lift.absoluteInterval.upper < 0)
    #expect(lift.flags == .zeroVariance)
    #expect(try lifted(0, 10, 0, 10).flags == [.zeroVariance, .zeroBaseline])
  }

  // MARK: - Reference

  @Test func `every digit of the closed form is kept`() throws {
    var (relative, z, p, interval) = (Worst(), Worst(), Worst(), Worst())
    for (row, cells) in try Reference.rows("stats_lift", "cases").enumerated() {
      let numbers = try Reference.complete(cells)
      let whole = numbers.prefix(4).map { Int64($0) }
      let lift = try lifted(whole[0], whole[1], whole[2], whole[3], confidence: numbers[4])
      relative.compare(lift.relative, numbers[5], row: row)
      z.compare(lift.z, numbers[6], row: row)
      // A rounding ε of z becomes z² ε of its tail.
      p.compare(
        lift.pValue, numbers[7], scale: numbers[7] * (1 + numbers[6] * numbers[6]), row: row)
      // 1 - g loses what g and 1 share; an end near 0 is as good as the other end.
      let critical = try Normal.criticalValue(confidence: numbers[4])
      let g =
        critical * critical * (1 - lift.controlRate) / (lift.controlRate * numbers[3])
      let scale = max(numbers[8].magnitude, numbers[9].magnitude) / (1 - g)
      interval.compare(lift.relativeInterval.lower, numbers[8], scale: scale, row: row)
      interval.compare(lift.relativeInterval.upper, numbers[9], scale: scale, row: row)
      #expect(Double(lift.flags.rawValue) == numbers[10], "row \(row)")
    }
    #expect(relative.count == 300)
    #expect(relative.error <= Tolerance.rounding, "\(relative)")
    #expect(z.error <= Tolerance.closedForm, "\(z)")
    #expect(p.error <= Tolerance.closedForm, "\(p)")
    #expect(interval.error <= Tolerance.closedForm, "\(interval)")
  }

  @Test func `published tables are recomputed over the control`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_lift", "lifts").enumerated() {
      let numbers = try Reference.complete(cells)
      let lift = try relativeLift(treatment: numbers[0], control: numbers[1])
      // The decimals are not doubles; their rounding is seen through the difference.
      let scale = numbers[2].magnitude + (numbers[0] / numbers[1]).magnitude
      worst.compare(lift, numbers[2], scale: scale, row: row)
    }
    #expect(worst.count == 13)
    #expect(worst.error <= Tolerance.rounding, "\(worst)")
  }

  @Test func `worked examples are reproduced`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_lift", "golden").enumerated() {
      let whole = try Reference.complete(cells.prefix(4)).map { Int64($0) }
      let lift = try lifted(whole[0], whole[1], whole[2], whole[3])
      let interval = lift.relativeInterval
      let got = [lift.relative, lift.z, lift.pValue, interval.lower, interval.upper]
      for (value, expected) in zip(got, cells.dropFirst(4)) {
        if let expected { worst.compare(value, expected, row: row) }
      }
    }
    #expect(worst.count == 11)
    #expect(worst.error <= 1e-13, "printed from rounded rates: \(worst)")
  }

  // MARK: - Law

  @Test func `the relative interval excludes 0 exactly when z rejects`() throws {
    var random = RandomSource(seed: 3)
    var verdicts = [false: 0, true: 0]
    for _ in 0..<20_000 {
      let trials = (Int64(random.next(below: 3000)) + 5, Int64(random.next(below: 3000)) + 5)
      let treated = Int64(random.next(below: UInt64(trials.0) / 2 + 1))
      let near = Int64(Double(treated) * Double(trials.1) / Double(trials.0))
      let untreated = min(trials.1, near + Int64(random.next(below: 40)))
      let lift = try lifted(treated, trials.0, untreated, trials.1)
      let interval = lift.relativeInterval
      guard !interval.lower.isNaN, !lift.flags.contains(.unboundedInterval) else { continue }
      let rejects = lift.pValue < 0.05
      #expect((interval.lower > 0 || interval.upper < 0) == rejects)
      #expect(interval.lower <= lift.relative && lift.relative <= interval.upper)
      verdicts[rejects, default: 0] += 1
    }
    #expect(verdicts.values.allSatisfy { $0 > 1000 }, "\(verdicts)")
  }

  @Test func `the largest counts neither trap nor overflow`() throws {
    let all: [Int64] = [0, 1, 2, .max / 2, .max - 1, .max]
    for treated in all {
      for untreated in all {
        let lift = try lifted(treated, .max, untreated, .max)
        #expect(lift.absolute.isFinite)
        #expect(untreated == 0 ? lift.relative.isNaN : lift.relative.isFinite)
      }
    }
  }

  // MARK: - Refusal

  @Test func `a control of 0 has no relative lift`() {
    #expect(
      throws: PlauditError(.undefined, "relative lift is undefined for a control of 0")
    ) { try relativeLift(treatment: 0.02, control: 0) }
  }

  @Test func `NaN and infinity are refused by name`() {
    #expect(
      throws: PlauditError(.notFinite, "relative lift needs a finite treatment, got nan")
    ) { try relativeLift(treatment: .nan, control: 1) }
    #expect(
      throws: PlauditError(.notFinite, "relative lift needs a finite control, got -inf")
    ) { try relativeLift(treatment: 1, control: -.infinity) }
  }

  @Test func `a lift beyond every double is refused`() {
    let message =
      "relative lift exceeds the range of a double: treatment (1e+300), control (1e-300)"
    #expect(throws: PlauditError(.outOfRange, message)) {
      try relativeLift(treatment: 1e300, control: 1e-300)
    }
  }

  @Test func `a confidence of 1 is refused`() {
    let message = "confidence must lie strictly between 0 and 1, got 1"
    #expect(throws: PlauditError(.outOfRange, message)) {
      try lifted(1, 2, 1, 2, confidence: 1)
    }
  }

  private func lifted(
    _ treated: Int64, _ treatedTrials: Int64, _ untreated: Int64, _ untreatedTrials: Int64,
    confidence: Double = 0.95
  ) throws -> ProportionLift {
    try ProportionLift(
      treatment: ProportionCounts(successes: treated, trials: treatedTrials, of: "treatment"),
      control: ProportionCounts(successes: untreated, trials: untreatedTrials, of: "control"),
      confidence: confidence)
  }
}
