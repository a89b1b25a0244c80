import CText
import PlauditCore

/// Working memory of one thread, kept from text to text.
///
/// It grows to the largest text seen and is not shrunk. After that, encoding through it allocates
/// nothing. Two threads must not use one scratch at the same time.
package final class TokenizerScratch {
  var memory: Memory

  package init() { memory = Memory(.usual) }

  init(_ route: Route) { memory = Memory(route) }

  /// How the tokens are found; for tests, as they are the same on every route.
  struct Route {
    /// Nil takes every text through the stages as a whole.
    var kernels: TextKernels?
    /// The words that the cache holds, nil for the usual number.
    var cachedWords: Int?

    static var usual: Route { Route(kernels: textKernels, cachedWords: nil) }
  }

  /// About how many bytes it holds, but for the cache.
  var bytes: Int {
    memory.first.ids.capacity * 20 + memory.second.ids.capacity * 20
      + memory.stages.normalized.bytes.capacity * 5
      + memory.stages.cut.lowered.capacity + memory.stages.part.lowered.capacity
      + memory.stages.repaired.capacity * 5
  }

  struct Memory: ~Copyable {
    var stages: StageMemory
    var first = TextTokens()
    var second = TextTokens()
    var rowIds = GrowingBuffer<Int32>()
    var rowTypeIds = GrowingBuffer<Int32>()
    var plan = RowPlan(
      first: Windows(total: 0), second: nil, startsWithSecond: false, addsSpecialTokens: false,
      unknownCount: 0)

    init(_ route: Route) { stages = StageMemory(route) }
  }

  /// What the stages from bytes to tokens need.
  struct StageMemory: ~Copyable {
    let kernels: TextKernels?
    var cache: PieceCache
    var cut = CutText()
    /// The cut of what lies between two added tokens.
    var part = CutText()
    var normalized = NormalizedText()
    var repaired = GrowingBuffer<UInt8>()
    var places = GrowingBuffer<Int32>()
    /// Asked on the way through a long text.
    var control: RunControl?

    init(_ route: Route) {
      kernels = route.kernels
      cache = PieceCache(words: route.cachedWords)
    }
  }
}

/// One row of ids inside a `TokenizerScratch`, good until that scratch is used again.
package struct TokenRow {
  package let ids: UnsafeBufferPointer<Int32>
  package let typeIds: UnsafeBufferPointer<Int32>
  /// Tokens of the texts that the first row does not have.
  package let droppedTokens: Int
  /// Words that the model turned into its unknown token, over the whole texts.
  package let unknownCount: Int
}
