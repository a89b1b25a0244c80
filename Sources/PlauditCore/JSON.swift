import CJansson
import Glibc

/// A JSON value of a file, with the path that led to it, so that an error can say which key.
///
/// Reads through jansson with three rules of our own: at most 64 levels, no duplicate keys, and
/// integers beyond 64 bits become reals (tokenizer files hold lengths such as 1e30).
package struct JSONValue {
  /// The file's name as errors show it.
  package let file: String
  /// Where the value stands, such as `model.vocab`; empty at the root.
  package let path: String
  private let document: Document
  private let node: UnsafeMutablePointer<json_t>

  package static let maximumDepth = 64

  private final class Document {
    let root: UnsafeMutablePointer<json_t>
    init(_ root: UnsafeMutablePointer<json_t>) { self.root = root }
    deinit { json_decref(root) }
  }

  private init(
    file: String, path: String, document: Document, node: UnsafeMutablePointer<json_t>
  ) {
    self.file = file
    self.path = path
    self.document = document
    self.node = node
  }

  /// Parses `bytes`; malformed text is `.corrupt` with its byte offset, too deep is `.limit`.
  package static func parse(
    _ bytes: UnsafeRawBufferPointer, file: String
  ) throws(PlauditError) -> JSONValue {
    try checkDepth(bytes, file: file)
    guard let base = bytes.baseAddress, bytes.count > 0 else {
      throw PlauditError(.corrupt, "\(file) is empty", offset: 0)
    }
    let text = base.assumingMemoryBound(to: CChar.self)
    var problem = json_error_t()
    let strict = Int(JSON_REJECT_DUPLICATES)
    var root = json_loadb(text, bytes.count, strict, &problem)
    if root == nil, code(of: problem) == json_error_numeric_overflow {
      root = json_loadb(text, bytes.count, strict | Int(JSON_DECODE_INT_AS_REAL), &problem)
    }
    guard let root else {
      let failure = code(of: problem)
      // Where the parser had no memory for its first steps it says nothing at all.
      if failure == json_error_out_of_memory || problem.text.0 == 0 {
        throw PlauditError(.outOfMemory, "\(file): no memory to read it")
      }
      var what = message(of: problem)
      if failure == json_error_duplicate_key {
        what = "duplicate key \(key(in: bytes, before: Int(problem.position)))"
      }
      throw PlauditError(
        .corrupt, "\(file): \(what) at byte \(problem.position)", offset: Int64(problem.position))
    }
    return JSONValue(file: file, path: "", document: Document(root), node: root)
  }

  /// An empty object to fill and write.
  package static func object(file: String) throws(PlauditError) -> JSONValue {
    guard let root = json_object() else {
      throw PlauditError(.outOfMemory, "\(file): no memory for an object")
    }
    return JSONValue(file: file, path: "", document: Document(root), node: root)
  }

  /// A string value, to put into arrays.
  package static func string(_ text: String, file: String) throws(PlauditError) -> JSONValue {
    guard let root = json_string(text) else {
      throw PlauditError(.outOfMemory, "\(file): no memory for a string")
    }
    return JSONValue(file: file, path: "", document: Document(root), node: root)
  }

  /// A number, to put into arrays; it must be finite.
  package static func number(_ number: Double, file: String) throws(PlauditError) -> JSONValue {
    guard let root = json_real(number) else {
      throw PlauditError(.notFinite, "\(file): \(number) cannot be written")
    }
    return JSONValue(file: file, path: "", document: Document(root), node: root)
  }

  // MARK: Kinds

  package var isNull: Bool { node.pointee.type == JSON_NULL }
  package var isObject: Bool { node.pointee.type == JSON_OBJECT }
  package var isArray: Bool { node.pointee.type == JSON_ARRAY }
  package var isString: Bool { node.pointee.type == JSON_STRING }

  package var kindName: String {
    switch node.pointee.type {
    case JSON_OBJECT: "an object"
    case JSON_ARRAY: "an array"
    case JSON_STRING: "a string"
    case JSON_INTEGER: "an integer"
    case JSON_REAL: "a real number"
    case JSON_TRUE, JSON_FALSE: "a boolean"
    default: "null"
    }
  }

  /// A `.corrupt` error about this value: `config.json: hidden_size must be …`.
  package func problem(
    _ text: String, kind: PlauditError.Kind = .corrupt
  ) -> PlauditError {
    PlauditError(kind, path.isEmpty ? "\(file) \(text)" : "\(file): \(path) \(text)")
  }

  // MARK: Members

  /// The member `key`, nil when it is absent, null, or this is no object.
  package subscript(key: String) -> JSONValue? {
    guard let member = json_object_get(node, key) else { return nil }
    let value = child(member, key)
    return value.isNull ? nil : value
  }

  /// True when `key` is written in the object, even as null.
  package func has(_ key: String) -> Bool { json_object_get(node, key) != nil }

  package func required(_ key: String) throws(PlauditError) -> JSONValue {
    guard isObject else { throw problem("must be an object, it is \(kindName)") }
    guard let value = self[key] else {
      throw path.isEmpty
        ? PlauditError(.corrupt, "\(file): \(key) is missing")
        : PlauditError(.corrupt, "\(file): \(path).\(key) is missing")
    }
    return value
  }

  /// The number of elements or members.
  package var count: Int {
    isArray ? json_array_size(node) : isObject ? json_object_size(node) : 0
  }

  package func element(_ index: Int) -> JSONValue? {
    guard isArray, index >= 0, let member = json_array_get(node, index) else { return nil }
    return JSONValue(file: file, path: "\(path)[\(index)]", document: document, node: member)
  }

  package func elements() throws(PlauditError) -> [JSONValue] {
    guard isArray else { throw problem("must be an array, it is \(kindName)") }
    var all: [JSONValue] = []
    for index in 0..<count {
      if let value = element(index) { all.append(value) }
    }
    return all
  }

  /// Visits the members in file order; `key` is UTF-8, borrowed for the call.
  package func forEachMember(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: JSONValue) throws(PlauditError) -> Void
  ) throws(PlauditError) {
    guard isObject else { throw problem("must be an object, it is \(kindName)") }
    var iterator = json_object_iter(node)
    while let current = iterator {
      if let key = json_object_iter_key(current), let member = json_object_iter_value(current) {
        let bytes = UnsafeRawBufferPointer(start: key, count: json_object_iter_key_len(current))
        // A path is made only for an error: vocabularies have tens of thousands of members.
        try body(bytes, JSONValue(file: file, path: path, document: document, node: member))
      }
      iterator = json_object_iter_next(node, current)
    }
  }

  package func keys() throws(PlauditError) -> [String] {
    var all: [String] = []
    try forEachMember { key, _ in all.append(String(decoding: key, as: UTF8.self)) }
    return all
  }

  private func child(_ member: UnsafeMutablePointer<json_t>, _ key: String) -> JSONValue {
    JSONValue(
      file: file, path: path.isEmpty ? key : "\(path).\(key)", document: document, node: member)
  }

  // MARK: Scalars

  /// The integer, also when it was written as a whole real below 2^53.
  package func integer() throws(PlauditError) -> Int {
    if node.pointee.type == JSON_INTEGER { return Int(json_integer_value(node)) }
    if node.pointee.type == JSON_REAL {
      let real = json_real_value(node)
      if real.magnitude <= 9_007_199_254_740_992, let whole = Int(exactly: real) { return whole }
      throw problem("must be an integer that fits 53 bits, it is \(real)")
    }
    throw problem("must be an integer, it is \(kindName)")
  }

  /// An integer below the range is `.corrupt`; one above it asks for too much and is `.limit`.
  package func integer(in range: ClosedRange<Int>) throws(PlauditError) -> Int {
    let value = try integer()
    guard range.contains(value) else {
      throw problem(
        "is \(value), allowed are \(range.lowerBound) to \(range.upperBound)",
        kind: value > range.upperBound ? .limit : .corrupt)
    }
    return value
  }

  package func number() throws(PlauditError) -> Double {
    guard node.pointee.type == JSON_INTEGER || node.pointee.type == JSON_REAL else {
      throw problem("must be a number, it is \(kindName)")
    }
    return json_number_value(node)
  }

  package func boolean() throws(PlauditError) -> Bool {
    switch node.pointee.type {
    case JSON_TRUE: return true
    case JSON_FALSE: return false
    default: throw problem("must be true or false, it is \(kindName)")
    }
  }

  package func string() throws(PlauditError) -> String {
    String(decoding: try stringBytes(), as: UTF8.self)
  }

  /// The string's UTF-8 bytes, borrowed for as long as this value lives.
  package func stringBytes() throws(PlauditError) -> UnsafeRawBufferPointer {
    guard isString, let text = json_string_value(node) else {
      throw problem("must be a string, it is \(kindName)")
    }
    return UnsafeRawBufferPointer(start: text, count: json_string_length(node))
  }

  // MARK: Writing

  /// Sets members of an object; only for values made by `object(file:)` or `copy()`.
  package func set(_ key: String, _ value: String) throws(PlauditError) {
    try set(key, node: json_string(value))
  }

  package func set(_ key: String, _ value: Int) throws(PlauditError) {
    try set(key, node: json_integer(json_int_t(value)))
  }

  package func set(_ key: String, _ value: Bool) throws(PlauditError) {
    try set(key, node: value ? json_true() : json_false())
  }

  package func set(_ key: String, _ value: JSONValue) throws(PlauditError) {
    try set(key, node: json_deep_copy(value.node))
  }

  package func set(_ key: String, _ values: [JSONValue]) throws(PlauditError) {
    try set(key, node: try JSONValue.array(values, file: file))
  }

  /// Removes a member; only from values made by `object(file:)` or `copy()`.
  package func remove(_ key: String) { json_object_del(node, key) }

  private func set(_ key: String, node value: UnsafeMutablePointer<json_t>?) throws(PlauditError) {
    guard json_object_set_new(node, key, value) == 0 else {
      throw PlauditError(.outOfMemory, "\(file): no memory for \(key)")
    }
  }

  private static func array(
    _ values: [JSONValue], file: String
  ) throws(PlauditError) -> UnsafeMutablePointer<json_t>? {
    guard let array = json_array() else {
      throw PlauditError(.outOfMemory, "\(file): no memory for an array")
    }
    for value in values where json_array_append_new(array, json_deep_copy(value.node)) != 0 {
      json_decref(array)
      throw PlauditError(.outOfMemory, "\(file): no memory for an array")
    }
    return array
  }

  /// A copy that can be changed without touching this value.
  package func copy() throws(PlauditError) -> JSONValue {
    guard let root = json_deep_copy(node) else {
      throw PlauditError(.outOfMemory, "\(file): no memory for a copy")
    }
    return JSONValue(file: file, path: "", document: Document(root), node: root)
  }

  /// The value as indented UTF-8 text with a closing newline.
  package func text() throws(PlauditError) -> [UInt8] {
    guard let dumped = json_dumps(node, 2 | Int(JSON_ENCODE_ANY)) else {
      throw PlauditError(.outOfMemory, "\(file): no memory to write it")
    }
    defer { free(dumped) }
    let bytes = UnsafeRawBufferPointer(start: dumped, count: strlen(dumped))
    return [UInt8](bytes) + [0x0A]
  }

  /// A JSON text of several values in one array, as `modules.json` is.
  package static func text(array values: [JSONValue], file: String) throws(PlauditError) -> [UInt8]
  {
    guard let root = try array(values, file: file) else { return [] }
    return try JSONValue(file: file, path: "", document: Document(root), node: root).text()
  }

  // MARK: Parsing details

  private static func code(of problem: json_error_t) -> json_error_code {
    // jansson keeps its code in the last byte of the message buffer.
    withUnsafeBytes(of: problem.text) { bytes in
      json_error_code(UInt32(bytes[bytes.count - 1]))
    }
  }

  private static func message(of problem: json_error_t) -> String {
    withUnsafeBytes(of: problem.text) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// The last string literal that ends at or before a byte, at most 256 bytes of it; jansson says
  /// where a key stands twice, but leaves long names out.
  private static func key(in bytes: UnsafeRawBufferPointer, before position: Int) -> String {
    var end = min(max(position, 0), bytes.count)
    while end > 0, bytes[end - 1] != UInt8(ascii: "\"") { end -= 1 }
    var start = max(end - 1, 0)
    while start > 0, bytes[start - 1] != UInt8(ascii: "\"") || isEscaped(bytes, start - 1) {
      start -= 1
    }
    let literal = bytes[start..<max(end - 1, start)]
    return String(decoding: literal.prefix(256), as: UTF8.self)
  }

  private static func isEscaped(_ bytes: UnsafeRawBufferPointer, _ quote: Int) -> Bool {
    var slashes = 0
    while quote - slashes > 0, bytes[quote - slashes - 1] == UInt8(ascii: "\\") { slashes += 1 }
    return slashes % 2 == 1
  }

  private static func checkDepth(
    _ bytes: UnsafeRawBufferPointer, file: String
  ) throws(PlauditError) {
    var depth = 0
    var inString = false
    var escaped = false
    for (offset, byte) in bytes.enumerated() {
      if inString {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
      } else if byte == UInt8(ascii: "\"") {
        inString = true
      } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
        depth += 1
        if depth > maximumDepth {
          throw PlauditError(
            .limit, "\(file) nests deeper than \(maximumDepth) levels at byte \(offset)",
            offset: Int64(offset))
        }
      } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
        depth -= 1
      }
    }
  }
}
