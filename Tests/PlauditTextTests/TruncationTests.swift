import PlauditCore
import Testing

@testable import PlauditText

struct TruncationTests {
  // MARK: By hand

  @Test func `longest first takes from the longer text, then from both alike`() throws {
    let truncation = Truncation(maxLength: 5)
    #expect(try truncation.limits(first: 5, second: 4, budget: 5) == (3, 2))
    #expect(try truncation.limits(first: 2, second: 9, budget: 8) == (2, 6))
    #expect(try truncation.limits(first: 9, second: 2, budget: 8) == (6, 2))
    #expect(try truncation.limits(first: 3, second: 2, budget: 5) == (Int.max, Int.max))
  }

  @Test func `windows overlap by the stride and end with the text`() throws {
    let cut = Truncation(maxLength: 3, stride: 1)
    let right = try Windows(total: 6, limit: 3, truncation: cut)
    #expect((0..<right.count).map { right[$0] } == [0..<3, 2..<5, 4..<6])
    var left = cut
    left.direction = .left
    let fromEnd = try Windows(total: 6, limit: 3, truncation: left)
    #expect((0..<fromEnd.count).map { fromEnd[$0] } == [3..<6, 1..<4, 0..<2])
  }

  @Test func `a budget of nothing keeps an empty row and one with all`() throws {
    var options = EncodeOptions()
    options.truncation = Truncation(maxLength: 2)
    let encoding = try Fixture.tokenizer(Fixture.file()).encode("a b", nil, options)
    #expect(encoding.rowCount == 2)
    #expect(encoding.row(0).ids == [2, 3])
    #expect(encoding.row(1).ids == [2, 4, 5, 3])
    #expect(encoding.droppedTokens[0] == 2)
  }

  @Test func `dropped tokens are those that the first row does not have`() throws {
    var options = EncodeOptions()
    options.truncation = Truncation(maxLength: 4)
    options.overflowingRows = false
    let tokenizer = try Fixture.tokenizer(Fixture.file())
    let encoding = try tokenizer.encode([Array("a b a b a".utf8), Array("a".utf8)], options)
    #expect(encoding.rowCount == 2)
    #expect(encoding.row(0).ids == [2, 4, 5, 3])
    #expect([encoding.droppedTokens[0], encoding.droppedTokens[1]] == [3, 0])
  }

  // MARK: Reference

  @Test func `every combination of lengths and options has the rows of the reference`() throws {
    let file = try Fixture.json("wordpiece_rows")
    var tokenizers: [String: Tokenizer] = [:]
    let files = try file.required("tokenizers")
    for name in try files.keys() {
      let text = String(decoding: try files.required(name).text(), as: UTF8.self)
      tokenizers[name] = try Fixture.tokenizer(text)
    }
    let scratch = TokenizerScratch()
    for family in try file.required("families").elements() {
      let name = try family.required("post_processor").string()
      let tokenizer = try #require(tokenizers[name])
      let seen = try RowFamily(family).run(tokenizer, scratch)
      #expect(seen.digest.text == (try family.required("digest").string()), "\(seen.label)")
      #expect(seen.refused == (try family.required("refused").integer()), "\(seen.label)")
      #expect(seen.rows == (try family.required("rows").integer()), "\(seen.label)")
    }
  }

  // MARK: Refusal

  @Test func `a length below the special tokens is refused with both numbers`() throws {
    let tokenizer = try Fixture.tokenizer(Fixture.file())
    var options = EncodeOptions()
    options.truncation = Truncation(maxLength: 1)
    expectRefusal(.outOfRange, "1", "2 special") { _ = try tokenizer.encode("a", nil, options) }
    expectRefusal(.outOfRange, "3 special") {
      options.truncation = Truncation(maxLength: 2)
      _ = try tokenizer.encode("a", "b", options)
    }
    options.truncation = Truncation(maxLength: -1)
    options.addSpecialTokens = false
    expectRefusal(.outOfRange, "-1") { _ = try tokenizer.encode("a", nil, options) }
  }

  @Test func `a stride that leaves no step is refused`() throws {
    let tokenizer = try Fixture.tokenizer(Fixture.file())
    var options = EncodeOptions()
    options.truncation = Truncation(maxLength: 4, stride: 2)
    expectRefusal(.outOfRange, "stride 2", "2 text tokens") {
      _ = try tokenizer.encode("a", nil, options)
    }
    options.truncation = Truncation(maxLength: 7, stride: 3)
    expectRefusal(.outOfRange, "stride 3", "2 tokens") {
      _ = try tokenizer.encode("a b a b", "a b a b", options)
    }
  }

