import PlauditCore
import PlauditStats
import Testing

struct ContingencyTestTests {
  private func chiSquare(
    _ table: [Int64], columns: Int, yates: Bool = false
  ) throws -> TestResult {
    try table.withUnsafeBufferPointer {
      try ContingencyTest.chiSquare($0, columns: columns, yates: yates)
    }
  }

  private func fisher(_ table: [Int64], _ alternative: TestAlternative = .twoSided) throws
    -> TestResult
  {
    try table.withUnsafeBufferPointer {
      try ContingencyTest.fisher($0, columns: 2, alternative: alternative, confidence: 0.95)
    }
  }

  // MARK: - By hand

  @Test func `a tea taster who is right eight times`() throws {
    // Fisher's own: 1 of 70 ways, and 17 of 70 with one pair exchanged.
    #expect(abs(try fisher([4, 0, 0, 4], .greater).pValue - 1.0 / 70) < 1e-16)
    #expect(abs(try fisher([3, 1, 1, 3], .greater).pValue - 17.0 / 70) < 1e-15)
    #expect(abs(try fisher([3, 1, 1, 3]).pValue - 34.0 / 70) < 1e-15)
    #expect(try fisher([4, 0, 0, 4]).interval.upper == .infinity)
  }

  @Test func `rows in proportion have nothing to do with columns`() throws {
    let test = try chiSquare([10, 20, 30, 20, 40, 60], columns: 3)
    #expect(test.statistic < 1e-28 && abs(test.pValue - 1) < 1e-12 && test.degreesOfFreedom == 2)
  }

  @Test func `empty rows and columns say nothing`() throws {
    let plain = try chiSquare([10, 20, 30, 25], columns: 2)
    let padded = try chiSquare([10, 0, 20, 0, 0, 0, 30, 0, 25], columns: 3)
    #expect(plain.statistic == padded.statistic && plain.degreesOfFreedom == 1)
    #expect(plain.pValue == padded.pValue && plain.flags == padded.flags)
  }

  // MARK: - Law

  @Test func `the exact interval holds 1 exactly when both sides do not reject`() throws {
    for table: [Int64] in [[12, 5, 4, 14], [3, 9, 7, 8], [40, 2, 30, 9], [7, 7, 7, 7]] {
      let interval = try fisher(table).interval
      let less = try fisher(table, .less).pValue
      let greater = try fisher(table, .greater).pValue
      #expect((interval.lower > 1) == (greater < 0.025))
      #expect((interval.upper < 1) == (less < 0.025))
    }
  }

  @Test func `transposing changes nothing`() throws {
    let one = try chiSquare([12, 5, 9, 4, 14, 2], columns: 3)
    let other = try chiSquare([12, 4, 5, 14, 9, 2], columns: 2)
    #expect(abs(one.statistic - other.statistic) < 1e-13)
    #expect(abs(try fisher([12, 5, 4, 14]).pValue - fisher([12, 4, 5, 14]).pValue) < 1e-15)
  }

  @Test func `counts of billions end at once`() throws {
    let test = try fisher([1_000_000_000, 2_000_000_000, 1_000_100_000, 2_000_000_000])
    #expect(test.pValue > 0 && test.pValue < 1 && test.interval.lower.isNaN)
  }

  // MARK: - Refusal

  @Test func `tables that are none are refused`() {
    let cases: [([Int64], Int, PlauditError.Kind, Int64)] = [
      ([1, 2], 2, .outOfRange, -1), ([1, 2, 3], 2, .outOfRange, -1),
      ([1, -2, 3, 4], 2, .invalidData, 1), ([0, 0, 3, 4], 2, .undefined, -1),
    ]
    for (table, columns, kind, index) in cases {
      let error = #expect(throws: PlauditError.self) { try chiSquare(table, columns: columns) }
      #expect(error?.kind == kind && error?.index == index)
    }
    let error = #expect(throws: PlauditError.self) { try fisher([1, 2, 3, -4]) }
    #expect(error?.index == 3)
  }

  @Test func `an empty margin proves nothing`() throws {
    let test = try fisher([0, 0, 3, 4])
    #expect(test.pValue == 1 && test.estimate.isNaN && test.flags.contains(.emptyCell))
  }
}
