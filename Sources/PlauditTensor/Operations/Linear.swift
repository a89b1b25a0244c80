import Glibc
package import PlauditCore

/// The weights `[outputs, inputs]` of `y = x · Wᵀ`, which give a row the same bits however many
/// rows come with it.
///
/// BLAS rounds a row differently depending on how many rows it gets and where the row stands, so
/// rows go to it in tiles of a few fixed heights. Which heights agree bit for bit, at every
/// position, is probed once per shape when the weights are loaded; where none do, or where BLAS
/// disagrees with plain arithmetic, a plain kernel serves.
package struct Linear<Scalar: TensorScalar> {
  /// Rows are padded to a multiple of this; buffers must have the room.
  package static var rowPadding: Int { TilePlans.rowPadding }

  package let weight: Parameter<Scalar>
  /// The first of the parameter's rows that it uses.
  private let firstRow: Int
  package let outputs: Int
  package let inputs: Int
  /// Usable tile heights, the largest first; empty when the plain kernel serves.
  package let tiles: [Int]

  /// - Parameters:
  ///   - weight: one tensor, or several of the same shape one after another; their rows are the
  ///     outputs.
  ///   - rows: a part of them; nil for all.
  package init(_ weight: Parameter<Scalar>, rows: Range<Int>? = nil) throws(PlauditError) {
    self.weight = weight
    inputs = weight.width
    let all = weight.count / max(inputs, 1)
    let range = (rows ?? 0..<all).clamped(to: 0..<all)
    firstRow = range.lowerBound
    outputs = range.count
    tiles = try Scalar.tiles(outputs: outputs, inputs: inputs)
  }

  package var values: UnsafeMutablePointer<Scalar> {
    weight.values.pointer + firstRow * inputs
  }

  package var gradient: UnsafeMutablePointer<Scalar>? {
    weight.gradient.map { $0.pointer + firstRow * inputs }
  }

  /// The rows a product of `rows` writes: with padding, whose content is undefined.
  package func paddedRows(_ rows: Int) -> Int {
    guard let smallest = tiles.last else { return rows }
    return (rows + smallest - 1) / smallest * smallest
  }

  /// `y[rows, outputs] = x[rows, inputs] · Wᵀ`. Both buffers have room for `paddedRows(rows)`.
  package func forward(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, rows: Int,
    control: RunControl? = nil
  ) throws(PlauditError) {
    guard !tiles.isEmpty else {
      for row in 0..<max(rows, 0) {
        plainRow(x + row * inputs, into: y + row * outputs)
        if row & 15 == 0 { try control?.check() }
      }
      return
    }
    var done = 0
    let end = paddedRows(rows)
    for tile in tiles {
      while end - done >= tile {
        Scalar.multiply(
          x + done * inputs, stride: inputs, transposed: false, values, stride: inputs,
          transposed: true, into: y + done * outputs, stride: outputs, rows: tile,
          columns: outputs, inner: inputs, alpha: 1, beta: 0)
        done += tile
        try control?.check()
      }
    }
  }

  private func plainRow(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    for output in 0..<outputs {
      y[output] = Scalar.dot(x, values + output * inputs, count: inputs)
    }
  }
}

extension Tape {
  /// `x · Wᵀ` `[rows, outputs]`, without a bias: the next operation adds it.
  @_specialize(where Scalar == Float)
  package func linear(_ x: Tensor, _ layer: Linear<Scalar>) throws(PlauditError) -> Tensor {
    let y = try tensor(rows: x.rows, width: layer.outputs)
    guard isRecording else {
      try layer.forward(x.values, into: y.values, rows: x.rows, control: control)
      return y
    }
    try multiply(
      x.values, stride: x.width, transposed: false, layer.values, stride: layer.inputs,
      transposed: true, into: y.values, rows: x.rows, columns: layer.outputs, inner: layer.inputs,
      accumulate: false)
    guard wantsGradient(x) || layer.weight.isTrained else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      if let gradient = layer.gradient {
        try self.multiply(
          dy, stride: layer.outputs, transposed: true, x.values, stride: layer.inputs,
          transposed: false, into: gradient, rows: layer.outputs, columns: layer.inputs,
          inner: x.rows, accumulate: true)
      }
      if self.wantsGradient(x) {
        let (dx, accumulate) = try self.gradient(of: x)
        try self.multiply(
          dy, stride: layer.outputs, transposed: false, layer.values,
          stride: layer.inputs, transposed: false, into: dx, rows: x.rows, columns: layer.inputs,
          inner: layer.outputs, accumulate: accumulate)
      }
    }
  }

  /// `c = op(a) · op(b)`, or `c +=`, on the tape's threads: c is cut into blocks whose size
  /// follows from its shape alone, and each block's sums run over the whole inner dimension.
  func multiply(
    _ a: UnsafePointer<Scalar>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Scalar>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int, inner: Int, accumulate: Bool
  ) throws(PlauditError) {
    let beta: Scalar = accumulate ? 1 : 0
    let isSmall = rows * columns * max(inner, 1) < 1 << 18
    let byRows = rows >= columns
    let long = byRows ? rows : columns
    // About four pieces, in multiples of the kernels' heights.
    let size = isSmall ? max(long, 1) : max((long + 3) / 4 + 47, 96) / 48 * 48
    try parallel(max((long + size - 1) / size, 1)) { task in
      let first = task * size
      let count = min(size, long - first)
      guard count > 0 else { return }
      let aStart = byRows ? (aTransposed ? first : first * aStride) : 0
      let bStart = byRows ? 0 : (bTransposed ? first * bStride : first)
      Scalar.multiply(
        a + aStart, stride: aStride, transposed: aTransposed, b + bStart, stride: bStride,
        transposed: bTransposed, into: c + (byRows ? first * columns : first), stride: columns,
        rows: byRows ? count : rows, columns: byRows ? columns : count, inner: inner, alpha: 1,
        beta: beta)
    }
  }
}

/// The probed tile heights by shape, for the life of the process.
final class TilePlans {
  /// Candidate tile heights. Multiples of 12 and 48: OpenBLAS's kernels work in columns of 4, 6,
  /// 8, 12, 16 and 24 and treat a remainder apart.
  static let heights = [192, 48, 24, 12]
  static let rowPadding = 192

  nonisolated(unsafe) static let shared = TilePlans()
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private var plans: [Shape: [Int]] = [:]

  private struct Shape: Hashable {
    let outputs: Int
    let inputs: Int
  }

  private init() {
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
  }

  func tiles(outputs: Int, inputs: Int) throws(PlauditError) -> [Int] {
    let shape = Shape(outputs: outputs, inputs: inputs)
    pthread_mutex_lock(lock)
    let known = plans[shape]
    pthread_mutex_unlock(lock)
    if let known { return known }
    let found = try TilePlans.probe(outputs: outputs, inputs: inputs)
    pthread_mutex_lock(lock)
    plans[shape] = found
    pthread_mutex_unlock(lock)
    return found
  }

  /// The tile heights that may be mixed for this shape on this CPU.
  ///
  /// Probes with weights of its own: a model's may be zeros, with which all heights agree, and the
  /// answer serves every model of the shape.
  private static func probe(outputs: Int, inputs: Int) throws(PlauditError) -> [Int] {
    // Small heads are as fast without BLAS, whose small-matrix paths differ from its others.
    guard outputs >= 16, inputs >= 8 else { return [] }
    let most = heights[0]
    let x = try FloatBuffer(count: most * inputs)
    let y = try FloatBuffer(count: most * outputs)
    let expected = try FloatBuffer(count: outputs)
    var random = RandomSource(seed: 12)
    for column in 0..<inputs { x.pointer[column] = Float(random.uniform()) * 2 - 1 }
    let weights = try FloatBuffer(count: outputs * inputs)
    defer { withExtendedLifetime(weights) {} }
    let w = weights.pointer
    for index in 0..<weights.count {
      w[index] = Float(Int32(truncatingIfNeeded: index &* 0x9E37_79B1)) * 0x1p-31
    }
    for row in 1..<most {
      (x.pointer + row * inputs).update(from: x.pointer, count: inputs)
    }
    for output in 0..<outputs {
      expected.pointer[output] = Float.dot(x.pointer, w + output * inputs, count: inputs)
    }

    let rowBytes = outputs * MemoryLayout<Float>.stride
    let chosen = try FloatBuffer(count: outputs)
    var agreeing: [Int] = []
    for height in heights {
      BLAS.multiply(
        x.pointer, stride: inputs, transposed: false, w, stride: inputs, transposed: true,
        into: y.pointer, stride: outputs, rows: height, columns: outputs, inner: inputs)
      let uniform = (1..<height).allSatisfy {
        memcmp(y.pointer, y.pointer + $0 * outputs, rowBytes) == 0
      }
      guard uniform else { continue }
      if agreeing.isEmpty {
        guard plausible(y.pointer, expected.pointer, x.pointer, w, outputs, inputs) else {
          return []
        }
        chosen.pointer.update(from: y.pointer, count: outputs)
        agreeing = [height]
      } else if memcmp(y.pointer, chosen.pointer, rowBytes) == 0 {
        agreeing.append(height)
      }
    }
    return agreeing
  }

  /// Whether BLAS's sums are within rounding of the plain ones: some builds of OpenBLAS compute
  /// wrong results on CPUs newer than themselves.
  private static func plausible(
    _ y: UnsafePointer<Float>, _ expected: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    _ w: UnsafePointer<Float>, _ outputs: Int, _ inputs: Int
  ) -> Bool {
    for output in 0..<outputs {
      var magnitude: Float = 0
      for input in 0..<inputs { magnitude += (x[input] * w[output * inputs + input]).magnitude }
      let difference = (y[output] - expected[output]).magnitude
      guard difference <= magnitude * 1e-5 + 1e-30 else { return false }
    }
    return true
  }
}
