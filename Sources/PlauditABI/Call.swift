import CPlaudit
import Glibc
import PlauditCore

/// An error as hosts hold it, its message a C string.
final class ErrorObject {
  let error: PlauditError
  let message: UnsafeMutablePointer<CChar>?

  init(_ error: PlauditError) {
    self.error = error
    message = strdup(error.message)
  }

  deinit { free(message) }
}

let errors = Handle<ErrorObject>(kind: .error, name: "plaudit_error", exclusive: false)

/// The last parameter of fallible functions.
public typealias ErrorSlot = UnsafeMutablePointer<OpaquePointer?>

/// The frame of every fallible function: frees an old error, runs `body`, maps what it throws.
///
/// Closures here throw untyped, since Swift infers typed throws only when each closure spells
/// them; whatever is no `PlauditError` would be a defect and says so.
func call(_ slot: ErrorSlot?, _ body: () throws -> Void) -> plaudit_status {
  errors.free(slot)
  do {
    try body()
    return plaudit_status(PLAUDIT_OK)
  } catch {
    let cause = error as? PlauditError ?? PlauditError(.internal, "unclassified: \(error)")
    if let slot { slot.pointee = try? errors.make(ErrorObject(cause)) }
    return cause.kind.rawValue
  }
}

// MARK: Arguments

func required<T>(
  _ pointer: UnsafePointer<T>?, _ parameter: StaticString
) throws(PlauditError) -> UnsafePointer<T> {
  guard let pointer else { throw PlauditError(.nullPointer, "\(parameter) is NULL") }
  return pointer
}

func required<T>(
  _ pointer: UnsafeMutablePointer<T>?, _ parameter: StaticString
) throws(PlauditError) -> UnsafeMutablePointer<T> {
  guard let pointer else { throw PlauditError(.nullPointer, "\(parameter) is NULL") }
  return pointer
}

/// A count from the host: not negative, and small enough that sizes made of it stay in range.
func counted(
  _ count: Int64, _ parameter: StaticString, field: StaticString? = nil
) throws(PlauditError) -> Int {
  guard count >= 0, count <= 1 << 40 else {
    let name = field.map { "\($0) of \(parameter)" } ?? "\(parameter)"
    throw PlauditError(.invalidArgument, "\(name) is \(count), allowed are 0 to 2^40")
  }
  return Int(count)
}

/// An array of `count` elements; NULL is fine when the count is 0.
func array<T>(
  _ pointer: UnsafePointer<T>?, _ count: Int, _ parameter: StaticString
) throws(PlauditError) -> UnsafeBufferPointer<T> {
  if count == 0 { return UnsafeBufferPointer(start: nil, count: 0) }
  return UnsafeBufferPointer(start: try required(pointer, parameter), count: count)
}

func array<T>(
  _ pointer: UnsafeMutablePointer<T>?, _ count: Int, _ parameter: StaticString
) throws(PlauditError) -> UnsafeMutableBufferPointer<T> {
  if count == 0 { return UnsafeMutableBufferPointer(start: nil, count: 0) }
  return UnsafeMutableBufferPointer(start: try required(pointer, parameter), count: count)
}

/// An output array the host may leave out.
func optionalArray<T>(
  _ pointer: UnsafeMutablePointer<T>?, _ count: Int
) -> UnsafeMutableBufferPointer<T>? {
  pointer.map { UnsafeMutableBufferPointer(start: $0, count: count) }
}

/// An output array of `needed` elements in a buffer of `capacity`.
func buffer<T>(
  _ pointer: UnsafeMutablePointer<T>?, capacity: Int64, needed: Int, _ parameter: StaticString
) throws(PlauditError) -> UnsafeMutableBufferPointer<T> {
  let room = try counted(capacity, parameter, field: "capacity")
  guard room >= needed else {
    throw PlauditError(
      .bufferTooSmall, "\(parameter) has room for \(room) elements, \(needed) are needed")
  }
  return try array(pointer, needed, parameter)
}

