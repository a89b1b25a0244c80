import CText
import Glibc

/// The text kernels of this machine; see ctext.h for what each one does.
typealias TextKernels = UnsafePointer<pt_kernel_set>

/// The kernel sets this CPU can run, the plainest first.
nonisolated(unsafe) let availableTextKernels: [TextKernels] = {
  var sets: [TextKernels] = []
  while let set = pt_kernels(Int32(sets.count)) { sets.append(set) }
  return sets
}()

/// The set in use: the fastest there is, or the one that PLAUDIT_KERNELS names among others, for
/// tests.
nonisolated(unsafe) let textKernels: TextKernels = {
  let fastest = availableTextKernels[availableTextKernels.count - 1]
  guard let wanted = getenv("PLAUDIT_KERNELS") else { return fastest }
  let names = String(cString: wanted).split(separator: ",")
  return availableTextKernels.last { names.contains(Substring(String(cString: $0.pointee.name))) }
    ?? fastest
}()
