import Glibc
package import PlauditCore

/// Success rates of arms as beta distributions: which is the best, and what choosing another costs.
///
/// Chances and losses are integrals of positive numbers, so that a chance of 10⁻³⁰ or a loss of 10⁻⁹
/// keeps its digits, where sums and differences of the two arms lose them.
package struct BayesianProportions: Equatable, Sendable {
  package struct Arm: Equatable, Sendable {
    package let mean: Double
    /// Central, of the rate itself.
    package let interval: Interval
    /// The chance that this arm has the highest rate.
    package let chanceToBeBest: Double
    /// The expected gap to the best rate when this arm is chosen, in units of the rate.
    package let expectedLoss: Double
  }

  package let arms: [Arm]

  package static let maximumArms = 256

  /// - Parameters:
  ///   - prior: the two parameters of the beta distribution of every arm before the data; 1, 1 is
  ///     uniform.
  /// - Throws: `invalidData` with the arm for counts; `outOfRange` for a prior below 0.05, the
  ///   confidence, and more than 256 arms; `invalidArgument` for unequal lengths.
  package init(
    successes: UnsafeBufferPointer<Double>, trials: UnsafeBufferPointer<Double>,
    prior: (alpha: Double, beta: Double), confidence: Double
  ) throws(PlauditError) {
    guard successes.count == trials.count else {
      throw PlauditError(
        .invalidArgument, "successes of \(successes.count) arms and trials of \(trials.count)")
    }
    guard successes.count <= Self.maximumArms else {
      throw PlauditError(
        .outOfRange, "\(successes.count) arms, allowed are up to \(Self.maximumArms)")
    }
    guard confidence > 0, confidence < 1 else {
      throw PlauditError(
        .outOfRange, "confidence must lie strictly between 0 and 1, got \(confidence.plain)")
    }
    guard prior.alpha >= 0.05, prior.beta >= 0.05, prior.alpha <= 1e12, prior.beta <= 1e12 else {
      throw PlauditError(
        .outOfRange,
        "a prior has numbers from 0.05 to 1e12, got \(prior.alpha.plain) and \(prior.beta.plain)")
    }
    var posteriors: [BetaPosterior] = []
    for arm in 0..<successes.count {
      let (hits, all) = (successes[arm], trials[arm])
      guard hits >= 0, hits <= all, all <= 1e15 else {
        throw PlauditError(
          .invalidData,
          "successes (\(hits.plain)) must lie between 0 and trials (\(all.plain)), at most 1e15",
          index: Int64(arm))
      }
      posteriors.append(BetaPosterior(a: prior.alpha + hits, b: prior.beta + (all - hits)))
    }
    let found = BetaIntegrals(posteriors)
    let tail = (1 - confidence) / 2
    arms = posteriors.enumerated().map { index, arm in
      Arm(
        mean: arm.mean,
        interval: Interval(
          lower: BetaDistribution.quantile(lower: tail, a: arm.a, b: arm.b),
          upper: BetaDistribution.quantile(upper: tail, a: arm.a, b: arm.b)),
        chanceToBeBest: found.chances[index], expectedLoss: found.losses[index])
    }
  }
}

private struct BetaPosterior {
  let a: Double
  let b: Double

  var mean: Double { a / (a + b) }
  /// Centre and width of the logarithm of the odds.
  var centre: Double { log(a / b) }
  var width: Double { sqrt(Self.trigamma(a) + Self.trigamma(b)) }

  /// How much higher this mean is than another, from the parameters.
  func lead(over other: BetaPosterior) -> Double {
    (a * other.b - other.a * b) / ((a + b) * (other.a + other.b))
  }

  /// Good to a tenth, which is enough to choose steps by.
  private static func trigamma(_ x: Double) -> Double {
    x < 0.5 ? 1 / (x * x) + 1.6 : 1 / x + 1 / (2 * x * x) + 1 / (6 * x * x * x)
  }
}

/// Chances and losses over the logarithm of the odds, in which densities are smooth and fall off.
private struct BetaIntegrals {
  private(set) var chances: [Double]
  private(set) var losses: [Double]

  init(_ arms: [BetaPosterior]) {
    let count = arms.count
    chances = Array(repeating: count == 1 ? 1 : 0, count: count)
    losses = Array(repeating: 0, count: count)
    guard count > 1 else { return }
    // Losing on the arm of the highest mean is the small integral; the others lose their lead more.
    var best = 0
    for arm in 1..<count where arms[arm].lead(over: arms[best]) > 0 { best = arm }

    var (lower, density) = (
      [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
    )
    var before = [Double](repeating: 1, count: count + 1)
    var loss = 0.0
    let edges = Self.edges(arms)
    for (start, end) in zip(edges, edges.dropFirst()) {
      let half = (end - start) / 2
      for node in GaussLegendre.nodes {
        let odds = (start + end) / 2 + half * node.place
        let weight = half * node.weight
        let (x, y) = (1 / (1 + exp(-odds)), 1 / (1 + exp(odds)))
        var othersBelow = 0.0
        for (index, arm) in arms.enumerated() {
          let tails = incompleteBeta(arm.a, arm.b, x, complement: y)
          let lambda =
            x <= y ? arm.a - (arm.a + arm.b) * x : (arm.a + arm.b) * y - arm.b
          lower[index] = tails.lower
          density[index] = betaMass(arm.a, arm.b, x, y, lambda: lambda)
          before[index + 1] = before[index] * tails.lower
          if index != best {
            othersBelow += tails.upper < 0.5 ? log1p(-tails.upper) : log(tails.lower)
          }
        }
        // All arms before and after one: no division by a product that may be 0.
        var after = 1.0
        for index in stride(from: count - 1, through: 0, by: -1) {
          chances[index] += weight * density[index] * before[index] * after
          after *= lower[index]
        }
        loss += weight * x * y * lower[best] * -expm1(othersBelow)
      }
    }
    for index in 0..<count {
      chances[index] = min(1, chances[index])
      losses[index] = loss + (index == best ? 0 : arms[best].lead(over: arms[index]))
    }
    // The chance of the likeliest is what the others leave, to the last digit.
    if let top = chances.indices.max(by: { chances[$0] < chances[$1] }), chances[top] > 0.5 {
      let rest = chances.indices.reduce(0) { $1 == top ? $0 : $0 + chances[$1] }
      chances[top] = 1 - rest
    }
  }

  /// Ends of panels: two widths of each arm apart from its centre on, as far as any arm has weight.
  private static func edges(_ arms: [BetaPosterior]) -> [Double] {
    var (first, last, finest) = (Double.infinity, -Double.infinity, Double.infinity)
    for arm in arms {
      // Tails fall off as powers of the odds where a parameter is small.
      first = min(first, arm.centre - max(12 * arm.width, 60 / arm.a))
      last = max(last, arm.centre + max(12 * arm.width, 60 / arm.b))
      finest = min(finest, arm.width)
    }
    var edges = [first, last]
    for arm in arms {
      for step in -20...20 {
        let edge = arm.centre + 2 * arm.width * Double(step)
        if edge > first, edge < last { edges.append(edge) }
      }
      for step in 1...16 {
        let reach = 4 * Double(step)
        if arm.a < 1, arm.centre - reach / arm.a > first {
          edges.append(arm.centre - reach / arm.a)
        }
        if arm.b < 1, arm.centre + reach / arm.b < last { edges.append(arm.centre + reach / arm.b) }
      }
    }
    edges.sort()
    var kept = [first]
    for edge in edges where edge - kept[kept.count - 1] >= finest && last - edge >= finest {
      kept.append(edge)
    }
    kept.append(last)
    return kept
  }
}
