/* plaudit.h - sentiment, KPIs and experiments for marketing systems, in one native library.
 *
 * This header is the whole contract: what is not declared here is not part of Plaudit.
 *
 * A FIRST PROGRAM
 *
 *   #include <plaudit.h>
 *   #include <stdio.h>
 *
 *   int main(int argc, char **argv) {
 *     plaudit_error *error = NULL;
 *     plaudit_model *model = NULL;
 *     if (argc < 2 || plaudit_model_load(argv[1], -1, NULL, &model, &error) != PLAUDIT_OK) {
 *       fprintf(stderr, "%s\n", plaudit_error_message(error));
 *       plaudit_error_free(&error);
 *       return 1;
 *     }
 *     const char *posts[] = {"Love the new trainers!", "Still waiting for my refund."};
 *     plaudit_text_batch texts = {.struct_size = sizeof texts, .count = 2, .pointers = posts};
 *     float scores[2 * 16];
 *     int32_t labels[2];
 *     if (plaudit_model_predict(model, &texts, NULL, NULL, NULL, scores, 2 * 16, labels, NULL,
 *                               &error) == PLAUDIT_OK) {
 *       for (int i = 0; i < 2; i++) {
 *         const char *name = NULL;
 *         if (plaudit_model_label(model, labels[i], &name, NULL) == PLAUDIT_OK)
 *           printf("%-10s %s\n", name, posts[i]);
 *       }
 *     } else {
 *       fprintf(stderr, "%s\n", plaudit_error_message(error));
 *     }
 *     plaudit_error_free(&error);
 *     plaudit_model_free(&model);
 *     return 0;
 *   }
 *
 * CONVENTIONS
 *
 * Every function that can fail returns a plaudit_status, takes its inputs first and its outputs
 * (out_...) last, and ends with an optional plaudit_error **. The status is authoritative. On
 * success nothing is allocated for errors; on failure every out_ handle is NULL, every out_
 * number 0 (arrays may be partly written), and *error, when asked for, tells the cause in one line. *error
 * must be NULL or a live error on entry; a live one is freed first.
 *
 * Handles are opaque. plaudit_x_free(&x) accepts NULL and a slot that holds NULL, and sets the
 * slot to NULL. Handles are checked: a NULL, freed, foreign or garbage handle gives
 * PLAUDIT_ERROR_INVALID_HANDLE, never a crash. A child (a scorer, a trainer, a model's tokenizer)
 * keeps what it needs of its parent alive, so free in any order; freeing a handle while another
 * thread is inside a call with it is safe.
 *
 * Text is UTF-8 with its length in bytes; -1 means NUL-terminated. Counts are int64_t and count 0
 * is legal everywhere. What a function returns as const char * is borrowed: it lives as long as
 * the handle it came from, and is NUL-terminated.
 *
 * Option structs start with struct_size = sizeof(the struct); zero is the default of every field;
 * a NULL pointer means all defaults. Values out of range are refused, never clamped. A struct
 * larger than this library knows is accepted while its unknown tail is zero.
 *
 * Every function carries a thread tag:
 *   [immutable]  any number of threads may use the same handle at once, without a lock;
 *   [exclusive]  one thread at a time; a second one gets PLAUDIT_ERROR_BUSY;
 *   [any-thread] may be called at any time, also while other calls run on the handle.
 * Callbacks run on the thread that made the call. They must not throw, longjmp or free the handle
 * they were given for; they may call [any-thread] and [immutable] functions.
 *
 * The library is silent: it never writes to stdout or stderr, never aborts, and leaves signal
 * handlers, locale, environment and the host's BLAS threads alone. It keeps no thread spinning,
 * and works after fork().
 *
 * WHAT BAD INPUT GETS
 *
 *   NULL for a required pointer              NULL_POINTER, names the parameter
 *   NULL, freed, wrong-type, garbage handle  INVALID_HANDLE
 *   negative or overflowing count            INVALID_ARGUMENT
 *   buffer too small                         BUFFER_TOO_SMALL with the needed size
 *   count 0                                  OK, empty result
 *   option outside its range                 OUT_OF_RANGE with the range
 *   invalid UTF-8                            INVALID_UTF8 with row and byte, or U+FFFD if asked
 *   text longer than the model takes         truncated and reported; windows or refusal if asked
 *   NaN or infinity where finite is needed   NOT_FINITE with the row
 *   negative or impossible counts            INVALID_DATA with the row
 *   a ratio without a denominator            UNDEFINED (scalars), NaN with a flag (columns)
 *   malformed JSON                           CORRUPT with byte or key; nesting over 64: LIMIT
 *   broken weights                           CORRUPT, SHAPE or NOT_FINITE, naming the tensor
 *   a missing classifier head                CORRUPT (never a random head)
 *   unknown architecture, dtype, component   UNSUPPORTED, naming it and what is supported
 *   a file that is not there                 NOT_FOUND with the path
 *   an allocation that fails or is absurd    OUT_OF_MEMORY or LIMIT
 *   a handle that is in use, [exclusive]     BUSY
 */
