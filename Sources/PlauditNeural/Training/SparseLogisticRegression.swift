import Glibc
import PlauditCore
import PlauditText

/// The loss of multinomial logistic regression over sparse rows, as `LogisticRegression` has it
/// over dense ones: `Σ weight · cross-entropy + l2 / 2 · |W|²`, divided by the number of rows.
///
/// Parameters are `[features + 1, classes]`, the intercepts last and free of the penalty. One pass
/// over chunks of rows computes residuals, another over chunks of features, which keep their own
/// copy of the values, the gradient: there are no partial gradients, and each sum has one order,
/// so the threads do not show in the result.
///
/// - Source: Hastie et al. 2009, The Elements of Statistical Learning, §4.4.1.
final class SparseLogisticRegression: Objective, ParallelWork {
  /// The same matrix by rows and by columns; what stands in a line is numbered across it.
  private struct Lines {
    let starts: UnsafePointer<Int>
    let places: UnsafePointer<UInt32>
    let values: UnsafePointer<Float>
    let count: Int

    /// Cuts into stretches of about as many values, at least one line each.
    func chunks(_ size: Int) -> [Range<Int>] {
      var chunks: [Range<Int>] = []
      var first = 0
      while first < count {
        var last = first + 1
        // An empty line costs something, too.
        while last < count, starts[last + 1] - starts[first] + last - first < size { last += 1 }
        chunks.append(first..<last)
        first = last
      }
      return chunks
    }
  }

  private enum Phase {
    case residuals
    case gradient
  }

  private let rows: Lines
  private let columns: Lines
  private let columnStarts: Bytes
  private let columnPlaces: Bytes
  private let columnValues: Bytes
  private let rowChunks: [Range<Int>]
  private let columnChunks: [Range<Int>]
  private let labels: [Int32]
  private let classes: Int
  private let classWeights: [Double]
  private let threads: Int
  private let control: RunControl
  var l2: Double

  /// `[rows, classes]`: scores, then residuals.
  private let residuals: Bytes
  /// For each chunk of rows its loss and its intercepts' gradient; for each of columns its penalty.
  private let rowSums: Bytes
  private let columnSums: Bytes
  private var phase = Phase.residuals
  private var point: UnsafePointer<Double>?
  private var gradient: UnsafeMutablePointer<Double>?

  /// Values times classes of a chunk: a few milliseconds' work.
  private static let chunkWork = 1 << 16

  /// - Parameters:
  ///   - matrix: outlives this object and does not change.
  ///   - labels: one a row, in `0..<classes`.
  init(
    _ matrix: borrowing SparseRows, labels: [Int32], classes: Int, classWeights: [Double],
    l2: Double, threads: Int, control: RunControl
  ) throws(PlauditError) {
    self.labels = labels
    self.classes = classes
    self.classWeights = classWeights
    self.l2 = l2
    self.threads = threads
    self.control = control
    let width = matrix.width
    rows = Lines(
      starts: matrix.offsets, places: matrix.columns, values: matrix.values, count: matrix.count)
    columnStarts = try Bytes(count: (width + 2) * MemoryLayout<Int>.stride)
    columnPlaces = try Bytes(count: matrix.valueCount * MemoryLayout<UInt32>.stride)
    columnValues = try Bytes(count: matrix.valueCount * MemoryLayout<Float>.stride)
    columns = try SparseLogisticRegression.transpose(
      rows, width: width, columnStarts, columnPlaces, columnValues, control)
    let size = max(SparseLogisticRegression.chunkWork / classes, 1)
    rowChunks = rows.chunks(size)
    columnChunks = columns.chunks(size)
    let (cells, overflow) = matrix.count.multipliedReportingOverflow(by: classes)
    guard !overflow, cells <= Int.max / 16 else {
      throw PlauditError(.outOfMemory, "no memory for the scores of \(matrix.count) texts")
    }
    residuals = try Bytes(count: cells * MemoryLayout<Double>.stride)
    rowSums = try Bytes(count: rowChunks.count * (classes + 1) * MemoryLayout<Double>.stride)
    columnSums = try Bytes(count: columnChunks.count * MemoryLayout<Double>.stride)
  }

  /// Counts, then places; two columns' starts share one array, moved by one.
  private static func transpose(
    _ rows: Lines, width: Int, _ startBytes: Bytes, _ placeBytes: Bytes, _ valueBytes: Bytes,
    _ control: RunControl
  ) throws(PlauditError) -> Lines {
    let starts = startBytes.mutable.bindMemory(to: Int.self)
    let places = placeBytes.mutable.bindMemory(to: UInt32.self)
    let values = valueBytes.mutable.bindMemory(to: Float.self)
    guard let start = starts.baseAddress, let place = places.baseAddress,
      let value = values.baseAddress
    else { throw PlauditError(.internal, "an empty matrix was transposed") }
    for column in 0..<width + 2 { start[column] = 0 }
    let total = rows.starts[rows.count]
    for index in 0..<total { start[Int(rows.places[index]) + 2] &+= 1 }
    for column in 0..<width { start[column + 2] &+= start[column + 1] }
    for row in 0..<rows.count {
      if row & 0x3FF == 0 { try control.check() }
      for index in rows.starts[row]..<rows.starts[row + 1] {
        let column = Int(rows.places[index]) + 1
        place[start[column]] = UInt32(truncatingIfNeeded: row)
        value[start[column]] = rows.values[index]
        start[column] &+= 1
      }
    }
    return Lines(
      starts: UnsafePointer(start), places: UnsafePointer(place), values: UnsafePointer(value),
      count: width)
  }