/// The bytes of a text argument; -1 as length means NUL-terminated.
func bytes(
  _ text: UnsafePointer<CChar>?, _ length: Int64, _ parameter: StaticString
) throws(PlauditError) -> UnsafeRawBufferPointer {
  guard length >= -1 else {
    throw PlauditError(
      .invalidArgument, "\(parameter) has length \(length); -1 means NUL-terminated")
  }
  if length == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
  let text = try required(text, parameter)
  let count = length < 0 ? strlen(text) : try counted(length, parameter)
  return UnsafeRawBufferPointer(start: text, count: count)
}

/// A path or name argument as a string; it must be UTF-8 without NUL.
func string(
  _ text: UnsafePointer<CChar>?, _ length: Int64, _ parameter: StaticString
) throws(PlauditError) -> String {
  let bytes = try bytes(text, length, parameter)
  guard !bytes.contains(0) else {
    throw PlauditError(.invalidArgument, "\(parameter) contains a NUL byte")
  }
  guard let string = String(validating: bytes, as: UTF8.self) else {
    throw PlauditError(.invalidUTF8, "\(parameter) is not valid UTF-8")
  }
  return string
}

func choice(
  _ value: Int32, _ parameter: StaticString, in range: ClosedRange<Int32>
) throws(PlauditError) {
  guard range.contains(value) else {
    throw PlauditError(
      .outOfRange,
      "\(parameter) is \(value), allowed are \(range.lowerBound) to \(range.upperBound)")
  }
}

/// One of numbered choices from 0 to `last`.
func choice<Choice: RawRepresentable>(
  _ value: Int32, _ parameter: StaticString, of type: Choice.Type, upTo last: Int32
) throws(PlauditError) -> Choice where Choice.RawValue == Int32 {
  try choice(value, parameter, in: 0...last)
  guard let made = Choice(rawValue: value) else {
    throw PlauditError(.internal, "\(parameter) \(value) has no meaning")
  }
  return made
}

func flag(_ value: Int32, _ parameter: StaticString) throws(PlauditError) -> Bool {
  try choice(value, parameter, in: 0...1)
  return value == 1
}

// MARK: Structs that grow

private let largestStruct: Int64 = 4096

private func sizeField(
  _ pointer: UnsafeRawPointer, smallest: Int, _ parameter: StaticString
) throws(PlauditError) -> Int {
  let size = pointer.loadUnaligned(as: Int64.self)
  guard size >= smallest, size <= largestStruct else {
    throw PlauditError(
      .invalidArgument,
      "\(parameter)->struct_size is \(size); set it to sizeof the struct, \(smallest)")
  }
  return Int(size)
}

/// A copy of an options struct: a shorter (older) one gets zeros for what it lacks, a longer
/// (newer) one must have zeros in what this library does not know. NULL is all zeros.
func options<T>(
  _ pointer: UnsafePointer<T>?, zero: T, _ parameter: StaticString
) throws(PlauditError) -> T {
  guard let pointer else { return zero }
  let known = MemoryLayout<T>.size
  let raw = UnsafeRawPointer(pointer)
  // Every struct of version 0.1 is at its first layout, so its size is also the smallest.
  let size = try sizeField(raw, smallest: known, parameter)
  for offset in known..<max(known, size) where raw.load(fromByteOffset: offset, as: UInt8.self) != 0
  {
    throw PlauditError(
      .unsupported,
      "\(parameter) sets a field at byte \(offset) that this version of Plaudit does not know")
  }
  var value = zero
  withUnsafeMutableBytes(of: &value) { bytes in
    bytes.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: known))
  }
  return value
}

/// Checks that the caller set the size of a struct it wants filled.
func output<T>(
  _ pointer: UnsafeMutablePointer<T>?, _ parameter: StaticString
) throws(PlauditError) -> UnsafeMutablePointer<T> {
  let pointer = try required(pointer, parameter)
  _ = try sizeField(UnsafeRawPointer(pointer), smallest: MemoryLayout<T>.size, parameter)
  return pointer
}
