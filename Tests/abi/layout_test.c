/* The layout of every public struct is part of the contract: these numbers, for 64-bit systems,
 * may grow at the end of a struct with struct_size and change in no other way. The compiler checks
 * them against the header, the program against plaudit_abi_describe(). */
#include <plaudit.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define LAYOUT(STRUCT, FIELD) \
  STRUCT(plaudit_progress, 56)                                \
  FIELD(plaudit_progress, struct_size, 0)                     \
  FIELD(plaudit_progress, done, 8)                            \
  FIELD(plaudit_progress, total, 16)                          \
  FIELD(plaudit_progress, seconds_elapsed, 24)                \
  FIELD(plaudit_progress, seconds_left, 32)                   \
  FIELD(plaudit_progress, loss, 40)                           \
  FIELD(plaudit_progress, phase, 48)                          \
  FIELD(plaudit_progress, reserved, 52)                       \
  STRUCT(plaudit_run_options, 56)                             \
  FIELD(plaudit_run_options, struct_size, 0)                  \
  FIELD(plaudit_run_options, cancel, 8)                       \
  FIELD(plaudit_run_options, progress, 16)                    \
  FIELD(plaudit_run_options, progress_user_data, 24)          \
  FIELD(plaudit_run_options, progress_interval_ms, 32)        \
  FIELD(plaudit_run_options, timeout_ms, 40)                  \
  FIELD(plaudit_run_options, threads, 48)                     \
  FIELD(plaudit_run_options, reserved, 52)                    \
  STRUCT(plaudit_text_batch, 72)                              \
  FIELD(plaudit_text_batch, struct_size, 0)                   \
  FIELD(plaudit_text_batch, count, 8)                         \
  FIELD(plaudit_text_batch, data, 16)                         \
  FIELD(plaudit_text_batch, data_length, 24)                  \
  FIELD(plaudit_text_batch, offsets64, 32)                    \
  FIELD(plaudit_text_batch, offsets32, 40)                    \
  FIELD(plaudit_text_batch, validity, 48)                     \
  FIELD(plaudit_text_batch, pointers, 56)                     \
  FIELD(plaudit_text_batch, lengths, 64)                      \
  STRUCT(plaudit_encode_options, 72)                          \
  FIELD(plaudit_encode_options, struct_size, 0)               \
  FIELD(plaudit_encode_options, max_length, 8)                \
  FIELD(plaudit_encode_options, stride, 16)                   \
  FIELD(plaudit_encode_options, pad_length, 24)               \
  FIELD(plaudit_encode_options, pad_multiple, 32)             \
  FIELD(plaudit_encode_options, truncation, 40)               \
  FIELD(plaudit_encode_options, truncation_side, 44)          \
  FIELD(plaudit_encode_options, padding, 48)                  \
  FIELD(plaudit_encode_options, padding_side, 52)             \
  FIELD(plaudit_encode_options, no_special_tokens, 56)        \
  FIELD(plaudit_encode_options, special_text, 60)             \
  FIELD(plaudit_encode_options, invalid_utf8, 64)             \
  FIELD(plaudit_encode_options, reserved, 68)                 \
  STRUCT(plaudit_encoding_view, 144)                          \
  FIELD(plaudit_encoding_view, struct_size, 0)                \
  FIELD(plaudit_encoding_view, text_count, 8)                 \
  FIELD(plaudit_encoding_view, row_count, 16)                 \
  FIELD(plaudit_encoding_view, token_count, 24)               \
  FIELD(plaudit_encoding_view, row_offsets, 32)               \
  FIELD(plaudit_encoding_view, row_texts, 40)                 \
  FIELD(plaudit_encoding_view, ids, 48)                       \
  FIELD(plaudit_encoding_view, type_ids, 56)                  \
  FIELD(plaudit_encoding_view, attention_mask, 64)            \
  FIELD(plaudit_encoding_view, special_tokens_mask, 72)       \
  FIELD(plaudit_encoding_view, sequences, 80)                 \
  FIELD(plaudit_encoding_view, starts, 88)                    \
  FIELD(plaudit_encoding_view, ends, 96)                      \
  FIELD(plaudit_encoding_view, dropped_tokens, 104)           \
  FIELD(plaudit_encoding_view, unknown_offsets, 112)          \
  FIELD(plaudit_encoding_view, unknown_starts, 120)           \
  FIELD(plaudit_encoding_view, unknown_ends, 128)             \
  FIELD(plaudit_encoding_view, unknown_sequences, 136)        \
  STRUCT(plaudit_model_options, 16)                           \
  FIELD(plaudit_model_options, struct_size, 0)                \
  FIELD(plaudit_model_options, max_bytes, 8)                  \
  STRUCT(plaudit_model_info, 80)                              \
  FIELD(plaudit_model_info, struct_size, 0)                   \
  FIELD(plaudit_model_info, architecture, 8)                  \
  FIELD(plaudit_model_info, hidden_size, 16)                  \
  FIELD(plaudit_model_info, layer_count, 24)                  \
  FIELD(plaudit_model_info, embedding_size, 32)               \
  FIELD(plaudit_model_info, max_length, 40)                   \
  FIELD(plaudit_model_info, parameter_count, 48)              \
  FIELD(plaudit_model_info, label_count, 56)                  \
  FIELD(plaudit_model_info, problem, 64)                      \
  FIELD(plaudit_model_info, pooling, 68)                      \
  FIELD(plaudit_model_info, normalized, 72)                   \
  FIELD(plaudit_model_info, labels_unnamed, 76)               \
  STRUCT(plaudit_predict_options, 48)                         \
  FIELD(plaudit_predict_options, struct_size, 0)              \
  FIELD(plaudit_predict_options, max_length, 8)               \
  FIELD(plaudit_predict_options, window_stride, 16)           \
  FIELD(plaudit_predict_options, long_text, 24)               \
  FIELD(plaudit_predict_options, scores, 28)                  \
  FIELD(plaudit_predict_options, pooling, 32)                 \
  FIELD(plaudit_predict_options, normalize, 36)               \
  FIELD(plaudit_predict_options, invalid_utf8, 40)            \
  FIELD(plaudit_predict_options, special_text, 44)            \
  STRUCT(plaudit_text_report, 32)                             \
  FIELD(plaudit_text_report, token_count, 0)                  \
  FIELD(plaudit_text_report, dropped_tokens, 8)               \
  FIELD(plaudit_text_report, unknown_words, 16)               \
  FIELD(plaudit_text_report, window_count, 24)                \
  STRUCT(plaudit_trainer_options, 80)                         \
  FIELD(plaudit_trainer_options, struct_size, 0)              \
  FIELD(plaudit_trainer_options, l2, 8)                       \
  FIELD(plaudit_trainer_options, holdout_fraction, 16)        \
  FIELD(plaudit_trainer_options, tolerance, 24)               \
  FIELD(plaudit_trainer_options, max_iterations, 32)          \
  FIELD(plaudit_trainer_options, history, 40)                 \
  FIELD(plaudit_trainer_options, seed, 48)                    \
  FIELD(plaudit_trainer_options, class_weights, 56)           \
  FIELD(plaudit_trainer_options, class_weighting, 64)         \
  FIELD(plaudit_trainer_options, pooling, 68)                 \
  FIELD(plaudit_trainer_options, normalize, 72)               \
  FIELD(plaudit_trainer_options, reserved, 76)                \
  STRUCT(plaudit_training_report, 64)                         \
  FIELD(plaudit_training_report, struct_size, 0)              \
  FIELD(plaudit_training_report, example_count, 8)            \
  FIELD(plaudit_training_report, iteration_count, 16)         \
  FIELD(plaudit_training_report, loss, 24)                    \
  FIELD(plaudit_training_report, l2, 32)                      \
  FIELD(plaudit_training_report, holdout_accuracy, 40)        \
  FIELD(plaudit_training_report, holdout_macro_f1, 48)        \
  FIELD(plaudit_training_report, converged, 56)               \
  FIELD(plaudit_training_report, reserved, 60)                \
  STRUCT(plaudit_interval, 16)                                \
  FIELD(plaudit_interval, lower, 0)                           \
  FIELD(plaudit_interval, upper, 8)                           \
  STRUCT(plaudit_two_proportions, 32)                         \
  FIELD(plaudit_two_proportions, treatment_successes, 0)      \
  FIELD(plaudit_two_proportions, treatment_trials, 8)         \
  FIELD(plaudit_two_proportions, control_successes, 16)       \
  FIELD(plaudit_two_proportions, control_trials, 24)          \
  STRUCT(plaudit_test_options, 24)                            \
  FIELD(plaudit_test_options, struct_size, 0)                 \
  FIELD(plaudit_test_options, confidence, 8)                  \
  FIELD(plaudit_test_options, alternative, 16)                \
  FIELD(plaudit_test_options, unpooled, 20)                   \
  STRUCT(plaudit_test_result, 64)                             \
  FIELD(plaudit_test_result, struct_size, 0)                  \
  FIELD(plaudit_test_result, treatment_rate, 8)               \
  FIELD(plaudit_test_result, control_rate, 16)                \
  FIELD(plaudit_test_result, difference, 24)                  \
  FIELD(plaudit_test_result, difference_interval, 32)         \
  FIELD(plaudit_test_result, z, 48)                           \
  FIELD(plaudit_test_result, p_value, 56)                     \
  STRUCT(plaudit_lift, 96)                                    \
  FIELD(plaudit_lift, struct_size, 0)                         \
  FIELD(plaudit_lift, treatment_rate, 8)                      \
  FIELD(plaudit_lift, control_rate, 16)                       \
  FIELD(plaudit_lift, absolute, 24)                           \
  FIELD(plaudit_lift, absolute_interval, 32)                  \
  FIELD(plaudit_lift, relative, 48)                           \
  FIELD(plaudit_lift, relative_interval, 56)                  \
  FIELD(plaudit_lift, z, 72)                                  \
  FIELD(plaudit_lift, p_value, 80)                            \
  FIELD(plaudit_lift, flags, 88)                              \
  FIELD(plaudit_lift, reserved, 92)                           \
  STRUCT(plaudit_classification_report, 56)                   \
  FIELD(plaudit_classification_report, struct_size, 0)        \
  FIELD(plaudit_classification_report, accuracy, 8)           \
  FIELD(plaudit_classification_report, macro_precision, 16)   \
  FIELD(plaudit_classification_report, macro_recall, 24)      \
  FIELD(plaudit_classification_report, macro_f1, 32)          \
  FIELD(plaudit_classification_report, weighted_f1, 40)       \
  FIELD(plaudit_classification_report, undefined_classes, 48)
