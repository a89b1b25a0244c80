import PlauditCore
import PlauditStats
import Testing

struct ReliabilityTableTests {
  // MARK: - By hand

  @Test func `said 0.25 and 0.75, happened 1 of 2 and 1 of 1`() throws {
    let table = try table([0, 1, 1], [0.25, 0.25, 0.75], bins: 2)
    #expect(table.bins.map(\.rows) == [2, 1])
    #expect(table.bins.map(\.predicted) == [0.25, 0.75])
    #expect(table.bins.map(\.observed) == [0.5, 1])
    #expect(table.expectedError == 0.25 && table.maximumError == 0.25)
    #expect(table.rootMeanSquaredError == 0.25)
  }

  @Test func `an edge belongs below or above, as asked`() throws {
    #expect(try table([1], [0.5], bins: 2).bins.map(\.rows) == [1, 0])
    #expect(try table([1], [0.5], bins: 2, closed: .left).bins.map(\.rows) == [0, 1])
    #expect(try table([1, 1], [0, 1], bins: 2, closed: .left).bins.map(\.rows) == [1, 1])
    #expect(try table([1], [0.5], bins: 2).bins[1].predicted.isNaN)
  }

  // MARK: - Reference

  private struct Case: Decodable {
    let truth: [Int32]
    let probabilities: [Double]
    let bins: Int
    let strategy: String
    let observed: [Double]
    let predicted: [Double]
    let right: [Double]
    let left: [Double]
  }

  @Test func `scikit-learn's bins agree, whichever side is closed`() throws {
    var worst = Worst()
    let cases = try Reference.cases("stats_metrics_reliability", Case.self)
    for (row, expected) in cases.enumerated() {
      let edges: ReliabilityTable.Edges = expected.strategy == "uniform" ? .uniform : .quantile
      for closed in [ReliabilityTable.Closed.right, .left] {
        let table = try table(
          expected.truth, expected.probabilities, bins: expected.bins, edges: edges, closed: closed)
        worst.compare(
          [table.expectedError, table.maximumError, table.rootMeanSquaredError],
          closed == .right ? expected.right : expected.left, scale: 1, row: row)
        if closed == .right {
          let filled = table.bins.filter { $0.rows > 0 }
          worst.compare(filled.map(\.observed), expected.observed, row: row)
          worst.compare(filled.map(\.predicted), expected.predicted, row: row)
        }
      }
    }
    #expect(cases.count >= 48)
    #expect(worst.error <= Tolerance.closedForm, "\(worst)")
  }

  // MARK: - Law

  @Test func `bins hold all rows, and probabilities that come true have no gap`() throws {
    // 0.75 comes true three times of four, and so on.
    let probabilities = [0.25, 0.5, 0.75].flatMap { [Double](repeating: $0, count: 4) }
    let truth: [Int32] = [0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1]
    for bins in 1...40 {
      for edges in [ReliabilityTable.Edges.uniform, .quantile] {
        let table = try table(truth, probabilities, bins: bins, edges: edges)
        #expect(table.bins.reduce(0) { $0 + $1.rows } == 12)
        #expect(table.expectedError < 1e-15)
      }
    }
  }

  // MARK: - Refusal

  @Test func `no probability, no bin`() {
    #expect(throws: PlauditError(.invalidData, "probability (1.5) is not in 0...1", index: 1)) {
      try table([0, 1], [0, 1.5], bins: 2)
    }
    #expect(throws: PlauditError(.outOfRange, "bins must lie in 1...1048576, got 0")) {
      try table([0], [0], bins: 0)
    }
    #expect(throws: PlauditError(.undefined, "scores cannot be judged without rows")) {
      try table([], [], bins: 2)
    }
  }

  @discardableResult
  private func table(
    _ truth: [Int32], _ probabilities: [Double], bins: Int,
    edges: ReliabilityTable.Edges = .uniform, closed: ReliabilityTable.Closed = .right
  ) throws -> ReliabilityTable {
    try withColumns(truth, probabilities, [Int]?.none) { truth, probabilities, _ in
      try ReliabilityTable(
        truth: truth, probabilities: probabilities, bins: bins, edges: edges, closed: closed)
    }
  }
}
