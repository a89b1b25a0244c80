import Foundation
import PlauditCore
import PlauditDecisions

/// One file of `Reference/`: cases made by the script of the same name.
enum Reference {
  static func cases<Case: Decodable>(_ name: String, _ type: Case.Type) throws -> [Case] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("Reference/\(name).json"))
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return try decoder.decode(Cases<Case>.self, from: data).cases
  }

  private struct Cases<Case: Decodable>: Decodable { let cases: [Case] }
}

/// Whether two numbers are within a relative and an absolute tolerance of each other.
func isClose(_ got: Double, _ expected: Double, rtol: Double, atol: Double = 0) -> Bool {
  got == expected || (got.isNaN && expected.isNaN)
    || (got - expected).magnitude <= atol + rtol * expected.magnitude
}

func isClose(_ got: [Double], _ expected: [Double], rtol: Double, atol: Double = 0) -> Bool {
  got.count == expected.count
    && zip(got, expected).allSatisfy { isClose($0, $1, rtol: rtol, atol: atol) }
}

/// The bandit as tests use it: arrays in, arrays out.
extension Bandit {
  struct Decisions: Equatable {
    var first: Int64
    var arms: [Int32]
    var propensities: [Double]
  }

  static func make(
    _ policy: BanditSettings.Policy, arms: Int = 3,
    _ change: (inout BanditSettings) -> Void = { _ in }
  ) throws -> Bandit {
    var settings = BanditSettings()
    settings.policy = policy
    change(&settings)
    return try Bandit(settings, arms: (0..<arms).map { "arm \($0)" })
  }

  func decide(_ count: Int, contexts: [Double]? = nil) throws -> Decisions {
    var arms = [Int32](repeating: -1, count: count)
    var propensities = [Double](repeating: .nan, count: count)
    let first = try arms.withUnsafeMutableBufferPointer { arms in
      try propensities.withUnsafeMutableBufferPointer { propensities in
        try borrow(contexts) {
          try decide(contexts: $0, arms: arms, propensities: propensities)
        }
      }
    }
    return Decisions(first: first, arms: arms, propensities: propensities)
  }

  func learn(_ arms: [Int32], _ rewards: [Double], contexts: [Double]? = nil) throws {
    try arms.withUnsafeBufferPointer { arms in
      try rewards.withUnsafeBufferPointer { rewards in
        try borrow(contexts) { try learn(arms: arms, contexts: $0, rewards: rewards) }
      }
    }
  }

  @discardableResult
  func reward(_ ids: [Int64], _ rewards: [Double], skipping: Bool = false) throws -> Int {
    try ids.withUnsafeBufferPointer { ids in
      try rewards.withUnsafeBufferPointer { rewards in
        try reward(decisions: ids, rewards: rewards, skippingUnknown: skipping)
      }
    }
  }

  func remember(_ ids: [Int64], _ arms: [Int32], contexts: [Double]? = nil) throws {
    try ids.withUnsafeBufferPointer { ids in
      try arms.withUnsafeBufferPointer { arms in
        try borrow(contexts) { try remember(decisions: ids, arms: arms, contexts: $0) }
      }
    }
  }

  /// Of the next decision, in one context or without.
  func judge(_ context: [Double]? = nil) throws -> (scores: [Double], probabilities: [Double]) {
    var scores = [Double](repeating: 0, count: armCount)
    var shares = scores
    try scores.withUnsafeMutableBufferPointer { scores in
      try shares.withUnsafeMutableBufferPointer { shares in
        try borrow(context) {
          try judge(contexts: $0, rows: 1, scores: scores, probabilities: shares)
        }
      }
    }
    return (scores, shares)
  }

  func stateBytes() throws -> [UInt8] { copy(try state()) }
  func deltaBytes() throws -> [UInt8] { copy(try delta()) }

  private func copy(_ bytes: Bytes) -> [UInt8] {
    withExtendedLifetime(bytes) { Array(bytes.readable) }
  }

  static func load(_ bytes: [UInt8], worker: Int? = nil) throws -> Bandit {
    try bytes.withUnsafeBytes { try Bandit(state: $0, worker: worker) }
  }

  func merge(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try merge(delta: $0) } }
  func refresh(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try refresh(state: $0) } }
}

extension BanditSnapshot {
  func decide(_ first: Int64, _ count: Int, contexts: [Double]? = nil) throws -> Bandit.Decisions {
    var arms = [Int32](repeating: -1, count: count)
    var propensities = [Double](repeating: .nan, count: count)
    try arms.withUnsafeMutableBufferPointer { arms in
      try propensities.withUnsafeMutableBufferPointer { propensities in
        try borrow(contexts) {
          try decide(first: first, contexts: $0, arms: arms, propensities: propensities)
        }
      }
    }
    return Bandit.Decisions(first: first, arms: arms, propensities: propensities)
  }
}

func borrow<Element, Result>(
  _ array: [Element]?, _ body: (UnsafeBufferPointer<Element>?) throws -> Result
) rethrows -> Result {
  guard let array else { return try body(nil) }
  return try array.withUnsafeBufferPointer { try body($0) }
}

/// Runs `body`, which must fail, and gives its error.
func failure(_ body: () throws -> Void) -> PlauditError? {
  do {
    try body()
    return nil
  } catch {
    return error as? PlauditError
  }
}
