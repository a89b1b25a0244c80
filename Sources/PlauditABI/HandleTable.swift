import Glibc
import PlauditCore
import Synchronization

/// What hosts hold instead of pointers: a slot number, a kind and a generation in 64 bits.
///
/// A handle is never dereferenced. It is looked up, so a freed, foreign or garbage one is an error
/// and not a crash. A lookup is one compare-and-swap on the slot; the lock is taken only to make
/// and free slots. Slot memory is never given back, so a stale handle always finds a slot to be
/// compared with.
final class HandleTable {
  /// The objects hosts can hold.
  enum Kind: UInt8 {
    case error = 1
    case cancel = 2
    case tokenizer = 10
    case encoding = 11
    case cleaning = 12
    case model = 20
    case scorer = 21
    case trainer = 22
    case experiment = 30
    case bandit = 40
    case banditSnapshot = 41
    case kpiTable = 32
    case kpiResult = 33
  }

  enum Refusal: Error {
    case invalid
    case busy
  }

  /// `state` holds generation (32 bits), a freed mark (1) and the number of calls inside (31).
  private struct Slot: ~Copyable {
    let state = Atomic<UInt64>(0)
    var object: UnsafeMutableRawPointer?
    var kind: UInt8 = 0
    var nextFree: Int = -1
  }

  private static let chunkBits = 10
  private static let maximumChunks = 1 << 14
  private static let freedMark: UInt64 = 1 << 31
  private static let countMask: UInt64 = freedMark - 1

  private let chunks: UnsafeMutablePointer<Atomic<UInt>>
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private var slotCount = 0
  private var firstFree = -1

  nonisolated(unsafe) static let shared: HandleTable = {
    let table = HandleTable()
    pthread_atfork(
      { pthread_mutex_lock(HandleTable.shared.lock) },
      { pthread_mutex_unlock(HandleTable.shared.lock) },
      { pthread_mutex_unlock(HandleTable.shared.lock) })
    return table
  }()

  private init() {
    chunks = .allocate(capacity: HandleTable.maximumChunks)
    for index in 0..<HandleTable.maximumChunks { (chunks + index).initialize(to: Atomic(0)) }
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
  }

  // MARK: Making and freeing

  /// Takes over one reference to `object`.
  func insert(_ object: Unmanaged<AnyObject>, kind: Kind) throws(PlauditError) -> OpaquePointer {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    let index = try freeSlot()
    let slot = slot(index)
    let generation = slot.pointee.state.load(ordering: .relaxed) >> 32
    slot.pointee.object = object.toOpaque()
    slot.pointee.kind = kind.rawValue
    slot.pointee.state.store(generation << 32, ordering: .releasing)
    let bits = UInt(generation) << 32 | UInt(kind.rawValue) << 24 | UInt(index)
    guard let handle = OpaquePointer(bitPattern: bits) else {
      throw PlauditError(.internal, "a handle came out empty")
    }
    return handle
  }

  /// Marks the handle dead; its object goes when the last call inside it returns. Unknown handles
  /// are ignored.
  func free(_ handle: OpaquePointer, kind: Kind) {
    guard let (slot, generation) = find(handle, kind: kind) else { return }
    var seen = slot.pointee.state.load(ordering: .acquiring)
    while true {
      guard seen >> 32 == generation, seen & HandleTable.freedMark == 0 else { return }
      let (done, now) = slot.pointee.state.weakCompareExchange(
        expected: seen, desired: seen | HandleTable.freedMark, ordering: .acquiringAndReleasing)
      if done {
        if seen & HandleTable.countMask == 0 { retire(slot, index: index(of: handle)) }
        return
      }
      seen = now
    }
  }

  // MARK: Using

