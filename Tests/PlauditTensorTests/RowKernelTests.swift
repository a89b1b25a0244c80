import Foundation
import PlauditCore
import Testing

@testable import PlauditTensor

/// Every kernel set of this machine against double arithmetic; the portable set is always there.
struct RowKernelTests {
  private let sizes = [1, 3, 15, 16, 17, 31, 48, 384, 1000]

  private func random(_ count: Int, _ seed: UInt64, _ scale: Float = 2) -> [Float] {
    var source = RandomSource(seed: seed)
    return (0..<count).map { _ in (Float(source.uniform()) * 2 - 1) * scale }
  }

  @Test func `the portable set is always there and comes first`() {
    #expect(String(cString: availableRowKernels[0].pointee.name) == "portable")
  }

  @Test(arguments: availableRowKernels.indices)
  func `gelu is exact to float rounding`(set: Int) {
    let kernels = availableRowKernels[set].pointee
    var x = -9.0
    var worst = 0.0
    while x < 9 {
      var value = [Float(x)]
      kernels.gelu(&value, [0], 1)
      let exact = 0.5 * Double(Float(x)) * erfc(-Double(Float(x)) / 2.0.squareRoot())
      worst = max(worst, (Double(value[0]) - exact).magnitude)
      x += 0.001
    }
    // One unit in the last place at the largest values.
    #expect(worst < 5e-7)
    var special: [Float] = [.nan, .infinity]
    kernels.gelu(&special, [0, 0], 2)
    #expect(special[0].isNaN && special[1] == .infinity)
  }

  @Test(arguments: availableRowKernels.indices)
  func `softmax sums to one and keeps ratios`(set: Int) {
    let kernels = availableRowKernels[set].pointee
    for size in sizes {
      var row = random(size, 1, 20)
      let before = row.map(Double.init)
      kernels.softmax(&row, Int64(size))
      let highest = before.max() ?? 0
      let sum = before.reduce(0) { $0 + exp($1 - highest) }
      for (value, logit) in zip(row, before) {
        #expect((Double(value) - exp(logit - highest) / sum).magnitude < 2e-7)
      }
    }
    var shifted: [Float] = [1000, 1001, 999]
    var plain: [Float] = [0, 1, -1]
    kernels.softmax(&shifted, 3)
    kernels.softmax(&plain, 3)
    #expect(shifted == plain)
  }

  @Test(arguments: availableRowKernels.indices)
  func `layer norm has mean 0 and variance 1 before its weights`(set: Int) {
    let kernels = availableRowKernels[set].pointee
    for size in sizes where size > 1 {
      var row = random(size, 2, 3)
      let bias = random(size, 3)
      let residual = random(size, 4)
      let weight = random(size, 5)
      let shift = random(size, 6)
      let sums = (0..<size).map { Double(row[$0]) + Double(bias[$0]) + Double(residual[$0]) }
      let mean = sums.reduce(0, +) / Double(size)
      let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
      kernels.layer_norm(&row, bias, residual, weight, shift, Int64(size), 1e-12)
      for index in 0..<size {
        let exact =
          (sums[index] - mean) / (variance + 1e-12).squareRoot() * Double(weight[index])
          + Double(shift[index])
        #expect((Double(row[index]) - exact).magnitude < 5e-6)
      }
    }
  }

  @Test(arguments: availableRowKernels.indices)
  func `dot, sums and maxima agree with double arithmetic`(set: Int) {
    let kernels = availableRowKernels[set].pointee
    for size in sizes {
      let a = random(size, 7)
      let b = random(size, 8)
      let exact = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      #expect((Double(kernels.dot(a, b, Int64(size))) - exact).magnitude < 1e-6 * Double(size))
      let weights = b.map(Double.init)
      #expect((kernels.dot_double(weights, a, Int64(size)) - exact).magnitude < 1e-12)
      var sum = a
      kernels.accumulate(&sum, b, Int64(size))
      #expect(sum == zip(a, b).map(+))
      var highest = a
      kernels.maximum(&highest, b, Int64(size))
      #expect(highest == zip(a, b).map { max($0, $1) })
      var scaled = a
      kernels.scale(&scaled, 0.5, Int64(size))
      #expect(scaled == a.map { $0 * 0.5 })
      var rectified = a
      kernels.relu(&rectified, b, Int64(size))
      #expect(rectified == zip(a, b).map { max(0, $0 + $1) })
      var gradient = weights
      kernels.accumulate_double(&gradient, 0.25, a, Int64(size))
      #expect(gradient == zip(weights, a).map { $0 + 0.25 * Double($1) })
    }
  }

  @Test func `16-bit floats widen exactly`() {
    var floats = [Float](repeating: 0, count: 1 << 16)
    let halves = (0..<(1 << 16)).map { UInt16($0) }
    halves.withUnsafeBytes { ElementType.float16.widen($0, to: &floats) }
    for (bits, value) in zip(halves, floats) {
      let exact = halfValue(bits)
      #expect(exact.isNaN ? value.isNaN : Double(value) == exact)
    }
    halves.withUnsafeBytes { ElementType.bfloat16.widen($0, to: &floats) }
    for (bits, value) in zip(halves, floats) {
      #expect(value.bitPattern == UInt32(bits) << 16)
    }
  }

  /// IEEE 754 binary16 by its definition.
  private func halfValue(_ bits: UInt16) -> Double {
    let sign: Double = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Double(bits & 0x3FF)
    if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
    if exponent == 0 { return sign * fraction * pow(2, -24) }
    return sign * (1 + fraction / 1024) * pow(2, Double(exponent - 15))
  }

  @Test func `a NaN on either side of a maximum stays`() {
    for set in availableRowKernels {
      var highest = [Float](repeating: 1, count: 21)
      var row = [Float](repeating: 2, count: 21)
      highest[3] = .nan
      row[17] = .nan
      set.pointee.maximum(&highest, row, 21)
      for index in highest.indices {
        #expect(highest[index].isNaN == (index == 3 || index == 17))
      }
    }
  }
}
