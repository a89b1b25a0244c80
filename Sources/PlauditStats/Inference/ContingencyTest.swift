import Glibc
package import PlauditCore

/// Tests of a table of counts: do rows and columns go together?
package enum ContingencyTest {
  package enum Kind: Int32, CaseIterable, Sendable {
    case chiSquare = 0
    case fisher = 1
  }

  package static let maximumCells = 1 << 20

  /// Pearson's chi-square of a table of `columns` columns, row by row.
  ///
  /// The effect size is Cramér's V, corrected Bergsma's. Flags `smallExpected` below 5. Rows and
  /// columns without counts are left out, as they say nothing.
  ///
  /// - Parameters:
  ///   - yates: with continuity correction where two rows and two columns are left.
  ///   - expected: gets a number a cell; as many as cells, or none.
  /// - Throws: `outOfRange` for a table smaller than 2 x 2 or larger than `maximumCells`;
  ///   `invalidData` with the cell's number for a negative count; `undefined` unless counts fall into
  ///   two rows and two columns.
  /// - Source: Pearson 1900; Yates 1934; values are scipy's `chi2_contingency`; Bergsma 2013,
  ///   doi:10.1016/j.jkss.2012.10.002.
  package static func chiSquare(
    _ table: UnsafeBufferPointer<Int64>, columns: Int, yates: Bool,
    expected: UnsafeMutableBufferPointer<Double>? = nil
  ) throws(PlauditError) -> TestResult {
    guard columns >= 2, table.count >= 2 * columns, table.count % columns == 0,
      table.count <= maximumCells
    else {
      throw PlauditError(
        .outOfRange,
        "table needs at least 2 rows and 2 columns and at most \(maximumCells) cells")
    }
    let rows = table.count / columns
    var rowSums = [Double](repeating: 0, count: rows)
    var columnSums = [Double](repeating: 0, count: columns)
    for (cell, count) in table.enumerated() {
      guard count >= 0 else {
        throw PlauditError(.invalidData, "count is \(count), negative", index: Int64(cell))
      }
      rowSums[cell / columns] += Double(count)
      columnSums[cell % columns] += Double(count)
    }
    let total = rowSums.reduce(0, +)
    let (r, c) = (Double(rowSums.count { $0 > 0 }), Double(columnSums.count { $0 > 0 }))
    guard r >= 2, c >= 2 else {
      throw PlauditError(
        .undefined, "chi-square is undefined: counts must fall into two rows and two columns")
    }
    let corrects = yates && r == 2 && c == 2
    var result = TestResult()
    // The effect size is of the counts as they are.
    var (sum, plain) = (0.0, 0.0)
    for (cell, count) in table.enumerated() {
      let mean = rowSums[cell / columns] / total * columnSums[cell % columns]
      if let expected, cell < expected.count { expected[cell] = mean }
      guard mean > 0 else { continue }
      if mean < 5 { result.flags.insert(.smallExpected) }
      var gap = (Double(count) - mean).magnitude
      plain += gap * gap / mean
      if corrects { gap = gap - min(0.5, gap) }
      sum += gap * gap / mean
    }
    result.statistic = sum
    result.degreesOfFreedom = (r - 1) * (c - 1)
    result.pValue = ChiSquare.upperTail(sum, degreesOfFreedom: result.degreesOfFreedom)
    let phi = plain / total
    result.effectSize = (phi / (min(r, c) - 1)).squareRoot()
    let unbiased = max(0, phi - (r - 1) * (c - 1) / (total - 1))
    let (r1, c1) = (r - (r - 1) * (r - 1) / (total - 1), c - (c - 1) * (c - 1) / (total - 1))
    result.correctedEffectSize = (unbiased / (min(r1, c1) - 1)).squareRoot()
    return result
  }

  /// Fisher's exact test of a 2 x 2 table `a b / c d`.
  ///
  /// Two-sided: the tables that are at most as likely as this one. The estimate is the sample odds
  /// ratio `a d / (b c)`, as scipy's; its interval is exact, conditional on the margins, as R's.
  ///
  /// - Throws: `invalidData` for a negative count, `outOfRange` for counts above 2^50,
  ///   `invalidArgument` for an equivalence test. A margin of 0 has p 1 and the flag `emptyCell`.
  /// - Source: Fisher 1922; R's `fisher.test`.
  package static func fisher(
    _ a: Int64, _ b: Int64, _ c: Int64, _ d: Int64, alternative: TestAlternative,
    confidence: Double
  ) throws(PlauditError) -> TestResult {
    _ = try Normal.criticalValue(confidence: confidence)
    for (cell, count) in [a, b, c, d].enumerated() {
      guard count >= 0 else {
        throw PlauditError(.invalidData, "count is \(count), negative", index: Int64(cell))
      }
      guard count <= 1 << 50 else {
        throw PlauditError(.outOfRange, "count is \(count), above 2^50", index: Int64(cell))
      }
    }
    var result = TestResult()
    result.isExact = true
    let (x, m, n, k) = (Double(a), Double(a + b), Double(c + d), Double(a + c))
    if [a, b, c, d].contains(0) { result.flags.insert(.emptyCell) }
    let odds = Hypergeometric(marked: m, plain: n, drawn: k)
    guard odds.least < odds.most else {
      result.pValue = 1
      return result
    }
    result.estimate = Double(a) * Double(d) / (Double(b) * Double(c))
    switch alternative {
    case .greater: result.pValue = odds.upperTail(x)
    case .less: result.pValue = odds.lowerTail(x)
    case .twoSided: result.pValue = bothTails(odds, x)
    case .equivalent:
      throw PlauditError(.invalidArgument, "Fisher's exact test has no equivalence alternative")
    }
    result.interval = conditionalInterval(odds, x, (1 - confidence) / 2)
    if result.interval.upper == .infinity { result.flags.insert(.unboundedInterval) }
    return result
  }

  /// The same of a table row by row; `outOfRange` unless it is 2 x 2.
  package static func fisher(
    _ table: UnsafeBufferPointer<Int64>, columns: Int, alternative: TestAlternative,
    confidence: Double
  ) throws(PlauditError) -> TestResult {
    guard table.count == 4, columns == 2 else {
      throw PlauditError(.outOfRange, "Fisher's exact test is of a table of 2 x 2")
    }
    return try fisher(
      table[0], table[1], table[2], table[3], alternative: alternative, confidence: confidence)
  }

  private static func bothTails(_ odds: Hypergeometric, _ x: Double) -> Double {
    // R's allowance for the rounding of masses that are equal.
    let bound = odds.logMass(x) + 1e-7
    let mode = ((odds.drawn + 1) * ((odds.marked + 1) / (odds.marked + odds.plain + 2)))
      .rounded(.down)
    if odds.logMass(mode) <= bound { return 1 }
    // The nearest point on the other side of the mode that is no likelier.
    var (inside, outside) = (mode, x < mode ? odds.most + 1 : odds.least - 1)
    while (outside - inside).magnitude > 1 {
      let middle = ((inside + outside) / 2).rounded(x < mode ? .down : .up)
      if odds.logMass(middle) <= bound { outside = middle } else { inside = middle }
    }
    return min(
      1,
      x < mode
        ? odds.lowerTail(x) + odds.upperTail(outside)
        : odds.upperTail(x) + odds.lowerTail(outside))
  }

  /// Odds ratios at which a tail of the noncentral hypergeometric distribution has a probability.
  private static func conditionalInterval(
    _ odds: Hypergeometric, _ x: Double, _ tail: Double
  ) -> Interval {
    let terms = odds.most - odds.least + 1
    guard terms <= 1_048_576 else { return Interval(lower: .nan, upper: .nan) }
    var (logs, k) = ([Double](), odds.least)
    logs.reserveCapacity(Int(exactly: terms) ?? 0)
    while k <= odds.most {
      logs.append(odds.logMass(k))
      k += 1
    }
    /// `P(X >= x)` or `P(X <= x)` at a logarithm of the odds ratio.
    func probability(_ shift: Double, upper: Bool) -> Double {
      var (top, k) = (-Double.infinity, odds.least)
      for value in logs {
        top = max(top, value + shift * k)
        k += 1
      }
      var (inside, all) = (0.0, 0.0)
      k = odds.least
      for value in logs {
        let mass = exp(value + shift * k - top)
        all += mass
        if upper ? k >= x : k <= x { inside += mass }
        k += 1
      }
      return inside / all
    }
    let lower =
      x == odds.least
      ? 0
      : exp(RootSearch.falling(from: -700, to: 700) { tail - probability($0, upper: true) })
    let upper =
      x == odds.most
      ? Double.infinity
      : exp(RootSearch.falling(from: -700, to: 700) { probability($0, upper: false) - tail })
    return Interval(lower: lower, upper: upper)
  }
}
