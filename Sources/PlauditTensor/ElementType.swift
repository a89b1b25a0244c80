import CKernels
import PlauditCore

/// How numbers are stored in a weight file.
package enum ElementType: String, Sendable {
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"

  package var byteCount: Int { self == .float32 ? 4 : 2 }

  /// Widens stored numbers to floats; every 16-bit value is exact in 32 bits.
  package func widen(_ stored: UnsafeRawBufferPointer, to floats: UnsafeMutablePointer<Float>) {
    guard let base = stored.baseAddress else { return }
    let count = Int64(stored.count / byteCount)
    switch self {
    case .float32:
      UnsafeMutableRawPointer(floats).copyMemory(from: base, byteCount: stored.count)
    case .float16: pk_widen_f16(floats, base, count)
    case .bfloat16: pk_widen_bf16(floats, base, count)
    }
  }
}

/// How many of `count` floats are NaN or infinite.
package func nonFiniteCount(_ floats: UnsafePointer<Float>, count: Int) -> Int {
  Int(pk_count_non_finite(floats, Int64(count)))
}
