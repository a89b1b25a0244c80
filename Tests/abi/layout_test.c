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
  STRUCT(plaudit_progress, 72)                                \
  FIELD(plaudit_progress, struct_size, 0)                     \
  FIELD(plaudit_progress, done, 8)                            \
  FIELD(plaudit_progress, total, 16)                          \
  FIELD(plaudit_progress, seconds_elapsed, 24)                \
  FIELD(plaudit_progress, seconds_left, 32)                   \
  FIELD(plaudit_progress, loss, 40)                           \
  FIELD(plaudit_progress, phase, 48)                          \
  FIELD(plaudit_progress, reserved, 52)                       \
  FIELD(plaudit_progress, step, 56)                           \
  FIELD(plaudit_progress, per_second, 64)                     \
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
  FIELD(plaudit_encode_options, columns, 68)                  \
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
  STRUCT(plaudit_cleaning_view, 56)                           \
  FIELD(plaudit_cleaning_view, struct_size, 0)                \
  FIELD(plaudit_cleaning_view, text_count, 8)                 \
  FIELD(plaudit_cleaning_view, byte_count, 16)                \
  FIELD(plaudit_cleaning_view, data, 24)                      \
  FIELD(plaudit_cleaning_view, offsets, 32)                   \
  FIELD(plaudit_cleaning_view, starts, 40)                    \
  FIELD(plaudit_cleaning_view, ends, 48)                      \
  STRUCT(plaudit_model_options, 24)                           \
  FIELD(plaudit_model_options, struct_size, 0)                \
  FIELD(plaudit_model_options, max_bytes, 8)                  \
  FIELD(plaudit_model_options, precision, 16)                 \
  FIELD(plaudit_model_options, reserved, 20)                  \
  STRUCT(plaudit_save_options, 16)                            \
  FIELD(plaudit_save_options, struct_size, 0)                 \
  FIELD(plaudit_save_options, storage, 8)                     \
  FIELD(plaudit_save_options, reserved, 12)                   \
  STRUCT(plaudit_model_info, 104)                             \
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
  FIELD(plaudit_model_info, cleaning, 80)                     \
  FIELD(plaudit_model_info, calibration, 88)                  \
  FIELD(plaudit_model_info, precision, 96)                    \
  FIELD(plaudit_model_info, reserved, 100)                    \
  STRUCT(plaudit_precision_report, 64)                        \
  FIELD(plaudit_precision_report, struct_size, 0)             \
  FIELD(plaudit_precision_report, text_count, 8)              \
  FIELD(plaudit_precision_report, flip_count, 16)             \
  FIELD(plaudit_precision_report, flip_rate, 24)              \
  FIELD(plaudit_precision_report, largest_difference, 32)     \
  FIELD(plaudit_precision_report, mean_difference, 40)        \
  FIELD(plaudit_precision_report, worst_text, 48)             \
  FIELD(plaudit_precision_report, precision, 56)              \
  FIELD(plaudit_precision_report, reserved, 60)               \
  STRUCT(plaudit_predict_options, 56)                         \
  FIELD(plaudit_predict_options, struct_size, 0)              \
  FIELD(plaudit_predict_options, max_length, 8)               \
  FIELD(plaudit_predict_options, window_stride, 16)           \
  FIELD(plaudit_predict_options, long_text, 24)               \
  FIELD(plaudit_predict_options, scores, 28)                  \
  FIELD(plaudit_predict_options, pooling, 32)                 \
  FIELD(plaudit_predict_options, normalize, 36)               \
  FIELD(plaudit_predict_options, invalid_utf8, 40)            \
  FIELD(plaudit_predict_options, special_text, 44)            \
  FIELD(plaudit_predict_options, scorer_threads, 48)          \
  FIELD(plaudit_predict_options, reserved, 52)                \
  STRUCT(plaudit_text_report, 32)                             \
  FIELD(plaudit_text_report, token_count, 0)                  \
  FIELD(plaudit_text_report, dropped_tokens, 8)               \
  FIELD(plaudit_text_report, unknown_words, 16)               \
  FIELD(plaudit_text_report, window_count, 24)                \
  STRUCT(plaudit_trainer_options, 336)                        \
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
  FIELD(plaudit_trainer_options, architecture, 80)            \
  FIELD(plaudit_trainer_options, cleaning, 88)                \
  FIELD(plaudit_trainer_options, vectors, 96)                 \
  FIELD(plaudit_trainer_options, checkpoint, 104)             \
  FIELD(plaudit_trainer_options, checkpoint_steps, 112)       \
  FIELD(plaudit_trainer_options, epochs, 120)                 \
  FIELD(plaudit_trainer_options, batch_size, 128)             \
  FIELD(plaudit_trainer_options, batch_tokens, 136)           \
  FIELD(plaudit_trainer_options, pass_tokens, 144)            \
  FIELD(plaudit_trainer_options, max_length, 152)             \
  FIELD(plaudit_trainer_options, frozen_layers, 160)          \
  FIELD(plaudit_trainer_options, hidden_size, 168)            \
  FIELD(plaudit_trainer_options, filter_count, 176)           \
  FIELD(plaudit_trainer_options, dense_size, 184)             \
  FIELD(plaudit_trainer_options, vector_words, 192)           \
  FIELD(plaudit_trainer_options, patience, 200)               \
  FIELD(plaudit_trainer_options, plateau_patience, 208)       \
  FIELD(plaudit_trainer_options, learning_rate, 216)          \
  FIELD(plaudit_trainer_options, head_learning_rate, 224)     \
  FIELD(plaudit_trainer_options, weight_decay, 232)           \
  FIELD(plaudit_trainer_options, beta1, 240)                  \
  FIELD(plaudit_trainer_options, beta2, 248)                  \
  FIELD(plaudit_trainer_options, epsilon, 256)                \
  FIELD(plaudit_trainer_options, warmup_fraction, 264)        \
  FIELD(plaudit_trainer_options, plateau_factor, 272)         \
  FIELD(plaudit_trainer_options, clip_norm, 280)              \
  FIELD(plaudit_trainer_options, dropout, 288)                \
  FIELD(plaudit_trainer_options, classifier_dropout, 296)     \
  FIELD(plaudit_trainer_options, label_smoothing, 304)        \
  FIELD(plaudit_trainer_options, optimizer, 312)              \
  FIELD(plaudit_trainer_options, schedule, 316)               \
  FIELD(plaudit_trainer_options, monitor, 320)                \
  FIELD(plaudit_trainer_options, resume, 324)                 \
  FIELD(plaudit_trainer_options, no_bias_correction, 328)     \
  FIELD(plaudit_trainer_options, frozen_vectors, 332)         \
  STRUCT(plaudit_training_report, 96)                         \
  FIELD(plaudit_training_report, struct_size, 0)              \
  FIELD(plaudit_training_report, example_count, 8)            \
  FIELD(plaudit_training_report, iteration_count, 16)         \
  FIELD(plaudit_training_report, loss, 24)                    \
  FIELD(plaudit_training_report, l2, 32)                      \
  FIELD(plaudit_training_report, holdout_accuracy, 40)        \
  FIELD(plaudit_training_report, holdout_macro_f1, 48)        \
  FIELD(plaudit_training_report, converged, 56)               \
  FIELD(plaudit_training_report, reserved, 60)                \
  FIELD(plaudit_training_report, holdout_loss, 64)            \
  FIELD(plaudit_training_report, holdout_count, 72)           \
  FIELD(plaudit_training_report, best_epoch, 80)              \
  FIELD(plaudit_training_report, skipped_steps, 88)           \
  STRUCT(plaudit_epoch, 72)                                   \
  FIELD(plaudit_epoch, epoch, 0)                              \
  FIELD(plaudit_epoch, step, 8)                               \
  FIELD(plaudit_epoch, training_loss, 16)                     \
  FIELD(plaudit_epoch, validation_loss, 24)                   \
  FIELD(plaudit_epoch, validation_accuracy, 32)               \
  FIELD(plaudit_epoch, validation_macro_f1, 40)               \
  FIELD(plaudit_epoch, learning_rate, 48)                     \
  FIELD(plaudit_epoch, seconds, 56)                           \
  FIELD(plaudit_epoch, skipped_steps, 64)                     \
  STRUCT(plaudit_fold_result, 48)                             \
  FIELD(plaudit_fold_result, training_count, 0)               \
  FIELD(plaudit_fold_result, held_count, 8)                   \
  FIELD(plaudit_fold_result, accuracy, 16)                    \
  FIELD(plaudit_fold_result, macro_f1, 24)                    \
  FIELD(plaudit_fold_result, log_loss, 32)                    \
  FIELD(plaudit_fold_result, seconds, 40)                     \
  STRUCT(plaudit_kpi_options, 104)                            \
  FIELD(plaudit_kpi_options, struct_size, 0)                  \
  FIELD(plaudit_kpi_options, key_count, 8)                    \
  FIELD(plaudit_kpi_options, key_names, 16)                   \
  FIELD(plaudit_kpi_options, measure_count, 24)               \
  FIELD(plaudit_kpi_options, measures, 32)                    \
  FIELD(plaudit_kpi_options, measure_names, 40)               \
  FIELD(plaudit_kpi_options, measure_micros, 48)              \
  FIELD(plaudit_kpi_options, kpi_count, 56)                   \
  FIELD(plaudit_kpi_options, kpis, 64)                        \
  FIELD(plaudit_kpi_options, confidence, 72)                  \
  FIELD(plaudit_kpi_options, margin, 80)                      \
  FIELD(plaudit_kpi_options, missing, 88)                     \
  FIELD(plaudit_kpi_options, intervals, 92)                   \
  FIELD(plaudit_kpi_options, method, 96)                      \
  FIELD(plaudit_kpi_options, order, 100)                      \
  STRUCT(plaudit_column, 80)                                  \
  FIELD(plaudit_column, struct_size, 0)                       \
  FIELD(plaudit_column, count, 8)                             \
  FIELD(plaudit_column, offset, 16)                           \
  FIELD(plaudit_column, values, 24)                           \
  FIELD(plaudit_column, text_offsets, 32)                     \
  FIELD(plaudit_column, byte_count, 40)                       \
  FIELD(plaudit_column, validity, 48)                         \
  FIELD(plaudit_column, dictionary, 56)                       \
  FIELD(plaudit_column, format, 64)                           \
  FIELD(plaudit_column, type, 72)                             \
  FIELD(plaudit_column, reserved, 76)                         \
  STRUCT(plaudit_result_column, 112)                          \
  FIELD(plaudit_result_column, struct_size, 0)                \
  FIELD(plaudit_result_column, name, 8)                       \
  FIELD(plaudit_result_column, null_count, 16)                \
  FIELD(plaudit_result_column, role, 24)                      \
  FIELD(plaudit_result_column, subject, 28)                   \
  FIELD(plaudit_result_column, column, 32)                    \
  STRUCT(plaudit_running_moments, 104)                        \
  FIELD(plaudit_running_moments, struct_size, 0)              \
  FIELD(plaudit_running_moments, count, 8)                    \
  FIELD(plaudit_running_moments, mean, 16)                    \
  FIELD(plaudit_running_moments, mean_rest, 24)               \
  FIELD(plaudit_running_moments, second_sum, 32)              \
  FIELD(plaudit_running_moments, third_sum, 40)               \
  FIELD(plaudit_running_moments, fourth_sum, 48)              \
  FIELD(plaudit_running_moments, minimum, 56)                 \
  FIELD(plaudit_running_moments, maximum, 64)                 \
  FIELD(plaudit_running_moments, sum, 72)                     \
  FIELD(plaudit_running_moments, variance, 80)                \
  FIELD(plaudit_running_moments, skewness, 88)                \
  FIELD(plaudit_running_moments, kurtosis, 96)                \
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
  STRUCT(plaudit_hypothesis_options, 72)                      \
  FIELD(plaudit_hypothesis_options, struct_size, 0)           \
  FIELD(plaudit_hypothesis_options, confidence, 8)            \
  FIELD(plaudit_hypothesis_options, null_value, 16)           \
  FIELD(plaudit_hypothesis_options, margin_lower, 24)         \
  FIELD(plaudit_hypothesis_options, margin_upper, 32)         \
  FIELD(plaudit_hypothesis_options, alternative, 40)          \
  FIELD(plaudit_hypothesis_options, interval, 44)             \
  FIELD(plaudit_hypothesis_options, variance, 48)             \
  FIELD(plaudit_hypothesis_options, exactness, 52)            \
  FIELD(plaudit_hypothesis_options, has_null_value, 56)       \
  FIELD(plaudit_hypothesis_options, no_continuity, 60)        \
  FIELD(plaudit_hypothesis_options, refuse, 64)               \
  FIELD(plaudit_hypothesis_options, reserved, 68)             \
  STRUCT(plaudit_test_row, 88)                                \
  FIELD(plaudit_test_row, statistic, 0)                       \
  FIELD(plaudit_test_row, degrees_of_freedom, 8)              \
  FIELD(plaudit_test_row, denominator_degrees, 16)            \
  FIELD(plaudit_test_row, p_value, 24)                        \
  FIELD(plaudit_test_row, estimate, 32)                       \
  FIELD(plaudit_test_row, standard_error, 40)                 \
  FIELD(plaudit_test_row, interval, 48)                       \
  FIELD(plaudit_test_row, effect_size, 64)                    \
  FIELD(plaudit_test_row, corrected_effect_size, 72)          \
  FIELD(plaudit_test_row, flags, 80)                          \
  FIELD(plaudit_test_row, exact, 84)                          \
  STRUCT(plaudit_moments, 24)                                 \
  FIELD(plaudit_moments, count, 0)                            \
  FIELD(plaudit_moments, mean, 8)                             \
  FIELD(plaudit_moments, variance, 16)                        \
  STRUCT(plaudit_quantile, 40)                                \
  FIELD(plaudit_quantile, value, 0)                           \
  FIELD(plaudit_quantile, interval, 8)                        \
  FIELD(plaudit_quantile, standard_error, 24)                 \
  FIELD(plaudit_quantile, clusters, 32)                       \
  STRUCT(plaudit_power_design, 88)                            \
  FIELD(plaudit_power_design, struct_size, 0)                 \
  FIELD(plaudit_power_design, baseline, 8)                    \
  FIELD(plaudit_power_design, deviation, 16)                  \
  FIELD(plaudit_power_design, effect, 24)                     \
  FIELD(plaudit_power_design, alpha, 32)                      \
  FIELD(plaudit_power_design, power, 40)                      \
  FIELD(plaudit_power_design, control_count, 48)              \
  FIELD(plaudit_power_design, ratio, 56)                      \
  FIELD(plaudit_power_design, arms, 64)                       \
  FIELD(plaudit_power_design, test, 72)                       \
  FIELD(plaudit_power_design, alternative, 76)                \
  FIELD(plaudit_power_design, correction, 80)                 \
  FIELD(plaudit_power_design, reserved, 84)                   \
  STRUCT(plaudit_power_plan, 72)                              \
  FIELD(plaudit_power_plan, struct_size, 0)                   \
  FIELD(plaudit_power_plan, control_count, 8)                 \
  FIELD(plaudit_power_plan, treatment_count, 16)              \
  FIELD(plaudit_power_plan, total_count, 24)                  \
  FIELD(plaudit_power_plan, effect, 32)                       \
  FIELD(plaudit_power_plan, relative_effect, 40)              \
  FIELD(plaudit_power_plan, standardized_effect, 48)          \
  FIELD(plaudit_power_plan, power, 56)                        \
  FIELD(plaudit_power_plan, level, 64)                        \
  STRUCT(plaudit_classification_report, 56)                   \
  FIELD(plaudit_classification_report, struct_size, 0)        \
  FIELD(plaudit_classification_report, accuracy, 8)           \
  FIELD(plaudit_classification_report, macro_precision, 16)   \
  FIELD(plaudit_classification_report, macro_recall, 24)      \
  FIELD(plaudit_classification_report, macro_f1, 32)          \
  FIELD(plaudit_classification_report, weighted_f1, 40)       \
  FIELD(plaudit_classification_report, undefined_classes, 48) \
  STRUCT(plaudit_label_options, 32)                           \
  FIELD(plaudit_label_options, struct_size, 0)                \
  FIELD(plaudit_label_options, weights, 8)                    \
  FIELD(plaudit_label_options, beta, 16)                      \
  FIELD(plaudit_label_options, zero_division, 24)             \
  FIELD(plaudit_label_options, reserved, 28)                  \
  STRUCT(plaudit_label_scores, 48)                            \
  FIELD(plaudit_label_scores, precision, 0)                   \
  FIELD(plaudit_label_scores, recall, 8)                      \
  FIELD(plaudit_label_scores, f1, 16)                         \
  FIELD(plaudit_label_scores, f_beta, 24)                     \
  FIELD(plaudit_label_scores, jaccard, 32)                    \
  FIELD(plaudit_label_scores, support, 40)                    \
  STRUCT(plaudit_label_metrics, 216)                          \
  FIELD(plaudit_label_metrics, struct_size, 0)                \
  FIELD(plaudit_label_metrics, accuracy, 8)                   \
  FIELD(plaudit_label_metrics, balanced_accuracy, 16)         \
  FIELD(plaudit_label_metrics, matthews, 24)                  \
  FIELD(plaudit_label_metrics, kappa, 32)                     \
  FIELD(plaudit_label_metrics, linear_kappa, 40)              \
  FIELD(plaudit_label_metrics, quadratic_kappa, 48)           \
  FIELD(plaudit_label_metrics, micro, 56)                     \
  FIELD(plaudit_label_metrics, macro, 104)                    \
  FIELD(plaudit_label_metrics, weighted, 152)                 \
  FIELD(plaudit_label_metrics, undefined_classes, 200)        \
  FIELD(plaudit_label_metrics, flags, 208)                    \
  FIELD(plaudit_label_metrics, reserved, 212)                 \
  STRUCT(plaudit_score_options, 40)                           \
  FIELD(plaudit_score_options, struct_size, 0)                \
  FIELD(plaudit_score_options, weights, 8)                    \
  FIELD(plaudit_score_options, false_positive_limit, 16)      \
  FIELD(plaudit_score_options, confidence, 24)                \
  FIELD(plaudit_score_options, top_k, 32)                     \
  STRUCT(plaudit_score_metrics, 144)                          \
  FIELD(plaudit_score_metrics, struct_size, 0)                \
  FIELD(plaudit_score_metrics, auc, 8)                        \
  FIELD(plaudit_score_metrics, partial_auc, 16)               \
  FIELD(plaudit_score_metrics, auc_variance, 24)              \
  FIELD(plaudit_score_metrics, auc_interval, 32)              \
  FIELD(plaudit_score_metrics, average_precision, 48)         \
  FIELD(plaudit_score_metrics, kolmogorov_smirnov, 56)        \
  FIELD(plaudit_score_metrics, macro_auc, 64)                 \
  FIELD(plaudit_score_metrics, weighted_auc, 72)              \
  FIELD(plaudit_score_metrics, pairwise_auc, 80)              \
  FIELD(plaudit_score_metrics, macro_average_precision, 88)   \
  FIELD(plaudit_score_metrics, weighted_average_precision, 96)\
  FIELD(plaudit_score_metrics, log_loss, 104)                 \
  FIELD(plaudit_score_metrics, brier, 112)                    \
  FIELD(plaudit_score_metrics, brier_skill, 120)              \
  FIELD(plaudit_score_metrics, top_k_accuracy, 128)           \
  FIELD(plaudit_score_metrics, flags, 136)                    \
  FIELD(plaudit_score_metrics, reserved, 140)                 \
  STRUCT(plaudit_regression_options, 24)                      \
  FIELD(plaudit_regression_options, struct_size, 0)           \
  FIELD(plaudit_regression_options, weights, 8)               \
  FIELD(plaudit_regression_options, quantile, 16)             \
  STRUCT(plaudit_regression_metrics, 112)                     \
  FIELD(plaudit_regression_metrics, struct_size, 0)           \
  FIELD(plaudit_regression_metrics, mean_absolute_error, 8)   \
  FIELD(plaudit_regression_metrics, mean_squared_error, 16)   \
  FIELD(plaudit_regression_metrics, root_mean_squared_error, 24)\
  FIELD(plaudit_regression_metrics, median_absolute_error, 32)\
  FIELD(plaudit_regression_metrics, max_error, 40)            \
  FIELD(plaudit_regression_metrics, mean_absolute_percentage_error, 48)\
  FIELD(plaudit_regression_metrics, mean_squared_log_error, 56)\
  FIELD(plaudit_regression_metrics, r2, 64)                   \
  FIELD(plaudit_regression_metrics, explained_variance, 72)   \
  FIELD(plaudit_regression_metrics, pinball_loss, 80)         \
  FIELD(plaudit_regression_metrics, d2_absolute, 88)          \
  FIELD(plaudit_regression_metrics, d2_pinball, 96)           \
  FIELD(plaudit_regression_metrics, flags, 104)               \
  FIELD(plaudit_regression_metrics, reserved, 108)            \
  STRUCT(plaudit_reliability_options, 24)                     \
  FIELD(plaudit_reliability_options, struct_size, 0)          \
  FIELD(plaudit_reliability_options, bin_count, 8)            \
  FIELD(plaudit_reliability_options, bins, 16)                \
  FIELD(plaudit_reliability_options, closed, 20)              \
  STRUCT(plaudit_reliability_bin, 40)                         \
  FIELD(plaudit_reliability_bin, lower, 0)                    \
  FIELD(plaudit_reliability_bin, upper, 8)                    \
  FIELD(plaudit_reliability_bin, predicted, 16)               \
  FIELD(plaudit_reliability_bin, observed, 24)                \
  FIELD(plaudit_reliability_bin, count, 32)                   \
  STRUCT(plaudit_reliability, 32)                             \
  FIELD(plaudit_reliability, struct_size, 0)                  \
  FIELD(plaudit_reliability, expected_error, 8)               \
  FIELD(plaudit_reliability, maximum_error, 16)               \
  FIELD(plaudit_reliability, root_mean_squared_error, 24)     \
  STRUCT(plaudit_calibration_report, 40)                      \
  FIELD(plaudit_calibration_report, struct_size, 0)           \
  FIELD(plaudit_calibration_report, loss_before, 8)           \
  FIELD(plaudit_calibration_report, loss_after, 16)           \
  FIELD(plaudit_calibration_report, objective, 24)            \
  FIELD(plaudit_calibration_report, at_bound, 32)             \
  FIELD(plaudit_calibration_report, reserved, 36)             \
  STRUCT(plaudit_bootstrap_data, 64)                          \
  FIELD(plaudit_bootstrap_data, struct_size, 0)               \
  FIELD(plaudit_bootstrap_data, count, 8)                     \
  FIELD(plaudit_bootstrap_data, class_count, 16)              \
  FIELD(plaudit_bootstrap_data, classes, 24)                  \
  FIELD(plaudit_bootstrap_data, predicted, 32)                \
  FIELD(plaudit_bootstrap_data, scores, 40)                   \
  FIELD(plaudit_bootstrap_data, numbers, 48)                  \
  FIELD(plaudit_bootstrap_data, predicted_numbers, 56)        \
  STRUCT(plaudit_bootstrap_options, 40)                       \
  FIELD(plaudit_bootstrap_options, struct_size, 0)            \
  FIELD(plaudit_bootstrap_options, confidence, 8)             \
  FIELD(plaudit_bootstrap_options, resamples, 16)             \
  FIELD(plaudit_bootstrap_options, seed, 24)                  \
  FIELD(plaudit_bootstrap_options, method, 32)                \
  FIELD(plaudit_bootstrap_options, reserved, 36)              \
  STRUCT(plaudit_bootstrap_result, 64)                        \
  FIELD(plaudit_bootstrap_result, struct_size, 0)             \
  FIELD(plaudit_bootstrap_result, value, 8)                   \
  FIELD(plaudit_bootstrap_result, interval, 16)               \
  FIELD(plaudit_bootstrap_result, standard_error, 32)         \
  FIELD(plaudit_bootstrap_result, bias, 40)                   \
  FIELD(plaudit_bootstrap_result, acceleration, 48)           \
  FIELD(plaudit_bootstrap_result, undefined_resamples, 56)    \
  STRUCT(plaudit_sample, 40)                                  \
  FIELD(plaudit_sample, struct_size, 0)                       \
  FIELD(plaudit_sample, count, 8)                             \
  FIELD(plaudit_sample, values, 16)                           \
  FIELD(plaudit_sample, denominators, 24)                     \
  FIELD(plaudit_sample, clusters, 32)                         \
  STRUCT(plaudit_sample_options, 56)                          \
  FIELD(plaudit_sample_options, struct_size, 0)               \
  FIELD(plaudit_sample_options, confidence, 8)                \
  FIELD(plaudit_sample_options, quantile, 16)                 \
  FIELD(plaudit_sample_options, resamples, 24)                \
  FIELD(plaudit_sample_options, seed, 32)                     \
  FIELD(plaudit_sample_options, method, 40)                   \
  FIELD(plaudit_sample_options, effect, 44)                   \
  FIELD(plaudit_sample_options, weighting, 48)                \
  FIELD(plaudit_sample_options, paired, 52)                   \
  STRUCT(plaudit_permutation_options, 40)                     \
  FIELD(plaudit_permutation_options, struct_size, 0)          \
  FIELD(plaudit_permutation_options, quantile, 8)             \
  FIELD(plaudit_permutation_options, resamples, 16)           \
  FIELD(plaudit_permutation_options, seed, 24)                \
  FIELD(plaudit_permutation_options, alternative, 32)         \
  FIELD(plaudit_permutation_options, paired, 36)              \
  STRUCT(plaudit_permutation_result, 48)                      \
  FIELD(plaudit_permutation_result, struct_size, 0)           \
  FIELD(plaudit_permutation_result, statistic, 8)             \
  FIELD(plaudit_permutation_result, p_value, 16)              \
  FIELD(plaudit_permutation_result, arrangements, 24)         \
  FIELD(plaudit_permutation_result, undefined_arrangements, 32) \
  FIELD(plaudit_permutation_result, exact, 40)                \
  FIELD(plaudit_permutation_result, reserved, 44)             \
  STRUCT(plaudit_buckets, 40)                                 \
  FIELD(plaudit_buckets, struct_size, 0)                      \
  FIELD(plaudit_buckets, origin, 8)                           \
  FIELD(plaudit_buckets, width, 16)                           \
  FIELD(plaudit_buckets, first, 24)                           \
  FIELD(plaudit_buckets, count, 32)                           \
  STRUCT(plaudit_timed_rows, 64)                              \
  FIELD(plaudit_timed_rows, struct_size, 0)                   \
  FIELD(plaudit_timed_rows, count, 8)                         \
  FIELD(plaudit_timed_rows, label_count, 16)                  \
  FIELD(plaudit_timed_rows, times, 24)                        \
  FIELD(plaudit_timed_rows, values, 32)                       \
  FIELD(plaudit_timed_rows, scores, 40)                       \
  FIELD(plaudit_timed_rows, label_values, 48)                 \
  FIELD(plaudit_timed_rows, labels, 56)                       \
  STRUCT(plaudit_series_totals, 24)                           \
  FIELD(plaudit_series_totals, struct_size, 0)                \
  FIELD(plaudit_series_totals, rows_outside, 8)               \
  FIELD(plaudit_series_totals, rows_missing, 16)              \
  STRUCT(plaudit_correlation_options, 48)                     \
  FIELD(plaudit_correlation_options, struct_size, 0)          \
  FIELD(plaudit_correlation_options, confidence, 8)           \
  FIELD(plaudit_correlation_options, resamples, 16)           \
  FIELD(plaudit_correlation_options, block_length, 24)        \
  FIELD(plaudit_correlation_options, seed, 32)                \
  FIELD(plaudit_correlation_options, refuse_gaps, 40)         \
  FIELD(plaudit_correlation_options, reserved, 44)            \
  STRUCT(plaudit_coefficient, 48)                             \
  FIELD(plaudit_coefficient, value, 0)                        \
  FIELD(plaudit_coefficient, p_value, 8)                      \
  FIELD(plaudit_coefficient, interval, 16)                    \
  FIELD(plaudit_coefficient, block_interval, 32)              \
  STRUCT(plaudit_correlation, 216)                            \
  FIELD(plaudit_correlation, struct_size, 0)                  \
  FIELD(plaudit_correlation, count, 8)                        \
  FIELD(plaudit_correlation, pearson, 16)                     \
  FIELD(plaudit_correlation, spearman, 64)                    \
  FIELD(plaudit_correlation, kendall, 112)                    \
  FIELD(plaudit_correlation, slope, 160)                      \
  FIELD(plaudit_correlation, intercept, 168)                  \
  FIELD(plaudit_correlation, slope_standard_error, 176)       \
  FIELD(plaudit_correlation, r2, 184)                         \
  FIELD(plaudit_correlation, median_slope, 192)               \
  FIELD(plaudit_correlation, median_intercept, 200)           \
  FIELD(plaudit_correlation, block_length, 208)               \
  STRUCT(plaudit_lagged_correlation, 64)                      \
  FIELD(plaudit_lagged_correlation, lag, 0)                   \
  FIELD(plaudit_lagged_correlation, count, 8)                 \
  FIELD(plaudit_lagged_correlation, coefficient, 16)          \
  STRUCT(plaudit_granger, 48)                                 \
  FIELD(plaudit_granger, struct_size, 0)                      \
  FIELD(plaudit_granger, f, 8)                                \
  FIELD(plaudit_granger, p_value, 16)                         \
  FIELD(plaudit_granger, numerator_freedom, 24)               \
  FIELD(plaudit_granger, denominator_freedom, 32)             \
  FIELD(plaudit_granger, rows, 40)                            \
  STRUCT(plaudit_assignment_plan, 80)                              \
  FIELD(plaudit_assignment_plan, struct_size, 0)                   \
  FIELD(plaudit_assignment_plan, seed, 8)                          \
  FIELD(plaudit_assignment_plan, seed_length, 16)                  \
  FIELD(plaudit_assignment_plan, slots, 24)                        \
  FIELD(plaudit_assignment_plan, slot_count, 32)                   \
  FIELD(plaudit_assignment_plan, namespace_id, 40)                 \
  FIELD(plaudit_assignment_plan, namespace_length, 48)             \
  FIELD(plaudit_assignment_plan, namespace_lower, 56)              \
  FIELD(plaudit_assignment_plan, namespace_upper, 64)              \
  FIELD(plaudit_assignment_plan, version, 72)                      \
  FIELD(plaudit_assignment_plan, reserved, 76)                     \
  STRUCT(plaudit_mcnemar, 80)                                 \
  FIELD(plaudit_mcnemar, struct_size, 0)                      \
  FIELD(plaudit_mcnemar, only_first, 8)                       \
  FIELD(plaudit_mcnemar, only_second, 16)                     \
  FIELD(plaudit_mcnemar, exact_p_value, 24)                   \
  FIELD(plaudit_mcnemar, corrected_statistic, 32)             \
  FIELD(plaudit_mcnemar, corrected_p_value, 40)               \
  FIELD(plaudit_mcnemar, statistic, 48)                       \
  FIELD(plaudit_mcnemar, uncorrected_p_value, 56)             \
  FIELD(plaudit_mcnemar, p_value, 64)                         \
  FIELD(plaudit_mcnemar, exact, 72)                           \
  FIELD(plaudit_mcnemar, reserved, 76)                       \
  STRUCT(plaudit_lift_input, 152)                            \
  FIELD(plaudit_lift_input, struct_size, 0)                  \
  FIELD(plaudit_lift_input, metric_count, 8)                 \
  FIELD(plaudit_lift_input, arm_count, 16)                   \
  FIELD(plaudit_lift_input, stratum_count, 24)               \
  FIELD(plaudit_lift_input, covariate_count, 32)             \
  FIELD(plaudit_lift_input, control, 40)                     \
  FIELD(plaudit_lift_input, kinds, 48)                       \
  FIELD(plaudit_lift_input, users, 56)                       \
  FIELD(plaudit_lift_input, sums, 64)                        \
  FIELD(plaudit_lift_input, squares, 72)                     \
  FIELD(plaudit_lift_input, denominator_sums, 80)            \
  FIELD(plaudit_lift_input, denominator_squares, 88)         \
  FIELD(plaudit_lift_input, denominator_products, 96)        \
  FIELD(plaudit_lift_input, covariate_sums, 104)             \
  FIELD(plaudit_lift_input, covariate_products, 112)         \
  FIELD(plaudit_lift_input, covariate_squares, 120)          \
  FIELD(plaudit_lift_input, stratum_weights, 128)            \
  FIELD(plaudit_lift_input, arm_weights, 136)                \
  FIELD(plaudit_lift_input, kind, 144)                       \
  FIELD(plaudit_lift_input, centred, 148)                    \
  STRUCT(plaudit_lift_options, 104)                          \
  FIELD(plaudit_lift_options, struct_size, 0)                \
  FIELD(plaudit_lift_options, confidence, 8)                 \
  FIELD(plaudit_lift_options, power, 16)                     \
  FIELD(plaudit_lift_options, effect_of_interest, 24)        \
  FIELD(plaudit_lift_options, tuning, 32)                    \
  FIELD(plaudit_lift_options, mixing_variance, 40)           \
  FIELD(plaudit_lift_options, sample_ratio_level, 48)        \
  FIELD(plaudit_lift_options, relative, 56)                  \
  FIELD(plaudit_lift_options, absolute, 60)                  \
  FIELD(plaudit_lift_options, distribution, 64)              \
  FIELD(plaudit_lift_options, hypothesis, 68)                \
  FIELD(plaudit_lift_options, design, 72)                    \
  FIELD(plaudit_lift_options, tuning_kind, 76)               \
  FIELD(plaudit_lift_options, adjustment, 80)                \
  FIELD(plaudit_lift_options, scope, 84)                     \
  FIELD(plaudit_lift_options, theta, 88)                     \
  FIELD(plaudit_lift_options, interest_is_relative, 92)      \
  FIELD(plaudit_lift_options, keep_low_baselines, 96)        \
  FIELD(plaudit_lift_options, reserved, 100)                 \
  STRUCT(plaudit_lift_columns, 168)                          \
  FIELD(plaudit_lift_columns, struct_size, 0)                \
  FIELD(plaudit_lift_columns, treatment, 8)                  \
  FIELD(plaudit_lift_columns, control, 16)                   \
  FIELD(plaudit_lift_columns, absolute, 24)                  \
  FIELD(plaudit_lift_columns, absolute_lower, 32)            \
  FIELD(plaudit_lift_columns, absolute_upper, 40)            \
  FIELD(plaudit_lift_columns, standard_error, 48)            \
  FIELD(plaudit_lift_columns, statistic, 56)                 \
  FIELD(plaudit_lift_columns, degrees_of_freedom, 64)        \
  FIELD(plaudit_lift_columns, p_value, 72)                   \
  FIELD(plaudit_lift_columns, adjusted_p_value, 80)          \
  FIELD(plaudit_lift_columns, relative, 88)                  \
  FIELD(plaudit_lift_columns, relative_lower, 96)            \
  FIELD(plaudit_lift_columns, relative_upper, 104)           \
  FIELD(plaudit_lift_columns, relative_standard_error, 112)  \
  FIELD(plaudit_lift_columns, power, 120)                    \
  FIELD(plaudit_lift_columns, minimum_detectable, 128)       \
  FIELD(plaudit_lift_columns, flags, 136)                    \
  FIELD(plaudit_lift_columns, theta, 144)                    \
  FIELD(plaudit_lift_columns, correlation, 152)              \
  FIELD(plaudit_lift_columns, sample_ratio_p_value, 160)     \
  STRUCT(plaudit_winsorizing, 40)                            \
  FIELD(plaudit_winsorizing, struct_size, 0)                 \
  FIELD(plaudit_winsorizing, limits, 8)                      \
  FIELD(plaudit_winsorizing, cut_below, 24)                  \
  FIELD(plaudit_winsorizing, cut_above, 32)                  \
  STRUCT(plaudit_sample_ratio, 40)                           \
  FIELD(plaudit_sample_ratio, struct_size, 0)                \
  FIELD(plaudit_sample_ratio, statistic, 8)                  \
  FIELD(plaudit_sample_ratio, p_value, 16)                   \
  FIELD(plaudit_sample_ratio, unexpected_users, 24)          \
  FIELD(plaudit_sample_ratio, degrees_of_freedom, 32)        \
  STRUCT(plaudit_sequence_options, 48)                       \
  FIELD(plaudit_sequence_options, struct_size, 0)            \
  FIELD(plaudit_sequence_options, confidence, 8)             \
  FIELD(plaudit_sequence_options, tuning, 16)                \
  FIELD(plaudit_sequence_options, mixing_variance, 24)       \
  FIELD(plaudit_sequence_options, design, 32)                \
  FIELD(plaudit_sequence_options, tuning_kind, 36)           \
  FIELD(plaudit_sequence_options, running, 40)               \
  FIELD(plaudit_sequence_options, reserved, 44)              \
  STRUCT(plaudit_betting_options, 40)                        \
  FIELD(plaudit_betting_options, struct_size, 0)             \
  FIELD(plaudit_betting_options, confidence, 8)              \
  FIELD(plaudit_betting_options, lower, 16)                  \
  FIELD(plaudit_betting_options, upper, 24)                  \
  FIELD(plaudit_betting_options, steps, 32)                  \
  STRUCT(plaudit_group_sequential_options, 40)               \
  FIELD(plaudit_group_sequential_options, struct_size, 0)    \
  FIELD(plaudit_group_sequential_options, alpha, 8)          \
  FIELD(plaudit_group_sequential_options, exponent, 16)      \
  FIELD(plaudit_group_sequential_options, spending, 24)      \
  FIELD(plaudit_group_sequential_options, sides, 28)         \
  FIELD(plaudit_group_sequential_options, per_side, 32)      \
  FIELD(plaudit_group_sequential_options, reserved, 36)      \
  STRUCT(plaudit_posterior_options, 48)                      \
  FIELD(plaudit_posterior_options, struct_size, 0)           \
  FIELD(plaudit_posterior_options, confidence, 8)            \
  FIELD(plaudit_posterior_options, prior_alpha, 16)          \
  FIELD(plaudit_posterior_options, prior_beta, 24)           \
  FIELD(plaudit_posterior_options, prior_mean, 32)           \
  FIELD(plaudit_posterior_options, prior_variance, 40)       \
  STRUCT(plaudit_rate_posterior, 40)                         \
  FIELD(plaudit_rate_posterior, mean, 0)                     \
  FIELD(plaudit_rate_posterior, interval, 8)                 \
  FIELD(plaudit_rate_posterior, chance_to_be_best, 24)       \
  FIELD(plaudit_rate_posterior, expected_loss, 32)           \
  STRUCT(plaudit_effect_posterior, 56)                       \
  FIELD(plaudit_effect_posterior, mean, 0)                   \
  FIELD(plaudit_effect_posterior, standard_deviation, 8)     \
  FIELD(plaudit_effect_posterior, interval, 16)              \
  FIELD(plaudit_effect_posterior, chance_to_win, 32)         \
  FIELD(plaudit_effect_posterior, control_loss, 40)          \
  FIELD(plaudit_effect_posterior, treatment_loss, 48)        \
  STRUCT(plaudit_bandit_options, 160)                         \
  FIELD(plaudit_bandit_options, struct_size, 0)               \
  FIELD(plaudit_bandit_options, seed, 8)                      \
  FIELD(plaudit_bandit_options, epsilon, 16)                  \
  FIELD(plaudit_bandit_options, epsilon_decay, 24)            \
  FIELD(plaudit_bandit_options, temperature, 32)              \
  FIELD(plaudit_bandit_options, exploration, 40)              \
  FIELD(plaudit_bandit_options, prior_successes, 48)          \
  FIELD(plaudit_bandit_options, prior_failures, 56)           \
  FIELD(plaudit_bandit_options, noise_variance, 64)           \
  FIELD(plaudit_bandit_options, prior_mean, 72)               \
  FIELD(plaudit_bandit_options, prior_variance, 80)           \
  FIELD(plaudit_bandit_options, top_two_share, 88)            \
  FIELD(plaudit_bandit_options, ridge, 96)                    \
  FIELD(plaudit_bandit_options, floor, 104)                   \
  FIELD(plaudit_bandit_options, feature_count, 112)           \
  FIELD(plaudit_bandit_options, first_plays, 120)             \
  FIELD(plaudit_bandit_options, pending_limit, 128)           \
  FIELD(plaudit_bandit_options, worker, 136)                  \
  FIELD(plaudit_bandit_options, policy, 144)                  \
  FIELD(plaudit_bandit_options, reward, 148)                  \
  FIELD(plaudit_bandit_options, lower_is_better, 152)         \
  FIELD(plaudit_bandit_options, reserved, 156)                \
  STRUCT(plaudit_bandit_info, 88)                             \
  FIELD(plaudit_bandit_info, struct_size, 0)                  \
  FIELD(plaudit_bandit_info, arm_count, 8)                    \
  FIELD(plaudit_bandit_info, live_arm_count, 16)              \
  FIELD(plaudit_bandit_info, feature_count, 24)               \
  FIELD(plaudit_bandit_info, reward_count, 32)                \
  FIELD(plaudit_bandit_info, next_decision, 40)               \
  FIELD(plaudit_bandit_info, pending_count, 48)               \
  FIELD(plaudit_bandit_info, forgotten_count, 56)             \
  FIELD(plaudit_bandit_info, worker, 64)                      \
  FIELD(plaudit_bandit_info, policy, 72)                      \
  FIELD(plaudit_bandit_info, reward, 76)                      \
  FIELD(plaudit_bandit_info, lower_is_better, 80)             \
  FIELD(plaudit_bandit_info, reserved, 84)                    \
  STRUCT(plaudit_bandit_arm, 48)                              \
  FIELD(plaudit_bandit_arm, decisions, 0)                     \
  FIELD(plaudit_bandit_arm, plays, 8)                         \
  FIELD(plaudit_bandit_arm, sum, 16)                          \
  FIELD(plaudit_bandit_arm, mean, 24)                         \
  FIELD(plaudit_bandit_arm, variance, 32)                     \
  FIELD(plaudit_bandit_arm, is_live, 40)                      \
  FIELD(plaudit_bandit_arm, reserved, 44)                     \
  STRUCT(plaudit_decision_log, 48)                            \
  FIELD(plaudit_decision_log, struct_size, 0)                 \
  FIELD(plaudit_decision_log, count, 8)                       \
  FIELD(plaudit_decision_log, arms, 16)                       \
  FIELD(plaudit_decision_log, rewards, 24)                    \
  FIELD(plaudit_decision_log, propensities, 32)               \
  FIELD(plaudit_decision_log, contexts, 40)                   \
  STRUCT(plaudit_off_policy_options, 24)                      \
  FIELD(plaudit_off_policy_options, struct_size, 0)           \
  FIELD(plaudit_off_policy_options, confidence, 8)            \
  FIELD(plaudit_off_policy_options, weight_cap, 16)           \
  STRUCT(plaudit_policy_value, 32)                            \
  FIELD(plaudit_policy_value, value, 0)                       \
  FIELD(plaudit_policy_value, standard_error, 8)              \
  FIELD(plaudit_policy_value, interval, 16)                   \
  STRUCT(plaudit_off_policy, 200)                             \
  FIELD(plaudit_off_policy, struct_size, 0)                   \
  FIELD(plaudit_off_policy, inverse_propensity, 8)            \
  FIELD(plaudit_off_policy, self_normalised, 40)              \
  FIELD(plaudit_off_policy, direct_method, 72)                \
  FIELD(plaudit_off_policy, doubly_robust, 104)               \
  FIELD(plaudit_off_policy, logged, 136)                      \
  FIELD(plaudit_off_policy, effective_sample_size, 168)       \
  FIELD(plaudit_off_policy, mean_weight, 176)                 \
  FIELD(plaudit_off_policy, maximum_weight, 184)              \
  FIELD(plaudit_off_policy, capped_count, 192)                \
  STRUCT(plaudit_replay_options, 24)                          \
  FIELD(plaudit_replay_options, struct_size, 0)               \
  FIELD(plaudit_replay_options, confidence, 8)                \
  FIELD(plaudit_replay_options, batch, 16)                    \
  STRUCT(plaudit_replay, 48)                                  \
  FIELD(plaudit_replay, struct_size, 0)                       \
  FIELD(plaudit_replay, match_count, 8)                       \
  FIELD(plaudit_replay, value, 16)
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
