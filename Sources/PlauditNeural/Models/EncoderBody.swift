package import PlauditCore
package import PlauditTensor
package import PlauditText

/// A tokenizer, an encoder, and what stands on it: nothing, a head on the sentence vector, or a
/// network.
package final class EncoderBody: ModelBody {
  package let configuration: BertConfiguration
  package let tokenizer: Tokenizer
  package let sentence: SentenceEmbedding?
  package let maxLength: Int
  package let parameterCount: Int
  let encoder: BertEncoder
  /// The tanh layer over the first token, when the folder has one.
  let pooler: Dense?
  let embeddingHead: ClassifierHead?
  let network: (any Network)?
  /// For networks that read words too.
  let words: WordSide?
  let tokenizerFiles: [ModelFolder.TokenizerAsset]

  /// An encoder with the head its folder names, if any.
  init(_ folder: ModelFolder, encoder: BertEncoder, pooler: Dense?) throws(PlauditError) {
    let files = try folder.finish()
    configuration = folder.configuration
    tokenizer = files.tokenizer
    sentence = files.sentence
    maxLength = files.maxLength
    self.encoder = encoder
    self.pooler = pooler
    embeddingHead = files.embeddingHead
    network = nil
    words = nil
    tokenizerFiles = files.tokenizerFiles
    parameterCount =
      encoder.parameters.reduce(0) { $0 + $1.count } + (pooler?.count ?? 0)
      + (embeddingHead?.dense.count ?? 0)
    for parameter in encoder.parameters { try parameter.pack() }
  }

  /// A network with an encoder inside.
  init(
    _ folder: ModelFolder, network: any Network, words: WordSide? = nil
  ) throws(PlauditError) {
    guard let encoder = network.encoder else {
      throw PlauditError(.internal, "a network without an encoder")
    }
    let files = try folder.finish()
    configuration = folder.configuration
    tokenizer = files.tokenizer
    sentence = files.sentence
    maxLength = files.maxLength
    self.encoder = encoder
    pooler = network.pooler
    embeddingHead = nil
    self.network = network
    self.words = words
    tokenizerFiles = files.tokenizerFiles
    parameterCount = network.parameters.reduce(0) { $0 + $1.count }
    for parameter in network.parameters { try parameter.pack() }
  }

  /// The same encoder with a head on its sentence vectors.
  init(_ base: EncoderBody, embedding: SentenceEmbedding, head: ClassifierHead) {
    configuration = base.configuration
    tokenizer = base.tokenizer
    sentence = embedding
    maxLength = base.maxLength
    encoder = base.encoder
    pooler = base.pooler
    embeddingHead = head
    network = nil
    words = nil
    tokenizerFiles = base.tokenizerFiles
    parameterCount =
      encoder.parameters.reduce(0) { $0 + $1.count } + (pooler?.count ?? 0) + head.dense.count
  }

  /// A trained network in place of what stood on the encoder of `base`.
  init(
    _ base: EncoderBody, _ configuration: BertConfiguration, network: any Network,
    words: WordSide?, maxLength: Int
  ) throws(PlauditError) {
    guard let encoder = network.encoder else {
      throw PlauditError(.internal, "a network without an encoder")
    }
    self.configuration = configuration
    tokenizer = base.tokenizer
    sentence = nil
    self.maxLength = maxLength
    self.encoder = encoder
    pooler = network.pooler
    embeddingHead = nil
    self.network = network
    self.words = words
    tokenizerFiles = base.tokenizerFiles
    parameterCount = network.parameters.reduce(0) { $0 + $1.count }
    for parameter in network.parameters { try parameter.pack() }
  }

  /// The same body at another precision.
  init(_ base: EncoderBody, precision: Precision) throws(PlauditError) {
    try base.requireWeights("be brought to \(precision.name)")
    let encoder = try BertEncoder(base.encoder, precision: precision)
    configuration = base.configuration
    tokenizer = base.tokenizer
    sentence = base.sentence
    maxLength = base.maxLength
    self.encoder = encoder
    pooler = base.pooler
    embeddingHead = base.embeddingHead
    network = base.network?.with(encoder: encoder)
    words = base.words
    tokenizerFiles = base.tokenizerFiles
    parameterCount = base.parameterCount
  }

  package var precision: Precision { encoder.precision }

  /// - Throws: `.invalidState` for a model that has no fp32 weights any more.
  package func requireWeights(_ what: String) throws(PlauditError) {
    guard precision == .fp32 else {
      throw PlauditError(
        .invalidState,
        "a model at \(precision.name) keeps no fp32 weights, so it cannot \(what); "
          + "load it at fp32")
    }
  }

  package var hiddenSize: Int { configuration.hiddenSize }
  package var layerCount: Int { configuration.layerCount }

  /// A thread has at least 96 columns of a layer's smallest product, else joining costs more than it
  /// saves; and a team is one core complex at most.
  package func teamThreads(_ threads: Int) -> Int {
    max(1, min(threads, configuration.hiddenSize / 96, 8))
  }

  package func check(_ options: PredictionOptions, isPair: Bool) throws(PlauditError) {
    _ = try options.encoding(self, isPair: isPair)
  }

  package func runner(
    _ wanted: Wanted, _ options: PredictionOptions, _ setting: RunnerSetting
  ) throws(PlauditError) -> any TextRunner {
    let output: EncoderOutput
    switch wanted {
    case .scores(let finish):
      if let network {
        output = .network(network, finish)
      } else if let embeddingHead, let sentence {
        output = .head(embeddingHead, on: sentence, finish)
      } else {
        throw PlauditError(
          .invalidState,
          "the model has no head to score with; embed texts, or train a head on it")
      }
    case .embedding: output = .embedding(try options.embedding(self))
    case .states: output = .states
    }
    return try EncoderRunner(self, output, options, setting)
  }

  // MARK: Saving

  package func save(
    to path: String, storage: WeightStorage
  ) throws(PlauditError) -> JSONValue {
    try requireWeights("be saved")
    for asset in tokenizerFiles {
      try File.write([asset.bytes.readable], to: "\(path)/\(asset.name)")
    }
    var tensors: [NamedTensor]
    if let network {
      tensors = try network.tensors()
    } else {
      tensors = try NamedTensor.of(encoder.parameters + (pooler?.parameters ?? []))
    }
    try SafetensorsWriter.write(tensors, storage: storage, to: "\(path)/model.safetensors")
    if let sentence { try saveModules(sentence, to: path) }
    try words?.save(to: path)
    let json = try configuration.json.copy()
    try RowQuantization.record(storage, in: json)
    try json.set("dtype", "float32")
    if json.has("torch_dtype") { try json.set("torch_dtype", "float32") }
    json.remove(ModelFolder.lengthKey)
    if sentence == nil, maxLength != ModelFolder.usualLength(configuration, tokenizer) {
      try json.set(ModelFolder.lengthKey, maxLength)
    }
    if embeddingHead != nil {
      try json.set("architectures", [try JSONValue.string("BertModel", file: json.file)])
      try json.set(ModelFolder.headKey, headFolder)
    }
    return json
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
    if let embeddingHead {
      let folder = headFolder
      try add(folder, "Dense")
      try saveDense(embeddingHead.dense, nil, to: "\(path)/\(folder)")
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
    try SafetensorsWriter.write(
      try NamedTensor.of(dense.parameters).map {
        $0.renamed($0.shape.count == 2 ? "linear.weight" : "linear.bias")
      }, to: "\(path)/model.safetensors")
  }
}
