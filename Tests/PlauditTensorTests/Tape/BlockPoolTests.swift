import PlauditCore
import Testing

@testable import PlauditTensor

struct BlockPoolTests {
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
