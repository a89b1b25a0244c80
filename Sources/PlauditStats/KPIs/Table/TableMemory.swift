import Glibc
import PlauditCore

/// Memory that grows by doubling; new elements are zeros. Plain values only.
///
/// A refused request throws `outOfMemory` and leaves the content as it was.
final class TableMemory<Element: BitwiseCopyable> {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var capacity = 0
  /// How many elements hold values; the owner keeps it at or below `capacity`.
  var count = 0

  private let hasZeros: Bool

  /// - Parameter hasZeros: false where new elements are always written before they are counted.
  init(hasZeros: Bool = true) {
    self.hasZeros = hasZeros
    // Any address will do, it is neither read nor written at capacity 0; 64 is never null.
    base = UnsafeMutablePointer(bitPattern: 64) ?? .allocate(capacity: 1)
  }

  convenience init(zeros count: Int) throws(PlauditError) {
    self.init()
    try reserve(count)
    self.count = count
  }

  deinit {
    if capacity > 0 { free(base) }
  }

  /// Makes room for `wanted` elements in total.
  @inline(__always)
  func reserve(_ wanted: Int) throws(PlauditError) {
    if wanted > capacity { try grow(to: wanted) }
  }

  @inline(never)
  private func grow(to wanted: Int) throws(PlauditError) {
    let target = max(wanted, capacity &+ capacity, 16)
    let (size, overflow) = target.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    // calloc takes pages that are zero already; realloc moves pages without copying them.
    let memory =
      overflow ? nil : capacity > 0 ? realloc(base, size) : calloc(size, 1)
    guard let memory else {
      throw PlauditError(.outOfMemory, "no memory for \(target) elements of a KPI table")
    }
    if capacity > 0, hasZeros {
      let old = capacity &* MemoryLayout<Element>.stride
      memset(memory + old, 0, size - old)
    }
    base = memory.bindMemory(to: Element.self, capacity: target)
    capacity = target
  }

  @inline(__always)
  func append(_ element: Element) throws(PlauditError) {
    try reserve(count &+ 1)
    base[count] = element
    count &+= 1
  }

  /// Counts up to `wanted` elements; those that are new are zeros.
  @inline(__always)
  func extend(to wanted: Int) throws(PlauditError) {
    try reserve(wanted)
    count = max(count, wanted)
  }

  /// The element, 0 bits beyond the end.
  @inline(__always)
  func element(_ index: Int, or zero: Element) -> Element { index < count ? base[index] : zero }

  var buffer: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }
}
