import Glibc
package import PlauditCore
package import PlauditTensor
package import PlauditText

/// Words with a vector each, as GloVe, word2vec and NumPy files hold them.
///
/// Files that load: text with `word number number ...` on each line, which may begin with a line
/// of count and width (word2vec); and `.npy` of rank 2 with its words, one a line, in
/// `NAME.words.txt` or `words.txt` beside it. A word may hold spaces (glove.840B has such).
package struct WordVectors {
  /// Row `i` of `values` belongs to word `i`; of equal words the first is found.
  package let table: WordTable
  package let width: Int
  /// `[count, width]`
  package let values: FloatBuffer

  package static let maximumWidth = 1 << 16
  package static let defaultMaximumBytes = 16 << 30

  package var count: Int { table.count }
  package var words: [String] { (0..<count).map { table.text($0) } }

  /// The `width` numbers of a word.
  package func vector(_ row: Int) -> UnsafeBufferPointer<Float>? {
    guard row >= 0, row < count else { return nil }
    return UnsafeBufferPointer(start: values.pointer + row * width, count: width)
  }

  /// Reads a file, whose kind is known by its first bytes.
  ///
  /// - Parameter maximumBytes: the most that the file, and the vectors in memory, may have.
  /// - Throws: `.corrupt` with the line for another width than the first line's and for what is no
  ///   number, `.notFinite` with the line or row, `.shape` where words and rows differ in number,
  ///   `.unsupported` for other kinds of `.npy`, `.limit`, `.notFound`, `.inputOutput`.
  package static func load(
    path: String, maximumBytes: Int = defaultMaximumBytes, control: RunControl? = nil
  ) throws(PlauditError) -> WordVectors {
    let file = try File(opening: path)
    guard file.size <= maximumBytes else {
      throw PlauditError(
        .limit, "\(path) has \(file.size) bytes, allowed are \(maximumBytes)")
    }
    guard file.size > 0 else { throw PlauditError(.corrupt, "\(path) is empty", offset: 0) }
    let magic = try Bytes(count: min(6, file.size))
    try file.read(into: magic.mutable, at: 0)
    if magic.readable.elementsEqual(NumPyHeader.magic) {
      return try NumPyVectors.load(file, maximumBytes: maximumBytes, control: control)
    }
    return try VectorText.load(file, maximumBytes: maximumBytes, control: control)
  }

  /// Room for `count` vectors, within the limit.
  static func room(
    count: Int, width: Int, maximumBytes: Int, path: String
  ) throws(PlauditError) -> FloatBuffer {
    let (elements, overflow) = count.multipliedReportingOverflow(by: width)
    let (size, tooFar) = elements.multipliedReportingOverflow(by: 4)
    guard !overflow, !tooFar, size <= maximumBytes else {
      throw PlauditError(
        .limit, "\(path): \(count) vectors of \(width) numbers are more than \(maximumBytes) bytes")
    }
    return try FloatBuffer(count: elements)
  }

  /// The vectors of some rows, in that order.
  ///
  /// - Throws: `.outOfRange` with the place of a number that is no row; what `control` says.
  package func subset(
    rows: [Int], control: RunControl? = nil
  ) throws(PlauditError) -> WordVectors {
    var builder = WordTable.Builder()
    let (elements, overflow) = rows.count.multipliedReportingOverflow(by: width)
    guard !overflow else { throw PlauditError(.outOfMemory, "no memory for \(rows.count) vectors") }
    let kept = try FloatBuffer(count: elements)
    for (place, row) in rows.enumerated() {
      if place & 0xFFF == 0xFFF { try control?.check() }
      guard let word = table.word(row) else {
        throw PlauditError(
          .outOfRange, "there is no row \(row) among \(count) word vectors", index: Int64(place))
      }
      try builder.append(word)
      memcpy(kept.pointer + place * width, values.pointer + row * width, width * 4)
    }
    return WordVectors(
      table: try WordTable(builder, control: control), width: width, values: kept)
  }

  /// The vectors of the words that are here, each once, in the order of `words`.
  package func subset(words: [String]) throws(PlauditError) -> WordVectors {
    var rows: [Int] = []
    var seen = Set<Int>()
    for word in words {
      if let row = table.index(of: word), seen.insert(row).inserted { rows.append(row) }
    }
    return try subset(rows: rows)
  }
}
