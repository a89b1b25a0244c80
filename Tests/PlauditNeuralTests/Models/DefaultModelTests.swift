import Foundation
import PlauditCore
import Testing

@testable import PlauditNeural

struct DefaultModelTests {
  @Test func `the places stand around the library, and a checkout's only in a checkout`() {
    #expect(
      DefaultModel.places(library: "/opt/p/lib/libplaudit.so") == [
        "/opt/p/lib/models/brand-sentiment", "/opt/p/share/plaudit/models/brand-sentiment",
        "/opt/share/plaudit/models/brand-sentiment",
      ])
    #expect(
      DefaultModel.places(library: "/c/out/lib/libplaudit.so.0").suffix(2) == [
        "/c/out/models/brand-sentiment", "/c/models/brand-sentiment",
      ])
    #expect(DefaultModel.places(library: nil).isEmpty)
  }

  @Test func `the first complete folder is taken, and what is named comes before all`() throws {
    let root = try Reference.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: root) }
    let library = "\(root)/lib/libplaudit.so"
    let shared = "\(root)/share/plaudit/models/brand-sentiment"
    let beside = "\(root)/lib/models/brand-sentiment"
    for folder in [shared, beside] {
      try File.makeDirectory(folder)
      try File.write([UInt8](), to: "\(folder)/config.json")
    }
    try File.write([UInt8](), to: "\(shared)/model.safetensors.index.json")
    #expect(try DefaultModel.find(named: nil, library: library) == shared)
    try File.write([UInt8](), to: "\(beside)/model.safetensors")
    #expect(try DefaultModel.find(named: nil, library: library) == beside)
    #expect(try DefaultModel.find(named: root, library: library) == root)
  }

  @Test func `the library is known to lie in a file`() throws {
    let library = try #require(File.library)
    #expect(library.hasPrefix("/") && File.exists(library))
    #expect(File.folder(of: "/a/b") == "/a" && File.folder(of: "/a") == "/")
    #expect(File.folder(of: "a") == ".")
  }

  @Test func `every place tried is in the error`() {
    expectError(.notFound, mentions: "/nowhere/lib/models/brand-sentiment (not there)") {
      _ = try DefaultModel.find(named: nil, library: "/nowhere/lib/libplaudit.so")
    }
    expectError(.notFound, mentions: "/nowhere/share/plaudit/models/brand-sentiment (not there)") {
      _ = try DefaultModel.find(named: nil, library: "/nowhere/lib/libplaudit.so")
    }
    expectError(.notFound, mentions: "no place") {
      _ = try DefaultModel.find(named: nil, library: nil)
    }
    expectError(.notFound, mentions: "PLAUDIT_MODEL names /nowhere") {
      _ = try DefaultModel.find(named: "/nowhere", library: nil)
    }
  }
}
