package import PlauditCore

extension Tape {
  /// Scaled dot-product attention of each text with itself, head by head.
  ///
  /// Legend: T rows of all texts, L of one text, H heads, D width of a head.
  ///
  /// - Parameters:
  ///   - qkv: `[T, 3·H·D]`, queries, keys and values of all heads side by side.
  ///   - rate: dropout of the attention weights.
  /// - Returns: `[T, H·D]`.
  /// - Source: Vaswani et al. 2017, "Attention is all you need", §3.2.1, arXiv:1706.03762.
  @_specialize(where Scalar == Float)
  package func attention(
    _ qkv: Tensor, _ texts: Segments, heads: Int, dropout rate: Double = 0
  ) throws(PlauditError) -> Tensor {
    let width = qkv.width / 3
    let headSize = width / heads
    let scale = 1 / Scalar(headSize).squareRoot()
    let kernels = Scalar.tapeKernels
    let context = try tensor(rows: qkv.rows, width: width)
    let keysValues = (keys: qkv.values + width, values: qkv.values + 2 * width)
    if try attend(
      queries: qkv.values, stride: 3 * width, keysValues, stride: 3 * width, texts, heads: heads,
      firstOnly: false, into: context)
    {
      return context
    }
    let dropout = nextDropout(rate)
    let scratch = try productScratch()

    guard isRecording else {
      let longest = texts.longest
      let weights = try room(longest * longest)
      for text in 0..<texts.count {
        let length = texts.length(text)
        for head in 0..<heads {
          let query = qkv.values + texts.start(text) * 3 * width + head * headSize
          let out = context.values + texts.start(text) * width + head * headSize
          Scalar.multiply(
            query, stride: 3 * width, transposed: false, query + width, stride: 3 * width,
            transposed: true, into: weights, stride: length, rows: length, columns: length,
            inner: headSize, factor: scale, accumulate: false, scratch: scratch)
          kernels.pointee.softmax(weights, Int64(length), Int64(length))
          Scalar.multiply(
            weights, stride: length, transposed: false, query + 2 * width, stride: 3 * width,
            transposed: false, into: out, stride: width, rows: length, columns: headSize,
            inner: length, factor: 1, accumulate: false, scratch: scratch)
        }
        try control?.check()
      }
      return context
    }

    // Weights of text t, head h start at offsets[t] + h · L².
    let offsets = try memory(texts.count + 1, of: Int.self)
    offsets[0] = 0
    for text in 0..<texts.count {
      let length = texts.length(text)
      offsets[text + 1] = offsets[text] + heads * length * length
    }
    let weights = try room(offsets[texts.count])
    let spare = try room(dropout == nil ? 0 : offsets[texts.count])
    try parallel(texts.count) { text, worker in
      let own = scratch + worker * Scalar.scratchCount
      let length = texts.length(text)
      for head in 0..<heads {
        let query = qkv.values + texts.start(text) * 3 * width + head * headSize
        let out = context.values + texts.start(text) * width + head * headSize
        let place = offsets[text] + head * length * length
        let weight = weights + place
        Scalar.multiply(
          query, stride: 3 * width, transposed: false, query + width, stride: 3 * width,
          transposed: true, into: weight, stride: length, rows: length, columns: length,
          inner: headSize, factor: scale, accumulate: false, scratch: own)
        kernels.pointee.softmax(weight, Int64(length), Int64(length))
        var kept = weight
        DropoutStream.with(dropout, first: place) { how in
          guard let how else { return }
          kept = spare + place
          kernels.pointee.drop(kept, weight, Int64(length * length), how, 0)
        }
        Scalar.multiply(
          kept, stride: length, transposed: false, query + 2 * width, stride: 3 * width,
          transposed: false, into: out, stride: width, rows: length, columns: headSize,
          inner: length, factor: 1, accumulate: false, scratch: own)
      }
    }
    guard wantsGradient(qkv) else { return context }
    return tracked(context) { (dcontext) throws(PlauditError) in
      // Each row of queries, keys and values is written by one text and one head alone.
      let (dqkv, accumulate) = try self.gradient(of: qkv)
      let slopes = try self.room(offsets[texts.count])
      try self.parallel(texts.count) { text, worker in
        let own = scratch + worker * Scalar.scratchCount
        let length = texts.length(text)
        for head in 0..<heads {
          let start = texts.start(text) * 3 * width + head * headSize
          let query = qkv.values + start
          let dquery = dqkv + start
          let dout = dcontext + texts.start(text) * width + head * headSize
          let place = offsets[text] + head * length * length
          let weight = weights + place
          let kept = dropout == nil ? weight : spare + place
          let slope = slopes + place
          Scalar.multiply(
            kept, stride: length, transposed: true, dout, stride: width, transposed: false,
            into: dquery + 2 * width, stride: 3 * width, rows: length, columns: headSize,
            inner: length, factor: 1, accumulate: accumulate, scratch: own)
          Scalar.multiply(
            dout, stride: width, transposed: false, query + 2 * width, stride: 3 * width,
            transposed: true, into: slope, stride: length, rows: length, columns: length,
            inner: headSize, factor: 1, accumulate: false, scratch: own)
          DropoutStream.with(dropout, first: place) { how in
            guard let how else { return }
            kernels.pointee.drop(slope, slope, Int64(length * length), how, 0)
          }
          kernels.pointee.softmax_backward(
            slope, weight, Int64(length), Int64(length), Double(scale))
          Scalar.multiply(
            slope, stride: length, transposed: false, query + width, stride: 3 * width,
            transposed: false, into: dquery, stride: 3 * width, rows: length, columns: headSize,
            inner: length, factor: 1, accumulate: accumulate, scratch: own)
          Scalar.multiply(
            slope, stride: length, transposed: true, query, stride: 3 * width, transposed: false,
            into: dquery + width, stride: 3 * width, rows: length, columns: headSize,
            inner: length, factor: 1, accumulate: accumulate, scratch: own)
        }
      }
    }
  }
}
