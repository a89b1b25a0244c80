import Glibc

/// Bounds on draws of Beta posteriors by their heads, so that most arms of a decision are known to have
/// lost without more bits and without a logarithm.
///
/// Draws are exactly those of ``BetaPosterior``: one that the bounds cannot rule out is made in full.
/// Worth its making from thousands of decisions on.
struct BetaDrawTable {
  private struct Cell {
    /// The trial is accepted when its second number is not above this.
    let accepted: Double
    /// No draw of the cell is above this.
    let highest: Double
  }

  private static let cellsPerArm = 256
  private let posteriors: [BetaPosterior]
  private let cells: [Cell]
  /// Places from the highest mean down: late ones then have to beat much.
  let order: [Int]

  init(_ posteriors: [BetaPosterior]) {
    self.posteriors = posteriors
    var cells: [Cell] = []
    for posterior in posteriors {
      var below = posterior.trial(0)
      for cell in 0..<Self.cellsPerArm {
        let end = Double(cell + 1) / Double(Self.cellsPerArm)
        let above = posterior.trial(end)
        // The logarithm of the accepted share is concave in the cell, so lowest at an end.
        let share = min(below.accepted, above.accepted) / (end * end) * posterior.caution
        let highest = max(below.draw, above.draw)
        cells.append(
          Cell(
            accepted: posterior.hasBounds && share.isFinite ? share : -1,
            highest: highest.isNaN ? .infinity : highest * (1 + 1e-9)))
        below = above
      }
    }
    self.cells = cells
    let means = posteriors.map(\.mean)
    order = posteriors.indices.sorted { means[$0] > means[$1] }
  }

  /// The draw of an arm, or −∞ when it is certainly not above `rival`.
  @inline(__always)
  func draw(
    _ id: Int64, _ place: Int, arm: Int32, head: UInt32, above rival: Double, words: DecisionWords
  ) -> Double {
    let cell = cells.withUnsafeBufferPointer { $0[place * Self.cellsPerArm + Int(head >> 24)] }
    // The second number is below its 24 bits and one.
    let second = Double(Int32(truncatingIfNeeded: head & 0xFF_FFFF) + 1) * 0x1p-24
    if second <= cell.accepted, cell.highest <= rival { return -.infinity }
    return posteriors.withUnsafeBufferPointer {
      $0[place].draw(id, arm: arm, head: head, words: words)
    }
  }
}
