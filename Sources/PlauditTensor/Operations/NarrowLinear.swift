package import PlauditCore

/// A linear layer's part of narrow weights: its outputs from a panel's first on.
struct NarrowPart {
  let weights: NarrowWeights
  let first: Int
}

extension Linear where Scalar == Float {
  /// A layer whose weights are narrow, under the names and shape of their tensors.
  package init(_ narrow: NarrowWeights, names: [String], shape: [Int]) throws(PlauditError) {
    let weight = Parameter(names: names, shape: shape, values: try FloatBuffer(count: 0))
    self.init(narrow: NarrowPart(weights: narrow, first: 0), outputs: narrow.outputs, weight)
  }

  /// The same layer at a lower precision; it keeps nothing of the fp32 weights. Where this machine
  /// computes the precision in fp32, the layer itself.
  package func narrowed(to precision: Precision) throws(PlauditError) -> Linear {
    guard let made = try NarrowWeights(outputs: outputs, inputs: inputs, precision) else {
      return self
    }
    let numbers = try weight.numbers()
    withExtendedLifetime(numbers) {
      made.pack(numbers.pointer + rows.lowerBound * inputs, first: 0, count: outputs)
    }
    let none = Parameter(
      names: weight.names, shape: weight.shape, values: try FloatBuffer(count: 0))
    return Linear(narrow: NarrowPart(weights: made, first: 0), outputs: outputs, none)
  }

  /// Whether outputs from `first` on can be read out of weights that are narrow.
  package static func beginsPanel(_ first: Int) -> Bool { first % NarrowWeights.panel == 0 }

  /// Some of the outputs of this layer, whose weights are narrow; the first begins a panel.
  package func narrowPart(_ rows: Range<Int>) -> Linear {
    guard let narrow else { return self }
    return Linear(
      narrow: NarrowPart(weights: narrow.weights, first: narrow.first + rows.lowerBound),
      outputs: rows.count, weight)
  }

  /// The same, packed anew from `whole`, the layer before it was narrow, where the first output does
  /// not begin a panel.
  package func narrowPart(
    _ rows: Range<Int>, of whole: Linear
  ) throws(PlauditError) -> Linear {
    guard let narrow else { return Linear(whole.weight, rows: rows) }
    guard Linear.beginsPanel(rows.lowerBound) else {
      return try Linear(whole.weight, rows: rows).narrowed(to: narrow.weights.precision)
    }
    return narrowPart(rows)
  }

  package var isNarrow: Bool { narrow != nil }
}

extension Tape {
  /// Rows that pass both layers of a pair before the next ones: what is between them stays in the
  /// second-level cache.
  private static var pairRows: Int { 112 }

  /// `f(x · Wᵀ + bias)` by narrow weights; nothing is recorded.
  func linear(
    _ x: Tensor, narrow: NarrowPart, outputs: Int, bias: UnsafePointer<Scalar>?,
    _ activation: Activation?
  ) throws(PlauditError) -> Tensor {
    let y = try tensor(rows: x.rows, width: outputs)
    let scratch = try memory(narrow.weights.scratchCount, of: UInt8.self)
    if team != nil, x.width > 0 {
      try share(narrow, x, into: y, bias: bias, activation, scratch)
      return y
    }
    // Few enough rows at a time to notice a cancellation.
    let most = 448
    for first in stride(from: 0, to: x.rows, by: most) {
      try control?.check()
      forward(
        narrow, x.values + first * x.width, into: y.values + first * outputs,
        rows: min(most, x.rows - first), outputs: outputs, bias: bias, activation, scratch)
    }
    return y
  }

  /// `f(x · W₁ᵀ + bias) · W₂ᵀ` of two layers, some rows at a time where their weights are narrow.
  package func linearPair(
    _ x: Tensor, _ inner: Linear<Scalar>, bias: Parameter<Scalar>, _ activation: Activation,
    _ outer: Linear<Scalar>
  ) throws(PlauditError) -> Tensor {
    if isRecording, let made = try recordedPair(x, inner, bias: bias, activation, outer) {
      return made
    }
    guard !isRecording, team == nil, let innerPart = inner.narrow, let outerPart = outer.narrow
    else {
      let between = try linear(x, inner, bias: bias, activation)
      let made = try linear(between, outer)
      discard(between)
      return made
    }
    let y = try tensor(rows: x.rows, width: outer.outputs)
    let most = min(Self.pairRows, max(x.rows, 1))
    let between = try room(most * inner.outputs)
    let scratch = try memory(
      max(innerPart.weights.scratchCount, outerPart.weights.scratchCount), of: UInt8.self)
    for first in stride(from: 0, to: x.rows, by: most) {
      try control?.check()
      let rows = min(most, x.rows - first)
      forward(
        innerPart, x.values + first * x.width, into: between, rows: rows, outputs: inner.outputs,
        bias: bias.values.pointer, activation, scratch)
      forward(
        outerPart, between, into: y.values + first * outer.outputs, rows: rows,
        outputs: outer.outputs, bias: nil, nil, scratch)
    }
    return y
  }

  /// The same by a team: rows are made narrow once, then the outputs are cut.
  private func share(
    _ narrow: NarrowPart, _ x: Tensor, into y: Tensor, bias: UnsafePointer<Scalar>?,
    _ activation: Activation?, _ scratch: UnsafeMutablePointer<UInt8>
  ) throws(PlauditError) {
    for first in stride(from: 0, to: x.rows, by: NarrowWeights.mostRows) {
      let rows = min(NarrowWeights.mostRows, x.rows - first)
      func part(_ step: NarrowWeights.Step, _ start: Int, _ count: Int) {
        narrow.weights.forward(
          floats(x.values + first * x.width), into: floats(y.values + first * y.width), rows: rows,
          first: narrow.first, count: y.width,
          bias: bias.map { UnsafePointer(floats(UnsafeMutablePointer(mutating: $0))) }, activation,
          scratch: scratch, step, start, count)
      }
      try blocks(of: rows, atLeast: 32) { part(.rows, $0, $1) }
      try parallel([
        columns(of: y.width, work: rows * y.width * x.width, pieces: 3) { start, count, _ in
          let panel = NarrowWeights.panel
          part(.panels, start / panel, (count + panel - 1) / panel)
        }
      ])
    }
  }

  /// Narrow weights are of floats, so is the tape.
  private func forward(
    _ narrow: NarrowPart, _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>,
    rows: Int, outputs: Int, bias: UnsafePointer<Scalar>?, _ activation: Activation?,
    _ scratch: UnsafeMutablePointer<UInt8>
  ) {
    narrow.weights.forward(
      floats(UnsafeMutablePointer(mutating: x)), into: floats(y), rows: rows, first: narrow.first,
      count: outputs,
      bias: bias.map { UnsafePointer(floats(UnsafeMutablePointer(mutating: $0))) }, activation,
      scratch: scratch)
  }
}
