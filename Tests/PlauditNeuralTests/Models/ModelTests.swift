import PlauditCore
import PlauditNeural
import PlauditTensor
import Testing

struct ModelTests {
  /// transformers and sentence-transformers, see bert_tiny.json for version and call.
  @Test(arguments: [
    "base_gelu", "relu_odd", "gelu_new", "sequence_single", "sequence_multi",
    "sequence_regression", "half_f16", "half_bf16", "sharded", "legacy_names",
  ])
  func `hidden states and logits equal those of transformers`(name: String) throws {
    let reference: TinyReference = try Reference.load("bert_tiny.json")
    let expected = try #require(reference.models[name])
    let model = try Model.load(path: Reference.tiny(name))
    var logitOptions = PredictionOptions()
    logitOptions.probabilities = false
    for one in expected.cases {
      let states = try model.states(one.text, pair: one.pair)
      let wanted = try #require(one.last_hidden_state)
      #expect(
        largestDifference(states.flatMap { $0 }, wanted.flatMap { $0 }) <= float32Tolerance,
        "\(one.text)")
      guard let logits = one.logits else { continue }
      let scores = try model.scores([one.text], pairs: one.pair.map { [$0] }, logitOptions)
      #expect(largestDifference(scores[0], logits) <= float32Tolerance, "\(one.text)")
    }
  }

  @Test(arguments: ["sentence_mean", "sentence_cls", "sentence_max", "dense_head"])
  func `embeddings equal those of sentence-transformers`(name: String) throws {
    let reference: TinyReference = try Reference.load("bert_tiny.json")
    let expected = try #require(reference.models[name])
    let model = try Model.load(path: Reference.tiny(name))
    for one in expected.cases {
      let vectors = try model.embeddings([one.text])
      #expect(largestDifference(vectors[0], try #require(one.embedding)) <= float32Tolerance)
    }
  }

  @Test(.enabled(if: Reference.miniLM != nil))
  func `the real MiniLM equals sentence-transformers`() throws {
    let reference: ReferenceModel = try Reference.load("bert_minilm.json")
    let model = try Model.load(path: try #require(Reference.miniLM))
    #expect(model.maxLength == 256)
    let vectors = try model.embeddings(reference.cases.map(\.text), threads: 2)
    for (one, vector) in zip(reference.cases, vectors) {
      #expect(largestDifference(vector, try #require(one.embedding)) <= float32Tolerance)
      guard let states = one.last_hidden_state else { continue }
      let found = try model.states(one.text)
      #expect(
        largestDifference(found.flatMap { $0 }, states.flatMap { $0 }) <= float32Tolerance)
    }
  }

  @Test func `labels go by name whatever their order`() throws {
    let model = try Model.load(path: Reference.tiny("sequence_single"))
    let labels = try #require(model.head).labels
    #expect(labels.names == ["positive", "negative", "neutral"])
    #expect(try labels.index(of: "neutral") == 2)
    expectError(.notFound, mentions: "positive, negative, neutral") {
      _ = try labels.index(of: "happy")
    }
  }

  @Test(arguments: ["sequence_single", "sentence_mean", "half_bf16", "dense_head", "sharded"])
  func `a saved model loads again and gives the same bits`(name: String) throws {
    let folder = try Reference.temporaryFolder()
    let model = try Model.load(path: Reference.tiny(name))
    try model.save(to: "\(folder)/deep/er")
    let again = try Model.load(path: "\(folder)/deep/er")
    let posts = inventedPosts(20)
    if model.head != nil { #expect(try again.scores(posts) == model.scores(posts)) }
    if model.sentence != nil { #expect(try again.embeddings(posts) == model.embeddings(posts)) }
    for post in posts { #expect(try again.states(post) == model.states(post)) }
    #expect(again.parameterCount == model.parameterCount)
  }

  @Test func `every hostile folder is refused with its kind and a name`() throws {
    let reference: HostileReference = try Reference.load("bert_hostile.json")
    let kinds: [String: PlauditError.Kind] = [
      "corrupt": .corrupt, "shape": .shape, "unsupported": .unsupported, "notFound": .notFound,
      "limit": .limit, "notFinite": .notFinite,
    ]
    for name in reference.controls {
      #expect(throws: Never.self, "\(name)") {
        _ = try Model.load(path: "\(Reference.folder)/hostile/\(name)")
      }
    }
    for (name, one) in reference.cases.sorted(by: { $0.key < $1.key }) {
      do {
        _ = try Model.load(path: "\(Reference.folder)/hostile/\(name)")
        Issue.record("\(name) was accepted")
      } catch {
        #expect(error.kind == kinds[one.expect], "\(name): \(error)")
        #expect(error.message.contains(one.mentions), "\(name): \(error)")
      }
    }
  }

  @Test func `a model over the memory limit is refused`() {
    expectError(.limit, mentions: "4096") {
      _ = try Model.load(path: Reference.tiny("base_gelu"), limitBytes: 4096)
    }
  }

  @Test func `a path that is no folder is refused`() {
    expectError(.notFound, mentions: "/nowhere") { _ = try Model.load(path: "/nowhere") }
  }
}
