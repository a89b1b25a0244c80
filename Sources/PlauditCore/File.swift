import CHost
import Glibc
import Synchronization

/// A file opened for reading, with its size taken once from the same descriptor.
///
/// Reads with `pread` into memory of our own and never maps: a mapped file that another process
/// truncates would raise SIGBUS in the host.
package final class File {
  package let path: String
  package let size: Int
  private let descriptor: Int32

  /// Opens a regular file; `.notFound` when there is none, `.inputOutput` with the reason otherwise.
  package init(opening path: String) throws(PlauditError) {
    let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard opened >= 0 else { throw File.failure("open", path, errno) }
    var status = stat()
    guard fstat(opened, &status) == 0 else {
      let reason = errno
      close(opened)
      throw File.failure("read", path, reason)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(opened)
      throw PlauditError(.inputOutput, "\(path) is not a regular file")
    }
    self.path = path
    size = Int(status.st_size)
    descriptor = opened
  }

  deinit { close(descriptor) }

  /// Fills `buffer` from `offset` on; a file that ends before is `.corrupt`.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(PlauditError) {
    guard let base = buffer.baseAddress else { return }
    var done = 0
    while done < buffer.count {
      let got = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
      if got < 0 {
        if errno == EINTR { continue }
        throw File.failure("read", path, errno)
      }
      if got == 0 {
        throw PlauditError(
          .corrupt, "\(path) ends at byte \(offset + done), \(buffer.count - done) bytes early",
          offset: Int64(offset + done))
      }
      done += got
    }
  }

  /// The whole content; more than `limit` bytes is `.limit` before anything is read.
  package static func bytes(of path: String, limit: Int) throws(PlauditError) -> Bytes {
    let file = try File(opening: path)
    guard file.size <= limit else {
      throw PlauditError(.limit, "\(path) has \(file.size) bytes, allowed are \(limit)")
    }
    let bytes = try Bytes(count: file.size)
    try file.read(into: bytes.mutable, at: 0)
    return bytes
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The file that Plaudit was loaded from, nil when that is not known.
  package static var library: String? {
    guard let path = pk_library_path(), path.pointee != 0 else { return nil }
    return String(validatingCString: path)
  }

  /// `path` without links, nil when there is no such file.
  package static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(validatingCString: real)
  }

  /// What stands before the last slash: the folder that `path` lies in.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes `path` and its missing parents.
  package static func makeDirectory(_ path: String) throws(PlauditError) {
    if path.isEmpty || isDirectory(path) { return }
    // Also bounds the recursion.
    guard path.utf8.count <= Int(PATH_MAX) else { throw failure("create", path, ENAMETOOLONG) }
    if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex {
      try makeDirectory(String(path[..<slash]))
    }
    if mkdir(path, 0o777) != 0, errno != EEXIST { throw failure("create", path, errno) }
    guard isDirectory(path) else {
      throw PlauditError(.inputOutput, "\(path) exists and is not a folder")
    }
  }

  /// Writes `path` so that a reader sees the old content or the new, never half of it.
  ///
  /// `parts` are written one after another to a temporary file beside `path`, which is synced
  /// and then renamed.
  ///
  /// - Parameter control: may end it; the old content then stays.
  package static func write(
    _ parts: [UnsafeRawBufferPointer], to path: String, control: RunControl? = nil
  ) throws(PlauditError) {
    let (temporary, descriptor) = try createTemporary(beside: path)
    var reason: Int32 = 0
    var isStopped = false
    for part in parts {
      var done = 0
      while reason == 0, done < part.count {
        isStopped = control?.shallStop ?? false
        if isStopped { break }
        let piece = min(part.count - done, pieceBytes)
        reason = writeAll(
          UnsafeRawBufferPointer(rebasing: part[done..<done + piece]), to: descriptor)
        done += piece
      }
    }
    if isStopped {
      close(descriptor)
      unlink(temporary)
      try control?.check()
      throw PlauditError(.cancelled, "stopped while writing \(path)")
    }
    if reason == 0, fsync(descriptor) != 0 { reason = errno }
    if close(descriptor) != 0, reason == 0 { reason = errno }
    if reason == 0, rename(temporary, path) != 0 { reason = errno }
    if reason != 0 {
      unlink(temporary)
      throw failure("write", path, reason)
    }
  }

  /// Throws what `write` would where no file can be put: its folder is missing or closed, or the
  /// path is a folder.
  package static func checkWritable(_ path: String) throws(PlauditError) {
    guard !isDirectory(path) else { throw failure("write", path, EISDIR) }
    let (temporary, descriptor) = try createTemporary(beside: path)
    close(descriptor)
    unlink(temporary)
  }

  private static func createTemporary(
    beside path: String
  ) throws(PlauditError) -> (path: String, descriptor: Int32) {
    // Two threads may write the same path at once.
    let number = writeCount.add(1, ordering: .relaxed).oldValue
    let temporary = "\(path).tmp.\(getpid()).\(number)"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure("create", temporary, errno) }
    return (temporary, descriptor)
  }

  /// Bytes between two looks at whether to stop.
  private static let pieceBytes = 4 << 20
  private static let writeCount = Atomic<Int>(0)

  package static func write(_ bytes: [UInt8], to path: String) throws(PlauditError) {
    let copy = try Bytes(copying: bytes)
    try write([copy.readable], to: path)
  }

  private static func writeAll(_ part: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    guard let base = part.baseAddress else { return 0 }
    var done = 0
    while done < part.count {
      let wrote = Glibc.write(descriptor, base + done, part.count - done)
      if wrote < 0 {
        if errno == EINTR { continue }
        return errno
      }
      done += wrote
    }
    return 0
  }

  private static func failure(_ verb: String, _ path: String, _ code: Int32) -> PlauditError {
    let reason = String(cString: strerror(code))
    if code == ENOENT || code == ENOTDIR {
      return PlauditError(.notFound, "cannot \(verb) \(path): \(reason)")
    }
    return PlauditError(.inputOutput, "cannot \(verb) \(path): \(reason)")
  }
}

/// A block of memory from `malloc`, freed with the last reference; a failed request throws.
package final class Bytes {
  package let mutable: UnsafeMutableRawBufferPointer

  package var readable: UnsafeRawBufferPointer { UnsafeRawBufferPointer(mutable) }
  package var count: Int { mutable.count }

  package init(count: Int) throws(PlauditError) {
    guard count >= 0, let memory = malloc(max(count, 1)) else {
      throw PlauditError(.outOfMemory, "no memory for \(count) bytes")
    }
    mutable = UnsafeMutableRawBufferPointer(start: memory, count: count)
  }

  package convenience init(copying bytes: [UInt8]) throws(PlauditError) {
    try self.init(count: bytes.count)
    mutable.copyBytes(from: bytes)
  }

  deinit { free(mutable.baseAddress) }
}
