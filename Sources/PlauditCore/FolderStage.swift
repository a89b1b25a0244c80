import Glibc
import Synchronization

/// New content of a folder, written inside it under a name of its own and then moved to its place
/// file by file: whatever fails before, such as a full disk, leaves the folder as it was.
package final class FolderStage {
  /// Where the new files go.
  package let path: String
  private let target: String
  private static let count = Atomic<Int>(0)

  /// - Parameter target: made if it is not there.
  package init(in target: String) throws(PlauditError) {
    self.target = target
    let number = FolderStage.count.add(1, ordering: .relaxed).oldValue
    path = "\(target)/.saving.\(getpid()).\(number)"
    try File.makeDirectory(target)
    try File.makeDirectory(path)
  }

  /// Moves all files to the folder, the one named `last` after all others, and removes the stage.
  package func commit(last: String) throws(PlauditError) {
    let files = FolderStage.files(of: path, "")
    for file in files.filter({ $0 != last }) + files.filter({ $0 == last }) {
      let folder = File.folder(of: "\(target)/\(file)")
      try File.makeDirectory(folder)
      guard rename("\(path)/\(file)", "\(target)/\(file)") == 0 else {
        throw PlauditError(
          .inputOutput, "cannot write \(target)/\(file): \(String(cString: strerror(errno)))")
      }
    }
    discard()
  }

  /// Removes the stage and what is left in it.
  package func discard() { FolderStage.remove(path) }

  private static func remove(_ folder: String) {
    for entry in entries(of: folder) {
      let path = "\(folder)/\(entry)"
      if File.isDirectory(path) { remove(path) } else { unlink(path) }
    }
    rmdir(folder)
  }

  /// The files below a folder, in the order of their names.
  private static func files(of folder: String, _ prefix: String) -> [String] {
    var found: [String] = []
    for entry in entries(of: folder).sorted() {
      let path = "\(folder)/\(entry)"
      if File.isDirectory(path) {
        found += files(of: path, "\(prefix)\(entry)/")
      } else {
        found.append("\(prefix)\(entry)")
      }
    }
    return found
  }

  private static func entries(of folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(
          to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)
        ) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