  /// Enters a call with the handle's object; `leave` must follow.
  func enter(
    _ handle: OpaquePointer, kind: Kind, exclusive: Bool
  ) throws(Refusal) -> UnsafeMutableRawPointer {
    guard let (slot, generation) = find(handle, kind: kind) else { throw .invalid }
    var seen = slot.pointee.state.load(ordering: .acquiring)
    while true {
      guard seen >> 32 == generation, seen & HandleTable.freedMark == 0 else { throw .invalid }
      let count = seen & HandleTable.countMask
      if count == HandleTable.countMask || (exclusive && count > 0) { throw .busy }
      let (done, now) = slot.pointee.state.weakCompareExchange(
        expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
      if done { break }
      seen = now
    }
    guard slot.pointee.kind == kind.rawValue, let object = slot.pointee.object else {
      leave(handle)
      throw .invalid
    }
    return object
  }

  func leave(_ handle: OpaquePointer) {
    let index = index(of: handle)
    let slot = slot(index)
    let (_, now) = slot.pointee.state.subtract(1, ordering: .acquiringAndReleasing)
    if now & HandleTable.freedMark != 0, now & HandleTable.countMask == 0 {
      retire(slot, index: index)
    }
  }

  // MARK: Slots

  private func index(of handle: OpaquePointer) -> Int { Int(UInt(bitPattern: handle) & 0xFF_FFFF) }

  private func slot(_ index: Int) -> UnsafeMutablePointer<Slot> {
    let chunk = chunks[index >> HandleTable.chunkBits].load(ordering: .acquiring)
    // Only called with an index whose chunk was found or made.
    let base = UnsafeMutablePointer<Slot>(bitPattern: chunk) ?? HandleTable.sink
    return base + index & (1 << HandleTable.chunkBits - 1)
  }

  /// A chunk that no handle names.
  nonisolated(unsafe) private static let sink = HandleTable.makeChunk()

  private static func makeChunk() -> UnsafeMutablePointer<Slot> {
    let chunk = UnsafeMutablePointer<Slot>.allocate(capacity: 1 << chunkBits)
    for offset in 0..<(1 << chunkBits) { (chunk + offset).initialize(to: Slot()) }
    return chunk
  }

  private func find(
    _ handle: OpaquePointer, kind: Kind
  ) -> (slot: UnsafeMutablePointer<Slot>, generation: UInt64)? {
    let bits = UInt(bitPattern: handle)
    guard UInt8(truncatingIfNeeded: bits >> 24) == kind.rawValue, bits >> 32 != 0 else {
      return nil
    }
    let index = index(of: handle)
    guard index >> HandleTable.chunkBits < HandleTable.maximumChunks,
      chunks[index >> HandleTable.chunkBits].load(ordering: .acquiring) != 0
    else { return nil }
    return (slot(index), UInt64(bits >> 32))
  }

  /// Called with the lock held.
  private func freeSlot() throws(PlauditError) -> Int {
    if firstFree >= 0 {
      let index = firstFree
      firstFree = slot(index).pointee.nextFree
      return index
    }
    let index = slotCount
    let chunk = index >> HandleTable.chunkBits
    guard chunk < HandleTable.maximumChunks else {
      throw PlauditError(.limit, "\(index) handles are alive; free some")
    }
    if chunks[chunk].load(ordering: .relaxed) == 0 {
      chunks[chunk].store(UInt(bitPattern: HandleTable.makeChunk()), ordering: .releasing)
    }
    slotCount += 1
    let fresh = slot(index)
    fresh.pointee.state.store(1 << 32 | HandleTable.freedMark, ordering: .relaxed)
    return index
  }

  private func retire(_ slot: UnsafeMutablePointer<Slot>, index: Int) {
    let object = slot.pointee.object
    slot.pointee.object = nil
    pthread_mutex_lock(lock)
    var generation = (slot.pointee.state.load(ordering: .relaxed) >> 32 + 1) & 0xFFFF_FFFF
    if generation == 0 { generation = 1 }
    slot.pointee.state.store(generation << 32 | HandleTable.freedMark, ordering: .releasing)
    slot.pointee.nextFree = firstFree
    firstFree = index
    pthread_mutex_unlock(lock)
    // Outside the lock: a model's last reference may free other handles' objects and much memory.
    if let object { Unmanaged<AnyObject>.fromOpaque(object).release() }
  }
}
