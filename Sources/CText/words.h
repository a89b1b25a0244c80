/* The one source of the text kernels. Included by words_portable.c, words_avx2.c and
   words_avx512.c, which define PT_SET (the set's name) and PT_NAME(x); PT_AVX2 or PT_AVX512 says
   which vectors there are. */
#include <stddef.h>
#include <string.h>

#include "ctext.h"
#include "keys.h"

/* 64 bytes of text: a bit for each. */
typedef struct {
  uint64_t words, marks, wide, starts;
} block_bits;

#if defined(PT_AVX512)
#include <immintrin.h>

static inline block_bits read_block(const pt_classes *classes, const uint8_t *text, uint64_t valid,
                                    uint8_t *lowered) {
  __m512i bytes = _mm512_maskz_loadu_epi8(valid, text);
  __m512i rows = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(15));
  __m512i bit = _mm512_shuffle_epi8(
      _mm512_broadcast_i32x4(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0)),
      rows);
#define IN(set)                                                                           \
  _mm512_test_epi8_mask(                                                                  \
      bit, _mm512_shuffle_epi8(                                                           \
               _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)classes->set.rows)), bytes))
  uint64_t spaces = IN(spaces), marks = IN(marks), starts = IN(starts);
#undef IN
  uint64_t capitals =
      classes->lowers ? _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8('A')),
                                               _mm512_set1_epi8(26))
                      : 0;
  __m512i result = _mm512_mask_add_epi8(bytes, capitals, bytes, _mm512_set1_epi8(32));
  result = _mm512_mask_mov_epi8(result, classes->blanks ? spaces : 0, _mm512_set1_epi8(' '));
  _mm512_storeu_si512(lowered, result);
  return (block_bits){~(spaces | marks) & valid, marks & valid, _mm512_movepi8_mask(bytes),
                      starts & valid};
}

static inline int32_t *list_bits(int32_t *places, uint64_t bits, int32_t first) {
  __m512i numbers = _mm512_add_epi32(
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
      _mm512_set1_epi32(first));
  for (int part = 0; part < 4; part++) {
    __mmask16 some = (__mmask16)(bits >> 16 * part);
    _mm512_storeu_si512(places, _mm512_maskz_compress_epi32(some, numbers));
    places += __builtin_popcount(some);
    numbers = _mm512_add_epi32(numbers, _mm512_set1_epi32(16));
  }
  return places;
}

#elif defined(PT_AVX2)
#include <immintrin.h>

static inline block_bits read_block(const pt_classes *classes, const uint8_t *text, uint64_t valid,
                                    uint8_t *lowered) {
  uint8_t tail[64];
  if (valid != ~0ull) {
    memset(tail, 0, sizeof tail);
    memcpy(tail, text, (size_t)__builtin_popcountll(valid));
    text = tail;
  }
  const __m256i order = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i zero = _mm256_setzero_si256();
  uint64_t spaces = 0, marks = 0, starts = 0, wide = 0;
  for (int half = 0; half < 2; half++) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(text + 32 * half));
    __m256i rows = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
    __m256i bit = _mm256_shuffle_epi8(order, rows);
#define OUT(set)                                                                          \
  _mm256_cmpeq_epi8(                                                                      \
      zero, _mm256_and_si256(bit, _mm256_shuffle_epi8(                                    \
                                      _mm256_broadcastsi128_si256(_mm_loadu_si128(        \
                                          (const __m128i *)classes->set.rows)),           \
                                      bytes)))
#define BITS(vector) ((uint64_t)(uint32_t)_mm256_movemask_epi8(vector) << 32 * half)
    __m256i no_space = OUT(spaces);
    spaces |= BITS(no_space);
    marks |= BITS(OUT(marks));
    starts |= BITS(OUT(starts));
    wide |= BITS(bytes);
#undef OUT
#undef BITS
    __m256i result = bytes;
    if (classes->lowers) {
      /* Signed comparison: bytes of 128 or more are below 'A'. */
      __m256i capital = _mm256_and_si256(_mm256_cmpgt_epi8(bytes, _mm256_set1_epi8('A' - 1)),
                                         _mm256_cmpgt_epi8(_mm256_set1_epi8('Z' + 1), bytes));
      result = _mm256_add_epi8(bytes, _mm256_and_si256(capital, _mm256_set1_epi8(32)));
    }
    if (classes->blanks) result = _mm256_blendv_epi8(_mm256_set1_epi8(' '), result, no_space);
    _mm256_storeu_si256((__m256i *)(lowered + 32 * half), result);
  }
  return (block_bits){spaces & marks & valid, ~marks & valid, wide & valid, ~starts & valid};
}

