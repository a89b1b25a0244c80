package import PlauditCore

/// Whether arms differ, or columns belong together, by more than chance would make them: the
/// observed statistic among those of the rows' other arrangements.
///
/// Arrangements are all there are when they are no more than `resamples`, else random ones. Of
/// independent arms users change arms, of paired ones the rows of a pair change places, of a
/// correlation the second column is shuffled. The result depends neither on threads nor on the
/// order of the rows.
package struct PermutationTest: Sendable {
  /// Raw values are `PLAUDIT_STATISTIC_…`; of arms their difference.
  package enum Statistic: Int32, CaseIterable, Sendable {
    case mean = 10
    case proportion = 11
    case ratio = 12
    case quantile = 20
    /// Of two columns; always paired.
    case pearson = 30
    case spearman = 31

    var ofArm: SampleStatistic? { SampleStatistic(rawValue: rawValue) }
  }

  package struct Options: Sendable {
    package var statistic = Statistic.mean
    package var alternative = Alternative.twoSided
    package var isPaired = false
    /// Of a quantile, in 0...1.
    package var level = 0.5
    package var resamples = 9999
    package var seed: UInt64 = 0

    package init() {}
  }

  /// Treatment minus control, or the correlation.
  package let statistic: Double
  /// Two-sided: twice the smaller tail, at most 1. Of random arrangements the observed one is
  /// counted among them, so that it is never 0.
  package let pValue: Double
  package let isExact: Bool
  /// Arrangements without a value (a ratio without denominators) count as extreme.
  package let undefinedArrangements: Int
  /// The statistic of each arrangement.
  package let values: [Double]

  /// - Parameter second: the control; of a correlation the other column.
  /// - Throws: what ``Sample`` refuses; `invalidArgument` for paired columns of different lengths;
  ///   `undefined` when the observed statistic has no value; `outOfRange` for the options;
  ///   `cancelled`, `timeout`.
  /// - Source: Phipson & Smyth 2010, doi:10.2202/1544-6115.1585; arrangements, tails and ties as
  ///   scipy 1.17.1 `stats.permutation_test`.
  package init(
    _ first: Sample, _ second: Sample, options: Options, threads: Int, running: RunControl
  ) throws(PlauditError) {
    guard options.resamples >= 1, options.resamples <= Bootstrap.maximumResamples else {
      throw PlauditError(
        .outOfRange,
        "resamples must lie in 1...\(Bootstrap.maximumResamples), got \(options.resamples)")
    }
    let plan: any PermutationPlan
    if let statistic = options.statistic.ofArm {
      let split = try SplitStatistic(
        statistic, first, second, isPaired: options.isPaired, level: options.level)
      plan = options.isPaired ? FlipPlan(split) : SplitPlan(split)
    } else {
      plan = try ShufflePlan(
        first, second, ofRanks: options.statistic == .spearman)
    }
    let observed = plan.observed
    guard !observed.isNaN else {
      throw PlauditError(
        .undefined,
        options.statistic.ofArm == nil
          ? "a correlation is undefined where a column is constant"
          : "the statistic of an arm has no value: its denominators add up to 0")
    }
    let all = plan.arrangements(upTo: options.resamples)
    let values = try Resampling.run(all ?? options.resamples, threads: threads, control: running) {
      plan.makeRoom(seed: all == nil ? options.seed : nil)
    }
    self.values = values
    statistic = observed
    isExact = all != nil
    // Rounding must not tell apart what is equal.
    let tie = 1e-14 * plan.scale
    let undefined = values.count { $0.isNaN }
    undefinedArrangements = undefined
    let own = all == nil ? 1 : 0
    func share(_ count: Int) -> Double {
      Double(count + undefined + own) / Double(values.count + own)
    }
    let less = share(values.count { $0 <= observed + tie })
    let greater = share(values.count { $0 >= observed - tie })
    pValue =
      switch options.alternative {
      case .twoSided: min(1, 2 * min(less, greater))
      case .less: less
      case .greater: greater
      }
  }
}

/// The arrangements of a test.
protocol PermutationPlan: AnyObject {
  var observed: Double { get }
  /// The size of the terms that the statistic is made of.
  var scale: Double { get }
  /// Their number, nil when there are more than `limit`.
  func arrangements(upTo limit: Int) -> Int?
  /// Random arrangements of a seed, or all of them in order without one.
  func makeRoom(seed: UInt64?) -> any ResampleRoom
}

/// The difference of two arms, of which some units are chosen to be in the first.
///
/// The first arm has what chosen units have first and the others have second; the second arm has
/// the rest. Units of independent arms have nothing second.
final class SplitStatistic {
  /// Of independent arms, which come first: the first arm's.
  let (firstUnits, units): (Int, Int)
  let observed: Double
  let scale: Double
  private let sums: Columns?
  private let sizes: Columns?
  /// Of quantiles: rising values, their unit, and whether it has them second.
  private var values: [Double] = []
  private var unitOf: [UInt32] = []
  private var isSecond: [UInt8] = []
  private let level: Double

  /// What units add to the first arm when chosen, and what it and both have without them.
  private struct Columns {
    let gains: [Double]
    let base: Double
    let total: Double

    init(first: [Double], second: [Double]) {
      let pairs = first.count == second.count && !second.isEmpty
      gains = pairs ? zip(first, second).map { $0 - $1 } : first
      base = second.reduce(0, +)
      total = first.reduce(0, +) + base
    }
  }

