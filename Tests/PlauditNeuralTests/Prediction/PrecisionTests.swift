import PlauditCore
import PlauditNeural
import PlauditTensor
import Testing

/// Models below fp32; bf16 is fp32 on machines that do not multiply halves faster.
struct PrecisionTests {
  private func loaded(_ name: String, _ precision: PrecisionChoice) throws -> Model {
    try Model.load(path: Reference.tiny(name), precision: precision)
  }

  private func report(
    _ model: Model, _ choice: PrecisionChoice, _ texts: [String], pairs: [String]? = nil,
    _ options: PredictionOptions = PredictionOptions(), threads: Int = 1
  ) throws -> PrecisionReport {
    let held = Texts(texts)
    let heldPairs = pairs.map { Texts($0) }
    return try model.precisionReport(
      choice, held.batch(), pairs: heldPairs?.batch(), options, threads: threads,
      control: RunControl())
  }

  @Test(.enabled(if: Reference.miniLM != nil), arguments: PrecisionChoice.allCases)
  func `MiniLM gives the same bits in every batch, close to fp32's`(
    precision: PrecisionChoice
  ) throws {
    let folder = try #require(Reference.miniLM)
    let model = try Model.load(path: folder, precision: precision)
    let posts = inventedPosts(60, seed: 3)
    let alone = try posts.map { try model.embeddings([$0])[0] }
    for threads in [1, 2] { #expect(try model.embeddings(posts, threads: threads) == alone) }
    // So few that threads share their layers.
    for threads in [2, 3] {
      for (index, post) in posts.prefix(4).enumerated() {
        #expect(try model.embeddings([post], threads: threads)[0] == alone[index])
      }
      #expect(try model.embeddings(Array(posts[..<4]), threads: threads) == Array(alone[..<4]))
    }
    let scorer = try Scorer(model, PredictionOptions())
    for (post, expected) in zip(posts, alone).prefix(8) {
      var vector = [Float](repeating: 0, count: expected.count)
      let held = Array(post.utf8)
      _ = try vector.withUnsafeMutableBufferPointer { vector in
        try held.withUnsafeBytes { try scorer.embed($0, into: vector) }
      }
      #expect(vector == expected)
    }
    let exact = try Model.load(path: folder).embeddings(posts)
    for (one, other) in zip(alone, exact) {
      #expect(zip(one, other).reduce(0) { $0 + $1.0 * $1.1 } > 0.99)
    }
  }

  @Test(arguments: ["sequence_single", "sequence_multi", "sentence_mean", "dense_head"])
  func `a model that is loaded at a precision equals one that is brought to it`(
    name: String
  ) throws {
    let exact = try loaded(name, .fp32)
    let posts = inventedPosts(20)
    for precision in PrecisionChoice.allCases {
      let model = try loaded(name, precision)
      let other = try exact.at(precision: precision)
      #expect(model.precision == precision.onThisMachine.here)
      #expect(other.precision == model.precision)
      if model.head != nil { #expect(try model.scores(posts) == other.scores(posts)) }
      if model.sentence != nil {
        #expect(try model.embeddings(posts) == other.embeddings(posts))
      }
      #expect(model.parameterCount == exact.parameterCount)
    }
    #expect(exact.precision == .fp32)
  }

  @Test func `bytes change scores a little, and the report says how much`() throws {
    let exact = try loaded("sequence_single", .fp32)
    let posts = inventedPosts(80)
    let (scores, lower) = (
      try exact.scores(posts), try exact.at(precision: .int8).scores(posts)
    )
    let made = try report(exact, .int8, posts)
    let differences = zip(scores, lower).map { Double(largestDifference($0, $1)) }
    let largest = differences.max() ?? 0
    func label(_ row: [Float]) -> Int? { row.indices.max { row[$0] < row[$1] } }
    let flips = zip(scores, lower).count { label($0) != label($1) }
    #expect(made.precision == .int8)
    #expect(made.textCount == 80)
    #expect(made.flipCount == flips)
    #expect(made.flipRate == Double(flips) / 80)
    #expect(made.largestDifference > 0 && made.largestDifference < 0.05)
    #expect((made.largestDifference - largest).magnitude < 1e-7)
    #expect((made.meanDifference - differences.reduce(0, +) / 80).magnitude < 1e-7)
    #expect((differences[made.worstText] - largest).magnitude < 1e-7)
    let again = try report(exact, .int8, posts, threads: 3)
    #expect(again.largestDifference == made.largestDifference && again.worstText == made.worstText)
  }

  @Test func `a report of fp32 finds no change`() throws {
    for name in ["sequence_single", "sequence_multi", "sentence_mean"] {
      let made = try report(loaded(name, .fp32), .fp32, inventedPosts(10))
      #expect(made.flipCount == 0 && made.largestDifference == 0 && made.meanDifference == 0)
      #expect(made.worstText == 0)
      #expect(name == "sentence_mean" ? made.flipRate.isNaN : made.flipRate == 0)
    }
  }

  @Test func `several labels, pairs, logits, vectors and no texts have reports`() throws {
    let posts = inventedPosts(30)
    let several = try loaded("sequence_multi", .fp32)
    let (scores, lower) = (
      try several.scores(posts), try several.at(precision: .int8).scores(posts)
    )
    let flips = zip(scores, lower).count { zip($0, $1).contains { ($0 >= 0.5) != ($1 >= 0.5) } }
    #expect(try report(several, .int8, posts).flipCount == flips)
    var raw = PredictionOptions()
    raw.probabilities = false
    #expect(try report(several, .int8, posts, raw).flipCount == flips)
    let pairs = try report(
      loaded("sequence_single", .fp32), .int8, posts, pairs: Array(posts.reversed()))
    #expect(pairs.textCount == 30 && pairs.largestDifference > 0)
    let vectors = try report(loaded("sentence_mean", .fp32), .int8, posts)
    #expect(vectors.flipRate.isNaN && vectors.flipCount == 0 && vectors.largestDifference > 0)
    let regression = try report(loaded("sequence_regression", .fp32), .int8, posts)
    #expect(regression.flipRate.isNaN && regression.textCount == 30)
    let nothing = try report(several, .int8, [])
    #expect(nothing.textCount == 0 && nothing.worstText == -1)
    #expect(nothing.flipRate.isNaN && nothing.meanDifference.isNaN)
  }

  @Test func `a model below fp32 is neither saved nor trained nor brought elsewhere`() throws {
    let model = try loaded("sequence_single", .int8)
    let folder = try Reference.temporaryFolder()
    expectError(.invalidState, mentions: "int8") { try model.save(to: "\(folder)/never") }
    expectError(.invalidState, mentions: "load it at fp32") {
      _ = try model.at(precision: .fp32)
    }
    expectError(.invalidState, mentions: "int8") { _ = try report(model, .int8, ["a"]) }
    expectError(.invalidState, mentions: "trained") {
      _ = try HeadTrainer(model, labels: ["a", "b"], HeadTrainerOptions())
    }
    #expect(try model.at(precision: .int8) === model)
  }

  @Test func `a model without an encoder is fp32 or the fastest`() throws {
    let model = try Model.load(path: Reference.folder + "/../../../models/vader")
    #expect(try model.at(precision: .fastest).precision == .fp32)
    #expect(try model.at(precision: .fp32) === model)
    for precision in [PrecisionChoice.bf16, .int8] {
      expectError(.unsupported, mentions: "encoder") { _ = try model.at(precision: precision) }
    }
  }

  @Test func `pairs for a model without a head are refused`() throws {
    let model = try loaded("sentence_mean", .fp32)
    expectError(.invalidArgument, mentions: "no head") {
      _ = try report(model, .int8, ["a"], pairs: ["b"])
    }
  }
}
