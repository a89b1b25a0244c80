import Glibc
package import PlauditCore

/// A fitted calibration and what it gained on the rows it was fitted to.
package struct CalibrationFit: Equatable, Sendable {
  package let calibration: Calibration
  /// The mean negative log-likelihood of the true class under the plain sigmoid or softmax, and
  /// under the calibration; probabilities are cut to 2⁻⁵²...1 - 2⁻⁵².
  package let lossBefore: Double
  package let lossAfter: Double
  /// What the method minimised. *temperature*: the mean negative log-likelihood. *platt*: the sum
  /// of cross-entropies with Platt's targets, over all columns. *isotonic*: the mean squared error,
  /// over all columns.
  package let objective: Double
  /// The temperature ran into 0.01 or 100: the best lies beyond.
  package let isAtBound: Bool
}

extension Calibration {
  /// Bounds of the temperature, where scores separate the classes or say nothing.
  package static let temperatures = 0.01...100

  /// Fits a calibration to logits and true classes of rows that the model was not trained on.
  ///
  /// - Parameters:
  ///   - logits: `[rows, columns]`, finite.
  ///   - truth: 0 or 1 a row for one column, else the class in `0..<columns`.
  ///   - labels: names of the classes, for messages.
  /// - Throws: `outOfRange` for the columns; `invalidArgument` for unequal lengths; `undefined`
  ///   without rows, and for *platt* and *isotonic* when a class has no row or all, naming it;
  ///   `invalidData` and `notFinite` with the row.
  /// - Source: Guo et al. 2017, arXiv:1706.04599 (temperature); ``PlattScaling``,
  ///   ``IsotonicRegression``; Zadrozny & Elkan 2002, doi:10.1145/775047.775151 (one-vs-rest).
  package static func fit(
    _ method: Method, logits: UnsafeBufferPointer<Double>, columns: Int,
    truth: UnsafeBufferPointer<Int32>, labels: [String] = []
  ) throws(PlauditError) -> CalibrationFit {
    try check(columns: columns)
    let table = try ScoreTable(truth: truth, scores: logits, columns: columns)
    for (place, logit) in logits.enumerated() where logit.magnitude > 1e100 {
      throw PlauditError(
        .outOfRange, "logit (\(logit.plain)) lies beyond 1e100", index: Int64(place / columns))
    }
    var (objective, isAtBound) = (0.0, false)
    let maps: Maps
    switch method {
    case .temperature:
      let fit = temperature(table)
      (objective, isAtBound) = (fit.loss, fit.isAtBound)
      maps = .temperature(fit.temperature)
    case .platt, .isotonic:
      var (curves, steps): ([PlattScaling], [IsotonicRegression]) = ([], [])
      let features = features(table, logOdds: method == .platt)
      for column in 0..<columns {
        let own = columns == 1 ? 1 : column
        let isPositive = truth.map { Int($0) == own }
        let owner = own < labels.count ? "class \(labels[own])" : "class \(own)"
        let scores = (0..<table.rows).map { features[$0 * columns + column] }
        if method == .platt {
          let fit = try PlattScaling.fit(scores: scores, isPositive: isPositive, of: owner)
          objective += fit.loss
          curves.append(fit.map)
        } else {
          guard isPositive.contains(true), isPositive.contains(false) else {
            throw PlauditError(
              .undefined, "isotonic needs rows of \(owner) and rows of others")
          }
          let fit = try IsotonicRegression.fit(scores: scores, isPositive: isPositive)
          var sum = CompensatedSum()
          for (score, positive) in zip(scores, isPositive) {
            let gap = fit.value(at: score) - (positive ? 1 : 0)
            sum.add(gap * gap)
          }
          objective += sum.value / Double(table.rows)
          steps.append(fit)
        }
      }
      maps = method == .platt ? .platt(curves) : .isotonic(steps)
    }
    let calibration = Calibration(columns: columns, maps: maps)
    return CalibrationFit(
      calibration: calibration,
      lossBefore: try Calibration(columns: columns, maps: .temperature(1)).loss(table),
      lossAfter: try calibration.loss(table), objective: objective, isAtBound: isAtBound)
  }

