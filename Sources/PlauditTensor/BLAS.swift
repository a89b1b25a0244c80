import COpenBLAS
import Glibc

/// The door to OpenBLAS; nothing else in Plaudit calls it.
///
/// The library carries its own copy with hidden symbols and without threads, so a host that uses
/// OpenBLAS too keeps its threads and settings, and `fork` finds no BLAS threads to lose.
package enum BLAS {
  /// `c = alpha · op(a) · op(b) + beta · c` with op(a) `[rows, inner]`, op(b) `[inner, columns]`
  /// and c `[rows, columns]`; the strides are the distances between rows as stored.
  package static func multiply(
    _ a: UnsafePointer<Float>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Float>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Float>, stride cStride: Int, rows: Int, columns: Int, inner: Int,
    alpha: Float = 1, beta: Float = 0
  ) {
    Turnstile.shared.enter()
    defer { Turnstile.shared.leave() }
    cblas_sgemm(
      Int32(PK_ROW_MAJOR), Int32(aTransposed ? PK_TRANSPOSE : PK_NO_TRANSPOSE),
      Int32(bTransposed ? PK_TRANSPOSE : PK_NO_TRANSPOSE), Int32(truncatingIfNeeded: rows),
      Int32(truncatingIfNeeded: columns), Int32(truncatingIfNeeded: inner), alpha, a,
      Int32(truncatingIfNeeded: aStride), b, Int32(truncatingIfNeeded: bStride), beta, c,
      Int32(truncatingIfNeeded: cStride))
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
