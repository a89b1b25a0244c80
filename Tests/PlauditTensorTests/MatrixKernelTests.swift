import CKernels
import PlauditCore
import Testing

@testable import PlauditTensor

/// Every set this CPU can run, against double arithmetic.
struct MatrixKernelTests {
  private typealias Kernels = UnsafePointer<pk_matrix_set>

  private var sets: [Kernels] {
    var found: [Kernels] = []
    while let set = pk_matrix_kernels(Int32(found.count)) { found.append(set) }
    return found
  }

  private func matrix(_ count: Int, seed: UInt64) throws -> FloatBuffer {
    let buffer = try FloatBuffer(count: count)
    var random = RandomSource(seed: seed)
    for index in 0..<count { buffer.pointer[index] = Float(random.uniform()) * 2 - 1 }
    return buffer
  }

  private struct Case {
    var rows: Int
    var columns: Int
    var inner: Int
    var aTransposed = false
    var bTransposed = false
    var accumulate = false
    var factor: Float = 1
  }

  /// Runs a product between guards that have to stay.
  private func run(
    _ kernels: Kernels, _ one: Case, packed: Bool, partWidth: Int = .max, a: FloatBuffer,
    b: FloatBuffer,
    bias: FloatBuffer? = nil
  ) throws -> [Float] {
    let stride = one.columns + 3
    let c = try FloatBuffer(count: (one.rows + 1) * stride)
    c.pointer.update(repeating: 0.5, count: c.count)
    let out = try FloatBuffer(count: c.count)
    out.pointer.update(repeating: 0.5, count: c.count)
    var product = pk_product(
      a: a.pointer, b: b.pointer, c: c.pointer,
      a_stride: Int64(one.aTransposed ? one.rows : one.inner) + 1,
      b_stride: Int64(one.bTransposed ? one.inner : one.columns) + 2, c_stride: Int64(stride),
      rows: Int64(one.rows), columns: Int64(one.columns), inner: Int64(one.inner),
      a_transposed: one.aTransposed ? 1 : 0, b_transposed: one.bTransposed ? 1 : 0,
      accumulate: one.accumulate ? 1 : 0, factor: one.factor, out: nil, out_stride: 0, bias: nil,
      function: 0, makes_slope: 0, slopes: nil, slopes_stride: 0, sums: nil)
    if let bias {
      product.out = out.pointer
      product.out_stride = Int64(stride)
      product.bias = UnsafePointer(bias.pointer)
      product.function = Int32(PK_RELU)
    }
    if packed {
      let panels = try FloatBuffer(
        count: Int(kernels.pointee.packed_size(Int64(one.inner), Int64(one.columns))))
      kernels.pointee.pack(panels.pointer, &product)
      if partWidth >= one.columns {
        kernels.pointee.multiply_packed(&product, panels.pointer, 0, Int64(one.columns))
      }
      for first in Swift.stride(
        from: 0, to: partWidth < one.columns ? one.columns : 0, by: partWidth)
      {
        var part = product
        part.c += first
        if bias != nil { part.out = out.pointer + first }
        part.bias = part.bias.map { $0 + first }
        part.columns = Int64(min(partWidth, one.columns - first))
        kernels.pointee.multiply_packed(&part, panels.pointer, Int64(first), Int64(one.columns))
      }
    } else {
      let scratch = try FloatBuffer(count: Int(PK_SCRATCH))
      kernels.pointee.multiply(&product, scratch.pointer)
    }
    let made = bias == nil ? c : out
    for row in 0...one.rows {
      for column in 0..<stride where row == one.rows || column >= one.columns {
        #expect(made.pointer[row * stride + column] == 0.5, "written outside: \(one)")
      }
    }
    return (0..<one.rows).flatMap { row in
      (0..<one.columns).map { made.pointer[row * stride + $0] }
    }
  }

  private func exact(_ one: Case, a: FloatBuffer, b: FloatBuffer, _ row: Int, _ column: Int)
    -> Double
  {
    let aStride = (one.aTransposed ? one.rows : one.inner) + 1
    let bStride = (one.bTransposed ? one.inner : one.columns) + 2
    var sum = one.accumulate ? 0.5 : 0
    for step in 0..<one.inner {
      let left = a.pointer[one.aTransposed ? step * aStride + row : row * aStride + step]
      let right = b.pointer[one.bTransposed ? column * bStride + step : step * bStride + column]
      sum += Double(one.factor) * Double(left) * Double(right)
    }
    return sum
  }

  private var cases: [Case] {
    let sizes = [0, 1, 15, 16, 17, 31, 33, 63, 65]
    var made: [Case] = []
    for (index, rows) in sizes.enumerated() {
      for (second, columns) in sizes.enumerated() {
        for (third, inner) in sizes.enumerated() where (index + second + third) % 3 == 0 {
          made.append(
            Case(
              rows: rows, columns: columns, inner: inner, aTransposed: (index + second) % 2 == 1,
              bTransposed: third % 2 == 1, accumulate: second % 2 == 1,
              factor: index % 2 == 1 ? 0.25 : 1))
        }
      }
    }
    // Across the blocks.
    made.append(Case(rows: 29, columns: 391, inner: 777, bTransposed: true))
    made.append(Case(rows: 3, columns: 770, inner: 385, aTransposed: true, accumulate: true))
    // More tiles of rows than are brought together at a time, and what remains of them.
    for rows in [112, 126, 131, 141, 239] {
      made.append(Case(rows: rows, columns: 71, inner: 391, aTransposed: true, accumulate: true))
    }
    return made
  }

