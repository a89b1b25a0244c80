import Foundation
import PlauditCore
import PlauditStats
import Testing

struct PosteriorTests {
  // MARK: - By hand

  @Test func `two arms without data are even`() throws {
    let arms = try rates([0, 0], [0, 0])
    #expect(abs(arms[0].chanceToBeBest - 0.5) < 1e-14)
    // The expected larger of two uniform numbers is 2/3.
    #expect(abs(arms[0].expectedLoss - 1.0 / 6) < 1e-14)
    #expect(arms[0].mean == 0.5)
    #expect(abs(arms[0].interval.lower - 0.025) < 1e-15)
  }

  @Test func `one arm is the best there is`() throws {
    let arms = try rates([3], [10])
    #expect(arms[0].chanceToBeBest == 1 && arms[0].expectedLoss == 0)
    #expect(try rates([], []).isEmpty)
  }

  @Test func `a prior between doubt and data`() throws {
    let posterior = NormalPosterior(
      effect: 2, standardError: 1, prior: try .init(mean: 0, variance: 1))
    #expect(posterior.mean == 1 && abs(posterior.standardDeviation - 0.5.squareRoot()) < 1e-15)
    let flat = NormalPosterior(
      effect: 2, standardError: 1, prior: try .init(mean: 7, variance: .infinity))
    #expect(flat.mean == 2 && flat.standardDeviation == 1)
    #expect(flat.chanceToWin == Normal.cdf(2))
    #expect(abs(flat.controlLoss - flat.treatmentLoss - 2) < 1e-14)
  }

  // MARK: - Reference

  @Test func `chances and losses keep their digits in the tails`() throws {
    struct Case: Decodable {
      let arms: [Double]
      let better, worse, loss1, loss0: Double
    }
    var worst = Worst()
    for (row, given) in try Reference.cases("stats_experiments_beta", Case.self).enumerated() {
      let (a1, b1, a0, b0) = (given.arms[0], given.arms[1], given.arms[2], given.arms[3])
      let found = try rates([a0 - 1, a1 - 1], [a0 + b0 - 2, a1 + b1 - 2])
      worst.compare(
        [
          found[1].chanceToBeBest, found[0].chanceToBeBest, found[1].expectedLoss,
          found[0].expectedLoss,
        ], [given.better, given.worse, given.loss1, given.loss0], row: row)
    }
    #expect(worst.count == 32)
    #expect(worst.error <= 2e-12, "\(worst)")
  }

  // MARK: - Law

  @Test func `chances add up to 1 for many arms`() throws {
    let arms = try rates([10, 12, 9, 30, 0], [100, 110, 120, 400, 3], prior: (0.5, 0.5))
    #expect(abs(arms.reduce(0) { $0 + $1.chanceToBeBest } - 1) < 1e-12)
    #expect(arms.allSatisfy { $0.expectedLoss > 0 && $0.expectedLoss < 1 })
    let best = arms.map(\.mean).max() ?? 0
    let least = arms.map(\.expectedLoss).min() ?? 0
    for arm in arms { #expect(abs(arm.expectedLoss - least - (best - arm.mean)) < 1e-13) }
  }

  @Test func `draws agree`() throws {
    let arms = try rates([10, 14], [100, 100])
    var random = RandomSource(seed: 14)
    func draw(_ a: Int, _ b: Int) -> Double {
      // A beta number of whole parameters is an order statistic; exponentials give it.
      func gamma(_ n: Int) -> Double { (0..<n).reduce(0) { s, _ in s - log1p(-random.uniform()) } }
      let (x, y) = (gamma(a), gamma(b))
      return x / (x + y)
    }
    var (wins, lost) = (0.0, 0.0)
    let draws = 20_000
    for _ in 0..<draws {
      let (one, other) = (draw(15, 87), draw(11, 91))
      wins += one > other ? 1 : 0
      lost += max(0, other - one)
    }
    #expect(abs(wins / Double(draws) - arms[1].chanceToBeBest) < 0.012)
    #expect(abs(lost / Double(draws) - arms[1].expectedLoss) < 0.0006)
  }

  @Test func `sizes far apart and far out stay sound`() throws {
    for (hits, trials) in [
      ([0.0, 1e9], [10.0, 2e9]), ([1e12, 3], [3e12, 9]), ([0, 0], [1e15, 1e15]),
      ([1e6, 0], [1e6, 1e6]),
    ] {
      let arms = try rates(hits, trials, prior: (0.05, 0.05))
      for arm in arms {
        #expect((0...1).contains(arm.chanceToBeBest) && (0...1).contains(arm.expectedLoss))
      }
      #expect(abs(arms[0].chanceToBeBest + arms[1].chanceToBeBest - 1) < 1e-6)
    }
  }

  // MARK: - Refusal

  @Test func `what are no counts, priors or effects is refused`() throws {
    func refused(_ word: String, _ body: () throws -> Void) {
      #expect(performing: body, throws: { "\($0)".contains(word) })
    }
    refused("successes (5)") { _ = try rates([5], [4]) }
    refused("successes (nan)") { _ = try rates([.nan], [4]) }
    refused("a prior") { _ = try rates([1], [4], prior: (0, 1)) }
    refused("300 arms") {
      _ = try rates(Array(repeating: 1, count: 300), Array(repeating: 2, count: 300))
    }
    refused("a prior") { _ = try NormalPosterior.Prior(mean: 0, variance: 0) }
    let none = NormalPosterior(
      effect: .nan, standardError: 1, prior: try .init(mean: 0, variance: 1))
    #expect(none.mean.isNaN && none.chanceToWin.isNaN && none.controlLoss.isNaN)
  }

  private func rates(
    _ hits: [Double], _ trials: [Double], prior: (Double, Double) = (1, 1)
  ) throws -> [BayesianProportions.Arm] {
    try withColumns(hits, trials, [Int]?.none) { hits, trials, _ in
      try BayesianProportions(
        successes: hits, trials: trials, prior: prior, confidence: 0.95
      ).arms
    }
  }
}
