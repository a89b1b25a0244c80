import PlauditCore
import PlauditStats
import Testing

struct SplitTests {
  // MARK: - By hand

  @Test func `ten rows of two classes in 8 to 1 to 1`() throws {
    let labels: [Int32] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    let parts = try split(20, labels, fractions: [0.8, 0.1, 0.1])
    #expect(count(parts, labels) == [[8, 1, 1], [8, 1, 1]])
  }

  @Test func `a small part still gets a row of every class`() throws {
    let labels: [Int32] = [Int32](repeating: 0, count: 97) + [1, 1, 1]
    #expect(count(try split(100, labels, fractions: [0.9, 0.1]), labels) == [[87, 10], [2, 1]])
  }

  @Test func `without labels the ratio holds for all rows`() throws {
    let parts = try split(7, nil, fractions: [0.5, 0.5])
    #expect([3, 4].contains(parts.count { $0 == 0 }))
  }

  // MARK: - Law

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func `each class is within one row of its share, and the parts within one of theirs`(
    _ seed: UInt64
  ) throws {
    var random = RandomSource(seed: seed)
    let rows = 200 + Int(random.next(below: 400))
    let labels = (0..<rows).map { Int32($0 < 25 ? $0 % 5 : Int(5 * random.uniform())) }
    let fractions = [0.6, 0.25, 0.15]
    let parts = try split(rows, labels, fractions: fractions, seed: seed)
    for counts in count(parts, labels) {
      let whole = Double(counts.reduce(0, +))
      for (count, fraction) in zip(counts, fractions) {
        #expect(abs(Double(count) - fraction * whole) < 1)
      }
    }
    for (part, fraction) in fractions.enumerated() {
      let size = Double(parts.count { $0 == part })
      #expect(abs(size - fraction * Double(rows)) <= 1.5)
    }
  }

