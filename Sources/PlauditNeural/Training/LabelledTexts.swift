package import PlauditCore
import PlauditStats
package import PlauditText

/// Texts with a label each, borrowed for one training.
package struct LabelledTexts {
  package let texts: TextBatch
  package let labels: UnsafeBufferPointer<Int32>

  /// - Parameter names: the labels there are.
  /// - Throws: `.invalidArgument` for names that are too few, empty or repeated, or for another
  ///   number of labels than texts; `.invalidData` with the row for a label that has no name or a
  ///   null text.
  package init(
    _ texts: TextBatch, labels: UnsafeBufferPointer<Int32>, names: [String]
  ) throws(PlauditError) {
    guard texts.count == labels.count else {
      throw PlauditError(.invalidArgument, "\(labels.count) labels for \(texts.count) texts")
    }
    try LabelSet.check(names)
    for (row, label) in labels.enumerated() {
      guard label >= 0, Int(label) < names.count else {
        throw PlauditError(
          .invalidData, "label \(label) is not one of 0 to \(names.count - 1)", index: Int64(row))
      }
      guard !texts.isNull(row) else {
        throw PlauditError(.invalidData, "a null text cannot be an example", index: Int64(row))
      }
    }
    self.texts = texts
    self.labels = labels
  }

  /// Throws `.invalidState` naming the first label without an example.
  func checkEachLabelHasExamples(_ names: [String]) throws(PlauditError) {
    var seen = [Bool](repeating: false, count: names.count)
    for label in labels { seen[Int(label)] = true }
    for (label, hasExamples) in seen.enumerated() where !hasExamples {
      throw PlauditError(
        .invalidState,
        seen.contains(true)
          ? "label \(names[label]) has no example; add some before fitting"
          : "there are no examples; add some before fitting")
    }
  }

  /// A seeded part of each label's rows set aside: at least one, never all.
  func split(
    _ names: [String], fraction: Double, seed: UInt64
  ) throws(PlauditError) -> (train: [Int], held: [Int]) {
    var byLabel = [[Int]](repeating: [], count: names.count)
    for (row, label) in labels.enumerated() { byLabel[Int(label)].append(row) }
    var train: [Int] = []
    var held: [Int] = []
    for (label, rows) in byLabel.enumerated() {
      guard rows.count >= 2 else {
        throw PlauditError(
          .invalidState,
          "label \(names[label]) has \(rows.count) example; setting some aside to compare by needs 2 "
            + "of each, or validation texts")
      }
      var random = RandomSource(seed: seed, stream: UInt64(label))
      var shuffled = rows
      random.shuffle(&shuffled)
      let wanted = Int(exactly: (Double(rows.count) * fraction).rounded()) ?? 1
      let count = min(max(wanted, 1), rows.count - 1)
      held += shuffled[..<count]
      train += shuffled[count...]
    }
    return (train.sorted(), held.sorted())
  }

  /// The weight of each label's examples in the loss.
  func weights(
    _ rows: [Int], _ weighting: HeadTrainerOptions.ClassWeighting, _ names: [String]
  ) throws(PlauditError) -> [Double] {
    switch weighting {
    case .none: return [Double](repeating: 1, count: names.count)
    case .balanced:
      var counts = [Double](repeating: 0, count: names.count)
      for row in rows { counts[Int(labels[row])] += 1 }
      return counts.map { Double(rows.count) / (Double(names.count) * max($0, 1)) }
    case .custom(let weights):
      try weighting.check(labels: names.count)
      return weights
    }
  }
}

/// A trained model, how the training went, and why it ended early if it did: the model is then
/// that of the last complete iteration.
package struct Trained<Result> {
  package let model: Result
  package let report: TrainingReport
  package let interruption: PlauditError?
}

/// What scores texts into logits, one text at a time.
package protocol TextScorer {
  associatedtype Scratch
  /// The number of logits of a text.
  var classCount: Int { get }
  /// Working memory of one thread.
  func makeScratch() throws(PlauditError) -> Scratch
  /// Writes the logits of one text; allocates nothing once the scratch has seen a larger one.
  ///
  /// - Parameter control: asked on the way through a long text.
  /// - Throws: `.invalidUTF8` with the byte offset, `.limit`, `.outOfMemory`, and what `control`
  ///   says.
  func score(
    _ text: UnsafeRawBufferPointer, _ scratch: Scratch, control: RunControl?,
    into logits: UnsafeMutablePointer<Float>
  ) throws(PlauditError)
}

extension TextScorer {
  /// Compares the best-scored label of some rows with what they have.
  func report(
    _ data: LabelledTexts, rows: [Int], control: RunControl
  ) throws(PlauditError) -> ClassificationReport {
    let scratch = try makeScratch()
    let size = rows.count * MemoryLayout<Int32>.stride
    let truthBytes = try Bytes(count: size)
    let predictedBytes = try Bytes(count: size)
    let truth = truthBytes.mutable.bindMemory(to: Int32.self)
    let predicted = predictedBytes.mutable.bindMemory(to: Int32.self)
    let logitBytes = try Bytes(count: classCount * MemoryLayout<Float>.stride)
    let logits = logitBytes.mutable.bindMemory(to: Float.self)
    for (index, row) in rows.enumerated() {
      if index & 63 == 0 { try control.check() }
      if let base = logits.baseAddress {
        do throws(PlauditError) {
          try score(data.texts.text(row), scratch, control: control, into: base)
        } catch {
          throw error.kind == .invalidUTF8 ? error.at(index: Int64(row)) : error
        }
      }
      truth[index] = data.labels[row]
      predicted[index] = Problem.singleLabel.label(of: UnsafeBufferPointer(logits))
    }
    return try ClassificationReport(
      truth: UnsafeBufferPointer(truth), predicted: UnsafeBufferPointer(predicted),
      classes: classCount)
  }
}
