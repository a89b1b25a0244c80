extension Bandit {
  /// What decisions of the state as it is now are made from.
  func makePlan() -> DecisionPlan {
    var live: [Int32] = []
    var judged: [Int] = []
    var total = 0.0
    let needed = settings.neededPlays
    for (number, arm) in arms.enumerated() where arm.isLive {
      if arm.tally.plays >= needed { judged.append(live.count) }
      live.append(Int32(truncatingIfNeeded: number))
      total += Double(arm.tally.plays)
    }
    let chosen = judged.map { live[$0] }
    let words = DecisionWords(seed: settings.seed)
    var rule: (any DecisionRule)?
    var weights: [Double]?
    switch settings.policy {
    case .epsilonGreedy:
      (rule, weights) = fixed(
        EpsilonGreedy(epsilon: settings.epsilon, decay: settings.epsilonDecay), chosen, total)
    case .softmax:
      (rule, weights) = fixed(Softmax(temperature: settings.temperature), chosen, total)
    case .ucb1:
      (rule, weights) = fixed(UCB1(exploration: settings.exploration), chosen, total)
    case .klUCB:
      (rule, weights) = fixed(KLUCB(exploration: settings.exploration), chosen, total)
    case .thompson:
      rule =
        settings.isBeta
        ? ThompsonSampling(arms: chosen, posteriors: betaPosteriors(chosen), words: words)
        : ThompsonSampling(arms: chosen, posteriors: gaussianPosteriors(chosen), words: words)
    case .topTwo:
      let share = settings.topTwoShare
      rule =
        settings.isBeta
        ? TopTwo(arms: chosen, posteriors: betaPosteriors(chosen), share: share, words: words)
        : TopTwo(arms: chosen, posteriors: gaussianPosteriors(chosen), share: share, words: words)
    case .linUCB: rule = linear(LinUCB(exploration: settings.exploration), chosen, words)
    case .linTS: rule = linear(LinTS(exploration: settings.exploration), chosen, words)
    }
    return DecisionPlan(
      settings: settings, arms: live, armCount: arms.count, judged: judged, rule: rule,
      fixedWeights: weights)
  }

  /// A mean in the orientation in which higher is better.
  private func turned(_ mean: Double) -> Double {
    guard settings.lowerIsBetter else { return mean }
    return settings.countsOutcomes ? 1 - mean : -mean
  }

  private func fixed(
    _ policy: some ArmPolicy, _ chosen: [Int32], _ total: Double
  ) -> (any DecisionRule, [Double]) {
    let scores = policy.scores(
      chosen.map { number in
        let tally = arms[Int(number)].tally
        return JudgedArm(mean: turned(tally.mean), plays: Double(tally.plays))
      }, rewards: total)
    return (FixedRule(values: scores), policy.weights(scores, rewards: total))
  }

  private func betaPosteriors(_ chosen: [Int32]) -> [BetaPosterior] {
    chosen.map { number in
      let tally = arms[Int(number)].tally
      let successes = settings.priorSuccesses + tally.sum
      let failures = settings.priorFailures + (Double(tally.plays) - tally.sum)
      return settings.lowerIsBetter
        ? BetaPosterior(successes: failures, failures: successes)
        : BetaPosterior(successes: successes, failures: failures)
    }
  }

  private func gaussianPosteriors(_ chosen: [Int32]) -> [GaussianPosterior] {
    let tallies = chosen.map { arms[Int($0)].tally }
    if settings.noiseVariance > 0 {
      return tallies.map { tally in
        GaussianPosterior(
          mean: turned(tally.mean), plays: Double(tally.plays),
          noiseVariance: settings.noiseVariance, priorMean: turned(settings.priorMean),
          priorVariance: settings.priorVariance)
      }
    }
    var (deviations, freedom) = (0.0, 0.0)
    for tally in tallies {
      deviations += tally.deviations
      freedom += Double(tally.plays - 1)
    }
    return tallies.map { tally in
      GaussianPosterior(
        mean: turned(tally.mean), plays: Double(tally.plays), deviations: tally.deviations,
        pooledVariance: deviations / freedom)
    }
  }

  private func linear(
    _ policy: some LinearPolicy, _ chosen: [Int32], _ words: DecisionWords
  ) -> any DecisionRule {
    let factors = chosen.compactMap { arms[Int($0)].factor }
    for factor in factors { factor.invert() }
    return LinearRule(
      policy: policy, arms: chosen, factors: factors,
      features: settings.features, lowerIsBetter: settings.lowerIsBetter, words: words)
  }
}

/// The rule of a policy whose probabilities are known: only its scores are asked for.
struct FixedRule: DecisionRule {
  let values: [Double]

  func pick(_ batch: DecisionBatch, into picks: UnsafeMutableBufferPointer<Int32>) {}
  func weights() -> [Double]? { nil }
  func scores(_ context: UnsafePointer<Double>?) -> [Double] { values }
}
