import CText
import Testing

@testable import PlauditText

/// Every set of kernels against a loop over bytes, and against each other.
struct TextKernelsTests {
  private let lengths = [
    0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256,
    257,
  ]
  private let classes: pt_classes = {
    var classes = pt_classes()
    for byte in " \t\n\r".utf8 { pt_insert(&classes.spaces, byte) }
    for byte in "!,.#'".utf8 { pt_insert(&classes.marks, byte) }
    pt_insert(&classes.starts, UInt8(ascii: "["))
    classes.lowers = 1
    classes.blanks = 1
    return classes
  }()

  /// What cutting makes of a text.
  private struct Cut: Equatable {
    var lowered: [UInt8] = []
    var starts: [Int32] = []
    var ends: [Int32] = []
    var seen: UInt32 = 0
  }

  private func cut(
    _ text: [UInt8], from: Int, _ classes: pt_classes, _ kernels: TextKernels
  ) -> Cut {
    var result = Cut()
    let room = text.count + Int(PT_SLACK)
    var lowered = [UInt8](repeating: 0, count: room)
    var (starts, ends) = ([Int32](repeating: -1, count: room), [Int32](repeating: -1, count: room))
    let count = withUnsafePointer(to: classes) {
      Int(
        kernels.pointee.cut(
          $0, text + [0], Int64(from), Int64(text.count), &lowered, &starts, &ends, &result.seen))
    }
    result.lowered = Array(lowered[from..<text.count])
    result.starts = Array(starts.prefix(count))
    result.ends = Array(ends.prefix(count))
    return result
  }

  private func plainCut(_ text: [UInt8], from: Int, _ classes: pt_classes) -> Cut {
    var result = Cut()
    var word: Int32?
    func isIn(_ set: pt_byte_set, _ byte: UInt8) -> Bool {
      withUnsafePointer(to: set) { pt_contains($0, byte) != 0 }
    }
    for at in from..<text.count {
      let (byte, place) = (text[at], Int32(at))
      let (isSpace, isMark) = (isIn(classes.spaces, byte), isIn(classes.marks, byte))
      if isSpace || isMark, let start = word {
        result.starts.append(start)
        result.ends.append(place)
        word = nil
      }
      if isMark {
        result.starts.append(place)
        result.ends.append(place + 1)
      } else if !isSpace, word == nil {
        word = place
      }
      if byte >= 128 { result.seen |= UInt32(PT_SEEN_WIDE) }
      if isIn(classes.starts, byte) { result.seen |= UInt32(PT_SEEN_START) }
      let isCapital = classes.lowers == 1 && (0x41...0x5A).contains(byte)
      result.lowered.append(isSpace && classes.blanks == 1 ? 0x20 : isCapital ? byte + 32 : byte)
    }
    if let word {
      result.starts.append(word)
      result.ends.append(Int32(text.count))
    }
    return result
  }

  // MARK: Law

  @Test func `a cut is that of a loop over bytes at every length`() {
    var random = SplitMix(5)
    var kept = classes
    kept.lowers = 0
    kept.blanks = 0
    let alphabets = [Array("aZ ".utf8), Array("ab!".utf8), Array(UInt8.min...UInt8.max)]
    for kernels in availableTextKernels {
      let name = String(cString: kernels.pointee.name)
      for length in lengths {
        for (index, alphabet) in alphabets.enumerated() {
          for classes in [classes, kept] {
            let text = (0..<length).map { _ in alphabet[random.below(alphabet.count)] }
            let from = random.below(length + 1)
            for start in [0, from] {
              #expect(
                cut(text, from: start, classes, kernels) == plainCut(text, from: start, classes),
                "\(name), \(length) bytes from \(start), alphabet \(index)")
            }
          }
        }
      }
    }
  }

  @Test func `what is looked up is what is walked, at every number of words`() throws {
    let tokenizer = try Fixture.bert(lowercase: true)
    var random = SplitMix(6)
    let letters = Array("etaoinshrdlu'0".utf8)
    let scratches = TokenizerScratch.Route.all.map { ($0.name, TokenizerScratch($0)) }
    for words in lengths {
      var text: [UInt8] = []
      for _ in 0..<words {
        text += (0...random.below(18)).map { _ in letters[random.below(letters.count)] } + [0x20]
      }
      let expected = try tokenizer.encode([text], scratch: scratches[0].1)
      for (name, scratch) in scratches {
        // Twice, so that the second time finds the cache filled.
        for pass in 0..<2 {
          let found = try tokenizer.encode([text], scratch: scratch)
          #expect(found.isSame(as: expected), "\(name), \(words) words, pass \(pass)")
        }
      }
    }
  }

  @Test func `words of every length are told apart`() {
    var buckets = [pt_word](repeating: pt_word(tag: 0, id: 0, second: 0), count: 4 << 8)
    var seconds = [UInt64](repeating: 0, count: 64)
    buckets.withUnsafeMutableBufferPointer { buckets in
      seconds.withUnsafeMutableBufferPointer { seconds in
        guard let first = buckets.baseAddress, let second = seconds.baseAddress else { return }
        var table = pt_word_table(buckets: first, seconds: second, shift: 56, second_count: 1)
        let word = [UInt8](repeating: 0x61, count: 17)
        for length in 1...16 { #expect(pt_word_put(&table, word, Int64(length), 7) == 1) }
        // Again, empty, too long, and a number that is none.
        for length in [3, 0, 17] { #expect(pt_word_put(&table, word, Int64(length), 7) == 0) }
        #expect(pt_word_put(&table, [0x62], 1, -1) == 0)
        #expect(table.second_count == 9)
      }
    }
  }
}
