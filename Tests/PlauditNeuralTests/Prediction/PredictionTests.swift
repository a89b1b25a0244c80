import PlauditCore
import PlauditNeural
import PlauditTensor
import Testing

struct PredictionTests {
  @Test(arguments: ["sequence_single", "relu_odd"], PrecisionChoice.allCases)
  func `a text's bits are the same alone, in any batch, at any thread count`(
    name: String, precision: PrecisionChoice
  ) throws {
    let model = try Model.load(path: Reference.tiny(name), precision: precision)
    var options = PredictionOptions()
    options.pooling = .mean
    let posts = inventedPosts(150)
    let alone = try posts.map { try model.embeddings([$0], options)[0] }
    for threads in [1, 2, 3, 8] {
      #expect(try model.embeddings(posts, options, threads: threads) == alone)
    }
    #expect(
      try model.embeddings(posts.reversed(), options, threads: 2) == Array(alone.reversed()))
    let scorer = try Scorer(model, options)
    for (post, expected) in zip(posts, alone) {
      var vector = [Float](repeating: 0, count: expected.count)
      let held = Array(post.utf8)
      _ = try vector.withUnsafeMutableBufferPointer { vector in
        try held.withUnsafeBytes { try scorer.embed($0, into: vector) }
      }
      #expect(vector == expected)
    }
  }

  @Test func `probabilities are a softmax of the logits`() throws {
    let model = try Model.load(path: Reference.tiny("sequence_single"))
    var raw = PredictionOptions()
    raw.probabilities = false
    let logits = try model.scores(["a great day"], raw)[0]
    let probabilities = try model.scores(["a great day"])[0]
    #expect((probabilities.reduce(0, +) - 1).magnitude < 1e-6)
    let ratio = probabilities[0] / probabilities[1]
    #expect((ratio / exponential(logits[0] - logits[1]) - 1).magnitude < 1e-5)
  }

  @Test func `multi-label probabilities are independent`() throws {
    let model = try Model.load(path: Reference.tiny("sequence_multi"))
    var raw = PredictionOptions()
    raw.probabilities = false
    let logits = try model.scores(["a great day"], raw)[0]
    let probabilities = try model.scores(["a great day"])[0]
    for (logit, probability) in zip(logits, probabilities) {
      #expect((probability - 1 / (1 + exponential(-logit))).magnitude < 1e-6)
    }
    #expect(model.head?.problem.label(of: UnsafeBufferPointer(start: nil, count: 0)) == -1)
  }

  @Test func `a long text is truncated and the report says so`() throws {
    let model = try Model.load(path: Reference.tiny("sentence_mean"))
    let long = Array(repeating: "a", count: 50).joined(separator: " ")
    let held = Texts([long])
    var report = TextReport()
    var vector = [Float](repeating: 0, count: 32)
    try vector.withUnsafeMutableBufferPointer {
      try model.embed(
        held.batch(), PredictionOptions(), threads: 1, control: RunControl(), vectors: $0
      ) { report = $1 }
    }
    #expect(report.tokenCount == 16)
    #expect(report.droppedTokens == 36)
    #expect(report.windowCount == 1)
  }

  @Test func `windows see every token and short texts do not change`() throws {
    let model = try Model.load(path: Reference.tiny("sequence_single"))
    var windows = PredictionOptions()
    windows.longText = .windows
    windows.maxLength = 16
    windows.windowStride = 4
    let long = inventedPosts(1, seed: 4)[0] + " " + inventedPosts(1, seed: 5)[0]
    let held = Texts([long])
    var report = TextReport()
    var scores = [Float](repeating: 0, count: 3)
    try scores.withUnsafeMutableBufferPointer {
      try model.predict(
        held.batch(), pairs: nil, windows, threads: 1, control: RunControl(), scores: $0
      ) { report = $1 }
    }
    #expect(report.windowCount > 1)
    #expect(report.droppedTokens == 0)
    #expect((scores.reduce(0, +) - 1).magnitude < 1e-6)
    #expect(try model.scores([long], windows) == [scores])
    #expect(try model.scores(["a day"], windows) == model.scores(["a day"]))
  }

  @Test func `a long text can be refused`() throws {
    let model = try Model.load(path: Reference.tiny("sentence_mean"))
    var options = PredictionOptions()
    options.longText = .refuse
    let long = Array(repeating: "a", count: 50).joined(separator: " ")
    expectError(.limit, mentions: "52 tokens") { _ = try model.embeddings(["a", long], options) }
  }

  @Test func `options out of range are refused with the range`() throws {
    let model = try Model.load(path: Reference.tiny("sentence_mean"))
    var options = PredictionOptions()
    options.maxLength = 1000
    expectError(.outOfRange, mentions: "2 to 32") { _ = try model.embeddings(["a"], options) }
    options.maxLength = 1
    expectError(.outOfRange, mentions: "2 to 32") { _ = try model.embeddings([], options) }
    options.maxLength = 8
    options.windowStride = 3
    expectError(.invalidArgument, mentions: "window_stride") {
      _ = try model.embeddings(["a"], options)
    }
    options.longText = .windows
    options.windowStride = 6
    expectError(.outOfRange, mentions: "0 to 5") { _ = try model.embeddings(["a"], options) }
  }

  @Test func `an encoder without a head does not score`() throws {
    let model = try Model.load(path: Reference.tiny("sentence_mean"))
    expectError(.invalidState, mentions: "no head") { _ = try model.scores(["a"]) }
  }

  @Test func `a folder without a pooling asks for one`() throws {
    let model = try Model.load(path: Reference.tiny("base_gelu"))
    expectError(.invalidArgument, mentions: "no pooling") { _ = try model.embeddings(["a"]) }
  }

  @Test func `a cancelled batch says so and an error keeps its row`() throws {
    let model = try Model.load(path: Reference.tiny("sentence_mean"))
    let held = Texts(inventedPosts(50))
    let cancellation = Cancellation()
    cancellation.request()
    var vectors = [Float](repeating: 0, count: 50 * 32)
    expectError(.cancelled, mentions: "cancelled") {
      try vectors.withUnsafeMutableBufferPointer {
        try model.embed(
          held.batch(), PredictionOptions(), threads: 2,
          control: RunControl(cancellation: cancellation), vectors: $0, reports: nil)
      }
    }
  }
}

/// e^x by its series, so that the test does not lean on the code it tests.
private func exponential(_ x: Float) -> Float {
  var term = 1.0
  var sum = 1.0
  for index in 1..<60 {
    term *= Double(x) / Double(index)
    sum += term
  }
  return Float(sum)
}
