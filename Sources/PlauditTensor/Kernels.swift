package import CKernels
import Glibc

/// The row kernels of this machine; see ckernels.h for what each one computes.
package typealias RowKernels = UnsafePointer<pk_kernel_set>

/// The kernel sets this CPU can run, the plainest first.
nonisolated(unsafe) package let availableRowKernels: [RowKernels] = {
  var sets: [RowKernels] = []
  while let set = pk_kernels(Int32(sets.count)) { sets.append(set) }
  return sets
}()

/// The kernel sets that PLAUDIT_KERNELS names, with commas between, for tests.
let namedKernels: [String] = {
  guard let wanted = getenv("PLAUDIT_KERNELS") else { return [] }
  return String(cString: wanted).split(separator: ",").map(String.init)
}()

/// The set in use: the fastest there is, or the one that PLAUDIT_KERNELS names.
nonisolated(unsafe) package let rowKernels: RowKernels = {
  let fastest = availableRowKernels[availableRowKernels.count - 1]
  return availableRowKernels.last {
    namedKernels.contains(String(cString: $0.pointee.name))
  } ?? fastest
}()

/// The vector features of this CPU that Plaudit knows of.
package var cpuFeatures: [Substring] {
  String(cString: pk_cpu_features()).split(separator: ",")
}

package var rowKernelsName: String { String(cString: rowKernels.pointee.name) }

/// The matrix kernels of the same set; see ckernels.h.
nonisolated(unsafe) let matrixKernels: UnsafePointer<pk_matrix_set> = {
  for (index, set) in availableRowKernels.enumerated() where set == rowKernels {
    if let kernels = pk_matrix_kernels(Int32(index)) { return kernels }
  }
  return pk_plain_matrix_kernels()
}()

/// The encoder kernels of the same set; see ckernels.h.
nonisolated(unsafe) let encoderKernels: UnsafePointer<pk_encoder_set>? = {
  for (index, set) in availableRowKernels.enumerated() where set == rowKernels {
    return pk_encoder_kernels(Int32(index))
  }
  return nil
}()

/// The attention kernels of the same set; see ckernels.h.
nonisolated(unsafe) let trainingAttentionKernels: UnsafePointer<pk_attention_set>? = {
  for (index, set) in availableRowKernels.enumerated() where set == rowKernels {
    return pk_attention_kernels(Int32(index))
  }
  return nil
}()

/// The tape kernels of the same set; see ckernels.h.
nonisolated(unsafe) let floatTapeKernels: UnsafePointer<pk_tape_set> = {
  for (index, set) in availableRowKernels.enumerated() where set == rowKernels {
    if let kernels = pk_tape_kernels(Int32(index)) { return kernels }
  }
  return pk_tape_kernels_double()
}()
