/// What went wrong, where, and what to do about it: the one error type behind the C boundary.
///
/// The message is one line that names the cause, the offending name or value, and the bound.
/// Everything under `Sources` throws this and nothing else.
package struct PlauditError: Error, Equatable, CustomStringConvertible {
  package let kind: Kind
  package let message: String
  /// The row or item that failed, -1 when there is none.
  package let index: Int64
  /// The byte offset in the text or file, -1 when there is none.
  package let offset: Int64

  /// The closed list of kinds; raw values are the `PLAUDIT_ERROR_…` numbers of plaudit.h.
  package enum Kind: Int32, CaseIterable, Sendable {
    // Caller mistakes
    case invalidArgument = 101
    case nullPointer = 102
    case invalidHandle = 103
    case invalidState = 104
    case outOfRange = 105
    case bufferTooSmall = 106
    case busy = 107
    // Input data
    case invalidData = 201
    case invalidUTF8 = 202
    case notFinite = 203
    case shape = 204
    case undefined = 205
    // Files and models
    case notFound = 301
    case inputOutput = 302
    case corrupt = 303
    case unsupported = 304
    // Resources
    case outOfMemory = 401
    case limit = 402
    // Control
    case cancelled = 501
    case timeout = 502
    // A defect of Plaudit itself
    case `internal` = 901
  }

  package init(_ kind: Kind, _ message: String, index: Int64 = -1, offset: Int64 = -1) {
    self.kind = kind
    self.message = message
    self.index = index
    self.offset = offset
  }

  /// The same error, said of row `index`.
  package func at(index: Int64) -> PlauditError {
    PlauditError(kind, message, index: index, offset: offset)
  }

  /// Whether a call ended because its caller wanted it to.
  package var isStop: Bool { kind == .cancelled || kind == .timeout }

  package var description: String { "\(kind): \(message)" }
}
