package import PlauditCore
package import PlauditTensor

/// The tensors of a model folder, whether they lie in one safetensors file or in shards.
package final class WeightFolder {
  private let files: [SafetensorsFile]
  /// Which file holds a tensor.
  private let owner: [String: Int]
  /// What the tensors' names start with, such as `bert.`.
  private let prefix: String
  private let storage: WeightStorage
  package let precision: Precision
  /// What the parameters are read by, all at once; nil where each is read when it is asked for.
  let reading: WeightReading?
  private let limitBytes: Int
  private var bytesRead = 0
  package private(set) var parameterCount = 0

  private static let maximumIndexBytes = 64 << 20

  /// - Parameters:
  ///   - prefixes: what names may start with; the first one under which `probe` exists is used.
  ///   - limitBytes: refuse to read more than this as floats.
  ///   - storage: what config.json says; I8 is read under `.rowsInt8` only.
  ///   - precision: of an encoder made of it.
  ///   - forPrediction: parameters have their numbers once `reading` was run, and linear layers of
  ///     an encoder have them packed alone.
  package init(
    folder: String, prefixes: [String], probe: String, limitBytes: Int,
    storage: WeightStorage = .float32, precision: Precision = .fp32, forPrediction: Bool = false
  ) throws(PlauditError) {
    let single = "\(folder)/model.safetensors"
    let index = "\(folder)/model.safetensors.index.json"
    if File.exists(single) || !File.exists(index) {
      let file = try SafetensorsFile(opening: single, name: "model.safetensors")
      files = [file]
      var owner: [String: Int] = [:]
      for name in file.tensorNames { owner[name] = 0 }
      self.owner = owner
    } else {
      (files, owner) = try WeightFolder.shards(folder: folder, index: index)
    }
    // Packed panels are filled up, and those of a last layer are there twice.
    let bytes = files.reduce(0) { $0 + $1.floatBytes }
    reading =
      forPrediction ? WeightReading(packedBytes: min(bytes &+ bytes / 4, limitBytes)) : nil
    self.limitBytes = limitBytes
    self.storage = storage
    self.precision = precision
    let known = owner
    prefix =
      prefixes.first {
        known[$0 + probe] != nil || known[$0 + probe + RowQuantization.storedSuffix] != nil
      } ?? prefixes.last ?? ""
    if storage == .rowsInt8 { try checkScales() }
  }

  /// The tensor `name`, with or without the model's prefix, if the folder has it.
  package func has(_ name: String) -> Bool { resolve(name) != nil }

  package func shape(_ name: String) -> [Int]? { resolve(name)?.entry.shape }

  /// A tensor of exactly this shape in a buffer of its own.
  package func tensor(_ name: String, _ shape: [Int]) throws(PlauditError) -> FloatBuffer {
    let count = try elementCount(name, shape)
    let buffer = try FloatBuffer(count: count)
    try read(name, shape, into: buffer.pointer)
    return buffer
  }

  /// Reads a tensor of exactly this shape into `floats`.
  ///
  /// - Throws: `.corrupt` when it is missing, `.shape` when it has another shape, `.limit` when
  ///   the model takes more memory than allowed, all naming the tensor.
  package func read(
    _ name: String, _ shape: [Int], into floats: UnsafeMutablePointer<Float>
  ) throws(PlauditError) {
    try reader(name, shape).read(into: floats)
  }

  /// The same into a part of a buffer: now, or with all others where the folder is read for
  /// prediction.
  func read(
    _ name: String, _ shape: [Int], into buffer: FloatBuffer, from offset: Int
  ) throws(PlauditError) {
    let reader = try reader(name, shape)
    guard let reading else { return try reader.read(into: buffer.pointer + offset) }
    reading.add(try TensorStack([reader]), to: buffer, from: offset)
  }

  /// A tensor of exactly this shape, to be read.
  func reader(_ name: String, _ shape: [Int]) throws(PlauditError) -> TensorReader {
    let (file, name, entry) = try checked(name, shape)
    guard entry.type == RowQuantization.storedType else {
      return try TensorReader(file, name, entry)
    }
    guard storage == .rowsInt8 else {
      throw PlauditError(
        .unsupported,
        "\(file.name): tensor \(name) is I8, but config.json names no quantization_config; "
          + "F32, F16 and BF16 are supported without")
    }
    guard entry.shape.count == 2 else {
      throw PlauditError(
        .unsupported, "\(file.name): tensor \(name) is I8 of rank \(entry.shape.count), not 2")
    }
    let scales = try rowScales(of: name, in: file, rows: entry.shape[0])
    return TensorReader(file, name, entry, scales: scales)
  }

  private func rowScales(
    of tensor: String, in file: SafetensorsFile, rows: Int
  ) throws(PlauditError) -> FloatBuffer {
    let tensor = RowQuantization.tensorName(stored: tensor)
    let name = tensor + RowQuantization.scaleSuffix
    guard let index = owner[name], let entry = files[index].entry(name) else {
      throw PlauditError(
        .corrupt, "\(file.name): tensor \(name), the scales of \(tensor), is missing")
    }
    let scaleFile = files[index]
    guard entry.shape == [rows] else {
      throw PlauditError(
        .shape,
        "\(scaleFile.name): tensor \(name) has shape \(entry.shape), \(tensor) has \(rows) rows")
    }
    guard entry.type == ElementType.float32.rawValue else {
      throw PlauditError(
        .unsupported, "\(scaleFile.name): tensor \(name) is \(entry.type); scales are F32")
    }
    let scales = try FloatBuffer(count: rows)
    try scaleFile.read(name, entry, into: scales.pointer)
    for row in 0..<rows where scales.pointer[row] < 0 {
      throw PlauditError(
        .corrupt,
        "\(scaleFile.name): tensor \(name) holds a negative scale, \(scales.pointer[row])",
        index: Int64(row))
    }
    return scales
  }

  /// Scales that belong to no tensor of bytes, or to two: a folder put together wrongly.
  private func checkScales() throws(PlauditError) {
    for (name, index) in owner where name.hasSuffix(RowQuantization.scaleSuffix) {
      let tensor = String(name.dropLast(RowQuantization.scaleSuffix.count))
      let stored = tensor + RowQuantization.storedSuffix
      guard owner[stored] == nil || owner[tensor] == nil else {
        throw PlauditError(
          .corrupt, "\(files[index].name): tensor \(tensor) is there twice, also as \(stored)")
      }
      let found = owner[stored] == nil ? tensor : stored
      let type = owner[found].flatMap { files[$0].entry(found)?.type }
      guard type == RowQuantization.storedType else {
        throw PlauditError(
          .corrupt,
          "\(files[index].name): tensor \(name) scales \(tensor), which is "
            + (type.map { "\($0), not I8" } ?? "missing"))
      }
    }
  }

  /// The number of elements of a tensor that is there with this shape.
  package func elementCount(_ name: String, _ shape: [Int]) throws(PlauditError) -> Int {
    let found = try checked(name, shape)
    let count = found.entry.shape.reduce(1, *)
    bytesRead += count * 4
    parameterCount += count
    guard bytesRead <= limitBytes else {
      throw PlauditError(
        .limit, "the weights take more than \(limitBytes) bytes, which is the limit set for a model"
      )
    }
    return count
  }

  private typealias Found = (file: SafetensorsFile, name: String, entry: SafetensorsFile.Entry)

  private func checked(_ name: String, _ shape: [Int]) throws(PlauditError) -> Found {
    guard let found = resolve(name) else {
      throw PlauditError(.corrupt, "\(files[0].name): tensor \(prefix + name) is missing")
    }
    guard found.entry.shape == shape else {
      throw PlauditError(
        .shape,
        "\(found.file.name): tensor \(found.name) has shape \(found.entry.shape), "
          + "config.json implies \(shape)")
    }
    return found
  }

  /// Names differ between writers: the prefix may be absent, LayerNorms may be gamma and beta,
  /// matrices may be bytes.
  private func resolve(_ name: String) -> Found? {
    var candidates = [prefix + name, name]
    if name.hasSuffix("LayerNorm.weight") {
      candidates.append(prefix + name.dropLast(6) + "gamma")
    } else if name.hasSuffix("LayerNorm.bias") {
      candidates.append(prefix + name.dropLast(4) + "beta")
    }
    if storage == .rowsInt8 {
      candidates.append(prefix + name + RowQuantization.storedSuffix)
      candidates.append(name + RowQuantization.storedSuffix)
    }
    for candidate in candidates {
      if let index = owner[candidate], let entry = files[index].entry(candidate) {
        return (files[index], candidate, entry)
      }
    }
    return nil
  }

  private static func shards(
    folder: String, index: String
  ) throws(PlauditError) -> ([SafetensorsFile], [String: Int]) {
    let bytes = try File.bytes(of: index, limit: maximumIndexBytes)
    let json = try JSONValue.parse(bytes.readable, file: "model.safetensors.index.json")
    let map = try json.required("weight_map")
    var files: [SafetensorsFile] = []
    var numbers: [String: Int] = [:]
    var owner: [String: Int] = [:]
    for tensor in try map.keys() {
      let shard = try map.required(tensor).string()
      if numbers[shard] == nil {
        try checkInside(shard, file: json.file)
        numbers[shard] = files.count
        files.append(try SafetensorsFile(opening: "\(folder)/\(shard)", name: shard))
      }
      guard let number = numbers[shard] else { continue }
      guard files[number].entry(tensor) != nil else {
        throw PlauditError(
          .corrupt, "\(shard) lacks tensor \(tensor), which \(json.file) puts there")
      }
      owner[tensor] = number
    }
    guard !files.isEmpty else {
      throw PlauditError(.corrupt, "\(json.file): weight_map is empty")
    }
    return (files, owner)
  }

  /// Refuses a name from inside a folder that leads out of it.
  package static func checkInside(_ name: String, file: String) throws(PlauditError) {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !parts.contains(""), !parts.contains(".."), !name.utf8.contains(0) else {
      throw PlauditError(.corrupt, "\(file) names \(name), which leads out of the folder")
    }
  }
}