#ifndef PLAUDIT_H
#define PLAUDIT_H

#include <stdint.h>

#define PLAUDIT_VERSION_MAJOR 0
#define PLAUDIT_VERSION_MINOR 1
#define PLAUDIT_VERSION_PATCH 0
/* Counts breaks of binary compatibility; also the number in the soname. */
#define PLAUDIT_ABI_VERSION 0

#if defined(__GNUC__)
#define PLAUDIT_NODISCARD __attribute__((warn_unused_result))
#else
#define PLAUDIT_NODISCARD
#endif

/* Pointers inside structs and callbacks may all be NULL; said aloud for Swift's importer. */
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang diagnostic ignored "-Wnullability-completeness"
#define PLAUDIT_NULLABLE _Nullable
#else
#define PLAUDIT_NULLABLE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Library ------------------------------------------------------------------------------ */

typedef int32_t plaudit_status;
/* Numbers are never changed or used again; treat an unknown one as an error. */
enum {
  PLAUDIT_OK = 0,
  /* caller mistakes */
  PLAUDIT_ERROR_INVALID_ARGUMENT = 101,
  PLAUDIT_ERROR_NULL_POINTER = 102,
  PLAUDIT_ERROR_INVALID_HANDLE = 103,
  PLAUDIT_ERROR_INVALID_STATE = 104,
  PLAUDIT_ERROR_OUT_OF_RANGE = 105,
  PLAUDIT_ERROR_BUFFER_TOO_SMALL = 106,
  PLAUDIT_ERROR_BUSY = 107,
  /* input data */
  PLAUDIT_ERROR_INVALID_DATA = 201,
  PLAUDIT_ERROR_INVALID_UTF8 = 202,
  PLAUDIT_ERROR_NOT_FINITE = 203,
  PLAUDIT_ERROR_SHAPE = 204,
  PLAUDIT_ERROR_UNDEFINED = 205,
  /* files and models */
  PLAUDIT_ERROR_NOT_FOUND = 301,
  PLAUDIT_ERROR_IO = 302,
  PLAUDIT_ERROR_CORRUPT = 303,
  PLAUDIT_ERROR_UNSUPPORTED = 304,
  /* resources */
  PLAUDIT_ERROR_OUT_OF_MEMORY = 401,
  PLAUDIT_ERROR_LIMIT = 402,
  /* control */
  PLAUDIT_ERROR_CANCELLED = 501,
  PLAUDIT_ERROR_TIMEOUT = 502,
  /* a defect of Plaudit: please report it */
  PLAUDIT_ERROR_INTERNAL = 901
};

typedef struct plaudit_error plaudit_error;
typedef struct plaudit_cancel plaudit_cancel;

/* The version as major * 10000 + minor * 100 + patch. [any-thread] */
int32_t plaudit_version(void);

/* The version as text, such as "0.1.0"; static. [any-thread] */
const char *plaudit_version_string(void);

/* PLAUDIT_ABI_VERSION of the library that is loaded. [any-thread] */
int32_t plaudit_abi_version(void);

/* How the library was built and what it found on this machine, as JSON: version, compiler, CPU
 * features, the kernels in use, the matrix library and its core, threads; static. [any-thread] */
const char *plaudit_build_info(void);

/* The size of every public struct and the offset of every field, as JSON
 * {"struct": {"size": n, "fields": {"name": offset}}}, so that a binding can check its mirror of
 * them when it loads; static. [any-thread] */
const char *plaudit_abi_describe(void);

/* The name of a status, such as "CORRUPT"; "UNKNOWN" for other numbers; static. [any-thread] */
const char *plaudit_status_name(plaudit_status status);

/* The status an error was made with; PLAUDIT_OK for NULL. [immutable] */
plaudit_status plaudit_error_code(const plaudit_error *error);

/* One line: cause, offending name or value, bound. Borrowed from the error; "" for NULL.
 * [immutable] */
const char *plaudit_error_message(const plaudit_error *error);

/* The row or item that failed, -1 when there is none. [immutable] */
int64_t plaudit_error_index(const plaudit_error *error);

/* The byte offset in the text or file, -1 when there is none. [immutable] */
int64_t plaudit_error_offset(const plaudit_error *error);

/* Frees an error and sets *error to NULL. [any-thread] */
void plaudit_error_free(plaudit_error **error);

/* Makes a token that can stop long calls; one token may serve several calls. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_cancel_create(plaudit_cancel **out_cancel,
                                                       plaudit_error **error);

/* Asks every call that was given this token to end; they answer CANCELLED within 50 ms. The
 * request stays until it is reset. Safe in signal handlers. [any-thread] */
plaudit_status plaudit_cancel_request(plaudit_cancel *cancel);

/* Takes the request back, so that the token can be used again. [any-thread] */
plaudit_status plaudit_cancel_reset(plaudit_cancel *cancel);

/* Frees a token and sets *cancel to NULL. [any-thread] */
void plaudit_cancel_free(plaudit_cancel **cancel);

/* What a long call is doing when it reports. */
enum {
  PLAUDIT_PHASE_PREDICTING = 10,
  PLAUDIT_PHASE_EMBEDDING = 20,
  PLAUDIT_PHASE_FITTING = 30
};

