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
 * handlers, locale and environment alone. It works after fork(). Its threads sleep between calls;
 * within one in which they share few texts they look for each other's results for up to 50
 * microseconds before they sleep.
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
 * features, the kernels in use for fp32, bf16 and int8, the default and the fastest precision,
 * threads; static. [any-thread] */
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
  PLAUDIT_PHASE_FITTING = 30,
  PLAUDIT_PHASE_TRAINING = 40,
  PLAUDIT_PHASE_RESAMPLING = 60,
  PLAUDIT_PHASE_COMPARING = 70,
  PLAUDIT_PHASE_REPLAYING = 80,
  PLAUDIT_PHASE_TABULATING = 90
};

typedef struct plaudit_progress {
  int64_t struct_size;
  int64_t done;           /* texts (of all epochs when training), iterations, resamples, metrics */
  int64_t total;          /* 0 when unknown */
  double seconds_elapsed; /* since the call began */
  double seconds_left;    /* estimate for this phase, NaN while unknown */
  double loss;            /* training loss, NaN elsewhere */
  int32_t phase;          /* PLAUDIT_PHASE_... */
  int32_t reserved;
  int64_t step;           /* steps of the optimiser when training, 0 elsewhere */
  double per_second;      /* done in a second, such as texts/s; NaN while unknown */
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
typedef struct plaudit_cleaning plaudit_cleaning;

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

enum {
  PLAUDIT_COLUMNS_ALL = 0,
  PLAUDIT_COLUMNS_IDS = 1,    /* the ids alone: less memory and time */
  PLAUDIT_COLUMNS_OFFSETS = 2 /* ids, starts and ends */
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
  int32_t columns;          /* PLAUDIT_COLUMNS_...: which token arrays the encoding has */
} plaudit_encode_options;

/* Borrowed arrays of an encoding. A text has one row, and overflow rows after it when it was
 * truncated; token arrays run over all rows, and are NULL when the options left them out. Byte
 * offsets point into the caller's text of the same sequence; special and padding tokens have
 * 0, 0. */
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

/* Borrowed arrays of cleaned texts: text r is data[offsets[r]] up to data[offsets[r + 1]], without a
 * NUL after it. Byte i came from bytes starts[i] to ends[i] (exclusive) of the caller's text of the
 * same row; within a row neither falls, so bytes i to j came from starts[i] to ends[j]. */
typedef struct plaudit_cleaning_view {
  int64_t struct_size;
  int64_t text_count;
  int64_t byte_count;
  const char *PLAUDIT_NULLABLE data;       /* [byte_count] */
  const int64_t *PLAUDIT_NULLABLE offsets; /* [text_count + 1] */
  const int32_t *PLAUDIT_NULLABLE starts;  /* [byte_count] */
  const int32_t *PLAUDIT_NULLABLE ends;    /* [byte_count] */
} plaudit_cleaning_view;

/* The cleaning recipes as JSON: [{"name": "tweets-1", "steps": ["links: http", ...]}, ...]; static.
 * A name's steps never change; what they do is in docs/text.md. [any-thread] */
const char *plaudit_cleaning_recipes(void);

/* Cleans texts by a recipe such as "tweets-1"; NOT_FOUND for a name that is none, with those that
 * are. Bytes that are not UTF-8 stay as they are; a null row is an empty text; a cleaned text of
 * 2^31 bytes or more is LIMIT with the row. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_text_clean(const char *recipe, int64_t recipe_length,
                                                    const plaudit_text_batch *texts,
                                                    plaudit_cleaning **out_cleaning,
                                                    plaudit_error **error);

/* Fills *out_view, whose struct_size the caller has set, with pointers that live as long as the
 * cleaned texts. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_cleaning_get(const plaudit_cleaning *cleaning,
                                                      plaudit_cleaning_view *out_view,
                                                      plaudit_error **error);

/* Frees cleaned texts and sets *cleaning to NULL. [any-thread] */
void plaudit_cleaning_free(plaudit_cleaning **cleaning);

/* ---- Neural ------------------------------------------------------------------------------- */

typedef struct plaudit_model plaudit_model;
typedef struct plaudit_scorer plaudit_scorer;
typedef struct plaudit_trainer plaudit_trainer;

/* How the linear layers of an encoder multiply; all else is fp32, and so are scores. At every
 * precision a text's scores are the same bits alone or in any batch, at any number of threads; they
 * differ between precisions, and between kinds of CPUs. plaudit_model_precision_report tells what
 * that changes on the caller's own texts. Sources: Kalamkar et al. 2019, arXiv:1905.12322 (bfloat16);
 * Jacob et al. 2018, arXiv:1712.05877 (bytes); Dettmers et al. 2022, arXiv:2208.07339, section 3.1
 * (a scale a token and an output). */
enum {
  PLAUDIT_PRECISION_FP32 = 0, /* the default; keeps to the reference within 2e-5 */
  PLAUDIT_PRECISION_BF16 = 1, /* weights and inputs as bfloat16, where the CPU multiplies those
                                 faster than floats (AMX-BF16; AVX512-BF16 of AMD); else fp32 */
  PLAUDIT_PRECISION_INT8 = 2, /* weights as bytes with a scale an output, inputs as bytes with a
                                 scale a token, exact sums: by AMX-INT8 or VNNI where there is one */
  PLAUDIT_PRECISION_FASTEST = 3 /* what this machine does fastest */
};

typedef struct plaudit_model_options {
  int64_t struct_size;
  int64_t max_bytes; /* refuse a model whose weights take more memory as floats; 0 = 16 GiB */
  int32_t precision; /* PLAUDIT_PRECISION_..., of a model with an encoder */
  int32_t reserved;
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
  const char *PLAUDIT_NULLABLE cleaning;    /* the recipe texts are cleaned by; NULL for none */
  const char *PLAUDIT_NULLABLE calibration; /* "temperature", "platt", "isotonic"; NULL for none */
  int32_t precision;                        /* PLAUDIT_PRECISION_..., what it computes at here */
  int32_t reserved;
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
  int32_t scorer_threads; /* of plaudit_scorer_create, up to 256: the threads that share a text where
                             that pays; 0 and 1 = the caller's alone */
  int32_t reserved;
} plaudit_predict_options;

/* What became of one text on its way to a score. */
typedef struct plaudit_text_report {
  int64_t token_count;    /* tokens the model saw, special ones included */
  int64_t dropped_tokens; /* tokens it did not see */
  int64_t unknown_words;  /* words that became [UNK], such as "great" with an emoji glued on */
  int64_t window_count;   /* windows the text was cut into; 1 without */
} plaudit_text_report;

enum {
  PLAUDIT_STORAGE_F32 = 0,
  PLAUDIT_STORAGE_ROWS_INT8 = 1 /* a byte a number and a scale a row in matrices of 1,024 numbers
                                   and more: a quarter of the size; Plaudit alone reads it,
                                   transformers takes the bytes for weights */
};

typedef struct plaudit_save_options {
  int64_t struct_size;
  int32_t storage; /* PLAUDIT_STORAGE_... */
  int32_t reserved;
} plaudit_save_options;

/* Loads a folder as Hugging Face or sentence-transformers write it: config.json,
 * model.safetensors (F32, F16, BF16, or as ROWS_INT8 stores it; sharded too), tokenizer files,
 * modules.json; or as plaudit_model_save writes it. Architectures: BertModel, VaderLexicon, and
 * those of plaudit_trainer_options. Everything is checked before it returns.
 *
 * path NULL (path_length -1) is the default model, brand-sentiment: the folder that the environment
 * variable PLAUDIT_MODEL names or, when it is not set, the first there is of, seen from the
 * library's own folder, models/brand-sentiment, ../share/plaudit/models/brand-sentiment,
 * ../../share/plaudit/models/brand-sentiment and, in a checkout, out/models and models.
 * NOT_FOUND lists every place tried.
 *
 * Below fp32 the weights are packed for this machine while they are read, and their fp32 values are
 * not kept: less memory, but such a model is neither saved nor trained further (INVALID_STATE), only
 * loaded again. BF16 and INT8 of a model without an encoder are UNSUPPORTED, FASTEST is fp32 for it.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_load(const char *path, int64_t path_length,
                                                    const plaudit_model_options *options,
                                                    plaudit_model **out_model,
                                                    plaudit_error **error);

/* Writes the model, its weights as F32, as a folder that loads again and predicts the same bits.
 * Files of that name are replaced, each in one step. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_save(const plaudit_model *model, const char *path,
                                                    int64_t path_length, plaudit_error **error);

/* The same, stored as the options say. ROWS_INT8 moves no weight by more than 1 / 254 of the
 * largest of its row, so scores change a little; saving what was loaded from it as F32 does not
 * bring them back. A weight that is not finite gives NOT_FINITE. options may be NULL.
 * [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_save_as(const plaudit_model *model,
                                                       const char *path, int64_t path_length,
                                                       const plaudit_save_options *options,
                                                       plaudit_error **error);

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

/* Makes *out_model the same model at a precision (PLAUDIT_PRECISION_...), such as one that was
 * trained here; it shares with an fp32 model, which stays as it is, what both need, and gives the
 * bits of one that is loaded at that precision. OUT_OF_RANGE for an unknown precision; UNSUPPORTED
 * for BF16 and INT8 of a model without an encoder; INVALID_STATE for a model below fp32 and another
 * precision. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_at_precision(const plaudit_model *model,
                                                            int32_t precision,
                                                            plaudit_model **out_model,
                                                            plaudit_error **error);

/* What a precision changes on some texts. */
typedef struct plaudit_precision_report {
  int64_t struct_size;
  int64_t text_count;        /* texts compared; null rows are not */
  int64_t flip_count;        /* those whose label is another; multi-label: any score passes a half */
  double flip_rate;          /* flip_count / text_count; NaN where scores are no labels */
  double largest_difference; /* between two scores of a text, or elements of its embedding */
  double mean_difference;    /* of the texts' largest differences; NaN without texts */
  int64_t worst_text;        /* the first text with the largest difference; -1 without texts */
  int32_t precision;         /* PLAUDIT_PRECISION_..., what was computed here */
  int32_t reserved;
} plaudit_precision_report;

/* Scores texts with this model, which is at fp32, and at another precision, and compares; without a
 * head, embeddings. Differences are between probabilities or logits as the options say. Takes the
 * memory of both models for the time, and a score twice; progress goes through the texts once for
 * each. pairs, options and run may be NULL; *out_report's struct_size is set by the caller.
 * Errors are those of plaudit_model_at_precision and plaudit_model_predict (or _embed), with the
 * row; INVALID_STATE for a model below fp32; nothing is written then. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_precision_report(
    const plaudit_model *model, int32_t precision, const plaudit_text_batch *texts,
    const plaudit_text_batch *pairs, const plaudit_predict_options *options,
    const plaudit_run_options *run, plaudit_precision_report *out_report, plaudit_error **error);

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

/* Prepares to score single events on one thread: after the first calls nothing is allocated and no
 * other thread is used. With options->scorer_threads above 1 threads share a text's layers where the
 * model is large enough for that to pay, for half the time; the scorers of a process together keep
 * to its cores, or to those of the largest. [immutable] in the model. */
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

enum {
  PLAUDIT_OPTIMIZER_ADAMW = 0, /* decoupled decay (Loshchilov & Hutter 2019, arXiv:1711.05101) */
  PLAUDIT_OPTIMIZER_ADAM = 1   /* decay as an L2 penalty (Kingma & Ba 2015, arXiv:1412.6980) */
};
/* How the learning rate goes after the warm-up, as transformers and PyTorch compute it. */
enum {
  PLAUDIT_SCHEDULE_LINEAR = 0, /* to 0 at the end */
  PLAUDIT_SCHEDULE_CONSTANT = 1,
  PLAUDIT_SCHEDULE_COSINE = 2, /* half a wave to 0 at the end */
  PLAUDIT_SCHEDULE_PLATEAU = 3 /* times plateau_factor after plateau_patience epochs without gain */
};
/* By what, on the validation texts, the best epoch is known. */
enum { PLAUDIT_MONITOR_LOSS = 0, PLAUDIT_MONITOR_MACRO_F1 = 1 };

/* What is trained, by the name that config.json will have under architectures:
 *   NULL                                    a head on sentence embeddings, the encoder frozen:
 *                                           multinomial logistic regression, the sum of weighted
 *                                           cross-entropies plus l2 / 2 times the squared weights
 *                                           (intercepts free), minimised by L-BFGS
 *   "BertForSequenceClassification"         the encoder itself, pooler and classifier
 *   "BertBiLSTMForSequenceClassification"   hidden states, BiLSTM(128), dropout, dense
 *   "BertWordLSTMForSequenceClassification" pooled token beside LSTM(100) over word vectors, dense
 *                                           ReLU, dense
 *   "WordLSTMForSequenceClassification"     LSTM(100) over word vectors, dropout, dense
 *   "WordCNNForSequenceClassification"      100 filters of 3, 4 and 5 words each (Kim 2014)
 *   "TfidfLogisticRegression"               tf-idf of words and pairs, logistic regression
 *   "HashedLinear"                          hashed n-grams, averaged vectors (Joulin et al. 2016)
 * Two labels share a sigmoid unit in Plaudit's own networks, more have a softmax. Fields that an
 * architecture has no use for are ignored. Zero is the default of every field; where 0 itself is
 * wanted, -1 says so for the fields marked *. */
typedef struct plaudit_trainer_options {
  int64_t struct_size;
  /* head on embeddings; l2, holdout_fraction, seed and class weights of others too */
  double l2;               /* 0 = chosen among 0.01 ... 30 by macro-F1 on a held-out part; of
                              TfidfLogisticRegression 1 / C, 0 = C among 0.5 ... 8, or 1 where a
                              label has one example */
  double holdout_fraction; /* part of the examples held out, stratified and seeded, where no
                              validation texts were added and some are needed; 0 = 0.1 */
  double tolerance;        /* done when no gradient component per example exceeds it; 0 = 1e-6 */
  int64_t max_iterations;  /* 0 = 500 */
  int64_t history;         /* L-BFGS corrections kept; 0 = 10 */
  uint64_t seed;           /* of weights, order, dropout and held-out parts */
  const double *PLAUDIT_NULLABLE class_weights; /* [label count] of 1e-9 to 1e9, for CUSTOM */
  int32_t class_weighting; /* PLAUDIT_CLASS_WEIGHTS_... */
  int32_t pooling;         /* PLAUDIT_POOLING_..., of the embeddings it learns from */
  int32_t normalize;       /* PLAUDIT_NORMALIZE_..., of the embeddings it learns from */
  int32_t reserved;
  /* networks and linear models */
  const char *PLAUDIT_NULLABLE architecture; /* see above */
  const char *PLAUDIT_NULLABLE cleaning;     /* a recipe of plaudit_cleaning_recipes, kept with the
                                                model and applied when it predicts; NULL = the base
                                                model's, "none" = none */
  const char *PLAUDIT_NULLABLE vectors;      /* file of word vectors: GloVe text, or .npy with its
                                                words.txt */
  const char *PLAUDIT_NULLABLE checkpoint;   /* file that keeps the state of the training */
  int64_t checkpoint_steps; /* steps between two checkpoints; 0 = one an epoch */
  int64_t epochs;           /* 0 = 3, of HashedLinear 5 */
  int64_t batch_size;       /* texts of a step; 0 = 32 */
  int64_t batch_tokens;     /* tokens of a step in place of batch_size; the schedule then reckons
                               with as many steps an epoch as the first has; 0 = none */
  int64_t pass_tokens;      /* tokens that are in memory at once: a step accumulates the gradients
                               of as many passes as it needs; 0 = 2048 */
  int64_t max_length;       /* tokens a text, 0 = the base model's; of networks over words alone
                               words, at most and by default 512 */
  int64_t frozen_layers;    /* embeddings and this many layers of the encoder stay, and what they
                               give is computed once if it takes no more than 6 GiB or half of the
                               memory; 0 = train all, -1 = embeddings alone stay */
  int64_t hidden_size;      /* units of the LSTM, each direction; 0 = 128 in a BiLSTM, else 100 */
  int64_t filter_count;     /* filters of each width of the CNN; 0 = 100 */
  int64_t dense_size;       /* units of the dense ReLU layer; 0 = 128 */
  int64_t vector_words;     /* first words of the vectors that are kept though no example has them;
                               0 = 30000 */
  int64_t patience;         /* epochs without gain after which training stops; 0 = never */
  int64_t plateau_patience; /* 0 = 1 */
  double learning_rate;      /* 0 = 5e-5 with an encoder, 0.25 of HashedLinear, else 1e-3 */
  double head_learning_rate; /* of the layers above the encoder; 0 = learning_rate */
  double weight_decay;       /* * not of biases and normalisations; 0 = 0.01 */
  double beta1;              /* 0 = 0.9 */
  double beta2;              /* 0 = 0.999 */
  double epsilon;            /* 0 = 1e-8 */
  double warmup_fraction;    /* * part of all steps in which the rate rises; 0 = 0.1 */
  double plateau_factor;     /* 0 = 0.5 */
  double clip_norm;          /* * largest norm of a step's gradient; 0 = 1 */
  double dropout;            /* * inside the encoder; 0 = what config.json says, else 0.1 */
  double classifier_dropout; /* * above it; 0 = what config.json says, of word networks 0.5 */
  double label_smoothing;    /* 0 ... below 1 */
  int32_t optimizer;         /* PLAUDIT_OPTIMIZER_... */
  int32_t schedule;          /* PLAUDIT_SCHEDULE_... */
  int32_t monitor;           /* PLAUDIT_MONITOR_... */
  int32_t resume;            /* 1 = go on where the checkpoint stopped, if there is one */
  int32_t no_bias_correction; /* 1 = Adam without it, to reproduce old BERT code */
  int32_t frozen_vectors;     /* 1 = word vectors stay as they are */
} plaudit_trainer_options;

typedef struct plaudit_training_report {
  int64_t struct_size;
  int64_t example_count;
  int64_t iteration_count; /* steps of the optimiser, of all fits that were compared */
  double loss;             /* mean weighted cross-entropy (and penalty of linear models) per
                              example; of networks in the epoch whose weights were kept, with
                              dropout */
  double l2;               /* the one used; 1 / C of TfidfLogisticRegression; NaN of networks */
  double holdout_accuracy; /* on validation texts or the held-out part; NaN without */
  double holdout_macro_f1;
  int32_t converged;       /* the gradient fell below the tolerance; of networks: ran to its end */
  int32_t reserved;
  double holdout_loss;     /* mean cross-entropy of networks, NaN without */
  int64_t holdout_count;   /* validation texts */
  int64_t best_epoch;      /* the one whose weights were kept; 0 where there was no choice */
  int64_t skipped_steps;   /* steps left out because a loss or gradient was not finite */
} plaudit_training_report;

/* One epoch of a network's training; losses are NaN where there was nothing to measure. */
typedef struct plaudit_epoch {
  int64_t epoch;              /* from 1 */
  int64_t step;               /* steps done at its end */
  double training_loss;       /* mean over its examples, with dropout */
  double validation_loss;
  double validation_accuracy;
  double validation_macro_f1;
  double learning_rate;       /* of its last step */
  double seconds;
  int64_t skipped_steps;      /* so far */
} plaudit_epoch;

/* Begins a classifier with these labels (2 to 4096 different names). model is where it starts: a
 * head needs one that embeds, the Bert architectures one with an encoder, the others none (NULL).
 * A network of the same architecture and labels goes on with its head, else the head is new.
 * The model's own weights stay as they are. [immutable] in the model. */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_create(const plaudit_model *model,
                                                        const plaudit_text_batch *labels,
                                                        const plaudit_trainer_options *options,
                                                        plaudit_trainer **out_trainer,
                                                        plaudit_error **error);

/* Keeps texts as examples, cleaned or, for a head, embedded; labels [count] are indices into the
 * trainer's labels. All or nothing: a call that fails or is cancelled adds no example.
 * [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_add(plaudit_trainer *trainer,
                                                     const plaudit_text_batch *texts,
                                                     const int32_t *labels,
                                                     const plaudit_run_options *run,
                                                     plaudit_error **error);

/* Keeps texts by which epochs, penalties and rates are compared; nothing is learnt from them. Not
 * for heads, whose held-out part is chosen by holdout_fraction: INVALID_STATE. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_add_validation(plaudit_trainer *trainer,
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

/* Trains on all examples. Cancelled or out of time, it leaves a model that can be used: of the
 * best epoch so far, else of the last complete step or iteration. Same examples, options and seed
 * give the same bits at any number of threads, and so does a training that was resumed from its
 * checkpoint. A step whose loss or gradient is not finite is left out and counted; after a hundred
 * in a row, or an epoch without one, the call fails with NOT_FINITE, and so it does when the weights
 * at its end cannot score; the trainer then keeps the model of the fit before. Checkpoints are
 * written whole or not at all: when a disk is full the old one stays; a place that cannot be written
 * to is an error before the first step. out_report may be NULL. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_fit(plaudit_trainer *trainer,
                                                     const plaudit_run_options *run,
                                                     plaudit_training_report *out_report,
                                                     plaudit_error **error);

/* The epochs of the last fit, also of one that was cancelled: fills up to capacity of them and
 * always *out_count. Heads and linear models have none. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_history(plaudit_trainer *trainer,
                                                         plaudit_epoch *out_epochs,
                                                         int64_t capacity, int64_t *out_count,
                                                         plaudit_error **error);

/* What the last fit made, as a model of its own; INVALID_STATE before the first fit.
 * [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_model(plaudit_trainer *trainer,
                                                       plaudit_model **out_model,
                                                       plaudit_error **error);

/* Frees a trainer and sets *trainer to NULL. [any-thread] */
void plaudit_trainer_free(plaudit_trainer **trainer);

/* How a candidate did on one fold. */
typedef struct plaudit_fold_result {
  int64_t training_count;
  int64_t held_count;
  double accuracy;
  double macro_f1;
  double log_loss; /* mean negative log-likelihood of the true labels */
  double seconds;
} plaudit_fold_result;

/* Cross-validates candidates, such as the points of a grid: each is trained fold_count times (2 or
 * more, stratified, seeded; rows of one group stay together, groups [count] may be NULL) and scored
 * on the part it did not see. out_results is [candidate_count, fold_count]; *out_best the candidate
 * of the highest mean macro-F1, the first of equal ones. candidates[i] point to options with
 * architectures; a checkpoint in them is INVALID_ARGUMENT. A fold without a label is an error that
 * names it; what a candidate lacks is told, with its index, before the first is trained. Progress and
 * the time left are those of the whole search. model may be NULL as in plaudit_trainer_create.
 * [immutable] in the model. */
PLAUDIT_NODISCARD plaudit_status plaudit_trainer_search(
    const plaudit_model *model, const plaudit_text_batch *labels, const plaudit_text_batch *texts,
    const int32_t *truth, const int64_t *groups,
    const plaudit_trainer_options *const *candidates, int64_t candidate_count, int64_t fold_count,
    uint64_t seed, const plaudit_run_options *run, plaudit_fold_result *out_results,
    int64_t *out_best, plaudit_error **error);

/* A lexicon model (VaderLexicon) with words of one's own: valences [count] from -4 to 4 are added
 * for new words and replace those of known ones; words go to lower case. OUT_OF_RANGE or NOT_FINITE
 * with the index of a valence, INVALID_ARGUMENT of a word with white space; UNSUPPORTED for models
 * without a lexicon. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_with_words(const plaudit_model *model,
                                                          const plaudit_text_batch *words,
                                                          const double *valences,
                                                          plaudit_model **out_model,
                                                          plaudit_error **error);

/* What a calibration gained on the rows it was fitted to. */
typedef struct plaudit_calibration_report {
  int64_t struct_size;
  double loss_before; /* mean negative log-likelihood of the true class on these rows */
  double loss_after;
  double objective;   /* what was minimised: that mean; the sum over Platt's targets; the mean
                         squared error */
  int32_t at_bound;   /* 1: the temperature stopped at 0.01 or 100 */
  int32_t reserved;
} plaudit_calibration_report;

/* The model with a calibration (PLAUDIT_CALIBRATION_...) of its probabilities, fitted to texts it
 * was not trained on; labels [count] are indices of its own. It is saved with the model; logits
 * stay as they are. For single-label models. out_report may be NULL. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_model_calibrate(const plaudit_model *model,
                                                         const plaudit_text_batch *texts,
                                                         const int32_t *labels, int32_t method,
                                                         const plaudit_run_options *run,
                                                         plaudit_model **out_model,
                                                         plaudit_calibration_report *out_report,
                                                         plaudit_error **error);

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

/* Which KPI; fractions, ratios or money. */
enum {
  PLAUDIT_KPI_CLICK_THROUGH_RATE = 10,
  PLAUDIT_KPI_CLICK_THROUGH_RATE_BY_REACH = 11,
  PLAUDIT_KPI_VIEWABLE_CLICK_THROUGH_RATE = 12,
  PLAUDIT_KPI_ENGAGEMENT_RATE_BY_IMPRESSIONS = 20,
  PLAUDIT_KPI_ENGAGEMENT_RATE_BY_REACH = 21,
  PLAUDIT_KPI_ENGAGEMENT_RATE_BY_FOLLOWERS = 22,
  PLAUDIT_KPI_ENGAGEMENT_RATE_BY_SESSIONS = 23, /* engaged sessions / sessions */
  PLAUDIT_KPI_BOUNCE_RATE = 24,                 /* 1 - engaged sessions / sessions */
  PLAUDIT_KPI_INTERACTION_RATE = 25,            /* interactions / impressions */
  PLAUDIT_KPI_CONVERSION_RATE = 30,
  PLAUDIT_KPI_CONVERSION_RATE_BY_CLICKS = 31,
  PLAUDIT_KPI_CONVERSION_RATE_BY_IMPRESSIONS = 32,
  PLAUDIT_KPI_CONVERSION_RATE_BY_INTERACTIONS = 33,
  PLAUDIT_KPI_COST_PER_CLICK = 40,
  PLAUDIT_KPI_COST_PER_MILLE = 41,
  PLAUDIT_KPI_COST_PER_ACTION = 42,
  PLAUDIT_KPI_COST_PER_ENGAGEMENT = 43,
  PLAUDIT_KPI_CUSTOMER_ACQUISITION_COST = 44, /* cost / new customers */
  PLAUDIT_KPI_RETURN_ON_AD_SPEND = 50,
  PLAUDIT_KPI_RETURN_ON_INVESTMENT = 51,
  PLAUDIT_KPI_RETURN_ON_MARKETING_INVESTMENT = 52, /* (incremental profit - cost) / cost */
  PLAUDIT_KPI_ADVERTISING_COST_OF_SALES = 53,      /* cost / revenue */
  PLAUDIT_KPI_AVERAGE_ORDER_VALUE = 60,
  PLAUDIT_KPI_REVENUE_PER_VISITOR = 61,
  PLAUDIT_KPI_REVENUE_PER_MILLE = 62,  /* 1000 * revenue / impressions */
  PLAUDIT_KPI_FREQUENCY = 70,          /* impressions / reach */
  PLAUDIT_KPI_NET_PROMOTER_SCORE = 80  /* 100 * (promoters - detractors) / responses */
};

/* Why a value of a column is missing or wants a second look; bits. */
enum {
  PLAUDIT_KPI_FLAG_NO_DENOMINATOR = 1,
  PLAUDIT_KPI_FLAG_NUMERATOR_WITHOUT_DENOMINATOR = 2,
  PLAUDIT_KPI_FLAG_NON_POSITIVE_DENOMINATOR = 4,
  PLAUDIT_KPI_FLAG_NEGATIVE_REVENUE = 8,
  PLAUDIT_KPI_FLAG_RATE_ABOVE_ONE = 16,     /* a part exceeds its whole; docs/stats.md */
  PLAUDIT_KPI_FLAG_NAN_INPUT = 32,
  PLAUDIT_KPI_FLAG_INFINITE_INPUT = 64,
  PLAUDIT_KPI_FLAG_NEGATIVE_COUNT = 128,
  PLAUDIT_KPI_FLAG_FRACTIONAL_COUNT = 256,
  PLAUDIT_KPI_FLAG_ROWS_DROPPED = 512,      /* tables: rows left out, a part was missing */
  PLAUDIT_KPI_FLAG_INVALID_BINOMIAL = 1024, /* no interval: not successes of trials */
  PLAUDIT_KPI_FLAG_INVALID_SCORE = 2048,    /* an answer that is none of 0, 1, ... 10 */
  PLAUDIT_KPI_FLAG_LOW_BASELINE = 4096      /* a rate below ten of its standard errors */
};

/* Any KPI by its number, of one group: the numerator is what the table in docs/stats.md names
 * first. OUT_OF_RANGE for an unknown number. */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_value(int32_t kpi, double numerator,
                                                   double denominator, double *out_value,
                                                   plaudit_error **error);

/* The name of a KPI's column, such as "ctr"; "" for an unknown number; static. [any-thread] */
const char *plaudit_kpi_name(int32_t kpi);

/* One KPI over columns of count numerators and denominators, in the order of the scalar function.
 * A row without a value gets NaN and its flags; a part above its whole keeps the value with
 * RATE_ABOVE_ONE. With refuse 1 the first row that the scalar function would refuse ends the call
 * with that error and row. out_flags may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_column(int32_t kpi, const double *numerators,
                                                    const double *denominators, int64_t count,
                                                    int32_t refuse, double *out_values,
                                                    int32_t *out_flags, plaudit_error **error);

/* KPI tables: columns of rows to KPIs by group, in one pass.
 *
 * Create a table with its keys, measures and KPIs; add batches; finish, as often as you like. Sums
 * are exact and rounded once, so results are the same bits for any order of rows, any batches and
 * any merges. Ratios are of sums. States of tables that saw other rows can be merged: that is how
 * several machines share the work. */
typedef struct plaudit_kpi_table plaudit_kpi_table;
typedef struct plaudit_kpi_result plaudit_kpi_result;

/* What a column counts. */
enum {
  PLAUDIT_MEASURE_IMPRESSIONS = 10,
  PLAUDIT_MEASURE_VIEWABLE_IMPRESSIONS = 11,
  PLAUDIT_MEASURE_REACH = 12,
  PLAUDIT_MEASURE_FOLLOWERS = 13,
  PLAUDIT_MEASURE_CLICKS = 20,
  PLAUDIT_MEASURE_ENGAGEMENTS = 21,
  PLAUDIT_MEASURE_INTERACTIONS = 22,
  PLAUDIT_MEASURE_VISITORS = 30,
  PLAUDIT_MEASURE_SESSIONS = 31,
  PLAUDIT_MEASURE_ENGAGED_SESSIONS = 32,
  PLAUDIT_MEASURE_CONVERSIONS = 40, /* actions too */
  PLAUDIT_MEASURE_ORDERS = 41,
  PLAUDIT_MEASURE_NEW_CUSTOMERS = 42,
  PLAUDIT_MEASURE_COST = 50,
  PLAUDIT_MEASURE_REVENUE = 51,
  PLAUDIT_MEASURE_INCREMENTAL_REVENUE = 52, /* brought about by the marketing: from a lift */
  PLAUDIT_MEASURE_COST_OF_GOODS = 53,       /* taken away from it, if given */
  PLAUDIT_MEASURE_PROMOTERS = 60,
  PLAUDIT_MEASURE_DETRACTORS = 61,
  PLAUDIT_MEASURE_RESPONSES = 62,
  PLAUDIT_MEASURE_SCORE = 63 /* answers 0..10, which make the three above */
};

/* The name of a measure's column unless another is given, such as "clicks"; "" for an unknown
 * number; static. [any-thread] */
const char *plaudit_measure_name(int32_t measure);

/* What becomes of rows where a value is null or NaN. */
enum {
  PLAUDIT_MISSING_PROPAGATE = 0, /* KPIs of the group are NaN with NAN_INPUT */
  PLAUDIT_MISSING_OMIT = 1,      /* a KPI leaves out rows that lack one of its parts: ROWS_DROPPED */
  PLAUDIT_MISSING_RAISE = 2      /* the call ends with the row; also for infinity, negative counts */
};
enum {
  PLAUDIT_ORDER_KEYS = 0,      /* numbers by value, text by bytes, null last */
  PLAUDIT_ORDER_FIRST_SEEN = 1 /* unsorted; quicker with millions of groups */
};

typedef struct plaudit_kpi_options {
  int64_t struct_size;
  int64_t key_count; /* up to 64; 0 = one group of all rows */
  const char *PLAUDIT_NULLABLE const *PLAUDIT_NULLABLE key_names; /* [key_count] */
  int64_t measure_count;
  const int32_t *PLAUDIT_NULLABLE measures; /* [measure_count] PLAUDIT_MEASURE_... */
  const char *PLAUDIT_NULLABLE const *PLAUDIT_NULLABLE
      measure_names; /* [measure_count] of their columns; NULL (all or one) = the measure's own */
  const int32_t *PLAUDIT_NULLABLE measure_micros; /* [measure_count] 1 = integers are millionths */
  int64_t kpi_count; /* 0 = all that the measures allow */
  const int32_t *PLAUDIT_NULLABLE kpis; /* [kpi_count] PLAUDIT_KPI_... */
  double confidence; /* of intervals; 0 = 0.95 */
  double margin;     /* of incremental revenue, for the ROMI; 0 = 1 */
  int32_t missing;   /* PLAUDIT_MISSING_... */
  int32_t intervals; /* 1 = with intervals of KPIs that are rates */
  int32_t method;    /* PLAUDIT_RATE_... of the intervals */
  int32_t order;     /* PLAUDIT_ORDER_... */
} plaudit_kpi_options;

/* Layouts of Arrow. */
enum {
  PLAUDIT_TYPE_INT8 = 10,
  PLAUDIT_TYPE_INT16 = 11,
  PLAUDIT_TYPE_INT32 = 12,
  PLAUDIT_TYPE_INT64 = 13,
  PLAUDIT_TYPE_UINT8 = 14,
  PLAUDIT_TYPE_UINT16 = 15,
  PLAUDIT_TYPE_UINT32 = 16,
  PLAUDIT_TYPE_UINT64 = 17,
  PLAUDIT_TYPE_BOOLEAN = 18, /* one bit a row, least significant first */
  PLAUDIT_TYPE_FLOAT32 = 20,
  PLAUDIT_TYPE_FLOAT64 = 21,
  PLAUDIT_TYPE_TEXT = 30,       /* UTF-8 with int32_t text_offsets */
  PLAUDIT_TYPE_LARGE_TEXT = 31, /* UTF-8 with int64_t text_offsets */
  PLAUDIT_TYPE_TEXT_VIEW = 32,  /* through Arrow only */
  PLAUDIT_TYPE_NULL = 40        /* every row is null */
};

/* A column, in or out. Inputs are borrowed for the call, outputs belong to their result. With a
 * dictionary the values are integers that count its rows. */
typedef struct plaudit_column {
  int64_t struct_size;
  int64_t count;
  int64_t offset; /* rows before the first, in every buffer */
  const void *PLAUDIT_NULLABLE values;       /* numbers, bits, or bytes of text */
  const void *PLAUDIT_NULLABLE text_offsets; /* [offset + count + 1] */
  int64_t byte_count;                        /* of text: bytes in values */
  const uint8_t *PLAUDIT_NULLABLE validity;  /* bitmap as in plaudit_text_batch, NULL = no nulls */
  const struct plaudit_column *PLAUDIT_NULLABLE dictionary;
  const char *PLAUDIT_NULLABLE format; /* Arrow's, of keys that are times, such as "tdD"; or NULL */
  int32_t type;                        /* PLAUDIT_TYPE_... */
  int32_t reserved;
} plaudit_column;

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
  const char *PLAUDIT_NULLABLE format;
  const char *PLAUDIT_NULLABLE name;
  const char *PLAUDIT_NULLABLE metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema *PLAUDIT_NULLABLE *PLAUDIT_NULLABLE children;
  struct ArrowSchema *PLAUDIT_NULLABLE dictionary;
  void (*PLAUDIT_NULLABLE release)(struct ArrowSchema *PLAUDIT_NULLABLE);
  void *PLAUDIT_NULLABLE private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void *PLAUDIT_NULLABLE *PLAUDIT_NULLABLE buffers;
  struct ArrowArray *PLAUDIT_NULLABLE *PLAUDIT_NULLABLE children;
  struct ArrowArray *PLAUDIT_NULLABLE dictionary;
  void (*PLAUDIT_NULLABLE release)(struct ArrowArray *PLAUDIT_NULLABLE);
  void *PLAUDIT_NULLABLE private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
  int (*PLAUDIT_NULLABLE get_schema)(struct ArrowArrayStream *PLAUDIT_NULLABLE,
                                     struct ArrowSchema *PLAUDIT_NULLABLE out);
  int (*PLAUDIT_NULLABLE get_next)(struct ArrowArrayStream *PLAUDIT_NULLABLE,
                                   struct ArrowArray *PLAUDIT_NULLABLE out);
  const char *PLAUDIT_NULLABLE (*PLAUDIT_NULLABLE get_last_error)(
      struct ArrowArrayStream *PLAUDIT_NULLABLE);
  void (*PLAUDIT_NULLABLE release)(struct ArrowArrayStream *PLAUDIT_NULLABLE);
  void *PLAUDIT_NULLABLE private_data;
};
#endif

