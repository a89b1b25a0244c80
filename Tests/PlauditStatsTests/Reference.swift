import Foundation

/// One file of `Reference/`: rows of numbers, made by the script of the same name.
struct Reference: Decodable {
  let tool: String
  let version: String
  let call: String

  /// The rows under `key`; `null` and names are nil, NaN and infinities are written as strings.
  static func rows(_ name: String, _ key: String) throws -> [[Double?]] {
    let file = try JSONDecoder().decode([String: Entry].self, from: data(name))
    guard case .rows(let rows)? = file[key] else {
      throw CocoaError(.coderValueNotFound)
    }
    return rows
  }

  /// The numbers of a row that must have no gap.
  static func complete(_ cells: some Sequence<Double?>) throws -> [Double] {
    var numbers: [Double] = []
    for cell in cells {
      guard let cell else { throw CocoaError(.coderValueNotFound) }
      numbers.append(cell)
    }
    return numbers
  }

  static func data(_ name: String) throws -> Data {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return try Data(contentsOf: folder.appendingPathComponent("Reference/\(name).json"))
  }

  /// The `cases` of a file, NaN and infinities written as strings.
  static func cases<Case: Decodable>(_ name: String, _ type: Case.Type) throws -> [Case] {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return try decoder.decode(Cases<Case>.self, from: data(name)).cases
  }

  private struct Cases<Case: Decodable>: Decodable { let cases: [Case] }

  private enum Entry: Decodable {
    case rows([[Double?]])
    case text

    init(from decoder: any Decoder) throws {
      if let cells = try? decoder.singleValueContainer().decode([[Cell]].self) {
        self = .rows(cells.map { $0.map(\.number) })
      } else {
        self = .text
      }
    }
  }

  private struct Cell: Decodable {
    let number: Double?

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self.number = number
      } else if let text = try? container.decode(String.self) {
        number = ["NaN": .nan, "Infinity": .infinity, "-Infinity": -.infinity][text]
      } else {
        number = nil
      }
    }
  }
}

/// The largest error of a series of comparisons, in units of a stated scale.
struct Worst: CustomStringConvertible {
  private(set) var error = 0.0
  private(set) var row = -1
  private(set) var count = 0

  /// Relative to `scale`, or to the expected value without one; equal values, NaN and infinities
  /// included, are no error.
  mutating func compare(_ got: Double, _ expected: Double, scale: Double? = nil, row: Int) {
    count += 1
    if got == expected || (got.isNaN && expected.isNaN) { return }
    let size = scale ?? (expected == 0 ? 1 : expected.magnitude)
    let error = (got - expected).magnitude / size
    if !(error <= self.error) { (self.error, self.row) = (error.isNaN ? .infinity : error, row) }
  }

  mutating func compare(_ got: [Double], _ expected: [Double], scale: Double? = nil, row: Int) {
    if got.count != expected.count { (error, self.row) = (.infinity, row) }
    for (one, other) in zip(got, expected) { compare(one, other, scale: scale, row: row) }
  }

  var description: String { "\(error) at row \(row) of \(count)" }
}

/// Bounds on ``Worst``, each with its reason.
enum Tolerance {
  /// One or two roundings of a correctly rounded closed form.
  static let rounding = 4e-16
  /// A closed form of about ten operations without cancellation.
  static let closedForm = 2e-15
  /// The other library subtracts nearly equal terms; the scale is the size of those terms.
  static let otherLibrary = 1e-14
  /// Sums over tens of rows in another order than numpy's.
  static let sums = 1e-13
}

/// Borrows columns for one call, NULL where there is none.
func withColumns<A, B, C, Result>(
  _ a: [A], _ b: [B], _ c: [C]?,
  _ body: (UnsafeBufferPointer<A>, UnsafeBufferPointer<B>, UnsafeBufferPointer<C>?) throws -> Result
) rethrows -> Result {
  try a.withUnsafeBufferPointer { a in
    try b.withUnsafeBufferPointer { b in
      guard let c else { return try body(a, b, nil) }
      return try c.withUnsafeBufferPointer { try body(a, b, $0) }
    }
  }
}