typedef struct plaudit_progress {
  int64_t struct_size;
  int64_t done;           /* texts, or iterations when fitting */
  int64_t total;          /* 0 when unknown */
  double seconds_elapsed; /* since the call began */
  double seconds_left;    /* estimate for this phase, NaN while unknown */
  double loss;            /* training loss, NaN elsewhere */
  int32_t phase;          /* PLAUDIT_PHASE_... */
  int32_t reserved;
} plaudit_progress;

/* Called on the thread that made the long call; return 0 to go on, anything else to stop it with
 * CANCELLED. */
typedef int32_t (*plaudit_progress_fn)(const plaudit_progress *PLAUDIT_NULLABLE progress,
                                       void *PLAUDIT_NULLABLE user_data);

/* How a long call runs; accepted by every call that can take longer than 50 ms. */
typedef struct plaudit_run_options {
  int64_t struct_size;
  plaudit_cancel *PLAUDIT_NULLABLE cancel;
  plaudit_progress_fn PLAUDIT_NULLABLE progress;
  void *PLAUDIT_NULLABLE progress_user_data;
  int64_t progress_interval_ms; /* shortest time between reports; 0 = 100 */
  int64_t timeout_ms;           /* the call ends with TIMEOUT after this; 0 = never */
  int32_t threads;              /* 0 = the cores this process may use, 1..256; results are the
                                   same bits at any number */
  int32_t reserved;
} plaudit_run_options;

/* ---- Text --------------------------------------------------------------------------------- */

typedef struct plaudit_tokenizer plaudit_tokenizer;
typedef struct plaudit_encoding plaudit_encoding;

/* Many texts, read-only and borrowed for the call, in one of two layouts:
 *   Arrow strings: data, data_length and offsets32 or offsets64 (count + 1 of them);
 *   C strings:     pointers (count of them) and lengths, NULL lengths = NUL-terminated.
 * validity is an Arrow bitmap (bit i of byte i / 8, least significant first) or NULL; a null row
 * is an empty text whose scores are NaN and whose label is -1. */
typedef struct plaudit_text_batch {
  int64_t struct_size;
  int64_t count;
  const char *PLAUDIT_NULLABLE data;
  int64_t data_length;
  const int64_t *PLAUDIT_NULLABLE offsets64;
  const int32_t *PLAUDIT_NULLABLE offsets32;
  const uint8_t *PLAUDIT_NULLABLE validity;
  const char *PLAUDIT_NULLABLE const *PLAUDIT_NULLABLE pointers;
  const int64_t *PLAUDIT_NULLABLE lengths;
} plaudit_text_batch;

enum {
  PLAUDIT_TRUNCATION_FILE = 0, /* what the tokenizer's file says */
  PLAUDIT_TRUNCATION_NONE = 1,
  PLAUDIT_TRUNCATION_LONGEST_FIRST = 2,
  PLAUDIT_TRUNCATION_ONLY_FIRST = 3,
  PLAUDIT_TRUNCATION_ONLY_SECOND = 4
};
enum {
  PLAUDIT_PADDING_FILE = 0, /* what the tokenizer's file says */
  PLAUDIT_PADDING_NONE = 1,
  PLAUDIT_PADDING_LONGEST = 2, /* to the longest row of the call */
  PLAUDIT_PADDING_FIXED = 3    /* to pad_length */
};
enum { PLAUDIT_SIDE_RIGHT = 0, PLAUDIT_SIDE_LEFT = 1 };
enum { PLAUDIT_UTF8_ERROR = 0, PLAUDIT_UTF8_REPLACE = 1 };
enum {
  PLAUDIT_SPECIAL_TEXT_RECOGNISE = 0, /* "[SEP]" inside a text is the token, as in Hugging Face */
  PLAUDIT_SPECIAL_TEXT_PLAIN = 1      /* "[SEP]" inside a text is plain characters */
};

typedef struct plaudit_encode_options {
  int64_t struct_size;
  int64_t max_length;       /* tokens with the special ones; needed unless truncation is FILE or
                               NONE */
  int64_t stride;           /* tokens that overflow rows share with the row before */
  int64_t pad_length;       /* for PLAUDIT_PADDING_FIXED */
  int64_t pad_multiple;     /* pad to a multiple of this; 0 = any */
  int32_t truncation;       /* PLAUDIT_TRUNCATION_... */
  int32_t truncation_side;  /* PLAUDIT_SIDE_...: where tokens are cut off */
  int32_t padding;          /* PLAUDIT_PADDING_... */
  int32_t padding_side;     /* PLAUDIT_SIDE_... */
  int32_t no_special_tokens; /* 1 = leave out [CLS] and [SEP] */
  int32_t special_text;     /* PLAUDIT_SPECIAL_TEXT_... */
  int32_t invalid_utf8;     /* PLAUDIT_UTF8_... */
  int32_t reserved;
} plaudit_encode_options;

