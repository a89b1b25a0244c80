import PlauditCore
import PlauditTensor
import Testing

@testable import PlauditNeural

/// Losses, optimisers, schedules and clipping beside PyTorch and transformers, see
/// train_operations.json.
struct TrainingOperationsTests {
  struct Losses: Decodable {
    struct CrossEntropy: Decodable {
      var logits: [[Double]]
      var labels: [Int32]
      var weight: [Double]?
      var label_smoothing: Double?
      var reduction: String?
      var value: Double
      var gradient: [[Double]]
    }

    struct Binary: Decodable {
      var logits: [[Double]]
      var targets: [[Double]]
      var pos_weight: [Double]?
      var reduction: String?
      var value: Double
      var gradient: [[Double]]
    }

    struct Regression: Decodable {
      var predictions: [Double]
      var targets: [Double]
      var delta: Double?
      var value: Double
      var gradient: [Double]
    }

    struct Optimisers: Decodable {
      struct Case: Decodable {
        var optimiser: String
        var weight_decay: Double
        var bias_correction: Bool
        var after: [[Double]]
      }
      var learning_rate: Double
      var parameters: [Double]
      var gradients: [[Double]]
      var cases: [Case]
    }

    struct Schedule: Decodable {
      var schedule: String
      var warmup_steps: Int
      var total_steps: Int
      var learning_rate: Double
      var rates: [Double]
    }

    struct Plateau: Decodable {
      var mode: String
      var factor: Double
      var patience: Int
      var cooldown: Int
      var min_lr: Double
      var learning_rate: Double
      var metrics: [Double]
      var rates: [Double]
    }

    struct Clip: Decodable {
      var limit: Double
      var gradients: [[Double]]
      var norm: Double
      var clipped: [[Double]]
    }

    var cross_entropy: [CrossEntropy]
    var bce_with_logits: [Binary]
    var mse: [Regression]
    var huber: [Regression]
    var optimisers: Optimisers
    var schedules: [Schedule]
    var plateaus: [Plateau]
    var clips: [Clip]
  }

  static let reference = Result { try Reference.load("train_operations.json", as: Losses.self) }

  // MARK: By hand

