// What a marketing ratio is: its parts, its scale and what would be impossible.
//
// A new KPI is one case here, one line in `definition` and one row in docs/stats.md; how a ratio
// is evaluated and refused is the same for all of them, see KPIEvaluation.swift.

/// A key performance indicator: one ratio of two measured quantities.
///
/// Every KPI is `scale × (numerator + offset × denominator) / denominator`. Rates are fractions,
/// not percent; money is in the currency of the input. Over groups divide the sums: the mean of
/// row ratios is a different number. Raw values are the `PLAUDIT_KPI_…` numbers of plaudit.h.
package enum KPI: Int32, CaseIterable, Sendable {
  /// Clicks per impression; an impression cannot be clicked that was not served.
  case clickThroughRate = 10
  /// Engagements per impression; one impression may earn several (like, comment, share).
  case engagementRateByImpressions = 20
  /// Engagements per person reached.
  case engagementRateByReach = 21
  /// Engagements per follower; above one when a post travels beyond its followers.
  case engagementRateByFollowers = 22
  /// Conversions per visitor or per click; one visitor may convert more than once.
  case conversionRate = 30
  /// Spend per click.
  case costPerClick = 40
  /// Spend per thousand impressions.
  case costPerMille = 41
  /// Spend per action, such as a conversion, a lead or an installation.
  case costPerAction = 42
  /// Revenue per unit of spend.
  case returnOnAdSpend = 50
  /// Revenue beyond spend, per unit of spend: one less than the return on ad spend.
  case returnOnInvestment = 51
  /// Revenue per order.
  case averageOrderValue = 60
  /// Revenue per visitor.
  case revenuePerVisitor = 61
}

/// The declarative form of one KPI.
package struct KPIDefinition: Sendable {
  /// What a quantity measures, which decides the values it may take.
  package enum Measure: Sendable {
    /// A number of events or people: never negative, possibly fractional (attributed conversions).
    case count
    /// Money paid: credits may make a row negative, a negative total divides nothing.
    case spend
    /// Money earned: negative when refunds exceed sales.
    case revenue
  }

  /// A named side of the ratio; the name is the one used in messages.
  package struct Quantity: Sendable {
    package let name: StaticString
    package let measure: Measure

    init(_ name: StaticString, _ measure: Measure) {
      self.name = name
      self.measure = measure
    }
  }

  package let name: StaticString
  package let numerator: Quantity
  package let denominator: Quantity
  package let scale: Double
  package let offset: Double
  /// Whether the numerator is a part of the denominator, so that a ratio above one is a defect.
  package let isShare: Bool

  init(
    _ name: StaticString, _ numerator: Quantity, per denominator: Quantity, scale: Double = 1,
    offset: Double = 0, isShare: Bool = false
  ) {
    self.name = name
    self.numerator = numerator
    self.denominator = denominator
    self.scale = scale
    self.offset = offset
    self.isShare = isShare
  }
}

extension KPI {
  /// Names, parts and scale of this KPI.
  package var definition: KPIDefinition {
    switch self {
    case .clickThroughRate:
      KPIDefinition("click-through rate", .clicks, per: .impressions, isShare: true)
    case .engagementRateByImpressions:
      KPIDefinition("engagement rate by impressions", .engagements, per: .impressions)
    case .engagementRateByReach:
      KPIDefinition("engagement rate by reach", .engagements, per: .reach)
    case .engagementRateByFollowers:
      KPIDefinition("engagement rate by followers", .engagements, per: .followers)
    case .conversionRate:
      KPIDefinition("conversion rate", .conversions, per: .visitors)
    case .costPerClick:
      KPIDefinition("cost per click", .spend, per: .clicks)
    case .costPerMille:
      KPIDefinition("cost per mille", .spend, per: .impressions, scale: 1000)
    case .costPerAction:
      KPIDefinition("cost per action", .spend, per: .actions)
    case .returnOnAdSpend:
      KPIDefinition("return on ad spend", .revenue, per: .spend)
    case .returnOnInvestment:
      KPIDefinition("return on investment", .revenue, per: .spend, offset: -1)
    case .averageOrderValue:
      KPIDefinition("average order value", .revenue, per: .orders)
    case .revenuePerVisitor:
      KPIDefinition("revenue per visitor", .revenue, per: .visitors)
    }
  }
}

extension KPIDefinition.Quantity {
  fileprivate static var clicks: Self { Self("clicks", .count) }
  fileprivate static var impressions: Self { Self("impressions", .count) }
  fileprivate static var engagements: Self { Self("engagements", .count) }
  fileprivate static var reach: Self { Self("reach", .count) }
  fileprivate static var followers: Self { Self("followers", .count) }
  fileprivate static var conversions: Self { Self("conversions", .count) }
  fileprivate static var visitors: Self { Self("visitors", .count) }
  fileprivate static var actions: Self { Self("actions", .count) }
  fileprivate static var orders: Self { Self("orders", .count) }
  fileprivate static var spend: Self { Self("spend", .spend) }
  fileprivate static var revenue: Self { Self("revenue", .revenue) }
}