/* Borrowed arrays of an encoding. A text has one row, and overflow rows after it when it was
 * truncated; token arrays run over all rows. Byte offsets point into the caller's text of the
 * same sequence; special and padding tokens have 0, 0. */
typedef struct plaudit_encoding_view {
  int64_t struct_size;
  int64_t text_count;
  int64_t row_count;
  int64_t token_count;
  const int64_t *PLAUDIT_NULLABLE row_offsets;   /* [row_count + 1] first token of each row */
  const int64_t *PLAUDIT_NULLABLE row_texts;     /* [row_count] which text */
  const int32_t *PLAUDIT_NULLABLE ids;           /* [token_count] */
  const int32_t *PLAUDIT_NULLABLE type_ids;      /* [token_count] */
  const uint8_t *PLAUDIT_NULLABLE attention_mask;      /* [token_count] 1, 0 for padding */
  const uint8_t *PLAUDIT_NULLABLE special_tokens_mask; /* [token_count] 1 for added tokens */
  const int8_t *PLAUDIT_NULLABLE sequences;      /* [token_count] 0 text, 1 its pair, -1 neither */
  const int64_t *PLAUDIT_NULLABLE starts;        /* [token_count] first byte */
  const int64_t *PLAUDIT_NULLABLE ends;          /* [token_count] byte after the last */
  const int64_t *PLAUDIT_NULLABLE dropped_tokens;  /* [text_count] cut off by truncation */
  const int64_t *PLAUDIT_NULLABLE unknown_offsets; /* [text_count + 1] into the three below */
  const int64_t *PLAUDIT_NULLABLE unknown_starts;  /* bytes of words that became [UNK] ... */
  const int64_t *PLAUDIT_NULLABLE unknown_ends;
  const int8_t *PLAUDIT_NULLABLE unknown_sequences; /* ... in text 0 or pair 1 */
} plaudit_encoding_view;

/* Loads a WordPiece tokenizer: a tokenizer.json, or a folder with one, or a folder with vocab.txt
 * and tokenizer_config.json. Ids and offsets equal Hugging Face tokenizers 0.23.3. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_tokenizer_load(const char *path, int64_t path_length,
                                                        plaudit_tokenizer **out_tokenizer,
                                                        plaudit_error **error);

/* Frees a tokenizer and sets *tokenizer to NULL. [any-thread] */
void plaudit_tokenizer_free(plaudit_tokenizer **tokenizer);

/* The number of tokens, added ones included. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_tokenizer_vocabulary_size(
    const plaudit_tokenizer *tokenizer, int64_t *out_size, plaudit_error **error);

/* The id of a token, NOT_FOUND when the vocabulary lacks it. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_tokenizer_token_id(const plaudit_tokenizer *tokenizer,
                                                            const char *token, int64_t length,
                                                            int32_t *out_id, plaudit_error **error);

/* The text of a token, borrowed from the tokenizer; NOT_FOUND for an id without one.
 * [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_tokenizer_token_text(const plaudit_tokenizer *tokenizer,
                                                              int32_t id, const char **out_text,
                                                              int64_t *out_length,
                                                              plaudit_error **error);

/* Encodes texts, each with its pair when pairs is not NULL (then of the same count). [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_tokenizer_encode(const plaudit_tokenizer *tokenizer,
                                                          const plaudit_text_batch *texts,
                                                          const plaudit_text_batch *pairs,
                                                          const plaudit_encode_options *options,
                                                          plaudit_encoding **out_encoding,
                                                          plaudit_error **error);

/* Fills *out_view, whose struct_size the caller has set, with pointers that live as long as the
 * encoding. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_encoding_get(const plaudit_encoding *encoding,
                                                      plaudit_encoding_view *out_view,
                                                      plaudit_error **error);

/* Frees an encoding and sets *encoding to NULL. [any-thread] */
void plaudit_encoding_free(plaudit_encoding **encoding);

/* ---- Neural ------------------------------------------------------------------------------- */

typedef struct plaudit_model plaudit_model;
typedef struct plaudit_scorer plaudit_scorer;
typedef struct plaudit_trainer plaudit_trainer;

typedef struct plaudit_model_options {
  int64_t struct_size;
  int64_t max_bytes; /* refuse a model whose weights take more memory; 0 = 16 GiB */
} plaudit_model_options;

enum {
  PLAUDIT_PROBLEM_NONE = 0,         /* an encoder without a head */
  PLAUDIT_PROBLEM_SINGLE_LABEL = 1, /* one label a text; probabilities are a softmax */
  PLAUDIT_PROBLEM_MULTI_LABEL = 2,  /* any number of labels; probabilities are sigmoids */
  PLAUDIT_PROBLEM_REGRESSION = 3    /* scores are numbers, not probabilities */
};
enum {
  PLAUDIT_POOLING_FOLDER = 0, /* what the model folder says */
  /* bits: vectors of several stand side by side, in the order CLS, MAX, MEAN */
  PLAUDIT_POOLING_MEAN = 1,
  PLAUDIT_POOLING_CLS = 2,
  PLAUDIT_POOLING_MAX = 4
};

