/* The kernels for any machine. */
#define PK_SET "portable"
#define PK_NAME(x) portable_##x
#define PK_MULADD(a, b, c) ((a) * (b) + (c))
#include "rows.h"
#include "ridge.h"
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
