package import CKernels
package import PlauditCore

/// The numbers a tape computes with: Float for models, Double to check gradients against
/// differences.
package protocol TensorScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// The kernels for rows of these numbers.
  static var tapeKernels: UnsafePointer<pk_tape_set> { get }

  /// `c = alpha · op(a) · op(b) + beta · c` with op(a) `[rows, inner]`, op(b) `[inner, columns]`
  /// and c `[rows, columns]`, row by row; strides are distances between rows as stored.
  static func multiply(
    _ a: UnsafePointer<Self>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Self>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Self>, stride cStride: Int, rows: Int, columns: Int, inner: Int,
    alpha: Self, beta: Self)

  /// The sum of products of two rows.
  static func dot(_ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, count: Int) -> Self

  /// The tile heights under which a linear layer's rows do not depend on each other.
  static func tiles(outputs: Int, inputs: Int) throws(PlauditError) -> [Int]
}

extension Float: TensorScalar {
  package static var tapeKernels: UnsafePointer<pk_tape_set> { floatTapeKernels }

  package static func multiply(
    _ a: UnsafePointer<Float>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Float>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Float>, stride cStride: Int, rows: Int, columns: Int, inner: Int,
    alpha: Float, beta: Float
  ) {
    BLAS.multiply(
      a, stride: aStride, transposed: aTransposed, b, stride: bStride, transposed: bTransposed,
      into: c, stride: cStride, rows: rows, columns: columns, inner: inner, alpha: alpha, beta: beta
    )
  }

  package static func dot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
  ) -> Float {
    rowKernels.pointee.dot(a, b, Int64(count))
  }

  package static func tiles(outputs: Int, inputs: Int) throws(PlauditError) -> [Int] {
    try TilePlans.shared.tiles(outputs: outputs, inputs: inputs)
  }
}

extension Double: TensorScalar {
  package static var tapeKernels: UnsafePointer<pk_tape_set> { pk_tape_kernels_double() }

  package static func multiply(
    _ a: UnsafePointer<Double>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Double>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Double>, stride cStride: Int, rows: Int, columns: Int, inner: Int,
    alpha: Double, beta: Double
  ) {
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for step in 0..<inner {
          let left = aTransposed ? a[step * aStride + row] : a[row * aStride + step]
          let right = bTransposed ? b[column * bStride + step] : b[step * bStride + column]
          sum += left * right
        }
        let old = beta == 0 ? 0 : beta * c[row * cStride + column]
        c[row * cStride + column] = old + alpha * sum
      }
    }
  }

  package static func dot(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, count: Int
  ) -> Double {
    var sum = 0.0
    for index in 0..<count { sum += a[index] * b[index] }
    return sum
  }

  package static func tiles(outputs: Int, inputs: Int) -> [Int] { [] }
}
