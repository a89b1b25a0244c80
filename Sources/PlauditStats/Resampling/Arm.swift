import CColumns
import PlauditCore

/// The statistic of one arm, made of the units that were drawn.
enum Arm {
  /// - Parameter level: of a quantile.
  static func of(
    _ statistic: SampleStatistic, _ sample: Sample, _ units: SampleUnits, level: Double
  ) -> any DrawnStatistic {
    switch statistic {
    case .mean, .proportion, .ratio:
      let isRatio = statistic == .ratio
      return SumArm(
        numerators: units.sums(sample.values),
        denominators: isRatio
          ? units.sums(sample.denominators) : sample.clusters == nil ? nil : units.sums(nil))
    case .quantile: return QuantileArm(sample.values, units, level: level)
    }
  }
}

/// Means and ratios: the sum of numerators over the sum of denominators, or over the number of
/// units.
final class SumArm: DrawnStatistic {
  private let numerators: [Double]
  private let denominators: [Double]?
  private let total: (numerator: Double, denominator: Double)
  var units: Int { numerators.count }
  var value: Double { quotient(total.numerator, total.denominator) }

  init(numerators: [Double], denominators: [Double]?) {
    self.numerators = numerators
    self.denominators = denominators
    var (above, below) = (CompensatedSum(), CompensatedSum())
    for term in numerators { above.add(term) }
    for term in denominators ?? [] { below.add(term) }
    total = (above.value, denominators == nil ? Double(numerators.count) : below.value)
  }

  private final class Sums: WeighedDraw {
    private let arm: SumArm
    private var (numerator, denominator) = (0.0, 0.0)

    init(_ arm: SumArm) { self.arm = arm }

    func begin() { (numerator, denominator) = (0, 0) }

    func add(_ units: UnsafeBufferPointer<UInt32>) {
      numerator += SumArm.sum(arm.numerators, units)
      denominator += arm.denominators.map { SumArm.sum($0, units) } ?? Double(units.count)
    }

    func add(_ counts: UnsafeBufferPointer<UInt8>, from first: Int) {
      numerator += SumArm.sum(arm.numerators, counts, from: first)
      if let denominators = arm.denominators {
        denominator += SumArm.sum(denominators, counts, from: first)
      } else {
        denominator +=
          counts.baseAddress.map { Double(pc_sum_counts($0, Int64(counts.count))) } ?? 0
      }
    }

    func end() -> Double { quotient(numerator, denominator) }
  }

  func makeDraw() -> any Draw { Sums(self) }

  func leaveOneOut(
    _ control: RunControl
  ) throws(PlauditError) -> [(value: Double, count: Double)] {
    try control.check()
    return (0..<units).map { unit in
      (
        quotient(
          total.numerator - numerators[unit],
          total.denominator - (denominators.map { $0[unit] } ?? 1)), 1
      )
    }
  }

  /// In four running sums, so that an addition need not wait for the one before.
  @inline(__always)
  private static func sum(_ terms: [Double], _ units: UnsafeBufferPointer<UInt32>) -> Double {
    terms.withUnsafeBufferPointer { terms in
      var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
      var place = 0
      while place &+ 3 < units.count {
        a += terms[Int(units[place])]
        b += terms[Int(units[place &+ 1])]
        c += terms[Int(units[place &+ 2])]
        d += terms[Int(units[place &+ 3])]
        place &+= 4
      }
      while place < units.count {
        a += terms[Int(units[place])]
        place &+= 1
      }
      return (a + b) + (c + d)
    }
  }

  private static func sum(
    _ terms: [Double], _ counts: UnsafeBufferPointer<UInt8>, from first: Int
  ) -> Double {
    terms.withUnsafeBufferPointer { terms in
      guard let terms = terms.baseAddress, let base = counts.baseAddress else { return 0 }
      return pc_weighted_sum(terms + first, base, Int64(counts.count))
    }
  }
}

/// NaN where there is no number.
private func quotient(_ numerator: Double, _ denominator: Double) -> Double {
  let value = numerator / denominator
  return value.isFinite ? value : .nan
}

