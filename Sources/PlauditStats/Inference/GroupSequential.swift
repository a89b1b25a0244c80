import Glibc
package import PlauditCore

/// How the error is spent over the looks; raw values are `PLAUDIT_SPENDING_…`.
package enum SpendingFunction: Int32, CaseIterable, Sendable {
  /// `2 - 2 Φ(z(α/2) / √t)`: hardly anything early.
  case obrienFleming = 0
  /// `α ln(1 + (e - 1) t)`: about equal bounds.
  case pocock = 1
  /// `α t^φ`: Kim and DeMets.
  case power = 2

  /// The error spent up to the share `t` of the information, in 0...alpha.
  package func spent(at t: Double, alpha: Double, exponent: Double = 1) -> Double {
    guard t > 0 else { return 0 }
    if t >= 1 { return alpha }
    switch self {
    case .obrienFleming: return Normal.twoSidedPValue(Normal.quantile(alpha / 2) / sqrt(t))
    case .pocock: return alpha * log1p((M_E - 1) * t)
    case .power: return alpha * pow(t, exponent)
    }
  }
}

/// Lan and DeMets' group-sequential bounds: a few planned looks, each with its own critical value.
///
/// The looks may fall anywhere, as long as the share of information at each is known and their
/// times do not depend on the results.
package struct GroupSequential: Equatable, Sendable {
  package struct Options: Sendable {
    /// The error of the whole plan, of both sides together when there are two.
    package var alpha = 0.05
    package var spending = SpendingFunction.obrienFleming
    /// `φ` of `power`.
    package var exponent = 1.0
    /// One or two sides; two are symmetric.
    package var sides = 2
    /// Whether the function spends `alpha / 2` on each side, as gsDesign and ldbounds have it,
    /// instead of `alpha` on both together. Only O'Brien and Fleming's differs.
    package var perSide = false

    package init() {}
  }

  /// `|z|` (one-sided: `z`) to be reached at each look; infinite where nothing is spent.
  package let bounds: [Double]
  /// The error spent up to each look.
  package let spent: [Double]
  /// The p value that a fixed design would give for the bound.
  package let nominalLevels: [Double]

  package static let maximumLooks = 100

  /// - Parameter information: the share of the planned information at each look, rising, above 0
  ///   and at most 1. The last may be below 1: a plan that is still running.
  /// - Throws: `outOfRange` for options and shares outside their range and above 100 looks,
  ///   `invalidData` with the look where shares do not rise.
  /// - Source: Lan and DeMets 1983, doi:10.1093/biomet/70.3.659; recursive integration after
  ///   Armitage, McPherson and Rowe 1969, doi:10.2307/2343787.
  package init(information: [Double], options: Options = Options()) throws(PlauditError) {
    try Self.check(information, options)
    let spent = information.map { Self.spent(at: $0, options) }
    try self.init(information: information, spent: spent, sides: options.sides)
  }

  /// Bounds that spend what a table says: the error up to each look, of both sides together.
  ///
  /// - Throws: as the other, and `outOfRange` with the look for what no error can be.
  package init(information: [Double], spent: [Double], sides: Int) throws(PlauditError) {
    var options = Options()
    options.sides = sides
    try Self.check(information, options)
    guard spent.count == information.count else {
      throw PlauditError(
        .invalidArgument, "\(information.count) looks and \(spent.count) errors spent")
    }
    for (look, error) in spent.enumerated() where !(error >= 0 && error < 1) {
      throw PlauditError(
        .outOfRange, "the error spent must be 0 or above and below 1, got \(error.plain)",
        index: Int64(look))
    }
    var (bounds, totals, levels): ([Double], [Double], [Double]) = ([], [], [])
    var paths: Paths?
    var before = 0.0
    for (look, time) in information.enumerated() {
      // What a curve spends may be less than the last digit of what it has spent.
      let increment = max(0, spent[look] - before) / Double(sides)
      before = max(before, spent[look])
      let step = look == 0 ? time : time - information[look - 1]
      let bound: Double
      if increment <= 0 {
        bound = .infinity
      } else if let paths {
        bound = paths.bound(exit: increment, step: step) / sqrt(time)
      } else {
        bound = -Normal.quantile(increment)
      }
      if look + 1 < information.count {
        let next = information[look + 1] - time
        let scale = min(sqrt(step), sqrt(next))
        let region = Region(bound: bound, time: time, scale: scale, sides: sides)
        paths = paths?.continued(over: region, step: step) ?? Paths(first: region, time: time)
      }
      bounds.append(bound)
      totals.append(before)
      levels.append(Double(sides) * Normal.upperTail(bound))
    }
    (self.bounds, self.spent, nominalLevels) = (bounds, totals, levels)
  }

  /// The error spent up to a share of the information, under these options.
  package static func spent(at time: Double, _ options: Options) -> Double {
    let sides = options.perSide ? Double(options.sides) : 1
    return sides
      * options.spending.spent(at: time, alpha: options.alpha / sides, exponent: options.exponent)
  }

  private static func check(_ information: [Double], _ options: Options) throws(PlauditError) {
    guard options.alpha > 0, options.alpha < 1 else {
      throw PlauditError(
        .outOfRange, "alpha must lie strictly between 0 and 1, got \(options.alpha.plain)")
    }
    guard options.exponent > 0, options.exponent.isFinite else {
      throw PlauditError(
        .outOfRange, "the exponent of spending must be above 0, got \(options.exponent.plain)")
    }
    guard options.sides == 1 || options.sides == 2 else {
      throw PlauditError(.outOfRange, "sides is \(options.sides), allowed are 1 and 2")
    }
    guard information.count <= maximumLooks else {
      throw PlauditError(
        .outOfRange, "\(information.count) looks are planned, allowed are 0 to \(maximumLooks)")
    }
    var before = 0.0
    for (look, time) in information.enumerated() {
      guard time > 0, time <= 1 else {
        throw PlauditError(
          .outOfRange, "information must be above 0 and at most 1, got \(time.plain)",
          index: Int64(look))
      }
      guard time - before >= 1e-6 else {
        throw PlauditError(
          .invalidData,
          "information must rise by 0.000001 or more: \(time.plain) after \(before.plain)",
          index: Int64(look))
      }
      before = time
    }
  }
}

