import CKernels
import PlauditCore

/// What an attention keeps for its way back.
struct KeptAttention<Scalar: TensorScalar> {
  let rows: AttentionRows<Scalar>
  let texts: Segments
  let heads: Int
  let headSize: Int
  let firstOnly: Bool
  let context: UnsafeMutablePointer<Scalar>
  /// Weights of text t start at `places[t]`: `[heads, queries, width]`, width that of
  /// `pk_attention_width`.
  let places: UnsafeMutablePointer<Int>
  let weights: UnsafeMutablePointer<Scalar>
  /// The same after dropout; the weights themselves where there is none.
  let used: UnsafeMutablePointer<Scalar>
  let dropout: DropoutStream?

  var factor: Scalar { 1 / Scalar(headSize).squareRoot() }
  var contextWidth: Int { heads * headSize }
  func queryCount(_ text: Int) -> Int { firstOnly ? 1 : texts.length(text) }
  func firstQuery(_ text: Int) -> Int { firstOnly ? text : texts.start(text) }
}

extension Tape {
  /// Attention of each text's tokens, or with `firstOnly` of its first token.
  ///
  /// - Returns: what the way back needs, nil where there will be none.
  @_specialize(where Scalar == Float)
  func attend(
    _ rows: AttentionRows<Scalar>, _ texts: Segments, heads: Int, firstOnly: Bool,
    dropout rate: Double, into context: Tensor
  ) throws(PlauditError) -> KeptAttention<Scalar>? {
    if try predictAttention(rows, texts, heads: heads, firstOnly: firstOnly, into: context) {
      return nil
    }
    let places = try memory(texts.count + 1, of: Int.self)
    places[0] = 0
    for text in 0..<texts.count {
      let length = texts.length(text)
      places[text + 1] =
        places[text]
        + heads * (firstOnly ? 1 : length) * Int(pk_attention_width(Int64(length)))
    }
    let dropout = nextDropout(rate)
    let weights = try room(places[texts.count])
    let kept = KeptAttention(
      rows: rows, texts: texts, heads: heads, headSize: context.width / heads,
      firstOnly: firstOnly, context: context.values, places: places, weights: weights,
      used: dropout == nil ? weights : try room(places[texts.count]), dropout: dropout)
    if let kernels = Scalar.attentionKernels, kept.headSize % Int(kernels.pointee.lanes) == 0 {
      let (scratch, size) = try attentionScratch(kernels, kept)
      try parallel(texts.count) { text, worker in
        guard texts.length(text) > 0 else { return clearQueries(context.values, kept, text) }
        var attention = self.attention(kept, text, scratch + worker * size)
        let place = kept.places[text]
        DropoutStream.with(dropout, first: place) { how in
          kernels.pointee.forward(
            &attention, floats(weights + place), floats(kept.used + place), how)
        }
      }
    } else {
      let scratch = try productScratch()
      try parallel(texts.count) { text, worker in
        plainAttention(kept, text, scratch + worker * Scalar.scratchCount)
      }
    }
    return isRecording ? kept : nil
  }

  /// From the gradient of the context to those of queries, keys and values: each of their rows is
  /// written by one text and one head alone.
  @_specialize(where Scalar == Float)
  func attendBackward(
    _ kept: KeptAttention<Scalar>, _ dcontext: UnsafeMutablePointer<Scalar>,
    _ gradients: AttentionRows<Scalar>, accumulateQueries: Bool, accumulate: Bool
  ) throws(PlauditError) {
    if let kernels = Scalar.attentionKernels, kept.headSize % Int(kernels.pointee.lanes) == 0 {
      let (scratch, size) = try attentionScratch(kernels, kept)
      try parallel(kept.texts.count) { text, worker in
        guard kept.texts.length(text) > 0 else {
          if !accumulateQueries { clearQueries(gradients.queries, kept, text) }
          return
        }
        let (first, query) = (kept.texts.start(text), kept.firstQuery(text))
        var attention = self.attention(kept, text, scratch + worker * size)
        var to = pk_attention_gradients(
          out: floats(dcontext + query * kept.contextWidth),
          queries: floats(gradients.queries + query * gradients.queryStride),
          keys: floats(gradients.keys + first * gradients.stride),
          values: floats(gradients.values + first * gradients.stride),
          out_stride: Int64(kept.contextWidth), query_stride: Int64(gradients.queryStride),
          stride: Int64(gradients.stride), accumulate_queries: accumulateQueries ? 1 : 0,
          accumulate: accumulate ? 1 : 0)
        let place = kept.places[text]
        kernels.pointee.backward(
          &attention, &to, floats(kept.weights + place), floats(kept.used + place))
      }
    } else {
      let scratch = try productScratch()
      let slopes = try room(kept.places[kept.texts.count])
      try parallel(kept.texts.count) { text, worker in
        plainAttentionBackward(
          kept, text, dcontext, gradients, slopes: slopes, accumulateQueries: accumulateQueries,
          accumulate: accumulate, scratch: scratch + worker * Scalar.scratchCount)
      }
    }
  }

  /// The first token that a text without tokens has not: nothing goes there.
  private func clearQueries(
    _ rows: UnsafeMutablePointer<Scalar>, _ kept: KeptAttention<Scalar>, _ text: Int
  ) {
    guard kept.firstOnly else { return }
    clear(rows + text * kept.contextWidth, count: kept.contextWidth)
  }

  private func attentionScratch(
    _ kernels: UnsafePointer<pk_attention_set>, _ kept: KeptAttention<Scalar>
  ) throws(PlauditError) -> (UnsafeMutablePointer<Float>, size: Int) {
    let size = Int(
      kernels.pointee.scratch(Int64(kept.texts.longest), Int64(kept.headSize)))
    return (floats(try room(max(threads, 1) * size)), size)
  }

