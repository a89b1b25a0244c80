import PlauditCore

/// What a KPI leaves out: the rows where one of its parts is missing, and the sums of the others
/// in these rows.
///
/// Numerator and denominator go together: cost without its impressions would make a cost per mille
/// of other impressions than those that were paid.
final class KPIDrops {
  let kpi: KPI
  /// Which parts of the table it is made of.
  let parts: [Int]
  let rows = TableMemory<Int64>()
  /// Of each part the sum over the rows left out; nil while there are none.
  var sums: [ExactSums?]
  private let lacking = TableMemory<UInt8>()

  init(_ kpi: KPI, parts: [Int]) {
    self.kpi = kpi
    self.parts = parts
    sums = Array(repeating: nil, count: parts.count)
  }

  /// The rows of a block, of which some part of the table lacks some.
  func add(
    _ all: [TablePart], _ ids: UnsafePointer<UInt32>, _ count: Int
  ) throws(PlauditError) {
    guard parts.contains(where: { all[$0].hasMissing }) else { return }
    try lacking.extend(to: count)
    let lacking = self.lacking.base
    lacking.update(repeating: 0, count: count)
    for part in parts where all[part].hasMissing {
      let state = all[part].state.base
      for row in 0..<count { lacking[row] |= state[row] == TablePart.RowState.missing ? 1 : 0 }
    }
    for row in 0..<count where lacking[row] != 0 {
      let group = Int(ids[row])
      try rows.extend(to: group + 1)
      rows.base[group] &+= 1
      for (place, part) in parts.enumerated()
      where all[part].state.base[row] == TablePart.RowState.present {
        try all[part].add(row: row, to: left(place, all[part]), group)
      }
    }
  }

  /// The sums of a part, made when first wanted.
  func left(_ place: Int, _ part: TablePart) -> ExactSums {
    if let known = sums[place] { return known }
    let made = ExactSums(window: part.sums.window)
    sums[place] = made
    return made
  }
}
