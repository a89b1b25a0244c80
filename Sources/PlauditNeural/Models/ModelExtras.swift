package import PlauditCore
package import PlauditStats
package import PlauditText

/// What a model does to texts before it reads them and to scores before it hands them on, kept in
/// config.json.
enum ModelExtras {
  static let cleaningKey = "plaudit_cleaning"
  static let calibrationKey = "plaudit_calibration"

  static func cleaning(_ json: JSONValue) throws(PlauditError) -> CleaningRecipe? {
    guard let value = json[cleaningKey] else { return nil }
    do throws(PlauditError) {
      return try CleaningRecipe.named(value.string())
    } catch {
      throw PlauditError(error.kind, "config.json: \(cleaningKey): \(error.message)")
    }
  }

  static func calibration(
    _ json: JSONValue, _ scoring: Scoring?
  ) throws(PlauditError) -> Calibration? {
    guard let value = json[calibrationKey] else { return nil }
    guard let scoring, scoring.problem == .singleLabel else {
      throw value.problem("is for single-label classifiers")
    }
    var parameters: [Double] = []
    for number in try value.required("parameters").elements() {
      parameters.append(try number.number())
    }
    let plain = Calibration.Plain(
      method: try value.required("method").string(),
      columns: try value.required("columns").integer(), parameters: parameters)
    guard plain.columns == scoring.count else {
      throw value.problem("has \(plain.columns) columns for \(scoring.count) labels")
    }
    do throws(PlauditError) {
      return try Calibration(plain)
    } catch {
      throw PlauditError(.corrupt, "config.json: \(calibrationKey): \(error.message)")
    }
  }

  static func write(
    _ cleaning: CleaningRecipe?, _ calibration: Calibration?, to json: JSONValue
  ) throws(PlauditError) {
    json.remove(cleaningKey)
    json.remove(calibrationKey)
    if let cleaning { try json.set(cleaningKey, cleaning.name) }
    guard let calibration else { return }
    let plain = calibration.plain
    let value = try JSONValue.object(file: json.file)
    try value.set("method", plain.method)
    try value.set("columns", plain.columns)
    var parameters: [JSONValue] = []
    for parameter in plain.parameters {
      parameters.append(try JSONValue.number(parameter, file: json.file))
    }
    try value.set("parameters", parameters)
    try json.set(calibrationKey, value)
  }
}

extension Model {
  /// The same model with a calibration fitted to labelled texts it was not trained on.
  ///
  /// - Parameter labels: `[texts]`, indices of the model's labels.
  /// - Throws: `.unsupported` for other problems than single label; what ``Calibration/fit`` says;
  ///   `.invalidData` with the row.
  package func calibrated(
    _ method: Calibration.Method, _ texts: TextBatch, labels: UnsafeBufferPointer<Int32>,
    threads: Int, control: RunControl
  ) throws(PlauditError) -> (model: Model, fit: CalibrationFit) {
    guard let head, head.problem == .singleLabel else {
      throw PlauditError(.unsupported, "only single-label classifiers can be calibrated")
    }
    for row in 0..<texts.count where texts.isNull(row) {
      throw PlauditError(.invalidData, "a null text cannot be an example", index: Int64(row))
    }
    var options = PredictionOptions()
    options.probabilities = false
    let scores = try Bytes(count: texts.count * head.count * MemoryLayout<Float>.stride)
    let values = scores.mutable.bindMemory(to: Float.self)
    try predict(
      texts, pairs: nil, options, threads: threads, control: control, scores: values,
      reports: nil)
    let logits = try Bytes(count: values.count * MemoryLayout<Double>.stride)
    let wide = logits.mutable.bindMemory(to: Double.self)
    for index in values.indices { wide[index] = Double(values[index]) }
    let fit = try Calibration.fit(
      method, logits: UnsafeBufferPointer(wide), columns: head.count, truth: labels,
      labels: head.labels.names)
    return (with(calibration: fit.calibration), fit)
  }
}

/// Cleans texts on their way to another runner.
final class CleaningRunner: TextRunner {
  private let recipe: CleaningRecipe
  private let runner: any TextRunner
  private let scratch = CleaningScratch()
  private let pairScratch = CleaningScratch()
  private let control: RunControl?

  init(_ recipe: CleaningRecipe, _ runner: any TextRunner, _ control: RunControl?) {
    self.recipe = recipe
    self.runner = runner
    self.control = control
  }

  func add(
    text index: Int, _ text: UnsafeRawBufferPointer, pair: UnsafeRawBufferPointer?
  ) throws(PlauditError) {
    let cleaned: UnsafeRawBufferPointer
    var cleanedPair: UnsafeRawBufferPointer?
    do throws(PlauditError) {
      cleaned = try recipe.apply(text, into: scratch, control: control).bytes
      if let pair {
        cleanedPair = try recipe.apply(pair, into: pairScratch, control: control).bytes
      }
    } catch {
      throw error.isStop ? error : error.at(index: Int64(index))
    }
    try runner.add(text: index, cleaned, pair: cleanedPair)
  }

  func flush() throws(PlauditError) { try runner.flush() }
}
