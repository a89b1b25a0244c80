import Glibc
import PlauditCore
import PlauditTensor

/// Labelled vectors: `features` `[count, width]`, `labels` `[count]` in `0..<classes`.
struct Examples {
  let features: UnsafePointer<Float>
  let labels: [Int32]
  let width: Int
  let classes: Int
}

/// The loss of multinomial logistic regression over some of the examples:
/// `Σ weight · cross-entropy + l2 / 2 · |W|²`, all divided by the number of examples.
///
/// Parameters are `[classes, width + 1]`, the intercept last in each row and free of the penalty.
/// Partial sums over fixed chunks are added in order, so the threads do not show in the result.
///
/// - Source: Hastie et al. 2009, The Elements of Statistical Learning, §4.4.1; scaled so that the
///   minimiser is that of scikit-learn's `LogisticRegression(C=1/l2)`.
final class LogisticRegression: Objective, ParallelWork {
  private let examples: Examples
  /// The examples that count, by row.
  private let rows: [Int]
  private let classWeights: [Double]
  private let threads: Int
  private let control: RunControl
  var l2: Double

  private var point: [Double] = []
  /// One gradient and one loss a chunk.
  private let partials: Bytes
  private let chunkCount: Int
  private var interrupted = false

  private static let chunkRows = 512

  init(
    _ examples: Examples, rows: [Int], classWeights: [Double], l2: Double, threads: Int,
    control: RunControl
  ) throws(PlauditError) {
    self.examples = examples
    self.rows = rows
    self.classWeights = classWeights
    self.l2 = l2
    self.threads = threads
    self.control = control
    chunkCount = (rows.count + LogisticRegression.chunkRows - 1) / LogisticRegression.chunkRows
    let parameters = examples.classes * (examples.width + 1)
    let (floats, overflow) = chunkCount.multipliedReportingOverflow(
      by: parameters + 1 + examples.classes)
    guard !overflow, floats <= Int.max / 8 else {
      throw PlauditError(.outOfMemory, "no memory for the gradients of \(chunkCount) chunks")
    }
    partials = try Bytes(count: floats * 8)
  }

  var count: Int { examples.classes * (examples.width + 1) }
  private var stride: Int { count + 1 + examples.classes }

  func evaluate(_ point: [Double], gradient: inout [Double]) throws(PlauditError) -> Double {
    try control.check()
    self.point = point
    WorkerPool.run(tasks: chunkCount, threads: threads, self)
    try control.check()
    let sums = partials.mutable.bindMemory(to: Double.self)
    var loss = 0.0
    for index in 0..<count { gradient[index] = 0 }
    for chunk in 0..<chunkCount {
      let partial = chunk * stride
      for index in 0..<count { gradient[index] += sums[partial + index] }
      loss += sums[partial + count]
    }
    let scale = 1 / Double(rows.count)
    let width = examples.width
    for row in 0..<examples.classes {
      for column in 0..<width {
        let weight = point[row * (width + 1) + column]
        gradient[row * (width + 1) + column] += l2 * weight
        loss += l2 / 2 * weight * weight
      }
    }
    for index in 0..<count { gradient[index] *= scale }
    return loss * scale
  }

  func perform(task: Int, worker: Int) {
    if control.shallStop { return }
    let width = examples.width
    let classes = examples.classes
    guard let base = partials.mutable.baseAddress else { return }
    let gradient = base.assumingMemoryBound(to: Double.self) + task * stride
    for index in 0..<stride { gradient[index] = 0 }
    let scores = gradient + count + 1
    var loss = 0.0
    let first = task * LogisticRegression.chunkRows
    let kernels = rowKernels.pointee
    point.withUnsafeBufferPointer { point in
      guard let parameters = point.baseAddress else { return }
      for row in rows[first..<min(first + LogisticRegression.chunkRows, rows.count)] {
        let features = examples.features + row * width
        let label = Int(examples.labels[row])
        LogisticRegression.logits(parameters, features, width, classes, into: scores)
        let logSum = LogisticRegression.logSumExp(scores, classes)
        let weight = classWeights[label]
        loss += weight * (logSum - scores[label])
        for row in 0..<classes {
          let probability = exp(scores[row] - logSum)
          let factor = weight * (probability - (row == label ? 1 : 0))
          kernels.accumulate_double(gradient + row * (width + 1), factor, features, Int64(width))
          gradient[row * (width + 1) + width] += factor
        }
      }
    }
    gradient[count] = loss
  }

  func tick() {}

  /// The class with the highest score for each row.
  static func predict(_ examples: Examples, rows: [Int], _ point: [Double]) -> [Int32] {
    var scores = [Double](repeating: 0, count: examples.classes)
    return point.withUnsafeBufferPointer { point in
      guard let parameters = point.baseAddress else { return [] }
      return rows.map { row in
        scores.withUnsafeMutableBufferPointer { scores in
          guard let base = scores.baseAddress else { return 0 }
          logits(
            parameters, examples.features + row * examples.width, examples.width,
            examples.classes, into: base)
          var best = 0
          for label in 1..<examples.classes where scores[label] > scores[best] { best = label }
          return Int32(truncatingIfNeeded: best)
        }
      }
    }
  }

  private static func logits(
    _ parameters: UnsafePointer<Double>, _ features: UnsafePointer<Float>, _ width: Int,
    _ classes: Int, into scores: UnsafeMutablePointer<Double>
  ) {
    let dot = rowKernels.pointee.dot_double
    for row in 0..<classes {
      let weights = parameters + row * (width + 1)
      scores[row] = dot(weights, features, Int64(width)) + weights[width]
    }
  }

  private static func logSumExp(_ scores: UnsafePointer<Double>, _ count: Int) -> Double {
    var highest = scores[0]
    for index in 1..<count { highest = max(highest, scores[index]) }
    var sum = 0.0
    for index in 0..<count { sum += exp(scores[index] - highest) }
    return highest + log(sum)
  }
}
