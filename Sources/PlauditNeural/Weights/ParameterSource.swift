package import PlauditCore
package import PlauditTensor

/// How weights start when a training makes them.
package enum InitialValues: Equatable, Sendable {
  case zeros
  case ones
  /// Normal with mean 0, as BERT starts its matrices (0.02).
  case normal(deviation: Double)
  /// Uniform in ±bound, as PyTorch starts linear layers, LSTMs and convolutions.
  case uniform(bound: Double)
}

/// Where a network takes its weights from: a model folder, or the start of a training.
package protocol ParameterSource {
  /// The precision at which an encoder keeps the weights of its linear layers.
  var precision: Precision { get }

  /// Parameters named `names`, all of `shape`, one after another.
  ///
  /// - Parameters:
  ///   - start: what a training begins with where no weights are given; a folder ignores it.
  ///   - isTable: gradients come row by row, as for embeddings.
  func parameter(
    names: [String], shape: [Int], start: InitialValues, isTable: Bool
  ) throws(PlauditError) -> Parameter<Float>

  /// A linear layer of an encoder, of weights as `parameter` gives them, and some ranges of its
  /// outputs as layers of their own over the same weights.
  func linear(
    names: [String], shape: [Int], start: InitialValues, ranges: [Range<Int>]
  ) throws(PlauditError) -> (whole: Linear<Float>, parts: [Linear<Float>])
}

extension ParameterSource {
  package var precision: Precision { .fp32 }

  package func linear(
    names: [String], shape: [Int], start: InitialValues, ranges: [Range<Int>]
  ) throws(PlauditError) -> (whole: Linear<Float>, parts: [Linear<Float>]) {
    let weight = try parameter(names: names, shape: shape, start: start, isTable: false)
    return (Linear(weight), ranges.map { Linear(weight, rows: $0) })
  }

  func parameter(
    _ name: String, _ shape: [Int], start: InitialValues, isTable: Bool = false
  ) throws(PlauditError) -> Parameter<Float> {
    try parameter(names: [name], shape: shape, start: start, isTable: isTable)
  }
}

extension WeightFolder: ParameterSource {
  package func parameter(
    names: [String], shape: [Int], start: InitialValues, isTable: Bool
  ) throws(PlauditError) -> Parameter<Float> {
    let size = shape.reduce(1, *)
    // Every tensor's shape is checked before memory is asked for.
    for name in names { _ = try elementCount(name, shape) }
    let values = try FloatBuffer(undefined: names.count * size)
    for (index, name) in names.enumerated() {
      try read(name, shape, into: values, from: index * size)
    }
    return Parameter(names: names, shape: shape, values: values, isTable: isTable)
  }

  package func linear(
    names: [String], shape: [Int], start: InitialValues, ranges: [Range<Int>]
  ) throws(PlauditError) -> (whole: Linear<Float>, parts: [Linear<Float>]) {
    guard let reading else {
      let weight = try parameter(names: names, shape: shape, start: start, isTable: false)
      return (Linear(weight), ranges.map { Linear(weight, rows: $0) })
    }
    for name in names { _ = try elementCount(name, shape) }
    let stack = try TensorStack(
      names.map { (name) throws(PlauditError) in try reader(name, shape) })
    func narrow(_ rows: Range<Int>) throws(PlauditError) -> NarrowWeights? {
      let made = try NarrowWeights(
        outputs: rows.count, inputs: stack.width, precision, in: reading.arena)
      if let made { reading.add(stack, rows: rows, to: made) }
      return made
    }
    if let weights = try narrow(0..<stack.rows) {
      let whole = try Linear(weights, names: names, shape: shape)
      let parts = try ranges.map { (range) throws(PlauditError) -> Linear<Float> in
        guard !Linear.beginsPanel(range.lowerBound), let own = try narrow(range) else {
          return whole.narrowPart(range)
        }
        return try Linear(own, names: names, shape: shape)
      }
      return (whole, parts)
    }
    let weight = try Parameter(packed: names, shape: shape, ranges: ranges, in: reading.arena)
    reading.add(stack, to: weight)
    return (Linear(weight), ranges.map { Linear(weight, rows: $0) })
  }
}

