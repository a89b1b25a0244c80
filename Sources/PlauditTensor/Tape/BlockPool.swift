import Glibc
import PlauditCore

/// Memory of a tape: blocks that are used again, so that after the largest input nothing is
/// allocated.
package final class BlockPool {
  private struct Block {
    var memory: UnsafeMutableRawPointer
    var capacity: Int
    var isFree: Bool
  }

  private var blocks: [Block] = []
  private static let alignment = 64
  /// Blocks from which on any that is large enough will do.
  private static let manyBlocks = 128

  /// Whether the same requests come again and again after `begin`, larger or smaller as a whole. Then
  /// each has a block of its own, which it may share with others while it is free: a smaller input
  /// allocates nothing, and a larger one makes blocks larger, not more.
  private let repeats: Bool
  /// The block of each request since `begin`, and the number of the next request.
  private var plan: [Int] = []
  private var next = 0

  package init(repeats: Bool = false) { self.repeats = repeats }

  deinit { for block in blocks { free(block.memory) } }

  /// The bytes of all blocks.
  package var byteCount: Int { blocks.reduce(0) { $0 + $1.capacity } }

  /// The requests from here on are those that came after the last time.
  package func begin() { next = 0 }

  /// `byteCount` undefined bytes on a 64-byte boundary; `.outOfMemory` when there are none.
  ///
  /// - Parameter isOnce: for a block that is kept, whose request does not come again.
  func acquire(
    _ byteCount: Int, isOnce: Bool = false
  ) throws(PlauditError) -> UnsafeMutableRawPointer {
    let wanted = max(byteCount, 1)
    guard repeats else { return take(try find(wanted)) }
    if isOnce { return take(try add(wanted)) }
    let request = next
    next += 1
    if plan.indices.contains(request), blocks[plan[request]].isFree {
      let index = plan[request]
      if blocks[index].capacity < wanted { try replace(index, by: wanted) }
      return take(index)
    }
    let index = try find(wanted)
    if request < plan.count { plan[request] = index }
    if request == plan.count { plan.append(index) }
    return take(index)
  }

  private func take(_ index: Int) -> UnsafeMutableRawPointer {
    blocks[index].isFree = false
    return blocks[index].memory + BlockPool.alignment
  }

  /// A free block that suits, a new one where there is none.
  private func find(_ wanted: Int) throws(PlauditError) -> Int {
    var best = -1
    var largestTooSmall = -1
    for index in blocks.indices where blocks[index].isFree {
      let capacity = blocks[index].capacity
      if capacity >= wanted {
        if best < 0 || capacity < blocks[best].capacity { best = index }
      } else if largestTooSmall < 0 || capacity > blocks[largestTooSmall].capacity {
        largestTooSmall = index
      }
    }
    let isFull = blocks.count >= BlockPool.manyBlocks
    if best >= 0 {
      let isSnug = blocks[best].capacity / 2 <= wanted
      if isSnug || isFull || !repeats && (largestTooSmall < 0 || wanted < 4096) { return best }
    }
    // Replaced, so that growing inputs do not leave a trail of smaller blocks.
    if largestTooSmall >= 0, !repeats || isFull {
      try replace(largestTooSmall, by: wanted)
      return largestTooSmall
    }
    return try add(wanted)
  }

  private func add(_ wanted: Int) throws(PlauditError) -> Int {
    let (memory, capacity) = try allocate(wanted, for: blocks.count)
    blocks.append(Block(memory: memory, capacity: capacity, isFree: true))
    return blocks.count - 1
  }

  private func replace(_ index: Int, by wanted: Int) throws(PlauditError) {
    let (memory, capacity) = try allocate(wanted, for: index)
    free(blocks[index].memory)
    blocks[index] = Block(memory: memory, capacity: capacity, isFree: true)
  }

  /// A block of an eighth more serves inputs that are a little larger.
  private func allocate(
    _ wanted: Int, for index: Int
  ) throws(PlauditError) -> (UnsafeMutableRawPointer, capacity: Int) {
    let (capacity, isTooLarge) = wanted.addingReportingOverflow(wanted / 8)
    let (padded, overflow) = capacity.addingReportingOverflow(2 * BlockPool.alignment)
    var memory: UnsafeMutableRawPointer?
    guard !isTooLarge, !overflow, posix_memalign(&memory, BlockPool.alignment, padded) == 0,
      let memory
    else {
      throw PlauditError(.outOfMemory, "no memory for \(wanted) bytes of intermediate results")
    }
    memory.storeBytes(of: index, as: Int.self)
    return (memory, capacity)
  }

  /// Takes a block back that `acquire` gave.
  func release(_ pointer: UnsafeMutableRawPointer) {
    let index = (pointer - BlockPool.alignment).load(as: Int.self)
    if blocks.indices.contains(index) { blocks[index].isFree = true }
  }
}
