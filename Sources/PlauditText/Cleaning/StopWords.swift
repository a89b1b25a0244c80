import PlauditCore

/// Leaves out English words that say little by themselves, and keeps what turns or weighs a
/// feeling: negations (`not`, `never`, `without`, every word with `n't`), `but`, `very`, `too`.
///
/// A word is a run of letters, digits, `_` and apostrophes, and of bytes that are not ASCII; the
/// list is compared in lower case, `’` as `'`.
struct StopWords: CleaningStep {
  let name = "stop words: dropped, negations kept"
  private let table: WordTable

  init() throws(PlauditError) {
    table = try StopWords.table.get()
  }

  private static let longest = 12

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    let text = source.bytes
    var at = 0
    var copied = 0
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      guard isWordByte(text, at, source.count) else {
        at &+= 1
        continue
      }
      var end = at
      while end < source.count, isWordByte(text, end, source.count) { end &+= 1 }
      if isStopWord(text, at, end) {
        try target.copy(source, copied..<at)
        copied = end
      }
      at = end
    }
    try target.copy(source, copied..<source.count)
  }

  @inline(__always)
  private func isWordByte(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Bool {
    let byte = text[at]
    return ASCII.isName(byte) || byte >= 0x80 || byte == 0x27
  }

  private func isStopWord(_ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard end &- start <= StopWords.longest else { return false }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: StopWords.longest) { word in
      var count = 0
      var at = start
      while at < end {
        let byte = text[at]
        if byte == 0xE2, at &+ 2 < end, text[at &+ 1] == 0x80, text[at &+ 2] == 0x99 {
          word[count] = 0x27
          at &+= 3
        } else {
          word[count] = byte &- 0x41 < 26 ? byte | 0x20 : byte
          at &+= 1
        }
        count &+= 1
      }
      return table.index(of: UnsafeRawBufferPointer(start: word.baseAddress, count: count)) != nil
    }
  }

  private static let table = Result { () throws(PlauditError) in
    try WordTable(list.split(separator: " ").map { String($0) })
  }

  private static let list = """
    a about after again all also am an and any are as at be because been before being between both \
    by could did do does doing during each for from further had has have having he he'd he'll he's \
    her here here's hers herself him himself his how how's i i'd i'll i'm i've if in into is it it'd \
    it'll it's its itself let let's me my myself of on once or other ought our ours ourselves out \
    own same she she'd she'll she's should since some such than that that's the their theirs them \
    themselves then there there's these they they'd they'll they're they've this those through to \
    until upon us was we we'd we'll we're we've were what what's when when's where where's which \
    while who who's whom whose why why's will with would you you'd you'll you're you've your yours \
    yourself yourselves
    """
}
