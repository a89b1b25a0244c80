package import PlauditCore
import PlauditTensor

/// How the matrices of a model folder are stored; whatever it is, they are floats in memory.
package enum WeightStorage: Int32, CaseIterable, Sendable {
  case float32 = 0
  /// One byte a number and one scale a row, see `RowQuantization`.
  case rowsInt8 = 1
}

/// Matrices as I8 `<name>.rows_int8` `[rows, columns]` beside F32 `<name>.scale` `[rows]`: a value
/// is its byte times the scale of its row. A quarter of the size, and nothing else: all arithmetic
/// stays fp32.
///
/// A folder says so in config.json, `"quantization_config": {"quant_method": "plaudit-rows-int8"}`;
/// without it I8 is refused. Other readers, which know neither, find no tensor of the name and so
/// take no byte for a weight. Folders of the first days have the bytes under `<name>` itself.
package enum RowQuantization {
  package static let method = "plaudit-rows-int8"
  static let configurationKey = "quantization_config"
  static let methodKey = "quant_method"
  static let storedType = "I8"
  static let storedSuffix = ".rows_int8"
  static let scaleSuffix = ".scale"
  /// Smaller matrices stay F32: there is little to win.
  static let smallestCount = 1024
  private static let largestByte: Float = 127

  /// What config.json says of the storage.
  ///
  /// - Throws: `.unsupported` for any other method, naming it.
  package static func storage(_ json: JSONValue) throws(PlauditError) -> WeightStorage {
    guard let stated = json[configurationKey] else { return .float32 }
    let name = stated.isObject ? try stated[methodKey]?.string() : nil
    guard name == method else {
      throw PlauditError(
        .unsupported,
        "\(json.file): \(configurationKey) \(name ?? "without a \(methodKey)") is not supported; "
          + "use F32, F16, BF16 or \(method)")
    }
    return .rowsInt8
  }

  /// Says in `json`, a copy of config.json, how the weights beside it are stored.
  static func record(_ storage: WeightStorage, in json: JSONValue) throws(PlauditError) {
    guard storage == .rowsInt8 else { return json.remove(configurationKey) }
    let stated = try JSONValue.object(file: json.file)
    try stated.set(methodKey, method)
    try json.set(configurationKey, stated)
  }

  /// Leaves the weights' storage out of a configuration.
  static func forget(in json: JSONValue) { json.remove(configurationKey) }

  /// The tensor whose bytes are stored as `name`.
  static func tensorName(stored name: String) -> String {
    name.hasSuffix(storedSuffix) ? String(name.dropLast(storedSuffix.count)) : name
  }

  /// Whether a tensor of this shape is stored as bytes.
  static func applies(to shape: [Int]) -> Bool {
    shape.count == 2 && shape.reduce(1, *) >= smallestCount
  }

  /// Rounds one row to bytes, half to even, and returns its scale, max |w| / 127; no value moves by
  /// more than half the scale. The row is finite.
  static func quantize(
    _ row: UnsafeBufferPointer<Float>, into bytes: UnsafeMutablePointer<Int8>
  ) -> Float {
    let largest = row.reduce(0) { max($0, $1.magnitude) }
    guard largest > 0 else {
      bytes.update(repeating: 0, count: row.count)
      return 0
    }
    // Below the normal numbers a scale would have too few bits, at the top 127 of it too many.
    var scale = max(largest / largestByte, .leastNormalMagnitude)
    if !(scale * largestByte).isFinite { scale = scale.nextDown }
    for (column, value) in row.enumerated() {
      let steps = (Double(value) / Double(scale)).rounded(.toNearestOrEven)
      bytes[column] = Int8(min(max(steps, -127), 127))
    }
    return scale
  }

  static func widen(
    _ bytes: UnsafePointer<Int8>, count: Int, scale: Float, to floats: UnsafeMutablePointer<Float>
  ) {
    for column in 0..<max(count, 0) { floats[column] = Float(bytes[column]) * scale }
  }
}
