/* The kernels for any machine. */
#define PK_SET "portable"
#define PK_NAME(x) portable_##x
#define PK_MULADD(a, b, c) ((a) * (b) + (c))
#include "rows.h"
#define PK_GRAM_ROWS 2
#include "ridge.h"
#define PK_CELLS 8
#include "posterior.h"
#define PK_REAL float
#define PK_ROOT(x) sqrtf(x)
#define PK_EXP(x) exponential(x)
#define PK_ERF(x) error_function(x)
#include "tape.h"
#define PK_LANES 4
#define PK_TILE_ROWS 6
#define PK_TILE_VECTORS 2
#define PK_FUSED(a, b, c) ((a) * (b) + (c))
#include "matrix.h"
typedef float four_floats __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t four_integers __attribute__((vector_size(16), aligned(4), may_alias));
static inline four_floats greater(four_floats a, four_floats b) {
  four_integers is = a > b;
  return (four_floats)((is & (four_integers)a) | (~is & (four_integers)b));
}
#define PK_GREATER(a, b) greater((a), (b))
#define PK_SCORE_VECTORS 2
#define PK_SCORE_ROWS 4
#define PK_VALUE_ROWS 4
#include "encoder.h"
#include "attention.h"
