import Glibc
package import PlauditCore
import PlauditStats
package import PlauditText

/// Compares candidates by cross-validation: each is trained on all folds but one and scored on
/// that one, for each fold.
package final class ModelSearch {
  /// How a candidate did on a fold.
  package struct FoldResult {
    package var trainingCount = 0
    package var heldCount = 0
    package var accuracy = Double.nan
    package var macroF1 = Double.nan
    /// Mean negative log-likelihood of the true labels.
    package var logLoss = Double.nan
    package var seconds = 0.0
  }

  private let base: Model?
  private let names: [String]
  private let texts: TextBatch
  private let truth: UnsafeBufferPointer<Int32>
  private let foldCount: Int
  private let folds: Bytes
  /// By the name of the recipe.
  private var stores: [String: TextStore] = [:]
  private let vectors = VectorFile(keeps: true)

  /// - Parameter groups: rows of one group are never in two folds; nil when rows stand alone.
  package init(
    _ base: Model?, labels names: [String], _ texts: TextBatch,
    truth: UnsafeBufferPointer<Int32>, groups: UnsafeBufferPointer<Int64>?, folds count: Int,
    seed: UInt64
  ) throws(PlauditError) {
    try LabelSet.check(names)
    self.base = base
    self.names = names
    self.texts = texts
    self.truth = truth
    foldCount = count
    for row in 0..<texts.count {
      guard !texts.isNull(row) else {
        throw PlauditError(.invalidData, "a null text cannot be an example", index: Int64(row))
      }
      guard truth[row] >= 0, Int(truth[row]) < names.count else {
        throw PlauditError(
          .invalidData, "label \(truth[row]) is not one of 0 to \(names.count - 1)",
          index: Int64(row))
      }
    }
    folds = try Bytes(count: max(texts.count, 1) * MemoryLayout<Int32>.stride)
    let places = folds.mutable.bindMemory(to: Int32.self)
    try Split.folds(
      count, rows: texts.count, labels: truth, classes: names.count, groups: groups, seed: seed,
      names: names, folds: UnsafeMutableBufferPointer(rebasing: places[..<texts.count]))
  }

  /// Trains and scores all candidates; `take` gets each result as it is made. Progress is that of
  /// the whole search, in texts of all epochs, folds and candidates.
  ///
  /// - Returns: the candidate of the highest mean macro-F1, the first of equal ones.
  package func run(
    _ candidates: [TrainingOptions], threads: Int, control: RunControl,
    take: (_ candidate: Int, _ fold: Int, FoldResult) -> Void
  ) throws(PlauditError) -> Int {
    for (index, candidate) in candidates.enumerated() where candidate.checkpointPath != nil {
      throw PlauditError(
        .invalidArgument, "a candidate of a search cannot have a checkpoint",
        index: Int64(index))
    }
    // What one of them lacks is told before another is trained.
    for (index, candidate) in candidates.enumerated() {
      do throws(PlauditError) {
        _ = try TextTrainer(base, labels: names, candidate)
      } catch {
        throw error.at(index: Int64(index))
      }
    }
    let work = candidates.map { Double(texts.count) * Double(foldCount - 1) * $0.passes }
    let total = work.reduce(0, +)
    var before = 0.0
    defer { control.span = nil }
    var best = (candidate: 0, macroF1: -Double.infinity)
    for (index, candidate) in candidates.enumerated() {
      var sum = 0.0
      for fold in 0..<foldCount {
        try control.check()
        let size = work[index] / Double(foldCount)
        control.span = RunControl.Span(before: before, size: size, total: total)
        before += size
        let result: FoldResult
        do throws(PlauditError) {
          result = try evaluate(candidate, fold: fold, threads: threads, control: control) {
            control.span = RunControl.Span(before: before, size: 0, total: total)
          }
        } catch {
          // A candidate's own mistakes are told with its number; stops and rows are not.
          let isOwn = error.kind == .invalidArgument || error.kind == .outOfRange
          throw isOwn ? error.at(index: Int64(index)) : error
        }
        take(index, fold, result)
        sum += result.macroF1
      }
      if sum / Double(foldCount) > best.macroF1 { best = (index, sum / Double(foldCount)) }
    }
    // Trainings may end early.
    control.span = RunControl.Span(before: total, size: 0, total: total)
    control.report(.training, done: 1, total: 1, force: true)
    return best.candidate
  }

  /// The texts as a recipe leaves them, cleaned once for all folds and candidates.
  private func store(
    _ recipe: String, control: RunControl
  ) throws(PlauditError) -> TextStore {
    if let known = stores[recipe] { return known }
    let made = TextStore(try CleaningRecipe.named(recipe))
    try made.add(texts, labels: truth, names: names, control: control)
    stores[recipe] = made
    return made
  }

  /// - Parameter trained: called between training and scoring.
  private func evaluate(
    _ options: TrainingOptions, fold: Int, threads: Int, control: RunControl,
    trained: () -> Void
  ) throws(PlauditError) -> FoldResult {
    var started = timespec()
    clock_gettime(CLOCK_MONOTONIC, &started)
    let places = folds.readable.bindMemory(to: Int32.self)
    let trainer = try TextTrainer(base, labels: names, options)
    let all = try store(trainer.recipeName, control: control)
    let rows = 0..<texts.count
    let train = all.subset(rows.filter { Int(places[$0]) != fold })
    let held = all.subset(rows.filter { Int(places[$0]) == fold })
    trainer.vectors = vectors
    trainer.take(train)
    _ = try trainer.fit(threads: threads, control: control)
    trained()
    let model = try trainer.model().withoutCleaning()
    var result = FoldResult()
    result.trainingCount = train.count
    result.heldCount = held.count
    let classes = names.count
    let bytes = try Bytes(count: held.count * classes * MemoryLayout<Float>.stride)
    let scores = bytes.mutable.bindMemory(to: Float.self)
    try held.withTexts { (texts, truth) throws(PlauditError) in
      try model.predict(
        texts, pairs: nil, PredictionOptions(), threads: threads, control: control,
        scores: scores, reports: nil)
      let predicted = try Bytes(count: held.count * MemoryLayout<Int32>.stride)
      let labels = predicted.mutable.bindMemory(to: Int32.self)
      var loss = 0.0
      for row in 0..<held.count {
        let own = UnsafeBufferPointer(rebasing: scores[row * classes..<(row + 1) * classes])
        labels[row] = Problem.singleLabel.label(of: own)
        loss -= log(max(Double(own[Int(truth[row])]), 0x1p-52))
      }
      let report = try ClassificationReport(
        truth: truth, predicted: UnsafeBufferPointer(labels), classes: classes)
      result.accuracy = report.accuracy
      result.macroF1 = report.macroF1
      result.logLoss = loss / Double(held.count)
    }
    var ended = timespec()
    clock_gettime(CLOCK_MONOTONIC, &ended)
    result.seconds =
      Double(ended.tv_sec - started.tv_sec) + Double(ended.tv_nsec - started.tv_nsec) * 1e-9
    return result
  }
}

extension TrainingOptions {
  /// How often a training reads its texts, as far as that can be said before.
  fileprivate var passes: Double {
    TextTrainer.networks.contains(architecture) ? Double(epochs) : 1
  }
}
