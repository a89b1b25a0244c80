import PlauditCore
import PlauditStats
import Testing

struct AssignmentTests {
  // MARK: - By hand

  @Test func `arms lie side by side`() throws {
    let table = try slots([0.5, 0.5])
    #expect(table.arms.count == 10_000 && table.shares == [0.5, 0.5])
    #expect(table.arms[0] == 0 && table.arms[4999] == 0 && table.arms[5000] == 1)
  }

  @Test func `coverage takes the beginning of each arm`() throws {
    let table = try slots([0.5, 0.5], coverage: 0.2)
    #expect(table.shares == [0.1, 0.1])
    #expect(table.arms[999] == 0 && table.arms[1000] == -1 && table.arms[5000] == 1)
    #expect(try slots([1], coverage: 0).shares == [0])
  }

  @Test func `shares are those of the slots`() throws {
    let thirds = try slots([1.0 / 3, 1.0 / 3, 1.0 / 3])
    #expect(thirds.shares == [0.3334, 0.3333, 0.3333])
    #expect(try slots([0.9, 0, 0.1]).shares[1] == 0)
  }

  @Test func `who has no name is in no arm`() throws {
    let table = try slots([1])
    #expect(try assign(["ann", "", "bob"], seed: "s", table: table) == [0, -1, 0])
  }

  @Test func `a namespace lets in its part alone`() throws {
    let table = try slots([1])
    let users = (0..<4000).map { "user-\($0)" }
    func members(_ lower: Double, _ upper: Double) throws -> [Bool] {
      try assign(
        users, seed: "s", table: table,
        namespace: Experiment.Namespace(name: Array("site".utf8), lower: lower, upper: upper)
      ).map { $0 == 0 }
    }
    let (first, second) = (try members(0, 0.4), try members(0.4, 1))
    #expect(zip(first, second).allSatisfy { $0 != $1 })
    #expect(abs(Double(first.count { $0 }) - 1600) < 130)
    #expect(try members(0.3, 0.3).allSatisfy { !$0 })
  }

  // MARK: - Reference

  @Test func `hashes are those of GrowthBook's own test cases`() throws {
    let cases: [(String, String, HashVersion, Double)] = [
      ("", "a", .growthBook1, 0.22), ("", "b", .growthBook1, 0.077),
      ("b", "a", .growthBook1, 0.946), ("ef", "d", .growthBook1, 0.652),
      ("asdf", "8952klfjas09ujk", .growthBook1, 0.549), ("", "123", .growthBook1, 0.011),
      ("", "___)((*\":&", .growthBook1, 0.563), ("seed", "a", .growthBook2, 0.0505),
      ("seed", "b", .growthBook2, 0.2696), ("foo", "ab", .growthBook2, 0.2575),
      ("foo", "def", .growthBook2, 0.2019),
      ("89123klj", "8952klfjas09ujkasdf", .growthBook2, 0.124),
      ("90850943850283058242805", "123", .growthBook2, 0.7516),
      ("()**(%$##$%#$#", "___)((*\":&", .growthBook2, 0.0128),
    ]
    for (seed, user, version, expected) in cases {
      #expect(try hashes([user], seed: seed, version: version) == [expected])
    }
  }

  // MARK: - Law

  @Test(arguments: [HashVersion.growthBook1, .growthBook2])
  func `users fall evenly, whatever the experiment beside`(_ version: HashVersion) throws {
    let users = (0..<60_000).map { "user-\($0)" }
    let table = try slots([0.2, 0.3, 0.5], version: version)
    let found = try assign(users, seed: "autumn", table: table, version: version)
    var chiSquare = 0.0
    for (arm, share) in table.shares.enumerated() {
      let count = Double(found.count { $0 == arm })
      chiSquare += (count - 60_000 * share) * (count - 60_000 * share) / (60_000 * share)
    }
    // The 99.9 % point of two degrees of freedom.
    #expect(chiSquare < 13.8, "\(chiSquare)")
    guard version == .growthBook2 else { return }
    let other = try assign(users, seed: "winter", table: table, version: version)
    let both = Double(zip(found, other).count { $0 == 2 && $1 == 2 })
    #expect(abs(both / 60_000 - 0.25) < 0.008, "\(both)")
  }

  @Test func `a growing coverage moves nobody`() throws {
    let users = (0..<5000).map { "\($0)" }
    let few = try assign(users, seed: "s", table: slots([0.3, 0.7], coverage: 0.1))
    let many = try assign(users, seed: "s", table: slots([0.3, 0.7], coverage: 0.6))
    #expect(zip(few, many).allSatisfy { $0 == -1 || $0 == $1 })
    #expect(few.count { $0 >= 0 } < many.count { $0 >= 0 })
  }

