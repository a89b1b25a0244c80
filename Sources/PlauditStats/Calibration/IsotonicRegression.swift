import PlauditCore

/// A rising curve through points, linear between them and level outside.
struct IsotonicRegression: Equatable, Sendable {
  /// Rising strictly; at least one.
  let positions: [Double]
  /// Never falling, in 0...1, as many.
  let values: [Double]

  /// - Throws: `corrupt` for points that are no such curve.
  init(positions: [Double], values: [Double], of owner: String) throws(PlauditError) {
    for point in positions.indices {
      guard point == 0 || positions[point] > positions[point - 1] else {
        throw PlauditError(.corrupt, "calibration positions of \(owner) do not rise at \(point)")
      }
      guard values[point] >= 0, values[point] <= 1,
        point == 0 || values[point] >= values[point - 1]
      else {
        throw PlauditError(
          .corrupt, "calibration values of \(owner) fall, or leave 0...1, at \(point)")
      }
    }
    (self.positions, self.values) = (positions, values)
  }

  private init(positions: [Double], values: [Double]) {
    (self.positions, self.values) = (positions, values)
  }

  /// The curve nearest to the outcomes in squares: pool adjacent violators, outcomes of equal
  /// scores averaged first; points on a level stretch are left out but for its ends.
  ///
  /// Scores closer than 1e-15 are equal, as in scikit-learn.
  ///
  /// - Throws: `undefined` without rows.
  /// - Source: Barlow et al. 1972, "Statistical inference under order restrictions"; scikit-learn
  ///   `IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1)`.
  static func fit(scores: [Double], isPositive: [Bool]) throws(PlauditError) -> IsotonicRegression {
    let order = scores.withUnsafeBufferPointer(ScoreOrder.ascending)
    guard let first = order.first else {
      throw PlauditError(.undefined, "isotonic needs rows")
    }
    // Blocks of equal mean: outcomes, rows, and how many distinct positions.
    var blocks: [(hits: Double, rows: Double, positions: Int)] = []
    var positions = [scores[Int(first)]]
    var open = (hits: 0.0, rows: 0.0)
    func close() {
      blocks.append((open.hits, open.rows, 1))
      // Cross products of counts are exact, so that equal means are found equal.
      while blocks.count > 1 {
        let (last, before) = (blocks[blocks.count - 1], blocks[blocks.count - 2])
        guard before.hits * last.rows >= last.hits * before.rows else { break }
        blocks.removeLast(2)
        blocks.append(
          (before.hits + last.hits, before.rows + last.rows, before.positions + last.positions))
      }
    }
    for entry in order {
      let score = scores[Int(entry)]
      if let last = positions.last, score - last >= 1e-15 {
        close()
        open = (0, 0)
        positions.append(score)
      }
      open.rows += 1
      if isPositive[Int(entry)] { open.hits += 1 }
    }
    close()

    var (kept, values): ([Double], [Double]) = ([], [])
    var start = 0
    for block in blocks {
      let value = block.hits / block.rows
      kept.append(positions[start])
      values.append(value)
      if block.positions > 1 {
        kept.append(positions[start + block.positions - 1])
        values.append(value)
      }
      start += block.positions
    }
    return IsotonicRegression(positions: kept, values: values)
  }

  func value(at score: Double) -> Double {
    var (low, high) = (0, positions.count)
    // The first point at or above the score.
    while low < high {
      let middle = (low + high) / 2
      if positions[middle] < score { low = middle + 1 } else { high = middle }
    }
    guard low > 0, let last = values.last else { return values.first ?? .nan }
    guard low < positions.count else { return last }
    let (left, right) = (positions[low - 1], positions[low])
    let (below, above) = (values[low - 1], values[low])
    return min(above, below + (above - below) * ((score - left) / (right - left)))
  }
}
