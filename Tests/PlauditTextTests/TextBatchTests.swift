import PlauditCore
import Testing

@testable import PlauditText

struct TextBatchTests {
  private func batch(
    _ count: Int, _ text: String, _ offsets: [Int32]?, _ wide: [Int64]? = nil,
    validity: [UInt8]? = nil, _ body: (TextBatch) throws -> Void = { _ in }
  ) throws {
    try Array(text.utf8).withUnsafeBytes { data in
      func make(_ narrow: UnsafePointer<Int32>?, _ wide: UnsafePointer<Int64>?) throws {
        if let validity {
          try validity.withUnsafeBufferPointer { bits in
            try body(
              TextBatch(
                count: count, data: data, offsets32: narrow, offsets64: wide,
                validity: bits.baseAddress))
          }
        } else {
          try body(
            TextBatch(
              count: count, data: data, offsets32: narrow, offsets64: wide, validity: nil))
        }
      }
      switch (offsets, wide) {
      case (nil, nil): try make(nil, nil)
      case (let narrow?, nil): try make(narrow, nil)
      case (nil, let wide?): try make(nil, wide)
      case (let narrow?, let wide?): try make(narrow, wide)
      }
    }
  }

  // MARK: By hand

  @Test func `rows are slices, null rows are empty`() throws {
    for isWide in [false, true] {
      try batch(
        3, "xabc", isWide ? nil : [1, 2, 4, 4], isWide ? [1, 2, 4, 4] : nil, validity: [0b101]
      ) { texts in
        #expect(Array(texts.text(0)) == Array("a".utf8))
        #expect(texts.isNull(1))
        #expect(texts.text(1).isEmpty)
        #expect(!texts.isNull(2))
        #expect(texts.text(2).isEmpty)
        #expect(texts.text(3).isEmpty)
        #expect(texts.text(-1).isEmpty)
      }
    }
    try batch(0, "", nil) { #expect($0.count == 0) }
  }

  // MARK: Refusal

  @Test func `offsets that lie are refused with their row`() {
    func refuse(_ kind: PlauditError.Kind, row: Int64, _ body: () throws -> Void) {
      do {
        try body()
        Issue.record("not refused")
      } catch let error as PlauditError {
        #expect(error.kind == kind)
        #expect(error.index == row)
      } catch {
        Issue.record("another error: \(error)")
      }
    }
    refuse(.invalidData, row: 0) { try batch(1, "ab", [-1, 1]) }
    refuse(.invalidData, row: 1) { try batch(2, "ab", [0, 2, 1]) }
    refuse(.invalidData, row: 1) { try batch(2, "ab", [0, 2, 3]) }
    refuse(.invalidData, row: 0) { try batch(1, "ab", nil, [0, Int64.max]) }
    refuse(.invalidArgument, row: -1) { try batch(-1, "", nil) }
    refuse(.invalidArgument, row: -1) { try batch(1, "", nil) }
    refuse(.invalidArgument, row: -1) { try batch(1, "", [0, 0], [0, 0]) }
    refuse(.limit, row: 0) {
      // The text is never read: its length alone is too much.
      let offsets: [Int64] = [0, 1 << 31]
      let data = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 4096), count: 1 << 31)
      _ = try TextBatch(
        count: 1, data: data, offsets32: nil, offsets64: offsets, validity: nil)
    }
  }
}
