import PlauditCore
import Testing

@testable import PlauditText

/// A call that was cancelled before it began ends on its way through a long text; a short one is
/// done before it asks.
struct LongTextTests {
  private let cancelled: RunControl
  private let long = [UInt8](String(repeating: "so good \u{E9} ", count: 20_000).utf8)
  private let short = [UInt8]("so good".utf8)

  init() {
    let cancellation = Cancellation()
    cancellation.request()
    cancelled = RunControl(cancellation: cancellation)
  }

  private func expectStop(
    _ texts: [[UInt8]]? = nil, _ body: (UnsafeRawBufferPointer) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try short.withUnsafeBytes(body)
    for text in texts ?? [long] {
      do {
        try text.withUnsafeBytes(body)
        Issue.record("it went on to the end", sourceLocation: sourceLocation)
      } catch let error as PlauditError {
        #expect(error.kind == .cancelled, sourceLocation: sourceLocation)
      }
    }
  }

  // MARK: Law

  @Test func `the search for bytes that are not UTF-8 ends`() throws {
    try expectStop { _ = try UTF8Text.firstFault($0, control: cancelled) }
    var broken = long
    broken[150_000] = 0xFF
    let place = try broken.withUnsafeBytes {
      try UTF8Text.firstFault($0, control: RunControl())
    }
    #expect(place == broken.withUnsafeBytes { UTF8Text.firstFault($0) })
  }

  @Test func `a tokenizer ends`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    let scratch = TokenizerScratch()
    // Marks that change places take another path.
    let marks = [UInt8](String(repeating: "a\u{302E}\u{301}", count: 30_000).utf8)
    try expectStop([long, marks]) {
      _ = try tokenizer.encodeRow(
        $0, pair: nil, options: EncodeOptions(), scratch: scratch, control: cancelled)
    }
    let row = try long.withUnsafeBytes {
      Array(
        try tokenizer.encodeRow(
          $0, pair: nil, options: EncodeOptions(), scratch: scratch, control: RunControl()
        ).ids)
    }
    let plain = try long.withUnsafeBytes {
      Array(
        try tokenizer.encodeRow($0, pair: nil, options: EncodeOptions(), scratch: scratch).ids)
    }
    #expect(row == plain)
  }

  @Test func `a splitter into words ends, also within one run`() throws {
    let tokenizer = try WordTokenizer(vocabulary: WordTable(["so", "good"]))
    let scratch = WordScratch()
    let joined = [UInt8](String(repeating: "a-", count: 100_000).utf8)
    let marks = [UInt8](repeating: UInt8(ascii: "!"), count: 200_000)
    try expectStop([long, joined, marks]) {
      _ = try tokenizer.tokenize($0, into: scratch, control: cancelled)
    }
  }

  @Test(arguments: CleaningRecipe.names.dropFirst())
  func `cleaning ends`(name: String) throws {
    let recipe = try CleaningRecipe.named(name)
    let scratch = CleaningScratch()
    try expectStop { _ = try recipe.apply($0, into: scratch, control: cancelled) }
  }

  @Test func `a table of many words ends`() throws {
    var builder = WordTable.Builder()
    for index in 0..<70_000 {
      try Array(String(index).utf8).withUnsafeBytes { try builder.append($0) }
    }
    #expect(throws: PlauditError.self) { _ = try WordTable(builder, control: cancelled) }
    #expect(try WordTable(builder, control: RunControl()).index(of: "69999") == 69_999)
  }
}
