import Foundation
import PlauditCore
import Synchronization
import Testing

struct TeamTests {
  /// Sums of steps that read what the step before wrote, as layers do.
  private func chain(_ team: Team, width: Int, steps: Int) -> [Int] {
    let numbers = UnsafeMutablePointer<Int>.allocate(capacity: 2 * width)
    defer { numbers.deallocate() }
    for index in 0..<2 * width { numbers[index] = index }
    team.run {
      for step in 0..<steps {
        let from = numbers + step % 2 * width
        let to = numbers + (step + 1) % 2 * width
        team.share(width) { task, _ in
          to[task] = from[task] &+ from[(task + 1) % width] &* 3
        }
      }
    }
    return (0..<width).map { numbers[steps % 2 * width + $0] }
  }

  @Test(arguments: [2, 3, 8])
  func `steps follow each other with all their tasks done once`(threads: Int) {
    let team = Team(threads: threads)
    for width in [1, 2, 3, 7, 100] {
      for _ in 0..<200 {
        #expect(
          chain(team, width: width, steps: 40)
            == chain(Team(threads: 1), width: width, steps: 40))
      }
    }
  }

  @Test func `workers are numbered below the threads and the body stays on the caller`() {
    let team = Team(threads: 3)
    let highest = Atomic<Int>(0)
    for _ in 0..<100 {
      let caller = pthread_self()
      team.run {
        #expect(pthread_equal(caller, pthread_self()) != 0)
        team.share(30) { _, worker in highest.max(worker, ordering: .relaxed) }
      }
    }
    #expect(highest.load(ordering: .relaxed) < 3)
  }

  @Test(.enabled(if: WorkerPool.availableThreads > 1))
  func `a helper takes tasks of its own`() {
    let team = Team(threads: 2)
    let helped = Atomic<Int>(0)
    // A team whose helper was late, or lost its core, does without: there are many tries.
    for _ in 0..<2000 where helped.load(ordering: .relaxed) == 0 {
      team.run {
        team.share(16) { _, worker in
          if worker == 0 { usleep(100) } else { helped.add(1, ordering: .relaxed) }
        }
      }
    }
    #expect(helped.load(ordering: .relaxed) > 0)
  }

  @Test func `outside a run a step is the caller's alone`() {
    var order: [Int] = []
    Team(threads: 4).share(5) { task, worker in order.append(task + 10 * worker) }
    #expect(order == [0, 1, 2, 3, 4])
  }

  /// A lead that pauses for longer than anybody looks for it.
  @Test func `helpers that have gone to sleep come back`() {
    let team = Team(threads: 2)
    let count = Atomic<Int>(0)
    for _ in 0..<20 {
      team.run {
        for _ in 0..<5 {
          usleep(300)
          team.share(8) { _, _ in count.add(1, ordering: .relaxed) }
        }
      }
    }
    #expect(count.load(ordering: .relaxed) == 800)
  }

  /// A helper that keeps a task for long, as one does whose core another process has.
  @Test func `whoever is held up goes on alone`() {
    let team = Team(threads: 2)
    let count = Atomic<Int>(0)
    let caller = pthread_self()
    for _ in 0..<50 {
      team.run {
        for _ in 0..<10 {
          team.share(4) { _, _ in
            if pthread_equal(caller, pthread_self()) == 0 { usleep(2000) }
            count.add(1, ordering: .relaxed)
          }
        }
      }
    }
    #expect(count.load(ordering: .relaxed) == 2000)
  }

  @Test func `teams of several callers do not disturb each other`() {
    let expected = chain(Team(threads: 1), width: 16, steps: 50)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let team = Team(threads: 4)
      for _ in 0..<50 { #expect(chain(team, width: 16, steps: 50) == expected) }
    }
  }
}
