import Testing

@testable import PlauditText

/// What templates make of rows is in TruncationTests, against the reference.
struct TemplateTests {
  @Test func `the usual template counts its special tokens`() {
    let template = Template.bert(classifier: 2, separator: 3)
    #expect(template.singleCount == 2)
    #expect(template.pairCount == 3)
    #expect(template.usesEachTextOnce)
    #expect(!template.startsWithSecond)
    #expect(Template.bare.usesEachTextOnce)
    #expect(Template.bare.pairCount == 0)
  }

  @Test func `a text that is missing or there twice is noticed`() {
    var twice = Template.bare
    twice.addText(1, typeId: 0, pair: true)
    #expect(!twice.usesEachTextOnce)
    var single = Template.bare
    single.addText(1, typeId: 0, pair: false)
    #expect(!single.usesEachTextOnce)
    #expect(!Template().usesEachTextOnce)
  }
}