  init(
    _ statistic: SampleStatistic, _ first: Sample, _ second: Sample, isPaired: Bool, level: Double
  ) throws(PlauditError) {
    try first.check(statistic, "treatment", level: level)
    try second.check(statistic, "control", level: level)
    let unitsOfFirst: SampleUnits
    let unitsOfSecond: SampleUnits
    if isPaired {
      unitsOfFirst = try SampleUnits.ofPairs([first, second])
      unitsOfSecond = unitsOfFirst
      (firstUnits, units) = (unitsOfFirst.count, unitsOfFirst.count)
    } else {
      unitsOfFirst = SampleUnits(columns: first.columns, clusters: first.clusters)
      unitsOfSecond = SampleUnits(columns: second.columns, clusters: second.clusters)
      (firstUnits, units) = (unitsOfFirst.count, unitsOfFirst.count + unitsOfSecond.count)
    }
    guard units < ScoreOrder.maximumRows else {
      throw PlauditError(.limit, "\(units) rows are more than \(ScoreOrder.maximumRows - 1)")
    }
    self.level = level
    let arms = [(first, unitsOfFirst), (second, unitsOfSecond)]
    let (one, other) = (
      Arm.of(statistic, first, unitsOfFirst, level: level).value,
      Arm.of(statistic, second, unitsOfSecond, level: level).value
    )
    observed = one - other
    guard statistic == .quantile else {
      func columns(_ column: (Sample) -> UnsafeBufferPointer<Double>?) -> Columns {
        let sums = arms.map { $1.sums(column($0)) }
        return isPaired
          ? Columns(first: sums[0], second: sums[1])
          : Columns(first: sums[0] + sums[1], second: [])
      }
      let sums = columns { $0.values }
      let sizes = columns { statistic == .ratio ? $0.denominators : nil }
      (self.sums, self.sizes) = (sums, sizes)
      let size = sums.gains.reduce(sums.base.magnitude) { $0 + $1.magnitude }
      scale = max(one.magnitude, other.magnitude, (size / sizes.total).magnitude)
      return
    }
    (sums, sizes) = (nil, nil)
    scale = max(one.magnitude, other.magnitude)
    var rows: [(value: Double, unit: UInt32, isSecond: UInt8)] = []
    for (arm, (sample, units)) in arms.enumerated() {
      let shift = isPaired || arm == 0 ? 0 : UInt32(truncatingIfNeeded: firstUnits)
      for row in 0..<sample.rows {
        rows.append(
          (sample.values[row], units.unitOfRow[row] &+ shift, isPaired && arm == 1 ? 1 : 0))
      }
    }
    rows.sort { ($0.value, $0.unit, $0.isSecond) < ($1.value, $1.unit, $1.isSecond) }
    values = rows.map(\.value)
    unitOf = rows.map(\.unit)
    isSecond = rows.map(\.isSecond)
  }

  var isQuantile: Bool { sums == nil }

  /// Of means and ratios, from the chosen units.
  func difference(chosen: UnsafeBufferPointer<UInt32>) -> Double {
    guard let sums, let sizes else { return .nan }
    return difference(sums, sizes) { gains in
      var sum = 0.0
      for unit in chosen { sum += gains[Int(unit)] }
      return sum
    }
  }

  /// From a 1 for each chosen unit, else 0.
  func difference(members: UnsafeBufferPointer<UInt8>) -> Double {
    guard let sums, let sizes else { return quantileDifference(members) }
    return difference(sums, sizes) { gains in
      var sum = 0.0
      for unit in 0..<members.count { sum += gains[unit] * Double(members[unit]) }
      return sum
    }
  }

  @inline(__always)
  private func difference(
    _ sums: Columns, _ sizes: Columns, _ gained: (UnsafeBufferPointer<Double>) -> Double
  ) -> Double {
    let sum = sums.base + sums.gains.withUnsafeBufferPointer(gained)
    let size = sizes.base + sizes.gains.withUnsafeBufferPointer(gained)
    let value = sum / size - (sums.total - sum) / (sizes.total - size)
    return value.isFinite ? value : .nan
  }

  private func quantileDifference(_ members: UnsafeBufferPointer<UInt8>) -> Double {
    unitOf.withUnsafeBufferPointer { unitOf in
      isSecond.withUnsafeBufferPointer { isSecond in
        let count = unitOf.count
        var firstCount = 0
        for place in 0..<count {
          firstCount &+= Int(members[Int(unitOf[place])] ^ isSecond[place])
        }
        guard firstCount > 0, firstCount < count else { return .nan }
        let (one, other) = (
          QuantileRank(firstCount, level), QuantileRank(count - firstCount, level)
        )
        // The place of each arm's row at its rank: how many of it came before is what it is asked.
        var (before, first, second) = (0, -1, -1)
        for place in 0..<count {
          let member = Int(members[Int(unitOf[place])] ^ isSecond[place])
          first = member == 1 && before == one.below ? place : first
          second = member == 0 && place &- before == other.below ? place : second
          before &+= member
        }
        /// The value of a rank between a place and the arm's next one.
        func value(_ rank: QuantileRank, _ place: Int, _ member: UInt8) -> Double {
          guard place >= 0 else { return .nan }
          if rank.share == 0 { return values[place] }
          var next = place + 1
          while next < count, members[Int(unitOf[next])] ^ isSecond[next] != member { next += 1 }
          return next < count ? rank.between(values[place], values[next]) : values[place]
        }
        return value(one, first, 1) - value(other, second, 0)
      }
    }
  }
}
