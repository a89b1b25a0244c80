import PlauditCore
import Testing

@testable import PlauditTensor

/// Each operation's gradient against differences, in double, relative error at most 1e-6.
struct OperationGradientTests {
  /// Texts of these lengths.
  private func segments(_ lengths: [Int]) throws -> (Segments, Buffer<Int>) {
    let starts = try Buffer<Int>(count: lengths.count + 1)
    for (index, length) in lengths.enumerated() {
      starts.pointer[index + 1] = starts.pointer[index] + length
    }
    return (Segments(starts: starts.pointer, count: lengths.count), starts)
  }

  private let lengths = [3, 1, 5, 2]

  @Test func `linear`() throws {
    var check = GradientCheck()
    try check.input(7, 5)
    let layer = try Linear(check.parameter([4, 5]))
    try check.run { tape, x in try tape.linear(x[0], layer) }
  }

  @Test(arguments: Activation.allCases) func `activations with a bias`(_ kind: Activation) throws {
    var check = GradientCheck()
    try check.input(3, 70)
    let bias = try check.parameter([70])
    // Away from the corner of ReLU differences see one side only.
    for index in 0..<70 { bias.values.pointer[index] += index % 2 == 0 ? 1.1 : -1.1 }
    try check.run("\(kind)") { tape, x in
      // The input is read twice, so that its gradient is added to.
      let y = try tape.activate(x[0], bias: bias, kind)
      return try tape.concatenate(y, x[0])
    }
  }

  @Test func `layer norm with bias, residual and dropout`() throws {
    for rate in [0, 0.3] {
      var check = GradientCheck()
      try check.input(4, 20)
      try check.input(4, 20)
      let bias = try check.parameter([20])
      let weight = try check.parameter([20], around: 1)
      let shift = try check.parameter([20])
      try check.run("rate \(rate)") { tape, x in
        let h = try tape.activate(x[0], nil)
        return try tape.norm(
          h, bias: bias, residual: x[1], weight: weight, shift: shift, epsilon: 1e-12,
          dropout: rate)
      }
    }
  }

  @Test func `packed attention with dropout of its weights`() throws {
    let (texts, owner) = try segments(lengths)
    for rate in [0, 0.25] {
      var check = GradientCheck()
      try check.input(11, 3 * 6)
      try check.run("rate \(rate)") { tape, x in
        try tape.attention(x[0], texts, heads: 2, dropout: rate)
      }
    }
    withExtendedLifetime(owner) {}
  }

  @Test func `attention of first tokens alone, with dropout of its weights`() throws {
    let (texts, owner) = try segments(lengths)
    for rate in [0, 0.25] {
      var check = GradientCheck()
      try check.input(4, 6)
      try check.input(11, 2 * 6)
      try check.run("rate \(rate)") { tape, x in
        try tape.firstTokenAttention(
          queries: x[0], keysValues: x[1], texts, heads: 2, dropout: rate)
      }
    }
    withExtendedLifetime(owner) {}
  }

  @Test func `layers over a part of a parameter's rows`() throws {
    var check = GradientCheck()
    try check.input(7, 5)
    let weight = try check.parameter([6, 5])
    let bias = try check.parameter([6])
    let part = Linear(weight, rows: 2..<5)
    try check.run { tape, x in
      try tape.activate(tape.linear(x[0], part), bias: bias, from: 2, .tanh)
    }
    try check.run { tape, x in try tape.linear(x[0], part, bias: bias, from: 2, .gelu) }
    try check.run { tape, x in try tape.linear(x[0], part, bias: bias, from: 2) }
  }

  @Test func `a pair of layers with a function between them`() throws {
    for activation in [Activation.gelu, .relu, .tanh] {
      var check = GradientCheck()
      try check.input(7, 5)
      let inner = Linear(try check.parameter([9, 5]))
      let bias = try check.parameter([9])
      let outer = Linear(try check.parameter([4, 9]))
      for threads in [1, 2] {
        try check.run(threads: threads, "\(activation)") { tape, x in
          try tape.linearPair(x[0], inner, bias: bias, activation, outer)
        }
      }
    }
  }

  @Test func `embedding of several tables with equal ids`() throws {
    var check = GradientCheck()
    let words = try check.parameter([6, 4])
    let positions = try check.parameter([3, 4])
    let wordIds: [Int32] = [5, 0, 5, 5, 2]
    let positionIds: [Int32] = [0, 1, 2, 0, 1]
    try check.run { tape, _ in
      try wordIds.withUnsafeBufferPointer { words_ in
        try positionIds.withUnsafeBufferPointer { positions_ in
          guard let first = words_.baseAddress, let second = positions_.baseAddress else {
            throw PlauditError(.internal, "no ids")
          }
          return try tape.embed((words, first), (positions, second), count: 5)
        }
      }
    }
  }

