/// Which windows of one text, or of two, make up which row.
///
/// Row 0 is the one that is kept. The others are in the order of `Encoding.overflowing`: each
/// later window of the text that stands first with every window of the other, then the kept
/// window of the first with the later ones of the other.
///
/// - Source: `Encoding::merge_with` of Hugging Face tokenizers 0.23.3.
struct RowPlan {
  var first: Windows
  var second: Windows?
  var startsWithSecond: Bool
  var addsSpecialTokens: Bool
  var unknownCount: Int

  /// The number of rows, `Int.max` when it does not fit.
  var rowCount: Int {
    let product = first.count.multipliedReportingOverflow(by: second?.count ?? 1)
    return product.overflow ? Int.max : product.partialValue
  }

  /// Tokens in all rows together, with `specials` in each; nil when that does not fit.
  func tokenCount(specials: Int) -> Int? {
    guard let ofFirst = first.tokenCount else { return nil }
    var total = ofFirst.multipliedReportingOverflow(by: second?.count ?? 1)
    if let second {
      guard let ofSecond = second.tokenCount else { return nil }
      let more = ofSecond.multipliedReportingOverflow(by: first.count)
      let sum = total.partialValue.addingReportingOverflow(more.partialValue)
      total = (sum.partialValue, total.overflow || more.overflow || sum.overflow)
    }
    let added = rowCount.multipliedReportingOverflow(by: specials)
    let sum = total.partialValue.addingReportingOverflow(added.partialValue)
    return total.overflow || added.overflow || sum.overflow ? nil : sum.partialValue
  }

  /// The window numbers of a row below `rowCount`.
  func windows(of row: Int) -> (first: Int, second: Int) {
    guard let second else { return (row, 0) }
    if row == 0 { return (0, 0) }
    let outer = startsWithSecond ? second.count : first.count
    let inner = startsWithSecond ? first.count : second.count
    let crossed = (outer - 1) * inner
    let place =
      row <= crossed ? (1 + (row - 1) / inner, (row - 1) % inner) : (0, row - crossed)
    return startsWithSecond ? (place.1, place.0) : place
  }

  /// Tokens of the texts that row 0 does not have.
  var droppedTokens: Int {
    var dropped = first.total - first[0].count
    if let second { dropped += second.total - second[0].count }
    return dropped
  }
}
