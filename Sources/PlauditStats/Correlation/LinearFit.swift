import Glibc

/// Lines through pairs of numbers: of least squares, and of the median slope.
package struct LinearFit: Equatable, Sendable {
  package let slope: Double
  package let intercept: Double
  /// Of the slope; NaN for two rows.
  package let standardError: Double
  package let r2: Double
  /// The median of the slopes of all pairs, which a few wild rows do not move; NaN above
  /// ``maximumPairedRows``.
  package let medianSlope: Double
  /// `median(y) - medianSlope × median(x)`.
  package let medianIntercept: Double

  package static let maximumPairedRows = 5000

  /// Of columns of one length without NaN; NaN where `x` is constant.
  ///
  /// - Source: Theil 1950, Sen 1968, doi:10.1080/01621459.1968.10480934; values as scipy 1.17.1
  ///   `stats.linregress` and `theilslopes`.
  init(_ x: [Double], _ y: [Double]) {
    let count = Double(x.count)
    func mean(_ values: [Double]) -> Double {
      var sum = CompensatedSum()
      for value in values { sum.add(value) }
      return sum.value / count
    }
    let (meanX, meanY) = (mean(x), mean(y))
    var (xx, xy, yy) = (CompensatedSum(), CompensatedSum(), CompensatedSum())
    for (a, b) in zip(x, y) {
      xx.add((a - meanX) * (a - meanX))
      xy.add((a - meanX) * (b - meanY))
      yy.add((b - meanY) * (b - meanY))
    }
    let isConstant = x.allSatisfy { $0 == x.first }
    slope = isConstant ? .nan : xy.value / xx.value
    intercept = meanY - slope * meanX
    let r = CorrelationCoefficient.value(.pearson, x, y)
    r2 = r * r
    standardError =
      count > 2 ? ((1 - r) * (1 + r) * yy.value / xx.value / (count - 2)).squareRoot() : .nan
    medianSlope = LinearFit.medianSlope(x, y)
    medianIntercept = LinearFit.median(y) - medianSlope * LinearFit.median(x)
  }

  private static func median(_ values: [Double]) -> Double { Quantile.linear(values.sorted(), 0.5) }

  private static func medianSlope(_ x: [Double], _ y: [Double]) -> Double {
    guard x.count <= maximumPairedRows else { return .nan }
    let most = x.count * (x.count - 1) / 2
    guard most > 0, let memory = malloc(most * MemoryLayout<Double>.stride) else { return .nan }
    defer { free(memory) }
    let slopes = UnsafeMutableBufferPointer(
      start: memory.bindMemory(to: Double.self, capacity: most), count: most)
    var count = 0
    for i in 1..<x.count {
      for j in 0..<i where x[i] != x[j] {
        slopes.initializeElement(at: count, to: (y[i] - y[j]) / (x[i] - x[j]))
        count += 1
      }
    }
    guard count > 0 else { return .nan }
    let used = UnsafeMutableBufferPointer(rebasing: slopes[..<count])
    let upper = select(used, count / 2)
    guard count % 2 == 0 else { return upper }
    // What is below the upper middle is left of it.
    let lower = used[..<(count / 2)].reduce(-Double.infinity) { max($0, $1) }
    return (lower + upper) / 2
  }

  /// The value of a rank; what is lower comes before it.
  ///
  /// - Source: Hoare 1961, algorithm 65, doi:10.1145/366622.366647.
  private static func select(_ values: UnsafeMutableBufferPointer<Double>, _ rank: Int) -> Double {
    var (low, high) = (0, values.count - 1)
    while low < high {
      let pivot = max(
        min(values[low], values[high]),
        min(max(values[low], values[high]), values[low + (high - low) / 2]))
      var (left, right) = (low, high)
      while left <= right {
        while values[left] < pivot { left += 1 }
        while values[right] > pivot { right -= 1 }
        if left <= right {
          values.swapAt(left, right)
          left += 1
          right -= 1
        }
      }
      if rank <= right {
        high = right
      } else if rank >= left {
        low = left
      } else {
        break
      }
    }
    return values[rank]
  }
}