  @Test func `pooling by first, maximum and mean, and end rows`() throws {
    let (texts, owner) = try segments(lengths)
    for pooling in [Pooling.cls, .max, .mean, .all] {
      var check = GradientCheck()
      try check.input(11, 5)
      try check.run("\(pooling.rawValue)") { tape, x in try tape.pool(x[0], texts, pooling) }
    }
    for last in [true, false] {
      var check = GradientCheck()
      try check.input(11, 5)
      try check.run { tape, x in try tape.endRows(x[0], texts, last: last) }
    }
    withExtendedLifetime(owner) {}
  }

  @Test func `dropout and concatenation`() throws {
    var check = GradientCheck()
    try check.input(6, 5)
    try check.input(6, 3)
    try check.run { tape, x in
      try tape.dropout(tape.concatenate(x[1], x[0], x[1]), rate: 0.4)
    }
  }

  @Test func `convolution windows, also of texts shorter than a window`() throws {
    let (texts, owner) = try segments(lengths)
    for size in [1, 2, 3, 4] {
      var check = GradientCheck()
      try check.input(11, 3)
      let layer = try Linear(check.parameter([5, 3, size]))
      try check.run("size \(size)") { tape, x in
        let (windows, starts) = try tape.windows(x[0], texts, size: size)
        return try tape.pool(
          tape.activate(tape.linear(windows, layer), .tanh), starts, .max)
      }
    }
    withExtendedLifetime(owner) {}
  }

  @Test func `LSTM in both directions over packed lengths`() throws {
    for lengths in [[3, 1, 5, 2], [1], [Int](repeating: 2, count: 27)] {
      let (texts, owner) = try segments(lengths)
      for reversed in [false, true] {
        var check = GradientCheck()
        try check.input(lengths.reduce(0, +), 4)
        let weights = try LSTMWeights(
          input: Linear(check.parameter([12, 4])), recurrent: Linear(check.parameter([12, 3])),
          inputBias: check.parameter([12]), recurrentBias: check.parameter([12]))
        try check.run("reversed \(reversed)") { tape, x in
          try tape.lstm(x[0], texts, weights, reversed: reversed)
        }
      }
      withExtendedLifetime(owner) {}
    }
  }

  @Test func `losses`() throws {
    let labels: [Int32] = [2, 0, -100, 1, 2]
    for smoothing in [0, 0.2] {
      var check = GradientCheck()
      try check.input(5, 3)
      try check.run("cross-entropy") { tape, x in
        try labels.withUnsafeBufferPointer { labels in
          guard let first = labels.baseAddress else {
            throw PlauditError(.internal, "no labels")
          }
          return try tape.crossEntropy(
            x[0], labels: first, classWeights: [0.5, 1, 2], smoothing: smoothing, normaliser: 3
          ).loss
        }
      }
    }
    var targets = [1.0, 0, 0.3, 0, 1, 0.9]
    try targets.withUnsafeMutableBufferPointer { targets in
      guard let first = targets.baseAddress else { throw PlauditError(.internal, "no targets") }
      var check = GradientCheck()
      try check.input(3, 2)
      try check.run("binary") { tape, x in
        try tape.binaryCrossEntropy(
          x[0], targets: first, positiveWeights: [2, 0.5], normaliser: 6
        ).loss
      }
      try check.run("squared") { tape, x in
        try tape.squaredError(x[0], targets: first, normaliser: 6).loss
      }
      try check.run("Huber") { tape, x in
        try tape.huber(x[0], targets: first, delta: 0.7, normaliser: 6).loss
      }
    }
  }

  @Test func `a transformer block, with one and with two threads`() throws {
    let (texts, owner) = try segments(lengths)
    for threads in [1, 2] {
      var check = GradientCheck()
      try check.input(11, 8)
      let qkv = try Linear(check.parameter([24, 8]))
      let qkvBias = try check.parameter([24])
      let output = try Linear(check.parameter([8, 8]))
      let bias = try check.parameter([8])
      let weight = try check.parameter([8], around: 1)
      let shift = try check.parameter([8])
      try check.run(threads: threads) { tape, x in
        let projected = try tape.activate(tape.linear(x[0], qkv), bias: qkvBias, nil)
        let context = try tape.attention(projected, texts, heads: 2, dropout: 0.1)
        return try tape.norm(
          tape.linear(context, output), bias: bias, residual: x[0], weight: weight, shift: shift,
          epsilon: 1e-12, dropout: 0.1)
      }
    }
    withExtendedLifetime(owner) {}
  }
}
