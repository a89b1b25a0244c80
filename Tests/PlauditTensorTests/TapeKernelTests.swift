import CKernels
import Foundation
import PlauditCore
import Testing

@testable import PlauditTensor

/// The forward kernels of the tape, of every set of this machine, against double arithmetic.
struct TapeKernelTests {
  private let sizes = [1, 3, 15, 16, 17, 31, 48, 384, 1000]

  private func tapeKernels(_ set: Int) throws -> pk_tape_set {
    try #require(pk_tape_kernels(Int32(set))).pointee
  }

  private func random(_ count: Int, _ seed: UInt64, _ scale: Float = 2) -> [Float] {
    var source = RandomSource(seed: seed)
    return (0..<count).map { _ in (Float(source.uniform()) * 2 - 1) * scale }
  }

  @Test(arguments: availableRowKernels.indices)
  func `gelu is exact to float rounding`(set: Int) throws {
    let kernels = try tapeKernels(set)
    var x = -9.0
    var worst = 0.0
    while x < 9 {
      var value = [Float(x)]
      kernels.activate(Int32(PK_GELU), &value, value, nil, 1, 1)
      let exact = 0.5 * Double(Float(x)) * erfc(-Double(Float(x)) / 2.0.squareRoot())
      worst = max(worst, (Double(value[0]) - exact).magnitude)
      x += 0.001
    }
    // One unit in the last place at the largest values.
    #expect(worst < 5e-7)
    var special: [Float] = [.nan, .infinity]
    kernels.activate(Int32(PK_GELU), &special, special, [Float](repeating: 0, count: 2), 1, 2)
    #expect(special[0].isNaN && special[1] == .infinity)
  }

  @Test(arguments: availableRowKernels.indices)
  func `softmax sums to one and keeps ratios`(set: Int) throws {
    let kernels = try tapeKernels(set)
    for size in sizes {
      var row = random(size, 1, 20)
      let before = row.map(Double.init)
      kernels.softmax(&row, 1, Int64(size))
      let highest = before.max() ?? 0
      let sum = before.reduce(0) { $0 + exp($1 - highest) }
      for (value, logit) in zip(row, before) {
        #expect((Double(value) - exp(logit - highest) / sum).magnitude < 2e-7)
      }
    }
    var shifted: [Float] = [1000, 1001, 999]
    var plain: [Float] = [0, 1, -1]
    kernels.softmax(&shifted, 1, 3)
    kernels.softmax(&plain, 1, 3)
    #expect(shifted == plain)
  }

  @Test(arguments: availableRowKernels.indices)
  func `layer norm has mean 0 and variance 1 before its weights`(set: Int) throws {
    let kernels = try tapeKernels(set)
    for size in sizes where size > 1 {
      var row = random(size, 2, 3)
      let bias = random(size, 3)
      let residual = random(size, 4)
      let weight = random(size, 5)
      let shift = random(size, 6)
      let sums = (0..<size).map { Double(row[$0]) + Double(bias[$0]) + Double(residual[$0]) }
      let mean = sums.reduce(0, +) / Double(size)
      let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
      var made = [Float](repeating: 0, count: size)
      var deviation: Float = 0
      kernels.norm(
        &made, &row, &deviation, bias, residual, weight, shift, 1, Int64(size), 1e-12, nil)
      for index in 0..<size {
        let exact =
          (sums[index] - mean) / (variance + 1e-12).squareRoot() * Double(weight[index])
          + Double(shift[index])
        #expect((Double(made[index]) - exact).magnitude < 5e-6)
      }
    }
  }

  @Test(arguments: availableRowKernels.indices)
  func `an activation in place is that beside it, with its bias`(set: Int) throws {
    let kernels = try tapeKernels(set)
    for size in sizes {
      let x = random(size, 7)
      let bias = random(size, 8)
      for kind in [PK_RELU, PK_GELU, PK_TANH] {
        var beside = [Float](repeating: 0, count: size)
        kernels.activate(Int32(kind), &beside, x, bias, 1, Int64(size))
        var inPlace = x
        inPlace.withUnsafeMutableBufferPointer {
          guard let base = $0.baseAddress else { return }
          kernels.activate(Int32(kind), base, base, bias, 1, Int64(size))
        }
        #expect(inPlace == beside)
        if kind == PK_RELU { #expect(beside == zip(x, bias).map { max(0, $0 + $1) }) }
      }
    }
  }

  @Test(arguments: availableRowKernels.indices)
  func `an activation that keeps its slope is that which does not`(set: Int) throws {
    let kernels = try tapeKernels(set)
    for size in sizes {
      let bias = random(size, 9)
      let x = random(size, 10)
      let dy = random(size, 11)
      for kind in [PK_GELU, PK_GELU_TANH, PK_RELU, PK_SILU, PK_TANH, PK_SIGMOID] {
        var (y, kept) = (x, [Float](repeating: 0, count: size))
        var slope = x
        kernels.activate(Int32(kind), &y, x, bias, 1, Int64(size))
        kernels.activate_with_slope(Int32(kind), &kept, &slope, bias, 1, Int64(size))
        #expect(kept == y)
        var (dx, beside) = (y, y)
        var sums = [Float](repeating: 0.25, count: size)
        kernels.activate_backward(Int32(kind), &dx, dy, x, bias, 1, Int64(size), 0)
        // Two parts of the columns, as threads share them.
        let half = Int64(size / 2)
        kernels.slope_backward(&beside, dy, slope, &sums, 1, Int64(size), 0, half)
        kernels.slope_backward(&beside, dy, slope, &sums, 1, Int64(size), half, Int64(size) - half)
        #expect(beside == dx)
        #expect(sums == dx.map { 0.25 + $0 })
      }
    }
  }
}
