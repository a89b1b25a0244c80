import CPlaudit
import Foundation
import PlauditABI
import Testing

/// The C functions from Swift, through the header alone.
struct LibraryTests {
  private static let tiny = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("PlauditNeuralTests/Reference/bert_tiny")

  /// The text of an error, which is freed.
  private func message(_ error: inout OpaquePointer?) -> String {
    defer { plaudit_error_free(&error) }
    return plaudit_error_message(error).map { String(cString: $0) } ?? ""
  }

  private func load(_ name: String) throws -> OpaquePointer {
    var model: OpaquePointer?
    var error: OpaquePointer?
    let path = Self.tiny.appendingPathComponent(name).path
    let status = plaudit_model_load(path, -1, nil, &model, &error)
    #expect(status == PLAUDIT_OK, "\(message(&error))")
    return try #require(model)
  }

  private func withTexts<R>(
    _ texts: [String], _ body: (UnsafePointer<plaudit_text_batch>) throws -> R
  ) rethrows -> R {
    let pointers = texts.map { UnsafePointer(strdup($0)) }
    defer { for pointer in pointers { free(UnsafeMutableRawPointer(mutating: pointer)) } }
    return try pointers.withUnsafeBufferPointer { pointers in
      var batch = plaudit_text_batch()
      batch.struct_size = Int64(MemoryLayout<plaudit_text_batch>.size)
      batch.count = Int64(texts.count)
      batch.pointers = pointers.baseAddress
      return try body(&batch)
    }
  }

