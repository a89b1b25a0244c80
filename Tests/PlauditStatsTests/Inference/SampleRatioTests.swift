import PlauditCore
import PlauditStats
import Testing

struct SampleRatioTests {
  // MARK: - By hand

  @Test func `a hundred users too many of ten thousand are one standard deviation`() throws {
    let ratio = try judged([5050, 4950], [1, 1])
    #expect(ratio.statistic == 1 && ratio.degreesOfFreedom == 1)
    #expect(abs(ratio.pValue - 0.3173105078629141) < 1e-16)
  }

  @Test func `an arm of weight 0 counts for nothing but its users`() throws {
    let without = try judged([5150, 4900], [0.5, 0.5])
    let with = try judged([5150, 4900, 0], [0.5, 0.5, 0])
    #expect(with == without && with.degreesOfFreedom == 1)
    let stray = try judged([5000, 5000, 3], [0.5, 0.5, 0])
    #expect(stray.pValue == 1 && stray.unexpectedUsers == 3)
    #expect(stray.isMismatch(level: 0.001) && !with.isMismatch(level: 0.001))
  }

  @Test func `weights need not add up to 1`() throws {
    #expect(try judged([950, 50], [19, 1]).statistic == 0)
    #expect(try judged([20, 30, 50], [2, 3, 5]).pValue == 1)
  }

  // MARK: - Law

  @Test func `batches in one or in many end with the same evidence`() throws {
    let many = try sequence([260, 240, 255, 245, 270, 230, 265, 235], [0.5, 0.5])
    let one = try sequence([1050, 950], [0.5, 0.5])
    #expect(abs(many.inverse[3] - one.inverse[0]) < 1e-12)
    #expect(many.least.allSatisfy { $0 <= 1 })
    #expect(zip(many.least, many.least.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test func `a user in an arm without weight is a mismatch from then on`() throws {
    let found = try sequence([260, 240, 0, 250, 250, 3, 250, 250, 0], [0.5, 0.5, 0])
    #expect(found.inverse[0] > 0.05 && found.least[0] > 0.05)
    #expect(found.inverse[1...] == [0, 0] && found.least[1...] == [0, 0])
  }

  @Test func `a fair split is rarely called a mismatch, at whatever time`() throws {
    var random = RandomSource(seed: 13)
    var alarms = 0
    for _ in 0..<400 {
      var counts: [Double] = []
      for _ in 0..<30 {
        let first = (0..<60).reduce(0) { sum, _ in sum + (random.uniform() < 0.5 ? 1.0 : 0) }
        counts += [first, 60 - first]
      }
      if try sequence(counts, [1, 1]).least[29] < 0.05 { alarms += 1 }
    }
    #expect(alarms <= 20 + 17, "four standard errors above 5 %")
  }

  // MARK: - Refusal

  @Test func `what are no counts or weights is refused with its arm`() {
    let negative = PlauditError(
      .invalidData, "the count of an arm (-1) cannot be negative", index: 1)
    #expect(throws: negative) { try judged([5, -1], [1, 1]) }
    #expect(throws: PlauditError(.notFinite, "the count of an arm is nan", index: 0)) {
      try judged([.nan, 1], [1, 1])
    }
    #expect(throws: PlauditError(.outOfRange, "no arm has a weight above 0")) {
      try judged([1, 1], [0, 0])
    }
    let nobody = PlauditError(.undefined, "there are no users in arms of positive weight")
    #expect(throws: nobody) { try judged([0, 0, 5], [1, 1, 0]) }
    #expect(throws: PlauditError(.invalidArgument, "2 counts and 1 weights of arms")) {
      try judged([1, 1], [1])
    }
    #expect(throws: PlauditError(.outOfRange, "concentration must be above 0, got -1")) {
      try sequence([1, 1], [1, 1], concentration: -1)
    }
  }

  private func judged(_ counts: [Double], _ weights: [Double]) throws -> SampleRatio {
    try withColumns(counts, weights, [Int]?.none) { counts, weights, _ in
      try SampleRatio(counts: counts, weights: weights)
    }
  }

  @discardableResult
  private func sequence(
    _ batches: [Double], _ weights: [Double], concentration: Double = 100
  ) throws -> (inverse: [Double], least: [Double]) {
    var inverse = [Double](repeating: 0, count: batches.count / weights.count)
    var least = inverse
    try withColumns(batches, weights, [Int]?.none) { batches, weights, _ in
      try inverse.withUnsafeMutableBufferPointer { inverse in
        try least.withUnsafeMutableBufferPointer { least in
          try SampleRatio.sequence(
            batches: batches, weights: weights, concentration: concentration, into: inverse,
            least: least)
        }
      }
    }
    return (inverse, least)
  }
}
