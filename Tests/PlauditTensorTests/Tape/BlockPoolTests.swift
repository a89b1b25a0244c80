import PlauditCore
import Testing

@testable import PlauditTensor

struct BlockPoolTests {
  /// The requests of a small network: each layer holds its input while it works, and a scratch that
  /// does not grow with the rows.
  private func pass(_ pool: BlockPool, rows: Int, layers: Int) throws {
    pool.begin()
    var states = try pool.acquire(rows * 400)
    for _ in 0..<layers {
      let wide = try pool.acquire(rows * 1200)
      let context = try pool.acquire(rows * 400)
      pool.release(wide)
      let scratch = try pool.acquire(300_000)
      let between = try pool.acquire(rows * 1600)
      let out = try pool.acquire(rows * 400)
      for block in [scratch, between, context, states] { pool.release(block) }
      states = out
    }
    pool.release(states)
  }

  @Test func `many layers take the memory of two`() throws {
    let (few, many) = (BlockPool(repeats: true), BlockPool(repeats: true))
    for rows in [3, 40, 500] {
      try pass(few, rows: rows, layers: 2)
      try pass(many, rows: rows, layers: 24)
    }
    #expect(many.byteCount == few.byteCount)
  }

  @Test func `after the largest input nothing is allocated`() throws {
    let pool = BlockPool(repeats: true)
    try pass(pool, rows: 500, layers: 6)
    let bytes = pool.byteCount
    for rows in [1, 33, 499, 2, 500] {
      try pass(pool, rows: rows, layers: 6)
      #expect(pool.byteCount == bytes)
    }
  }

  @Test func `inputs that grow leave no trail of blocks`() throws {
    let (grown, fresh) = (BlockPool(repeats: true), BlockPool(repeats: true))
    for rows in 1...500 { try pass(grown, rows: rows, layers: 3) }
    try pass(fresh, rows: 500, layers: 3)
    #expect(grown.byteCount <= fresh.byteCount * 3 / 2)
    // One block for each request of a layer and for its input, an eighth larger.
    #expect(fresh.byteCount <= (500 * (400 + 1200 + 400 + 1600 + 400) + 300_000) * 9 / 8)
  }

  @Test func `requests that do not come as before get blocks too, a bounded number`() throws {
    let pool = BlockPool(repeats: true)
    var random = RandomSource(seed: 5)
    var held: [(block: UnsafeMutableRawPointer, count: Int)] = []
    var largest = 0
    for turn in 0..<5000 {
      if turn % 7 == 0 { pool.begin() }
      let count = Int(random.uniform() * 100_000) + 1
      let block = try pool.acquire(count, isOnce: turn == 100)
      block.assumingMemoryBound(to: UInt8.self).update(repeating: UInt8(turn % 251), count: count)
      held.append((block, turn))
      largest = max(largest, held.count)
      if held.count > 12 {
        let gone = held.remove(at: Int(random.uniform() * 12))
        #expect(gone.block.load(as: UInt8.self) == UInt8(gone.count % 251))
        pool.release(gone.block)
      }
    }
    #expect(pool.byteCount < 150 * 112_500)
  }

  // MARK: Refusal

  @Test(arguments: [Int.max, Int.max / 9 * 8 + 8, Int.max - 128])
  func `a block beyond any memory is an error`(byteCount: Int) throws {
    let pool = BlockPool()
    do {
      _ = try pool.acquire(byteCount)
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.kind == .outOfMemory)
    }
    pool.release(try pool.acquire(100))
  }
}
