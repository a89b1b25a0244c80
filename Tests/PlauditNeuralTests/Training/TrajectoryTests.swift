import PlauditCore
import PlauditTensor
import Testing

@testable import PlauditNeural

/// Gradients and twenty steps of AdamW beside PyTorch in float64, see train_trajectories.json.
struct TrajectoryTests {
  // MARK: Reference

  /// Sums in fp32 beside sums in fp64: PyTorch's own fp32 losses differ by up to 1e-6, gradients
  /// by a few ulp of the largest entry.
  @Test(arguments: TinyNetwork.names)
  func `logits and every gradient equal PyTorch's`(name: String) throws {
    let reference = try TrajectoryReference.shared.get()
    let expected = try #require(reference.models[name])
    let network = try TinyNetwork.make(name)
    for parameter in network.parameters { try parameter.train() }
    let (loss, logits) = try network.addGradients(reference.encoded(expected))
    #expect((loss / expected.losses_float64[0] - 1).magnitude <= 1e-5)
    for (found, wanted) in zip(logits, expected.logits_float64) {
      for (one, other) in zip(found, wanted) { #expect((one - other).magnitude <= 2e-5) }
    }

    let gradients = try network.named(gradients: true)
    #expect(Set(gradients.keys) == Set(expected.gradient_norms_by_name_float64.keys))
    for (name, wanted) in expected.gradients_float64 {
      let found = try #require(gradients[name])
      #expect(found.count == wanted.count, "\(name)")
      // The gradient of a key's bias is zero by theory, here and there rounding alone.
      let isZero = expected.without_effect.contains(name)
      let scale = isZero ? 1e-2 : wanted.map(\.magnitude).max() ?? 0
      let worst = zip(found, wanted).map { ($0 - $1).magnitude }.max() ?? 0
      #expect(worst <= 1e-4 * scale, "\(name) differs by \(worst) of \(scale)")
    }
    for (name, wanted) in expected.gradient_norms_by_name_float64 {
      let found = norm(try #require(gradients[name]))
      let isZero = expected.without_effect.contains(name)
      #expect((found - wanted).magnitude <= 1e-4 * (isZero ? 1e-2 : wanted), "\(name)")
    }
    let optimizer = try AdamOptimizer(
      [.init(parameters: network.parameters, learningRate: 1)],
      TrainingOptions(architecture: "any"), threads: 1)
    let total = expected.gradient_norms_float64[0]
    #expect((optimizer.gradientNorm() / total - 1).magnitude <= 1e-5)
    optimizer.clearGradients()
    #expect(optimizer.gradientNorm() == 0)
  }

  @Test(arguments: TinyNetwork.names)
  func `twenty steps lose as much as PyTorch's and end at its weights`(name: String) throws {
    let reference = try TrajectoryReference.shared.get()
    let expected = try #require(reference.models[name])
    let network = try TinyNetwork.make(name, copied: true)
    var options = TrainingOptions(architecture: TinyNetwork.architecture(name))
    options.epochs = 20
    options.batchSize = 10
    options.learningRate = 1e-3
    options.warmupFraction = 0.1
    // Three passes a step, so that gradients add up too.
    options.passTokens = 40
    let training = try NetworkTraining(
      network, options, names: reference.labels, training: reference.encoded(expected),
      validation: nil, classWeights: [1, 1, 1], dataDigest: 0, threads: 1, control: RunControl())
    try training.run()
    let history = training.state.history
    #expect(history.count == 20)
    #expect(training.steps == 20)
    for (index, wanted) in expected.losses_float64.enumerated() {
      let found = history[index].trainingLoss
      #expect((found / wanted - 1).magnitude <= 1e-4, "step \(index): \(found), not \(wanted)")
      let rate = reference.protocol.learning_rates[index]
      #expect((history[index].learningRate - rate).magnitude <= 1e-15)
    }
    let weights = try network.named()
    for (name, wanted) in expected.parameter_norms_float64
    where !expected.without_effect.contains(name) {
      let found = norm(try #require(weights[name]))
      #expect((found / wanted - 1).magnitude <= 1e-4, "\(name): \(found), not \(wanted)")
    }
  }

  // MARK: Law

  /// Nothing is padded, so that a text neither sees its neighbours nor pays for them. The same
  /// numbers are rounded in another order, in fp32 networks to 2e-6 of the whole gradient;
  /// PackingTests has the same in double, to 1e-12.
  @Test(arguments: TinyNetwork.names)
  func `a pass of many texts has the sum of their gradients`(name: String) throws {
    let reference = try TrajectoryReference.shared.get()
    let texts = reference.encoded(try #require(reference.models[name]))
    let together = try TinyNetwork.make(name)
    let alone = try TinyNetwork.make(name)
    for parameter in together.parameters + alone.parameters { try parameter.train() }
    let (loss, logits) = try together.addGradients(texts, normaliser: 10)
    var losses = 0.0
    var sums: [String: [Double]] = [:]
    var scales: [String: Double] = [:]
    for row in 0..<texts.count {
      let one = try alone.addGradients(texts, rows: [row], normaliser: 10)
      losses += one.loss
      for (found, wanted) in zip(one.logits[0], logits[row]) {
        #expect((found - wanted).magnitude <= 5e-6 * max(wanted.magnitude, 1))
      }
      for (name, gradient) in try alone.named(gradients: true) {
        sums[name] = sums[name].map { zip($0, gradient).map { $0 + $1 } } ?? gradient
        scales[name, default: 0] += gradient.map(\.magnitude).max() ?? 0
      }
      for parameter in alone.parameters { parameter.clearGradient() }
    }
    #expect((losses / loss - 1).magnitude <= 1e-6)
    var whole: [Double] = []
    var differences: [Double] = []
    for (name, found) in try together.named(gradients: true) {
      let difference = zip(found, sums[name] ?? []).map { $0 - $1 }
      let worst = difference.map(\.magnitude).max() ?? 1
      let scale = name.hasSuffix("key.bias") ? 1 : scales[name] ?? 0
      #expect(worst <= 5e-6 * scale, "\(name) differs by \(worst) of \(scale)")
      whole += found
      differences += difference
    }
    #expect(norm(differences) <= 5e-6 * norm(whole))
  }
}
