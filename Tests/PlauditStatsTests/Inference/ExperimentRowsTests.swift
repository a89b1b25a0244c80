import PlauditCore
import PlauditStats
import Testing

struct ExperimentRowsTests {
  // MARK: - By hand

  @Test func `rows of one user are one observation`() throws {
    let rows = try ExperimentRows(arms: 2, values: 2)
    try add(rows, [7, 8, 7], [0, 1, 0], [1, 10, 2, 20, 3, 30])
    let found = try moments(rows)
    #expect(found.users == [1, 1])
    #expect(found.sums == [4, 40, 2, 20])
    #expect(found.products == [0, 0, 0, 0, 0, 0])
    #expect(rows.userCount == 2 && rows.crossedUsers == 0)
  }

  @Test func `a user in two arms is in none, and counted once`() throws {
    let rows = try ExperimentRows(arms: 2, values: 1)
    try add(rows, [1, 2, 3, 1, 1], [0, 0, 1, 1, 0], [1, 2, 3, 4, 5])
    #expect(try moments(rows).users == [1, 1])
    #expect(try moments(rows).sums == [2, 3])
    #expect(rows.crossedUsers == 1)
  }

  @Test func `values are cut at a quantile of all of them`() throws {
    let values = [1.0, 2, 3, 4, 100]
    var cut = values
    let limits = try values.withUnsafeBufferPointer { values in
      try cut.withUnsafeMutableBufferPointer {
        try Winsorizing(values, lower: 0.25, upper: 0.75, into: $0)
      }
    }
    #expect(cut == [2, 2, 3, 4, 4])
    #expect(limits.limits == Interval(lower: 2, upper: 4))
    #expect(limits.cutBelow == 1 && limits.cutAbove == 1)
  }

  // MARK: - Law

  @Test func `merged states are the whole`() throws {
    var random = RandomSource(seed: 15)
    let count = 20_000
    let users = (0..<count).map { _ in Int64(bitPattern: random.next(below: 3000)) - 1500 }
    let arms = users.map { Int32($0 % 3 == 0 ? 0 : $0 % 500 == 7 ? -1 : 1) }.map { max($0, 0) }
    let values = (0..<2 * count).map { _ in random.normal() * 1e3 + 1e6 }
    let whole = try ExperimentRows(arms: 2, values: 2)
    try add(whole, users, arms, values)
    let parts = try (0..<4).map { _ in try ExperimentRows(arms: 2, values: 2) }
    for row in 0..<count {
      try add(parts[row % 4], [users[row]], [arms[row]], [values[2 * row], values[2 * row + 1]])
    }
    for part in parts.dropFirst() { try parts[0].merge(part) }
    let (one, other) = (try moments(whole), try moments(parts[0]))
    #expect(one.users == other.users && whole.crossedUsers == parts[0].crossedUsers)
    for (a, b) in zip(one.sums + one.products, other.sums + other.products) {
      #expect(abs(a - b) <= 1e-9 * max(1, abs(a)))
    }
  }

  @Test func `moments are those of the users' totals`() throws {
    let totals = [4.0, 7, 13, 16].map { $0 + 1e9 }
    let rows = try ExperimentRows(arms: 1, values: 1)
    try add(rows, [1, 2, 3, 4], [0, 0, 0, 0], totals)
    #expect(try moments(rows).products == [90], "30 × (4 - 1), which raw squares have lost")
  }

  // MARK: - Refusal

  @Test func `rows that are none are refused, and those before them count`() throws {
    let rows = try ExperimentRows(arms: 2, values: 1)
    #expect(throws: PlauditError(.invalidData, "arm (2) is not one of 0..<2", index: 1)) {
      try add(rows, [1, 2], [0, 2], [1, 1])
    }
    #expect(throws: PlauditError(.notFinite, "value 0 is nan", index: 0)) {
      try add(rows, [5], [1], [.nan])
    }
    #expect(rows.userCount == 1)
    #expect(
      performing: { try add(rows, [5], [1], [1, 2]) }, throws: { "\($0)".contains("rows differ") })
    #expect(performing: { try rows.merge(rows) }, throws: { "\($0)".contains("with itself") })
    let other = try ExperimentRows(arms: 3, values: 1)
    #expect(performing: { try rows.merge(other) }, throws: { "\($0)".contains("3 and 1") })
    #expect(
      performing: { _ = try ExperimentRows(arms: 0, values: 1) },
      throws: { "\($0)".contains("arms") })
    #expect(
      performing: { _ = try ExperimentRows(arms: 2, values: 5000) },
      throws: { "\($0)".contains("values") })
  }

  @Test func `what cannot be cut is refused`() {
    func cut(_ values: [Double], _ lower: Double, _ upper: Double) throws {
      try values.withUnsafeBufferPointer {
        _ = try Winsorizing($0, lower: lower, upper: upper, into: nil)
      }
    }
    #expect(throws: PlauditError(.undefined, "there are no values to cut")) { try cut([], 0, 1) }
    #expect(throws: PlauditError(.notFinite, "value to be cut is inf", index: 1)) {
      try cut([1, .infinity], 0, 1)
    }
    #expect(throws: PlauditError(.outOfRange, "quantiles must rise within 0...1, got 0.9 and 0.1"))
    { try cut([1], 0.9, 0.1) }
  }

  private func add(
    _ rows: ExperimentRows, _ users: [Int64], _ arms: [Int32], _ values: [Double]
  ) throws {
    try withColumns(users, arms, values) { users, arms, values in
      try rows.add(
        users: users, arms: arms, values: values ?? UnsafeBufferPointer(start: nil, count: 0))
    }
  }

  private func moments(
    _ rows: ExperimentRows
  ) throws -> (users: [Double], sums: [Double], products: [Double]) {
    let pairs = rows.values * (rows.values + 1) / 2
    var users = [Double](repeating: -1, count: rows.arms)
    var sums = [Double](repeating: -1, count: rows.arms * rows.values)
    var products = [Double](repeating: -1, count: rows.arms * pairs)
    try users.withUnsafeMutableBufferPointer { users in
      try sums.withUnsafeMutableBufferPointer { sums in
        try products.withUnsafeMutableBufferPointer {
          try rows.moments(users: users, sums: sums, products: $0)
        }
      }
    }
    return (users, sums, products)
  }
}
