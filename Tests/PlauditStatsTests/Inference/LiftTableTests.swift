import PlauditCore
import PlauditStats
import Testing

struct LiftTableTests {
  // MARK: - By hand

  @Test func `18.2 % over 13.4 % is a lift of 35.8 %, with the verdict of one p`() throws {
    let table = try LiftSums.proportion((134, 1000), (182, 1000)).table()
    #expect(abs(table.relative[0] - 48.0 / 134) < 1e-15)
    #expect(table.absolute[0] == 0.048)
    let lift = try ProportionLift(
      treatment: ProportionCounts(successes: 182, trials: 1000),
      control: ProportionCounts(successes: 134, trials: 1000), confidence: 0.95)
    #expect(table.pValue[0] == lift.pValue && table.statistic[0] == lift.z)
    #expect(abs(table.absoluteLower[0] - lift.absoluteInterval.lower) < 1e-15)
    #expect(abs(table.relativeUpper[0] - lift.relativeInterval.upper) < 1e-14)
    #expect(table.flags[0] == [])
  }

  @Test func `arms come in order without the control`() throws {
    var sums = LiftSums.proportion((10, 100), (30, 100), (20, 100))
    sums.control = 2
    let table = try sums.table(options { $0.keepsLowBaselines = true })
    #expect(table.treatment == [0.1, 0.3] && table.control == [0.2, 0.2])
    #expect(table.relative.map { ($0 * 100).rounded() } == [-50, 50])
  }

  @Test func `a negative control keeps the sign of the change`() throws {
    let sums = LiftSums.means((-10, 25, 1000), (-5, 25, 1000))
    for relative in LiftOptions.Relative.allCases {
      let table = try sums.table(options { $0.relative = relative })
      #expect(abs(table.relative[0] - 0.5) < 1e-15)
      #expect(table.relativeLower[0] > 0.4 && table.relativeUpper[0] < 0.6, "\(relative)")
      #expect(table.relativeLower[0] < 0.5 && table.relativeUpper[0] > 0.5, "\(relative)")
    }
  }

  @Test func `a low baseline keeps its absolute effect and tells why`() throws {
    let sums = LiftSums.proportion((4, 100), (12, 100))
    let table = try sums.table()
    #expect(table.flags[0] == .lowBaseline)
    #expect(table.relative[0].isNaN && table.relativeLower[0].isNaN)
    #expect(table.absolute[0] == 0.08 && table.pValue[0] < 0.05)
    let kept = try sums.table(options { $0.keepsLowBaselines = true })
    #expect(kept.relative[0] == 2 && kept.flags[0] == .lowBaseline)
  }

  @Test func `the minimum detectable effect is found with its power`() throws {
    let sums = LiftSums.proportion((134, 1000), (182, 1000))
    let effect = try sums.table().minimumDetectable[0]
    let power = try sums.table(options { $0.effectOfInterest = effect }).power[0]
    #expect(abs(power - 0.8) < 1e-6)
    let share = try sums.table(
      options {
        ($0.effectOfInterest, $0.interestIsRelative) = (effect / 0.134, true)
      }
    ).power[0]
    #expect(abs(share - power) < 1e-12)
  }

  @Test func `scope decides what is adjusted for`() throws {
    var sums = LiftSums()
    (sums.metrics, sums.arms) = (2, 3)
    sums.users = Array(repeating: 1000, count: 6)
    sums.sums = [134, 182, 160, 500, 540, 505]
    let plain = try sums.table().pValue
    let per = try sums.table(options { ($0.adjustment, $0.scope) = (.bonferroni, .perMetric) })
    let all = try sums.table(options { $0.adjustment = .bonferroni })
    #expect(per.adjusted == plain.map { min(1, 2 * $0) })
    #expect(all.adjusted == plain.map { min(1, 4 * $0) })
    #expect(per.pValue == plain && all.pValue == plain)
    sums.users[2] = 0
    let gap = try sums.table(options { $0.adjustment = .bonferroni })
    #expect(gap.adjusted[1].isNaN && gap.flags[1] == .noUsers)
    #expect(gap.adjusted[0] == 3 * plain[0], "a row without p is no part of the family")
  }

  @Test func `a sample ratio mismatch marks every row of its metric`() throws {
    var sums = LiftSums.proportion((500, 5050), (500, 4000))
    #expect(try sums.table().sampleRatio[0].isNaN, "no plan, no check")
    sums.armWeights = [1, 1]
    let table = try sums.table()
    #expect(table.sampleRatio[0] < 1e-20)
    #expect(table.flags[0] == .sampleRatioMismatch)
    sums.armWeights = [1, 0]
    #expect(try sums.table().flags[0] == [.sampleRatioMismatch, .unexpectedUsers])
    sums.armWeights = [5050, 4000]
    #expect(try sums.table().sampleRatio[0] == 1)
  }