  @Test(arguments: [2, 3, 5, 10])
  func `folds of a class differ by one row at most`(_ count: Int) throws {
    let labels = (0..<137).map { Int32($0 % 3) }
    let folds = try self.folds(count, labels)
    for counts in self.count(folds, labels, parts: count) {
      #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
    }
    #expect(Set(folds).count == count)
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `rows of a group stay together`(_ seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let groups = (0..<1000).map { _ in Int64(random.next(below: 150)) - 75 }
    let labels = (0..<1000).map { _ in Int32(random.next(below: 3)) }
    let fractions = [0.7, 0.2, 0.1]
    let parts = try split(1000, labels, groups, fractions: fractions, seed: seed)
    var part: [Int64: Int32] = [:]
    for (group, given) in zip(groups, parts) {
      #expect(part[group, default: given] == given)
      part[group] = given
    }
    for counts in count(parts, labels) {
      let whole = Double(counts.reduce(0, +))
      for (count, fraction) in zip(counts, fractions) {
        #expect(abs(Double(count) / whole - fraction) < 0.04)
      }
    }
  }

  @Test func `a rare class finds its way into every part`() throws {
    // Twelve groups of ten; three of them have one row of the rare class.
    let groups = (0..<120).map { Int64($0 / 10) }
    let labels = (0..<120).map { Int32([5, 15, 25].contains($0) ? 1 : 0) }
    for seed in 0..<20 as Range<UInt64> {
      let parts = try split(120, labels, groups, fractions: [0.8, 0.1, 0.1], seed: seed)
      #expect(count(parts, labels)[1] == [1, 1, 1])
    }
  }

  @Test func `groups of one row are split as well as rows`() throws {
    let labels = (0..<100).map { Int32($0 % 2) }
    let groups = (0..<100).map { Int64($0) }
    let parts = try split(100, labels, groups, fractions: [0.8, 0.2])
    #expect(count(parts, labels) == [[40, 10], [40, 10]])
  }

  @Test func `the seed alone decides`() throws {
    let labels = (0..<90).map { Int32($0 % 2) }
    let first = try folds(3, labels, seed: 4)
    #expect(try folds(3, labels, seed: 4) == first)
    #expect(try folds(3, labels, seed: 5) != first)
  }

  // MARK: - Refusal

  @Test func `a class that cannot be in every part is named`() {
    #expect(throws: PlauditError(.invalidData, "class 1 has 2 rows, 3 parts need one each")) {
      try split(6, [0, 0, 0, 0, 1, 1], fractions: [0.5, 0.25, 0.25])
    }
    #expect(throws: PlauditError(.invalidData, "class good has 0 rows, 2 parts need one each")) {
      try split(2, [0, 0], classes: 2, fractions: [0.5, 0.5], names: ["bad", "good"])
    }
    let groups = PlauditError(.invalidData, "class 1 has rows in 1 groups, 2 parts need one each")
    #expect(throws: groups) {
      try split(4, [0, 0, 1, 1], [1, 2, 3, 3], fractions: [0.5, 0.5])
    }
    // Two groups for each class, and only one way to spread each: but they share groups.
    let left = PlauditError(.invalidData, "groups leave no row of class 2 for part 1")
    #expect(throws: left) {
      try split(
        6, [0, 0, 1, 1, 2, 2], [1, 2, 2, 3, 1, 3], fractions: [0.5, 0.5])
    }
    #expect(throws: PlauditError(.invalidData, "the data has 1 rows, 2 parts need one each")) {
      try split(1, nil, fractions: [0.5, 0.5])
    }
  }

  @Test func `fractions, columns and indices are checked`() {
    #expect(throws: PlauditError(.outOfRange, "fractions add up to 0.75 instead of 1")) {
      try split(2, nil, fractions: [0.5, 0.25])
    }
    #expect(throws: PlauditError(.outOfRange, "fraction 1 must lie above 0 and up to 1, got 0")) {
      try split(2, nil, fractions: [1, 0])
    }
    #expect(throws: PlauditError(.invalidArgument, "groups has 1 elements for 2 rows")) {
      try split(2, nil, [7], fractions: [0.5, 0.5])
    }
    #expect(throws: PlauditError(.invalidArgument, "labels has 1 elements for 2 rows")) {
      try split(2, [0], fractions: [0.5, 0.5])
    }
    #expect(throws: PlauditError(.invalidData, "label (7) is not a class in 0..<2", index: 1)) {
      try split(2, [0, 7], classes: 2, fractions: [0.5, 0.5])
    }
    #expect(throws: PlauditError(.outOfRange, "folds must lie in 2...65536, got 1")) {
      try folds(1, [0, 0])
    }
    #expect(throws: PlauditError(.undefined, "there are no rows to split")) {
      try split(0, nil, fractions: [1])
    }
  }

  private func count(_ parts: [Int32], _ labels: [Int32], parts count: Int? = nil) -> [[Int]] {
    let size = count ?? Int(parts.max() ?? 0) + 1
    var table = [[Int]](
      repeating: [Int](repeating: 0, count: size), count: Int(labels.max() ?? 0) + 1)
    for (part, label) in zip(parts, labels) { table[Int(label)][Int(part)] += 1 }
    return table
  }

  @discardableResult
  private func split(
    _ rows: Int, _ labels: [Int32]?, _ groups: [Int64]? = nil, classes: Int? = nil,
    fractions: [Double], seed: UInt64 = 0, names: [String] = []
  ) throws -> [Int32] {
    var parts = [Int32](repeating: -1, count: rows)
    try parts.withUnsafeMutableBufferPointer { parts in
      try withColumns(labels ?? [], groups ?? [], [Int]?.none) { given, together, _ in
        try Split.assign(
          rows: rows, labels: labels == nil ? nil : given,
          classes: classes ?? Int(labels?.max() ?? 0) + 1, groups: groups == nil ? nil : together,
          fractions: fractions, seed: seed, names: names, parts: parts)
      }
    }
    return parts
  }

  @discardableResult
  private func folds(_ count: Int, _ labels: [Int32], seed: UInt64 = 0) throws -> [Int32] {
    var folds = [Int32](repeating: -1, count: labels.count)
    try folds.withUnsafeMutableBufferPointer { folds in
      try labels.withUnsafeBufferPointer {
        try Split.folds(
          count, rows: $0.count, labels: $0, classes: Int(labels.max() ?? 0) + 1, seed: seed,
          folds: folds)
      }
    }
    return folds
  }
}