  @Test func `equal logits lose the logarithm of the classes`() throws {
    let (loss, gradient) = try run([[0, 0], [0, 0]]) { tape, x in
      try [Int32(0), 1].withUnsafeBufferPointer {
        try tape.crossEntropy(x, labels: #require($0.baseAddress), normaliser: 2)
      }
    }
    #expect((loss - 0.6931471805599453).magnitude < 1e-15)
    #expect(gradient == [-0.25, 0.25, 0.25, -0.25])
  }

  @Test func `a warm-up rises from zero and a plateau halves`() {
    let rising = LearningRateSchedule(.constant, totalSteps: 10, warmupSteps: 4)
    #expect((0..<6).map { rising.rate(after: $0) } == [0, 0.25, 0.5, 0.75, 1, 1])
    var plateau = LearningRateSchedule(.plateau, totalSteps: 10, warmupSteps: 0)
    for value in [1.0, 2, 2] { plateau.observe(value) }
    #expect(plateau.rate(after: 3) == 0.5)
    // With batch_tokens an epoch may have more steps than the schedule reckons with.
    for kind in [LearningRateSchedule.Kind.linear, .cosine] {
      let falling = LearningRateSchedule(kind, totalSteps: 10, warmupSteps: 0)
      #expect([10, 11, 15].map { falling.rate(after: $0) } == [0, 0, 0])
    }
  }

  // MARK: Reference

  @Test func `cross-entropy with weights, smoothing and rows left out`() throws {
    for one in try Self.reference.get().cross_entropy {
      let weights = one.weight ?? [Double](repeating: 1, count: one.logits[0].count)
      let mass = one.labels.reduce(0.0) { $0 + ($1 < 0 ? 0 : weights[Int($1)]) }
      let (loss, gradient) = try run(one.logits) { tape, x in
        try one.labels.withUnsafeBufferPointer {
          try tape.crossEntropy(
            x, labels: #require($0.baseAddress), classWeights: one.weight,
            smoothing: one.label_smoothing ?? 0, normaliser: one.reduction == "sum" ? 1 : mass)
        }
      }
      expectClose(loss, gradient, one.value, one.gradient.flatMap { $0 })
    }
  }

  @Test func `binary cross-entropy`() throws {
    for one in try Self.reference.get().bce_with_logits {
      let (loss, gradient) = try run(one.logits) { tape, x in
        try one.targets.flatMap { $0 }.withUnsafeBufferPointer {
          try tape.binaryCrossEntropy(
            x, targets: #require($0.baseAddress), positiveWeights: one.pos_weight,
            normaliser: one.reduction == "sum" ? 1 : Double(x.count))
        }
      }
      expectClose(loss, gradient, one.value, one.gradient.flatMap { $0 })
    }
  }

  @Test func `squared error and Huber's`() throws {
    let reference = try Self.reference.get()
    for one in reference.mse + reference.huber {
      let (loss, gradient) = try run(one.predictions.map { [$0] }) { tape, x in
        try one.targets.withUnsafeBufferPointer {
          let targets = try #require($0.baseAddress)
          let count = Double(x.count)
          guard let delta = one.delta else {
            return try tape.squaredError(x, targets: targets, normaliser: count)
          }
          return try tape.huber(x, targets: targets, delta: delta, normaliser: count)
        }
      }
      expectClose(loss, gradient, one.value, one.gradient)
    }
  }

  /// Weights in fp32, so a few ulp after eight steps; the table skips rows without a gradient,
  /// which must not show.
  @Test func `Adam, AdamW and both without bias correction`() throws {
    let reference = try Self.reference.get().optimisers
    for one in reference.cases {
      for isTable in [false, true] {
        let weights = try parameter("weight", reference.parameters, isTable: isTable)
        var options = TrainingOptions(architecture: "any")
        options.optimizer = one.optimiser == "Adam" ? .adam : .adamW
        options.weightDecay = one.weight_decay
        options.correctsBias = one.bias_correction
        let optimizer = try AdamOptimizer(
          [.init(parameters: [weights], learningRate: reference.learning_rate)], options,
          threads: 1)
        for (step, gradient) in reference.gradients.enumerated() {
          try fill(weights, gradient)
          optimizer.update(rate: 1, factor: 1)
          for (index, wanted) in one.after[step].enumerated() {
            let found = Double(weights.values.pointer[index])
            #expect(
              (found - wanted).magnitude <= 3e-7 * max(wanted.magnitude, 1),
              "\(one), step \(step): \(found), not \(wanted)")
          }
          #expect(optimizer.gradientNorm() == 0)
        }
        #expect(optimizer.step == reference.gradients.count)
      }
    }
  }

  @Test func `schedules`() throws {
    for one in try Self.reference.get().schedules {
      let schedule = LearningRateSchedule(
        one.schedule == "linear" ? .linear : .cosine, totalSteps: one.total_steps,
        warmupSteps: one.warmup_steps)
      for (step, wanted) in one.rates.enumerated() {
        let found = schedule.rate(after: step) * one.learning_rate
        #expect((found - wanted).magnitude <= 1e-15, "\(one.schedule) after \(step)")
      }
    }
  }

  /// Those of PyTorch without a cooldown; its smallest rate is put in here.
  @Test func `plateaus, where less is better and where more is`() throws {
    for one in try Self.reference.get().plateaus where one.cooldown == 0 {
      var schedule = LearningRateSchedule(
        .plateau, totalSteps: 1, warmupSteps: 0, factor: one.factor, patience: one.patience)
      for (metric, wanted) in zip(one.metrics, one.rates) {
        schedule.observe(one.mode == "min" ? metric : -metric)
        let found = max(schedule.rate(after: 0) * one.learning_rate, one.min_lr)
        #expect((found - wanted).magnitude <= 1e-15, "\(one.mode) \(metric)")
      }
    }
  }