/* Makes an empty table. INVALID_ARGUMENT for a KPI without its measures and for names given twice.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_table_create(const plaudit_kpi_options *options,
                                                          plaudit_kpi_table **out_table,
                                                          plaudit_error **error);

/* Adds rows: columns [column_count] are those of the keys, then those of the measures. Keys are
 * integers, text or dictionaries of them; measures integers or floating point; null keys are a
 * group. INVALID_ARGUMENT for columns of unequal length or another kind than before, which change
 * nothing. INVALID_DATA, NOT_FINITE, INVALID_UTF8 with the row for text offsets and dictionary
 * codes out of range and for what PLAUDIT_MISSING_RAISE refuses; after these, and when stopped,
 * the table holds a part of the batch and every later call is INVALID_STATE. run may be NULL.
 * [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_table_add(plaudit_kpi_table *table,
                                                       const plaudit_column *columns,
                                                       int64_t column_count,
                                                       const plaudit_run_options *run,
                                                       plaudit_error **error);

/* Adds a struct array (a record batch), whose columns are found by their names; others are
 * ignored. Array and schema are consumed: released when the call returns, whatever it returns.
 * INVALID_STATE for one that was released before. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_table_add_arrow(plaudit_kpi_table *table,
                                                             struct ArrowArray *array,
                                                             struct ArrowSchema *schema,
                                                             const plaudit_run_options *run,
                                                             plaudit_error **error);

/* Adds every batch of a stream, which is consumed too. Rows in errors count through the stream;
 * IO when the stream itself fails. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_table_add_stream(plaudit_kpi_table *table,
                                                              struct ArrowArrayStream *stream,
                                                              const plaudit_run_options *run,
                                                              plaudit_error **error);

/* Writes the partial state of a table, versioned and checksummed, for any machine; *out_size gets
 * its size also when out_state is NULL and capacity 0, which only asks. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_table_state(plaudit_kpi_table *table,
                                                         uint8_t *out_state, int64_t capacity,
                                                         int64_t *out_size,
                                                         plaudit_error **error);

/* A table with the options and the content of a state. CORRUPT with the byte for a state that is
 * cut off or changed, UNSUPPORTED for one of another version. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_table_load(const uint8_t *state, int64_t size,
                                                        plaudit_kpi_table **out_table,
                                                        plaudit_error **error);

/* Adds what another table has summed. Merged states are the whole, in any order. INVALID_ARGUMENT
 * for a state with other keys, measures, KPIs, missing or margin. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_table_merge(plaudit_kpi_table *table,
                                                         const uint8_t *state, int64_t size,
                                                         plaudit_error **error);

/* The KPIs as of now; the table can be added to afterwards. OUT_OF_RANGE for a sum of integers
 * beyond 64 bits. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_table_finish(plaudit_kpi_table *table,
                                                          plaudit_kpi_result **out_result,
                                                          plaudit_error **error);

/* Frees a table and sets *table to NULL. [any-thread] */
void plaudit_kpi_table_free(plaudit_kpi_table **table);

