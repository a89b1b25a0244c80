package import PlauditCore
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

  /// The tensors of parameters, each under its name.
  static func of(
    _ parameters: [Parameter<Float>], prefix: String = ""
  ) throws(PlauditError) -> [NamedTensor] {
    var tensors: [NamedTensor] = []
    for parameter in parameters {
      let size = parameter.shape.reduce(1, *)
      let numbers = try parameter.numbers()
      for (index, name) in parameter.names.enumerated() {
        tensors.append(
          NamedTensor(prefix + name, parameter.shape, numbers, offset: index * size))
      }
    }
    return tensors
  }

  func renamed(_ name: String) -> NamedTensor {
    NamedTensor(name, shape, owner, offset: offset)
  }

  var byteCount: Int { shape.reduce(4, *) }
}

package enum SafetensorsWriter {
  /// A tensor as it will lie in the file.
  private struct Part {
    let name: String
    let type: String
    let shape: [Int]
    let bytes: UnsafeRawBufferPointer
    /// What keeps `bytes` alive, unless the tensor does.
    var owner: Bytes?
  }

  /// Writes tensors in one step: those of floats, then those of bytes, each in order of their
  /// names, so that every float lies on a multiple of four.
  ///
  /// - Parameter storage: `.rowsInt8` stores matrices of 1,024 numbers and more as bytes with the
  ///   scales of their rows; config.json has to say so.
  /// - Parameter metadata: more entries of `__metadata__`, in printable ASCII.
  /// - Throws: `.notFinite` for a matrix that bytes cannot hold, naming it.
  package static func write(
    _ tensors: [NamedTensor], storage: WeightStorage = .float32, to path: String,
    metadata: [(key: String, value: String)] = [], control: RunControl? = nil
  ) throws(PlauditError) {
    var parts: [Part] = []
    defer { withExtendedLifetime((tensors, parts)) {} }
    for tensor in tensors {
      if storage == .rowsInt8, RowQuantization.applies(to: tensor.shape) {
        parts += try quantized(tensor)
      } else {
        parts.append(
          Part(
            name: tensor.name, type: "F32", shape: tensor.shape,
            bytes: UnsafeRawBufferPointer(start: tensor.floats, count: tensor.byteCount)))
      }
    }
    parts.sort { ($0.type, $0.name) < ($1.type, $1.name) }

    var header = "{\"__metadata__\":{\"format\":\"pt\""
    for (key, value) in metadata { header += ",\"\(key)\":\"\(escaped(value))\"" }
    header += "}"
    var offset = 0
    for part in parts {
      let shape = part.shape.map(String.init).joined(separator: ",")
      let end = offset + part.bytes.count
      // Names are made by this module: letters, digits, dots, slashes and underscores.
      header += ",\"\(part.name)\":{\"dtype\":\"\(part.type)\",\"shape\":[\(shape)],"
      header += "\"data_offsets\":[\(offset),\(end)]}"
      offset = end
    }
    header += "}"
    // Padding keeps the data on an 8-byte boundary, as the reference writer does.
    while header.utf8.count % 8 != 0 { header += " " }
    let length = UInt64(header.utf8.count).littleEndian
    let lengthBytes = withUnsafeBytes(of: length) { [UInt8]($0) }
    let start = try Bytes(copying: lengthBytes + [UInt8](header.utf8))
    try File.write([start.readable] + parts.map(\.bytes), to: path, control: control)
  }

  /// Text as it stands between quotes in JSON.
  private static func escaped(_ text: String) -> String {
    var made = ""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { made += "\\" }
      made.unicodeScalars.append(scalar.value < 32 ? " " : scalar)
    }
    return made
  }

  /// A matrix as its bytes and the scales of its rows.
  private static func quantized(_ tensor: NamedTensor) throws(PlauditError) -> [Part] {
    let rows = tensor.shape[0]
    let columns = tensor.shape[1]
    let bad = nonFiniteCount(tensor.floats, count: rows * columns)
    guard bad == 0 else {
      throw PlauditError(
        .notFinite, "tensor \(tensor.name) holds \(bad) values that are NaN or infinite")
    }
    let bytes = try Bytes(count: rows * columns)
    let scales = try Bytes(count: rows * 4)
    guard let byte = bytes.mutable.bindMemory(to: Int8.self).baseAddress,
      let scale = scales.mutable.bindMemory(to: Float.self).baseAddress
    else { return [] }
    for row in 0..<rows {
      scale[row] = RowQuantization.quantize(
        UnsafeBufferPointer(start: tensor.floats + row * columns, count: columns),
        into: byte + row * columns)
    }
    return [
      Part(
        name: tensor.name + RowQuantization.storedSuffix, type: RowQuantization.storedType,
        shape: tensor.shape,
        bytes: bytes.readable, owner: bytes),
      Part(
        name: tensor.name + RowQuantization.scaleSuffix, type: "F32", shape: [rows],
        bytes: scales.readable, owner: scales),
    ]
  }
}