  @Test func `version, status names and build info`() throws {
    #expect(plaudit_version() == PLAUDIT_VERSION_MAJOR * 10000 + PLAUDIT_VERSION_MINOR * 100)
    #expect(plaudit_abi_version() == PLAUDIT_ABI_VERSION)
    let name = try #require(plaudit_status_name(Int32(PLAUDIT_ERROR_CORRUPT)))
    #expect(String(cString: name) == "CORRUPT")
    let info = try #require(plaudit_build_info()).withMemoryRebound(to: CChar.self, capacity: 1) {
      Data(String(cString: $0).utf8)
    }
    let parsed = try #require(try JSONSerialization.jsonObject(with: info) as? [String: Any])
    #expect(parsed["precision"] as? String == "fp32")
    #expect((parsed["threads_available"] as? Int ?? 0) >= 1)
  }

  @Test func `the description gives Swift's own layout`() throws {
    let text = String(cString: try #require(plaudit_abi_describe()))
    let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8))
    let structs = try #require(parsed as? [String: [String: Any]])
    let header = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../include/plaudit.h").standardizedFileURL
    let declared = try String(contentsOf: header, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("} plaudit_") }
      .map { String($0.dropFirst(2).prefix { $0 != ";" }) }
    #expect(Set(structs.keys) == Set(declared))
    let sizes = [
      "plaudit_text_batch": MemoryLayout<plaudit_text_batch>.size,
      "plaudit_model_info": MemoryLayout<plaudit_model_info>.size,
      "plaudit_run_options": MemoryLayout<plaudit_run_options>.size,
      "plaudit_lift": MemoryLayout<plaudit_lift>.size,
    ]
    for (name, size) in sizes { #expect(structs[name]?["size"] as? Int == size, "\(name)") }
    let fields = structs["plaudit_lift"]?["fields"] as? [String: Int]
    #expect(fields?["p_value"] == MemoryLayout<plaudit_lift>.offset(of: \.p_value))
  }

  @Test func `an error says what and where, and is freed once`() {
    var model: OpaquePointer?
    var error: OpaquePointer?
    #expect(
      plaudit_model_load("/nowhere", -1, nil, &model, &error) == Int32(PLAUDIT_ERROR_NOT_FOUND))
    #expect(model == nil)
    #expect(plaudit_error_code(error) == Int32(PLAUDIT_ERROR_NOT_FOUND))
    #expect(plaudit_error_index(error) == -1)
    #expect(message(&error).contains("/nowhere"))
    #expect(error == nil)
    plaudit_error_free(&error)
    #expect(String(cString: plaudit_error_message(nil)) == "")
  }

  @Test func `texts become ids with offsets`() throws {
    var tokenizer: OpaquePointer?
    let folder = Self.tiny.appendingPathComponent("sequence_single").path
    #expect(plaudit_tokenizer_load(folder, -1, &tokenizer, nil) == PLAUDIT_OK)
    defer { plaudit_tokenizer_free(&tokenizer) }
    var encoding: OpaquePointer?
    let status = withTexts(["a great day"]) {
      plaudit_tokenizer_encode(tokenizer, $0, nil, nil, &encoding, nil)
    }
    #expect(status == PLAUDIT_OK)
    defer { plaudit_encoding_free(&encoding) }
    var view = plaudit_encoding_view()
    view.struct_size = Int64(MemoryLayout<plaudit_encoding_view>.size)
    #expect(plaudit_encoding_get(encoding, &view, nil) == PLAUDIT_OK)
    #expect(view.row_count == 1 && view.token_count >= 5)
    var last: Int32 = -1
    #expect(plaudit_tokenizer_token_id(tokenizer, "[SEP]", -1, &last, nil) == PLAUDIT_OK)
    #expect(view.ids?[Int(view.token_count) - 1] == last)
    #expect(view.starts?[1] == 0 && view.ends?[1] == 1)
  }

  @Test func `a model, its scorer and its hidden states agree`() throws {
    var model: OpaquePointer? = try load("sequence_single")
    defer { plaudit_model_free(&model) }
    var scores = [Float](repeating: 0, count: 6)
    var labels: [Int32] = [7, 7]
    let status = withTexts(["a great day", "bad tea"]) {
      plaudit_model_predict(model, $0, nil, nil, nil, &scores, 6, &labels, nil, nil)
    }
    #expect(status == PLAUDIT_OK)
    #expect((scores[0] + scores[1] + scores[2] - 1).magnitude < 1e-6)
    #expect(scores[Int(labels[0])] == scores[0..<3].max())

    var scorer: OpaquePointer?
    #expect(plaudit_scorer_create(model, nil, &scorer, nil) == PLAUDIT_OK)
    var one = [Float](repeating: 0, count: 3)
    #expect(
      plaudit_scorer_score(scorer, "a great day", -1, &one, 3, nil, nil, nil) == PLAUDIT_OK)
    #expect(one == Array(scores[0..<3]))
    plaudit_scorer_free(&scorer)

    var offsets: [Int64] = [-1, -1]
    let measured = withTexts(["a"]) {
      plaudit_model_hidden_states(model, $0, nil, nil, nil, nil, 0, &offsets, nil)
    }
    #expect(measured == PLAUDIT_OK && offsets[0] == 0 && offsets[1] >= 3)
  }

  @Test func `a head is trained through the header`() throws {
    var model: OpaquePointer? = try load("sentence_mean")
    defer { plaudit_model_free(&model) }
    var trainer: OpaquePointer?
    let created = withTexts(["good", "bad"]) {
      plaudit_trainer_create(model, $0, nil, &trainer, nil)
    }
    #expect(created == PLAUDIT_OK)
    defer { plaudit_trainer_free(&trainer) }
    let targets: [Int32] = [0, 0, 1, 1]
    let added = withTexts(["a great day", "great tea", "bad tea", "a bad day"]) {
      plaudit_trainer_add(trainer, $0, targets, nil, nil)
    }
    #expect(added == PLAUDIT_OK)
    var report = plaudit_training_report()
    report.struct_size = Int64(MemoryLayout<plaudit_training_report>.size)
    #expect(plaudit_trainer_fit(trainer, nil, &report, nil) == PLAUDIT_OK)
    #expect(report.example_count == 4 && report.converged == 1)
    var trained: OpaquePointer?
    #expect(plaudit_trainer_model(trainer, &trained, nil) == PLAUDIT_OK)
    var index: Int32 = -1
    #expect(plaudit_model_label_index(trained, "bad", -1, &index, nil) == PLAUDIT_OK)
    #expect(index == 1)
    plaudit_model_free(&trained)
  }

  @Test func `numbers of a campaign`() {
    var rate = 0.0
    #expect(plaudit_kpi_click_through_rate(235, 9400, &rate, nil) == PLAUDIT_OK)
    #expect(rate == 0.025)
    var error: OpaquePointer?
    #expect(
      plaudit_kpi_click_through_rate(5, 4, &rate, &error) == Int32(PLAUDIT_ERROR_INVALID_DATA))
    #expect(rate == 0)
    #expect(message(&error).contains("clicks"))
    var lift = plaudit_lift()
    lift.struct_size = Int64(MemoryLayout<plaudit_lift>.size)
    var counts = plaudit_two_proportions(
      treatment_successes: 182, treatment_trials: 1000, control_successes: 134,
      control_trials: 1000)
    #expect(plaudit_stats_proportion_lift(&counts, 0.95, &lift, nil) == PLAUDIT_OK)
    #expect((lift.relative - 48.0 / 134).magnitude < 1e-15)
  }
}
