import Foundation
import PlauditCore
import PlauditStats
import Testing

/// Every number of the golden groups proportion_ci, two_proportion, means, paired, power and
/// quantiles, and of random cases of the same kinds, each within the tolerance that its case states.
struct TestsReferenceTests {
  @Test func `every golden number is met`() throws {
    #expect(try compared("stats_tests_golden") == (28, 274))
  }

  @Test func `random cases agree with scipy and statsmodels`() throws {
    let (cases, numbers) = try compared("stats_tests")
    #expect(cases > 180 && numbers > 1800, "\(numbers) of \(cases)")
  }

  private func compared(_ file: String) throws -> (Int, Int) {
    let cases = try Reference.cases(file, Case.self)
    var compared = 0
    for given in cases {
      let found = try values(given.kind, given.input)
      for (key, wanted) in given.expected.flat("") {
        let got = try #require(found[key], "\(given.id) lacks \(key)")
        // Score limits are root-found to 1e-12 of the probability in statsmodels.
        let rtol = key.contains("score") ? max(1e-6, given.tolerance.rtol) : given.tolerance.rtol
        let room = given.tolerance.atol + rtol * wanted.magnitude
        let isMet =
          got == wanted || (got.isNaN && wanted.isNaN) || (got - wanted).magnitude <= room
        #expect(isMet, "\(given.id) \(key): \(got) instead of \(wanted)")
        compared += 1
      }
    }
    return (cases.count, compared)
  }

  private func values(_ kind: String, _ input: Value) throws -> [String: Double] {
    switch kind {
    case "rate": try rate(input)
    case "two_proportion": try twoProportion(input)
    case "effect": try effect(input)
    case "mcnemar": try mcnemar(input)
    case "t": try means(input)
    case "paired_t": try paired(input)
    case "mann_whitney": try mannWhitney(input)
    case "ks": try smirnov(input)
    case "anova": try anova(input)
    case "quantile": try quantiles(input)
    case "fisher": try fisher(input)
    case "chi_square": try chiSquare(input)
    case "seed_power": try seedPower(input)
    case "power": try power(input)
    case "mde": try detectable(input)
    case "power_grid": try powerGrid(input)
    default: [:]
    }
  }

  private func rate(_ input: Value) throws -> [String: Double] {
    let methods: [(String, RateMethod)] = [
      ("wilson", .wilson), ("agresti_coull", .agrestiCoull), ("beta", .clopperPearson),
      ("jeffreys", .jeffreys), ("normal", .wald),
    ]
    var found: [String: Double] = [:]
    let (count, trials) = (Int64(input.number("count")), Int64(input.number("nobs")))
    for (name, method) in methods {
      let confidence = 1 - input.number("alpha")
      let interval = try column(method, count, trials, confidence)
      (found["\(name).0"], found["\(name).1"]) = (interval.lower, interval.upper)
      guard count <= trials, trials > 0 else { continue }
      let scalar = try rateInterval(
        method, successes: count, trials: trials, confidence: confidence)
      #expect(scalar == interval)
    }
    return found
  }

  private func column(
    _ method: RateMethod, _ successes: Int64, _ trials: Int64, _ confidence: Double
  ) throws -> Interval {
    var (lower, upper) = ([0.0], [0.0])
    try withColumns([successes], [trials], [Int]?.none) { successes, trials, _ in
      try lower.withUnsafeMutableBufferPointer { lower in
        try upper.withUnsafeMutableBufferPointer { upper in
          try rateIntervals(
            method, successes: successes, trials: trials, confidence: confidence, lower: lower,
            upper: upper, flags: nil, refusing: false)
        }
      }
    }
    return Interval(lower: lower[0], upper: upper[0])
  }

  private func counts(_ input: Value) -> ((Int64, Int64), (Int64, Int64)) {
    (
      (Int64(input.number("count1")), Int64(input.number("nobs1"))),
      (Int64(input.number("count2")), Int64(input.number("nobs2")))
    )
  }

