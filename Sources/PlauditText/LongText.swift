import PlauditCore

/// How loops over a text's bytes obey a control without asking it at each of them.
enum LongText {
  /// Bytes between two looks at whether to stop: about a millisecond of the slowest loop.
  static let block = 1 << 16

  /// Asks `control` once `at` has come to `next`, which then moves on by a block.
  @inline(__always)
  static func obey(
    _ control: RunControl?, at: Int, next: inout Int
  ) throws(PlauditError) {
    guard at >= next else { return }
    next = at &+ block
    try control?.check()
  }
}
