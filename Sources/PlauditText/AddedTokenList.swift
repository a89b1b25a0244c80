import PlauditCore

/// Added tokens while a file is read, and the ids they get.
///
/// A token that the vocabulary has keeps its id there; the others are numbered on from the size
/// of the vocabulary. That is how the reference does it, whatever id the file states: a file that
/// states another one is refused rather than read one way here and another way elsewhere.
struct AddedTokenList {
  static let maximumCount = 1 << 16

  private var tokens: [AddedToken] = []
  private var statedIds: [Int?] = []
  private var contents: Set<[UInt8]> = []

  func contains(_ content: [UInt8]) -> Bool { contents.contains(content) }

  /// - Throws: `.corrupt` for an empty or repeated token, `.limit` for too many.
  mutating func append(
    _ token: AddedToken, statedId: Int?, file: String
  ) throws(PlauditError) {
    guard !token.content.isEmpty else {
      throw PlauditError(.corrupt, "\(file): an added token is empty")
    }
    guard token.content.count <= Vocabulary.maximumTokenBytes else {
      throw PlauditError(
        .limit,
        "\(file): an added token has \(token.content.count) bytes, allowed are "
          + "\(Vocabulary.maximumTokenBytes)")
    }
    guard contents.insert(token.content).inserted else {
      let name = String(decoding: token.content.prefix(64), as: UTF8.self)
      throw PlauditError(.corrupt, "\(file): added token \"\(name)\" is there twice")
    }
    guard tokens.count < AddedTokenList.maximumCount else {
      throw PlauditError(
        .limit, "\(file) has more than \(AddedTokenList.maximumCount) added tokens")
    }
    tokens.append(token)
    statedIds.append(statedId)
  }

  func added(
    to vocabulary: Vocabulary, normalizer: BertNormalizer, file: String
  ) throws(PlauditError) -> AddedTokens {
    var ids: [Int32] = []
    var next = vocabulary.count
    for (index, token) in tokens.enumerated() {
      var id = next
      if let known = token.content.withUnsafeBytes({ vocabulary.id(of: $0) }) {
        id = Int(known)
      } else {
        next += 1
      }
      if let stated = statedIds[index], stated != id {
        let name = String(decoding: token.content.prefix(64), as: UTF8.self)
        throw PlauditError(
          .corrupt,
          "\(file): added token \"\(name)\" states id \(stated), by the vocabulary it is \(id)")
      }
      ids.append(Int32(truncatingIfNeeded: id))
    }
    return try AddedTokens(tokens, ids: ids, normalizer: normalizer, file: file)
  }
}
