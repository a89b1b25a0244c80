import Glibc
package import PlauditCore

/// What decides which n-grams are features and how much they weigh; the defaults are scikit-learn's.
package struct TfidfOptions: Equatable, Sendable {
  /// A number of texts, or a part of them.
  package enum Bound: Equatable, Sendable {
    case texts(Int)
    case fraction(Double)

    func limit(of count: Int) -> Double {
      switch self {
      case .texts(let number): Double(number)
      case .fraction(let part): part * Double(count)
      }
    }

    fileprivate func check(_ name: String) throws(PlauditError) {
      switch self {
      case .texts(let number):
        guard number >= 1 else {
          throw PlauditError(.invalidArgument, "\(name) is \(number) texts; it is 1 or more")
        }
      case .fraction(let part):
        guard part >= 0, part <= 1 else {
          throw PlauditError(.invalidArgument, "\(name) is \(part) of the texts; it is 0 to 1")
        }
      }
    }
  }

  package enum Norm: String, Sendable {
    case none
    case l1
    case l2
  }

  package var ngrams = NGrams()
  /// Rarer n-grams are left out (`min_df`).
  package var minimumTexts = Bound.texts(1)
  /// More frequent ones too (`max_df`).
  package var maximumTexts = Bound.fraction(1)
  /// Only the most frequent are kept, of equal ones those first in the order of their bytes.
  package var maximumFeatures: Int?
  package var isBinary = false
  /// Counts n become 1 + ln n.
  package var isSublinear = false
  package var usesIDF = true
  /// As if one more text held every n-gram once.
  package var smoothsIDF = true
  package var norm = Norm.l2

  package init(_ ngrams: NGrams = NGrams()) { self.ngrams = ngrams }

  package func check() throws(PlauditError) {
    try ngrams.check()
    try minimumTexts.check("min_df")
    try maximumTexts.check("max_df")
    if let maximumFeatures, maximumFeatures < 1 {
      throw PlauditError(
        .invalidArgument, "max_features is \(maximumFeatures); it is 1 or more")
    }
  }
}

/// Working memory of one thread that makes tf-idf rows; two threads must not share one.
package final class TfidfScratch {
  var cutter = NGramCutter()
  var found = GrowingBuffer<UInt32>()
  var columnBuffer = GrowingBuffer<UInt32>()
  var valueBuffer = GrowingBuffer<Double>()

  package init() {}

  /// The last row's columns, ascending, and its values; good until the scratch is used again.
  package var columns: UnsafeBufferPointer<UInt32> {
    UnsafeBufferPointer(start: columnBuffer.base, count: columnBuffer.count)
  }
  package var values: UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: valueBuffer.base, count: valueBuffer.count)
  }
}

