import CHost
import Synchronization

/// Threads that share the many short steps of one call.
///
/// To wake a sleeping thread takes some 40 microseconds, a step of a small network about as long.
/// So who waits within a call looks for what it waits for, `patience` at most, and then sleeps; the
/// call over, helpers go back to the pool. Tasks of a step are taken by whoever is there: a helper
/// that comes late, or not at all, costs its share of the speed and no more. One that takes a task
/// and then loses its core to another process holds the lead up, once: the lead does the rest of
/// the call by itself, and the next calls too, the more of them the more often that happens. So it does
/// where a helper finds itself on the lead's core: one that looks there takes the time of who works.
///
/// What a task computes must not depend on the thread or on the other tasks. A team is used by one
/// thread at a time.
package final class Team: ParallelWork {
  /// The threads it may have, the caller among them; they are numbered from 0.
  package let threads: Int

  /// Nanoseconds: a few steps of a small network.
  private static let patience: Int64 = 50_000
  /// Nanoseconds that a helper's last task may take beyond what the lead did in a step, twice; one
  /// that has its own core does not.
  private static let leeway: Int64 = 20_000

  /// How often a helper of a call meets the lead on its core until it is left out; between, it sleeps
  /// instead of looking, and the system finds it another core if there is one.
  private static let mostMeetings = 3

  /// The step's number in the upper half, then its tasks and the next one of them: one word, so
  /// that nobody takes a task of a step that is over.
  private let ticket = Atomic<UInt64>(0)
  /// Words of their own lines: the number of steps so far, tasks done in this step, helpers that
  /// sleep until the next step, and whether the lead sleeps until a task is done.
  private let words: UnsafeMutablePointer<UInt32>
  private var bell: UnsafeMutablePointer<UInt32> { words }
  private var done: UnsafeMutablePointer<UInt32> { words + 32 }
  private var sleepers: UnsafeMutablePointer<UInt32> { words + 64 }
  private var leadSleeps: UnsafeMutablePointer<UInt32> { words + 96 }
  private let isOver = Atomic<Bool>(true)
  /// Where the lead was when its step began.
  private let leadCore = Atomic<Int>(-1)
  /// Whether a helper is on the lead's core in this call.
  private let isCrowded = Atomic<Bool>(false)
  /// Whether a helper lost its core with a task in this call.
  private var isHeldUp = false
  private var helpers = 0
  private var step: ((_ task: Int, _ worker: Int) -> Void)?
  private var call: (() -> Void)?

  package init(threads: Int) {
    self.threads = min(max(threads, 1), WorkerPool.maximumThreads)
    words = .allocate(capacity: 128)
    words.initialize(repeating: 0, count: 128)
  }

  deinit { words.deallocate() }

  /// Calls `body`, whose steps the team shares; on the caller's thread, save in a forked child.
  package func run(_ body: () -> Void) {
    WorkerPool.withTeam(of: threads) { helpers in
      isHeldUp = false
      isCrowded.store(false, ordering: .relaxed)
      guard helpers > 0 else {
        body()
        return false
      }
      withoutActuallyEscaping(body) { body in
        self.helpers = helpers
        call = body
        isOver.store(false, ordering: .releasing)
        WorkerPool.run(
          tasks: helpers + 1, threads: helpers + 1, self, watching: Team.patience)
        call = nil
        self.helpers = 0
      }
      return isHeldUp || isCrowded.load(ordering: .relaxed)
    }
  }

  /// Does tasks `0..<count`, each once, by any thread, in any order; within `run`.
  package func share(_ count: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard count > 1, count < 1 << 16, helpers > 0, !isHeldUp, !isCrowded.load(ordering: .relaxed)
    else {
      for task in 0..<count { body(task, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      step = body
      lead(tasks: UInt64(count))
      step = nil
    }
  }

  private func lead(tasks: UInt64) {
    UnsafeMutableRawPointer(done).storeBytes(of: 0, as: UInt32.self)
    leadCore.store(Int(pk_core()), ordering: .relaxed)
    let number = UInt64(pk_word_load(bell) &+ 1)
    ticket.store(number << 32 | tasks << 16, ordering: .sequentiallyConsistent)
    ring()
    let start = pk_nanoseconds()
    doTasks(worker: 0)
    if pk_word_load(done) == tasks { return }
    let end = pk_nanoseconds()
    while true {
      let count = pk_word_load(done)
      if count == tasks {
        isHeldUp = pk_nanoseconds() - end > Team.leeway + 2 * (end - start)
        return
      }
      if pk_word_watch(done, count, Team.patience) != 0 { continue }
      _ = pk_word_add(leadSleeps, 1)
      pk_word_wait(done, count, 10_000_000)
      _ = pk_word_add(leadSleeps, UInt32.max)
    }
  }

  /// Tells helpers that there is something new.
  private func ring() {
    _ = pk_word_add(bell, 1)
    if pk_word_load(sleepers) > 0 { pk_word_wake(bell, Int32.max) }
  }

  private func doTasks(worker: Int) {
    while true {
      let seen = ticket.load(ordering: .acquiring)
      let task = seen & 0xFFFF
      guard task < seen >> 16 & 0xFFFF else { return }
      let (isMine, _) = ticket.compareExchange(
        expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
      guard isMine else { continue }
      take(Int(task), worker)
      _ = pk_word_add(done, 1)
      if worker != 0, pk_word_load(leadSleeps) > 0 { pk_word_wake(done, 1) }
    }
  }

  /// Never inlined, so that what it holds of the step is let go before the task counts as done.
  @inline(never)
  private func take(_ task: Int, _ worker: Int) { step?(task, worker) }

  /// A helper's part of a call.
  private func help(as worker: Int) {
    var meetings = 0
    while true {
      let heard = pk_word_load(bell)
      doTasks(worker: worker)
      if isOver.load(ordering: .acquiring) { return }
      let core = Int(pk_core())
      if core >= 0, core == leadCore.load(ordering: .relaxed) {
        meetings += 1
        if meetings == Team.mostMeetings { isCrowded.store(true, ordering: .relaxed) }
      } else if pk_word_watch(bell, heard, Team.patience) != 0 {
        continue
      }
      _ = pk_word_add(sleepers, 1)
      pk_word_wait(bell, heard, -1)
      _ = pk_word_add(sleepers, UInt32.max)
    }
  }

  // MARK: ParallelWork

  /// A task of the pool is a thread that stays until the call is over.
  package func perform(task: Int, worker: Int) {
    if isOver.load(ordering: .acquiring) { return }
    guard worker == 0 else { return help(as: worker) }
    call?()
    isOver.store(true, ordering: .sequentiallyConsistent)
    ring()
  }

  package func tick() {}
}
