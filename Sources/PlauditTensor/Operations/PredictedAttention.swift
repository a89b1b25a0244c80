import CKernels
import PlauditCore

extension Tape {
  /// Attention that nothing goes back through, by the kernels for it.
  ///
  /// - Returns: false, and nothing done, where there are no such kernels.
  func predictAttention(
    _ rows: AttentionRows<Scalar>, _ texts: Segments, heads: Int, firstOnly: Bool,
    into context: Tensor
  ) throws(PlauditError) -> Bool {
    let size = context.width / heads
    guard !isRecording, let kernels = Scalar.predictionKernels,
      size % Int(kernels.pointee.lanes) == 0
    else { return false }
    let longest = texts.longest
    let scratch = try room(Int(kernels.pointee.attend_scratch(Int64(longest), Int64(size))))
    for text in 0..<texts.count where texts.length(text) > 0 {
      let place = texts.start(text)
      let query = firstOnly ? text : place
      var attention = pk_attention(
        queries: floats(rows.queries + query * rows.queryStride),
        keys: floats(rows.keys + place * rows.stride),
        values: floats(rows.values + place * rows.stride),
        out: floats(context.values + query * context.width),
        query_stride: Int64(rows.queryStride), stride: Int64(rows.stride),
        out_stride: Int64(context.width),
        queries_count: firstOnly ? 1 : Int64(texts.length(text)),
        length: Int64(texts.length(text)), heads: Int64(heads), size: Int64(size),
        factor: 1 / Float(size).squareRoot(), scratch: floats(scratch))
      kernels.pointee.attend(&attention)
      try control?.check()
    }
    return true
  }
}
