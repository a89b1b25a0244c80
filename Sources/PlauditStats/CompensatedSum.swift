/// A running sum whose error does not grow with its length.
///
/// - Source: Neumaier 1974, doi:10.1002/zamm.19740540106.
struct CompensatedSum {
  private var sum = 0.0
  private var rest = 0.0

  mutating func add(_ term: Double) {
    let next = sum + term
    rest += sum.magnitude >= term.magnitude ? (sum - next) + term : (term - next) + sum
    sum = next
  }

  /// The plain sum where the compensation has left the range of doubles.
  var value: Double {
    let exact = sum + rest
    return exact.isNaN ? sum : exact
  }
}
