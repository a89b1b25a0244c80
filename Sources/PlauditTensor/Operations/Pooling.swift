package import PlauditCore

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

  /// The pooling that stands in place `part` of several.
  func kind(_ part: Int) -> Pooling {
    var left = part
    if contains(.cls) {
      if left == 0 { return .cls }
      left -= 1
    }
    return contains(.max) && left == 0 ? .max : .mean
  }

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

extension Tape {
  /// A row for each text: the poolings of its rows `[texts, width · poolings]`.
  @_specialize(where Scalar == Float)
  package func pool(
    _ x: Tensor, _ texts: Segments, _ pooling: Pooling
  ) throws(PlauditError) -> Tensor {
    let width = x.width
    let y = try tensor(rows: texts.count, width: width * pooling.count)
    // Which row gave each maximum.
    let winners = try memory(
      pooling.contains(.max) && isRecording ? texts.count * width : 0, of: Int32.self)
    for text in 0..<texts.count {
      let rows = x.values + texts.start(text) * width
      let length = texts.length(text)
      for part in 0..<pooling.count {
        let kind = pooling.kind(part)
        let target = y.values + text * y.width + part * width
        target.update(from: rows, count: width)
        if kind == .max {
          let winner = winners + (isRecording ? text * width : 0)
          if isRecording { winner.update(repeating: 0, count: width) }
          for row in 1..<max(length, 1) {
            let values = rows + row * width
            if isRecording {
              raise(target, winner, values, Int32(truncatingIfNeeded: row), width)
            } else {
              raise(target, values, width)
            }
          }
        } else if kind == .mean {
          for row in 1..<max(length, 1) {
            Scalar.tapeKernels.pointee.add(target, rows + row * width, 1, Int64(width), 1)
          }
          for column in 0..<width { target[column] /= Scalar(length) }
        }
      }
    }
    guard isRecording, wantsGradient(x) else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      let (dx, accumulate) = try self.gradient(of: x)
      if !accumulate { self.clear(dx, count: x.count) }
      for text in 0..<texts.count {
        let length = texts.length(text)
        let rows = dx + texts.start(text) * width
        for part in 0..<pooling.count {
          let slope = dy + text * y.width + part * width
          switch pooling.kind(part) {
          case .max:
            for column in 0..<width {
              rows[Int(winners[text * width + column]) * width + column] += slope[column]
            }
          case .mean:
            let share = 1 / Double(length)
            for row in 0..<length {
              Scalar.tapeKernels.pointee.add(rows + row * width, slope, share, Int64(width), 1)
            }
          default:
            Scalar.tapeKernels.pointee.add(rows, slope, 1, Int64(width), 1)
          }
        }
      }
    }
  }

  /// Keeps in each column the larger number, and a NaN on either side. Without a branch, so that
  /// it runs over several columns at once.
  @inline(__always)
  private func raise(
    _ most: UnsafeMutablePointer<Scalar>, _ values: UnsafePointer<Scalar>, _ width: Int
  ) {
    for column in 0..<width {
      let (old, new) = (most[column], values[column])
      most[column] = (old >= new) || (old != old) ? old : new
    }
  }

  /// The same, noting the row that a number is of.
  @inline(__always)
  private func raise(
    _ most: UnsafeMutablePointer<Scalar>, _ rows: UnsafeMutablePointer<Int32>,
    _ values: UnsafePointer<Scalar>, _ row: Int32, _ width: Int
  ) {
    for column in 0..<width {
      let (old, new) = (most[column], values[column])
      let stays = (old >= new) || (old != old)
      most[column] = stays ? old : new
      rows[column] = stays ? rows[column] : row
    }
  }

  /// The first or last row of each text `[texts, width]`.
  @_specialize(where Scalar == Float)
  package func endRows(
    _ x: Tensor, _ texts: Segments, last: Bool
  ) throws(PlauditError) -> Tensor {
    let width = x.width
    let y = try tensor(rows: texts.count, width: width)
    func row(_ text: Int) -> Int { last ? texts.starts[text + 1] - 1 : texts.start(text) }
    for text in 0..<texts.count {
      (y.values + text * width).update(from: x.values + row(text) * width, count: width)
    }
    guard isRecording, wantsGradient(x) else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      let (dx, accumulate) = try self.gradient(of: x)
      if !accumulate { self.clear(dx, count: x.count) }
      for text in 0..<texts.count {
        Scalar.tapeKernels.pointee.add(
          dx + row(text) * width, dy + text * width, 1, Int64(width), 1)
      }
    }
  }
}
