import PlauditCore

/// `tokenizer_config.json` and, for what it leaves out, `special_tokens_map.json`.
struct TokenizerConfig {
  static let maximumBytes = 16 << 20

  let root: JSONValue

  /// Nil when there is no such file.
  static func read(_ path: String) throws(PlauditError) -> TokenizerConfig? {
    guard File.exists(path) else { return nil }
    let bytes = try File.bytes(of: path, limit: maximumBytes)
    let root = try JSONValue.parse(bytes.readable, file: path)
    guard root.isObject else { throw root.problem("must be an object, it is \(root.kindName)") }
    return TokenizerConfig(root: root)
  }

  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The stated length; nil when absent or beyond 2^31 - 1, as the 1e30 that means "none".
  func modelMaxLength() throws(PlauditError) -> Int? {
    guard let value = root["model_max_length"] else { return nil }
    let number = try value.number()
    guard number >= 1, number <= Double(Int32.max) else { return nil }
    return try value.integer()
  }

  /// A token written as a string or as an object with its options; nil when absent.
  func token(_ key: String) throws(PlauditError) -> AddedToken? {
    guard let value = root[key] else { return nil }
    return try TokenizerConfig.token(value)
  }

  static func token(_ value: JSONValue) throws(PlauditError) -> AddedToken {
    if value.isString { return AddedToken(content: [UInt8](try value.stringBytes())) }
    var token = AddedToken(content: [UInt8](try value.required("content").stringBytes()))
    token.isSingleWord = try value["single_word"]?.boolean() ?? false
    token.stripsLeft = try value["lstrip"]?.boolean() ?? false
    token.stripsRight = try value["rstrip"]?.boolean() ?? false
    token.isNormalized = try value["normalized"]?.boolean() ?? false
    token.isSpecial = try value["special"]?.boolean() ?? false
    return token
  }
}
