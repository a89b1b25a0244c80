import PlauditCore
import PlauditTensor
import PlauditText

/// A network at the start of its training, and how it becomes a model.
enum TrainableNetwork {
  /// The vocabulary of a training, and its vectors with the unknown word's last.
  struct Words {
    let side: WordSide
    let width: Int
    let vectors: FloatBuffer

    /// Of a file's vectors those of words in the texts and of the first `most`; the unknown
    /// word's is their mean.
    init(
      _ all: WordVectors, from path: String, texts: TextStore, most: Int, control: RunControl
    ) throws(PlauditError) {
      let tokenizer = try WordTokenizer(vocabulary: all.table)
      var isUsed = [Bool](repeating: false, count: all.count)
      for row in 0..<min(most, all.count) { isUsed[row] = true }
      try texts.withTexts { (batch, _) throws(PlauditError) in
        let scratch = WordScratch()
        for row in 0..<batch.count {
          try control.check()
          let found = try tokenizer.tokenize(
            batch.text(row), into: scratch, control: control)
          for id in found.ids where id >= 0 {
            isUsed[Int(id)] = true
          }
        }
      }
      let kept = try all.subset(
        rows: isUsed.indices.filter { isUsed[$0] }, control: control)
      guard kept.count > 0 else {
        throw PlauditError(.invalidData, "\(path) has no word vectors")
      }
      side = try WordSide(vocabulary: kept.table)
      width = kept.width
      vectors = try FloatBuffer(count: (kept.count + 1) * kept.width)
      var sums = [Double](repeating: 0, count: kept.width)
      for row in 0..<kept.count {
        if row & 0xFFF == 0xFFF { try control.check() }
        let vector = kept.values.pointer + row * kept.width
        (vectors.pointer + row * kept.width).update(from: vector, count: kept.width)
        for column in 0..<kept.width { sums[column] += Double(vector[column]) }
      }
      let mean = vectors.pointer + kept.count * kept.width
      for column in 0..<kept.width { mean[column] = Float(sums[column] / Double(kept.count)) }
    }

    var tensor: NamedTensor { NamedTensor("words.weight", [side.rowCount, width], vectors) }
  }

  static func readsWords(_ options: TrainingOptions) -> Bool {
    [BertWordLSTM.name, WordLSTM.name, WordCNN.name].contains(options.architecture)
  }

  /// Builds the network with copies of the base's weights and random ones above.
  ///
  /// - Parameter keepsHead: the base has the same labels, so that its head goes on too where the
  ///   architecture is the same.
  /// - Returns: the network, and what makes a model of it for a length of texts.
  static func make(
    _ options: TrainingOptions, base: EncoderBody?, keepsHead: Bool, labels: Int, words: Words?,
    control: RunControl
  ) throws(PlauditError) -> (
    network: any Network, body: (_ maxLength: Int) throws(PlauditError) -> Finished
  ) {
    var known: [NamedTensor] = []
    if let base {
      known = try NamedTensor.of(base.encoder.parameters + (base.pooler?.parameters ?? []))
      if keepsHead, let network = base.network,
        base.configuration.architecture == options.architecture
      {
        let upper = try NamedTensor.of(network.upperParameters)
        let rows = upper.first { $0.name == "classifier.weight" }?.shape.first ?? 0
        let isBinary = labels == 2 && options.architecture != BertForSequenceClassification.name
        if rows == (isBinary ? 1 : labels) {
          known += upper.filter { $0.name != "words.weight" }
        }
      }
    }
    if let words { known.append(words.tensor) }
    let start = TrainingStart(known: known, seed: options.seed, control: control)
    if let base {
      let configuration = try bertConfiguration(options, base, words)
      let network: any Network
      switch options.architecture {
      case BertBiLSTM.name:
        network = try BertBiLSTM(start, configuration, labels: labels)
      case BertWordLSTM.name:
        let word = try WordConfiguration(
          configuration.json, vocabulary: words?.side.rowCount ?? 0,
          vocabularyKey: BertWordLSTM.wordCountKey)
        network = try BertWordLSTM(start, configuration, word, labels: labels)
      default:
        network = try BertForSequenceClassification(start, configuration, labels: labels)
      }
      return (
        network,
        { (maxLength) throws(PlauditError) in
          Finished(
            architecture: options.architecture,
            body: try EncoderBody(
              base, configuration, network: network, words: words?.side, maxLength: maxLength))
        }
      )
    }
    guard let words else { throw PlauditError(.internal, "a word network without words") }
    let configuration = try wordConfiguration(options, words)
    let network: any Network =
      options.architecture == WordCNN.name
      ? try WordCNN(start, configuration, labels: labels)
      : try WordLSTM(start, configuration, labels: labels)
    return (
      network,
      { (maxLength) throws(PlauditError) in
        Finished(
          architecture: options.architecture,
          body: try WordBody(configuration, words.side, network, maxLength: maxLength))
      }
    )
  }

