import CUnicode
import Glibc
import PlauditCore

/// Cleans, isolates ideographs, strips accents and lower-cases, in this order, scalar by scalar.
///
/// One pass: each scalar's result depends on that scalar alone, except where a combining mark
/// that is not dropped may change places with its neighbours; such a piece takes the path of
/// `CanonicalOrdering`. All four flags off is the identity, which also stands for no normaliser.
///
/// - Source: `BertNormalizer` of Hugging Face tokenizers 0.23.3, by the tables of CUnicode.
final class BertNormalizer: Sendable {
  let cleansText: Bool
  let isolatesIdeographs: Bool
  let stripsAccents: Bool
  let lowercases: Bool
  /// The flags that make a scalar change under this configuration.
  private let changing: UInt32
  /// What becomes of an ASCII byte, 0x80 when it is removed.
  nonisolated(unsafe) private let ascii: UnsafeMutablePointer<UInt8>

  /// The most bytes that one scalar becomes: U+1D160 decomposes to 12, a blank on either side.
  static let longestResult = 16

  init(
    cleansText: Bool, isolatesIdeographs: Bool, stripsAccents: Bool, lowercases: Bool
  ) throws(PlauditError) {
    self.cleansText = cleansText
    self.isolatesIdeographs = isolatesIdeographs
    self.stripsAccents = stripsAccents
    self.lowercases = lowercases
    var changing: UInt32 = 0
    if cleansText { changing |= PU_REMOVED | PU_SPACED }
    if isolatesIdeographs { changing |= PU_IDEOGRAPH }
    if stripsAccents { changing |= PU_STRIPPED | PU_SURVIVOR }
    if lowercases { changing |= PU_LOWERED }
    self.changing = changing
    guard let table = malloc(128) else {
      throw PlauditError(.outOfMemory, "no memory for a normaliser table")
    }
    ascii = table.bindMemory(to: UInt8.self, capacity: 128)
    for byte in UInt32(0)..<128 {
      let flags = pu_flags(byte)
      var result = UInt8(truncatingIfNeeded: byte)
      if cleansText, flags & PU_REMOVED != 0 {
        result = 0x80
      } else if cleansText, flags & PU_SPACED != 0 {
        result = 0x20
      } else if lowercases, let lower = pu_lower(byte) {
        result = lower[1]
      }
      ascii[Int(byte)] = result
    }
  }

  deinit { free(ascii) }

  /// What becomes of an ASCII byte, nil when it is removed.
  func ascii(_ byte: UInt8) -> UInt8? {
    guard byte < 0x80, ascii[Int(byte)] < 0x80 else { return nil }
    return ascii[Int(byte)]
  }

  /// Appends the normal form of `text[range]`, well-formed UTF-8, to `output`.
  ///
  /// - Parameter control: asked on the way through a long text.
  func normalize(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, into output: inout NormalizedText,
    control: RunControl? = nil
  ) throws(PlauditError) {
    let firstByte = output.count
    if try normalizeByScalar(text, range, into: &output, control: control) { return }
    output.bytes.count = firstByte
    output.origins.count = firstByte
    try reorder(text, range, into: &output, control)
  }

  /// As `normalize`, but gives up and returns false where scalars may change places.
  func normalizeByScalar(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, into output: inout NormalizedText,
    control: RunControl? = nil
  ) throws(PlauditError) -> Bool {
    let firstByte = output.count
    let end = range.upperBound
    var at = range.lowerBound
    try output.reserve(firstByte + range.count + BertNormalizer.longestResult)
    var pause = at &+ LongText.block
    while at < end {
      try LongText.obey(control, at: at, next: &pause)
      let byte = text[at]
      if byte < 0x80 {
        // Writes first and advances by 0 or 1, so that removed bytes cost no branch.
        let result = ascii[Int(byte)]
        let place = output.bytes.count
        output.bytes.base[place] = result
        output.origins.base[place] = Int32(truncatingIfNeeded: at)
        let next = place &+ Int((result >> 7) ^ 1)
        output.bytes.count = next
        output.origins.count = next
        at &+= 1
        continue
      }
      let (scalar, length) = UTF8Text.scalar(text, at)
      let flags = pu_flags(scalar)
      // Room for this result and one byte for each that is left keeps the ASCII branch unchecked.
      try output.reserve(output.count &+ BertNormalizer.longestResult &+ (end &- at))
      let origin = Int32(truncatingIfNeeded: at)
      if flags & changing == 0 {
        output.put(text + at, length, origin: origin)
      } else if stripsAccents, flags & PU_SURVIVOR != 0 {
        return false
      } else {
        change(scalar, flags, text + at, length, origin, &output)
      }
      at &+= length
    }
    return true
  }

