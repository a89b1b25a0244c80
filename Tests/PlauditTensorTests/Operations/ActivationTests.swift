import Foundation
import Testing

@testable import PlauditTensor

struct ActivationTests {
  @Test func `each activation equals its formula`() {
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
    ]
    #expect(formulas.count == Activation.allCases.count)
    for (activation, formula) in formulas {
      var rows: [Float] = [-4, -1, -0.25, 0, 0.5, 3]
      let bias: [Float] = [0.5, -0.5, 0.125]
      let expected = rows.enumerated().map { formula(Double($1) + Double(bias[$0 % 3])) }
      activation.forward(&rows, bias: bias, rows: 2, width: 3)
      for (value, exact) in zip(rows, expected) {
        #expect((Double(value) - exact).magnitude < 5e-7, "\(activation)")
      }
    }
  }
}
