import PlauditCore
import PlauditTensor
import Testing

@testable import PlauditNeural

struct CurvatureBoundTests {
  /// 240 examples of three classes whose eight features have scales from 0.1 to 9.
  private func problem() throws -> (features: FloatBuffer, labels: [Int32]) {
    var random = RandomSource(seed: 5)
    let features = try FloatBuffer(count: 240 * 8)
    var labels: [Int32] = []
    for row in 0..<240 {
      let label = Int(random.next(below: 3))
      labels.append(Int32(label))
      var scale: Float = 0.1
      for column in 0..<8 {
        let shift: Float = column % 3 == label ? 0.7 : 0
        features.pointer[row * 8 + column] = scale * (Float(random.uniform()) * 2 - 1 + shift)
        scale *= 1.9
      }
    }
    return (features, labels)
  }

  private func fit(
    _ features: FloatBuffer, _ labels: [Int32], bounded: Bool, threads: Int = 1
  ) throws -> LBFGS.Outcome {
    let examples = Examples(features: features.pointer, labels: labels, width: 8, classes: 3)
    let rows = Array(labels.indices)
    let weights = [1.0, 2.0, 0.5]
    let control = RunControl()
    let objective = try LogisticRegression(
      examples, rows: rows, classWeights: weights, l2: 0.01, threads: threads, control: control)
    let bound = try #require(
      try CurvatureBound(
        examples, rows: rows, classWeights: weights, threads: threads, control: control))
    #expect(try bound.prepare(l2: 0.01, tick: {}))
    let search = LBFGS(history: 10, maximumIterations: 5000, tolerance: 1e-7)
    return search.minimize(
      objective, from: [Double](repeating: 0, count: objective.count),
      precondition: bounded ? bound.apply : nil
    ) { _, _ in }
  }

  @Test func `it leads to the same minimum in far fewer iterations`() throws {
    let (features, labels) = try problem()
    let plain = try fit(features, labels, bounded: false)
    let bounded = try fit(features, labels, bounded: true)
    #expect(plain.converged && bounded.converged)
    #expect((plain.value - bounded.value).magnitude < 1e-9)
    #expect(bounded.iterations * 3 < plain.iterations, "\(bounded.iterations), \(plain.iterations)")
  }

  @Test func `threads do not show in the result`() throws {
    let (features, labels) = try problem()
    let one = try fit(features, labels, bounded: true)
    let three = try fit(features, labels, bounded: true, threads: 3)
    #expect(one.point == three.point)
  }

  @Test func `very wide vectors do without and a cancelled one throws`() throws {
    let features = try FloatBuffer(count: 2 * 2000)
    let wide = Examples(features: features.pointer, labels: [0, 1], width: 2000, classes: 2)
    #expect(
      try CurvatureBound(
        wide, rows: [0, 1], classWeights: [1, 1], threads: 1, control: RunControl()) == nil)
    let cancellation = Cancellation()
    cancellation.request()
    let narrow = Examples(features: features.pointer, labels: [0, 1], width: 4, classes: 2)
    #expect(throws: PlauditError.self) {
      _ = try CurvatureBound(
        narrow, rows: [0, 1], classWeights: [1, 1], threads: 1,
        control: RunControl(cancellation: cancellation))
    }
  }
}
