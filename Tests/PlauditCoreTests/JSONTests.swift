import PlauditCore
import Testing

struct JSONTests {
  private func parse(_ text: String) throws -> JSONValue {
    let bytes = try Bytes(copying: Array(text.utf8))
    return try JSONValue.parse(bytes.readable, file: "x.json")
  }

  private func failure(_ body: () throws -> Void) -> PlauditError? {
    do {
      try body()
      return nil
    } catch {
      return error as? PlauditError
    }
  }

  @Test func `members, elements and scalars are read`() throws {
    let json = try parse("{\"a\": [1, 2.5, \"é\", true, null], \"b\": {\"c\": 7}}")
    let list = try json.required("a").elements()
    #expect(try list[0].integer() == 1)
    #expect(try list[1].number() == 2.5)
    #expect(try list[2].string() == "é")
    #expect(try list[3].boolean())
    #expect(list[4].isNull)
    #expect(try json.required("b").required("c").integer() == 7)
    #expect(json["b"]?["c"]?.path == "b.c")
    #expect(json["missing"] == nil)
  }

  @Test func `integers beyond 64 bits become reals, as tokenizer files need`() throws {
    let json = try parse("{\"model_max_length\": 1000000000000000019884624838656, \"n\": 5}")
    #expect(try json.required("model_max_length").number() == 1e30)
    #expect(try json.required("n").integer() == 5)
  }

  @Test func `what was written reads back`() throws {
    let json = try JSONValue.object(file: "y.json")
    try json.set("name", "Crème \"brûlée\"")
    try json.set("count", 3)
    try json.set("yes", true)
    let again = try parse(String(decoding: try json.text(), as: UTF8.self))
    #expect(try again.required("name").string() == "Crème \"brûlée\"")
    #expect(try again.required("count").integer() == 3)
    #expect(try again.required("yes").boolean())
  }

  @Test func `a copy does not change its original`() throws {
    let json = try parse("{\"a\": 1}")
    let copy = try json.copy()
    try copy.set("a", 2)
    #expect(try json.required("a").integer() == 1)
  }

  @Test func `malformed text is corrupt with its byte`() {
    let error = failure { _ = try parse("{\"a\": 1,}") }
    #expect(error?.kind == .corrupt)
    #expect((error?.offset ?? -1) >= 8)
    for text in ["", "{", "{\"a\": 1} x", "{\"a\": 1, \"a\": 2}", "[1 2]", "{\"a\": \"\u{1}\"}"] {
      #expect(failure { _ = try parse(text) }?.kind == .corrupt, "\(text)")
    }
  }

  @Test func `deep nesting is a limit, brackets in strings do not count`() throws {
    let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
    #expect(failure { _ = try parse(deep) }?.kind == .limit)
    _ = try parse("[\"\(String(repeating: "[", count: 100))\\\"[\"]")
  }

  @Test func `a wrong type names the key`() throws {
    let json = try parse("{\"a\": {\"b\": \"x\"}}")
    let error = failure { _ = try json.required("a").required("b").integer() }
    #expect(error?.message == "x.json: a.b must be an integer, it is a string")
    #expect(failure { _ = try json.required("z") }?.message == "x.json: z is missing")
  }

  @Test func `below a range is corrupt, above it is a limit`() throws {
    let json = try parse("{\"a\": -1, \"b\": 99}")
    #expect(failure { _ = try json.required("a").integer(in: 0...9) }?.kind == .corrupt)
    #expect(failure { _ = try json.required("b").integer(in: 0...9) }?.kind == .limit)
  }
}
