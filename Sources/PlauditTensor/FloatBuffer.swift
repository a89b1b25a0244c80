import Glibc
package import PlauditCore

/// Floats on a 64-byte boundary, from the C heap: a request that cannot be met throws.
package final class FloatBuffer {
  package let pointer: UnsafeMutablePointer<Float>
  package let count: Int

  /// `count` zeros.
  package init(count: Int) throws(PlauditError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: 4)
    var memory: UnsafeMutableRawPointer?
    guard count >= 0, !overflow, posix_memalign(&memory, 64, bytes) == 0, let memory else {
      throw PlauditError(.outOfMemory, "no memory for \(count) floats")
    }
    memset(memory, 0, bytes)
    pointer = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    self.count = count
  }

  deinit { free(pointer) }

  package var buffer: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}

/// A buffer that grows and is used again: after the largest input nothing is allocated.
package struct GrowingFloats {
  private var buffer: FloatBuffer

  package init() throws(PlauditError) { buffer = try FloatBuffer(count: 0) }

  /// At least `count` floats with undefined content; what was there is lost when it grows.
  package mutating func room(for count: Int) throws(PlauditError) -> UnsafeMutablePointer<Float> {
    if count > buffer.count { buffer = try FloatBuffer(count: max(count, buffer.count * 3 / 2)) }
    return buffer.pointer
  }
}
