import PlauditCore
import PlauditTensor

/// Tokens of several texts side by side without padding, and whose they are.
package final class TokenPack {
  private let tokenCapacity: Int
  private let rowCapacity: Int
  package let ids: UnsafeMutablePointer<Int32>
  package let typeIds: UnsafeMutablePointer<Int32>
  private let starts: UnsafeMutablePointer<Int>
  private let memory: Bytes
  package private(set) var rowCount = 0
  package private(set) var tokenCount = 0

  init(tokens: Int, rows: Int) throws(PlauditError) {
    memory = try Bytes(count: (rows + 1) * 8 + tokens * 8)
    let base = memory.mutable.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 8)
    guard let base else { throw PlauditError(.internal, "a block without an address") }
    starts = base.bindMemory(to: Int.self, capacity: rows + 1)
    ids = (base + (rows + 1) * 8).bindMemory(to: Int32.self, capacity: tokens)
    typeIds = (base + (rows + 1) * 8 + tokens * 4).bindMemory(to: Int32.self, capacity: tokens)
    tokenCapacity = tokens
    rowCapacity = rows
    starts[0] = 0
  }

  func start(_ row: Int) -> Int { starts[row] }
  func length(_ row: Int) -> Int { starts[row + 1] - starts[row] }

  func hasRoom(for tokens: Int) -> Bool {
    rowCount < rowCapacity && tokenCount + tokens <= tokenCapacity
  }

  /// Adds a text; the caller has asked `hasRoom`.
  func add(ids new: UnsafeBufferPointer<Int32>, typeIds newTypes: UnsafeBufferPointer<Int32>) {
    guard hasRoom(for: new.count), new.count == newTypes.count else { return }
    if let first = new.baseAddress, let firstType = newTypes.baseAddress {
      (ids + tokenCount).update(from: first, count: new.count)
      (typeIds + tokenCount).update(from: firstType, count: new.count)
    }
    tokenCount += new.count
    rowCount += 1
    starts[rowCount] = tokenCount
  }

  func clear() {
    rowCount = 0
    tokenCount = 0
  }
}
