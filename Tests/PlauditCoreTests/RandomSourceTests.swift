import Testing

@testable import PlauditCore

struct RandomSourceTests {
  /// Known answers of Random123 1.14 (kat_vectors, philox4x32 10).
  @Test func `Philox gives the published answers`() {
    let zero = RandomSource.philox(counter: (0, 0, 0, 0), key: (0, 0))
    #expect(zero == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = RandomSource.philox(
      counter: (.max, .max, .max, .max), key: (.max, .max))
    #expect(ones == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    let pi = RandomSource.philox(
      counter: (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      key: (0xa409_3822, 0x299f_31d0))
    #expect(pi == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func `a saved position goes on where it was`() {
    var source = RandomSource(seed: 9, stream: 4)
    for _ in 0..<7 { _ = source.next() }
    var resumed = RandomSource(seed: 9, stream: 4, position: source.position)
    #expect(source.next() == resumed.next())
  }

  @Test func `bounded draws stay below the bound and hit everything`() {
    var source = RandomSource(seed: 1)
    var seen = Set<UInt64>()
    for _ in 0..<200 { seen.insert(source.next(below: 7)) }
    #expect(seen == [0, 1, 2, 3, 4, 5, 6])
    #expect(source.next(below: 0) == 0)
    #expect(source.next(below: 1) == 0)
  }

  @Test func `a filled buffer is uniform, and the same from the same position`() {
    var source = RandomSource(seed: 5, stream: 6)
    _ = source.next()
    var copy = source
    var (draws, again) = ([UInt32](repeating: 9, count: 7001), [UInt32](repeating: 9, count: 7001))
    draws.withUnsafeMutableBufferPointer { source.fill($0, below: 7) }
    again.withUnsafeMutableBufferPointer { copy.fill($0, below: 7) }
    #expect(draws == again && source == copy && source.position.isMultiple(of: 2))
    // 1000 expected each; 8 standard errors.
    for value in 0..<7 as Range<UInt32> {
      #expect(abs(draws.count { $0 == value } - 1000) < 240)
    }
    draws.withUnsafeMutableBufferPointer { source.fill($0, below: 0) }
    #expect(draws.allSatisfy { $0 == 0 })
  }

  @Test func `uniform draws lie in 0 to 1 with mean one half`() {
    var source = RandomSource(seed: 2)
    let draws = (0..<10_000).map { _ in source.uniform() }
    #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
    // 8 standard errors: false alarm below 1e-14.
    let mean: Double = draws.reduce(0, +) / 10_000
    #expect((mean - 0.5).magnitude < 0.0231)
  }

  @Test func `a shuffle keeps the elements and depends on the seed only`() {
    var first = Array(0..<50)
    var second = first
    var third = first
    var source = RandomSource(seed: 3)
    source.shuffle(&first)
    source = RandomSource(seed: 3)
    source.shuffle(&second)
    source = RandomSource(seed: 4)
    source.shuffle(&third)
    #expect(first == second)
    #expect(first != third)
    #expect(first.sorted() == Array(0..<50))
  }
}
