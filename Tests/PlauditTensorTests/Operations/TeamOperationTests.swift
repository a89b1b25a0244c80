import PlauditCore
import Testing

@testable import PlauditTensor

/// What a team computes are the bits of one thread.
struct TeamOperationTests {
  private func parameter(_ name: String, _ shape: [Int], seed: UInt64) throws -> Parameter<Float> {
    let made = try Parameter<Float>(name, shape)
    var random = RandomSource(seed: seed)
    for index in 0..<made.count {
      made.values.pointer[index] = Float(random.uniform()) * 2 - 1
    }
    return made
  }

  /// A layer's operations over texts of these lengths.
  private func results(
    _ team: Team?, _ precision: Precision, lengths: [Int], heads: Int, size: Int
  ) throws -> [Float] {
    let width = heads * size
    let inner = 2 * width + 40
    let rows = lengths.reduce(0, +)
    let fused = try parameter("fused", [3 * width, width], seed: 1)
    let up = try parameter("up", [inner, width], seed: 2)
    let down = try parameter("down", [width, inner], seed: 3)
    let fusedBias = try parameter("fused bias", [3 * width], seed: 4)
    let upBias = try parameter("up bias", [inner], seed: 5)
    let downBias = try parameter("down bias", [width], seed: 6)
    let scale = try parameter("scale", [width], seed: 7)
    var layers = [Linear(fused), Linear(up), Linear(down)]
    for one in [fused, up, down] { try one.pack() }
    if precision != .fp32 { layers = try layers.map { try $0.narrowed(to: precision) } }
    var starts = [0]
    for length in lengths { starts.append((starts.last ?? 0) + length) }
    let tape = Tape<Float>(team: team)
    var made: [Float] = []
    try starts.withUnsafeBufferPointer { starts in
      let texts = Segments(starts: try #require(starts.baseAddress), count: lengths.count)
      func run() throws(PlauditError) {
        let x = try tape.input(rows: rows, width: width)
        var random = RandomSource(seed: 8)
        for index in 0..<x.count { x.values[index] = Float(random.uniform()) * 2 - 1 }
        let projected = try tape.linear(x, layers[0], bias: fusedBias)
        let context = try tape.attention(projected, texts, heads: heads)
        let outer = try tape.linearPair(context, layers[1], bias: upBias, .gelu, layers[2])
        let y = try tape.norm(
          outer, bias: downBias, residual: x, weight: scale, shift: downBias, epsilon: 1e-5)
        made = (0..<y.count).map { y.values[$0] }
      }
      guard let team else { return try run() }
      var failure: PlauditError?
      team.run {
        do throws(PlauditError) { try run() } catch { failure = error }
      }
      if let failure { throw failure }
    }
    return made
  }

  @Test(arguments: Precision.allCases)
  func `a team's layer has the bits of one thread`(precision: Precision) throws {
    for (heads, size, lengths) in [
      (1, 16, [230]), (3, 32, [1]), (3, 32, [2]), (3, 32, [5, 1, 20]), (3, 80, [33]),
      (12, 32, [7]),
    ] {
      let alone = try results(nil, precision, lengths: lengths, heads: heads, size: size)
      for threads in [2, 5] {
        let shared = try results(
          Team(threads: threads), precision, lengths: lengths, heads: heads, size: size)
        #expect(shared == alone, "\(lengths), \(heads) heads of \(size), \(threads) threads")
      }
    }
  }
}
