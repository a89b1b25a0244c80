package import PlauditCore

/// The weights of one direction of an LSTM, gates in the order input, forget, cell, output.
package struct LSTMWeights<Scalar: TensorScalar> {
  /// `[4·H, inputs]`
  package let input: Linear<Scalar>
  /// `[4·H, H]`
  package let recurrent: Linear<Scalar>
  /// `[4·H]` each: PyTorch keeps two.
  package let inputBias: Parameter<Scalar>
  package let recurrentBias: Parameter<Scalar>

  package init(
    input: Linear<Scalar>, recurrent: Linear<Scalar>, inputBias: Parameter<Scalar>,
    recurrentBias: Parameter<Scalar>
  ) {
    self.input = input
    self.recurrent = recurrent
    self.inputBias = inputBias
    self.recurrentBias = recurrentBias
  }

  package var hiddenSize: Int { recurrent.inputs }
}

extension Tape {
  /// An LSTM over the rows of each text, from its first row to its last, or with `reversed` from
  /// its last to its first. Texts have their own lengths: nothing runs over padding.
  ///
  /// - Returns: the hidden states `[rows, H]` in the order of x.
  /// - Source: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, as
  ///   `torch.nn.LSTM` computes it.
  @_specialize(where Scalar == Float)
  package func lstm(
    _ x: Tensor, _ texts: Segments, _ weights: LSTMWeights<Scalar>, reversed: Bool = false
  ) throws(PlauditError) -> Tensor {
    let size = weights.hiddenSize
    let kernels = Scalar.tapeKernels
    // Projections of all rows at once; the biases are the same at each step.
    let projected = try activate(
      linear(x, weights.input, bias: weights.inputBias), bias: weights.recurrentBias, nil)
    let gates = projected.values
    let order = try sortedByLength(texts)
    let cells = try tensor(rows: x.rows, width: size)
    let hidden = try tensor(rows: x.rows, width: size)

    // Texts go in groups: within one, a step is one product for all texts not yet at an end.
    let groups = LSTMGroups(texts.count, order, isSpread: isRecording)
    let groupSize = groups.size
    let states = try room(groups.count * groupSize * size)
    let products = try room(groups.count * groupSize * 4 * size)
    let recurrent = try weights.recurrent.packedWeights(self)
    try parallel(isRecording ? groups.count : 1) { task in
      for group in isRecording ? task..<(task + 1) : 0..<groups.count {
        let state = states + group * groupSize * size
        let product = products + group * groupSize * 4 * size
        var active = groups.members(group)
        for step in 0..<texts.length(groups.text(group, 0)) {
          while active > 0, texts.length(groups.text(group, active - 1)) <= step { active -= 1 }
          if step > 0 {
            Scalar.multiply(
              state, stride: size, packed: recurrent, into: product, stride: 4 * size,
              rows: active, columns: 4 * size, inner: size, end: nil)
          }
          for member in 0..<active {
            let row = self.row(texts, groups.text(group, member), step, reversed)
            let before = self.row(texts, groups.text(group, member), step - 1, reversed)
            kernels.pointee.lstm_step(
              gates + row * 4 * size,
              step > 0 ? UnsafeRawPointer(product + member * 4 * size) : nil,
              step > 0 ? UnsafeRawPointer(cells.values + before * size) : nil,
              cells.values + row * size, hidden.values + row * size, Int64(size))
            (state + member * size).update(from: hidden.values + row * size, count: size)
          }
        }
      }
    }
    try control?.check()
    guard isRecording,
      wantsGradient(projected) || weights.recurrent.weight.isTrained
    else { return hidden }
    return tracked(hidden) { (dhidden) throws(PlauditError) in
      let (dgates, accumulate) =
        self.wantsGradient(projected)
        ? try self.gradient(of: projected) : (try self.room(x.rows * 4 * size), false)
      // The projections have no other reader, so their gradient has no other writer.
      if accumulate {
        throw PlauditError(.internal, "an LSTM's projections were read twice")
      }
      let dstates = try self.room(groups.count * groupSize * size)
      let dcells = try self.room(groups.count * groupSize * size)
      let stepGates = try self.room(groups.count * groupSize * 4 * size)
      let recurrent = try self.room(Scalar.packedCount(inner: 4 * size, columns: size))
      Scalar.pack(
        weights.recurrent.values, stride: size, transposed: false, columns: size, inner: 4 * size,
        into: recurrent)
      try self.parallel(groups.count) { group in
        let dstate = dstates + group * groupSize * size
        let dcell = dcells + group * groupSize * size
        let dproduct = stepGates + group * groupSize * 4 * size
        self.clear(dstate, count: groupSize * size)
        self.clear(dcell, count: groupSize * size)
        let count = groups.members(group)
        var active = 0
        for step in (0..<texts.length(groups.text(group, 0))).reversed() {
          while active < count, texts.length(groups.text(group, active)) > step { active += 1 }
          for member in 0..<active {
            let row = self.row(texts, groups.text(group, member), step, reversed)
            let before = self.row(texts, groups.text(group, member), step - 1, reversed)
            kernels.pointee.add(dstate + member * size, dhidden + row * size, 1, Int64(size), 1)
            kernels.pointee.lstm_step_backward(
              dgates + row * 4 * size, dcell + member * size, dstate + member * size,
              gates + row * 4 * size,
              step > 0 ? UnsafeRawPointer(cells.values + before * size) : nil,
              cells.values + row * size, Int64(size))
            (dproduct + member * 4 * size).update(from: dgates + row * 4 * size, count: 4 * size)
          }
          guard step > 0 else { continue }
          Scalar.multiply(
            dproduct, stride: 4 * size, packed: recurrent, into: dstate, stride: size,
            rows: active, columns: size, inner: 4 * size, end: nil)
        }
      }
      if let gradient = weights.recurrent.weight.gradient {
        // The state before each row, zeros before a text's first step.
        let previous = try self.room(x.rows * size)
        for text in 0..<texts.count {
          for step in 0..<texts.length(text) {
            let target = previous + self.row(texts, text, step, reversed) * size
            if step == 0 {
              self.clear(target, count: size)
            } else {
              target.update(
                from: hidden.values + self.row(texts, text, step - 1, reversed) * size, count: size)
            }
          }
        }
        try self.multiply(
          dgates, stride: 4 * size, transposed: true, previous, stride: size, transposed: false,
          into: gradient.pointer, rows: 4 * size, columns: size, inner: x.rows, accumulate: true)
      }
    }
  }

