package import PlauditCore

extension Tape {
  /// Two or three tensors of the same rows side by side.
  @_specialize(where Scalar == Float)
  package func concatenate(
    _ first: Tensor, _ second: Tensor, _ third: Tensor? = nil
  ) throws(PlauditError) -> Tensor {
    let rows = first.rows
    let width = first.width + second.width + (third?.width ?? 0)
    let y = try tensor(rows: rows, width: width)
    copy(first, to: y, column: 0)
    copy(second, to: y, column: first.width)
    if let third { copy(third, to: y, column: first.width + second.width) }
    guard isRecording else { return y }
    let parts = [first, second, third].compactMap { $0 }
    guard parts.contains(where: { wantsGradient($0) }) else { return y }
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

  private func copy(_ part: Tensor, to y: Tensor, column: Int) {
    for row in 0..<y.rows {
      (y.values + row * y.width + column).update(
        from: part.values + row * part.width, count: part.width)
    }
  }
}
