import PlauditCore
package import PlauditTensor

/// Tokens of several texts side by side without padding, and whose they are.
package final class TokenPack {
  private let tokenCapacity: Int
  private let rowCapacity: Int
  package let ids: UnsafeMutablePointer<Int32>
  package let typeIds: UnsafeMutablePointer<Int32>
  /// 0, 1, 2 … within each text.
  package let positions: UnsafeMutablePointer<Int32>
  private let starts: UnsafeMutablePointer<Int>
  private let memory: Bytes
  package private(set) var rowCount = 0
  package private(set) var tokenCount = 0

  init(tokens: Int, rows: Int) throws(PlauditError) {
    memory = try Bytes(count: (rows + 1) * 8 + tokens * 12)
    let base = memory.mutable.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 8)
    guard let base else { throw PlauditError(.internal, "a block without an address") }
    starts = base.bindMemory(to: Int.self, capacity: rows + 1)
    ids = (base + (rows + 1) * 8).bindMemory(to: Int32.self, capacity: tokens)
    typeIds = (base + (rows + 1) * 8 + tokens * 4).bindMemory(to: Int32.self, capacity: tokens)
    positions = (base + (rows + 1) * 8 + tokens * 8).bindMemory(to: Int32.self, capacity: tokens)
    tokenCapacity = tokens
    rowCapacity = rows
    starts[0] = 0
  }

  /// Where the texts start among the tokens; valid until the pack changes.
  package var segments: Segments { Segments(starts: UnsafePointer(starts), count: rowCount) }

  func start(_ row: Int) -> Int { starts[row] }
  func length(_ row: Int) -> Int { starts[row + 1] - starts[row] }

  func hasRoom(for tokens: Int) -> Bool {
    rowCount < rowCapacity && tokenCount + tokens <= tokenCapacity
  }

  /// Adds a text; the caller has asked `hasRoom`.
  ///
  /// - Parameter newTypes: nil for zeros.
  func add(ids new: UnsafeBufferPointer<Int32>, typeIds newTypes: UnsafeBufferPointer<Int32>?) {
    guard hasRoom(for: new.count), newTypes.map({ $0.count == new.count }) ?? true else { return }
    if let first = new.baseAddress {
      (ids + tokenCount).update(from: first, count: new.count)
      if let firstType = newTypes?.baseAddress {
        (typeIds + tokenCount).update(from: firstType, count: new.count)
      } else {
        (typeIds + tokenCount).update(repeating: 0, count: new.count)
      }
    }
    for position in 0..<new.count {
      positions[tokenCount + position] = Int32(truncatingIfNeeded: position)
    }
    tokenCount += new.count
    rowCount += 1
    starts[rowCount] = tokenCount
  }

  /// Adds a text of one token.
  func add(single id: Int32) {
    withUnsafePointer(to: id) {
      add(ids: UnsafeBufferPointer(start: $0, count: 1), typeIds: nil)
    }
  }

  func clear() {
    rowCount = 0
    tokenCount = 0
  }
}
