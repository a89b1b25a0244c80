import PlauditCore
import PlauditStats

/// Sums of users by metric and arm, and the table that comes of them; for tests.
struct LiftSums {
  var metrics = 1
  var arms = 2
  var strata = 1
  var covariates = 0
  var control = 0
  var isCentred = false
  var kind = LiftKind.proportion
  var kinds: [LiftKind] = []
  var users: [Double] = []
  var sums: [Double] = []
  var squares: [Double]?
  var denominatorSums: [Double]?
  var denominatorSquares: [Double]?
  var denominatorProducts: [Double]?
  var covariateSums: [Double]?
  var covariateProducts: [Double]?
  var covariateSquares: [Double]?
  var stratumWeights: [Double]?
  var armWeights: [Double]?

  /// The control first.
  static func proportion(
    _ control: (Double, Double), _ treatments: (Double, Double)...
  ) -> LiftSums {
    var made = LiftSums()
    made.arms = 1 + treatments.count
    made.sums = [control.0] + treatments.map(\.0)
    made.users = [control.1] + treatments.map(\.1)
    return made
  }

  /// Means, variances of users and their numbers; the control first.
  static func means(_ arms: (mean: Double, variance: Double, users: Double)...) -> LiftSums {
    var made = LiftSums()
    made.arms = arms.count
    made.kind = .mean
    made.isCentred = true
    made.users = arms.map(\.users)
    made.sums = arms.map { $0.mean * $0.users }
    made.squares = arms.map { $0.variance * ($0.users - 1) }
    return made
  }

  /// Values of users, the control first.
  static func values(_ arms: [Double]...) -> LiftSums {
    var made = LiftSums()
    made.arms = arms.count
    made.kind = .mean
    made.users = arms.map { Double($0.count) }
    made.sums = arms.map { $0.reduce(0, +) }
    made.squares = arms.map { $0.reduce(0) { $0 + $1 * $1 } }
    return made
  }

  /// Numerators and denominators of users, the control first.
  static func ratios(_ arms: (above: [Double], below: [Double])...) -> LiftSums {
    var made = LiftSums()
    made.arms = arms.count
    made.kind = .ratio
    made.users = arms.map { Double($0.above.count) }
    made.sums = arms.map { $0.above.reduce(0, +) }
    made.squares = arms.map { $0.above.reduce(0) { $0 + $1 * $1 } }
    made.denominatorSums = arms.map { $0.below.reduce(0, +) }
    made.denominatorSquares = arms.map { $0.below.reduce(0) { $0 + $1 * $1 } }
    made.denominatorProducts = arms.map { zip($0.above, $0.below).reduce(0) { $0 + $1.0 * $1.1 } }
    return made
  }

  /// The same with covariates, user by user: [arm][user][covariate].
  func covariates(_ arms: [[[Double]]], of values: [[Double]]) -> LiftSums {
    var made = self
    let count = arms.first?.first?.count ?? 0
    made.covariates = count
    made.covariateSums = []
    made.covariateProducts = []
    made.covariateSquares = []
    for (users, ys) in zip(arms, values) {
      for index in 0..<count {
        made.covariateSums?.append(users.reduce(0) { $0 + $1[index] })
        made.covariateProducts?.append(zip(users, ys).reduce(0) { $0 + $1.0[index] * $1.1 })
      }
      for index in 0..<count {
        for other in index..<count {
          made.covariateSquares?.append(users.reduce(0) { $0 + $1[index] * $1[other] })
        }
      }
    }
    return made
  }

  func table(
    _ options: LiftOptions = LiftOptions(), threads: Int = 1
  ) throws -> LiftColumns {
    var columns = LiftColumns(metrics: metrics, width: arms - 1, covariates: covariates)
    try borrowed { input in
      try columns.borrowed { output in
        try LiftTable.fill(
          input, options: options, threads: threads, control: RunControl(), into: output)
      }
    }
    return columns
  }

