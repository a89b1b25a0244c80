import CKernels
package import PlauditCore

/// Which elements a dropout drops; see `pk_dropout`.
struct DropoutStream {
  let seed: UInt64
  let stream: UInt64
  let rate: Double

  /// Runs `body` with what a kernel needs to know whose first element is number `first`.
  static func with(
    _ stream: DropoutStream?, first: Int, _ body: (UnsafePointer<pk_dropout>?) -> Void
  ) {
    guard let stream else { return body(nil) }
    var how = pk_dropout(
      seed: stream.seed, stream: stream.stream, rate: stream.rate, first: Int64(first))
    withUnsafePointer(to: &how) { body($0) }
  }
}

extension Tape {
  /// Zeroes each element with probability `rate` and divides the others by `1 - rate`; without
  /// recording, or at rate 0, it is x.
  ///
  /// Which elements go is a function of seed, step, the operation's number and the element, so
  /// neither threads nor what ran before show in it.
  ///
  /// - Source: Srivastava et al. 2014, JMLR 15; Salmon et al. 2011 for the generator.
  @_specialize(where Scalar == Float)
  package func dropout(_ x: Tensor, rate: Double) throws(PlauditError) -> Tensor {
    guard let dropout = nextDropout(rate) else { return x }
    let y = try tensor(rows: x.rows, width: x.width)
    try drop(dropout, x.values, into: y.values, count: x.count, accumulate: false)
    guard wantsGradient(x) else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      let (dx, accumulate) = try self.gradient(of: x)
      try self.drop(dropout, dy, into: dx, count: x.count, accumulate: accumulate)
    }
  }

  private func drop(
    _ dropout: DropoutStream, _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>,
    count: Int, accumulate: Bool
  ) throws(PlauditError) {
    let kernels = Scalar.tapeKernels
    try blocks(of: count, atLeast: 4096) { first, part in
      DropoutStream.with(dropout, first: first) { how in
        guard let how else { return }
        kernels.pointee.drop(y + first, x + first, Int64(part), how, accumulate ? 1 : 0)
      }
    }
  }
}