typedef struct plaudit_model_info {
  int64_t struct_size;
  const char *PLAUDIT_NULLABLE architecture; /* as in config.json, such as "BertModel" */
  int64_t hidden_size;
  int64_t layer_count;
  int64_t embedding_size; /* of plaudit_model_embed; 0 when the folder names no pooling */
  int64_t max_length;     /* tokens a text may have before it is truncated */
  int64_t parameter_count;
  int64_t label_count;    /* 0 without a head */
  int32_t problem;        /* PLAUDIT_PROBLEM_... */
  int32_t pooling;        /* of embeddings, PLAUDIT_POOLING_... bits; 0 when the folder names none */
  int32_t normalized;     /* 1 when embeddings have length 1 */
  int32_t labels_unnamed; /* 1 when config.json names no labels and they are LABEL_0 ... */
} plaudit_model_info;

enum {
  PLAUDIT_LONG_TEXT_TRUNCATE = 0,
  PLAUDIT_LONG_TEXT_WINDOWS = 1, /* overlapping windows, averaged by the tokens new in each */
  PLAUDIT_LONG_TEXT_REFUSE = 2   /* LIMIT with the row */
};
enum { PLAUDIT_SCORES_PROBABILITIES = 0, PLAUDIT_SCORES_LOGITS = 1 };
enum { PLAUDIT_NORMALIZE_FOLDER = 0, PLAUDIT_NORMALIZE_YES = 1, PLAUDIT_NORMALIZE_NO = 2 };

typedef struct plaudit_predict_options {
  int64_t struct_size;
  int64_t max_length;    /* tokens a text; 0 = the model's, else 2 or more up to its positions */
  int64_t window_stride; /* tokens two windows share; 0 = an eighth of max_length */
  int32_t long_text;     /* PLAUDIT_LONG_TEXT_... */
  int32_t scores;        /* PLAUDIT_SCORES_... */
  int32_t pooling;       /* PLAUDIT_POOLING_..., for embeddings */
  int32_t normalize;     /* PLAUDIT_NORMALIZE_..., for embeddings */
  int32_t invalid_utf8;  /* PLAUDIT_UTF8_... */
  int32_t special_text;  /* PLAUDIT_SPECIAL_TEXT_... */
} plaudit_predict_options;

/* What became of one text on its way to a score. */
typedef struct plaudit_text_report {
  int64_t token_count;    /* tokens the model saw, special ones included */
  int64_t dropped_tokens; /* tokens it did not see */
  int64_t unknown_words;  /* words that became [UNK], such as "great" with an emoji glued on */
  int64_t window_count;   /* windows the text was cut into; 1 without */
} plaudit_text_report;

/* Loads a folder as Hugging Face or sentence-transformers write it: config.json,
 * model.safetensors (F32, F16, BF16; sharded too), tokenizer files, modules.json. Architectures:
 * BertModel, BertForSequenceClassification. Everything is checked before it returns.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_load(const char *path, int64_t path_length,
                                                    const plaudit_model_options *options,
                                                    plaudit_model **out_model,
                                                    plaudit_error **error);

/* Writes the model as a folder that loads again and predicts the same bits. Files of that name
 * are replaced, each in one step. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_save(const plaudit_model *model, const char *path,
                                                    int64_t path_length, plaudit_error **error);

/* Frees a model and sets *model to NULL. [any-thread] */
void plaudit_model_free(plaudit_model **model);

/* Fills *out_info, whose struct_size the caller has set. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_get_info(const plaudit_model *model,
                                                        plaudit_model_info *out_info,
                                                        plaudit_error **error);

/* The name of label index, borrowed from the model. Orders differ between models: always go by
 * name. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_label(const plaudit_model *model, int64_t index,
                                                     const char **out_name, plaudit_error **error);

/* The index of the label with this name; NOT_FOUND lists the names there are. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_label_index(const plaudit_model *model,
                                                           const char *name, int64_t length,
                                                           int32_t *out_index,
                                                           plaudit_error **error);

/* A handle on the model's own tokenizer. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_tokenizer(const plaudit_model *model,
                                                         plaudit_tokenizer **out_tokenizer,
                                                         plaudit_error **error);

/* Scores texts: out_scores is [count, label_count], capacity in floats; out_labels [count] gets
 * the index of the highest score (-1 for null rows and for problems other than single label);
 * out_labels and out_reports [count] may be NULL. A text's scores are the same bits alone or in
 * any batch, at any number of threads. pairs, run and options may be NULL. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_predict(
    const plaudit_model *model, const plaudit_text_batch *texts, const plaudit_text_batch *pairs,
    const plaudit_predict_options *options, const plaudit_run_options *run, float *out_scores,
    int64_t score_capacity, int32_t *out_labels, plaudit_text_report *out_reports,
    plaudit_error **error);

/* Embeds texts: out_embeddings is [count, width], capacity in floats; width is embedding_size, or
 * hidden_size for each pooling where the options name them and no dense layer follows. INVALID_ARGUMENT when neither folder nor options name one.
 * [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_embed(
    const plaudit_model *model, const plaudit_text_batch *texts,
    const plaudit_predict_options *options, const plaudit_run_options *run, float *out_embeddings,
    int64_t embedding_capacity, plaudit_text_report *out_reports, plaudit_error **error);

/* The last layer's hidden states: out_states is [tokens, hidden_size] over all texts, the rows of
 * text i from out_token_offsets[i] to out_token_offsets[i + 1] (count + 1 of them). With capacity
 * 0 it fills the offsets only and answers OK. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_hidden_states(
    const plaudit_model *model, const plaudit_text_batch *texts, const plaudit_text_batch *pairs,
    const plaudit_predict_options *options, const plaudit_run_options *run, float *out_states,
    int64_t state_capacity, int64_t *out_token_offsets, plaudit_error **error);

/* Prepares to score single events on one thread: after the first calls nothing is allocated and
 * no other thread is used. [immutable] in the model. */
