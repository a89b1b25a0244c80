import CKernels
import CTiles
import Foundation
import PlauditCore
import Testing

@testable import PlauditTensor

/// Products of bytes and halves: every set this CPU can run, and tiles in memory in place of AMX's,
/// against the plain loop.
struct NarrowKernelTests {
  private typealias Kernels = UnsafePointer<pk_narrow_set>

  private let formats = [Int32(PK_BF16), Int32(PK_INT8)]
  private let sizes = [0, 1, 15, 16, 17, 31, 33, 63, 65]

  private func sets(_ format: Int32) -> [Kernels] {
    var found: [Kernels] = [pk_emulated_tiles(format)]
    var index: Int32 = 0
    while let set = pk_narrow_kernels(format, index) {
      found.append(set)
      index += 1
    }
    return found
  }

  private func name(_ set: Kernels) -> String {
    "\(String(cString: set.pointee.name)) of format \(set.pointee.format)"
  }

  private func numbers(_ count: Int, seed: UInt64, from least: Float, to most: Float) -> [Float] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in least + (most - least) * Float(random.uniform()) }
  }

  /// A product between guards that have to stay; a and out have strides of their own.
  private struct Product {
    var rows: Int
    var inputs: Int
    var outputs: Int
    var function = Int32(PK_IDENTITY)
    var a: [Float]
    var weights: [Float]
    var bias: [Float]?

    var stride: Int { outputs + 3 }

    func run(
      _ format: Int32, rows: Int, _ multiply: (UnsafePointer<pk_narrow_product>) -> Void
    ) throws -> [Float] {
      let panels = try Buffer<UInt8>(
        count: Int(pk_narrow_size(format, Int64(inputs), Int64(outputs))) + 64)
      let scratch = try Buffer<UInt8>(count: Int(pk_narrow_scratch(format, Int64(inputs))))
      // What a scratch holds must not matter.
      scratch.pointer.update(repeating: 0xFF, count: scratch.count)
      let filled = (outputs / 32 + 1) * 32
      var scales = [Float](repeating: 0, count: filled)
      var sums = scales
      pk_narrow_pack(
        format, weights, Int64(inputs), Int64(outputs), panels.pointer, &scales, &sums)
      var out = [Float](repeating: 0.5, count: (rows + 1) * stride)
      out.withUnsafeMutableBufferPointer { out in
        a.withUnsafeBufferPointer { a in
          scales.withUnsafeBufferPointer { scales in
            sums.withUnsafeBufferPointer { sums in
              (bias ?? []).withUnsafeBufferPointer { bias in
                guard let a = a.baseAddress, let to = out.baseAddress else { return }
                var packed = pk_narrow_weights(
                  panels: panels.pointer, scales: scales.baseAddress, sums: sums.baseAddress,
                  inputs: Int64(inputs), outputs: Int64(outputs))
                withUnsafePointer(to: &packed) { packed in
                  var product = pk_narrow_product(
                    a: a, out: to, bias: self.bias == nil ? nil : bias.baseAddress,
                    weights: packed, scratch: scratch.pointer, a_stride: Int64(inputs + 1),
                    out_stride: Int64(stride), rows: Int64(rows), function: function)
                  multiply(&product)
                }
              }
            }
          }
        }
      }
      for row in 0...rows {
        for column in 0..<stride where row == rows || column >= outputs {
          #expect(out[row * stride + column] == 0.5, "written outside")
        }
      }
      return (0..<rows).flatMap { row in out[row * stride..<row * stride + outputs] }
    }
  }

  private func product(
    rows: Int, inputs: Int, outputs: Int, function: Int, hasBias: Bool
  ) -> Product {
    Product(
      rows: rows, inputs: inputs, outputs: outputs, function: Int32(function),
      a: numbers(max(rows, 1) * (inputs + 1), seed: 1, from: -2.5, to: 3.5),
      weights: numbers(outputs * inputs + 1, seed: 2, from: -1, to: 1),
      bias: hasBias ? numbers(outputs + 1, seed: 3, from: -1, to: 1) : nil)
  }

  private func check(_ one: Product) throws {
    for format in formats {
      let plain = try one.run(format, rows: one.rows) { pk_narrow_plain(format, $0) }
      // Products are below 3.5; gelu is a polynomial here.
      let allowed =
        1e-6 * Float(max(one.inputs, 4)) + (one.function == Int32(PK_GELU) ? 8e-5 : 0)
      for set in sets(format) {
        let made = try one.run(format, rows: one.rows, set.pointee.multiply)
        for (found, wanted) in zip(made, plain) where !((found - wanted).magnitude <= allowed) {
          Issue.record(
            "\(name(set)), \(one.rows) x \(one.inputs) x \(one.outputs): \(found), \(wanted)")
          break
        }
        guard (1...Int(PK_NARROW_ROWS)).contains(one.rows), one.inputs > 0 else { continue }
        for size in [1, 2, 5] {
          let parts = try one.run(format, rows: one.rows) { product in
            for first in stride(from: 0, to: one.rows, by: size).reversed() {
              set.pointee.narrow(product, Int64(first), Int64(min(size, one.rows - first)))
            }
            let panels = (one.outputs + 31) / 32
            for first in stride(from: 0, to: panels, by: size).reversed() {
              set.pointee.panels(product, Int64(first), Int64(min(size, panels - first)))
            }
          }
          #expect(parts == made, "\(name(set)) in parts of \(size)")
        }
      }
    }
  }

  @Test func `packing piece by piece gives what packing at once does`() throws {
    for format in [Int32(PK_BF16), Int32(PK_INT8)] {
      for (outputs, inputs) in [(1, 1), (33, 5), (64, 64), (100, 515)] {
        let weights = try FloatBuffer(count: outputs * inputs)
        var random = RandomSource(seed: 12)
        for index in 0..<weights.count {
          weights.pointer[index] = Float(random.uniform()) * 2 - 1
        }
        let size = Int(pk_narrow_size(format, Int64(inputs), Int64(outputs)))
        let filled = (outputs / 32 + 1) * 32
        func packed(step: Int?) throws -> ([UInt8], [Float], [Float]) {
          var panels = [UInt8](repeating: 0xFF, count: size)
          var scales = [Float](repeating: 0, count: filled)
          var sums = scales
          guard let step else {
            pk_narrow_pack(
              format, weights.pointer, Int64(inputs), Int64(outputs), &panels, &scales, &sums)
            return (panels, scales, sums)
          }
          for first in stride(from: 0, to: outputs, by: step) {
            pk_narrow_pack_part(
              format, weights.pointer + first * inputs, Int64(inputs), Int64(outputs),
              Int64(first), Int64(min(step, outputs - first)), &panels, &scales, &sums)
          }
          return (panels, scales, sums)
        }
        let whole = try packed(step: nil)
        for step in [32, 64] { #expect(try packed(step: step) == whole) }
      }
    }
  }

  @Test func `every set equals the plain loop over odd shapes`() throws {
    let functions = [
      PK_IDENTITY, PK_GELU, PK_RELU, PK_TANH, PK_GELU_TANH, PK_SILU, PK_SIGMOID,
    ].map { Int($0) }
    var count = 0
    for (first, rows) in sizes.enumerated() {
      for (second, inputs) in sizes.enumerated() {
        for (third, outputs) in sizes.enumerated() where (first + second + third) % 3 == 0 {
          try check(
            product(
              rows: rows, inputs: inputs, outputs: outputs,
              function: functions[count % functions.count], hasBias: count % 2 == 1))
          count += 1
        }
      }
    }
    // More rows than are narrow at a time, and more panels than stay in the cache.
    try check(product(rows: 230, inputs: 385, outputs: 70, function: functions[1], hasBias: true))
    try check(product(rows: 3, inputs: 1536, outputs: 1100, function: 6, hasBias: true))
  }

  @Test func `a row's bits do not depend on how many rows come with it, or where it is`() throws {
    let whole = product(
      rows: 70, inputs: 200, outputs: 77, function: Int(PK_GELU), hasBias: true)
    for format in formats {
      for set in sets(format) {
        let all = try whole.run(format, rows: 70, set.pointee.multiply)
        for rows in 1...40 {
          let part = try whole.run(format, rows: rows, set.pointee.multiply)
          #expect(part == Array(all[..<(rows * 77)]), "\(name(set)), \(rows) rows")
        }
        for row in [1, 13, 31, 32, 69] {
          var alone = whole
          alone.a.removeFirst(row * 201)
          let part = try alone.run(format, rows: 1, set.pointee.multiply)
          #expect(part == Array(all[row * 77..<(row + 1) * 77]), "\(name(set)), row \(row)")
        }
      }
    }
  }

  @Test func `sets of bytes that fuse multiply and add agree bit for bit`() throws {
    let one = product(rows: 37, inputs: 300, outputs: 65, function: Int(PK_GELU), hasBias: true)
    let fusing = sets(Int32(PK_INT8)).filter {
      !["portable", "emulated"].contains(String(cString: $0.pointee.name))
    }
    guard let first = fusing.first else { return }
    let wanted = try one.run(Int32(PK_INT8), rows: 37, first.pointee.multiply)
    for set in fusing.dropFirst() {
      #expect(try one.run(Int32(PK_INT8), rows: 37, set.pointee.multiply) == wanted, "\(name(set))")
    }
  }

  @Test func `a byte's error is at most half a step of a row and of an output`() throws {
    let one = product(rows: 9, inputs: 130, outputs: 35, function: Int(PK_IDENTITY), hasBias: false)
    for set in sets(Int32(PK_INT8)) {
      let made = try one.run(Int32(PK_INT8), rows: 9, set.pointee.multiply)
      for row in 0..<9 {
        let a = one.a[row * 131..<row * 131 + 130]
        let step = ((a.max() ?? 0) - (a.min() ?? 0)) / 255
        for output in 0..<35 {
          let weights = one.weights[output * 130..<(output + 1) * 130]
          let weightStep = (weights.map(\.magnitude).max() ?? 0) / 127
          var exact = 0.0
          var allowed = 1e-4
          for (x, weight) in zip(a, weights) {
            exact += Double(x) * Double(weight)
            allowed += Double(
              step / 2 * weight.magnitude + weightStep / 2 * x.magnitude + step * weightStep / 4)
          }
          #expect((Double(made[row * 35 + output]) - exact).magnitude <= allowed)
        }
      }
    }
  }

  @Test func `flat, tiny and huge rows, and outputs of zeros, are no exception`() throws {
    var one = product(rows: 6, inputs: 70, outputs: 40, function: Int(PK_IDENTITY), hasBias: true)
    for column in 0..<70 {
      one.a[column] = 0
      one.a[71 + column] = 2.5
      one.a[142 + column] *= 1e-36
      one.a[213 + column] *= .leastNonzeroMagnitude * 700
      one.a[284 + column] *= 1e30
      one.weights[column] = 0
    }
    for format in formats {
      let plain = try one.run(format, rows: 6) { pk_narrow_plain(format, $0) }
      for set in sets(format) {
        let made = try one.run(format, rows: 6, set.pointee.multiply)
        for (found, wanted) in zip(made, plain) {
          #expect((found - wanted).magnitude <= 1e-4 + 1e-5 * wanted.magnitude, "\(name(set))")
        }
      }
    }
  }

  @Test func `a number that is not finite shows in its row and in no other`() throws {
    let clean = product(rows: 35, inputs: 66, outputs: 33, function: Int(PK_GELU), hasBias: true)
    for format in formats {
      for set in sets(format) {
        let before = try clean.run(format, rows: 35, set.pointee.multiply)
        for (column, value) in [(0, Float.nan), (65, .nan), (16, .infinity), (31, -.infinity)] {
          var one = clean
          one.a[17 * 67 + column] = value
          let made = try one.run(format, rows: 35, set.pointee.multiply)
          for row in 0..<35 {
            let found = made[row * 33..<(row + 1) * 33]
            if row != 17 {
              #expect(found == before[row * 33..<(row + 1) * 33], "\(name(set))")
            } else if value.isNaN || format == Int32(PK_INT8) {
              let shows = found.allSatisfy { $0.isNaN }
              #expect(shows, "\(name(set))")
            }
          }
        }
      }
    }
  }

  @Test func `the self-test passes for every set and fails for one that is wrong`() throws {
    let room = try Buffer<UInt8>(count: Int(pk_narrow_check_size()))
    for format in formats {
      for set in sets(format) {
        #expect(pk_narrow_check(set, room.pointer) == 1, "\(name(set))")
        var wrong = set.pointee
        wrong.multiply = { $0.pointee.out[0] = 1 }
        #expect(pk_narrow_check(&wrong, room.pointer) == 0)
      }
      #expect(pk_narrow_kernels(format, 100) == nil && pk_narrow_kernels(format, -1) == nil)
    }
  }
}
