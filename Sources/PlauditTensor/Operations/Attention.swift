package import PlauditCore

/// Where queries, keys and values of all texts stand, or their gradients: heads side by side.
struct AttentionRows<Scalar> {
  /// Of the first token, or with `firstOnly` of the first text.
  let queries: UnsafeMutablePointer<Scalar>
  let keys: UnsafeMutablePointer<Scalar>
  let values: UnsafeMutablePointer<Scalar>
  /// From one query to the next, and from one token's keys and values to the next one's.
  let queryStride: Int
  let stride: Int
}

extension Tape {
  /// Scaled dot-product attention of each text with itself, head by head.
  ///
  /// Legend: T rows of all texts, H heads, D width of a head.
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
    func rows(_ first: UnsafeMutablePointer<Scalar>) -> AttentionRows<Scalar> {
      AttentionRows(
        queries: first, keys: first + width, values: first + 2 * width, queryStride: 3 * width,
        stride: 3 * width)
    }
    let context = try tensor(rows: qkv.rows, width: width)
    let kept = try attend(
      rows(qkv.values), texts, heads: heads, firstOnly: false, dropout: rate, into: context)
    guard let kept, wantsGradient(qkv) else { return context }
    return tracked(context) { (dcontext) throws(PlauditError) in
      let (dqkv, accumulate) = try self.gradient(of: qkv)
      try self.attendBackward(
        kept, dcontext, rows(dqkv), accumulateQueries: accumulate, accumulate: accumulate)
    }
  }

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
    func rows(
      _ queries: UnsafeMutablePointer<Scalar>, _ both: UnsafeMutablePointer<Scalar>
    ) -> AttentionRows<Scalar> {
      AttentionRows(
        queries: queries, keys: both, values: both + width, queryStride: width, stride: 2 * width)
    }
    let context = try tensor(rows: texts.count, width: width)
    let kept = try attend(
      rows(queries.values, keysValues.values), texts, heads: heads, firstOnly: true,
      dropout: rate, into: context)
    guard let kept, wantsGradient(queries) || wantsGradient(keysValues) else { return context }
    return tracked(context) { (dcontext) throws(PlauditError) in
      let (dqueries, accumulateQueries) =
        self.wantsGradient(queries)
        ? try self.gradient(of: queries) : (try self.room(queries.count), false)
      let (dkeysValues, accumulate) =
        self.wantsGradient(keysValues)
        ? try self.gradient(of: keysValues) : (try self.room(keysValues.count), false)
      try self.attendBackward(
        kept, dcontext, rows(dqueries, dkeysValues), accumulateQueries: accumulateQueries,
        accumulate: accumulate)
    }
  }
}
