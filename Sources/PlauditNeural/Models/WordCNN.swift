import PlauditCore
import PlauditTensor

/// Convolutions of three, four and five words, the maximum of each filter over the text, dropout
/// and a dense layer.
///
/// - Source: Kim 2014, "Convolutional neural networks for sentence classification",
///   arXiv:1408.5882.
final class WordCNN: Network {
  static let name = "WordCNNForSequenceClassification"
  static let widths = [3, 4, 5]

  private let words: Parameter<Float>
  private let filters: [Dense]
  private let classifier: Dense
  private let dropout: Double
  private let isBinary: Bool

  init(
    _ source: some ParameterSource, _ configuration: WordConfiguration, labels: Int
  ) throws(PlauditError) {
    words = try source.wordTable(configuration)
    var filters: [Dense] = []
    for (index, width) in WordCNN.widths.enumerated() {
      let name = "convolutions.\(index)"
      let bound = InitialValues.uniform(
        bound: 1 / Double(configuration.vectorSize * width).squareRoot())
      let count = configuration.filterCount
      filters.append(
        Dense(
          linear: Linear(
            try source.parameter(
              "\(name).weight", [count, configuration.vectorSize, width], start: bound)),
          bias: try source.parameter("\(name).bias", [count], start: bound)))
    }
    self.filters = filters
    isBinary = labels == 2
    classifier = try Dense(
      source, "classifier", outputs: isBinary ? 1 : labels,
      inputs: filters.count * configuration.filterCount)
    dropout = configuration.dropout
  }

  static func build(_ description: FolderDescription) throws(PlauditError) -> Model {
    try WordBody.build(description) { (weights, configuration, labels) throws(PlauditError) in
      try WordCNN(weights, configuration, labels: labels)
    }
  }

  var encoder: BertEncoder? { nil }
  var pooler: Dense? { nil }
  var upperParameters: [Parameter<Float>] {
    [words] + filters.flatMap { $0.parameters } + classifier.parameters
  }
  var readsWords: Bool { true }

  func logits(
    _ input: NetworkInput, _ tape: FloatTape
  ) throws(PlauditError) -> FloatTape.Tensor {
    let vectors = try tape.embed(
      (words, UnsafePointer(input.words.ids)), count: input.words.tokenCount)
    func strongest(_ place: Int) throws(PlauditError) -> FloatTape.Tensor {
      try tape.scope { () throws(PlauditError) in
        let (windows, starts) = try tape.windows(
          vectors, input.words.segments, size: WordCNN.widths[place])
        return try tape.pool(filters[place].forward(windows, tape, .relu), starts, .max)
      }
    }
    let features = try tape.concatenate(strongest(0), strongest(1), strongest(2))
    let logits = try classifier.forward(tape.dropout(features, rate: dropout), tape)
    return isBinary ? try twoLabels(logits, tape) : logits
  }
}
