import PlauditCore
import PlauditTensor

/// A tensor on its way to a file.
package struct NamedTensor {
  package let name: String
  package let shape: [Int]
  /// Row-major floats; `owner` keeps them alive.
  let floats: UnsafePointer<Float>
  private let owner: FloatBuffer
  private let offset: Int

  init(_ name: String, _ shape: [Int], _ owner: FloatBuffer, offset: Int = 0) {
    self.name = name
    self.shape = shape
    self.owner = owner
    self.offset = offset
    floats = UnsafePointer(owner.pointer + offset)
  }

  func renamed(_ name: String) -> NamedTensor {
    NamedTensor(name, shape, owner, offset: offset)
  }

  var byteCount: Int { shape.reduce(4, *) }
}

enum SafetensorsWriter {
  /// Writes F32 tensors in order of their names, in one step.
  static func write(_ tensors: [NamedTensor], to path: String) throws(PlauditError) {
    let ordered = tensors.sorted { $0.name < $1.name }
    var header = "{\"__metadata__\":{\"format\":\"pt\"}"
    var offset = 0
    for tensor in ordered {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let end = offset + tensor.byteCount
      // Names are made by this module: letters, digits, dots and underscores.
      header += ",\"\(tensor.name)\":{\"dtype\":\"F32\",\"shape\":[\(shape)],"
      header += "\"data_offsets\":[\(offset),\(end)]}"
      offset = end
    }
    header += "}"
    // Padding keeps the data on an 8-byte boundary, as the reference writer does.
    while header.utf8.count % 8 != 0 { header += " " }
    let length = UInt64(header.utf8.count).littleEndian
    let lengthBytes = withUnsafeBytes(of: length) { [UInt8]($0) }
    let start = try Bytes(copying: lengthBytes + [UInt8](header.utf8))
    let parts = ordered.map { UnsafeRawBufferPointer(start: $0.floats, count: $0.byteCount) }
    try File.write([start.readable] + parts, to: path)
  }
}
