package import PlauditCore

/// The labels of a head, in the order of its scores.
package struct LabelSet: Sendable {
  package let names: [String]
  /// False when config.json names none and they are LABEL_0, LABEL_1 …
  package let areNamed: Bool

  package static let maximumCount = 4096

  package init(names: [String]) {
    self.names = names
    areNamed = true
  }

  /// Reads `id2label`, whose keys are the numbers 0 to n - 1 as strings in any order.
  ///
  /// - Parameter count: the rows of the head, which the names must match; `.shape` naming
  ///   `tensor` otherwise.
  init(_ json: JSONValue, count: Int, tensor: String) throws(PlauditError) {
    guard let map = json["id2label"] else {
      if let stated = try json["num_labels"]?.integer(), stated != count {
        throw PlauditError(
          .shape, "tensor \(tensor) has \(count) rows, config.json states num_labels \(stated)")
      }
      names = (0..<count).map { "LABEL_\($0)" }
      areNamed = false
      return
    }
    let stated = map.count
    guard stated == count else {
      throw PlauditError(
        .shape, "tensor \(tensor) has \(count) rows, config.json names \(stated) labels in id2label"
      )
    }
    var names = [String?](repeating: nil, count: count)
    for key in try map.keys() {
      guard let index = Int(key), index >= 0, index < count else {
        throw PlauditError(
          .corrupt, "config.json: id2label has key \(key), its keys must be 0 to \(count - 1)")
      }
      names[index] = try map.required(key).string()
    }
    let given = names.compactMap { $0 }
    guard given.count == count else {
      throw PlauditError(.corrupt, "config.json: id2label names a label twice and leaves one out")
    }
    self.names = given
    areNamed = given != (0..<count).map { "LABEL_\($0)" }
  }

  /// Refuses names that a head cannot have, saying which.
  static func check(_ names: [String]) throws(PlauditError) {
    guard names.count >= 2, names.count <= maximumCount else {
      throw PlauditError(
        .invalidArgument, "\(names.count) labels; a head has 2 to \(maximumCount)")
    }
    var seen: Set<String> = []
    for (index, name) in names.enumerated() {
      guard !name.isEmpty, seen.insert(name).inserted, !name.utf8.contains(0) else {
        throw PlauditError(
          .invalidArgument, "label \(name) is empty, contains NUL or appears twice",
          index: Int64(index))
      }
    }
  }

  /// The index of a label; `.notFound` lists the names there are.
  package func index(of name: String) throws(PlauditError) -> Int {
    if let index = names.firstIndex(of: name) { return index }
    let known = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    throw PlauditError(.notFound, "there is no label \(name); there are \(known)")
  }
}
