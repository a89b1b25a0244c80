package import PlauditCore
import Synchronization

/// Turns text into WordPiece token ids, exactly as Hugging Face tokenizers 0.23.3 does.
///
/// Five stages, a file each: added tokens, normaliser, pre-tokeniser, model, template; then
/// truncation and padding. Immutable once loaded: any number of threads may encode at once, each
/// with its own scratch.
package final class Tokenizer: Sendable {
  /// What the file would apply by itself; applied only when passed in `EncodeOptions`.
  package let fileTruncation: Truncation?
  package let filePadding: Padding?
  /// `model_max_length` of `tokenizer_config.json`; nil when absent or not a real length.
  package let modelMaxLength: Int?
  /// The file's padding id, else that of its `[PAD]` token.
  package let padId: Int32?
  /// Tokens, added ones included; ids may have holes, so this is not `maximumId + 1`.
  package let vocabularySize: Int
  /// The largest id that an encoding can hold, apart from an own `padId` in the options.
  package let maximumId: Int32
  package var unknownId: Int32 { model.unknownId }

  let normalizer: BertNormalizer
  let preTokenizer: BertPreTokenizer
  let model: WordPiece
  let added: AddedTokens
  let template: Template
  /// The special tokens around a single text, where they are that simple.
  let around: Template.Around?
  private let vocabulary: Vocabulary

  /// What makes most texts quick: nil where the normaliser does what the kernels cannot.
  let fast: FastStages?
  /// Scratches for `encode`.
  let scratches = ScratchPool()
  /// Tells this tokenizer from every other one of the process.
  let serial = Tokenizer.counter.add(1, ordering: .relaxed).newValue

  private static let counter = Atomic<UInt>(0)

  /// What a tokenizer file or folder says, read and proven.
  struct Parts {
    var normalizer: BertNormalizer
    var vocabulary: Vocabulary
    var model: WordPiece
    var added: AddedTokens
    var template: Template
    var truncation: Truncation?
    var padding: Padding?
    var modelMaxLength: Int?
    var padToken: [UInt8]
  }

  init(_ parts: Parts) throws(PlauditError) {
    normalizer = parts.normalizer
    preTokenizer = try BertPreTokenizer()
    vocabulary = parts.vocabulary
    model = parts.model
    added = parts.added
    template = parts.template
    around = parts.template.around()
    fileTruncation = parts.truncation
    filePadding = parts.padding
    modelMaxLength = parts.modelMaxLength
    let (vocabulary, added) = (parts.vocabulary, parts.added)
    padId =
      parts.padding?.padId
      ?? parts.padToken.withUnsafeBytes { added.id(of: $0) ?? vocabulary.id(of: $0) }
    vocabularySize =
      vocabulary.count
      + added.tokens.filter { token in
        token.content.withUnsafeBytes { vocabulary.id(of: $0) == nil }
      }.count
    var maximum = max(vocabulary.maximumId, parts.padding?.padId ?? 0)
    for id in added.ids { maximum = max(maximum, id) }
    for id in parts.template.specialIds { maximum = max(maximum, id) }
    maximumId = maximum
    guard
      let cutter = WordCutter(normalizer: normalizer, preTokenizer: preTokenizer, added: added)
    else {
      fast = nil
      return
    }
    do throws(PlauditError) {
      fast = FastStages(cutter: cutter, words: try FastWords(vocabulary, model, cutter))
    } catch {
      cutter.deallocate()
      throw error
    }
  }

  deinit {
    fast?.cutter.deallocate()
    fast?.words.deallocate()
  }

  /// Loads a `tokenizer.json`, a folder that has one, or else a folder with a `vocab.txt`.
  ///
  /// - Throws: `.notFound`, `.inputOutput`; `.corrupt` or `.limit` naming the key;
  ///   `.unsupported` naming the component and what is supported.
  package static func load(path: String) throws(PlauditError) -> Tokenizer {
    guard File.isDirectory(path) else { return try Tokenizer(try TokenizerFile.read(path)) }
    let file = path + "/tokenizer.json"
    if File.exists(file) { return try Tokenizer(try TokenizerFile.read(file)) }
    return try Tokenizer(try VocabularyFolder.read(path))
  }

  /// The id of a token by its exact bytes, added tokens first.
  package func id(of token: UnsafeRawBufferPointer) -> Int32? {
    added.id(of: token) ?? vocabulary.id(of: token)
  }

  /// Hands the bytes of a token to `body`; nil for an id that no token has.
  package func withToken<R>(id: Int32, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
    if let token = added.token(id) { return token.content.withUnsafeBytes(body) }
    return vocabulary.token(id).map(body)
  }

  /// How many special tokens the template adds to a row.
  package func specialTokenCount(pair: Bool) -> Int {
    pair ? template.pairCount : template.singleCount
  }
}
