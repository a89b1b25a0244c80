import PlauditCore
import Testing

struct CancellationTests {
  private func kind(_ control: RunControl) -> PlauditError.Kind? {
    do {
      try control.check()
      return nil
    } catch {
      return error.kind
    }
  }

  @Test func `a request is sticky until it is reset`() {
    let token = Cancellation()
    let control = RunControl(cancellation: token)
    #expect(kind(control) == nil)
    token.request()
    #expect(kind(control) == .cancelled)
    #expect(control.shallStop)
    token.reset()
    #expect(kind(control) == nil)
  }

  @Test func `a deadline ends in a timeout and huge ones never come`() {
    let control = RunControl(limitMilliseconds: 1)
    while !control.shallStop {}
    #expect(kind(control) == .timeout)
    #expect(kind(RunControl(limitMilliseconds: .max)) == nil)
  }

  @Test func `a callback can stop the run and sees its progress`() {
    var seen: [Progress] = []
    let control = RunControl(intervalMilliseconds: 0) {
      seen.append($0)
      return $0.done < 2
    }
    control.report(.embedding, done: 1, total: 4)
    #expect(kind(control) == nil)
    control.report(.embedding, done: 2, total: 4)
    #expect(kind(control) == .cancelled)
    #expect(seen.map(\.done) == [1, 2])
    // A phase has no pace before its second report.
    #expect(seen[0].secondsLeft.isNaN)
    #expect(seen[1].secondsLeft >= 0)
    #expect(seen[0].loss.isNaN)
  }

  @Test func `reports keep their distance`() {
    var calls = 0
    let control = RunControl(intervalMilliseconds: 60_000) { _ in
      calls += 1
      return true
    }
    for step in 0..<10 { control.report(.fitting, done: step, total: 10) }
    #expect(calls == 0)
    control.report(.fitting, done: 10, total: 10, force: true)
    #expect(calls == 1)
  }
}
