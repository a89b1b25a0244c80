package import PlauditCore

/// Texts in the Arrow string layout, borrowed from the caller for one call.
///
/// Row `r` is `data[offsets[r]..<offsets[r + 1]]`; a null row reads as an empty text. Everything
/// is proven in `init`, so that `text` needs no check: offsets start at or above 0, never fall,
/// end within `data`, and no text reaches 2^31 bytes. UTF-8 is checked when a text is encoded.
package struct TextBatch {
  package let count: Int
  package let data: UnsafeRawBufferPointer
  package let offsets32: UnsafePointer<Int32>?
  package let offsets64: UnsafePointer<Int64>?
  package let validity: UnsafePointer<UInt8>?

  package static let maximumTextBytes = Int(Int32.max)

  /// - Parameters:
  ///   - offsets32: `[count + 1]`; exactly one of the two kinds unless `count` is 0.
  ///   - validity: one bit a row, lowest first, 0 for null; nil when no row is null.
  /// - Throws: `.invalidArgument` for a negative count or not one kind of offsets,
  ///   `.invalidData` with the row for offsets that fall or leave `data`, `.limit` for a text of
  ///   2^31 bytes or more.
  package init(
    count: Int, data: UnsafeRawBufferPointer, offsets32: UnsafePointer<Int32>?,
    offsets64: UnsafePointer<Int64>?, validity: UnsafePointer<UInt8>?
  ) throws(PlauditError) {
    guard count >= 0, count < Int.max else {
      throw PlauditError(.invalidArgument, "the number of texts is \(count), it must be 0 or more")
    }
    guard count == 0 || (offsets32 == nil) != (offsets64 == nil) else {
      throw PlauditError(
        .invalidArgument, "texts need either 32-bit or 64-bit offsets, exactly one of them")
    }
    self.count = count
    self.data = data
    self.offsets32 = offsets32
    self.offsets64 = offsets64
    self.validity = validity
    guard count > 0 else { return }
    var start = offset(0)
    guard start >= 0 else {
      throw PlauditError(.invalidData, "text offsets start at \(start), below 0", index: 0)
    }
    for row in 0..<count {
      let end = offset(row + 1)
      guard end >= start else {
        throw PlauditError(
          .invalidData, "text offsets fall from \(start) to \(end)", index: Int64(row))
      }
      guard end <= data.count else {
        throw PlauditError(
          .invalidData, "a text ends at byte \(end) of \(data.count)", index: Int64(row))
      }
      guard end - start <= TextBatch.maximumTextBytes else {
        throw PlauditError(
          .limit, "a text has \(end - start) bytes, allowed are \(TextBatch.maximumTextBytes)",
          index: Int64(row))
      }
      start = end
    }
  }

  /// The bytes of all rows together, null ones included.
  var byteCount: Int { count > 0 ? offset(count) - offset(0) : 0 }

  /// The bytes of a row below `count`, valid as long as the caller's memory.
  package func text(_ row: Int) -> UnsafeRawBufferPointer {
    guard row >= 0, row < count, !isNull(row), let base = data.baseAddress else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    let start = offset(row)
    return UnsafeRawBufferPointer(start: base + start, count: offset(row + 1) - start)
  }

  package func isNull(_ row: Int) -> Bool {
    guard let validity, row >= 0, row < count else { return false }
    return validity[row >> 3] >> UInt8(truncatingIfNeeded: row & 7) & 1 == 0
  }

  @inline(__always)
  private func offset(_ index: Int) -> Int {
    if let offsets32 { return Int(offsets32[index]) }
    if let offsets64 { return Int(offsets64[index]) }
    return 0
  }
}
