import PlauditCore
import PlauditTensor

/// An LSTM over the rows of each text, in one direction or both.
///
/// Names and biases follow `torch.nn.LSTM` with one layer.
struct LSTMLayer {
  private let forwards: LSTMWeights<Float>
  private let backwards: LSTMWeights<Float>?

  init(
    _ source: some ParameterSource, _ name: String, inputs: Int, hiddenSize: Int,
    bidirectional: Bool
  ) throws(PlauditError) {
    func weights(_ suffix: String) throws(PlauditError) -> LSTMWeights<Float> {
      let start = InitialValues.uniform(bound: 1 / Double(hiddenSize).squareRoot())
      func parameter(_ kind: String, _ shape: [Int]) throws(PlauditError) -> Parameter<Float> {
        try source.parameter("\(name).\(kind)_l0\(suffix)", shape, start: start)
      }
      return LSTMWeights(
        input: Linear(try parameter("weight_ih", [4 * hiddenSize, inputs])),
        recurrent: Linear(try parameter("weight_hh", [4 * hiddenSize, hiddenSize])),
        inputBias: try parameter("bias_ih", [4 * hiddenSize]),
        recurrentBias: try parameter("bias_hh", [4 * hiddenSize]))
    }
    forwards = try weights("")
    backwards = bidirectional ? try weights("_reverse") : nil
  }

  /// The width of `last`.
  var width: Int { forwards.hiddenSize * (backwards == nil ? 1 : 2) }

  /// The state after each text's last step `[texts, H]`, and with both directions beside it the
  /// state of the other after its last step, which is the text's first row.
  func last(
    _ x: FloatTape.Tensor, _ texts: Segments, _ tape: FloatTape
  ) throws(PlauditError) -> FloatTape.Tensor {
    let end = try tape.scope { () throws(PlauditError) in
      try tape.endRows(tape.lstm(x, texts, forwards), texts, last: true)
    }
    guard let backwards else { return end }
    let start = try tape.scope { () throws(PlauditError) in
      try tape.endRows(tape.lstm(x, texts, backwards, reversed: true), texts, last: false)
    }
    return try tape.concatenate(end, start)
  }

  var parameters: [Parameter<Float>] {
    [forwards, backwards].compactMap { $0 }.flatMap {
      [$0.input.weight, $0.recurrent.weight, $0.inputBias, $0.recurrentBias]
    }
  }
}
