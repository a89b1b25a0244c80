import PlauditCore
import Testing

@testable import PlauditTensor

struct LinearTests {
  private let shapes = [
    (outputs: 3, inputs: 384), (outputs: 32, inputs: 32), (outputs: 96, inputs: 32),
    (outputs: 50, inputs: 36), (outputs: 384, inputs: 384), (outputs: 1536, inputs: 384),
    (outputs: 384, inputs: 1536), (outputs: 100, inputs: 7),
  ]

  private func matrix(_ count: Int, seed: UInt64) throws -> FloatBuffer {
    let buffer = try FloatBuffer(count: count)
    var random = RandomSource(seed: seed)
    for index in 0..<count { buffer.pointer[index] = Float(random.uniform()) * 2 - 1 }
    return buffer
  }

  private func linear(_ weights: FloatBuffer, _ outputs: Int, _ inputs: Int) throws -> Linear<Float>
  {
    try Linear(Parameter(names: ["weight"], shape: [outputs, inputs], values: weights))
  }

  @Test func `the product equals double arithmetic and no row depends on the others`() throws {
    for shape in shapes {
      let weights = try matrix(shape.outputs * shape.inputs, seed: 1)
      let linear = try linear(weights, shape.outputs, shape.inputs)
      let most = 260
      let room =
        (most + Linear<Float>.rowPadding - 1) / Linear<Float>.rowPadding * Linear<Float>.rowPadding
      let x = try matrix(room * shape.inputs, seed: 2)
      let full = try FloatBuffer(count: room * shape.outputs)
      try linear.forward(x.pointer, into: full.pointer, rows: most)

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

      let part = try FloatBuffer(count: room * shape.outputs)
      for (first, rows) in [(0, 1), (5, 1), (7, 2), (100, 13), (11, 49), (259, 1), (3, 200)] {
        // Shorter runs need room after them: move the rows to the front.
        let moved = try FloatBuffer(count: room * shape.inputs)
        moved.pointer.update(from: x.pointer + first * shape.inputs, count: rows * shape.inputs)
        try linear.forward(moved.pointer, into: part.pointer, rows: rows)
        for index in 0..<(rows * shape.outputs)
        where part.pointer[index] != full.pointer[first * shape.outputs + index] {
          Issue.record("\(shape), rows \(rows) from \(first) differ at \(index)")
          break
        }
      }
    }
  }

  @Test func `tile heights are among the candidates and small heads do without`() throws {
    let head = try linear(matrix(3 * 64, seed: 3), 3, 64)
    #expect(head.tiles.isEmpty)
    let wide = try linear(matrix(384 * 384, seed: 3), 384, 384)
    #expect(wide.tiles.allSatisfy(TilePlans.heights.contains))
  }

  @Test func `a cancelled product throws`() throws {
    let linear = try linear(matrix(64 * 64, seed: 4), 64, 64)
    let input = try FloatBuffer(count: Linear<Float>.rowPadding * 64)
    let output = try FloatBuffer(count: Linear<Float>.rowPadding * 64)
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: PlauditError.self) {
      try linear.forward(
        input.pointer, into: output.pointer, rows: 12,
        control: RunControl(cancellation: cancellation))
    }
  }

  @Test func `a first model of zeros does not decide the tiles of the next`() throws {
    let (outputs, inputs) = (64, 40)
    _ = try linear(FloatBuffer(count: outputs * inputs), outputs, inputs)
    let linear = try linear(matrix(outputs * inputs, seed: 5), outputs, inputs)
    let x = try matrix(Linear<Float>.rowPadding * inputs, seed: 6)
    let one = try FloatBuffer(count: Linear<Float>.rowPadding * outputs)
    let many = try FloatBuffer(count: Linear<Float>.rowPadding * outputs)
    try linear.forward(x.pointer, into: one.pointer, rows: 1)
    try linear.forward(x.pointer, into: many.pointer, rows: 150)
    #expect(Array(one.buffer[..<outputs]) == Array(many.buffer[..<outputs]))
  }
}