PLAUDIT_NODISCARD plaudit_status plaudit_scorer_create(const plaudit_model *model,
                                                       const plaudit_predict_options *options,
                                                       plaudit_scorer **out_scorer,
                                                       plaudit_error **error);

/* Scores one text: out_scores is [label_count]; out_label and out_report may be NULL. The bits
 * are those of plaudit_model_predict. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_scorer_score(plaudit_scorer *scorer, const char *text,
                                                      int64_t length, float *out_scores,
                                                      int64_t score_capacity, int32_t *out_label,
                                                      plaudit_text_report *out_report,
                                                      plaudit_error **error);

/* Embeds one text: out_embedding is as long as plaudit_model_embed makes it. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_scorer_embed(plaudit_scorer *scorer, const char *text,
                                                      int64_t length, float *out_embedding,
                                                      int64_t embedding_capacity,
                                                      plaudit_text_report *out_report,
                                                      plaudit_error **error);

/* Frees a scorer and sets *scorer to NULL. [any-thread] */
void plaudit_scorer_free(plaudit_scorer **scorer);

enum {
  PLAUDIT_CLASS_WEIGHTS_NONE = 0,
  PLAUDIT_CLASS_WEIGHTS_BALANCED = 1, /* examples / (classes * examples of the class) */
  PLAUDIT_CLASS_WEIGHTS_CUSTOM = 2    /* class_weights, one a label */
};

/* Multinomial logistic regression on sentence embeddings: the sum of weighted cross-entropies
 * plus l2 / 2 times the squared weights (intercepts free), minimised by L-BFGS. */
typedef struct plaudit_trainer_options {
  int64_t struct_size;
  double l2;               /* 0 = chosen among 0.01 ... 30 by macro-F1 on a held-out part */
  double holdout_fraction; /* part held out to choose l2, stratified and seeded; 0 = 0.1 */
  double tolerance;        /* done when no gradient component per example exceeds it; 0 = 1e-6 */
  int64_t max_iterations;  /* 0 = 500 */
  int64_t history;         /* L-BFGS corrections kept; 0 = 10 */
  uint64_t seed;           /* of the held-out part */
  const double *PLAUDIT_NULLABLE class_weights; /* [label count], for CUSTOM */
  int32_t class_weighting; /* PLAUDIT_CLASS_WEIGHTS_... */
  int32_t pooling;         /* PLAUDIT_POOLING_..., of the embeddings it learns from */
  int32_t normalize;       /* PLAUDIT_NORMALIZE_..., of the embeddings it learns from */
  int32_t reserved;
} plaudit_trainer_options;

typedef struct plaudit_training_report {
  int64_t struct_size;
  int64_t example_count;
  int64_t iteration_count;
  double loss;             /* mean weighted cross-entropy and penalty, per example */
  double l2;               /* the one used */
  double holdout_accuracy; /* of the chosen l2; NaN when l2 was given */
  double holdout_macro_f1;
  int32_t converged;
  int32_t reserved;
} plaudit_training_report;

/* Begins a head with these labels (2 to 4096 different names) on a model that embeds; the
 * model's weights stay as they are. [immutable] in the model. */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_create(const plaudit_model *model,
                                                        const plaudit_text_batch *labels,
                                                        const plaudit_trainer_options *options,
                                                        plaudit_trainer **out_trainer,
                                                        plaudit_error **error);

/* Embeds texts and keeps them as examples; labels [count] are indices into the trainer's labels.
 * All or nothing: a call that fails or is cancelled adds no example. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_add(plaudit_trainer *trainer,
                                                     const plaudit_text_batch *texts,
                                                     const int32_t *labels,
                                                     const plaudit_run_options *run,
                                                     plaudit_error **error);

/* Keeps embeddings made before, in the trainer's pooling, as examples: [count, width] of finite floats.
 * [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_add_embeddings(plaudit_trainer *trainer,
                                                                const float *embeddings,
                                                                int64_t count,
                                                                const int32_t *labels,
                                                                plaudit_error **error);

/* Fits the head to all examples. Cancelled or out of time, the head keeps its last complete
 * iteration and can be used. Same examples, options and seed give the same bits at any number of
 * threads. out_report may be NULL. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_fit(plaudit_trainer *trainer,
                                                     const plaudit_run_options *run,
                                                     plaudit_training_report *out_report,
                                                     plaudit_error **error);

/* The encoder with the head as it is now, as a model of its own; INVALID_STATE before the first
 * fit. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_model(plaudit_trainer *trainer,
                                                       plaudit_model **out_model,
                                                       plaudit_error **error);

/* Frees a trainer and sets *trainer to NULL. [any-thread] */
void plaudit_trainer_free(plaudit_trainer **trainer);

