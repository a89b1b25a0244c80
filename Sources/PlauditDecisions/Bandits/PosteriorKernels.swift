import CKernels
import Glibc

/// The posterior kernels in use: the fastest there are, or those that PLAUDIT_KERNELS names, for
/// tests.
nonisolated(unsafe) let posteriorKernels: UnsafePointer<pk_posterior_set> = {
  var sets: [UnsafePointer<pk_posterior_set>] = []
  while let set = pk_posterior_kernels(Int32(sets.count)) { sets.append(set) }
  let fastest = sets[sets.count - 1]
  guard let wanted = getenv("PLAUDIT_KERNELS") else { return fastest }
  return sets.first { strcmp($0.pointee.name, wanted) == 0 } ?? fastest
}()
