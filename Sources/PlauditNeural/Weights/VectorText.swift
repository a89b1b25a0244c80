import Glibc
import PlauditCore
import PlauditTensor
import PlauditText

/// Word vectors as text: one word and its numbers a line, between single spaces or tabs.
///
/// Read twice, in blocks: once to count the lines, once for their content, so that memory is taken
/// once. Numbers are doubles rounded to floats, as NumPy makes them of the same text.
enum VectorText {
  private static let blockBytes = 1 << 22

  static func load(
    _ file: File, maximumBytes: Int, control: RunControl?
  ) throws(PlauditError) -> WordVectors {
    let block = try Bytes(count: min(blockBytes, max(file.size, 1)))
    let lines = try countLines(file, block, control)
    var reader = LineReader(file: file, block: block)
    guard var line = try reader.next() else {
      throw PlauditError(.corrupt, "\(file.path) is empty", offset: 0)
    }
    var stated: Int?
    var width = 0
    var rows = lines
    if let header = header(line) {
      stated = header.count
      width = header.width
      rows = lines - 1
      guard let second = try reader.next() else {
        throw PlauditError(.shape, "\(file.path) states \(header.count) vectors and has none")
      }
      line = second
    } else {
      width = firstWidth(line)
    }
    guard width > 0 else {
      throw PlauditError(
        .corrupt, "\(file.path): line \(reader.number) has a word and no numbers",
        index: Int64(reader.number - 1))
    }
    guard width <= WordVectors.maximumWidth else {
      throw PlauditError(
        .limit, "\(file.path): \(width) numbers a word, allowed are \(WordVectors.maximumWidth)")
    }
    let values = try WordVectors.room(
      count: rows, width: width, maximumBytes: maximumBytes, path: file.path)
    var builder = WordTable.Builder()
    var current: UnsafeRawBufferPointer? = line
    while let line = current {
      guard builder.count < rows else {
        throw PlauditError(.corrupt, "\(file.path) changed while it was read")
      }
      let word = try parse(
        line, width: width, to: values.pointer + builder.count * width, number: reader.number,
        path: file.path)
      try builder.append(word)
      if builder.count & 1023 == 0 { try control?.check() }
      current = try reader.next()
    }
    guard builder.count == rows else {
      throw PlauditError(.corrupt, "\(file.path) changed while it was read")
    }
    if let stated, stated != rows {
      throw PlauditError(.shape, "\(file.path) states \(stated) vectors and has \(rows)")
    }
    return WordVectors(
      table: try WordTable(builder, control: control), width: width, values: values)
  }

  private static func countLines(
    _ file: File, _ block: Bytes, _ control: RunControl?
  ) throws(PlauditError) -> Int {
    var lines = 0
    var at = 0
    var last: UInt8 = 0x0A
    while at < file.size {
      try control?.check()
      let part = UnsafeMutableRawBufferPointer(
        rebasing: block.mutable[..<min(block.count, file.size - at)])
      try file.read(into: part, at: at)
      guard let base = part.baseAddress else { break }
      var place = 0
      while place < part.count, let found = memchr(base + place, 0x0A, part.count - place) {
        lines += 1
        place = UnsafeRawPointer(found) - UnsafeRawPointer(base) + 1
      }
      last = part[part.count - 1]
      at += part.count
    }
    return last == 0x0A ? lines : lines + 1
  }

  /// Lines of a file, each good until the next is asked for.
  private struct LineReader {
    let file: File
    let block: Bytes
    /// The line that `next` gave last, from 1.
    private(set) var number = 0
    private var start = 0
    private var end = 0
    private var offset = 0

    init(file: File, block: Bytes) {
      self.file = file
      self.block = block
    }

