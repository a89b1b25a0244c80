package import PlauditCore
import PlauditText

/// A lexicon behind the same calls as every other model: negative, neutral, positive.
final class LexiconModel: TextScorer {
  static let architecture = "VaderLexicon"
  static let labels = ["negative", "neutral", "positive"]

  let lexicon: VaderLexicon
  /// Where each of `labels` stands among the scores.
  private let places: [Int]
  private let json: JSONValue
  private let folderFiles: [ModelFolder.TokenizerAsset]

  private init(
    _ lexicon: VaderLexicon, places: [Int], json: JSONValue,
    files: [ModelFolder.TokenizerAsset]
  ) {
    self.lexicon = lexicon
    self.places = places
    self.json = json
    folderFiles = files
  }

  static func build(_ description: FolderDescription) throws(PlauditError) -> Model {
    let lexicon = try VaderLexicon.load(folder: description.path)
    let names = try LabelSet(description.json, count: 3, tensor: "of the lexicon")
    var places: [Int] = []
    for label in labels {
      guard let place = names.names.firstIndex(of: label) else {
        throw PlauditError(
          .corrupt, "config.json: a lexicon's labels are \(labels.joined(separator: ", "))")
      }
      places.append(place)
    }
    var files: [ModelFolder.TokenizerAsset] = []
    if File.exists("\(description.path)/LICENSE") {
      files.append(
        ModelFolder.TokenizerAsset(
          name: "LICENSE",
          bytes: try File.bytes(of: "\(description.path)/LICENSE", limit: 1 << 20)))
    }
    let made = LexiconModel(lexicon, places: places, json: description.json, files: files)
    return made.model(Scoring(labels: names, problem: .singleLabel))
  }

  private func model(_ scoring: Scoring) -> Model {
    Model(
      architecture: LexiconModel.architecture,
      ScorerBody(
        self, architecture: LexiconModel.architecture, parameterCount: lexicon.count
      ) { (path) throws(PlauditError) in
        try self.lexicon.save(folder: path)
        for file in self.folderFiles {
          try File.write([file.bytes.readable], to: "\(path)/\(file.name)")
        }
        return try self.json.copy()
      }, scoring)
  }

  /// The same rules over a lexicon with words of one's own.
  fileprivate func changed(
    _ words: [(word: String, valence: Double)], _ scoring: Scoring
  ) throws(PlauditError) -> Model {
    LexiconModel(
      try lexicon.changed(setting: words), places: places, json: json, files: folderFiles
    ).model(scoring)
  }

  // MARK: TextScorer

  var classCount: Int { 3 }

  func makeScratch() -> VaderScratch { VaderScratch() }

  func score(
    _ text: UnsafeRawBufferPointer, _ scratch: VaderScratch, control: RunControl?,
    into logits: UnsafeMutablePointer<Float>
  ) throws(PlauditError) {
    let scores = try lexicon.score(text, into: scratch).classLogits
    logits[places[0]] = scores.negative
    logits[places[1]] = scores.neutral
    logits[places[2]] = scores.positive
  }
}

extension Model {
  /// A lexicon model with words added or given another valence; `.unsupported` for other models.
  package func with(
    words: [(word: String, valence: Double)]
  ) throws(PlauditError) -> Model {
    guard let body = body as? ScorerBody<LexiconModel>, let head else {
      throw PlauditError(.unsupported, "\(architecture) has no lexicon to add words to")
    }
    return try body.scorer.changed(words, head)
  }
}
