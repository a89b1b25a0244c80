import PlauditCore
import Testing

@testable import PlauditText

struct CanonicalOrderingTests {
  private func order(_ scalars: [UInt32]) throws -> [(UInt32, Int32)] {
    var ordering = CanonicalOrdering()
    for (index, scalar) in scalars.enumerated() {
      try ordering.append(scalar, origin: Int32(index))
    }
    try ordering.order()
    return (0..<ordering.count).map { ordering[$0] }
  }

  @Test func `marks change places and take the origin of the place`() throws {
    // U+0301 has class 230, U+0327 202, U+302E 224.
    let result = try order([0x61, 0x0301, 0x302E, 0x0327])
    #expect(result.map { $0.0 } == [0x61, 0x0327, 0x302E, 0x0301])
    #expect(result.map { $0.1 } == [0, 1, 2, 3])
  }

  @Test func `an inserted scalar takes the origin before it`() throws {
    // U+1D15E is U+1D157 and U+1D165, of class 216; U+0327 passes the second.
    let result = try order([0x1D15E, 0x0327, 0x78])
    #expect(result.map { $0.0 } == [0x1D157, 0x0327, 0x1D165, 0x78])
    #expect(result.map { $0.1 } == [0, 1, 1, 2])
  }

  @Test func `a long run stays linear`() throws {
    var scalars: [UInt32] = [0x61]
    for index in 0..<50000 { scalars.append(index % 2 == 0 ? 0x0301 : 0x0327) }
    let result = try order(scalars)
    #expect(result[1].0 == 0x0327 && result[50000].0 == 0x0301)
  }
}