    mutating func next() throws(PlauditError) -> UnsafeRawBufferPointer? {
      guard let base = block.mutable.baseAddress else { return nil }
      var searched = start
      while true {
        if searched < end, let found = memchr(base + searched, 0x0A, end - searched) {
          let place = UnsafeRawPointer(found) - UnsafeRawPointer(base)
          defer { start = place + 1 }
          number += 1
          return UnsafeRawBufferPointer(start: base + start, count: place - start)
        }
        searched = end
        if offset >= file.size {
          guard end > start else { return nil }
          defer { start = end }
          number += 1
          return UnsafeRawBufferPointer(start: base + start, count: end - start)
        }
        if start > 0 {
          memmove(base, base + start, end - start)
          searched -= start
          end -= start
          start = 0
        }
        guard end < block.count else {
          throw PlauditError(
            .limit, "\(file.path): line \(number + 1) has more than \(block.count) bytes",
            index: Int64(number))
        }
        let wanted = min(block.count - end, file.size - offset)
        try file.read(
          into: UnsafeMutableRawBufferPointer(rebasing: block.mutable[end..<(end + wanted)]),
          at: offset)
        end += wanted
        offset += wanted
      }
    }
  }

  // MARK: One line

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// Where a line ends without spaces and the carriage return at its end.
  private static func trimmed(_ line: UnsafeRawBufferPointer) -> Int {
    var end = line.count
    if end > 0, line[end - 1] == 0x0D { end -= 1 }
    while end > 0, isBlank(line[end - 1]) { end -= 1 }
    return end
  }

  /// The last field before `end`.
  @inline(__always)
  private static func field(
    _ line: UnsafeRawBufferPointer, before end: Int
  ) -> Range<Int> {
    var start = end
    while start > 0, !isBlank(line[start &- 1]) { start &-= 1 }
    return start..<end
  }

  /// Two whole numbers and nothing else.
  private static func header(_ line: UnsafeRawBufferPointer) -> (count: Int, width: Int)? {
    let end = trimmed(line)
    let second = field(line, before: end)
    guard second.lowerBound > 1 else { return nil }
    let first = field(line, before: second.lowerBound - 1)
    guard first.lowerBound == 0, let count = whole(line, first), let width = whole(line, second)
    else { return nil }
    return (count, width)
  }

  private static func whole(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    guard !range.isEmpty, range.count <= 12 else { return nil }
    var value = 0
    for index in range {
      guard ASCIIDigits.contains(line[index]) else { return nil }
      value = value &* 10 &+ Int(line[index] &- 0x30)
    }
    return value
  }

  private static let ASCIIDigits: ClosedRange<UInt8> = 0x30...0x39

  /// How many numbers end the first line; its first field is the word whatever it is.
  private static func firstWidth(_ line: UnsafeRawBufferPointer) -> Int {
    var width = 0
    var end = trimmed(line)
    while end > 0 {
      let range = field(line, before: end)
      guard range.lowerBound > 0, DecimalNumber.parse(line, range) != nil else { break }
      width += 1
      end = range.lowerBound - 1
    }
    return width
  }

  /// Stores the numbers of a line and answers its word.
  private static func parse(
    _ line: UnsafeRawBufferPointer, width: Int, to floats: UnsafeMutablePointer<Float>,
    number: Int, path: String
  ) throws(PlauditError) -> UnsafeRawBufferPointer {
    func problem(_ kind: PlauditError.Kind, _ text: String) -> PlauditError {
      PlauditError(kind, "\(path): line \(number) \(text)", index: Int64(number - 1))
    }
    var end = trimmed(line)
    guard end > 0 else { throw problem(.corrupt, "is empty") }
    var column = width
    while column > 0 {
      let range = field(line, before: end)
      guard range.lowerBound > 0 else {
        throw problem(
          .corrupt, "has \(width - column) numbers after its word, not \(width)")
      }
      guard let value = DecimalNumber.parse(line, range) else {
        // A message is one line.
        let shown = line[range].prefix(40).map { $0 < 0x20 || $0 == 0x7F ? 0x3F : $0 }
        let text = String(decoding: shown, as: UTF8.self)
        throw problem(
          .corrupt, "has \"\(text)\" where number \(column) of \(width) should be")
      }
      let float = Float(value)
      guard float.isFinite else {
        let text = String(decoding: line[range].prefix(40), as: UTF8.self)
        throw problem(.notFinite, "has \(text), which is no finite number")
      }
      column -= 1
      floats[column] = float
      end = range.lowerBound - 1
    }
    let last = field(line, before: end)
    if last.lowerBound > 0, DecimalNumber.parse(line, last) != nil {
      throw problem(.corrupt, "has more than \(width) numbers after its word")
    }
    guard end > 0 else { throw problem(.corrupt, "has no word") }
    let word = UnsafeRawBufferPointer(rebasing: line[..<end])
    guard WordVectors.isUTF8(word) else { throw problem(.corrupt, "has a word that is not UTF-8") }
    return word
  }
}

