import PlauditStats
import Testing

struct KPITests {
  // MARK: - By hand

  @Test func `the numbers of the C header are pinned`() {
    #expect(KPI.allCases.map(\.rawValue) == [10, 20, 21, 22, 30, 40, 41, 42, 50, 51, 60, 61])
    #expect(KPI(rawValue: 11) == nil)
  }

  @Test func `only clicks are a part of their denominator`() {
    #expect(KPI.allCases.filter { $0.definition.isShare } == [.clickThroughRate])
  }

  @Test func `only cost per mille is scaled and only return on investment is shifted`() {
    #expect(KPI.allCases.filter { $0.definition.scale != 1 } == [.costPerMille])
    #expect(KPI.costPerMille.definition.scale == 1000)
    #expect(KPI.allCases.filter { $0.definition.offset != 0 } == [.returnOnInvestment])
    #expect(KPI.returnOnInvestment.definition.offset == -1)
  }

  // MARK: - Law

  @Test func `no two indicators share a name`() {
    #expect(Set(KPI.allCases.map { "\($0.definition.name)" }).count == KPI.allCases.count)
  }
}
