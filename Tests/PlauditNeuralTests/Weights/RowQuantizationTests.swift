import Foundation
import PlauditCore
import PlauditTensor
import Testing

@testable import PlauditNeural

struct RowQuantizationTests {
  private func quantize(_ row: [Float]) -> (bytes: [Int8], scale: Float) {
    var bytes = [Int8](repeating: 1, count: row.count)
    let scale = row.withUnsafeBufferPointer { row in
      bytes.withUnsafeMutableBufferPointer { bytes in
        bytes.baseAddress.map { RowQuantization.quantize(row, into: $0) } ?? .nan
      }
    }
    return (bytes, scale)
  }

  /// One safetensors file made of stated parts, as model.safetensors of a new folder.
  private func folder(
    _ tensors: [(name: String, type: String, shape: [Int], bytes: [UInt8])]
  ) throws -> String {
    var header: [String: Any] = [:]
    var data: [UInt8] = []
    for one in tensors {
      let end = data.count + one.bytes.count
      header[one.name] = [
        "dtype": one.type, "shape": one.shape, "data_offsets": [data.count, end],
      ]
      data += one.bytes
    }
    let text = [UInt8](try JSONSerialization.data(withJSONObject: header))
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { [UInt8]($0) }
    let path = try Reference.temporaryFolder()
    try File.write(length + text + data, to: "\(path)/model.safetensors")
    return path
  }