  private func twoProportion(_ input: Value) throws -> [String: Double] {
    let (treatment, control) = counts(input)
    let confidence = 1 - input.number("alpha")
    func test(
      _ measure: EffectMeasure, _ interval: EffectInterval,
      _ variance: EffectVariance = .pooled, _ alternative: TestAlternative = .twoSided
    ) throws -> TestResult {
      try ProportionEffect(
        measure: measure, interval: interval, variance: variance, alternative: alternative,
        confidence: confidence
      ).test(treatment, control)
    }
    let pooled = try test(.difference, .newcombe)
    let unpooled = try test(.difference, .newcombe, .unpooled)
    var found = [
      "z": pooled.statistic, "p_two_sided": pooled.pValue, "diff": pooled.estimate,
      "z_pooled": pooled.statistic, "p_pooled": pooled.pValue, "z_unpooled": unpooled.statistic,
      "p_unpooled": unpooled.pValue,
      "p_larger": try test(.difference, .newcombe, .pooled, .greater).pValue,
    ]
    let intervals: [(String, EffectMeasure, EffectInterval)] = [
      ("diff_newcomb", .difference, .newcombe), ("diff_wald", .difference, .wald),
      ("diff_agresti_caffo", .difference, .adjusted),
      // statsmodels' own cubic; the likeliest rates are the next one.
      ("diff_score", .difference, .statsmodelsScore), ("diff_likeliest", .difference, .score),
      ("ratio_log", .ratio, .wald), ("ratio_log_adjusted", .ratio, .adjusted),
      ("ratio_score", .ratio, .score), ("odds_logit", .oddsRatio, .wald),
      ("odds_logit_adjusted", .oddsRatio, .adjusted),
    ]
    for (key, measure, method) in intervals {
      let interval = try test(measure, method).interval
      (found["\(key).0"], found["\(key).1"]) = (interval.lower, interval.upper)
    }
    let table = [
      treatment.0, treatment.1 - treatment.0, control.0, control.1 - control.0,
    ]
    for (key, yates) in [("chi2", false), ("chi2_yates", true)] {
      let chi = try table.withUnsafeBufferPointer {
        try ContingencyTest.chiSquare($0, columns: 2, yates: yates)
      }
      (found[key], found["\(key)_p"]) = (chi.statistic, chi.pValue)
    }
    found["fisher_p"] = try ContingencyTest.fisher(
      table[0], table[1], table[2], table[3], alternative: .twoSided, confidence: confidence
    ).pValue
    return found
  }

  private func effect(_ input: Value) throws -> [String: Double] {
    let (treatment, control) = counts(input)
    var found: [String: Double] = [:]
    let settings: [(String, EffectMeasure, Double, Double, Double)] = [
      ("diff", .difference, 0.03, -0.1, 0.1), ("ratio", .ratio, 1.1, 0.8, 1.25),
      ("or", .oddsRatio, 0.9, 0.7, 1.4),
    ]
    for (key, measure, null, lower, upper) in settings {
      for (name, variance) in [("plain", EffectVariance.unpooled), ("score", .score)] {
        let test = try ProportionEffect(
          measure: measure, variance: variance, alternative: .greater, null: null,
          confidence: 0.95
        ).test(treatment, control)
        found["\(key)_\(name).0"] = test.statistic
        found["\(key)_\(name).1"] = test.pValue
        found["\(key)_\(name)_tost"] = try ProportionEffect(
          measure: measure, variance: variance,
          alternative: .equivalent(lower: lower, upper: upper), confidence: 0.95
        ).test(treatment, control).pValue
      }
    }
    return found
  }

  private func mcnemar(_ input: Value) throws -> [String: Double] {
    let table = input.numbers("table")
    let test = try McNemarTest(onlyFirst: Int64(table[1]), onlySecond: Int64(table[2]))
    return [
      "exact_p": test.exactPValue, "exact_stat": min(table[1], table[2]),
      "chi2": test.statistic, "chi2_p": test.chiSquarePValue,
    ]
  }

