import PlauditCore
import PlauditNeural
import PlauditTensor
import Testing

@testable import PlauditNeural

struct HeadTrainerTests {
  private func trainer(
    _ options: HeadTrainerOptions = HeadTrainerOptions()
  ) throws -> (HeadTrainer, [String]) {
    let model = try Model.load(path: Reference.tiny("sentence_mean"))
    let trainer = try HeadTrainer(model, labels: ["love", "hate"], options)
    let posts = inventedPosts(120).map { post in post.contains("love") ? post : post + " bad" }
    let labels = posts.map { Int32($0.contains("love") ? 0 : 1) }
    let held = Texts(posts)
    try labels.withUnsafeBufferPointer {
      try trainer.add(held.batch(), labels: $0, threads: 2, control: RunControl())
    }
    return (trainer, posts)
  }

  @Test func `the gradient equals central differences`() throws {
    var random = RandomSource(seed: 5)
    let width = 7
    let features = try FloatBuffer(count: 40 * width)
    for index in 0..<features.count { features.pointer[index] = Float(random.uniform()) - 0.5 }
    let labels = (0..<40).map { _ in Int32(random.next(below: 3)) }
    let examples = Examples(
      features: features.pointer, labels: labels, width: width, classes: 3)
    let objective = try LogisticRegression(
      examples, rows: Array(0..<40), classWeights: [1, 2, 0.5], l2: 0.7, threads: 1,
      control: RunControl())
    let point = (0..<objective.count).map { _ in random.uniform() - 0.5 }
    var gradient = [Double](repeating: 0, count: point.count)
    var ignored = gradient
    _ = try objective.evaluate(point, gradient: &gradient)
    for index in point.indices {
      var up = point
      var down = point
      up[index] += 1e-5
      down[index] -= 1e-5
      let slope =
        (try objective.evaluate(up, gradient: &ignored)
          - objective.evaluate(down, gradient: &ignored)) / 2e-5
      #expect((slope - gradient[index]).magnitude < 1e-9)
    }
  }

  @Test func `a trained head predicts, saves and loads with the same bits`() throws {
    let (trainer, posts) = try trainer()
    let report = try trainer.fit(threads: 2, control: RunControl())
    #expect(report.converged)
    #expect(report.exampleCount == 120)
    #expect(HeadTrainer.candidates.contains(report.l2))
    let model = try trainer.model()
    let folder = try Reference.temporaryFolder()
    try model.save(to: folder)
    let again = try Model.load(path: folder)
    #expect(again.head?.labels.names == ["love", "hate"])
    #expect(again.head?.problem == .singleLabel)
    #expect(try again.scores(posts) == model.scores(posts))
    #expect(try again.embeddings(posts) == model.embeddings(posts))
    // A head can be trained on a model that has one.
    let second = try HeadTrainer(again, labels: ["x", "y", "z"], HeadTrainerOptions())
    #expect(second.width == 32)
  }

  @Test func `fits are the same bits at any thread count`() throws {
    var options = HeadTrainerOptions()
    options.l2 = 0.1
    let (first, posts) = try trainer(options)
    let (second, _) = try trainer(options)
    _ = try first.fit(threads: 1, control: RunControl())
    _ = try second.fit(threads: 3, control: RunControl())
    #expect(try first.model().scores(posts) == second.model().scores(posts))
  }

  @Test func `a cancelled fit leaves a usable head`() throws {
    let (trainer, posts) = try trainer()
    var reports = 0
    let control = RunControl(intervalMilliseconds: 0) { _ in
      reports += 1
      return reports < 3
    }
    expectError(.cancelled, mentions: "callback") {
      _ = try trainer.fit(threads: 2, control: control)
    }
    #expect(try trainer.model().scores(posts).count == posts.count)
  }

  @Test func `bad examples are refused with their row and nothing is added`() throws {
    let model = try Model.load(path: Reference.tiny("sentence_mean"))
    let trainer = try HeadTrainer(model, labels: ["a", "b"], HeadTrainerOptions())
    let labels: [Int32] = [0, 2]
    labels.withUnsafeBufferPointer { labels in
      expectError(.invalidData, mentions: "label 2") {
        try trainer.add(
          Texts(["x", "y"]).batch(), labels: labels, threads: 1, control: RunControl())
      }
    }
    let vectors: [Float] =
      [Float](repeating: 0, count: 32) + [.nan]
      + [Float](repeating: 0, count: 31)
    let good: [Int32] = [0, 1]
    vectors.withUnsafeBufferPointer { vectors in
      good.withUnsafeBufferPointer { good in
        expectError(.notFinite, mentions: "1 values") {
          try trainer.add(vectors: vectors, labels: good)
        }
      }
    }
    #expect(trainer.exampleCount == 0)
    expectError(.invalidState, mentions: "label a has no example") {
      _ = try trainer.fit(threads: 1, control: RunControl())
    }
    expectError(.invalidState, mentions: "not been fitted") { _ = try trainer.model() }
  }

  @Test func `labels must be two or more different names`() throws {
    let model = try Model.load(path: Reference.tiny("sentence_mean"))
    for labels in [["a"], ["a", "a"], ["a", ""]] {
      expectError(.invalidArgument, mentions: "label") {
        _ = try HeadTrainer(model, labels: labels, HeadTrainerOptions())
      }
    }
  }
}
