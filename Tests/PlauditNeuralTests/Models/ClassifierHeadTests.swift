import PlauditCore
import PlauditTensor
import Testing

@testable import PlauditNeural

struct ClassifierHeadTests {
  private func probabilities(_ problem: Problem, _ logits: [Float]) -> [Float] {
    var values = logits
    values.withUnsafeMutableBufferPointer {
      if let base = $0.baseAddress { problem.probabilities(base, count: $0.count) }
    }
    return values
  }

  @Test func `equal logits share, far ones do not overflow`() {
    #expect(probabilities(.singleLabel, [2, 2]) == [0.5, 0.5])
    #expect(probabilities(.singleLabel, [3e38, 0, -3e38]) == [1, 0, 0])
    #expect(probabilities(.multiLabel, [0, 3e38, -3e38]) == [0.5, 1, 0])
    #expect(probabilities(.regression, [7]) == [7])
  }

  @Test func `the label is the first of the highest scores, and none for NaN`() {
    func label(_ scores: [Float], _ problem: Problem = .singleLabel) -> Int32 {
      scores.withUnsafeBufferPointer { problem.label(of: $0) }
    }
    #expect(label([1, 3, 3]) == 1)
    #expect(label([.nan, 3, 3]) == -1)
    #expect(label([1, 3, 3], .multiLabel) == -1)
  }

  @Test func `scores that leave single precision are an error with the row`() throws {
    let base = try Model.load(path: Reference.tiny("sentence_max"))
    let embedding = try PredictionOptions().embedding(base)
    let weights = try FloatBuffer(count: 2 * 32)
    for index in 0..<64 { weights.pointer[index] = 3e38 }
    let dense = Dense(
      linear: Linear(Parameter(names: ["w"], shape: [2, 32], values: weights)),
      bias: try Parameter("b", [2]))
    let head = ClassifierHead(
      dense: dense, labels: LabelSet(names: ["a", "b"]), problem: .singleLabel)
    let body = EncoderBody(
      try base.encoder(for: "vectors"), embedding: embedding, head: head)
    let model = Model(architecture: "BertModel", body, head.scoring)
    do {
      _ = try model.scores(["x", "y"])
      Issue.record("infinite scores passed")
    } catch {
      let error = try #require(error as? PlauditError)
      #expect(error.kind == .notFinite)
      #expect(error.index == 0)
    }
    var options = PredictionOptions()
    options.longText = .windows
    options.maxLength = 8
    expectError(.notFinite, mentions: "single precision") {
      _ = try model.scores([String(repeating: "a ", count: 30)], options)
    }
  }
}
