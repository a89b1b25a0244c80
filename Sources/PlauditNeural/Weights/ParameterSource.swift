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
  /// Parameters named `names`, all of `shape`, one after another.
  ///
  /// - Parameters:
  ///   - start: what a training begins with where no weights are given; a folder ignores it.
  ///   - isTable: gradients come row by row, as for embeddings.
  func parameter(
    names: [String], shape: [Int], start: InitialValues, isTable: Bool
  ) throws(PlauditError) -> Parameter<Float>
}

extension ParameterSource {
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
      try read(name, shape, into: values.pointer + index * size)
    }
    return Parameter(names: names, shape: shape, values: values, isTable: isTable)
  }
}

/// The weights a training starts with: copies of known ones by name, seeded random numbers for the
/// rest.
package final class TrainingStart: ParameterSource {
  private let known: [String: NamedTensor]
  private let seed: UInt64

  /// - Parameter known: tensors by their names, such as those of an encoder.
  package init(known: [NamedTensor], seed: UInt64) {
    var byName: [String: NamedTensor] = [:]
    for tensor in known { byName[tensor.name] = tensor }
    self.known = byName
    self.seed = seed
  }

  package func parameter(
    names: [String], shape: [Int], start: InitialValues, isTable: Bool
  ) throws(PlauditError) -> Parameter<Float> {
    let size = shape.reduce(1, *)
    let values = try FloatBuffer(count: names.count * size)
    for (index, name) in names.enumerated() {
      let target = values.pointer + index * size
      if let tensor = known[name] {
        guard tensor.shape == shape else {
          throw PlauditError(
            .shape, "tensor \(name) has shape \(tensor.shape), the network needs \(shape)")
        }
        target.update(from: tensor.floats, count: size)
      } else {
        fill(target, size, start, name: name)
      }
    }
    return Parameter(names: names, shape: shape, values: values, isTable: isTable)
  }

  /// The stream of random numbers follows from the name, so the order of layers does not show.
  private func fill(
    _ target: UnsafeMutablePointer<Float>, _ count: Int, _ start: InitialValues, name: String
  ) {
    var random = RandomSource(seed: seed, stream: TrainingStart.stream(of: name))
    switch start {
    case .zeros: break
    case .ones: target.update(repeating: 1, count: count)
    case .uniform(let bound):
      for index in 0..<count { target[index] = Float((random.uniform() * 2 - 1) * bound) }
    case .normal(let deviation):
      for index in 0..<count { target[index] = Float(random.normal() * deviation) }
    }
  }

  /// FNV-1a over the name.
  private static func stream(of name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
