import Glibc
import PlauditCore
package import PlauditTensor

/// How a text's vector is made of its tokens' vectors: a pooling, then dense layers and
/// normalisations in the order of modules.json.
package struct SentenceEmbedding {
  enum Step {
    case normalize
    /// A dense layer with identity (nil) or another activation.
    case dense(Dense, folder: String, activation: Activation?)
  }

  package var pooling: Pooling
  var steps: [Step]
  /// The width of what comes in, the encoder's hidden size.
  let inputWidth: Int

  package init(pooling: Pooling, normalized: Bool, width: Int) {
    self.pooling = pooling
    steps = normalized ? [.normalize] : []
    inputWidth = width
  }

  /// The width of the vector that comes out.
  package var width: Int {
    for step in steps.reversed() {
      if case .dense(let dense, _, _) = step { return dense.linear.outputs }
    }
    return pooledWidth
  }

  /// The width of what the pooling makes.
  private var pooledWidth: Int { inputWidth * pooling.count }

  /// The largest width on the way.
  var largestWidth: Int {
    steps.reduce(pooledWidth) { largest, step in
      if case .dense(let dense, _, _) = step { return max(largest, dense.linear.outputs) }
      return largest
    }
  }

  package var isNormalized: Bool {
    if case .normalize? = steps.last { return true }
    return false
  }

  /// The same embedding with another wish for normalisation.
  package func normalized(_ wanted: Bool) -> SentenceEmbedding {
    var changed = self
    if wanted {
      if !isNormalized { changed.steps.append(.normalize) }
    } else {
      changed.steps.removeAll { if case .normalize = $0 { true } else { false } }
    }
    return changed
  }

  /// Takes another pooling; dense layers fit only one of the same width.
  mutating func repool(_ wanted: Pooling) throws(PlauditError) {
    let hasDense = steps.contains { if case .dense = $0 { true } else { false } }
    guard wanted.count == pooling.count || !hasDense else {
      throw PlauditError(
        .invalidArgument,
        "the model's dense layers take \(pooling.count) pooled vectors of a text, "
          + "the options ask for \(wanted.count)")
    }
    pooling = wanted
  }

  /// - Parameters:
  ///   - states: `[length, inputWidth]`, length at least 1.
  ///   - vector: room for `largestWidth`; the result is its first `width` elements.
  ///   - spare: room for `largestWidth`.
  func forward(
    _ states: UnsafePointer<Float>, length: Int, into vector: UnsafeMutablePointer<Float>,
    spare: UnsafeMutablePointer<Float>
  ) {
    pooling.forward(states, into: vector, length: length, width: inputWidth)
    var width = pooledWidth
    for step in steps {
      switch step {
      case .normalize: Pooling.normalize(vector, width: width)
      case .dense(let dense, _, let activation):
        dense.forwardRow(vector, into: spare)
        width = dense.linear.outputs
        vector.update(from: spare, count: width)
        if activation == .tanh {
          for column in 0..<width { vector[column] = tanhf(vector[column]) }
        }
      }
    }
  }

  // MARK: modules.json

  static let modulesFile = "modules.json"

  /// Reads modules.json, nil when the folder has none.
  ///
  /// - Parameter headFolder: the dense module that is a classifier and not part of the vector.
  static func load(
    folder: String, width: Int, headFolder: String?
  ) throws(PlauditError) -> (embedding: SentenceEmbedding, head: Dense?)? {
    let path = "\(folder)/\(modulesFile)"
    guard File.exists(path) else {
      if let headFolder {
        throw PlauditError(
          .notFound, "config.json names the head \(headFolder), but there is no \(modulesFile)")
      }
      return nil
    }
    let bytes = try File.bytes(of: path, limit: 1 << 20)
    let modules = try JSONValue.parse(bytes.readable, file: modulesFile).elements()
    guard let first = modules.first, try kind(first) == "Transformer" else {
      throw PlauditError(.corrupt, "\(modulesFile) does not start with a Transformer")
    }
    var embedding: SentenceEmbedding?
    var head: Dense?
    var current = width
    for module in modules.dropFirst() {
      let name = try module["path"]?.string() ?? ""
      let kind = try kind(module)
      guard head == nil else {
        throw PlauditError(.corrupt, "\(modulesFile): \(name) comes after the head")
      }
      if kind != "Normalize" || !name.isEmpty {
        try WeightFolder.checkInside(name, file: modulesFile)
      }
      switch (kind, embedding) {
      case ("Pooling", nil):
        let made = SentenceEmbedding(
          pooling: try pooling("\(folder)/\(name)", name, width: width), normalized: false,
          width: width)
        current = made.width
        embedding = made
      case ("Normalize", .some): embedding?.steps.append(.normalize)
      case ("Dense", .some):
        let (dense, activation) = try dense("\(folder)/\(name)", name, inputs: current)
        if name == headFolder {
          head = dense
        } else {
          embedding?.steps.append(.dense(dense, folder: name, activation: activation))
          current = dense.linear.outputs
        }
      case ("Pooling", _), ("Normalize", _), ("Dense", _):
        throw PlauditError(
          .unsupported,
          "\(modulesFile): \(name) stands where Plaudit does not support a \(kind); "
            + "supported: Transformer, Pooling, then Normalize and Dense")
      default:
        throw PlauditError(
          .unsupported,
          "\(modulesFile): module type \(kind) is not supported; "
            + "supported: Transformer, Pooling, Normalize, Dense")
      }
    }
    guard let embedding else {
      throw PlauditError(.corrupt, "\(modulesFile) has no Pooling module")
    }
    if let headFolder, head == nil {
      throw PlauditError(
        .corrupt, "config.json names the head \(headFolder), which \(modulesFile) lacks")
    }
    return (embedding, head)
  }

  /// The class name at the end of a module's type; its Python path changed over the years.
  private static func kind(_ module: JSONValue) throws(PlauditError) -> String {
    let type = try module.required("type").string()
    return type.split(separator: ".").last.map(String.init) ?? type
  }

  private static func pooling(
    _ folder: String, _ name: String, width: Int
  ) throws(PlauditError) -> Pooling {
    let file = "\(name)/config.json"
    let bytes = try File.bytes(of: "\(folder)/config.json", limit: 1 << 20)
    let json = try JSONValue.parse(bytes.readable, file: file)
    for key in ["word_embedding_dimension", "embedding_dimension"] {
      if let stated = try json[key]?.integer(), stated != width {
        throw PlauditError(
          .shape, "\(file): \(key) is \(stated), the encoder's hidden_size is \(width)")
      }
    }
    var modes: [String] = []
    if let mode = json["pooling_mode"] {
      if mode.isArray {
        for one in try mode.elements() { modes.append(try one.string()) }
      } else {
        modes = [try mode.string()]
      }
    } else {
      let prefix = "pooling_mode_"
      for key in try json.keys() where key.hasPrefix(prefix) {
        guard try json.required(key).boolean() else { continue }
        let mode = String(key.dropFirst(prefix.count))
        modes.append(mode.replacingSuffix("_tokens").replacingSuffix("_token"))
      }
    }
    var pooling: Pooling = []
    var order: [String] = []
    for (mode, one) in [("cls", Pooling.cls), ("max", .max), ("mean", .mean)]
    where modes.contains(mode) {
      pooling.insert(one)
      order.append(mode)
    }
    guard !pooling.isEmpty, modes.count == order.count else {
      throw PlauditError(
        .unsupported, "\(file): pooling modes \(modes) are not supported; supported: mean, cls, max"
      )
    }
    guard json["pooling_mode"] == nil || modes == order else {
      throw PlauditError(
        .unsupported,
        "\(file): pooling modes in the order \(modes) are not supported; "
          + "supported is \(order)")
    }
    return pooling
  }

  private static func dense(
    _ folder: String, _ name: String, inputs: Int
  ) throws(PlauditError) -> (Dense, Activation?) {
    let file = "\(name)/config.json"
    let bytes = try File.bytes(of: "\(folder)/config.json", limit: 1 << 20)
    let json = try JSONValue.parse(bytes.readable, file: file)
    let stated = try json.required("in_features").integer()
    guard stated == inputs else {
      throw PlauditError(.shape, "\(file): in_features is \(stated), \(inputs) come in")
    }
    let outputs = try json.required("out_features").integer(in: 1...16_384)
    let function = try json["activation_function"]?.string() ?? "torch.nn.modules.activation.Tanh"
    let activation: Activation?
    switch function.split(separator: ".").last {
    case "Identity": activation = nil
    case "Tanh": activation = .tanh
    default:
      throw PlauditError(
        .unsupported,
        "\(file): activation_function \(function) is not supported; "
          + "supported: Identity, Tanh")
    }
    guard try json["bias"]?.boolean() ?? true else {
      throw PlauditError(.unsupported, "\(file): bias false is not supported")
    }
    if try json["use_residual"]?.boolean() == true {
      throw PlauditError(.unsupported, "\(file): use_residual true is not supported")
    }
    let weights = try WeightFolder(
      folder: folder, prefixes: [""], probe: "linear.weight",
      limitBytes: ModelFolder.defaultLimitBytes)
    return (try Dense(weights, "linear", outputs: outputs, inputs: inputs), activation)
  }
}

extension String {
  /// Without this ending, if it has it.
  fileprivate func replacingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