/// Quantiles, from rows that are sorted once and weighed by how often their unit is drawn.
final class QuantileArm: DrawnStatistic {
  /// Rising, with the unit of each.
  private let values: [Double]
  private let unitOf: [UInt32]
  private let level: Double
  let units: Int
  let value: Double

  init(_ column: UnsafeBufferPointer<Double>, _ units: SampleUnits, level: Double) {
    let order = ScoreOrder.ascending(column)
    values = order.map { column[Int($0)] }
    unitOf = order.map { units.unitOfRow[Int($0)] }
    self.level = level
    self.units = units.count
    value = Quantile.linear(values, level)
  }

  private final class Counts: WeighedDraw {
    private let arm: QuantileArm
    private var counts: [UInt32]

    init(_ arm: QuantileArm) {
      self.arm = arm
      counts = Array(repeating: 0, count: arm.units)
    }

    func begin() {
      counts.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }

    func add(_ units: UnsafeBufferPointer<UInt32>) {
      counts.withUnsafeMutableBufferPointer { counts in
        for unit in units { counts[Int(unit)] &+= 1 }
      }
    }

    func add(_ more: UnsafeBufferPointer<UInt8>, from first: Int) {
      counts.withUnsafeMutableBufferPointer { counts in
        for (place, count) in more.enumerated() { counts[first + place] &+= UInt32(count) }
      }
    }

    func end() -> Double {
      counts.withUnsafeBufferPointer { counts in
        arm.unitOf.withUnsafeBufferPointer { unitOf in
          var total = 0
          for unit in unitOf { total &+= Int(counts[Int(unit)]) }
          let rank = QuantileRank(total, arm.level)
          var (seen, place) = (0, -1)
          while seen <= rank.below, place &+ 1 < unitOf.count {
            place &+= 1
            seen &+= Int(counts[Int(unitOf[place])])
          }
          guard total > 0, place >= 0 else { return .nan }
          let below = arm.values[place]
          if rank.share == 0 || seen > rank.below &+ 1 { return below }
          repeat { place &+= 1 } while place < unitOf.count && counts[Int(unitOf[place])] == 0
          return place < unitOf.count ? rank.between(below, arm.values[place]) : below
        }
      }
    }
  }

  func makeDraw() -> any Draw { Counts(self) }

  func leaveOneOut(
    _ control: RunControl
  ) throws(PlauditError) -> [(value: Double, count: Double)] {
    var starts = [Int](repeating: 0, count: units + 1)
    for unit in unitOf { starts[Int(unit) + 1] += 1 }
    for unit in 0..<units { starts[unit + 1] += starts[unit] }
    var next = starts
    var places = [Int](repeating: 0, count: values.count)
    for (place, unit) in unitOf.enumerated() {
      places[next[Int(unit)]] = place
      next[Int(unit)] += 1
    }
    var left: [(value: Double, count: Double)] = []
    left.reserveCapacity(units)
    for unit in 0..<units {
      if unit % 65536 == 0 { try control.check() }
      let out = places[starts[unit]..<starts[unit + 1]]
      let rank = QuantileRank(values.count - out.count, level)
      /// The value at a rank of what is left.
      func value(_ rank: Int) -> Double? {
        var place = rank
        for gone in out where gone <= place { place += 1 }
        return place < values.count ? values[place] : nil
      }
      guard out.count < values.count, let below = value(rank.below) else {
        left.append((.nan, 1))
        continue
      }
      let above = rank.share == 0 ? below : value(rank.below + 1) ?? below
      left.append((rank.between(below, above), 1))
    }
    return left
  }
}

/// Where a quantile lies among sorted values: as ``Quantile/linear(_:_:)``.
struct QuantileRank {
  let below: Int
  let share: Double

  init(_ count: Int, _ level: Double) {
    let position = max(0, level * Double(count - 1))
    below = Int(exactly: position.rounded(.down)) ?? 0
    share = position - position.rounded(.down)
  }

  func between(_ a: Double, _ b: Double) -> Double {
    share >= 0.5 ? b - (b - a) * (1 - share) : a + (b - a) * share
  }
}
