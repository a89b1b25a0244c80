import PlauditCore
import PlauditStats
import Testing

struct TwoProportionTestTests {
  // MARK: - By hand

  @Test func `sixty against forty in a hundred is a z of root eight`() throws {
    // Pooled rate 1/2: variance 1/4 × 2/100 = 0.005, difference 0.2.
    let test = try TwoProportionTest(
      treatment: counts(60, 100), control: counts(40, 100), alternative: .twoSided)
    #expect(test.treatmentRate == 0.6)
    #expect(test.controlRate == 0.4)
    #expect(test.difference == 0.2)
    #expect(abs(test.z - 8.0.squareRoot()) < 1e-15)
  }

  @Test func `the unpooled variance adds those of both rates`() throws {
    let test = try TwoProportionTest(
      treatment: counts(60, 100), control: counts(40, 100), alternative: .twoSided,
      variance: .unpooled)
    #expect(abs(test.z - 0.2 / 0.0048.squareRoot()) < 1e-15)
  }

  @Test func `the numbers of the C header are pinned`() {
    #expect(Alternative.allCases.map(\.rawValue) == [0, 1, 2])
    #expect(ProportionVariance.allCases.map(\.rawValue) == [0, 1])
  }

  // MARK: - Reference

  @Test func `every digit of the closed forms is kept`() throws {
    var (difference, z, p, interval) = (Worst(), Worst(), Worst(), Worst())
    for (row, cells) in try Reference.rows("stats_two_proportion", "cases").enumerated() {
      let numbers = try Reference.complete(cells)
      let (treatment, control) = try arms(numbers)
      let test = { (alternative: Alternative, variance: ProportionVariance) in
        try TwoProportionTest(
          treatment: treatment, control: control, alternative: alternative, variance: variance)
      }
      let twoSided = try test(.twoSided, .pooled)
      difference.compare(twoSided.difference, numbers[5], row: row)
      z.compare(twoSided.z, numbers[6], row: row)
      z.compare(try test(.twoSided, .unpooled).z, numbers[7], row: row)
      // A rounding ε of z becomes z² ε of its tail.
      let condition = 1 + numbers[6] * numbers[6]
      p.compare(twoSided.pValue, numbers[8], scale: condition * numbers[8], row: row)
      p.compare(
        try test(.greater, .pooled).pValue, numbers[9], scale: condition * numbers[9], row: row)
      p.compare(
        try test(.less, .pooled).pValue, numbers[10], scale: condition * numbers[10], row: row)
      let newcombe = try newcombeInterval(
        treatment: treatment, control: control, confidence: numbers[4])
      // An end near 0 is a difference of terms as large as the other end.
      let scale = max(numbers[11].magnitude, numbers[12].magnitude)
      interval.compare(newcombe.lower, numbers[11], scale: scale, row: row)
      interval.compare(newcombe.upper, numbers[12], scale: scale, row: row)
    }
    #expect(difference.count == 300)
    #expect(difference.error <= Tolerance.rounding, "\(difference)")
    #expect(z.error <= Tolerance.closedForm, "\(z)")
    #expect(p.error <= Tolerance.closedForm, "\(p)")
    #expect(interval.error <= Tolerance.closedForm, "\(interval)")
  }

  @Test func `statsmodels agrees as far as its subtraction allows`() throws {
    var (z, p, interval) = (Worst(), Worst(), Worst())
    for (row, cells) in try Reference.rows("stats_two_proportion", "cases").enumerated() {
      let numbers = try Reference.complete(cells)
      let (treatment, control) = try arms(numbers)
      let test = try TwoProportionTest(
        treatment: treatment, control: control, alternative: .twoSided)
      // It subtracts rounded rates and a rounded share of failures from 1.
      let rate = max(test.treatmentRate, test.controlRate)
      let pooled =
        Double(treatment.successes + control.successes) / Double(treatment.trials + control.trials)
      let cancellation =
        (test.difference == 0 ? 1 : rate / test.difference.magnitude) + 1 / (1 - pooled)
      let zScale = max(test.z.magnitude, 1) * cancellation
      z.compare(test.z, numbers[13], scale: zScale, row: row)
      p.compare(
        test.pValue, numbers[14], scale: numbers[14] * (1 + test.z.magnitude) * zScale, row: row)
      let newcombe = try newcombeInterval(
        treatment: treatment, control: control, confidence: numbers[4])
      let scale = rate + newcombe.upper - newcombe.lower
      interval.compare(newcombe.lower, numbers[15], scale: scale, row: row)
      interval.compare(newcombe.upper, numbers[16], scale: scale, row: row)
    }
    #expect(z.error <= Tolerance.otherLibrary, "\(z)")
    #expect(p.error <= Tolerance.otherLibrary, "\(p)")
    #expect(interval.error <= Tolerance.otherLibrary, "\(interval)")
  }