  struct Finished {
    let architecture: String
    let body: any ModelBody

    func model(labels: LabelSet, cleaning: CleaningRecipe?) -> Model {
      Model(
        architecture: architecture, body, Scoring(labels: labels, problem: .singleLabel),
        cleaning: cleaning)
    }
  }

  private static func bertConfiguration(
    _ options: TrainingOptions, _ base: EncoderBody, _ words: Words?
  ) throws(PlauditError) -> BertConfiguration {
    let json = try base.configuration.json.copy()
    for key in [ModelFolder.headKey, "problem_type", "num_labels", "id2label", "label2id"] {
      json.remove(key)
    }
    RowQuantization.forget(in: json)
    try json.set("architectures", [try JSONValue.string(options.architecture, file: json.file)])
    if let rate = options.dropout {
      try json.set("hidden_dropout_prob", JSONValue.number(rate, file: json.file))
      try json.set("attention_probs_dropout_prob", JSONValue.number(rate, file: json.file))
    }
    if let rate = options.classifierDropout {
      try json.set("classifier_dropout", JSONValue.number(rate, file: json.file))
    }
    // A network that is trained further keeps its sizes.
    let isSame = base.configuration.architecture == options.architecture
    func size(_ key: String, _ wanted: Int?, _ usual: Int) throws(PlauditError) {
      if wanted == nil, isSame, json.has(key) { return }
      try json.set(key, wanted ?? usual)
    }
    if options.architecture == BertBiLSTM.name {
      try size(BertBiLSTM.sizeKey, options.hiddenSize, 128)
    }
    if options.architecture == BertWordLSTM.name, let words {
      try size(BertWordLSTM.denseKey, options.denseSize, 128)
      try size(WordConfiguration.hiddenKey, options.hiddenSize, 100)
      try json.set(BertWordLSTM.wordCountKey, words.side.rowCount)
      try json.set(WordConfiguration.vectorKey, words.width)
    }
    return try BertConfiguration(json, architecture: options.architecture)
  }

  private static func wordConfiguration(
    _ options: TrainingOptions, _ words: Words
  ) throws(PlauditError) -> WordConfiguration {
    let json = try JSONValue.object(file: FolderDescription.file)
    try json.set("architectures", [try JSONValue.string(options.architecture, file: json.file)])
    try json.set("dtype", "float32")
    try json.set("vocab_size", words.side.rowCount)
    try json.set(WordConfiguration.vectorKey, words.width)
    if options.architecture == WordCNN.name {
      try json.set(WordConfiguration.filterKey, options.filterCount ?? 100)
    } else {
      try json.set(WordConfiguration.hiddenKey, options.hiddenSize ?? 100)
    }
    try json.set(
      WordConfiguration.dropoutKey,
      JSONValue.number(options.classifierDropout ?? 0.5, file: json.file))
    return try WordConfiguration(json, vocabulary: words.side.rowCount)
  }

  /// A digest of the bits of a parameter: FNV-1a over eight interleaved sequences.
  static func digest(
    _ parameter: Parameter<Float>, control: RunControl
  ) throws(PlauditError) -> UInt64 {
    let prime: UInt64 = 0x100_0000_01b3
    var lanes = SIMD8<UInt64>(repeating: 0xcbf2_9ce4_8422_2325)
    let values = parameter.values.pointer
    var index = 0
    while index + 8 <= parameter.count {
      if index & 0xF_FFFF == 0 { try control.check() }
      var bits = SIMD8<UInt64>()
      for lane in 0..<8 { bits[lane] = UInt64(values[index + lane].bitPattern) }
      lanes = (lanes ^ bits) &* prime
      index += 8
    }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for lane in 0..<8 { hash = (hash ^ lanes[lane]) &* prime }
    while index < parameter.count {
      hash = (hash ^ UInt64(values[index].bitPattern)) &* prime
      index += 1
    }
    return hash
  }
}
