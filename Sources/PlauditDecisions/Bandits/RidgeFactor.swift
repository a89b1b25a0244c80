import Glibc
import PlauditCore

/// A ridge regression that takes rows one at a time: the Cholesky factor `L` of `A = λI + Σ xx'`,
/// and below it the row `z' = (L⁻¹ Σ xr)'`, both brought up to date by the same rotations.
///
/// `x'θ = (L⁻¹x)·z` and `x'A⁻¹x = ‖L⁻¹x‖²`. `L⁻¹` is made anew for decisions, so that nothing can
/// drift away from `A`.
/// Columns lie one after another: `L_kk … L_{d−1,k}, z_k`.
///
/// - Source: Golub & Van Loan 2013, section 6.5.4 (rank-1 Cholesky update).
final class RidgeFactor {
  let features: Int
  let memory: Bytes
  let values: UnsafeMutableBufferPointer<Double>

  static func size(_ features: Int) -> Int { features * (features + 3) / 2 }

  /// `L⁻¹` and `z` as the kernel wants them, and whether they are those of the factor.
  private let inverseMemory: Bytes
  let inverse: UnsafeMutableBufferPointer<Double>
  private var inverseIsCurrent = false

  private static func inverseSize(_ features: Int) -> Int {
    var size = 0
    for first in stride(from: 0, to: features, by: 4) { size += 4 * (min(first + 4, features) + 1) }
    return size
  }

  /// - Throws: `outOfMemory`.
  init(features: Int, ridge: Double) throws(PlauditError) {
    self.features = features
    memory = try Bytes(count: RidgeFactor.size(features) * 8)
    values = memory.mutable.bindMemory(to: Double.self)
    values.initialize(repeating: 0)
    inverseMemory = try Bytes(count: RidgeFactor.inverseSize(features) * 8)
    inverse = inverseMemory.mutable.bindMemory(to: Double.self)
    let root = ridge.squareRoot()
    var column = 0
    for k in 0..<features {
      values[column] = root
      column += features + 1 - k
    }
  }

  init(copying other: RidgeFactor) throws(PlauditError) {
    features = other.features
    memory = try Bytes(count: other.memory.count)
    values = memory.mutable.bindMemory(to: Double.self)
    _ = values.initialize(from: other.values)
    inverseMemory = try Bytes(count: other.inverseMemory.count)
    inverse = inverseMemory.mutable.bindMemory(to: Double.self)
    _ = inverse.initialize(from: other.inverse)
    inverseIsCurrent = other.inverseIsCurrent
  }

  /// Brings ``inverse`` up to date: `M_ij = −(Σ_{j≤k<i} L_ik M_kj) / L_ii` below the diagonal.
  func invert() {
    if inverseIsCurrent { return }
    inverseIsCurrent = true
    inverse.initialize(repeating: 0)
    guard let factor = values.baseAddress else { return }
    var groups: [Int] = []
    var size = 0
    for first in stride(from: 0, to: features, by: 4) {
      groups.append(size)
      size += 4 * (min(first + 4, features) + 1)
    }
    func place(_ i: Int, _ j: Int) -> Int { groups[i >> 2] + 4 * j + i & 3 }
    // Column j of M by forward substitution, its right-hand side e_j; column k of L begins where
    // the ones before it end.
    var start = 0
    for j in 0..<features {
      var column = start
      inverse[place(j, j)] = 1 / factor[column]
      for k in j..<features {
        let known = inverse[place(k, j)]
        for i in k + 1..<max(features, k + 1) {
          inverse[place(i, j)] -= factor[column + i - k] * known
        }
        column += features + 1 - k
        if k + 1 < features { inverse[place(k + 1, j)] /= factor[column] }
      }
      let group = groups[j >> 2]
      inverse[group + 4 * min(j / 4 * 4 + 4, features) + j & 3] = factor[start + features - j]
      start += features + 1 - j
    }
  }

