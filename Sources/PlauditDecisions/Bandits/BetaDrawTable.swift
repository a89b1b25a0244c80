import Glibc

/// Bounds on draws of Beta posteriors by the first byte of their random bits, so that most arms of a
/// decision are known to have lost without a logarithm.
///
/// Draws are exactly those of ``BetaPosterior/draw(_:arm:words:)``: a draw that the bounds cannot
/// rule out is made in full. Worth its making from thousands of decisions on.
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
  /// The arm to begin with: the others then have to beat much.
  let leader: Int

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
    leader = firstHighest(posteriors.map(\.mean)) ?? 0
  }

  /// The draw of an arm, or −∞ when it is certainly not above `rival`.
  @inline(__always)
  func draw(
    _ id: Int64, _ place: Int, arm: Int32, above rival: Double, words: DecisionWords
  ) -> Double {
    let bits = words.draws(id, arm: arm)
    return cells.withUnsafeBufferPointer { cells in
      let cell = cells[place * Self.cellsPerArm + Int(bits.0 >> 56)]
      if bits.1.openUnit <= cell.accepted, cell.highest <= rival { return -.infinity }
      return posteriors[place].draw(id, arm: arm, words: words)
    }
  }
}
