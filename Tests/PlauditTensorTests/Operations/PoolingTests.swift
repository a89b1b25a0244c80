import Testing

@testable import PlauditTensor

struct PoolingTests {
  private let states: [Float] = [1, -2, 3, 4, 5, -6]

  private func pooled(_ pooling: Pooling, length: Int = 3) -> [Float] {
    var vector = [Float](repeating: 0, count: 2 * pooling.count)
    pooling.forward(states, into: &vector, length: length, width: 2)
    return vector
  }

  @Test func `mean, first and maximum of three tokens`() {
    #expect(pooled(.mean) == [3, -4.0 / 3])
    #expect(pooled(.cls) == [1, -2])
    #expect(pooled(.max) == [5, 4])
  }

  @Test func `several poolings stand side by side, first token, maximum, mean`() {
    #expect(pooled(.all) == [1, -2, 5, 4, 3, -4.0 / 3])
    #expect(pooled([.mean, .max]) == [5, 4, 3, -4.0 / 3])
  }

  @Test func `one token is its own pooling`() {
    for pooling in [Pooling.mean, .cls, .max] { #expect(pooled(pooling, length: 1) == [1, -2]) }
  }

  @Test func `a normalised vector has length one and zero stays zero`() {
    var vector: [Float] = [3, 4]
    Pooling.normalize(&vector, width: 2)
    #expect(vector == [0.6, 0.8])
    var huge: [Float] = [3e30, 4e30]
    Pooling.normalize(&huge, width: 2)
    #expect((huge[0] - 0.6).magnitude < 1e-6 && (huge[1] - 0.8).magnitude < 1e-6)
    var zero: [Float] = [0, 0]
    Pooling.normalize(&zero, width: 2)
    #expect(zero == [0, 0])
  }
}
