import Glibc
package import PlauditCore

/// How probable each of several independent posteriors is to hold the highest mean, and the second
/// highest, by quadrature: `P(best = a) = ∫ f_a Π_{b≠a} F_b`.
///
/// Gauss-Legendre panels of 16 nodes, about one width of the narrowest density that is there; the
/// distribution functions are integrals of the same densities over the same nodes. Errors are of
/// the order of 1e-13. Densities below e⁻⁴⁴ of their peak count as 0. Where doubles cannot tell
/// posteriors apart that are narrower than their place has digits, their order alone counts.
package struct BestOfPosteriors {
  package private(set) var best: [Double]
  package private(set) var second: [Double]

  /// - Throws: `outOfMemory`.
  package init(_ curves: [PosteriorCurve]) throws(PlauditError) {
    best = [Double](repeating: 0, count: curves.count)
    second = best
    guard curves.count > 1 else {
      if !curves.isEmpty { best[0] = 1 }
      return
    }
    if curves.contains(where: { !$0.peak.isFinite || !($0.width > 0) || !$0.width.isFinite }) {
      order(curves)
      return
    }
    // Places are distances from the highest peak, where digits are needed most.
    let origin = curves.reduce(-Double.infinity) { max($0, $1.peak) }
    let peaks = curves.map { $0.peak - origin }
    let lows = curves.indices.map { peaks[$0] - curves[$0].reach(-1) }
    let highs = curves.indices.map { peaks[$0] + curves[$0].reach(1) }
    guard (lows + highs).allSatisfy(\.isFinite) else {
      order(curves)
      return
    }
    // Whoever ends before two others begin is neither best nor second.
    let start = lows.sorted()[curves.count - 2]
    let contenders = curves.indices.filter { highs[$0] > start }
    let arms = contenders.map {
      Contender(
        arm: $0, curve: curves[$0], peak: peaks[$0], low: lows[$0], high: highs[$0])
    }
    try integrate(arms, BestOfPosteriors.edges(arms))
    guard BestOfPosteriors.normalise(&best), BestOfPosteriors.normalise(&second) else {
      order(curves)
      return
    }
  }

  private struct Contender {
    let arm: Int
    let curve: PosteriorCurve
    let peak: Double
    let low: Double
    let high: Double
  }

  /// All for the highest peak and the next, the first of equals.
  private mutating func order(_ curves: [PosteriorCurve]) {
    let peaks = curves.map { $0.peak.isNaN ? -.infinity : $0.peak }
    let places = curves.indices.sorted {
      peaks[$0] == peaks[$1] ? $0 < $1 : peaks[$0] > peaks[$1]
    }
    for arm in curves.indices {
      best[arm] = arm == places[0] ? 1 : 0
      second[arm] = arm == places[1] ? 1 : 0
    }
  }

  /// False for what does not add up to 1.
  private static func normalise(_ shares: inout [Double]) -> Bool {
    let sum = shares.reduce(0, +)
    guard (sum - 1).magnitude < 1e-6 else { return false }
    for arm in shares.indices { shares[arm] /= sum }
    return true
  }

  /// The ends of panels: never wider than fits the densities that are there.
  private static func edges(_ arms: [Contender]) -> [Double] {
    let begins = arms.map(\.low).sorted()
    var edge = begins.first ?? 0
    let end = arms.map(\.high).max() ?? 0
    var edges = [edge]
    var next = 0
    // Each arm adds some tens of panels at most.
    let limit = 4096 + 64 * arms.count
    while edge < end, edges.count < limit {
      while next < begins.count, begins[next] <= edge { next += 1 }
      var step = end - edge
      if next < begins.count { step = begins[next] - edge }
      for arm in arms where arm.low <= edge && arm.high > edge {
        let distance = (edge - arm.peak).magnitude
        step = min(step, 1.25 * arm.curve.width + distance / 6)
      }
      let following = edge + step
      guard following > edge else { break }
      edge = following
      edges.append(edge)
    }
    return edges
  }

  private mutating func integrate(
    _ contenders: [Contender], _ edges: [Double]
  ) throws(PlauditError) {
    let nodes = GaussPanel.count
    let panels = edges.count - 1
    guard panels > 0 else { return }
    // The panels of each arm, and where its values begin.
    var spans: [(first: Int, last: Int, at: Int)] = []
    var cells = 0
    for arm in contenders {
      let first = min(panels - 1, max(0, BestOfPosteriors.place(edges, of: arm.low)))
      let last = min(panels - 1, max(first, BestOfPosteriors.place(edges, of: arm.high)))
      spans.append((first, last, cells))
      cells += (last - first + 1) * nodes
    }
    let memory = try Bytes(count: 2 * cells * 8)
    let numbers = memory.mutable.bindMemory(to: Double.self)
    try withExtendedLifetime(memory) { () throws(PlauditError) in
      guard let density = numbers.baseAddress else { return }
      let cumulative = density + cells
      for (place, arm) in contenders.enumerated() {
        BestOfPosteriors.fill(
          arm, edges, spans[place], density + spans[place].at,
          cumulative + spans[place].at)
      }
      var front = [(none: Double, one: Double)](repeating: (1, 0), count: contenders.count + 1)
      for panel in 0..<panels {
        let half = (edges[panel + 1] - edges[panel]) / 2
        for node in 0..<nodes {
          func below(_ place: Int) -> Double {
            let span = spans[place]
            if panel < span.first { return 0 }
            if panel > span.last { return 1 }
            return cumulative[span.at + (panel - span.first) * nodes + node]
          }
          for place in contenders.indices {
            let f = below(place)
            let (none, one) = front[place]
            front[place + 1] = (none * f, one * f + none * max(0, 1 - f))
          }
          var (none, one) = (1.0, 0.0)
          var place = contenders.count - 1
          while place >= 0 {
            let span = spans[place]
            if panel >= span.first, panel <= span.last {
              let share =
                half * GaussPanel.weights[node]
                * density[span.at + (panel - span.first) * nodes + node]
              let before = front[place]
              best[contenders[place].arm] += share * before.none * none
              second[contenders[place].arm] += share * (before.one * none + before.none * one)
            }
            let f = below(place)
            (none, one) = (none * f, one * f + none * max(0, 1 - f))
            place -= 1
          }
        }
      }
    }
  }

  /// The panel that `value` lies in.
  private static func place(_ edges: [Double], of value: Double) -> Int {
    var (low, high) = (0, edges.count)
    while low < high {
      let middle = (low + high) / 2
      if edges[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  /// Density and distribution function of one arm at the nodes of its panels.
  private static func fill(
    _ contender: Contender, _ edges: [Double], _ span: (first: Int, last: Int, at: Int),
    _ density: UnsafeMutablePointer<Double>, _ cumulative: UnsafeMutablePointer<Double>
  ) {
    let nodes = GaussPanel.count
    var total = 0.0
    for panel in span.first...span.last {
      let (from, to) = (edges[panel], edges[panel + 1])
      let half = (to - from) / 2
      let offset = from + half - contender.peak
      let at = (panel - span.first) * nodes
      for node in 0..<nodes {
        density[at + node] = contender.curve.density(offset + half * GaussPanel.nodes[node])
      }
      var whole = 0.0
      for node in 0..<nodes {
        var sum = 0.0
        for other in 0..<nodes {
          sum += GaussPanel.integrals[node * nodes + other] * density[at + other]
        }
        cumulative[at + node] = total + half * sum
        whole += GaussPanel.weights[node] * density[at + node]
      }
      total += half * whole
    }
    guard total > 0 else { return }
    for cell in 0..<(span.last - span.first + 1) * nodes {
      density[cell] /= total
      cumulative[cell] = min(1, max(0, cumulative[cell] / total))
    }
  }
}

/// Gauss-Legendre quadrature on −1...1, with the integrals from −1 to each node.
enum GaussPanel {
  static let count = 16
  static let nodes = made.nodes
  static let weights = made.weights
  /// `[node, other]`: the weight of the value at `other` in the integral up to `node`.
  static let integrals = made.integrals

  private static let made: (nodes: [Double], weights: [Double], integrals: [Double]) = {
    var nodes: [Double] = []
    var weights: [Double] = []
    for index in 0..<count {
      var x = -cos(Double.pi * (Double(index) + 0.75) / (Double(count) + 0.5))
      var slope = 0.0
      for _ in 0..<8 {
        let values = legendre(x)
        slope = Double(count) * (x * values[count] - values[count - 1]) / (x * x - 1)
        x -= values[count] / slope
      }
      nodes.append(x)
      weights.append(2 / ((1 - x * x) * slope * slope))
    }
    let values = nodes.map(legendre)
    var integrals: [Double] = []
    for node in 0..<count {
      for other in 0..<count {
        // The interpolating polynomial, expanded in Legendre polynomials and integrated.
        var sum = nodes[node] + 1
        for degree in 1..<count {
          sum += values[other][degree] * (values[node][degree + 1] - values[node][degree - 1])
        }
        integrals.append(weights[other] / 2 * sum)
      }
    }
    return (nodes, weights, integrals)
  }()

  /// The Legendre polynomials of degree 0 to `count` at `x`.
  private static func legendre(_ x: Double) -> [Double] {
    var values = [1, x]
    for degree in 2...count {
      let k = Double(degree)
      values.append(((2 * k - 1) * x * values[degree - 1] - (k - 1) * values[degree - 2]) / k)
    }
    return values
  }
}
