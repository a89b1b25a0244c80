import Foundation
import PlauditCore
import Testing

@testable import PlauditStats

/// Every number and flag of the golden groups kpi, kpi_edge, numerics and streaming, within the
/// tolerance that its case states.
struct GoldenKPITests {
  private let held = TableColumns()

  @Test func `every golden number and flag is met`() throws {
    let file = try JSONSerialization.jsonObject(with: Reference.data("stats_kpi_table_golden"))
    let cases = try #require((file as? [String: Any])?["cases"] as? [[String: Any]])
    var compared = 0
    for given in cases {
      let id = try #require(given["id"] as? String)
      let input = try #require(given["input"] as? [String: Any])
      let expected = try #require(given["expected"] as? [String: Any])
      let tolerance = try #require(given["tolerance"] as? [String: Double])
      let found = try answer(id, input)
      for (key, wanted) in flat(expected) where !key.hasPrefix("naive_") {
        // What a naive formula prints is no target.
        if key.hasPrefix("flags") || key == "p_one_minus_cdf" { continue }
        let got = try #require(found.values[key], "\(id) lacks \(key)")
        let room = (tolerance["atol"] ?? 0) + (tolerance["rtol"] ?? 0) * wanted.magnitude
        let isMet =
          got == wanted || (got.isNaN && wanted.isNaN) || (got - wanted).magnitude <= room
        #expect(isMet, "\(id) \(key): \(got) instead of \(wanted)")
        compared += 1
      }
      if let flags = expected["flags"] as? [String] {
        #expect(found.flags.sorted() == flags.sorted(), "\(id)")
        compared += 1
      }
    }
    #expect(cases.count == 19 && compared > 90, "\(compared) of \(cases.count)")
  }

  private struct Answer {
    var values: [String: Double] = [:]
    var flags: [String] = []
  }

  private func answer(_ id: String, _ input: [String: Any]) throws -> Answer {
    if let metric = input["metric"] as? String { return try edge(metric, input) }
    var found = Answer()
    switch id {
    case "kpi_basic": found.values = try basic(input)
    case "kpi_ratio_of_sums":
      let clicks = numbers(input["clicks"])
      let impressions = numbers(input["impressions"])
      let rows = try table([.clicks, .impressions], [clicks, impressions])
      found.values["ratio_of_sums"] = rows.numbers("ctr")[0]
      let ratios = zip(clicks, impressions).map {
        KPI.clickThroughRate.evaluate(numerator: $0, denominator: $1).value
      }
      found.values["mean_of_ratios"] = ratios.reduce(0, +) / Double(ratios.count)
    case "nps":
      found.values["nps"] = try table([.score], [numbers(input["scores"])]).numbers("nps")[0]
    case "pvalue_tail_precision":
      found.values["p_sf"] = StudentT.twoSidedPValue(
        number(input["t"]), degreesOfFreedom: number(input["df"]))
    case "variance_cancellation":
      found.values["variance"] = try moments(numbers(input["values"])).variance
    case "streaming_moments":
      let values = numbers(input["values"])
      let split = Int(number(input["split"]))
      var merged = try moments(Array(values[..<split]))
      merged.merge(try moments(Array(values[split...])))
      found.values = [
        "mean": merged.mean, "variance": merged.variance, "skew": merged.skewness,
        "kurtosis": merged.kurtosis, "sum": merged.sum,
        "sum_squares": merged.secondSum + merged.mean * merged.sum,
      ]
    case "ewma":
      let values = numbers(input["values"])
      for (name, adjusted) in [("recursive", false), ("adjusted", true)] {
        for (row, value) in try averages(values, number(input["alpha"]), adjusted).enumerated() {
          found.values["\(name).\(row)"] = value
        }
      }
    case "special_functions": found.values = special()
    default: Issue.record("no golden test of \(id)")
    }
    return found
  }

  private func basic(_ input: [String: Any]) throws -> [String: Double] {
    let bound: [(KPIMeasure, String)] = [
      (.impressions, "impressions"), (.reach, "reach"), (.followers, "followers"),
      (.clicks, "clicks"), (.engagements, "engagements"), (.cost, "spend"),
      (.revenue, "revenue"), (.incrementalRevenue, "revenue"), (.costOfGoods, "cogs"),
      (.conversions, "conversions"), (.sessions, "sessions"),
      (.engagedSessions, "engaged_sessions"), (.newCustomers, "new_customers"),
      (.orders, "orders"),
    ]
    let rows = try table(bound.map(\.0), bound.map { [number(input[$0.1])] })
    let names = [
      "ctr": "ctr", "engagement_rate_by_impressions": "engagement_rate_by_impressions",
      "engagement_rate_by_reach": "engagement_rate_by_reach",
      "engagement_rate_by_followers": "engagement_rate_by_followers",
      "engagement_rate_ga4_sessions": "engagement_rate_by_sessions",
      "bounce_rate_ga4": "bounce_rate", "cvr_per_click": "conversion_rate_by_clicks",
      "cvr_per_impression": "conversion_rate_by_impressions", "cpc": "cpc", "cpm": "cpm",
      "cpa": "cpa", "cpe": "cpe", "cac": "cac", "roas": "roas", "roi": "roi",
      "romi_gross_margin": "romi", "aov": "aov", "rpm": "rpm", "frequency": "frequency",
      "acos": "acos",
    ]
    return names.compactMapValues { rows.numbers($0)[0] }
  }

