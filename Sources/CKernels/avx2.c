/* The kernels for x86-64 with AVX-2. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "ckernels.h"
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define PK_SET "avx2"
#define PK_NAME(x) avx2_##x
#define PK_MULADD(a, b, c) __builtin_fmaf((a), (b), (c))
#include "rows.h"
#define PK_GRAM_ROWS 4
#include "ridge.h"
#define PK_CELLS 16
#include "posterior.h"
#define PK_REAL float
#define PK_ROOT(x) sqrtf(x)
#define PK_EXP(x) exponential(x)
#define PK_ERF(x) error_function(x)
#include "tape.h"
#define PK_LANES 8
#define PK_TILE_ROWS 6
#define PK_TILE_VECTORS 2
#define PK_FUSED(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#include "matrix.h"
#define PK_GREATER(a, b) _mm256_max_ps((a), (b))
#define PK_SCORE_VECTORS 2
#define PK_SCORE_ROWS 4
#define PK_VALUE_ROWS 4
#include "encoder.h"
#include "attention.h"
#pragma clang attribute pop
#endif
