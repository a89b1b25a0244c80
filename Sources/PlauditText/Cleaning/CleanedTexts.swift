import Glibc
package import PlauditCore

/// Texts that a recipe cleaned, side by side as columns.
///
/// Text `r` is `data[offsets[r]..<offsets[r + 1]]`. Byte `i` of the data came from bytes
/// `starts[i]..<ends[i]` of the caller's text of the same row. Immutable once made.
package final class CleanedTexts: Sendable {
  package let count: Int
  package let byteCount: Int
  nonisolated(unsafe) private let dataBlock: GrowingBuffer<UInt8>
  nonisolated(unsafe) private let offsetBlock: GrowingBuffer<Int64>
  nonisolated(unsafe) private let startBlock: GrowingBuffer<Int32>
  nonisolated(unsafe) private let endBlock: GrowingBuffer<Int32>

  package var data: UnsafePointer<UInt8> { UnsafePointer(dataBlock.base) }
  package var offsets: UnsafePointer<Int64> { UnsafePointer(offsetBlock.base) }
  package var starts: UnsafePointer<Int32> { UnsafePointer(startBlock.base) }
  package var ends: UnsafePointer<Int32> { UnsafePointer(endBlock.base) }

  /// Cleans every text of a batch; a null row is an empty text.
  ///
  /// - Throws: `.limit` with the row, `.outOfMemory`.
  package init(_ texts: TextBatch, _ recipe: CleaningRecipe) throws(PlauditError) {
    var data = GrowingBuffer<UInt8>()
    var offsets = GrowingBuffer<Int64>()
    var starts = GrowingBuffer<Int32>()
    var ends = GrowingBuffer<Int32>()
    let scratch = CleaningScratch()
    try offsets.append(0)
    for row in 0..<texts.count {
      let cleaned: CleanedText
      do {
        cleaned = try recipe.apply(texts.text(row), into: scratch)
      } catch {
        throw error.at(index: Int64(row))
      }
      let at = data.count
      let length = cleaned.bytes.count
      try data.reserve(at + length)
      try starts.reserve(at + length)
      try ends.reserve(at + length)
      if length > 0, let bytes = cleaned.bytes.baseAddress,
        let first = cleaned.starts.baseAddress, let last = cleaned.ends.baseAddress
      {
        memcpy(data.base + at, bytes, length)
        memcpy(starts.base + at, first, length * 4)
        memcpy(ends.base + at, last, length * 4)
      }
      data.count = at + length
      try offsets.append(Int64(data.count))
    }
    withExtendedLifetime(scratch) {}
    count = texts.count
    byteCount = data.count
    dataBlock = data
    offsetBlock = offsets
    startBlock = starts
    endBlock = ends
  }
}
