/// What is believed about an arm's mean, turned so that higher is better.
protocol Posterior: Sendable {
  var mean: Double { get }
  /// Whether draws begin with ``DecisionWords/heads(_:group:)``.
  static var hasHeads: Bool { get }
  /// A draw for one decision, on any scale that rises with the mean and is common to all arms.
  func draw(_ id: Int64, arm: Int32, head: UInt32, words: DecisionWords) -> Double
  /// Density curves of several arms on one common scale.
  static func curves(_ posteriors: [Self]) -> [PosteriorCurve]
}

/// The heads of one decision after the other, by arm.
struct DrawHeads: ~Copyable {
  private let words: DecisionWords
  private let groups: [UInt32]
  private let heads: UnsafeMutablePointer<UInt32>

  /// - Parameter arms: numbers, rising.
  init(_ arms: [Int32], words: DecisionWords, isNeeded: Bool) {
    self.words = words
    var groups: [UInt32] = []
    for arm in arms where isNeeded && groups.last != UInt32(arm) >> 2 {
      groups.append(UInt32(arm) >> 2)
    }
    self.groups = groups
    heads = .allocate(capacity: 4 * (Int(arms.last ?? 0) / 4 + 1))
    heads.initialize(repeating: 0, count: 4 * (Int(arms.last ?? 0) / 4 + 1))
  }

  deinit { heads.deallocate() }

  @inline(__always)
  func begin(_ id: Int64) {
    for group in groups {
      let four = words.heads(id, group: group)
      let place = heads + Int(group) * 4
      (place[0], place[1], place[2], place[3]) = four
    }
  }

  @inline(__always)
  subscript(arm: Int32) -> UInt32 { heads[Int(arm)] }
}
