/* Narrow products for x86-64 with AVX-2: bytes by AVX-VNNI, or without it by widening to 16 bits,
   where no sum of products is too large. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#include "narrow_common.h"

extern const pk_tape_set avx2_tape_set;

#define PK_LANES 8
#define PK_IS_INT8 1
#define PK_FUSED(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#define PK_LESSER(a, b) _mm256_min_ps((a), (b))
#define PK_GREATER(a, b) _mm256_max_ps((a), (b))
#define PK_ACTIVATE avx2_tape_set.activate

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
/* Even bytes and odd bytes each in 16 bits; the halves of one operand are made once for all that
   the compiler sees them used for. */
static inline __m256i dot_of_bytes(__m256i sum, __m256i a, __m256i b) {
  __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(255)),
                                   _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8));
  __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));
  return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}
#define PK_TILE_ROWS 4
#define PK_NAME(x) avx2_int8_##x
#define PK_DOT(sum, a, b) \
  ((avx2_int8_integers)dot_of_bytes((__m256i)(sum), (__m256i)(a), (__m256i)(b)))
#include "matrix_narrow.h"
#undef PK_TILE_ROWS
#undef PK_NAME
#undef PK_DOT
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#define PK_TILE_ROWS 6
#define PK_NAME(x) avx_vnni_##x
#define PK_DOT(sum, a, b) \
  ((avx_vnni_integers)_mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(a), (__m256i)(b)))
#include "matrix_narrow.h"
#pragma clang attribute pop

const pk_narrow_set avx2_int8_set = {"avx2", PK_INT8, avx2_int8_multiply,
    avx2_int8_narrow_part, avx2_int8_panels_part};
const pk_narrow_set avx_vnni_set = {"avx_vnni", PK_INT8, avx_vnni_multiply,
    avx_vnni_narrow_part, avx_vnni_panels_part};
#endif
