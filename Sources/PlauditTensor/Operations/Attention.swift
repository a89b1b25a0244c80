/// Scaled dot-product attention of one text with itself, head by head.
///
/// Legend: L tokens of the text, H heads, D width of a head.
///
/// - Source: Vaswani et al. 2017, "Attention is all you need", §3.2.1, arXiv:1706.03762.
package enum Attention {
  /// - Parameters:
  ///   - qkv: `[L, 3·H·D]`, queries, keys and values of all heads side by side.
  ///   - scores: room for `[L, L]`.
  ///   - context: `[L, H·D]`, written.
  package static func forward(
    qkv: UnsafePointer<Float>, scores: UnsafeMutablePointer<Float>,
    context: UnsafeMutablePointer<Float>, length: Int, heads: Int, headSize: Int
  ) {
    let width = heads * headSize
    let scale = 1 / Float(headSize).squareRoot()
    let softmax = rowKernels.pointee.softmax
    for head in 0..<heads {
      let query = qkv + head * headSize
      BLAS.multiplyTransposed(
        query, stride: 3 * width, query + width, stride: 3 * width, into: scores, stride: length,
        rows: length, outputs: length, width: headSize, scale: scale)
      for row in 0..<length { softmax(scores + row * length, Int64(length)) }
      BLAS.multiply(
        scores, stride: length, query + 2 * width, stride: 3 * width,
        into: context + head * headSize, stride: width, rows: length, outputs: headSize,
        width: length)
    }
  }
}
