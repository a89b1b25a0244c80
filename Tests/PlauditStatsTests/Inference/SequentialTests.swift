import Foundation
import PlauditCore
import PlauditStats
import Testing

struct SequentialTests {
  // MARK: - By hand

  @Test func `one look spends everything`() throws {
    let plan = try GroupSequential(information: [1])
    #expect(abs(plan.bounds[0] - 1.959963984540054) < 1e-14)
    #expect(plan.spent == [0.05] && abs(plan.nominalLevels[0] - 0.05) < 1e-16)
    var options = GroupSequential.Options()
    options.sides = 1
    #expect(
      abs(try GroupSequential(information: [1], options: options).bounds[0] - 1.6448536269514722)
        < 1e-14)
  }

  @Test func `published bounds of five looks are met`() throws {
    // Reboussin, DeMets, Kim and Lan 2000, as ldbounds prints them: alpha 0.025 a side. Their grid
    // is good to a unit of the fourth digit.
    var options = GroupSequential.Options()
    options.perSide = true
    let looks = [0.2, 0.4, 0.6, 0.8, 1]
    let obrien = try GroupSequential(information: looks, options: options).bounds
    for (got, wanted) in zip(obrien, [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]) {
      #expect(abs(got - wanted) < 1.5e-4)
    }
    options.spending = .pocock
    let pocock = try GroupSequential(information: looks, options: options).bounds
    for (got, wanted) in zip(pocock, [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]) {
      #expect(abs(got - wanted) < 1.5e-4)
    }
  }

  @Test func `three names of one number give one sequence`() throws {
    let size = try ConfidenceSequence(.sampleSize, value: 5000, alpha: 0.05)
    let rho = try ConfidenceSequence(.rho, value: size.rhoSquared.squareRoot(), alpha: 0.05)
    let eppo = try ConfidenceSequence(.eppoRho, value: 1 / size.rhoSquared, alpha: 0.05)
    #expect(abs(rho.rhoSquared / size.rhoSquared - 1) < 1e-15)
    #expect(abs(eppo.rhoSquared / size.rhoSquared - 1) < 1e-15)
  }

  // MARK: - Reference

  @Test func `bounds spend what an integration by Simpson finds`() throws {
    struct Case: Decodable {
      let information, bounds, exits: [Double]
      let sides: Int
    }
    for given in try Reference.cases("stats_experiments_exits", Case.self) {
      // A spending that gives these exits has these bounds: read them back through a power curve.
      let spent = given.exits.indices.map { given.exits[...$0].reduce(0, +) }
      for look in given.bounds.indices {
        let times = Array(given.information[...look])
        let found = try Self.bounds(times: times, spent: spent, sides: given.sides)
        #expect(abs(found[look] - given.bounds[look]) < 1e-7, "look \(look) of \(given)")
      }
    }
  }

  /// Bounds of a plan whose spending is a table, from plans of one look more at a time.
  private static func bounds(times: [Double], spent: [Double], sides: Int) throws -> [Double] {
    try GroupSequential(information: times, spent: Array(spent.prefix(times.count)), sides: sides)
      .bounds
  }

  // MARK: - Law

  @Test func `an interval excludes 0 exactly when p is below alpha`() throws {
    var random = RandomSource(seed: 10)
    let looks = 2000
    let effects = (0..<looks).map { _ in random.normal() }
    let errors = (0..<looks).map { _ in 0.1 + random.uniform() / 2 }
    let users = (0..<looks).map { _ in Double(10 + random.next(below: 50_000)) }
    let methods: [SequentialLooks.Method] = [
      .confidenceSequence(try ConfidenceSequence(.sampleSize, value: 3000, alpha: 0.1)),
      .mixtureSPRT(try MixtureSPRT(tauSquared: 0.3), alpha: 0.1),
    ]
    for method in methods {
      let found = try evaluate(method, effects, errors, users, running: false)
      var rejected = 0
      for look in 0..<looks {
        let excludes = found.lower[look] > 0 || found.upper[look] < 0
        #expect(excludes == (found.p[look] < 0.1))
        rejected += excludes ? 1 : 0
      }
      #expect(rejected > 200 && rejected < looks - 200)
      let running = try evaluate(method, effects, errors, users, running: true)
      for look in 1..<looks {
        #expect(running.p[look] <= running.p[look - 1])
        #expect(running.lower[look] >= running.lower[look - 1])
        #expect(running.upper[look] <= running.upper[look - 1])
      }
    }
  }

  @Test func `a sequence is narrowest near the size it was tuned for`() throws {
    let alpha = 0.05
    func width(_ tuning: Double, at users: Double) throws -> Double {
      try ConfidenceSequence(.sampleSize, value: tuning, alpha: alpha).boundary(users: users)
        .criticalValue(alpha: alpha)
    }
    let best = try width(5000, at: 5000)
    for other in [500.0, 2000, 12_000, 50_000] { #expect(try width(other, at: 5000) > best) }
  }

  @Test func `more looks cost more, and bounds fall as O'Brien and Fleming's do`() throws {
    let looks = (1...20).map { Double($0) / 20 }
    let plan = try GroupSequential(information: looks)
    for look in 1..<looks.count { #expect(plan.bounds[look] < plan.bounds[look - 1]) }
    #expect(plan.bounds[19] > 1.96 && plan.bounds[19] < 2.2)
    #expect(abs(plan.spent[19] - 0.05) < 1e-16)
    let most = try GroupSequential(information: (1...100).map { Double($0) / 100 })
    #expect(most.bounds[99] > plan.bounds[19] && most.bounds[99] < 2.3)
  }

  @Test func `simulated experiments stop as often as was spent`() throws {
    var options = GroupSequential.Options()
    options.spending = .pocock
    let looks = [0.1, 0.4, 0.7, 1]
    let plan = try GroupSequential(information: looks, options: options)
    var random = RandomSource(seed: 11)
    let runs = 20_000
    var stopped = 0
    for _ in 0..<runs {
      var (path, time) = (0.0, 0.0)
      for (look, now) in looks.enumerated() {
        path += random.normal() * (now - time).squareRoot()
        time = now
        if abs(path) / now.squareRoot() >= plan.bounds[look] {
          stopped += 1
          break
        }
      }
    }
    #expect(abs(Double(stopped) / Double(runs) - 0.05) < 0.0062, "four standard errors")
  }

  @Test func `bets cover a bounded mean at every row`() throws {
    var random = RandomSource(seed: 12)
    var missed = 0
    for _ in 0..<100 {
      let values = (0..<200).map { _ in 10 + (random.uniform() < 0.3 ? 5.0 : 0) }
      let (lower, upper) = try bet(values, Interval(lower: 10, upper: 15), steps: 100)
      if zip(lower, upper).contains(where: { $0 > 11.5 || $1 < 11.5 }) { missed += 1 }
    }
    #expect(missed <= 5 + 9, "four standard errors above 5 % of 100")
  }

  // MARK: - Refusal

  @Test func `plans and looks outside their range are refused`() {
    func refused(_ word: String, _ body: () throws -> Void) {
      #expect(performing: body, throws: { "\($0)".contains(word) })
    }
    refused("information must rise") { _ = try GroupSequential(information: [0.5, 0.5]) }
    refused("above 0 and at most 1") { _ = try GroupSequential(information: [0.5, 1.1]) }
    refused("allowed are 0 to 100") {
      _ = try GroupSequential(information: Array(repeating: 0.1, count: 101))
    }
    refused("sides") {
      var options = GroupSequential.Options()
      options.sides = 3
      _ = try GroupSequential(information: [1], options: options)
    }
    refused("tuning must be above 0") {
      _ = try ConfidenceSequence(.rho, value: 0, alpha: 0.05)
    }
    refused("alpha") { _ = try ConfidenceSequence(.rho, value: 1, alpha: 1) }
    refused("mixing variance") { _ = try MixtureSPRT(tauSquared: -1) }
    refused("standard error 0") {
      _ = try evaluate(
        .mixtureSPRT(try MixtureSPRT(tauSquared: 1), alpha: 0.05), [1], [0], [1], running: false)
    }
    refused("effect nan") {
      _ = try evaluate(
        .mixtureSPRT(try MixtureSPRT(tauSquared: 1), alpha: 0.05), [.nan], [1], [1],
        running: false)
    }
    refused("lies outside 0...1") { _ = try bet([0.5, 2], Interval(lower: 0, upper: 1)) }
    refused("bounds") { _ = try bet([0.5], Interval(lower: 1, upper: 1)) }
    refused("steps") { _ = try bet([0.5], Interval(lower: 0, upper: 1), steps: 1) }
  }

  private func evaluate(
    _ method: SequentialLooks.Method, _ effects: [Double], _ errors: [Double], _ users: [Double],
    running: Bool
  ) throws -> (p: [Double], lower: [Double], upper: [Double]) {
    var (p, lower, upper) = (effects, effects, effects)
    try withColumns(effects, errors, users) { effects, errors, users in
      try p.withUnsafeMutableBufferPointer { p in
        try lower.withUnsafeMutableBufferPointer { lower in
          try upper.withUnsafeMutableBufferPointer { upper in
            try SequentialLooks.evaluate(
              method, effects: effects, standardErrors: errors, users: users, running: running,
              into: .init(logEvidence: nil, pValues: p, lower: lower, upper: upper))
          }
        }
      }
    }
    return (p, lower, upper)
  }

  private func bet(
    _ values: [Double], _ bounds: Interval, steps: Int = 100
  ) throws -> (lower: [Double], upper: [Double]) {
    var (lower, upper) = (values, values)
    try values.withUnsafeBufferPointer { values in
      try lower.withUnsafeMutableBufferPointer { lower in
        try upper.withUnsafeMutableBufferPointer { upper in
          try BettingSequence.evaluate(
            values, bounds: bounds, alpha: 0.05, steps: steps, control: RunControl(), lower: lower,
            upper: upper)
        }
      }
    }
    return (lower, upper)
  }
}
