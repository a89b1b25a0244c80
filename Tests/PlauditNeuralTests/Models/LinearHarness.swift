import PlauditCore
import PlauditText

@testable import PlauditNeural

/// Posts that say love or bad, never both, among other words; label 1 is love.
func sortedPosts(_ count: Int, seed: UInt64 = 7) -> ([String], [Int32]) {
  var texts: [String] = []
  var labels: [Int32] = []
  for (index, post) in inventedPosts(count, seed: seed).enumerated() {
    let label = index % 2
    let words = post.split(separator: " ").filter { $0 != "love" && $0 != "bad" }
    texts.append((words + [label == 1 ? "love" : "bad"]).joined(separator: " "))
    labels.append(Int32(label))
  }
  return (texts, labels)
}

func withLabelled<Result>(
  _ texts: [String], _ labels: [Int32], _ names: [String],
  _ body: (LabelledTexts) throws -> Result
) throws -> Result {
  let held = Texts(texts)
  return try labels.withUnsafeBufferPointer { labels in
    try withExtendedLifetime(held) {
      try body(try LabelledTexts(held.batch(), labels: labels, names: names))
    }
  }
}

extension TextScorer {
  func logits(_ text: String) throws -> [Float] {
    var logits = [Float](repeating: .nan, count: classCount)
    let scratch = try makeScratch()
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBytes { try score($0, scratch, control: nil, into: &logits) }
    return logits
  }
}