  /// One more row. `scratch` has room for `features + 1` numbers.
  func absorb(
    _ x: UnsafePointer<Double>, reward: Double, scratch: UnsafeMutablePointer<Double>
  ) {
    guard var column = values.baseAddress else { return }
    inverseIsCurrent = false
    scratch.update(from: x, count: features)
    scratch[features] = reward
    var rest = scratch
    var length = features + 1
    for _ in 0..<features {
      let head = rest[0]
      if head != 0 {
        let pivot = column[0]
        let radius = (pivot * pivot + head * head).squareRoot()
        let cosine = pivot / radius
        let sine = head / radius
        column[0] = radius
        for i in 1..<length {
          let (old, new) = (column[i], rest[i])
          column[i] = cosine * old + sine * new
          rest[i] = cosine * new - sine * old
        }
      }
      column += length
      rest += 1
      length -= 1
    }
  }

  /// `θ = L'⁻¹ z`.
  func coefficients() -> [Double] {
    var theta = [Double](repeating: 0, count: features)
    var starts: [Int] = []
    var column = 0
    for k in 0..<features {
      starts.append(column)
      column += features + 1 - k
    }
    var k = features - 1
    while k >= 0 {
      let start = starts[k]
      var sum = values[start + features - k]
      for i in k + 1..<max(features, k + 1) { sum -= values[start + i - k] * theta[i] }
      theta[k] = sum / values[start]
      k -= 1
    }
    return theta
  }

  /// Adds the sums of other rows to `A` and `Σ xr`, and factors again. `room` is overwritten.
  ///
  /// The squares of the diagonal are never below `λ`, which rounding may forget and is put right.
  func merge(_ sums: RidgeSums, ridge: Double, room: RidgeSums) {
    inverseIsCurrent = false
    let (d, target) = (features, room.values)
    _ = target.update(from: sums.values)
    // A += L L', b += L z, column by column.
    var column = 0
    for k in 0..<d {
      // Column k of L reaches into the columns k... of the sums.
      var other = column
      for j in k..<d {
        let factor = values[column + j - k]
        for i in j...d { target[other + i - j] += values[column + i - k] * factor }
        other += d + 1 - j
      }
      column += d + 1 - k
    }
    // Cholesky of A with b as one more row, in place, by columns.
    column = 0
    for k in 0..<d {
      let length = d + 1 - k
      let pivot = target[column]
      let root = (pivot > ridge && pivot.isFinite ? pivot : ridge).squareRoot()
      target[column] = root
      for i in 1..<length { target[column + i] /= root }
      var other = column + length
      for j in k + 1..<max(d, k + 1) {
        let factor = target[column + j - k]
        for i in j...d { target[other + i - j] -= target[column + i - k] * factor }
        other += d + 1 - j
      }
      column += length
    }
    _ = values.update(from: UnsafeBufferPointer(target))
  }

  /// Whether the numbers can be a factor's.
  var isSound: Bool {
    var column = 0
    for k in 0..<features {
      guard values[column] > 0 else { return false }
      column += features + 1 - k
    }
    return values.allSatisfy(\.isFinite)
  }
}

/// `Σ xx'` and `Σ xr` of some rows, in the layout of ``RidgeFactor``: what a worker sends.
final class RidgeSums {
  let features: Int
  let memory: Bytes
  let values: UnsafeMutableBufferPointer<Double>

  init(features: Int) throws(PlauditError) {
    self.features = features
    memory = try Bytes(count: RidgeFactor.size(features) * 8)
    values = memory.mutable.bindMemory(to: Double.self)
    values.initialize(repeating: 0)
  }

  func add(_ other: RidgeSums) {
    for index in 0..<values.count { values[index] += other.values[index] }
  }

  /// Whether the numbers can be sums of rows.
  var isSound: Bool {
    var column = 0
    for k in 0..<features {
      guard values[column] >= 0 else { return false }
      column += features + 1 - k
    }
    return values.allSatisfy(\.isFinite)
  }

  func absorb(_ x: UnsafePointer<Double>, reward: Double) {
    guard var column = values.baseAddress else { return }
    for k in 0..<features {
      let factor = x[k]
      let length = features - k
      for i in 0..<length { column[i] += factor * x[k + i] }
      column[length] += factor * reward
      column += length + 1
    }
  }

  func clear() { values.update(repeating: 0) }
}
