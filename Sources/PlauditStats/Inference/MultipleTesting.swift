import Glibc
package import PlauditCore

/// What many tests at once promise; raw values are `PLAUDIT_ADJUST_…`.
package enum PValueAdjustment: Int32, CaseIterable, Sendable {
  case none = 0
  // The chance of one false finding or more
  case bonferroni = 10
  case sidak = 11
  case holm = 12
  case holmSidak = 13
  case hochberg = 14
  case hommel = 15
  // The expected share of false findings
  case benjaminiHochberg = 20
  /// Benjamini and Yekutieli: under any dependence.
  case benjaminiYekutieli = 21
  /// Two stages of Benjamini and Hochberg: the first estimates how many hypotheses are true.
  case twoStage = 22

  /// The adjusted p values of one family, in the order of `values`; NaN stay NaN and are no part
  /// of the family.
  ///
  /// A hypothesis is rejected at a level when its adjusted p is at most that level. `level` matters
  /// to `twoStage` alone.
  ///
  /// - Throws: `outOfRange` with the row for a value outside 0...1, and for a level outside 0...1;
  ///   `invalidArgument` when the buffers differ in length; `limit` above 2³² - 1 values.
  /// - Source: statsmodels 0.15.0 `multipletests`; Hommel in O(n log n) by Meijer, Krebs and Goeman
  ///   2019, doi:10.1002/bimj.201700316.
  package func adjust(
    _ values: UnsafeBufferPointer<Double>, level: Double = 0.05,
    into adjusted: UnsafeMutableBufferPointer<Double>
  ) throws(PlauditError) {
    guard values.count == adjusted.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: values (\(values.count)), adjusted (\(adjusted.count))")
    }
    guard values.count <= ScoreOrder.maximumRows else {
      throw PlauditError(.limit, "\(values.count) p values are too many for one family")
    }
    guard level > 0, level < 1 else {
      throw PlauditError(.outOfRange, "level must lie strictly between 0 and 1, got \(level.plain)")
    }
    var missing = 0
    for row in 0..<values.count {
      let value = values[row]
      if value >= 0 && value <= 1 { continue }
      guard value.isNaN else {
        throw PlauditError(
          .outOfRange, "p value (\(value.plain)) lies outside 0...1", index: Int64(row))
      }
      missing += 1
    }
    if self == .none {
      for row in 0..<values.count { adjusted[row] = values[row] }
    } else if missing == 0 {
      adjustFamily(values, level: level, into: adjusted)
    } else {
      adjustAround(values, missing: missing, level: level, into: adjusted)
    }
  }

  /// The values that are there, gathered, adjusted and put back.
  private func adjustAround(
    _ values: UnsafeBufferPointer<Double>, missing: Int, level: Double,
    into adjusted: UnsafeMutableBufferPointer<Double>
  ) {
    let kept = values.filter { !$0.isNaN }
    var found = kept
    kept.withUnsafeBufferPointer { kept in
      found.withUnsafeMutableBufferPointer { adjustFamily(kept, level: level, into: $0) }
    }
    var next = 0
    for row in 0..<values.count {
      if values[row].isNaN {
        adjusted[row] = .nan
      } else {
        adjusted[row] = found[next]
        next += 1
      }
    }
  }

  /// Of checked values; `adjusted` may not be `values`.
  private func adjustFamily(
    _ values: UnsafeBufferPointer<Double>, level: Double,
    into adjusted: UnsafeMutableBufferPointer<Double>
  ) {
    let count = values.count
    guard count > 0 else { return }
    switch self {
    case .bonferroni:
      for row in 0..<count { adjusted[row] = min(1, values[row] * Double(count)) }
    case .sidak:
      for row in 0..<count { adjusted[row] = Self.anyOf(Double(count), values[row]) }
    default:
      var ranked = ScoreOrder.ascendingValues(values)
      ranked.values.withUnsafeMutableBufferPointer { adjustAscending($0, level: level) }
      for rank in 0..<count { adjusted[Int(ranked.rows[rank])] = ranked.values[rank] }
    }
  }

  /// In place, of ascending p values without NaN.
  func adjustAscending(_ p: UnsafeMutableBufferPointer<Double>, level: Double) {
    let count = p.count
    let family = Double(count)
    switch self {
    case .none: return
    case .bonferroni: for rank in 0..<count { p[rank] = min(1, p[rank] * family) }
    case .sidak: for rank in 0..<count { p[rank] = Self.anyOf(family, p[rank]) }
    case .holm, .holmSidak:
      var highest = 0.0
      for rank in 0..<count {
        let left = Double(count - rank)
        highest = max(highest, self == .holm ? left * p[rank] : Self.anyOf(left, p[rank]))
        p[rank] = min(1, highest)
      }
    case .hochberg:
      var lowest = 1.0
      for rank in stride(from: count - 1, through: 0, by: -1) {
        lowest = min(lowest, Double(count - rank) * p[rank])
        p[rank] = lowest
      }
    case .hommel: Self.hommel(p)
    case .benjaminiHochberg: Self.stepUp(p, family)
    case .benjaminiYekutieli:
      var harmonic = 0.0
      for rank in stride(from: count, to: 0, by: -1) { harmonic += 1 / Double(rank) }
      Self.stepUp(p, family * harmonic)
    case .twoStage:
      Self.stepUp(p, family)
      let rejected = p.reduce(0) { $1 <= level ? $0 + 1 : $0 }
      guard rejected > 0, rejected < count else { return }
      let share = (family - Double(rejected)) / family
      for rank in 0..<count { p[rank] *= share }
    }
  }

  /// The least over higher ranks of `p × factor / rank`, at most 1.
  private static func stepUp(_ p: UnsafeMutableBufferPointer<Double>, _ factor: Double) {
    var lowest = 1.0
    for rank in stride(from: p.count - 1, through: 0, by: -1) {
      // At the last rank the quotient may round below p itself.
      lowest = min(lowest, max(p[rank], p[rank] * factor / Double(rank + 1)))
      p[rank] = lowest
    }
  }

  /// The chance that one of `count` independent p values is `p` or less.
  private static func anyOf(_ count: Double, _ p: Double) -> Double {
    max(p, -expm1(count * log1p(-p)))
  }

  /// Closed testing with Simes' test.
  ///
  /// The `h` largest p values are a rejected intersection from the level `a(h)` on, where
  /// `a(h) = h × min over j of p(m - h + j) / j` falls with `h`: the least slope from the point
  /// `m - h` of the axis to the points right of it, which is a tangent of their lower hull. The
  /// adjusted p is the least over `h` of `max(a(h + 1), h p)`.
  private static func hommel(_ p: UnsafeMutableBufferPointer<Double>) {
    let count = p.count
    var levels = [Double](repeating: 0, count: count + 2)
    var hull: [Int] = []
    hull.reserveCapacity(64)
    for first in stride(from: count, to: 0, by: -1) {
      // The hull of points (k, p(k)), k from `first` to `count`; its left end is the last entry.
      let y = p[first - 1]
      while hull.count >= 2 {
        let (near, far) = (hull[hull.count - 1], hull[hull.count - 2])
        let rise = (p[near - 1] - y) * Double(far - first)
        if rise < (p[far - 1] - y) * Double(near - first) { break }
        hull.removeLast()
      }
      hull.append(first)
      let origin = first - 1
      func slope(_ entry: Int) -> Double { p[hull[entry] - 1] / Double(hull[entry] - origin) }
      // Slopes fall and then rise along the hull.
      var (low, high) = (0, hull.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if slope(middle) < slope(middle + 1) { high = middle } else { low = middle + 1 }
      }
      let size = count - origin
      levels[size] = Double(size) * slope(low)
    }
    var size = 0
    for rank in stride(from: count - 1, through: 0, by: -1) {
      let value = p[rank]
      while size < count, Double(size) * value < levels[size + 1] { size += 1 }
      let above = Double(size) * value
      p[rank] = min(1, size == 0 ? levels[1] : min(max(above, levels[size + 1]), levels[size]))
    }
  }
}
