import PlauditCore
import Testing

@testable import PlauditTensor

struct LinearTests {
  private let shapes = [
    (outputs: 3, inputs: 384), (outputs: 32, inputs: 32), (outputs: 50, inputs: 36),
    (outputs: 384, inputs: 384), (outputs: 1536, inputs: 384), (outputs: 384, inputs: 1536),
    (outputs: 100, inputs: 7),
  ]

  private func matrix(_ count: Int, seed: UInt64) throws -> FloatBuffer {
    let buffer = try FloatBuffer(count: count)
    var random = RandomSource(seed: seed)
    for index in 0..<count { buffer.pointer[index] = Float(random.uniform()) * 2 - 1 }
    return buffer
  }

  private func parameter(_ weights: FloatBuffer, _ outputs: Int, _ inputs: Int) -> Parameter<Float>
  {
    Parameter(names: ["weight"], shape: [outputs, inputs], values: weights)
  }

  @Test func `the product equals double arithmetic and no row depends on the others`() throws {
    let scratch = try FloatBuffer(count: Float.scratchCount)
    for shape in shapes {
      let weights = try matrix(shape.outputs * shape.inputs, seed: 1)
      let parameter = parameter(weights, shape.outputs, shape.inputs)
      let linear = Linear(parameter)
      let most = 540
      let x = try matrix(most * shape.inputs, seed: 2)
      let full = try FloatBuffer(count: most * shape.outputs)
      try linear.forward(x.pointer, into: full.pointer, rows: most, scratch: scratch.pointer)

      let output = shape.outputs - 1
      for row in [0, 1, most - 1] {
        var exact = 0.0
        for input in 0..<shape.inputs {
          exact +=
            Double(x.pointer[row * shape.inputs + input])
            * Double(weights.pointer[output * shape.inputs + input])
        }
        let found = Double(full.pointer[row * shape.outputs + output])
        #expect((found - exact).magnitude < 2e-6 * Double(shape.inputs))
      }

      // Packed weights change no bit, nor do neighbours.
      try parameter.pack()
      let part = try FloatBuffer(count: most * shape.outputs)
      for (first, rows) in [(0, 1), (5, 1), (7, 2), (100, 13), (11, 49), (539, 1), (3, 520)] {
        try linear.forward(
          x.pointer + first * shape.inputs, into: part.pointer, rows: rows,
          scratch: scratch.pointer)
        for index in 0..<(rows * shape.outputs)
        where part.pointer[index] != full.pointer[first * shape.outputs + index] {
          Issue.record("\(shape), rows \(rows) from \(first) differ at \(index)")
          break
        }
      }
    }
  }

  @Test func `a part of the outputs is packed by itself and forgotten in training`() throws {
    let scratch = try FloatBuffer(count: Float.scratchCount)
    let parameter = parameter(try matrix(90 * 40, seed: 3), 90, 40)
    let whole = Linear(parameter)
    let part = Linear(parameter, rows: 31..<64)
    let x = try matrix(5 * 40, seed: 4)
    let all = try FloatBuffer(count: 5 * 90)
    let some = try FloatBuffer(count: 5 * 33)
    for packs in [false, true] {
      if packs { try parameter.pack() }
      try whole.forward(x.pointer, into: all.pointer, rows: 5, scratch: scratch.pointer)
      try part.forward(x.pointer, into: some.pointer, rows: 5, scratch: scratch.pointer)
      for row in 0..<5 {
        for output in 0..<33 {
          #expect(some.pointer[row * 33 + output] == all.pointer[row * 90 + 31 + output])
        }
      }
    }
    try parameter.train()
    parameter.values.pointer.update(repeating: 0, count: 90 * 40)
    try whole.forward(x.pointer, into: all.pointer, rows: 5, scratch: scratch.pointer)
    #expect(all.buffer.allSatisfy { $0 == 0 })
  }

  @Test func `weights that are packed alone give the same bits, and their numbers again`() throws {
    let scratch = try FloatBuffer(count: Float.scratchCount)
    let (outputs, inputs) = (450, 40)
    let weights = try matrix(outputs * inputs, seed: 5)
    let x = try matrix(5 * inputs, seed: 6)
    let range = 150..<450
    for arena in [nil, Arena(byteCount: 1 << 20), Arena(byteCount: 100)] {
      // Three tensors one after another, and the last two by themselves.
      let parameter = try Parameter(
        packed: ["a", "b", "c"], shape: [150, inputs], ranges: [range], in: arena)
      #expect(!parameter.hasValues && parameter.count == outputs * inputs)
      for (index, rows) in parameter.packedRanges.enumerated() {
        for first in stride(from: 0, to: rows.count, by: Parameter<Float>.packedStep) {
          parameter.pack(
            weights.pointer + (rows.lowerBound + first) * inputs, first: first,
            count: min(Parameter<Float>.packedStep, rows.count - first), ofRange: index)
        }
      }
      let numbers = try parameter.numbers()
      withExtendedLifetime((numbers, weights)) {
        #expect(numbers.buffer.elementsEqual(weights.buffer))
      }
      let known = self.parameter(weights, outputs, inputs)
      for rows in [0..<outputs, range] {
        let made = try FloatBuffer(count: 5 * rows.count)
        let expected = try FloatBuffer(count: 5 * rows.count)
        try Linear(parameter, rows: rows).forward(
          x.pointer, into: made.pointer, rows: 5, scratch: scratch.pointer)
        try Linear(known, rows: rows).forward(
          x.pointer, into: expected.pointer, rows: 5, scratch: scratch.pointer)
        #expect(made.buffer.elementsEqual(expected.buffer))
      }
      #expect(throws: PlauditError.self) { try parameter.train() }
      let other = Linear(parameter, rows: 1..<3)
      #expect(throws: PlauditError.self) {
        try other.forward(x.pointer, into: x.pointer, rows: 1, scratch: scratch.pointer)
      }
    }
  }

  @Test func `a cancelled product throws`() throws {
    let scratch = try FloatBuffer(count: Float.scratchCount)
    let parameter = parameter(try matrix(64 * 64, seed: 4), 64, 64)
    let linear = Linear(parameter)
    let input = try FloatBuffer(count: 12 * 64)
    let output = try FloatBuffer(count: 12 * 64)
    let cancellation = Cancellation()
    cancellation.request()
    for packs in [false, true] {
      if packs { try parameter.pack() }
      #expect(throws: PlauditError.self) {
        try linear.forward(
          input.pointer, into: output.pointer, rows: 12, scratch: scratch.pointer,
          control: RunControl(cancellation: cancellation))
      }
    }
  }
}