  private func moments(_ values: [Double], minus: [Double]? = nil) throws -> SampleMoments {
    try values.withUnsafeBufferPointer { values in
      guard let minus else { return try SampleMoments(values) }
      return try minus.withUnsafeBufferPointer { try SampleMoments(values, subtracting: $0) }
    }
  }

  private func means(_ input: Value) throws -> [String: Double] {
    let (a, b) = (try moments(input.numbers("a")), try moments(input.numbers("b")))
    func test(
      _ kind: TTest.Kind, _ alternative: TestAlternative = .twoSided, _ confidence: Double = 0.95
    ) throws -> TestResult {
      try TTest(kind: kind, alternative: alternative, confidence: confidence).test(a, b)
    }
    let (welch, pooled) = (try test(.welch), try test(.pooled))
    let narrow = try test(.welch, .twoSided, 0.9)
    return [
      "t": welch.statistic, "df": welch.degreesOfFreedom, "p": welch.pValue,
      "diff": welch.estimate, "ci.0": welch.interval.lower, "ci.1": welch.interval.upper,
      "cohen_d": welch.effectSize, "hedges_g": welch.correctedEffectSize,
      "ci90.0": narrow.interval.lower, "ci90.1": narrow.interval.upper,
      "pooled_t": pooled.statistic, "pooled_p": pooled.pValue,
      "p_greater": try test(.welch, .greater).pValue, "p_less": try test(.welch, .less).pValue,
      "one_sample_p": try TTest(null: 9.5, confidence: 0.95).test(a).pValue,
      "tost": try test(.welch, .equivalent(lower: -3, upper: 3)).pValue,
    ]
  }

  private func paired(_ input: Value) throws -> [String: Double] {
    let test = try TTest(confidence: 0.95).test(
      try moments(input.numbers("a"), minus: input.numbers("b")))
    return ["t": test.statistic, "df": test.degreesOfFreedom, "p": test.pValue]
  }

  private func mannWhitney(_ input: Value) throws -> [String: Double] {
    func test(
      _ exactness: Exactness, _ alternative: TestAlternative = .twoSided, continuity: Bool = true
    ) throws -> TestResult {
      try withColumns(input.numbers("a"), input.numbers("b"), [Int]?.none) { a, b, _ in
        try RankTest.mannWhitney(
          a, b, alternative: alternative, exactness: exactness, continuity: continuity,
          confidence: 0.95)
      }
    }
    let plain = try test(.asymptotic)
    var found = [
      "U": plain.statistic, "p_asymptotic": plain.pValue,
      "p_greater": try test(.asymptotic, .greater).pValue,
      "p_less": try test(.asymptotic, .less).pValue,
      "p_plain": try test(.asymptotic, continuity: false).pValue,
    ]
    if !plain.flags.contains(.ties) {
      found["p_exact"] = try test(.exact).pValue
      found["p_exact_greater"] = try test(.exact, .greater).pValue
    }
    return found
  }

  private func smirnov(_ input: Value) throws -> [String: Double] {
    func test(_ exactness: Exactness, _ alternative: TestAlternative) throws -> TestResult {
      try withColumns(input.numbers("a"), input.numbers("b"), [Int]?.none) { a, b, _ in
        try KolmogorovSmirnovTest.test(a, b, alternative: alternative, exactness: exactness)
      }
    }
    let both = try test(.automatic, .twoSided)
    var found = [
      "D": both.statistic, "p": both.pValue,
      "p_asymptotic": try test(.asymptotic, .twoSided).pValue,
    ]
    for (name, side) in [("greater", TestAlternative.greater), ("less", .less)] {
      let exact = try test(.exact, side)
      (found["D_\(name)"], found["p_\(name)"]) = (exact.statistic, exact.pValue)
      found["p_asymptotic_\(name)"] = try test(.asymptotic, side).pValue
    }
    return found
  }

