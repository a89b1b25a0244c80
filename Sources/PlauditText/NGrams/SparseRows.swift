package import PlauditCore

/// A matrix of which only the values that are not zero are kept, row by row.
package struct SparseRows: ~Copyable {
  /// Where each row starts, and at last where the last ends.
  private var starts = GrowingBuffer<Int>()
  private var columnBuffer = GrowingBuffer<UInt32>()
  private var valueBuffer = GrowingBuffer<Float>()
  /// One more than the largest column there may be.
  package var width: Int

  package init(width: Int) throws(PlauditError) {
    self.width = width
    try starts.append(0)
  }

  package var count: Int { starts.count - 1 }
  package var valueCount: Int { columnBuffer.count }
  package var offsets: UnsafePointer<Int> { UnsafePointer(starts.base) }
  package var columns: UnsafePointer<UInt32> { UnsafePointer(columnBuffer.base) }
  package var values: UnsafePointer<Float> { UnsafePointer(valueBuffer.base) }

  /// Appends one value to the row that is being written; `column` is below `width`.
  @inline(__always)
  package mutating func append(_ column: UInt32, _ value: Float) throws(PlauditError) {
    try columnBuffer.append(column)
    try valueBuffer.append(value)
  }

  /// Ends the row that is being written.
  package mutating func endRow() throws(PlauditError) { try starts.append(columnBuffer.count) }
}
