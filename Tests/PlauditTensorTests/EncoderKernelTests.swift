import CKernels
import Foundation
import PlauditCore
import Testing

@testable import PlauditTensor

/// The kernels of prediction, of every set of this machine, against double arithmetic.
struct EncoderKernelTests {
  private let sizes = [1, 15, 16, 17, 31, 33, 63, 65]

  private func kernels(_ set: Int) throws -> pk_encoder_set {
    try #require(pk_encoder_kernels(Int32(set))).pointee
  }

  private func numbers(_ count: Int, seed: UInt64, scale: Float = 2) -> [Float] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in (Float(random.uniform()) * 2 - 1) * scale }
  }

  @Test(arguments: availableRowKernels.indices)
  func `a row's norm equals its formula`(set: Int) throws {
    let kernels = try kernels(set)
    for n in sizes + [384, 1000] {
      let x = numbers(3 * n, seed: 1)
      let bias = numbers(n, seed: 2)
      let residual = numbers(3 * n, seed: 3)
      let weight = numbers(n, seed: 4)
      let shift = numbers(n, seed: 5)
      for (hasBias, hasResidual) in [(false, false), (true, false), (true, true)] {
        var made = x + [0.5]
        bias.withUnsafeBufferPointer { bias in
          residual.withUnsafeBufferPointer { residual in
            kernels.normalise(
              &made, hasBias ? bias.baseAddress : nil, hasResidual ? residual.baseAddress : nil,
              weight, shift, 3, Int64(n), 1e-5)
          }
        }
        #expect(made[3 * n] == 0.5)
        for row in 0..<3 {
          let sums = (0..<n).map {
            Double(x[row * n + $0] + (hasBias ? bias[$0] : 0))
              + Double(hasResidual ? residual[row * n + $0] : 0)
          }
          let mean = sums.reduce(0, +) / Double(n)
          let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
          for column in 0..<n {
            let exact =
              (sums[column] - mean) / (variance + 1e-5).squareRoot() * Double(weight[column])
              + Double(shift[column])
            // A row of one number is nothing but rounding.
            let allowed = n == 1 ? 1e-3 : 4e-6
            #expect((Double(made[row * n + column]) - exact).magnitude < allowed, "\(n)")
          }
        }
        var alone = Array(x[n..<2 * n])
        bias.withUnsafeBufferPointer { bias in
          residual.withUnsafeBufferPointer { residual in
            kernels.normalise(
              &alone, hasBias ? bias.baseAddress : nil,
              hasResidual ? residual.baseAddress.map { $0 + n } : nil, weight, shift, 1, Int64(n),
              1e-5)
          }
        }
        #expect(alone == Array(made[n..<2 * n]))
      }
    }
  }

  /// Attention between guards; queries, keys and values of all heads side by side.
  private func attend(
    _ kernels: pk_encoder_set, _ rows: [Float], length: Int, heads: Int, size: Int,
    first: Int = 0, count: Int
  ) throws -> [Float] {
    let width = heads * size
    var out = [Float](repeating: 0.5, count: (count + 1) * (width + 1))
    let scratch = try FloatBuffer(
      count: Int(kernels.attend_scratch(Int64(length), Int64(size))))
    scratch.pointer.update(repeating: .nan, count: scratch.count)
    rows.withUnsafeBufferPointer { rows in
      out.withUnsafeMutableBufferPointer { out in
        guard let rows = rows.baseAddress, let out = out.baseAddress else { return }
        var attention = pk_attention(
          queries: rows + first * 3 * width, keys: rows + width, values: rows + 2 * width,
          out: out, query_stride: Int64(3 * width), stride: Int64(3 * width),
          out_stride: Int64(width + 1), queries_count: Int64(count), length: Int64(length),
          heads: Int64(heads), size: Int64(size), factor: 1 / Float(size).squareRoot(),
          scratch: scratch.pointer)
        kernels.attend(&attention)
      }
    }
    for row in 0...count {
      for column in 0...width where row == count || column == width {
        #expect(out[row * (width + 1) + column] == 0.5, "written outside")
      }
    }
    return (0..<count).flatMap { out[$0 * (width + 1)..<$0 * (width + 1) + width] }
  }

  @Test(arguments: availableRowKernels.indices)
  func `attention equals its formula at every length`(set: Int) throws {
    let kernels = try kernels(set)
    let heads = 2
    for size in [16, 32, 48, 64] {
      let width = heads * size
      for length in sizes + [129] {
        let rows = numbers(length * 3 * width, seed: UInt64(length))
        let made = try attend(
          kernels, rows, length: length, heads: heads, size: size, count: length)
        var worst = 0.0
        for head in 0..<heads {
          for query in stride(from: 0, to: length, by: 5) {
            let logits = (0..<length).map { key in
              (0..<size).reduce(0.0) {
                $0 + Double(rows[query * 3 * width + head * size + $1])
                  * Double(rows[key * 3 * width + width + head * size + $1])
              } / Double(size).squareRoot()
            }
            let highest = logits.max() ?? 0
            let weights = logits.map { exp($0 - highest) }
            let sum = weights.reduce(0, +)
            for column in 0..<size {
              let exact = (0..<length).reduce(0.0) {
                $0 + weights[$1] / sum
                  * Double(rows[$1 * 3 * width + 2 * width + head * size + column])
              }
              worst = max(
                worst, (Double(made[query * width + head * size + column]) - exact).magnitude)
            }
          }
        }
        #expect(worst < 4e-6, "size \(size), length \(length)")
      }
    }
  }

  @Test(arguments: availableRowKernels.indices)
  func `a query's bits do not depend on the queries beside it`(set: Int) throws {
    let kernels = try kernels(set)
    let (length, heads, size) = (37, 3, 48)
    let rows = numbers(length * 3 * heads * size, seed: 9)
    let all = try attend(kernels, rows, length: length, heads: heads, size: size, count: length)
    for first in 0..<length {
      let one = try attend(
        kernels, rows, length: length, heads: heads, size: size, first: first, count: 1)
      #expect(one == Array(all[first * heads * size..<(first + 1) * heads * size]))
    }
    let some = try attend(
      kernels, rows, length: length, heads: heads, size: size, first: 3, count: 14)
    #expect(some == Array(all[3 * heads * size..<17 * heads * size]))
  }

  @Test(arguments: availableRowKernels.indices)
  func `scores far apart leave the highest key alone, NaN shows`(set: Int) throws {
    let kernels = try kernels(set)
    let (length, size) = (21, 16)
    var rows = numbers(length * 3 * size, seed: 4)
    for token in 0..<length {
      for column in 0..<size {
        rows[token * 3 * size + column] = 100
        rows[token * 3 * size + size + column] = token == 20 ? 100 : -100
      }
    }
    let made = try attend(kernels, rows, length: length, heads: 1, size: size, count: length)
    for column in 0..<size {
      #expect(made[column] == rows[20 * 3 * size + 2 * size + column])
    }
    for place in [0, 15, 16, 20] {
      var odd = rows
      odd[place * 3 * size + size] = .nan
      let found = try attend(kernels, odd, length: length, heads: 1, size: size, count: length)
      let shows = found.allSatisfy { $0.isNaN }
      #expect(shows, "key \(place)")
    }
  }
}
