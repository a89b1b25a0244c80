import Glibc
package import PlauditCore

/// Gathers rows of an experiment into the sufficient statistics of its arms, user by user.
///
/// A row adds its values to those of its user, so that several rows of one user (sessions, orders)
/// are one observation: what is random is the user, not the row. Numerators, denominators and
/// covariates are all values. States of several workers are merged, and a user that more than one
/// of them saw is one user still. Users seen in two arms are left out of all arms and counted.
package final class ExperimentRows {
  package let arms: Int
  package let values: Int
  /// Open addressing: a slot has a user, its arm or a mark, and its totals.
  private var users: UnsafeMutablePointer<Int64>
  private var armOf: UnsafeMutablePointer<Int32>
  private var totals: UnsafeMutablePointer<Double>
  private var capacity: Int
  package private(set) var userCount = 0
  /// Users in more than one arm.
  package private(set) var crossedUsers = 0

  private static let empty: Int32 = -1
  private static let crossed: Int32 = -2
  package static let maximumValues = 1024

  /// - Throws: `outOfRange` for the numbers of arms and values, `outOfMemory`.
  package init(arms: Int, values: Int) throws(PlauditError) {
    guard arms >= 1, arms <= LiftInput.maximumArms else {
      throw PlauditError(
        .outOfRange, "arms is \(arms), allowed are 1 to \(LiftInput.maximumArms)")
    }
    guard values >= 0, values <= Self.maximumValues else {
      throw PlauditError(
        .outOfRange, "values is \(values), allowed are 0 to \(Self.maximumValues)")
    }
    (self.arms, self.values) = (arms, values)
    capacity = 1024
    (users, armOf, totals) = try Self.room(capacity, values)
  }

  deinit {
    free(users)
    free(armOf)
    free(totals)
  }

  /// Adds rows: a user, its arm, and `values` numbers each, row-major.
  ///
  /// - Throws: `invalidData` with the row for an arm outside the experiment, `notFinite` with the
  ///   row, `outOfMemory`, `invalidArgument` for unequal lengths. Rows before the refused one count.
  package func add(
    users: UnsafeBufferPointer<Int64>, arms: UnsafeBufferPointer<Int32>,
    values: UnsafeBufferPointer<Double>
  ) throws(PlauditError) {
    let (cells, overflow) = users.count.multipliedReportingOverflow(by: self.values)
    guard arms.count == users.count, !overflow, values.count == cells else {
      throw PlauditError(
        .invalidArgument,
        "rows differ in number: users (\(users.count)), arms (\(arms.count)), values "
          + "(\(values.count), \(self.values) a row)")
    }
    for row in 0..<users.count {
      let arm = arms[row]
      guard arm >= 0, Int(arm) < self.arms else {
        throw PlauditError(
          .invalidData, "arm (\(arm)) is not one of 0..<\(self.arms)", index: Int64(row))
      }
      let first = row * self.values
      for index in 0..<self.values where !values[first + index].isFinite {
        throw PlauditError(
          .notFinite, "value \(index) is \(values[first + index].plain)", index: Int64(row))
      }
      let slot = try slot(of: users[row])
      join(slot, arm)
      let total = totals + slot * self.values
      for index in 0..<self.values { total[index] += values[first + index] }
    }
  }

  /// Adds the users of another state, which stays as it is.
  ///
  /// - Throws: `shape` for other numbers of arms or values, `outOfMemory`.
  package func merge(_ other: ExperimentRows) throws(PlauditError) {
    guard other.arms == arms, other.values == values else {
      throw PlauditError(
        .shape,
        "an experiment of \(arms) arms and \(values) values cannot take one of \(other.arms) and "
          + "\(other.values)")
    }
    guard other !== self else {
      throw PlauditError(.invalidArgument, "an experiment cannot be merged with itself")
    }
    for place in 0..<other.capacity where other.armOf[place] != Self.empty {
      let slot = try slot(of: other.users[place])
      join(slot, other.armOf[place])
      let (total, theirs) = (totals + slot * values, other.totals + place * values)
      for index in 0..<values { total[index] += theirs[index] }
    }
  }

  /// Sums over users: [arms] users, [arms, values] sums, and [arms, values (values + 1) / 2] products
  /// about the means, the upper triangle by rows.
  ///
  /// - Throws: `invalidArgument` for buffers of another length, `outOfMemory`.
  package func moments(
    users: UnsafeMutableBufferPointer<Double>, sums: UnsafeMutableBufferPointer<Double>,
    products: UnsafeMutableBufferPointer<Double>
  ) throws(PlauditError) {
    let pairs = values * (values + 1) / 2
    guard users.count == arms, sums.count == arms * values, products.count == arms * pairs else {
      throw PlauditError(.invalidArgument, "the buffers are not those of \(arms) arms")
    }
    for index in 0..<users.count { users[index] = 0 }
    for index in 0..<sums.count { sums[index] = 0 }
    for index in 0..<products.count { products[index] = 0 }
    // Slots are in no order that means anything, but in the same one for the same rows; sums are
    // compensated, so that even another order changes nothing but the last digit.
    var exact = Array(repeating: CompensatedSum(), count: sums.count)
    forEachUser { arm, total in
      users[arm] += 1
      for index in 0..<values { exact[arm * values + index].add(total[index]) }
    }
    for index in 0..<sums.count { sums[index] = exact[index].value }
    exact = Array(repeating: CompensatedSum(), count: products.count)
    forEachUser { arm, total in
      var place = arm * pairs
      for index in 0..<values {
        let distance = total[index] - sums[arm * values + index] / users[arm]
        for other in index..<values {
          exact[place].add(distance * (total[other] - sums[arm * values + other] / users[arm]))
          place += 1
        }
      }
    }
    for index in 0..<products.count { products[index] = exact[index].value }
  }

  // MARK: - Pieces

  private func forEachUser(_ body: (_ arm: Int, _ total: UnsafePointer<Double>) -> Void) {
    for place in 0..<capacity where armOf[place] >= 0 {
      body(Int(armOf[place]), totals + place * values)
    }
  }

  @inline(__always)
  private func join(_ slot: Int, _ arm: Int32) {
    let now = armOf[slot]
    if now == arm { return }
    if now == Self.empty {
      armOf[slot] = arm
      userCount += 1
      if arm == Self.crossed { crossedUsers += 1 }
    } else if now != Self.crossed {
      armOf[slot] = Self.crossed
      crossedUsers += 1
    }
  }

  /// The slot of a user, an empty one for a new user.
  @inline(__always)
  private func slot(of user: Int64) throws(PlauditError) -> Int {
    if userCount >= capacity - capacity / 4 { try grow() }
    return Self.find(user, users, armOf, capacity)
  }

  @inline(__always)
  private static func find(
    _ user: Int64, _ users: UnsafeMutablePointer<Int64>, _ armOf: UnsafeMutablePointer<Int32>,
    _ capacity: Int
  ) -> Int {
    // The finaliser of splitmix64: neighbours go far apart.
    var mixed = UInt64(bitPattern: user)
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    var place = Int(truncatingIfNeeded: (mixed ^ mixed >> 31) & UInt64(capacity - 1))
    while armOf[place] != empty, users[place] != user { place = (place + 1) & (capacity - 1) }
    users[place] = user
    return place
  }

  private func grow() throws(PlauditError) {
    let (wider, overflow) = capacity.multipliedReportingOverflow(by: 2)
    guard !overflow, wider <= 1 << 40 else {
      throw PlauditError(.outOfMemory, "\(userCount) users are more than memory holds")
    }
    let (newUsers, newArms, newTotals) = try Self.room(wider, values)
    for place in 0..<capacity where armOf[place] != Self.empty {
      let slot = Self.find(users[place], newUsers, newArms, wider)
      newArms[slot] = armOf[place]
      for index in 0..<values {
        newTotals[slot * values + index] = totals[place * values + index]
      }
    }
    free(users)
    free(armOf)
    free(totals)
    (users, armOf, totals, capacity) = (newUsers, newArms, newTotals, wider)
  }

  private static func room(
    _ capacity: Int, _ values: Int
  ) throws(PlauditError) -> (
    UnsafeMutablePointer<Int64>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Double>
  ) {
    let users = calloc(capacity, MemoryLayout<Int64>.stride)
    let arms = malloc(capacity * MemoryLayout<Int32>.stride)
    // At most 2^40 slots of 1024 values of 8 bytes: no overflow.
    let totals = calloc(max(1, capacity * values), MemoryLayout<Double>.stride)
    guard let users, let arms, let totals else {
      free(users)
      free(arms)
      free(totals)
      throw PlauditError(.outOfMemory, "no memory for \(capacity) users")
    }
    let marks = arms.bindMemory(to: Int32.self, capacity: capacity)
    marks.initialize(repeating: empty, count: capacity)
    return (
      users.bindMemory(to: Int64.self, capacity: capacity), marks,
      totals.bindMemory(to: Double.self, capacity: max(1, capacity * values))
    )
  }
}
