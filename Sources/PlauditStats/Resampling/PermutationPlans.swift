import PlauditCore

/// Independent arms: which units are in the smaller one.
final class SplitPlan: PermutationPlan {
  private let split: SplitStatistic
  private let chosen: Int
  /// Whether the smaller arm is the second, so that the sign changes.
  private let isMirrored: Bool
  var observed: Double { split.observed }
  var scale: Double { split.scale }

  init(_ split: SplitStatistic) {
    self.split = split
    isMirrored = split.units - split.firstUnits < split.firstUnits
    chosen = min(split.firstUnits, split.units - split.firstUnits)
  }

  func arrangements(upTo limit: Int) -> Int? {
    Combinations.count(split.units, chosen, upTo: limit)
  }

  func makeRoom(seed: UInt64?) -> any ResampleRoom { Room(self, seed: seed) }

  private final class Room: ResampleRoom {
    private let plan: SplitPlan
    private let seed: UInt64?
    private var order: [UInt32]
    private let start: [UInt32]
    private var members: [UInt8]
    private var combinations: Combinations

    init(_ plan: SplitPlan, seed: UInt64?) {
      self.plan = plan
      self.seed = seed
      start = (0..<plan.split.units).map { UInt32(truncatingIfNeeded: $0) }
      order = start
      members = plan.split.isQuantile ? Array(repeating: 0, count: start.count) : []
      combinations = Combinations(plan.split.units, plan.chosen)
    }

    func value(resample index: Int, control: RunControl) -> Double {
      if let seed {
        choose(seed, index)
      } else {
        combinations.go(to: index)
        for (place, unit) in combinations.places.enumerated() {
          order[place] = UInt32(truncatingIfNeeded: unit)
        }
      }
      let value =
        order.withUnsafeBufferPointer { order in
          let chosen = UnsafeBufferPointer(rebasing: order[..<plan.chosen])
          guard plan.split.isQuantile else { return plan.split.difference(chosen: chosen) }
          return members.withUnsafeMutableBufferPointer { members in
            members.update(repeating: 0)
            for unit in chosen { members[Int(unit)] = 1 }
            return plan.split.difference(members: UnsafeBufferPointer(members))
          }
        }
      return plan.isMirrored ? -value : value
    }

    /// The first steps of a shuffle that begins anew each time.
    private func choose(_ seed: UInt64, _ index: Int) {
      var random = ResampleRandom(seed: seed, stream: UInt64(index))
      order.withUnsafeMutableBufferPointer { order in
        start.withUnsafeBufferPointer { _ = order.update(fromContentsOf: $0) }
        for place in 0..<plan.chosen {
          let other =
            place &+ Int(random.next(below: UInt32(truncatingIfNeeded: order.count &- place)))
          let unit = order[place]
          order[place] = order[other]
          order[other] = unit
        }
      }
    }
  }
}

/// Paired arms: which pairs keep their places.
final class FlipPlan: PermutationPlan {
  private let split: SplitStatistic
  var observed: Double { split.observed }
  var scale: Double { split.scale }

  init(_ split: SplitStatistic) { self.split = split }

  func arrangements(upTo limit: Int) -> Int? {
    split.units < 40 && 1 << split.units <= limit ? 1 << split.units : nil
  }

  func makeRoom(seed: UInt64?) -> any ResampleRoom { Room(split, seed: seed) }

  private final class Room: ResampleRoom {
    private let split: SplitStatistic
    private let seed: UInt64?
    private var members: [UInt8]

    init(_ split: SplitStatistic, seed: UInt64?) {
      self.split = split
      self.seed = seed
      members = Array(repeating: 0, count: split.units)
    }

    func value(resample index: Int, control: RunControl) -> Double {
      var random = ResampleRandom(seed: seed ?? 0, stream: UInt64(index))
      return members.withUnsafeMutableBufferPointer { members in
        var bits = UInt64(index)
        for pair in 0..<members.count {
          if seed != nil, pair & 63 == 0 { bits = random.next() }
          members[pair] = UInt8(truncatingIfNeeded: bits & 1)
          bits >>= 1
        }
        return split.difference(members: UnsafeBufferPointer(members))
      }
    }
  }
}

