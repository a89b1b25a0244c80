/// How rows are filled up to one length.
///
/// Overflow rows take the length of the others; a row that is longer stays as it is. Filler has
/// attention 0, special 1, sequence -1 and offsets 0..0.
///
/// - Source: `pad_encodings` of Hugging Face tokenizers 0.23.3.
package struct Padding: Sendable, Equatable {
  package enum Length: Sendable, Equatable {
    /// The longest first row of the batch.
    case longest
    case fixed(Int)
  }

  package enum Direction: Sendable, Equatable {
    case left
    case right
  }

  package var length: Length
  /// The length is raised to a multiple of this; 0 and 1 leave it.
  package var multipleOf: Int
  package var padId: Int32
  package var padTypeId: Int32
  package var direction: Direction

  package init(
    length: Length = .longest, multipleOf: Int = 0, padId: Int32 = 0, padTypeId: Int32 = 0,
    direction: Direction = .right
  ) {
    self.length = length
    self.multipleOf = multipleOf
    self.padId = padId
    self.padTypeId = padTypeId
    self.direction = direction
  }

  /// The length for a batch whose longest first row has `longest` tokens; nil on overflow.
  func target(longest: Int) -> Int? {
    let wanted =
      switch length {
      case .longest: longest
      case .fixed(let count): count
      }
    guard multipleOf > 0, wanted % multipleOf > 0 else { return wanted }
    let sum = wanted.addingReportingOverflow(multipleOf - wanted % multipleOf)
    return sum.overflow ? nil : sum.partialValue
  }
}
