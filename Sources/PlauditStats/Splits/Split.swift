package import PlauditCore

/// Seeded assignment of rows to parts (training, validation, test) or folds.
///
/// Each class is spread over the parts in their ratio, to the nearest rows; rows of one group stay
/// together, and the ratio is then kept as well as the groups allow. Every class has a row in every
/// part, or the split is refused. The same input and seed give the same parts on any machine.
package enum Split {
  package static let maximumParts = 65536
  package static let maximumClasses = ClassificationReport.maximumClasses

  /// - Parameters:
  ///   - rows: how many there are.
  ///   - labels: the class of each row in `0..<classes`; nil does not stratify.
  ///   - groups: any number of each row, equal for rows that belong together; nil for none.
  ///   - fractions: of the parts, each above 0, adding up to 1 within 1e-9.
  ///   - names: of the classes, for messages.
  ///   - parts: gets the part of each row.
  /// - Throws: `outOfRange` for parts, fractions and classes; `invalidArgument` for columns of
  ///   another length, naming the column; `invalidData` with the row of an index outside the
  ///   classes, and for a class with fewer rows or groups than parts or none in a part, naming it;
  ///   `undefined` without rows. `parts` is written only on success.
  /// - Source: rows of a class by largest remainder; groups, the largest first, to the part that is
  ///   least filled (Sainte-Laguë's rule, over the classes of the group).
  package static func assign(
    rows: Int, labels: UnsafeBufferPointer<Int32>? = nil, classes: Int = 1,
    groups: UnsafeBufferPointer<Int64>? = nil, fractions: [Double], seed: UInt64,
    names: [String] = [], parts: UnsafeMutableBufferPointer<Int32>
  ) throws(PlauditError) {
    try check(fractions)
    guard classes >= 1, classes <= maximumClasses else {
      throw PlauditError(.outOfRange, "classes must lie in 1...\(maximumClasses), got \(classes)")
    }
    if let labels, labels.count != rows { throw unequal("labels", labels.count, rows) }
    if let groups, groups.count != rows { throw unequal("groups", groups.count, rows) }
    guard parts.count == rows else { throw unequal("parts", parts.count, rows) }
    guard rows > 0 else {
      throw PlauditError(.undefined, "there are no rows to split")
    }
    var byClass = [[Int]](repeating: [], count: labels == nil ? 1 : classes)
    for row in 0..<rows {
      let label = try labels.map { (labels) throws(PlauditError) in
        try checkedClass(labels[row], "label", row: row, classes: classes)
      }
      byClass[label ?? 0].append(row)
    }
    let isStratified = labels != nil
    func name(_ index: Int) -> String {
      if !isStratified { return "the data" }
      return index < names.count ? "class \(names[index])" : "class \(index)"
    }
    for (index, members) in byClass.enumerated() where members.count < fractions.count {
      throw PlauditError(
        .invalidData,
        "\(name(index)) has \(members.count) rows, \(fractions.count) parts need one each")
    }
    let assigned: [Int32]
    if let groups {
      assigned = try grouped(byClass, groups, rows, fractions, seed, name)
    } else {
      assigned = apportioned(byClass, rows, fractions, seed)
    }
    for row in 0..<rows { parts[row] = assigned[row] }
  }

  /// The fold, of `count` equal ones, in which each row is held out.
  ///
  /// - Throws: `outOfRange` unless `2 <= count <= 65536`; else as
  ///   ``assign(rows:labels:classes:groups:fractions:seed:names:parts:)``.
  package static func folds(
    _ count: Int, rows: Int, labels: UnsafeBufferPointer<Int32>? = nil, classes: Int = 1,
    groups: UnsafeBufferPointer<Int64>? = nil, seed: UInt64, names: [String] = [],
    folds: UnsafeMutableBufferPointer<Int32>
  ) throws(PlauditError) {
    guard count >= 2, count <= maximumParts else {
      throw PlauditError(.outOfRange, "folds must lie in 2...\(maximumParts), got \(count)")
    }
    try assign(
      rows: rows, labels: labels, classes: classes, groups: groups,
      fractions: [Double](repeating: 1 / Double(count), count: count), seed: seed, names: names,
      parts: folds)
  }

  private static func check(_ fractions: [Double]) throws(PlauditError) {
    guard fractions.count >= 1, fractions.count <= maximumParts else {
      throw PlauditError(
        .outOfRange, "parts must lie in 1...\(maximumParts), got \(fractions.count)")
    }
    var sum = CompensatedSum()
    for (part, fraction) in fractions.enumerated() {
      guard fraction > 0, fraction <= 1 else {
        throw PlauditError(
          .outOfRange, "fraction \(part) must lie above 0 and up to 1, got \(fraction.plain)")
      }
      sum.add(fraction)
    }
    guard (sum.value - 1).magnitude <= 1e-9 else {
      throw PlauditError(.outOfRange, "fractions add up to \(sum.value.plain) instead of 1")
    }
  }

  private static func unequal(_ name: String, _ count: Int, _ rows: Int) -> PlauditError {
    PlauditError(.invalidArgument, "\(name) has \(count) elements for \(rows) rows")
  }

  // MARK: - Rows for themselves

  /// Largest remainders class by class; what a part was rounded down earlier counts for it later,
  /// so that the parts have their size as well.
  private static func apportioned(
    _ byClass: [[Int]], _ rows: Int, _ fractions: [Double], _ seed: UInt64
  ) -> [Int32] {
    var assigned = [Int32](repeating: 0, count: rows)
    let whole = fractions.reduce(0, +)
    var owed = [Double](repeating: 0, count: fractions.count)
    for (index, members) in byClass.enumerated() {
      let quotas = fractions.map { $0 / whole * Double(members.count) }
      // A product that should be whole may lie a rounding below.
      var counts = quotas.map { Int(exactly: ($0 + 1e-9).rounded(.down)) ?? 0 }
      let left = members.count - counts.reduce(0, +)
      // Only what is rounded down can be rounded up.
      let rounded = fractions.indices.filter { quotas[$0] - Double(counts[$0]) > 1e-9 }
      let order = rounded.sorted {
        let (first, second) = (
          owed[$0] + quotas[$0] - Double(counts[$0]), owed[$1] + quotas[$1] - Double(counts[$1])
        )
        return first != second ? first > second : $0 < $1
      }
      for part in order.prefix(max(left, 0)) { counts[part] += 1 }
      // Every part gets a row of every class, from the part that has most.
      for part in counts.indices where counts[part] < 1 {
        if let richest = counts.indices.max(by: { counts[$0] < counts[$1] }) {
          counts[richest] -= 1
          counts[part] += 1
        }
      }
      for part in counts.indices { owed[part] += quotas[part] - Double(counts[part]) }

      var random = RandomSource(seed: seed, stream: UInt64(index))
      var shuffled = members
      random.shuffle(&shuffled)
      var start = 0
      for (part, count) in counts.enumerated() {
        let end = min(start + count, shuffled.count)
        for row in shuffled[start..<end] { assigned[row] = Int32(truncatingIfNeeded: part) }
        start = end
      }
    }
    return assigned
  }

  // MARK: - Groups

  private static func grouped(
    _ byClass: [[Int]], _ groups: UnsafeBufferPointer<Int64>, _ rows: Int, _ fractions: [Double],
    _ seed: UInt64, _ name: (Int) -> String
  ) throws(PlauditError) -> [Int32] {
    var table = GroupTable(byClass, groups, rows)
    for (index, count) in table.groupsByClass.enumerated() where count < fractions.count {
      throw PlauditError(
        .invalidData,
        "\(name(index)) has rows in \(count) groups, \(fractions.count) parts need one each")
    }
    table.distribute(fractions, seed: seed)
    if let (index, part) = table.emptyPart {
      throw PlauditError(
        .invalidData, "groups leave no row of \(name(index)) for part \(part)")
    }
    return table.numbers.map { table.parts[$0] }
  }
}