/// The weights a training starts with: copies of known ones by name, seeded random numbers for the
/// rest.
package final class TrainingStart: ParameterSource {
  private let known: [String: NamedTensor]
  private let seed: UInt64
  private let limitBytes: Int
  private let control: RunControl?
  private var byteCount = 0

  /// What a new weight takes in training: its value, its gradient, and the two moments of Adam. Of
  /// a known one, which may be frozen, the value is sure.
  private static let bytesOfNew = 16
  private static let bytesOfKnown = 4
  /// Weights made between two looks at whether to stop.
  private static let block = 1 << 16

  /// - Parameters:
  ///   - known: tensors by their names, such as those of an encoder.
  ///   - limitBytes: the most that the network may take at least in training.
  package init(
    known: [NamedTensor], seed: UInt64, limitBytes: Int = HostMemory.byteCount,
    control: RunControl? = nil
  ) {
    var byName: [String: NamedTensor] = [:]
    for tensor in known { byName[tensor.name] = tensor }
    self.known = byName
    self.seed = seed
    self.limitBytes = limitBytes
    self.control = control
  }

  package func parameter(
    names: [String], shape: [Int], start: InitialValues, isTable: Bool
  ) throws(PlauditError) -> Parameter<Float> {
    let size = try reserve(names, shape)
    let values = try FloatBuffer(count: names.count * size)
    for (index, name) in names.enumerated() {
      let target = values.pointer + index * size
      if let tensor = known[name] {
        guard tensor.shape == shape else {
          throw PlauditError(
            .shape, "tensor \(name) has shape \(tensor.shape), the network needs \(shape)")
        }
        try inBlocks(size) { first, count in
          (target + first).update(from: tensor.floats + first, count: count)
        }
      } else {
        try fill(target, size, start, name: name)
      }
    }
    return Parameter(names: names, shape: shape, values: values, isTable: isTable)
  }

  /// Adds a parameter to the account, and gives the numbers of one of its tensors.
  ///
  /// - Throws: `.limit` before memory is asked for that the machine does not have.
  private func reserve(_ names: [String], _ shape: [Int]) throws(PlauditError) -> Int {
    var bytes = names.reduce(0) {
      $0 + (known[$1] == nil ? TrainingStart.bytesOfNew : TrainingStart.bytesOfKnown)
    }
    var isTooMuch = false
    for dimension in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
      isTooMuch = isTooMuch || overflow
      bytes = product
    }
    let (total, overflow) = byteCount.addingReportingOverflow(bytes)
    guard !isTooMuch, !overflow, total <= limitBytes else {
      throw PlauditError(
        .limit,
        "the network is too large to be trained here: with tensor \(names.first ?? "") of shape "
          + "\(shape), weights, gradients and moments take more than \(limitBytes) bytes, the memory "
          + "of this machine; give smaller layers")
    }
    byteCount = total
    return shape.reduce(1, *)
  }

  private func inBlocks(
    _ count: Int, _ body: (_ first: Int, _ count: Int) -> Void
  ) throws(PlauditError) {
    var first = 0
    while first < count {
      let part = min(TrainingStart.block, count - first)
      body(first, part)
      first += part
      if first < count { try control?.check() }
    }
  }

  /// The stream of random numbers follows from the name, so the order of layers does not show.
  private func fill(
    _ target: UnsafeMutablePointer<Float>, _ count: Int, _ start: InitialValues, name: String
  ) throws(PlauditError) {
    var random = RandomSource(seed: seed, stream: TrainingStart.stream(of: name))
    try inBlocks(count) { first, part in
      switch start {
      case .zeros: break
      case .ones: (target + first).update(repeating: 1, count: part)
      case .uniform(let bound):
        for index in first..<first + part {
          target[index] = Float((random.uniform() * 2 - 1) * bound)
        }
      case .normal(let deviation):
        for index in first..<first + part {
          target[index] = Float(random.normal() * deviation)
        }
      }
    }
  }

  /// FNV-1a over the name.
  private static func stream(of name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
