import Glibc

/// What a 0/0 of precision, recall or an F score counts as.
package enum ZeroDivision: Int32, Sendable {
  case zero = 0
  case one = 1
  /// Undefined: left out of averages.
  case nan = 2

  var value: Double {
    switch self {
    case .zero: 0
    case .one: 1
    case .nan: .nan
    }
  }
}

/// Weight per class that was predicted rightly, truly there, and predicted: all that metrics of
/// labels need, without the matrix.
struct LabelTally {
  private(set) var hits: [Double]
  private(set) var supports: [Double]
  private(set) var predictions: [Double]
  private(set) var total = 0.0
  private(set) var correct = 0.0
  /// Sums of `|truth - predicted|` and of its square, for the weighted kappas.
  private var distance = 0.0
  private var squaredDistance = 0.0

  init(classes: Int) {
    hits = Array(repeating: 0, count: classes)
    supports = hits
    predictions = hits
  }

  @inline(__always)
  mutating func add(truth: Int, predicted: Int, weight: Double) {
    supports[truth] += weight
    predictions[predicted] += weight
    total += weight
    if truth == predicted {
      hits[truth] += weight
      correct += weight
    } else {
      let gap = Double(truth - predicted).magnitude
      distance += gap * weight
      squaredDistance += gap * gap * weight
    }
  }

  mutating func reset() {
    for index in hits.indices {
      hits[index] = 0
      supports[index] = 0
      predictions[index] = 0
    }
    (total, correct, distance, squaredDistance) = (0, 0, 0, 0)
  }

  // MARK: Scores of a class

  struct Score {
    var precision: Double
    var recall: Double
    var f1: Double
    var fBeta: Double
    var jaccard: Double
  }

  func score(of index: Int, squaredBeta: Double, _ undefined: Double) -> Score {
    LabelTally.score(
      hit: hits[index], support: supports[index], predicted: predictions[index],
      squaredBeta: squaredBeta, undefined)
  }

  /// The scores of all rows taken together.
  func microScore(squaredBeta: Double, _ undefined: Double) -> Score {
    LabelTally.score(
      hit: correct, support: total, predicted: total, squaredBeta: squaredBeta, undefined)
  }

  private static func score(
    hit: Double, support: Double, predicted: Double, squaredBeta: Double, _ undefined: Double
  ) -> Score {
    let either = support + predicted
    let weighted = squaredBeta * support + predicted
    let union = either - hit
    return Score(
      precision: predicted == 0 ? undefined : hit / predicted,
      recall: support == 0 ? undefined : hit / support,
      f1: either == 0 ? undefined : 2 * hit / either,
      fBeta: weighted == 0 ? undefined : (1 + squaredBeta) * hit / weighted,
      jaccard: union == 0 ? undefined : hit / union)
  }

  /// The mean of one score over the classes, NaN left out; NaN when all are.
  func mean(_ scores: [Score], _ member: KeyPath<Score, Double>, bySupport: Bool) -> Double {
    var (sum, weights, plain, count) = (0.0, 0.0, 0.0, 0.0)
    for (index, score) in scores.enumerated() {
      let value = score[keyPath: member]
      if value.isNaN { continue }
      let weight = bySupport ? supports[index] : 1
      sum += value * weight
      weights += weight
      plain += value
      count += 1
    }
    if count == 0 { return .nan }
    return weights == 0 ? plain / count : sum / weights
  }

  // MARK: Scores of all

  var accuracy: Double { correct / total }

  /// The mean recall of the classes that occur.
  var balancedAccuracy: Double {
    var (sum, present) = (0.0, 0.0)
    for index in hits.indices where supports[index] > 0 {
      sum += hits[index] / supports[index]
      present += 1
    }
    return sum / present
  }

  /// The means over all classes, 0/0 as 0, without the room that `mean` wants.
  var macroPrecision: Double { macro { hits[$0] / predictions[$0] } }
  var macroRecall: Double { macro { hits[$0] / supports[$0] } }
  var macroF1: Double { macro { 2 * hits[$0] / (supports[$0] + predictions[$0]) } }
  var weightedF1: Double {
    var sum = 0.0
    for index in hits.indices where supports[index] > 0 {
      sum += supports[index] * (2 * hits[index] / (supports[index] + predictions[index]))
    }
    return sum / total
  }

  private func macro(_ score: (Int) -> Double) -> Double {
    var sum = 0.0
    for index in hits.indices where hits[index] > 0 { sum += score(index) }
    return sum / Double(hits.count)
  }

  /// Matthews' correlation of truth and prediction; nil when one of them never varies.
  ///
  /// - Source: Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006.
  var matthewsCorrelation: Double? {
    var (chance, predictedSpread, trueSpread) = (0.0, 0.0, 0.0)
    for index in hits.indices {
      chance += supports[index] * predictions[index]
      predictedSpread += predictions[index] * (total - predictions[index])
      trueSpread += supports[index] * (total - supports[index])
    }
    guard predictedSpread > 0, trueSpread > 0 else { return nil }
    return (correct * total - chance) / sqrt(predictedSpread * trueSpread)
  }

  enum KappaWeights { case none, linear, quadratic }

  /// Cohen's kappa: 1 minus the disagreement over what independence would bring; nil when
  /// independence would bring none.
  ///
  /// The expected disagreement is a sum of positive terms, so that it is 0 exactly when it should
  /// be, and takes one pass over the classes from each side.
  ///
  /// - Source: Cohen 1968, doi:10.1037/h0026256.
  func kappa(_ weights: KappaWeights) -> Double? {
    let expected =
      crossDisagreement(predictions, supports, weights)
      + crossDisagreement(supports, predictions, weights)
    guard expected > 0 else { return nil }
    let observed =
      switch weights {
      case .none: total - correct
      case .linear: distance
      case .quadratic: squaredDistance
      }
    return 1 - observed / (expected / total)
  }

  /// `Σ_{j < i} d(i - j) lower[j] upper[i]`, for d = 1, the distance, or its square.
  private func crossDisagreement(
    _ lower: [Double], _ upper: [Double], _ weights: KappaWeights
  ) -> Double {
    var (mass, first, second, sum) = (0.0, 0.0, 0.0, 0.0)
    for index in lower.indices {
      switch weights {
      case .none: sum += mass * upper[index]
      case .linear: sum += first * upper[index]
      case .quadratic: sum += second * upper[index]
      }
      // One class on: (d + 1)² = d² + 2 d + 1 for the mass behind, 1 for the class just passed.
      mass += lower[index]
      second += 2 * first + mass
      first += mass
    }
    return sum
  }
}
