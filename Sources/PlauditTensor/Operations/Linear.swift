package import PlauditCore

/// The weights `[outputs, inputs]` of `y = x · Wᵀ`. A row's result does not depend on the rows
/// that come with it.
package struct Linear<Scalar: TensorScalar> {
  package let weight: Parameter<Scalar>
  /// The first of the parameter's rows that it uses.
  private let firstRow: Int
  package let outputs: Int
  package let inputs: Int
  /// The weights in the order in which the kernels read them, once `Parameter.pack` was called.
  private let packed: PackedRows<Scalar>
  /// Weights of a lower precision in place of the parameter's, which then has none.
  let narrow: NarrowPart?

  /// - Parameters:
  ///   - weight: one tensor, or several of the same shape one after another; their rows are the
  ///     outputs.
  ///   - rows: a part of them; nil for all.
  package init(_ weight: Parameter<Scalar>, rows: Range<Int>? = nil) {
    self.weight = weight
    inputs = weight.width
    let all = weight.count / max(inputs, 1)
    let range = (rows ?? 0..<all).clamped(to: 0..<all)
    firstRow = range.lowerBound
    outputs = range.count
    packed = weight.packedRows(range)
    narrow = nil
  }

  /// - Parameter weight: the name and shape, without weights.
  init(narrow: NarrowPart, outputs: Int, _ weight: Parameter<Scalar>) {
    self.weight = weight
    firstRow = 0
    self.outputs = outputs
    inputs = weight.width
    packed = PackedRows(0..<0)
    self.narrow = narrow
  }

  /// The outputs that it has of its parameter.
  var rows: Range<Int> { firstRow..<firstRow + outputs }

  package var values: UnsafeMutablePointer<Scalar> {
    weight.values.pointer + firstRow * inputs
  }

  package var gradient: UnsafeMutablePointer<Scalar>? {
    weight.gradient.map { $0.pointer + firstRow * inputs }
  }

  /// `y[rows, outputs] = x[rows, inputs] · Wᵀ`, and what the product's end asks for.
  package func forward(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, rows: Int,
    end: ProductEnd<Scalar>? = nil, scratch: UnsafeMutablePointer<Scalar>,
    control: RunControl? = nil
  ) throws(PlauditError) {
    guard let panels = packed.panels else {
      guard weight.hasValues else {
        throw PlauditError(.internal, "rows of \(weight.name) were not packed")
      }
      try control?.check()
      Scalar.multiply(
        x, stride: inputs, transposed: false, values, stride: inputs, transposed: true, into: y,
        stride: outputs, rows: rows, columns: outputs, inner: inputs, factor: 1,
        accumulate: false, end: end, scratch: scratch)
      return
    }
    // Few enough rows at a time to notice a cancellation, enough to pay for reading the weights.
    let most = 504
    for first in stride(from: 0, to: rows, by: most) {
      try control?.check()
      Scalar.multiply(
        x + first * inputs, stride: inputs, packed: panels.pointer, into: y + first * outputs,
        stride: outputs, rows: min(most, rows - first), columns: outputs, inner: inputs,
        end: end?.below(first))
    }
  }

  var isPacked: Bool { packed.panels != nil }

  /// `forward` with packed weights, of `count` columns from `first` on, a multiple of 32.
  func forward(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, rows: Int, first: Int,
    count: Int, end: ProductEnd<Scalar>?
  ) {
    guard let panels = packed.panels else { return }
    Scalar.multiply(
      x, stride: inputs, packed: panels.pointer, from: first, of: outputs, into: y + first,
      stride: outputs, rows: rows, columns: count, inner: inputs, end: end?.from(first))
  }

  /// The packed weights: those of the parameter, or packed now into room of the tape.
  func packedWeights(_ tape: Tape<Scalar>) throws(PlauditError) -> UnsafePointer<Scalar> {
    if let panels = packed.panels { return UnsafePointer(panels.pointer) }
    let made = try tape.room(Scalar.packedCount(inner: inputs, columns: outputs))
    Scalar.pack(
      values, stride: inputs, transposed: true, columns: outputs, inner: inputs, into: made)
    return UnsafePointer(made)
  }
}

