/// Fixed probabilities to choose places by.
struct ChoiceTable {
  let shares: [Double]
  /// The sum of the shares up to each place; infinite from the last place that has one.
  private let ends: [Double]
  /// The place that has everything.
  private let only: Int?

  init(_ shares: [Double]) {
    self.shares = shares
    only = shares.firstIndex(of: 1)
    var sum = 0.0
    var ends = shares.map { share in
      sum += share
      return sum
    }
    let last = shares.lastIndex { $0 > 0 } ?? 0
    for place in last..<max(ends.count, last) { ends[place] = .infinity }
    self.ends = ends
  }

  /// The place whose part of the shares, laid end to end, holds `point`.
  @inline(__always)
  func place(of point: Double) -> Int {
    ends.withUnsafeBufferPointer { ends in
      if ends.count <= 16 {
        var place = 0
        for end in ends { place &+= end <= point ? 1 : 0 }
        return place
      }
      var (low, high) = (0, ends.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if ends[middle] <= point { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  /// Decides a whole batch.
  func pick(
    _ batch: DecisionBatch, words: DecisionWords, arms: [Int32],
    into out: UnsafeMutableBufferPointer<Int32>,
    propensities: UnsafeMutableBufferPointer<Double>?
  ) {
    if let only {
      out.update(repeating: arms[only])
      propensities?.update(repeating: 1)
      return
    }
    arms.withUnsafeBufferPointer { arms in
      shares.withUnsafeBufferPointer { shares in
        func choose(_ row: Int, _ word: UInt64) {
          let place = place(of: word.unit)
          out[row] = arms[place]
          if let propensities { propensities[row] = shares[place] }
        }
        var row = 0
        if batch.first & 1 == 1, batch.count > 0 {
          choose(0, words.word(batch.first))
          row = 1
        }
        var half = UInt64(bitPattern: batch.first &+ Int64(row)) >> 1
        while row < batch.count {
          let block = words.block(half)
          choose(row, block.even)
          if row + 1 < batch.count { choose(row + 1, block.odd) }
          half &+= 1
          row += 2
        }
      }
    }
  }
}