/// Where an experiment goes on, on the scale of a Brownian motion, cut into panels.
private struct Region {
  let nodes: [GaussLegendre.Node]

  /// `scale` is the narrowest feature of what will be integrated.
  init(bound: Double, time: Double, scale: Double, sides: Int) {
    let end = min(bound, 12) * sqrt(time)
    let start = sides == 2 ? -end : -12 * sqrt(time)
    // A bound below every path leaves nothing to go on.
    let width = max(0, end - start)
    let panels = Int(exactly: min(20_000, (width / (1.5 * scale)).rounded(.up))) ?? 1
    nodes = GaussLegendre.grid(from: start, to: start + width, panels: max(1, panels))
  }
}

/// The density of experiments that have not stopped, at the nodes of a region, times the weights.
private struct Paths {
  private let nodes: [GaussLegendre.Node]
  private let mass: [Double]

  private init(nodes: [GaussLegendre.Node], mass: [Double]) {
    (self.nodes, self.mass) = (nodes, mass)
  }

  init(first region: Region, time: Double) {
    nodes = region.nodes
    let root = sqrt(time)
    mass = nodes.map { $0.weight * normalDensity($0.place / root) / root }
  }

  func continued(over region: Region, step: Double) -> Paths {
    let root = sqrt(step)
    var first = 0
    let grown = region.nodes.map { node in
      // Beyond ten standard deviations there is nothing to add.
      while first < nodes.count, nodes[first].place < node.place - 11 * root - panelReach {
        first += 1
      }
      var sum = 0.0
      for index in first..<nodes.count {
        let distance = (nodes[index].place - node.place) / root
        if distance > 11 + panelReach / root { break }
        sum += mass[index] * normalDensity(distance)
      }
      return node.weight * sum / root
    }
    return Paths(nodes: region.nodes, mass: grown)
  }

  /// Nodes of a panel are in falling order, so a search by place may be off by a panel.
  private var panelReach: Double {
    guard nodes.count >= GaussLegendre.order else { return 0 }
    return (nodes[GaussLegendre.order - 1].place - nodes[0].place).magnitude
  }

  /// The place that is exceeded after `step` by the share `exit` of all experiments.
  func bound(exit: Double, step: Double) -> Double {
    let root = sqrt(step)
    func exceeded(_ place: Double) -> (mass: Double, density: Double) {
      var (mass, density) = (0.0, 0.0)
      for (node, weight) in zip(nodes, self.mass) {
        let distance = (place - node.place) / root
        mass += weight * Normal.upperTail(distance)
        density += weight * normalDensity(distance)
      }
      return (mass, density / root)
    }
    var (low, high) = (-40.0, 40.0)
    var place = 2.0
    for _ in 0..<200 {
      let (mass, density) = exceeded(place)
      if mass > exit { low = place } else { high = place }
      // Newton on the logarithm, which is nearly quadratic; halving where it leaves the bracket.
      let next = mass > 0 && density > 0 ? place + log(mass / exit) * mass / density : .nan
      let moved = next > low && next < high ? next : (low + high) / 2
      if (moved - place).magnitude <= 1e-14 * max(1, place.magnitude) { return moved }
      place = moved
    }
    return place
  }
}

private func normalDensity(_ x: Double) -> Double { 0.3989422804014327 * exp(-0.5 * x * x) }
