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
    let scaled = halved(values)
    for value in scaled { sum.add(value) }
    let mean = sum.value / Double(values.count)
    let gaps = halved(scaled.map { $0 - mean })
    var squares = CompensatedSum()
    for gap in gaps { squares.add(gap * gap) }
    let length = squares.value.squareRoot()
    return length > 0 ? gaps.map { $0 / length } : nil
  }

  /// Over a power of two, which rounds nothing, so that sums and squares stay within doubles.
  private static func halved(_ values: [Double]) -> [Double] {
    let size = values.reduce(0) { max($0, $1.magnitude) }
    guard size > 0 else { return values }
    let exponent = max(-1000, min(1000, Int(size.exponent)))
    let scale = Double(sign: .plus, exponent: -exponent, significand: 1)
    return values.map { $0 * scale }
  }
}
