import Foundation
import Testing

@testable import PlauditTensor

struct ActivationTests {
  @Test func `each activation equals its formula`() throws {
    let formulas: [(Activation, (Double) -> Double)] = [
      (.gelu, { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }),
      (
        .geluNew,
        { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
      ),
      (
        .geluTanh,
        { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
      ),
      (.relu, { max(0, $0) }),
      (.silu, { $0 / (1 + exp(-$0)) }),
      (.tanh, { tanh($0) }),
      (.sigmoid, { 1 / (1 + exp(-$0)) }),
    ]
    #expect(formulas.count == Activation.allCases.count)
    for (activation, formula) in formulas {
      let numbers: [Float] = [-4, -1, -0.25, 0, 0.5, 3]
      let bias = try Parameter<Float>("bias", [3])
      for (index, value) in [0.5, -0.5, 0.125].enumerated() {
        bias.values.pointer[index] = Float(value)
      }
      let expected = numbers.enumerated().map {
        formula(Double($1) + Double(bias.values.pointer[$0 % 3]))
      }
      let tape = Tape<Float>(recording: false)
      let x = try tape.input(rows: 2, width: 3)
      for index in 0..<6 { x.values[index] = numbers[index] }
      let y = try tape.activate(x, bias: bias, activation)
      let found = (0..<6).map { y.values[$0] }
      for (value, exact) in zip(found, expected) {
        #expect((Double(value) - exact).magnitude < 5e-7, "\(activation)")
      }
    }
  }
}