/* What a column of a result is. */
enum {
  PLAUDIT_ROLE_KEY = 1,
  PLAUDIT_ROLE_ROWS = 2,
  PLAUDIT_ROLE_SUM = 3,   /* int64_t for integers, else double; null where unknown */
  PLAUDIT_ROLE_FLAGS = 4, /* PLAUDIT_KPI_FLAG_... of the sums */
  PLAUDIT_ROLE_KPI = 5,   /* double; NaN and null where there is none */
  PLAUDIT_ROLE_LOWER = 6,
  PLAUDIT_ROLE_UPPER = 7,
  PLAUDIT_ROLE_KPI_FLAGS = 8, /* int32_t PLAUDIT_KPI_FLAG_... */
  PLAUDIT_ROLE_DROPPED = 9    /* rows left out of the KPI */
};

typedef struct plaudit_result_column {
  int64_t struct_size;
  const char *PLAUDIT_NULLABLE name; /* such as "ctr_lower" */
  int64_t null_count;
  int32_t role;    /* PLAUDIT_ROLE_... */
  int32_t subject; /* PLAUDIT_MEASURE_... or PLAUDIT_KPI_..., 0 for other roles */
  plaudit_column column;
} plaudit_result_column;

/* Groups and columns: keys, "rows", a sum a measure, "flags", then for each KPI its value, _lower
 * and _upper when it has an interval, _flags, and _dropped when rows are omitted. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_result_size(const plaudit_kpi_result *result,
                                                         int64_t *out_groups,
                                                         int64_t *out_columns,
                                                         plaudit_error **error);

/* Borrows a column, which lives as long as the result. Integer keys are int64_t, or uint64_t as
 * they came; dates and times of 32 bits int32_t with their format; text is LARGE_TEXT.
 * out_column->struct_size is set by the caller. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_result_column(const plaudit_kpi_result *result,
                                                           int64_t index,
                                                           plaudit_result_column *out_column,
                                                           plaudit_error **error);

/* Exports the columns as a struct array without copying; array and schema live on by themselves
 * until released, also when the result is freed. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_kpi_result_export(const plaudit_kpi_result *result,
                                                           struct ArrowArray *out_array,
                                                           struct ArrowSchema *out_schema,
                                                           plaudit_error **error);

/* Frees a result and sets *result to NULL. [any-thread] */
void plaudit_kpi_result_free(plaudit_kpi_result **result);

/* Moments of numbers that come bit by bit; a struct of zeros with its size set is empty. The first
 * nine fields are the state, which may be kept anywhere; the others follow from it. Deviations
 * are summed, not squares, so numbers far from 0 keep their variance (Welford 1962, Pebay 2008). */
typedef struct plaudit_running_moments {
  int64_t struct_size;
  int64_t count;
  double mean;
  double mean_rest;  /* what rounding left of it */
  double second_sum; /* of the powers of the deviations from the mean */
  double third_sum;
  double fourth_sum;
  double minimum;
  double maximum;
  double sum;
  double variance; /* with count - 1; NaN below two numbers */
  double skewness; /* of the population; NaN when all numbers are the same */
  double kurtosis; /* excess, 0 for a normal population */
} plaudit_running_moments;

/* Adds numbers, all or none: NOT_FINITE with the row. moments->struct_size is set by the caller.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_running_moments_add(plaudit_running_moments *moments,
                                                           const double *values, int64_t count,
                                                           plaudit_error **error);

/* Adds the numbers of another part. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_running_moments_merge(plaudit_running_moments *moments,
                                                             const plaudit_running_moments *other,
                                                             plaudit_error **error);

/* Exponentially weighted averages of a series [count], alpha above 0 up to 1: recursive
 * s = alpha x + (1 - alpha) s, or adjusted, divided by the sum of weights. NaN keeps the average
 * and ages the weights; infinity is NOT_FINITE with the row. pandas' ewm(alpha, adjust).mean().
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_exponential_averages(
    const double *values, int64_t count, double alpha, int32_t adjusted, double *out_averages,
    plaudit_error **error);

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
  PLAUDIT_ALTERNATIVE_LESS = 2,
  PLAUDIT_ALTERNATIVE_EQUIVALENT = 3 /* within margins: two one-sided tests */
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
  PLAUDIT_LIFT_FLAG_ZERO_VARIANCE = 8,      /* nothing varies: z, p, relative interval NaN */
  /* in lift tables only; 16, 64, 128, 256, 512 and 2048 come with NaN */
  PLAUDIT_LIFT_FLAG_NO_USERS = 16,
  PLAUDIT_LIFT_FLAG_FEW_USERS = 32,           /* below two: no variance */
  PLAUDIT_LIFT_FLAG_IMPOSSIBLE_SUMS = 64,     /* squares or products that no numbers have */
  PLAUDIT_LIFT_FLAG_NOT_FINITE = 128,
  PLAUDIT_LIFT_FLAG_NEGATIVE_COUNT = 256,
  PLAUDIT_LIFT_FLAG_INVALID_BINOMIAL = 512,   /* successes below 0 or above users */
  PLAUDIT_LIFT_FLAG_FRACTIONAL_COUNT = 1024,  /* used as it is */
  PLAUDIT_LIFT_FLAG_NO_DENOMINATOR = 2048,    /* a ratio's is 0 or less */
  PLAUDIT_LIFT_FLAG_NO_LOGARITHM = 4096,      /* arms of different signs, log scale asked for */
  PLAUDIT_LIFT_FLAG_COVARIATE_LEFT_OUT = 8192, /* it does not vary, or repeats others */
  PLAUDIT_LIFT_FLAG_SAMPLE_RATIO_MISMATCH = 16384, /* do not trust the row */
  PLAUDIT_LIFT_FLAG_UNEXPECTED_USERS = 32768  /* users in an arm of weight 0 */
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

/* ---- Tests: is the difference real, and how large must a sample be? Rates are fractions. Each
 * function fills rows of one kind, with NaN for what a test does not have; batches take arrays of
 * rows. A row that cannot be tested is NaN with PLAUDIT_TEST_FLAG_... bits, or with refuse 1 ends
 * the call with its error and number. Definitions: docs/stats.md. */

/* Ways to an interval of a rate. */
enum {
  PLAUDIT_RATE_WILSON = 0,          /* score, 1927 */
  PLAUDIT_RATE_AGRESTI_COULL = 1,   /* clipped to 0..1 */
  PLAUDIT_RATE_CLOPPER_PEARSON = 2, /* exact */
  PLAUDIT_RATE_JEFFREYS = 3,        /* equal tails of Beta(x + 1/2, n - x + 1/2) */
  PLAUDIT_RATE_WALD = 4             /* clipped; for comparison only */
};

