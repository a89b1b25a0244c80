/* Narrow products for any machine. */
#include <stddef.h>
#include <string.h>

#include "narrow_common.h"

extern const pk_tape_set portable_tape_set;

#define PK_LANES 4
#define PK_TILE_ROWS 4
#define PK_FUSED(a, b, c) ((a) * (b) + (c))
/* A comparison's lanes are all ones or zeros. */
#define PK_CHOICE(is, a, b, type) ((type)(((is) & (integers)(a)) | (~(is) & (integers)(b))))
#define PK_ACTIVATE portable_tape_set.activate
typedef int32_t integers __attribute__((vector_size(16), aligned(4), may_alias));
typedef float floats __attribute__((vector_size(16), aligned(4), may_alias));

static inline floats lesser(floats a, floats b) { return PK_CHOICE(a < b, a, b, floats); }
static inline floats greater(floats a, floats b) { return PK_CHOICE(a > b, a, b, floats); }
#define PK_LESSER(a, b) lesser((a), (b))
#define PK_GREATER(a, b) greater((a), (b))

static inline integers dot_of_bytes(integers sum, integers a, integers b) {
  for (int byte = 0; byte < 32; byte += 8)
    sum += (a >> byte & 255) * ((b << (24 - byte)) >> 24);
  return sum;
}

/* The even half first, as wider machines do. */
static inline floats dot_of_halves(floats sum, integers a, integers b) {
  sum = (floats)(a << 16) * (floats)(b << 16) + sum;
  return (floats)(a & (int32_t)0xFFFF0000) * (floats)(b & (int32_t)0xFFFF0000) + sum;
}

#define PK_IS_INT8 1
#define PK_NAME(x) portable_int8_##x
#define PK_DOT(sum, a, b) dot_of_bytes((sum), (a), (b))
#include "matrix_narrow.h"
#undef PK_IS_INT8
#undef PK_NAME
#undef PK_DOT

#define PK_IS_INT8 0
#define PK_NAME(x) portable_bf16_##x
#define PK_DOT(sum, a, b) dot_of_halves((sum), (a), (b))
#include "matrix_narrow.h"

const pk_narrow_set portable_int8_set = {"portable", PK_INT8, portable_int8_multiply,
    portable_int8_narrow_part, portable_int8_panels_part};
const pk_narrow_set portable_bf16_set = {"portable", PK_BF16, portable_bf16_multiply,
    portable_bf16_narrow_part, portable_bf16_panels_part};
