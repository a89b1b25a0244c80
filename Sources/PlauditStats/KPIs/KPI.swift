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
  /// Clicks per person reached.
  case clickThroughRateByReach = 11
  /// Clicks per impression that could be seen.
  case viewableClickThroughRate = 12
  /// Engagements per impression; one impression may earn several (like, comment, share).
  case engagementRateByImpressions = 20
  /// Engagements per person reached.
  case engagementRateByReach = 21
  /// Engagements per follower; above one when a post travels beyond its followers.
  case engagementRateByFollowers = 22
  /// Engaged sessions per session, as Google Analytics 4 has it.
  case engagementRateBySessions = 23
  /// Sessions that were not engaged, per session.
  case bounceRate = 24
  /// Interactions per impression.
  case interactionRate = 25
  /// Conversions per visitor or per click; one visitor may convert more than once.
  case conversionRate = 30
  /// Conversions per click.
  case conversionRateByClicks = 31
  /// Conversions per impression.
  case conversionRateByImpressions = 32
  /// Conversions per interaction.
  case conversionRateByInteractions = 33
  /// Spend per click.
  case costPerClick = 40
  /// Spend per thousand impressions.
  case costPerMille = 41
  /// Spend per action, such as a conversion, a lead or an installation.
  case costPerAction = 42
  /// Spend per engagement.
  case costPerEngagement = 43
  /// Spend per new customer.
  case customerAcquisitionCost = 44
  /// Revenue per unit of spend.
  case returnOnAdSpend = 50
  /// Revenue beyond spend, per unit of spend: one less than the return on ad spend.
  case returnOnInvestment = 51
  /// Incremental gross profit beyond spend, per unit of spend. The profit is the revenue that the
  /// marketing brought about times the margin, or less the cost of the goods.
  case returnOnMarketingInvestment = 52
  /// Spend per unit of revenue.
  case advertisingCostOfSales = 53
  /// Revenue per order.
  case averageOrderValue = 60
  /// Revenue per visitor.
  case revenuePerVisitor = 61
  /// Revenue per thousand impressions.
  case revenuePerMille = 62
  /// Impressions per person reached.
  case frequency = 70
  /// Hundred times the share of promoters (9 and 10 of 10) less that of detractors (0 to 6).
  case netPromoterScore = 80
}