/* clang-format on */

#define STRUCT_IS(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size");
#define FIELD_IS(type, field, bytes) \
  _Static_assert(offsetof(type, field) == (bytes), #type "." #field " lies elsewhere");
LAYOUT(STRUCT_IS, FIELD_IS)

struct row {
  const char *type, *field; /* field NULL: the size of the struct */
  long bytes;
};
#define STRUCT_ROW(type, bytes) {#type, NULL, bytes},
#define FIELD_ROW(type, field, bytes) {#type, #field, bytes},
static const struct row rows[] = {LAYOUT(STRUCT_ROW, FIELD_ROW)};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* A reader for the one shape the description has:
 * {"struct": {"size": n, "fields": {"name": offset, ...}}, ...} */
static const char *at;

static void skip(const char *text) {
  at += strspn(at, " \n\t\r");
  size_t length = strlen(text);
  if (strncmp(at, text, length) != 0) {
    printf("plaudit_abi_describe: expected %s at: %.40s\n", text, at);
    exit(1);
  }
  at += length;
}

static int next_is(char character) {
  at += strspn(at, " \n\t\r");
  return *at == character;
}

static void read_name(char name[64]) {
  skip("\"");
  size_t length = strcspn(at, "\"");
  if (length > 63) exit(1);
  memcpy(name, at, length);
  name[length] = 0;
  at += length;
  skip("\"");
}

static long read_number(void) {
  char *end;
  long number = strtol(at, &end, 10);
  at = end;
  return number;
}

static int seen[ROWS], wrong;

static void check(const char *type, const char *field, long bytes) {
  for (int i = 0; i < ROWS; i++) {
    if (strcmp(rows[i].type, type) != 0 || (rows[i].field == NULL) != (field == NULL)) continue;
    if (field && strcmp(rows[i].field, field) != 0) continue;
    seen[i] = 1;
    if (rows[i].bytes == bytes) return;
    printf("%s.%s: described as %ld, is %ld\n", type, field ? field : "size", bytes,
           rows[i].bytes);
    wrong = 1;
    return;
  }
  printf("%s.%s is described, but not in this test\n", type, field ? field : "size");
  wrong = 1;
}

int main(void) {
  char type[64], field[64];
  at = plaudit_abi_describe();
  skip("{");
  while (!next_is('}')) {
    read_name(type);
    skip(":");
    skip("{");
    skip("\"size\"");
    skip(":");
    check(type, NULL, read_number());
    skip(",");
    skip("\"fields\"");
    skip(":");
    skip("{");
    while (!next_is('}')) {
      read_name(field);
      skip(":");
      check(type, field, read_number());
      if (next_is(',')) skip(",");
    }
    skip("}");
    skip("}");
    if (next_is(',')) skip(",");
  }
  skip("}");
  for (int i = 0; i < ROWS; i++) {
    if (seen[i]) continue;
    printf("%s.%s is not described\n", rows[i].type, rows[i].field ? rows[i].field : "size");
    wrong = 1;
  }
  return wrong;
}