extension Tape {
  /// `f(x · Wᵀ + bias)` `[rows, outputs]`; without a bias and a function the next operation adds it.
  ///
  /// - Parameter first: the bias's number for the first output.
  @_specialize(where Scalar == Float)
  package func linear(
    _ x: Tensor, _ layer: Linear<Scalar>, bias: Parameter<Scalar>? = nil, from first: Int = 0,
    _ activation: Activation? = nil
  ) throws(PlauditError) -> Tensor {
    let outputs = layer.outputs
    if let narrow = layer.narrow {
      guard !isRecording else {
        throw PlauditError(.internal, "a layer of lower precision is to be trained")
      }
      return try linear(
        x, narrow: narrow, outputs: outputs,
        bias: bias.map { UnsafePointer($0.values.pointer + first) }, activation)
    }
    // The product before the function, and its slopes afterwards where they are wanted; else the
    // function's values take its place.
    let z = try tensor(rows: x.rows, width: outputs)
    let isTracked =
      isRecording && (wantsGradient(x) || layer.weight.isTrained || bias?.isTrained == true)
    let keepsSlopes = isTracked && activation != nil
    let y = keepsSlopes ? try tensor(rows: x.rows, width: outputs) : z
    let biasValues = bias.map { UnsafePointer($0.values.pointer + first) }
    let end =
      bias == nil && activation == nil
      ? nil
      : ProductEnd(
        out: y.values, stride: outputs, bias: biasValues, activation: activation,
        makesSlope: keepsSlopes)
    let scratch = try productScratch()
    guard isRecording else {
      if team != nil, layer.isPacked {
        try parallel([
          columns(of: outputs, work: x.rows * outputs * x.width, pieces: 3) { first, count, _ in
            layer.forward(
              x.values, into: z.values, rows: x.rows, first: first, count: count, end: end)
          }
        ])
        return y
      }
      try layer.forward(
        x.values, into: z.values, rows: x.rows, end: end, scratch: scratch, control: control)
      return y
    }
    try multiply(x, layer, into: z, end: end)
    guard isTracked else { return y }
    return tracked(y) { (dy) throws(PlauditError) in
      let biasGradient = bias?.gradient.map { $0.pointer + first }
      var dz = dy
      if keepsSlopes {
        dz = try self.room(y.count)
        try self.multiply(dy, bySlopes: z, into: dz, biasGradient: biasGradient)
      }
      try self.linearBackward(
        dz, x, layer, biasGradient: keepsSlopes ? nil : biasGradient)
    }
  }

  /// `z = x · Wᵀ` on the tape's threads.
  func multiply(
    _ x: Tensor, _ layer: Linear<Scalar>, into z: Tensor, end: ProductEnd<Scalar>?
  ) throws(PlauditError) {
    let (outputs, inputs) = (layer.outputs, layer.inputs)
    try parallel([
      columns(of: outputs, work: x.rows * outputs * inputs, pieces: 2) { first, count, scratch in
        Scalar.multiply(
          x.values, stride: inputs, transposed: false, layer.values + first * inputs,
          stride: inputs, transposed: true, into: z.values + first, stride: outputs,
          rows: x.rows, columns: count, inner: inputs, factor: 1, accumulate: false,
          end: end?.from(first), scratch: scratch)
      }
    ])
  }

  /// `dz = dy · slopes`, and its sums over rows to the bias's gradient.
  private func multiply(
    _ dy: UnsafePointer<Scalar>, bySlopes slopes: Tensor, into dz: UnsafeMutablePointer<Scalar>,
    biasGradient: UnsafeMutablePointer<Scalar>?
  ) throws(PlauditError) {
    let kernels = Scalar.tapeKernels
    try parallel([
      columns(of: slopes.width, work: slopes.count * 16, pieces: 2) { first, count, _ in
        kernels.pointee.slope_backward(
          dz, dy, slopes.values, biasGradient, Int64(slopes.rows), Int64(slopes.width),
          Int64(first), Int64(count))
      }
    ])
  }

