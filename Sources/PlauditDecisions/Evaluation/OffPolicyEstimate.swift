import Glibc
package import PlauditCore
package import PlauditStats

/// What a policy would have earned a decision, from decisions that another policy made and logged
/// with their propensities.
///
/// Rows are independent. `w = target probability of the logged arm / propensity`, cut to the cap
/// where there is one, which biases what it touches towards 0.
///
/// - Source: Horvitz & Thompson 1952 (IPS); Swaminathan & Joachims 2015 (SNIPS); Dudík, Langford &
///   Li 2011, arXiv:1103.4601 (DR); definitions as in the Open Bandit Pipeline.
package struct OffPolicyEstimate: Sendable {
  package struct Value: Sendable {
    package let value: Double
    /// NaN with a single row.
    package let standardError: Double
    /// Normal, not cut to the range of rewards.
    package let interval: Interval
  }

  package struct Options: Sendable {
    package var confidence = 0.95
    /// Weights above it count as it; infinite for none.
    package var weightCap = Double.infinity

    package init() {}
  }

  /// `mean(w r)`.
  package let inversePropensity: Value
  /// `Σ w r / Σ w`, the error by linearisation; NaN when no row has weight.
  package let selfNormalised: Value
  /// `mean(Σ_a π q)`, the error that of the contexts alone; NaN without predictions.
  package let directMethod: Value
  /// `mean(Σ_a π q + w (r − q))`; NaN without predictions.
  package let doublyRobust: Value
  /// What the logged policy earned.
  package let logged: Value
  /// `(Σ w)² / Σ w²`: as many rows of equal weight would say as much.
  package let effectiveSampleSize: Double
  package let meanWeight: Double
  /// Before the cap.
  package let maximumWeight: Double
  package let cappedRows: Int

  /// - Parameters:
  ///   - propensities: with which the logged arm was chosen, above 0 and at most 1.
  ///   - target: `[rows, arms]`, the probabilities of the policy that is judged.
  ///   - predicted: `[rows, arms]`, a model's expected rewards.
  /// - Throws: `undefined` without rows; `shape` for columns of other lengths; `invalidData` and
  ///   `notFinite` with the row; `outOfRange` for the options.
  package init(
    actions: UnsafeBufferPointer<Int32>, rewards: UnsafeBufferPointer<Double>,
    propensities: UnsafeBufferPointer<Double>, target: UnsafeBufferPointer<Double>,
    predicted: UnsafeBufferPointer<Double>?, arms: Int, options: Options = Options()
  ) throws(PlauditError) {
    let rows = actions.count
    let z = try Normal.criticalValue(confidence: options.confidence)
    guard options.weightCap > 0 else {
      throw PlauditError(
        .outOfRange, "weight_cap is \(options.weightCap), allowed are numbers above 0")
    }
    guard rows > 0 else { throw PlauditError(.undefined, "there are no logged decisions") }
    let (cells, overflow) = rows.multipliedReportingOverflow(by: arms)
    guard arms > 0, !overflow, rewards.count == rows, propensities.count == rows,
      target.count == cells, (predicted?.count ?? cells) == cells
    else {
      throw PlauditError(
        .shape,
        "\(rows) logged decisions among \(arms) arms do not fit \(rewards.count) rewards, "
          + "\(propensities.count) propensities, \(target.count) target probabilities")
    }
    let log = Log(
      actions: actions, rewards: rewards, propensities: propensities, target: target,
      predicted: predicted, arms: arms, cap: options.weightCap)
    for row in 0..<rows { try log.check(row) }

    func estimate(_ term: (Int) -> Double, around centre: Double? = nil) -> Value {
      let (mean, error) = OffPolicyEstimate.moments(rows, term)
      let value = centre ?? mean
      return Value(
        value: value, standardError: error,
        interval: Interval(lower: value - z * error, upper: value + z * error))
    }
    inversePropensity = estimate { log.weight($0) * rewards[$0] }
    logged = estimate { rewards[$0] }
    var (sum, squares, highest, capped) = (0.0, 0.0, 0.0, 0)
    for row in 0..<rows {
      let full = log.fullWeight(row)
      let weight = log.weight(row)
      sum += weight
      squares += weight * weight
      highest = max(highest, full)
      if full > weight { capped += 1 }
    }
    meanWeight = sum / Double(rows)
    effectiveSampleSize = squares > 0 ? sum * sum / squares : 0
    maximumWeight = highest
    cappedRows = capped
    let nothing = Value(
      value: .nan, standardError: .nan, interval: Interval(lower: .nan, upper: .nan))
    if sum > 0 {
      let scale = meanWeight
      let (weighted, _) = OffPolicyEstimate.moments(rows) { log.weight($0) * rewards[$0] }
      let ratio = weighted / scale
      selfNormalised = estimate(
        { log.weight($0) * (rewards[$0] - ratio) / scale }, around: ratio)
    } else {
      selfNormalised = nothing
    }
    if predicted == nil {
      (directMethod, doublyRobust) = (nothing, nothing)
    } else {
      directMethod = estimate { log.expected($0) }
      doublyRobust = estimate { row in
        log.expected(row) + log.weight(row) * (rewards[row] - log.prediction(row))
      }
    }
  }

  /// Mean and its standard error, the mean corrected by what its own rounding left.
  private static func moments(
    _ rows: Int, _ term: (Int) -> Double
  ) -> (mean: Double, error: Double) {
    let count = Double(rows)
    var sum = 0.0
    for row in 0..<rows { sum += term(row) }
    let rough = sum / count
    var (rest, squares) = (0.0, 0.0)
    for row in 0..<rows {
      let gap = term(row) - rough
      rest += gap
      squares += gap * gap
    }
    let variance = rows < 2 ? .nan : max(0, squares - rest * rest / count) / (count - 1)
    return (rough + rest / count, (variance / count).squareRoot())
  }

  private struct Log {
    let actions: UnsafeBufferPointer<Int32>
    let rewards: UnsafeBufferPointer<Double>
    let propensities: UnsafeBufferPointer<Double>
    let target: UnsafeBufferPointer<Double>
    let predicted: UnsafeBufferPointer<Double>?
    let arms: Int
    let cap: Double

    func fullWeight(_ row: Int) -> Double {
      target[row * arms + Int(actions[row])] / propensities[row]
    }
    func weight(_ row: Int) -> Double { min(fullWeight(row), cap) }
    func prediction(_ row: Int) -> Double { predicted?[row * arms + Int(actions[row])] ?? .nan }
    func expected(_ row: Int) -> Double {
      guard let predicted else { return .nan }
      var sum = 0.0
      for arm in row * arms..<(row + 1) * arms { sum += target[arm] * predicted[arm] }
      return sum
    }

    func check(_ row: Int) throws(PlauditError) {
      func fail(_ kind: PlauditError.Kind, _ message: String) -> PlauditError {
        PlauditError(kind, message, index: Int64(row))
      }
      let action = actions[row]
      guard action >= 0, Int(action) < arms else {
        throw fail(.invalidData, "arm \(action) is not one of the \(arms)")
      }
      guard rewards[row].magnitude <= 1e100 else {
        throw fail(
          rewards[row].isFinite ? .outOfRange : .notFinite,
          "the reward is \(rewards[row]), allowed are numbers up to 1e100")
      }
      let propensity = propensities[row]
      guard propensity >= 1e-100, propensity <= 1 else {
        throw fail(
          propensity.isNaN ? .notFinite : .invalidData,
          "the propensity is \(propensity), allowed are 1e-100 to 1")
      }
      var sum = 0.0
      for cell in row * arms..<(row + 1) * arms {
        guard target[cell] >= 0, target[cell] <= 1 + 1e-9 else {
          throw fail(
            target[cell].isNaN ? .notFinite : .invalidData,
            "a target probability is \(target[cell])")
        }
        sum += target[cell]
        if let predicted, !(predicted[cell].magnitude <= 1e100) {
          throw fail(.notFinite, "a predicted reward is \(predicted[cell])")
        }
      }
      guard (sum - 1).magnitude <= 1e-6 else {
        throw fail(.invalidData, "the target probabilities add up to \(sum)")
      }
    }
  }
}
