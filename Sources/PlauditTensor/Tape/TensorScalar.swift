package import CKernels

/// What becomes of a product c once it is complete: `out = f(c + bias)`; out may be c, unless c
/// becomes `f′(c + bias)`. Or, on the way back from there, `c *= slopes` and `sums += c` over rows.
package struct ProductEnd<Scalar> {
  package var out: UnsafeMutablePointer<Scalar>?
  package var stride: Int
  /// `[columns]`
  package var bias: UnsafePointer<Scalar>?
  package var activation: Activation?
  package var makesSlope: Bool
  /// Rows `stride` apart.
  var slopes: UnsafePointer<Scalar>?
  /// `[columns]`
  var sums: UnsafeMutablePointer<Scalar>?

  package init(
    out: UnsafeMutablePointer<Scalar>, stride: Int, bias: UnsafePointer<Scalar>?,
    activation: Activation?, makesSlope: Bool = false
  ) {
    self.out = out
    self.stride = stride
    self.bias = bias
    self.activation = activation
    self.makesSlope = makesSlope
  }

  init(
    slopes: UnsafePointer<Scalar>, stride: Int, sums: UnsafeMutablePointer<Scalar>?
  ) {
    self.slopes = slopes
    self.stride = stride
    self.sums = sums
    makesSlope = false
  }

  /// The same for columns from `first` on.
  func from(_ first: Int) -> ProductEnd {
    var end = self
    end.out = out.map { $0 + first }
    end.bias = bias.map { $0 + first }
    end.slopes = slopes.map { $0 + first }
    end.sums = sums.map { $0 + first }
    return end
  }

  /// The same for rows from `first` on.
  func below(_ first: Int) -> ProductEnd {
    var end = self
    end.out = out.map { $0 + first * stride }
    end.slopes = slopes.map { $0 + first * stride }
    return end
  }

  var kernel: Int32 { activation?.kernel ?? Int32(PK_IDENTITY) }
}

/// The numbers a tape computes with: Float for models, Double to check gradients against
/// differences.
package protocol TensorScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// The kernels for rows of these numbers.
  static var tapeKernels: UnsafePointer<pk_tape_set> { get }

  /// What prediction has besides; nil for numbers without.
  static var predictionKernels: UnsafePointer<pk_encoder_set>? { get }

  /// What training has besides, for the same numbers.
  static var attentionKernels: UnsafePointer<pk_attention_set>? { get }

  /// The numbers of a scratch for products that pack on the way.
  static var scratchCount: Int { get }

  /// `c = factor · op(a) · op(b)`, or `c +=`, with op(a) `[rows, inner]`, op(b) `[inner, columns]`
  /// and c `[rows, columns]`, row by row; strides are distances between rows as stored. A result
  /// does not depend on how many rows or columns come with it.
  static func multiply(
    _ a: UnsafePointer<Self>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Self>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Self>, stride cStride: Int, rows: Int, columns: Int, inner: Int,
    factor: Self, accumulate: Bool, end: ProductEnd<Self>?, scratch: UnsafeMutablePointer<Self>)

  /// The numbers of op(b) `[inner, columns]` packed for many products.
  static func packedCount(inner: Int, columns: Int) -> Int
  static func pack(
    _ b: UnsafePointer<Self>, stride: Int, transposed: Bool, columns: Int, inner: Int,
    into packed: UnsafeMutablePointer<Self>)
  /// `c = a · b` with columns of a packed b, `columns` of `all` from `first` on, a multiple of 32:
  /// the same bits as `multiply`.
  static func multiply(
    _ a: UnsafePointer<Self>, stride aStride: Int, packed: UnsafePointer<Self>, from first: Int,
    of all: Int, into c: UnsafeMutablePointer<Self>, stride cStride: Int, rows: Int, columns: Int,
    inner: Int,
    end: ProductEnd<Self>?)

  /// The sum of products of two rows.
  static func dot(_ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, count: Int) -> Self
}

extension TensorScalar {
  package static var predictionKernels: UnsafePointer<pk_encoder_set>? { nil }
  package static var attentionKernels: UnsafePointer<pk_attention_set>? { nil }

  /// A product with all columns of a packed b.
  static func multiply(
    _ a: UnsafePointer<Self>, stride aStride: Int, packed: UnsafePointer<Self>,
    into c: UnsafeMutablePointer<Self>, stride cStride: Int, rows: Int, columns: Int, inner: Int,
    end: ProductEnd<Self>?
  ) {
    multiply(
      a, stride: aStride, packed: packed, from: 0, of: columns, into: c, stride: cStride,
      rows: rows, columns: columns, inner: inner, end: end)
  }

  /// A product that nothing follows.
  static func multiply(
    _ a: UnsafePointer<Self>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Self>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Self>, stride cStride: Int, rows: Int, columns: Int, inner: Int,
    factor: Self, accumulate: Bool, scratch: UnsafeMutablePointer<Self>
  ) {
    multiply(
      a, stride: aStride, transposed: aTransposed, b, stride: bStride, transposed: bTransposed,
      into: c, stride: cStride, rows: rows, columns: columns, inner: inner, factor: factor,
      accumulate: accumulate, end: nil, scratch: scratch)
  }
}

extension Float: TensorScalar {
  package static var tapeKernels: UnsafePointer<pk_tape_set> { floatTapeKernels }
  package static var predictionKernels: UnsafePointer<pk_encoder_set>? { encoderKernels }
  package static var attentionKernels: UnsafePointer<pk_attention_set>? { trainingAttentionKernels }

  package static var scratchCount: Int { Int(PK_SCRATCH) }

