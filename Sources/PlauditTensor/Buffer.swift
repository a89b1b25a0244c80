import Glibc
package import PlauditCore

/// Numbers on a 64-byte boundary, from the C heap: a request that cannot be met throws.
package final class Buffer<Element: BitwiseCopyable> {
  package let pointer: UnsafeMutablePointer<Element>
  package let count: Int

  /// `count` zeros. Pages that nobody touches take no memory.
  package init(count: Int) throws(PlauditError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(
      by: MemoryLayout<Element>.stride)
    let (padded, tooLarge) = bytes.addingReportingOverflow(64)
    guard count >= 0, !overflow, !tooLarge, let memory = calloc(padded, 1) else {
      throw PlauditError(.outOfMemory, "no memory for \(count) numbers")
    }
    block = memory
    let aligned = memory + (64 - Int(bitPattern: memory) & 63) & 63
    pointer = aligned.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  /// `count` undefined numbers, which the caller is about to write, on large pages if there are
  /// many and the system has them.
  package init(undefined count: Int) throws(PlauditError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(
      by: MemoryLayout<Element>.stride)
    let largePage = 1 << 21
    let isLarge = bytes >= largePage
    var memory: UnsafeMutableRawPointer?
    guard count >= 0, !overflow,
      posix_memalign(&memory, isLarge ? largePage : 64, bytes) == 0, let memory
    else {
      throw PlauditError(.outOfMemory, "no memory for \(count) numbers")
    }
    if isLarge { madvise(memory, bytes, MADV_HUGEPAGE) }
    block = memory
    pointer = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  private let block: UnsafeMutableRawPointer

  deinit { free(block) }

  package var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}

package typealias FloatBuffer = Buffer<Float>