/// Turns texts into sparse rows of weighted n-gram counts. Never changes once made.
///
/// Vocabulary and values are scikit-learn's; of its ties at `max_features`, which it leaves to an
/// unstable sort, those first in the order of their bytes are kept.
///
/// - Source: `TfidfVectorizer` of scikit-learn 1.9.1; Salton & Buckley 1988,
///   doi:10.1016/0306-4573(88)90021-0.
package final class TfidfVectorizer {
  package let options: TfidfOptions
  /// The number of texts it was fitted on.
  package let textCount: Int
  private let table: NGramTable
  /// How many of them hold each feature; exact up to 2^24, which is what a file keeps.
  private let frequencies: Bytes
  private let weights: Bytes

  /// The features, in the order of their bytes.
  package var featureCount: Int { table.count }

  /// More would not leave room for the coefficients of a model.
  package static let maximumFeatures = 1 << 24

  // MARK: Fitting

  /// Chooses the features of some rows of `texts`; null rows are empty texts.
  ///
  /// - Throws: `.invalidArgument` for options out of range; `.invalidData` when no feature is
  ///   left; `.invalidUTF8` with the row; `.limit`, `.outOfMemory`, and what `control` says.
  package static func fit(
    _ texts: TextBatch, rows: [Int], _ options: TfidfOptions, control: RunControl
  ) throws(PlauditError) -> TfidfVectorizer {
    try options.check()
    var counts = Counts()
    var cutter = NGramCutter()
    for (position, row) in rows.enumerated() {
      if position & 15 == 0 {
        try control.check()
        control.report(.fitting, done: 0, total: 0)
      }
      do throws(PlauditError) {
        try cutter.cut(texts.text(row), options.ngrams, control: control)
        try counts.add(cutter, text: position, isBinary: options.isBinary)
      } catch {
        throw error.kind == .invalidUTF8 || error.kind == .limit
          ? error.at(index: Int64(row)) : error
      }
    }
    guard counts.table.count > 0 else {
      throw PlauditError(
        .invalidData,
        "none of \(rows.count) texts holds an n-gram: they are empty, or of shorter words only")
    }
    let kept = try counts.select(of: rows.count, options, control: control)
    return try TfidfVectorizer(counts, kept, textCount: rows.count, options, control: control)
  }

  /// How often n-grams were met.
  private struct Counts: ~Copyable {
    var table = NGramTable()
    /// The texts that hold an n-gram, and how often all do.
    var texts = GrowingBuffer<UInt32>()
    var totals = GrowingBuffer<Int>()
    /// One more than the last text that held it.
    private var last = GrowingBuffer<UInt32>()

    mutating func add(
      _ cutter: borrowing NGramCutter, text: Int, isBinary: Bool
    ) throws(PlauditError) {
      let stamp = UInt32(truncatingIfNeeded: text &+ 1)
      let base = cutter.base
      for index in 0..<cutter.grams.count {
        let gram = cutter.grams.base[index]
        let number = Int(try table.intern(base + Int(gram.start), Int(gram.count)))
        if number == totals.count {
          try totals.append(0)
          try texts.append(0)
          try last.append(0)
        }
        let isNew = last.base[number] != stamp
        if isNew {
          last.base[number] = stamp
          texts.base[number] &+= 1
        }
        if isNew || !isBinary { totals.base[number] &+= 1 }
      }
    }

    /// The n-grams that become features, in the order of their bytes.
    func select(
      of count: Int, _ options: TfidfOptions, control: RunControl
    ) throws(PlauditError) -> [UInt32] {
      let least = options.minimumTexts.limit(of: count)
      let most = options.maximumTexts.limit(of: count)
      guard most >= least else {
        throw PlauditError(
          .invalidArgument, "max_df is \(most) of \(count) texts, less than min_df, \(least)")
      }
      var kept: [UInt32] = []
      for number in 0..<table.count {
        let frequency = Double(texts.base[number])
        if frequency >= least, frequency <= most {
          kept.append(UInt32(truncatingIfNeeded: number))
        }
      }
      guard !kept.isEmpty else {
        throw PlauditError(
          .invalidData,
          "none of \(table.count) n-grams is in at least \(least) and at most \(most) of "
            + "\(count) texts; lower min_df or raise max_df")
      }
      try NGramTable.sort(table, &kept, control: control)
      if let limit = options.maximumFeatures, kept.count > limit {
        kept = keepMostFrequent(kept, limit)
      }
      guard kept.count <= TfidfVectorizer.maximumFeatures else {
        throw PlauditError(
          .limit,
          "\(kept.count) n-grams, allowed are \(TfidfVectorizer.maximumFeatures); raise min_df or "
            + "set max_features")
      }
      return kept
    }

    /// The count below which nothing is kept is found by bisection; of those with just that count
    /// the first ones fill up.
    private func keepMostFrequent(_ numbers: [UInt32], _ limit: Int) -> [UInt32] {
      func countOfMore(than bound: Int) -> Int {
        numbers.reduce(0) { $0 + (totals.base[Int($1)] > bound ? 1 : 0) }
      }
      var low = 0
      var high = numbers.reduce(0) { max($0, totals.base[Int($1)]) }
      while low < high {
        let middle = low + (high - low) / 2
        if countOfMore(than: middle) <= limit { high = middle } else { low = middle + 1 }
      }
      var equals = limit - countOfMore(than: low)
      return numbers.filter { number in
        let total = totals.base[Int(number)]
        if total == low, equals > 0 {
          equals -= 1
          return true
        }
        return total > low
      }
    }
  }

  private init(
    _ counts: borrowing Counts, _ kept: [UInt32], textCount: Int, _ options: TfidfOptions,
    control: RunControl
  ) throws(PlauditError) {
    var table = NGramTable()
    let frequencies = try Bytes(count: kept.count * MemoryLayout<Float>.stride)
    let floats = frequencies.mutable.bindMemory(to: Float.self)
    for (column, number) in kept.enumerated() {
      if column & 0x3FFF == 0 { try control.check() }
      let gram = counts.table.gram(Int(number))
      if let base = gram.baseAddress {
        _ = try table.intern(base.assumingMemoryBound(to: UInt8.self), gram.count)
      }
      floats[column] = Float(counts.texts.base[Int(number)])
    }
    weights = try TfidfVectorizer.weights(frequencies, kept.count, textCount, options)
    self.table = table
    self.options = options
    self.textCount = textCount
    self.frequencies = frequencies
  }

  /// ln(n / texts that hold the feature) + 1, after smoothing.
  private static func weights(
    _ frequencies: Bytes, _ count: Int, _ textCount: Int, _ options: TfidfOptions
  ) throws(PlauditError) -> Bytes {
    let weights = try Bytes(count: count * MemoryLayout<Double>.stride)
    let doubles = weights.mutable.bindMemory(to: Double.self)
    let floats = frequencies.readable.bindMemory(to: Float.self)
    let extra: Double = options.smoothsIDF ? 1 : 0
    for column in 0..<count {
      doubles[column] =
        options.usesIDF
        ? log((Double(textCount) + extra) / (Double(floats[column]) + extra)) + 1 : 1
    }
    return weights
  }

  // MARK: Rows

  /// Computes the row of one text into `scratch`; n-grams that are no features do not count.
  ///
  /// - Throws: `.invalidUTF8` with the byte offset, `.limit`, `.outOfMemory`, and what `control`
  ///   says.
  package func row(
    _ text: UnsafeRawBufferPointer, _ scratch: TfidfScratch, control: RunControl? = nil
  ) throws(PlauditError) {
    try scratch.cutter.cut(text, options.ngrams, control: control)
    try look(scratch.cutter, &scratch.found, control)
    try weigh(&scratch.found, &scratch.columnBuffer, &scratch.valueBuffer, control)
  }

  private func look(
    _ cutter: borrowing NGramCutter, _ found: inout GrowingBuffer<UInt32>, _ control: RunControl?
  ) throws(PlauditError) {
    found.count = 0
    let base = cutter.base
    for index in 0..<cutter.grams.count {
      if index & 0x3FFF == 0x3FFF { try control?.check() }
      let gram = cutter.grams.base[index]
      if let column = table.find(base + Int(gram.start), Int(gram.count)) {
        try found.append(column)
      }
    }
  }

  private func weigh(
    _ found: inout GrowingBuffer<UInt32>, _ columns: inout GrowingBuffer<UInt32>,
    _ values: inout GrowingBuffer<Double>, _ control: RunControl?
  ) throws(PlauditError) {
    columns.count = 0
    values.count = 0
    try TfidfVectorizer.sort(found.base, found.count, control)
    let weights = self.weights.readable.bindMemory(to: Double.self)
    var length = 0.0
    var index = 0
    while index < found.count {
      if columns.count & 0x3FFF == 0x3FFF { try control?.check() }
      let column = found.base[index]
      var times = 1
      while index &+ times < found.count, found.base[index &+ times] == column { times &+= 1 }
      index &+= times
      var value = options.isBinary ? 1 : Double(times)
      if options.isSublinear { value = log(value) + 1 }
      value *= weights[Int(column)]
      length += options.norm == .l1 ? value.magnitude : value * value
      try columns.append(column)
      try values.append(value)
    }
    guard options.norm != .none, length > 0 else { return }
    if options.norm == .l2 { length.formSquareRoot() }
    for index in 0..<values.count { values.base[index] /= length }
  }

  /// Appends the row in `scratch` to a matrix, its columns moved by `offset`.
  package static func append(
    _ scratch: TfidfScratch, offset: UInt32, to rows: inout SparseRows
  ) throws(PlauditError) {
    for index in 0..<scratch.columnBuffer.count {
      try rows.append(
        scratch.columnBuffer.base[index] &+ offset, Float(scratch.valueBuffer.base[index]))
    }
  }

  /// Heapsort; the library's sort allocates.
  private static func sort(
    _ numbers: UnsafeMutablePointer<UInt32>, _ count: Int, _ control: RunControl?
  ) throws(PlauditError) {
    func sink(_ start: Int, _ end: Int) {
      var root = start
      let value = numbers[root]
      while 2 &* root &+ 1 < end {
        var child = 2 &* root &+ 1
        if child &+ 1 < end, numbers[child] < numbers[child &+ 1] { child &+= 1 }
        if value >= numbers[child] { break }
        numbers[root] = numbers[child]
        root = child
      }
      numbers[root] = value
    }
    guard count > 1 else { return }
    for start in (0..<count / 2).reversed() {
      if start & 0x3FFF == 0x3FFF { try control?.check() }
      sink(start, count)
    }
    for end in (1..<count).reversed() {
      if end & 0x3FFF == 0x3FFF { try control?.check() }
      let largest = numbers[0]
      numbers[0] = numbers[end]
      numbers[end] = largest
      sink(0, end)
    }
  }

  // MARK: Files

  /// The features, one a line, in their order.
  package func vocabularyText() throws(PlauditError) -> Bytes {
    var size = 0
    for column in 0..<featureCount { size += table.gram(column).count + 1 }
    let text = try Bytes(count: size)
    var at = 0
    for column in 0..<featureCount {
      let gram = table.gram(column)
      UnsafeMutableRawBufferPointer(rebasing: text.mutable[at...]).copyMemory(from: gram)
      at += gram.count
      text.mutable[at] = 0x0A
      at += 1
    }
    return text
  }

  /// The number of texts that hold each feature, as a file keeps it.
  package var textFrequencies: UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(frequencies.mutable.bindMemory(to: Float.self))
  }

  /// What files need beside vocabulary and frequencies, as an object of `file`.
  package func json(file: String) throws(PlauditError) -> JSONValue {
    let json = try options.ngrams.json(file: file)
    try json.set("texts", textCount)
    try json.set("features", featureCount)
    try json.set("binary", options.isBinary)
    try json.set("sublinear_tf", options.isSublinear)
    try json.set("use_idf", options.usesIDF)
    try json.set("smooth_idf", options.smoothsIDF)
    try json.set("norm", options.norm.rawValue)
    return json
  }

  /// Makes a vectorizer of what files hold.
  ///
  /// - Parameters:
  ///   - json: what `json(file:)` wrote.
  ///   - vocabulary: what `vocabularyText()` wrote.
  ///   - file: the vocabulary's name as errors show it.
  ///   - tensor: the frequencies' file and name as errors show them.
  ///   - read: fills floats with the frequencies, which are then checked.
  /// - Throws: `.corrupt` naming the key, the line, or the tensor's element.
  package init(
    _ json: JSONValue, vocabulary: UnsafeRawBufferPointer, file: String, tensor: String,
    frequencies read: (UnsafeMutablePointer<Float>, Int) throws(PlauditError) -> Void
  ) throws(PlauditError) {
    var options = TfidfOptions(try NGrams(json))
    textCount = try json.required("texts").integer(in: 1...Int(UInt32.max))
    let count = try json.required("features").integer(in: 1...TfidfVectorizer.maximumFeatures)
    options.isBinary = try json.required("binary").boolean()
    options.isSublinear = try json.required("sublinear_tf").boolean()
    options.usesIDF = try json.required("use_idf").boolean()
    options.smoothsIDF = try json.required("smooth_idf").boolean()
    let norm = try json.required("norm")
    guard let known = TfidfOptions.Norm(rawValue: try norm.string()) else {
      throw norm.problem(
        "\(try norm.string()) is not supported; supported: none, l1, l2", kind: .unsupported)
    }
    options.norm = known
    self.options = options
    table = try TfidfVectorizer.table(vocabulary, count, file: file)
    let frequencies = try Bytes(count: count * MemoryLayout<Float>.stride)
    let floats = frequencies.mutable.bindMemory(to: Float.self)
    if let base = floats.baseAddress { try read(base, count) }
    for column in 0..<count where !(floats[column] >= 1 && floats[column] <= Float(textCount)) {
      throw PlauditError(
        .corrupt,
        "\(tensor): element \(column) is \(floats[column]), allowed are 1 to \(textCount)")
    }
    self.frequencies = frequencies
    weights = try TfidfVectorizer.weights(frequencies, count, textCount, options)
  }

  private static func table(
    _ text: UnsafeRawBufferPointer, _ count: Int, file: String
  ) throws(PlauditError) -> NGramTable {
    func corrupt(_ line: Int, _ what: String, at offset: Int) -> PlauditError {
      PlauditError(.corrupt, "\(file): line \(line) \(what)", offset: Int64(offset))
    }
    var table = NGramTable()
    var at = 0
    var line = 0
    while at < text.count {
      line += 1
      var end = at
      while end < text.count, text[end] != 0x0A { end += 1 }
      guard end < text.count else { throw corrupt(line, "has no end: the file is cut", at: at) }
      guard end > at else { throw corrupt(line, "is empty", at: at) }
      guard line <= count else {
        throw corrupt(line, "is one too many: config.json states \(count) features", at: at)
      }
      let gram = UnsafeRawBufferPointer(rebasing: text[at..<end])
      if let fault = UTF8Text.firstFault(gram) {
        throw corrupt(line, "is not UTF-8", at: at + fault)
      }
      if let base = gram.baseAddress {
        let number = try table.intern(base.assumingMemoryBound(to: UInt8.self), gram.count)
        guard Int(number) == line - 1 else {
          throw corrupt(line, "repeats line \(number + 1)", at: at)
        }
      }
      at = end + 1
    }
    guard line == count else {
      throw PlauditError(
        .corrupt, "\(file) has \(line) lines, config.json states \(count) features")
    }
    return table
  }
}
