import PlauditCore
import PlauditTensor

/// How far a training has come, besides its weights and moments.
struct TrainingState {
  /// Whole epochs done.
  var epoch = 0
  var stepInEpoch = 0
  var optimizerSteps = 0
  var textsDone = 0
  var lossSum = 0.0
  var lossWeight = 0.0
  var learningRate = 0.0
  var skippedSteps = 0
  var skippedInRow = 0
  /// 0 before the first epoch with validation.
  var bestEpoch = 0
  var bestValue = Double.infinity
  var isStopped = false
  var history: [TrainingEpoch] = []
}

/// The state of a training in one safetensors file, which a reader sees whole or not at all.
///
/// Tensors are `weight/NAME`, `mean/NAME`, `square/NAME` and `best/NAME`; `__metadata__` holds the
/// rest as text. Numbers that decide bits are written as the bits they are.
final class Checkpoint {
  private let file: SafetensorsFile
  private let path: String

  private static let version = "1"

  init(reading path: String) throws(PlauditError) {
    self.path = path
    file = try SafetensorsFile(opening: path, name: path)
    guard file.metadata["plaudit_checkpoint"] == Checkpoint.version else {
      throw PlauditError(
        .corrupt, "\(path) is no checkpoint of this version (\(Checkpoint.version)) of Plaudit")
    }
  }

  /// Refuses a checkpoint of another training.
  func check(_ options: TrainingOptions, dataDigest: UInt64) throws(PlauditError) {
    let architecture = try text("architecture")
    guard architecture == options.architecture else {
      throw PlauditError(
        .invalidState,
        "\(path) is a checkpoint of \(architecture), the training is of \(options.architecture)")
    }
    guard try text("options") == options.digestText else {
      throw PlauditError(
        .invalidState,
        "\(path) is a checkpoint of a training with other options; resume with the same, or give "
          + "another checkpoint")
    }
    guard try text("data") == String(dataDigest, radix: 16) else {
      throw PlauditError(
        .invalidState, "\(path) is a checkpoint of a training with other examples or weights")
    }
  }

  func state() throws(PlauditError) -> TrainingState {
    var state = TrainingState()
    let whole = try words("counts", 7).map { Int(bitPattern: UInt(truncatingIfNeeded: $0)) }
    guard whole.allSatisfy({ $0 >= 0 }) else {
      throw PlauditError(.corrupt, "\(path): counts are negative")
    }
    state.epoch = whole[0]
    state.stepInEpoch = whole[1]
    state.optimizerSteps = whole[2]
    state.textsDone = whole[3]
    state.skippedSteps = whole[4]
    state.skippedInRow = whole[5]
    state.bestEpoch = whole[6]
    let real = try words("numbers", 4).map { Double(bitPattern: $0) }
    state.lossSum = real[0]
    state.lossWeight = real[1]
    state.learningRate = real[2]
    state.bestValue = real[3]
    state.isStopped = try text("stopped") == "1"
    let flat = try words("history", nil)
    let width = 9
    guard flat.count % width == 0 else { throw PlauditError(.corrupt, "\(path): history is cut") }
    for start in stride(from: 0, to: flat.count, by: width) {
      var epoch = TrainingEpoch()
      epoch.epoch = Int(truncatingIfNeeded: flat[start])
      epoch.step = Int(truncatingIfNeeded: flat[start + 1])
      epoch.trainingLoss = Double(bitPattern: flat[start + 2])
      epoch.validationLoss = Double(bitPattern: flat[start + 3])
      epoch.validationAccuracy = Double(bitPattern: flat[start + 4])
      epoch.validationMacroF1 = Double(bitPattern: flat[start + 5])
      epoch.learningRate = Double(bitPattern: flat[start + 6])
      epoch.seconds = Double(bitPattern: flat[start + 7])
      epoch.skippedSteps = Int(truncatingIfNeeded: flat[start + 8])
      state.history.append(epoch)
    }
    return state
  }

  /// Fills `buffer` with what is kept of a parameter under `kind`.
  func read(
    _ kind: String, _ parameter: Parameter<Float>, into buffer: FloatBuffer
  ) throws(PlauditError) {
    let size = parameter.shape.reduce(1, *)
    for (index, name) in parameter.names.enumerated() {
      let full = "\(kind)/\(name)"
      guard let entry = file.entry(full) else {
        throw PlauditError(.corrupt, "\(path): tensor \(full) is missing")
      }
      guard entry.shape == parameter.shape else {
        throw PlauditError(
          .shape,
          "\(path): tensor \(full) has shape \(entry.shape), the network needs \(parameter.shape)")
      }
      try file.read(full, entry, into: buffer.pointer + index * size)
    }
  }

  static func tensors(
    _ kind: String, _ parameter: Parameter<Float>, _ values: FloatBuffer
  ) -> [NamedTensor] {
    let size = parameter.shape.reduce(1, *)
    return parameter.names.enumerated().map { index, name in
      NamedTensor("\(kind)/\(name)", parameter.shape, values, offset: index * size)
    }
  }

  static func write(
    _ tensors: [NamedTensor], _ state: TrainingState, _ options: TrainingOptions,
    dataDigest: UInt64, to path: String, control: RunControl? = nil
  ) throws(PlauditError) {
    func text(_ words: [UInt64]) -> String {
      words.map { String($0, radix: 16) }.joined(separator: " ")
    }
    let counts = [
      state.epoch, state.stepInEpoch, state.optimizerSteps, state.textsDone, state.skippedSteps,
      state.skippedInRow, state.bestEpoch,
    ].map { UInt64(bitPattern: Int64($0)) }
    let numbers = [state.lossSum, state.lossWeight, state.learningRate, state.bestValue]
    var history: [UInt64] = []
    for epoch in state.history {
      history += [UInt64(bitPattern: Int64(epoch.epoch)), UInt64(bitPattern: Int64(epoch.step))]
      history += [
        epoch.trainingLoss, epoch.validationLoss, epoch.validationAccuracy,
        epoch.validationMacroF1, epoch.learningRate, epoch.seconds,
      ].map(\.bitPattern)
      history.append(UInt64(bitPattern: Int64(epoch.skippedSteps)))
    }
    try SafetensorsWriter.write(
      tensors, to: path,
      metadata: [
        ("architecture", options.architecture), ("counts", text(counts)),
        ("data", String(dataDigest, radix: 16)), ("history", text(history)),
        ("numbers", text(numbers.map(\.bitPattern))), ("options", options.digestText),
        ("plaudit_checkpoint", version), ("stopped", state.isStopped ? "1" : "0"),
      ], control: control)
  }

  private func text(_ key: String) throws(PlauditError) -> String {
    guard let value = file.metadata[key] else {
      throw PlauditError(.corrupt, "\(path): __metadata__ lacks \(key)")
    }
    return value
  }

  private func words(_ key: String, _ count: Int?) throws(PlauditError) -> [UInt64] {
    let parts = try text(key).split(separator: " ")
    let words = parts.compactMap { UInt64($0, radix: 16) }
    guard words.count == parts.count, count.map({ $0 == words.count }) ?? true else {
      throw PlauditError(.corrupt, "\(path): \(key) is damaged")
    }
    return words
  }
}
