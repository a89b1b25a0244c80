import CColumns
import Foundation
import PlauditCore
import PlauditStats
import Testing

struct SampleBootstrapTests {
  // MARK: - By hand

  @Test func `equal values leave no doubt`() throws {
    let found = try bootstrap([3, 3, 3])
    #expect(found.value == 3 && found.interval == Interval(lower: 3, upper: 3))
    #expect(found.standardError == 0)
  }

  @Test func `values, effects and levels are what they say`() throws {
    let (a, b) = ([1.0, 2, 6], [1.0, 3])
    #expect(try bootstrap(a).value == 3)
    #expect(try bootstrap(a, .ratio, denominators: [1, 1, 7]).value == 1)
    #expect(try bootstrap(a, .quantile).value == 2)
    #expect(try bootstrap(a, .quantile, level: 0.75).value == 4)
    #expect(try bootstrap([0, 1, 1, 0], .proportion).value == 0.5)
    #expect(try bootstrap(a, control: b).value == 1)
    #expect(try bootstrap(a, control: b, effect: .relative).value == 0.5)
    // Users 7 and 8 have three rows each; the mean is that of the rows.
    #expect(try bootstrap([1, 2, 3, 4, 5, 6], clusters: [7, 7, 7, 8, 8, 8]).value == 3.5)
  }

  @Test func `a pair is drawn as a whole`() throws {
    let a = (0..<40).map { Double($0) }
    let found = try bootstrap(a.map { $0 + 2 }, control: a, isPaired: true)
    // Every pair differs by 2, whatever is drawn.
    #expect(abs(found.interval.lower - 2) < 1e-14 && abs(found.interval.upper - 2) < 1e-14)
  }

  @Test func `a user is drawn as a whole`() throws {
    // Rows of a user cancel out.
    let values = (0..<60).map { $0 % 2 == 0 ? 5.0 : -5 }
    let found = try bootstrap(values, clusters: (0..<60).map { Int64($0 / 2) })
    #expect(found.interval == Interval(lower: 0, upper: 0) && found.standardError == 0)
    #expect(try bootstrap(values).standardError > 0.5)
  }

  // MARK: - Reference

  @Test func `limits and standard errors are SciPy's, but for the noise of resamples`() throws {
    let cases = try Reference.cases("stats_resampling_bootstrap", Case.self)
    for given in cases {
      for (method, limits) in [
        (Bootstrap.Method.percentile, given.percentile), (.basic, given.basic), (.bca, given.bca),
      ] {
        let (a, b) = (given.samples[0], given.samples.last ?? [])
        let found =
          switch given.kind {
          case "mean": try bootstrap(a, method: method, resamples: 8000)
          case "quantile":
            try bootstrap(a, .quantile, method: method, level: 0.8, resamples: 8000)
          case "ratio":
            try bootstrap(a, .ratio, denominators: b, method: method, resamples: 8000)
          default:
            try bootstrap(
              a, control: b, effect: given.kind == "relative" ? .relative : .difference,
              method: method, isPaired: given.kind == "paired", resamples: 8000)
          }
        // A limit of 8000 resamples wavers by about 0.03 standard errors, the upper one of a skewed
        // BCa by twice as much.
        let room = 0.2 * given.error
        #expect(abs(found.standardError - given.error) < 0.04 * given.error, "\(given.kind)")
        #expect(abs(found.interval.lower - limits[0]) < room, "\(given.kind) \(method)")
        #expect(abs(found.interval.upper - limits[1]) < room, "\(given.kind) \(method)")
      }
    }
    #expect(cases.count == 6)
  }

  // MARK: - Law

  @Test(arguments: SampleStatistic.allCases, ResampleWeighting.allCases)
  func `neither threads nor the order of rows change a bit`(
    _ statistic: SampleStatistic, _ weighting: ResampleWeighting
  ) throws {
    var random = RandomSource(seed: 5)
    var rows = (0..<300).map { _ in
      (
        statistic == .proportion
          ? Double(random.next(below: 2)) : (8 * random.uniform()).rounded(),
        1 + random.uniform(), Int64(random.next(below: 90))
      )
    }
    func found(_ threads: Int, clustered: Bool, seed: UInt64 = 1) throws -> [UInt64] {
      try bootstrap(
        rows.map(\.0), statistic, denominators: rows.map(\.1),
        clusters: clustered ? rows.map(\.2) : nil, weighting: weighting, resamples: 200,
        threads: threads, seed: seed
      ).values.map(\.bitPattern)
    }
    for clustered in [false, true] {
      let one = try found(1, clustered: clustered)
      #expect(try found(3, clustered: clustered) == one)
      #expect(try found(1, clustered: clustered, seed: 2) != one)
      random.shuffle(&rows)
      #expect(try found(2, clustered: clustered) == one)
    }
  }

