import PlauditCore
import PlauditTensor

/// The encoder's pooled first token beside the last state of an LSTM over word vectors, through a
/// dense ReLU layer to the labels: the studies' second hybrid.
final class BertWordLSTM: Network {
  static let name = "BertWordLSTMForSequenceClassification"
  static let denseKey = "dense_size"

  let encoder: BertEncoder?
  let pooler: Dense?
  private let words: Parameter<Float>
  private let lstm: LSTMLayer
  private let dense: Dense
  private let classifier: Dense
  private let dropout: Double
  private let isBinary: Bool

  init(
    _ source: some ParameterSource, _ bert: BertConfiguration, _ word: WordConfiguration,
    labels: Int
  ) throws(PlauditError) {
    let size = bert.hiddenSize
    let inner = try bert.json[BertWordLSTM.denseKey]?.integer(in: 1...16_384) ?? 128
    encoder = try BertEncoder(source, bert)
    pooler = try Dense(
      source, "pooler.dense", outputs: size, inputs: size, start: .normal(deviation: 0.02))
    words = try source.wordTable(word)
    lstm = try LSTMLayer(
      source, "lstm", inputs: word.vectorSize, hiddenSize: word.hiddenSize, bidirectional: false)
    dense = try Dense(source, "dense", outputs: inner, inputs: size + lstm.width)
    isBinary = labels == 2
    classifier = try Dense(source, "classifier", outputs: isBinary ? 1 : labels, inputs: inner)
    dropout = bert.classifierDropout
  }

  private init(_ network: BertWordLSTM, encoder: BertEncoder) {
    self.encoder = encoder
    pooler = network.pooler
    words = network.words
    lstm = network.lstm
    dense = network.dense
    classifier = network.classifier
    dropout = network.dropout
    isBinary = network.isBinary
  }

  func with(encoder: BertEncoder) -> any Network { BertWordLSTM(self, encoder: encoder) }

  static func build(_ description: FolderDescription) throws(PlauditError) -> Model {
    try ModelFolder.load(description) { (folder) throws(PlauditError) in
      let words = try WordSide(folder: description.path)
      let configuration = try WordConfiguration(
        description.json, vocabulary: words.rowCount, vocabularyKey: wordCountKey)
      let (scoring, labels) = try Scoring.ofNetwork(folder)
      let network = try BertWordLSTM(
        folder.weights, folder.configuration, configuration, labels: labels)
      return try Model(folder, EncoderBody(folder, network: network, words: words), scoring)
    }
  }

  /// `vocab_size` is the encoder's.
  static let wordCountKey = "word_count"

  var upperParameters: [Parameter<Float>] {
    [words] + lstm.parameters + dense.parameters + classifier.parameters
  }
  var readsWords: Bool { true }

  func logits(
    _ input: NetworkInput, _ tape: FloatTape
  ) throws(PlauditError) -> FloatTape.Tensor {
    guard let encoder, let pooler else {
      throw PlauditError(.internal, "a BERT without its encoder")
    }
    let pooled = try tape.scope { () throws(PlauditError) in
      let first = try encoder.forward(input, tape, firstOnly: true)
      return try pooler.forward(first, tape, .tanh)
    }
    let vectors = try tape.embed(
      (words, UnsafePointer(input.words.ids)), count: input.words.tokenCount)
    let last = try lstm.last(vectors, input.words.segments, tape)
    let both = try tape.concatenate(pooled, last)
    let inner = try dense.forward(tape.dropout(both, rate: dropout), tape, .relu)
    let logits = try classifier.forward(inner, tape)
    return isBinary ? try twoLabels(logits, tape) : logits
  }
}