/// A quantity that KPIs are made of; raw values are `PLAUDIT_MEASURE_…` of plaudit.h.
package enum KPIMeasure: Int32, CaseIterable, Sendable {
  case impressions = 10
  case viewableImpressions = 11
  case reach = 12
  case followers = 13
  case clicks = 20
  case engagements = 21
  case interactions = 22
  case visitors = 30
  case sessions = 31
  case engagedSessions = 32
  case conversions = 40
  case orders = 41
  case newCustomers = 42
  case cost = 50
  case revenue = 51
  case incrementalRevenue = 52
  case costOfGoods = 53
  case promoters = 60
  case detractors = 61
  case responses = 62
  /// Answers from 0 to 10, of which promoters, detractors and responses are counted.
  case score = 63

  /// The name of its column, unless another is given.
  package var name: String {
    switch self {
    case .impressions: "impressions"
    case .viewableImpressions: "viewable_impressions"
    case .reach: "reach"
    case .followers: "followers"
    case .clicks: "clicks"
    case .engagements: "engagements"
    case .interactions: "interactions"
    case .visitors: "visitors"
    case .sessions: "sessions"
    case .engagedSessions: "engaged_sessions"
    case .conversions: "conversions"
    case .orders: "orders"
    case .newCustomers: "new_customers"
    case .cost: "cost"
    case .revenue: "revenue"
    case .incrementalRevenue: "incremental_revenue"
    case .costOfGoods: "cost_of_goods"
    case .promoters: "promoters"
    case .detractors: "detractors"
    case .responses: "responses"
    case .score: "score"
    }
  }

  package var kind: KPIDefinition.Measure {
    switch self {
    case .cost, .costOfGoods: .spend
    case .revenue, .incrementalRevenue: .revenue
    default: .count
    }
  }
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
    /// A difference, which may be anything.
    case balance
  }

  /// A named side of the ratio; the name is the one used in messages.
  package struct Quantity: Sendable {
    package let name: StaticString
    package let measure: Measure
    /// The column that a table sums, and one that it takes away from it.
    package let column: KPIMeasure
    package let less: KPIMeasure?

    init(
      _ name: StaticString, _ measure: Measure, _ column: KPIMeasure, less: KPIMeasure? = nil
    ) {
      self.name = name
      self.measure = measure
      self.column = column
      self.less = less
    }
  }

  /// Which side is a part of the other, so that more of it than of the whole is a defect.
  package enum Bound: Sendable {
    case none
    /// The numerator is a part of the denominator.
    case numerator
    /// The denominator is a part of the numerator: nobody is reached without an impression.
    case denominator
    /// The numerator is the difference of two parts of the denominator.
    case balance

    @inline(__always)
    func isBroken(_ above: Double, _ below: Double) -> Bool {
      switch self {
      case .none: false
      case .numerator: above > below
      case .denominator: below > above
      case .balance: above.magnitude > below
      }
    }
  }

  package let name: StaticString
  /// The name of its column in a table.
  package let label: String
  package let numerator: Quantity
  package let denominator: Quantity
  package let scale: Double
  package let offset: Double
  package let bound: Bound
  /// Whether it is a number of events out of a number of chances, which has a binomial interval.
  package let isRate: Bool

  init(
    _ name: StaticString, _ label: String, _ numerator: Quantity, per denominator: Quantity,
    scale: Double = 1, offset: Double = 0, bound: Bound = .none, isRate: Bool = false
  ) {
    self.name = name
    self.label = label
    self.numerator = numerator
    self.denominator = denominator
    self.scale = scale
    self.offset = offset
    self.bound = bound
    self.isRate = isRate
  }
}

