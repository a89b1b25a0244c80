import CKernels
import PlauditCore

/// Many rows of some arms at once: their sums by a kernel, then one factorisation an arm, which costs
/// as much as some `features / 2` rows one at a time.
///
/// Pointers into memory of the caller's, so that a row costs no counting of references.
struct RidgeBatches {
  private let features: Int
  private let stride: Int
  /// Of each batch the sums `[features, stride]`, then the rows that wait for the kernel.
  private let cells: UnsafeMutablePointer<Double>
  private let cellsPerBatch: Int
  private let gram:
    @convention(c) (
      UnsafeMutablePointer<Double>, UnsafePointer<Double>, Int64, Int64, Int64
    ) -> Void
  /// Of each arm its batch, or −1, and how many rows wait there.
  private let arms: UnsafeMutablePointer<(batch: Int, waiting: Int)>

  private static let rowsAtOnce = 16

  /// What ``init(counts:features:in:)`` needs.
  ///
  /// - Parameter counts: the rows that each arm will have.
  /// - Throws: `outOfMemory`.
  static func memory(counts: [Int], features: Int) throws(PlauditError) -> Bytes {
    let batches = counts.count { pays($0, features: features) }
    let cells = batches * (features + rowsAtOnce) * stride(features)
    return try Bytes(count: cells * 8 + counts.count * 16 + 64)
  }

  private static func stride(_ features: Int) -> Int { (features + 8) / 8 * 8 }

  /// Nil when no arm has enough rows.
  init?(counts: [Int], features: Int, in memory: Bytes) {
    let batches = counts.count { Self.pays($0, features: features) }
    guard batches > 0, let start = memory.mutable.baseAddress?.alignedUp(toMultipleOf: 64)
    else { return nil }
    self.features = features
    stride = Self.stride(features)
    cellsPerBatch = (features + Self.rowsAtOnce) * stride
    cells = start.bindMemory(to: Double.self, capacity: batches * cellsPerBatch)
    cells.initialize(repeating: 0, count: batches * cellsPerBatch)
    arms = (start + batches * cellsPerBatch * 8)
      .bindMemory(to: (batch: Int, waiting: Int).self, capacity: counts.count)
    gram = ridgeKernels.pointee.gram
    var batch = 0
    for (arm, count) in counts.enumerated() {
      let pays = Self.pays(count, features: features)
      (arms + arm).initialize(to: (pays ? batch : -1, 0))
      if pays { batch += 1 }
    }
  }

  /// Whether so many rows of one arm are worth it.
  static func pays(_ count: Int, features: Int) -> Bool { count >= max(8, features / 2) }

  /// False for an arm without a batch.
  @inline(__always)
  func add(_ arm: Int, _ x: UnsafePointer<Double>, reward: Double) -> Bool {
    let (batch, waiting) = arms[arm]
    if batch < 0 { return false }
    let row = cells + batch * cellsPerBatch + (features + waiting) * stride
    // A call of memmove would cost as much as the copy.
    var k = 0
    while k + 8 <= features {
      UnsafeMutableRawPointer(row + k).storeBytes(
        of: UnsafeRawPointer(x + k).loadUnaligned(as: SIMD8<Double>.self), as: SIMD8<Double>.self)
      k += 8
    }
    while k < features {
      row[k] = x[k]
      k += 1
    }
    row[features] = reward
    arms[arm].waiting = waiting + 1
    if waiting + 1 == Self.rowsAtOnce { flush(arm) }
    return true
  }

  /// Hands what was added for an arm to its model. `packed` and `room` are overwritten.
  func finish(
    _ arm: Int, _ factor: RidgeFactor, _ fresh: RidgeSums?, ridge: Double, packed: RidgeSums,
    room: RidgeSums
  ) {
    guard arms[arm].batch >= 0 else { return }
    flush(arm)
    let sums = cells + arms[arm].batch * cellsPerBatch
    var place = 0
    for k in 0..<features {
      for i in k...features {
        packed.values[place] = sums[k * stride + i]
        place += 1
      }
    }
    factor.merge(packed, ridge: ridge, room: room)
    fresh?.add(packed)
  }

  private func flush(_ arm: Int) {
    let (batch, waiting) = arms[arm]
    guard waiting > 0 else { return }
    let sums = cells + batch * cellsPerBatch
    gram(sums, sums + features * stride, Int64(waiting), Int64(features), Int64(stride))
    arms[arm].waiting = 0
  }
}
