import Foundation
import PlauditCore
import Testing

@testable import PlauditTensor

struct AttentionTests {
  @Test func `attention equals its formula in double arithmetic`() throws {
    let (length, heads, headSize) = (9, 3, 4)
    let width = heads * headSize
    var random = RandomSource(seed: 11)
    let qkv = (0..<(length * 3 * width)).map { _ in Float(random.uniform()) * 4 - 2 }
    let tape = Tape<Float>(recording: false)
    let input = try tape.input(rows: length, width: 3 * width)
    for index in 0..<qkv.count { input.values[index] = qkv[index] }
    let starts = try Buffer<Int>(count: 2)
    starts.pointer[1] = length
    let context = try tape.attention(
      input, Segments(starts: starts.pointer, count: 1), heads: heads
    ).values
    withExtendedLifetime(starts) {}
    func value(_ token: Int, _ part: Int, _ column: Int) -> Double {
      Double(qkv[token * 3 * width + part * width + column])
    }
    for head in 0..<heads {
      for token in 0..<length {
        let logits = (0..<length).map { other in
          (0..<headSize).reduce(0.0) {
            $0 + value(token, 0, head * headSize + $1) * value(other, 1, head * headSize + $1)
          } / Double(headSize).squareRoot()
        }
        let weights = logits.map { exp($0) }
        let sum = weights.reduce(0, +)
        for column in 0..<headSize {
          let exact = (0..<length).reduce(0.0) {
            $0 + weights[$1] / sum * value($1, 2, head * headSize + column)
          }
          #expect(
            (Double(context[token * width + head * headSize + column]) - exact).magnitude < 2e-6)
        }
      }
    }
  }
}
