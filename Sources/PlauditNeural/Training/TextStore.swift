package import PlauditCore
package import PlauditText

/// Texts and labels that a training keeps, cleaned.
package final class TextStore {
  private var bytes: [UInt8] = []
  private var offsets: [Int64] = [0]
  package private(set) var labels: [Int32] = []
  private let recipe: CleaningRecipe
  private let scratch = CleaningScratch()

  package init(_ recipe: CleaningRecipe) { self.recipe = recipe }

  package var count: Int { labels.count }

  /// Adds texts with their labels, below `labelCount`; all or nothing.
  package func add(
    _ texts: TextBatch, labels new: UnsafeBufferPointer<Int32>, names: [String],
    control: RunControl
  ) throws(PlauditError) {
    guard texts.count == new.count else {
      throw PlauditError(.invalidArgument, "\(new.count) labels for \(texts.count) texts")
    }
    let bytesBefore = bytes.count
    let countBefore = count
    do throws(PlauditError) {
      for row in 0..<texts.count {
        try control.check()
        guard !texts.isNull(row) else {
          throw PlauditError(.invalidData, "a null text cannot be an example", index: Int64(row))
        }
        guard new[row] >= 0, Int(new[row]) < names.count else {
          throw PlauditError(
            .invalidData, "label \(new[row]) is not one of 0 to \(names.count - 1)",
            index: Int64(row))
        }
        let text = texts.text(row)
        if let bad = try UTF8Text.firstFault(text, control: control) {
          throw PlauditError(
            .invalidUTF8, "the text is not UTF-8 at byte \(bad)", index: Int64(row),
            offset: Int64(bad))
        }
        do throws(PlauditError) {
          bytes.append(contentsOf: try recipe.apply(text, into: scratch, control: control).bytes)
        } catch {
          throw error.isStop ? error : error.at(index: Int64(row))
        }
        offsets.append(Int64(bytes.count))
        labels.append(new[row])
      }
    } catch {
      bytes.removeLast(bytes.count - bytesBefore)
      offsets.removeLast(count - countBefore)
      labels.removeLast(count - countBefore)
      throw error
    }
  }

  /// Runs `body` with the texts as a batch.
  package func withTexts<Result>(
    _ body: (TextBatch, UnsafeBufferPointer<Int32>) throws(PlauditError) -> Result
  ) throws(PlauditError) -> Result {
    try bytes.withUnsafeBufferPointer { (bytes) throws(PlauditError) in
      try offsets.withUnsafeBufferPointer { (offsets) throws(PlauditError) in
        try labels.withUnsafeBufferPointer { (labels) throws(PlauditError) in
          let batch = try TextBatch(
            count: labels.count, data: UnsafeRawBufferPointer(bytes), offsets32: nil,
            offsets64: offsets.baseAddress, validity: nil)
          return try body(batch, labels)
        }
      }
    }
  }

  /// A copy of some rows.
  package func subset(_ rows: [Int]) -> TextStore {
    let made = TextStore(recipe)
    for row in rows {
      made.bytes += bytes[Int(offsets[row])..<Int(offsets[row + 1])]
      made.offsets.append(Int64(made.bytes.count))
      made.labels.append(labels[row])
    }
    return made
  }

  private static let digestBlock = 1 << 20

  /// Whether a label has a single example.
  func hasLoneLabel(of count: Int) -> Bool {
    var examples = [Int](repeating: 0, count: count)
    for label in labels { examples[Int(label)] += 1 }
    return examples.contains(1)
  }

  /// FNV-1a over texts and labels.
  func digest(control: RunControl) throws(PlauditError) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var first = 0
    while first < bytes.count {
      let end = min(first + TextStore.digestBlock, bytes.count)
      for byte in bytes[first..<end] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      first = end
      try control.check()
    }
    for label in labels { hash = (hash ^ UInt64(UInt32(bitPattern: label))) &* 0x100_0000_01b3 }
    for offset in offsets { hash = (hash ^ UInt64(bitPattern: offset)) &* 0x100_0000_01b3 }
    return hash
  }

  /// Throws naming the first label without an example, and `.invalidData` when no text has any
  /// content.
  func checkComplete(_ names: [String]) throws(PlauditError) {
    guard count > 0 else {
      throw PlauditError(.invalidState, "there are no examples; add some before fitting")
    }
    guard !bytes.isEmpty else {
      throw PlauditError(.invalidData, "all \(count) texts are empty once they are cleaned")
    }
    var seen = [Bool](repeating: false, count: names.count)
    for label in labels { seen[Int(label)] = true }
    for (label, hasExamples) in seen.enumerated() where !hasExamples {
      throw PlauditError(
        .invalidState, "label \(names[label]) has no example; add some before fitting")
    }
  }
}
