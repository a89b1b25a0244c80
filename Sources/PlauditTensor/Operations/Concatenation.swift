package import PlauditCore

extension Tape {
  /// Tensors of the same rows side by side.
  @_specialize(where Scalar == Float)
  package func concatenate(_ parts: [Tensor]) throws(PlauditError) -> Tensor {
    let rows = parts.first?.rows ?? 0
    let width = parts.reduce(0) { $0 + $1.width }
    let y = try tensor(rows: rows, width: width)
    var column = 0
    for part in parts {
      for row in 0..<rows {
        (y.values + row * width + column).update(
          from: part.values + row * part.width, count: part.width)
      }
      column += part.width
    }
    guard isRecording, parts.contains(where: { wantsGradient($0) }) else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      var column = 0
      for part in parts {
        if self.wantsGradient(part) {
          let (dx, accumulate) = try self.gradient(of: part)
          for row in 0..<rows {
            Scalar.tapeKernels.pointee.add(
              dx + row * part.width, dy + row * width + column, 1, Int64(part.width),
              accumulate ? 1 : 0)
          }
        }
        column += part.width
      }
    }
  }
}
