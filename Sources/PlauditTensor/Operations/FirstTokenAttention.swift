package import PlauditCore

extension Tape {
  /// Attention of each text's first token alone, for layers of which nothing else is read.
  ///
  /// Legend: T rows of all texts, N texts, H heads, D width of a head.
  ///
  /// - Parameters:
  ///   - queries: `[N, H·D]`, of the first tokens.
  ///   - keysValues: `[T, 2·H·D]`, keys and values of all tokens side by side.
  ///   - rate: dropout of the attention weights.
  /// - Returns: `[N, H·D]`.
  @_specialize(where Scalar == Float)
  package func firstTokenAttention(
    queries: Tensor, keysValues: Tensor, _ texts: Segments, heads: Int, dropout rate: Double = 0
  ) throws(PlauditError) -> Tensor {
    let width = queries.width
    let headSize = width / heads
    let scale = 1 / Scalar(headSize).squareRoot()
    let kernels = Scalar.tapeKernels
    let context = try tensor(rows: texts.count, width: width)
    let both = (keys: keysValues.values, values: keysValues.values + width)
    if try attend(
      queries: queries.values, stride: width, both, stride: 2 * width, texts, heads: heads,
      firstOnly: true, into: context)
    {
      return context
    }
    let dropout = nextDropout(rate)
    // Weights of text t, head h start at heads · start(t) + h · L.
    let weights = try room(heads * keysValues.rows)
    let kept = dropout == nil ? weights : try room(heads * keysValues.rows)
    try parallel(texts.count) { text in
      let length = texts.length(text)
      let rows = keysValues.values + texts.start(text) * 2 * width
      for head in 0..<heads {
        let place = heads * texts.start(text) + head * length
        let query = queries.values + text * width + head * headSize
        let out = context.values + text * width + head * headSize
        for row in 0..<length {
          weights[place + row] =
            scale
            * Scalar.dot(query, rows + row * 2 * width + head * headSize, count: headSize)
        }
        kernels.pointee.softmax(weights + place, 1, Int64(length))
        DropoutStream.with(dropout, first: place) { how in
          guard let how else { return }
          kernels.pointee.drop(kept + place, weights + place, Int64(length), how, 0)
        }
        for row in 0..<length {
          kernels.pointee.add(
            out, rows + row * 2 * width + width + head * headSize, Double(kept[place + row]),
            Int64(headSize), row == 0 ? 0 : 1)
        }
      }
    }
    guard isRecording, wantsGradient(queries) || wantsGradient(keysValues) else { return context }
    return tracked(context) { (dcontext) throws(PlauditError) in
      let (dqueries, accumulateQueries) =
        self.wantsGradient(queries)
        ? try self.gradient(of: queries) : (try self.room(queries.count), false)
      let (dkeysValues, accumulateKeys) =
        self.wantsGradient(keysValues)
        ? try self.gradient(of: keysValues) : (try self.room(keysValues.count), false)
      let slopes = try self.room(heads * keysValues.rows)
      // Each row of keys and values belongs to one text.
      try self.parallel(texts.count) { text in
        let length = texts.length(text)
        let rows = keysValues.values + texts.start(text) * 2 * width
        let drows = dkeysValues + texts.start(text) * 2 * width
        for head in 0..<heads {
          let place = heads * texts.start(text) + head * length
          let query = queries.values + text * width + head * headSize
          let dquery = dqueries + text * width + head * headSize
          let dout = dcontext + text * width + head * headSize
          for row in 0..<length {
            let offset = row * 2 * width + head * headSize
            slopes[place + row] = Scalar.dot(dout, rows + offset + width, count: headSize)
            kernels.pointee.add(
              drows + offset + width, dout, Double(kept[place + row]), Int64(headSize),
              accumulateKeys ? 1 : 0)
          }
          DropoutStream.with(dropout, first: place) { how in
            guard let how else { return }
            kernels.pointee.drop(slopes + place, slopes + place, Int64(length), how, 0)
          }
          kernels.pointee.softmax_backward(
            slopes + place, weights + place, 1, Int64(length), Double(scale))
          for row in 0..<length {
            let offset = row * 2 * width + head * headSize
            let slope = Double(slopes[place + row])
            kernels.pointee.add(
              drows + offset, query, slope, Int64(headSize), accumulateKeys ? 1 : 0)
            kernels.pointee.add(
              dquery, rows + offset, slope, Int64(headSize),
              accumulateQueries || row > 0 ? 1 : 0)
          }
        }
      }
    }
  }
}
