import CPlaudit
import PlauditCore

/// One kind of handle with the Swift class behind it.
struct Handle<Object: AnyObject> {
  let kind: HandleTable.Kind
  /// The C type's name, for errors.
  let name: String
  /// Whether two threads may be inside calls with the same handle.
  let exclusive: Bool

  func make(_ object: Object) throws(PlauditError) -> OpaquePointer {
    let reference = Unmanaged<AnyObject>.passRetained(object)
    do {
      return try HandleTable.shared.insert(reference, kind: kind)
    } catch {
      reference.release()
      throw error
    }
  }

  func free(_ slot: UnsafeMutablePointer<OpaquePointer?>?) {
    guard let slot, let handle = slot.pointee else { return }
    slot.pointee = nil
    HandleTable.shared.free(handle, kind: kind)
  }

  /// Runs `body` with the object, which stays alive meanwhile even when the handle is freed.
  func use<Result>(
    _ handle: OpaquePointer?, _ parameter: StaticString,
    _ body: (Object) throws -> Result
  ) throws -> Result {
    guard let handle else { throw PlauditError(.invalidHandle, "\(parameter) is NULL") }
    let object: UnsafeMutableRawPointer
    do {
      object = try HandleTable.shared.enter(handle, kind: kind, exclusive: exclusive)
    } catch .busy {
      throw PlauditError(
        .busy, "\(parameter): this \(name) is in use by another call; it serves one at a time")
    } catch {
      throw PlauditError(.invalidHandle, "\(parameter) is not a live \(name)")
    }
    defer { HandleTable.shared.leave(handle) }
    return try body(Unmanaged<Object>.fromOpaque(object).takeUnretainedValue())
  }
}
