import CText

/// Scratches that wait for the next call, so that their caches stay warm.
///
/// A scratch is here or with one call, never both. A few are kept, the others dropped; no lock is
/// taken, so a forked child finds the pool whole.
final class ScratchPool: Sendable {
  static let slotCount = 16
  /// A scratch that one huge text has blown up is not kept.
  static let mostBytes = 8 << 20

  nonisolated(unsafe) private let slots: UnsafeMutablePointer<UnsafeMutableRawPointer?>

  init() {
    slots = .allocate(capacity: ScratchPool.slotCount)
    slots.initialize(repeating: nil, count: ScratchPool.slotCount)
  }

  deinit {
    for index in 0..<ScratchPool.slotCount {
      if let waiting = slots[index] {
        Unmanaged<TokenizerScratch>.fromOpaque(waiting).release()
      }
    }
    slots.deallocate()
  }

  func take() -> TokenizerScratch {
    for index in 0..<ScratchPool.slotCount {
      if let waiting = pt_take(slots + index) {
        return Unmanaged<TokenizerScratch>.fromOpaque(waiting).takeRetainedValue()
      }
    }
    return TokenizerScratch()
  }

  func give(_ scratch: TokenizerScratch) {
    guard scratch.bytes <= ScratchPool.mostBytes else { return }
    let waiting = Unmanaged.passRetained(scratch)
    for index in 0..<ScratchPool.slotCount {
      if pt_give(slots + index, waiting.toOpaque()) != 0 { return }
    }
    waiting.release()
  }
}