/* How two rates are compared. */
enum {
  PLAUDIT_EFFECT_DIFFERENCE = 0, /* treatment - control */
  PLAUDIT_EFFECT_RATIO = 1,      /* treatment / control, 1 + relative lift */
  PLAUDIT_EFFECT_ODDS_RATIO = 2
};
/* Ways to an interval of the effect. */
enum {
  PLAUDIT_EFFECT_INTERVAL_DEFAULT = 0,  /* Newcombe; score for a ratio, adjusted for odds */
  PLAUDIT_EFFECT_INTERVAL_NEWCOMBE = 1, /* of a difference only */
  PLAUDIT_EFFECT_INTERVAL_SCORE = 2,    /* Miettinen and Nurminen 1985 */
  PLAUDIT_EFFECT_INTERVAL_WALD = 3,     /* of the logarithm for ratios */
  PLAUDIT_EFFECT_INTERVAL_ADJUSTED = 4, /* Agresti and Caffo 2000; log and logit with halves */
  PLAUDIT_EFFECT_INTERVAL_STATSMODELS_SCORE = 5 /* of a difference, as statsmodels 0.15.0 prints it;
                                                   for comparison only */
};
/* The variance under the z statistic. */
enum {
  PLAUDIT_VARIANCE_POOLED = 0,   /* for a null value of no effect */
  PLAUDIT_VARIANCE_UNPOOLED = 1, /* of the logarithm for ratios */
  PLAUDIT_VARIANCE_SCORE = 2     /* the best rates under the null value, times N / (N - 1) */
};
enum {
  PLAUDIT_MEANS_WELCH = 0, /* variances of their own */
  PLAUDIT_MEANS_POOLED = 1 /* Student's: one variance */
};
enum {
  PLAUDIT_ANOVA_FISHER = 0, /* one variance */
  PLAUDIT_ANOVA_WELCH = 1   /* variances of their own */
};
enum {
  PLAUDIT_TABLE_CHI_SQUARE = 0, /* Yates' correction for 2 x 2 unless no_continuity */
  PLAUDIT_TABLE_FISHER = 1      /* exact, 2 x 2 */
};
enum {
  PLAUDIT_SAMPLES_MANN_WHITNEY = 0,
  PLAUDIT_SAMPLES_KOLMOGOROV_SMIRNOV = 1
};
enum {
  PLAUDIT_EXACTNESS_AUTOMATIC = 0, /* exact where possible and cheap, as scipy's */
  PLAUDIT_EXACTNESS_EXACT = 1,
  PLAUDIT_EXACTNESS_ASYMPTOTIC = 2
};
enum {
  PLAUDIT_QUANTILE_LINEAR = 0, /* type 7, numpy's */
  PLAUDIT_QUANTILE_HARRELL_DAVIS = 1
};

/* What a row could not say, or what to keep in mind; bits. */
enum {
  PLAUDIT_TEST_FLAG_TOO_FEW_ROWS = 1,        /* all NaN */
  PLAUDIT_TEST_FLAG_ZERO_VARIANCE = 2,       /* nothing varies: statistic and p NaN */
  PLAUDIT_TEST_FLAG_INVALID_COUNTS = 4,      /* negative, or successes above trials: all NaN */
  PLAUDIT_TEST_FLAG_NOT_FINITE = 8,          /* NaN or infinity among the inputs: all NaN */
  PLAUDIT_TEST_FLAG_SMALL_EXPECTED = 16,     /* an expected count below 5 */
  PLAUDIT_TEST_FLAG_UNBOUNDED_INTERVAL = 32, /* an end is infinite: a cell is empty */
  PLAUDIT_TEST_FLAG_TIES = 64,               /* equal values */
  PLAUDIT_TEST_FLAG_EMPTY_CELL = 128         /* a group without success or without failure */
};

/* One set of options for all tests: a test reads those that it has. */
typedef struct plaudit_hypothesis_options {
  int64_t struct_size;
  double confidence;      /* of the interval, which is two-sided; 0 = 0.95 */
  double null_value;      /* looked at with has_null_value; else no difference */
  double margin_lower;    /* of PLAUDIT_ALTERNATIVE_EQUIVALENT */
  double margin_upper;
  int32_t alternative;    /* PLAUDIT_ALTERNATIVE_... */
  int32_t interval;       /* PLAUDIT_EFFECT_INTERVAL_... */
  int32_t variance;       /* PLAUDIT_VARIANCE_... */
  int32_t exactness;      /* PLAUDIT_EXACTNESS_... */
  int32_t has_null_value; /* 1 = null_value counts */
  int32_t no_continuity;  /* 1 = without continuity correction */
  int32_t refuse;         /* 1 = the first row that has no p value ends the call */
  int32_t reserved;
} plaudit_hypothesis_options;

/* The outcome of a test; NaN is what it does not have. */
typedef struct plaudit_test_row {
  double statistic;
  double degrees_of_freedom;    /* infinite for z; of the numerator for F */
  double denominator_degrees;   /* of F */
  double p_value;               /* precise in the tails */
  double estimate;              /* what interval is of */
  double standard_error;        /* of the logarithm for ratios */
  plaudit_interval interval;
  double effect_size;           /* Cohen's d or h, Cramer's V, eta^2, rank-biserial r */
  double corrected_effect_size; /* Hedges' g, Bergsma's V, omega^2 */
  int32_t flags;                /* PLAUDIT_TEST_FLAG_... */
  int32_t exact;                /* 1: p_value is from the exact distribution */
} plaudit_test_row;

/* Sufficient statistics of a sample. */
typedef struct plaudit_moments {
  int64_t count;
  double mean;
  double variance; /* divided by count - 1; NaN below two rows */
} plaudit_moments;

/* Intervals [count] of rates by a named method (PLAUDIT_RATE_...); confidence and refuse of options
 * count. Impossible rows are NaN with PLAUDIT_KPI_FLAG_... bits. options, run and out_flags may be
 * NULL. Values are statsmodels' proportion_confint. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_rate_intervals(
    const int64_t *successes, const int64_t *trials, int64_t count, int32_t method,
    const plaudit_hypothesis_options *options, const plaudit_run_options *run, double *out_lower,
    double *out_upper, int32_t *out_flags, plaudit_error **error);

/* Compares the two rates of each row [count] by a measure (PLAUDIT_EFFECT_...): estimate, interval,
 * z test. confidence, null_value, alternative with margins, interval, variance and refuse of options
 * count. Where nothing varies statistic and p_value are NaN and the interval stays (with refuse 0).
 * Values are statsmodels' proportions_ztest, test_, tost_ and confint_proportions_2indep. options and
 * run may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_proportion_tests(
    const plaudit_two_proportions *rows, int64_t count, int32_t measure,
    const plaudit_hypothesis_options *options, const plaudit_run_options *run,
    plaudit_test_row *out_tests, plaudit_error **error);

/* Count, mean and variance of values [count], or with paired [count] of values - paired. NOT_FINITE
 * with its row for NaN and infinity. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_moments(const double *values, const double *paired,
                                                       int64_t count,
                                                       plaudit_moments *out_moments,
                                                       plaudit_error **error);

/* t tests of the means of first and second [count], Welch's or pooled (PLAUDIT_MEANS_...); second
 * NULL tests first alone, which for moments of differences is the paired test. confidence,
 * null_value, alternative with margins and refuse of options count. Values are scipy's ttest_ind,
 * ttest_rel, ttest_1samp and statsmodels' ttost_ind. options and run may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_mean_tests(
    const plaudit_moments *first, const plaudit_moments *second, int64_t count, int32_t kind,
    const plaudit_hypothesis_options *options, const plaudit_run_options *run,
    plaudit_test_row *out_tests, plaudit_error **error);

/* One-way analysis of variance of groups [group_count] of at least two, Fisher's or Welch's
 * (PLAUDIT_ANOVA_...). UNDEFINED when nothing varies. Values are scipy's f_oneway and statsmodels'
 * anova_oneway. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_variance_analysis(const plaudit_moments *groups,
                                                                 int64_t group_count, int32_t kind,
                                                                 plaudit_test_row *out_test,
                                                                 plaudit_error **error);

/* Whether rows and columns of a table of counts [row_count, column_count] go together
 * (PLAUDIT_TABLE_...). Fisher's estimate is the odds ratio a d / (b c), its interval exact.
 * alternative, confidence (Fisher) and no_continuity (chi-square) of options count. INVALID_DATA with
 * the cell for a negative count; chi-square without two rows and columns of counts is UNDEFINED.
 * Values are scipy's chi2_contingency and fisher_exact. options and out_expected [row_count,
 * column_count] (chi-square only) may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_table_test(
    const int64_t *table, int64_t row_count, int64_t column_count, int32_t kind,
    const plaudit_hypothesis_options *options, plaudit_test_row *out_test, double *out_expected,
    plaudit_error **error);

/* Whether the values of first [first_count] and second [second_count] have one distribution
 * (PLAUDIT_SAMPLES_...). Mann-Whitney: statistic U of first, estimate the probability that a value
 * of first is larger, with DeLong's interval. Kolmogorov-Smirnov: statistic D; GREATER asks whether
 * first's distribution function lies above, its values below. confidence, alternative, exactness
 * and no_continuity of options count. NOT_FINITE with its row for NaN. Values are scipy's
 * mannwhitneyu and ks_2samp. options may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_sample_test(
    const double *first, int64_t first_count, const double *second, int64_t second_count,
    int32_t kind, const plaudit_hypothesis_options *options, plaudit_test_row *out_test,
    plaudit_error **error);

/* Kruskal and Wallis's test of values [count] in groups [count] of 0..group_count - 1. Values are
 * scipy's kruskal. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_kruskal_wallis(const double *values,
                                                              const int32_t *groups, int64_t count,
                                                              int64_t group_count,
                                                              plaudit_test_row *out_test,
                                                              plaudit_error **error);

typedef struct plaudit_quantile {
  double value;
  plaudit_interval interval; /* NaN ends where the sample is too small to reach them */
  double standard_error;     /* width over twice the normal critical value */
  int64_t clusters;
} plaudit_quantile;

/* Quantiles of values [count] at probabilities [probability_count] (PLAUDIT_QUANTILE_...). The
 * interval is of order statistics; with clusters [count], rows of equal numbers go together, and it
 * is Woodruff's. Only confidence of options counts. options and clusters may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_quantiles(
    const double *values, const int64_t *clusters, int64_t count, const double *probabilities,
    int64_t probability_count, int32_t kind, const plaudit_hypothesis_options *options,
    plaudit_quantile *out_quantiles, plaudit_error **error);

/* The difference of one quantile between two samples, by the standard errors of
 * plaudit_stats_quantiles. confidence and alternative with margins of options count. options and
 * clusters may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_quantile_test(
    const double *first, const int64_t *first_clusters, int64_t first_count, const double *second,
    const int64_t *second_clusters, int64_t second_count, double probability, int32_t kind,
    const plaudit_hypothesis_options *options, plaudit_test_row *out_test, plaudit_error **error);

/* Which test an experiment is planned for. */
enum {
  PLAUDIT_POWER_FLEISS = 0,            /* two rates; pooled variance under the null */
  PLAUDIT_POWER_COHEN_H = 1,           /* two rates as 2 asin sqrt(p) */
  PLAUDIT_POWER_BASELINE_NULL = 2,     /* the control's variance under the null: Evan Miller, Eppo */
  PLAUDIT_POWER_BASELINE_VARIANCE = 3, /* the control's variance throughout */
  PLAUDIT_POWER_MEANS_T = 4,           /* noncentral t */
  PLAUDIT_POWER_MEANS_Z = 5,
  PLAUDIT_POWER_ANOVA = 6              /* all arms at once; effect is Cohen's f */
};
/* How several comparisons with the control share alpha. */
enum {
  PLAUDIT_COMPARISONS_BONFERRONI = 0,
  PLAUDIT_COMPARISONS_UNCORRECTED = 1,
  PLAUDIT_COMPARISONS_SIDAK = 2
};
enum {
  PLAUDIT_SOLVE_SAMPLE_SIZE = 0, /* from effect and power */
  PLAUDIT_SOLVE_POWER = 1,       /* from effect and control_count */
  PLAUDIT_SOLVE_EFFECT = 2       /* the smallest detectable: from control_count and power */
};

typedef struct plaudit_power_design {
  int64_t struct_size;
  double baseline;      /* the control's rate or mean */
  double deviation;     /* standard deviation of a value, for means; 0 = 1 */
  double effect;        /* treatment - control */
  double alpha;         /* 0 = 0.05 */
  double power;         /* 0 = 0.8 */
  double control_count;
  double ratio;         /* rows of each treatment for one of the control; 0 = 1 */
  int64_t arms;         /* with the control; 0 = 2 */
  int32_t test;         /* PLAUDIT_POWER_... */
  int32_t alternative;  /* PLAUDIT_ALTERNATIVE_... but EQUIVALENT */
  int32_t correction;   /* PLAUDIT_COMPARISONS_... */
  int32_t reserved;
} plaudit_power_design;

typedef struct plaudit_power_plan {
  int64_t struct_size;
  double control_count;   /* not rounded: round up */
  double treatment_count; /* of each treatment */
  double total_count;
  double effect;
  double relative_effect; /* effect / |baseline|; NaN for a baseline of 0 */
  double standardized_effect; /* Cohen's h, d or f */
  double power;
  double level;           /* alpha of each comparison */
} plaudit_power_plan;

/* Fills in what is unknown (PLAUDIT_SOLVE_...) of a design. OUT_OF_RANGE names a parameter outside
 * its domain; UNDEFINED when no sample or effect has the power. out_plan->struct_size is set by the
 * caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_power(const plaudit_power_design *design,
                                                     int32_t unknown, plaudit_power_plan *out_plan,
                                                     plaudit_error **error);
enum { PLAUDIT_LIFT_FLAG_NEGATIVE_BASELINE = 65536 }; /* |control| is divided by */

/* The same over columns, with the absolute lift; a control of 0 is NaN with ZERO_BASELINE.
 * out_absolute and out_flags (PLAUDIT_LIFT_FLAG_...) may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_relative_lift_column(
    const double *treatments, const double *controls, int64_t count, double *out_relative,
    double *out_absolute, int32_t *out_flags, plaudit_error **error);

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

/* Metrics of models. What could not be said is NaN and leaves a bit here; conventions leave one
 * too. Numbers are scikit-learn 1.9.1's. Definitions: docs/stats.md. */
enum {
  PLAUDIT_METRIC_FLAG_ONE_CLASS = 1,          /* AUC, KS, DeLong are NaN */
  PLAUDIT_METRIC_FLAG_ABSENT_CLASS = 2,       /* macro AUC is NaN, its average precision is 0 */
  PLAUDIT_METRIC_FLAG_NOT_PROBABILITIES = 4,  /* log-loss and Brier are NaN */
  PLAUDIT_METRIC_FLAG_CONSTANT_LABELS = 8,    /* Matthews' correlation counts as 0 */
  PLAUDIT_METRIC_FLAG_NO_KAPPA = 16,          /* all is one class: kappas are NaN */
  PLAUDIT_METRIC_FLAG_NO_VARIANCE = 32,       /* weights or too few rows: no DeLong variance */
  PLAUDIT_METRIC_FLAG_FEW_ROWS = 64,          /* a single row: R2 and D2 are NaN */
  PLAUDIT_METRIC_FLAG_CONSTANT_TRUTH = 128,   /* R2, explained variance, D2 are 1 or 0 */
  PLAUDIT_METRIC_FLAG_ZERO_TRUTH = 256,       /* MAPE divides by 2^-52 in such a row */
  PLAUDIT_METRIC_FLAG_NO_LOGARITHM = 512,     /* a value of -1 or less: msle is NaN */
  PLAUDIT_METRIC_FLAG_ZERO_DIVISION = 1024    /* precision or recall of a class was 0/0 */
};

/* The F score of a precision and a recall, both in 0...1; beta above 1 favours recall, 1 is F1.
 * UNDEFINED when both are 0. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_f_score(double precision, double recall,
                                                       double beta, double *out_value,
                                                       plaudit_error **error);

/* What a precision, recall or F score of 0/0 counts as. */
enum {
  PLAUDIT_ZERO_DIVISION_ZERO = 0,
  PLAUDIT_ZERO_DIVISION_ONE = 1,
  PLAUDIT_ZERO_DIVISION_NAN = 2 /* left out of averages */
};