extension WordVectors {
  static func isUTF8(_ word: UnsafeRawBufferPointer) -> Bool {
    var isASCII = true
    for byte in word where byte >= 0x80 { isASCII = false }
    return isASCII || String(validating: word, as: UTF8.self) != nil
  }
}

/// Decimal numbers of ASCII text, whatever the host's locale.
enum DecimalNumber {
  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// The double nearest to the number, infinite for `inf` and what is too large, NaN for `nan`;
  /// nil for what is no number.
  static func parse(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Double? {
    var at = range.lowerBound
    let end = range.upperBound
    var isNegative = false
    if at < end, text[at] == 0x2D || text[at] == 0x2B {
      isNegative = text[at] == 0x2D
      at &+= 1
    }
    var digits: UInt64 = 0
    var digitCount = 0
    var exponent = 0
    var any = false
    while at < end, text[at] &- 0x30 < 10 {
      any = true
      if digitCount < 19 { digits = digits &* 10 &+ UInt64(text[at] &- 0x30) }
      if digits > 0 { digitCount &+= 1 }
      at &+= 1
    }
    if at < end, text[at] == 0x2E {
      at &+= 1
      while at < end, text[at] &- 0x30 < 10 {
        any = true
        if digitCount < 19 {
          digits = digits &* 10 &+ UInt64(text[at] &- 0x30)
          exponent &-= 1
        }
        if digits > 0 { digitCount &+= 1 }
        at &+= 1
      }
    }
    guard any else { return named(text, range) }
    if at < end, text[at] | 0x20 == 0x65 {
      at &+= 1
      var isDown = false
      if at < end, text[at] == 0x2D || text[at] == 0x2B {
        isDown = text[at] == 0x2D
        at &+= 1
      }
      guard at < end else { return nil }
      var power = 0
      while at < end, text[at] &- 0x30 < 10 {
        power = min(power &* 10 &+ Int(text[at] &- 0x30), 100_000)
        at &+= 1
      }
      exponent &+= isDown ? -power : power
    }
    guard at == end else { return nil }
    // Both numbers are exact, so one operation rounds once (Clinger 1990).
    if digits < 1 << 53, digitCount <= 19, exponent >= -22, exponent <= 22 {
      let whole = Double(digits)
      let value = exponent < 0 ? whole / powers[-exponent] : whole * powers[exponent]
      return isNegative ? -value : value
    }
    return slow(text, range)
  }

  private static func slow(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Double? {
    guard range.count <= 400 else { return nil }
    return Double(String(decoding: text[range], as: UTF8.self))
  }

  private static func named(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Double? {
    guard range.count <= 9 else { return nil }
    var name = String(decoding: text[range], as: UTF8.self).lowercased()
    let sign = name.first == "-" ? -1.0 : 1.0
    if name.first == "-" || name.first == "+" { name.removeFirst() }
    if name == "nan" { return .nan }
    return name == "inf" || name == "infinity" ? sign * .infinity : nil
  }
}
