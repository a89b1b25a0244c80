import Foundation
import PlauditCore
import Testing

struct FolderStageTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("stage-\(UUID().uuidString)").path

  private func text(_ file: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
  }

  // MARK: By hand

  @Test func `files stand in their places once all are moved`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try File.makeDirectory(folder)
    try File.write(Array("old".utf8), to: "\(folder)/a")
    try File.write(Array("kept".utf8), to: "\(folder)/other")
    let stage = try FolderStage(in: folder)
    try File.write(Array("new".utf8), to: "\(stage.path)/a")
    try File.makeDirectory("\(stage.path)/part")
    try File.write(Array("inside".utf8), to: "\(stage.path)/part/b")
    #expect(try text("a") == "old")
    try stage.commit(last: "a")
    #expect(try text("a") == "new")
    #expect(try text("part/b") == "inside")
    #expect(try text("other") == "kept")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
  }

  @Test func `what is discarded leaves nothing`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let stage = try FolderStage(in: folder)
    try File.makeDirectory("\(stage.path)/part")
    try File.write(Array("inside".utf8), to: "\(stage.path)/part/b")
    stage.discard()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }

  // MARK: Refusal

  @Test func `a folder in the place of a file is told`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try File.makeDirectory("\(folder)/a/inside")
    let stage = try FolderStage(in: folder)
    try File.write(Array("new".utf8), to: "\(stage.path)/a")
    do {
      try stage.commit(last: "a")
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.kind == .inputOutput && error.message.contains("\(folder)/a"))
    }
    stage.discard()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
  }
}
