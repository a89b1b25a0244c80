import Glibc
import PlauditCore
import Synchronization

/// The state of a worker that makes resamples, and how it makes one.
protocol ResampleRoom: AnyObject {
  /// The number of resample `index`, NaN where there is none. It depends on nothing but the index,
  /// and may return early, with anything, once `control` asks to stop.
  func value(resample index: Int, control: RunControl) -> Double
}

/// Many resamples on several threads, sixteen a task.
final class Resampling: ParallelWork {
  private let resamples: Int
  private let control: RunControl
  private let makeRoom: () -> any ResampleRoom
  private let results: UnsafeMutableBufferPointer<Double>
  private let done = Atomic<Int>(0)

  private static let resamplesPerTask = 16

  /// The numbers of resamples `0..<resamples`, the same bits at any number of threads.
  ///
  /// - Throws: `outOfMemory`; `cancelled`, `timeout`.
  static func run(
    _ resamples: Int, threads: Int, control: RunControl,
    makeRoom: @escaping () -> any ResampleRoom
  ) throws(PlauditError) -> [Double] {
    try control.check()
    guard let memory = malloc(max(1, resamples) * MemoryLayout<Double>.stride) else {
      throw PlauditError(.outOfMemory, "no memory for \(resamples) resamples")
    }
    let results = memory.bindMemory(to: Double.self, capacity: resamples)
    let work = Resampling(
      resamples, control: control, makeRoom: makeRoom,
      results: UnsafeMutableBufferPointer(start: results, count: resamples))
    let tasks = (resamples + resamplesPerTask - 1) / resamplesPerTask
    WorkerPool.run(tasks: tasks, threads: threads, work)
    try control.check()
    control.report(.resampling, done: resamples, total: resamples, force: true)
    return Array(work.results)
  }

  private init(
    _ resamples: Int, control: RunControl, makeRoom: @escaping () -> any ResampleRoom,
    results: UnsafeMutableBufferPointer<Double>
  ) {
    self.resamples = resamples
    self.control = control
    self.makeRoom = makeRoom
    self.results = results
    results.initialize(repeating: .nan)
  }

  deinit { free(results.baseAddress) }

  func perform(task: Int, worker: Int) {
    let room = makeRoom()
    let first = task * Self.resamplesPerTask
    for resample in first..<min(first + Self.resamplesPerTask, resamples) {
      if control.shallStop { return }
      results[resample] = room.value(resample: resample, control: control)
      done.add(1, ordering: .relaxed)
    }
  }

  func tick() {
    control.report(.resampling, done: done.load(ordering: .relaxed), total: resamples)
  }
}

// MARK: - Drawing with replacement

/// A number of a sample that can be had quickly of drawn units, and of all units but one.
protocol DrawnStatistic: AnyObject {
  var units: Int { get }
  var value: Double { get }
  /// Something of its own for each task.
  func makeDraw() -> any Draw
  /// The value without each unit in turn, equal ones counted together.
  func leaveOneOut(
    _ control: RunControl
  ) throws(PlauditError) -> [(value: Double, count: Double)]
}

/// The units drawn so far.
protocol Draw: AnyObject {
  func begin()
  func add(_ units: UnsafeBufferPointer<UInt32>)
  func end() -> Double
}

/// One that units can also be added to in their order, so many of each.
protocol WeighedDraw: Draw {
  func add(_ counts: UnsafeBufferPointer<UInt8>, from first: Int)
}

/// A buffer of drawn units that is filled piece by piece.
struct DrawBuffer {
  private var units: [UInt32]
  private var counts: [UInt8]

  private static let drawsAtOnce = 4096

  init() {
    units = Array(repeating: 0, count: Self.drawsAtOnce)
    counts = Array(repeating: 0, count: Self.drawsAtOnce)
  }

  /// As many units as there are, with replacement, each piece given to every draw.
  mutating func draw(
    _ count: Int, _ random: inout ResampleRandom, _ control: RunControl, into draws: [any Draw]
  ) {
    let bound = UInt32(truncatingIfNeeded: count)
    units.withUnsafeMutableBufferPointer { units in
      var left = count
      while left > 0, !control.shallStop {
        let piece = UnsafeMutableBufferPointer(rebasing: units[..<min(left, units.count)])
        random.fill(piece, below: bound)
        for draw in draws { draw.add(UnsafeBufferPointer(piece)) }
        left -= piece.count
      }
    }
  }

  /// Each unit a Poisson number of times, of mean 1.
  mutating func drawPoisson(
    _ count: Int, _ random: inout ResampleRandom, _ control: RunControl,
    into draws: [any WeighedDraw]
  ) {
    counts.withUnsafeMutableBufferPointer { counts in
      var first = 0
      while first < count, !control.shallStop {
        let piece = UnsafeMutableBufferPointer(
          rebasing: counts[..<min(count - first, counts.count)])
        random.fillPoisson(piece)
        for draw in draws { draw.add(UnsafeBufferPointer(piece), from: first) }
        first += piece.count
      }
    }
  }
}
