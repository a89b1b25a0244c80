import Glibc

/// Quadrature by panels of sixteen Gauss-Legendre points.
///
/// A panel as wide as the narrowest feature of a smooth integrand leaves only rounding.
enum GaussLegendre {
  struct Node: Sendable {
    /// In -1...1.
    let place: Double
    let weight: Double
  }

  static let order = 16

  static let nodes: [Node] = (0..<order).map { index in
    // Newton from Tricomi's guess; five steps are more than enough.
    var x = cos(.pi * (Double(index) + 0.75) / (Double(order) + 0.5))
    var slope = 1.0
    for _ in 0..<6 {
      var (before, now) = (1.0, x)
      for degree in 2...order {
        let k = Double(degree)
        (before, now) = (now, ((2 * k - 1) * x * now - (k - 1) * before) / k)
      }
      slope = Double(order) * (x * now - before) / (x * x - 1)
      x -= now / slope
    }
    return Node(place: x, weight: 2 / ((1 - x * x) * slope * slope))
  }

  /// Places and weights of `panels` equal panels over `lower...upper`.
  static func grid(from lower: Double, to upper: Double, panels: Int) -> [Node] {
    var grid: [Node] = []
    grid.reserveCapacity(panels * order)
    let half = (upper - lower) / Double(panels) / 2
    for panel in 0..<panels {
      let middle = lower + half * Double(2 * panel + 1)
      for node in nodes {
        grid.append(Node(place: middle + half * node.place, weight: half * node.weight))
      }
    }
    return grid
  }
}