typedef struct plaudit_label_options {
  int64_t struct_size;
  const double *PLAUDIT_NULLABLE weights; /* [count] finite, not negative; NULL = 1 each */
  double beta;                            /* of the F-beta scores; 0 = 1 */
  int32_t zero_division;                  /* PLAUDIT_ZERO_DIVISION_... */
  int32_t reserved;
} plaudit_label_options;

/* Scores of one class, or an average of many; fractions. */
typedef struct plaudit_label_scores {
  double precision;
  double recall;
  double f1;
  double f_beta;
  double jaccard;
  double support; /* weight of the true rows: their number without weights */
} plaudit_label_scores;

typedef struct plaudit_label_metrics {
  int64_t struct_size;
  double accuracy;
  double balanced_accuracy; /* mean recall of the classes that occur */
  double matthews;          /* Gorodkin 2004, for any number of classes */
  double kappa;             /* Cohen 1960 */
  double linear_kappa;      /* Cohen 1968, classes in order */
  double quadratic_kappa;
  plaudit_label_scores micro;    /* all rows together */
  plaudit_label_scores macro;    /* mean over all class_count classes */
  plaudit_label_scores weighted; /* mean by support */
  int64_t undefined_classes; /* classes never predicted or never true */
  int32_t flags;             /* PLAUDIT_METRIC_FLAG_... */
  int32_t reserved;
} plaudit_label_metrics;

/* All that plaudit_stats_classification says and more, with weights: compares predicted with true
 * class indices, each in 0..class_count - 1. out_classes [class_count] and out_confusion
 * [class_count, class_count] (true, predicted; in weight) may be NULL; options too.
 * out_metrics->struct_size is set by the caller. UNDEFINED without rows or weight; INVALID_DATA
 * with the row. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_label_metrics(
    const int32_t *truth, const int32_t *predicted, int64_t count, int64_t class_count,
    const plaudit_label_options *options, plaudit_label_metrics *out_metrics,
    plaudit_label_scores *out_classes, double *out_confusion, plaudit_error **error);

typedef struct plaudit_score_options {
  int64_t struct_size;
  const double *PLAUDIT_NULLABLE weights; /* [count] finite, not negative; NULL = 1 each */
  double false_positive_limit; /* where the partial AUC ends, up to 1; 0 = 1 */
  double confidence;           /* of the AUC's interval; 0 = 0.95 */
  int64_t top_k;               /* the true class is among so many highest scores; 0 = 1 */
} plaudit_score_options;

typedef struct plaudit_score_metrics {
  int64_t struct_size;
  /* Of one column, or of the second of two; NaN with more. */
  double auc;                    /* ties count one half */
  double partial_auc;            /* McClish 1989: 0.5 is chance, 1 the best */
  double auc_variance;           /* DeLong et al. 1988; NaN with weights */
  plaudit_interval auc_interval; /* normal, not cut to 0...1 */
  double average_precision;      /* without interpolation; 0 without a positive row */
  double kolmogorov_smirnov;
  /* Of two and more columns; NaN with one. */
  double macro_auc;    /* one-vs-rest, mean over all classes */
  double weighted_auc; /* one-vs-rest, by their rows; absent classes have none */
  double pairwise_auc; /* one-vs-one of classes that occur (Hand & Till 2001); NaN with weights */
  double macro_average_precision;
  double weighted_average_precision;
  /* Of probabilities: in 0...1, rows adding up to 1 within 1e-5. */
  double log_loss;    /* natural; probabilities cut to 2^-52 .. 1 - 2^-52 */
  double brier;       /* half the sum of squares up to two classes, the whole with more */
  double brier_skill; /* 1 - brier / that of always saying the base rates */
  double top_k_accuracy; /* of equal scores the higher class comes first */
  int32_t flags;         /* PLAUDIT_METRIC_FLAG_... */
  int32_t reserved;
} plaudit_score_metrics;

/* Judges scores [count, column_count], finite, against true classes [count]. One column is the
 * score of class 1 against class 0; more columns are one a class. out_class_auc and
 * out_class_average_precision [column_count] (class against rest) may be NULL; options too.
 * out_metrics->struct_size is set by the caller. UNDEFINED without rows or weight; NOT_FINITE and
 * INVALID_DATA with the row. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_score_metrics(
    const int32_t *truth, const double *scores, int64_t count, int64_t column_count,
    const plaudit_score_options *options, plaudit_score_metrics *out_metrics,
    double *out_class_auc, double *out_class_average_precision, plaudit_error **error);

/* The ROC curve of scores [count] for truth 0 or 1: false and true positive rate at each distinct
 * score, falling, the first at +infinity. weights may be NULL; drop 1 leaves out points on the line
 * between their neighbours. The outputs have room for capacity points, count + 1 are always
 * enough. A rate without rows of its class is NaN. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_roc_curve(
    const int32_t *truth, const double *scores, const double *weights, int64_t count, int32_t drop,
    double *out_false_positive_rate, double *out_true_positive_rate, double *out_thresholds,
    int64_t capacity, int64_t *out_count, plaudit_error **error);

/* The precision-recall curve likewise, by rising score, ended by precision 1 and recall 0 with
 * threshold +infinity. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_precision_recall_curve(
    const int32_t *truth, const double *scores, const double *weights, int64_t count,
    double *out_precision, double *out_recall, double *out_thresholds, int64_t capacity,
    int64_t *out_count, plaudit_error **error);

typedef struct plaudit_regression_options {
  int64_t struct_size;
  const double *PLAUDIT_NULLABLE weights; /* [count] finite, not negative; NULL = 1 each */
  double quantile;                        /* of the pinball loss, in 0...1; 0 = 0.5 */
} plaudit_regression_options;

typedef struct plaudit_regression_metrics {
  int64_t struct_size;
  double mean_absolute_error;
  double mean_squared_error;
  double root_mean_squared_error;
  double median_absolute_error;
  double max_error;
  double mean_absolute_percentage_error; /* a fraction */
  double mean_squared_log_error;         /* of log(1 + y) */
  double r2;
  double explained_variance;
  double pinball_loss;
  double d2_absolute;                    /* 1 - loss / that of the best constant */
  double d2_pinball;
  int32_t flags;                         /* PLAUDIT_METRIC_FLAG_... */
  int32_t reserved;
} plaudit_regression_metrics;

/* Judges predicted numbers [count] against true ones; all finite. options may be NULL;
 * out_metrics->struct_size is set by the caller. UNDEFINED without rows or weight; NOT_FINITE with
 * the row; OUT_OF_RANGE for values beyond 1e120. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_regression(
    const double *truth, const double *predicted, int64_t count,
    const plaudit_regression_options *options, plaudit_regression_metrics *out_metrics,
    plaudit_error **error);

enum {
  PLAUDIT_BINS_UNIFORM = 0, /* of equal width */
  PLAUDIT_BINS_QUANTILE = 1 /* of about equally many rows */
};
enum {
  PLAUDIT_CLOSED_RIGHT = 0, /* an edge belongs to the bin below: scikit-learn, Guo et al. 2017 */
  PLAUDIT_CLOSED_LEFT = 1   /* to the bin above: netcal */
};

typedef struct plaudit_reliability_options {
  int64_t struct_size;
  int64_t bin_count; /* 0 = 10 */
  int32_t bins;      /* PLAUDIT_BINS_... */
  int32_t closed;    /* PLAUDIT_CLOSED_... */
} plaudit_reliability_options;

typedef struct plaudit_reliability_bin {
  double lower;
  double upper;
  double predicted; /* mean probability; NaN in an empty bin */
  double observed;  /* share of events; NaN in an empty bin */
  int64_t count;
} plaudit_reliability_bin;

typedef struct plaudit_reliability {
  int64_t struct_size;
  double expected_error;          /* ECE: mean gap over rows */
  double maximum_error;           /* MCE: largest gap */
  double root_mean_squared_error; /* RMSCE */
} plaudit_reliability;

/* How often events happen that were given a probability. One column judges the probability of
 * class 1; more judge the highest of each row against whether it is right (top label).
 * probabilities [count, column_count] lie in 0...1. out_bins [bin_count] and options may be NULL;
 * out_reliability->struct_size is set by the caller. UNDEFINED without rows. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_reliability(
    const int32_t *truth, const double *probabilities, int64_t count, int64_t column_count,
    const plaudit_reliability_options *options, plaudit_reliability *out_reliability,
    plaudit_reliability_bin *out_bins, plaudit_error **error);

/* Maps from scores to probabilities that come true as often as they say. With one column, of a
 * score f for class 1; with more, of logits, one a class. */
enum {
  PLAUDIT_CALIBRATION_TEMPERATURE = 10, /* sigmoid(f / T), softmax(z / T) (Guo et al. 2017) */
  PLAUDIT_CALIBRATION_PLATT = 20,       /* 1 / (1 + exp(A f + B)); of several columns each class's
                                           log-odds against the rest, then normalised */
  PLAUDIT_CALIBRATION_ISOTONIC = 30     /* a rising curve through points, linear between; of several
                                           columns each class's softmax probability, normalised */
};

/* Fits a calibration to logits [count, column_count] and true classes [count] of rows that the
 * model was not trained on. The map is an array of numbers, to be kept and given to apply:
 * temperature: T; Platt: A and B of each column; isotonic: for each column the number m of points,
 * m positions, m values. It has room for capacity numbers; column_count * (2 * count + 1), at least
 * 2 * column_count, are always enough. out_report may be NULL. UNDEFINED without rows, and for
 * Platt and isotonic when a class has no row or all of them. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_calibration_fit(
    int32_t method, const double *logits, int64_t count, int64_t column_count,
    const int32_t *truth, double *out_parameters, int64_t capacity, int64_t *out_count,
    plaudit_calibration_report *out_report, plaudit_error **error);

/* Applies a fitted calibration to logits [count, column_count]; out_probabilities of the same shape
 * may be the same memory. Rows of several columns add up to 1. CORRUPT for parameters that no fit
 * can have made; NOT_FINITE with the row. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_calibration_apply(
    int32_t method, const double *parameters, int64_t parameter_count, const double *logits,
    int64_t count, int64_t column_count, double *out_probabilities, plaudit_error **error);

/* Metrics that a bootstrap can put an interval around. */
enum {
  /* of true and predicted classes */
  PLAUDIT_METRIC_ACCURACY = 10,
  PLAUDIT_METRIC_BALANCED_ACCURACY = 11,
  PLAUDIT_METRIC_MACRO_PRECISION = 12,
  PLAUDIT_METRIC_MACRO_RECALL = 13,
  PLAUDIT_METRIC_MACRO_F1 = 14,
  PLAUDIT_METRIC_WEIGHTED_F1 = 15,
  PLAUDIT_METRIC_MATTHEWS = 16,
  PLAUDIT_METRIC_KAPPA = 17,
  PLAUDIT_METRIC_LINEAR_KAPPA = 18,
  PLAUDIT_METRIC_QUADRATIC_KAPPA = 19,
  /* of true classes and scores */
  PLAUDIT_METRIC_AUC = 30, /* one or two columns */
  PLAUDIT_METRIC_LOG_LOSS = 31,
  PLAUDIT_METRIC_BRIER = 32,
  /* of true and predicted numbers */
  PLAUDIT_METRIC_MEAN_ABSOLUTE_ERROR = 50,
  PLAUDIT_METRIC_MEAN_SQUARED_ERROR = 51,
  PLAUDIT_METRIC_ROOT_MEAN_SQUARED_ERROR = 52,
  PLAUDIT_METRIC_R2 = 53
};
enum {
  PLAUDIT_BOOTSTRAP_PERCENTILE = 0,
  PLAUDIT_BOOTSTRAP_BCA = 1,  /* bias-corrected and accelerated, Efron 1987 */
  PLAUDIT_BOOTSTRAP_BASIC = 2 /* the percentiles mirrored at the value */
};

/* The columns of a bootstrap: classes and predicted, classes and scores, or numbers and
 * predicted_numbers, as the metric asks; the others are not looked at. */
typedef struct plaudit_bootstrap_data {
  int64_t struct_size;
  int64_t count;
  int64_t class_count; /* bound of classes and predicted; columns of scores */
  const int32_t *PLAUDIT_NULLABLE classes;          /* [count] true class indices */
  const int32_t *PLAUDIT_NULLABLE predicted;        /* [count] */
  const double *PLAUDIT_NULLABLE scores;            /* [count, class_count] */
  const double *PLAUDIT_NULLABLE numbers;           /* [count] true numbers */
  const double *PLAUDIT_NULLABLE predicted_numbers; /* [count] */
} plaudit_bootstrap_data;

typedef struct plaudit_bootstrap_options {
  int64_t struct_size;
  double confidence; /* 0 = 0.95 */
  int64_t resamples; /* 0 = 1000, up to 10,000,000 */
  uint64_t seed;
  int32_t method;    /* PLAUDIT_BOOTSTRAP_... */
  int32_t reserved;
} plaudit_bootstrap_options;

typedef struct plaudit_bootstrap_result {
  int64_t struct_size;
  double value;              /* the metric of the rows as they are */
  plaudit_interval interval; /* NaN where BCa has no correction, or nothing has a value */
  double standard_error;
  double bias;               /* BCa's z0; NaN for percentile */
  double acceleration;       /* BCa's a; NaN for percentile */
  int64_t undefined_resamples; /* left out: the metric does not exist in them */
} plaudit_bootstrap_result;

/* An interval around a metric from resampled rows. The same seed gives the same bits at any number
 * of threads. options, run and out_values [resamples] may be NULL; out_result->struct_size is set
 * by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_bootstrap(
    int32_t metric, const plaudit_bootstrap_data *data, const plaudit_bootstrap_options *options,
    const plaudit_run_options *run, plaudit_bootstrap_result *out_result, double *out_values,
    plaudit_error **error);

typedef struct plaudit_mcnemar {
  int64_t struct_size;
  int64_t only_first;         /* rows that only the first model got right */
  int64_t only_second;
  double exact_p_value;       /* binomial; 1 without such a row, NaN above 10^12 of them */
  double corrected_statistic; /* chi-square with continuity correction; NaN without such a row */
  double corrected_p_value;
  double statistic;           /* without correction */
  double uncorrected_p_value;
  double p_value;             /* exact below 25 such rows, else corrected */
  int32_t exact;              /* 1: p_value is exact_p_value */
  int32_t reserved;
} plaudit_mcnemar;

/* Whether two models judged on the same rows differ (McNemar 1947), from the rows that only one of
 * them got right. Values are statsmodels'. out_test->struct_size is set by the caller.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_mcnemar(int64_t only_first, int64_t only_second,
                                                       plaudit_mcnemar *out_test,
                                                       plaudit_error **error);

/* The same from class indices [count]. out_table [2, 2] (first right or wrong, second right or
 * wrong) may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_mcnemar_labels(
    const int32_t *truth, const int32_t *first, const int32_t *second, int64_t count,
    plaudit_mcnemar *out_test, int64_t *out_table, plaudit_error **error);

/* Assigns rows to parts, such as training, validation and test. labels [count] in
 * 0..class_count - 1 spread each class over the parts in their ratio, to the nearest rows; NULL
 * does not stratify, and class_count is not looked at. Rows of equal groups [count] never fall into
 * two parts, and the ratio is kept as well as they allow; NULL for none. fractions [part_count] are
 * above 0 and add up to 1. The same input and seed give the same parts everywhere. INVALID_DATA,
 * naming the class, when a class has fewer rows or groups than there are parts, or would have no
 * row in a part; UNDEFINED without rows. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_split(
    const int32_t *labels, int64_t class_count, const int64_t *groups, int64_t count,
    const double *fractions, int64_t part_count, uint64_t seed, int32_t *out_parts,
    plaudit_error **error);

/* The fold, of fold_count (2 to 65536) equal ones, in which each row is held out; else as
 * plaudit_stats_split. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_folds(const int32_t *labels, int64_t class_count,
                                                     const int64_t *groups, int64_t count,
                                                     int64_t fold_count, uint64_t seed,
                                                     int32_t *out_folds, plaudit_error **error);

/* Experiments: every metric and every arm against a control, in columns. Definitions:
 * docs/stats.md. */

