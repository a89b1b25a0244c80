import PlauditCore
import PlauditTensor

/// A model folder whose config.json was read and names an architecture.
struct FolderDescription {
  let path: String
  let architecture: String
  /// The whole of config.json.
  let json: JSONValue
  let limitBytes: Int
  /// Of the linear layers of an encoder.
  let precision: Precision

  static let file = "config.json"
  private static let maximumBytes = 16 << 20

  init(
    path: String, limitBytes: Int, precision: Precision = .fp32
  ) throws(PlauditError) {
    let bytes = try File.bytes(
      of: "\(path)/\(FolderDescription.file)", limit: FolderDescription.maximumBytes)
    json = try JSONValue.parse(bytes.readable, file: FolderDescription.file)
    guard let first = try json.required("architectures").elements().first else {
      throw PlauditError(.corrupt, "config.json: architectures is empty")
    }
    architecture = try first.string()
    self.path = path
    self.limitBytes = limitBytes
    self.precision = precision
  }
}

/// Which architectures of config.json Plaudit knows, and the file that builds each.
///
/// A new architecture is a file in this folder and a line here.
package enum ModelRegistry {
  typealias Builder = @Sendable (FolderDescription) throws(PlauditError) -> Model

  static let builders: [(name: String, build: Builder)] = [
    ("BertModel", BertModel.build),
    (BertForSequenceClassification.name, BertForSequenceClassification.build),
    (BertBiLSTM.name, BertBiLSTM.build),
    (BertWordLSTM.name, BertWordLSTM.build),
    (WordLSTM.name, WordLSTM.build),
    (WordCNN.name, WordCNN.build),
    (TfidfLogisticRegression.architecture, TfidfLogisticRegression.build),
    (HashedLinear.architecture, HashedLinear.build),
    (LexiconModel.architecture, LexiconModel.build),
  ]

  package static var supported: String { builders.map(\.name).joined(separator: ", ") }

  static func builder(_ architecture: String) throws(PlauditError) -> Builder {
    for builder in builders where builder.name == architecture { return builder.build }
    throw PlauditError(
      .unsupported,
      "config.json: architecture \(architecture) is not supported; supported: \(supported)")
  }
}
