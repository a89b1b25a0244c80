import COpenBLAS
import Glibc

/// The door to OpenBLAS; nothing else in Plaudit calls it.
///
/// The library carries its own copy with hidden symbols and without threads, so a host that uses
/// OpenBLAS too keeps its threads and settings, and `fork` finds no BLAS threads to lose.
package enum BLAS {
  /// `y = scale · x · wᵀ` with x `[rows, width]`, w `[outputs, width]`, y `[rows, outputs]`; the
  /// strides are the distances between rows.
  package static func multiplyTransposed(
    _ x: UnsafePointer<Float>, stride xStride: Int, _ w: UnsafePointer<Float>, stride wStride: Int,
    into y: UnsafeMutablePointer<Float>, stride yStride: Int, rows: Int, outputs: Int, width: Int,
    scale: Float = 1
  ) {
    Turnstile.shared.enter()
    defer { Turnstile.shared.leave() }
    cblas_sgemm(
      Int32(PK_ROW_MAJOR), Int32(PK_NO_TRANSPOSE),
      Int32(PK_TRANSPOSE), Int32(truncatingIfNeeded: rows),
      Int32(truncatingIfNeeded: outputs), Int32(truncatingIfNeeded: width), scale, x,
      Int32(truncatingIfNeeded: xStride), w, Int32(truncatingIfNeeded: wStride), 0, y,
      Int32(truncatingIfNeeded: yStride))
  }

  /// `y = x · v` with x `[rows, width]`, v `[width, outputs]`, y `[rows, outputs]`.
  package static func multiply(
    _ x: UnsafePointer<Float>, stride xStride: Int, _ v: UnsafePointer<Float>, stride vStride: Int,
    into y: UnsafeMutablePointer<Float>, stride yStride: Int, rows: Int, outputs: Int, width: Int
  ) {
    Turnstile.shared.enter()
    defer { Turnstile.shared.leave() }
    cblas_sgemm(
      Int32(PK_ROW_MAJOR), Int32(PK_NO_TRANSPOSE),
      Int32(PK_NO_TRANSPOSE), Int32(truncatingIfNeeded: rows),
      Int32(truncatingIfNeeded: outputs), Int32(truncatingIfNeeded: width), 1, x,
      Int32(truncatingIfNeeded: xStride), v, Int32(truncatingIfNeeded: vStride), 0, y,
      Int32(truncatingIfNeeded: yStride))
  }

  /// Version and build of the copy inside, such as `OpenBLAS 0.3.21 … SINGLE_THREADED`.
  package static var configuration: String {
    openblas_get_config().map { String(cString: $0) } ?? ""
  }
  /// The CPU core type its kernels were chosen for.
  package static var core: String { openblas_get_corename().map { String(cString: $0) } ?? "" }
}

/// Lets at most 128 products run at once.
///
/// OpenBLAS keeps a fixed table of work buffers: with more than 512 in use it writes to stderr,
/// with 640 it gives up. A host with a thousand threads waits here instead.
private final class Turnstile {
  private static let places: UInt32 = 128
  private let semaphore: UnsafeMutablePointer<sem_t>

  nonisolated(unsafe) static let shared: Turnstile = {
    let turnstile = Turnstile()
    // A forked child has none of the threads that were inside.
    pthread_atfork(nil, nil, { sem_init(Turnstile.shared.semaphore, 0, Turnstile.places) })
    return turnstile
  }()

  private init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, Turnstile.places)
  }

  func enter() {
    while sem_wait(semaphore) != 0, errno == EINTR {}
  }

  func leave() { sem_post(semaphore) }
}
