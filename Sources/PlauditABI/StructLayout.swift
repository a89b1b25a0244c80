import CPlaudit

// What plaudit_abi_describe says: each public struct with its size and its fields' offsets, as the
// compiler lays them out.

private func layout<Root>(
  _ name: String, _ type: Root.Type, _ fields: [(String, PartialKeyPath<Root>)]
) -> String {
  let offsets = fields.map { name, path in
    "\"\(name)\": \(MemoryLayout<Root>.offset(of: path) ?? -1)"
  }
  return """
    "\(name)": {"size": \(MemoryLayout<Root>.size), \
    "fields": {\(offsets.joined(separator: ", "))}}
    """
}

func structLayoutText() -> String {
  let structs = [
    layout(
      "plaudit_progress", plaudit_progress.self,
      [
        ("struct_size", \.struct_size),
        ("done", \.done),
        ("total", \.total),
        ("seconds_elapsed", \.seconds_elapsed),
        ("seconds_left", \.seconds_left),
        ("loss", \.loss),
        ("phase", \.phase),
        ("reserved", \.reserved),
      ]),
    layout(
      "plaudit_run_options", plaudit_run_options.self,
      [
        ("struct_size", \.struct_size),
        ("cancel", \.cancel),
        ("progress", \.progress),
        ("progress_user_data", \.progress_user_data),
        ("progress_interval_ms", \.progress_interval_ms),
        ("timeout_ms", \.timeout_ms),
        ("threads", \.threads),
        ("reserved", \.reserved),
      ]),
    layout(
      "plaudit_text_batch", plaudit_text_batch.self,
      [
        ("struct_size", \.struct_size),
        ("count", \.count),
        ("data", \.data),
        ("data_length", \.data_length),
        ("offsets64", \.offsets64),
        ("offsets32", \.offsets32),
        ("validity", \.validity),
        ("pointers", \.pointers),
        ("lengths", \.lengths),
      ]),
    layout(
      "plaudit_encode_options", plaudit_encode_options.self,
      [
        ("struct_size", \.struct_size),
        ("max_length", \.max_length),
        ("stride", \.stride),
        ("pad_length", \.pad_length),
        ("pad_multiple", \.pad_multiple),
        ("truncation", \.truncation),
        ("truncation_side", \.truncation_side),
        ("padding", \.padding),
        ("padding_side", \.padding_side),
        ("no_special_tokens", \.no_special_tokens),
        ("special_text", \.special_text),
        ("invalid_utf8", \.invalid_utf8),
        ("reserved", \.reserved),
      ]),
    layout(
      "plaudit_encoding_view", plaudit_encoding_view.self,
      [
        ("struct_size", \.struct_size),
        ("text_count", \.text_count),
        ("row_count", \.row_count),
        ("token_count", \.token_count),
        ("row_offsets", \.row_offsets),
        ("row_texts", \.row_texts),
        ("ids", \.ids),
        ("type_ids", \.type_ids),
        ("attention_mask", \.attention_mask),
        ("special_tokens_mask", \.special_tokens_mask),
        ("sequences", \.sequences),
        ("starts", \.starts),
        ("ends", \.ends),
        ("dropped_tokens", \.dropped_tokens),
        ("unknown_offsets", \.unknown_offsets),
        ("unknown_starts", \.unknown_starts),
        ("unknown_ends", \.unknown_ends),
        ("unknown_sequences", \.unknown_sequences),
      ]),
    layout(
      "plaudit_model_options", plaudit_model_options.self,
      [
        ("struct_size", \.struct_size),
        ("max_bytes", \.max_bytes),
      ]),
    layout(
      "plaudit_model_info", plaudit_model_info.self,
      [
        ("struct_size", \.struct_size),
        ("architecture", \.architecture),
        ("hidden_size", \.hidden_size),
        ("layer_count", \.layer_count),
        ("embedding_size", \.embedding_size),
        ("embedding_size", \.embedding_size),
        ("max_length", \.max_length),
        ("parameter_count", \.parameter_count),
        ("label_count", \.label_count),
        ("problem", \.problem),
        ("pooling", \.pooling),
        ("normalized", \.normalized),
        ("labels_unnamed", \.labels_unnamed),
      ]),
    layout(
      "plaudit_predict_options", plaudit_predict_options.self,
      [
        ("struct_size", \.struct_size),
        ("max_length", \.max_length),
        ("window_stride", \.window_stride),
        ("long_text", \.long_text),
        ("scores", \.scores),
        ("pooling", \.pooling),
        ("normalize", \.normalize),
        ("invalid_utf8", \.invalid_utf8),
        ("special_text", \.special_text),
      ]),
    layout(
      "plaudit_text_report", plaudit_text_report.self,
      [
        ("token_count", \.token_count),
        ("dropped_tokens", \.dropped_tokens),
        ("unknown_words", \.unknown_words),
        ("window_count", \.window_count),
      ]),
    layout(
      "plaudit_trainer_options", plaudit_trainer_options.self,
      [
        ("struct_size", \.struct_size),
        ("l2", \.l2),
        ("holdout_fraction", \.holdout_fraction),
        ("tolerance", \.tolerance),
        ("max_iterations", \.max_iterations),
        ("history", \.history),
        ("seed", \.seed),
        ("class_weights", \.class_weights),
        ("class_weighting", \.class_weighting),
        ("pooling", \.pooling),
        ("normalize", \.normalize),
        ("reserved", \.reserved),
      ]),
    layout(
      "plaudit_training_report", plaudit_training_report.self,
      [
        ("struct_size", \.struct_size),
        ("example_count", \.example_count),
        ("iteration_count", \.iteration_count),
        ("loss", \.loss),
        ("l2", \.l2),
        ("holdout_accuracy", \.holdout_accuracy),
        ("holdout_macro_f1", \.holdout_macro_f1),
        ("converged", \.converged),
        ("reserved", \.reserved),
      ]),
    layout(
      "plaudit_interval", plaudit_interval.self,
      [
        ("lower", \.lower),
        ("upper", \.upper),
      ]),
    layout(
      "plaudit_two_proportions", plaudit_two_proportions.self,
      [
        ("treatment_successes", \.treatment_successes),
        ("treatment_trials", \.treatment_trials),
        ("control_successes", \.control_successes),
        ("control_trials", \.control_trials),
      ]),
    layout(
      "plaudit_test_options", plaudit_test_options.self,
      [
        ("struct_size", \.struct_size),
        ("confidence", \.confidence),
        ("alternative", \.alternative),
        ("unpooled", \.unpooled),
      ]),
    layout(
      "plaudit_test_result", plaudit_test_result.self,
      [
        ("struct_size", \.struct_size),
        ("treatment_rate", \.treatment_rate),
        ("control_rate", \.control_rate),
        ("difference", \.difference),
        ("difference_interval", \.difference_interval),
        ("z", \.z),
        ("p_value", \.p_value),
      ]),
    layout(
      "plaudit_lift", plaudit_lift.self,
      [
        ("struct_size", \.struct_size),
        ("treatment_rate", \.treatment_rate),
        ("control_rate", \.control_rate),
        ("absolute", \.absolute),
        ("absolute_interval", \.absolute_interval),
        ("relative", \.relative),
        ("relative_interval", \.relative_interval),
        ("z", \.z),
        ("p_value", \.p_value),
        ("flags", \.flags),
        ("reserved", \.reserved),
      ]),
    layout(
      "plaudit_classification_report", plaudit_classification_report.self,
      [
        ("struct_size", \.struct_size),
        ("accuracy", \.accuracy),
        ("macro_precision", \.macro_precision),
        ("macro_recall", \.macro_recall),
        ("macro_f1", \.macro_f1),
        ("weighted_f1", \.weighted_f1),
        ("undefined_classes", \.undefined_classes),
      ]),
  ]
  return "{" + structs.joined(separator: ", ") + "}"
}