  /// Appends what becomes of one scalar that some flag changes.
  private func change(
    _ scalar: UInt32, _ flags: UInt32, _ source: UnsafePointer<UInt8>, _ length: Int,
    _ origin: Int32, _ output: inout NormalizedText
  ) {
    if cleansText {
      if flags & PU_REMOVED != 0 { return }
      if flags & PU_SPACED != 0 {
        output.put(0x20, origin: origin)
        return
      }
    }
    let isolated = isolatesIdeographs && flags & PU_IDEOGRAPH != 0
    if isolated { output.put(0x20, origin: origin) }
    if stripsAccents, flags & PU_STRIPPED != 0 {
      if let stripped = pu_strip(scalar) {
        let count = Int(stripped[0])
        var at = 0
        while at < count {
          let (part, length) = UTF8Text.scalar(stripped + 1, at)
          lower(part, stripped + 1 + at, length, origin, &output)
          at &+= length
        }
      } else {
        // A Hangul syllable: its jamo are neither marks nor cased.
        let index = scalar &- 0xAC00
        output.put(scalar: 0x1100 &+ index / 588, origin: origin)
        output.put(scalar: 0x1161 &+ index % 588 / 28, origin: origin)
        if index % 28 != 0 { output.put(scalar: 0x11A7 &+ index % 28, origin: origin) }
      }
    } else {
      lower(scalar, source, length, origin, &output)
    }
    if isolated { output.put(0x20, origin: origin) }
  }

  @inline(__always)
  private func lower(
    _ scalar: UInt32, _ source: UnsafePointer<UInt8>, _ length: Int, _ origin: Int32,
    _ output: inout NormalizedText
  ) {
    if lowercases, let lowered = pu_lower(scalar) {
      output.put(lowered + 1, Int(lowered[0]), origin: origin)
    } else {
      output.put(source, length, origin: origin)
    }
  }

  /// The exact path: decomposes the whole piece, orders its marks, then drops and lower-cases.
  @inline(never)
  private func reorder(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, into output: inout NormalizedText,
    _ control: RunControl?
  ) throws(PlauditError) {
    output.ordering.clear()
    var at = range.lowerBound
    var pause = at &+ LongText.block
    while at < range.upperBound {
      try LongText.obey(control, at: at, next: &pause)
      let (scalar, length) = UTF8Text.scalar(text, at)
      let flags = pu_flags(scalar)
      let origin = Int32(truncatingIfNeeded: at)
      at += length
      if cleansText, flags & PU_REMOVED != 0 { continue }
      let isolated = isolatesIdeographs && flags & PU_IDEOGRAPH != 0
      if isolated { try output.ordering.append(0x20, origin: origin) }
      let spaced = cleansText && flags & PU_SPACED != 0
      try output.ordering.append(spaced ? 0x20 : scalar, origin: origin)
      if isolated { try output.ordering.append(0x20, origin: origin) }
    }
    try output.ordering.order(control)
    pause = LongText.block
    for index in 0..<output.ordering.count {
      try LongText.obey(control, at: index, next: &pause)
      let (scalar, origin) = output.ordering[index]
      if let stripped = pu_strip(scalar), stripped[0] == 0 { continue }
      try output.reserve(output.count + BertNormalizer.longestResult)
      if lowercases, let lowered = pu_lower(scalar) {
        output.put(lowered + 1, Int(lowered[0]), origin: origin)
      } else {
        output.put(scalar: scalar, origin: origin)
      }
    }
  }
}