  private func attention(
    _ kept: KeptAttention<Scalar>, _ text: Int, _ scratch: UnsafeMutablePointer<Float>
  ) -> pk_attention {
    let (rows, first, query) = (kept.rows, kept.texts.start(text), kept.firstQuery(text))
    return pk_attention(
      queries: floats(rows.queries + query * rows.queryStride),
      keys: floats(rows.keys + first * rows.stride),
      values: floats(rows.values + first * rows.stride),
      out: floats(kept.context + query * kept.contextWidth),
      query_stride: Int64(rows.queryStride), stride: Int64(rows.stride),
      out_stride: Int64(kept.contextWidth), queries_count: Int64(kept.queryCount(text)),
      length: Int64(kept.texts.length(text)), heads: Int64(kept.heads),
      size: Int64(kept.headSize), factor: Float(kept.factor), scratch: scratch)
  }

  // MARK: Numbers and widths without kernels

  private func plainAttention(
    _ kept: KeptAttention<Scalar>, _ text: Int, _ scratch: UnsafeMutablePointer<Scalar>
  ) {
    let kernels = Scalar.tapeKernels
    let (rows, length, count) = (kept.rows, kept.texts.length(text), kept.queryCount(text))
    let width = Int(pk_attention_width(Int64(length)))
    guard length > 0 else { return clearQueries(kept.context, kept, text) }
    for head in 0..<kept.heads {
      let column = head * kept.headSize
      let (first, query) = (kept.texts.start(text), kept.firstQuery(text))
      let place = kept.places[text] + head * count * width
      let weight = kept.weights + place
      Scalar.multiply(
        rows.queries + query * rows.queryStride + column, stride: rows.queryStride,
        transposed: false, rows.keys + first * rows.stride + column, stride: rows.stride,
        transposed: true, into: weight, stride: width, rows: count, columns: length,
        inner: kept.headSize, factor: kept.factor, accumulate: false, scratch: scratch)
      for row in 0..<count {
        kernels.pointee.softmax(weight + row * width, 1, Int64(length))
        clear(weight + row * width + length, count: width - length)
      }
      DropoutStream.with(kept.dropout, first: place) { how in
        guard let how else { return }
        kernels.pointee.drop(kept.used + place, weight, Int64(count * width), how, 0)
      }
      Scalar.multiply(
        kept.used + place, stride: width, transposed: false,
        rows.values + first * rows.stride + column, stride: rows.stride, transposed: false,
        into: kept.context + query * kept.contextWidth + column, stride: kept.contextWidth,
        rows: count, columns: kept.headSize, inner: length, factor: 1, accumulate: false,
        scratch: scratch)
    }
  }

  private func plainAttentionBackward(
    _ kept: KeptAttention<Scalar>, _ text: Int, _ dcontext: UnsafeMutablePointer<Scalar>,
    _ gradients: AttentionRows<Scalar>, slopes: UnsafeMutablePointer<Scalar>,
    accumulateQueries: Bool, accumulate: Bool, scratch: UnsafeMutablePointer<Scalar>
  ) {
    let kernels = Scalar.tapeKernels
    let (rows, length, count) = (kept.rows, kept.texts.length(text), kept.queryCount(text))
    let width = Int(pk_attention_width(Int64(length)))
    guard length > 0 else {
      if !accumulateQueries { clearQueries(gradients.queries, kept, text) }
      return
    }
    for head in 0..<kept.heads {
      let column = head * kept.headSize
      let (first, query) = (kept.texts.start(text), kept.firstQuery(text))
      let place = kept.places[text] + head * count * width
      let (weight, used, slope) = (kept.weights + place, kept.used + place, slopes + place)
      let dout = dcontext + query * kept.contextWidth + column
      Scalar.multiply(
        used, stride: width, transposed: true, dout, stride: kept.contextWidth, transposed: false,
        into: gradients.values + first * gradients.stride + column, stride: gradients.stride,
        rows: length, columns: kept.headSize, inner: count, factor: 1, accumulate: accumulate,
        scratch: scratch)
      Scalar.multiply(
        dout, stride: kept.contextWidth, transposed: false,
        rows.values + first * rows.stride + column, stride: rows.stride, transposed: true,
        into: slope, stride: width, rows: count, columns: length, inner: kept.headSize, factor: 1,
        accumulate: false, scratch: scratch)
      for row in 0..<count { clear(slope + row * width + length, count: width - length) }
      DropoutStream.with(kept.dropout, first: place) { how in
        guard let how else { return }
        kernels.pointee.drop(slope, slope, Int64(count * width), how, 0)
      }
      for row in 0..<count {
        kernels.pointee.softmax_backward(
          slope + row * width, weight + row * width, 1, Int64(length), Double(kept.factor))
      }
      Scalar.multiply(
        slope, stride: width, transposed: false, rows.keys + first * rows.stride + column,
        stride: rows.stride, transposed: false,
        into: gradients.queries + query * gradients.queryStride + column,
        stride: gradients.queryStride, rows: count, columns: kept.headSize, inner: length,
        factor: 1, accumulate: accumulateQueries, scratch: scratch)
      Scalar.multiply(
        slope, stride: width, transposed: true,
        rows.queries + query * rows.queryStride + column, stride: rows.queryStride,
        transposed: false, into: gradients.keys + first * gradients.stride + column,
        stride: gradients.stride, rows: length, columns: kept.headSize, inner: count, factor: 1,
        accumulate: accumulate, scratch: scratch)
    }
  }
}
