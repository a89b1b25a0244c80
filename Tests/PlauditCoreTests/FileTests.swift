import Foundation
import PlauditCore
import Testing

struct FileTests {
  private func temporary() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("plaudit-\(UUID().uuidString)")
      .path
  }

  private func kind(_ body: () throws -> Void) -> PlauditError.Kind? {
    do {
      try body()
      return nil
    } catch {
      return (error as? PlauditError)?.kind
    }
  }

  @Test func `what was written reads back and no temporary file stays`() throws {
    let folder = temporary()
    try File.makeDirectory("\(folder)/a/b")
    let path = "\(folder)/a/b/x"
    try File.write([1, 2, 3], to: path)
    try File.write([4, 5], to: path)
    let written = try File.bytes(of: path, limit: 10)
    #expect(Array(written.readable) == [4, 5])
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/a/b") == ["x"])
  }

  @Test func `a part is read from its offset`() throws {
    let path = temporary()
    try File.write([1, 2, 3, 4], to: path)
    let file = try File(opening: path)
    let part = try Bytes(count: 2)
    try file.read(into: part.mutable, at: 1)
    #expect(Array(part.readable) == [2, 3])
    #expect(kind { try file.read(into: part.mutable, at: 3) } == .corrupt)
  }

  @Test func `missing, large and odd files are refused`() throws {
    let path = temporary()
    #expect(kind { _ = try File.bytes(of: path, limit: 10) } == .notFound)
    try File.write([1, 2, 3], to: path)
    #expect(kind { _ = try File.bytes(of: path, limit: 2) } == .limit)
    #expect(kind { _ = try File(opening: "/dev/null") } == .inputOutput)
    #expect(kind { _ = try File(opening: "/") } == .inputOutput)
    #expect(kind { try File.makeDirectory(path) } == .inputOutput)
    // One call a level would end the stack.
    let deep = String(repeating: "/a", count: 1_000_000)
    #expect(kind { try File.makeDirectory(path + deep) } == .inputOutput)
    #expect(kind { try File.write([1], to: "\(path)/x") } == .notFound)
  }
}