/* ---- Stats -------------------------------------------------------------------------------- */

/* KPIs of one group. Rates are fractions, money is in the caller's currency, counts may be
 * fractional. All [any-thread]. A zero denominator is UNDEFINED; NaN and infinity NOT_FINITE;
 * negative counts INVALID_DATA. Definitions: docs/stats.md. */

/* clicks / impressions; clicks above impressions are INVALID_DATA. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_click_through_rate(double clicks, double impressions,
                                                                double *out_value,
                                                                plaudit_error **error);

/* engagements / impressions; may exceed 1, for one impression can bring several engagements. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_engagement_rate_by_impressions(double engagements,
                                                                            double impressions,
                                                                            double *out_value,
                                                                            plaudit_error **error);

/* engagements / reach (people who saw it). */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_engagement_rate_by_reach(double engagements,
                                                                      double reach,
                                                                      double *out_value,
                                                                      plaudit_error **error);

/* engagements / followers. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_engagement_rate_by_followers(double engagements,
                                                                          double followers,
                                                                          double *out_value,
                                                                          plaudit_error **error);

/* conversions / visitors (or clicks); may exceed 1 where one visitor can convert repeatedly. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_conversion_rate(double conversions, double visitors,
                                                             double *out_value,
                                                             plaudit_error **error);

/* cost / clicks. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_cost_per_click(double cost, double clicks,
                                                            double *out_value,
                                                            plaudit_error **error);

/* 1000 * cost / impressions. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_cost_per_mille(double cost, double impressions,
                                                            double *out_value,
                                                            plaudit_error **error);

/* cost / actions (conversions, sign-ups, orders). */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_cost_per_action(double cost, double actions,
                                                             double *out_value,
                                                             plaudit_error **error);

/* revenue / cost; a cost of zero or less is UNDEFINED. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_return_on_ad_spend(double revenue, double cost,
                                                                double *out_value,
                                                                plaudit_error **error);

/* (revenue - cost) / cost; a cost of zero or less is UNDEFINED. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_return_on_investment(double revenue, double cost,
                                                                  double *out_value,
                                                                  plaudit_error **error);

/* revenue / orders. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_average_order_value(double revenue, double orders,
                                                                 double *out_value,
                                                                 plaudit_error **error);

/* revenue / visitors. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_revenue_per_visitor(double revenue, double visitors,
                                                                 double *out_value,
                                                                 plaudit_error **error);

/* Which KPI plaudit_kpi_column computes. */
enum {
  PLAUDIT_KPI_CLICK_THROUGH_RATE = 10,
  PLAUDIT_KPI_ENGAGEMENT_RATE_BY_IMPRESSIONS = 20,
  PLAUDIT_KPI_ENGAGEMENT_RATE_BY_REACH = 21,
  PLAUDIT_KPI_ENGAGEMENT_RATE_BY_FOLLOWERS = 22,
  PLAUDIT_KPI_CONVERSION_RATE = 30,
  PLAUDIT_KPI_COST_PER_CLICK = 40,
  PLAUDIT_KPI_COST_PER_MILLE = 41,
  PLAUDIT_KPI_COST_PER_ACTION = 42,
  PLAUDIT_KPI_RETURN_ON_AD_SPEND = 50,
  PLAUDIT_KPI_RETURN_ON_INVESTMENT = 51,
  PLAUDIT_KPI_AVERAGE_ORDER_VALUE = 60,
  PLAUDIT_KPI_REVENUE_PER_VISITOR = 61
};

/* Why a value of a column is missing or wants a second look; bits. */
enum {
  PLAUDIT_KPI_FLAG_NO_DENOMINATOR = 1,
  PLAUDIT_KPI_FLAG_NUMERATOR_WITHOUT_DENOMINATOR = 2,
  PLAUDIT_KPI_FLAG_NON_POSITIVE_DENOMINATOR = 4,
  PLAUDIT_KPI_FLAG_NEGATIVE_REVENUE = 8,
  PLAUDIT_KPI_FLAG_RATE_ABOVE_ONE = 16,
  PLAUDIT_KPI_FLAG_NAN_INPUT = 32,
  PLAUDIT_KPI_FLAG_INFINITE_INPUT = 64,
  PLAUDIT_KPI_FLAG_NEGATIVE_COUNT = 128,
  PLAUDIT_KPI_FLAG_FRACTIONAL_COUNT = 256
};