/// Groups with their rows by class, and the parts they were given.
private struct GroupTable {
  /// The group of each row, numbered by first appearance.
  private(set) var numbers: [Int]
  /// Rows by class of each group: only the classes it has, in their order.
  private(set) var members: [[(label: Int, rows: Int)]]
  private(set) var sizes: [Int]
  private(set) var parts: [Int32]
  private let classRows: [Int]
  /// Groups that have a class, by class and part.
  private var holders: [[Int]] = []

  init(_ byClass: [[Int]], _ groups: UnsafeBufferPointer<Int64>, _ rows: Int) {
    var known: [Int64: Int] = [:]
    var numbers = [Int](repeating: 0, count: rows)
    var count = 0
    for row in 0..<rows {
      if let number = known[groups[row]] {
        numbers[row] = number
      } else {
        known[groups[row]] = count
        numbers[row] = count
        count += 1
      }
    }
    var members = [[(label: Int, rows: Int)]](repeating: [], count: count)
    var sizes = [Int](repeating: 0, count: count)
    for (label, rows) in byClass.enumerated() {
      for row in rows {
        let group = numbers[row]
        sizes[group] += 1
        if let last = members[group].last, last.label == label {
          members[group][members[group].count - 1].rows += 1
        } else {
          members[group].append((label, 1))
        }
      }
    }
    (self.numbers, self.members, self.sizes) = (numbers, members, sizes)
    parts = Array(repeating: 0, count: count)
    classRows = byClass.map(\.count)
  }

  var groupsByClass: [Int] {
    var counts = [Int](repeating: 0, count: classRows.count)
    for group in members { for (label, _) in group { counts[label] += 1 } }
    return counts
  }

  mutating func distribute(_ fractions: [Double], seed: UInt64) {
    var random = RandomSource(seed: seed)
    var order = Array(members.indices)
    random.shuffle(&order)
    var rank = order
    for (place, group) in order.enumerated() { rank[group] = place }
    order.sort { sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : rank[$0] < rank[$1] }

    var filled = classRows.map { _ in [Double](repeating: 0, count: fractions.count) }
    holders = classRows.map { _ in [Int](repeating: 0, count: fractions.count) }
    for group in order {
      var best = (part: 0, fill: Double.infinity)
      for part in fractions.indices {
        var fill = 0.0
        for (label, rows) in members[group] {
          fill += Double(rows) / Double(classRows[label]) * (filled[label][part] + Double(rows) / 2)
        }
        fill /= fractions[part]
        if fill < best.fill { best = (part, fill) }
      }
      parts[group] = Int32(truncatingIfNeeded: best.part)
      for (label, rows) in members[group] {
        filled[label][best.part] += Double(rows)
        holders[label][best.part] += 1
      }
    }
    // A part without a class takes the smallest group that its own part can spare.
    for group in order.reversed() {
      let from = Int(parts[group])
      guard members[group].allSatisfy({ holders[$0.label][from] > 1 }),
        let part = fractions.indices.first(where: { part in
          members[group].contains { holders[$0.label][part] == 0 }
        })
      else { continue }
      parts[group] = Int32(truncatingIfNeeded: part)
      for (label, _) in members[group] {
        holders[label][from] -= 1
        holders[label][part] += 1
      }
    }
  }

  /// A class and a part that has no row of it.
  var emptyPart: (label: Int, part: Int)? {
    for (label, parts) in holders.enumerated() {
      if let part = parts.firstIndex(of: 0) { return (label, part) }
    }
    return nil
  }
}