/* How p values of one family are adjusted. */
enum {
  PLAUDIT_ADJUST_NONE = 0,
  /* the chance of any false finding */
  PLAUDIT_ADJUST_BONFERRONI = 10,
  PLAUDIT_ADJUST_SIDAK = 11,
  PLAUDIT_ADJUST_HOLM = 12,
  PLAUDIT_ADJUST_HOLM_SIDAK = 13,
  PLAUDIT_ADJUST_HOCHBERG = 14,
  PLAUDIT_ADJUST_HOMMEL = 15,
  /* the expected share of false findings */
  PLAUDIT_ADJUST_BENJAMINI_HOCHBERG = 20,
  PLAUDIT_ADJUST_BENJAMINI_YEKUTIELI = 21, /* under any dependence */
  PLAUDIT_ADJUST_TWO_STAGE = 22            /* reads level */
};

/* Adjusted p values of one family [count], in the order given: a hypothesis is rejected at a level
 * when its adjusted p is at most that. NaN stay NaN and are no part of the family; other values
 * outside 0..1 are OUT_OF_RANGE with the row. level: 0 = 0.05. As statsmodels' multipletests.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_adjust_p_values(int32_t method,
                                                               const double *values, int64_t count,
                                                               double level, double *out_adjusted,
                                                               plaudit_error **error);

/* What a metric is. */
enum {
  PLAUDIT_LIFT_KIND_PROPORTION = 0, /* sums are successes; squares are not looked at */
  PLAUDIT_LIFT_KIND_MEAN = 1,       /* a number a user */
  PLAUDIT_LIFT_KIND_RATIO = 2       /* of two sums over users, by the delta method */
};
/* The interval of the relative effect. */
enum {
  PLAUDIT_RELATIVE_FIELLER = 0, /* excludes 0 exactly when p rejects */
  PLAUDIT_RELATIVE_DELTA = 1,   /* symmetric */
  PLAUDIT_RELATIVE_LOG = 2      /* symmetric on the log scale */
};
/* The interval of the absolute effect. */
enum {
  PLAUDIT_ABSOLUTE_AUTOMATIC = 0, /* Newcombe's for proportions at a fixed horizon by normal
                                     quantiles without strata and covariates, else symmetric */
  PLAUDIT_ABSOLUTE_SYMMETRIC = 1  /* excludes 0 exactly when p rejects */
};
enum {
  PLAUDIT_DISTRIBUTION_AUTOMATIC = 0, /* normal for proportions, else Welch's t */
  PLAUDIT_DISTRIBUTION_NORMAL = 1,
  PLAUDIT_DISTRIBUTION_WELCH = 2
};
enum {
  PLAUDIT_HYPOTHESIS_ABSOLUTE = 0,
  PLAUDIT_HYPOTHESIS_RELATIVE = 1 /* p is that of the relative interval: the same for FIELLER */
};
/* When a result may be read. */
enum {
  PLAUDIT_DESIGN_FIXED_HORIZON = 0,       /* once, at a size fixed before */
  PLAUDIT_DESIGN_CONFIDENCE_SEQUENCE = 1, /* at any time: asymptotic, Waudby-Smith et al. 2023 */
  PLAUDIT_DESIGN_MIXTURE_SPRT = 2         /* at any time: Johari et al. 2022 */
};
/* What the one number of a confidence sequence is. */
enum {
  PLAUDIT_TUNING_SAMPLE_SIZE = 0, /* users for which it is narrowest: GrowthBook's N* */
  PLAUDIT_TUNING_RHO = 1,         /* rho of the paper and of GrowthBook */
  PLAUDIT_TUNING_EPPO_RHO = 2     /* Eppo's rho, 1 / rho^2 of the others */
};
enum {
  PLAUDIT_SCOPE_ALL = 0,       /* all rows of the table are one family */
  PLAUDIT_SCOPE_PER_METRIC = 1 /* the arms of each metric are one */
};
/* Where the slopes of covariates come from. */
enum {
  PLAUDIT_THETA_POOLED = 0,     /* both arms of a comparison thrown together */
  PLAUDIT_THETA_WITHIN_ARMS = 1 /* the spread within arms, as in a regression */
};

/* Sufficient statistics over users, row-major and borrowed for the call. cells = [metric_count,
 * arm_count, stratum_count]. */
typedef struct plaudit_lift_input {
  int64_t struct_size;
  int64_t metric_count;
  int64_t arm_count;       /* 2..65536 */
  int64_t stratum_count;   /* 0 = 1, unstratified */
  int64_t covariate_count; /* 0..256; with proportions and means, and one stratum */
  int64_t control;         /* the arm that the others are compared with */
  const int32_t *PLAUDIT_NULLABLE kinds;   /* [metric_count] PLAUDIT_LIFT_KIND_..., or NULL */
  const double *PLAUDIT_NULLABLE users;    /* cells: number of users */
  const double *PLAUDIT_NULLABLE sums;     /* cells */
  const double *PLAUDIT_NULLABLE squares;  /* cells: sums of squares; NULL without means, ratios */
  const double *PLAUDIT_NULLABLE denominator_sums;     /* cells, of ratios */
  const double *PLAUDIT_NULLABLE denominator_squares;  /* cells */
  const double *PLAUDIT_NULLABLE denominator_products; /* cells: sums of both multiplied */
  const double *PLAUDIT_NULLABLE covariate_sums;     /* [metrics, arms, covariate_count] */
  const double *PLAUDIT_NULLABLE covariate_products; /* the same, with the metric */
  const double *PLAUDIT_NULLABLE covariate_squares;  /* [metrics, arms, k (k + 1) / 2]: with each
                                                        other, upper triangle by rows */
  const double *PLAUDIT_NULLABLE stratum_weights; /* [stratum_count]; NULL = their share of users */
  const double *PLAUDIT_NULLABLE arm_weights;     /* [arm_count] planned shares; NULL = the sample
                                                     ratio is not checked */
  int32_t kind;    /* of all metrics where kinds is NULL */
  int32_t centred; /* 1 = squares and products are about the means of their cells */
} plaudit_lift_input;

typedef struct plaudit_lift_options {
  int64_t struct_size;
  double confidence;         /* 0 = 0.95 */
  double power;              /* of the minimum detectable effect, 0.5 or above; 0 = 0.8 */
  double effect_of_interest; /* that out power is told for; 0 = the effect seen */
  double tuning;             /* of a confidence sequence; 0 = 5000 users */
  double mixing_variance;    /* of a mixture SPRT, in squared units of the effect; needed there */
  double sample_ratio_level; /* 0 = 0.001 */
  int32_t relative;          /* PLAUDIT_RELATIVE_... */
  int32_t absolute;          /* PLAUDIT_ABSOLUTE_... */
  int32_t distribution;      /* PLAUDIT_DISTRIBUTION_... */
  int32_t hypothesis;        /* PLAUDIT_HYPOTHESIS_... */
  int32_t design;            /* PLAUDIT_DESIGN_... */
  int32_t tuning_kind;       /* PLAUDIT_TUNING_... */
  int32_t adjustment;        /* PLAUDIT_ADJUST_... */
  int32_t scope;             /* PLAUDIT_SCOPE_... */
  int32_t theta;             /* PLAUDIT_THETA_... */
  int32_t interest_is_relative; /* 1: effect_of_interest is a share of the control */
  int32_t keep_low_baselines;   /* 1: relative effects of controls below ten standard errors too */
  int32_t reserved;
} plaudit_lift_options;

/* Columns to be filled, each NULL or rows = [metric_count, arm_count - 1] long: arms in order
 * without the control. What does not exist is NaN, and flags say why. */
typedef struct plaudit_lift_columns {
  int64_t struct_size;
  double *PLAUDIT_NULLABLE treatment; /* the arm's rate, mean or ratio, adjusted where asked for */
  double *PLAUDIT_NULLABLE control;
  double *PLAUDIT_NULLABLE absolute;  /* treatment - control */
  double *PLAUDIT_NULLABLE absolute_lower;
  double *PLAUDIT_NULLABLE absolute_upper;
  double *PLAUDIT_NULLABLE standard_error;     /* of absolute */
  double *PLAUDIT_NULLABLE statistic;          /* z or t */
  double *PLAUDIT_NULLABLE degrees_of_freedom; /* Welch's; infinite under the normal */
  double *PLAUDIT_NULLABLE p_value;            /* two-sided; always valid under such a design */
  double *PLAUDIT_NULLABLE adjusted_p_value;
  double *PLAUDIT_NULLABLE relative;           /* (treatment - control) / |control| */
  double *PLAUDIT_NULLABLE relative_lower;
  double *PLAUDIT_NULLABLE relative_upper;
  double *PLAUDIT_NULLABLE relative_standard_error; /* by the delta method */
  double *PLAUDIT_NULLABLE power;              /* of finding the effect of interest */
  double *PLAUDIT_NULLABLE minimum_detectable; /* absolute */
  int32_t *PLAUDIT_NULLABLE flags;             /* PLAUDIT_LIFT_FLAG_... bits */
  double *PLAUDIT_NULLABLE theta;              /* rows by covariate_count */
  double *PLAUDIT_NULLABLE correlation;        /* of the metric with its covariates */
  double *PLAUDIT_NULLABLE sample_ratio_p_value; /* [metric_count] */
} plaudit_lift_columns;

/* A lift table in one pass: the effect of each arm on each metric, absolute and relative, with
 * intervals, one p value, power and reasons. A metric that cannot be judged is a row of NaN, not an
 * error. options and run may be NULL; the same bits at any number of threads. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_lift_table(const plaudit_lift_input *input,
                                                          const plaudit_lift_options *options,
                                                          const plaudit_run_options *run,
                                                          const plaudit_lift_columns *columns,
                                                          plaudit_error **error);

/* Rows of an experiment gathered user by user: what is random is the user, not the row. */
typedef struct plaudit_experiment plaudit_experiment;

/* Makes a state of arm_count arms and value_count (0..1024) numbers a row, such as numerators,
 * denominators and covariates. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_experiment_create(int64_t arm_count, int64_t value_count,
                                                           plaudit_experiment **out_experiment,
                                                           plaudit_error **error);

/* Adds rows: users [row_count], arms [row_count] and values [row_count, value_count], which are
 * added to those of the user. INVALID_DATA or NOT_FINITE with the row; rows before it count.
 * [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_experiment_add(plaudit_experiment *experiment,
                                                        const int64_t *users, const int32_t *arms,
                                                        const double *values, int64_t row_count,
                                                        plaudit_error **error);

/* Adds the users of another state, which stays as it is; a user of both is one user. [exclusive]
 * for both. */
PLAUDIT_NODISCARD plaudit_status plaudit_experiment_merge(plaudit_experiment *experiment,
                                                          plaudit_experiment *other,
                                                          plaudit_error **error);

/* Sums over users: out_users [arm_count], out_sums [arm_count, value_count] and out_products
 * [arm_count, value_count (value_count + 1) / 2] about the means, upper triangle by rows: input of
 * plaudit_stats_lift_table with centred 1. Users seen in two arms are in none;
 * out_crossed_users, which may be NULL, counts them. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_experiment_moments(plaudit_experiment *experiment,
                                                            double *out_users, double *out_sums,
                                                            double *out_products,
                                                            int64_t *out_crossed_users,
                                                            plaudit_error **error);

/* Frees a state and sets *experiment to NULL. [any-thread] */
void plaudit_experiment_free(plaudit_experiment **experiment);

typedef struct plaudit_winsorizing {
  int64_t struct_size;
  plaudit_interval limits; /* infinite where nothing is cut */
  int64_t cut_below;
  int64_t cut_above;
} plaudit_winsorizing;

/* Cuts values [count] of all arms together at quantiles of themselves (interpolated, type 7): 0 and
 * 0.95 caps the highest twentieth. out_values may be values, or NULL. NaN and infinity are
 * NOT_FINITE with the row. out_result->struct_size is set by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_winsorize(const double *values, int64_t count,
                                                         double lower_quantile,
                                                         double upper_quantile, double *out_values,
                                                         plaudit_winsorizing *out_result,
                                                         plaudit_error **error);

typedef struct plaudit_sample_ratio {
  int64_t struct_size;
  double statistic;           /* Pearson's, over arms of positive weight */
  double p_value;
  double unexpected_users;    /* in arms of weight 0: any of them is a mismatch */
  int64_t degrees_of_freedom; /* arms of positive weight, less one */
} plaudit_sample_ratio;

/* Whether users [arm_count] of the arms are split as planned. weights [arm_count] need not add up
 * to 1; NULL is an equal split. An alarm is due at p below 0.001 or unexpected users.
 * out_result->struct_size is set by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_sample_ratio(const double *users,
                                                            const double *weights,
                                                            int64_t arm_count,
                                                            plaudit_sample_ratio *out_result,
                                                            plaudit_error **error);

/* The same after every batch, at any time (Lindon and Malek 2022): new_users [batch_count,
 * arm_count]; out_inverse_evidence [batch_count] is 1 / Bayes factor of Dirichlet(concentration *
 * weights) against the plan, out_p_values [batch_count] its least value so far, at most 1; either
 * may be NULL. concentration: 0 = 100. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_sample_ratio_sequence(
    const double *new_users, const double *weights, int64_t batch_count, int64_t arm_count,
    double concentration, double *out_inverse_evidence, double *out_p_values,
    plaudit_error **error);

typedef struct plaudit_sequence_options {
  int64_t struct_size;
  double confidence;      /* 0 = 0.95 */
  double tuning;          /* of a confidence sequence; 0 = 5000 users */
  double mixing_variance; /* of a mixture SPRT; needed there */
  int32_t design;         /* 0 = PLAUDIT_DESIGN_CONFIDENCE_SEQUENCE, or _MIXTURE_SPRT */
  int32_t tuning_kind;    /* PLAUDIT_TUNING_... */
  int32_t running;        /* 1: p is the least so far, the interval the intersection so far */
  int32_t reserved;
} plaudit_sequence_options;

/* The looks of an experiment under a method that holds at any time. effects and standard_errors
 * [look_count] are those known at each look; users [look_count], of both arms together, is read by
 * the confidence sequence alone. out_log_evidence, out_p_values, out_lower and out_upper
 * [look_count] may be NULL. p is below 1 - confidence exactly when the interval excludes 0.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_always_valid(
    const double *effects, const double *standard_errors, const double *users, int64_t look_count,
    const plaudit_sequence_options *options, double *out_log_evidence, double *out_p_values,
    double *out_lower, double *out_upper, plaudit_error **error);

typedef struct plaudit_betting_options {
  int64_t struct_size;
  double confidence; /* 0 = 0.95 */
  double lower;      /* bounds of the values; 0 and 0 = 0 and 1 */
  double upper;
  int64_t steps;     /* of the grid of means, 2..100000; 0 = 1000 */
} plaudit_betting_options;

/* A confidence sequence for the mean of bounded values by betting (Waudby-Smith and Ramdas 2024):
 * limits after each of count values, all at once valid. Work is count times steps. A value outside
 * the bounds is OUT_OF_RANGE with its row. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_betting_sequence(
    const double *values, int64_t count, const plaudit_betting_options *options,
    const plaudit_run_options *run, double *out_lower, double *out_upper, plaudit_error **error);

/* How the error is spent over planned looks. */
enum {
  PLAUDIT_SPENDING_OBRIEN_FLEMING = 0,
  PLAUDIT_SPENDING_POCOCK = 1,
  PLAUDIT_SPENDING_POWER = 2 /* alpha t^exponent */
};

