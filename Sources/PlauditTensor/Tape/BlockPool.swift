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

  /// Whether a small request may take a large block. It may where the same requests come again and
  /// again, larger or smaller as a whole: then a smaller input allocates nothing.
  private let givesLargeBlocks: Bool

  package init(givesLargeBlocks: Bool = false) { self.givesLargeBlocks = givesLargeBlocks }

  deinit { for block in blocks { free(block.memory) } }

  /// The bytes of all blocks.
  package var byteCount: Int { blocks.reduce(0) { $0 + $1.capacity } }

  /// `byteCount` undefined bytes on a 64-byte boundary; `.outOfMemory` when there are none.
  func acquire(_ byteCount: Int) throws(PlauditError) -> UnsafeMutableRawPointer {
    // What does not grow with the input, as counts of texts, fits any block.
    let wanted = max(byteCount, givesLargeBlocks ? 1 << 14 : 1)
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
    if best >= 0,
      givesLargeBlocks || blocks[best].capacity / 2 <= wanted || largestTooSmall < 0
        || wanted < 4096
    {
      blocks[best].isFree = false
      return blocks[best].memory + BlockPool.alignment
    }
    // A block of an eighth more serves inputs that are a little larger.
    let (capacity, isTooLarge) = wanted.addingReportingOverflow(wanted / 8)
    let (padded, overflow) = capacity.addingReportingOverflow(2 * BlockPool.alignment)
    var memory: UnsafeMutableRawPointer?
    guard !isTooLarge, !overflow, posix_memalign(&memory, BlockPool.alignment, padded) == 0,
      let memory
    else {
      throw PlauditError(.outOfMemory, "no memory for \(byteCount) bytes of intermediate results")
    }
    let index: Int
    if largestTooSmall >= 0 {
      // Replaced, so that growing inputs do not leave a trail of smaller blocks.
      index = largestTooSmall
      free(blocks[index].memory)
      blocks[index] = Block(memory: memory, capacity: capacity, isFree: false)
    } else {
      index = blocks.count
      blocks.append(Block(memory: memory, capacity: capacity, isFree: false))
    }
    memory.storeBytes(of: index, as: Int.self)
    return memory + BlockPool.alignment
  }

  /// Takes a block back that `acquire` gave.
  func release(_ pointer: UnsafeMutableRawPointer) {
    let index = (pointer - BlockPool.alignment).load(as: Int.self)
    if blocks.indices.contains(index) { blocks[index].isFree = true }
  }
}
