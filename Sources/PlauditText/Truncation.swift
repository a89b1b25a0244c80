import PlauditCore

/// How a text that is too long is cut into windows.
///
/// - Source: `truncate_encodings` and `Encoding::truncate` of Hugging Face tokenizers 0.23.3.
package struct Truncation: Sendable, Equatable {
  package enum Strategy: Sendable, Equatable {
    /// Takes from the longer text of a pair, then from both alike.
    case longestFirst
    case onlyFirst
    case onlySecond
  }

  package enum Direction: Sendable, Equatable {
    /// Keeps the beginning.
    case right
    /// Keeps the end.
    case left
  }

  /// Tokens in a row, special ones included.
  package var maxLength: Int
  package var strategy: Strategy
  /// Tokens that a window repeats of the one before.
  package var stride: Int
  package var direction: Direction

  package init(
    maxLength: Int, strategy: Strategy = .longestFirst, stride: Int = 0,
    direction: Direction = .right
  ) {
    self.maxLength = maxLength
    self.strategy = strategy
    self.stride = stride
    self.direction = direction
  }

  /// What is left for text once `specialTokens` are in.
  ///
  /// - Throws: `.outOfRange` when the special tokens alone exceed `maxLength` (the reference
  ///   then does not truncate at all), or the stride leaves a window no step forward.
  func budget(specialTokens: Int) throws(PlauditError) -> Int {
    guard maxLength >= 0 else {
      throw PlauditError(.outOfRange, "max length is \(maxLength), it must be 0 or more")
    }
    guard maxLength >= specialTokens else {
      throw PlauditError(
        .outOfRange,
        "max length \(maxLength) is below the \(specialTokens) special tokens of a row")
    }
    let budget = maxLength - specialTokens
    guard stride >= 0, stride < max(budget, 1) else {
      throw PlauditError(
        .outOfRange,
        "stride \(stride) must be 0 or more and below the \(budget) text tokens of a row "
          + "(max length \(maxLength) less \(specialTokens) special tokens)")
    }
    return budget
  }

  /// How many tokens a window of each text may have: `Int.max` where it is not cut.
  ///
  /// - Throws: `.invalidArgument` for `onlySecond` without a second text, `.outOfRange` when
  ///   the one text that may be cut is too short for it.
  func limits(
    first: Int, second: Int?, budget: Int
  ) throws(PlauditError) -> (first: Int, second: Int) {
    if budget == 0 { return (0, 0) }
    let total = first + (second ?? 0)
    guard total > budget else { return (Int.max, Int.max) }
    let excess = total - budget
    switch strategy {
    case .longestFirst:
      guard let second else { return (budget, Int.max) }
      var short = min(first, second)
      var long = short > budget ? short : max(short, budget - short)
      if short + long > budget {
        short = budget / 2
        long = short + budget % 2
      }
      return first > second ? (long, short) : (short, long)
    case .onlyFirst:
      guard first > excess else { throw tooShort("first", first, excess) }
      return (first - excess, Int.max)
    case .onlySecond:
      guard let second else {
        throw PlauditError(
          .invalidArgument, "truncation of the second text only, but there is no second text")
      }
      guard second > excess else { throw tooShort("second", second, excess) }
      return (Int.max, second - excess)
    }
  }

  private func tooShort(_ which: String, _ count: Int, _ excess: Int) -> PlauditError {
    PlauditError(
      .outOfRange,
      "the \(which) text has \(count) tokens, too few to take \(excess) away from it alone")
  }
}

/// The windows that one text is cut into: `size` tokens each, `size - stride` apart.
///
/// Window 0 is the one that is kept. A size of 0 keeps an empty window 0 and puts the whole text
/// into window 1, as the reference does.
struct Windows {
  let total: Int
  private(set) var size: Int
  private(set) var step: Int
  private(set) var count: Int
  private(set) var fromEnd: Bool

  /// The whole text in one window.
  init(total: Int) {
    self.total = total
    size = total
    step = 1
    count = 1
    fromEnd = false
  }

  /// - Throws: `.outOfRange` when `stride` leaves no step forward in a text that is cut.
  init(total: Int, limit: Int, truncation: Truncation) throws(PlauditError) {
    self.init(total: total)
    guard limit < total else { return }
    size = limit
    fromEnd = truncation.direction == .left
    guard limit > 0 else {
      count = 2
      return
    }
    guard truncation.stride < limit else {
      throw PlauditError(
        .outOfRange,
        "stride \(truncation.stride) must be below the \(limit) tokens that this text keeps")
    }
    step = limit - truncation.stride
    count = 1 + (total - limit + step - 1) / step
  }

  /// Tokens in all windows together, repeated ones included; nil when that does not fit.
  var tokenCount: Int? {
    let whole = (count - 1).multipliedReportingOverflow(by: size)
    let sum = whole.partialValue.addingReportingOverflow(self[count - 1].count)
    return whole.overflow || sum.overflow ? nil : sum.partialValue
  }

  subscript(index: Int) -> Range<Int> {
    if size == 0 { return index == 0 ? 0..<0 : 0..<total }
    if fromEnd {
      let stop = total - index * step
      return max(stop - size, 0)..<stop
    }
    let start = index * step
    return start..<min(start + size, total)
  }
}