typedef struct plaudit_group_sequential_options {
  int64_t struct_size;
  double alpha;     /* of the whole plan; 0 = 0.05 */
  double exponent;  /* 0 = 1 */
  int32_t spending; /* PLAUDIT_SPENDING_... */
  int32_t sides;    /* 0 = 2 */
  int32_t per_side; /* 1: the function spends alpha / 2 on each side (gsDesign, ldbounds) instead of
                       alpha on both together */
  int32_t reserved;
} plaudit_group_sequential_options;

/* Lan-DeMets bounds for up to 100 looks at shares of the planned information, rising, above 0 and
 * at most 1: |z| to be reached (one-sided: z), the error spent so far, and the p value that a fixed
 * design gives for the bound. Outputs [look_count] may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_group_sequential(
    const double *information, int64_t look_count, const plaudit_group_sequential_options *options,
    double *out_bounds, double *out_spent, double *out_nominal_levels, plaudit_error **error);

typedef struct plaudit_posterior_options {
  int64_t struct_size;
  double confidence;     /* 0 = 0.95 */
  double prior_alpha;    /* of rates: beta distribution; 0 = 1, below 0.05 is refused */
  double prior_beta;
  double prior_mean;     /* of effects: normal distribution */
  double prior_variance; /* 0 = infinite, that is, no prior */
} plaudit_posterior_options;

typedef struct plaudit_rate_posterior {
  double mean;
  plaudit_interval interval; /* central */
  double chance_to_be_best;
  double expected_loss;      /* gap to the best rate when this arm is chosen */
} plaudit_rate_posterior;

/* Rates of up to 256 arms as beta distributions: which is the best, and what choosing another
 * costs. Small chances and losses keep their digits. out_arms [arm_count]. options may be NULL.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_rate_posteriors(
    const double *successes, const double *trials, int64_t arm_count,
    const plaudit_posterior_options *options, plaudit_rate_posterior *out_arms,
    plaudit_error **error);

typedef struct plaudit_effect_posterior {
  double mean;
  double standard_deviation;
  plaudit_interval interval;
  double chance_to_win;  /* that the effect is above 0 */
  double control_loss;   /* expected gain missed by keeping the control */
  double treatment_loss; /* expected loss by taking the treatment */
} plaudit_effect_posterior;

/* Effects, such as columns of a lift table, after a normal prior. out_rows [count]: NaN where an
 * effect or a standard error is none. options may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_effect_posteriors(
    const double *effects, const double *standard_errors, int64_t count,
    const plaudit_posterior_options *options, plaudit_effect_posterior *out_rows,
    plaudit_error **error);

/* What a bootstrap or a permutation test looks at. */
enum {
  PLAUDIT_STATISTIC_MEAN = 10,       /* of the values */
  PLAUDIT_STATISTIC_PROPORTION = 11, /* of values that are 0 or 1 */
  PLAUDIT_STATISTIC_RATIO = 12,      /* sum of values / sum of denominators */
  PLAUDIT_STATISTIC_QUANTILE = 20,   /* linear between order statistics, numpy's default */
  PLAUDIT_STATISTIC_PEARSON = 30,    /* of two columns; permutation tests only */
  PLAUDIT_STATISTIC_SPEARMAN = 31
};
enum {
  PLAUDIT_SAMPLE_EFFECT_DIFFERENCE = 0, /* treatment - control */
  PLAUDIT_SAMPLE_EFFECT_RELATIVE = 1    /* (treatment - control) / |control| */
};
enum {
  PLAUDIT_WEIGHTING_MULTINOMIAL = 0, /* as many units as there are, drawn with replacement */
  PLAUDIT_WEIGHTING_POISSON = 1      /* each unit a Poisson number of times, of mean 1 */
};

/* The rows of one arm. Rows of equal clusters are one user, drawn or moved as a whole; NULL means
 * that each row is a user. Cluster numbers are each arm's own. */
typedef struct plaudit_sample {
  int64_t struct_size;
  int64_t count;
  const double *PLAUDIT_NULLABLE values;       /* [count] finite */
  const double *PLAUDIT_NULLABLE denominators; /* [count] for RATIO, else not looked at */
  const int64_t *PLAUDIT_NULLABLE clusters;    /* [count] */
} plaudit_sample;

typedef struct plaudit_sample_options {
  int64_t struct_size;
  double confidence; /* 0 = 0.95 */
  double quantile;   /* for QUANTILE, up to 1; 0 = 0.5 */
  int64_t resamples; /* 0 = 1000, up to 10,000,000 */
  uint64_t seed;
  int32_t method;    /* PLAUDIT_BOOTSTRAP_... */
  int32_t effect;    /* PLAUDIT_SAMPLE_EFFECT_... */
  int32_t weighting; /* PLAUDIT_WEIGHTING_... */
  int32_t paired;    /* 1: row i of both arms is one unit seen twice; clusters are the sample's */
} plaudit_sample_options;

/* An interval around a statistic of a sample, or around the effect of a sample over a control (NULL
 * for none), from resampled users (Efron 1987; Chamandy et al. 2012 for Poisson). The same bits at
 * any number of threads and in any order of rows. UNDEFINED without rows or without a value;
 * INVALID_DATA for a proportion's value besides 0 and 1. options, run and out_values [resamples] may
 * be NULL; out_result->struct_size is set by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_bootstrap_sample(
    int32_t statistic, const plaudit_sample *sample, const plaudit_sample *control,
    const plaudit_sample_options *options, const plaudit_run_options *run,
    plaudit_bootstrap_result *out_result, double *out_values, plaudit_error **error);

typedef struct plaudit_permutation_options {
  int64_t struct_size;
  double quantile;     /* for QUANTILE, up to 1; 0 = 0.5 */
  int64_t resamples;   /* arrangements at most; 0 = 9999, up to 10,000,000 */
  uint64_t seed;
  int32_t alternative; /* PLAUDIT_ALTERNATIVE_... */
  int32_t paired;      /* 1: rows of a pair change places; else users change arms */
} plaudit_permutation_options;

typedef struct plaudit_permutation_result {
  int64_t struct_size;
  double statistic;     /* sample less control, or the correlation */
  double p_value;       /* two-sided: twice the smaller tail, at most 1 */
  int64_t arrangements; /* that were looked at */
  int64_t undefined_arrangements; /* without a value; they count as extreme */
  int32_t exact;        /* 1: all arrangements; else random ones, and p_value is never 0 */
  int32_t reserved;
} plaudit_permutation_result;

/* Whether the observed statistic stands out among those of other arrangements of the rows: all of
 * them when they are no more than options->resamples, else random ones (Phipson & Smyth 2010;
 * arrangements and tails as scipy's permutation_test). PEARSON and SPEARMAN shuffle control's values
 * beside sample's. The same bits at any number of threads and in any order of rows. UNDEFINED where
 * the observed statistic has no value. options, run and out_values (room for options->resamples) may
 * be NULL; out_result->struct_size is set by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_permutation_test(
    int32_t statistic, const plaudit_sample *sample, const plaudit_sample *control,
    const plaudit_permutation_options *options, const plaudit_run_options *run,
    plaudit_permutation_result *out_result, double *out_values, plaudit_error **error);

/* Equal spans of time: bucket b holds the times from origin + b * width to before the next. Times
 * are whole numbers in a unit of the caller's (seconds, microseconds); INT64_MIN is a missing one. */
typedef struct plaudit_buckets {
  int64_t struct_size;
  int64_t origin;
  int64_t width; /* at least 1 */
  int64_t first; /* the number of the first bucket */
  int64_t count; /* up to 10,000,000 */
} plaudit_buckets;

/* The buckets from the earliest to the latest of count times; none without times.
 * out_buckets->struct_size is set by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_series_span(const int64_t *times, int64_t count,
                                                     int64_t origin, int64_t width,
                                                     plaudit_buckets *out_buckets,
                                                     plaudit_error **error);

/* Rows with a time each. A row's value is that of values, or the sum of its scores times
 * label_values (-1, 0, 1 for negative, neutral, positive), or 0 without either. */
typedef struct plaudit_timed_rows {
  int64_t struct_size;
  int64_t count;
  int64_t label_count;
  const int64_t *PLAUDIT_NULLABLE times;        /* [count] */
  const double *PLAUDIT_NULLABLE values;        /* [count] NaN = missing */
  const float *PLAUDIT_NULLABLE scores;         /* [count, label_count] NaN = missing */
  const double *PLAUDIT_NULLABLE label_values;  /* [label_count] with scores */
  const int32_t *PLAUDIT_NULLABLE labels;       /* [count] below 0 = missing */
} plaudit_timed_rows;

typedef struct plaudit_series_totals {
  int64_t struct_size;
  int64_t rows_outside; /* of all buckets */
  int64_t rows_missing; /* without a time, a value or a label */
} plaudit_series_totals;

/* Gathers rows into a series: how many each bucket has, their sum and mean, and the share of each
 * label [count, label_count]. A bucket without rows has the sum 0 and NaN as mean and shares. Two
 * series over the same buckets lie side by side for plaudit_stats_correlation. out_... may be NULL.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_series_gather(
    const plaudit_timed_rows *rows, const plaudit_buckets *buckets, int64_t *out_counts,
    double *out_sums, double *out_means, double *out_shares, plaudit_series_totals *out_totals,
    plaudit_error **error);

enum {
  PLAUDIT_CORRELATION_PEARSON = 0,  /* of the values */
  PLAUDIT_CORRELATION_SPEARMAN = 1, /* of the ranks */
  PLAUDIT_CORRELATION_KENDALL = 2   /* tau-b */
};

typedef struct plaudit_correlation_options {
  int64_t struct_size;
  double confidence;    /* 0 = 0.95 */
  int64_t resamples;    /* of blocks; 0 = none, up to 10,000,000 */
  int64_t block_length; /* rows drawn together; 0 = the cube root of their number, rounded up */
  uint64_t seed;
  int32_t refuse_gaps;  /* 1: NaN is NOT_FINITE; else a row with one is left out */
  int32_t reserved;
} plaudit_correlation_options;

typedef struct plaudit_coefficient {
  double value;                    /* -1..1, NaN where a column is constant */
  double p_value;                  /* two-sided, rows taken as independent */
  plaudit_interval interval;       /* Fisher's z, likewise; -1..1 with too few rows */
  plaudit_interval block_interval; /* from circular blocks, which keep neighbours in time together;
                                      NaN without resamples */
} plaudit_coefficient;

typedef struct plaudit_correlation {
  int64_t struct_size;
  int64_t count; /* rows with both numbers */
  plaudit_coefficient pearson;
  plaudit_coefficient spearman;
  plaudit_coefficient kendall;
  double slope; /* least squares, y by x */
  double intercept;
  double slope_standard_error;
  double r2;
  double median_slope; /* Theil and Sen; NaN above 5000 rows */
  double median_intercept;
  int64_t block_length; /* 0 without resamples */
} plaudit_correlation;

/* How two columns [count] belong together; p values are scipy's. UNDEFINED with fewer than two rows
 * that have both numbers; NOT_FINITE with the row for infinities. options and run may be NULL;
 * out_correlation->struct_size is set by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_correlation(
    const double *x, const double *y, int64_t count, const plaudit_correlation_options *options,
    const plaudit_run_options *run, plaudit_correlation *out_correlation, plaudit_error **error);

typedef struct plaudit_lagged_correlation {
  int64_t lag;   /* x at t beside y at t + lag: above 0, x comes first */
  int64_t count; /* pairs with both numbers */
  plaudit_coefficient coefficient; /* of the overlap alone; NaN with fewer than two pairs */
} plaudit_lagged_correlation;

/* The same at each lag from -max_lag to max_lag, by one method (PLAUDIT_CORRELATION_...), into
 * out_lags [2 * max_lag + 1]; max_lag is below count. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_lagged_correlation(
    int32_t method, const double *x, const double *y, int64_t count, int64_t max_lag,
    const plaudit_correlation_options *options, const plaudit_run_options *run,
    plaudit_lagged_correlation *out_lags, plaudit_error **error);

typedef struct plaudit_granger {
  int64_t struct_size;
  double f;
  double p_value;
  int64_t numerator_freedom; /* lags */
  int64_t denominator_freedom;
  int64_t rows; /* times with all of their past; others are left out */
} plaudit_granger;

/* Whether the last lags (1..100) values of x help to foretell y beyond y's own: the F test of
 * Granger 1969, as statsmodels' ssr_ftest. Asks for stationary series. UNDEFINED with too few rows
 * or a constant series. out_test->struct_size is set by the caller. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_stats_granger(const double *y, const double *x,
                                                       int64_t count, int64_t lags,
                                                       plaudit_granger *out_test,
                                                       plaudit_error **error);

/* How a user's name becomes a number. Names and seeds are hashed as UTF-8. */
enum {
  PLAUDIT_HASH_GROWTHBOOK_1 = 1, /* 1000 slots, as GrowthBook's SDKs of version 1 */
  PLAUDIT_HASH_GROWTHBOOK_2 = 2, /* 10,000 slots; the default */
  PLAUDIT_HASH_FNV1A = 32        /* the 32 bits of fnv1a(seed + name); no slots */
};

/* The place of each user in 0..1, slot / number of slots, or FNV-1a's 32 bits as a number. Empty and
 * null names have no place: NaN. version 0 = 2; run may be NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_assignment_hash(
    const plaudit_text_batch *users, const char *seed, int64_t seed_length, int32_t version,
    const plaudit_run_options *run, double *out_hashes, plaudit_error **error);

/* Which arm each slot belongs to, -1 for none: arms side by side by weight (adding up to 1), each
 * with the first coverage (0..1) of its part, so that a growing coverage moves nobody; GrowthBook's
 * ranges. out_shares [arm_count] are the shares of all users that the slots give each arm: what a
 * test for a sample ratio mismatch is to expect. previous (slots of an earlier call, or NULL) moves
 * as few users as the new shares allow: an arm that grows keeps all of its own. Slots are 1000 or
 * 10,000 by version; out_count tells. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_assignment_slots(
    const double *weights, int64_t arm_count, double coverage, int32_t version,
    const int32_t *previous, int32_t *out_slots, int64_t capacity, int64_t *out_count,
    double *out_shares, plaudit_error **error);

/* What decides a user's arm. Experiments of one namespace whose ranges do not overlap share no
 * user. */
typedef struct plaudit_assignment_plan {
  int64_t struct_size;
  const char *PLAUDIT_NULLABLE seed; /* such as the experiment's name */
  int64_t seed_length;               /* -1 = NUL-terminated */
  const int32_t *PLAUDIT_NULLABLE slots; /* [slot_count] of plaudit_assignment_slots */
  int64_t slot_count;
  const char *PLAUDIT_NULLABLE namespace_id; /* NULL = none */
  int64_t namespace_length;
  double namespace_lower; /* of 0..1 */
  double namespace_upper;
  int32_t version;        /* PLAUDIT_HASH_..., 0 = 2 */
  int32_t reserved;
} plaudit_assignment_plan;

/* The arm of each user, -1 for who is not in the experiment: empty and null names, and who is outside
 * of the coverage or the namespace. A function of seed and name alone. run may be NULL.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_assignment_assign(const plaudit_assignment_plan *experiment,
                                                           const plaudit_text_batch *users,
                                                           const plaudit_run_options *run,
                                                           int32_t *out_arms,
                                                           plaudit_error **error);

/* ---- Decisions ---------------------------------------------------------------------------- */

/* A bandit chooses among arms (creatives, prices, offers), learns from their rewards, and shifts
 * traffic to what earns most. Arms have numbers from 0 in the order in which they were added; the
 * number of a removed arm is not used again. Decisions have numbers too: decision i is a function
 * of seed, state and i, the same alone, in any batch and on any thread. Batches are all or nothing:
 * an error with its row leaves the bandit as it was. Definitions: docs/decisions.md. */
