package import PlauditCore

extension Tape {
  /// A table `[entries, width]` and an id for each row, checked against its entries.
  package typealias Lookup = (table: Parameter<Scalar>, ids: UnsafePointer<Int32>)

  /// Sums of rows of up to three tables of one width: row `t` of the result is
  /// `Σ tables[k][ids[k][t]]`.
  ///
  /// - Returns: `[count, width]`. Backwards, rows are added in order of the tokens, so that equal
  ///   ids always sum the same way.
  @_specialize(where Scalar == Float)
  package func embed(
    _ first: Lookup, _ second: Lookup? = nil, _ third: Lookup? = nil, count: Int
  ) throws(PlauditError) -> Tensor {
    let width = first.table.width
    let y = try tensor(rows: count, width: width)
    let kernels = Scalar.tapeKernels
    try blocks(of: count, atLeast: 64) { start, rows in
      for row in start..<(start + rows) {
        let target = y.values + row * width
        target.update(
          from: first.table.values.pointer + Int(first.ids[row]) * width, count: width)
        if let second {
          kernels.pointee.add(
            target, second.table.values.pointer + Int(second.ids[row]) * width, 1, Int64(width), 1)
        }
        if let third {
          kernels.pointee.add(
            target, third.table.values.pointer + Int(third.ids[row]) * width, 1, Int64(width), 1)
        }
      }
    }
    guard isRecording else { return y }
    let lookups = [first, second, third].compactMap { $0 }.filter { $0.table.isTrained }
    guard !lookups.isEmpty else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      for lookup in lookups {
        guard let gradient = lookup.table.gradient else { continue }
        for row in 0..<count {
          let id = Int(lookup.ids[row])
          // Pages that were only read until they are written cost two faults instead of one.
          if lookup.table.touched?.touch(id) == true {
            self.clear(gradient.pointer + id * width, count: width)
          }
          kernels.pointee.add(
            gradient.pointer + id * width, dy + row * width, 1, Int64(width), 1)
        }
      }
    }
  }
}
