package import PlauditCore

/// Gives every arm at least `floor` of the traffic: `p = floor + (1 − K floor) w`, uniform from
/// `K floor ≥ 1` on.
///
/// Mixing keeps the order of the weights and lowers them all alike; raising what is too low and
/// dividing by the sum, as is also done, would not.
///
/// - Parameter weights: not negative, with a sum above 0; they are divided by it.
/// - Throws: `notFinite`, `invalidData` with the arm; `undefined` without weight; `outOfRange` for
///   the floor.
package func withMinimumTraffic(
  _ weights: [Double], floor: Double
) throws(PlauditError) -> [Double] {
  guard floor >= 0, floor <= 1 else {
    throw PlauditError(.outOfRange, "floor is \(floor), allowed are 0 to 1")
  }
  var sum = 0.0
  for (arm, weight) in weights.enumerated() {
    guard weight.isFinite else {
      throw PlauditError(.notFinite, "the weight is not finite", index: Int64(arm))
    }
    guard weight >= 0 else {
      throw PlauditError(.invalidData, "the weight is negative", index: Int64(arm))
    }
    sum += weight
  }
  guard sum > 0, sum.isFinite else {
    throw PlauditError(.undefined, "the weights have no sum above 0")
  }
  let reserved = Double(weights.count) * floor
  if reserved >= 1 { return weights.map { _ in 1 / Double(weights.count) } }
  return weights.map { floor + (1 - reserved) * ($0 / sum) }
}