  private func edge(_ metric: String, _ input: [String: Any]) throws -> Answer {
    var found = Answer()
    if metric == "relative_lift" {
      let lift = evaluateRelativeLift(
        treatment: number(input["treatment"]), control: number(input["control"]))
      found.values = ["value": lift.relative, "absolute": lift.absolute]
      if lift.flags.contains(.negativeBaseline) { found.flags.append("negative_baseline") }
      if lift.flags.contains(.zeroBaseline) { found.flags.append("zero_baseline") }
      return found
    }
    let known: [String: (KPI, String)] = [
      "ctr": (.clickThroughRate, "ctr"), "roas": (.returnOnAdSpend, "roas"),
      "roi": (.returnOnInvestment, "roi"), "cpm": (.costPerMille, "cpm"),
      "cvr_per_click": (.conversionRateByClicks, "conversion_rate_by_clicks"),
    ]
    let (kpi, name) = try #require(known[metric])
    let parts = [kpi.definition.numerator.column, kpi.definition.denominator.column]
    let policies = ["propagate": KPITableSpec.Missing.propagate, "omit": .omit, "raise": .raise]
    let columns = parts.map { numbers(input[$0 == .cost ? "spend" : $0.name]) }
    let rows = try table(
      parts, columns, missing: policies[input["nan_policy"] as? String ?? ""] ?? .propagate)
    found.values["value"] = rows.numbers(name)[0] ?? .nan
    found.values["dropped"] = rows.numbers(name + "_dropped")[0]
    let bits = rows.flags(name + "_flags")[0]
    let names: [(KPIFlags, String)] = [
      (.noDenominator, "no_denominator"),
      (.numeratorWithoutDenominator, "numerator_without_denominator"),
      (.nonPositiveDenominator, "non_positive_denominator"),
      (.negativeRevenue, "negative_revenue"), (.rateAboveOne, "rate_above_one"),
      (.nanInput, "nan_input"), (.infiniteInput, "infinite_input"),
      (.negativeCount, "negative_count"), (.fractionalCount, "fractional_count"),
      (.rowsDropped, "rows_dropped"), (.invalidBinomial, "invalid_binomial"),
    ]
    found.flags = names.filter { bits.contains($0.0) }.map(\.1)
    return found
  }

  private func special() -> [String: Double] {
    [
      "norm_cdf.-8": Normal.cdf(-8), "norm_cdf.1.96": Normal.cdf(1.96),
      "norm_ppf.0.975": Normal.quantile(0.975), "norm_ppf.1e-10": Normal.quantile(1e-10),
      "t_sf.2.5,7": StudentT.upperTail(2.5, degreesOfFreedom: 7),
      "t_sf.12,5000": StudentT.upperTail(12, degreesOfFreedom: 5000),
      "t_ppf.0.975,7.3": StudentT.quantile(0.975, degreesOfFreedom: 7.3),
      "chi2_sf.22.613,1": ChiSquare.upperTail(22.613, degreesOfFreedom: 1),
      "chi2_sf.300,40": ChiSquare.upperTail(300, degreesOfFreedom: 40),
      "F_sf.3.2,3,17": FisherF.upperTail(3.2, numerator: 3, denominator: 17),
      "betainc.135,867,0.16": BetaDistribution.tails(0.16, a: 135, b: 867).lower,
      "beta_ppf.0.025,183,819": BetaDistribution.quantile(lower: 0.025, a: 183, b: 819),
      "gammaln.0.243": GammaFunction.log(0.243), "gammaln.1e5": GammaFunction.log(1e5),
      "hyp2f1.2.243,4.426,4.219,0.48": gaussHypergeometric(2.243, 4.426, 4.219, 0.48),
      "hyp2f1.26.243,28.426,28.219,0.55": gaussHypergeometric(26.243, 28.426, 28.219, 0.55),
      "digamma.0.5": digamma(0.5),
      "nct_sf.1.96,50,2.8": NoncentralT.upperTail(1.96, degreesOfFreedom: 50, shift: 2.8),
      "gammainc.3.5,2": incompleteGamma(3.5, 2).lower,
    ]
  }

  // MARK: Pieces

  private func table(
    _ measures: [KPIMeasure], _ columns: [[Double]], missing: KPITableSpec.Missing = .propagate
  ) throws -> TableRows {
    var spec = KPITableSpec(keys: [], measures: measures.map { KPITableSpec.Measure($0) })
    spec.missing = missing
    let table = try KPITable(spec)
    try table.add(columns.map { held.reals($0) })
    return TableRows(try table.finish())
  }

