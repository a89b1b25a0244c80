package import PlauditCore
import Synchronization

/// Rows that do not depend on each other, in blocks that threads share.
package enum RowBlocks {
  static let size = 4096

  /// Calls `body` with the number of a block and its rows until `0..<count` is covered, each once,
  /// by any thread.
  ///
  /// - Throws: `cancelled`, `timeout`; rows may then be missing.
  package static func run(
    _ count: Int, threads: Int, control: RunControl, _ body: (Int, Range<Int>) -> Void
  ) throws(PlauditError) {
    try control.check()
    withoutActuallyEscaping(body) { body in
      let work = Blocks(count, control, body)
      WorkerPool.run(tasks: (count + size - 1) / size, threads: threads, work)
    }
    try control.check()
    control.report(.comparing, done: count, total: count, force: true)
  }

  private final class Blocks: ParallelWork {
    private let count: Int
    private let control: RunControl
    private let body: (Int, Range<Int>) -> Void
    private let done = Atomic<Int>(0)

    init(_ count: Int, _ control: RunControl, _ body: @escaping (Int, Range<Int>) -> Void) {
      (self.count, self.control, self.body) = (count, control, body)
    }

    func perform(task: Int, worker: Int) {
      if control.shallStop { return }
      let rows = task * size..<min(count, (task + 1) * size)
      body(task, rows)
      done.add(rows.count, ordering: .relaxed)
    }

    func tick() {
      control.report(.comparing, done: done.load(ordering: .relaxed), total: count)
    }
  }
}

/// Tests row by row; `store` gets each outcome, on any thread.
///
/// With `refusing` the first row that has no p value ends the call with its reason and number.
///
/// - Throws: `cancelled`, `timeout`, and what a row is refused for; rows may then be missing.
package func testRows(
  _ count: Int, refusing: Bool, threads: Int, control: RunControl,
  _ row: (Int) -> TestResult, store: (Int, TestResult) -> Void
) throws(PlauditError) {
  var firstRefused = [Int](repeating: -1, count: refusing ? count / RowBlocks.size + 1 : 0)
  try firstRefused.withUnsafeMutableBufferPointer { found throws(PlauditError) in
    // Each block has a place of its own.
    nonisolated(unsafe) let found = found
    try RowBlocks.run(count, threads: threads, control: control) { block, rows in
      for index in rows {
        let result = row(index)
        store(index, result)
        if refusing, found[block] < 0, result.refusal() != nil { found[block] = index }
      }
    }
  }
  for index in firstRefused where index >= 0 {
    if let error = row(index).refusal() { throw error.at(index: Int64(index)) }
  }
}
