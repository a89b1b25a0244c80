import Foundation
import PlauditCore
import PlauditStats
import Testing

struct CalibrationTests {
  // MARK: - By hand

  @Test func `a temperature of 2 halves the logits`() throws {
    let map = try Calibration(.init(method: "temperature", columns: 2, parameters: [2]))
    let out = try apply(map, [2 * log(3), 0])
    #expect(abs(out[0] - 0.75) < 1e-15 && abs(out[1] - 0.25) < 1e-15)
  }

  @Test func `isotonic steps are linear between their points and level outside`() throws {
    let map = try Calibration(
      .init(method: "isotonic", columns: 1, parameters: [2, 0.25, 0.75, 0.25, 1]))
    #expect(try apply(map, [-5, 0.25, 0.5, 0.75, 9]) == [0.25, 0.25, 0.625, 1, 1])
  }

  @Test func `values of a row that are all 0 become equal`() throws {
    let map = try Calibration(
      .init(method: "isotonic", columns: 2, parameters: [1, 0.5, 0, 1, 0.5, 0]))
    #expect(try apply(map, [1, 2]) == [0.5, 0.5])
  }

  @Test func `logits that say nothing leave the temperature at 1`() throws {
    let fit = try fit(.temperature, [0, 0, 0, 0], columns: 2, [0, 1])
    #expect(fit.calibration.plain.parameters == [1] && !fit.isAtBound)
  }

  // MARK: - Reference

  private struct Case: Decodable {
    let method: String
    let truth: [Int32]
    let scores: [Double]
    let columns: Int
    let parameters: [Double]
    let objective: Double?
    let before: Double?
    let query: [Double]
    let probabilities: [Double]
  }

  @Test func `scikit-learn and scipy agree on all three methods`() throws {
    var (isotonic, platt, temperature) = (Worst(), Worst(), Worst())
    let cases = try Reference.cases("stats_metrics_calibration", Case.self)
    for (row, expected) in cases.enumerated() {
      let method = try #require(Calibration.Method(rawValue: expected.method))
      let fit = try fit(method, expected.scores, columns: expected.columns, expected.truth)
      let out = try apply(fit.calibration, expected.query)
      switch method {
      case .isotonic:
        isotonic.compare(fit.calibration.plain.parameters, expected.parameters, row: row)
        isotonic.compare(out, expected.probabilities, scale: 1, row: row)
      case .platt:
        platt.compare(fit.calibration.plain.parameters, expected.parameters, row: row)
        platt.compare(fit.objective, try #require(expected.objective), row: row)
        platt.compare(out, expected.probabilities, row: row)
      case .temperature:
        // The reference stops where the loss no longer falls: half the digits of the place.
        temperature.compare(
          fit.calibration.plain.parameters, expected.parameters, scale: 1e5, row: row)
        temperature.compare(fit.objective, try #require(expected.objective), row: row)
        temperature.compare(fit.lossBefore, try #require(expected.before), row: row)
        #expect(fit.objective <= (expected.objective ?? 0) * (1 + 1e-14))
      }
    }
    #expect(cases.count >= 90)
    #expect(isotonic.error <= Tolerance.otherLibrary, "\(isotonic)")
    // Both are solved to the last digits that a flat minimum gives.
    #expect(platt.error <= 1e-10, "\(platt)")
    #expect(temperature.error <= 1e-11, "\(temperature)")
  }

  // MARK: - Law

  @Test(arguments: Calibration.Method.allCases, [1, 2, 4])
  func `a map comes back from its numbers the same`(
    _ method: Calibration.Method, _ columns: Int
  ) throws {
    let (logits, truth) = sample(rows: 200, columns: columns)
    let map = try fit(method, logits, columns: columns, truth).calibration
    let same = try Calibration(map.plain)
    #expect(same == map)
    let (out, again) = (try apply(map, logits), try apply(same, logits))
    #expect(out == again)
  }

  @Test(arguments: Calibration.Method.allCases, [2, 3, 7])
  func `rows of several classes add up to 1, and fitting does not hurt`(
    _ method: Calibration.Method, _ columns: Int
  ) throws {
    let (logits, truth) = sample(rows: 500, columns: columns)
    let fit = try fit(method, logits, columns: columns, truth)
    let out = try apply(fit.calibration, logits)
    for start in stride(from: 0, to: out.count, by: columns) {
      let row = out[start..<start + columns]
      #expect(abs(row.reduce(0, +) - 1) < 1e-12 && row.allSatisfy { (0...1).contains($0) })
    }
    #expect(fit.lossAfter <= fit.lossBefore)
  }

  @Test func `platt of two classes is the same from either side`() throws {
    let (logits, truth) = sample(rows: 100, columns: 2)
    let parameters = try fit(.platt, logits, columns: 2, truth).calibration.plain.parameters
    #expect(abs(parameters[0] - parameters[2]) < 1e-10)
    #expect(abs(parameters[1] + parameters[3]) < 1e-10)
  }

  @Test func `logits far out stay finite`() throws {
    for method in Calibration.Method.allCases {
      let (logits, truth) = sample(rows: 60, columns: 3)
      let map = try fit(method, logits, columns: 3, truth).calibration
      let out = try apply(map, [1e308, -1e308, 0, -1e308, -1e308, -1e308])
      #expect(out.allSatisfy { (0...1).contains($0) }, "\(method): \(out)")
    }
  }

  @Test func `separated classes stop at the bound`() throws {
    let fit = try fit(.temperature, [-1, 1], columns: 1, [0, 1])
    #expect(fit.isAtBound && fit.calibration.plain.parameters == [0.01])
    let reversed = try self.fit(.temperature, [1, -1], columns: 1, [0, 1])
    #expect(reversed.isAtBound && reversed.calibration.plain.parameters == [100])
    let curve = try self.fit(.platt, [-1, 1], columns: 1, [0, 1])
    #expect(curve.calibration.plain.parameters.allSatisfy { $0.isFinite })
  }

  // MARK: - Refusal

  @Test func `a class without rows is named`() {
    let platt = PlauditError(
      .undefined, "platt needs rows of class neutral and rows of others, got 0 and 2")
    #expect(throws: platt) {
      try fit(
        .platt, [0, 1, 2, 3, 4, 5], columns: 3, [0, 2], labels: ["negative", "neutral", "positive"])
    }
    let isotonic = PlauditError(.undefined, "isotonic needs rows of class 1 and rows of others")
    #expect(throws: isotonic) { try fit(.isotonic, [0, 1], columns: 1, [0, 0]) }
    #expect(throws: PlauditError(.outOfRange, "logit (1e+200) lies beyond 1e100", index: 1)) {
      try fit(.temperature, [0, 1e200], columns: 1, [0, 1])
    }
    let map = PlauditError(.notFinite, "logit (nan) is not finite", index: 1)
    #expect(throws: map) {
      try apply(
        try Calibration(.init(method: "temperature", columns: 1, parameters: [1])), [0, .nan])
    }
  }

