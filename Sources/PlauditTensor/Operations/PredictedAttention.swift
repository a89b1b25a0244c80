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
    let own = Int(kernels.pointee.attend_scratch(Int64(longest), Int64(size)))
    let scratch = try room(own * threads)
    func attend(_ text: Int, _ heads: Range<Int>, _ scratch: UnsafeMutablePointer<Scalar>) {
      let place = texts.start(text)
      let query = firstOnly ? text : place
      let column = heads.lowerBound * size
      var attention = pk_attention(
        queries: floats(rows.queries + query * rows.queryStride + column),
        keys: floats(rows.keys + place * rows.stride + column),
        values: floats(rows.values + place * rows.stride + column),
        out: floats(context.values + query * context.width + column),
        query_stride: Int64(rows.queryStride), stride: Int64(rows.stride),
        out_stride: Int64(context.width),
        queries_count: firstOnly ? 1 : Int64(texts.length(text)),
        length: Int64(texts.length(text)), heads: Int64(heads.count), size: Int64(size),
        factor: 1 / Float(size).squareRoot(), scratch: floats(scratch))
      kernels.pointee.attend(&attention)
    }
    guard team == nil else {
      // Some heads of a text are a task.
      let groups = min(heads, 2 * threads)
      try parallel(texts.count * groups) { task, worker in
        let (text, group) = task.quotientAndRemainder(dividingBy: groups)
        guard texts.length(text) > 0 else { return }
        attend(
          text, group * heads / groups..<(group + 1) * heads / groups, scratch + worker * own)
      }
      return true
    }
    for text in 0..<texts.count where texts.length(text) > 0 {
      attend(text, 0..<heads, scratch)
      try control?.check()
    }
    return true
  }
}