  private func moments(_ values: [Double]) throws -> StreamingMoments {
    var moments = StreamingMoments()
    try values.withUnsafeBufferPointer { try moments.add($0) }
    return moments
  }

  private func averages(
    _ values: [Double], _ alpha: Double, _ adjusted: Bool
  ) throws -> [Double] {
    var found = [Double](repeating: 0, count: values.count)
    try values.withUnsafeBufferPointer { values in
      try found.withUnsafeMutableBufferPointer {
        try exponentialAverages(values, alpha: alpha, adjusted: adjusted, averages: $0)
      }
    }
    return found
  }

  private func number(_ value: Any?) -> Double { numbers(value).first ?? .nan }

  private func numbers(_ value: Any?) -> [Double] {
    if let list = value as? [Any] { return list.flatMap { numbers($0) } }
    if let number = value as? Double { return [number] }
    return value as? String == "NaN" ? [.nan] : []
  }

  /// Leaves by path, such as `recursive.3` or `t_sf.2.5,7`.
  private func flat(_ value: [String: Any], _ path: String = "") -> [String: Double] {
    var found: [String: Double] = [:]
    for (key, member) in value {
      let place = path.isEmpty ? key : "\(path).\(key)"
      if let members = member as? [String: Any] {
        found.merge(flat(members, place)) { $1 }
      } else if let list = member as? [Any] {
        for (row, item) in list.enumerated() {
          if let number = numbers(item).first { found["\(place).\(row)"] = number }
        }
      } else if let number = numbers(member).first {
        found[place] = number
      }
    }
    return found
  }

  // MARK: - Reference

  @Test func `sums of a table equal exact fractions`() throws {
    for cells in try Reference.rows("stats_kpi_table", "sums") {
      let numbers = try Reference.complete(cells)
      let rows = try table([.revenue], [Array(numbers[1...])])
      #expect(rows.numbers("revenue") == [numbers[0]])
    }
  }

  @Test func `moments equal those of fifty digits`() throws {
    // The conditioning of a variance is that of the deviations, whose rounding is relative to the
    // numbers: 1e9 with deviations of 1 leaves seven digits of each, averaged over the rows.
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_kpi_table", "moments").enumerated() {
      let c = try Reference.complete(cells)
      let values = Array(c[5...])
      var merged = try moments(Array(values[..<(values.count / 3)]))
      merged.merge(try moments(Array(values[(values.count / 3)...])))
      let whole = try moments(values)
      for found in [whole, merged] {
        worst.compare(found.mean, c[1], scale: max(1, c[1].magnitude), row: row)
        worst.compare(found.variance, c[2], scale: 1e4 * c[2], row: row)
        worst.compare(found.skewness, c[3], scale: 1e4, row: row)
        worst.compare(found.kurtosis, c[4], scale: 1e5, row: row)
      }
    }
    #expect(worst.count == 240 && worst.error <= 1e-12, "\(worst)")
  }

  @Test func `exponential averages equal pandas, gaps included`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_kpi_table", "averages").enumerated() {
      let c = try Reference.complete(cells)
      let count = (c.count - 2) / 2
      let found = try averages(Array(c[2..<2 + count]), c[0], c[1] == 1)
      worst.compare(found, Array(c[(2 + count)...]), scale: 100, row: row)
    }
    #expect(worst.error <= Tolerance.otherLibrary, "\(worst)")
  }

  @Test func `digamma and the hypergeometric function equal those of fifty digits`() throws {
    var worst = Worst()
    for (row, cells) in try Reference.rows("stats_kpi_table", "special").enumerated() {
      let c = try Reference.complete(cells)
      if c[0] == 1 {
        worst.compare(digamma(c[1]), c[2], scale: max(1, c[2].magnitude), row: row)
      } else if c[4] >= 0 || c[3] > min(c[1], c[2]) {
        worst.compare(gaussHypergeometric(c[1], c[2], c[3], c[4]), c[5], row: row)
      }
    }
    #expect(worst.count > 60 && worst.error <= 1e-12, "\(worst)")
  }

  // MARK: - Refusal

  @Test func `what has no moments or averages is refused with the row`() throws {
    let error = #expect(throws: PlauditError.self) { _ = try moments([1, .nan]) }
    #expect(error?.kind == .notFinite && error?.index == 1)
    for alpha in [0, 1.5, .nan] {
      let error = #expect(throws: PlauditError.self) { _ = try averages([1], alpha, true) }
      #expect(error?.kind == .outOfRange)
    }
    #expect(throws: PlauditError.self) { _ = try averages([1, .infinity], 0.5, true) }
    #expect(try moments([]).variance.isNaN)
    #expect(try moments([3, 3]).skewness.isNaN)
  }
}
