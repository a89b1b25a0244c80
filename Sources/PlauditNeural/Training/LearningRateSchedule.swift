import Glibc

/// The learning rate of each step, as a part of its full value.
///
/// - Source: `get_linear_schedule_with_warmup`, `get_cosine_schedule_with_warmup` of transformers:
///   with a warm-up the first step has rate 0. Plateau: `ReduceLROnPlateau` of PyTorch, asked once
///   an epoch.
package struct LearningRateSchedule: Sendable {
  package enum Kind: Int32, Sendable {
    case linear = 0
    case constant = 1
    case cosine = 2
    /// Falls by a factor when the monitored value has not improved for some epochs.
    case plateau = 3
  }

  package let kind: Kind
  package let totalSteps: Int
  package let warmupSteps: Int
  private let factor: Double
  private let patience: Int
  /// State of plateau.
  package private(set) var reduction = 1.0
  private var best = Double.infinity
  private var badEpochs = 0

  package init(
    _ kind: Kind, totalSteps: Int, warmupSteps: Int, factor: Double = 0.5, patience: Int = 1
  ) {
    self.kind = kind
    self.totalSteps = totalSteps
    self.warmupSteps = warmupSteps
    self.factor = factor
    self.patience = patience
  }

  /// The part of the full rate for the step after `step` steps; past the last it stays as it was
  /// there.
  package func rate(after step: Int) -> Double {
    if step < warmupSteps { return Double(step) / Double(max(warmupSteps, 1)) }
    let progress = min(
      Double(step - warmupSteps) / Double(max(totalSteps - warmupSteps, 1)), 1)
    switch kind {
    case .constant: return 1
    case .linear: return 1 - progress
    case .cosine: return max(0, 0.5 * (1 + cos(Double.pi * progress)))
    case .plateau: return reduction
    }
  }

  /// Takes the value of an epoch, the lower the better.
  package mutating func observe(_ value: Double) {
    guard kind == .plateau else { return }
    // PyTorch's relative threshold; values below zero are those where more is better.
    if value < best - best.magnitude * 1e-4 || (best == .infinity && value < best) {
      best = value
      badEpochs = 0
    } else {
      badEpochs += 1
      if badEpochs > patience {
        reduction *= factor
        badEpochs = 0
      }
    }
  }
}
