import Glibc
import Synchronization

/// A sticky request to stop, set from any thread or signal handler with one atomic store.
package final class Cancellation: Sendable {
  private let requested = Atomic<Bool>(false)

  package init() {}
  package func request() { requested.store(true, ordering: .relaxed) }
  package func reset() { requested.store(false, ordering: .relaxed) }
  package var isRequested: Bool { requested.load(ordering: .relaxed) }
}

/// How far a long call has come, as its progress callback sees it.
package struct Progress {
  /// What the call is doing, such as `embedding` or `fitting`.
  package enum Phase: Int32, Sendable {
    case predicting = 10
    case embedding = 20
    case fitting = 30
    case training = 40
    case resampling = 60
    case comparing = 70
    case replaying = 80
    case tabulating = 90
  }

  package var phase: Phase
  package var done: Int
  /// The expected end of `done`, 0 when unknown.
  package var total: Int
  package var secondsElapsed: Double
  /// Estimated from the pace so far; NaN before there is one.
  package var secondsLeft: Double
  /// The loss of a training, NaN elsewhere.
  package var loss: Double
  /// Steps of the optimiser in a training, 0 elsewhere.
  package var step: Int
  /// `done` a second since the phase began; NaN before there is any.
  package var perSecond: Double
}

/// What one long call obeys: its cancellation token, its deadline, and its progress callback.
///
/// `check` may run on any thread; `report` only on the thread that made the call, because the
/// callback must not meet the host on a thread of ours.
package final class RunControl {
  package typealias Callback = (Progress) -> Bool

  private let cancellation: Cancellation?
  private let started: Int64
  private let deadline: Int64
  private let limitMilliseconds: Int64
  private let callback: Callback?
  private let interval: Int64
  private var lastReport: Int64
  private var phaseStarted: Int64
  /// What was done when the phase was first told of, as after a resumption.
  private var doneBefore = 0
  private var phase: Progress.Phase = .predicting
  /// Set while the call does one part of several, whose progress is told as the whole's.
  package var span: Span?
  private let stopped = Atomic<Bool>(false)

  /// A part of a longer work, in units of the whole.
  package struct Span {
    /// What was done before the part.
    package var before: Double
    package var size: Double
    package var total: Double

    package init(before: Double, size: Double, total: Double) {
      self.before = before
      self.size = size
      self.total = total
    }
  }

  /// - Parameters:
  ///   - limitMilliseconds: time from now until the call gives up, 0 for none.
  ///   - intervalMilliseconds: the shortest time between two reports.
  ///   - callback: answers whether to go on.
  package init(
    cancellation: Cancellation? = nil, limitMilliseconds: Int64 = 0,
    intervalMilliseconds: Int64 = 100, callback: Callback? = nil
  ) {
    self.cancellation = cancellation
    self.limitMilliseconds = limitMilliseconds
    self.callback = callback
    started = RunControl.now()
    let (nanoseconds, overflow) = limitMilliseconds.multipliedReportingOverflow(by: 1_000_000)
    let (end, tooFar) = started.addingReportingOverflow(nanoseconds)
    deadline = limitMilliseconds == 0 || overflow || tooFar ? Int64.max : end
    let (pause, long) = intervalMilliseconds.multipliedReportingOverflow(by: 1_000_000)
    interval = long ? Int64.max : pause
    lastReport = started
    phaseStarted = started
  }

  /// Throws `.cancelled` or `.timeout` once the call shall end.
  package func check() throws(PlauditError) {
    if stopped.load(ordering: .relaxed) {
      throw PlauditError(.cancelled, "stopped by the progress callback")
    }
    if let cancellation, cancellation.isRequested {
      throw PlauditError(.cancelled, "cancelled by the caller")
    }
    if deadline != Int64.max, RunControl.now() >= deadline {
      throw PlauditError(.timeout, "not done within \(limitMilliseconds) ms")
    }
  }

  /// True when `check` would throw; for loops that cannot throw.
  package var shallStop: Bool {
    stopped.load(ordering: .relaxed) || cancellation?.isRequested == true
      || (deadline != Int64.max && RunControl.now() >= deadline)
  }

  /// Tells the callback, at most once an interval unless `force`; a refusal is seen by `check`.
  package func report(
    _ phase: Progress.Phase, done: Int, total: Int, loss: Double = .nan, step: Int = 0,
    force: Bool = false
  ) {
    guard let callback else { return }
    let now = RunControl.now()
    var (done, total) = (done, total)
    if let span {
      let part = total > 0 ? min(Double(done) / Double(total), 1) : 0
      done = Int(exactly: (span.before + span.size * part).rounded(.down)) ?? Int.max
      total = Int(exactly: span.total.rounded(.down)) ?? Int.max
    }
    if phase != self.phase {
      self.phase = phase
      if span == nil {
        phaseStarted = now
        doneBefore = done
      }
    }
    guard force || now - lastReport >= interval else { return }
    lastReport = now
    let inPhase = Double(now - phaseStarted) * 1e-9
    let perSecond = done > doneBefore && inPhase > 0 ? Double(done - doneBefore) / inPhase : .nan
    let left = total > 0 ? Double(total - done) / perSecond : .nan
    let progress = Progress(
      phase: phase, done: done, total: total, secondsElapsed: Double(now - started) * 1e-9,
      secondsLeft: left, loss: loss, step: step,
      perSecond: perSecond)
    if !callback(progress) { stopped.store(true, ordering: .relaxed) }
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
