import Foundation
import PlauditCore
import Synchronization
import Testing

/// Counts how often each task was done and notes foreign ticks.
private final class Counting: ParallelWork {
  let counts: [Counter]
  let caller = pthread_self()
  let foreignTicks = Atomic<Int>(0)

  init(tasks: Int) { counts = (0..<tasks).map { _ in Counter() } }

  func perform(task: Int, worker: Int) { counts[task].value.add(1, ordering: .relaxed) }

  func tick() {
    if pthread_equal(caller, pthread_self()) == 0 { foreignTicks.add(1, ordering: .relaxed) }
  }
}

private final class Counter: Sendable {
  let value = Atomic<Int>(0)
}

struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 8])
  func `every task is done once and ticks stay on the caller`(threads: Int) {
    for tasks in [0, 1, 2, 7, 1000] {
      let work = Counting(tasks: tasks)
      WorkerPool.run(tasks: tasks, threads: threads, work)
      #expect(work.counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
      #expect(work.foreignTicks.load(ordering: .relaxed) == 0)
    }
  }

  @Test func `several callers share the pool`() {
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for _ in 0..<50 {
        let work = Counting(tasks: 20)
        WorkerPool.run(tasks: 20, threads: 4, work)
        #expect(work.counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
      }
    }
  }

  /// What a caller gives to a run is the caller's alone afterwards, however late a helper leaves.
  @Test func `nothing of the work is held after a run`() {
    for round in 0..<5000 {
      var work = Counting(tasks: 3)
      WorkerPool.run(tasks: 3, threads: 3, work)
      guard isKnownUniquelyReferenced(&work) else {
        Issue.record("held after run \(round)")
        return
      }
    }
  }

  @Test func `there is at least one thread`() {
    #expect(WorkerPool.availableThreads >= 1)
    #expect(WorkerPool.availableThreads <= WorkerPool.maximumThreads)
  }
}
