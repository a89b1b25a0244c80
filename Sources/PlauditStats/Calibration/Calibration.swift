import Glibc
package import PlauditCore

// How to use it.
//
//   let fit = try Calibration.fit(.temperature, logits: logits, columns: 3, truth: truth)
//   let calibration = fit.calibration             // a value; keep it with the model
//   try calibration.apply(logits: row, probabilities: out)   // one row or many
//
//   let plain = calibration.plain                 // for config.json
//   plain.method                                  // "temperature", "platt", "isotonic"
//   plain.columns                                 // 3
//   plain.parameters                              // [Double]; what they mean is said at `Plain`
//   let same = try Calibration(plain)             // checks everything; equal to the bit
//
// `columns` is the width of a logit row. 1 means one score for class 1 against class 0 (a sigmoid
// model; for several labels that do not exclude each other, one calibration a label). 2 or more
// means classes that exclude each other (a softmax model).

/// A map from the scores of a model to probabilities that come true as often as they say.
///
/// | method | one column, score f | two or more columns, logits z |
/// |---|---|---|
/// | temperature | `1 / (1 + exp(-f/T))` | `softmax(z/T)` |
/// | platt | `1 / (1 + exp(A f + B))` | the same of each class's log-odds `f = z - log Σ exp(others)`, then normalised |
/// | isotonic | the fitted steps at f, linear between | the same of each class's softmax probability, then normalised |
///
/// One-vs-rest values of a row that are all 0 become `1/columns`. Temperature keeps the order of
/// the classes; the other two may change it.
package struct Calibration: Equatable, Sendable {
  package enum Method: String, CaseIterable, Sendable {
    case temperature
    case platt
    case isotonic
  }

  package let method: Method
  package let columns: Int
  let maps: Maps

  enum Maps: Equatable, Sendable {
    case temperature(Double)
    case platt([PlattScaling])
    case isotonic([IsotonicRegression])
  }

  init(columns: Int, maps: Maps) {
    self.columns = columns
    self.maps = maps
    method =
      switch maps {
      case .temperature: .temperature
      case .platt: .platt
      case .isotonic: .isotonic
      }
  }

  package static let maximumColumns = ClassificationReport.maximumClasses

  // MARK: - Apply

  /// Probabilities of rows of logits.
  ///
  /// - Parameters:
  ///   - logits: `[rows, columns]`, finite.
  ///   - probabilities: `[rows, columns]`; may be the same memory. With one column, of class 1;
  ///     with more, each row adds up to 1.
  /// - Throws: `invalidArgument` for lengths that do not fit; `notFinite` with the row: rows before
  ///   it are written.
  package func apply(
    logits: UnsafeBufferPointer<Double>, probabilities: UnsafeMutableBufferPointer<Double>
  ) throws(PlauditError) {
    guard logits.count % columns == 0, probabilities.count == logits.count else {
      throw PlauditError(
        .invalidArgument,
        "\(logits.count) logits and \(probabilities.count) probabilities are no rows of \(columns)")
    }
    for row in 0..<(logits.count / columns) {
      let range = row * columns..<(row + 1) * columns
      for column in range { _ = try checkedFinite(logits[column], "logit", row: row) }
      apply(
        row: UnsafeBufferPointer(rebasing: logits[range]),
        UnsafeMutableBufferPointer(rebasing: probabilities[range]))
    }
  }

  private func apply(
    row: UnsafeBufferPointer<Double>, _ out: UnsafeMutableBufferPointer<Double>
  ) {
    switch maps {
    case .temperature(let temperature):
      if columns == 1 {
        out[0] = Logistic.sigmoid(row[0] / temperature)
      } else {
        Softmax.probabilities(row, scale: 1 / temperature, out)
      }
    case .platt(let maps):
      if columns > 1 { Softmax.logOdds(row, out) } else { out[0] = row[0] }
      for column in 0..<columns { out[column] = maps[column].probability(out[column]) }
      normalize(out)
    case .isotonic(let maps):
      if columns > 1 { Softmax.probabilities(row, scale: 1, out) } else { out[0] = row[0] }
      for column in 0..<columns { out[column] = maps[column].value(at: out[column]) }
      normalize(out)
    }
  }

  private func normalize(_ row: UnsafeMutableBufferPointer<Double>) {
    if columns == 1 { return }
    var sum = 0.0
    for value in row { sum += value }
    for column in row.indices {
      row[column] = sum > 0 ? min(1, row[column] / sum) : 1 / Double(columns)
    }
  }

  // MARK: - Plain data

  /// The calibration as a name and numbers, to be written in a file and read back the same.
  ///
  /// Parameters, in this order: *temperature*: T. *platt*: A and B of each column. *isotonic*: for
  /// each column the number m of its points, its m positions, and its m values.
  package struct Plain: Equatable, Sendable {
    package var method: String
    package var columns: Int
    package var parameters: [Double]

    package init(method: String, columns: Int, parameters: [Double]) {
      self.method = method
      self.columns = columns
      self.parameters = parameters
    }
  }

  package var plain: Plain {
    let parameters: [Double] =
      switch maps {
      case .temperature(let temperature): [temperature]
      case .platt(let maps): maps.flatMap { [$0.slope, $0.intercept] }
      case .isotonic(let maps):
        maps.flatMap { [Double($0.positions.count)] + $0.positions + $0.values }
      }
    return Plain(method: method.rawValue, columns: columns, parameters: parameters)
  }

  /// - Throws: `unsupported` for the method's name; `outOfRange` for the columns; `corrupt` for
  ///   parameters that no fit can have made, naming the first.
  package init(_ plain: Plain) throws(PlauditError) {
    guard let method = Method(rawValue: plain.method) else {
      let known = Method.allCases.map(\.rawValue).joined(separator: ", ")
      throw PlauditError(
        .unsupported, "calibration method \(plain.method) is not one of \(known)")
    }
    try Calibration.check(columns: plain.columns)
    var reader = Reader(plain)
    let maps: Maps
    switch method {
    case .temperature:
      let temperature = try reader.next("temperature")
      guard temperature > 0 else {
        throw PlauditError(
          .corrupt, "calibration temperature is \(temperature.plain), it must be positive")
      }
      maps = .temperature(temperature)
    case .platt:
      var columns: [PlattScaling] = []
      for column in 0..<plain.columns {
        columns.append(
          PlattScaling(
            slope: try reader.next("slope of column \(column)"),
            intercept: try reader.next("intercept of column \(column)")))
      }
      maps = .platt(columns)
    case .isotonic:
      var columns: [IsotonicRegression] = []
      for column in 0..<plain.columns {
        let count = try reader.count("points of column \(column)")
        var (positions, values): ([Double], [Double]) = ([], [])
        for _ in 0..<count { positions.append(try reader.next("position of column \(column)")) }
        for _ in 0..<count { values.append(try reader.next("value of column \(column)")) }
        columns.append(
          try IsotonicRegression(positions: positions, values: values, of: "column \(column)"))
      }
      maps = .isotonic(columns)
    }
    try reader.end()
    self.init(columns: plain.columns, maps: maps)
  }

  static func check(columns: Int) throws(PlauditError) {
    guard columns >= 1, columns <= maximumColumns else {
      throw PlauditError(
        .outOfRange, "columns must lie in 1...\(maximumColumns), got \(columns)")
    }
  }

  private struct Reader {
    let parameters: [Double]
    var position = 0

    init(_ plain: Plain) { parameters = plain.parameters }

    mutating func next(_ name: @autoclosure () -> String) throws(PlauditError) -> Double {
      guard position < parameters.count else {
        throw PlauditError(.corrupt, "calibration ends before the \(name())")
      }
      let value = parameters[position]
      guard value.isFinite else {
        throw PlauditError(
          .corrupt, "calibration parameter \(position), the \(name()), is \(value.plain)")
      }
      position += 1
      return value
    }

    mutating func count(_ name: @autoclosure () -> String) throws(PlauditError) -> Int {
      let value = try next(name())
      // Two parameters a point have to follow.
      guard let count = Int(exactly: value), count >= 1,
        count <= (parameters.count - position) / 2
      else {
        throw PlauditError(.corrupt, "calibration says \(value.plain) \(name())")
      }
      return count
    }

    func end() throws(PlauditError) {
      guard position == parameters.count else {
        throw PlauditError(
          .corrupt, "calibration has \(parameters.count) parameters, \(position) are its own")
      }
    }
  }
}

