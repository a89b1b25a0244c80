import CHost
import Glibc
import Synchronization

/// Work that falls into independent tasks, each done once, by any thread, in any order.
///
/// What a task computes must not depend on the thread or on the other tasks: that is what makes
/// results equal at any thread count.
package protocol ParallelWork: AnyObject {
  /// Does one task; `worker` numbers the threads of this run from 0 (the caller).
  func perform(task: Int, worker: Int)
  /// Called on the calling thread between its tasks and every 10 ms while it waits.
  func tick()
}

/// A few sleeping threads that take tasks off a caller's hands.
///
/// Threads are made on the first call that wants them, never spin, block every signal, and set no
/// affinity. After `fork` the child has none of the parent's threads, so the pool notices a
/// changed process id and starts over.
package enum WorkerPool {
  /// The cores this process may use: its affinity mask, cut by the cgroup's CPU quota.
  package static let availableThreads: Int = {
    let cores = Int(pk_affinity_cores())
    return max(1, min(cores, cgroupQuota() ?? cores, maximumThreads))
  }()

  package static let maximumThreads = 256

  /// Runs tasks `0..<tasks` on up to `threads` threads, the caller among them, and returns when
  /// all are done. Fewer threads than asked for is possible and changes nothing but the time.
  package static func run(tasks: Int, threads: Int, _ work: any ParallelWork) {
    run(tasks: tasks, threads: threads, work, watching: 0)
  }

  /// The same; who waits for the last helper looks for it `watching` nanoseconds before sleeping.
  static func run(tasks: Int, threads: Int, _ work: any ParallelWork, watching: Int64) {
    let wanted = min(threads, tasks, maximumThreads)
    guard wanted > 1, let crew = Crew.current() else {
      var task = 0
      while task < tasks {
        work.perform(task: task, worker: 0)
        work.tick()
        task += 1
      }
      return
    }
    withExtendedLifetime(work) {
      crew.run(Job(work: work, tasks: tasks, threads: wanted, watching: watching))
    }
  }

  /// Calls `body` with the number of helpers that a team of `threads` may have, at most one less.
  /// All teams of the process together keep to its cores, or to those of the largest team.
  ///
  /// - Parameter body: returns whether a helper lost its core: 1, 3, 7, up to 63 calls that follow
  ///   have no helpers then.
  static func withTeam(of threads: Int, _ body: (_ helpers: Int) -> Bool) {
    guard threads > 1, let crew = Crew.current(), !crew.spare() else {
      _ = body(0)
      return
    }
    let cores = max(availableThreads, min(threads, maximumThreads))
    var helpers = 0
    while true {
      let engaged = crew.engaged.load(ordering: .relaxed)
      helpers = max(0, min(threads, maximumThreads, cores - engaged) - 1)
      let (isDone, _) = crew.engaged.compareExchange(
        expected: engaged, desired: engaged + 1 + helpers, ordering: .relaxed)
      if isDone { break }
    }
    crew.noteTeam(heldUp: body(helpers))
    crew.engaged.subtract(1 + helpers, ordering: .relaxed)
  }

  private static func cgroupQuota() -> Int? {
    if let text = smallFile("/sys/fs/cgroup/cpu.max") {
      let parts = text.split(separator: 0x20)
      if parts.count == 2, let quota = number(parts[0]), let period = number(parts[1]), period > 0 {
        return max(1, (quota + period - 1) / period)
      }
      return nil
    }
    guard let quotaText = smallFile("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
      let periodText = smallFile("/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
      let quota = number(quotaText[...]), let period = number(periodText[...]), quota > 0,
      period > 0
    else { return nil }
    return max(1, (quota + period - 1) / period)
  }

  static func smallFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let got = read(descriptor, &bytes, bytes.count)
    guard got > 0 else { return nil }
    return bytes.prefix(got).filter { $0 != 0x0A }
  }

  static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count <= 15 else { return nil }
    var value = 0
    for digit in digits {
      guard digit >= 0x30, digit <= 0x39 else { return nil }
      value = value * 10 + Int(digit - 0x30)
    }
    return value
  }
}

/// One caller's tasks and who is at them.
private final class Job {
  /// The caller's, who keeps it until the job is done: a helper that lets go of its job late must
  /// not be the one that lets go of the work, nor of what its closures hold.
  unowned(unsafe) let work: any ParallelWork
  let tasks: Int
  let next = Atomic<Int>(0)
  /// Whether the caller takes tasks too. The thread that a forked child starts with does not: the
  /// Swift runtime takes it for the parent's, so that it waits for ever where it meets a helper in
  /// the first use of a global.
  let callerWorks = pk_is_forked() == 0
  /// Helpers that may still join; guarded by the crew's lock.
  var openings: Int
  /// The number of the last thread that joined.
  var joined: Int
  /// The helpers at work.
  let active: UnsafeMutablePointer<UInt32>
  private let watching: Int64

  init(work: any ParallelWork, tasks: Int, threads: Int, watching: Int64) {
    self.work = work
    self.tasks = tasks
    self.watching = watching
    openings = callerWorks ? threads - 1 : threads
    joined = callerWorks ? 0 : -1
    active = .allocate(capacity: 1)
    active.initialize(to: 0)
  }

  deinit { active.deallocate() }

  func takeTask() -> Int? {
    let task = next.add(1, ordering: .acquiringAndReleasing).oldValue
    return task < tasks ? task : nil
  }

  /// Does what no helper has taken, on the caller's thread.
  func doTasks() {
    while let task = takeTask() {
      work.perform(task: task, worker: 0)
      work.tick()
    }
  }