typedef struct plaudit_bandit plaudit_bandit;
typedef struct plaudit_bandit_snapshot plaudit_bandit_snapshot;

enum {
  PLAUDIT_BANDIT_EPSILON_GREEDY = 10, /* constant or falling share of exploration */
  PLAUDIT_BANDIT_SOFTMAX = 20,        /* in proportion to exp(mean / temperature) */
  PLAUDIT_BANDIT_UCB1 = 30,           /* Auer et al. 2002 */
  PLAUDIT_BANDIT_KL_UCB = 31,         /* Garivier & Cappe 2011; rewards in 0...1 */
  PLAUDIT_BANDIT_THOMPSON = 40, /* Beta for outcomes, normal or t posteriors for real rewards */
  PLAUDIT_BANDIT_TOP_TWO = 41,  /* the best or the second best of Thompson's draws */
  PLAUDIT_BANDIT_LIN_UCB = 50,  /* Li et al. 2010, disjoint; looks at a context */
  PLAUDIT_BANDIT_LIN_TS = 51    /* Agrawal & Goyal 2013; looks at a context */
};
enum {
  PLAUDIT_REWARD_BERNOULLI = 0, /* 0 or 1, such as clicks and bounces */
  PLAUDIT_REWARD_REAL = 1       /* finite numbers up to 1e100 in magnitude, such as revenue */
};

/* In each real field 0 is the default; where 0 has a meaning of its own, write -1 for it. */
typedef struct plaudit_bandit_options {
  int64_t struct_size;
  uint64_t seed;
  double epsilon;         /* epsilon-greedy; 0 = 0.1, -1 = no exploration */
  double epsilon_decay;   /* epsilon / (1 + epsilon_decay * rewards so far); 0 = constant */
  double temperature;     /* softmax, in units of the reward; 0 = 0.1 */
  double exploration;     /* factor of the bonus: UCB1, LinUCB (alpha), LinTS (v), KL-UCB (of
                             ln t); 0 = 1, -1 = none */
  double prior_successes; /* Beta prior of outcomes; 0 = 1, from 0.01 */
  double prior_failures;
  double noise_variance;   /* Gaussian Thompson: known variance of a reward; 0 = estimated, with t
                              posteriors */
  double prior_mean;       /* normal prior of means, with noise_variance */
  double prior_variance;   /* 0 = flat */
  double top_two_share;    /* how often top-two plays the best; 0 = 0.5, -1 = never */
  double ridge;            /* lambda of the linear models; 0 = 1 */
  double floor;            /* least probability of each arm: p = floor + (1 - K floor) w */
  int64_t feature_count;   /* numbers in a context, 1 to 1024, for LIN_UCB and LIN_TS; else 0 */
  int64_t first_plays;     /* each arm is played so often first, in turn; 0 = as often as the policy
                              needs (1; Beta 0; estimated variance 2), -1 = never */
  int64_t pending_limit;   /* decisions wait for a reward by number until so many later ones are
                              made, up to 2^24; 0 = rewards come with their arm */
  int64_t worker;          /* 1 to 1048575: one of several whose deltas a hub merges; 0 = alone */
  int32_t policy;          /* PLAUDIT_BANDIT_...; 0 = THOMPSON */
  int32_t reward;          /* PLAUDIT_REWARD_... */
  int32_t lower_is_better; /* 1: rewards are costs, such as CPA or bounces */
  int32_t reserved;
} plaudit_bandit_options;

/* Makes a bandit. arms are its names, distinct and not empty; NULL for none yet. options may be
 * NULL. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_create(const plaudit_text_batch *arms,
                                                       const plaudit_bandit_options *options,
                                                       plaudit_bandit **out_bandit,
                                                       plaudit_error **error);

/* Frees a bandit and sets *bandit to NULL. Snapshots of it stay. [any-thread] */
void plaudit_bandit_free(plaudit_bandit **bandit);

/* Adds an arm without rewards, to be played first. INVALID_ARGUMENT when a live arm has its name;
 * that of a removed arm makes a new one. out_arm may be NULL. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_add_arm(plaudit_bandit *bandit, const char *name,
                                                        int64_t name_length, int32_t *out_arm,
                                                        plaudit_error **error);

/* Plays an arm no more; decisions for it that wait are forgotten. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_remove_arm(plaudit_bandit *bandit, int32_t arm,
                                                           plaudit_error **error);

typedef struct plaudit_bandit_info {
  int64_t struct_size;
  int64_t arm_count; /* numbers of arms, removed ones included */
  int64_t live_arm_count;
  int64_t feature_count;
  int64_t reward_count;    /* learnt from */
  int64_t next_decision;   /* number of the next decision */
  int64_t pending_count;   /* decisions that wait for a reward */
  int64_t forgotten_count; /* that waited in vain */
  int64_t worker;
  int32_t policy; /* PLAUDIT_BANDIT_... */
  int32_t reward; /* PLAUDIT_REWARD_... */
  int32_t lower_is_better;
  int32_t reserved;
} plaudit_bandit_info;

/* out_info->struct_size is set by the caller. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_get_info(plaudit_bandit *bandit,
                                                         plaudit_bandit_info *out_info,
                                                         plaudit_error **error);

typedef struct plaudit_bandit_arm {
  int64_t decisions; /* for it, by this bandit */
  int64_t plays;     /* rewards learnt from */
  double sum;        /* of its rewards */
  double mean;       /* NaN without rewards */
  double variance;   /* with divisor plays - 1; NaN below two */
  int32_t is_live;
  int32_t reserved;
} plaudit_bandit_arm;

/* Every arm by number; out_arms has room for capacity of them. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_arms(plaudit_bandit *bandit,
                                                     plaudit_bandit_arm *out_arms, int64_t capacity,
                                                     int64_t *out_count, plaudit_error **error);

/* The name of an arm, removed or not, as *out_length bytes of UTF-8 without NUL at their end, into
 * out_name with room for capacity bytes; out_name NULL asks for the length alone. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_arm_name(plaudit_bandit *bandit, int32_t arm,
                                                         char *out_name, int64_t capacity,
                                                         int64_t *out_length,
                                                         plaudit_error **error);

/* Makes count decisions, numbered from *out_first on (may be NULL). contexts is
 * [count, feature_count] for linear policies, else NULL. out_propensities [count] is the
 * probability with which each was made, exact for every policy (Thompson's by quadrature to about
 * 1e-13, once a state); NULL spares that work for LIN_TS and more than 32 arms. Arms that were played too seldom come first, in turn, with
 * propensity 1; an arm that waits for its first reward then has the share of one of K. All else in
 * a call is decided from the same state. INVALID_STATE without arms. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_decide(plaudit_bandit *bandit,
                                                       const double *contexts, int64_t count,
                                                       int32_t *out_arms, double *out_propensities,
                                                       int64_t *out_first, plaudit_error **error);

/* What the next decision is made from, in each context (count of them; without contexts the same
 * row count times). out_scores [count, arm_count]: mean, posterior mean, x'theta (LIN_TS) or
 * confidence bound, which is infinite for an arm without rewards; NaN for removed arms and unknown
 * means. out_probabilities [count, arm_count]. Either may be NULL. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_scores(plaudit_bandit *bandit,
                                                       const double *contexts, int64_t count,
                                                       double *out_scores,
                                                       double *out_probabilities,
                                                       plaudit_error **error);

/* The coefficients [feature_count] of an arm's linear model. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_coefficients(plaudit_bandit *bandit, int32_t arm,
                                                             double *out_coefficients,
                                                             int64_t capacity,
                                                             plaudit_error **error);

/* Learns from rewards [count] of arms [count], with the contexts of their decisions for linear
 * policies. INVALID_DATA with the row for an unknown arm or a reward that is none, NOT_FINITE and
 * OUT_OF_RANGE with the row. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_learn(plaudit_bandit *bandit, const int32_t *arms,
                                                      const double *contexts, const double *rewards,
                                                      int64_t count, plaudit_error **error);

/* Learns from rewards of decisions that wait, by number, each once, however late and in any order.
 * A decision that does not wait (rewarded before, forgotten, of a removed arm, never made) is
 * INVALID_DATA with its row; with skip_unknown 1 it is left out and counted in *out_skipped (may
 * be NULL). INVALID_STATE without pending_limit. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_reward(plaudit_bandit *bandit,
                                                       const int64_t *decisions,
                                                       const double *rewards, int64_t count,
                                                       int32_t skip_unknown, int64_t *out_skipped,
                                                       plaudit_error **error);

/* Lets decisions made on snapshots wait for their rewards here, and counts them. INVALID_DATA with
 * the row for an unknown arm or a number that waits already. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_remember(plaudit_bandit *bandit,
                                                         const int64_t *decisions,
                                                         const int32_t *arms,
                                                         const double *contexts, int64_t count,
                                                         plaudit_error **error);

/* The state at this moment, to decide from on many threads. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_snapshot_create(
    plaudit_bandit *bandit, plaudit_bandit_snapshot **out_snapshot, plaudit_error **error);

/* Makes decisions first, first + 1, ...; the caller sees to it that each number is used once. As
 * plaudit_bandit_decide, but nothing is counted, so there are no turns: an arm without rewards has
 * the share of one of K from the start. [immutable] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_snapshot_decide(
    plaudit_bandit_snapshot *snapshot, int64_t first, const double *contexts, int64_t count,
    int32_t *out_arms, double *out_propensities, plaudit_error **error);

/* Frees a snapshot and sets *snapshot to NULL. [any-thread] */
void plaudit_bandit_snapshot_free(plaudit_bandit_snapshot **snapshot);

/* Writes the state, waiting decisions included, to a file, replacing it whole; the same state is
 * the same bytes on any machine (versioned, checksummed, little endian). [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_save(plaudit_bandit *bandit, const char *path,
                                                     int64_t path_length, plaudit_error **error);

/* Loads a state, which decides and learns on as the saved one would. CORRUPT with the byte when it
 * is cut off or damaged, UNSUPPORTED for another version. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_load(const char *path, int64_t path_length,
                                                     plaudit_bandit **out_bandit,
                                                     plaudit_error **error);

/* The state as *out_size bytes into out_bytes with room for capacity; out_bytes NULL asks for the
 * size alone. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_state(plaudit_bandit *bandit, uint8_t *out_bytes,
                                                      int64_t capacity, int64_t *out_size,
                                                      plaudit_error **error);

/* A bandit from the bytes of plaudit_bandit_state. worker -1 goes on as the saved one; another
 * number begins as that worker, with the saved arms and rewards and decisions of its own.
 * [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_restore(const uint8_t *bytes, int64_t size,
                                                        int64_t worker, plaudit_bandit **out_bandit,
                                                        plaudit_error **error);

/* What a worker learnt since its last delta, likewise as bytes. Once written it counts as sent: the
 * next one begins empty. INVALID_STATE for a bandit that is no worker. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_delta(plaudit_bandit *bandit, uint8_t *out_bytes,
                                                      int64_t capacity, int64_t *out_size,
                                                      plaudit_error **error);

/* Adds a worker's delta to a hub. Arms are matched by name; those not known here are added, what
 * was learnt of arms removed here is dropped. Each delta counts once: INVALID_STATE when it was
 * merged before or an earlier one is missing. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_merge(plaudit_bandit *bandit, const uint8_t *bytes,
                                                      int64_t size, plaudit_error **error);

/* Lets a worker take over a hub's state; what it learnt since its last delta is added, its arms
 * keep their numbers and its decisions wait on. Arms the hub removed are removed. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_refresh(plaudit_bandit *bandit,
                                                        const uint8_t *bytes, int64_t size,
                                                        plaudit_error **error);

/* p = floor + (1 - arm_count floor) w / sum(w) for weights [arm_count]; uniform when floor is too
 * high for more. UNDEFINED when all weights are 0. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_decisions_minimum_traffic(const double *weights,
                                                                   int64_t arm_count, double floor,
                                                                   double *out_probabilities,
                                                                   plaudit_error **error);

/* How often each arm is among the best two of draws [count, arm_count], halved so that the weights
 * [arm_count] add up to 1; the lowest two with lower_is_better 1. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_decisions_top_two_weights(const double *draws,
                                                                   int64_t count, int64_t arm_count,
                                                                   int32_t lower_is_better,
                                                                   double *out_weights,
                                                                   plaudit_error **error);

/* Logged decisions: what was played, with which probability, and what it earned. */
typedef struct plaudit_decision_log {
  int64_t struct_size;
  int64_t count;
  const int32_t *PLAUDIT_NULLABLE arms;        /* [count] */
  const double *PLAUDIT_NULLABLE rewards;      /* [count] */
  const double *PLAUDIT_NULLABLE propensities; /* [count] */
  const double *PLAUDIT_NULLABLE contexts;     /* [count, feature_count], for a replay */
} plaudit_decision_log;

typedef struct plaudit_off_policy_options {
  int64_t struct_size;
  double confidence; /* 0 = 0.95 */
  double weight_cap; /* weights above it count as it; 0 = none */
} plaudit_off_policy_options;

typedef struct plaudit_policy_value {
  double value;
  double standard_error;     /* NaN with one row */
  plaudit_interval interval; /* normal */
} plaudit_policy_value;

typedef struct plaudit_off_policy {
  int64_t struct_size;
  plaudit_policy_value inverse_propensity; /* IPS: mean(w r) */
  plaudit_policy_value self_normalised;    /* SNIPS: sum(w r) / sum(w); NaN without weight */
  plaudit_policy_value direct_method;      /* DM: mean(sum pi q); NaN without predictions */
  plaudit_policy_value doubly_robust;      /* DR: DM + mean(w (r - q)) */
  plaudit_policy_value logged;             /* what the log earned */
  double effective_sample_size;            /* (sum w)^2 / sum w^2 */
  double mean_weight;                      /* near 1 when propensities are right */
  double maximum_weight;                   /* before the cap */
  int64_t capped_count;
} plaudit_off_policy;

/* What another policy would have earned a decision, from logged ones. target [count, arm_count] are
 * its probabilities, w = target / propensity of the logged arm; predicted [count, arm_count] are a
 * model's expected rewards, NULL for none. options may be NULL; out_value->struct_size is set by
 * the caller. UNDEFINED without rows; INVALID_DATA and NOT_FINITE with the row. [any-thread] */
PLAUDIT_NODISCARD plaudit_status plaudit_decisions_off_policy(
    const plaudit_decision_log *log, const double *target, const double *predicted,
    int64_t arm_count, const plaudit_off_policy_options *options, plaudit_off_policy *out_value,
    plaudit_error **error);

typedef struct plaudit_replay_options {
  int64_t struct_size;
  double confidence; /* 0 = 0.95 */
  int64_t batch;     /* rewards learnt at once; 0 = 1 */
} plaudit_replay_options;

typedef struct plaudit_replay {
  int64_t struct_size;
  int64_t match_count;        /* rows that counted */
  plaudit_policy_value value; /* their mean reward; NaN without */
} plaudit_replay;

/* Runs a bandit over logged decisions (Li et al. 2011): where it would have played the logged arm
 * the reward counts and is learnt, other rows are as if they had not been. Propensities NULL says
 * that the log was uniformly random; else a matching row counts with probability smallest
 * propensity / its own. out_arms and out_counted [count] (what it would have played; 1 where it
 * counted), options and run may be NULL; out_replay->struct_size is set by the caller. After an
 * error from the run, such as CANCELLED, the bandit has learnt from some rows. [exclusive] */
PLAUDIT_NODISCARD plaudit_status plaudit_bandit_replay(
    plaudit_bandit *bandit, const plaudit_decision_log *log, const plaudit_replay_options *options,
    const plaudit_run_options *run, plaudit_replay *out_replay, int32_t *out_arms,
    uint8_t *out_counted, plaudit_error **error);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif
