import Foundation
import PlauditCore
import PlauditText
import Testing

@testable import PlauditNeural

struct HashedLinearTests {
  private func train(
    _ texts: [String], _ labels: [Int32], validation: ([String], [Int32])? = nil,
    control: RunControl = RunControl(), _ change: (inout HashedLinearOptions) -> Void = { _ in }
  ) throws -> Trained<HashedLinear> {
    let names = ["bad", "good"]
    var options = HashedLinearOptions()
    options.buckets = 1 << 12
    change(&options)
    return try withLabelled(texts, labels, names) { data in
      guard let validation else {
        return try HashedLinear.train(data, names: names, options, control: control)
      }
      return try withLabelled(validation.0, validation.1, names) {
        try HashedLinear.train(data, names: names, validation: $0, options, control: control)
      }
    }
  }

  // MARK: By hand

  @Test func `the first step is the formula's`() throws {
    // One bucket of width 1 holds v in ±1; the softmax starts at 0, so each probability is 1/2.
    let trained = try train(["a", "a"], [0, 1]) { options in
      options.buckets = 1
      options.width = 1
      options.epochs = 1
      options.learningRate = 1
      options.words.longest = 1
    }
    let (vectors, weights, bias) = trained.model.parameters
    var random = RandomSource(seed: 0, stream: 1 << 32)
    let v = Float(2 * random.uniform() - 1)
    var order = [0, 1]
    var shuffling = RandomSource(seed: 0, stream: 0)
    shuffling.shuffle(&order)
    let sign: Float = order[0] == 1 ? 1 : -1
    // First text: weights ± v / 2 and biases ± 1 / 2 towards its label, the vector as it was.
    // Second text: half the rate; d is how far its label is behind.
    let d = v * v + 1
    let miss = 0.5 * (1 - 1 / (1 + exp(d)))
    #expect((weights[1] - sign * (v / 2 - miss * v)).magnitude < 1e-6)
    #expect((bias[1] - sign * (0.5 - miss)).magnitude < 1e-6)
    #expect((vectors[0] - (v - miss * v)).magnitude < 1e-6)
  }

  // MARK: Law

  @Test func `posts that one word decides are learnt`() throws {
    let (texts, labels) = sortedPosts(600)
    let (others, theirs) = sortedPosts(200, seed: 99)
    for characters in [nil, NGrams(.character, shortest: 3, longest: 4)] {
      let trained = try train(texts, labels, validation: (others, theirs)) { options in
        options.characters = characters
        options.epochs = 20
      }
      #expect(trained.report.holdoutAccuracy > 0.95)
      #expect(trained.report.iterationCount == 20)
      #expect(trained.report.loss < 0.3)
    }
  }

  @Test func `the seed decides, and nothing else`() throws {
    let (texts, labels) = sortedPosts(100)
    let first = try train(texts, labels).model.parameters
    let again = try train(texts, labels).model.parameters
    let other = try train(texts, labels) { $0.seed = 1 }.model.parameters
    #expect(first.vectors == again.vectors && first.weights == again.weights)
    #expect(first.vectors != other.vectors)
  }

  @Test func `buckets that no text meets are zero`() throws {
    let (texts, labels) = sortedPosts(10)
    let trained = try train(texts, labels) { $0.buckets = 1 << 16 }
    let zeros = trained.model.parameters.vectors.filter { $0 == 0 }.count
    #expect(zeros > (1 << 16) * 15)
    #expect(try trained.model.logits("unheard") == trained.model.logits(""))
  }

  @Test func `probabilities never exceed 1`() throws {
    let (texts, labels) = sortedPosts(200)
    let model = try train(texts, labels) {
      $0.epochs = 200
      $0.learningRate = 2
    }.model
    for text in texts {
      var scores = try model.logits(text)
      Problem.singleLabel.probabilities(&scores, count: 2)
      #expect(scores.allSatisfy { $0 >= 0 && $0 <= 1 })
      #expect((scores[0] + scores[1] - 1).magnitude < 1e-6)
    }
  }

  @Test func `a saved model gives the same bits`() throws {
    let (texts, labels) = sortedPosts(60)
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let model = try train(texts, labels) {
      $0.characters = NGrams(.character, shortest: 2, longest: 3)
    }.model
    try model.save(to: folder)
    let again = try HashedLinear.load(path: folder)
    #expect(again.features == model.features)
    #expect(again.labels.names == ["bad", "good"])
    for text in texts + ["", "no such word 😍"] {
      #expect(try again.logits(text) == model.logits(text))
    }
  }

  @Test func `a callback that refuses leaves a usable model`() throws {
    let (texts, labels) = sortedPosts(400)
    let control = RunControl(intervalMilliseconds: 0) { $0.done < 4_000 }
    let trained = try train(texts, labels, control: control) { $0.epochs = 100 }
    #expect(trained.interruption?.kind == .cancelled)
    #expect(trained.report.iterationCount == 10)
    #expect(!trained.report.converged)
    #expect(try trained.model.logits("love")[1] > trained.model.logits("bad")[1])
  }

  // MARK: Refusal

  @Test func `options out of range are refused`() throws {
    func refused(_ mentions: String, _ change: (inout HashedLinearOptions) -> Void) {
      expectError(.invalidArgument, mentions: mentions) {
        _ = try train(["love", "hate"], [1, 0], change)
      }
    }
    refused("0 buckets") { $0.buckets = 0 }
    refused("vectors of width 0") { $0.width = 0 }
    refused("0 epochs") { $0.epochs = 0 }
    refused("the learning rate is nan") { $0.learningRate = .nan }
    refused("each other's unit") { $0.characters = NGrams(.word) }
    refused("n-grams of 2 to 1") {
      $0.words.shortest = 2; $0.words.longest = 1
    }
    refused("3 class weights for 2 labels") { $0.classWeighting = .custom([1, 1, 1]) }
  }

  @Test func `data that cannot be learnt from are refused`() throws {
    expectError(.invalidState, mentions: "label bad has no example") {
      _ = try train(["love", "great"], [1, 1])
    }
    expectError(.invalidData, mentions: "none of 2 texts holds an n-gram") {
      _ = try train(["", " "], [1, 0])
    }
    expectError(.notFinite, mentions: "lower the learning rate") {
      let (texts, labels) = sortedPosts(50)
      _ = try train(texts, labels) { $0.learningRate = 1e30 }
    }
  }

  @Test func `damaged folders are refused`() throws {
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let model = try train(["love it", "hate it"], [1, 0]).model
    func refused(
      _ kind: PlauditError.Kind, _ mentions: String, _ file: String, _ from: String, _ to: String
    ) throws {
      try model.save(to: folder)
      let path = "\(folder)/\(file)"
      let text = try String(contentsOfFile: path, encoding: .isoLatin1)
      #expect(text.contains(from))
      try text.replacingOccurrences(of: from, with: to).write(
        toFile: path, atomically: false, encoding: .isoLatin1)
      expectError(kind, mentions: mentions) { _ = try HashedLinear.load(path: folder) }
    }
    let config = "config.json"
    let weights = "model.safetensors"
    try refused(.shape, "embeddings.weight", config, "\"buckets\": 4096", "\"buckets\": 4095")
    try refused(.limit, "features.buckets", config, "\"buckets\": 4096", "\"buckets\": 99999999")
    try refused(.corrupt, "features.width", config, "\"width\": 16", "\"width\": 0")
    try refused(.corrupt, "features", config, "\"features\"", "\"fixtures\"")
    try refused(.corrupt, "symbols must be", config, "\"symbols\": true", "\"symbols\": \"no\"")
    try refused(.corrupt, "other's analyzer", config, "\"word\"", "\"char_wb\"")
    try refused(
      .corrupt, "embeddings.weight is missing", weights, "embeddings.weight",
      "embeddings.height")
    try refused(.shape, "id2label", config, "\"0\": \"bad\",", "")
  }
}
