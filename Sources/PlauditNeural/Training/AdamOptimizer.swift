import Glibc
import PlauditCore
import PlauditTensor

/// Adam over the parameters of a network that have gradients.
///
/// - Source: Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter 2019, arXiv:1711.05101;
///   arithmetic and the place of epsilon as in `torch.optim.AdamW`.
final class AdamOptimizer {
  /// The parameters trained at one learning rate.
  struct Group {
    let parameters: [Parameter<Float>]
    /// As a part of the schedule.
    let learningRate: Double
  }

  struct Moments {
    let parameter: Parameter<Float>
    let learningRate: Double
    /// Biases and normalisations do not decay.
    let decays: Bool
    let mean: FloatBuffer
    let square: FloatBuffer
  }

  let moments: [Moments]
  private(set) var step: Int
  private let options: TrainingOptions
  private let threads: Int
  private let squares: SquaresWork

  init(
    _ groups: [Group], _ options: TrainingOptions, threads: Int
  ) throws(PlauditError) {
    var moments: [Moments] = []
    for group in groups {
      for parameter in group.parameters where parameter.isTrained {
        let made = Moments(
          parameter: parameter, learningRate: group.learningRate,
          decays: AdamOptimizer.decays(parameter.name),
          mean: try FloatBuffer(count: parameter.count),
          square: try FloatBuffer(count: parameter.count))
        // Written before they are read, pages cost one fault instead of two; tables wait for
        // their rows.
        if parameter.touched == nil {
          made.mean.pointer.update(repeating: 0, count: parameter.count)
          made.square.pointer.update(repeating: 0, count: parameter.count)
        }
        moments.append(made)
      }
    }
    self.moments = moments
    self.options = options
    self.threads = threads
    squares = try SquaresWork(moments)
    step = 0
  }

  /// Goes on where a checkpoint stopped.
  func resume(at step: Int) {
    self.step = step
    for one in moments {
      guard let touched = one.parameter.touched else { continue }
      let width = one.parameter.width
      for row in touched.everTouched.indices {
        touched.everTouched[row] = (row * width..<(row + 1) * width).contains {
          one.mean.pointer[$0] != 0 || one.square.pointer[$0] != 0
        }
      }
    }
  }

  /// The names that transformers' Trainer leaves out of weight decay.
  static func decays(_ name: String) -> Bool {
    let isBias = name.split(separator: ".").last.map { $0.hasPrefix("bias") } ?? false
    return !isBias && !name.contains("LayerNorm")
  }

  /// The norm of all gradients together, summed in the order of the parameters; NaN or infinite
  /// when a gradient is.
  func gradientNorm() -> Double {
    WorkerPool.run(tasks: squares.pieces.count, threads: threads, squares)
    var sum = 0.0
    var next = 0
    for (index, one) in moments.enumerated() {
      if let touched = one.parameter.touched {
        guard let gradient = one.parameter.gradient else { continue }
        let width = one.parameter.width
        for row in touched.rows {
          sum += Tape<Float>.sumOfSquares(gradient.pointer + row * width, count: width)
        }
      }
      while next < squares.pieces.count, squares.pieces[next].moment == index {
        sum += squares.sums.pointer[next]
        next += 1
      }
    }
    return sum.squareRoot()
  }

  /// What gradients of this norm are multiplied by to keep to the largest one allowed, as
  /// `torch.nn.utils.clip_grad_norm_` does.
  func clipFactor(norm: Double) -> Double {
    options.clipNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
  }

  /// One step with gradients multiplied by `factor`; gradients are zero afterwards. Not
  /// interrupted, so that weights are always those of a whole step.
  func update(rate: Double, factor: Double) {
    step += 1
    for one in moments {
      guard let touched = one.parameter.touched, options.skipsUntouchedRows else { continue }
      // Written before they are read, new pages cost one fault instead of two.
      let width = one.parameter.width
      for row in touched.newRows {
        (one.mean.pointer + row * width).update(repeating: 0, count: width)
        (one.square.pointer + row * width).update(repeating: 0, count: width)
      }
      touched.forgetNewRows()
    }
    let work = AdamStep(moments, factor: factor, options, rate: rate, step: step)
    WorkerPool.run(tasks: work.pieces.count, threads: threads, work)
    // The kernel leaves gradients of zero.
    for one in moments { one.parameter.touched?.clear() }
  }

  func clearGradients() {
    for one in moments { one.parameter.clearGradient() }
  }
}