/// A correlation: which value of the second column stands beside each of the first.
final class ShufflePlan: PermutationPlan {
  private let x: [Double]
  private let y: [Double]
  let observed: Double
  let scale = 1.0

  init(_ first: Sample, _ second: Sample, ofRanks: Bool) throws(PlauditError) {
    try first.check(.mean, "first column", level: 0)
    try second.check(.mean, "second column", level: 0)
    guard first.rows == second.rows else {
      throw PlauditError(
        .invalidArgument, "columns differ in length: \(first.rows) and \(second.rows)")
    }
    // In the order of the values, so that the order of the rows is irrelevant.
    let units = SampleUnits(columns: [first.values, second.values], clusters: nil)
    func column(_ sample: Sample) -> [Double] {
      let sorted = units.sums(sample.values)
      return StandardScores.of(ofRanks ? Ranks.midranks(sorted) : sorted)
    }
    x = column(first)
    y = column(second)
    observed = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
  }

  func arrangements(upTo limit: Int) -> Int? {
    var count = 1
    for factor in stride(from: 2, through: x.count, by: 1) {
      count *= factor
      if count > limit { return nil }
    }
    return count
  }

  func makeRoom(seed: UInt64?) -> any ResampleRoom { Room(self, seed: seed) }

  private final class Room: ResampleRoom {
    private let plan: ShufflePlan
    private let seed: UInt64?
    private var y: [Double]

    init(_ plan: ShufflePlan, seed: UInt64?) {
      self.plan = plan
      self.seed = seed
      y = plan.y
    }

    func value(resample index: Int, control: RunControl) -> Double {
      var random = ResampleRandom(seed: seed ?? 0, stream: UInt64(index))
      var code = index
      return y.withUnsafeMutableBufferPointer { y in
        plan.y.withUnsafeBufferPointer { _ = y.update(fromContentsOf: $0) }
        for place in 0..<y.count {
          let left = y.count - place
          var other = place
          if seed == nil {
            other += code % left
            code /= left
          } else {
            other += Int(random.next(below: UInt32(truncatingIfNeeded: left)))
          }
          y.swapAt(place, other)
        }
        return plan.x.withUnsafeBufferPointer { x in
          var sum = 0.0
          for place in 0..<y.count { sum += x[place] * y[place] }
          return sum
        }
      }
    }
  }
}

/// The choices of `k` out of `n` places in lexicographic order.
struct Combinations {
  private let n: Int
  private(set) var places: [Int]
  private var index = -1

  init(_ n: Int, _ k: Int) {
    self.n = n
    places = Array(0..<k)
  }

  /// Their number, nil when it is above `limit`.
  static func count(_ n: Int, _ k: Int, upTo limit: Int) -> Int? {
    guard k <= n else { return 0 }
    var count = 1
    for step in stride(from: 1, through: min(k, n - k), by: 1) {
      let (product, overflow) = count.multipliedReportingOverflow(by: n - step + 1)
      count = product / step
      if overflow || count > limit { return nil }
    }
    return count
  }

  /// Makes `places` the choice of a number below the count.
  mutating func go(to next: Int) {
    defer { index = next }
    if next == index &+ 1, index >= 0 { return advance() }
    var (left, place) = (next, 0)
    for step in places.indices {
      while place < n {
        let following =
          Combinations.count(n - 1 - place, places.count - 1 - step, upTo: Int.max) ?? Int.max
        if left < following { break }
        left -= following
        place += 1
      }
      places[step] = place
      place += 1
    }
  }

  private mutating func advance() {
    let k = places.count
    var step = k - 1
    while step >= 0, places[step] == n - k + step { step -= 1 }
    guard step >= 0 else { return }
    places[step] += 1
    for later in stride(from: step + 1, to: k, by: 1) { places[later] = places[later - 1] + 1 }
  }
}
