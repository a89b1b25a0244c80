import Glibc

/// The memory of the machine that this process runs on.
package enum HostMemory {
  /// Bytes of physical memory, cut by the cgroup's limit; all there can be where neither is known.
  package static let byteCount: Int = {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let size = sysconf(Int32(_SC_PAGESIZE))
    let (bytes, overflow) = pages.multipliedReportingOverflow(by: size)
    let physical = pages > 0 && size > 0 && !overflow ? bytes : Int.max
    return min(physical, cgroupLimit() ?? Int.max)
  }()

  private static func cgroupLimit() -> Int? {
    for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
      if let text = WorkerPool.smallFile(path) { return WorkerPool.number(text[...]) }
    }
    return nil
  }
}
