import PlauditCore
import PlauditNeural
import PlauditTensor
import PlauditText
import Testing

/// fp32 sums in another order than PyTorch's: PyTorch itself is up to 8e-6 from its own fp64 on
/// these models (bert_tiny.json, max_abs_fp32_fp64).
let float32Tolerance: Float = 2e-5

extension Model {
  func embeddings(
    _ texts: [String], _ options: PredictionOptions = PredictionOptions(), threads: Int = 1
  ) throws -> [[Float]] {
    let width = try options.embedding(self).width
    var flat = [Float](repeating: 0, count: texts.count * width)
    let held = Texts(texts)
    try flat.withUnsafeMutableBufferPointer {
      try embed(
        held.batch(), options, threads: threads, control: RunControl(), vectors: $0, reports: nil)
    }
    return (0..<texts.count).map { Array(flat[$0 * width..<($0 + 1) * width]) }
  }

  func scores(
    _ texts: [String], pairs: [String]? = nil, _ options: PredictionOptions = PredictionOptions(),
    threads: Int = 1
  ) throws -> [[Float]] {
    let width = head?.count ?? 0
    var flat = [Float](repeating: 0, count: texts.count * width)
    let held = Texts(texts)
    let heldPairs = pairs.map { Texts($0) }
    try flat.withUnsafeMutableBufferPointer {
      try predict(
        held.batch(), pairs: heldPairs?.batch(), options, threads: threads,
        control: RunControl(), scores: $0, reports: nil)
    }
    return (0..<texts.count).map { Array(flat[$0 * width..<($0 + 1) * width]) }
  }

  func states(_ text: String, pair: String? = nil) throws -> [[Float]] {
    let held = Texts([text])
    let heldPair = pair.map { Texts([$0]) }
    let options = PredictionOptions()
    var offsets: [Int64] = [0, 0]
    let width = hiddenSize
    try offsets.withUnsafeMutableBufferPointer {
      try tokenOffsets(
        held.batch(), pairs: heldPair?.batch(), options, control: RunControl(), offsets: $0)
    }
    var flat = [Float](repeating: 0, count: Int(offsets[1]) * width)
    try flat.withUnsafeMutableBufferPointer { states in
      try offsets.withUnsafeBufferPointer {
        try hiddenStates(
          held.batch(), pairs: heldPair?.batch(), options, threads: 1, control: RunControl(),
          states: states, offsets: $0)
      }
    }
    return (0..<Int(offsets[1])).map { Array(flat[$0 * width..<($0 + 1) * width]) }
  }
}

func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
}

func expectError(
  _ kind: PlauditError.Kind, mentions: String, _ body: () throws -> Void,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  do {
    try body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch let error as PlauditError {
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    #expect(
      error.message.contains(mentions), "\(error) does not mention \(mentions)",
      sourceLocation: sourceLocation)
  } catch {
    Issue.record("\(error)", sourceLocation: sourceLocation)
  }
}

/// Invented posts of many lengths, some with words the tiny vocabularies lack.
func inventedPosts(_ count: Int, seed: UInt64 = 7) -> [String] {
  let words = [
    "love", "this", "new", "shoe", "brand", "slow", "refund", "great", "bad", "the", "a", "!",
    "delivery", "café", "10", "%", "off", "today", "why", "?", "😍", "买", "unbelievable",
  ]
  var random = RandomSource(seed: seed)
  return (0..<count).map { _ in
    (0..<Int(random.next(below: 40))).map { _ in
      words[Int(random.next(below: UInt64(words.count)))]
    }.joined(separator: " ")
  }
}
