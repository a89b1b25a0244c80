/// Where the texts of a batch start among its rows, without padding: text `i` has the rows
/// `starts[i]` to `starts[i + 1]`.
package struct Segments {
  package let starts: UnsafePointer<Int>
  package let count: Int

  package init(starts: UnsafePointer<Int>, count: Int) {
    self.starts = starts
    self.count = count
  }

  package var rows: Int { starts[count] - starts[0] }
  package func start(_ index: Int) -> Int { starts[index] }
  package func length(_ index: Int) -> Int { starts[index + 1] - starts[index] }

  /// The rows of the longest text.
  package var longest: Int {
    var longest = 0
    for index in 0..<count { longest = max(longest, length(index)) }
    return longest
  }
}
