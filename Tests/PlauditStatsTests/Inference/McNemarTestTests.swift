import PlauditCore
import PlauditStats
import Testing

struct McNemarTestTests {
  // MARK: - By hand

  @Test func `one of ten against nine is twice eleven of 1024`() throws {
    let test = try McNemarTest(onlyFirst: 1, onlySecond: 9)
    #expect(abs(test.exactPValue - 22.0 / 1024) < 1e-16)
    #expect(test.correctedStatistic == 4.9 && test.statistic == 6.4)
    #expect(test.isExact && test.pValue == test.exactPValue)
  }

  @Test func `columns are counted into the table`() throws {
    let truth: [Int32] = [0, 1, 2, 3]
    var table: [Int64] = [0, 0, 0, 0]
    let test = try withColumns(truth, [0, 1, 9, 9], [0, 9, 2, 9] as [Int32]?) {
      truth, first, second in
      try table.withUnsafeMutableBufferPointer {
        try McNemarTest(truth: truth, first: first, second: try #require(second), table: $0)
      }
    }
    #expect(table == [1, 1, 1, 1])
    #expect(test.onlyFirst == 1 && test.onlySecond == 1 && test.exactPValue == 1)
  }

  // MARK: - Reference

  @Test func `statsmodels agrees`() throws {
    let rows = try Reference.cases("stats_metrics_mcnemar", [Double].self)
    var worst = Worst()
    for (row, cells) in rows.enumerated() {
      let test = try McNemarTest(onlyFirst: Int64(cells[0]), onlySecond: Int64(cells[1]))
      worst.compare(
        [
          test.exactPValue, test.correctedStatistic, test.correctedPValue, test.statistic,
          test.chiSquarePValue,
        ], Array(cells[2...]), row: row)
    }
    #expect(rows.count >= 50)
    // scipy's tails lose digits as they fall.
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  // MARK: - Law

  @Test func `the models may change places`() throws {
    let (one, other) = (
      try McNemarTest(onlyFirst: 30, onlySecond: 12), try McNemarTest(onlyFirst: 12, onlySecond: 30)
    )
    #expect(one.exactPValue == other.exactPValue && one.statistic == other.statistic)
  }

  @Test func `many rows have an exact p near the corrected one`() throws {
    let test = try McNemarTest(onlyFirst: 50_000_000_000, onlySecond: 50_000_200_000)
    #expect(abs(test.exactPValue / test.correctedPValue - 1) < 1e-5)
  }

  // MARK: - Refusal

  @Test func `negative counts and unequal columns are refused, too many are NaN`() throws {
    let negative = PlauditError(
      .invalidData, "discordant counts (-1, 0) cannot be negative")
    #expect(throws: negative) { try McNemarTest(onlyFirst: -1, onlySecond: 0) }
    let lengths = "columns differ in length: truth (1), first (2), second (1)"
    #expect(throws: PlauditError(.invalidArgument, lengths)) {
      try withColumns([0] as [Int32], [0, 1] as [Int32], [0] as [Int32]?) {
        try McNemarTest(truth: $0, first: $1, second: try #require($2))
      }
    }
    let huge = try McNemarTest(onlyFirst: .max, onlySecond: .max)
    #expect(huge.exactPValue.isNaN && huge.statistic == 0)
    #expect(try McNemarTest(onlyFirst: 0, onlySecond: 0).statistic.isNaN)
  }
}