/// The logistic function, without overflow.
enum Logistic {
  static func sigmoid(_ x: Double) -> Double {
    if x >= 0 { return 1 / (1 + exp(-x)) }
    let power = exp(x)
    return power / (1 + power)
  }

  /// `log(1 + exp(x))`.
  static func softplus(_ x: Double) -> Double {
    x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
  }
}

/// Softmax of one row, without overflow.
enum Softmax {
  static func probabilities(
    _ row: UnsafeBufferPointer<Double>, scale: Double, _ out: UnsafeMutableBufferPointer<Double>
  ) {
    var top = -Double.infinity
    for logit in row { top = max(top, logit) }
    var sum = 0.0
    for column in row.indices {
      out[column] = exp((row[column] - top) * scale)
      sum += out[column]
    }
    for column in out.indices { out[column] /= sum }
  }

  /// `log(p / (1 - p))` of each class, cut to ±1e300 where the others have no weight left.
  static func logOdds(
    _ row: UnsafeBufferPointer<Double>, _ out: UnsafeMutableBufferPointer<Double>
  ) {
    var (first, second, top) = (-Double.infinity, -Double.infinity, 0)
    for column in row.indices {
      if row[column] > first {
        (first, second, top) = (row[column], first, column)
      } else if row[column] > second {
        second = row[column]
      }
    }
    // Sums of the others: relative to the highest for all but the highest itself.
    var (rest, all) = (0.0, 0.0)
    for column in row.indices {
      all += exp(row[column] - first)
      if column != top { rest += exp(row[column] - second) }
    }
    for column in row.indices {
      let logit = row[column]
      let odds =
        column == top ? logit - second - log(rest) : logit - first - log(all - exp(logit - first))
      out[column] = min(max(odds, -1e300), 1e300)
    }
  }
}
