import Glibc
package import PlauditCore

/// Mean, variance, skewness and kurtosis of numbers that come one at a time, and of parts merged.
///
/// Deviations from the mean are summed, not squares, so numbers far from zero keep their variance:
/// that of 4, 7, 13, 16, each plus a billion, is 30, where sums of squares give -171.
/// Source: Welford 1962, doi:10.1080/00401706.1962.10490022; Pébay 2008, SAND2008-6212.
package struct StreamingMoments: Equatable, Sendable {
  package private(set) var count: Int64
  package private(set) var mean: Double
  /// What rounding left of the mean: far from zero it would spoil the third and fourth moment.
  package private(set) var meanRest: Double
  /// Sums of the second to fourth powers of the deviations from the mean.
  package private(set) var secondSum: Double
  package private(set) var thirdSum: Double
  package private(set) var fourthSum: Double
  package private(set) var minimum: Double
  package private(set) var maximum: Double

  package init() {
    self.init(
      count: 0, mean: 0, meanRest: 0, secondSum: 0, thirdSum: 0, fourthSum: 0,
      minimum: .infinity, maximum: -.infinity)
  }

  private init(
    count: Int64, mean: Double, meanRest: Double, secondSum: Double, thirdSum: Double,
    fourthSum: Double, minimum: Double, maximum: Double
  ) {
    self.count = count
    self.mean = mean
    self.meanRest = meanRest
    self.secondSum = secondSum
    self.thirdSum = thirdSum
    self.fourthSum = fourthSum
    self.minimum = minimum
    self.maximum = maximum
  }

  /// Moments that were kept elsewhere.
  ///
  /// - Throws: `invalidData` for a negative count, negative even sums, or a mean outside of the
  ///   extremes; `notFinite`.
  package init(
    count: Int64, mean: Double, rest: Double,
    sums: (second: Double, third: Double, fourth: Double), minimum: Double, maximum: Double
  ) throws(PlauditError) {
    if count == 0 {
      self.init()
      return
    }
    guard count > 0, sums.second >= 0, sums.fourth >= 0, minimum <= maximum else {
      throw PlauditError(.invalidData, "these are no moments of \(count) numbers")
    }
    for number in [mean, rest, sums.second, sums.third, sums.fourth, minimum, maximum]
    where !number.isFinite {
      throw PlauditError(.notFinite, "moments must be finite, got \(number.plain)")
    }
    self.init(
      count: count, mean: mean, meanRest: rest, secondSum: sums.second, thirdSum: sums.third,
      fourthSum: sums.fourth, minimum: minimum, maximum: maximum)
  }

  /// Adds numbers; all or, with an error, none.
  ///
  /// - Throws: `notFinite` with the row for NaN and infinity.
  package mutating func add(_ values: UnsafeBufferPointer<Double>) throws(PlauditError) {
    for (row, value) in values.enumerated() where !value.isFinite {
      throw PlauditError(.notFinite, "row \(row) is \(value.plain)", index: Int64(row))
    }
    // In two passes a block at a time: the deviations are from the block's own mean.
    var start = 0
    while start < values.count {
      let end = min(start &+ 4096, values.count)
      merge(StreamingMoments(block: UnsafeBufferPointer(rebasing: values[start..<end])))
      start = end
    }
  }

  private init(block: UnsafeBufferPointer<Double>) {
    self.init()
    let n = Double(block.count)
    count = Int64(block.count)
    var sum = 0.0
    for value in block {
      sum += value / n
      minimum = min(minimum, value)
      maximum = max(maximum, value)
    }
    mean = sum
    for value in block {
      let deviation = value - mean
      let square = deviation * deviation
      meanRest += deviation / n
      secondSum += square
      thirdSum += square * deviation
      fourthSum += square * square
    }
    // From the rounded mean to the mean.
    let r = meanRest
    fourthSum += r * (r * (6 * secondSum - 3 * n * r * r) - 4 * thirdSum)
    thirdSum += r * (2 * n * r * r - 3 * secondSum)
    secondSum = max(0, secondSum - n * r * r)
    fourthSum = max(0, fourthSum)
  }

  /// Adds the numbers of another part.
  package mutating func merge(_ other: StreamingMoments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let (a, b) = (Double(count), Double(other.count))
    let n = a + b
    let delta = other.mean - mean + (other.meanRest - meanRest)
    let step = delta / n
    let square = delta * step * a * b
    fourthSum +=
      other.fourthSum + square * step * step * (a * a - a * b + b * b)
      + 6 * step * step * (a * a * other.secondSum + b * b * secondSum)
      + 4 * step * (a * other.thirdSum - b * thirdSum)
    thirdSum +=
      other.thirdSum + square * step * (a - b)
      + 3 * step * (a * other.secondSum - b * secondSum)
    secondSum += other.secondSum + square
    let moved = mean + step * b
    meanRest += step * b - (moved - mean)
    mean = moved
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    count = count &+ other.count
  }

  package var sum: Double { mean * Double(count) + meanRest * Double(count) }

  /// With `count - 1` in the denominator; NaN below two numbers.
  package var variance: Double { count > 1 ? secondSum / Double(count - 1) : .nan }

  /// Of the numbers as a whole population; NaN when they are all the same.
  package var skewness: Double {
    secondSum > 0 ? sqrt(Double(count)) * thirdSum / (secondSum * sqrt(secondSum)) : .nan
  }

  /// Excess kurtosis of the population, 0 for a normal one; NaN when all numbers are the same.
  package var kurtosis: Double {
    secondSum > 0 ? Double(count) * fourthSum / (secondSum * secondSum) - 3 : .nan
  }
}

/// Exponentially weighted averages of a series, the same length as the series.
///
/// Recursive: `s₀ = x₀`, `sₜ = α xₜ + (1 - α) sₜ₋₁`. Adjusted: the sum of `(1 - α)ᵏ xₜ₋ₖ` over the sum
/// of the weights, which does not favour the first number. NaN numbers keep the average as it was
/// and age the weights of those before; the average is NaN until the first number.
///
/// - Parameter alpha: above 0, up to 1.
/// - Throws: `outOfRange` for alpha; `notFinite` with the row for infinity; `invalidArgument` when
///   the buffers differ in length.
/// - Source: pandas `ewm(alpha=…, adjust=…).mean()`.
package func exponentialAverages(
  _ values: UnsafeBufferPointer<Double>, alpha: Double, adjusted: Bool,
  averages: UnsafeMutableBufferPointer<Double>
) throws(PlauditError) {
  guard alpha > 0, alpha <= 1 else {
    throw PlauditError(.outOfRange, "alpha must be above 0 and up to 1, got \(alpha.plain)")
  }
  guard values.count == averages.count else {
    throw PlauditError(
      .invalidArgument, "values (\(values.count)) and averages (\(averages.count)) differ in length"
    )
  }
  var average = Double.nan
  var weight = 1.0
  for row in 0..<values.count {
    let value = values[row]
    guard !value.isInfinite else {
      throw PlauditError(.notFinite, "row \(row) is \(value.plain)", index: Int64(row))
    }
    if average.isNaN {
      average = value
    } else {
      weight *= 1 - alpha
      if !value.isNaN {
        let fresh = adjusted ? 1 : alpha
        average = (weight * average + fresh * value) / (weight + fresh)
        weight = adjusted ? weight + fresh : 1
      }
    }
    averages[row] = average
  }
}