  @Test(arguments: SampleStatistic.allCases)
  func `the acceleration is that of leaving units out one by one`(
    _ statistic: SampleStatistic
  ) throws {
    var random = RandomSource(seed: 8)
    func arm(_ count: Int) -> [Double] {
      (0..<count).map { _ in
        statistic == .proportion ? Double(random.next(below: 4) / 3) : random.uniform() * 9
      }
    }
    let (a, b) = (arm(31) + [1], arm(17) + [1])
    let weights = (0..<60).map { Double($0 % 3 + 1) }
    func value(_ a: [Double], _ b: [Double]) throws -> Bootstrap {
      try bootstrap(
        a, statistic, denominators: Array(weights[..<a.count]), control: b,
        controlDenominators: Array(weights[..<b.count]), method: .bca, resamples: 100)
    }
    // Denominators are by place, so leave out the last row of a rotation.
    guard statistic != .ratio else { return }
    func terms(_ values: [Double]) -> (squares: Double, cubes: Double) {
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let share = (count - 1) / count
      return (
        share * share * values.reduce(0) { $0 + pow(mean - $1, 2) },
        share * share * share * values.reduce(0) { $0 + pow(mean - $1, 3) }
      )
    }
    func without(_ values: [Double], _ row: Int) -> [Double] {
      Array(values[..<row] + values[(row + 1)...])
    }
    let first = terms(try a.indices.map { try value(without(a, $0), b).value })
    let second = terms(try b.indices.map { try value(a, without(b, $0)).value })
    let squares = first.squares + second.squares
    let expected = (first.cubes + second.cubes) / (6 * squares * squares.squareRoot())
    #expect(abs(try value(a, b).acceleration - expected) < 1e-9)
  }

  @Test(arguments: [Bootstrap.Method.percentile, .bca, .basic], ResampleWeighting.allCases)
  func `intervals of 90 % cover in about nine of ten samples`(
    _ method: Bootstrap.Method, _ weighting: ResampleWeighting
  ) throws {
    var random = RandomSource(seed: 13)
    var covered = 0
    for sample in 0..<250 {
      let a = (0..<40).map { _ in random.normal() + 1 }
      let b = (0..<30).map { _ in random.normal() }
      let found = try bootstrap(
        a, control: b, weighting: weighting, method: method, resamples: 200,
        seed: UInt64(sample), confidence: 0.9)
      if found.interval.lower <= 1, 1 <= found.interval.upper { covered += 1 }
    }
    // Of 225 the standard deviation is 5; small samples cover a little less.
    #expect((205...241).contains(covered), "\(covered) of 250")
  }

  @Test func `intervals by user cover where those by row do not`() throws {
    var random = RandomSource(seed: 21)
    var covered = (users: 0, rows: 0)
    for sample in 0..<80 {
      var (values, users): ([Double], [Int64]) = ([], [])
      for user in 0..<40 {
        let own = random.normal()
        for _ in 0..<8 {
          values.append(own + 0.2 * random.normal())
          users.append(Int64(user))
        }
      }
      let byUser = try bootstrap(values, clusters: users, resamples: 150, seed: UInt64(sample))
      let byRow = try bootstrap(values, resamples: 150, seed: UInt64(sample))
      if byUser.interval.lower <= 0, 0 <= byUser.interval.upper { covered.users += 1 }
      if byRow.interval.lower <= 0, 0 <= byRow.interval.upper { covered.rows += 1 }
    }
    #expect(covered.users >= 66 && covered.rows <= 56, "\(covered)")
  }

  @Test func `sixteen bits decide Poisson counts as often as they shall`() {
    let bits = (0...65535).map { UInt16($0) }
    var counts = [UInt8](repeating: 0, count: bits.count)
    pc_poisson(bits, Int64(bits.count), &counts)
    var (probability, undecided) = (exp(-1.0), 0)
    for count in 0..<8 {
      let found = counts.count { $0 == UInt8(count) }
      // A limit lies within one of the 65536, which is left open.
      #expect((Double(found) - 65536 * probability).magnitude <= 2, "\(count)")
      probability /= Double(count + 1)
    }
    for place in counts.indices where counts[place] == 255 {
      #expect(place == 65535 || counts[place - 1] + 1 == counts[place + 1])
      undecided += 1
    }
    #expect(undecided == 8)
    let terms = (0..<1003).map { Double($0 % 17) }
    let weights = (0..<1003).map { UInt8($0 % 5) }
    let sum = zip(terms, weights).reduce(0) { $0 + $1.0 * Double($1.1) }
    #expect(pc_weighted_sum(terms, weights, 1003) == sum)
    #expect(pc_sum_counts(weights, 1003) == weights.reduce(0) { $0 + Int64($1) })
  }

