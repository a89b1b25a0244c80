import Glibc
import PlauditCore

/// Writes and reads the bytes of a bandit's state: little endian, framed by a magic, a version, a
/// kind, the length, and a checksum at the end (FNV-1a, 64 bits, over all before it).
enum StateFrame {
  enum Kind: UInt32 {
    case state = 1
    case delta = 2

    var name: String { self == .state ? "a whole state" : "a delta" }
  }

  static let magic: [UInt8] = Array("PLBANDIT".utf8)
  static let version: UInt32 = 1
  static let headerBytes = 24
  static let checksumBytes = 8

  /// - Source: Fowler, Noll & Vo, RFC 9923.
  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}

/// Writes framed bytes to memory, or only counts them where there is none.
struct StateWriter {
  private let target: UnsafeMutableRawPointer?
  private var offset = 0

  init(_ kind: StateFrame.Kind, into target: UnsafeMutableRawPointer?) {
    self.target = target
    for byte in StateFrame.magic { put(byte) }
    put(StateFrame.version)
    put(kind.rawValue)
    put(Int64(0))
  }

  mutating func put<Value: FixedWidthInteger>(_ value: Value) {
    target?.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    offset += MemoryLayout<Value>.size
  }

  mutating func put(_ value: Double) { put(value.bitPattern) }

  mutating func put(_ values: UnsafePointer<Double>, count: Int) {
    for index in 0..<count { put(values[index]) }
  }

  mutating func put(_ text: String) {
    put(Int64(text.utf8.count))
    for byte in text.utf8 { put(byte) }
  }

  /// Completes the frame; the number of bytes.
  mutating func finish() -> Int {
    let length = Int64(offset - StateFrame.headerBytes)
    target?.storeBytes(of: length.littleEndian, toByteOffset: 16, as: Int64.self)
    let written = UnsafeRawBufferPointer(start: target, count: target == nil ? 0 : offset)
    put(StateFrame.checksum(written))
    return offset
  }
}

struct StateReader {
  private let bytes: UnsafeRawBufferPointer
  private var offset = StateFrame.headerBytes
  private let end: Int

  /// - Throws: `corrupt` for what is no state, is cut off or damaged; `unsupported` for another
  ///   version; `invalidArgument` for another kind.
  init(_ bytes: UnsafeRawBufferPointer, kind: StateFrame.Kind) throws(PlauditError) {
    self.bytes = bytes
    guard bytes.count >= StateFrame.headerBytes,
      bytes.prefix(8).elementsEqual(StateFrame.magic)
    else {
      throw PlauditError(.corrupt, "these \(bytes.count) bytes are no bandit's state", offset: 0)
    }
    let version = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    guard version == StateFrame.version else {
      throw PlauditError(
        .unsupported,
        "the state has version \(version), this Plaudit reads version \(StateFrame.version)",
        offset: 8)
    }
    let length = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: Int64.self))
    let expected = StateFrame.headerBytes + StateFrame.checksumBytes
    guard length >= 0, bytes.count >= expected, length == Int64(bytes.count - expected) else {
      throw PlauditError(
        .corrupt, "the state says it has \(length) bytes, there are \(bytes.count - expected)",
        offset: 16)
    }
    end = bytes.count - StateFrame.checksumBytes
    let found = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt64.self))
    guard StateFrame.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<end])) == found else {
      throw PlauditError(.corrupt, "the state's checksum does not fit", offset: Int64(end))
    }
    let raw = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    guard let known = StateFrame.Kind(rawValue: raw) else { throw broken("kind") }
    guard known == kind else {
      throw PlauditError(.invalidArgument, "this is \(known.name), not \(kind.name)")
    }
  }

  func broken(_ what: StaticString) -> PlauditError {
    PlauditError(
      .corrupt, "the state's \(what) at byte \(offset) makes no sense", offset: Int64(offset))
  }

  private mutating func take(_ count: Int) throws(PlauditError) -> Int {
    guard count >= 0, count <= end - offset else { throw broken("length") }
    defer { offset += count }
    return offset
  }

  mutating func integer<Value: FixedWidthInteger>(
    _: Value.Type = Value.self
  ) throws(PlauditError) -> Value {
    let at = try take(MemoryLayout<Value>.size)
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: Value.self))
  }

  mutating func double() throws(PlauditError) -> Double {
    Double(bitPattern: try integer(UInt64.self))
  }

  /// A count whose items have at least `bytesEach` bytes.
  mutating func count(
    _ what: StaticString, limit: Int, bytesEach: Int = 1
  ) throws(PlauditError) -> Int {
    let count = try integer(Int64.self)
    guard count >= 0, count <= limit, count <= (end - offset) / max(bytesEach, 1) else {
      throw broken(what)
    }
    return Int(count)
  }

  mutating func flag() throws(PlauditError) -> Bool {
    let value = try integer(UInt8.self)
    guard value <= 1 else { throw broken("flag") }
    return value == 1
  }

  mutating func doubles(into values: UnsafeMutableBufferPointer<Double>) throws(PlauditError) {
    let at = try take(values.count * 8)
    for index in 0..<values.count {
      let bits = bytes.loadUnaligned(fromByteOffset: at + 8 * index, as: UInt64.self)
      values[index] = Double(bitPattern: UInt64(littleEndian: bits))
    }
  }

  mutating func string() throws(PlauditError) -> String {
    let count = try count("name", limit: Int.max)
    let at = try take(count)
    guard let text = String(validating: bytes[at..<at + count], as: UTF8.self) else {
      throw broken("name")
    }
    return text
  }

  func finish() throws(PlauditError) {
    guard offset == end else { throw broken("end") }
  }
}
