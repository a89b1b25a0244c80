import PlauditCore
import PlauditTensor

/// What the folders of the linear text classifiers have in common: a config.json of their own with
/// labels, and one weights file.
struct LinearFolder {
  let path: String
  let json: JSONValue
  let weights: WeightFolder
  let labels: LabelSet
  let limitBytes: Int

  static let configurationFile = "config.json"
  static let weightName = "classifier.weight"
  static let biasName = "classifier.bias"
  private static let maximumConfigurationBytes = 16 << 20
  /// The most bytes of a vocabulary.
  private static let maximumVocabularyBytes = 1 << 30

  /// Opens a folder whose config.json names this architecture.
  init(_ path: String, architecture: String, limitBytes: Int) throws(PlauditError) {
    let bytes = try File.bytes(
      of: "\(path)/\(LinearFolder.configurationFile)",
      limit: LinearFolder.maximumConfigurationBytes)
    json = try JSONValue.parse(bytes.readable, file: LinearFolder.configurationFile)
    let names = try json.required("architectures")
    guard names.count == 1, let name = try names.elements().first,
      try name.string() == architecture
    else { throw names.problem("must be [\"\(architecture)\"]", kind: .unsupported) }
    if let problem = json["problem_type"],
      try problem.string() != Problem.singleLabel.configurationName
    {
      throw problem.problem(
        "\(try problem.string()) is not supported; supported: "
          + Problem.singleLabel.configurationName, kind: .unsupported)
    }
    self.path = path
    self.limitBytes = limitBytes
    weights = try WeightFolder(
      folder: path, prefixes: [""], probe: LinearFolder.weightName, limitBytes: limitBytes)
    guard let shape = weights.shape(LinearFolder.weightName) else {
      throw PlauditError(
        .corrupt, "model.safetensors: tensor \(LinearFolder.weightName) is missing")
    }
    guard shape.count == 2, shape[0] >= 2, shape[0] <= LabelSet.maximumCount else {
      throw PlauditError(
        .shape,
        "model.safetensors: tensor \(LinearFolder.weightName) has shape \(shape); it has a row a "
          + "label, 2 to \(LabelSet.maximumCount)")
    }
    labels = try LabelSet(json, count: shape[0], tensor: LinearFolder.weightName)
  }

  func vocabulary(_ file: String) throws(PlauditError) -> Bytes {
    try File.bytes(
      of: "\(path)/\(file)", limit: min(limitBytes, LinearFolder.maximumVocabularyBytes))
  }

  /// What every config.json of these begins with.
  static func configuration(
    architecture: String, _ labels: LabelSet
  ) throws(PlauditError) -> JSONValue {
    let json = try JSONValue.object(file: configurationFile)
    try json.set("architectures", [try JSONValue.string(architecture, file: json.file)])
    try json.set("dtype", "float32")
    let names = try JSONValue.object(file: json.file)
    let numbers = try JSONValue.object(file: json.file)
    for (index, name) in labels.names.enumerated() {
      try names.set(String(index), name)
      try numbers.set(name, index)
    }
    try json.set("id2label", names)
    try json.set("label2id", numbers)
    try json.set("problem_type", Problem.singleLabel.configurationName)
    return json
  }

  /// Throws `.notFinite` naming what exceeds single precision.
  static func checkFinite(
    _ buffer: FloatBuffer, _ what: String, _ advice: String
  ) throws(PlauditError) {
    let bad = nonFiniteCount(buffer.pointer, count: buffer.count)
    guard bad == 0 else {
      throw PlauditError(
        .notFinite, "\(bad) \(what) are NaN or exceed single precision; \(advice)")
    }
  }
}
