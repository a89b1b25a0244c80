import CKernels
package import PlauditCore

/// Weights of a linear layer that predicts alone: kept in the order in which the kernels read them,
/// and nowhere else.
extension Parameter where Scalar == Float {
  /// Weights `[outputs, inputs]` under each name, to be packed piece by piece.
  ///
  /// - Parameter ranges: of outputs that are multiplied by themselves, besides all.
  package convenience init(
    packed names: [String], shape: [Int], ranges: [Range<Int>] = [], in arena: Arena? = nil
  ) throws(PlauditError) {
    self.init(names: names, shape: shape, values: try FloatBuffer(count: 0))
    for range in [0..<outputs] + ranges {
      let rows = packedRows(range)
      guard rows.panels == nil else { continue }
      rows.panels = try FloatBuffer(
        undefined: Float.packedCount(inner: width, columns: range.count), in: arena)
    }
  }

  private var outputs: Int { count / max(width, 1) }

  /// The outputs that are packed together: all, and then the ranges of the initialiser.
  package var packedRanges: [Range<Int>] { packs.map(\.rows) }

  /// A piece may start at a multiple of this many outputs of its range.
  package static var packedStep: Int { Int(PK_PACKED) }

  /// Packs `count` outputs from `first` on of a range. Pieces may be packed at the same time.
  package func pack(
    _ rows: UnsafePointer<Float>, first: Int, count: Int, ofRange index: Int
  ) {
    guard packs.indices.contains(index), let panels = packs[index].panels else { return }
    var product = pk_product(
      a: rows, b: rows, c: panels.pointer, a_stride: 0, b_stride: Int64(width), c_stride: 0,
      rows: 0, columns: Int64(packs[index].rows.count), inner: Int64(width), a_transposed: 0,
      b_transposed: 1, accumulate: 0, factor: 1, out: nil, out_stride: 0, bias: nil, function: 0,
      makes_slope: 0, slopes: nil, slopes_stride: 0, sums: nil)
    matrixKernels.pointee.pack_part(panels.pointer, &product, Int64(first), Int64(count))
  }

  /// The numbers, row by row: `values`, or a copy out of what is packed.
  ///
  /// - Throws: `.invalidState` where a lower precision took their place; `.outOfMemory`.
  package func numbers() throws(PlauditError) -> FloatBuffer {
    if hasValues { return values }
    guard let whole = packs.first(where: { $0.rows == 0..<outputs })?.panels else {
      throw PlauditError(.invalidState, "tensor \(name) is kept at a lower precision alone")
    }
    let made = try FloatBuffer(undefined: count)
    matrixKernels.pointee.unpack(made.pointer, whole.pointer, Int64(width), Int64(outputs))
    return made
  }
}