  var count: Int { (columns.count + 1) * classes }

  func check() throws(PlauditError) { try control.check() }

  func evaluate(_ point: [Double], gradient: inout [Double]) throws(PlauditError) -> Double {
    try control.check()
    point.withUnsafeBufferPointer { point in
      gradient.withUnsafeMutableBufferPointer { gradient in
        self.point = point.baseAddress
        self.gradient = gradient.baseAddress
        phase = .residuals
        WorkerPool.run(tasks: rowChunks.count, threads: threads, self)
        phase = .gradient
        WorkerPool.run(tasks: columnChunks.count, threads: threads, self)
        self.point = nil
        self.gradient = nil
      }
    }
    try control.check()
    let scale = 1 / Double(rows.count)
    let rowSums = self.rowSums.mutable.bindMemory(to: Double.self)
    let columnSums = self.columnSums.mutable.bindMemory(to: Double.self)
    var loss = 0.0
    var intercepts = [Double](repeating: 0, count: classes)
    for chunk in rowChunks.indices {
      let sums = chunk * (classes + 1)
      for label in 0..<classes { intercepts[label] += rowSums[sums + label] }
      loss += rowSums[sums + classes]
    }
    var squares = 0.0
    for chunk in columnChunks.indices { squares += columnSums[chunk] }
    for label in 0..<classes {
      gradient[columns.count * classes + label] = intercepts[label] * scale
    }
    return (loss + l2 / 2 * squares) * scale
  }

  func perform(task: Int, worker: Int) {
    guard !control.shallStop, let point else { return }
    switch phase {
    case .residuals: computeResiduals(task, point)
    case .gradient: computeGradient(task, point)
    }
  }

  func tick() {}

  private func computeResiduals(_ chunk: Int, _ point: UnsafePointer<Double>) {
    guard let all = residuals.mutable.baseAddress?.assumingMemoryBound(to: Double.self),
      let chunks = rowSums.mutable.baseAddress?.assumingMemoryBound(to: Double.self)
    else { return }
    let sums = chunks + chunk * (classes + 1)
    for label in 0...classes { sums[label] = 0 }
    let intercepts = point + columns.count * classes
    for row in rowChunks[chunk] {
      let scores = all + row * classes
      for label in 0..<classes { scores[label] = intercepts[label] }
      for index in rows.starts[row]..<rows.starts[row + 1] {
        let weights = point + Int(rows.places[index]) * classes
        let value = Double(rows.values[index])
        for label in 0..<classes { scores[label] += value * weights[label] }
      }
      var highest = scores[0]
      for label in 1..<classes { highest = max(highest, scores[label]) }
      let truth = Int(labels[row])
      let weight = classWeights[truth]
      let reached = scores[truth] - highest
      var total = 0.0
      for label in 0..<classes {
        scores[label] = exp(scores[label] - highest)
        total += scores[label]
      }
      sums[classes] += weight * (log(total) - reached)
      for label in 0..<classes {
        scores[label] = weight * (scores[label] / total - (label == truth ? 1 : 0))
        sums[label] += scores[label]
      }
    }
  }

  private func computeGradient(_ chunk: Int, _ point: UnsafePointer<Double>) {
    guard let all = residuals.mutable.baseAddress?.assumingMemoryBound(to: Double.self),
      let sums = columnSums.mutable.baseAddress?.assumingMemoryBound(to: Double.self),
      let gradient
    else { return }
    let scale = 1 / Double(rows.count)
    var squares = 0.0
    for column in columnChunks[chunk] {
      let slopes = gradient + column * classes
      let weights = point + column * classes
      for label in 0..<classes {
        slopes[label] = l2 * weights[label]
        squares += weights[label] * weights[label]
      }
      for index in columns.starts[column]..<columns.starts[column + 1] {
        let residual = all + Int(columns.places[index]) * classes
        let value = Double(columns.values[index])
        for label in 0..<classes { slopes[label] += value * residual[label] }
      }
      for label in 0..<classes { slopes[label] *= scale }
    }
    sums[chunk] = squares
  }

  // MARK: The start of the search

  /// Bounds of the curvature of each feature, `(1/K)(1 − 1/K) · Σ weight · x² + l2`, and of the
  /// intercepts: what `CurvatureBound` is to dense rows, without what lies off its diagonal.
  ///
  /// - Source: Böhning 1992, doi:10.1007/BF00048682.
  func curvature() -> [Double] {
    let share = (1 - 1 / Double(classes)) / Double(classes)
    var bounds = [Double](repeating: 0, count: columns.count + 1)
    for column in 0..<columns.count {
      var sum = 0.0
      for index in columns.starts[column]..<columns.starts[column + 1] {
        let value = Double(columns.values[index])
        sum += classWeights[Int(labels[Int(columns.places[index])])] * value * value
      }
      bounds[column] = share * sum
    }
    for label in labels { bounds[columns.count] += share * classWeights[Int(label)] }
    return bounds
  }

  /// Divides by the curvature, class by class; `bounds` are those of `curvature()`.
  func scale(_ vector: inout [Double], _ bounds: [Double]) {
    for column in bounds.indices {
      let factor = 1 / (bounds[column] + (column < columns.count ? l2 : 0))
      for label in 0..<classes { vector[column * classes + label] *= factor }
    }
  }
}
