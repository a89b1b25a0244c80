/* What Hugging Face tokenizers 0.23.3 does to each Unicode scalar.

   tables.c is written by scripts/unicode_tables.py, which asks the wheel itself; it follows no
   single version of the Unicode Character Database. All look-ups answer any 32-bit number:
   outside 0...0x10FFFF a scalar has no properties. */
#ifndef PLAUDIT_CUNICODE_H
#define PLAUDIT_CUNICODE_H

#include <stdint.h>

#define PU_HIDDEN __attribute__((visibility("hidden")))

/* Bits of pu_flags. */
#define PU_REMOVED 0x001u /* deleted by clean_text */
#define PU_SPACED 0x002u /* turned into U+0020 by clean_text */
#define PU_IDEOGRAPH 0x004u /* set between spaces by handle_chinese_chars */
#define PU_STRIPPED 0x008u /* changed by strip_accents (decompose, drop nonspacing marks) */
#define PU_LOWERED 0x010u /* changed by lowercase */
#define PU_PUNCTUATION 0x020u /* a word of its own to BertPreTokenizer */
#define PU_WHITESPACE 0x040u /* between words to BertPreTokenizer */
#define PU_WORD 0x080u /* \w of the regex crate */
#define PU_REGEX_SPACE 0x100u /* \s of the regex crate */
#define PU_SURVIVOR 0x200u /* decomposes to a non-starter that strip_accents keeps */

/* The order of the canonical combining class among all classes; 0 is a starter. */
#define PU_RANK_SHIFT 10u
#define PU_RANK_COUNT 64u

/* Two-stage tables: index by scalar / 128, then data. A text table holds results once each, a
   length byte before the UTF-8; data refers to it by position + 1, 0 meaning no change. */
extern PU_HIDDEN const uint16_t pu_flags_index[], pu_flags_data[];
extern PU_HIDDEN const uint16_t pu_strip_index[], pu_strip_data[];
extern PU_HIDDEN const uint16_t pu_lower_index[], pu_lower_data[];
extern PU_HIDDEN const uint16_t pu_nfd_index[], pu_nfd_data[];
extern PU_HIDDEN const uint8_t pu_strip_text[], pu_lower_text[], pu_nfd_text[];

static inline uint32_t pu_flags(uint32_t scalar) {
  if (scalar > 0x10FFFF) return 0;
  return pu_flags_data[pu_flags_index[scalar >> 7] * 128u + (scalar & 127)];
}

/* Each of these points at a length byte and that many bytes of UTF-8, or is NULL where the
   scalar stays as it is. Hangul syllables are not in the tables: their decomposition is
   arithmetic, which the generator has proved of every one. */
static inline const uint8_t *_Nullable pu_strip(uint32_t scalar) {
  if (scalar > 0x10FFFF) return 0;
  uint16_t place = pu_strip_data[pu_strip_index[scalar >> 7] * 128u + (scalar & 127)];
  return place ? pu_strip_text + (place - 1) : 0;
}

static inline const uint8_t *_Nullable pu_lower(uint32_t scalar) {
  if (scalar > 0x10FFFF) return 0;
  uint16_t place = pu_lower_data[pu_lower_index[scalar >> 7] * 128u + (scalar & 127)];
  return place ? pu_lower_text + (place - 1) : 0;
}

static inline const uint8_t *_Nullable pu_nfd(uint32_t scalar) {
  if (scalar > 0x10FFFF) return 0;
  uint16_t place = pu_nfd_data[pu_nfd_index[scalar >> 7] * 128u + (scalar & 127)];
  return place ? pu_nfd_text + (place - 1) : 0;
}

/* What Python 3.11 takes for words, spaces and case; words.c is written by
   scripts/word_tables.py. `str.lower` is pu_lower of each cased scalar, but for the final sigma. */
#define PU_PYTHON_WORD 0x1u /* \w of re */
#define PU_PYTHON_SPACE 0x2u /* str.isspace, \s of re */
#define PU_PYTHON_CASED 0x4u /* makes a sigma after it final; not set for what is ignorable */
#define PU_PYTHON_IGNORABLE 0x8u /* does not separate a sigma from what is cased */

extern PU_HIDDEN const uint8_t pu_words_index[], pu_words_data[];

static inline uint32_t pu_python_flags(uint32_t scalar) {
  if (scalar > 0x10FFFF) return 0;
  return pu_words_data[pu_words_index[scalar >> 7] * 128u + (scalar & 127)];
}

/* Words of emoji, one entry after another in the order of the keys' bytes: a length byte and the
   key, a length byte and the words. Written by scripts/lexicon_tables.py from vaderSentiment. */
extern PU_HIDDEN const int32_t pu_emoji_count, pu_emoji_size;
extern PU_HIDDEN const char pu_emoji_text[];

static inline const uint8_t *_Nonnull pu_emoji_start(void) {
  return (const uint8_t *)pu_emoji_text;
}

/* What str.isupper() of Python 3.11 makes of a scalar. */
#define PU_CASE_NONE 0
#define PU_CASE_UPPER 1
#define PU_CASE_LOWER 2 /* title case too */
extern PU_HIDDEN const uint8_t pu_case_index[], pu_case_data[];

static inline int32_t pu_case(uint32_t scalar) {
  if (scalar > 0x10FFFF) return PU_CASE_NONE;
  return pu_case_data[pu_case_index[scalar >> 7] * 128u + (scalar & 127)];
}

#endif
