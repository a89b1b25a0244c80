import Glibc
import PlauditCore
import PlauditTensor

/// What the scores of a head are.
package enum Problem: Int32, Sendable {
  case none = 0
  /// One label a text: softmax.
  case singleLabel = 1
  /// Any number of labels: sigmoids.
  case multiLabel = 2
  /// Numbers as they are.
  case regression = 3

  /// The value of `problem_type` in config.json.
  var configurationName: String {
    switch self {
    case .none, .singleLabel: "single_label_classification"
    case .multiLabel: "multi_label_classification"
    case .regression: "regression"
    }
  }

  /// Turns `count` logits into probabilities in place; sums run in double, so that no
  /// probability exceeds 1.
  func probabilities(_ logits: UnsafeMutablePointer<Float>, count: Int) {
    switch self {
    case .none, .regression: return
    case .multiLabel:
      for label in 0..<count { logits[label] = Float(1 / (1 + exp(-Double(logits[label])))) }
    case .singleLabel:
      var highest = logits[0]
      for label in 1..<max(count, 1) { highest = max(highest, logits[label]) }
      var sum = 0.0
      for label in 0..<count { sum += exp(Double(logits[label] - highest)) }
      for label in 0..<count { logits[label] = Float(exp(Double(logits[label] - highest)) / sum) }
    }
  }
}

/// The last layer of a classifier or regressor, with its labels.
package struct ClassifierHead {
  package let dense: Dense
  package let labels: LabelSet
  package let problem: Problem

  init(dense: Dense, labels: LabelSet, problem: Problem) {
    self.dense = dense
    self.labels = labels
    self.problem = problem
  }

  /// A head whose labels and problem config.json states; a null `problem_type` is regression for
  /// one row and single label for more, as transformers infers it.
  init(
    dense: Dense, configuration: BertConfiguration, tensor: String
  ) throws(PlauditError) {
    self.dense = dense
    let count = dense.linear.outputs
    labels = try LabelSet(configuration.json, count: count, tensor: tensor)
    switch configuration.problemType {
    case nil: problem = count == 1 ? .regression : .singleLabel
    case "single_label_classification": problem = .singleLabel
    case "multi_label_classification": problem = .multiLabel
    case "regression": problem = .regression
    case .some(let other):
      throw PlauditError(
        .unsupported,
        "config.json: problem_type \(other) is not supported; supported: "
          + "single_label_classification, multi_label_classification, regression")
    }
  }

  package var count: Int { dense.linear.outputs }
}

extension Problem {
  /// The index of the highest score, the first of equal ones; -1 where scores exclude nothing.
  package func label(of scores: UnsafeBufferPointer<Float>) -> Int32 {
    guard self == .singleLabel, let first = scores.first, first == first else { return -1 }
    var best = 0
    for index in scores.indices where scores[index] > scores[best] { best = index }
    return Int32(truncatingIfNeeded: best)
  }
}
