import PlauditCore
import PlauditStats
import PlauditText
import Testing

@testable import PlauditNeural

struct ModelSearchTests {
  private let posts: LabelledPosts

  init() {
    var posts = LabelledPosts(24)
    posts.texts = posts.texts.map { "@me " + $0 + " https://t.co/x &amp; soooo" }
    self.posts = posts
  }

  private func search(
    _ candidates: [TrainingOptions], _ control: RunControl = RunControl()
  ) throws -> (best: Int, results: [ModelSearch.FoldResult], folds: [Int32]) {
    var results: [ModelSearch.FoldResult] = []
    var folds = [Int32](repeating: -1, count: posts.texts.count)
    let texts = Texts(posts.texts)
    let best = try posts.labels.withUnsafeBufferPointer { truth in
      try folds.withUnsafeMutableBufferPointer {
        try Split.folds(
          3, rows: truth.count, labels: truth, classes: 3, groups: nil, seed: 9,
          names: posts.names, folds: $0)
      }
      let search = try ModelSearch(
        SmallTraining.base.get(), labels: posts.names, texts.batch(), truth: truth, groups: nil,
        folds: 3, seed: 9)
      return try search.run(candidates, threads: 1, control: control) { results.append($2) }
    }
    return (best, results, folds)
  }

  private func options(
    _ architecture: String, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> TrainingOptions {
    try SmallTraining.options(architecture) {
      $0.cleaning = "tweets-1"
      change(&$0)
    }
  }

  // MARK: Law

  @Test func `a fold is what a trainer makes of the other folds`() throws {
    let candidates = [
      try options(WordLSTM.name), try options(HashedLinear.architecture) { $0.cleaning = nil },
      try options(BertForSequenceClassification.name), try options(WordLSTM.name) { $0.seed = 4 },
    ]
    let (best, results, folds) = try search(candidates)
    var means: [Double] = []
    for (index, candidate) in candidates.enumerated() {
      var sum = 0.0
      for fold in 0..<3 {
        func part(_ isHeld: Bool) -> LabelledPosts {
          var part = posts
          let rows = posts.texts.indices.filter { (Int(folds[$0]) == fold) == isHeld }
          part.texts = rows.map { posts.texts[$0] }
          part.labels = rows.map { posts.labels[$0] }
          return part
        }
        let (train, held) = (part(false), part(true))
        let trainer = try SmallTraining.trainer(candidate, train)
        try SmallTraining.fit(trainer)
        let right = zip(try trainer.model().scores(held.texts), held.labels).count {
          scores, label in
          scores.firstIndex(of: scores.max() ?? 0) == Int(label)
        }
        let found = results[index * 3 + fold]
        #expect(found.trainingCount == train.texts.count)
        #expect(found.heldCount == held.texts.count)
        #expect(found.accuracy == Double(right) / Double(held.texts.count))
        sum += found.macroF1
      }
      means.append(sum)
    }
    #expect(means[best] == means.max())
  }

  @Test func `progress is that of the whole search`() throws {
    var seen: [Progress] = []
    let control = RunControl(intervalMilliseconds: 0) {
      seen.append($0)
      return true
    }
    _ = try search(
      [
        options(WordCNN.name) { $0.epochs = 1 }, options(HashedLinear.architecture),
        options(WordCNN.name) { $0.epochs = 4 },
      ], control)
    // Two thirds of 24 texts, three folds, one, one and four epochs.
    #expect(Set(seen.map(\.total)) == [16 * 3 * 6])
    #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.done <= $1.done })
    #expect(seen.last?.done == 16 * 3 * 6)
    #expect(seen.last?.secondsLeft == 0)
    let late = seen.filter { $0.done > 0 && $0.done < $0.total }
    #expect(late.count > 9)
    for one in late {
      let left = one.secondsElapsed * Double(one.total - one.done) / Double(one.done)
      #expect(one.secondsLeft > left * 0.5 && one.secondsLeft < left * 2 + 1)
    }
  }

  // MARK: Refusal

  @Test func `what a candidate lacks is told before another is trained`() throws {
    for (kind, mentions, second) in [
      (PlauditError.Kind.outOfRange, "epochs is 0", try options(WordCNN.name) { $0.epochs = 0 }),
      (.invalidArgument, "needs word vectors", try options(WordCNN.name) { $0.vectorsPath = nil }),
      (.invalidArgument, "checkpoint", try options(WordCNN.name) { $0.checkpointPath = "/x" }),
    ] {
      var reports = 0
      let control = RunControl(intervalMilliseconds: 0) { _ in
        reports += 1
        return true
      }
      do {
        _ = try search([options(WordCNN.name), second], control)
        Issue.record("nothing was thrown")
      } catch let error as PlauditError {
        #expect(error.kind == kind)
        #expect(error.message.contains(mentions))
        #expect(error.index == 1)
      }
      #expect(reports == 0)
    }
  }
}
