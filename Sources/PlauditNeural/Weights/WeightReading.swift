import Glibc
import PlauditCore
import PlauditTensor

/// The tensors of a model on their way from its files to where they belong, in pieces, by all
/// threads. Weights that are kept packed, or at a lower precision, pass through a buffer of the
/// cache's size and are never there as they are in the file.
final class WeightReading: ParallelWork {
  private enum Target {
    case floats(FloatBuffer, offset: Int)
    /// A range of a packed parameter.
    case packed(Parameter<Float>, range: Int)
    case narrow(NarrowWeights)
  }

  private struct Piece {
    let stack: Int
    let rows: Range<Int>
    /// The first of `rows` in the target.
    let first: Int
    let target: Target
    /// False where the same rows are read for another target too.
    let counts: Bool
  }

  private struct Scratch {
    let floats: FloatBuffer
    let stored: Bytes
  }

  /// Where packed weights go as long as there is room.
  let arena: Arena?
  private var stacks: [TensorStack] = []
  private var pieces: [Piece] = []
  private var byteCount = 0
  private var scratch: [Scratch] = []
  private var before: (() -> Void)?
  private var caller = pthread_self()
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  // Guarded by the lock.
  private var failure: (piece: Int, error: PlauditError)?
  /// Numbers that are not finite, by stack and tensor.
  private var bad: [[Int]] = []

  /// Bytes of floats in a piece: of one that is packed, so that it stays in the cache between.
  private static let packedBytes = 1 << 18
  private static let plainBytes = 1 << 20
  /// Reading is bound by memory, which a few threads use up.
  private static let mostThreads = 8
  /// What is read sooner than a thread is woken.
  private static let bytesOfOneThread = 1 << 20

  /// - Parameter packedBytes: what weights that are packed may take together.
  init(packedBytes: Int) {
    arena = Arena(byteCount: packedBytes)
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  // MARK: What is to be read

  func add(_ stack: TensorStack, to buffer: FloatBuffer, from offset: Int) {
    let step = max(WeightReading.plainBytes / max(4 * stack.width, 1), 1)
    add(stack, 0..<stack.rows, step: step, counts: true, .floats(buffer, offset: offset))
  }

  func add(_ stack: TensorStack, to parameter: Parameter<Float>) {
    for (index, range) in parameter.packedRanges.enumerated() {
      add(
        stack, range, step: step(stack, Parameter<Float>.packedStep), counts: index == 0,
        .packed(parameter, range: index))
    }
  }

  func add(_ stack: TensorStack, rows: Range<Int>, to weights: NarrowWeights) {
    add(
      stack, rows, step: step(stack, NarrowWeights.panel), counts: rows.count == stack.rows,
      .narrow(weights))
  }

  /// Rows of a piece that is packed, a multiple of `multiple`.
  private func step(_ stack: TensorStack, _ multiple: Int) -> Int {
    max(WeightReading.packedBytes / max(4 * stack.width, 1) / multiple, 1) * multiple
  }

  private func add(
    _ stack: TensorStack, _ range: Range<Int>, step: Int, counts: Bool, _ target: Target
  ) {
    stacks.append(stack)
    for first in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      let rows = first..<min(first + step, range.upperBound)
      pieces.append(
        Piece(
          stack: stacks.count - 1, rows: rows, first: first - range.lowerBound, target: target,
          counts: counts))
    }
    byteCount += range.count * stack.width * 4
  }

  // MARK: Reading

  /// Reads everything that was added, once.
  ///
  /// - Parameter before: what the calling thread does first, while others read.
  /// - Throws: of several errors that of the tensor which was added first.
  func run(before: @escaping () -> Void) throws(PlauditError) {
    let threads =
      byteCount <= WeightReading.bytesOfOneThread
      ? 1 : min(WorkerPool.availableThreads, WeightReading.mostThreads, max(pieces.count, 1))
    var floats = 0
    for piece in pieces {
      if case .floats = piece.target { continue }
      floats = max(floats, piece.rows.count * stacks[piece.stack].width)
    }
    let stored = stacks.reduce(0) { max($0, $1.storedBytes) }
    for _ in 0..<threads {
      scratch.append(
        Scratch(floats: try FloatBuffer(undefined: floats), stored: try Bytes(count: stored)))
    }
    bad = stacks.map { [Int](repeating: 0, count: $0.tensors.count) }
    caller = pthread_self()
    self.before = before
    WorkerPool.run(tasks: pieces.count, threads: threads, self)
    doBefore()
    defer {
      pieces = []
      scratch = []
    }
    for (index, stack) in stacks.enumerated() {
      if let failure, pieces[failure.piece].stack == index { throw failure.error }
      for (tensor, count) in zip(stack.tensors, bad[index]) { try tensor.check(bad: count) }
    }
  }

  private func doBefore() {
    guard let before, pthread_equal(pthread_self(), caller) != 0 else { return }
    self.before = nil
    before()
  }

  func perform(task: Int, worker: Int) {
    if worker == 0 { doBefore() }
    guard pieces.indices.contains(task), scratch.indices.contains(worker), !hasFailed(before: task)
    else {
      return
    }
    do throws(PlauditError) {
      try read(pieces[task], scratch[worker])
    } catch {
      pthread_mutex_lock(lock)
      if failure.map({ task < $0.piece }) ?? true { failure = (task, error) }
      pthread_mutex_unlock(lock)
    }
  }

  func tick() {}

  private func read(_ piece: Piece, _ scratch: Scratch) throws(PlauditError) {
    let stack = stacks[piece.stack]
    var floats = scratch.floats.pointer
    if case .floats(let buffer, let offset) = piece.target {
      floats = buffer.pointer + offset + piece.first * stack.width
    }
    try stack.read(piece.rows, into: floats, scratch.stored.mutable) { tensor, count in
      guard piece.counts else { return }
      pthread_mutex_lock(lock)
      bad[piece.stack][tensor] += count
      pthread_mutex_unlock(lock)
    }
    switch piece.target {
    case .floats: break
    case .packed(let parameter, let range):
      parameter.pack(floats, first: piece.first, count: piece.rows.count, ofRange: range)
    case .narrow(let weights): weights.pack(floats, first: piece.first, count: piece.rows.count)
    }
  }

  /// Pieces before the one that failed are still read: their errors come first.
  private func hasFailed(before task: Int) -> Bool {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return failure.map { $0.piece < task } ?? false
  }
}
