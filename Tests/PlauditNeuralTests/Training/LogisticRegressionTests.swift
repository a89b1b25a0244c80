import PlauditCore
import PlauditTensor
import Testing

@testable import PlauditNeural

struct LogisticRegressionTests {
  private struct Case: Decodable {
    var l2: Double
    var weights: [Double]?
    var balanced: Bool
    var width: Int
    var classes: Int
    var features: [Float]
    var labels: [Int32]
    var coefficients: [Double]
  }

  private struct File: Decodable {
    var cases: [Case]
  }

  private func classWeights(_ one: Case) -> [Double] {
    if let weights = one.weights { return weights }
    guard one.balanced else { return [Double](repeating: 1, count: one.classes) }
    return (0..<one.classes).map { label in
      let count = one.labels.filter { Int($0) == label }.count
      return Double(one.labels.count) / Double(one.classes * count)
    }
  }

  @Test(arguments: [false, true])
  func `the minimum is scikit-learn's`(bounded: Bool) throws {
    let file: File = try Reference.load("logistic_regression.json")
    #expect(file.cases.count == 4)
    for one in file.cases {
      let features = try FloatBuffer(count: one.features.count)
      features.pointer.update(from: one.features, count: one.features.count)
      let examples = Examples(
        features: features.pointer, labels: one.labels, width: one.width, classes: one.classes)
      let rows = Array(one.labels.indices)
      let weights = classWeights(one)
      let control = RunControl()
      let objective = try LogisticRegression(
        examples, rows: rows, classWeights: weights, l2: one.l2, threads: 1, control: control)
      let bound = try #require(
        try CurvatureBound(
          examples, rows: rows, classWeights: weights, threads: 1, control: control))
      #expect(try bound.prepare(l2: one.l2, tick: {}))
      let found = LBFGS(history: 10, maximumIterations: 2000, tolerance: 1e-7).minimize(
        objective, from: [Double](repeating: 0, count: objective.count),
        precondition: bounded ? bound.apply : nil
      ) { _, _ in }
      #expect(found.converged)
      for label in 0..<one.classes {
        for column in 0..<one.width {
          let ours = found.point[label * (one.width + 1) + column]
          let theirs = one.coefficients[label * one.width + column]
          // Both stop a little before the minimum; the gradient is below 1e-7, its curvature above 1e-2.
          #expect((ours - theirs).magnitude < 1e-5, "\(one.classes) classes, l2 \(one.l2)")
        }
      }
    }
  }
}