  /// Does what nobody has taken, on a helper's thread. Never inlined, so that what it holds of the
  /// work is let go before the helper says that it has left.
  @inline(never)
  func help(as worker: Int) {
    while let task = takeTask() { work.perform(task: task, worker: worker) }
  }

  /// Waits on the caller's thread until all tasks are taken and no helper is at work.
  func finish() {
    while true {
      // In this order: who took the last task was at work before.
      let isTaken = next.load(ordering: .acquiring) >= tasks
      let count = pk_word_load(active)
      if isTaken, count == 0 { return }
      if watching > 0, pk_word_watch(active, count, watching) != 0 { continue }
      pk_word_wait(active, count, 10_000_000)
      work.tick()
    }
  }
}

/// The threads of one process, and the jobs that want them.
///
/// A run costs few system calls, for a training makes thousands a second: helpers sleep on one
/// word, which changes with each job, and are woken after the lock is free; who waits for helpers
/// sleeps on a word of its job.
private final class Crew {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  /// The number of jobs so far.
  private let bell: UnsafeMutablePointer<UInt32>
  /// The threads that have come as far as waiting for work.
  private let ready: UnsafeMutablePointer<UInt32>
  private let process = getpid()
  /// The threads of teams.
  let engaged = Atomic<Int>(0)
  /// Calls that go without helpers still, and how many the last time.
  private let spared = Atomic<Int>(0)
  private let lastSpared = Atomic<Int>(0)
  // Guarded by the lock.
  private var jobs: [Job] = []
  private var threads = 0
  private var sleepers = 0

  private init() {
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    bell = .allocate(capacity: 1)
    bell.initialize(to: 0)
    ready = .allocate(capacity: 1)
    ready.initialize(to: 0)
  }

  /// The crew of this process. A crew is never freed: its threads live as long as the process,
  /// and a parent's crew, of which a forked child holds a copy, may be locked for ever.
  static func current() -> Crew? {
    while true {
      let seen = shared.load(ordering: .acquiring)
      if let pointer = UnsafeRawPointer(bitPattern: seen) {
        let crew = Unmanaged<Crew>.fromOpaque(pointer).takeUnretainedValue()
        if crew.process == getpid() { return crew }
      }
      let made = Unmanaged.passRetained(Crew())
      let (won, _) = shared.compareExchange(
        expected: seen, desired: UInt(bitPattern: made.toOpaque()), ordering: .acquiringAndReleasing
      )
      if won { return made.takeUnretainedValue() }
      made.release()
    }
  }

  private static let shared = Atomic<UInt>(0)

  /// Whether a team's call is to go without helpers.
  func spare() -> Bool {
    guard spared.load(ordering: .relaxed) > 0 else { return false }
    spared.subtract(1, ordering: .relaxed)
    return true
  }

  func noteTeam(heldUp: Bool) {
    let last = lastSpared.load(ordering: .relaxed)
    guard heldUp else {
      if last > 0 { lastSpared.store(last / 2, ordering: .relaxed) }
      return
    }
    let next = min(2 * last + 1, 63)
    lastSpared.store(next, ordering: .relaxed)
    spared.store(next, ordering: .relaxed)
  }

  func run(_ job: Job) {
    pthread_mutex_lock(lock)
    jobs.append(job)
    while threads < min(job.openings, WorkerPool.maximumThreads), startThread() { threads += 1 }
    let wanted = min(job.openings, sleepers)
    let started = threads
    _ = pk_word_add(bell, 1)
    pthread_mutex_unlock(lock)
    if wanted > 0 { pk_word_wake(bell, Int32(truncatingIfNeeded: wanted)) }

    if job.callerWorks || started == 0 { job.doTasks() } else { job.finish() }

    pthread_mutex_lock(lock)
    jobs.removeAll { $0 === job }
    pthread_mutex_unlock(lock)
    job.finish()
    // A thread's first steps take locks of the loader and of the Swift runtime: a host that forks
    // after this call must not find them taken.
    while true {
      let arrived = pk_word_load(ready)
      if arrived >= UInt32(truncatingIfNeeded: started) { return }
      pk_word_wait(ready, arrived, 10_000_000)
      job.work.tick()
    }
  }

  /// A worker's life: sleep, join a job, do its tasks, sleep again.
  func serve() -> Never {
    pthread_mutex_lock(lock)
    var isNew = true
    while true {
      let next = jobs.first(where: { $0.openings > 0 })
      if isNew {
        isNew = false
        _ = pk_word_add(ready, 1)
        pk_word_wake(ready, Int32.max)
      }
      guard let job = next else {
        let seen = pk_word_load(bell)
        sleepers += 1
        pthread_mutex_unlock(lock)
        pk_word_wait(bell, seen, -1)
        pthread_mutex_lock(lock)
        sleepers -= 1
        continue
      }
      job.openings -= 1
      job.joined += 1
      let worker = job.joined
      _ = pk_word_add(job.active, 1)
      pthread_mutex_unlock(lock)
      job.help(as: worker)
      if pk_word_add(job.active, UInt32.max) == 0 { pk_word_wake(job.active, 1) }
      pthread_mutex_lock(lock)
    }
  }

  private func startThread() -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, 1 << 20)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // New threads inherit the mask, so block everything around the creation.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let crew = Unmanaged.passUnretained(self).toOpaque()
    let failed = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        pk_name_thread("plaudit")
        Unmanaged<Crew>.fromOpaque(argument).takeUnretainedValue().serve()
      }, crew)
    return failed == 0
  }
}