extension TrainingOptions {
  /// Whether rows of a table that never had a gradient have moments of zero: not when their decay
  /// is a part of it.
  fileprivate var skipsUntouchedRows: Bool { optimizer != .adam || weightDecay == 0 }
}

/// The weights of a step in pieces of fixed size, each done by one thread.
private final class AdamStep: ParallelWork {
  let pieces: [(moment: Int, first: Int, count: Int)]
  private let moments: [AdamOptimizer.Moments]
  private let settings: [Tape<Float>.AdamSetting]
  private let skipsUntouched: Bool

  private static let pieceSize = 1 << 16

  init(
    _ moments: [AdamOptimizer.Moments], factor: Double, _ options: TrainingOptions, rate: Double,
    step: Int
  ) {
    self.moments = moments
    skipsUntouched = options.skipsUntouchedRows
    var pieces: [(moment: Int, first: Int, count: Int)] = []
    for (index, one) in moments.enumerated() {
      // Tables are cut at rows.
      let width = one.parameter.touched == nil ? 1 : max(one.parameter.width, 1)
      let size = max(AdamStep.pieceSize / width, 1) * width
      var first = 0
      while first < one.parameter.count {
        let count = min(size, one.parameter.count - first)
        pieces.append((index, first, count))
        first += count
      }
    }
    self.pieces = pieces
    let first = options.correctsBias ? 1 - pow(options.beta1, Double(step)) : 1
    let second = options.correctsBias ? 1 - pow(options.beta2, Double(step)) : 1
    settings = moments.map { one in
      let learningRate = one.learningRate * rate
      let decay = one.decays ? options.weightDecay : 0
      return Tape<Float>.AdamSetting(
        beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon,
        gradientFactor: factor, l2: options.optimizer == .adam ? decay : 0,
        decayRate: options.optimizer == .adamW ? decay * learningRate : 0,
        step: learningRate / first, rootCorrection: second.squareRoot())
    }
  }

  func perform(task: Int, worker: Int) {
    let piece = pieces[task]
    let one = moments[piece.moment]
    let setting = settings[piece.moment]
    guard let gradient = one.parameter.gradient else { return }
    func run(_ first: Int, _ count: Int) {
      Tape<Float>.adam(
        one.parameter.values.pointer + first, gradient.pointer + first, one.mean.pointer + first,
        one.square.pointer + first, count: count, setting)
    }
    guard skipsUntouched, let touched = one.parameter.touched else {
      return run(piece.first, piece.count)
    }
    // A row that never had a gradient has moments of zero: only its decay is left. Neighbours that
    // are alike go together.
    let width = one.parameter.width
    let keep = Float(1 - setting.decayRate)
    touched.everTouched.withUnsafeBufferPointer { isTouched in
      var row = piece.first / width
      let last = min((piece.first + piece.count) / width, isTouched.count)
      while row < last {
        var end = row + 1
        while end < last, isTouched[end] == isTouched[row] { end += 1 }
        if isTouched[row] {
          run(row * width, (end - row) * width)
        } else if setting.decayRate != 0 {
          Tape<Float>.decay(
            one.parameter.values.pointer + row * width, keep: keep, count: (end - row) * width)
        }
        row = end
      }
    }
  }

  func tick() {}
}

/// Sums of squares of gradients, of tables none, in pieces of fixed size, to be added in their order.
private final class SquaresWork: ParallelWork {
  let pieces: [(moment: Int, first: Int, count: Int)]
  let sums: Buffer<Double>
  private let moments: [AdamOptimizer.Moments]

  private static let pieceSize = 1 << 16

  init(_ moments: [AdamOptimizer.Moments]) throws(PlauditError) {
    self.moments = moments
    var pieces: [(moment: Int, first: Int, count: Int)] = []
    for (index, one) in moments.enumerated() where one.parameter.touched == nil {
      for first in stride(from: 0, to: one.parameter.count, by: SquaresWork.pieceSize) {
        pieces.append((index, first, min(SquaresWork.pieceSize, one.parameter.count - first)))
      }
    }
    self.pieces = pieces
    sums = try Buffer(count: pieces.count)
  }

  func perform(task: Int, worker: Int) {
    let piece = pieces[task]
    let gradient = moments[piece.moment].parameter.gradient
    sums.pointer[task] =
      gradient.map {
        Tape<Float>.sumOfSquares($0.pointer + piece.first, count: piece.count)
      } ?? 0
  }

  func tick() {}
}
