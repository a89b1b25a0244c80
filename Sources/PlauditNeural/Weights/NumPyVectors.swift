import PlauditCore
import PlauditTensor
import PlauditText

/// Word vectors as `.npy` with a list of words beside it.
enum NumPyVectors {
  private static let blockBytes = 1 << 20

  static func load(
    _ file: File, maximumBytes: Int, control: RunControl?
  ) throws(PlauditError) -> WordVectors {
    let header = try NumPyHeader(file)
    guard header.rows > 0, header.columns > 0 else {
      throw PlauditError(
        .shape, "\(file.path) is \(header.rows) by \(header.columns), which holds no vector")
    }
    guard header.columns <= WordVectors.maximumWidth else {
      throw PlauditError(
        .limit,
        "\(file.path): \(header.columns) numbers a word, allowed are \(WordVectors.maximumWidth)")
    }
    let list = try wordFile(file.path)
    let table = try WordList.read(list, control: control)
    guard table.count == header.rows else {
      throw PlauditError(
        .shape, "\(file.path) has \(header.rows) vectors, \(list) has \(table.count) words")
    }
    let values = try WordVectors.room(
      count: header.rows, width: header.columns, maximumBytes: maximumBytes, path: file.path)
    try read(file, header, into: values, control)
    return WordVectors(table: table, width: header.columns, values: values)
  }

  /// `NAME.words.txt` beside `NAME.npy`, else `words.txt`.
  private static func wordFile(_ path: String) throws(PlauditError) -> String {
    let stem = path.hasSuffix(".npy") ? String(path.dropLast(4)) : path
    let own = stem + ".words.txt"
    if File.exists(own) { return own }
    var folder = ""
    if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) { folder = String(path[...slash]) }
    let shared = folder + "words.txt"
    if File.exists(shared) { return shared }
    throw PlauditError(
      .notFound, "\(path) needs its words, one a line, in \(own) or \(shared); neither is there")
  }

  private static func read(
    _ file: File, _ header: NumPyHeader, into values: FloatBuffer, _ control: RunControl?
  ) throws(PlauditError) {
    let size = header.element.byteCount
    let (rows, columns) = (header.rows, header.columns)
    let inner = header.isColumnMajor ? rows : columns
    let block = try Bytes(count: min(blockBytes, values.count * size))
    let floats = try FloatBuffer(count: block.count / size)
    var done = 0
    // Where the next number belongs: `line` is the slow index of the file, `place` the fast one.
    var line = 0
    var place = 0
    while done < values.count {
      try control?.check()
      let part = min(block.count / size, values.count - done)
      let bytes = UnsafeMutableRawBufferPointer(rebasing: block.mutable[..<(part * size)])
      try file.read(into: bytes, at: header.dataStart + done * size)
      header.element.widen(UnsafeRawBufferPointer(bytes), to: floats.pointer)
      for index in 0..<part {
        let value = floats.pointer[index]
        let row = header.isColumnMajor ? place : line
        let column = header.isColumnMajor ? line : place
        guard value.isFinite else {
          throw PlauditError(
            .notFinite,
            "\(file.path): row \(row) has a number that is not finite in single precision",
            index: Int64(row))
        }
        values.pointer[row &* columns &+ column] = value
        place &+= 1
        if place == inner {
          place = 0
          line &+= 1
        }
      }
      done += part
    }
  }
}

/// The header of a `.npy` file of rank 2: floats of 2, 4 or 8 bytes, lowest byte first.
///
/// - Source: NumPy Enhancement Proposal 1, "The .npy file format", versions 1 to 3.
struct NumPyHeader {
  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  private static let maximumBytes = 1 << 16

  enum Element: String {
    case half = "<f2"
    case single = "<f4"
    case double = "<f8"

    var byteCount: Int {
      switch self {
      case .half: 2
      case .single: 4
      case .double: 8
      }
    }

    func widen(_ stored: UnsafeRawBufferPointer, to floats: UnsafeMutablePointer<Float>) {
      switch self {
      case .half: ElementType.float16.widen(stored, to: floats)
      case .single: ElementType.float32.widen(stored, to: floats)
      case .double:
        for index in 0..<stored.count / 8 {
          floats[index] = Float(
            stored.loadUnaligned(fromByteOffset: index &* 8, as: Double.self))
        }
      }
    }
  }

  let element: Element
  /// The first index runs fastest (`fortran_order`).
  let isColumnMajor: Bool
  let rows: Int
  let columns: Int
  let dataStart: Int

