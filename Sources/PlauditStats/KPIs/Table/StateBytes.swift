import Glibc
import PlauditCore

/// Little-endian numbers, one after the other, with a checksum at the end.
struct StateWriter {
  let bytes = TableMemory<UInt8>()

  func put<T: FixedWidthInteger & BitwiseCopyable>(_ number: T) throws(PlauditError) {
    let size = MemoryLayout<T>.size
    try bytes.reserve(bytes.count &+ size)
    UnsafeMutableRawPointer(bytes.base + bytes.count).storeBytes(
      of: number.littleEndian, as: T.self)
    bytes.count &+= size
  }

  func put(_ number: Double) throws(PlauditError) { try put(number.bitPattern) }

  func put(_ text: UnsafeBufferPointer<UInt8>) throws(PlauditError) {
    try put(Int64(text.count))
    try bytes.reserve(bytes.count &+ text.count)
    if let base = text.baseAddress, !text.isEmpty {
      memcpy(bytes.base + bytes.count, base, text.count)
    }
    bytes.count &+= text.count
  }

  func put(_ text: String) throws(PlauditError) {
    let units = Array(text.utf8)
    try put(Int64(units.count))
    for unit in units { try put(unit) }
  }
}

/// Reads what ``StateWriter`` wrote; whatever does not fit is `corrupt`, with the byte.
struct StateReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var left: Int { bytes.count - at }

  func corrupt(_ what: String) -> PlauditError {
    PlauditError(.corrupt, "the state of a KPI table \(what)", offset: Int64(at))
  }

  mutating func take<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type
  ) throws(PlauditError) -> T {
    guard left >= MemoryLayout<T>.size, let base = bytes.baseAddress else {
      throw corrupt("is cut off")
    }
    let number = base.loadUnaligned(fromByteOffset: at, as: T.self)
    at += MemoryLayout<T>.size
    return T(littleEndian: number)
  }

  mutating func takeDouble() throws(PlauditError) -> Double {
    Double(bitPattern: try take(UInt64.self))
  }

  /// A number of things of at least `size` bytes each, so that it cannot be absurd.
  mutating func takeCount(of size: Int) throws(PlauditError) -> Int {
    let count = try take(Int64.self)
    guard count >= 0, count <= Int64(left / size) else { throw corrupt("has a wrong count") }
    return Int(count)
  }

  mutating func takeBytes() throws(PlauditError) -> UnsafeBufferPointer<UInt8> {
    let count = try takeCount(of: 1)
    let part = UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
    at += count
    return part.bindMemory(to: UInt8.self)
  }

  mutating func takeText() throws(PlauditError) -> String {
    guard let text = String(validating: try takeBytes(), as: UTF8.self) else {
      throw corrupt("has a name that is no text")
    }
    return text
  }
}

/// A checksum of 64 bits over eight bytes at a time; it finds accidents, not attackers.
func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(bytes.count)
  var at = 0
  while at &+ 8 <= bytes.count {
    let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    hash = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
    hash ^= hash >> 32
    at &+= 8
  }
  while at < bytes.count {
    hash = (hash ^ UInt64(bytes[at])) &* 0x9e37_79b9_7f4a_7c15
    hash ^= hash >> 32
    at &+= 1
  }
  return hash
}