  private func borrowed(_ body: (LiftInput) throws -> Void) throws {
    let optional = [
      squares, denominatorSums, denominatorSquares, denominatorProducts, covariateSums,
      covariateProducts, covariateSquares, stratumWeights, armWeights,
    ]
    let raw = kinds.map(\.rawValue)
    try users.withUnsafeBufferPointer { users in
      try sums.withUnsafeBufferPointer { sums in
        try raw.withUnsafeBufferPointer { raw in
          var input = LiftInput(users: users, sums: sums)
          (input.metrics, input.arms, input.strata) = (metrics, arms, strata)
          (input.covariates, input.control) = (covariates, control)
          (input.isCentred, input.kind) = (isCentred, kind)
          if !kinds.isEmpty { input.kinds = raw }
          try LiftSums.borrow(optional, []) { columns in
            input.squares = columns[0]
            input.denominatorSums = columns[1]
            input.denominatorSquares = columns[2]
            input.denominatorProducts = columns[3]
            input.covariateSums = columns[4]
            input.covariateProducts = columns[5]
            input.covariateSquares = columns[6]
            input.stratumWeights = columns[7]
            input.armWeights = columns[8]
            try body(input)
          }
        }
      }
    }
  }

  private static func borrow(
    _ left: [[Double]?], _ done: [UnsafeBufferPointer<Double>?],
    _ body: ([UnsafeBufferPointer<Double>?]) throws -> Void
  ) throws {
    guard let first = left.first else { return try body(done) }
    let rest = Array(left.dropFirst())
    guard let column = first else { return try borrow(rest, done + [nil], body) }
    try column.withUnsafeBufferPointer { try borrow(rest, done + [$0], body) }
  }
}

/// The columns of a table.
struct LiftColumns: Equatable {
  private var columns: [[Double]]
  private var bits: [Int32]

  init(metrics: Int, width: Int, covariates: Int) {
    let rows = metrics * width
    columns = Array(repeating: Array(repeating: -7, count: rows), count: 17)
    columns.append(Array(repeating: -7, count: rows * covariates))
    columns.append(Array(repeating: -7, count: metrics))
    bits = Array(repeating: -7, count: rows)
  }

  var treatment: [Double] { columns[0] }
  var control: [Double] { columns[1] }
  var absolute: [Double] { columns[2] }
  var absoluteLower: [Double] { columns[3] }
  var absoluteUpper: [Double] { columns[4] }
  var standardError: [Double] { columns[5] }
  var statistic: [Double] { columns[6] }
  var degreesOfFreedom: [Double] { columns[7] }
  var pValue: [Double] { columns[8] }
  var adjusted: [Double] { columns[9] }
  var relative: [Double] { columns[10] }
  var relativeLower: [Double] { columns[11] }
  var relativeUpper: [Double] { columns[12] }
  var relativeStandardError: [Double] { columns[13] }
  var power: [Double] { columns[14] }
  var minimumDetectable: [Double] { columns[15] }
  var correlation: [Double] { columns[16] }
  var theta: [Double] { columns[17] }
  var sampleRatio: [Double] { columns[18] }
  var flags: [LiftFlags] { bits.map { LiftFlags(rawValue: $0) } }

  /// NaN equal to NaN, all other bits as they are.
  static func == (one: LiftColumns, other: LiftColumns) -> Bool {
    one.bits == other.bits
      && one.columns.map { $0.map(\.bitPattern) } == other.columns.map { $0.map(\.bitPattern) }
  }

  mutating func borrowed(_ body: (LiftOutput) throws -> Void) throws {
    let pointers = columns.map { column in
      let memory = UnsafeMutableBufferPointer<Double>.allocate(capacity: column.count)
      _ = memory.initialize(from: column)
      return memory
    }
    defer { for pointer in pointers { pointer.deallocate() } }
    var output = LiftOutput()
    output.treatment = pointers[0]
    output.control = pointers[1]
    output.absolute = pointers[2]
    output.absoluteLower = pointers[3]
    output.absoluteUpper = pointers[4]
    output.standardError = pointers[5]
    output.statistic = pointers[6]
    output.degreesOfFreedom = pointers[7]
    output.pValue = pointers[8]
    output.adjustedPValue = pointers[9]
    output.relative = pointers[10]
    output.relativeLower = pointers[11]
    output.relativeUpper = pointers[12]
    output.relativeStandardError = pointers[13]
    output.power = pointers[14]
    output.minimumDetectable = pointers[15]
    output.correlation = pointers[16]
    output.theta = pointers[17]
    output.sampleRatioPValue = pointers[18]
    try bits.withUnsafeMutableBufferPointer {
      output.flags = $0
      try body(output)
    }
    columns = pointers.map { Array($0) }
  }
}
