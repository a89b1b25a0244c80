import Glibc

/// What VADER says of a text; NaN nowhere, 0 of a text without words.
package struct VaderScores: Equatable, Sendable {
  /// -1 to 1, four decimals: the sum of all valences, after the rules, squeezed.
  package var compound = 0.0
  /// Shares of the text, three decimals each; they sum to 1 but for rounding.
  package var positive = 0.0
  package var neutral = 0.0
  package var negative = 0.0

  /// What VADER's authors call positive and negative starts here.
  package static let threshold = 0.05
  /// How fast class scores leave a third each; fitted as docs/text.md says.
  static let steepness = 2.0

  /// 0 negative, 1 neutral, 2 positive: by `compound` at -0.05 and 0.05, both inside the classes.
  package var label: Int {
    compound >= VaderScores.threshold ? 2 : compound <= -VaderScores.threshold ? 0 : 1
  }

  /// Logits for negative, neutral and positive, the highest of which is `label`'s: `-k (compound +
  /// t)`, 0 and `k (compound - t)`, with `k` the steepness and `t` half a step of the fourth decimal
  /// below the threshold, so that 0.05 itself is positive. The three shares do not enter: they say
  /// how much of a text has a feeling, not which one wins.
  package var classLogits: (negative: Float, neutral: Float, positive: Float) {
    let edge = VaderScores.threshold - 0.000_05
    return (
      Float(-VaderScores.steepness * (compound + edge)), 0,
      Float(VaderScores.steepness * (compound - edge))
    )
  }

  /// Their softmax.
  package var classScores: (negative: Float, neutral: Float, positive: Float) {
    let logits = classLogits
    let negative = exp(Double(logits.negative))
    let positive = exp(Double(logits.positive))
    let sum = negative + 1 + positive
    return (Float(negative / sum), Float(1 / sum), Float(positive / sum))
  }

  /// A number rounded to some decimals as Python's `round` does: to the nearest of the exact value,
  /// halves to the even digit. Exact for numbers below 2^20.
  static func rounded(_ value: Double, scale: Double) -> Double {
    let product = value * scale
    // What the product lost, exactly.
    let rest = (-product).addingProduct(value, scale)
    let floor = product.rounded(.down)
    let above = (product - floor) - 0.5
    let goesUp =
      above > 0 || (above == 0 && rest > 0)
      || (above == 0 && rest == 0 && floor.remainder(dividingBy: 2) != 0)
    return (goesUp ? floor + 1 : floor) / scale
  }
}
