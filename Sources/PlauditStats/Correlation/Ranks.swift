/// Columns made comparable.
enum Ranks {
  /// From 1 for the lowest value; equal values share the mean of their ranks.
  static func midranks(_ values: [Double]) -> [Double] {
    let order = values.withUnsafeBufferPointer(ScoreOrder.ascending)
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[Int(order[end])] == values[Int(order[start])] { end += 1 }
      for place in start..<end { ranks[Int(order[place])] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }
}

enum StandardScores {
  /// Gaps from the mean over the length of their vector, so that the product of two columns is their
  /// correlation; NaN for a constant column.
  static func of(_ values: [Double]) -> [Double] {
    guard let scores = normalized(values) else { return values.map { _ in .nan } }
    return scores
  }

  private static func normalized(_ values: [Double]) -> [Double]? {
    guard let first = values.first, values.contains(where: { $0 != first }) else { return nil }
    var sum = CompensatedSum()
    let size = values.reduce(0) { max($0, $1.magnitude) }
    // Scaled, so that neither the sum nor the squares leave the range of doubles.
    let scaled = values.map { $0 / size }
    for value in scaled { sum.add(value) }
    let mean = sum.value / Double(values.count)
    let gaps = scaled.map { $0 - mean }
    var squares = CompensatedSum()
    let reach = gaps.reduce(0) { max($0, $1.magnitude) }
    guard reach > 0 else { return nil }
    for gap in gaps { squares.add(gap / reach * (gap / reach)) }
    let length = squares.value.squareRoot()
    return gaps.map { $0 / reach / length }
  }
}