  @Test func `worked examples are reproduced`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_two_proportion", "golden").enumerated() {
      let (treatment, control) = try arms(Reference.complete(cells.prefix(4)))
      let pooled = try TwoProportionTest(
        treatment: treatment, control: control, alternative: .twoSided)
      let unpooled = try TwoProportionTest(
        treatment: treatment, control: control, alternative: .twoSided, variance: .unpooled)
      let greater = try TwoProportionTest(
        treatment: treatment, control: control, alternative: .greater)
      let interval = try newcombeInterval(treatment: treatment, control: control, confidence: 0.95)
      let got = [
        pooled.z, pooled.pValue, unpooled.z, unpooled.pValue, greater.pValue, interval.lower,
        interval.upper,
      ]
      for (value, expected) in zip(got, cells.dropFirst(4)) {
        if let expected { worst.compare(value, expected, row: row) }
      }
    }
    #expect(worst.count == 32)
    #expect(worst.error <= 1e-13, "printed from rounded rates: \(worst)")
  }

  // MARK: - Law

  @Test func `exchanging the groups changes the sign`() throws {
    let (a, b) = (try counts(91, 500), try counts(67, 430))
    for variance in ProportionVariance.allCases {
      let forth = try TwoProportionTest(
        treatment: a, control: b, alternative: .greater, variance: variance)
      let back = try TwoProportionTest(
        treatment: b, control: a, alternative: .less, variance: variance)
      #expect(forth.z == -back.z)
      #expect(forth.pValue == back.pValue)
    }
    let there = try newcombeInterval(treatment: a, control: b, confidence: 0.9)
    let back = try newcombeInterval(treatment: b, control: a, confidence: 0.9)
    #expect(there.lower == -back.upper && there.upper == -back.lower)
  }

  @Test func `one-sided p values add up to one`() throws {
    let (a, b) = (try counts(91, 500), try counts(67, 430))
    let greater = try TwoProportionTest(treatment: a, control: b, alternative: .greater)
    let less = try TwoProportionTest(treatment: a, control: b, alternative: .less)
    #expect(abs(greater.pValue + less.pValue - 1) < 1e-15)
  }

  @Test func `the largest counts neither trap nor overflow`() throws {
    let (a, b) = (try counts(.max, .max), try counts(.max - 1, .max))
    let test = try TwoProportionTest(treatment: a, control: b, alternative: .twoSided)
    #expect(test.difference == 1 / Double(Int64.max))
    #expect(abs(test.z - 1) < 1e-15)
    let interval = try newcombeInterval(treatment: a, control: b, confidence: 0.95)
    #expect(interval.lower < 0 && interval.upper > 0)
    let extreme = try newcombeInterval(
      treatment: counts(.max, .max), control: counts(0, .max), confidence: 0.95)
    #expect(extreme.upper == 1)
  }

  // MARK: - Refusal

  @Test func `no variance is no test`() throws {
    let (none, all) = (try counts(0, 10), try counts(20, 20))
    let pooled =
      "two-proportion z is undefined: no trial succeeded in both groups, so the pooled variance is 0"
    #expect(throws: PlauditError(.undefined, pooled)) {
      try TwoProportionTest(treatment: none, control: none, alternative: .twoSided)
    }
    let unpooled =
      "two-proportion z is undefined: treatment rate (1) and control rate (0) are each 0 or 1, "
      + "so the unpooled variance is 0"
    #expect(throws: PlauditError(.undefined, unpooled)) {
      try TwoProportionTest(
        treatment: all, control: none, alternative: .less, variance: .unpooled)
    }
  }

  private func arms(_ numbers: [Double]) throws -> (ProportionCounts, ProportionCounts) {
    let whole = numbers.prefix(4).map { Int64($0) }
    return (try counts(whole[0], whole[1]), try counts(whole[2], whole[3]))
  }

  private func counts(_ successes: Int64, _ trials: Int64) throws -> ProportionCounts {
    try ProportionCounts(successes: successes, trials: trials)
  }
}
