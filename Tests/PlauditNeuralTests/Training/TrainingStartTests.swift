import Foundation
import PlauditCore
import PlauditTensor
import Testing

@testable import PlauditNeural

/// The weights a training starts with.
struct TrainingStartTests {
  private let cancelled: RunControl

  init() {
    let cancellation = Cancellation()
    cancellation.request()
    cancelled = RunControl(cancellation: cancellation)
  }

  // MARK: Law

  @Test func `weights follow from seed and name, whatever their number`() throws {
    func weights(_ count: Int, _ start: InitialValues) throws -> [Float] {
      let made = try TrainingStart(known: [], seed: 3, control: RunControl()).parameter(
        "a.weight", [count], start: start)
      return Array(made.values.buffer)
    }
    for start in [InitialValues.uniform(bound: 0.1), .normal(deviation: 0.02), .ones, .zeros] {
      let many = try weights(200_000, start)
      #expect(try Array(many.prefix(1000)) == weights(1000, start))
      #expect(many.contains { $0 != 0 } == (start != .zeros))
    }
  }

  @Test func `a cancelled training draws no further weights and copies none`() throws {
    expectError(.cancelled, mentions: "cancelled") {
      _ = try TrainingStart(known: [], seed: 1, control: cancelled).parameter(
        "a.weight", [1000, 1000], start: .normal(deviation: 1))
    }
    let known = NamedTensor("a.weight", [1000, 1000], try FloatBuffer(count: 1_000_000))
    expectError(.cancelled, mentions: "cancelled") {
      _ = try TrainingStart(known: [known], seed: 1, control: cancelled).parameter(
        "a.weight", [1000, 1000], start: .zeros)
    }
  }

  // MARK: Refusal

  @Test func `layers that the memory does not hold are refused before it is asked for`() throws {
    let start = TrainingStart(known: [], seed: 1, limitBytes: 16 * 100)
    _ = try start.parameter("small.weight", [9, 10], start: .zeros)
    expectError(.limit, mentions: "more than 1600 bytes") {
      _ = try start.parameter("large.weight", [11], start: .zeros)
    }
    // A known weight may be frozen: then its value is all it takes.
    let known = NamedTensor("known.weight", [40], try FloatBuffer(count: 40))
    let other = TrainingStart(known: [known], seed: 1, limitBytes: 160)
    _ = try other.parameter("known.weight", [40], start: .zeros)
    expectError(.limit, mentions: "tensor huge.weight of shape [4611686018427387904, 3]") {
      _ = try start.parameter("huge.weight", [1 << 62, 3], start: .zeros)
    }
    #expect(HostMemory.byteCount > 1 << 28)
  }
}