  private func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value) { [UInt8]($0) } }
  }

  private func read(
    _ folder: String, _ name: String = "a.weight", _ shape: [Int] = [2, 3],
    storage: WeightStorage = .rowsInt8
  ) throws -> [Float] {
    let weights = try WeightFolder(
      folder: folder, prefixes: [""], probe: name, limitBytes: 1 << 20, storage: storage)
    let tensor = try weights.tensor(name, shape)
    return withExtendedLifetime(tensor) { Array(tensor.buffer) }
  }

  private let matrix: [UInt8] = [1, 2, 0xFF, 127, 0x80, 0]

  // MARK: By hand

  @Test func `a row rounds half to even on a scale of its largest number by 127`() {
    let (bytes, scale) = quantize([31.75, -15.875, 0.125, 0.375, 0])
    #expect(scale == 0.25)
    #expect(bytes == [127, -64, 0, 2, 0])
    let zeros = quantize([0, -0.0])
    #expect(zeros.scale == 0 && zeros.bytes == [0, 0])
  }

  @Test(arguments: ["a.weight.rows_int8", "a.weight"])
  func `a stored value is its byte times the scale of its row`(name: String) throws {
    let path = try folder([
      (name, "I8", [2, 3], matrix), ("a.weight.scale", "F32", [2], floats([0.5, 2])),
    ])
    #expect(try read(path) == [0.5, 1, -0.5, 254, -256, 0])
  }

  /// transformers, which knows no such method, would take the bytes of a tensor for its weights.
  @Test func `no bytes are stored under the name of a tensor`() throws {
    let path = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = try Model.load(path: Reference.tiny("base_gelu"))
    try model.save(to: path, storage: .rowsInt8)
    let file = try SafetensorsFile(opening: "\(path)/model.safetensors", name: "model.safetensors")
    let bytes = file.tensorNames.filter { file.entry($0)?.type == "I8" }
    #expect(bytes.contains("embeddings.word_embeddings.weight.rows_int8"))
    #expect(bytes.allSatisfy { $0.hasSuffix(".rows_int8") })
    #expect(file.entry("embeddings.word_embeddings.weight") == nil)
  }

  @Test func `floats and bytes stand side by side, and an empty matrix is one`() throws {
    let path = try folder([
      ("a.weight", "F32", [1], floats([3])), ("none.weight", "I8", [0, 7], []),
      ("none.weight.scale", "F32", [0], []), ("position_ids", "I64", [0], []),
    ])
    #expect(try read(path, "a.weight", [1]) == [3])
    #expect(try read(path, "none.weight", [0, 7]).isEmpty)
  }

  // MARK: Laws

  @Test func `no number moves by more than half the scale of its row`() throws {
    var random = RandomSource(seed: 3)
    var rows: [[Float]] = [
      [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e38], [.leastNonzeroMagnitude, 0, 0],
      [0x1p-133, -0x1p-135, 0x1p-147], [.leastNormalMagnitude, 0x1p-127, 0],
    ]
    for _ in 0..<300 {
      let size = Float(exp((random.uniform() - 0.5) * 150))
      rows.append((0..<40).map { _ in Float(random.uniform() * 2 - 1) * size })
    }
    for row in rows {
      let (bytes, scale) = quantize(row)
      var widened = [Float](repeating: .nan, count: row.count)
      widened.withUnsafeMutableBufferPointer {
        if let base = $0.baseAddress {
          RowQuantization.widen(bytes, count: row.count, scale: scale, to: base)
        }
      }
      #expect(bytes.allSatisfy { $0 >= -127 })
      for (one, again) in zip(row, widened) {
        // And what the product, and at the very top the scale itself, lose in single precision.
        let rounding = max(Double(one.magnitude) * 0x1p-22, Double(Float.leastNonzeroMagnitude))
        #expect((Double(one) - Double(again)).magnitude <= Double(scale) / 2 + rounding)
      }
    }
  }

  @Test(arguments: ["base_gelu", "sentence_three", "dense_head", "sequence_single"])
  func `a model stored as bytes loads, is a quarter, and is stored as floats again`(
    name: String
  ) throws {
    let path = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = try Model.load(path: Reference.tiny(name))
    try model.save(to: "\(path)/bytes", storage: .rowsInt8)
    let small = try Model.load(path: "\(path)/bytes")
    try small.save(to: "\(path)/floats")
    let again = try Model.load(path: "\(path)/floats")
    try again.save(to: "\(path)/twice", storage: .rowsInt8)

    func text(_ file: String) throws -> String {
      try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
    }
    #expect(try text("bytes/config.json").contains(RowQuantization.method))
    #expect(try !text("floats/config.json").contains("quantization"))
    let posts = inventedPosts(12)
    for post in posts {
      let states = try small.states(post)
      #expect(try again.states(post) == states)
      // The layers of sequence_single are too small to be stored as bytes; its words are not.
      let moved = largestDifference(states.flatMap { $0 }, try model.states(post).flatMap { $0 })
      #expect(moved > 0 && moved < 0.15)
    }
    if model.sentence != nil { #expect(try small.embeddings(posts) == again.embeddings(posts)) }
    #expect(small.parameterCount == model.parameterCount)
    func size(_ folder: String) throws -> Int {
      try File(opening: "\(path)/\(folder)/model.safetensors").size
    }
    #expect(try size("bytes") < size("floats"))
    if name == "base_gelu" { #expect(try size("bytes") * 2 < size("floats")) }
  }

  // MARK: Refusals

  @Test func `broken scales are refused by the tensor's name`() throws {
    let weight = ("a.weight", "I8", [2, 3], matrix)
    let none = Float.nan
    for (scale, kind, mentions) in [
      (nil, PlauditError.Kind.corrupt, "a.weight.scale, the scales of a.weight, is missing"),
      (("F32", [3], floats([1, 1, 1])), .shape, "a.weight.scale has shape [3]"),
      (("F32", [2, 1], floats([1, 1])), .shape, "a.weight.scale has shape [2, 1]"),
      (("F16", [2], [0, 0, 0, 0]), .unsupported, "a.weight.scale is F16"),
      (("F32", [2], floats([1, none])), .notFinite, "a.weight.scale"),
      (("F32", [2], floats([.infinity, 1])), .notFinite, "a.weight.scale"),
      (("F32", [2], floats([1, -0.5])), .corrupt, "a.weight.scale holds a negative scale, -0.5"),
      (("F32", [2], floats([1, 3e38])), .notFinite, "a.weight times its scales"),
    ] as [((String, [Int], [UInt8])?, PlauditError.Kind, String)] {
      let path = try folder(
        [weight] + (scale.map { [("a.weight.scale", $0.0, $0.1, $0.2)] } ?? []))
      expectError(kind, mentions: mentions) { _ = try read(path) }
    }
  }

  @Test func `scales without a tensor of bytes are refused when the folder is opened`() throws {
    let scale = ("a.weight.scale", "F32", [2], floats([1, 1]))
    let other = ("b.weight", "F32", [1], floats([1]))
    expectError(.corrupt, mentions: "a.weight.scale scales a.weight, which is missing") {
      _ = try read(try folder([scale, other]), "b.weight", [1])
    }
    let twice = ("a.weight.rows_int8", "I8", [2, 3], matrix)
    expectError(.corrupt, mentions: "a.weight is there twice, also as a.weight.rows_int8") {
      _ = try read(try folder([scale, ("a.weight", "I8", [2, 3], matrix), twice]))
    }
    let wide = ("a.weight", "F32", [2, 3], floats([1, 2, 3, 4, 5, 6]))
    expectError(.corrupt, mentions: "a.weight.scale scales a.weight, which is F32, not I8") {
      _ = try read(try folder([scale, wide, other]), "b.weight", [1])
    }
  }

  @Test func `bytes of another shape or rank, or without their statement, are refused`() throws {
    let scale = ("a.weight.scale", "F32", [2], floats([1, 1]))
    let path = try folder([("a.weight", "I8", [2, 3], matrix), scale])
    expectError(.shape, mentions: "a.weight has shape [2, 3]") {
      _ = try read(path, "a.weight", [3, 2])
    }
    expectError(.unsupported, mentions: "a.weight is I8, but config.json names no") {
      _ = try read(path, storage: .float32)
    }
    let flat = try folder([("a.weight", "I8", [6], matrix), scale])
    expectError(.unsupported, mentions: "a.weight is I8 of rank 1") {
      _ = try read(flat, "a.weight", [6])
    }
    expectError(.unsupported, mentions: "a.weight is U8") {
      _ = try read(try folder([("a.weight", "U8", [2, 3], matrix)]))
    }
  }

  @Test func `config.json may name this method and no other`() throws {
    func storage(_ text: String) throws -> WeightStorage {
      let bytes = try Bytes(copying: [UInt8](text.utf8))
      return try RowQuantization.storage(JSONValue.parse(bytes.readable, file: "config.json"))
    }
    #expect(try storage("{}") == .float32)
    #expect(try storage(#"{"quantization_config": null}"#) == .float32)
    #expect(
      try storage(#"{"quantization_config": {"quant_method": "plaudit-rows-int8"}}"#) == .rowsInt8)
    for (value, mentions) in [
      (#"{"quant_method": "gptq"}"#, "quantization_config gptq"),
      ("{}", "without a quant_method"), ("7", "without a quant_method"),
    ] {
      expectError(.unsupported, mentions: mentions) {
        _ = try storage(#"{"quantization_config": \#(value)}"#)
      }
    }
  }

  @Test func `a matrix that is not finite is not written`() throws {
    let path = try Reference.temporaryFolder()
    let buffer = try FloatBuffer(count: 1024)
    buffer.pointer[5] = .infinity
    expectError(.notFinite, mentions: "big.weight") {
      try SafetensorsWriter.write(
        [NamedTensor("big.weight", [2, 512], buffer)], storage: .rowsInt8,
        to: "\(path)/model.safetensors")
    }
    #expect(!File.exists("\(path)/model.safetensors"))
  }
}
