import CKernels
import PlauditCore
import Testing

@testable import PlauditTensor

/// The kernels of attention in training, of every set of this machine, against the same in double
/// arithmetic, whose gradients are checked against differences (OperationGradientTests).
struct AttentionKernelTests {
  private let heads = 2
  private let gap = 3

  /// Numbers of one text: queries and keys with values, rows a few numbers apart.
  private struct Arrays<Scalar: TensorScalar> {
    var queries: [Scalar]
    var both: [Scalar]

    func withRows<R>(
      width: Int, gap: Int, _ body: (AttentionRows<Scalar>) throws -> R
    ) throws -> R {
      var copy = self
      return try copy.changeRows(width: width, gap: gap, body)
    }

    mutating func changeRows<R>(
      width: Int, gap: Int, _ body: (AttentionRows<Scalar>) throws -> R
    ) throws -> R {
      try queries.withUnsafeMutableBufferPointer { queries in
        try both.withUnsafeMutableBufferPointer { both in
          let first = try #require(queries.baseAddress)
          let second = try #require(both.baseAddress)
          return try body(
            AttentionRows(
              queries: first, keys: second, values: second + width, queryStride: width + gap,
              stride: 2 * width + gap))
        }
      }
    }
  }

  private func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in Float(random.uniform()) * 4 - 2 }
  }

  @Test(arguments: availableRowKernels.indices)
  func `attention and its gradients equal double arithmetic`(set: Int) throws {
    let kernels = try #require(pk_attention_kernels(Int32(set))).pointee
    let starts = try Buffer<Int>(count: 2)
    for size in [16, 32, 48] {
      for length in [1, 2, 15, 16, 17, 31, 33, 63, 65] {
        for (count, rate) in [(length, 0.0), (length, 0.25), (1, 0), (1, 0.25)] {
          starts.pointer[1] = length
          try compare(
            kernels, Segments(starts: starts.pointer, count: 1), size: size, length: length,
            count: count, rate: rate, accumulate: length % 2 == 0)
        }
      }
    }
    withExtendedLifetime(starts) {}
  }

  private func compare(
    _ kernels: pk_attention_set, _ texts: Segments, size: Int, length: Int, count: Int,
    rate: Double, accumulate: Bool
  ) throws {
    let label: Comment = "size \(size), length \(length), queries \(count), rate \(rate)"
    let width = heads * size
    let (queryStride, stride) = (width + gap, 2 * width + gap)
    let input = Arrays(
      queries: numbers(count * queryStride, seed: 1), both: numbers(length * stride, seed: 2))
    let start = Arrays(
      queries: numbers(count * queryStride, seed: 3), both: numbers(length * stride, seed: 4))
    let dcontext = numbers(count * width, seed: 5)

    // In double arithmetic
    let tape = Tape<Double>(recording: true)
    (tape.dropoutSeed, tape.step) = (7, 9)
    let context = try tape.tensor(rows: count, width: width)
    var exact = Arrays(queries: start.queries.map(Double.init), both: start.both.map(Double.init))
    try Arrays(queries: input.queries.map(Double.init), both: input.both.map(Double.init))
      .withRows(width: width, gap: gap) { rows in
        let kept = try #require(
          try tape.attend(
            rows, texts, heads: heads, firstOnly: count == 1, dropout: rate, into: context))
        var from = dcontext.map(Double.init)
        try from.withUnsafeMutableBufferPointer { from in
          let from = try #require(from.baseAddress)
          try exact.changeRows(width: width, gap: gap) { gradients in
            try tape.attendBackward(
              kept, from, gradients, accumulateQueries: accumulate, accumulate: accumulate)
          }
        }
      }

    // By the kernels
    let weightWidth = Int(pk_attention_width(Int64(length)))
    let area = heads * count * weightWidth
    var weights = [Float](repeating: .nan, count: area + 1)
    var kept = weights
    var out = [Float](repeating: 0.5, count: (count + 1) * width)
    var made = start
    let scratch = try FloatBuffer(count: Int(kernels.scratch(Int64(length), Int64(size))))
    scratch.pointer.update(repeating: .nan, count: scratch.count)
    try input.withRows(width: width, gap: gap) { rows in
      try made.changeRows(width: width, gap: gap) { gradients in
        out.withUnsafeMutableBufferPointer { out in
          guard let out = out.baseAddress else { return }
          var attention = pk_attention(
            queries: rows.queries, keys: rows.keys, values: rows.values, out: out,
            query_stride: Int64(queryStride), stride: Int64(stride), out_stride: Int64(width),
            queries_count: Int64(count), length: Int64(length), heads: Int64(heads),
            size: Int64(size), factor: 1 / Float(size).squareRoot(), scratch: scratch.pointer)
          let dropout = rate > 0 ? DropoutStream(seed: 7, stream: 9 << 16 | 1, rate: rate) : nil
          DropoutStream.with(dropout, first: 0) {
            kernels.forward(&attention, &weights, &kept, $0)
          }
          dcontext.withUnsafeBufferPointer { from in
            guard let from = from.baseAddress else { return }
            var to = pk_attention_gradients(
              out: from, queries: gradients.queries, keys: gradients.keys,
              values: gradients.values, out_stride: Int64(width),
              query_stride: Int64(queryStride), stride: Int64(stride),
              accumulate_queries: accumulate ? 1 : 0, accumulate: accumulate ? 1 : 0)
            kernels.backward(&attention, &to, weights, rate > 0 ? kept : weights)
          }
        }
      }
    }

    func worst(_ made: [Float], _ exact: (Int) -> Double) -> Double {
      made.indices.reduce(0.0) { max($0, (Double(made[$1]) - exact($1)).magnitude) }
    }
    #expect(worst(Array(out[..<(count * width)])) { context.values[$0] } < 1e-5, label)
    #expect(worst(made.queries) { exact.queries[$0] } < 4e-5, label)
    #expect(worst(made.both) { exact.both[$0] } < 4e-5, label)
    // Nothing beyond the arrays, zeros beyond the keys
    #expect(weights[area].isNaN && kept[area].isNaN && out[count * width] == 0.5, label)
    let pads = (0..<area).filter { $0 % weightWidth >= length }
    let areZero = pads.allSatisfy { weights[$0] == 0 }
    #expect(areZero, label)
  }

  @Test(arguments: availableRowKernels.indices)
  func `a number that is none shows in all that depends on it`(set: Int) throws {
    let kernels = try #require(pk_attention_kernels(Int32(set))).pointee
    let (length, size) = (21, 16)
    var rows = numbers(length * 3 * size, seed: 6)
    rows[20 * 3 * size + size] = .nan
    var weights = [Float](repeating: 0, count: length * 32)
    var kept = weights
    var out = [Float](repeating: 0, count: length * size)
    let scratch = try FloatBuffer(count: Int(kernels.scratch(Int64(length), Int64(size))))
    rows.withUnsafeMutableBufferPointer { rows in
      out.withUnsafeMutableBufferPointer { out in
        guard let rows = rows.baseAddress, let out = out.baseAddress else { return }
        var attention = pk_attention(
          queries: rows, keys: rows + size, values: rows + 2 * size, out: out,
          query_stride: Int64(3 * size), stride: Int64(3 * size), out_stride: Int64(size),
          queries_count: Int64(length), length: Int64(length), heads: 1, size: Int64(size),
          factor: 0.25, scratch: scratch.pointer)
        kernels.forward(&attention, &weights, &kept, nil)
      }
    }
    let shows = out.allSatisfy { $0.isNaN }
    #expect(shows)
  }
}
