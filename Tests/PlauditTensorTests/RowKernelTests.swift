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
