/// One vector for a text from the vectors of its tokens: one or several poolings, whose results
/// stand one after another in the order first token, maximum, mean (that of sentence-transformers).
package struct Pooling: OptionSet, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let mean = Pooling(rawValue: 1)
  /// The first token's vector.
  package static let cls = Pooling(rawValue: 2)
  package static let max = Pooling(rawValue: 4)
  package static let all: Pooling = [.mean, .cls, .max]

  /// The number of poolings side by side.
  package var count: Int { rawValue.nonzeroBitCount }

  /// - Parameters:
  ///   - states: `[length, width]`, length at least 1.
  ///   - pooled: `[count * width]`, written.
  package func forward(
    _ states: UnsafePointer<Float>, into pooled: UnsafeMutablePointer<Float>, length: Int,
    width: Int
  ) {
    var part = pooled
    for pooling in [Pooling.cls, .max, .mean] where contains(pooling) {
      part.update(from: states, count: width)
      if pooling != .cls {
        let combine =
          pooling == .max ? rowKernels.pointee.maximum : rowKernels.pointee.accumulate
        for row in 1..<Swift.max(length, 1) { combine(part, states + row * width, Int64(width)) }
      }
      if pooling == .mean {
        for column in 0..<width { part[column] /= Float(length) }
      }
      part += width
    }
  }

  /// Scales a vector to length 1; one shorter than 1e-12 is divided by 1e-12, as
  /// `torch.nn.functional.normalize` does.
  package static func normalize(_ vector: UnsafeMutablePointer<Float>, width: Int) {
    var length = rowKernels.pointee.dot(vector, vector, Int64(width)).squareRoot()
    if !length.isFinite {
      // The squares left a float's range, the length need not.
      var sum = 0.0
      for column in 0..<width { sum += Double(vector[column]) * Double(vector[column]) }
      length = Float(sum.squareRoot())
    }
    let divisor = Swift.max(length, 1e-12)
    for column in 0..<width { vector[column] /= divisor }
  }
}
