import PlauditCore

@testable import PlauditText

/// FNV-1a over 32-bit values, as in scripts/reference/wordpiece_peer.py.
struct Digest {
  private var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ number: Int) {
    value = (value ^ UInt64(UInt32(truncatingIfNeeded: number))) &* 0x100_0000_01B3
  }

  mutating func add(_ encoding: Encoding, row: Int) {
    let range = Int(encoding.rowOffsets[row])..<Int(encoding.rowOffsets[row + 1])
    add(range.count)
    for place in range { add(Int(encoding.ids[place])) }
    for place in range { add(Int(encoding.starts[place])) }
    for place in range { add(Int(encoding.ends[place])) }
  }

  var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// SplitMix64, as in scripts/reference/wordpiece_peer.py.
struct SplitMix {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &+ 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
}

/// Makes the texts of wordpiece_digests.json again; the families are explained in its script.
struct TestTexts {
  let block: Int
  private let atoms: [[UInt8]]
  private let raw: [[UInt8]]
  private let pairs: [[UInt8]]
  private let marks: [[UInt8]]

  init(_ file: JSONValue) throws {
    block = try file.required("block").integer()
    atoms = try file.required("atoms").elements().map(Fixture.bytes)
    raw = try file.required("raw").elements().map(Fixture.bytes)
    pairs = try Fixture.integers(file.required("pairs")).map(TestTexts.utf8)
    marks = try Fixture.integers(file.required("marks")).map(TestTexts.utf8)
  }

  /// Calls `body` with one block of texts after another.
  func forEachBlock(of family: String, _ body: ([[UInt8]]) throws -> Void) throws {
    var texts: [[UInt8]] = []
    func put(_ text: [UInt8]) throws {
      texts.append(text)
      if texts.count == block {
        try body(texts)
        texts.removeAll(keepingCapacity: true)
      }
    }
    switch family {
    case "between letters": try forEachScalar { try put([0x61] + $0 + [0x62]) }
    case "alone": try forEachScalar { try put($0) }
    case "pairs":
      for first in pairs { for second in pairs { try put([0x78] + first + second + [0x79]) } }
    case "marks":
      var random = SplitMix(1)
      for _ in 0..<60000 { try put(join(marks, 1 + random.below(9), &random)) }
    case "grammar":
      var random = SplitMix(2)
      for _ in 0..<100_000 { try put(sentence(&random)) }
    case "not UTF-8":
      var random = SplitMix(3)
      for _ in 0..<20000 { try put(join(raw, 1 + random.below(10), &random)) }
    default: throw PlauditError(.invalidArgument, "no family \(family)")
    }
    if !texts.isEmpty { try body(texts) }
  }

  private func forEachScalar(_ body: ([UInt8]) throws -> Void) rethrows {
    for scalar in 0..<0x110000 where !(0xD800...0xDFFF).contains(scalar) {
      try body(TestTexts.utf8(scalar))
    }
  }

  private func join(_ parts: [[UInt8]], _ count: Int, _ random: inout SplitMix) -> [UInt8] {
    var text: [UInt8] = []
    for _ in 0..<count { text += parts[random.below(parts.count)] }
    return text
  }

  private func sentence(_ random: inout SplitMix) -> [UInt8] {
    var text: [UInt8] = []
    for _ in 0..<(1 + random.below(12)) {
      let kind = random.below(10)
      if kind < 7 {
        text += atoms[random.below(atoms.count)]
      } else if kind == 7 {
        text += scalar(&random, 0x10F800)
      } else if kind == 8 {
        text += scalar(&random, 0x3000)
      } else {
        let atom = atoms[random.below(atoms.count)]
        for _ in 0..<(1 + random.below(40)) { text += atom }
      }
    }
    return text
  }

  private func scalar(_ random: inout SplitMix, _ limit: Int) -> [UInt8] {
    let drawn = random.below(limit)
    return TestTexts.utf8(drawn < 0xD800 ? drawn : drawn + 0x800)
  }

  static func utf8(_ scalar: Int) -> [UInt8] {
    guard let scalar = Unicode.Scalar(UInt32(truncatingIfNeeded: scalar)) else { return [] }
    return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }
}
