import PlauditCore
import PlauditStats
import Testing

struct MultipleTestingTests {
  // MARK: - By hand

  @Test func `four p values step up`() throws {
    #expect(try adjust([0.01, 0.04, 0.03, 0.005], .benjaminiHochberg) == [0.02, 0.04, 0.04, 0.02])
    #expect(try adjust([0.01, 0.04], .bonferroni) == [0.02, 0.08])
    #expect(try adjust([], .hommel) == [])
    #expect(try adjust([0.3], .hommel) == [0.3])
  }

  @Test func `NaN are no part of the family`() throws {
    let adjusted = try adjust([0.01, .nan, 0.04], .holm)
    #expect(adjusted[0] == 0.02 && adjusted[1].isNaN && adjusted[2] == 0.04)
  }

  // MARK: - Reference

  @Test func `every method is statsmodels'`() throws {
    struct Case: Decodable {
      let method: Int32
      let p: [Double]
      let adjusted: [Double]
    }
    var worst = Worst()
    for (row, given) in try Reference.cases("stats_experiments_families", Case.self).enumerated() {
      let method = try #require(PValueAdjustment(rawValue: given.method))
      worst.compare(try adjust(given.p, method), given.adjusted, row: row)
    }
    #expect(worst.count > 3000)
    #expect(worst.error <= 1e-13, "\(worst)")
  }

  // MARK: - Law

  @Test func `Hommel's is the closed test of Simes`() throws {
    var random = RandomSource(seed: 8)
    for size in 1...9 {
      for round in 0..<6 {
        let p = (0..<size).map { _ in
          let value = random.uniform()
          return round % 2 == 0 ? value * value : (value * 8).rounded() / 8
        }
        var closed = [Double](repeating: 0, count: size)
        for subset in 1..<(1 << size) {
          let members = (0..<size).filter { subset >> $0 & 1 == 1 }
          let sorted = members.map { p[$0] }.sorted()
          let simes = sorted.indices.map { Double(sorted.count) * sorted[$0] / Double($0 + 1) }
            .min()
          for member in members { closed[member] = max(closed[member], simes ?? 0) }
        }
        for (got, wanted) in zip(try adjust(p, .hommel), closed) {
          #expect(abs(got - min(1, wanted)) < 1e-14)
        }
      }
    }
  }

  @Test func `the order of rows is irrelevant, and adjusting never helps`() throws {
    var random = RandomSource(seed: 9)
    let p = (0..<5000).map { _ in random.uniform() * random.uniform() }
    var order = Array(p.indices)
    random.shuffle(&order)
    for method in PValueAdjustment.allCases {
      let adjusted = try adjust(p, method)
      #expect(try adjust(order.map { p[$0] }, method) == order.map { adjusted[$0] }, "\(method)")
      if method != .twoStage { #expect(zip(p, adjusted).allSatisfy { $0 <= $1 && $1 <= 1 }) }
    }
  }

  @Test func `p values that share their first digits are told apart`() throws {
    var random = RandomSource(seed: 16)
    for spread in [1e-3, 1e-7, 1e-13, 0] {
      let p = (0..<9000).map { _ in 0.25 + spread * random.uniform() }
      let order = p.indices.sorted { p[$0] != p[$1] ? p[$0] < p[$1] : $0 < $1 }
      var (wanted, lowest) = (p, 1.0)
      for rank in p.indices.reversed() {
        let value = p[order[rank]]
        lowest = min(lowest, max(value, value * 9000 / Double(rank + 1)))
        wanted[order[rank]] = lowest
      }
      #expect(try adjust(p, .benjaminiHochberg) == wanted, "spread \(spread)")
    }
  }

  // MARK: - Refusal

  @Test func `what is no p value is refused with its row`() {
    let message = "p value (1.5) lies outside 0...1"
    #expect(throws: PlauditError(.outOfRange, message, index: 1)) {
      try adjust([0.1, 1.5], .holm)
    }
    #expect(throws: PlauditError(.outOfRange, "level must lie strictly between 0 and 1, got 5")) {
      try adjust([0.1], .twoStage, level: 5)
    }
  }

  private func adjust(
    _ p: [Double], _ method: PValueAdjustment, level: Double = 0.05
  ) throws -> [Double] {
    var adjusted = p
    try p.withUnsafeBufferPointer { p in
      try adjusted.withUnsafeMutableBufferPointer { try method.adjust(p, level: level, into: $0) }
    }
    return adjusted
  }
}
