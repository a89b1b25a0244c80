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
      switch kind {
      case "beta":
        try BestOfPosteriors(arms.map { .beta(successes: $0[0], failures: $0[1]) })
      case "normal": try BestOfPosteriors(arms.map { .normal(mean: $0[0], scale: $0[1]) })
      default:
        try BestOfPosteriors(
          PosteriorCurve.students(arms.map { (mean: $0[0], scale: $0[1], freedom: $0[2]) }))
      }
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

  @Test(arguments: [1e6, 1e10, 1e14])
  func `a distant arm takes no digits from those that contend`(_ distance: Double) throws {
    let close = [(mean: 0.1, scale: 1.0, freedom: 100.0), (mean: -0.4, scale: 1.2, freedom: 90.0)]
    let far = (mean: -distance, scale: 1.0, freedom: 100.0)
    let two = try BestOfPosteriors(PosteriorCurve.students(close)).best
    let three = try BestOfPosteriors(PosteriorCurve.students(close + [far])).best
    #expect(isClose(Array(three.prefix(2)), two, rtol: 1e-12))
    #expect(three[2] < 1e-12)
  }

  @Test func `a narrow arm far from a wide one's middle keeps its width`() throws {
    for place in [-5e15, 5e15] {
      let wide = PosteriorCurve.normal(mean: 0, scale: 1e16)
      let places = try BestOfPosteriors([wide, .normal(mean: place, scale: 0.1)])
      #expect(isClose(places.best[1], 0.5 * erfc(-place / 1e16 / 2.0.squareRoot()), rtol: 1e-12))
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
