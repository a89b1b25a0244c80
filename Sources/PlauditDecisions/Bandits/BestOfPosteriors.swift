import CKernels
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
    let kernels = posteriorKernels.pointee
    let reaches = curves.map { $0.reach(kernels) }
    // Where two have not begun nobody is best or second.
    func start(_ lows: [Double]) -> Double { lows.sorted()[lows.count - 2] }
    let first = start(curves.indices.map { curves[$0].peak - reaches[$0].below })
    let contenders = curves.indices.filter { curves[$0].peak + reaches[$0].above > first }
    // Places are distances from the narrowest peak, where digits are needed most.
    guard contenders.count > 1,
      let origin = contenders.min(by: { curves[$0].width < curves[$1].width })
    else {
      order(curves)
      return
    }
    let arms = contenders.map { arm in
      var kernel = curves[arm].kernel
      kernel.peak = curves[arm].peak - curves[origin].peak
      return Contender(
        arm: arm, curve: kernel, width: curves[arm].width,
        low: kernel.peak - reaches[arm].below, high: kernel.peak + reaches[arm].above)
    }
    guard arms.allSatisfy({ $0.low.isFinite && $0.high.isFinite }) else {
      order(curves)
      return
    }
    let start = start(arms.map(\.low))
    let end = arms.reduce(start) { max($0, $1.high) }
    try integrate(arms, BestOfPosteriors.edges(arms, from: start, to: end), kernels)
    guard BestOfPosteriors.normalise(&best), BestOfPosteriors.normalise(&second) else {
      order(curves)
      return
    }
  }

  private struct Contender {
    let arm: Int
    let curve: pk_curve
    let width: Double
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
  private static func edges(
    _ arms: some Collection<Contender>, from start: Double, to end: Double
  ) -> [Double] {
    let begins = arms.map(\.low).sorted()
    var edge = start
    var edges = [edge]
    var next = 0
    // Each arm adds some tens of panels at most.
    let limit = 4096 + 64 * arms.count
    while edge < end, edges.count < limit {
      while next < begins.count, begins[next] <= edge { next += 1 }
      var step = end - edge
      if next < begins.count { step = begins[next] - edge }
      for arm in arms where arm.low <= edge && arm.high > edge {
        step = min(step, 1.25 * arm.width + (edge - arm.curve.peak).magnitude / 6)
      }
      let following = edge + step
      guard following > edge else { break }
      edge = following
      edges.append(edge)
    }
    return edges
  }

  private mutating func integrate(
    _ arms: [Contender], _ edges: [Double], _ kernels: pk_posterior_set
  ) throws(PlauditError) {
    let nodes = GaussPanel.count
    guard edges.count > 1, let start = edges.first else { return }
    // The panels of each arm before the common ones, and its part of those.
    var room = 66 * arms.count
    var before: [[Double]] = []
    var parts: [ClosedRange<Int>] = []
    for arm in arms {
      before.append(
        arm.low < start
          ? BestOfPosteriors.edges(CollectionOfOne(arm), from: arm.low, to: start) : [])
      let last = edges.count - 2
      let first = min(last, max(0, BestOfPosteriors.place(edges, of: arm.low)))
      parts.append(first...min(last, max(first, BestOfPosteriors.place(edges, of: arm.high))))
      room += (2 * max(parts[parts.count - 1].count, before[before.count - 1].count) + 1) * nodes
    }
    // Panels begin with lines of the cache.
    let memory = try Bytes(count: room * 8 + 64)
    withExtendedLifetime(memory) {
      guard let start = memory.mutable.baseAddress else { return }
      var next = start.alignedUp(toMultipleOf: 64).assumingMemoryBound(to: Double.self)
      let spans = arms.indices.map { place in
        let count = parts[place].count
        let (density, below) = (next, next + (count + 1) * nodes)
        func fill(_ edges: ArraySlice<Double>, before: Double) -> Double {
          edges.withUnsafeBufferPointer { edges in
            guard let first = edges.baseAddress, edges.count > 1 else { return before }
            return withUnsafePointer(to: arms[place].curve) { curve in
              kernels.fill(
                curve, GaussPanel.rule, first, Int64(edges.count - 1), before, density,
                density + edges.count * nodes)
            }
          }
        }
        _ = fill(
          edges[parts[place].lowerBound...(parts[place].upperBound + 1)],
          before: fill(before[place][...], before: 0))
        next += (2 * count + 1) * nodes
        return pk_span(
          first: Int64(parts[place].lowerBound), last: Int64(parts[place].upperBound),
          density: density, below: below)
      }
      let (best, second) = (next + 64 * arms.count, next + 65 * arms.count)
      edges.withUnsafeBufferPointer { edges in
        spans.withUnsafeBufferPointer { spans in
          guard let first = edges.baseAddress, let spans = spans.baseAddress else { return }
          kernels.places(
            GaussPanel.rule, first, Int64(edges.count - 1), spans, Int64(arms.count), next, best,
            second)
        }
      }
      for (place, arm) in arms.enumerated() {
        self.best[arm.arm] = best[place]
        self.second[arm.arm] = second[place]
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
}

/// Gauss-Legendre quadrature on −1...1, with the integrals from −1 to each node.
enum GaussPanel {
  static let count = 16

  nonisolated(unsafe) static let rule: UnsafePointer<pk_panel> = {
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
    for other in 0..<count {
      for node in 0..<count {
        // The interpolating polynomial, expanded in Legendre polynomials and integrated.
        var sum = nodes[node] + 1
        for degree in 1..<count {
          sum += values[other][degree] * (values[node][degree + 1] - values[node][degree - 1])
        }
        integrals.append(weights[other] / 2 * sum)
      }
    }
    let room = UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<pk_panel>.size, alignment: 64)
    for (place, number) in (nodes + weights + integrals).enumerated() {
      room.storeBytes(of: number, toByteOffset: place * 8, as: Double.self)
    }
    return UnsafePointer(room.bindMemory(to: pk_panel.self, capacity: 1))
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