  @Test func `Poisson counts have mean and variance 1`() throws {
    let found = try bootstrap(
      Array(repeating: 1, count: 2000), .ratio, denominators: Array(repeating: 2000, count: 2000),
      weighting: .poisson, resamples: 50)
    // Numerators and denominators have the same counts.
    #expect(found.values.allSatisfy { abs($0 - 0.0005) < 1e-18 })
    let values = (0..<1000).map { $0 % 2 == 0 ? 1.0 : 0 }
    let shares = try bootstrap(values, .proportion, weighting: .poisson, resamples: 1000)
    #expect(abs(shares.standardError / (0.5 / 1000.squareRoot()) - 1) < 0.08)
  }

  // MARK: - Refusal

  @Test func `columns and options are checked`() {
    #expect(throws: PlauditError(.undefined, "sample has no rows")) { try bootstrap([]) }
    #expect(throws: PlauditError(.undefined, "control has no rows")) {
      try bootstrap([1], control: [])
    }
    #expect(throws: PlauditError(.notFinite, "value (nan) is not finite", index: 1)) {
      try bootstrap([1, .nan])
    }
    let half = "value (0.5) of a proportion is neither 0 nor 1"
    #expect(throws: PlauditError(.invalidData, half, index: 0)) {
      try bootstrap([0.5], .proportion)
    }
    #expect(throws: PlauditError(.nullPointer, "sample has no denominators, which a ratio needs")) {
      try bootstrap([1], .ratio)
    }
    #expect(throws: PlauditError(.outOfRange, "quantile must lie in 0...1, got 2")) {
      try bootstrap([1], .quantile, level: 2)
    }
    let lengths = "paired arms differ in length: treatment (1), control (2)"
    #expect(throws: PlauditError(.invalidArgument, lengths)) {
      try bootstrap([1], control: [1, 2], isPaired: true)
    }
    #expect(throws: PlauditError(.invalidArgument, "paired arms are two, control is missing")) {
      try bootstrap([1], isPaired: true)
    }
    let zero = "the relative effect has no value: the control is 0, or an arm has none"
    #expect(throws: PlauditError(.undefined, zero)) {
      try bootstrap([1], control: [-1, 1], effect: .relative)
    }
    let none = "the statistic has no value: its denominators add up to 0, or it exceeds a double"
    #expect(throws: PlauditError(.undefined, none)) {
      try bootstrap([1], .ratio, denominators: [0])
    }
    #expect(throws: PlauditError(.outOfRange, "resamples must lie in 1...10000000, got -1")) {
      try bootstrap([1], resamples: -1)
    }
  }

  private struct Case: Decodable {
    let kind: String
    let samples: [[Double]]
    let error: Double
    let percentile: [Double]
    let basic: [Double]
    let bca: [Double]
  }
}

/// Of columns that are arrays.
@discardableResult
func bootstrap(
  _ values: [Double], _ statistic: SampleStatistic = .mean, denominators: [Double]? = nil,
  clusters: [Int64]? = nil, control: [Double]? = nil, controlDenominators: [Double]? = nil,
  effect: SampleEffect = .difference, weighting: ResampleWeighting = .multinomial,
  method: Bootstrap.Method = .percentile, isPaired: Bool = false, level: Double = 0.5,
  resamples: Int = 500, threads: Int = 2, seed: UInt64 = 0, confidence: Double = 0.95
) throws -> Bootstrap {
  var design = SampleDesign()
  (design.statistic, design.effect, design.weighting) = (statistic, effect, weighting)
  (design.isPaired, design.level) = (isPaired, level)
  var options = Bootstrap.Options()
  (options.method, options.resamples, options.seed) = (method, resamples, seed)
  options.confidence = confidence
  return try withSample(values, denominators, clusters) { sample in
    guard let control else {
      return try Bootstrap(
        sample, design: design, options: options, threads: threads, running: RunControl())
    }
    return try withSample(control, controlDenominators, nil) { control in
      try Bootstrap(
        sample, control: control, design: design, options: options, threads: threads,
        running: RunControl())
    }
  }
}

/// Lends columns for a call.
func withSample<Result>(
  _ values: [Double], _ denominators: [Double]? = nil, _ clusters: [Int64]? = nil,
  _ body: (Sample) throws -> Result
) rethrows -> Result {
  try withColumns(values, denominators ?? [], clusters) { values, below, clusters in
    try body(
      Sample(
        values: values, denominators: denominators == nil ? nil : below, clusters: clusters))
  }
}
