package import PlauditCore
package import PlauditTensor

/// What config.json says about a BERT, checked before any weight is read.
package struct BertConfiguration {
  package let architecture: String
  package let hiddenSize: Int
  package let layerCount: Int
  package let headCount: Int
  package let intermediateSize: Int
  package let positionCount: Int
  package let typeCount: Int
  package let vocabularySize: Int
  package let activation: Activation
  package let epsilon: Float
  package let padId: Int
  package let problemType: String?
  /// Dropouts of a training, as transformers reads and names them.
  package let hiddenDropout: Double
  package let attentionDropout: Double
  package let classifierDropout: Double
  /// The whole file, for saving.
  package let json: JSONValue

  package var headSize: Int { hiddenSize / headCount }

  package init(folder: String) throws(PlauditError) {
    let description = try FolderDescription(
      path: folder, limitBytes: ModelFolder.defaultLimitBytes)
    try self.init(description.json, architecture: description.architecture)
  }

  init(_ json: JSONValue, architecture: String) throws(PlauditError) {
    self.json = json
    self.architecture = architecture
    try BertConfiguration.refuseUnsupported(json)

    hiddenSize = try json.required("hidden_size").integer(in: 1...16_384)
    layerCount = try json.required("num_hidden_layers").integer(in: 1...256)
    headCount = try json.required("num_attention_heads").integer(in: 1...1024)
    intermediateSize = try json.required("intermediate_size").integer(in: 1...131_072)
    positionCount = try json.required("max_position_embeddings").integer(in: 2...1_048_576)
    typeCount = try json["type_vocab_size"]?.integer(in: 1...1024) ?? 2
    vocabularySize = try json.required("vocab_size").integer(in: 1...16_777_216)
    padId = try json["pad_token_id"]?.integer(in: 0...(vocabularySize - 1)) ?? 0
    let smallest = try json["layer_norm_eps"]?.number() ?? 1e-12
    guard smallest > 0, smallest < 1 else {
      throw PlauditError(
        .corrupt, "config.json: layer_norm_eps is \(smallest), not between 0 and 1")
    }
    epsilon = Float(smallest)
    guard hiddenSize % headCount == 0 else {
      throw PlauditError(
        .corrupt,
        "config.json: hidden_size \(hiddenSize) is not a multiple of num_attention_heads \(headCount)"
      )
    }
    let name = try json["hidden_act"]?.string() ?? "gelu"
    guard let activation = Activation(rawValue: name) else {
      let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      throw PlauditError(
        .unsupported, "config.json: hidden_act \(name) is not supported; supported: \(known)")
    }
    self.activation = activation
    problemType = try json["problem_type"]?.string()
    hiddenDropout = try BertConfiguration.rate(json, "hidden_dropout_prob") ?? 0.1
    attentionDropout = try BertConfiguration.rate(json, "attention_probs_dropout_prob") ?? 0.1
    classifierDropout = try BertConfiguration.rate(json, "classifier_dropout") ?? hiddenDropout
  }

  private static func rate(_ json: JSONValue, _ key: String) throws(PlauditError) -> Double? {
    guard let value = json[key] else { return nil }
    let rate = try value.number()
    guard rate >= 0, rate < 1 else {
      throw value.problem("is \(rate), a rate from 0 to below 1 is needed")
    }
    return rate
  }

  /// Keys whose unusual values change the arithmetic: refused rather than ignored.
  private static func refuseUnsupported(_ json: JSONValue) throws(PlauditError) {
    if let kind = try json["position_embedding_type"]?.string(), kind != "absolute" {
      throw PlauditError(
        .unsupported,
        "config.json: position_embedding_type \(kind) is not supported; absolute is")
    }
    for key in ["is_decoder", "add_cross_attention"] {
      if try json[key]?.boolean() == true {
        throw PlauditError(.unsupported, "config.json: \(key) true is not supported")
      }
    }
    _ = try RowQuantization.storage(json)
  }
}
