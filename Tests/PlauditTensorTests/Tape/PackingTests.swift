import PlauditCore
import Testing

@testable import PlauditTensor

/// Texts in one pass are what they are alone.
struct PackingTests {
  /// Attention, layer norm, an LSTM each way and convolutions with pooling, from packed rows to a
  /// loss for each text.
  private struct Layers {
    let qkv: Linear<Double>
    let norm: Parameter<Double>
    let shift: Parameter<Double>
    let lstms: [LSTMWeights<Double>]
    let filter: Linear<Double>
    let classifier: Linear<Double>
    private(set) var parameters: [Parameter<Double>] = []

    init() throws {
      var random = RandomSource(seed: 12)
      var made: [Parameter<Double>] = []
      func parameter(_ shape: [Int]) throws -> Parameter<Double> {
        let one = try Parameter<Double>("parameter", shape)
        for index in 0..<one.count { one.values.pointer[index] = random.uniform() * 2 - 1 }
        try one.train()
        made.append(one)
        return one
      }
      qkv = try Linear(parameter([24, 8]))
      norm = try parameter([8])
      shift = try parameter([8])
      lstms = try (0..<2).map { _ in
        try LSTMWeights(
          input: Linear(parameter([12, 8])), recurrent: Linear(parameter([12, 3])),
          inputBias: parameter([12]), recurrentBias: parameter([12]))
      }
      filter = try Linear(parameter([5, 8, 3]))
      classifier = try Linear(parameter([3, 11]))
      parameters = made
    }

    func loss(
      _ x: UnsafePointer<Double>, _ texts: Segments, labels: UnsafePointer<Int32>,
      _ tape: Tape<Double>
    ) throws -> Tape<Double>.Tensor {
      let rows = try tape.input(rows: texts.rows, width: 8)
      rows.values.update(from: x, count: rows.count)
      let context = try tape.attention(tape.linear(rows, qkv), texts, heads: 2)
      let states = try tape.norm(
        context, residual: rows, weight: norm, shift: shift, epsilon: 1e-12)
      let ends = try lstms.enumerated().map { index, weights in
        try tape.endRows(
          tape.lstm(states, texts, weights, reversed: index == 1), texts, last: index == 0)
      }
      let (windows, starts) = try tape.windows(states, texts, size: 3)
      let strongest = try tape.pool(
        tape.activate(tape.linear(windows, filter), .relu), starts, .max)
      let logits = try tape.linear(tape.concatenate(ends[0], ends[1], strongest), classifier)
      return try tape.crossEntropy(logits, labels: labels, normaliser: 7).loss
    }
  }

  @Test(arguments: [[4, 1, 6, 2, 2, 3, 9], [Int](repeating: 3, count: 7), [1, 1, 1, 1, 1, 1, 1]])
  func `the gradient of a pass is the sum of its texts' gradients`(lengths: [Int]) throws {
    let layers = try Layers()
    var random = RandomSource(seed: 3)
    let x = (0..<lengths.reduce(0, +) * 8).map { _ in random.uniform() * 2 - 1 }
    let labels: [Int32] = [0, 2, 1, 1, 0, 2, 2]

    /// The loss and all gradients of passes over these texts.
    func run(_ passes: [Range<Int>], threads: Int) throws -> [Double] {
      for parameter in layers.parameters { parameter.clearGradient() }
      let tape = Tape<Double>(recording: true, threads: threads)
      var loss = 0.0
      for pass in passes {
        tape.reset()
        var starts = [0]
        for text in pass { starts.append(starts[starts.count - 1] + lengths[text]) }
        let first = lengths[..<pass.lowerBound].reduce(0, +) * 8
        try x.withUnsafeBufferPointer { x in
          try labels.withUnsafeBufferPointer { labels in
            try starts.withUnsafeBufferPointer { starts in
              let made = try layers.loss(
                #require(x.baseAddress) + first,
                Segments(starts: #require(starts.baseAddress), count: pass.count),
                labels: #require(labels.baseAddress) + pass.lowerBound, tape)
              loss += made.values[0]
              try tape.backward(from: made)
            }
          }
        }
      }
      return [loss]
        + layers.parameters.flatMap { parameter in
          (0..<parameter.count).map { parameter.gradient?.pointer[$0] ?? .nan }
        }
    }

    let together = try run([0..<7], threads: 1)
    let alone = try run((0..<7).map { $0..<($0 + 1) }, threads: 1)
    let inParts = try run([0..<2, 2..<7], threads: 2)
    let scale = together.map(\.magnitude).max() ?? 0
    for (one, other) in zip(together, alone) { #expect((one - other).magnitude <= 1e-13 * scale) }
    for (one, other) in zip(together, inParts) {
      #expect((one - other).magnitude <= 1e-13 * scale)
    }
  }
}