  @Test func `what cannot be judged is NaN with its reason`() throws {
    let rows: [(Double, Double, LiftFlags)] = [
      (10, 0, .noUsers), (10, -3, .negativeCount), (-1, 100, .invalidBinomial),
      (101, 100, .invalidBinomial), (.nan, 100, .notFinite), (10, .infinity, .notFinite),
    ]
    for (sum, users, flag) in rows {
      let table = try LiftSums.proportion((50, 100), (sum, users)).table()
      #expect(table.flags[0] == flag)
      #expect(table.absolute[0].isNaN && table.pValue[0].isNaN && table.relative[0].isNaN)
    }
    let fractional = try LiftSums.proportion((50, 100), (60.5, 100)).table()
    #expect(fractional.flags[0] == .fractionalCount && fractional.absolute[0] == 0.105)
    let certain = try LiftSums.proportion((100, 100), (100, 100)).table()
    #expect(certain.flags[0] == .zeroVariance && certain.pValue[0].isNaN)
    #expect(certain.absoluteLower[0] < 0, "Newcombe's interval exists without variance")
    let never = try LiftSums.proportion((0, 100), (20, 100)).table()
    #expect(never.flags[0] == .zeroBaseline && never.relative[0].isNaN && never.pValue[0] < 1e-5)
    let single = try LiftSums.values([1, 2, 3], [5]).table()
    #expect(
      single.flags[0] == [.fewUsers, .lowBaseline] && single.absolute[0] == 3
        && single.pValue[0].isNaN)
    var impossible = LiftSums.values([1, 2, 3], [5, 6])
    impossible.squares = [14, 10]
    #expect(try impossible.table().flags[0] == .impossibleSums)
    var ratio = LiftSums.ratios(([1, 2], [3, 4]), ([1, 2], [3, 4]))
    ratio.denominatorSums = [7, 0]
    #expect(try ratio.table().flags[0] == .noDenominator)
    ratio.denominatorSums = [7, 7]
    ratio.denominatorProducts = [11, 900]
    #expect(try ratio.table().flags[0] == .impossibleSums)
  }

  @Test func `no row is NaN without a reason`() throws {
    var large = LiftSums.proportion((1e154, 1e155), (2e154, 1e155))
    #expect(abs(try large.table().absolute[0] - 0.1) < 1e-15)
    large.users = [1e200, 1e200]
    let table = try large.table()
    #expect(table.flags[0] != [] || !(table.absolute[0].isNaN || table.pValue[0].isNaN))
    var impossible = LiftSums.values([1, 2], [3, 4])
    (impossible.sums, impossible.squares) = ([1e200, 2e200], [1e308, 1e308])
    #expect(try impossible.table().flags[0] == .impossibleSums)
    for size in [1e-100, 1e-160, 1e90, 1e150, 1e153] {
      let found = try LiftSums.values([size, 2 * size, 4 * size], [3 * size, 5 * size, 8 * size])
        .table()
      let isMissing = found.absolute[0].isNaN || found.pValue[0].isNaN
      let isExplained = !found.flags[0].isDisjoint(with: [.notFinite, .zeroVariance])
      #expect(!isMissing || isExplained, "\(size)")
    }
  }

  @Test func `constant values have no variance to judge by`() throws {
    let table = try LiftSums.values([2, 2, 2], [3, 3, 3]).table()
    #expect(table.flags[0] == .zeroVariance)
    #expect(table.relative[0] == 0.5 && table.pValue[0].isNaN && table.absoluteLower[0].isNaN)
  }

  @Test func `large values keep the variance of small differences`() throws {
    let values = [4.0, 7, 13, 16].map { $0 + 1e9 }
    var sums = LiftSums.means((1e9 + 10, 30, 4), (1e9 + 11, 30, 4))
    let centred = try sums.table()
    #expect(centred.standardError[0] == 15.0.squareRoot())
    sums = .values(values, values)
    #expect(
      try sums.table().flags[0].isSubset(of: [.zeroVariance, .impossibleSums, .lowBaseline]),
      "a sum of squares of 4e18 has not kept it")
  }

  @Test func `a covariate that does not vary is left out`() throws {
    let (y, x) = ([3.0, 4, 6, 5], [1.0, 2, 4, 2])
    let flat = LiftSums.values(y, x).covariates(
      [y.map { [2, $0] }, x.map { [2, $0 * 0.5] }], of: [y, x])
    let table = try flat.table(options { $0.keepsLowBaselines = true })
    #expect(table.flags[0].contains(.covariateLeftOut))
    #expect(table.theta[0] == 0 && table.theta[1].isFinite)
    let alone = try LiftSums.values(y, x).covariates(
      [y.map { [$0] }, x.map { [$0 * 0.5] }], of: [y, x]
    ).table()
    #expect(abs(alone.absolute[0] - table.absolute[0]) < 1e-12)
  }

  // MARK: - Reference

  @Test func `means and ratios of users are scipy's and numpy's`() throws {
    struct Case: Decodable {
      struct Mean: Decodable {
        let absolute, t, df, p, lower, upper, relative: Double
        let fieller: [Double]
      }
      struct Ratio: Decodable {
        let treatment, control, se, df, p: Double
        let fieller: [Double]
      }
      let treatment, control, treatment_clicks, treatment_views: [Double]
      let control_clicks, control_views: [Double]
      let mean: Mean
      let ratio: Ratio
    }
    var worst = Worst()
    let options = options { ($0.confidence, $0.keepsLowBaselines) = (0.9, true) }
    for (row, given) in try Reference.cases("stats_experiments_tables", Case.self).enumerated() {
      let mean = try LiftSums.values(given.control, given.treatment).table(options)
      worst.compare(
        [
          mean.absolute[0], mean.statistic[0], mean.degreesOfFreedom[0], mean.pValue[0],
          mean.absoluteLower[0], mean.absoluteUpper[0], mean.relative[0], mean.relativeLower[0],
          mean.relativeUpper[0],
        ],
        [
          given.mean.absolute, given.mean.t, given.mean.df, given.mean.p, given.mean.lower,
          given.mean.upper, given.mean.relative,
        ] + given.mean.fieller, row: row)
      let ratio = try LiftSums.ratios(
        (given.control_clicks, given.control_views), (given.treatment_clicks, given.treatment_views)
      ).table(options)
      worst.compare(
        [
          ratio.treatment[0], ratio.control[0], ratio.standardError[0], ratio.degreesOfFreedom[0],
          ratio.pValue[0], ratio.relativeLower[0], ratio.relativeUpper[0],
        ],
        [
          given.ratio.treatment, given.ratio.control, given.ratio.se, given.ratio.df, given.ratio.p,
        ] + given.ratio.fieller, row: row)
    }
    #expect(worst.count == 64)
    // Sums of squares lose what mean² / variance says; differences near 0 what the ends say.
    #expect(worst.error <= 1e-10, "\(worst)")
  }

  @Test func `slopes and effects of covariates are least squares`() throws {
    struct Case: Decodable {
      let y, arm, covariates, within_theta, within, pooled_theta, pooled: [Double]
      let count: Int
      let within_effect, pooled_r: Double
    }
    var worst = Worst()
    for (row, given) in try Reference.cases("stats_experiments_covariates", Case.self).enumerated()
    {
      let rows = given.y.indices.map { index in
        Array(given.covariates[index * given.count..<(index + 1) * given.count])
      }
      func arm<T>(_ column: [T], _ number: Double) -> [T] {
        zip(column, given.arm).filter { $1 == number }.map(\.0)
      }
      let ys = [arm(given.y, 0), arm(given.y, 1)]
      let sums = LiftSums.values(ys[0], ys[1]).covariates([arm(rows, 0), arm(rows, 1)], of: ys)
      let pooled = try sums.table()
      worst.compare(
        pooled.theta + [pooled.absolute[0], pooled.standardError[0], pooled.correlation[0]],
        given.pooled_theta + given.pooled + [given.pooled_r], scale: 1, row: row)
      let within = try sums.table(options { $0.slopes = .withinArms })
      worst.compare(
        within.theta + [within.absolute[0], within.standardError[0], within.absolute[0]],
        given.within_theta + given.within + [given.within_effect], scale: 1, row: row)
    }
    #expect(worst.count == 34)
    // Normal equations square the condition of five covariates.
    #expect(worst.error <= 1e-9, "\(worst)")
  }

  @Test func `strata are weighted by their share of all users`() throws {
    struct Case: Decodable {
      let cells: [[[Double]]]
      let means: [Double]
      let se, df: Double
    }
    var worst = Worst()
    for (row, given) in try Reference.cases("stats_experiments_strata", Case.self).enumerated() {
      var sums = LiftSums()
      (sums.kind, sums.strata) = (.mean, given.cells[0].count)
      let cells = given.cells.flatMap { $0 }
      sums.users = cells.map { Double($0.count) }
      sums.sums = cells.map { $0.reduce(0, +) }
      sums.squares = cells.map { $0.reduce(0) { $0 + $1 * $1 } }
      let table = try sums.table()
      worst.compare(
        [table.control[0], table.treatment[0], table.standardError[0], table.degreesOfFreedom[0]],
        given.means + [given.se, given.df], row: row)
      var given = sums
      given.stratumWeights = Array(repeating: 2, count: sums.strata)
      #expect(try given.table().absolute[0].isFinite)
      given.users[0] = 0
      #expect(try given.table().flags[0].contains(.noUsers), "an empty stratum")
      given.stratumWeights = nil
      given.users[0] = -1e6
      #expect(try given.table().flags[0].contains(.negativeCount))
    }
    #expect(worst.error <= 1e-12, "\(worst)")
  }

  // MARK: - Law

  @Test func `Fieller's interval excludes 0 exactly when p rejects`() throws {
    var random = RandomSource(seed: 4)
    var verdicts = [false: 0, true: 0]
    for design in ["fixed", "sequence", "mixture"] {
      var options = LiftOptions()
      options.keepsLowBaselines = true
      options.absolute = .symmetric
      if design == "sequence" {
        options.design = .confidenceSequence(
          try ConfidenceSequence(.sampleSize, value: 2000, alpha: 0.05))
      } else if design == "mixture" {
        options.design = .mixtureSPRT(try MixtureSPRT(tauSquared: 0.04))
      }
      var sums = LiftSums()
      (sums.metrics, sums.isCentred) = (4000, true)
      sums.squares = []
      for metric in 0..<sums.metrics {
        sums.kinds.append(metric % 2 == 0 ? .mean : .proportion)
        for _ in 0..<2 {
          let n = Double(10 + random.next(below: 300))
          sums.users.append(n)
          let sign = metric % 3 == 0 && metric % 2 == 0 ? -1.0 : 1
          let rate = 0.3 + 0.2 * random.uniform()
          sums.sums.append(metric % 2 == 0 ? sign * n * rate * 3 : (n * rate).rounded())
          sums.squares?.append(n * (0.2 + random.uniform()))
        }
      }
      let table = try sums.table(options)
      for row in table.pValue.indices where !table.flags[row].contains(.unboundedInterval) {
        let rejects = table.pValue[row] < 0.05
        let excludes = table.relativeLower[row] > 0 || table.relativeUpper[row] < 0
        let absolute = table.absoluteLower[row] > 0 || table.absoluteUpper[row] < 0
        #expect(rejects == excludes && rejects == absolute, "\(design), row \(row)")
        verdicts[rejects, default: 0] += 1
      }
    }
    #expect(verdicts.values.allSatisfy { $0 > 500 }, "\(verdicts)")
  }

  @Test func `threads change no bit`() throws {
    var random = RandomSource(seed: 5)
    var sums = LiftSums()
    (sums.metrics, sums.arms) = (20_000, 3)
    sums.users = (0..<60_000).map { _ in Double(random.next(below: 5000)) }
    sums.sums = sums.users.map { ($0 * random.uniform()).rounded() }
    let options = options { ($0.adjustment, $0.scope) = (.holm, .perMetric) }
    let one = try sums.table(options)
    #expect(try sums.table(options, threads: 4) == one)
  }

  @Test func `intervals cover and p is uniform without an effect`() throws {
    var random = RandomSource(seed: 6)
    let experiments = 10_000
    var sums = LiftSums()
    (sums.metrics, sums.kind) = (experiments, .mean)
    sums.squares = []
    for _ in 0..<experiments {
      for size in [25, 40] {
        var (total, squares) = (0.0, 0.0)
        for _ in 0..<size {
          let value = 10 + 2 * random.normal()
          total += value
          squares += value * value
        }
        sums.users.append(Double(size))
        sums.sums.append(total)
        sums.squares?.append(squares)
      }
    }
    for relative in LiftOptions.Relative.allCases {
      let table = try sums.table(options { $0.relative = relative })
      let covered = zip(table.relativeLower, table.relativeUpper).filter { $0 <= 0 && $1 >= 0 }
      // Four standard errors of a share of 10,000.
      #expect(abs(Double(covered.count) / Double(experiments) - 0.95) < 0.0088, "\(relative)")
    }
    let p = try sums.table().pValue
    for level in [0.01, 0.05, 0.2, 0.5, 0.9] {
      let below = Double(p.filter { $0 < level }.count) / Double(experiments)
      #expect(abs(below - level) < 4 * (level * (1 - level) / Double(experiments)).squareRoot())
    }
  }

  @Test func `a confidence sequence holds at every look at once`() throws {
    var random = RandomSource(seed: 7)
    var (everFixed, everSequence) = (0, 0)
    let runs = 200
    for _ in 0..<runs {
      var (sum, fixed, sequence) = ([0.0, 0.0], false, false)
      var squares = [0.0, 0.0]
      var looks = LiftSums()
      (looks.kind, looks.metrics, looks.squares) = (.mean, 20, [])
      for look in 1...20 {
        for arm in 0..<2 {
          for _ in 0..<100 {
            let value = 5 + random.normal()
            sum[arm] += value
            squares[arm] += value * value
          }
        }
        looks.users += [Double(100 * look), Double(100 * look)]
        looks.sums += sum
        looks.squares?.append(contentsOf: squares)
      }
      let method = try ConfidenceSequence(.sampleSize, value: 2000, alpha: 0.05)
      fixed = try looks.table().pValue.contains { $0 < 0.05 }
      sequence = try looks.table(options { $0.design = .confidenceSequence(method) })
        .pValue.contains { $0 < 0.05 }
      if fixed { everFixed += 1 }
      if sequence { everSequence += 1 }
    }
    #expect(everFixed > runs / 8, "peeking at a fixed horizon rejects far too often")
    #expect(everSequence <= runs / 20 + 12, "four standard errors above 5 %")
  }

  @Test func `the largest numbers neither trap nor overflow silently`() throws {
    let extremes = [0, 1, 2, 1e15, 1e300, .greatestFiniteMagnitude, -1, .nan, .infinity]
    for kind in LiftKind.allCases {
      for users in extremes {
        for sum in extremes {
          var sums = LiftSums()
          (sums.kind, sums.users, sums.sums) = (kind, [users, 100], [sum, 50])
          (sums.squares, sums.denominatorSquares) = ([sum, 60], [users, 60])
          (sums.denominatorSums, sums.denominatorProducts) = ([sum, 40], [sum, 30])
          let table = try sums.table()
          #expect(table.pValue[0].isNaN || (0...1).contains(table.pValue[0]))
        }
      }
    }
  }

  // MARK: - Refusal

  @Test func `what is no table is refused by name`() throws {
    func refused(_ kind: PlauditError.Kind, _ word: String, _ change: (inout LiftSums) -> Void) {
      var sums = LiftSums.proportion((134, 1000), (182, 1000))
      change(&sums)
      do {
        _ = try sums.table()
        Issue.record("\(word) was not refused")
      } catch let error as PlauditError {
        #expect(error.kind == kind && error.message.contains(word), "\(error)")
      } catch {
        Issue.record("\(error)")
      }
    }
    refused(.outOfRange, "arms is 1") {
      $0.arms = 1
      $0.users = [1]
      $0.sums = [1]
    }
    refused(.outOfRange, "control is arm 2") { $0.control = 2 }
    refused(.invalidArgument, "users has 2 numbers, 4 are needed") { $0.metrics = 2 }
    refused(.nullPointer, "squares") { $0.kind = .mean }
    refused(.nullPointer, "denominator_sums") { ($0.kind, $0.squares) = (.ratio, [1, 1]) }
    refused(.nullPointer, "covariate_sums") { ($0.covariates, $0.squares) = (1, [134, 182]) }
    refused(.outOfRange, "arm_weights must be 0 or above") { $0.armWeights = [1, -1] }
    refused(.outOfRange, "arm_weights are all 0") { $0.armWeights = [0, 0] }
    refused(.unsupported, "covariates and strata") {
      ($0.strata, $0.covariates) = (2, 1)
    }
    refused(.unsupported, "not ratios") {
      ($0.kind, $0.covariates, $0.squares) = (.ratio, 1, [1, 1])
    }
  }

  @Test func `options outside their range are refused`() {
    func refused(_ word: String, _ change: (inout LiftOptions) -> Void) {
      #expect(
        performing: {
          _ = try LiftSums.proportion((1, 2), (1, 2)).table(options(change))
        }, throws: { ("\($0)").contains(word) })
    }
    refused("confidence") { $0.confidence = 95 }
    refused("power") { $0.power = 0.3 }
    refused("effect of interest") { $0.effectOfInterest = .nan }
    refused("level of the sample ratio") { $0.sampleRatioLevel = 1 }
  }

  private func options(_ change: (inout LiftOptions) -> Void) -> LiftOptions {
    var made = LiftOptions()
    change(&made)
    return made
  }
}
