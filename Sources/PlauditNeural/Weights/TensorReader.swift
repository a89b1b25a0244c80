import PlauditCore
import PlauditTensor

/// A tensor of a weight file, read as floats: all of it or some rows at a time, by any thread.
struct TensorReader {
  let file: SafetensorsFile
  let name: String
  private let entry: SafetensorsFile.Entry
  /// nil for bytes with a scale a row.
  private let type: ElementType?
  private let scales: FloatBuffer?

  /// Bytes that are read at a time, so that they are in the cache when they are looked at.
  static let chunkBytes = 1 << 18

  /// - Throws: `.unsupported` for other element types, naming the tensor.
  init(
    _ file: SafetensorsFile, _ name: String, _ entry: SafetensorsFile.Entry
  ) throws(PlauditError) {
    guard let type = ElementType(rawValue: entry.type) else {
      throw PlauditError(
        .unsupported,
        "\(file.name): tensor \(name) is \(entry.type); F32, F16 and BF16 are supported")
    }
    self.file = file
    self.name = name
    self.entry = entry
    self.type = type
    scales = nil
  }

  /// A matrix of bytes.
  ///
  /// - Parameter scales: one a row.
  init(
    _ file: SafetensorsFile, _ name: String, _ entry: SafetensorsFile.Entry, scales: FloatBuffer
  ) {
    self.file = file
    self.name = name
    self.entry = entry
    type = nil
    self.scales = scales
  }

  /// Rows along the first dimension, and the numbers of each.
  var rows: Int { entry.shape.first ?? 1 }
  var width: Int { entry.shape.dropFirst().reduce(1, *) }

  /// The bytes of `stored` that `read` needs at least.
  var storedBytes: Int { type == .float32 ? 0 : max(TensorReader.chunkBytes, 2 * width) }

  /// Reads some rows into `floats`.
  ///
  /// - Parameter stored: scratch of `storedBytes`.
  /// - Returns: how many of them are NaN or infinite.
  func read(
    _ range: Range<Int>, into floats: UnsafeMutablePointer<Float>,
    _ stored: UnsafeMutableRawBufferPointer
  ) throws(PlauditError) -> Int {
    let width = self.width
    let size = type?.byteCount ?? 1
    let (first, end) = (range.lowerBound * width * size, range.upperBound * width * size)
    // Whole rows of bytes, for their scales.
    let most =
      type == nil
      ? max(TensorReader.chunkBytes / max(width, 1), 1) * width : TensorReader.chunkBytes
    var bad = 0
    var done = first
    while done < end {
      let count = min(most, end - done)
      let target = floats + (done - first) / size
      if type == .float32 {
        try file.readBytes(
          entry, into: UnsafeMutableRawBufferPointer(start: target, count: count), from: done)
      } else {
        let part = UnsafeMutableRawBufferPointer(rebasing: stored[..<count])
        try file.readBytes(entry, into: part, from: done)
        widen(UnsafeRawBufferPointer(part), firstRow: done / max(width, 1), to: target)
      }
      bad += nonFiniteCount(target, count: count / size)
      done += count
    }
    return bad
  }

  private func widen(
    _ stored: UnsafeRawBufferPointer, firstRow: Int, to floats: UnsafeMutablePointer<Float>
  ) {
    if let type { return type.widen(stored, to: floats) }
    guard let scales, let bytes = stored.baseAddress?.assumingMemoryBound(to: Int8.self) else {
      return
    }
    let width = self.width
    for row in 0..<stored.count / max(width, 1) {
      RowQuantization.widen(
        bytes + row * width, count: width, scale: scales.pointer[firstRow + row],
        to: floats + row * width)
    }
  }

  /// Reads the whole tensor, which must be finite.
  func read(into floats: UnsafeMutablePointer<Float>) throws(PlauditError) {
    let stored = try Bytes(count: storedBytes)
    defer { withExtendedLifetime(stored) {} }
    try check(bad: read(0..<rows, into: floats, stored.mutable))
  }

  /// - Throws: `.notFinite` naming the tensor, unless `bad` is 0.
  func check(bad: Int) throws(PlauditError) {
    guard bad > 0 else { return }
    throw PlauditError(
      .notFinite,
      type == nil
        ? "\(file.name): tensor \(name) times its scales holds \(bad) values that are infinite"
        : "\(file.name): tensor \(name) holds \(bad) values that are NaN or infinite")
  }
}

/// Tensors of one shape, the rows of which lie one after another.
struct TensorStack {
  let tensors: [TensorReader]
  let width: Int
  /// Of all tensors.
  let rows: Int

  /// - Parameter tensors: at least one.
  init(_ tensors: [TensorReader]) throws(PlauditError) {
    guard let first = tensors.first else {
      throw PlauditError(.internal, "a parameter without a name")
    }
    self.tensors = tensors
    width = first.width
    rows = first.rows * tensors.count
  }

  var storedBytes: Int { tensors.reduce(0) { max($0, $1.storedBytes) } }

  /// Reads some rows into `floats`; `bad` is told of each tensor that has numbers which are not
  /// finite among them, and how many.
  func read(
    _ range: Range<Int>, into floats: UnsafeMutablePointer<Float>,
    _ stored: UnsafeMutableRawBufferPointer, bad: (_ tensor: Int, _ count: Int) -> Void
  ) throws(PlauditError) {
    for (index, tensor) in tensors.enumerated() {
      let start = index * tensor.rows
      let part = range.clamped(to: start..<start + tensor.rows)
      guard !part.isEmpty else { continue }
      let count = try tensor.read(
        part.lowerBound - start..<part.upperBound - start,
        into: floats + (part.lowerBound - range.lowerBound) * width, stored)
      if count > 0 { bad(index, count) }
    }
  }
}
