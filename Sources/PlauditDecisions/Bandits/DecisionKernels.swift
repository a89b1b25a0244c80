import CKernels
import Glibc

/// The ridge kernels in use.
nonisolated(unsafe) let ridgeKernels: UnsafePointer<pk_ridge_set> = chosen(
  pk_ridge_kernels, name: \.name)

/// The posterior kernels in use.
nonisolated(unsafe) let posteriorKernels: UnsafePointer<pk_posterior_set> = chosen(
  pk_posterior_kernels, name: \.name)

/// The fastest set there is, or the one that PLAUDIT_KERNELS names, for tests.
private func chosen<Kernels>(
  _ set: (Int32) -> UnsafePointer<Kernels>?, name: (Kernels) -> UnsafePointer<CChar>
) -> UnsafePointer<Kernels> {
  var sets: [UnsafePointer<Kernels>] = []
  while let next = set(Int32(sets.count)) { sets.append(next) }
  let fastest = sets[sets.count - 1]
  guard let wanted = getenv("PLAUDIT_KERNELS") else { return fastest }
  let names = String(cString: wanted).split(separator: ",")
  return sets.last { set in names.contains { $0 == String(cString: name(set.pointee)) } } ?? fastest
}