#else

static inline block_bits read_block(const pt_classes *classes, const uint8_t *text, uint64_t valid,
                                    uint8_t *lowered) {
  block_bits bits = {0, 0, 0, 0};
  int count = __builtin_popcountll(valid);
  for (int at = 0; at < count; at++) {
    uint8_t byte = text[at];
    uint64_t space = pt_contains(&classes->spaces, byte) != 0;
    uint64_t mark = pt_contains(&classes->marks, byte) != 0;
    bits.words |= (~(space | mark) & 1) << at;
    bits.marks |= mark << at;
    bits.wide |= (uint64_t)(byte >> 7) << at;
    bits.starts |= (uint64_t)(pt_contains(&classes->starts, byte) != 0) << at;
    if (classes->lowers && (uint8_t)(byte - 'A') < 26) byte += 32;
    lowered[at] = classes->blanks && space ? ' ' : byte;
  }
  return bits;
}

#endif

#if !defined(PT_AVX512)
static inline int32_t *list_bits(int32_t *places, uint64_t bits, int32_t first) {
  while (bits) {
    *places++ = first + __builtin_ctzll(bits);
    bits &= bits - 1;
  }
  return places;
}
#endif

static int64_t PT_NAME(cut)(const pt_classes *classes, const uint8_t *text, int64_t from,
                            int64_t to, uint8_t *lowered, int32_t *starts, int32_t *ends,
                            uint32_t *seen) {
  const int32_t *first = starts;
  uint64_t in_word = 0, in_mark = 0, wide = 0, added = 0;
  for (int64_t at = from; at < to; at += 64) {
    uint64_t valid = to - at < 64 ? ~0ull >> (64 - (to - at)) : ~0ull;
    block_bits bits = read_block(classes, text + at, valid, lowered + at);
    uint64_t after_word = bits.words << 1 | in_word, after_mark = bits.marks << 1 | in_mark;
    in_word = bits.words >> 63;
    in_mark = bits.marks >> 63;
    wide |= bits.wide;
    added |= bits.starts;
    starts = list_bits(starts, bits.marks | (bits.words & ~after_word), (int32_t)at);
    ends = list_bits(ends, after_mark | (after_word & ~bits.words), (int32_t)at);
  }
  if (in_word | in_mark) *ends = (int32_t)to;
  *seen |= (wide ? PT_SEEN_WIDE : 0) | (added ? PT_SEEN_START : 0);
  return starts - first;
}

/* Which of the four words of a bucket has the tag, 4 for none; no branch, as it cannot be
   foreseen. */
static inline uint32_t find_way(const pt_word *bucket, uint64_t tag) {
#if defined(PT_AVX512)
  __mmask8 same =
      _mm512_cmpeq_epi64_mask(_mm512_load_si512(bucket), _mm512_set1_epi64((int64_t)tag));
  return (uint32_t)__builtin_ctz((same & 0x55u) | 0x100) >> 1;
#else
  uint32_t way = 4;
  for (uint32_t i = 4; i-- > 0;) way = bucket[i].tag == tag ? i : way;
  return way;
#endif
}

/* The id of a word, below 0 when it is not in the table; no branch either. */
static inline int32_t find_word(const pt_word_table *words, word_key key) {
  const pt_word *bucket = words->buckets + 4 * bucket_of(key.tag, words->shift);
  uint32_t way = find_way(bucket, key.tag);
  const pt_word *word = bucket + (way & 3);
  uint64_t difference = words->seconds[word->second] ^ key.second;
  return word->id | -(int32_t)(way >> 2) | (int32_t)((int64_t)(difference | -difference) >> 63);
}

static inline const pt_pieces *find_pieces(const pt_piece_cache *cache, word_key key) {
  if (!cache->sets) return NULL;
  pt_pieces *set = cache->sets + 2 * bucket_of(key.tag, cache->shift);
  if (set[0].tag == key.tag && set[0].second == key.second) return set;
  if (set[1].tag == key.tag && set[1].second == key.second) {
    /* Used again: the other one is the next to go. */
    pt_pieces found = set[1];
    set[1] = set[0];
    set[0] = found;
    return set;
  }
  return NULL;
}

