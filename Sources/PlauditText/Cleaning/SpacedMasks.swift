import PlauditCore

/// `@user` and `http` for what stands between two spaces and begins with `@` or `http`.
///
/// - Source: `preprocess` of the model cards of cardiffnlp/twitter-roberta-base-sentiment-latest
///   and its siblings, character for character.
struct SpacedMasks: CleaningStep {
  private let mention = Mask("@user")
  private let link = Mask("http")

  var name: String { "space-separated mentions: @user, links: http" }

  func apply(_ source: MappedText.View, into target: inout MappedText) throws(PlauditError) {
    let text = source.bytes
    var at = 0
    var pause = LongText.block
    while at < source.count {
      try LongText.obey(source.control, at: at, next: &pause)
      var end = at
      while end < source.count, text[end] != 0x20 { end &+= 1 }
      let isLink =
        end &- at >= 4 && text[at] == UInt8(ascii: "h") && text[at &+ 1] == UInt8(ascii: "t")
        && text[at &+ 2] == UInt8(ascii: "t") && text[at &+ 3] == UInt8(ascii: "p")
      if isLink {
        try link.put(for: at..<end, of: source, into: &target)
      } else if end &- at > 1, text[at] == UInt8(ascii: "@") {
        try mention.put(for: at..<end, of: source, into: &target)
      } else {
        try target.copy(source, at..<end)
      }
      let next = min(end &+ 1, source.count)
      try target.copy(source, end..<next)
      at = next
    }
  }
}
