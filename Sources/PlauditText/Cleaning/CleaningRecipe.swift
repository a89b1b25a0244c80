package import PlauditCore

/// A named list of steps that make raw text what a model was trained on.
///
/// The steps of a name never change once it is released: a change gets a new number at the end of
/// the name. A model folder keeps the name, and prediction applies the recipe. Any number of
/// threads may use one recipe, each with a scratch of its own.
package final class CleaningRecipe: Sendable {
  package let name: String
  private let steps: [any CleaningStep]

  /// Every recipe there is.
  package static let names = ["none", "tweets-1", "cardiff-1", "bertweet-1", "bag-of-words-1"]

  /// - Throws: `.notFound` with the names there are.
  package static func named(_ name: String) throws(PlauditError) -> CleaningRecipe {
    guard let steps = try steps(of: name) else {
      throw PlauditError(
        .notFound,
        "there is no cleaning recipe \(name.prefix(64)); there are "
          + names.joined(separator: ", "))
    }
    return CleaningRecipe(name: name, steps: steps)
  }

  private init(name: String, steps: [any CleaningStep]) {
    self.name = name
    self.steps = steps
  }

  private static func steps(of name: String) throws(PlauditError) -> [any CleaningStep]? {
    switch name {
    case "none":
      return []
    case "tweets-1":
      return [
        Entities(), Links(mask: Mask("http")), Mentions(mask: Mask("@user")), Hashtags(),
        try Emoticons(joined: false), try Emoji(.words), Elongation(), WhiteSpace(),
      ]
    case "cardiff-1":
      return [SpacedMasks()]
    case "bertweet-1":
      return [
        Links(mask: Mask("HTTPURL")), Mentions(mask: Mask("@USER")), Typography(),
        try Emoji(.colons), WhiteSpace(),
      ]
    case "bag-of-words-1":
      return [
        Entities(), Links(mask: .nothing), Mentions(mask: .nothing), Hashtags(),
        try Emoticons(joined: true), try Emoji(.joined), Elongation(), LowerCase(),
        try StopWords(), WhiteSpace(),
      ]
    default:
      return nil
    }
  }

  /// What the recipe does, one line a step.
  package var stepNames: [String] { steps.map { $0.name } }

  /// All recipes as JSON: `[{"name": "tweets-1", "steps": ["entities: characters", ...]}, ...]`.
  package static var listing: String {
    let entries = names.map { name in
      // Names and steps hold nothing that JSON would have to escape.
      let steps = (try? named(name).stepNames) ?? []
      let list = steps.map { "\"\($0)\"" }.joined(separator: ", ")
      return "{\"name\": \"\(name)\", \"steps\": [\(list)]}"
    }
    return "[" + entries.joined(separator: ", ") + "]"
  }

  /// Whether every text stays as it is.
  package var isIdentity: Bool { steps.isEmpty }

  /// Cleans one text, in time linear in its length; once the scratch has grown to the largest text
  /// nothing is allocated.
  ///
  /// Any bytes will do; those that are not UTF-8 stay as they are. The result is good until the
  /// scratch is used again or freed.
  ///
  /// - Parameter control: asked on the way through a long text.
  /// - Throws: `.limit` for a text, or a cleaned text, of 2^31 bytes or more; `.outOfMemory`; what
  ///   `control` says.
  package func apply(
    _ text: UnsafeRawBufferPointer, into scratch: CleaningScratch, control: RunControl? = nil
  ) throws(PlauditError) -> CleanedText {
    guard text.count <= TextBatch.maximumTextBytes else {
      throw PlauditError(
        .limit, "a text has \(text.count) bytes, allowed are \(TextBatch.maximumTextBytes)")
    }
    try scratch.memory.run(steps, on: text, control)
    return CleanedText(scratch.memory.current.view, rawCount: text.count)
  }
}

/// Working memory of one thread for any recipe; two threads must not use one at the same time.
package final class CleaningScratch {
  fileprivate var memory = Memory()

  package init() {}

  fileprivate struct Memory: ~Copyable {
    var current = MappedText()
    var next = MappedText()

    mutating func run(
      _ steps: [any CleaningStep], on text: UnsafeRawBufferPointer, _ control: RunControl?
    ) throws(PlauditError) {
      current.control = control
      next.control = control
      defer {
        current.control = nil
        next.control = nil
      }
      try current.load(text)
      for step in steps {
        next.clear()
        try step.apply(current.view, into: &next)
        swap(&current, &next)
      }
    }
  }
}

/// A cleaned text inside a `CleaningScratch`, with where each byte came from.
///
/// Byte `i` came from bytes `starts[i]..<ends[i]` of the raw text, whole scalars. Neither ever falls, so a span of
/// cleaned text came from the span from its first byte's start to its last byte's end.
package struct CleanedText {
  package let bytes: UnsafeRawBufferPointer
  package let starts: UnsafeBufferPointer<Int32>
  package let ends: UnsafeBufferPointer<Int32>
  private let rawCount: Int

  init(_ view: MappedText.View, rawCount: Int) {
    bytes = UnsafeRawBufferPointer(start: view.bytes, count: view.count)
    starts = UnsafeBufferPointer(start: view.starts, count: view.count)
    ends = UnsafeBufferPointer(start: view.ends, count: view.count)
    self.rawCount = rawCount
  }

  /// The raw bytes of a span of cleaned bytes; an empty span is the place between its neighbours.
  /// Bounds outside the text are moved to its ends.
  package func rawSpan(_ span: Range<Int>) -> Range<Int> {
    let lower = min(max(span.lowerBound, 0), starts.count)
    let upper = min(max(span.upperBound, lower), starts.count)
    guard upper > lower else {
      let place = lower < starts.count ? Int(starts[lower]) : rawCount
      return place..<place
    }
    return Int(starts[lower])..<Int(ends[upper - 1])
  }
}
