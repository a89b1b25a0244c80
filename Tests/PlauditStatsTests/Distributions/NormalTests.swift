import PlauditCore
import PlauditStats
import Testing

struct NormalTests {
  // MARK: - By hand

  @Test func `half of the mass lies below zero`() {
    #expect(Normal.cdf(0) == 0.5)
    #expect(Normal.quantile(0.5) == 0)
    #expect(Normal.twoSidedPValue(0) == 1)
  }

  @Test func `95 % lie within 1.96`() throws {
    #expect(abs(try Normal.criticalValue(confidence: 0.95) - 1.959963984540054) < 1e-15)
    #expect(abs(Normal.twoSidedPValue(1.959963984540054) - 0.05) < 1e-16)
  }

  @Test func `the ends are exact`() {
    #expect(Normal.cdf(.infinity) == 1)
    #expect(Normal.cdf(-.infinity) == 0)
    #expect(Normal.upperTail(1e300) == 0)
    #expect(Normal.twoSidedPValue(-.infinity) == 0)
    #expect(Normal.quantile(0) == -.infinity)
    #expect(Normal.quantile(1) == .infinity)
  }

  // MARK: - Reference

  @Test func `both tails keep their digits`() throws {
    // erfc of the C library is good to a few units in the last place, and the argument is exact.
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_normal", "cdf").enumerated() {
      let x = try #require(cells[0])
      worst.compare(Normal.cdf(x), try #require(cells[1]), row: row)
      worst.compare(Normal.upperTail(x), try #require(cells[2]), row: row)
    }
    #expect(worst.count > 900)
    #expect(worst.error <= 1e-15, "\(worst)")
  }

  @Test func `quantiles are accurate for every probability`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_normal", "quantile").enumerated() {
      worst.compare(Normal.quantile(try #require(cells[0])), try #require(cells[1]), row: row)
    }
    #expect(worst.count > 300)
    #expect(worst.error <= 1e-15, "\(worst)")
  }

  @Test func `critical values are accurate for every confidence`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_normal", "critical").enumerated() {
      let z = try Normal.criticalValue(confidence: try #require(cells[0]))
      worst.compare(z, try #require(cells[1]), row: row)
    }
    #expect(worst.count > 70)
    #expect(worst.error <= 1e-15, "\(worst)")
  }

  // MARK: - Law

  @Test func `the quantile undoes the lower tail`() {
    var worst = Worst()
    var random = RandomSource(seed: 1)
    for row in 0..<1000 {
      let x = -37 * random.uniform()
      // A relative error ε of the probability moves x by at most 1.3 ε, by ε / |x| far out.
      worst.compare(Normal.quantile(Normal.cdf(x)), x, scale: max(1, -x), row: row)
    }
    #expect(worst.error <= 1e-15, "\(worst)")
  }

  @Test func `tails mirror each other`() {
    for x in stride(from: -40.0, through: 40, by: 0.37) {
      #expect(Normal.cdf(x) == Normal.upperTail(-x))
      #expect(Normal.twoSidedPValue(x) == Normal.twoSidedPValue(-x))
    }
  }

  @Test func `the quantile rises across its branches`() {
    for seam in [0.075, 0.925, 1.388794386496402e-11, 1e-290] {
      var p = seam * (1 - 1e-13)
      var last = -Double.infinity
      for _ in 0..<200 {
        let x = Normal.quantile(p)
        #expect(x >= last - 1e-15 * x.magnitude)
        (p, last) = (p + seam * 1e-15, x)
      }
    }
  }

  // MARK: - Refusal

  @Test func `impossible probabilities have no quantile`() {
    for p in [-0.1, 1.1, .nan, .infinity] { #expect(Normal.quantile(p).isNaN) }
    #expect(Normal.cdf(.nan).isNaN)
  }

  @Test(arguments: [0, 1, -0.5, 95, .nan])
  func `confidence is a fraction`(_ confidence: Double) {
    let message = "confidence must lie strictly between 0 and 1, got \(confidence.plain)"
    #expect(throws: PlauditError(.outOfRange, message)) {
      try Normal.criticalValue(confidence: confidence)
    }
  }
}
