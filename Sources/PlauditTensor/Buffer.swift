import Glibc
package import PlauditCore

/// Numbers on a 64-byte boundary, from the C heap: a request that cannot be met throws.
package final class Buffer<Element: BitwiseCopyable> {
  package let pointer: UnsafeMutablePointer<Element>
  package let count: Int
  /// Who frees the memory, where it is a part of more.
  private let arena: Arena?

  /// `count` zeros. Pages that nobody touches take no memory.
  package init(count: Int) throws(PlauditError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(
      by: MemoryLayout<Element>.stride)
    let (padded, tooLarge) = bytes.addingReportingOverflow(64)
    guard count >= 0, !overflow, !tooLarge, let memory = calloc(padded, 1) else {
      throw PlauditError(.outOfMemory, "no memory for \(count) numbers")
    }
    block = memory
    arena = nil
    let aligned = memory + (64 - Int(bitPattern: memory) & 63) & 63
    pointer = aligned.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  /// `count` undefined numbers, which the caller is about to write: a part of the arena where it
  /// has room, else on large pages if there are many and the system has them.
  package init(undefined count: Int, in arena: Arena? = nil) throws(PlauditError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(
      by: MemoryLayout<Element>.stride)
    let part = count < 0 || overflow ? nil : arena?.take(bytes)
    guard count >= 0, !overflow, let memory = part ?? Arena.memory(bytes) else {
      throw PlauditError(.outOfMemory, "no memory for \(count) numbers")
    }
    self.arena = part == nil ? nil : arena
    block = memory
    pointer = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  private let block: UnsafeMutableRawPointer

  deinit { if arena == nil { free(block) } }

  package var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}

/// One block of large pages, of which many buffers are parts; it is freed with the last of them. The
/// system gives memory on large pages in fewer, quicker steps. Used by one thread at a time.
package final class Arena {
  private let block: UnsafeMutableRawPointer
  private let capacity: Int
  private var used = 0

  /// nil without memory; pages that no buffer takes are never touched.
  package init?(byteCount: Int) {
    guard byteCount > 0, let memory = Arena.memory(byteCount) else { return nil }
    block = memory
    capacity = byteCount
  }

  deinit { free(block) }

  /// The next bytes on a 64-byte boundary; nil when the rest is too small.
  fileprivate func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let first = (used + 63) & ~63
    guard byteCount <= capacity - first else { return nil }
    used = first + byteCount
    return block + first
  }

  /// Undefined bytes from the heap, of large pages if there are many.
  fileprivate static func memory(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let largePage = 1 << 21
    let isLarge = byteCount >= largePage
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, isLarge ? largePage : 64, byteCount) == 0, let memory else {
      return nil
    }
    if isLarge { madvise(memory, byteCount, MADV_HUGEPAGE) }
    return memory
  }
}

package typealias FloatBuffer = Buffer<Float>
