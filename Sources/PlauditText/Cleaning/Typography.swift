import PlauditCore

/// `’` as `'` and `…` as `...`.
///
/// - Source: the first line of `normalizeTweet` of VinAI's BERTweet.
struct Typography: CleaningStep {
  let name = "typography: ’ to ', … to ..."

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    let text = source.bytes
    var copied = 0
    var at = 0
    var pause = LongText.block
    while at &+ 2 < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      guard text[at] == 0xE2, text[at &+ 1] == 0x80,
        text[at &+ 2] == 0x99 || text[at &+ 2] == 0xA6
      else {
        at &+= 1
        continue
      }
      try target.copy(source, copied..<at)
      let isQuote = text[at &+ 2] == 0x99
      for _ in 0..<(isQuote ? 1 : 3) {
        try target.put(isQuote ? 0x27 : 0x2E, for: at..<at &+ 3, of: source)
      }
      at &+= 3
      copied = at
    }
    try target.copy(source, copied..<source.count)
  }
}
