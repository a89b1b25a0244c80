/// Where special tokens stand around the texts of a row, and which type ids they all get.
///
/// Type ids of the template go to the first window of a text; later windows keep 0 for the first
/// text and 1 for the second, whatever the template says.
///
/// - Source: `TemplateProcessing` and `BertProcessing` of Hugging Face tokenizers 0.23.3.
struct Template: Sendable {
  struct Piece: Sendable {
    /// 0 or 1 for a text, -1 for special tokens.
    var sequence: Int8
    var typeId: Int32
    /// The special tokens, in `specialIds`.
    var specials: Range<Int>
  }

  private(set) var single: [Piece] = []
  private(set) var pair: [Piece] = []
  private(set) var specialIds: [Int32] = []
  /// Special tokens in a row of one text and of two.
  private(set) var singleCount = 0
  private(set) var pairCount = 0

  mutating func addText(_ sequence: Int8, typeId: Int32, pair isPair: Bool) {
    add(Piece(sequence: sequence, typeId: typeId, specials: 0..<0), isPair)
  }

  mutating func addSpecials(_ ids: [Int32], typeId: Int32, pair isPair: Bool) {
    let start = specialIds.count
    specialIds += ids
    if isPair { pairCount += ids.count } else { singleCount += ids.count }
    add(Piece(sequence: -1, typeId: typeId, specials: start..<specialIds.count), isPair)
  }

  private mutating func add(_ piece: Piece, _ isPair: Bool) {
    if isPair { pair.append(piece) } else { single.append(piece) }
  }

  /// Whether each text stands in its rows exactly once.
  var usesEachTextOnce: Bool {
    single.filter { $0.sequence == 0 }.count == 1 && single.allSatisfy { $0.sequence < 1 }
      && pair.filter { $0.sequence == 0 }.count == 1
      && pair.filter { $0.sequence == 1 }.count == 1
  }

  /// The special tokens around a single text.
  final class Around: Sendable {
    nonisolated(unsafe) let leading: UnsafeBufferPointer<Int32>
    nonisolated(unsafe) let trailing: UnsafeBufferPointer<Int32>

    static var none: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: nil, count: 0) }

    fileprivate init(_ leading: [Int32], _ trailing: [Int32]) {
      func copied(_ ids: [Int32]) -> UnsafeBufferPointer<Int32> {
        let copy = UnsafeMutableBufferPointer<Int32>.allocate(capacity: ids.count)
        _ = copy.initialize(from: ids)
        return UnsafeBufferPointer(copy)
      }
      self.leading = copied(leading)
      self.trailing = copied(trailing)
    }

    deinit {
      leading.deallocate()
      trailing.deallocate()
    }
  }

  /// What stands around a single text, nil unless all of it is of type 0.
  func around() -> Around? {
    guard single.allSatisfy({ $0.typeId == 0 }),
      let text = single.firstIndex(where: { $0.sequence == 0 })
    else { return nil }
    let ids = { (pieces: ArraySlice<Piece>) in pieces.flatMap { specialIds[$0.specials] } }
    return Around(ids(single[..<text]), ids(single[(text + 1)...]))
  }

  /// Whether the second text stands before the first.
  var startsWithSecond: Bool { pair.first { $0.sequence >= 0 }?.sequence == 1 }

  /// No special tokens at all, as without a post-processor.
  static var bare: Template {
    var template = Template()
    template.addText(0, typeId: 0, pair: false)
    template.addText(0, typeId: 0, pair: true)
    template.addText(1, typeId: 1, pair: true)
    return template
  }

  /// `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`, the last two of type 1.
  static func bert(classifier: Int32, separator: Int32) -> Template {
    var template = Template()
    for isPair in [false, true] {
      template.addSpecials([classifier], typeId: 0, pair: isPair)
      template.addText(0, typeId: 0, pair: isPair)
      template.addSpecials([separator], typeId: 0, pair: isPair)
    }
    template.addText(1, typeId: 1, pair: true)
    template.addSpecials([separator], typeId: 1, pair: true)
    return template
  }
}