/* One KPI over columns of count numerators and denominators, in the order of the scalar function.
 * A row without a value gets NaN and its flags; clicks above impressions keep their value with
 * RATE_ABOVE_ONE. With refuse 1 the first row that the scalar function would refuse ends the call
 * with that error and row. out_flags may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_column(int32_t kpi, const double *numerators,
                                                    const double *denominators, int64_t count,
                                                    int32_t refuse, double *out_values,
                                                    int32_t *out_flags, plaudit_error **error);

typedef struct plaudit_interval {
  double lower;
  double upper;
} plaudit_interval;

/* Wilson's score interval for successes of trials at a confidence such as 0.95 (Wilson 1927).
 * 0 trials are UNDEFINED; successes outside 0..trials INVALID_DATA. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_wilson_interval(int64_t successes, int64_t trials,
                                                               double confidence,
                                                               plaudit_interval *out_interval,
                                                               plaudit_error **error);

/* The same over columns. Impossible rows and rows without trials get NaN and PLAUDIT_KPI_FLAG_...
 * bits (out_flags may be NULL), or with refuse 1 end the call with their error and row.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_wilson_column(const int64_t *successes,
                                                             const int64_t *trials, int64_t count,
                                                             double confidence, int32_t refuse,
                                                             double *out_lower, double *out_upper,
                                                             int32_t *out_flags,
                                                             plaudit_error **error);

/* Successes of trials in the two groups of an experiment. */
typedef struct plaudit_two_proportions {
  int64_t treatment_successes;
  int64_t treatment_trials;
  int64_t control_successes;
  int64_t control_trials;
} plaudit_two_proportions;

enum {
  PLAUDIT_ALTERNATIVE_TWO_SIDED = 0,
  PLAUDIT_ALTERNATIVE_GREATER = 1, /* treatment above control */
  PLAUDIT_ALTERNATIVE_LESS = 2
};

typedef struct plaudit_test_options {
  int64_t struct_size;
  double confidence;   /* 0 = 0.95 */
  int32_t alternative; /* PLAUDIT_ALTERNATIVE_... */
  int32_t unpooled;    /* 1 = variance of each group for itself */
} plaudit_test_options;

typedef struct plaudit_test_result {
  int64_t struct_size;
  double treatment_rate;
  double control_rate;
  double difference;             /* treatment - control */
  plaudit_interval difference_interval; /* Newcombe 1998, hybrid score, two-sided */
  double z;
  double p_value;                /* precise in the tails */
} plaudit_test_result;

/* Two-proportion z test. UNDEFINED without trials or when both groups are all failures or all
 * successes. options may be NULL; out_result->struct_size is set by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_two_proportion_test(
    const plaudit_two_proportions *counts, const plaudit_test_options *options,
    plaudit_test_result *out_result, plaudit_error **error);

/* What to keep in mind about a lift; bits. */
enum {
  PLAUDIT_LIFT_FLAG_ZERO_BASELINE = 1,      /* relative lift is NaN: the control has none */
  PLAUDIT_LIFT_FLAG_UNBOUNDED_INTERVAL = 2, /* control not distinguishable from 0 */
  PLAUDIT_LIFT_FLAG_LOW_BASELINE = 4,       /* control below 10 standard errors */
  PLAUDIT_LIFT_FLAG_ZERO_VARIANCE = 8       /* both rates 0 or 1: z, p, relative interval NaN */
};

typedef struct plaudit_lift {
  int64_t struct_size;
  double treatment_rate;
  double control_rate;
  double absolute;                    /* treatment - control */
  plaudit_interval absolute_interval; /* Newcombe 1998, hybrid score */
  double relative;                    /* (treatment - control) / control */
  plaudit_interval relative_interval; /* Fieller 1954: excludes 0 exactly when p_value does */
  double z;                           /* unpooled */
  double p_value;                     /* two-sided */
  int32_t flags;                      /* PLAUDIT_LIFT_FLAG_... */
  int32_t reserved;
} plaudit_lift;

/* Lift of the treatment over the control, with intervals at a confidence such as 0.95. Lift is
 * relative to the control: 18.2 % against 13.4 % is +35.8 %. out_lift->struct_size is set by the
 * caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_proportion_lift(
    const plaudit_two_proportions *counts, double confidence, plaudit_lift *out_lift,
    plaudit_error **error);

/* (treatment - control) / |control| for rates or means without counts. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_relative_lift(double treatment, double control,
                                                             double *out_lift,
                                                             plaudit_error **error);

typedef struct plaudit_classification_report {
  int64_t struct_size;
  double accuracy;
  double macro_precision;
  double macro_recall;
  double macro_f1;
  double weighted_f1;
  int64_t undefined_classes; /* classes never predicted or never true: their 0/0 counts as 0 */
} plaudit_classification_report;

/* Compares predicted with true class indices, each in 0..class_count - 1. out_precision,
 * out_recall, out_f1 and out_support [class_count] and out_confusion [class_count, class_count]
 * (true, predicted) may be NULL. Values are scikit-learn's with zero_division 0.
 * out_report->struct_size is set by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_classification(
    const int32_t *truth, const int32_t *predicted, int64_t count, int64_t class_count,
    plaudit_classification_report *out_report, double *out_precision, double *out_recall,
    double *out_f1, int64_t *out_support, int64_t *out_confusion, plaudit_error **error);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif
