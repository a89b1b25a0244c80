import Glibc
package import PlauditCore

/// `y = x · Wᵀ`, row by row the same bits however many rows come with it.
///
/// BLAS rounds a row differently depending on how many rows it gets and where the row stands, so
/// rows go to it in tiles of a few fixed heights. Which heights agree bit for bit, at every
/// position, is probed once per shape when the weights are loaded; where none do, or where BLAS
/// disagrees with plain arithmetic, a plain kernel serves.
package struct Linear {
  /// Candidate tile heights. Multiples of 12 and 48: OpenBLAS's kernels work in columns of 4, 6,
  /// 8, 12, 16 and 24 and treat a remainder apart.
  static let heights = [192, 48, 24, 12]
  /// Rows are padded to a multiple of this; buffers must have the room.
  package static let rowPadding = 192

  /// Weights `[outputs, inputs]`.
  package let weights: FloatBuffer
  package let outputs: Int
  package let inputs: Int
  /// Usable tile heights, the largest first; empty when the plain kernel serves.
  package let tiles: [Int]

  package init(weights: FloatBuffer, outputs: Int, inputs: Int) throws(PlauditError) {
    self.weights = weights
    self.outputs = outputs
    self.inputs = inputs
    tiles = try TilePlans.shared.tiles(outputs: outputs, inputs: inputs)
  }

  /// The rows a product of `rows` writes: with padding, whose content is undefined.
  package func paddedRows(_ rows: Int) -> Int {
    guard let smallest = tiles.last else { return rows }
    return (rows + smallest - 1) / smallest * smallest
  }

  /// `y[rows, outputs] = x[rows, inputs] · Wᵀ`. Both buffers have room for `paddedRows(rows)`.
  package func forward(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int,
    control: RunControl? = nil
  ) throws(PlauditError) {
    guard !tiles.isEmpty else {
      for row in 0..<max(rows, 0) {
        Linear.plainRow(
          x + row * inputs, weights.pointer, into: y + row * outputs, outputs: outputs,
          inputs: inputs)
        if row & 15 == 0 { try control?.check() }
      }
      return
    }
    var done = 0
    let end = paddedRows(rows)
    for tile in tiles {
      while end - done >= tile {
        BLAS.multiplyTransposed(
          x + done * inputs, stride: inputs, weights.pointer, stride: inputs,
          into: y + done * outputs, stride: outputs, rows: tile, outputs: outputs, width: inputs)
        done += tile
        try control?.check()
      }
    }
  }

  private static func plainRow(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    outputs: Int, inputs: Int
  ) {
    let dot = rowKernels.pointee.dot
    for output in 0..<outputs { y[output] = dot(x, w + output * inputs, Int64(inputs)) }
  }

  /// The tile heights that may be mixed for this shape on this CPU.
  ///
  /// Probes with weights of its own: a model's may be zeros, with which all heights agree, and the
  /// answer serves every model of the shape.
  fileprivate static func probe(outputs: Int, inputs: Int) throws(PlauditError) -> [Int] {
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
    plainRow(x.pointer, w, into: expected.pointer, outputs: outputs, inputs: inputs)

    let rowBytes = outputs * MemoryLayout<Float>.stride
    let chosen = try FloatBuffer(count: outputs)
    var agreeing: [Int] = []
    for height in heights {
      BLAS.multiplyTransposed(
        x.pointer, stride: inputs, w, stride: inputs, into: y.pointer, stride: outputs,
        rows: height, outputs: outputs, width: inputs)
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

/// The probed tile heights by shape, for the life of the process.
private final class TilePlans {
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
    let found = try Linear.probe(outputs: outputs, inputs: inputs)
    pthread_mutex_lock(lock)
    plans[shape] = found
    pthread_mutex_unlock(lock)
    return found
  }
}
