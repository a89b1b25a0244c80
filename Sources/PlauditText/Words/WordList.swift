package import PlauditCore

/// Files of words, one a line: `words.txt` of a model folder and beside word vectors.
package enum WordList {
  package static let maximumFileBytes = 1 << 30

  /// Reads a file; the number of a word is its line, from 0.
  ///
  /// - Throws: `.corrupt` with the line for an empty one and for bytes that are not UTF-8;
  ///   `.notFound`, `.inputOutput`, `.limit`; what `control` says.
  package static func read(
    _ path: String, control: RunControl? = nil
  ) throws(PlauditError) -> WordTable {
    let bytes = try File.bytes(of: path, limit: maximumFileBytes)
    let text = bytes.readable
    var builder = WordTable.Builder()
    if let fault = try UTF8Text.firstFault(text, control: control) {
      let line = text[..<fault].count(where: { $0 == 0x0A }) + 1
      throw PlauditError(
        .corrupt, "\(path): line \(line) is not UTF-8", index: Int64(line - 1),
        offset: Int64(fault))
    }
    var start = 0
    var pause = LongText.block
    while start < text.count {
      try LongText.obey(control, at: start, next: &pause)
      var end = start
      while end < text.count, text[end] != 0x0A { end &+= 1 }
      let last = end > start && text[end &- 1] == 0x0D ? end &- 1 : end
      guard last > start else {
        throw PlauditError(
          .corrupt, "\(path): line \(builder.count + 1) is empty", index: Int64(builder.count))
      }
      try builder.append(UnsafeRawBufferPointer(rebasing: text[start..<last]))
      start = end &+ 1
    }
    return try WordTable(builder, control: control)
  }

  /// Writes words so that `read` gives the same table.
  ///
  /// - Throws: `.invalidData` with the number of a word that a line cannot hold.
  package static func write(_ table: WordTable, to path: String) throws(PlauditError) {
    var size = 0
    for index in 0..<table.count {
      guard let word = table.word(index), !word.isEmpty, !word.contains(0x0A), word.last != 0x0D,
        UTF8Text.firstFault(word) == nil
      else {
        throw PlauditError(
          .invalidData,
          "word \(index) is empty, breaks its line or is not UTF-8; \(path) was not "
            + "written", index: Int64(index))
      }
      size += word.count + 1
    }
    let bytes = try Bytes(count: size)
    var at = 0
    for index in 0..<table.count {
      guard let word = table.word(index), let base = word.baseAddress,
        let target = bytes.mutable.baseAddress
      else { continue }
      (target + at).copyMemory(from: base, byteCount: word.count)
      at += word.count + 1
      bytes.mutable[at - 1] = 0x0A
    }
    try File.write([bytes.readable], to: path)
  }
}