  /// The gradients of a linear layer's weights, input and, from `dz` itself, bias: all at once.
  ///
  /// - Parameter inner: where the input's gradient goes and what becomes of it, in place of the
  ///   gradient of x.
  func linearBackward(
    _ dz: UnsafePointer<Scalar>, _ x: Tensor, _ layer: Linear<Scalar>,
    biasGradient: UnsafeMutablePointer<Scalar>?,
    inner: (dx: UnsafeMutablePointer<Scalar>, end: ProductEnd<Scalar>)? = nil
  ) throws(PlauditError) {
    let (outputs, inputs) = (layer.outputs, layer.inputs)
    let work = x.rows * outputs * inputs
    let kernels = Scalar.tapeKernels
    var parts: [Part] = []
    if let gradient = layer.gradient {
      // Few pieces along the longer side, for each brings columns of dz together and packs x.
      let byRows = outputs > inputs
      parts.append(
        columns(of: byRows ? outputs : inputs, work: work, pieces: 1) { first, count, scratch in
          Scalar.multiply(
            byRows ? dz + first : dz, stride: outputs, transposed: true,
            byRows ? x.values : x.values + first, stride: inputs, transposed: false,
            into: gradient + (byRows ? first * inputs : first), stride: inputs,
            rows: byRows ? count : outputs, columns: byRows ? inputs : count, inner: x.rows,
            factor: 1, accumulate: true, scratch: scratch)
        })
    }
    if inner != nil || wantsGradient(x) {
      let (dx, accumulate) = if let inner { (inner.dx, false) } else { try gradient(of: x) }
      parts.append(
        columns(of: inputs, work: work, pieces: 2) { first, count, scratch in
          Scalar.multiply(
            dz, stride: outputs, transposed: false, layer.values + first, stride: inputs,
            transposed: false, into: dx + first, stride: inputs, rows: x.rows, columns: count,
            inner: outputs, factor: 1, accumulate: accumulate, end: inner?.end.from(first),
            scratch: scratch)
        })
    }
    if let biasGradient {
      parts.append(
        columns(of: outputs, work: x.rows * outputs, pieces: 1) { first, count, _ in
          kernels.pointee.column_sums(
            biasGradient, nil, dz, nil, Int64(x.rows), Int64(outputs), Int64(first), Int64(count))
        })
    }
    try parallel(parts)
  }

  /// Work that falls into columns, cut without a trace in its results.
  struct Part {
    let columns: Int
    /// Columns of a task.
    let size: Int
    let body: (_ first: Int, _ count: Int, _ scratch: UnsafeMutablePointer<Scalar>) -> Void
    var tasks: Int { (columns + size - 1) / max(size, 1) }
  }

  /// About `pieces` tasks a thread, in multiples of the kernels' widths; one if there is little to
  /// do.
  func columns(
    of count: Int, work: Int, pieces: Int,
    _ body:
      @escaping (_ first: Int, _ count: Int, _ scratch: UnsafeMutablePointer<Scalar>) -> Void
  ) -> Part {
    let little = team == nil ? 1 << 18 : 1 << 15
    let wanted = work < little || threads == 1 ? 1 : pieces * threads
    return Part(
      columns: count, size: max((count + wanted - 1) / wanted + 31, 32) / 32 * 32, body: body)
  }

  /// Does all parts' tasks in one go on the tape's threads.
  func parallel(_ parts: [Part]) throws(PlauditError) {
    let scratch = try productScratch()
    try parallel(parts.reduce(0) { $0 + $1.tasks }) { task, worker in
      var task = task
      for part in parts {
        guard task >= part.tasks else {
          let first = task * part.size
          part.body(
            first, min(part.size, part.columns - first),
            scratch + worker * Scalar.scratchCount)
          return
        }
        task -= part.tasks
      }
    }
  }

  /// `c = op(a) · op(b)`, or `c +=`, on the tape's threads, which share the columns: each packs its
  /// part of b once.
  func multiply(
    _ a: UnsafePointer<Scalar>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Scalar>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Scalar>, rows: Int, columns count: Int, inner: Int,
    accumulate: Bool
  ) throws(PlauditError) {
    try parallel([
      columns(of: count, work: rows * count * max(inner, 1), pieces: aTransposed ? 1 : 2) {
        first, part, scratch in
        Scalar.multiply(
          a, stride: aStride, transposed: aTransposed,
          b + (bTransposed ? first * bStride : first), stride: bStride, transposed: bTransposed,
          into: c + first, stride: count, rows: rows, columns: part, inner: inner, factor: 1,
          accumulate: accumulate, scratch: scratch)
      }
    ])
  }
}
