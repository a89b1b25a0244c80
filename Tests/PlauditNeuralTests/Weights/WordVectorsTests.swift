import Foundation
import PlauditCore
import PlauditText
import Testing

@testable import PlauditNeural

struct WordVectorsTests {
  // MARK: By hand

  @Test func `a line of GloVe is a word and its numbers`() throws {
    let vectors = try load("the 1 -0.5 2e3\n, .25 +1 -1e-2\n")
    #expect(vectors.words == ["the", ","])
    #expect(vectors.width == 3)
    #expect(rows(vectors) == [[1, -0.5, 2000], [0.25, 1, -0.01]])
  }

  @Test(
    arguments: [
      "2 3\nthe 1 2 3\na 4 5 6\n", "the 1 2 3 \na\t4\t5\t6 \n", "the 1 2 3\r\na 4 5 6\r\n",
      "the 1 2 3\na 4 5 6",
    ])
  func `headers, tabs, spaces and carriage returns at line ends are no matter`(
    text: String
  ) throws {
    let vectors = try load(text)
    #expect(vectors.words == ["the", "a"])
    #expect(rows(vectors) == [[1, 2, 3], [4, 5, 6]])
  }

  @Test func `a word may hold spaces and be a number`() throws {
    let vectors = try load("7 1 2\nat name@x.com 3 4\n. . . 5 6\n8 7 8\n")
    #expect(vectors.words == ["7", "at name@x.com", ". . .", "8"])
    #expect(rows(vectors) == [[1, 2], [3, 4], [5, 6], [7, 8]])
  }

  @Test func `a subset keeps the words that are there, once, in the order asked for`() throws {
    let vectors = try load("a 1 2\nb 3 4\nc 5 6\na 7 8\n")
    let part = try vectors.subset(words: ["c", "no", "a", "c"])
    #expect(part.words == ["c", "a"])
    #expect(rows(part) == [[5, 6], [1, 2]])
    #expect(rows(try vectors.subset(rows: [3, 1])) == [[7, 8], [3, 4]])
    #expect(try vectors.subset(words: []).count == 0)
  }

  // MARK: Reference

  struct NumPy: Decodable {
    var files: [String: [[Double]]]
    var numbers: [String]
    var bits: [UInt32]
  }

