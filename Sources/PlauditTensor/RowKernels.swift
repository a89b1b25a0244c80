package import CKernels

/// The row kernels of this machine; see ckernels.h for what each one computes.
package typealias RowKernels = UnsafePointer<pk_kernel_set>

/// The kernel sets this CPU can run, the plainest first.
nonisolated(unsafe) package let availableRowKernels: [RowKernels] = {
  var sets: [RowKernels] = []
  while let set = pk_kernels(Int32(sets.count)) { sets.append(set) }
  return sets
}()

/// The set in use: the fastest there is.
nonisolated(unsafe) package let rowKernels: RowKernels = availableRowKernels[availableRowKernels.count - 1]

/// The vector features of this CPU that Plaudit knows of.
package var cpuFeatures: [Substring] {
  String(cString: pk_cpu_features()).split(separator: ",")
}

package var rowKernelsName: String { String(cString: rowKernels.pointee.name) }
