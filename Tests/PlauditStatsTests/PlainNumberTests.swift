import PlauditStats
import Testing

struct PlainNumberTests {
  @Test func `whole numbers carry no decimal point`() {
    #expect(12.0.plain == "12")
    #expect((-3.0).plain == "-3")
    #expect(0.25.plain == "0.25")
    #expect(1e20.plain == "1e+20")
    #expect(Double.nan.plain == "nan")
    #expect((-Double.infinity).plain == "-inf")
  }
}