  @Test func `a text that cannot give enough is refused with its row`() throws {
    let tokenizer = try Fixture.tokenizer(Fixture.file())
    var options = EncodeOptions()
    options.truncation = Truncation(maxLength: 5, strategy: .onlyFirst)
    let texts = ["a", "a b"].map { Array($0.utf8) }
    let seconds = ["b", "a b a b"].map { Array($0.utf8) }
    do {
      _ = try tokenizer.encode(texts, pairs: seconds, options)
      Issue.record("not refused")
    } catch let error as PlauditError {
      #expect(error.kind == .outOfRange)
      #expect(error.index == 1)
    }
    options.truncation = Truncation(maxLength: 3, strategy: .onlySecond)
    expectRefusal(.invalidArgument, "no second text") {
      _ = try tokenizer.encode("a b", nil, options)
    }
  }
}

/// One family of wordpiece_rows.json: its options, and the loops of its script.
struct RowFamily {
  let label: String
  private let strategy: Truncation.Strategy
  private let direction: Truncation.Direction
  private let padding: Padding?

  init(_ value: JSONValue) throws {
    let strategy = try value.required("strategy").string()
    let direction = try value.required("direction").string()
    let padding = try value.required("padding").integer()
    label = try value.required("post_processor").string() + " \(strategy) \(direction) \(padding)"
    self.strategy =
      strategy == "longest_first"
      ? .longestFirst : strategy == "only_first" ? .onlyFirst : .onlySecond
    self.direction = direction == "right" ? .right : .left
    switch padding {
    case 0: self.padding = nil
    case 1: self.padding = Padding()
    case 2: self.padding = Padding(length: .fixed(6), multipleOf: 4)
    default: self.padding = Padding(multipleOf: 4, direction: .left)
    }
  }

  struct Seen {
    var label: String
    var digest = Digest()
    var refused = 0
    var rows = 0
  }

  func run(_ tokenizer: Tokenizer, _ scratch: TokenizerScratch) throws -> Seen {
    var seen = Seen(label: label)
    for first in 0..<8 {
      for second in -1..<8 {
        let text = letters("abcdefgh", first)
        let pair = second < 0 ? nil : letters("ijklmnop", second)
        for maximum in 0..<12 {
          for stride in 0..<3 {
            for adds in [true, false] {
              var options = EncodeOptions()
              options.addSpecialTokens = adds
              options.padding = padding
              options.truncation = Truncation(
                maxLength: maximum, strategy: strategy, stride: stride, direction: direction)
              do {
                let encoding = try tokenizer.encode([text], pairs: pair.map { [$0] }, options)
                try add(encoding, &seen)
                try compare(tokenizer, text, pair, options, encoding, scratch)
              } catch let error as PlauditError {
                #expect(error.kind == .outOfRange || error.kind == .invalidArgument)
                seen.digest.add(0x7FFF_FFFF)
                seen.refused += 1
              }
            }
          }
        }
      }
    }
    return seen
  }

  private func letters(_ all: String, _ count: Int) -> [UInt8] {
    Array(all.utf8.prefix(count).map { [$0] }.joined(separator: [0x20]))
  }

  private func add(_ encoding: Encoding, _ seen: inout Seen) throws {
    seen.digest.add(encoding.rowCount)
    seen.rows += encoding.rowCount
    for row in 0..<encoding.rowCount {
      let range = Int(encoding.rowOffsets[row])..<Int(encoding.rowOffsets[row + 1])
      seen.digest.add(range.count)
      for place in range {
        seen.digest.add(Int(encoding.ids[place]))
        seen.digest.add(Int(encoding.typeIds[place]))
        seen.digest.add(Int(encoding.attentionMask[place]))
        seen.digest.add(Int(encoding.specialTokensMask[place]))
        seen.digest.add(Int(encoding.sequences[place]))
        seen.digest.add(Int(encoding.starts[place]))
        seen.digest.add(Int(encoding.ends[place]))
      }
    }
  }

  /// Without padding, the windows through a scratch are the rows of the batch.
  private func compare(
    _ tokenizer: Tokenizer, _ text: [UInt8], _ pair: [UInt8]?, _ options: EncodeOptions,
    _ encoding: Encoding, _ scratch: TokenizerScratch
  ) throws {
    guard padding == nil else { return }
    try text.withUnsafeBytes { text in
      try (pair ?? []).withUnsafeBytes { second in
        let count = try tokenizer.encodeWindows(
          text, pair: pair == nil ? nil : second, options: options, scratch: scratch)
        guard count == encoding.rowCount else {
          Issue.record("\(label): \(count) windows, \(encoding.rowCount) rows")
          return
        }
        for index in 0..<count {
          let row = try tokenizer.window(index, scratch: scratch)
          let start = Int(encoding.rowOffsets[index])
          var isSame = row.ids.count == Int(encoding.rowOffsets[index + 1]) - start
          for place in 0..<row.ids.count where isSame {
            isSame =
              row.ids[place] == encoding.ids[start + place]
              && row.typeIds[place] == encoding.typeIds[start + place]
          }
          if !isSame { Issue.record("\(label): window \(index) differs from its row") }
        }
      }
    }
  }
}