  init(_ file: File) throws(PlauditError) {
    func corrupt(_ text: String) -> PlauditError {
      PlauditError(.corrupt, "\(file.path): \(text)")
    }
    guard file.size >= 12 else { throw corrupt("ends inside its .npy header") }
    let start = try Bytes(count: 12)
    try file.read(into: start.mutable, at: 0)
    let version = start.readable[6]
    guard (1...3).contains(version) else {
      throw PlauditError(
        .unsupported, "\(file.path) is version \(version) of .npy, supported are 1 to 3")
    }
    let short = version == 1
    let length =
      short
      ? Int(UInt16(littleEndian: start.readable.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
      : Int(UInt32(littleEndian: start.readable.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
    let textStart = short ? 10 : 12
    guard length <= NumPyHeader.maximumBytes, length <= file.size - textStart else {
      throw corrupt("states a .npy header of \(length) bytes")
    }
    let bytes = try Bytes(count: length)
    try file.read(into: bytes.mutable, at: textStart)
    var reader = Reader(text: [UInt8](bytes.readable))
    guard let fields = reader.fields() else { throw corrupt("has a malformed .npy header") }
    guard let element = Element(rawValue: fields.type) else {
      throw PlauditError(
        .unsupported,
        "\(file.path) holds \(fields.type.prefix(16)); <f2, <f4 and <f8 are supported")
    }
    guard fields.shape.count == 2 else {
      throw PlauditError(.shape, "\(file.path) has rank \(fields.shape.count), word vectors have 2")
    }
    self.element = element
    isColumnMajor = fields.isColumnMajor
    rows = fields.shape[0]
    columns = fields.shape[1]
    dataStart = textStart + length
    let (elements, overflow) = rows.multipliedReportingOverflow(by: columns)
    let (size, tooFar) = elements.multipliedReportingOverflow(by: element.byteCount)
    guard !overflow, !tooFar, size == file.size - dataStart else {
      throw corrupt(
        "has \(file.size - dataStart) bytes of data, its shape (\(rows), \(columns)) of "
          + "\(fields.type) needs another number")
    }
  }

  /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }` and nothing else.
  private struct Reader {
    let text: [UInt8]
    private var at = 0

    struct Fields {
      var type = ""
      var isColumnMajor = false
      var shape: [Int] = []
    }

    init(text: [UInt8]) { self.text = text }

    mutating func fields() -> Fields? {
      var fields = Fields()
      var seen = Set<String>()
      guard take(0x7B) else { return nil }
      while !take(0x7D) {
        guard let key = string(), seen.insert(key).inserted, take(0x3A) else { return nil }
        switch key {
        case "descr":
          guard let type = string() else { return nil }
          fields.type = type
        case "fortran_order":
          if takeWord("True") {
            fields.isColumnMajor = true
          } else if !takeWord("False") {
            return nil
          }
        case "shape":
          guard let shape = tuple() else { return nil }
          fields.shape = shape
        default: return nil
        }
        if !take(0x2C) {
          guard take(0x7D) else { return nil }
          break
        }
      }
      skip()
      return at == text.count && seen.count == 3 ? fields : nil
    }

    private mutating func skip() {
      while at < text.count, text[at] == 0x20 || text[at] == 0x0A || text[at] == 0x09 { at += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      skip()
      guard at < text.count, text[at] == byte else { return false }
      at += 1
      return true
    }

    private mutating func takeWord(_ word: String) -> Bool {
      skip()
      let bytes = Array(word.utf8)
      guard at + bytes.count <= text.count, Array(text[at..<at + bytes.count]) == bytes else {
        return false
      }
      at += bytes.count
      return true
    }

    private mutating func string() -> String? {
      skip()
      guard at < text.count, text[at] == 0x27 || text[at] == 0x22 else { return nil }
      let quote = text[at]
      guard let end = text[(at + 1)...].firstIndex(of: quote) else { return nil }
      defer { at = end + 1 }
      return String(decoding: text[(at + 1)..<end], as: UTF8.self)
    }

    private mutating func tuple() -> [Int]? {
      guard take(0x28) else { return nil }
      var numbers: [Int] = []
      while !take(0x29) {
        skip()
        var value = 0
        var digits = 0
        while at < text.count, text[at] &- 0x30 < 10, digits < 18 {
          value = value * 10 + Int(text[at] &- 0x30)
          digits += 1
          at += 1
        }
        guard digits > 0, numbers.count < 8 else { return nil }
        numbers.append(value)
        if !take(0x2C) {
          guard take(0x29) else { return nil }
          break
        }
      }
      return numbers
    }
  }
}
