import Glibc
package import PlauditCore

/// The model that a program gets when it names none.
package enum DefaultModel {
  static let name = "brand-sentiment"
  /// The environment variable that names another folder.
  static let variable = "PLAUDIT_MODEL"

  /// The folder of the default model.
  ///
  /// Whoever sets PLAUDIT_MODEL wants that folder and no other; else the first complete one of
  /// `places` is taken.
  ///
  /// - Throws: `.notFound` with every place that was tried.
  package static func find() throws(PlauditError) -> String {
    var named: String?
    if let value = getenv(variable), value.pointee != 0 {
      guard let text = String(validatingCString: value) else {
        throw PlauditError(.invalidUTF8, "\(variable) is not valid UTF-8")
      }
      named = text
    }
    return try find(named: named, library: File.library)
  }

  static func find(named: String?, library: String?) throws(PlauditError) -> String {
    if let named {
      guard File.isDirectory(named) else {
        throw PlauditError(.notFound, "\(variable) names \(named), which is not a model folder")
      }
      return named
    }
    var tried: [String] = []
    for place in places(library: library) {
      if let lack = lack(of: place) {
        tried.append("\(place) (\(lack))")
      } else {
        return place
      }
    }
    let list =
      tried.isEmpty ? "no place, the library's own being unknown" : tried.joined(separator: ", ")
    throw PlauditError(
      .notFound,
      "there is no default model; tried \(variable) (not set), \(list); "
        + "name a folder, or call make model")
  }

  /// Where the folder may lie, seen from the library: beside it (a Python package), in `share` (an
  /// installation, whose library may lie one level deeper), and in a checkout's `out` and `models`.
  /// Where the library is a link, its target's surroundings come after the link's.
  static func places(library: String?) -> [String] {
    guard let library else { return [] }
    var places: [String] = []
    for file in [library, File.resolved(library) ?? library] {
      let folder = File.folder(of: file)
      var parents = ["", "/../share/plaudit", "/../../share/plaudit"]
      if folder.hasSuffix("/out/lib") { parents += ["/..", "/../.."] }
      for parent in parents {
        let place = clean("\(folder)\(parent)/models/\(name)")
        if !places.contains(place) { places.append(place) }
      }
    }
    return places
  }

  /// An absolute path without `..`, for people to read; links inside are not followed.
  private static func clean(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// What a folder lacks of a model, nil when it is complete.
  private static func lack(of folder: String) -> String? {
    guard File.isDirectory(folder) else { return "not there" }
    guard File.exists("\(folder)/config.json") else { return "no config.json" }
    let weights = ["model.safetensors", "model.safetensors.index.json"]
    return weights.contains { File.exists("\(folder)/\($0)") } ? nil : "no model.safetensors"
  }
}