  @Test func `an arm that grows keeps its users, whatever the others do`() throws {
    var table = try slots([0.5, 0.1, 0.4], coverage: 0.5)
    for (weights, coverage) in [
      ([0.3, 0.3, 0.4], 0.5), ([0.1, 0.2, 0.7], 0.9), ([0.0, 0.0, 1.0], 1),
      ([0.6, 0.1, 0.3], 0.2), ([0.25, 0.25, 0.25, 0.25], 1), ([0.5, 0.5], 1),
    ] {
      let fresh = try slots(weights, coverage: coverage)
      let next = try table.arms.withUnsafeBufferPointer { try fresh.keeping($0) }
      #expect(next.shares == fresh.shares)
      for arm in next.shares.indices {
        let slot = Int32(arm)
        let before = table.arms.count { $0 == slot }
        let stayed = zip(table.arms, next.arms).count { $0 == slot && $1 == slot }
        #expect(stayed == min(before, next.arms.count { $0 == slot }))
      }
      table = next
    }
  }

  @Test func `threads and layout change nothing`() throws {
    let users = (0..<50_000).map { $0 % 11 == 0 ? "" : "u\($0 * 7919)" }
    let table = try slots([0.4, 0.6])
    let one = try assign(users, seed: "s", table: table, threads: 1)
    #expect(try assign(users, seed: "s", table: table, threads: 3) == one)
    #expect(
      try users[..<20].map { try assign([$0], seed: "s", table: table)[0] } == Array(one[..<20]))
  }

  // MARK: - Refusal

  @Test func `weights, slots and namespaces are checked`() throws {
    #expect(throws: PlauditError(.outOfRange, "weights must add up to 1, not to 0.9")) {
      try slots([0.5, 0.4])
    }
    #expect(throws: PlauditError(.outOfRange, "weight must lie in 0...1, got -0.5", index: 1)) {
      try slots([0.5, -0.5])
    }
    #expect(throws: PlauditError(.outOfRange, "coverage must lie in 0...1, got 2")) {
      try slots([1], coverage: 2)
    }
    #expect(throws: PlauditError(.outOfRange, "arms are 0, allowed are 1 to 1000")) {
      try slots([])
    }
    #expect(throws: PlauditError(.unsupported, "hash version 32 has no slots")) {
      try slots([1], version: .fnv1a)
    }
    let table = try slots([1], version: .growthBook1)
    let few = "slots are 1000, hash version 2 has 10000"
    #expect(throws: PlauditError(.invalidArgument, few)) {
      try assign(["a"], seed: "", table: table, version: .growthBook2)
    }
    let range = "the namespace's range must lie in 0...1, got 0.5 to 0.2"
    #expect(throws: PlauditError(.outOfRange, range)) {
      try assign(
        ["a"], seed: "", table: slots([1]),
        namespace: Experiment.Namespace(name: [], lower: 0.5, upper: 0.2))
    }
    #expect(throws: PlauditError(.invalidData, "previous has arm -2", index: 0)) {
      let previous = [Int32](repeating: -2, count: 1000)
      _ = try previous.withUnsafeBufferPointer { try table.keeping($0) }
    }
  }

  @discardableResult
  private func slots(
    _ weights: [Double], coverage: Double = 1, version: HashVersion = .growthBook2
  ) throws -> SlotTable {
    try weights.withUnsafeBufferPointer {
      try SlotTable(weights: $0, coverage: coverage, version: version)
    }
  }

  @discardableResult
  private func assign(
    _ users: [String], seed: String, table: SlotTable, version: HashVersion = .growthBook2,
    namespace: Experiment.Namespace? = nil, threads: Int = 2
  ) throws -> [Int32] {
    var arms = [Int32](repeating: -7, count: users.count)
    try table.arms.withUnsafeBufferPointer { slots in
      let experiment = try Experiment(
        seed: Array(seed.utf8), version: version, slots: slots, namespace: namespace)
      try withUsers(users) { column in
        try arms.withUnsafeMutableBufferPointer {
          try experiment.assign(column, arms: $0, threads: threads, control: RunControl())
        }
      }
    }
    return arms
  }
}

func hashes(_ users: [String], seed: String, version: HashVersion) throws -> [Double] {
  var found = [Double](repeating: 7, count: users.count)
  try withUsers(users) { column in
    try found.withUnsafeMutableBufferPointer {
      try userHashes(
        column, seed: Array(seed.utf8), version: version, hashes: $0, threads: 2,
        control: RunControl())
    }
  }
  return found
}

private func withUsers(_ users: [String], _ body: (UserColumn) throws -> Void) throws {
  let data = users.flatMap { Array($0.utf8) }
  var offsets: [Int32] = [0]
  for user in users { offsets.append((offsets.last ?? 0) + Int32(user.utf8.count)) }
  try data.withUnsafeBytes { data in
    try offsets.withUnsafeBufferPointer { offsets in
      try body(
        UserColumn(
          count: users.count, data: data, offsets32: offsets.baseAddress, offsets64: nil,
          validity: nil))
    }
  }
}