/* How many words are looked up at once, so that the memory they need is fetched at once. */
enum { GROUP = 32 };

/* Copies up to GROUP numbers at once, whatever their number: there is room. */
static inline void copy_run(int32_t *to, const int32_t *from) {
  memcpy(to, from, GROUP * sizeof *to);
}

static inline void append_pieces(const pt_pieces *pieces, int32_t start, pt_tokens *tokens,
                                 int offsets) {
  int64_t made = tokens->count;
  memcpy(tokens->ids + made, pieces->ids, sizeof pieces->ids);
  if (offsets)
    for (int i = 0; i < PT_MOST_PIECES; i++) {
      tokens->starts[made + i] = start + pieces->starts[i];
      tokens->ends[made + i] = start + pieces->ends[i];
    }
  tokens->count = made + pieces->count;
  for (int i = 0; pieces->unknown >> i; i++)
    if (pieces->unknown >> i & 1) {
      tokens->unknown_starts[tokens->unknown_count] = start + pieces->starts[i];
      tokens->unknown_ends[tokens->unknown_count++] = start + pieces->ends[i];
    }
}

static inline int is_plain(const pt_vocabulary *vocabulary, const uint8_t *word, int32_t length) {
  for (int32_t at = 0; at < length; at++)
    if (!pt_contains(&vocabulary->plain, word[at])) return 0;
  return 1;
}

static inline int64_t look_up(const pt_vocabulary *vocabulary, pt_piece_cache *cache,
                              const uint8_t *lowered, const int32_t *starts, const int32_t *ends,
                              int64_t from, int64_t count, pt_tokens *tokens, int offsets) {
  const pt_word_table words = vocabulary->words;
  word_key keys[GROUP];
  int32_t found[2 * GROUP], gaps[GROUP];
  for (int64_t number = from; number < count; number += GROUP) {
    int group = count - number < GROUP ? (int)(count - number) : GROUP, missed = 0;
    for (int i = 0; i < group; i++) {
      int32_t start = starts[number + i];
      uint32_t length = (uint32_t)(ends[number + i] - start);
      word_key key = {TAG_OF_NONE, 0};
      if (__builtin_expect(length <= PT_LONGEST_WORD, 1)) key = read_key(lowered + start, length);
      keys[i] = key;
      __builtin_prefetch(words.buckets + 4 * bucket_of(key.tag, words.shift));
    }
    for (int i = 0; i < group; i++) {
      int32_t id = find_word(&words, keys[i]);
      found[i] = id;
      gaps[missed] = i;
      missed += id < 0;
    }
    if (cache->sets)
      for (int gap = 0; gap < missed; gap++)
        __builtin_prefetch(cache->sets + 2 * bucket_of(keys[gaps[gap]].tag, cache->shift));
    for (int gap = 0, done = 0;; gap++) {
      int until = gap < missed ? gaps[gap] : group;
      int64_t made = tokens->count;
      copy_run(tokens->ids + made, found + done);
      if (offsets) {
        copy_run(tokens->starts + made, starts + number + done);
        copy_run(tokens->ends + made, ends + number + done);
      }
      tokens->count = made + (until - done);
      if (gap == missed) break;
      int32_t start = starts[number + until], end = ends[number + until];
      const pt_pieces *pieces = find_pieces(cache, keys[until]);
      if (pieces)
        append_pieces(pieces, start, tokens, offsets);
      else if (is_plain(vocabulary, lowered + start, end - start))
        pt_cut_word(vocabulary, cache, lowered, start, end, tokens);
      else
        return number + until;
      done = until + 1;
    }
  }
  return count;
}

static int64_t PT_NAME(look_up)(const pt_vocabulary *vocabulary, pt_piece_cache *cache,
                                const uint8_t *lowered, const int32_t *starts, const int32_t *ends,
                                int64_t from, int64_t count, pt_tokens *tokens) {
  if (tokens->starts)
    return look_up(vocabulary, cache, lowered, starts, ends, from, count, tokens, 1);
  return look_up(vocabulary, cache, lowered, starts, ends, from, count, tokens, 0);
}

const pt_kernel_set PT_NAME(text_set) = {PT_SET, PT_NAME(cut), PT_NAME(look_up)};
