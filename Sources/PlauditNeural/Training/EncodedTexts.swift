import PlauditCore
import PlauditTensor
import PlauditText

/// Examples as a network reads them: tokens, words, labels.
final class EncodedTexts {
  private(set) var tokens: [Int32] = []
  private(set) var tokenStarts: [Int] = [0]
  private(set) var words: [Int32] = []
  private(set) var wordStarts: [Int] = [0]
  let labels: [Int32]

  var count: Int { labels.count }

  /// - Parameters:
  ///   - encoder: whose tokenizer to use, nil where the network reads words alone.
  ///   - maxLength: tokens a text may have; words, where the network reads them alone.
  init(
    _ store: TextStore, encoder: EncoderBody?, words side: WordSide?, maxLength: Int,
    control: RunControl
  ) throws(PlauditError) {
    labels = store.labels
    var predicting = PredictionOptions()
    predicting.maxLength = encoder == nil ? nil : maxLength
    let encoding = try encoder.map { (body) throws(PlauditError) in
      try predicting.encoding(body, isPair: false)
    }
    try store.withTexts { (texts, _) throws(PlauditError) in
      let scratch = TokenizerScratch()
      let wordScratch = WordScratch()
      let pack = try TokenPack(tokens: WordSide.maximumWords, rows: 1)
      for row in 0..<texts.count {
        try control.check()
        if let encoder, let encoding {
          do throws(PlauditError) {
            let made = try encoder.tokenizer.encodeRow(
              texts.text(row), pair: nil, options: encoding, scratch: scratch, control: control)
            guard !made.ids.isEmpty else {
              throw PlauditError(.undefined, "the text has no tokens to learn from")
            }
            tokens.append(contentsOf: made.ids)
          } catch {
            throw error.isStop ? error : error.at(index: Int64(row))
          }
          tokenStarts.append(tokens.count)
        }
        if let side {
          pack.clear()
          try side.append(
            texts.text(row), to: pack, wordScratch, index: row,
            limit: encoder == nil ? maxLength : nil,
            control: control)
          words.append(contentsOf: UnsafeBufferPointer(start: pack.ids, count: pack.tokenCount))
          wordStarts.append(words.count)
        }
      }
    }
  }

  /// Examples whose ids are known: `tokens` or `words` is empty where a network reads none.
  init(tokens: [[Int32]], words: [[Int32]], labels: [Int32]) {
    self.labels = labels
    for ids in tokens {
      self.tokens += ids
      tokenStarts.append(self.tokens.count)
    }
    for ids in words {
      self.words += ids
      wordStarts.append(self.words.count)
    }
  }

  /// The rows a text takes in a pass: its tokens or its words, whichever are more.
  func length(_ text: Int) -> Int {
    let tokens = tokenStarts.count > 1 ? tokenStarts[text + 1] - tokenStarts[text] : 0
    let words = wordStarts.count > 1 ? wordStarts[text + 1] - wordStarts[text] : 0
    return max(tokens, words, 1)
  }

  /// Adds a text to the packs of a pass; the caller has looked at their room.
  func add(_ text: Int, tokens pack: TokenPack, words wordPack: TokenPack) {
    if tokenStarts.count > 1 {
      tokens.withUnsafeBufferPointer {
        pack.add(
          ids: UnsafeBufferPointer(rebasing: $0[tokenStarts[text]..<tokenStarts[text + 1]]),
          typeIds: nil)
      }
    }
    if wordStarts.count > 1 {
      words.withUnsafeBufferPointer {
        wordPack.add(
          ids: UnsafeBufferPointer(rebasing: $0[wordStarts[text]..<wordStarts[text + 1]]),
          typeIds: nil)
      }
    }
  }

  var longest: Int { (0..<count).reduce(1) { max($0, length($1)) } }
}

/// The states after the frozen layers of all examples, computed once.
final class FrozenStates {
  let layers: Int
  private let width: Int
  private let states: FloatBuffer
  private let starts: [Int]

  /// What the states of training and validation texts may take together: 6 GiB, on small machines
  /// half of the memory.
  static let limitBytes = min(6 << 30, HostMemory.byteCount / 2)

  var byteCount: Int { states.count * MemoryLayout<Float>.stride }

  /// nil when there is nothing frozen to keep or it takes more than `limitBytes`: frozen layers are
  /// then computed in each pass.
  init?(
    _ encoder: BertEncoder?, layers: Int, _ texts: EncodedTexts, limitBytes: Int, threads: Int,
    control: RunControl
  ) throws(PlauditError) {
    guard let encoder, layers > 0 else { return nil }
    width = encoder.configuration.hiddenSize
    let (numbers, overflow) = texts.tokens.count.multipliedReportingOverflow(by: width)
    guard !overflow, numbers <= limitBytes / 4 else { return nil }
    self.layers = layers
    starts = texts.tokenStarts
    states = try FloatBuffer(count: numbers)
    let fill = FillStates(encoder, layers, texts, into: states, control)
    try fill.run(threads: threads)
  }

  /// Copies the states of some texts one after another.
  func gather(_ chosen: ArraySlice<Int>, into target: UnsafeMutablePointer<Float>) {
    var place = target
    for text in chosen {
      let count = (starts[text + 1] - starts[text]) * width
      place.update(from: states.pointer + starts[text] * width, count: count)
      place += count
    }
  }
}

private final class FillStates: ParallelWork {
  private let encoder: BertEncoder
  private let layers: Int
  private let texts: EncodedTexts
  private let states: FloatBuffer
  private let control: RunControl
  private var workers: [Worker] = []
  private let groupSize = 24

  /// What one thread has to itself.
  private final class Worker {
    let tape: FloatTape
    let tokens: TokenPack
    let words: TokenPack
    var failure: PlauditError?

    init(_ control: RunControl, rows: Int, longest: Int) throws(PlauditError) {
      tape = FloatTape(recording: false, control: control)
      tokens = try TokenPack(tokens: rows * longest, rows: rows)
      words = try TokenPack(tokens: rows * longest, rows: rows)
    }
  }

  init(
    _ encoder: BertEncoder, _ layers: Int, _ texts: EncodedTexts, into states: FloatBuffer,
    _ control: RunControl
  ) {
    self.encoder = encoder
    self.layers = layers
    self.texts = texts
    self.states = states
    self.control = control
  }

  func run(threads: Int) throws(PlauditError) {
    let groups = (texts.count + groupSize - 1) / groupSize
    let longest = texts.longest
    for _ in 0..<max(min(threads, groups), 1) {
      workers.append(try Worker(control, rows: groupSize, longest: longest))
    }
    WorkerPool.run(tasks: groups, threads: workers.count, self)
    for worker in workers { if let failure = worker.failure { throw failure } }
  }

  func perform(task: Int, worker index: Int) {
    guard index < workers.count, workers[index].failure == nil else { return }
    let worker = workers[index]
    worker.tokens.clear()
    worker.words.clear()
    worker.tape.reset()
    let first = task * groupSize
    for text in first..<min(first + groupSize, texts.count) {
      texts.add(text, tokens: worker.tokens, words: worker.words)
    }
    do throws(PlauditError) {
      let made = try encoder.forward(worker.tokens, worker.tape, layers: layers)
      (states.pointer + texts.tokenStarts[first] * made.width).update(
        from: made.values, count: made.count)
    } catch {
      worker.failure = error
    }
  }

  func tick() {}
}
