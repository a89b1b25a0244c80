import Glibc
import PlauditCore
import PlauditDecisions
import Testing

struct PosteriorTests {
  @Test func `of two equal arms each is best half the time`() throws {
    let places = try BestOfPosteriors([
      .beta(successes: 3, failures: 5), .beta(successes: 3, failures: 5),
    ])
    #expect(isClose(places.best, [0.5, 0.5], rtol: 1e-14))
    #expect(isClose(places.second, [0.5, 0.5], rtol: 1e-14))
  }

  @Test func `of two normal arms the better is best by the normal distribution`() throws {
    let places = try BestOfPosteriors([.normal(mean: 1, scale: 3), .normal(mean: 0, scale: 4)])
    #expect(isClose(places.best[0], 0.5 * erfc(-0.2 / 2.0.squareRoot()), rtol: 1e-13))
  }

  private struct Shares: Decodable {
    let kind: String
    let arms: [[Double]]
    let best: [Double]
    let second: [Double]

    func places() throws -> BestOfPosteriors {
      let centre = arms.reduce(0) { $0 + $1[0] / Double(arms.count) }
      let unit = arms.map { $0[1] }.max() ?? 1
      return try BestOfPosteriors(
        arms.map { arm in
          switch kind {
          case "beta": .beta(successes: arm[0], failures: arm[1])
          case "normal": .normal(mean: arm[0], scale: arm[1])
          default:
            .student(mean: arm[0], scale: arm[1], freedom: arm[2], centre: centre, unit: unit)
          }
        })
    }
  }

  @Test func `shares are scipy's`() throws {
    for given in try Reference.cases("decisions_bandits_posteriors", Shares.self) {
      let places = try given.places()
      // The golden cases ask for 1e-9; quad's own error stands at about 1e-12.
      #expect(isClose(places.best, given.best, rtol: 1e-10, atol: 2e-12), "\(given.arms)")
      #expect(isClose(places.second, given.second, rtol: 1e-10, atol: 2e-12), "\(given.arms)")
    }
  }

  @Test func `shares of very wide, narrow, lopsided and distant arms are mpmath's`() throws {
    for given in try Reference.cases("decisions_bandits_extremes", Shares.self) {
      let places = try given.places()
      #expect(isClose(places.best, given.best, rtol: 1e-12, atol: 1e-13), "\(given.arms)")
      #expect(isClose(places.second, given.second, rtol: 1e-12, atol: 1e-13), "\(given.arms)")
    }
  }

  @Test func `KL-UCB's bound is mpmath's`() throws {
    struct Case: Decodable { let mean, limit, bound: Double }
    for given in try Reference.cases("decisions_bandits_kl", Case.self) {
      let got = KLUCB.bound(given.mean, limit: given.limit)
      // Close to the mean the distance alone is found, to 1e-9 of itself at the least.
      #expect(isClose(got, given.bound, rtol: 2e-15), "\(given): \(got)")
    }
  }

  @Test func `shares add up to 1 however many arms there are`() throws {
    for arms in [2, 17, 300] {
      let places = try BestOfPosteriors(
        (0..<arms).map { .beta(successes: Double($0 % 7 + 1), failures: Double($0 % 5) * 40 + 1) })
      #expect(isClose(places.best.reduce(0, +), 1, rtol: 1e-12))
      #expect(isClose(places.second.reduce(0, +), 1, rtol: 1e-12))
    }
  }

  @Test func `posteriors of any width are found`() throws {
    let places = try BestOfPosteriors([
      .beta(successes: 0.01, failures: 1e12), .beta(successes: 1e12, failures: 1e12),
      .beta(successes: 0.01, failures: 0.01),
    ])
    // The last one lies at 0 or 1, with half its weight at each.
    #expect(isClose(places.best, [0, 0.5, 0.5], rtol: 0.01, atol: 1e-9))
    let points = try BestOfPosteriors([.normal(mean: 2, scale: 0), .normal(mean: 3, scale: 0)])
    #expect(points.best == [0, 1] && points.second == [1, 0])
  }
}
