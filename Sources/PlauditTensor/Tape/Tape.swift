import Glibc
package import PlauditCore

/// Runs operations on tensors and, in training, remembers them to go back for gradients.
///
/// Each operation is a method in a file of `Operations/`, forwards and backwards. Without
/// recording, operations work in place where they can, and `scope` gives their memory back; the
/// same definition of a model therefore predicts and trains. Results are the same bits at any
/// number of threads: each sum has one order, however the work is cut.
///
/// A tape is used by one thread at a time; it may use several itself.
package final class Tape<Scalar: TensorScalar> {
  /// Rows of numbers `[rows, width]` that an operation takes or made.
  package struct Tensor {
    package let values: UnsafeMutablePointer<Scalar>
    package let rows: Int
    package let width: Int
    /// Its place on the tape, -1 where no gradient is wanted.
    let node: Int

    package var count: Int { rows * width }
  }

  package typealias Backward = (_ gradient: UnsafeMutablePointer<Scalar>) throws(PlauditError) ->
    Void

  private struct Node {
    var gradient: UnsafeMutablePointer<Scalar>?
    /// What the node's tensor and operation hold until its backward step is done.
    var memory: [UnsafeMutableRawPointer] = []
    var backward: Backward?
    var count = 0
  }

  /// True in training.
  package let isRecording: Bool
  package let threads: Int
  /// The threads that share operations of a prediction; nil for the pool's.
  let team: Team?
  package var control: RunControl?
  /// Seed and step of dropout; the stream is the number of the operation within the step.
  package var dropoutSeed: UInt64 = 0
  package var step: UInt64 = 0

  private let pool: BlockPool
  private var nodes: [Node] = []
  private var live: [UnsafeMutableRawPointer] = []
  private var dropoutCount: UInt64 = 0
  private let work = ClosureWork()
  private var scratch: UnsafeMutablePointer<Scalar>?

  package init(recording: Bool, threads: Int = 1, control: RunControl? = nil) {
    isRecording = recording
    pool = BlockPool(repeats: !recording)
    self.threads = threads
    team = nil
    self.control = control
  }

  /// A tape that predicts within `team.run`, nil for one thread.
  package init(team: Team?, control: RunControl? = nil) {
    isRecording = false
    pool = BlockPool(repeats: true)
    threads = team?.threads ?? 1
    self.team = team
    self.control = control
  }

  /// The bytes of intermediate results so far.
  package var byteCount: Int { pool.byteCount }

  // MARK: Tensors

  /// Room for `count` numbers that lives as long as the tensors around it.
  package func room(_ count: Int) throws(PlauditError) -> UnsafeMutablePointer<Scalar> {
    try memory(count, of: Scalar.self)
  }

  func memory<Element>(
    _ count: Int, of type: Element.Type
  ) throws(PlauditError) -> UnsafeMutablePointer<Element> {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, count >= 0 else {
      throw PlauditError(.limit, "intermediate results of \(count) numbers are too large")
    }
    let block = try pool.acquire(bytes)
    live.append(block)
    return block.bindMemory(to: Element.self, capacity: max(count, 1))
  }

  /// A tensor of undefined numbers.
  package func tensor(rows: Int, width: Int, node: Int = -1) throws(PlauditError) -> Tensor {
    let (count, overflow) = rows.multipliedReportingOverflow(by: width)
    guard !overflow else {
      throw PlauditError(.limit, "a tensor of \(rows) times \(width) numbers is too large")
    }
    return Tensor(values: try self.room(count), rows: rows, width: width, node: node)
  }

  /// Scratch for the products of each thread, `Scalar.scratchCount` numbers each; kept.
  func productScratch() throws(PlauditError) -> UnsafeMutablePointer<Scalar> {
    if let scratch { return scratch }
    let count = max(threads, 1) * Scalar.scratchCount
    let made = try pool.acquire(count * MemoryLayout<Scalar>.stride, isOnce: true)
      .bindMemory(to: Scalar.self, capacity: max(count, 1))
    scratch = made
    return made
  }

  /// A tensor that asks for a gradient, such as an input whose gradient is checked.
  package func input(rows: Int, width: Int, wantsGradient: Bool = false) throws(PlauditError)
    -> Tensor
  {
    let made = try tensor(rows: rows, width: width)
    guard wantsGradient, isRecording else { return made }
    return tracked(made, backward: nil)
  }

  /// Puts an operation's result on the tape.
  func tracked(_ tensor: Tensor, backward: Backward?) -> Tensor {
    var node = Node()
    node.backward = backward
    node.count = tensor.count
    node.memory = live
    live.removeAll(keepingCapacity: true)
    nodes.append(node)
    return Tensor(
      values: tensor.values, rows: tensor.rows, width: tensor.width, node: nodes.count - 1)
  }

  /// Runs `body` and gives back all memory but its result's, when nothing is recorded.
  package func scope(
    _ body: () throws(PlauditError) -> Tensor
  ) throws(PlauditError) -> Tensor {
    if isRecording { return try body() }
    let mark = live.count
    let result = try body()
    let kept = UnsafeMutableRawPointer(result.values)
    var isThere = false
    for pointer in live[mark...] {
      if pointer == kept { isThere = true } else { pool.release(pointer) }
    }
    live.removeLast(live.count - mark)
    if isThere { live.append(kept) }
    return result
  }

  /// Gives a tensor's memory back early, when nothing is recorded.
  package func discard(_ tensor: Tensor) {
    guard !isRecording else { return }
    let pointer = UnsafeMutableRawPointer(tensor.values)
    if let index = live.lastIndex(of: pointer) {
      live.remove(at: index)
      pool.release(pointer)
    }
  }

  /// Forgets everything; memory stays for the next input.
  package func reset() {
    for pointer in live { pool.release(pointer) }
    live.removeAll(keepingCapacity: true)
    for node in nodes {
      for pointer in node.memory { pool.release(pointer) }
      if let gradient = node.gradient { pool.release(UnsafeMutableRawPointer(gradient)) }
    }
    nodes.removeAll(keepingCapacity: true)
    dropoutCount = 0
    pool.begin()
  }

  // MARK: Gradients

  /// Goes back from `tensor`, whose gradient is `seed` everywhere, and adds to the gradients of
  /// the parameters.
  package func backward(from tensor: Tensor, seed: Scalar = 1) throws(PlauditError) {
    guard tensor.node >= 0 else { return }
    let (first, _) = try gradient(of: tensor)
    first.update(repeating: seed, count: tensor.count)
    for index in nodes.indices.reversed() {
      if let gradient = nodes[index].gradient, let backward = nodes[index].backward {
        try control?.check()
        try backward(gradient)
      }
      // Whoever needed these numbers came later on the tape and is done. Inputs keep theirs.
      guard nodes[index].backward != nil else { continue }
      nodes[index].backward = nil
      for pointer in nodes[index].memory { pool.release(pointer) }
      nodes[index].memory.removeAll()
      if let gradient = nodes[index].gradient { pool.release(UnsafeMutableRawPointer(gradient)) }
      nodes[index].gradient = nil
      for pointer in live { pool.release(pointer) }
      live.removeAll(keepingCapacity: true)
    }
  }

  /// Where a backward step puts the gradient of one of its inputs: written when `accumulate` is
  /// false, else added.
  func gradient(
    of tensor: Tensor
  ) throws(PlauditError) -> (pointer: UnsafeMutablePointer<Scalar>, accumulate: Bool) {
    if let known = nodes[tensor.node].gradient { return (known, true) }
    let block = try pool.acquire(tensor.count * MemoryLayout<Scalar>.stride)
    let pointer = block.bindMemory(to: Scalar.self, capacity: max(tensor.count, 1))
    nodes[tensor.node].gradient = pointer
    return (pointer, false)
  }

  /// Makes numbers zero.
  func clear(_ numbers: UnsafeMutablePointer<Scalar>, count: Int) {
    memset(numbers, 0, count * MemoryLayout<Scalar>.stride)
  }

  /// The numbers of a tape that has kernels of floats alone: they are floats.
  func floats(_ numbers: UnsafeMutablePointer<Scalar>) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: Float.self)
  }

  func wantsGradient(_ tensor: Tensor) -> Bool { tensor.node >= 0 }

  /// The gradient of an input after `backward`, nil when none arrived.
  package func gradientOfInput(_ tensor: Tensor) -> UnsafeMutablePointer<Scalar>? {
    tensor.node >= 0 ? nodes[tensor.node].gradient : nil
  }

  // MARK: Dropout

  /// The stream of the next dropout of this step, nil when nothing is dropped.
  func nextDropout(_ rate: Double) -> DropoutStream? {
    guard isRecording, rate > 0 else { return nil }
    dropoutCount += 1
    return DropoutStream(seed: dropoutSeed, stream: step << 16 | dropoutCount & 0xFFFF, rate: rate)
  }

  // MARK: Threads

  /// Does tasks `0..<count`, which write to different places, on the tape's threads.
  func parallel(_ count: Int, _ body: (_ task: Int) -> Void) throws(PlauditError) {
    try parallel(count) { task, _ in body(task) }
  }

  /// The same for tasks that want to know the number of their thread, below `threads`.
  func parallel(
    _ count: Int, _ body: (_ task: Int, _ worker: Int) -> Void
  ) throws(PlauditError) {
    try control?.check()
    if threads == 1 || count == 1 {
      for task in 0..<count { body(task, 0) }
      return
    }
    if let team { return team.share(count, body) }
    withoutActuallyEscaping(body) { body in
      work.body = body
      WorkerPool.run(tasks: count, threads: threads, work)
      work.body = nil
    }
  }

  /// Cuts `rows` into blocks of at least `least` rows, a quarter of it in a team, and runs
  /// `body(first, count)` on each.
  func blocks(
    of rows: Int, atLeast most: Int, _ body: (_ first: Int, _ count: Int) -> Void
  ) throws(PlauditError) {
    let least = team == nil ? most : max(most / 4, 1)
    let size = max(least, (rows + 15) / 16)
    let count = (rows + size - 1) / max(size, 1)
    try parallel(count) { task in
      let first = task * size
      body(first, min(size, rows - first))
    }
  }
}

private final class ClosureWork: ParallelWork {
  var body: ((Int, Int) -> Void)?
  func perform(task: Int, worker: Int) { body?(task, worker) }
  func tick() {}
}