  private func anova(_ input: Value) throws -> [String: Double] {
    let groups = input.lists("groups")
    let samples = try groups.map { try moments($0) }
    let rows = groups.flatMap { $0 }
    let numbers = groups.enumerated().flatMap { index, group in
      group.map { _ in Int32(index) }
    }
    let plain = try samples.withUnsafeBufferPointer {
      try AnalysisOfVariance.test(.equalVariances, $0)
    }
    let welch = try samples.withUnsafeBufferPointer { try AnalysisOfVariance.test(.welch, $0) }
    let ranks = try withColumns(rows, numbers, [Int]?.none) { rows, numbers, _ in
      try RankTest.kruskalWallis(rows, groups: numbers, groupCount: groups.count)
    }
    return [
      "F": plain.statistic, "p": plain.pValue, "H": ranks.statistic, "H_p": ranks.pValue,
      "welch": welch.statistic, "welch_df": welch.denominatorDegrees, "welch_p": welch.pValue,
    ]
  }

  private func quantiles(_ input: Value) throws -> [String: Double] {
    var found: [String: Double] = [:]
    for (name, kind) in [("type7", QuantileKind.linear), ("harrell_davis", .harrellDavis)] {
      let estimates = try withColumns(input.numbers("values"), input.numbers("p"), [Int]?.none) {
        values, p, _ in
        try QuantileEstimate.estimates(
          values, clusters: nil, probabilities: p, kind: kind, confidence: 0.95)
      }
      for (index, estimate) in estimates.enumerated() {
        found["\(name).\(index)"] = estimate.value
      }
    }
    return found
  }

  private func fisher(_ input: Value) throws -> [String: Double] {
    let cells = input.numbers("table").map { Int64($0) }
    func test(_ alternative: TestAlternative) throws -> TestResult {
      try ContingencyTest.fisher(
        cells[0], cells[1], cells[2], cells[3], alternative: alternative, confidence: 0.95)
    }
    let both = try test(.twoSided)
    return [
      "two-sided": both.pValue, "less": try test(.less).pValue,
      "greater": try test(.greater).pValue, "odds": both.estimate,
      "interval.0": both.interval.lower, "interval.1": both.interval.upper,
    ]
  }

  private func chiSquare(_ input: Value) throws -> [String: Double] {
    let test = try input.numbers("table").map { Int64($0) }.withUnsafeBufferPointer {
      try ContingencyTest.chiSquare($0, columns: Int(input.number("columns")), yates: true)
    }
    return [
      "statistic": test.statistic, "df": test.degreesOfFreedom, "p": test.pValue,
      "v": test.effectSize,
    ]
  }

  // MARK: Power

  private func design(_ test: PowerTest, _ change: (inout PowerDesign) -> Void) -> PowerDesign {
    var design = PowerDesign()
    design.test = test
    change(&design)
    return design
  }

  private func seedPower(_ input: Value) throws -> [String: Double] {
    let (treated, control) = (input.number("p_treatment"), input.number("p_control"))
    func plan(_ test: PowerTest, power: Double = 0.8) throws -> PowerDesign.Plan {
      try design(test) {
        ($0.baseline, $0.effect, $0.power) = (control, treated - control, power)
      }.solved(for: .sampleSize)
    }
    let arcsine = try plan(.cohenH)
    return [
      "cohen_h": arcsine.standardizedEffect, "n_per_arm_cohen_h": arcsine.controlCount,
      "n_per_arm_fleiss": try plan(.fleiss).controlCount,
      // A power of a half: the expected difference is just significant.
      "n_per_arm_just_significant": try plan(.fleiss, power: 0.5).controlCount,
    ]
  }

