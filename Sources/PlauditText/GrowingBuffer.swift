import Glibc
import PlauditCore

/// Memory that grows by doubling and is kept for the next text.
///
/// Elements are plain values; nothing is initialised or destroyed. `reserve` is the only place
/// that allocates, so a loop that has reserved writes through `base` without a check. A refused
/// request throws `.outOfMemory` and leaves the content as it was.
struct GrowingBuffer<Element: BitwiseCopyable>: ~Copyable {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var capacity = 0
  /// How many elements hold values; the owner keeps it at or below `capacity`.
  var count = 0

  /// An empty buffer, which has no memory yet.
  init() {
    // Any address will do, it is neither read nor written at capacity 0; 16 is never null.
    base = UnsafeMutablePointer(bitPattern: 16) ?? .allocate(capacity: 1)
  }

  /// An empty buffer with room for so many elements, if there is memory; much of it comes in large
  /// pages where the system has them, so that filling it costs few page faults.
  init(expecting count: Int) {
    self.init()
    let page = 1 << 21
    let size = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !size.overflow, size.partialValue > 0 else { return }
    var memory: UnsafeMutableRawPointer?
    if size.partialValue < 2 * page {
      memory = malloc(size.partialValue)
    } else if posix_memalign(&memory, page, size.partialValue) == 0 {
      madvise(memory, size.partialValue, MADV_HUGEPAGE)
    }
    guard let memory else { return }
    base = memory.bindMemory(to: Element.self, capacity: count)
    capacity = count
  }

  deinit {
    if capacity > 0 { free(base) }
  }

  /// Makes room for `wanted` elements in total.
  @inline(__always)
  mutating func reserve(_ wanted: Int) throws(PlauditError) {
    if wanted > capacity { try grow(to: wanted) }
  }

  @inline(__always)
  mutating func append(_ element: Element) throws(PlauditError) {
    if count >= capacity { try grow(to: count + 1) }
    base[count] = element
    count &+= 1
  }

  @inline(never)
  private mutating func grow(to wanted: Int) throws(PlauditError) {
    let doubled = max(capacity, 16).multipliedReportingOverflow(by: 2)
    let target = max(wanted, doubled.overflow ? wanted : doubled.partialValue)
    let size = target.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !size.overflow, let memory = realloc(capacity > 0 ? base : nil, size.partialValue) else {
      throw PlauditError(.outOfMemory, "no memory for \(target) elements of tokenizer scratch")
    }
    base = memory.bindMemory(to: Element.self, capacity: target)
    capacity = target
  }
}
