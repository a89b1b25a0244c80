import CKernels
import Glibc
import Testing

struct PosteriorKernelTests {
  private static var sets: [pk_posterior_set] {
    var sets: [pk_posterior_set] = []
    while let set = pk_posterior_kernels(Int32(sets.count)) { sets.append(set.pointee) }
    return sets
  }

  private static func beta(_ a: Double, _ b: Double) -> pk_curve {
    let rate = min(a, b) / (a + b)
    return pk_curve(
      kind: Int64(PK_CURVE_BETA), peak: 0, weight: a + b, rate: rate,
      scale: a <= b ? 1 : -1, limit: min(700, 38 - log(rate)))
  }

  private static var curves: [pk_curve] {
    [
      beta(1, 1), beta(3, 50), beta(1e9, 4e8), beta(1e6, 0.3),
      pk_curve(
        kind: Int64(PK_CURVE_NORMAL), peak: 0, weight: 0, rate: 0, scale: 0.7, limit: 0),
      pk_curve(
        kind: Int64(PK_CURVE_STUDENT), peak: 0, weight: 3, rate: 2, scale: 5.0.squareRoot(),
        limit: 2 / 5.0.squareRoot()),
    ]
  }

  private func densities(
    _ set: pk_posterior_set, _ curve: pk_curve, _ distances: [Double]
  ) -> [Double] {
    var values = distances + [Double](repeating: 0, count: 16)
    withUnsafePointer(to: curve) { set.at($0, Int64(distances.count / 16), &values) }
    return Array(values[..<distances.count])
  }

  @Test func `the density of a rate is libm's`() {
    let distances = (0..<400).map { Double($0 - 200) / 40 }
    for (a, b) in [(1.0, 1.0), (3.0, 50.0), (50.0, 3.0), (200.0, 100.0)] {
      for set in Self.sets {
        let got = densities(set, Self.beta(a, b), distances)
        for (distance, density) in zip(distances, got) {
          let (p, q) = (a / (a + b), b / (a + b))
          let exponent = -a * log1p(q * expm1(-distance)) - b * log1p(p * expm1(distance))
          #expect((density - exp(exponent)).magnitude < 1e-13, "\(a) \(b) \(distance)")
        }
      }
    }
  }

  @Test func `every set gives the same bits`() {
    let distances = (0..<480).map { index in
      let place = Double(index - 240) / 60
      return place * place * place * (index % 3 == 0 ? 100 : 0.01)
    }
    for curve in Self.curves {
      let first = densities(Self.sets[0], curve, distances)
      #expect(first.allSatisfy { $0 >= 0 && $0 <= 2 })
      for set in Self.sets.dropFirst() {
        #expect(densities(set, curve, distances).map(\.bitPattern) == first.map(\.bitPattern))
      }
    }
  }

  @Test func `integrals and products have the same bits from every set`() {
    var rule = pk_panel()
    withUnsafeMutableBytes(of: &rule) { bytes in
      let numbers = bytes.assumingMemoryBound(to: Double.self)
      for place in numbers.indices { numbers[place] = Double(place * 7 % 31 - 9) / 37 }
    }
    let edges = (0...7).map { Double($0) / 3 - 1 }
    func places(_ set: pk_posterior_set) -> [UInt64] {
      let cells = UnsafeMutablePointer<Double>.allocate(capacity: 6 * 17 * 16)
      defer { cells.deallocate() }
      var (spans, totals): ([pk_span], [Double]) = ([], [])
      for (place, curve) in Self.curves.enumerated() {
        let panels = 7 - place % 3
        let density = cells + place * 17 * 16
        let below = density + 8 * 16
        withUnsafePointer(to: curve) { curve in
          totals.append(set.fill(curve, &rule, edges, Int64(panels), 0.25, density, below))
        }
        spans.append(pk_span(first: 0, last: Int64(panels - 1), density: density, below: below))
      }
      var room = [Double](repeating: 0, count: 64 * 6)
      var best = [Double](repeating: 0, count: 6)
      var second = best
      set.places(&rule, edges, 7, spans, 6, &room, &best, &second)
      return (totals + best + second).map(\.bitPattern)
    }
    let first = places(Self.sets[0])
    for set in Self.sets.dropFirst() { #expect(places(set) == first) }
  }
}