  private func power(_ input: Value) throws -> [String: Double] {
    let (p, q) = (input.number("p_control"), input.number("p_treatment"))
    func means(_ test: PowerTest, ratio: Double = 1) -> PowerDesign {
      design(test) {
        ($0.effect, $0.ratio, $0.controlCount) = (input.number("d"), ratio, 400)
      }
    }
    func rates(_ test: PowerTest, count: Double = 0) -> PowerDesign {
      design(test) { ($0.baseline, $0.effect, $0.controlCount) = (p, q - p, count) }
    }
    let arcsine = try rates(.cohenH).solved(for: .sampleSize)
    return [
      "n_d02": try means(.meansZ).solved(for: .sampleSize).controlCount,
      "n_t_d02": try means(.meansT).solved(for: .sampleSize).controlCount,
      "power_t": try means(.meansT).solved(for: .power).power,
      "power_z": try means(.meansZ).solved(for: .power).power,
      "es_h": arcsine.standardizedEffect, "n_prop_h": arcsine.controlCount,
      "power_prop_2indep": try rates(.fleiss, count: 20_000).solved(for: .power).power,
      "n_ratio2": try means(.meansZ, ratio: 2).solved(for: .sampleSize).controlCount,
      "n_fleiss": try rates(.fleiss).solved(for: .sampleSize).controlCount,
      "n_eppo_evan_miller": try rates(.baselineNull).solved(for: .sampleSize).controlCount,
      "mde_abs_n10000": try rates(.baselineVariance, count: 10_000).solved(for: .effect).effect,
    ]
  }

  private func detectable(_ input: Value) throws -> [String: Double] {
    var found: [String: Double] = [:]
    for (index, count) in input.numbers("n").enumerated() {
      let plan = try design(.fleiss) {
        ($0.baseline, $0.controlCount) = (input.number("baseline"), count)
      }.solved(for: .effect)
      found["mde_abs.\(index)"] = plan.effect
    }
    return found
  }

  private func powerGrid(_ input: Value) throws -> [String: Double] {
    func reached(_ test: PowerTest, _ alternative: Alternative = .twoSided) throws -> Double {
      try design(test) {
        ($0.effect, $0.ratio, $0.controlCount) = (
          input.number("d"), input.number("ratio"), input.number("n")
        )
        $0.alternative = alternative
      }.solved(for: .power).power
    }
    let groups = try design(.analysisOfVariance) {
      ($0.effect, $0.controlCount, $0.arms) = (
        input.number("d") / 2, input.number("n"), Int(input.number("k"))
      )
    }.solved(for: .power)
    return [
      "t": try reached(.meansT), "t_greater": try reached(.meansT, .greater),
      "t_less": try reached(.meansT, .less), "z": try reached(.meansZ),
      "anova": groups.power,
    ]
  }

  private struct Case: Decodable {
    struct Tolerance: Decodable {
      let rtol: Double
      let atol: Double
    }
    let id: String
    let kind: String
    let input: Value
    let expected: Value
    let tolerance: Tolerance
  }

  /// A JSON value whose leaves are numbers.
  private enum Value: Decodable {
    case number(Double)
    case list([Value])
    case object([String: Value])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let list = try? container.decode([Value].self) {
        self = .list(list)
      } else {
        self = .object(try container.decode([String: Value].self))
      }
    }

    func flat(_ path: String) -> [String: Double] {
      switch self {
      case .number(let number): return [path: number]
      case .list(let list):
        return list.enumerated().reduce(into: [:]) { found, item in
          found.merge(item.element.flat("\(path).\(item.offset)")) { $1 }
        }
      case .object(let members):
        return members.reduce(into: [:]) { found, item in
          found.merge(item.value.flat(path.isEmpty ? item.key : "\(path).\(item.key)")) { $1 }
        }
      }
    }

    private var leaves: [Double] {
      switch self {
      case .number(let number): [number]
      case .list(let list): list.flatMap(\.leaves)
      case .object: []
      }
    }

    func lists(_ key: String) -> [[Double]] {
      guard case .object(let members) = self, case .list(let rows)? = members[key] else {
        return []
      }
      return rows.map(\.leaves)
    }

    func numbers(_ key: String) -> [Double] {
      guard case .object(let members) = self else { return [] }
      return members[key]?.leaves ?? []
    }

    func number(_ key: String) -> Double { numbers(key).first ?? .nan }
  }
}