  @Test func `products equal double arithmetic on every set, packed before or on the way`() throws {
    for kernels in sets {
      for one in cases {
        let a = try matrix((max(one.rows, one.inner) + 1) * (max(one.rows, one.inner) + 2), seed: 1)
        let b = try matrix(
          (max(one.columns, one.inner) + 2) * (max(one.columns, one.inner) + 3), seed: 2)
        let made = try run(kernels, one, packed: false, a: a, b: b)
        #expect(made == (try run(kernels, one, packed: true, a: a, b: b)))
        for width in [32, 64, 416] where width < one.columns {
          #expect(made == (try run(kernels, one, packed: true, partWidth: width, a: a, b: b)))
        }
        for row in 0..<one.rows {
          for column in stride(from: row % 3, to: one.columns, by: 3) {
            let expected = exact(one, a: a, b: b, row, column)
            let found = Double(made[row * one.columns + column])
            guard (found - expected).magnitude <= 1e-6 * Double(max(one.inner, 1)) else {
              Issue.record("\(String(cString: kernels.pointee.name)) \(one): \(found), \(expected)")
              break
            }
          }
        }
      }
    }
  }

  @Test func `packing piece by piece gives what packing at once does, and unpacking the columns`()
    throws
  {
    for kernels in sets {
      for (columns, inner) in [(1, 1), (31, 5), (32, 384), (70, 40), (391, 777), (1152, 96)] {
        let b = try matrix(columns * inner, seed: 11)
        var product = pk_product(
          a: b.pointer, b: b.pointer, c: b.pointer, a_stride: 0, b_stride: Int64(inner),
          c_stride: 0, rows: 0, columns: Int64(columns), inner: Int64(inner), a_transposed: 0,
          b_transposed: 1, accumulate: 0, factor: 1, out: nil, out_stride: 0, bias: nil,
          function: 0, makes_slope: 0, slopes: nil, slopes_stride: 0, sums: nil)
        let size = Int(kernels.pointee.packed_size(Int64(inner), Int64(columns)))
        let whole = try FloatBuffer(count: size)
        kernels.pointee.pack(whole.pointer, &product)
        for step in [Int(PK_PACKED), 3 * Int(PK_PACKED), 12 * Int(PK_PACKED)] {
          let parts = try FloatBuffer(count: size)
          parts.pointer.update(repeating: .nan, count: size)
          for first in stride(from: 0, to: columns, by: step) {
            product.b = UnsafePointer(b.pointer + first * inner)
            kernels.pointee.pack_part(
              parts.pointer, &product, Int64(first), Int64(min(step, columns - first)))
          }
          #expect(parts.buffer.elementsEqual(whole.buffer))
        }
        let columnsAgain = try FloatBuffer(count: columns * inner)
        kernels.pointee.unpack(columnsAgain.pointer, whole.pointer, Int64(inner), Int64(columns))
        #expect(columnsAgain.buffer.elementsEqual(b.buffer))
      }
    }
  }

  @Test func `a row's bits do not depend on how many rows come with it`() throws {
    for kernels in sets {
      let all = Case(rows: 70, columns: 45, inner: 400, bTransposed: true)
      let a = try matrix(71 * 402, seed: 3)
      let b = try matrix(47 * 403, seed: 4)
      let whole = try run(kernels, all, packed: true, a: a, b: b)
      for rows in 1...40 {
        var one = all
        one.rows = rows
        let part = try run(kernels, one, packed: true, a: a, b: b)
        #expect(part == Array(whole[..<(rows * 45)]))
      }
    }
  }

  @Test func `sets that fuse multiply and add agree bit for bit`() throws {
    let fusing = sets.filter { String(cString: $0.pointee.name) != "portable" }
    let one = Case(rows: 37, columns: 53, inner: 801, bTransposed: true)
    let a = try matrix(38 * 803, seed: 5)
    let b = try matrix(55 * 804, seed: 6)
    let made = try fusing.map { try run($0, one, packed: false, a: a, b: b) }
    #expect(made.allSatisfy { $0 == made[0] })
  }

  @Test func `what follows a product gets its bias and function`() throws {
    for kernels in sets {
      for inner in [0, 7, 500] {
        let one = Case(rows: 19, columns: 41, inner: inner)
        let a = try matrix(20 * 502, seed: 7)
        let b = try matrix(502 * 44, seed: 8)
        let bias = try matrix(41, seed: 9)
        let plain = try run(kernels, one, packed: true, a: a, b: b)
        let ended = try run(kernels, one, packed: true, a: a, b: b, bias: bias)
        for index in plain.indices {
          #expect(ended[index] == max(plain[index] + bias.pointer[index % 41], 0))
        }
      }
    }
  }

  @Test func `infinities and NaN travel as in plain arithmetic`() throws {
    for kernels in sets {
      let one = Case(rows: 2, columns: 40, inner: 3)
      let a = try matrix(3 * 5, seed: 10)
      let b = try matrix(3 * 45, seed: 11)
      a.pointer[1] = .nan
      a.pointer[4] = .infinity
      let made = try run(kernels, one, packed: true, a: a, b: b)
      #expect(made[..<40].allSatisfy { $0.isNaN })
      #expect(made[40...].allSatisfy { !$0.isFinite })
    }
  }
}