  @Test(
    arguments: [
      ("beta", 1, [1], PlauditError.Kind.unsupported),
      ("temperature", 0, [1], .outOfRange),
      ("temperature", 2, [], .corrupt),
      ("temperature", 2, [0], .corrupt),
      ("temperature", 2, [1, 2], .corrupt),
      ("temperature", 2, [.nan], .corrupt),
      ("platt", 2, [1, 2, 3], .corrupt),
      ("isotonic", 1, [0], .corrupt),
      ("isotonic", 1, [1e18, 0, 0], .corrupt),
      ("isotonic", 1, [1.5, 0, 0, 0], .corrupt),
      ("isotonic", 1, [2, 1, 1, 0, 1], .corrupt),
      ("isotonic", 1, [2, 0, 1, 0.5, 0.25], .corrupt),
      ("isotonic", 1, [1, 0, 1.5], .corrupt),
    ] as [(String, Int, [Double], PlauditError.Kind)])
  func `numbers that no fit made are refused`(
    _ method: String, _ columns: Int, _ parameters: [Double], _ kind: PlauditError.Kind
  ) {
    #expect {
      try Calibration(.init(method: method, columns: columns, parameters: parameters))
    } throws: { ($0 as? PlauditError)?.kind == kind }
  }

  private func sample(rows: Int, columns: Int) -> (logits: [Double], truth: [Int32]) {
    var random = RandomSource(seed: 7)
    let classes = max(columns, 2)
    let truth = (0..<rows).map { Int32($0 % classes) }
    let logits = truth.flatMap { label in
      (0..<columns).map { column in
        let own = columns == 1 ? label == 1 : label == Int32(column)
        return (own ? 2 : 0) + 6 * random.uniform() - 3
      }
    }
    return (logits, truth)
  }

  private func fit(
    _ method: Calibration.Method, _ logits: [Double], columns: Int, _ truth: [Int32],
    labels: [String] = []
  ) throws -> CalibrationFit {
    try withColumns(logits, truth, [Int]?.none) { logits, truth, _ in
      try Calibration.fit(method, logits: logits, columns: columns, truth: truth, labels: labels)
    }
  }

  @discardableResult
  private func apply(_ map: Calibration, _ logits: [Double]) throws -> [Double] {
    var out = [Double](repeating: -1, count: logits.count)
    try logits.withUnsafeBufferPointer { logits in
      try out.withUnsafeMutableBufferPointer { try map.apply(logits: logits, probabilities: $0) }
    }
    return out
  }
}