  package static func multiply(
    _ a: UnsafePointer<Float>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Float>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Float>, stride cStride: Int, rows: Int, columns: Int, inner: Int,
    factor: Float, accumulate: Bool, end: ProductEnd<Float>?,
    scratch: UnsafeMutablePointer<Float>
  ) {
    var product = pk_product(
      a: a, b: b, c: c, a_stride: Int64(aStride), b_stride: Int64(bStride),
      c_stride: Int64(cStride), rows: Int64(rows), columns: Int64(columns), inner: Int64(inner),
      a_transposed: aTransposed ? 1 : 0, b_transposed: bTransposed ? 1 : 0,
      accumulate: accumulate ? 1 : 0, factor: factor, out: end?.out,
      out_stride: Int64(end?.stride ?? 0), bias: end?.bias, function: end?.kernel ?? 0,
      makes_slope: end?.makesSlope == true ? 1 : 0, slopes: end?.slopes,
      slopes_stride: Int64(end?.stride ?? 0), sums: end?.sums)
    matrixKernels.pointee.multiply(&product, scratch)
  }

  package static func packedCount(inner: Int, columns: Int) -> Int {
    Int(matrixKernels.pointee.packed_size(Int64(inner), Int64(columns)))
  }

  package static func pack(
    _ b: UnsafePointer<Float>, stride: Int, transposed: Bool, columns: Int, inner: Int,
    into packed: UnsafeMutablePointer<Float>
  ) {
    var product = pk_product(
      a: b, b: b, c: packed, a_stride: 0, b_stride: Int64(stride), c_stride: 0, rows: 0,
      columns: Int64(columns), inner: Int64(inner), a_transposed: 0,
      b_transposed: transposed ? 1 : 0, accumulate: 0, factor: 1, out: nil, out_stride: 0,
      bias: nil, function: 0, makes_slope: 0, slopes: nil, slopes_stride: 0, sums: nil)
    matrixKernels.pointee.pack(packed, &product)
  }

  package static func multiply(
    _ a: UnsafePointer<Float>, stride aStride: Int, packed: UnsafePointer<Float>,
    from first: Int, of all: Int, into c: UnsafeMutablePointer<Float>, stride cStride: Int,
    rows: Int, columns: Int, inner: Int,
    end: ProductEnd<Float>?
  ) {
    var product = pk_product(
      a: a, b: packed, c: c, a_stride: Int64(aStride), b_stride: 0, c_stride: Int64(cStride),
      rows: Int64(rows), columns: Int64(columns), inner: Int64(inner), a_transposed: 0,
      b_transposed: 0, accumulate: 0, factor: 1, out: end?.out,
      out_stride: Int64(end?.stride ?? 0), bias: end?.bias, function: end?.kernel ?? 0,
      makes_slope: end?.makesSlope == true ? 1 : 0, slopes: end?.slopes,
      slopes_stride: Int64(end?.stride ?? 0), sums: end?.sums)
    matrixKernels.pointee.multiply_packed(&product, packed, Int64(first), Int64(all))
  }

  package static func dot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
  ) -> Float {
    rowKernels.pointee.dot(a, b, Int64(count))
  }
}

extension Double: TensorScalar {
  package static var tapeKernels: UnsafePointer<pk_tape_set> { pk_tape_kernels_double() }

  package static var scratchCount: Int { 0 }

  package static func multiply(
    _ a: UnsafePointer<Double>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Double>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Double>, stride cStride: Int, rows: Int, columns: Int, inner: Int,
    factor: Double, accumulate: Bool, end: ProductEnd<Double>?,
    scratch: UnsafeMutablePointer<Double>
  ) {
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for step in 0..<inner {
          let left = aTransposed ? a[step * aStride + row] : a[row * aStride + step]
          let right = bTransposed ? b[column * bStride + step] : b[step * bStride + column]
          sum += left * right
        }
        let old = accumulate ? c[row * cStride + column] : 0
        c[row * cStride + column] = old + factor * sum
      }
      finish(c + row * cStride, row, columns, end)
    }
  }

  private static func finish(
    _ c: UnsafeMutablePointer<Double>, _ row: Int, _ columns: Int, _ end: ProductEnd<Double>?
  ) {
    guard let end else { return }
    if let slopes = end.slopes {
      for column in 0..<columns {
        c[column] *= slopes[row * end.stride + column]
        end.sums?[column] += c[column]
      }
    }
    guard let first = end.out else { return }
    let out = first + row * end.stride
    if end.makesSlope {
      tapeKernels.pointee.activate_with_slope(end.kernel, out, c, end.bias, 1, Int64(columns))
    } else {
      tapeKernels.pointee.activate(end.kernel, out, c, end.bias, 1, Int64(columns))
    }
  }

  package static func packedCount(inner: Int, columns: Int) -> Int { inner * columns }

  package static func pack(
    _ b: UnsafePointer<Double>, stride: Int, transposed: Bool, columns: Int, inner: Int,
    into packed: UnsafeMutablePointer<Double>
  ) {
    for step in 0..<inner {
      for column in 0..<columns {
        packed[step * columns + column] =
          transposed ? b[column * stride + step] : b[step * stride + column]
      }
    }
  }

  package static func multiply(
    _ a: UnsafePointer<Double>, stride aStride: Int, packed: UnsafePointer<Double>,
    from first: Int, of all: Int, into c: UnsafeMutablePointer<Double>, stride cStride: Int,
    rows: Int, columns: Int, inner: Int,
    end: ProductEnd<Double>?
  ) {
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for step in 0..<inner {
          sum += a[row * aStride + step] * packed[step * all + first + column]
        }
        c[row * cStride + column] = sum
      }
      finish(c + row * cStride, row, columns, end)
    }
  }

  package static func dot(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, count: Int
  ) -> Double {
    var sum = 0.0
    for index in 0..<count { sum += a[index] * b[index] }
    return sum
  }
}