  /// What the one-vs-rest maps are given, row by row.
  private static func features(_ table: ScoreTable, logOdds: Bool) -> [Double] {
    var features = Array(table.scores)
    let columns = table.columns
    if columns == 1 { return features }
    features.withUnsafeMutableBufferPointer { features in
      for start in stride(from: 0, to: features.count, by: columns) {
        let row = UnsafeBufferPointer(rebasing: table.scores[start..<start + columns])
        let out = UnsafeMutableBufferPointer(rebasing: features[start..<start + columns])
        if logOdds {
          Softmax.logOdds(row, out)
        } else {
          Softmax.probabilities(row, scale: 1, out)
        }
      }
    }
    return features
  }

  private func loss(_ table: ScoreTable) throws(PlauditError) -> Double {
    var probabilities = [Double](repeating: 0, count: table.scores.count)
    var failure: PlauditError?
    let mean = probabilities.withUnsafeMutableBufferPointer { out in
      do throws(PlauditError) {
        try apply(logits: table.scores, probabilities: out)
        let judged = try ScoreTable(
          truth: table.truth, scores: UnsafeBufferPointer(out), columns: columns)
        return judged.mean(of: judged.logLoss(row:))
      } catch {
        failure = error
        return .nan
      }
    }
    if let failure { throw failure }
    return mean
  }

  /// The mean negative log-likelihood as a function of `1/T` is convex: Newton's method, kept in a
  /// bracket by bisection.
  private static func temperature(
    _ table: ScoreTable
  ) -> (temperature: Double, loss: Double, isAtBound: Bool) {
    var (low, high) = (1 / temperatures.upperBound, 1 / temperatures.lowerBound)
    if slope(table, at: low).first >= 0 {
      let flat = slope(table, at: 1)
      // Logits that say nothing at all leave the temperature at 1.
      let temperature = flat.first == 0 && flat.second == 0 ? 1 : 1 / low
      return (temperature, slope(table, at: 1 / temperature).loss, temperature != 1)
    }
    let end = slope(table, at: high)
    if end.first <= 0 { return (1 / high, end.loss, true) }
    var inverse = 1.0
    var here = slope(table, at: inverse)
    for _ in 0..<200 {
      if here.first == 0 { break }
      if here.first > 0 { high = inverse } else { low = inverse }
      let newton = inverse - here.first / here.second
      let next = newton > low && newton < high ? newton : (low * high).squareRoot()
      let step = (next - inverse).magnitude
      inverse = next
      here = slope(table, at: inverse)
      if step <= 1e-15 * inverse { break }
    }
    return (1 / inverse, here.loss, false)
  }

  /// Mean negative log-likelihood at `1/T = inverse`, with its two derivatives.
  private static func slope(
    _ table: ScoreTable, at inverse: Double
  ) -> (loss: Double, first: Double, second: Double) {
    var (loss, first, second) = (CompensatedSum(), CompensatedSum(), CompensatedSum())
    let columns = table.columns
    for row in 0..<table.rows {
      let label = Int(table.truth[row])
      // Logits relative to the highest; a single column stands beside a logit of 0.
      let base = columns == 1 ? 0 : row * columns
      let count = max(columns, 2)
      func logit(_ column: Int) -> Double {
        columns == 1 ? (column == 0 ? 0 : table.scores[row]) : table.scores[base + column]
      }
      var top = -Double.infinity
      for column in 0..<count { top = max(top, logit(column)) }
      var (sum, mean, square) = (0.0, 0.0, 0.0)
      for column in 0..<count {
        let gap = logit(column) - top
        let power = exp(gap * inverse)
        if power == 0 { continue }
        sum += power
        mean += power * gap
        square += power * gap * gap
      }
      (mean, square) = (mean / sum, square / sum)
      let own = logit(label) - top
      loss.add(log(sum) - own * inverse)
      first.add(mean - own)
      second.add(square - mean * mean)
    }
    let rows = Double(table.rows)
    return (loss.value / rows, first.value / rows, max(second.value / rows, 0))
  }
}
