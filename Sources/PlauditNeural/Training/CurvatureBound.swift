import PlauditCore
import PlauditTensor

/// What L-BFGS starts from instead of a multiple of the identity: the inverse of a bound on the
/// curvature of multinomial logistic regression, the same for each class,
/// `(1/K)(1 − 1/K) · Σ weight · x xᵀ + l2`, with the intercept as one more feature.
///
/// Vectors of an encoder have very unequal directions, on which plain L-BFGS takes thousands of
/// iterations; from here it takes tens. The sum runs over at most 4,096 of the examples: it shapes
/// the path, not the minimum.
///
/// - Source: Böhning 1992, "Multinomial logistic regression algorithm", doi:10.1007/BF00048682.
final class CurvatureBound: ParallelWork {
  /// Beyond this the factorisation would cost more than it saves.
  private static let maximumWidth = 1536
  private static let maximumRows = 4096
  private static let blockRows = 32

  private let examples: Examples
  private let sample: [Int]
  private let classWeights: [Double]
  /// Per sampled example, so that the sum stands for all.
  private let scale: Double
  /// Features and intercept.
  private let size: Int
  private let sums: Bytes
  private let factor: Bytes
  private let control: RunControl

  /// Nil where vectors are too wide.
  init?(
    _ examples: Examples, rows: [Int], classWeights: [Double], threads: Int, control: RunControl
  ) throws(PlauditError) {
    guard examples.width <= CurvatureBound.maximumWidth, !rows.isEmpty else { return nil }
    let step = (rows.count + CurvatureBound.maximumRows - 1) / CurvatureBound.maximumRows
    sample = stride(from: 0, to: rows.count, by: step).map { rows[$0] }
    let classes = Double(examples.classes)
    scale = (1 - 1 / classes) / classes * Double(rows.count) / Double(sample.count)
    self.examples = examples
    self.classWeights = classWeights
    self.control = control
    size = examples.width + 1
    sums = try Bytes(count: size * size * MemoryLayout<Double>.stride)
    factor = try Bytes(count: size * size * MemoryLayout<Double>.stride)
    let blocks = (size + CurvatureBound.blockRows - 1) / CurvatureBound.blockRows
    WorkerPool.run(tasks: blocks, threads: threads, self)
    try control.check()
  }

  /// Rows of the lower triangle of the sum, all examples for one block of rows.
  func perform(task: Int, worker: Int) {
    let first = task * CurvatureBound.blockRows
    let last = min(first + CurvatureBound.blockRows, size)
    let sums = self.sums.mutable.bindMemory(to: Double.self)
    guard let base = sums.baseAddress else { return }
    for index in first * size..<last * size { base[index] = 0 }
    let width = examples.width
    let add = rowKernels.pointee.accumulate_double
    for (index, row) in sample.enumerated() {
      if index & 63 == 0, control.shallStop { return }
      let features = examples.features + row * width
      let weight = scale * classWeights[Int(examples.labels[row])]
      for line in first..<last {
        let value = line < width ? weight * Double(features[line]) : weight
        add(base + line * size, value, features, Int64(min(line + 1, width)))
        if line == width { base[line * size + width] += weight }
      }
    }
  }

  func tick() { control.report(.fitting, done: 0, total: 0) }

  /// Makes ready for one penalty (Cholesky's factorisation); false where the bound is singular.
  /// `tick` is called on the way.
  func prepare(l2: Double, tick: () -> Void) throws(PlauditError) -> Bool {
    let sums = self.sums.mutable.bindMemory(to: Double.self)
    let factor = self.factor.mutable.bindMemory(to: Double.self)
    guard let sum = sums.baseAddress, let lower = factor.baseAddress else { return false }
    var trace = 0.0
    for line in 0..<size { trace += sum[line * size + line] }
    let jitter = 1e-10 * trace / Double(size)
    for line in 0..<size {
      try control.check()
      if line & 31 == 31 { tick() }
      let row = lower + line * size
      for column in 0...line {
        var value = sum[line * size + column]
        if column == line { value += jitter + (line < examples.width ? l2 : 0) }
        let other = lower + column * size
        value -= CurvatureBound.dot(row, other, column)
        if column < line {
          row[column] = value / other[column]
        } else {
          guard value > 0, value.isFinite else { return false }
          row[column] = value.squareRoot()
        }
      }
    }
    return true
  }

  /// Solves with the factor, class by class: `vector` is `[classes, width + 1]`.
  func apply(_ vector: inout [Double]) {
    let factor = self.factor.mutable.bindMemory(to: Double.self)
    guard let lower = factor.baseAddress else { return }
    vector.withUnsafeMutableBufferPointer { vector in
      guard let base = vector.baseAddress else { return }
      for row in 0..<examples.classes {
        let part = base + row * size
        for line in 0..<size {
          let weights = lower + line * size
          part[line] = (part[line] - CurvatureBound.dot(weights, part, line)) / weights[line]
        }
        for line in (0..<size).reversed() {
          let weights = lower + line * size
          let value = part[line] / weights[line]
          part[line] = value
          for column in 0..<line { part[column] -= weights[column] * value }
        }
      }
    }
  }

  /// Eight sums side by side, which fit vector registers.
  private static func dot(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    var sums = SIMD8<Double>.zero
    var index = 0
    let x = UnsafeRawPointer(a)
    let y = UnsafeRawPointer(b)
    while index + 8 <= count {
      let left = x.loadUnaligned(fromByteOffset: index * 8, as: SIMD8<Double>.self)
      let right = y.loadUnaligned(fromByteOffset: index * 8, as: SIMD8<Double>.self)
      sums += left * right
      index += 8
    }
    var sum = sums.sum()
    while index < count {
      sum += a[index] * b[index]
      index += 1
    }
    return sum
  }
}
