import PlauditCore
import Testing

@testable import PlauditTensor

/// Compares gradients of a tape in double with differences of the loss.
struct GradientCheck {
  typealias DoubleTape = Tape<Double>

  private var random = RandomSource(seed: 41)
  private var inputs: [Parameter<Double>] = []
  private var parameters: [Parameter<Double>] = []

  /// An input `[rows, width]` of numbers in -1...1 whose gradient is checked.
  mutating func input(_ rows: Int, _ width: Int) throws {
    inputs.append(try filled("input", [rows, width]))
  }

  mutating func parameter(_ shape: [Int], around centre: Double = 0) throws -> Parameter<Double> {
    let made = try filled("parameter", shape)
    for index in 0..<made.count { made.values.pointer[index] += centre }
    parameters.append(made)
    try made.train()
    return made
  }

  private mutating func filled(_ name: String, _ shape: [Int]) throws -> Parameter<Double> {
    let made = try Parameter<Double>(name, shape)
    for index in 0..<made.count { made.values.pointer[index] = random.uniform() * 2 - 1 }
    return made
  }

  /// Runs `body` from the inputs to any tensor; its squared distance from fixed numbers is the
  /// loss. Every partial derivative is compared to 1e-6 of the largest, by differences of fourth
  /// order.
  func run(
    threads: Int = 1, _ name: String = "",
    _ body: (DoubleTape, [DoubleTape.Tensor]) throws -> DoubleTape.Tensor
  ) throws {
    func loss(_ tape: DoubleTape) throws -> (DoubleTape.Tensor, [DoubleTape.Tensor]) {
      tape.reset()
      tape.dropoutSeed = 7
      var tensors: [DoubleTape.Tensor] = []
      for input in inputs {
        let tensor = try tape.input(
          rows: input.shape[0], width: input.shape[1], wantsGradient: true)
        tensor.values.update(from: input.values.pointer, count: input.count)
        tensors.append(tensor)
      }
      let out = try body(tape, tensors)
      if out.count == 1 { return (out, tensors) }
      var numbers = RandomSource(seed: 99)
      let targets = try Buffer<Double>(count: out.count)
      for index in 0..<out.count { targets.pointer[index] = numbers.uniform() }
      return (
        try tape.squaredError(out, targets: targets.pointer, normaliser: 2).loss, tensors
      )
    }
    for parameter in parameters { parameter.clearGradient() }
    let tape = DoubleTape(recording: true, threads: threads)
    let (first, tensors) = try loss(tape)
    try tape.backward(from: first)
    let found =
      tensors.map { tensor in
        (0..<tensor.count).map { tape.gradientOfInput(tensor)?[$0] ?? 0 }
      }
      + parameters.map { parameter in
        (0..<parameter.count).map { parameter.gradient?.pointer[$0] ?? 0 }
      }
    let probe = DoubleTape(recording: true)
    for (place, weights) in (inputs + parameters).enumerated() {
      var expected: [Double] = []
      for index in 0..<weights.count {
        let old = weights.values.pointer[index]
        func value(_ step: Double) throws -> Double {
          weights.values.pointer[index] = old + step
          defer { weights.values.pointer[index] = old }
          return try loss(probe).0.values[0]
        }
        let h = 1e-3
        expected.append(
          try (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h))
      }
      let scale = max(expected.map(\.magnitude).max() ?? 0, 1e-3)
      let worst = zip(expected, found[place]).map { ($0 - $1).magnitude / scale }.max() ?? 0
      #expect(worst <= 1e-6, "\(name): gradient \(place) differs by \(worst) of the largest")
    }
  }
}
