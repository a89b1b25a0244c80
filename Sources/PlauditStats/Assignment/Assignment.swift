package import PlauditCore

/// User names in Arrow's string layout, borrowed for a call and proven by who made it: offsets rise
/// within the data.
package struct UserColumn {
  package let count: Int
  private let data: UnsafeRawBufferPointer
  private let offsets32: UnsafePointer<Int32>?
  private let offsets64: UnsafePointer<Int64>?
  private let validity: UnsafePointer<UInt8>?

  package init(
    count: Int, data: UnsafeRawBufferPointer, offsets32: UnsafePointer<Int32>?,
    offsets64: UnsafePointer<Int64>?, validity: UnsafePointer<UInt8>?
  ) {
    self.count = count
    self.data = data
    self.offsets32 = offsets32
    self.offsets64 = offsets64
    self.validity = validity
  }

  /// The bytes of a row below `count`; empty for null.
  @inline(__always)
  func name(_ row: Int) -> UnsafeRawBufferPointer {
    if let validity, validity[row >> 3] >> UInt8(truncatingIfNeeded: row & 7) & 1 == 0 {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    let (start, end) =
      if let offsets32 {
        (Int(offsets32[row]), Int(offsets32[row &+ 1]))
      } else if let offsets64 {
        (Int(offsets64[row]), Int(offsets64[row &+ 1]))
      } else {
        (0, 0)
      }
    return UnsafeRawBufferPointer(rebasing: data[start..<end])
  }
}

/// The hash of a seed and a user.
struct UserHash {
  private let version: HashVersion
  private let seed: [UInt8]
  /// The state after the seed, where it comes first.
  private let start: UInt32

  init(_ version: HashVersion, seed: [UInt8]) {
    self.version = version
    self.seed = seed
    start = seed.withUnsafeBytes { FNV1a.hash($0) }
  }

  @inline(__always)
  func bits(_ user: UnsafeRawBufferPointer) -> UInt32 {
    switch version {
    case .growthBook1: seed.withUnsafeBytes { FNV1a.hash($0, from: FNV1a.hash(user)) }
    case .growthBook2: FNV1a.hash(decimal: FNV1a.hash(user, from: start))
    case .fnv1a: FNV1a.hash(user, from: start)
    }
  }
}

/// Who is in an experiment and in which arm: a function of the seed and the user's name alone.
///
/// - Source: GrowthBook's SDK, commit 8f1db4456: `hash`, `inNamespace`, `chooseVariation`. Names are
///   hashed as UTF-8; its SDK for JavaScript agrees for ASCII.
package struct Experiment {
  private let hash: UserHash
  private let slots: UnsafeBufferPointer<Int32>
  private let admission: (hash: UserHash, slots: [Bool])?

  /// Experiments of one namespace whose ranges do not overlap share no user.
  package struct Namespace {
    let name: [UInt8]
    let lower: Double
    let upper: Double

    package init(name: [UInt8], lower: Double, upper: Double) {
      (self.name, self.lower, self.upper) = (name, lower, upper)
    }
  }

  /// - Parameter slots: the arm of each, -1 for none.
  /// - Throws: `unsupported` for a version without slots; `invalidArgument` for another number of
  ///   slots than its; `invalidData` with the slot for an arm below -1; `outOfRange` for the
  ///   namespace, whose range lies in 0...1.
  package init(
    seed: [UInt8], version: HashVersion, slots: UnsafeBufferPointer<Int32>, namespace: Namespace?
  ) throws(PlauditError) {
    guard let count = version.slots else {
      throw PlauditError(.unsupported, "hash version \(version.rawValue) has no slots")
    }
    guard slots.count == count else {
      throw PlauditError(
        .invalidArgument,
        "slots are \(slots.count), hash version \(version.rawValue) has \(count)")
    }
    for (slot, arm) in slots.enumerated() where arm < -1 {
      throw PlauditError(.invalidData, "slot has arm \(arm)", index: Int64(slot))
    }
    self.slots = slots
    hash = UserHash(version, seed: seed)
    guard let namespace else {
      admission = nil
      return
    }
    guard namespace.lower >= 0, namespace.upper <= 1, namespace.lower <= namespace.upper else {
      throw PlauditError(
        .outOfRange,
        "the namespace's range must lie in 0...1, got \(namespace.lower.plain) to "
          + namespace.upper.plain)
    }
    admission = (
      UserHash(.growthBook1, seed: [0x5F, 0x5F] + namespace.name),
      (0..<1000).map {
        let place = Double($0) / 1000
        return place >= namespace.lower && place < namespace.upper
      }
    )
  }

  /// The arm of each user, -1 for who is not in it: empty and null names, and who is outside of the
  /// coverage or the namespace.
  ///
  /// - Throws: `invalidArgument` when the columns differ in length; `cancelled`, `timeout`.
  package func assign(
    _ users: UserColumn, arms: UnsafeMutableBufferPointer<Int32>, threads: Int, control: RunControl
  ) throws(PlauditError) {
    try UserWork.run(users, into: arms, threads: threads, control: control) { name in
      guard !name.isEmpty else { return -1 }
      if let admission, !admission.slots[Int(admission.hash.bits(name) % 1000)] { return -1 }
      return slots[Int(hash.bits(name) % UInt32(truncatingIfNeeded: slots.count))]
    }
  }
}

/// Where each user falls in 0..<1, or plain bits; NaN for empty and null names.
///
/// - Throws: `invalidArgument` when the columns differ in length; `cancelled`, `timeout`.
package func userHashes(
  _ users: UserColumn, seed: [UInt8], version: HashVersion,
  hashes: UnsafeMutableBufferPointer<Double>, threads: Int, control: RunControl
) throws(PlauditError) {
  let hash = UserHash(version, seed: seed)
  let slots = version.slots.map { UInt32(truncatingIfNeeded: $0) }
  try UserWork.run(users, into: hashes, threads: threads, control: control) { name in
    if name.isEmpty, slots != nil { return .nan }
    let bits = hash.bits(name)
    return slots.map { Double(bits % $0) / Double($0) } ?? Double(bits)
  }
}

/// A number for each user, thousands of them a task.
private final class UserWork<Value>: ParallelWork {
  private let users: UserColumn
  private let values: UnsafeMutableBufferPointer<Value>
  private let control: RunControl
  private let value: (UnsafeRawBufferPointer) -> Value

  private static var usersPerTask: Int { 16384 }

  @inline(__always)
  static func run(
    _ users: UserColumn, into values: UnsafeMutableBufferPointer<Value>, threads: Int,
    control: RunControl, _ value: @escaping (UnsafeRawBufferPointer) -> Value
  ) throws(PlauditError) {
    guard values.count == users.count else {
      throw PlauditError(
        .invalidArgument,
        "columns differ in length: users (\(users.count)), results (\(values.count))")
    }
    try control.check()
    let work = UserWork(users, values, control, value)
    WorkerPool.run(
      tasks: (users.count + usersPerTask - 1) / usersPerTask, threads: threads, work)
    try control.check()
  }

  private init(
    _ users: UserColumn, _ values: UnsafeMutableBufferPointer<Value>, _ control: RunControl,
    _ value: @escaping (UnsafeRawBufferPointer) -> Value
  ) {
    (self.users, self.values, self.control, self.value) = (users, values, control, value)
  }

  func perform(task: Int, worker: Int) {
    if control.shallStop { return }
    let first = task * Self.usersPerTask
    for row in first..<min(first + Self.usersPerTask, users.count) {
      values[row] = value(users.name(row))
    }
  }

  func tick() {}
}
