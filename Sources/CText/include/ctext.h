/* What a tokenizer does to every byte and every word: classify and lower-case, find where words
 * start and end, look whole words up.
 *
 * Each kernel exists once as source (words.h) and is compiled for the plain machine and for wider
 * vectors; pt_kernels hands out the sets this CPU can run. All sets give the same bytes.
 *
 * No allocation, no threads, no I/O; pointers are the caller's promise.
 */
#ifndef PLAUDIT_CTEXT_H
#define PLAUDIT_CTEXT_H

#include <stdint.h>

/* Swift sees every pointer here as never NULL, unless it says so. */
#if defined(__clang__)
#pragma clang assume_nonnull begin
#define PT_NULLABLE _Nullable
#define PT_NONNULL _Nonnull
#else
#define PT_NULLABLE
#define PT_NONNULL
#endif

/* A set of ASCII bytes: bit (b >> 4) of byte (b & 15). */
typedef struct pt_byte_set {
  uint8_t rows[16];
} pt_byte_set;

static inline void pt_insert(pt_byte_set *set, uint8_t byte) {
  if (byte < 128) set->rows[byte & 15] |= (uint8_t)(1 << (byte >> 4));
}

static inline int pt_contains(const pt_byte_set *set, uint8_t byte) {
  return byte < 128 && (set->rows[byte & 15] >> (byte >> 4) & 1);
}

/* What cutting needs to know of each byte; what is in no set is part of a word. */
typedef struct pt_classes {
  pt_byte_set spaces; /* between words */
  pt_byte_set marks;  /* words of their own */
  pt_byte_set starts; /* may start an added token */
  int32_t lowers;     /* 1: A-Z become a-z */
  int32_t blanks;     /* 1: every space becomes U+0020 */
} pt_classes;

/* Bits of what cutting has seen. */
#define PT_SEEN_WIDE 1  /* a byte of 128 or more */
#define PT_SEEN_START 2 /* a byte of `starts` */

/* Words of at most this many bytes can be looked up. */
#define PT_LONGEST_WORD 16
/* Cutting writes up to this many bytes, and as many places, past those it was asked for. */
#define PT_SLACK 64
/* The most tokens of a word in the cache. */
#define PT_MOST_PIECES 7

/* A word of up to 16 bytes is two numbers: the complement of its bytes, zeros after them. No UTF-8
   has a byte of 0xFF, so words of different lengths differ, and none is 0. The two are kept as a
   tag, which is the first number when the second is 0, and the second.

   A whole word and its id. Four stand in a bucket, the bytes of a cache line. */
typedef struct pt_word {
  uint64_t tag; /* 0 for a free place */
  int32_t id;
  uint32_t second; /* where the second number is, 0 when it is 0 */
} pt_word;

/* Immutable once filled. The shift is 64 less the binary logarithm of the number of buckets, which
   is two at least. */
typedef struct pt_word_table {
  pt_word *buckets;
  uint64_t *seconds; /* the first is 0 */
  int64_t shift;
  int64_t second_count;
} pt_word_table;

/* Puts a word into the table and returns 1; 0 when its bucket is full, or has its tag, which is no
 * error: what is not found is worked out. There is room for `seconds` of each word of more than 8
 * bytes. */
int pt_word_put(pt_word_table *table, const uint8_t *word, int64_t length, int32_t id);

/* A node of a double array: its child under a byte is at base ^ byte, if that has it as check. */
typedef struct pt_node {
  uint32_t base, check;
  int32_t value; /* the number of the string that ends here, -1 for none */
} pt_node;

/* What words are made of. Immutable once filled. */
typedef struct pt_vocabulary {
  pt_word_table words;
  const pt_node *first;     /* how a word may begin */
  const pt_node *following; /* how it may go on */
  int64_t most_scalars;     /* longer words are unknown */
  int32_t unknown;          /* the token of what is not covered to its end */
  pt_byte_set plain;        /* ASCII that stays as it is once lower-cased */
} pt_vocabulary;

/* What a word became: its tokens and their bytes in it, and which tokens are the unknown one. */
typedef struct pt_pieces {
  uint64_t tag, second; /* 0 where no word is */
  uint8_t count;
  uint8_t unknown; /* bit i: token i stands for a lost word */
  uint8_t reserved[2];
  int32_t ids[PT_MOST_PIECES];
  uint8_t starts[8], ends[8];
} pt_pieces;

static inline void pt_set_piece(pt_pieces *pieces, int64_t number, int32_t id, int64_t start,
                                int64_t end, int unknown) {
  pieces->ids[number] = id;
  pieces->starts[number] = (uint8_t)start;
  pieces->ends[number] = (uint8_t)end;
  if (unknown) pieces->unknown |= (uint8_t)(1 << number);
}

/* The pieces of words seen lately, two to a set, in memory of one thread; `sets` NULL = none. */
typedef struct pt_piece_cache {
  pt_pieces *PT_NULLABLE sets;
  int64_t shift;
} pt_piece_cache;

/* Remembers what became of the word in the first `length` bytes, in place of what the set has used
 * least. */
void pt_piece_put(pt_piece_cache *cache, const uint8_t *word, int64_t length,
                  const pt_pieces *pieces);

/* Tokens as they are appended; there is room for as many as the words have bytes, and PT_SLACK
 * more. */
typedef struct pt_tokens {
  int32_t *ids;
  int32_t *PT_NULLABLE starts; /* NULL: offsets are not wanted */
  int32_t *PT_NULLABLE ends;
  int64_t count;
  int32_t *unknown_starts;
  int32_t *unknown_ends;
  int64_t unknown_count;
} pt_tokens;

/* Appends the tokens of the plain word at start..<end of `text`: the longest entries from the left,
 * or the unknown token. Remembers them where they fit. */
void pt_cut_word(const pt_vocabulary *vocabulary, pt_piece_cache *cache, const uint8_t *text,
                 int32_t start, int32_t end, pt_tokens *tokens);

typedef struct pt_kernel_set {
  const char *name; /* "portable", "avx2", "avx512" */

  /* Copies text[from..<to] to the same places of lowered, changed as `classes` says, puts the
     place of each word into starts and ends, and returns their number. A byte of 128 or more is
     part of a word. *seen gets PT_SEEN_... bits, and keeps those it has. */
  int64_t (*cut)(const pt_classes *classes, const uint8_t *text, int64_t from, int64_t to,
                 uint8_t *lowered, int32_t *starts, int32_t *ends, uint32_t *seen);

  /* Appends the tokens of words from..<count and returns count, or the number of the first word
     that is not plain and that the cache has not. 16 bytes can be read from the start of each
     word. */
  int64_t (*look_up)(const pt_vocabulary *vocabulary, pt_piece_cache *cache,
                     const uint8_t *lowered, const int32_t *starts, const int32_t *ends,
                     int64_t from, int64_t count, pt_tokens *tokens);
} pt_kernel_set;

/* The kernel sets this CPU can run, from the plainest (index 0) to the fastest; NULL past the
 * last. */
const pt_kernel_set *PT_NULLABLE pt_kernels(int index);

/* Takes what is in a slot, or puts something into an empty one (1) unless it is full (0); whole
 * at any number of threads. */
static inline void *PT_NULLABLE pt_take(void *PT_NULLABLE *PT_NONNULL slot) {
  return __atomic_exchange_n(slot, (void *)0, __ATOMIC_ACQ_REL);
}
static inline int pt_give(void *PT_NULLABLE *PT_NONNULL slot, void *value) {
  void *empty = 0;
  return __atomic_compare_exchange_n(slot, &empty, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
