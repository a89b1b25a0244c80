import PlauditCore

/// Which architectures of config.json Plaudit knows, and the file that builds each.
///
/// A new architecture is a file in this folder and a line here.
package enum ModelRegistry {
  typealias Builder = @Sendable (ModelFolder) throws(PlauditError) -> Model

  static let builders: [(name: String, build: Builder)] = [
    ("BertModel", BertModel.build),
    ("BertForSequenceClassification", BertForSequenceClassification.build),
  ]

  package static var supported: String { builders.map(\.name).joined(separator: ", ") }

  static func check(architecture: String) throws(PlauditError) { _ = try builder(architecture) }

  static func builder(_ architecture: String) throws(PlauditError) -> Builder {
    for builder in builders where builder.name == architecture { return builder.build }
    throw PlauditError(
      .unsupported,
      "config.json: architecture \(architecture) is not supported; supported: \(supported)")
  }
}