extension KPI {
  /// Names, parts and scale of this KPI.
  package var definition: KPIDefinition {
    switch self {
    case .clickThroughRate:
      KPIDefinition(
        "click-through rate", "ctr", .clicks, per: .impressions, bound: .numerator, isRate: true)
    case .clickThroughRateByReach:
      KPIDefinition(
        "click-through rate by reach", "ctr_by_reach", .clicks, per: .reach, isRate: true)
    case .viewableClickThroughRate:
      KPIDefinition(
        "viewable click-through rate", "viewable_ctr", .clicks, per: .viewableImpressions,
        bound: .numerator, isRate: true)
    case .engagementRateByImpressions:
      KPIDefinition(
        "engagement rate by impressions", "engagement_rate_by_impressions", .engagements,
        per: .impressions, isRate: true)
    case .engagementRateByReach:
      KPIDefinition(
        "engagement rate by reach", "engagement_rate_by_reach", .engagements, per: .reach,
        isRate: true)
    case .engagementRateByFollowers:
      KPIDefinition(
        "engagement rate by followers", "engagement_rate_by_followers", .engagements,
        per: .followers, isRate: true)
    case .engagementRateBySessions:
      KPIDefinition(
        "engagement rate by sessions", "engagement_rate_by_sessions", .engagedSessions,
        per: .sessions, bound: .numerator, isRate: true)
    case .bounceRate:
      // 1 - engaged / sessions as -(engaged - sessions) / sessions.
      KPIDefinition(
        "bounce rate", "bounce_rate", .engagedSessions, per: .sessions, scale: -1, offset: -1,
        bound: .numerator, isRate: true)
    case .interactionRate:
      KPIDefinition(
        "interaction rate", "interaction_rate", .interactions, per: .impressions, isRate: true)
    case .conversionRate:
      KPIDefinition(
        "conversion rate", "conversion_rate", .conversions, per: .visitors, isRate: true)
    case .conversionRateByClicks:
      KPIDefinition(
        "conversion rate by clicks", "conversion_rate_by_clicks", .conversions, per: .clicks,
        isRate: true)
    case .conversionRateByImpressions:
      KPIDefinition(
        "conversion rate by impressions", "conversion_rate_by_impressions", .conversions,
        per: .impressions, isRate: true)
    case .conversionRateByInteractions:
      KPIDefinition(
        "conversion rate by interactions", "conversion_rate_by_interactions", .conversions,
        per: .interactions, isRate: true)
    case .costPerClick:
      KPIDefinition("cost per click", "cpc", .spend, per: .clicks)
    case .costPerMille:
      KPIDefinition("cost per mille", "cpm", .spend, per: .impressions, scale: 1000)
    case .costPerAction:
      KPIDefinition("cost per action", "cpa", .spend, per: .actions)
    case .costPerEngagement:
      KPIDefinition("cost per engagement", "cpe", .spend, per: .engagements)
    case .customerAcquisitionCost:
      KPIDefinition("customer acquisition cost", "cac", .spend, per: .newCustomers)
    case .returnOnAdSpend:
      KPIDefinition("return on ad spend", "roas", .revenue, per: .spend)
    case .returnOnInvestment:
      KPIDefinition("return on investment", "roi", .revenue, per: .spend, offset: -1)
    case .returnOnMarketingInvestment:
      KPIDefinition(
        "return on marketing investment", "romi", .incrementalProfit, per: .spend, offset: -1)
    case .advertisingCostOfSales:
      KPIDefinition("advertising cost of sales", "acos", .spend, per: .revenue)
    case .averageOrderValue:
      KPIDefinition("average order value", "aov", .revenue, per: .orders)
    case .revenuePerVisitor:
      KPIDefinition("revenue per visitor", "revenue_per_visitor", .revenue, per: .visitors)
    case .revenuePerMille:
      KPIDefinition("revenue per mille", "rpm", .revenue, per: .impressions, scale: 1000)
    case .frequency:
      KPIDefinition("frequency", "frequency", .impressions, per: .reach, bound: .denominator)
    case .netPromoterScore:
      KPIDefinition(
        "net promoter score", "nps", .netPromoters, per: .responses, scale: 100, bound: .balance)
    }
  }
}

extension KPIDefinition.Quantity {
  fileprivate static var clicks: Self { Self("clicks", .count, .clicks) }
  fileprivate static var impressions: Self { Self("impressions", .count, .impressions) }
  fileprivate static var viewableImpressions: Self {
    Self("viewable impressions", .count, .viewableImpressions)
  }
  fileprivate static var engagements: Self { Self("engagements", .count, .engagements) }
  fileprivate static var interactions: Self { Self("interactions", .count, .interactions) }
  fileprivate static var reach: Self { Self("reach", .count, .reach) }
  fileprivate static var followers: Self { Self("followers", .count, .followers) }
  fileprivate static var conversions: Self { Self("conversions", .count, .conversions) }
  fileprivate static var visitors: Self { Self("visitors", .count, .visitors) }
  fileprivate static var sessions: Self { Self("sessions", .count, .sessions) }
  fileprivate static var engagedSessions: Self {
    Self("engaged sessions", .count, .engagedSessions)
  }
  fileprivate static var actions: Self { Self("actions", .count, .conversions) }
  fileprivate static var newCustomers: Self { Self("new customers", .count, .newCustomers) }
  fileprivate static var orders: Self { Self("orders", .count, .orders) }
  fileprivate static var responses: Self { Self("responses", .count, .responses) }
  fileprivate static var netPromoters: Self {
    Self("promoters less detractors", .balance, .promoters, less: .detractors)
  }
  fileprivate static var spend: Self { Self("spend", .spend, .cost) }
  fileprivate static var revenue: Self { Self("revenue", .revenue, .revenue) }
  fileprivate static var incrementalProfit: Self {
    Self("incremental profit", .revenue, .incrementalRevenue, less: .costOfGoods)
  }
}
