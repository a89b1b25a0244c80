/* Narrow products for x86-64 with AVX-512: bytes by VNNI, halves by AVX-512-BF16. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#include "narrow_common.h"

extern const pk_tape_set avx512_tape_set;

#define PK_LANES 16
#define PK_TILE_ROWS 14
#define PK_FUSED(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#define PK_LESSER(a, b) _mm512_min_ps((a), (b))
#define PK_GREATER(a, b) _mm512_max_ps((a), (b))
#define PK_ACTIVATE avx512_tape_set.activate

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,avx512vnni"))), apply_to = function)
#define PK_IS_INT8 1
#define PK_NAME(x) avx512_vnni_##x
#define PK_DOT(sum, a, b) \
  ((avx512_vnni_integers)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(a), (__m512i)(b)))
#include "matrix_narrow.h"
#undef PK_IS_INT8
#undef PK_NAME
#undef PK_DOT
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,avx512bf16"))), apply_to = function)
#define PK_IS_INT8 0
#define PK_NAME(x) avx512_bf16_##x
#define PK_DOT(sum, a, b)                                                        \
  ((avx512_bf16_vector)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(__m512i)(a), \
                                        (__m512bh)(__m512i)(b)))
#include "matrix_narrow.h"
#pragma clang attribute pop

const pk_narrow_set avx512_vnni_set = {"avx512_vnni", PK_INT8, avx512_vnni_multiply,
    avx512_vnni_narrow_part, avx512_vnni_panels_part};
const pk_narrow_set avx512_bf16_set = {"avx512_bf16", PK_BF16, avx512_bf16_multiply,
    avx512_bf16_narrow_part, avx512_bf16_panels_part};
#endif