  /// The row of a text's step; steps run backwards when reversed. Steps before the first give the
  /// first.
  private func row(_ texts: Segments, _ text: Int, _ step: Int, _ reversed: Bool) -> Int {
    let position = max(step, 0)
    return reversed
      ? texts.starts[text + 1] - 1 - position : texts.start(text) + position
  }

  /// Texts from the longest to the shortest, equal ones in order, in time linear in their rows.
  func sortedByLength(_ texts: Segments) throws(PlauditError) -> UnsafeMutablePointer<Int> {
    let order = try memory(texts.count, of: Int.self)
    let longest = texts.longest
    // How many texts are longer than `length` by `longest - length`: where the next of it goes.
    let places = try memory(longest + 2, of: Int.self)
    places.update(repeating: 0, count: longest + 2)
    for text in 0..<texts.count { places[longest - texts.length(text) + 1] += 1 }
    for place in 0..<longest { places[place + 1] += places[place] }
    for text in 0..<texts.count {
      let place = longest - texts.length(text)
      order[places[place]] = text
      places[place] += 1
    }
    return order
  }
}

/// The texts of a pass, which are sorted by length, in groups that go through an LSTM together.
///
/// In training groups are spread: each takes texts of all lengths, so that they have about as much
/// to do, and there are four for as many threads where there are texts enough. The cut follows from
/// the number of texts alone.
private struct LSTMGroups {
  let count: Int
  /// The most texts of a group.
  let size: Int
  private let texts: Int
  private let order: UnsafeMutablePointer<Int>
  private let isSpread: Bool

  private static let largest = 24
  private static let smallest = 8

  init(_ texts: Int, _ order: UnsafeMutablePointer<Int>, isSpread: Bool) {
    self.texts = texts
    self.order = order
    self.isSpread = isSpread
    let few = (texts + LSTMGroups.largest - 1) / LSTMGroups.largest
    let many = (texts + LSTMGroups.smallest - 1) / LSTMGroups.smallest
    count = isSpread ? min(many, max(few, 4)) : few
    size = isSpread ? (texts + max(count, 1) - 1) / max(count, 1) : LSTMGroups.largest
  }

  /// The number of texts of a group.
  func members(_ group: Int) -> Int {
    isSpread ? (texts - group + count - 1) / count : min(size, texts - group * size)
  }

  /// A text of a group; the later, the shorter.
  func text(_ group: Int, _ member: Int) -> Int {
    order[isSpread ? group + member * count : group * size + member]
  }
}
