package import PlauditCore
import PlauditTensor
package import PlauditText

/// A loaded model: a tokenizer, an encoder, and what stands on it. Never changes.
package final class Model {
  package let configuration: BertConfiguration
  package let tokenizer: Tokenizer
  package let encoder: BertEncoder
  /// The tanh layer over the first token, when the folder has one.
  let pooler: Dense?
  package let head: ClassifierHead?
  /// Whether the head stands on the sentence vector rather than on the pooler.
  let headOnEmbedding: Bool
  package let sentence: SentenceEmbedding?
  package let maxLength: Int
  package let parameterCount: Int
  private let tokenizerFiles: [ModelFolder.TokenizerAsset]

  /// Loads a folder as Hugging Face or sentence-transformers write it, checking everything.
  ///
  /// - Parameter limitBytes: the most memory the weights may take.
  package static func load(
    path: String, limitBytes: Int? = nil
  ) throws(PlauditError) -> Model {
    guard File.isDirectory(path) else {
      throw PlauditError(.notFound, "\(path) is not a model folder")
    }
    let folder = try ModelFolder(
      path: path, limitBytes: limitBytes ?? ModelFolder.defaultLimitBytes)
    return try ModelRegistry.builder(folder.configuration.architecture)(folder)
  }

  init(
    _ folder: ModelFolder, encoder: BertEncoder, pooler: Dense?, pooledHead: ClassifierHead?
  ) {
    configuration = folder.configuration
    tokenizer = folder.tokenizer
    self.encoder = encoder
    self.pooler = pooler
    head = pooledHead ?? folder.embeddingHead
    headOnEmbedding = pooledHead == nil
    sentence = folder.sentence
    maxLength = folder.maxLength
    parameterCount = folder.weights.parameterCount + (folder.embeddingHead?.dense.count ?? 0)
    tokenizerFiles = folder.tokenizerFiles
  }

  /// The same encoder with a head on its sentence vectors.
  init(_ base: Model, embedding: SentenceEmbedding, head: ClassifierHead) {
    configuration = base.configuration
    tokenizer = base.tokenizer
    encoder = base.encoder
    pooler = base.pooler
    self.head = head
    headOnEmbedding = true
    sentence = embedding
    maxLength = base.maxLength
    parameterCount =
      base.parameterCount - (base.headOnEmbedding ? base.head?.dense.count ?? 0 : 0)
      + head.dense.count
    tokenizerFiles = base.tokenizerFiles
  }

  // MARK: Saving

  /// Writes the folder: weights as F32, tokenizer files as they were, config.json with what
  /// changed. Loading it again gives the same bits.
  package func save(to path: String) throws(PlauditError) {
    try File.makeDirectory(path)
    for asset in tokenizerFiles {
      try File.write([asset.bytes.readable], to: "\(path)/\(asset.name)")
    }
    let isClassifier = head != nil && !headOnEmbedding
    var tensors = encoder.tensors(prefix: isClassifier ? "bert." : "")
    if let pooler {
      tensors += pooler.tensors(isClassifier ? "bert.pooler.dense" : "pooler.dense")
    }
    if isClassifier, let head { tensors += head.dense.tensors("classifier") }
    try SafetensorsWriter.write(tensors, to: "\(path)/model.safetensors")
    if let sentence { try saveModules(sentence, to: path) }
    // Last, so that a folder cut short does not load.
    try saveConfiguration(to: path)
  }

  private func saveConfiguration(to path: String) throws(PlauditError) {
    let json = try configuration.json.copy()
    try json.set("dtype", "float32")
    if json.has("torch_dtype") { try json.set("torch_dtype", "float32") }
    if let head, headOnEmbedding {
      try json.set("architectures", [try JSONValue.string("BertModel", file: json.file)])
      try json.set(ModelFolder.headKey, headFolder)
      let names = try JSONValue.object(file: json.file)
      let numbers = try JSONValue.object(file: json.file)
      for (index, name) in head.labels.names.enumerated() {
        try names.set(String(index), name)
        try numbers.set(name, index)
      }
      try json.set("id2label", names)
      try json.set("label2id", numbers)
      try json.set("problem_type", head.problem.configurationName)
    }
    try File.write(try json.text(), to: "\(path)/config.json")
  }

  private var headFolder: String { "\((sentence?.steps.count ?? 0) + 2)_Dense" }

  /// modules.json and a folder a module, with the class paths that sentence-transformers 2 to 6
  /// all read.
  private func saveModules(
    _ sentence: SentenceEmbedding, to path: String
  ) throws(PlauditError) {
    var modules: [JSONValue] = []
    func add(_ folder: String, _ type: String) throws(PlauditError) {
      let module = try JSONValue.object(file: SentenceEmbedding.modulesFile)
      try module.set("idx", modules.count)
      try module.set("name", String(modules.count))
      try module.set("path", folder)
      try module.set("type", "sentence_transformers.models.\(type)")
      modules.append(module)
      if !folder.isEmpty { try File.makeDirectory("\(path)/\(folder)") }
    }
    try add("", "Transformer")
    let limit = try JSONValue.object(file: "sentence_bert_config.json")
    try limit.set("max_seq_length", maxLength)
    try limit.set("do_lower_case", false)
    try File.write(try limit.text(), to: "\(path)/sentence_bert_config.json")

    try add("1_Pooling", "Pooling")
    let pooling = try JSONValue.object(file: "1_Pooling/config.json")
    try pooling.set("word_embedding_dimension", sentence.inputWidth)
    try pooling.set("pooling_mode_cls_token", sentence.pooling.contains(.cls))
    try pooling.set("pooling_mode_mean_tokens", sentence.pooling.contains(.mean))
    try pooling.set("pooling_mode_max_tokens", sentence.pooling.contains(.max))
    try File.write(try pooling.text(), to: "\(path)/1_Pooling/config.json")

    for step in sentence.steps {
      switch step {
      case .normalize: try add("\(modules.count)_Normalize", "Normalize")
      case .dense(let dense, _, let activation):
        let folder = "\(modules.count)_Dense"
        try add(folder, "Dense")
        try saveDense(dense, activation, to: "\(path)/\(folder)")
      }
    }
    if let head, headOnEmbedding {
      let folder = headFolder
      try add(folder, "Dense")
      try saveDense(head.dense, nil, to: "\(path)/\(folder)")
    }
    try File.write(
      try JSONValue.text(array: modules, file: SentenceEmbedding.modulesFile),
      to: "\(path)/\(SentenceEmbedding.modulesFile)")
  }

  private func saveDense(
    _ dense: Dense, _ activation: Activation?, to path: String
  ) throws(PlauditError) {
    let json = try JSONValue.object(file: "config.json")
    try json.set("in_features", dense.linear.inputs)
    try json.set("out_features", dense.linear.outputs)
    try json.set("bias", true)
    try json.set(
      "activation_function",
      activation == .tanh
        ? "torch.nn.modules.activation.Tanh" : "torch.nn.modules.linear.Identity")
    try File.write(try json.text(), to: "\(path)/config.json")
    try SafetensorsWriter.write(dense.tensors("linear"), to: "\(path)/model.safetensors")
  }
}

extension Dense {
  /// The number of weights and biases.
  fileprivate var count: Int { linear.outputs * (linear.inputs + 1) }
}
