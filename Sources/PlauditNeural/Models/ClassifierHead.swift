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

/// What a model's scores mean: its labels, and what kind of problem they answer.
package struct Scoring: Sendable {
  package let labels: LabelSet
  package let problem: Problem

  package init(labels: LabelSet, problem: Problem) {
    self.labels = labels
    self.problem = problem
  }

  /// What config.json states; a null `problem_type` is regression for one row and single label for
  /// more, as transformers infers it.
  ///
  /// - Parameters:
  ///   - count: the rows of the head.
  ///   - tensor: the head's weights, for errors.
  init(
    _ configuration: BertConfiguration, count: Int, tensor: String
  ) throws(PlauditError) {
    try self.init(
      configuration.json, problemType: configuration.problemType, count: count, tensor: tensor)
  }

  init(
    _ json: JSONValue, problemType: String?, count: Int, tensor: String
  ) throws(PlauditError) {
    labels = try LabelSet(json, count: count, tensor: tensor)
    switch problemType {
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

  package var count: Int { labels.names.count }

  /// Writes labels and problem as transformers does.
  func write(to json: JSONValue) throws(PlauditError) {
    let names = try JSONValue.object(file: json.file)
    let numbers = try JSONValue.object(file: json.file)
    for (index, name) in labels.names.enumerated() {
      try names.set(String(index), name)
      try numbers.set(name, index)
    }
    try json.set("id2label", names)
    try json.set("label2id", numbers)
    try json.set("problem_type", problem.configurationName)
  }
}

/// A linear classifier on the sentence vectors of an encoder.
package struct ClassifierHead {
  package let dense: Dense
  package let scoring: Scoring

  init(dense: Dense, labels: LabelSet, problem: Problem) {
    self.dense = dense
    scoring = Scoring(labels: labels, problem: problem)
  }

  init(
    dense: Dense, configuration: BertConfiguration, tensor: String
  ) throws(PlauditError) {
    self.dense = dense
    scoring = try Scoring(configuration, count: dense.linear.outputs, tensor: tensor)
  }
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
