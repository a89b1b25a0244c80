package import PlauditCore

extension Tape {
  /// The windows of `size` neighbouring rows of each text, for a convolution over time.
  ///
  /// A text of L rows has `max(L - size + 1, 1)` windows; a text shorter than a window is followed
  /// by zeros. Window `w` holds column `c` of its row `k` at `c · size + k`, the order in which
  /// `torch.nn.Conv1d` keeps its weights `[filters, width, size]`.
  ///
  /// - Returns: `[windows, width · size]` and where each text's windows start.
  @_specialize(where Scalar == Float)
  package func windows(
    _ x: Tensor, _ texts: Segments, size: Int
  ) throws(PlauditError) -> (windows: Tensor, texts: Segments) {
    let width = x.width
    let starts = try memory(texts.count + 1, of: Int.self)
    starts[0] = 0
    for text in 0..<texts.count {
      starts[text + 1] = starts[text] + max(texts.length(text) - size + 1, 1)
    }
    let y = try tensor(rows: starts[texts.count], width: width * size)
    try parallel(texts.count) { text in
      let rows = x.values + texts.start(text) * width
      let length = texts.length(text)
      for window in 0..<(starts[text + 1] - starts[text]) {
        let target = y.values + (starts[text] + window) * y.width
        for step in 0..<size {
          var place = target + step
          guard window + step < length else {
            for _ in 0..<width {
              place.pointee = 0
              place += size
            }
            continue
          }
          let source = rows + (window + step) * width
          for column in 0..<width {
            place.pointee = source[column]
            place += size
          }
        }
      }
    }
    let made = Segments(starts: UnsafePointer(starts), count: texts.count)
    guard isRecording, wantsGradient(x) else { return (y, made) }
    let result = tracked(y) { (dy) throws(PlauditError) in
      let (dx, accumulate) = try self.gradient(of: x)
      try self.parallel(texts.count) { text in
        let rows = dx + texts.start(text) * width
        let length = texts.length(text)
        if !accumulate { self.clear(rows, count: length * width) }
        for window in 0..<(starts[text + 1] - starts[text]) {
          let slope = dy + (starts[text] + window) * y.width
          for step in 0..<size where window + step < length {
            let target = rows + (window + step) * width
            var place = slope + step
            for column in 0..<width {
              target[column] += place.pointee
              place += size
            }
          }
        }
      }
    }
    return (result, made)
  }
}
