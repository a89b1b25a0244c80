public import CPlaudit
import Glibc
import PlauditCore
import PlauditTensor

// The first section of plaudit.h: version, build, errors, cancellation.

let cancels = Handle<Cancellation>(kind: .cancel, name: "plaudit_cancel", exclusive: false)

/// A C string that lives as long as the process.
private func staticString(_ text: String) -> UnsafePointer<CChar>? {
  strdup(text).map { UnsafePointer($0) }
}

nonisolated(unsafe) private let versionText = staticString(
  "\(PLAUDIT_VERSION_MAJOR).\(PLAUDIT_VERSION_MINOR).\(PLAUDIT_VERSION_PATCH)")
nonisolated(unsafe) private let buildInfo = staticString(buildInfoText())
nonisolated(unsafe) private let layout = staticString(structLayoutText())
nonisolated(unsafe) private let unknownStatus = staticString("UNKNOWN")
nonisolated(unsafe) private let emptyText = staticString("")
nonisolated(unsafe) private let deadError = staticString("this is not a live plaudit_error")

@implementation @_cdecl("plaudit_version")
public func plaudit_version() -> Int32 {
  PLAUDIT_VERSION_MAJOR * 10000 + PLAUDIT_VERSION_MINOR * 100 + PLAUDIT_VERSION_PATCH
}

@implementation @_cdecl("plaudit_version_string")
public func plaudit_version_string() -> UnsafePointer<CChar>? { versionText }

@implementation @_cdecl("plaudit_abi_version")
public func plaudit_abi_version() -> Int32 { PLAUDIT_ABI_VERSION }

@implementation @_cdecl("plaudit_build_info")
public func plaudit_build_info() -> UnsafePointer<CChar>? { buildInfo }

@implementation @_cdecl("plaudit_abi_describe")
public func plaudit_abi_describe() -> UnsafePointer<CChar>? { layout }

private func buildInfoText() -> String {
  #if swift(>=6.3)
    let compiler = "swift 6.3"
  #else
    let compiler = "swift"
  #endif
  #if DEBUG
    let configuration = "debug"
  #else
    let configuration = "release"
  #endif
  let version = "\(PLAUDIT_VERSION_MAJOR).\(PLAUDIT_VERSION_MINOR).\(PLAUDIT_VERSION_PATCH)"
  let features = cpuFeatures.map { "\"\($0)\"" }.joined(separator: ", ")
  return """
    {"version": "\(version)", "abi_version": \(PLAUDIT_ABI_VERSION), \
    "compiler": "\(compiler)", "configuration": "\(configuration)", \
    "cpu_features": [\(features)], "kernels": "\(rowKernelsName)", \
    "int8_kernels": "\(Precision.int8.kernelsName)", \
    "bf16_kernels": "\(Precision.bf16.kernelsName)", "precision": "fp32", \
    "fastest_precision": "\(Precision.fastest.name)", \
    "threads_available": \(WorkerPool.availableThreads)}
    """
}

// MARK: Statuses and errors

private struct StatusName {
  let status: plaudit_status
  let name: UnsafePointer<CChar>?
}

nonisolated(unsafe) private let statusNames: [StatusName] =
  [StatusName(status: plaudit_status(PLAUDIT_OK), name: staticString("OK"))]
  + PlauditError.Kind.allCases.map {
    StatusName(status: $0.rawValue, name: staticString($0.statusName))
  }

extension PlauditError.Kind {
  /// The name in plaudit.h, without `PLAUDIT_ERROR_`.
  fileprivate var statusName: String {
    switch self {
    case .invalidArgument: "INVALID_ARGUMENT"
    case .nullPointer: "NULL_POINTER"
    case .invalidHandle: "INVALID_HANDLE"
    case .invalidState: "INVALID_STATE"
    case .outOfRange: "OUT_OF_RANGE"
    case .bufferTooSmall: "BUFFER_TOO_SMALL"
    case .busy: "BUSY"
    case .invalidData: "INVALID_DATA"
    case .invalidUTF8: "INVALID_UTF8"
    case .notFinite: "NOT_FINITE"
    case .shape: "SHAPE"
    case .undefined: "UNDEFINED"
    case .notFound: "NOT_FOUND"
    case .inputOutput: "IO"
    case .corrupt: "CORRUPT"
    case .unsupported: "UNSUPPORTED"
    case .outOfMemory: "OUT_OF_MEMORY"
    case .limit: "LIMIT"
    case .cancelled: "CANCELLED"
    case .timeout: "TIMEOUT"
    case .internal: "INTERNAL"
    }
  }
}

@implementation @_cdecl("plaudit_status_name")
public func plaudit_status_name(_ status: plaudit_status) -> UnsafePointer<CChar>? {
  for entry in statusNames where entry.status == status { return entry.name }
  return unknownStatus
}

@implementation @_cdecl("plaudit_error_code")
public func plaudit_error_code(_ error: OpaquePointer?) -> plaudit_status {
  guard error != nil else { return plaudit_status(PLAUDIT_OK) }
  return (try? errors.use(error, "error") { $0.error.kind.rawValue })
    ?? plaudit_status(PLAUDIT_ERROR_INVALID_HANDLE)
}

@implementation @_cdecl("plaudit_error_message")
public func plaudit_error_message(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard error != nil else { return emptyText }
  return (try? errors.use(error, "error") { $0.message.map { UnsafePointer($0) } ?? emptyText })
    ?? deadError
}

@implementation @_cdecl("plaudit_error_index")
public func plaudit_error_index(_ error: OpaquePointer?) -> Int64 {
  (try? errors.use(error, "error") { $0.error.index }) ?? -1
}

@implementation @_cdecl("plaudit_error_offset")
public func plaudit_error_offset(_ error: OpaquePointer?) -> Int64 {
  (try? errors.use(error, "error") { $0.error.offset }) ?? -1
}

@implementation @_cdecl("plaudit_error_free")
public func plaudit_error_free(_ error: UnsafeMutablePointer<OpaquePointer?>?) {
  errors.free(error)
}

// MARK: Cancellation

@implementation @_cdecl("plaudit_cancel_create")
public func plaudit_cancel_create(
  _ out_cancel: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_cancel?.pointee = nil
  return call(error) {
    try required(out_cancel, "out_cancel").pointee = cancels.make(Cancellation())
  }
}

@implementation @_cdecl("plaudit_cancel_request")
public func plaudit_cancel_request(_ cancel: OpaquePointer?) -> plaudit_status {
  plainStatus { try cancels.use(cancel, "cancel") { $0.request() } }
}

@implementation @_cdecl("plaudit_cancel_reset")
public func plaudit_cancel_reset(_ cancel: OpaquePointer?) -> plaudit_status {
  plainStatus { try cancels.use(cancel, "cancel") { $0.reset() } }
}

@implementation @_cdecl("plaudit_cancel_free")
public func plaudit_cancel_free(_ cancel: UnsafeMutablePointer<OpaquePointer?>?) {
  cancels.free(cancel)
}

/// A call without an error slot; nothing is allocated unless the handle is bad.
private func plainStatus(_ body: () throws -> Void) -> plaudit_status {
  do {
    try body()
    return plaudit_status(PLAUDIT_OK)
  } catch {
    return (error as? PlauditError)?.kind.rawValue ?? plaudit_status(PLAUDIT_ERROR_INTERNAL)
  }
}
