package import PlauditCore

/// How a text becomes n-grams.
package struct NGrams: Equatable, Sendable {
  package enum Unit: String, Sendable {
    /// Runs of word characters, joined by one space each: scikit-learn's `analyzer="word"`.
    case word
    /// Characters inside words that are padded with one space at either end: its `"char_wb"`.
    case character = "char_wb"
  }

  package var unit: Unit
  package var shortest: Int
  package var longest: Int
  package var lowercases = true
  /// Words of fewer scalars are left out: 2 is what `(?u)\b\w\w+\b` matches.
  package var minimumWordLength = 2
  /// Whether each scalar that is neither in a word nor white space is a word too: `!`, emoji.
  package var keepsSymbols = false

  package static let maximumLength = 64

  package init(_ unit: Unit = .word, shortest: Int = 1, longest: Int = 1) {
    self.unit = unit
    self.shortest = shortest
    self.longest = longest
  }

  /// Throws `.invalidArgument` unless `1 <= shortest <= longest <= 64` and words have a length.
  package func check() throws(PlauditError) {
    guard shortest >= 1, longest >= shortest, longest <= NGrams.maximumLength else {
      throw PlauditError(
        .invalidArgument,
        "n-grams of \(shortest) to \(longest); allowed are 1 to \(NGrams.maximumLength), "
          + "the shortest first")
    }
    guard minimumWordLength >= 1, minimumWordLength <= NGrams.maximumLength else {
      throw PlauditError(
        .invalidArgument,
        "words of at least \(minimumWordLength) characters; allowed are 1 to "
          + "\(NGrams.maximumLength)")
    }
  }

  // MARK: Files

  /// The recipe as an object of `file`.
  package func json(file: String) throws(PlauditError) -> JSONValue {
    let json = try JSONValue.object(file: file)
    try json.set("analyzer", unit.rawValue)
    try json.set("shortest", shortest)
    try json.set("longest", longest)
    try json.set("lowercase", lowercases)
    try json.set("minimum_word_length", minimumWordLength)
    try json.set("symbols", keepsSymbols)
    return json
  }

  /// Reads what `json(file:)` wrote; `.corrupt`, `.limit` or `.unsupported` name the key.
  package init(_ json: JSONValue) throws(PlauditError) {
    let name = try json.required("analyzer")
    guard let unit = Unit(rawValue: try name.string()) else {
      throw name.problem(
        "\(try name.string()) is not supported; supported: word, char_wb", kind: .unsupported)
    }
    self.unit = unit
    shortest = try json.required("shortest").integer(in: 1...NGrams.maximumLength)
    longest = try json.required("longest").integer(in: shortest...NGrams.maximumLength)
    lowercases = try json.required("lowercase").boolean()
    minimumWordLength = try json.required("minimum_word_length").integer(
      in: 1...NGrams.maximumLength)
    keepsSymbols = try json.required("symbols").boolean()
  }
}
