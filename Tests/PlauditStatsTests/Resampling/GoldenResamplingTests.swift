import Foundation
import PlauditCore
import PlauditStats
import Testing

/// Every number of the golden groups resampling, correlation and assignment, each within the
/// tolerance that its case states.
struct GoldenResamplingTests {
  @Test func `every golden number is met`() throws {
    let cases = try Reference.cases("stats_resampling_golden", Case.self)
    var compared = 0
    for given in cases {
      let found = try values(given)
      for (key, wanted) in given.expected.flat("") {
        let got = try #require(found[key], "\(given.id) lacks \(key)")
        var room = given.tolerance.atol + given.tolerance.rtol * wanted.magnitude
        // The case's own note: only limits are Monte Carlo.
        if ["mean", "jackknife_acceleration"].contains(key) { room = 1e-12 * wanted.magnitude }
        let isMet = got == wanted || (got - wanted).magnitude <= room
        #expect(isMet, "\(given.id) \(key): \(got) instead of \(wanted)")
        compared += 1
      }
    }
    #expect(cases.count == 8 && compared == 56, "\(compared) of \(cases.count)")
  }

  private func values(_ given: Case) throws -> [String: Double] {
    let input = given.input
    switch given.id {
    case "seed000_corr_accuracy_er", "seed000_corr_accuracy_ctr":
      let found = try correlate(input.numbers("x"), input.numbers("y"))
      return [
        "pearson_r": found.pearson.value, "pearson_p": found.pearson.pValue,
        "spearman_rho": found.spearman.value,
      ]
    case "sentiment_kpi_correlation":
      let (x, y) = (input.numbers("sentiment"), input.numbers("kpi"))
      let found = try correlate(x, y)
      var values = [
        "pearson": found.pearson.value, "pearson_p": found.pearson.pValue,
        "ci.0": found.pearson.interval.lower, "ci.1": found.pearson.interval.upper,
        "spearman": found.spearman.value, "spearman_p": found.spearman.pValue,
        "kendall": found.kendall.value, "kendall_p": found.kendall.pValue,
        "ols.slope": found.fit.slope, "ols.intercept": found.fit.intercept,
        "ols.se": found.fit.standardError, "ols.r2": found.fit.r2, "ols.p": found.pearson.pValue,
        "theil_sen.slope": found.fit.medianSlope, "theil_sen.intercept": found.fit.medianIntercept,
      ]
      for lagged in try lags(.pearson, x, y, reach: 2) {
        values["lagged.\(lagged.lag)"] = lagged.coefficient.value
      }
      return values
    case "granger_lag1":
      let found = try granger(of: input.numbers("kpi"), by: input.numbers("sentiment"), lags: 1)
      return [
        "F": found.f, "p": found.pValue, "df_num": Double(found.numerator),
        "df_denom": Double(found.denominator),
      ]
    case "assignment_hash_growthbook_vectors":
      let vectors = input.list("vectors").map(\.texts)
      let versions = input.list("vectors").map { Int32($0.leaves.last ?? 0) }
      return Dictionary(
        uniqueKeysWithValues: try zip(vectors, versions).enumerated().map { place, item in
          let version = try #require(HashVersion(rawValue: item.1))
          return (
            "hash.\(place)",
            try hashes([item.0[1]], seed: item.0[0], version: version)[0]
          )
        })
    case "assignment_hash_fnv1a":
      var values: [String: Double] = [:]
      for text in ["", "a", "foobar", "user-123"] {
        values["fnv1a32.\(text)"] = try hashes([text], seed: "", version: .fnv1a)[0]
      }
      for text in input.list("values").flatMap(\.texts) {
        values["v1.\(text)"] = try hashes([text], seed: "exp-1", version: .growthBook1)[0]
        values["v2.\(text)"] = try hashes([text], seed: "exp-1", version: .growthBook2)[0]
      }
      return values
    case "bootstrap_bca":
      let column = input.numbers("values")
      let bca = try bootstrap(column, method: .bca, resamples: 60_000)
      let percentile = try bootstrap(column, resamples: 60_000)
      return [
        "mean": bca.value, "jackknife_acceleration": bca.acceleration,
        "bca.0": bca.interval.lower, "bca.1": bca.interval.upper,
        "percentile.0": percentile.interval.lower, "percentile.1": percentile.interval.upper,
        "bootstrap_se": percentile.standardError,
      ]
    case "permutation_exact":
      let found = try permute(input.numbers("a"), input.numbers("b"))
      return ["statistic": found.statistic, "p": found.pValue]
    default: return [:]
    }
  }

  private struct Case: Decodable {
    struct Tolerance: Decodable {
      let rtol: Double
      let atol: Double
    }
    let id: String
    let input: Value
    let expected: Value
    let tolerance: Tolerance
  }

  /// A JSON value whose leaves are numbers and texts.
  private enum Value: Decodable {
    case number(Double)
    case text(String)
    case list([Value])
    case object([String: Value])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let list = try? container.decode([Value].self) {
        self = .list(list)
      } else {
        self = .object(try container.decode([String: Value].self))
      }
    }

    /// Numbers by path, such as `ols.slope` or `ci.0`.
    func flat(_ path: String) -> [String: Double] {
      func under(_ members: [(String, Value)]) -> [String: Double] {
        members.reduce(into: [:]) { found, item in
          found.merge(item.1.flat(path.isEmpty ? item.0 : "\(path).\(item.0)")) { $1 }
        }
      }
      switch self {
      case .number(let number): return [path: number]
      case .text: return [:]
      case .list(let list): return under(list.enumerated().map { ("\($0.offset)", $0.element) })
      case .object(let members): return under(members.map { ($0.key, $0.value) })
      }
    }

    var leaves: [Double] {
      switch self {
      case .number(let number): [number]
      case .list(let list): list.flatMap(\.leaves)
      case .text, .object: []
      }
    }

    var texts: [String] {
      switch self {
      case .text(let text): [text]
      case .list(let list): list.flatMap(\.texts)
      case .number, .object: []
      }
    }

    func list(_ key: String) -> [Value] {
      guard case .object(let members) = self, case .list(let list)? = members[key] else {
        return []
      }
      return list
    }

    func numbers(_ key: String) -> [Double] { list(key).flatMap(\.leaves) }
  }
}