  @Test func `arrays of NumPy load as it holds them`() throws {
    let reference: NumPy = try Reference.load("word_vectors.json")
    #expect(reference.files.count == 7)
    for (name, expected) in reference.files {
      let vectors = try WordVectors.load(path: "\(Reference.folder)/word_vectors/\(name)")
      #expect(
        vectors.words == (name == "own.npy" ? ["x", "y"] : ["un", "deux", "tr\u{E8}s bien"]))
      #expect(rows(vectors) == expected.map { $0.map { Float($0) } }, "\(name)")
    }
  }

  @Test func `numbers as text are the floats that NumPy makes of them`() throws {
    let reference: NumPy = try Reference.load("word_vectors.json")
    let vectors = try load("w " + reference.numbers.joined(separator: " ") + "\n")
    #expect(vectors.width == reference.numbers.count)
    for (index, bits) in reference.bits.enumerated() {
      #expect(vectors.values.pointer[index].bitPattern == bits, "\(reference.numbers[index])")
    }
  }

  // MARK: Law

  @Test func `what is printed is read again, across blocks too`() throws {
    var random = RandomSource(seed: 3)
    var text = ""
    var expected: [[Float]] = []
    for row in 0..<30000 {
      let values = (0..<20).map { _ in Float(random.next(below: 1 << 20)) / 65536 - 8 }
      expected.append(values)
      text += "w\(row) " + values.map { "\($0)" }.joined(separator: " ") + "\n"
    }
    // More than one block of 4 MiB.
    #expect(text.utf8.count > 5 << 20)
    let vectors = try load(text)
    #expect(vectors.count == expected.count)
    #expect(rows(vectors) == expected)
    #expect(vectors.table.index(of: "w29999") == 29999)
  }

  @Test func `random bytes are refused or read, never more`() throws {
    var random = RandomSource(seed: 5)
    let pieces = [
      "a", " ", " ", "\n", "1", "-2.5", "1e5", "nan", "inf", "e", ".", "\t", "\r", "\u{E9}",
      "0x1p3",
      "999999999999999999999", "1e999", "--", "+", "1e", "\u{93}NUMPY",
    ]
    for _ in 0..<400 {
      var text = ""
      for _ in 0..<random.next(below: 30) {
        text += pieces[Int(random.next(below: UInt64(pieces.count)))]
      }
      do {
        let vectors = try load(text)
        #expect(vectors.values.buffer.allSatisfy { $0.isFinite })
      } catch let error as PlauditError {
        #expect(error.kind != .internal)
      }
    }
  }

  // MARK: Refusal

  @Test(
    arguments: [
      ("a 1 2\nb 3\n", PlauditError.Kind.corrupt, "line 2 has 1 numbers after its word, not 2"),
      ("a 1 2\nb 3 4 5\n", .corrupt, "line 2 has more than 2 numbers after its word"),
      ("a 1 2\nb x 4\n", .corrupt, "line 2 has \"x\" where number 1 of 2 should be"),
      ("a 1 2\nb 3 4\u{1}\0\n", .corrupt, "line 2 has \"4??\" where number 2 of 2 should be"),
      ("a 1 2\n\nb 3 4\n", .corrupt, "line 2 is empty"),
      ("a 1 2\nb 3  4\n", .corrupt, "line 2 has \"\" where number 1 of 2"),
      ("a 1 2\n 3 4\n", .corrupt, "line 2 has no word"),
      ("word\n", .corrupt, "line 1 has a word and no numbers"),
      ("2 3\n", .shape, "states 2 vectors and has none"),
      ("3 2\na 1 2\n", .shape, "states 3 vectors and has 1"),
      ("1 3\na 1 2\nb 1 2\n", .corrupt, "line 2 has 2 numbers after its word, not 3"),
      ("a 1 2\nb nan 4\n", .notFinite, "line 2 has nan"),
      ("a 1 2\nb 3 -inf\n", .notFinite, "line 2 has -inf"),
      ("a 1 2\nb 3 1e39\n", .notFinite, "line 2 has 1e39"),
      ("", .corrupt, "is empty"),
    ])
  func `a line that does not fit is refused with its number`(
    text: String, kind: PlauditError.Kind, mentions: String
  ) throws {
    expectError(kind, mentions: mentions) { _ = try load(text) }
  }

  @Test func `a word that is not UTF-8 is refused`() throws {
    expectError(.corrupt, mentions: "line 2 has a word that is not UTF-8") {
      _ = try load(Data([0x61, 0x20, 0x31, 0x0A, 0xFF, 0x20, 0x31, 0x0A]))
    }
  }

  @Test func `the limit on bytes holds for the file and for the memory`() throws {
    expectError(.limit, mentions: "allowed are 10") { _ = try load("abc 1 2 3 4", limit: 10) }
    expectError(.limit, mentions: "3 vectors of 4 numbers") {
      _ = try load("a 1 2 3 4\nb 1 2 3 4\nc 1 2 3 4", limit: 40)
    }
  }

  @Test func `a file that is not there is named`() {
    expectError(.notFound, mentions: "no/such.txt") {
      _ = try WordVectors.load(path: "no/such.txt")
    }
  }

  @Test func `a row that is not there is refused`() throws {
    expectError(.outOfRange, mentions: "no row 1 among 1") {
      _ = try load("a 1 2\n").subset(rows: [1])
    }
  }

  static let sound = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"

  @Test(
    arguments: [
      (sound.replacingOccurrences(of: "<f4", with: ">f4"), PlauditError.Kind.unsupported, ">f4"),
      (sound.replacingOccurrences(of: "<f4", with: "<i4"), .unsupported, "<i4"),
      (sound.replacingOccurrences(of: "1, 2", with: "1, 3"), .corrupt, "another number"),
      (sound.replacingOccurrences(of: "1, 2", with: "2,"), .shape, "rank 1"),
      (sound.replacingOccurrences(of: "1, 2", with: "0, 2"), .corrupt, "another number"),
      (
        sound.replacingOccurrences(of: "1, 2", with: "999999999999999, 999999999999999"), .corrupt,
        "another number"
      ),
      (sound.replacingOccurrences(of: "1, 2", with: "1, -2"), .corrupt, "malformed"),
      (sound + "x", .corrupt, "malformed"), ("{'descr': '<f4'}", .corrupt, "malformed"),
      ("", .corrupt, "malformed"), ("{", .corrupt, "malformed"), ("{'", .corrupt, "malformed"),
      (sound.replacingOccurrences(of: "False", with: "Maybe"), .corrupt, "malformed"),
      ("{'descr': '<f4', 'descr': '<f4', 'shape': (1, 2)}", .corrupt, "malformed"),
    ])
  func `a .npy header that does not fit is refused`(
    header: String, kind: PlauditError.Kind, mentions: String
  ) throws {
    expectError(kind, mentions: mentions) { _ = try loadArray(header, words: "a\n") }
  }

  @Test func `words and rows must be as many`() throws {
    expectError(.shape, mentions: "has 1 vectors") {
      _ = try loadArray(Self.sound, words: "a\nb\n")
    }
    expectError(.notFound, mentions: "words.txt") { _ = try loadArray(Self.sound, words: nil) }
  }

  @Test func `a number of an array that is not finite is refused with its row`() throws {
    expectError(.notFinite, mentions: "row 0") {
      _ = try loadArray(Self.sound, words: "a\n", data: Data([0, 0, 128, 63, 0, 0, 192, 127]))
    }
  }

  @Test func `a .npy file that ends early is refused`() throws {
    expectError(.corrupt, mentions: "ends inside") {
      _ = try load(Data(NumPyHeader.magic + [1, 0]))
    }
    expectError(.corrupt, mentions: "header of 65535 bytes") {
      _ = try load(Data(NumPyHeader.magic + [1, 0, 255, 255, 0, 0]))
    }
    expectError(.unsupported, mentions: "version 9") {
      _ = try load(Data(NumPyHeader.magic + [9, 0, 1, 0, 0, 0]))
    }
  }

  // MARK: Helpers

  private func rows(_ vectors: WordVectors) -> [[Float]] {
    (0..<vectors.count).map { vectors.vector($0).map(Array.init) ?? [] }
  }

  private func load(_ text: String, limit: Int = 1 << 30) throws -> WordVectors {
    try load(Data(text.utf8), limit: limit)
  }

  private func load(_ data: Data, limit: Int = 1 << 30) throws -> WordVectors {
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try data.write(to: URL(fileURLWithPath: folder + "/vectors.txt"))
    return try WordVectors.load(path: folder + "/vectors.txt", maximumBytes: limit)
  }

  private func loadArray(
    _ header: String, words: String?, data: Data = Data(count: 8)
  ) throws -> WordVectors {
    let folder = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var file = Data(NumPyHeader.magic + [1, 0])
    file.append(contentsOf: [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)])
    file.append(Data(header.utf8) + data)
    try file.write(to: URL(fileURLWithPath: folder + "/v.npy"))
    if let words { try Data(words.utf8).write(to: URL(fileURLWithPath: folder + "/words.txt")) }
    return try WordVectors.load(path: folder + "/v.npy")
  }
}
