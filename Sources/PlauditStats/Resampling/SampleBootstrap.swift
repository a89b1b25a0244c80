package import PlauditCore

/// How two arms are compared; raw values are `PLAUDIT_SAMPLE_EFFECT_…`.
package enum SampleEffect: Int32, CaseIterable, Sendable {
  /// Treatment minus control.
  case difference = 0
  /// `(treatment - control) / |control|`.
  case relative = 1

  /// NaN where there is none.
  func of(_ treatment: Double, _ control: Double) -> Double {
    let difference = treatment - control
    let value = self == .difference ? difference : difference / control.magnitude
    return value.isFinite ? value : .nan
  }
}

/// How often a unit is in a resample; raw values are `PLAUDIT_WEIGHTING_…`.
package enum ResampleWeighting: Int32, CaseIterable, Sendable {
  /// As many units as there are, drawn with replacement.
  case multinomial = 0
  /// Each a Poisson number of times, of mean 1: one pass without random access. For large samples
  /// the same interval.
  case poisson = 1
}

/// What is resampled and how arms are compared.
package struct SampleDesign: Sendable {
  package var statistic = SampleStatistic.mean
  package var effect = SampleEffect.difference
  package var weighting = ResampleWeighting.multinomial
  /// Row `i` of both arms is one unit, seen twice.
  package var isPaired = false
  /// Of a quantile, in 0...1.
  package var level = 0.5

  package init() {}
}

extension Bootstrap {
  /// Of one sample, or of the effect of a treatment over a control.
  ///
  /// Users are resampled, with all of their rows. The result does not depend on the order of the
  /// rows. Of paired arms the clusters are the treatment's.
  ///
  /// - Throws: what ``Sample`` refuses; `invalidArgument` for paired arms of different lengths;
  ///   `undefined` when the rows as they are have no value; see ``init(of:options:threads:control:)``.
  /// - Source: Efron & Tibshirani 1993, "An introduction to the bootstrap"; Poisson weights:
  ///   Chamandy et al. 2012, "Estimating uncertainty for massive data streams".
  package init(
    _ sample: Sample, control: Sample? = nil, design: SampleDesign, options: Options, threads: Int,
    running: RunControl
  ) throws(PlauditError) {
    let estimate = try SampleEstimate(sample, control, design)
    guard !estimate.value.isNaN else {
      throw PlauditError(
        .undefined,
        control != nil && design.effect == .relative
          ? "the relative effect has no value: the control is 0, or an arm has none"
          : "the statistic has no value: its denominators add up to 0, or it exceeds a double")
    }
    try self.init(of: estimate, options: options, threads: threads, control: running)
  }
}

/// One or two arms.
private final class SampleEstimate: BootstrapEstimate {
  private let arms: [any DrawnStatistic]
  private let design: SampleDesign
  let units: Int
  let value: Double

  init(_ sample: Sample, _ control: Sample?, _ design: SampleDesign) throws(PlauditError) {
    var samples = [sample]
    try sample.check(design.statistic, control == nil ? "sample" : "treatment", level: design.level)
    if let control {
      try control.check(design.statistic, "control", level: design.level)
      samples.append(control)
    }
    var arms: [any DrawnStatistic] = []
    if design.isPaired {
      let units = try SampleUnits.ofPairs(samples)
      arms = samples.map { Arm.of(design.statistic, $0, units, level: design.level) }
    } else {
      for sample in samples {
        let units = SampleUnits(columns: sample.columns, clusters: sample.clusters)
        arms.append(Arm.of(design.statistic, sample, units, level: design.level))
      }
    }
    self.arms = arms
    self.design = design
    units = arms.reduce(0) { max($0, $1.units) }
    value = SampleEstimate.combine(arms.map(\.value), design)
  }

  private static func combine(_ values: [Double], _ design: SampleDesign) -> Double {
    values.count == 2 ? design.effect.of(values[0], values[1]) : values.first ?? .nan
  }

  private final class Room: ResampleRoom {
    private let draws: [any WeighedDraw]
    private let units: [Int]
    private let design: SampleDesign
    private let seed: UInt64
    private var buffer = DrawBuffer()

    init(_ arms: [any DrawnStatistic], _ design: SampleDesign, seed: UInt64) {
      draws = arms.compactMap { $0.makeDraw() as? any WeighedDraw }
      units = arms.map(\.units)
      self.design = design
      self.seed = seed
    }

    func value(resample index: Int, control: RunControl) -> Double {
      for draw in draws { draw.begin() }
      if design.isPaired {
        fill(draws, units.first ?? 0, stream: UInt64(index) << 1, control)
      } else {
        for (arm, draw) in draws.enumerated() {
          fill([draw], units[arm], stream: UInt64(index) << 1 | UInt64(arm), control)
        }
      }
      return SampleEstimate.combine(draws.map { $0.end() }, design)
    }

    private func fill(
      _ draws: [any WeighedDraw], _ units: Int, stream: UInt64, _ control: RunControl
    ) {
      var random = ResampleRandom(seed: seed, stream: stream)
      switch design.weighting {
      case .multinomial: buffer.draw(units, &random, control, into: draws)
      case .poisson: buffer.drawPoisson(units, &random, control, into: draws)
      }
    }
  }

  func makeRoom(seed: UInt64) -> any ResampleRoom { Room(arms, design, seed: seed) }

  func acceleration(_ control: RunControl) throws(PlauditError) -> Double {
    var acceleration = Acceleration()
    let lefts = try arms.map { arm throws(PlauditError) in try arm.leaveOneOut(control) }
    if design.isPaired, lefts.count == 2 {
      acceleration.add(zip(lefts[0], lefts[1]).map { (design.effect.of($0.value, $1.value), 1) })
      return acceleration.value
    }
    for (arm, left) in lefts.enumerated() {
      acceleration.add(
        left.map { value, count in
          var values = arms.map(\.value)
          values[arm] = value
          return (SampleEstimate.combine(values, design), count)
        })
    }
    return acceleration.value
  }
}
