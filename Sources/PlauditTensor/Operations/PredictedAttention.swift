import CKernels
import PlauditCore

extension Tape {
  /// Attention that nothing goes back through, by the kernels for it.
  ///
  /// - Parameters:
  ///   - queries: rows `stride` apart, one a token or, with `firstOnly`, one a text.
  ///   - keysValues: of the first token, rows of the other stride apart.
  ///   - context: `[queries, width]`, written.
  /// - Returns: false, and nothing done, where there are no such kernels.
  func attend(
    queries: UnsafePointer<Scalar>, stride queryStride: Int,
    _ keysValues: (keys: UnsafeMutablePointer<Scalar>, values: UnsafeMutablePointer<Scalar>),
    stride: Int, _ texts: Segments, heads: Int, firstOnly: Bool, into context: Tensor
  ) throws(PlauditError) -> Bool {
    let size = context.width / heads
    guard !isRecording, let kernels = Scalar.predictionKernels,
      size % Int(kernels.pointee.lanes) == 0
    else { return false }
    let longest = texts.longest
    let scratch = try room(Int(kernels.pointee.attend_scratch(Int64(longest), Int64(size))))
    let first = UnsafeMutablePointer(mutating: queries)
    for text in 0..<texts.count where texts.length(text) > 0 {
      let place = texts.start(text)
      let query = firstOnly ? text : place
      var attention = pk_attention(
        queries: floats(first) + query * queryStride,
        keys: floats(keysValues.keys) + place * stride,
        values: floats(keysValues.values) + place * stride,
        out: floats(context.values) + query * context.width, query_stride: Int64(queryStride),
        stride: Int64(stride), out_stride: Int64(context.width),
        queries_count: firstOnly ? 1 : Int64(texts.length(text)),
        length: Int64(texts.length(text)), heads: Int64(heads), size: Int64(size),
        factor: 1 / Float(size).squareRoot(), scratch: floats(scratch))
      kernels.pointee.attend(&attention)
      try control?.check()
    }
    return true
  }
}
