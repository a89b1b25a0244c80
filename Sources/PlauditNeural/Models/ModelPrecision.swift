package import PlauditCore
package import PlauditTensor
package import PlauditText

/// The precision that is asked for.
package enum PrecisionChoice: Int32, CaseIterable, Sendable {
  case fp32 = 0
  case bf16 = 1
  case int8 = 2
  /// What this machine does fastest.
  case fastest = 3

  package var onThisMachine: Precision {
    switch self {
    case .fp32: .fp32
    case .bf16: .bf16
    case .int8: .int8
    case .fastest: .fastest
    }
  }
}

/// What a precision changes of the scores, or of the sentence vectors where there is no head.
package struct PrecisionReport {
  /// What was compared: bf16 is fp32 on some machines.
  package var precision = Precision.fp32
  /// Null texts are left out.
  package var textCount = 0
  /// Texts whose label is another; of several labels, whose any passes a half.
  package var flipCount = 0
  /// NaN where scores are no labels, or there is no text.
  package var flipRate = Double.nan
  package var largestDifference = 0.0
  package var meanDifference = Double.nan
  /// The text with the largest difference; -1 without texts.
  package var worstText = -1
}

extension Model {
  /// The same model at another precision; this one stays as it is. It shares what is the same.
  package func at(precision choice: PrecisionChoice) throws(PlauditError) -> Model {
    try requireEncoder(for: choice)
    guard let encoder = body as? EncoderBody, choice.onThisMachine.here != precision else {
      return self
    }
    return Model(
      architecture: architecture,
      try EncoderBody(encoder, precision: choice.onThisMachine), head, cleaning: cleaning,
      calibration: calibration)
  }

  /// A precision that somebody named must mean something.
  func requireEncoder(for choice: PrecisionChoice) throws(PlauditError) {
    guard !(body is EncoderBody), choice == .bf16 || choice == .int8 else { return }
    throw PlauditError(
      .unsupported,
      "\(architecture) has no encoder to compute at \(choice.onThisMachine.name); load it at fp32")
  }

  /// Compares texts' scores at a precision with those of this model, which is at fp32.
  package func precisionReport(
    _ choice: PrecisionChoice, _ texts: TextBatch, pairs: TextBatch?,
    _ options: PredictionOptions, threads: Int, control: RunControl
  ) throws(PlauditError) -> PrecisionReport {
    if let encoder = body as? EncoderBody { try encoder.requireWeights("be compared with") }
    let other = try at(precision: choice)
    let width: Int
    if let head {
      width = head.count
    } else {
      guard pairs == nil else {
        throw PlauditError(.invalidArgument, "the model has no head to score pairs with")
      }
      width = try options.embedding(self).width
    }
    let (count, overflow) = texts.count.multipliedReportingOverflow(by: width)
    guard !overflow else {
      throw PlauditError(.limit, "\(texts.count) texts of \(width) numbers are too many")
    }
    let exact = try FloatBuffer(count: count)
    let lower = try FloatBuffer(count: count)
    for (model, values) in [(self, exact), (other, lower)] {
      if head != nil {
        try model.predict(
          texts, pairs: pairs, options, threads: threads, control: control,
          scores: values.buffer, reports: nil)
      } else {
        try model.embed(
          texts, options, threads: threads, control: control, vectors: values.buffer,
          reports: nil)
      }
    }
    var report = PrecisionReport()
    report.precision = other.precision
    var sum = 0.0
    for text in 0..<texts.count where !(texts.isNull(text) || pairs?.isNull(text) == true) {
      let first = UnsafeBufferPointer(start: exact.pointer + text * width, count: width)
      let second = UnsafeBufferPointer(start: lower.pointer + text * width, count: width)
      report.textCount += 1
      if isFlipped(first, second, options) { report.flipCount += 1 }
      var largest = 0.0
      for index in first.indices {
        largest = max(largest, (Double(first[index]) - Double(second[index])).magnitude)
      }
      sum += largest
      if largest > report.largestDifference || report.worstText < 0 {
        report.largestDifference = largest
        report.worstText = text
      }
    }
    guard report.textCount > 0 else { return report }
    report.meanDifference = sum / Double(report.textCount)
    if head?.problem == .singleLabel || head?.problem == .multiLabel {
      report.flipRate = Double(report.flipCount) / Double(report.textCount)
    }
    return report
  }

  private func isFlipped(
    _ first: UnsafeBufferPointer<Float>, _ second: UnsafeBufferPointer<Float>,
    _ options: PredictionOptions
  ) -> Bool {
    switch head?.problem {
    case .singleLabel:
      return Problem.singleLabel.label(of: first) != Problem.singleLabel.label(of: second)
    case .multiLabel:
      let half: Float = options.probabilities ? 0.5 : 0
      return first.indices.contains { (first[$0] >= half) != (second[$0] >= half) }
    default: return false
    }
  }
}
