extension Double {
  /// The shortest text that reads back as the same value, without a trailing `.0`.
  ///
  /// For messages: `12`, `0.25`, `1e+20`, `nan`. Independent of the locale.
  package var plain: String {
    let text = description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
