import PlauditCore
import Testing

@testable import PlauditTensor

struct LSTMTests {
  // MARK: Law

  @Test func `texts are sorted by length and equal ones stay in order`() throws {
    var random = RandomSource(seed: 4)
    for count in [0, 1, 2, 40, 3000] {
      let lengths = (0..<count).map { _ in Int(random.next(below: 50)) }
      var starts = [0]
      for length in lengths { starts.append(starts[starts.count - 1] + length) }
      let wanted = lengths.indices.sorted { (-lengths[$0], $0) < (-lengths[$1], $1) }
      let tape = Tape<Float>(recording: false)
      try starts.withUnsafeBufferPointer { starts in
        let order = try tape.sortedByLength(
          Segments(starts: try #require(starts.baseAddress), count: count))
        #expect((0..<count).map { order[$0] } == wanted)
      }
    }
  }
}
