import PlauditCore
import PlauditStats
import Testing

struct ProportionCountsTests {
  // MARK: - By hand

  @Test func `one success in four trials is a quarter`() throws {
    let counts = try ProportionCounts(successes: 1, trials: 4)
    #expect(counts.rate == 0.25)
    #expect(counts.failures == 3)
    #expect(counts.rateVariance == 0.25 * 0.75 / 4)
  }

  @Test func `close rates of huge samples differ by exactly one success`() throws {
    let more = try ProportionCounts(successes: (1 << 61) + 1, trials: .max)
    let fewer = try ProportionCounts(successes: 1 << 61, trials: .max)
    #expect(more.rateDifference(from: fewer) == 1 / Double(Int64.max))
    #expect(fewer.rateDifference(from: more) == -1 / Double(Int64.max))
  }

  // MARK: - Refusal

  @Test(arguments: [
    (Int64(0), Int64(0), PlauditError.Kind.undefined, "control rate is undefined without trials"),
    (5, -1, .invalidData, "control trials (-1) cannot be negative"),
    (-1, 5, .invalidData, "control successes (-1) cannot be negative"),
    (12, 10, .invalidData, "control successes (12) exceed trials (10)"),
  ])
  func `impossible counts are refused`(
    _ successes: Int64, _ trials: Int64, _ kind: PlauditError.Kind, _ message: String
  ) {
    #expect(throws: PlauditError(kind, message)) {
      try ProportionCounts(successes: successes, trials: trials, of: "control")
    }
  }
}
