import PlauditCore
import Testing

@testable import PlauditText

struct RowPlanTests {
  private func plan(_ first: Int, _ second: Int?, startsWithSecond: Bool = false) throws -> RowPlan
  {
    let cut = Truncation(maxLength: 2)
    return RowPlan(
      first: try Windows(total: first, limit: 1, truncation: cut),
      second: try second.map { try Windows(total: $0, limit: 1, truncation: cut) },
      startsWithSecond: startsWithSecond, addsSpecialTokens: true, unknownCount: 0)
  }

  @Test func `rows cross later windows of the first text with all of the second`() throws {
    let both = try plan(3, 2)
    #expect(both.rowCount == 6)
    #expect((0..<6).map { both.windows(of: $0).first } == [0, 1, 1, 2, 2, 0])
    #expect((0..<6).map { both.windows(of: $0).second } == [0, 0, 1, 0, 1, 1])
    let turned = try plan(2, 3, startsWithSecond: true)
    #expect((0..<6).map { turned.windows(of: $0).second } == [0, 1, 1, 2, 2, 0])
    #expect((0..<6).map { turned.windows(of: $0).first } == [0, 0, 1, 0, 1, 1])
    #expect(both.droppedTokens == 3)
    #expect(try plan(4, nil).rowCount == 4)
  }

  @Test func `a product that does not fit counts as many`() throws {
    #expect(try plan(1 << 40, 1 << 40).rowCount == Int.max)
  }
}
