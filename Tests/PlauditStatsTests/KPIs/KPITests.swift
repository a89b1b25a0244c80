import PlauditStats
import Testing

struct KPITests {
  // MARK: - By hand

  @Test func `the numbers of the C header are pinned`() {
    #expect(
      KPI.allCases.map(\.rawValue) == [
        10, 11, 12, 20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 40, 41, 42, 43, 44, 50, 51, 52, 53, 60,
        61, 62, 70, 80,
      ])
    #expect(KPI(rawValue: 13) == nil)
  }

  @Test func `only clicks and engaged sessions are a part of their denominator`() {
    #expect(
      KPI.allCases.filter { $0.definition.bound == .numerator } == [
        .clickThroughRate, .viewableClickThroughRate, .engagementRateBySessions, .bounceRate,
      ])
    #expect(KPI.allCases.filter { $0.definition.bound == .denominator } == [.frequency])
    #expect(KPI.allCases.filter { $0.definition.bound == .balance } == [.netPromoterScore])
  }

  @Test func `few are scaled, and returns and the bounce rate are shifted`() {
    let scales: [KPI: Double] = [
      .bounceRate: -1, .costPerMille: 1000, .revenuePerMille: 1000, .netPromoterScore: 100,
    ]
    for kpi in KPI.allCases { #expect(kpi.definition.scale == scales[kpi] ?? 1) }
    let shifted = KPI.allCases.filter { $0.definition.offset != 0 }
    #expect(shifted == [.bounceRate, .returnOnInvestment, .returnOnMarketingInvestment])
    #expect(shifted.allSatisfy { $0.definition.offset == -1 })
  }

  // MARK: - Law

  @Test func `no two indicators share a name`() {
    #expect(Set(KPI.allCases.map { "\($0.definition.name)" }).count == KPI.allCases.count)
    #expect(Set(KPI.allCases.map(\.definition.label)).count == KPI.allCases.count)
    #expect(Set(KPIMeasure.allCases.map(\.name)).count == KPIMeasure.allCases.count)
  }
}