  @Test func `the norm of all gradients is clipped`() throws {
    for one in try Self.reference.get().clips {
      var options = TrainingOptions(architecture: "any")
      options.clipNorm = one.limit
      let parameters = try one.gradients.map { try parameter("weight", $0) }
      let optimizer = try AdamOptimizer(
        [.init(parameters: parameters, learningRate: 1)], options, threads: 1)
      for (parameter, gradient) in zip(parameters, one.gradients) {
        try fill(parameter, gradient)
      }
      let norm = optimizer.gradientNorm()
      #expect((norm - one.norm).magnitude <= 1e-7 * one.norm)
      let factor = optimizer.clipFactor(norm: one.norm)
      for (gradient, wanted) in zip(one.gradients.joined(), one.clipped.joined()) {
        #expect((gradient * factor - wanted).magnitude <= 1e-14)
      }
    }
  }

  // MARK: Law

  @Test func `biases and normalisations do not decay`() {
    for name in ["encoder.layer.0.output.LayerNorm.weight", "pooler.dense.bias", "lstm.bias_hh_l0"]
    {
      #expect(!AdamOptimizer.decays(name))
    }
    for name in ["classifier.weight", "lstm.weight_ih_l0_reverse", "words.weight"] {
      #expect(AdamOptimizer.decays(name))
    }
  }

  private func run(
    _ rows: [[Double]],
    _ body: (Tape<Double>, Tape<Double>.Tensor) throws -> (loss: Tape<Double>.Tensor, sum: LossSum)
  ) throws -> (Double, [Double]) {
    let tape = Tape<Double>(recording: true)
    let x = try tape.input(rows: rows.count, width: rows[0].count, wantsGradient: true)
    for (index, value) in rows.joined().enumerated() { x.values[index] = value }
    let loss = try body(tape, x).loss
    let value = loss.values[0]
    try tape.backward(from: loss)
    let gradient = try #require(tape.gradientOfInput(x))
    return (value, (0..<x.count).map { gradient[$0] })
  }

  /// The reference has 15 digits.
  private func expectClose(
    _ loss: Double, _ gradient: [Double], _ wanted: Double, _ slopes: [Double],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect((loss / wanted - 1).magnitude <= 1e-13, sourceLocation: sourceLocation)
    #expect(gradient.count == slopes.count, sourceLocation: sourceLocation)
    for (one, other) in zip(gradient, slopes) {
      #expect((one - other).magnitude <= 1e-13, sourceLocation: sourceLocation)
    }
  }

  private func parameter(
    _ name: String, _ values: [Double], isTable: Bool = false
  ) throws -> Parameter<Float> {
    let buffer = try FloatBuffer(count: values.count)
    for (index, value) in values.enumerated() { buffer.pointer[index] = Float(value) }
    let made = Parameter(
      names: [name], shape: [values.count, 1], values: buffer, isTable: isTable)
    try made.train()
    return made
  }

  /// Sets a gradient; a table is told which rows have one.
  private func fill(_ parameter: Parameter<Float>, _ values: [Double]) throws {
    let gradient = try #require(parameter.gradient)
    guard parameter.touched != nil else {
      for (index, value) in values.enumerated() { gradient.pointer[index] = Float(value) }
      return
    }
    let tape = FloatTape(recording: true)
    let ids = values.indices.filter { values[$0] != 0 }.map { Int32($0) }
    try ids.withUnsafeBufferPointer { ids in
      guard let first = ids.baseAddress, !ids.isEmpty else { return }
      let rows = try tape.embed((parameter, first), count: ids.count)
      let targets = ids.map { Double(parameter.values.pointer[Int($0)]) - values[Int($0)] / 2 }
      let loss = try targets.withUnsafeBufferPointer {
        try tape.squaredError(rows, targets: #require($0.baseAddress), normaliser: 1).loss
      }
      try tape.backward(from: loss)
    }
    // What the squared error rounds away.
    for (index, value) in values.enumerated() where value != 0 {
      gradient.pointer[index] = Float(value)
    }
  }
}
