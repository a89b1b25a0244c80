package import PlauditCore

/// A safetensors file: the header is checked whole at opening, tensors are read one by one
/// straight to where they belong.
///
/// Accepts what the reference implementation accepts, less duplicate keys, ranks above 8 and
/// shapes whose product overflows even when a zero hides it.
///
/// - Source: huggingface/safetensors, README "Format" and the checks of its deserializer.
package final class SafetensorsFile {
  /// Where one tensor lies.
  struct Entry {
    let type: String
    let shape: [Int]
    /// First byte, from the start of the file.
    let start: Int
    let byteCount: Int
  }

  package let name: String
  /// The entries of `__metadata__`.
  package let metadata: [String: String]
  private let file: File
  private let entries: [String: Entry]

  private static let maximumHeaderBytes = 100_000_000
  private static let maximumRank = 8
  /// Bits of an element, for the sizes of tensors that Plaudit does not read.
  private static let elementBits: [String: Int] = [
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16,
    "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64,
    "C64": 64,
  ]

  /// - Parameter name: the file's name as errors show it.
  package init(opening path: String, name: String) throws(PlauditError) {
    file = try File(opening: path)
    self.name = name
    guard file.size >= 8 else {
      throw PlauditError(
        .corrupt, "\(name) has \(file.size) bytes, too few for a header length", offset: 0)
    }
    let prefix = try Bytes(count: 8)
    try file.read(into: prefix.mutable, at: 0)
    let stated = UInt64(littleEndian: prefix.readable.loadUnaligned(as: UInt64.self))
    guard stated <= UInt64(file.size - 8), stated <= UInt64(SafetensorsFile.maximumHeaderBytes)
    else {
      throw PlauditError(
        .corrupt,
        "\(name) states a header of \(stated) bytes, the file has \(file.size - 8) after the length",
        offset: 0)
    }
    let header = try Bytes(count: Int(stated))
    try file.read(into: header.mutable, at: 8)
    guard header.readable.first == UInt8(ascii: "{") else {
      throw PlauditError(.corrupt, "\(name): the header does not start with {", offset: 8)
    }
    let json = try JSONValue.parse(header.readable, file: name)
    var metadata: [String: String] = [:]
    if let given = json["__metadata__"] {
      for key in try given.keys() { metadata[key] = try given.required(key).string() }
    }
    self.metadata = metadata
    entries = try SafetensorsFile.entries(
      json, name: name, dataStart: 8 + Int(stated), fileSize: file.size)
  }

  var tensorNames: [String] { Array(entries.keys) }

  /// The bytes of all tensors as floats, as far as they can be told.
  var floatBytes: Int {
    entries.values.reduce(0) { sum, entry in
      let bits = SafetensorsFile.elementBits[entry.type] ?? 32
      return sum &+ entry.byteCount / max(bits / 8, 1) &* 4
    }
  }

  func entry(_ tensor: String) -> Entry? { entries[tensor] }

  /// Reads a tensor as floats into `floats`, which has room for its shape's product.
  ///
  /// - Throws: `.unsupported` for other element types, `.notFinite` for NaN or infinity, both
  ///   naming the tensor.
  func read(
    _ tensor: String, _ entry: Entry, into floats: UnsafeMutablePointer<Float>
  ) throws(PlauditError) {
    try TensorReader(self, tensor, entry).read(into: floats)
  }

  /// Reads bytes of a tensor as they are stored, from its byte `offset` on.
  func readBytes(
    _ entry: Entry, into bytes: UnsafeMutableRawBufferPointer, from offset: Int = 0
  ) throws(PlauditError) {
    try file.read(into: bytes, at: entry.start + offset)
  }

  // MARK: Header

  private static func entries(
    _ json: JSONValue, name: String, dataStart: Int, fileSize: Int
  ) throws(PlauditError) -> [String: Entry] {
    var entries: [String: Entry] = [:]
    for key in try json.keys() {
      guard let value = json[key] else {
        throw PlauditError(.corrupt, "\(name): \(key) is null")
      }
      if key == "__metadata__" {
        for field in try value.keys() { _ = try value.required(field).string() }
      } else {
        entries[key] = try entry(key, value, name: name, dataStart: dataStart)
      }
    }
    try checkTiling(entries, name: name, dataStart: dataStart, fileSize: fileSize)
    return entries
  }

  private static func entry(
    _ tensor: String, _ value: JSONValue, name: String, dataStart: Int
  ) throws(PlauditError) -> Entry {
    func corrupt(_ text: String) -> PlauditError {
      PlauditError(.corrupt, "\(name): tensor \(tensor) \(text)")
    }
    guard value.isObject else { throw corrupt("is \(value.kindName), not an object") }
    let type = try value.required("dtype").string()
    guard let bits = elementBits[type] else {
      throw PlauditError(.unsupported, "\(name): tensor \(tensor) has unknown dtype \(type)")
    }
    let dimensions = try value.required("shape").elements()
    guard dimensions.count <= maximumRank else {
      throw corrupt("has rank \(dimensions.count), at most \(maximumRank) is allowed")
    }
    var shape: [Int] = []
    var elements = 1
    var hasZero = false
    for dimension in dimensions {
      let size = try dimension.integer()
      guard size >= 0 else { throw corrupt("has a negative dimension \(size)") }
      shape.append(size)
      if size == 0 {
        hasZero = true
        continue
      }
      let (product, overflow) = elements.multipliedReportingOverflow(by: size)
      guard !overflow else { throw corrupt("has a shape whose product overflows") }
      elements = product
    }
    let (totalBits, overflow) = elements.multipliedReportingOverflow(by: bits)
    guard !overflow else { throw corrupt("has a shape whose size overflows") }
    let offsets = try value.required("data_offsets").elements()
    guard offsets.count == 2 else { throw corrupt("has \(offsets.count) data_offsets, not 2") }
    let begin = try offsets[0].integer()
    let end = try offsets[1].integer()
    guard begin >= 0, end >= begin else { throw corrupt("has data_offsets \(begin) to \(end)") }
    let byteCount = hasZero ? 0 : totalBits / 8
    guard end - begin == byteCount else {
      throw corrupt("has \(end - begin) bytes, its shape \(shape) of \(type) needs \(byteCount)")
    }
    let (start, tooFar) = begin.addingReportingOverflow(dataStart)
    guard !tooFar else { throw corrupt("starts beyond any file") }
    return Entry(type: type, shape: shape, start: start, byteCount: byteCount)
  }

  /// Tensors must cover the data exactly: no hole, no overlap, nothing after the last.
  private static func checkTiling(
    _ entries: [String: Entry], name: String, dataStart: Int, fileSize: Int
  ) throws(PlauditError) {
    let ordered = entries.sorted {
      ($0.value.start, $0.value.byteCount) < ($1.value.start, $1.value.byteCount)
    }
    var position = dataStart
    for (tensor, entry) in ordered {
      guard entry.start == position else {
        let what = entry.start > position ? "leaves a hole before it" : "overlaps the one before it"
        throw PlauditError(
          .corrupt, "\(name): tensor \(tensor) \(what)", offset: Int64(entry.start))
      }
      guard fileSize - position >= entry.byteCount else {
        throw PlauditError(
          .corrupt,
          "\(name): tensor \(tensor) ends after the file, which has \(fileSize) bytes",
          offset: Int64(fileSize))
      }
      position += entry.byteCount
    }
    guard position == fileSize else {
      throw PlauditError(
        .corrupt, "\(name) has \(fileSize - position) bytes after the last tensor",
        offset: Int64(position))
    }
  }
}
