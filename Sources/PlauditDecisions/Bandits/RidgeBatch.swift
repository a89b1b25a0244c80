import CKernels
import PlauditCore

/// Many rows of one arm at once: their sums by a kernel, then one factorisation, which costs as much
/// as some `features / 2` rows one at a time.
final class RidgeBatch {
  private let features: Int
  private let stride: Int
  private let memory: Bytes
  private let sums: UnsafeMutablePointer<Double>?
  private let rows: UnsafeMutablePointer<Double>?
  private var waiting = 0

  private static let rowsAtOnce = 8

  /// - Throws: `outOfMemory`.
  init(features: Int) throws(PlauditError) {
    self.features = features
    stride = (features + 8) / 8 * 8
    let cells = (features + Self.rowsAtOnce) * stride
    memory = try Bytes(count: cells * 8)
    let numbers = memory.mutable.bindMemory(to: Double.self)
    numbers.initialize(repeating: 0)
    sums = numbers.baseAddress
    rows = numbers.baseAddress.map { [features, stride] in $0 + features * stride }
  }

  /// Whether so many rows of one arm are worth it.
  static func pays(_ count: Int, features: Int) -> Bool { count >= max(8, features / 2) }

  @inline(__always)
  func add(_ x: UnsafePointer<Double>, reward: Double) {
    guard let rows else { return }
    let row = rows + waiting * stride
    row.update(from: x, count: features)
    row[features] = reward
    waiting += 1
    if waiting == Self.rowsAtOnce { flush() }
  }

  /// Hands what was added to a model. `packed` and `room` are overwritten.
  func finish(
    _ factor: RidgeFactor, _ fresh: RidgeSums?, ridge: Double, packed: RidgeSums, room: RidgeSums
  ) {
    flush()
    guard let sums else { return }
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

  private func flush() {
    guard waiting > 0, let sums, let rows else { return }
    ridgeKernels.pointee.gram(sums, rows, Int64(waiting), Int64(features), Int64(stride))
    waiting = 0
  }
}
